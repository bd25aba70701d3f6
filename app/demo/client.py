"""A person of the tour: signed in over HTTP, speaking to the API as any tool would."""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx

from app.demo.load import PASSWORD


class Refusal(Exception):
    """An answer that was not the expected one: the request, the status and the problem."""

    def __init__(self, request: str, status: int, problem: dict[str, Any]) -> None:
        reasons = "；".join(reason["message"] for reason in problem.get("reasons", ()))
        super().__init__(f"{request} → {status} {problem.get('title', '')}{reasons}")
        self.status = status
        self.code = problem.get("code", "")
        self.reasons = {reason["code"] for reason in problem.get("reasons", ())}


class Person:
    """One signed-in person. Tokens are fetched anew before they expire."""

    def __init__(self, url: str, login: str) -> None:
        self.login = login
        self._http = httpx.Client(base_url=url, timeout=60, trust_env=False)
        self._token, self._until = "", 0.0

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:  # noqa: ANN401 – JSON
        """Send a request; return the answer's JSON or bytes. Raises `Refusal` on 4xx and 5xx."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self._http.request(
            method, path, json=body, headers={"Authorization": f"Bearer {self.token()}", **named}
        )
        return _checked(answer, f"{method} {path}")

    def token(self) -> str:
        """Return a token that holds for five minutes at least. Raises `Refusal` when signing in fails."""
        if time.monotonic() > self._until:
            answer = self._http.post("/api/v1/auth/token", json={"login": self.login, "password": PASSWORD})
            self._token, self._until = (
                _checked(answer, "POST /api/v1/auth/token")["token"],
                time.monotonic() + 300,
            )
        return self._token

    def refused(self, status: int, method: str, path: str, body: Any = None) -> Refusal:  # noqa: ANN401 – JSON
        """Return the refusal of a request that must get `status`. Raises `AssertionError` if it succeeds."""
        try:
            self(method, path, body)
        except Refusal as refusal:
            if refusal.status != status:
                raise
            return refusal
        raise AssertionError(f"{method} {path} should have been refused with {status}")

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


def send(url: str, content: bytes, headers: dict[str, str]) -> Any:  # noqa: ANN401 – JSON
    """Post raw bytes, as a publishing tool does. Raises `Refusal`."""
    return _checked(
        httpx.post(url, content=content, headers=headers, timeout=60, trust_env=False), f"POST {url}"
    )


def _checked(answer: httpx.Response, request: str) -> Any:  # noqa: ANN401 – JSON or bytes
    is_json = "json" in answer.headers.get("content-type", "")
    if answer.is_error:
        raise Refusal(request, answer.status_code, answer.json() if is_json else {"title": answer.text[:200]})
    return answer.json() if is_json and answer.content else answer.content


def refusal_of(act: Callable[[], Any]) -> Refusal:
    """Return the refusal of what must be refused. Raises `AssertionError` if it is done."""
    try:
        act()
    except Refusal as refusal:
        return refusal
    raise AssertionError("this should have been refused")


def json_bytes(value: Any) -> bytes:  # noqa: ANN401 – any JSON value
    """Return a value as JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False).encode()
