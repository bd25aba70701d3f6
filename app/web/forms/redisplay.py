"""The page of a form once more, as an answer to the form: as it is now, with everything that was typed."""

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from fastapi import Request
from fastapi.responses import Response

from app.web.forms.typed import Typed

_Scope = MutableMapping[str, Any]
#: What belongs to the form, not to the page that is read in its place.
_OF_THE_BODY = frozenset({b"content-type", b"content-length", b"transfer-encoding", b"idempotency-key"})
_HTMX = b"hx-"


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a form was not taken: the problem in words if there is one, and what was sent."""

    typed: Typed
    status: int
    problem: Mapping[str, Any] | None = None
    #: What the page says beside: a code of `app.web.shell.flash`.
    said: str = ""


def refusal_of(request: Request) -> Refused | None:
    """Return what the page that is being made should tell of a refused form; `None` for an ordinary page."""
    found: Refused | None = getattr(request.state, "refused", None)
    return found


def with_cookie(headers: Iterable[tuple[bytes, bytes]], cookie: str) -> list[tuple[bytes, bytes]]:
    """Return the headers of a request with another cookie, `name=value`, in place of all that it has."""
    return [*(pair for pair in headers if pair[0] != b"cookie"), (b"cookie", cookie.encode())]


class Again(Response):
    """Reads the page that a form stood on, for whoever sent it, and answers with it.

    The page is asked for inside this process with the sender's cookies (or with `cookie`), so it shows what
    they may see and nothing else; reading it changes nothing. It finds the refusal in `request.state`.
    """

    def __init__(
        self, refused: Refused, *, cookie: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status_code=refused.status, headers=dict(headers or {}))
        self._refused, self._cookie = refused, cookie

    async def __call__(self, scope: _Scope, receive: Any, send: Any) -> None:  # noqa: ANN401, ARG002 – ASGI's own types
        """Send the page."""
        more = [pair for pair in self.raw_headers if pair[0] != b"content-length"]

        async def nothing() -> _Scope:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def relabelled(message: _Scope) -> None:
            if message["type"] == "http.response.start":
                given = message["status"]
                if given == 200 or (given >= 400 and self._refused.problem):
                    message["status"] = self._refused.status
                message["headers"] = [*message.get("headers", []), *more]
            await send(message)

        await scope["app"].router(self._inner(scope), nothing, relabelled)

    def _inner(self, scope: _Scope) -> _Scope:
        address = urlsplit(self._refused.typed.page)
        headers = [
            (name, value)
            for name, value in scope["headers"]
            if name not in _OF_THE_BODY and not name.startswith(_HTMX)
        ]
        if self._cookie is not None:
            headers = with_cookie(headers, self._cookie)
        return {
            **{key: value for key, value in scope.items() if key not in {"endpoint", "path_params", "route"}},
            "method": "GET",
            "path": unquote(address.path),
            "raw_path": address.path.encode(),
            "query_string": address.query.encode(),
            "headers": headers,
            "state": {**scope.get("state", {}), "refused": self._refused, "posted": None},
        }
