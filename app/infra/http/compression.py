"""Compressed answers, where that tells nobody a secret.

An answer that holds a secret beside words of an attacker's choice tells the secret by its length (BREACH). So
what another site made a browser ask for is never compressed, nor what signs somebody in; CSRF tokens are
masked anew for each page (`identity.access.csrf_token`), and a gzip header of random length blurs the rest.
"""

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

#: Shorter answers are sent as they are, in bytes.
MINIMUM = 1000
#: Higher levels cost more than they save.
LEVEL = 5
_OWN = frozenset({"same-origin", "none"})
#: Answers that are secrets themselves.
_NEVER = ("/api/v1/auth/", "/sign-in", "/api/v1/tools", "/api/v1/webhooks/endpoints")


class Compressing:
    """ASGI middleware: compress what may be."""

    def __init__(self, app: Callable[[_Scope, _Receive, _Send], Awaitable[None]]) -> None:
        self.app = app
        self._compressed = GZipMiddleware(app, minimum_size=MINIMUM, compresslevel=LEVEL)

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and may_compress(scope):
            await self._compressed(scope, receive, _blurred(send))
        else:
            await self.app(scope, receive, send)


def may_compress(scope: _Scope) -> bool:
    """Say whether the length of the answer is nobody's way to a secret."""
    if scope["path"].startswith(_NEVER):
        return False
    return Headers(scope=scope).get("sec-fetch-site", "none") in _OWN


def _blurred(send: _Send) -> _Send:
    """Give a gzip stream a file name of random length, which every reader skips (RFC 1952, section 2.3)."""
    coded = False

    async def sent(message: MutableMapping[str, Any]) -> None:
        nonlocal coded
        if message["type"] == "http.response.start":
            headers = Headers(raw=message.get("headers", []))
            coded = headers.get("content-encoding") == "gzip"
            waiting.append(message)
            return
        body = message.get("body", b"")
        if coded and body[:2] == b"\x1f\x8b" and not body[3]:
            name = b"x" * secrets.randbelow(100) + b"\0"
            message["body"] = body[:3] + b"\x08" + body[4:10] + name + body[10:]
            if waiting:
                waiting[0]["headers"] = [
                    (key, str(len(message["body"])).encode() if key == b"content-length" else value)
                    for key, value in waiting[0]["headers"]
                ]
            coded = False
        while waiting:
            await send(waiting.pop())
        await send(message)

    waiting: list[MutableMapping[str, Any]] = []
    return sent
