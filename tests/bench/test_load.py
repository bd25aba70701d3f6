"""The load generator, against a server that answers in every way a server can."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.bench import load

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def server(*answers: bytes, pieces: int = 1) -> Iterator[tuple[int, list[bytes]]]:
    """Answer each request on one connection with the next of `answers`; remember what was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                for answer in answers:
                    asked.append(connection.recv(65536))
                    size = -(-len(answer) // pieces)
                    for start in range(0, len(answer), size):
                        connection.sendall(answer[start : start + size])

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1], asked
        finally:
            thread.join(10)


def ask(path: str, body: object = None) -> dict[str, object]:
    return {"method": "GET" if body is None else "POST", "path": path, "headers": {"X-A": "b"}, "body": body}


@pytest.mark.parametrize("pieces", [1, 7])
def test_every_request_is_sent_once_and_every_answer_counted(pieces: int) -> None:
    refused = b"HTTP/1.1 409 Conflict\r\ncontent-length: 0\r\n\r\n"
    with server(OK, refused, OK, pieces=pieces) as (port, asked):
        done = load.run(port, [ask("/a"), ask("/b", {"x": "字"}), ask("/c")], connections=1)
    assert (done["requests"], done["statuses"]) == (3, {"200": 2, "409": 1})
    assert [one.split(b"\r\n")[0] for one in asked] == [
        b"GET /a HTTP/1.1",
        b"POST /b HTTP/1.1",
        b"GET /c HTTP/1.1",
    ]
    assert b"\r\nX-A: b\r\n" in asked[1]
    assert asked[1].endswith(b'\r\n\r\n{"x": "\\u5b57"}')
    assert len(done["times_ms"]) == 3
    assert done["per_second"] > 0


def test_a_server_that_goes_away_is_an_error() -> None:
    with server(OK) as (port, _), pytest.raises(OSError, match=r"closed|reset"):
        load.run(port, [ask("/a"), ask("/b")], connections=1)


def test_a_connection_that_is_done_may_be_ended_while_others_wait() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            first, second = (listener.accept()[0] for _ in range(2))
            with second:
                with first:
                    first.recv(65536)
                    first.sendall(OK)
                second.recv(65536)
                time.sleep(0.2)
                second.sendall(OK)

        thread = threading.Thread(target=serve)
        thread.start()
        done = load.run(listener.getsockname()[1], [ask("/a"), ask("/b")], connections=2)
        thread.join(10)
    assert done["statuses"] == {"200": 2}


def test_an_answer_of_unknown_length_is_an_error() -> None:
    with server(b"HTTP/1.1 200 OK\r\n\r\n") as (port, _), pytest.raises(ValueError, match="Content-Length"):
        load.run(port, [ask("/a")], connections=1)


@pytest.mark.parametrize("connections", [0, 65])
def test_the_number_of_connections_is_bounded(connections: int) -> None:
    with pytest.raises(ValueError, match="1 to 64"):
        load.run(1, [], connections=connections)


def test_percentiles_are_nearest_ranks() -> None:
    times = [float(number) for number in range(1, 201)]
    assert [load.percentile(times, share) for share in (50, 95, 99, 100)] == [100, 190, 198, 200]
    assert (load.percentile([3.0], 99), load.percentile([], 99)) == (3.0, 0.0)
