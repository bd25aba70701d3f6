"""The gate that every JSON body passes first: not too large, UTF-8, and no text that cannot be stored."""

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from itertools import islice
from typing import Any

from starlette.requests import Request

from app.infra.errors import AppError, Invalid, Reason, TooLarge
from app.infra.problems import problem, problems, reasons

#: Content may have 5 MB; escaped as JSON it may take six times as much.
MAX_JSON = 31_000_000
#: Forms and files: what a file may have is said where it is taken.
MAX_OTHER = 31_000_000
#: At most this many faults of one kind in one text are told.
MANY = 20

problems(
    {
        "body_too_large": ("请求内容超过大小限制。", "The request body is too large."),
        "text_unusable": ("提交的文字含有无法保存的字符，请按下列各条修改。", "Some text cannot be stored."),
    }
)
reasons(
    {
        "broken_utf8": "内容不是有效的 UTF-8 文字，第 {at} 个字节有误。",
        "no_utf8_but": "这像是{what}，请另存为 UTF-8 编码的文本再提交。",
        "lone_surrogate": "第 {at} 个字符是不成对的代理码，请重新输入该字符。",
        "nul_character": "第 {at} 个字符是空字符（U+0000），请删去。",
    }
)

#: Escapes that may stand for a NUL or a surrogate: only with one of these the body is looked through.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_NUL = re.compile("\x00")
_SURROGATE = re.compile("[\ud800-\udfff]")

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]


class BodyGate:
    """ASGI middleware: reads a JSON body once, refuses what no route could use, hands the rest on."""

    def __init__(self, app: Callable[[MutableMapping[str, Any], _Receive, _Send], Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: _Receive, send: _Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        is_json = b"json" in headers.get(b"content-type", b"").lower()
        try:
            _declared(headers, MAX_JSON if is_json else MAX_OTHER)
            if is_json:
                body = await _whole(receive)
                _usable(body)
                await self.app(scope, _again(body, receive), send)
            else:
                counted = _Counted(receive, send)
                await self.app(scope, counted.receive, counted.send)
                counted.judge()
        except AppError as error:
            await problem(Request(scope), error)(scope, receive, send)


class _Counted:
    """A body that is read as it comes, up to the limit; what the application makes of more is not sent."""

    def __init__(self, receive: _Receive, send: _Send) -> None:
        self._receive, self._send = receive, send
        self._size = 0

    async def receive(self) -> _Message:
        """Return the next part of the body. Raises `TooLarge`, which the application may take for its own."""
        message = await self._receive()
        self._size += len(message.get("body", b""))
        self.judge()
        return message

    async def send(self, message: _Message) -> None:
        """Send the answer of the application, unless the body went over the limit."""
        if self._size <= MAX_OTHER:
            await self._send(message)

    def judge(self) -> None:
        """Raise `TooLarge` when the body went over the limit."""
        if self._size > MAX_OTHER:
            raise TooLarge("body_too_large", data={"limit": MAX_OTHER})


def _declared(headers: dict[bytes, bytes], limit: int) -> None:
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length) > limit:
        raise TooLarge("body_too_large", data={"limit": limit})


async def _whole(receive: _Receive) -> bytes:
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_JSON:
            raise TooLarge("body_too_large", data={"limit": MAX_JSON})
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def _again(body: bytes, receive: _Receive) -> _Receive:
    given = False

    async def once() -> _Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


def _usable(body: bytes) -> None:
    """Raise `Invalid` for a body that is not UTF-8 or holds, escaped, what no database stores as text."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid("text_unusable", reasons=[Reason("broken_utf8", {"at": error.start + 1})]) from error
    if not _SUSPECT.search(body):
        return
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        # Not JSON: the route says so, with its own words.
        return
    if found := _faults(value, ""):
        raise Invalid("text_unusable", reasons=found)


def unstorable(text: str, *, field: str) -> list[Reason]:
    """Return why no database stores `text`: lone surrogates and NULs, at most 20 of each; else none."""
    return [
        Reason(code, {"at": found.start() + 1}, field=field)
        for code, pattern in (("lone_surrogate", _SURROGATE), ("nul_character", _NUL))
        for found in islice(pattern.finditer(text), MANY)
    ]


def _faults(value: Any, place: str) -> list[Reason]:  # noqa: ANN401 – any JSON value
    if isinstance(value, str):
        return unstorable(value, field=place)
    if isinstance(value, dict):
        return [
            fault
            for key, one in value.items()
            for fault in (*_faults(key, place), *_faults(one, f"{place}.{key}".lstrip(".")))
        ]
    if isinstance(value, list):
        return [
            fault for index, one in enumerate(value) for fault in _faults(one, f"{place}.{index}".lstrip("."))
        ]
    return []
