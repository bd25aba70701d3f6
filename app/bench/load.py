"""A load generator: requests prepared beforehand, sent over kept connections, each answer timed.

It runs as a process of its own (`python -m app.bench.load`), reads its orders as JSON on standard input and
answers with JSON on standard output. It only ever talks to 127.0.0.1. One thread waits for all connections at
once: a generator that takes little of the processors leaves them to what is measured.
"""

import json
import selectors
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

#: Without any answer for so long, in seconds, the server is given up.
PATIENCE = 60


class _Connection:
    """One kept connection with at most one request on its way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self._got = b""

    def send(self, message: bytes) -> None:
        self._got = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(message)

    def receive(self) -> int | None:
        """Take in what has arrived; return the status once the answer is whole, `None` before."""
        piece = self.socket.recv(1 << 18)
        if not piece:
            raise ConnectionError("the server closed a connection")
        self._got += piece
        head, mark, body = self._got.partition(b"\r\n\r\n")
        if not mark:
            return None
        if len(body) < _length(head):
            return None
        return int(head.split(b" ", 2)[1])


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    raise ValueError("an answer without Content-Length")


def message(request: Mapping[str, Any]) -> bytes:
    """Return the bytes of a request `{method, path, headers, body}`; a body is sent as JSON."""
    body = b"" if request.get("body") is None else json.dumps(request["body"]).encode()
    headers = {"Host": "127.0.0.1", "Content-Length": str(len(body)), **request.get("headers", {})}
    if body:
        headers["Content-Type"] = "application/json"
    lines = [f"{request['method']} {request['path']} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def run(port: int, requests: list[dict[str, Any]], *, connections: int) -> dict[str, Any]:
    """Send `requests` over `connections` (1–64) parallel connections to 127.0.0.1:`port`, each once.

    Returns how many were answered a second, the time of each answer with the median, 95th and 99th percentile
    in milliseconds, and how often each status came. Raises `OSError` when the server goes away or says
    nothing for a minute.
    """
    if not 1 <= connections <= 64:
        raise ValueError("1 to 64 connections")
    messages = [message(request) for request in requests]
    waiting = iter(messages)
    times: list[float] = []
    statuses: Counter[int] = Counter()
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        open_ones = [_Connection(port) for _ in range(min(connections, len(messages)))]
        for connection in open_ones:
            stack.enter_context(connection.socket)
        began = time.perf_counter()
        for connection in open_ones:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(next(waiting))
        for connection, status in _answers(selector, len(messages)):
            times.append(time.perf_counter() - connection.sent_at)
            statuses[status] += 1
            following = next(waiting, None)
            if following is None:
                # Servers end connections that say nothing for a while: those that are done are let go of.
                selector.unregister(connection.socket)
            else:
                connection.send(following)
        took = time.perf_counter() - began
    return {
        "requests": len(times),
        "seconds": took,
        "per_second": len(times) / took,
        **{f"p{share}_ms": percentile(times, share) * 1000 for share in (50, 95, 99)},
        "times_ms": [took * 1000 for took in times],
        "statuses": {str(status): count for status, count in sorted(statuses.items())},
    }


def _answers(selector: selectors.BaseSelector, wanted: int) -> Iterator[tuple[_Connection, int]]:
    seen = 0
    while seen < wanted:
        ready = selector.select(PATIENCE)
        if not ready:
            raise TimeoutError("the server has stopped answering")
        for key, _ in ready:
            connection: _Connection = key.data
            status = connection.receive()
            if status is not None:
                seen += 1
                yield connection, status


def percentile(times: Sequence[float], share: int) -> float:
    """Return the time within which `share` percent were answered: the nearest rank, 0 of none."""
    ordered = sorted(times)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)] if ordered else 0.0


if __name__ == "__main__":
    orders = json.load(sys.stdin)
    json.dump(run(orders["port"], orders["requests"], connections=orders["connections"]), sys.stdout)
