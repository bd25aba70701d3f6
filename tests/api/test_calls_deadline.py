"""Calls to the outside are over by their deadline, however the other side sends: byte by byte, or nothing."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from uuid import uuid4

import pytest

from app.infra import outgoing_calls
from app.infra.outgoing_calls import DEADLINE, Call, NotFound
from app.infra.settings import Settings
from app.notifications import mail
from app.notifications.robots import service as robots
from app.webhooks import delivery
from app.webhooks.addresses.targets import AllowList
from tests.api.dripping import server

#: The time that a call has in these tests, and the most that it may really take on a busy machine.
SPAN, MOST = 0.6, 4.0
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def took(call: Callable[[], object]) -> tuple[object, float]:
    began = time.monotonic()
    said = call()
    return said, time.monotonic() - began


#: What a receiver may send to keep a caller waiting; each byte comes before any time-out between two bytes.
DRIPS = {
    "nothing": (b"", b""),
    "the status line": (b"HTTP/1.1 ", b"2"),
    "a header": (b"HTTP/1.1 200 OK\r\nX-A: ", b"a"),
    "header after header": (b"HTTP/1.1 200 OK\r\n", b"X-A: a\r\n"),
    "go on, and on": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("kind", DRIPS)
def test_a_webhook_is_over_by_its_deadline(kind: str) -> None:
    first, drip = DRIPS[kind]
    with server(first=first, drip=drip) as port:
        host = f"127.0.0.1:{port}"
        parcel = delivery.Parcel(uuid4(), 0, f"http://{host}/", "msg", b"{}", (b"x" * 32,))
        allowed = AllowList(frozenset({host}), loopback=True)
        answer, seconds = took(lambda: delivery.send(parcel, allowed=allowed, timeout_seconds=SPAN, at=NOW))
    assert (answer.status, answer.error) == (None, DEADLINE)
    assert SPAN * 0.9 <= seconds < MOST


def test_a_handshake_that_drips_is_over_by_its_deadline() -> None:
    # A record of TLS that is said to have 16 KB and comes byte by byte.
    with server(first=b"\x16\x03\x03\x40\x00", drip=b"\x02") as port:
        host = f"127.0.0.1:{port}"
        parcel = delivery.Parcel(uuid4(), 0, f"https://{host}/", "msg", b"{}", (b"x" * 32,))
        allowed = AllowList(frozenset({host}), loopback=True)
        answer, seconds = took(lambda: delivery.send(parcel, allowed=allowed, timeout_seconds=SPAN, at=NOW))
    assert (answer.status, answer.error) == (None, DEADLINE)
    assert seconds < MOST


def test_a_receiver_that_takes_nothing_in_is_over_by_its_deadline() -> None:
    with server(first=b"", drip=b"") as port:
        host = f"127.0.0.1:{port}"
        body = b"x" * 30_000_000  # more than any buffer of the system takes
        parcel = delivery.Parcel(uuid4(), 0, f"http://{host}/", "msg", body, (b"x" * 32,))
        allowed = AllowList(frozenset({host}), loopback=True)
        answer, seconds = took(lambda: delivery.send(parcel, allowed=allowed, timeout_seconds=SPAN, at=NOW))
    assert (answer.status, answer.error) == (None, DEADLINE)
    assert seconds < MOST


def test_a_webhook_does_not_wait_for_the_body_of_an_answer() -> None:
    with server(first=b"HTTP/1.1 204 No Content\r\nRetry-After: 7\r\n\r\n", drip=b"z") as port:
        host = f"127.0.0.1:{port}"
        parcel = delivery.Parcel(uuid4(), 0, f"http://{host}/", "msg", b"{}", (b"x" * 32,))
        allowed = AllowList(frozenset({host}), loopback=True)
        answer, seconds = took(lambda: delivery.send(parcel, allowed=allowed, timeout_seconds=30, at=NOW))
    assert isinstance(answer, delivery.Answer)
    assert answer.is_good
    assert seconds < MOST


def test_a_robot_whose_answer_drips_is_over_by_its_deadline() -> None:
    with server(first=b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n", drip=b"z") as port:
        host = f"127.0.0.1:{port}"
        speech = robots.Speech(uuid4(), f"http://{host}/send?key=k", b"{}", ())
        allowed = AllowList(frozenset({host}), loopback=True)
        answer, seconds = took(lambda: robots.send(speech, allowed=allowed, timeout_seconds=SPAN))
    assert answer == robots.Answer(None, DEADLINE)
    assert seconds < MOST


MAIL_DRIPS = {
    "nothing": ("none", b"", b""),
    "its greeting": ("none", b"220-", b"a"),
    "greeting after greeting": ("none", b"", b"220-hello\r\n"),
    "its greeting before TLS": ("starttls", b"220-", b"a"),
    "a handshake": ("tls", b"\x16\x03\x03\x40\x00", b"\x02"),
    "a handshake after STARTTLS": (
        "starttls",
        b"220 here\r\n250-here\r\n250 STARTTLS\r\n220 go\r\n\x16\x03\x03\x40\x00",
        b"\x02",
    ),
}


@pytest.mark.parametrize("kind", MAIL_DRIPS)
def test_a_letter_is_over_by_its_deadline(kind: str) -> None:
    security, first, drip = MAIL_DRIPS[kind]
    letter = EmailMessage()
    letter["From"], letter["To"] = "a@sanshen.example", "b@sanshen.example"
    letter.set_content("x")

    def send() -> None:
        with pytest.raises(mail.MailRefused):
            mail.send(letter, settings)

    with server(first=first, drip=drip) as port:
        settings = Settings(
            smtp_host="127.0.0.1",
            smtp_port=port,
            smtp_security=security,
            smtp_from="a@sanshen.example",
            smtp_timeout_seconds=SPAN,
        )
        _, seconds = took(send)
    assert seconds < MOST


def test_a_look_up_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(outgoing_calls.socket, "getaddrinfo", lambda *_a, **_k: over.wait(60) and [])

    def look_up() -> None:
        with Call(SPAN) as call, pytest.raises(NotFound):
            call.look_up("hook.example", 443)

    try:
        _, seconds = took(look_up)
    finally:
        over.set()
    assert seconds < MOST


def test_a_certificate_must_be_for_the_host_and_not_for_the_address() -> None:
    """Nobody vouches for the receiver: the call ends with an error of TLS, and nothing is sent in clear."""
    with server(first=b"HTTP/1.1 200 OK\r\n\r\n", drip=b"") as port:
        host = f"127.0.0.1:{port}"
        parcel = delivery.Parcel(uuid4(), 0, f"https://{host}/", "msg", b"{}", (b"x" * 32,))
        allowed = AllowList(frozenset({host}), loopback=True)
        answer = delivery.send(parcel, allowed=allowed, timeout_seconds=5, at=NOW)
    assert (answer.status, answer.error) == (None, "ConnectError")
