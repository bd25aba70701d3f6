"""A publishing tool and a listener: signatures by the `standardwebhooks` package, receivers on 127.0.0.1."""

import base64
import hashlib
import hmac
import json
import threading
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from httpx import Response
from standardwebhooks.webhooks import Webhook

from tests import states
from tests.api.desk import Desk


@dataclass
class Press:
    """A publishing tool of the bureau's city, for some channels."""

    desk: Desk
    tool_id: str
    secret: str
    _sent: int = 0

    @classmethod
    def open(cls, desk: Desk, *channels: str, unit: str = "city", name: str = "发布助手") -> "Press":
        unit_id = str(getattr(desk.bureau, unit).id)
        body = {"unit_id": unit_id, "name": name, "channels": list(channels or ("wechat",))}
        answer = desk.post("/tools", "system_admin", body)
        assert answer.status_code == 201, answer.text
        return cls(desk, answer.json()["id"], answer.json()["secret"])

    def send(
        self,
        path: str,
        body: Any,
        *,
        message_id: str | None = None,
        at: datetime | None = None,
        secret: str | None = None,
        tool: str | None = None,
        **headers: str | None,
    ) -> Response:
        self._sent += 1
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        message_id = message_id or f"msg_{self._sent}_{self.tool_id}"
        at = at or self.desk.runtime.clock()
        if isinstance(body, bytes):  # perhaps no text at all, which the package does not sign
            signed = _signature(secret or self.secret, message_id, at, raw)
        else:
            signed = Webhook(secret or self.secret).sign(message_id, at, raw.decode())
        given = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signed,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        answer: Response = self.desk.client.post(
            f"/api/v1/webhooks/{path}",
            params={"tool": self.tool_id if tool is None else tool},
            content=raw,
            headers={name: value for name, value in given.items() if value is not None},
        )
        return answer

    def ask(self, **body: Any) -> dict[str, Any]:
        answer = self.send("clearance", {"channel": "wechat", **body})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def publish(self, ticket: dict[str, Any], digest: str, **more: Any) -> Response:
        told = {"external_id": "100000001", "url": "https://example.cn/a", **more}
        return self.send("publications", {"ticket": ticket, "digest": digest, **told})


def _signature(secret: str, message_id: str, at: datetime, raw: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{int(at.timestamp())}.".encode() + raw
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


@dataclass
class Listener:
    """A receiver that answers as it is told and keeps what it got, as (path, headers, raw body)."""

    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    says: list[bytes] = field(default_factory=list)
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def __enter__(self) -> Self:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                outer.got.append((self.path, dict(self.headers), body))
                status, headers = outer.answers.pop(0) if outer.answers else (204, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                said = outer.says.pop(0) if outer.says else b""
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_args: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}/hook?a=1"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@states.step()
def ready(desk: Desk, *channels: str) -> Desk:
    """Bring a draft to where its lines can be signed."""
    return proofread(desk.draft(None, *channels), *channels)


def proofread(desk: Desk, *channels: str) -> Desk:
    """Bring the draft that a desk has to where its lines can be signed."""
    desk.reviews()
    for line in channels or ("wechat",):
        desk.proofs(line)
        desk.approve("confirm_marks", "initial_reviewer", line)
    return desk


def sign(desk: Desk, login: str = "publisher", line: str = "wechat", **body: Any) -> Response:
    if "digest" not in body:
        body["digest"] = desk.stage("sign_off", line)["digest"] or "0" * 64
    headers = body.pop("headers", {})
    return desk.post(f"/cases/{desk.case_id}/releases", login, {"line": line, **body}, **headers)


@states.step()
def signed(desk: Desk, line: str = "wechat") -> dict[str, Any]:
    answer = sign(desk, line=line)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["release"])
