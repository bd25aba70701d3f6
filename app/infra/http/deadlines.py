"""A deadline for each request: whoever asks hears something, whatever the request is doing."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog
from starlette.requests import Request

from app.infra.errors import Unavailable
from app.infra.http.problems import problem, problems

problems(
    {
        "request_took_too_long": (
            "处理超时。操作可能已经生效，请刷新页面查看后再决定是否重试。",
            "The request took too long; it may have taken effect.",
        )
    }
)

#: A body that is still coming in has its own limits of time; so much is given on top for one that is large.
SECONDS_PER_BYTE = 1 / 65_536

_Scope = MutableMapping[str, Any]
_Message = MutableMapping[str, Any]
_App = Callable[[_Scope, Any, Any], Awaitable[None]]

log = structlog.get_logger()


class Deadline:
    """ASGI middleware: answers 503 when nothing was answered in time; what comes later is not sent."""

    def __init__(self, app: _App, *, seconds: float) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: _Scope, receive: Any, send: Any) -> None:  # noqa: ANN401 – ASGI
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        loop, started, late = asyncio.get_running_loop(), False, False
        telling: list[asyncio.Task[None]] = []

        async def in_time(message: _Message) -> None:
            nonlocal started
            if late:
                return
            started = True
            await send(message)

        def over() -> None:
            nonlocal late
            if started:
                return
            late = True
            log.error("request.took_too_long", method=scope["method"], seconds=self.seconds)
            said = problem(Request(scope), Unavailable("request_took_too_long"))
            telling.append(loop.create_task(said(scope, receive, send)))

        length = dict(scope["headers"]).get(b"content-length", b"")
        more = min(int(length), 10**9) * SECONDS_PER_BYTE if length.isdigit() and len(length) < 12 else 0
        timer = loop.call_later(self.seconds + more, over)
        try:
            await self.app(scope, receive, in_time)
        finally:
            timer.cancel()
            for task in telling:
                await task
