"""Structured logs: an event name and fields, as JSON. Never draft text, never personal data."""

import logging
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog
from prometheus_client import Counter, Histogram

from app.infra.ids import new_id

REQUESTS = Counter("sanshen_requests_total", "HTTP requests", ["method", "route", "status"])
SECONDS = Histogram("sanshen_request_seconds", "Time to answer an HTTP request", ["method", "route"])

_ACCEPTED_ID = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
_Scope = MutableMapping[str, Any]
_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]


def configure(*, level: str, json: bool) -> None:
    """Set up structlog once for the process: to standard error, JSON or for people."""
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        # Standard error as it is when something is said: it may have been put elsewhere since.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
    )


def route_of(scope: _Scope) -> str:
    """Return the path of the route that answered a request, as it was declared.

    What an application under a prefix answered, such as static files, goes by the prefix; "unmatched" is what
    nobody did.
    """
    if (route := scope.get("route")) is not None:
        return str(getattr(route, "path", "unmatched"))
    mounted = str(scope.get("root_path", "")).removeprefix(str(scope.get("app_root_path", "")))
    return f"{mounted}/{{path}}" if mounted else "unmatched"


class RequestContext:
    """ASGI middleware: gives every request an id, counts it, times it, logs it.

    The log names the account by its id, as far as the request proved one, the address that asked, and the
    code of a refusal. It names the route, never the path: paths of links are secrets.
    """

    def __init__(self, app: Callable[[_Scope, _Receive, _Send], Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        request_id = given if 0 < len(given) <= 64 and set(given) <= _ACCEPTED_ID else str(new_id())
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began, status = time.perf_counter(), 500

        async def tagged(message: _Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, tagged)
        finally:
            took = time.perf_counter() - began
            route = route_of(scope)
            REQUESTS.labels(scope["method"], route, status).inc()
            SECONDS.labels(scope["method"], route).observe(took)
            structlog.get_logger().info(
                "request",
                method=scope["method"],
                route=route,
                status=status,
                milliseconds=round(took * 1000, 1),
                account=state.get("account"),
                address=client[0] if (client := scope.get("client")) else None,
                code=state.get("problem"),
            )
