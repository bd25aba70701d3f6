"""The gate that every body passes first: known sender if it is large, whole, UTF-8, and storable text."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

import anyio
import anyio.to_thread
from starlette.requests import ClientDisconnect, Request

from app.infra.errors import AppError, Invalid, Reason, TooLarge, Unavailable
from app.infra.http import json_bounds
from app.infra.http.problems import problem, problems, reasons

#: Content may have 5 MB; escaped as JSON it may take six times as much.
MAX_JSON = 31_000_000
#: Forms and files: what a file may have is said where it is taken.
MAX_OTHER = 31_000_000
#: What somebody may send who has not proved who they are: enough for a sign-in, a form, a signed link.
MAX_UNKNOWN = 65_536
#: Messages of tools prove themselves by a signature over the body, so they are read before it is known.
MAX_SIGNED = 1_100_000
SIGNED = frozenset(
    f"/api/v1/webhooks/{name}" for name in ("clearance", "publications", "confirmations", "orders")
)
#: So many large bodies may be coming in at once: in all, from one account, from tools not yet proved.
MOST_AT_ONCE, MOST_OF_ONE, MOST_SIGNED = 24, 6, 8
#: At most this many faults in all are told of one body.
MANY = 20

problems(
    {
        "body_too_large": ("请求内容超过大小限制。", "The request body is too large."),
        "body_before_sign_in": (
            "没有登录时，请求内容至多 64 KB，请先登录。",
            "Before signing in a body may have 64 KB at most.",
        ),
        "too_many_bodies": (
            "正在接收的大请求太多，这次没有接收，请稍后再试。",
            "Too many large bodies are coming in; try again.",
        ),
        "text_unusable": ("提交的文字含有无法保存的字符，请按下列各条修改。", "Some text cannot be stored."),
    }
)
reasons(
    {
        "broken_utf8": "内容不是有效的 UTF-8 文字，第 {at} 个字节有误。",
        "no_utf8_but": "这像是{what}，请另存为 UTF-8 编码的文本再提交。",
        "lone_surrogate": "第 {at} 个字符是不成对的代理码，请重新输入该字符。",
        "nul_character": "第 {at} 个字符是空字符（U+0000），请删去。",
        "json_too_deep": "内容嵌套超过 {limit} 层，请减少嵌套。",
    }
)

_NUL = re.compile("\x00")
_SURROGATE = re.compile("[\ud800-\udfff]")

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]


class BodyGate:
    """ASGI middleware: reads a JSON body once, refuses what no route could use, hands the rest on.

    Who sends a large one is asked of `app.state.known` before it is read.
    """

    def __init__(self, app: Callable[[MutableMapping[str, Any], _Receive, _Send], Awaitable[None]]) -> None:
        self.app = app
        self._coming: Counter[str] = Counter()

    async def __call__(self, scope: MutableMapping[str, Any], receive: _Receive, send: _Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        is_json = b"json" in headers.get(b"content-type", b"").lower()
        try:
            limit = MAX_JSON if is_json else MAX_OTHER
            declared = _declared(headers, limit)
            if declared is not None and declared <= MAX_UNKNOWN:
                await self._pass_on(scope, receive, send, is_json=is_json, limit=declared)
                return
            if declared is None and not headers.get(b"transfer-encoding"):
                await self._pass_on(scope, receive, send, is_json=is_json, limit=MAX_UNKNOWN)
                return
            who, limit = await self._sender(scope, limit, declared)
            with self._one_more(who):
                await self._pass_on(scope, receive, send, is_json=is_json, limit=limit)
        except AppError as error:
            request = Request(scope)
            # Whoever sits at a page reads a page; how it is made is for a layer above to say.
            told = getattr(scope["app"].state, "refused", problem)
            answer = await anyio.to_thread.run_sync(told, request, error)
            await answer(scope, receive, send)
        except ClientDisconnect:
            # Nobody is there to hear anything, and half a request is none.
            return

    async def _sender(
        self, scope: MutableMapping[str, Any], limit: int, declared: int | None
    ) -> tuple[str, int]:
        """Return who sends a large body, and how much they may send. Raises `AppError` when nobody knows."""
        known = getattr(scope["app"].state, "known", None)
        if known is None:
            return "", limit
        who: str | None = await anyio.to_thread.run_sync(known, Request(scope))
        if who is not None:
            return who, limit
        if scope["path"] in SIGNED:
            if declared is not None and declared > MAX_SIGNED:
                raise TooLarge("body_too_large", data={"limit": MAX_SIGNED})
            return "signed", min(limit, MAX_SIGNED)
        if declared is not None:
            raise TooLarge("body_before_sign_in", data={"limit": MAX_UNKNOWN})
        return "unknown", MAX_UNKNOWN

    @contextmanager
    def _one_more(self, who: str) -> Iterator[None]:
        """Count one more large body that is coming in. Raises `Unavailable` when there are too many."""
        most = MOST_SIGNED if who == "signed" else MOST_AT_ONCE if who == "unknown" else MOST_OF_ONE
        if self._coming.total() >= MOST_AT_ONCE or self._coming[who] >= most:
            raise Unavailable("too_many_bodies", headers={"Retry-After": "5"})
        self._coming[who] += 1
        try:
            yield
        finally:
            self._coming[who] -= 1
            if not self._coming[who]:
                del self._coming[who]

    async def _pass_on(
        self, scope: MutableMapping[str, Any], receive: _Receive, send: _Send, *, is_json: bool, limit: int
    ) -> None:
        if is_json:
            body = await _whole(receive, limit)
            if len(body) > MAX_UNKNOWN:
                # Beside the event loop: it takes a while, and others wait there.
                await anyio.to_thread.run_sync(_usable, body)
            else:
                _usable(body)
            await self.app(scope, _again(body, receive), send)
        else:
            counted = _Counted(receive, send, limit)
            await self.app(scope, counted.receive, counted.send)
            counted.judge()


class _Counted:
    """A body that is read as it comes, up to the limit; what the application makes of more is not sent."""

    def __init__(self, receive: _Receive, send: _Send, limit: int) -> None:
        self._receive, self._send, self._limit = receive, send, limit
        self._size = 0

    async def receive(self) -> _Message:
        """Return the next part of the body. Raises `TooLarge`, which the application may take for its own."""
        message = await self._receive()
        self._size += len(message.get("body", b""))
        self.judge()
        return message

    async def send(self, message: _Message) -> None:
        """Send the answer of the application, unless the body went over the limit."""
        if self._size <= self._limit:
            await self._send(message)

    def judge(self) -> None:
        """Raise `TooLarge` when the body went over the limit."""
        if self._size > self._limit:
            raise TooLarge("body_too_large", data={"limit": self._limit})


def _declared(headers: dict[bytes, bytes], limit: int) -> int | None:
    """Return how long the body is said to be; `None` when nothing is said. Raises `TooLarge`."""
    length = headers.get(b"content-length")
    if length is None or not length.isdigit():
        return None
    if len(length) > 12 or int(length) > limit:
        raise TooLarge("body_too_large", data={"limit": limit})
    return int(length)


async def _whole(receive: _Receive, limit: int) -> bytes:
    """Return a body once it is there. Raises `TooLarge`, and `ClientDisconnect` for half a body."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise TooLarge("body_too_large", data={"limit": limit})
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
    """Raise `Invalid` for a body that is not UTF-8, too deep, or holds, escaped, what no database stores."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid("text_unusable", reasons=[Reason("broken_utf8", {"at": error.start + 1})]) from error
    if json_bounds.deeper_than(body, json_bounds.DEEPEST):
        reason = Reason("json_too_deep", {"limit": json_bounds.DEEPEST}, field="body")
        raise Invalid("malformed", reasons=[reason])
    if faults := list(islice(_faults(body), MANY)):
        raise Invalid("text_unusable", reasons=faults)


def _faults(body: bytes) -> Iterator[Reason]:
    for place, text in json_bounds.suspects(body):
        yield from unstorable(text, field=place)


def unstorable(text: str, *, field: str) -> list[Reason]:
    """Return why no database stores `text`: lone surrogates and NULs, at most 20 of each; else none."""
    return [
        Reason(code, {"at": match.start() + 1}, field=field)
        for code, pattern in (("lone_surrogate", _SURROGATE), ("nul_character", _NUL))
        for match in islice(pattern.finditer(text), MANY)
    ]
