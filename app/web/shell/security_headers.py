"""What every answer of the web client carries so that a browser runs nothing but our own files."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

_Scope = MutableMapping[str, Any]
_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_ALWAYS = {
    b"content-security-policy": PAGE_POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_TRANSPORT = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


class Shield:
    """ASGI middleware: security headers on every answer, and what may be kept by caches."""

    def __init__(self, app: Callable[[_Scope, _Receive, _Send], Awaitable[None]], *, https: bool) -> None:
        self.app = app
        self.https = https

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        fixed = scope["path"].startswith("/static/") and b"v=" in scope.get("query_string", b"")

        async def shielded(message: _Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", []))
                there = {name.lower() for name, _ in given}
                kept = b"public, max-age=31536000, immutable" if fixed else b"no-store"
                wanted = {**_ALWAYS, b"cache-control": kept}
                if self.https:
                    wanted[_TRANSPORT[0]] = _TRANSPORT[1]
                message["headers"] = given + [
                    (name, value) for name, value in wanted.items() if name not in there
                ]
            await send(message)

        await self.app(scope, receive, shielded)
