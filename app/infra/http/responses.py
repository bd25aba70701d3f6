"""What HTTP asks of answers, done once for all routes: HEAD, 304, `Location`, and 500.

Sources: RFC 9110, sections 9.3.2 (HEAD), 10.2.2 (Location), 13.1.2 (If-None-Match).
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.datastructures import Headers, MutableHeaders

from app.infra.errors import AppError, Reason, Unsupported
from app.infra.http.links import location_of
from app.infra.http.problems import problem

_Scope = MutableMapping[str, Any]
_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_App = Callable[[_Scope, _Receive, _Send], Awaitable[None]]

#: What a 304 carries of the headers of the answer that it stands for. Source: RFC 9110, section 15.4.5.
_KEPT_BY_304 = frozenset(
    {b"cache-control", b"content-location", b"date", b"etag", b"expires", b"vary", b"x-request-id"}
)


class Answering:
    """ASGI middleware around the routes: see the module."""

    def __init__(self, app: _App) -> None:
        self.app = app

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        head, served = scope["method"] == "HEAD", scope
        answer = _Answer(scope, send, Headers(scope=scope), head=head)
        if head:
            # The server reads the method of its own scope to know that no body is to follow.
            scope = {**served, "method": "GET"}
        try:
            refusal = _coded(answer.asked)
            if refusal is not None:
                await problem(Request(scope), refusal)(scope, receive, answer.send)
                return
            await self.app(scope, receive, answer.send)
        except Exception as error:
            # Told here rather than by the server, so that the connection stays good for the next request.
            if answer.started:
                raise
            said = await Request(scope).app.exception_handlers[Exception](Request(scope), error)
            await said(scope, receive, answer.send)
        finally:
            if head:
                served.update({name: value for name, value in scope.items() if name != "method"})


def _coded(headers: Headers) -> AppError | None:
    """Return why a body is not read: it is compressed, or JSON in another charset than UTF-8."""
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"", "identity"}:
        reason = Reason("content_coding", {"given": coding[:40]}, field="header.Content-Encoding")
        return Unsupported(
            "unsupported_media_type", reasons=[reason], headers={"Accept-Encoding": "identity"}
        )
    given = headers.get("content-type", "")
    kind, _, rest = given.lower().partition(";")
    charset = rest.partition("charset=")[2].partition(";")[0].strip(" \"'")
    if kind.strip().endswith("json") and charset not in {"", "utf-8", "utf8", "us-ascii"}:
        said = {"given": given[:100], "taken": "application/json（UTF-8）"}
        return Unsupported(
            "unsupported_media_type", reasons=[Reason("media_type", said, field="header.Content-Type")]
        )
    return None


class _Answer:
    """One answer on its way out."""

    def __init__(self, scope: _Scope, send: _Send, asked: Headers, *, head: bool) -> None:
        self._scope, self._send, self._head = scope, send, head
        self.asked = asked
        self.started = False
        self._silent = False
        self._waiting: _Message | None = None

    async def send(self, message: _Message) -> None:
        """Pass one message of the answer on."""
        if message["type"] == "http.response.start":
            self.started = True
            await self._start(message)
        elif message["type"] == "http.response.body":
            await self._body(message)
        else:
            await self._send(message)

    async def _start(self, message: _Message) -> None:
        headers = MutableHeaders(raw=list(message.get("headers", [])))
        message["headers"] = headers.raw
        known = _is_known(self.asked.get("if-none-match"), headers.get("etag"))
        if known and message["status"] == 200 and self._scope["method"] == "GET":
            message["status"] = 304
            message["headers"] = [pair for pair in headers.raw if pair[0].lower() in _KEPT_BY_304]
            self._silent = True
        if message["status"] == 201 and "location" not in headers:
            self._waiting = message
            return
        await self._send(message)

    async def _body(self, message: _Message) -> None:
        if self._waiting is not None:
            start, self._waiting = self._waiting, None
            if not message.get("more_body") and (place := _location(self._scope, message.get("body", b""))):
                start["headers"] = [*start["headers"], (b"location", place.encode())]
            await self._send(start)
        if self._silent or self._head:
            message = {**message, "body": b""}
        await self._send(message)


def _is_known(header: str | None, etag: str | None) -> bool:
    """Say whether `If-None-Match` names this entity tag; compared weakly."""
    if header is None or etag is None:
        return False
    if header.strip() == "*":
        return True
    return etag.removeprefix("W/") in {tag.strip().removeprefix("W/") for tag in header.split(",")}


def _location(scope: _Scope, body: bytes) -> str | None:
    route = scope.get("route")
    if not isinstance(route, APIRoute):
        return None
    try:
        made = json.loads(body)
    except ValueError:
        return None
    return location_of(scope["app"], route, scope.get("path_params", {}), made)
