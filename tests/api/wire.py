"""The service on a port of 127.0.0.1, as `sanshen serve` sets it up, and requests spelled out in bytes."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.cli.server import _listen, _server
from app.infra.runtime import Runtime

#: How long anything may take on a busy machine, in seconds.
PATIENCE = 30


@contextmanager
def serving(runtime: Runtime) -> Iterator[int]:
    """Serve in a thread of this process; yield the port."""
    listener = _listen("127.0.0.1", 0)
    server = _server(runtime)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until = time.monotonic() + PATIENCE
    while not server.started:
        assert time.monotonic() < until, "not up in time"
        time.sleep(0.01)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def heard(connection: socket.socket) -> bytes:
    """Return all that comes until the other side ends the connection."""
    found = bytearray()
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65_536):
            found += part
    return bytes(found)


def one_answer(connection: socket.socket) -> bytes:
    """Return one whole answer that says its length, however its bytes come."""
    found = b""
    while b"\r\n\r\n" not in found:
        part = connection.recv(65_536)
        assert part, found
        found += part
    head, _, body = found.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        part = connection.recv(65_536)
        assert part, found
        body += part
    return head + b"\r\n\r\n" + body


def asked(port: int, request: bytes) -> bytes:
    """Send these bytes, and return all that comes until the connection ends."""
    with connected(port) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(request)
        return heard(connection)


def refused_while(port: int, first: bytes, then: bytes, *, pause: float) -> None:
    """Send `first`, then `then` again and again, until the other side ends the connection."""
    until = time.monotonic() + PATIENCE
    with connected(port) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(first)
        while time.monotonic() < until:
            connection.sendall(then)
            time.sleep(pause)
        raise AssertionError("still connected")


def status(answer: bytes) -> int:
    """Return the status of an answer; 0 for none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def post(path: str, body: bytes, *, headers: str = "", length: int | None = None) -> bytes:
    """Return a POST of JSON that closes the connection."""
    length = len(body) if length is None else length
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n"
    )
    return head.encode() + body
