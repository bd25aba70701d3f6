"""What nobody who is unknown can do to the service: hold it, fill it, or have it work for them."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator

import pytest

from app.infra.http import connections
from app.infra.http.connections import LimitedConnection
from app.infra.runtime import Runtime
from tests import factories
from tests.api.wire import (
    PATIENCE,
    asked,
    connected,
    heard,
    one_answer,
    post,
    refused_while,
    serving,
    status,
)

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Headers = Callable[[str], dict[str, str]]
HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"


@pytest.fixture
def port(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The service, with less patience than it has in life."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 1.0)
    monkeypatch.setattr(connections, "BODY_SECONDS", 0.5)
    with serving(runtime) as port:
        yield port


def alive(port: int) -> bool:
    return status(asked(port, HEAD + b"\r\n")) == 200


# --- headers ---


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 414),
        (HEAD + b"X-A: " + b"a" * 70_000 + b"\r\n\r\n", 431),
        (HEAD + b"X-A: " + b"a" * 2_000_000, 431),  # never ends
        (HEAD + b"".join(b"X-%d: a\r\n" % n for n in range(120)) + b"\r\n", 431),
        (HEAD + b"".join(b"X-%d: %s\r\n" % (n, b"b" * 900) for n in range(90)) + b"\r\n", 431),
        (HEAD + b"a" * 100_000, 431),  # a name without end
    ],
)
def test_headers_have_limits_of_size_and_number(port: int, request_: bytes, expected: int) -> None:
    assert status(asked(port, request_)) == expected
    assert alive(port)


def test_ninety_headers_and_a_long_address_are_fine(port: int) -> None:
    some = b"".join(b"X-%d: %s\r\n" % (n, b"b" * 500) for n in range(90))
    assert status(asked(port, HEAD + some + b"\r\n")) == 200
    assert status(asked(port, HEAD.replace(b"/healthz", b"/healthz?" + b"q=1&" * 2000) + b"\r\n")) != 414


def test_trailers_and_extensions_of_chunks_have_limits_too(port: int) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    for flood in (
        b"0\r\nX-A: " + b"a" * 500_000,
        b"0\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(500)),
        b"1;" + b"e" * 500_000,
    ):
        began = time.monotonic()
        asked(port, head + flood)
        assert time.monotonic() - began < PATIENCE
    assert alive(port)


@pytest.mark.parametrize("sent", [b"", b"GET /hea", HEAD, b"\r\n"])
def test_headers_that_do_not_end_are_not_waited_for(port: int, sent: bytes) -> None:
    with connected(port) as connection:
        connection.sendall(sent)
        answer = heard(connection)
    assert status(answer) == (408 if sent else 0)


def test_headers_that_drip_are_not_waited_for(port: int) -> None:
    refused_while(port, HEAD, b"X-A: a\r\n", pause=0.2)


def test_a_second_request_on_a_connection_has_the_same_limits(port: int) -> None:
    first = HEAD.replace(b"Connection: close\r\n", b"") + b"\r\n"
    with connected(port) as connection:
        connection.sendall(first)
        assert status(one_answer(connection)) == 200
        connection.sendall(first[:30])
        assert status(heard(connection)) == 408
    with connected(port) as connection:
        connection.sendall(first + HEAD + b"X-A: ")
        assert status(one_answer(connection)) == 200
        with contextlib.suppress(ConnectionError):
            connection.sendall(b"a" * 70_000)
        assert status(heard(connection)) == 431


def test_a_head_has_no_body_and_leaves_its_connection_good(port: int) -> None:
    asked_for = HEAD.replace(b"GET", b"HEAD").replace(b"Connection: close\r\n", b"") + b"\r\n"
    with connected(port) as connection:
        for _ in range(3):
            connection.sendall(asked_for)
            answer = b""
            while not answer.endswith(b"\r\n\r\n"):
                part = connection.recv(65_536)
                assert part, answer
                answer += part
            assert status(answer) == 200
            assert b"content-length: " in answer.lower()
        connection.sendall(HEAD + b"\r\n")
        assert status(heard(connection)) == 200


# --- bodies ---


def test_answers_on_a_kept_connection_do_not_wait_for_acknowledgements(port: int) -> None:
    """Head and body leave apart; the second would wait 40 ms for the other side, but on the first."""
    seconds = []
    with connected(port) as connection:
        for _ in range(12):
            began = time.monotonic()
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert one_answer(connection).startswith(b"HTTP/1.1 200")
            seconds.append(time.monotonic() - began)
    # Not one of eleven was ever quicker than 40 ms: the least of them does not depend on a busy machine.
    assert min(seconds[1:]) < 0.035


def test_bodies_that_do_not_end_are_not_waited_for(port: int) -> None:
    unfinished = [connected(port) for _ in range(20)]
    for number, connection in enumerate(unfinished):
        path = ("/nowhere", "/api/v1/auth/token", "/sign-in")[number % 3]
        connection.sendall(post(path, b'{"login": "', length=60_000))
    assert alive(port)
    for connection in unfinished:
        with connection:
            heard(connection)
    assert not LimitedConnection.unfinished


def test_half_a_body_is_no_request(port: int, bureau: factories.Bureau, as_: Headers) -> None:
    """A body that breaks off, though what came of it is good JSON, does nothing."""
    draft = json.dumps({"unit_id": str(bureau.city.id)}).encode()
    with connected(port) as connection:
        auth = f"Authorization: {as_('editor')['Authorization']}\r\n"
        connection.sendall(post("/api/v1/drafts", draft, headers=auth, length=len(draft) + 100))
        assert status(heard(connection)) == 0
    assert alive(port)


@pytest.mark.parametrize("path", ["/api/v1/auth/token", "/nowhere", "/api/v1/drafts", "/sign-in"])
def test_who_is_unknown_sends_64_kilobytes_at_most(
    port: int, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.monotonic()
    with connected(port) as connection:
        connection.sendall(post(path, b"", length=31_000_000))
        answer = heard(connection)
    assert status(answer) == 413
    assert b"body_before_sign_in" in answer
    assert time.monotonic() - began < PATIENCE
    chunked = b"POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n" % path.encode()
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    monkeypatch.setattr(connections, "LINGER_SECONDS", 0.3)
    for kind in (b"application/json", b"application/x-www-form-urlencoded"):
        flood = chunked + b"Content-Type: " + kind + b"\r\n\r\n" + chunk * 40
        # Where who asks is settled before the body is read, that is told at once.
        assert status(asked(port, flood)) in {401, 404, 405, 413, 415, 422}
    assert alive(port)


def test_somebody_known_sends_more_and_a_bad_token_is_told_at_once(
    port: int, bureau: factories.Bureau, as_: Headers
) -> None:
    body = json.dumps({"no such field": "x" * 200_000}).encode()
    good = f"Authorization: {as_('editor')['Authorization']}\r\n"
    assert status(asked(port, post("/api/v1/drafts", body, headers=good))) == 422
    with connected(port) as connection:
        bad = "Authorization: Bearer x.y.z\r\n"
        connection.sendall(post("/api/v1/drafts", b"", headers=bad, length=20_000_000))
        answer = heard(connection)
    assert (status(answer), b"token_invalid" in answer) == (401, True)


def test_the_messages_of_tools_are_read_up_to_their_own_limit(port: int) -> None:
    body = b'{"payload": "' + b"x" * 900_000 + b'"}'
    assert status(asked(port, post("/api/v1/webhooks/clearance?tool=x", body))) == 401
    assert status(asked(port, post("/api/v1/webhooks/clearance?tool=x", b"", length=1_200_000))) == 413


def test_an_account_may_send_so_many_large_bodies_at_once(
    port: int, bureau: factories.Bureau, as_: Headers
) -> None:
    auth = f"Authorization: {as_('editor')['Authorization']}\r\n"
    crowd = [connected(port) for _ in range(9)]
    for connection in crowd:
        connection.sendall(post("/api/v1/drafts", b"{", headers=auth, length=5_000_000))
    answers = []
    for connection in crowd:
        with connection:
            answers.append(heard(connection))
    refused = [one for one in answers if status(one) == 503]
    assert len(refused) == 3
    assert all(b"too_many_bodies" in one and b"retry-after: 5" in one.lower() for one in refused)


# --- what bodies cost ---

NUL = b'"\\u0000"'


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b",".join([NUL] * 7000) + b"]",
        b"{" + b",".join(b'"%d\\u0000":1' % n for n in range(3000)) + b"}",
        b'"' + b"\\ud800" * 9000 + b'"',
        b"[" * 480 + NUL + b"]" * 480,
        b"[" * 30_000,
        b'{"a":' * 9_000,
        b'"' + b'\\"' * 30_000,
        b'"\\',
        b"[" * 99 + b'"' * 20_001,
        b"{" + b",".join(b'"k%d":1' % n for n in range(5000)) + b"}",
        b'{"' + b"k" * 60_000 + b'":1}',
        b"[1" + b"0" * 60_000 + b"]",
    ],
    ids=range(12),
)
def test_a_body_costs_little_and_its_answer_is_no_multiple_of_it(port: int, body: bytes) -> None:
    for path in ("/api/v1/auth/token", "/api/v1/drafts"):
        began = time.monotonic()
        answer = asked(port, post(path, body))
        assert status(answer) in {400, 401, 422}, answer[:300]
        assert len(answer) < 60_000
        assert time.monotonic() - began < 5
    assert alive(port)


def test_the_oldest_unfinished_request_makes_room(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_UNFINISHED", 20)
    monkeypatch.setattr(connections, "HEAD_SECONDS", 60.0)
    crowd = [connected(port) for _ in range(50)]
    for connection in crowd:
        connection.sendall(b"POST /sign-in HTTP/1.1\r\nHo")
    assert alive(port)
    assert len(LimitedConnection.unfinished) <= 20
    assert heard(crowd[0]) == b""
    for connection in crowd:
        connection.close()


def test_somebody_who_does_not_read_the_answer_is_not_waited_for(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "READ_SECONDS", 0.5)
    # Many answers of 200 KB each, of which none is read.
    ask = b"GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with serving(runtime) as port:
        refused_while(port, ask % b"/openapi.json" * 60, ask % b"/healthz", pause=0.3)
