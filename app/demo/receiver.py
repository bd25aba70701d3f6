"""A publishing tool for the tour: a real HTTP server on 127.0.0.1 that checks the webhooks it takes."""

import base64
import hashlib
import hmac
import json
import queue
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: Standard Webhooks 1.0.0: how far a timestamp may be off, in seconds.
TOLERANCE = 300


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Return the `webhook-signature` of a message under a secret. Source: Standard Webhooks 1.0.0."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()


def signed_headers(secret: str, body: bytes) -> dict[str, str]:
    """Return the headers that a tool sends with a message of its own."""
    message_id, timestamp = f"msg_{uuid.uuid4().hex}", str(int(time.time()))
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(secret, message_id, timestamp, body),
    }


class Receiver:
    """Takes messages at `url` from the moment it is made until `close`; unsigned ones get 401."""

    def __init__(self) -> None:
        self.secrets: list[str] = []
        self.messages: queue.Queue[dict[str, Any]] = queue.Queue()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                good = outer._is_genuine(self.headers, body)
                if good:
                    outer.messages.put(json.loads(body))
                self.send_response(204 if good else 401)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                """Keep quiet: the tour prints its own lines."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}/sanshen"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _is_genuine(self, headers: Any, body: bytes) -> bool:  # noqa: ANN401 – http.client's message
        message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "0")
        if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE:
            return False
        given = headers.get("webhook-signature", "").split()
        return any(
            hmac.compare_digest(signed, signature(secret, message_id, timestamp, body))
            for signed in given
            for secret in self.secrets
        )

    def wait(self, kind: str, *, seconds: float) -> dict[str, Any]:
        """Return the next message of this type. Raises `TimeoutError`."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                message = self.messages.get(timeout=left)
            except queue.Empty:
                break
            if message["type"] == kind:
                return message
        raise TimeoutError(f"no {kind} within {seconds} s")

    def close(self) -> None:
        """Stop taking messages."""
        self._server.shutdown()
        self._server.server_close()
