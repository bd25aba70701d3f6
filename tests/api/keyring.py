"""Keys of publishing tools in the hands of tests."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from httpx import Response

from tests.api.desk import Desk
from tests.api.press import Press

ALL = ["read:released", "clear", "report", "submit"]


@dataclass
class Keyring:
    """A tool, and requests that come with one of its keys."""

    press: Press
    id: str
    key: str

    @classmethod
    def make(cls, desk: Desk, *scopes: str, press: Press | None = None, **more: Any) -> "Keyring":
        press = press or Press.open(desk, "wechat", "website")
        answer = ask(desk, press, *scopes, **more)
        assert answer.status_code == 201, answer.text
        return cls(press, answer.json()["id"], answer.json()["key"])

    def call(self, method: str, path: str, *, token: str | None = None, **more: Any) -> Response:
        headers = {"Authorization": f"Bearer {token or self.key}", **more.pop("headers", {})}
        answer: Response = self.press.desk.client.request(method, f"/api/v1{path}", headers=headers, **more)
        return answer

    def get(self, path: str, **params: Any) -> Response:
        return self.call("GET", path, params=params)

    def post(self, path: str, body: Any, **headers: str) -> Response:
        return self.call("POST", path, json=body, headers=headers)

    def exchange(self, **form: str) -> Response:
        asked = {"grant_type": "client_credentials", "client_id": self.id, "client_secret": self.key, **form}
        answer: Response = self.press.desk.client.post("/api/v1/auth/oauth/token", data=asked)
        return answer


def ask(desk: Desk, press: Press, *scopes: str, login: str = "system_admin", **more: Any) -> Response:
    """Ask for a key as an administrator does."""
    scopes = scopes or ("read:released", "clear", "report")
    until = desk.runtime.clock() + timedelta(days=90)
    body = {"name": "发布机", "scopes": list(scopes), "expires_at": until.isoformat(), **more}
    if "submit" in scopes:
        body.setdefault("acts_for", "editor")
    return desk.post(f"/tools/{press.tool_id}/keys", login, body)
