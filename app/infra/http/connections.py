"""Connections that nobody can hold for nothing: limits of size, number and time on requests that come in.

uvicorn's parser has none: a header may have 100 MB, there may be a million of them, and a request that is
never finished is kept for ever. A proxy in front may hide this; the service holds without one.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, ClassVar

import structlog
from prometheus_client import Counter
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

#: The longest address, in bytes; the most headers, and their size in all.
MOST_URL, MOST_HEADERS, MOST_HEAD = 16_384, 100, 65_536
#: How long the headers of a request may take in all, in seconds, from the connection on.
HEAD_SECONDS = 15.0
#: How long a body may take: so many seconds, and one more for each so many bytes that did come.
BODY_SECONDS, BODY_RATE = 20.0, 16_384
#: How long somebody may take to read on while an answer waits to be sent.
READ_SECONDS = 60.0
#: How long what comes after an early answer is thrown away, so that the answer arrives.
LINGER_SECONDS = 2.0
#: So many requests of a process may be coming in at once; one more, and the oldest of them is given up.
MOST_UNFINISHED = 512

GIVEN_UP = Counter("sanshen_connections_given_up_total", "Connections that were ended by us", ["why"])

log = structlog.get_logger()


class _Refused(Exception):
    """The request is over a limit; the parser hands this on as an error of its own."""


class LimitedConnection(HttpToolsProtocol):
    """One connection of uvicorn's, with limits. `unfinished`: those whose request is not there in whole."""

    unfinished: ClassVar[dict["LimitedConnection", None]] = {}

    _timer: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None
    _status = 400
    _head_done = _heard = False
    _began = 0.0
    _raw = _head = _count = _received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a first request.

        Answers leave at once: head and body are written apart, and on a connection that is kept the second
        would wait for the 40 ms in which the other side acknowledges the first. asyncio sets this by itself
        only where the listening socket names its protocol, and ours need not.
        """
        super().connection_made(transport)
        accepted = transport.get_extra_info("socket")
        if accepted is not None and accepted.family in {socket.AF_INET, socket.AF_INET6}:
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._finish()
        self._stop_reading_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come, and end the connection when it is too much."""
        if self._timer is None and (self.cycle is None or self.cycle.response_complete):
            self._begin()
        self._raw += len(data)
        self._heard = True
        super().data_received(data)
        if self.parser is None or self.transport.is_closing() or self._timer is None:
            return
        # What the parser holds back, half a header say, and what is round a body, like extensions of chunks.
        around = self._raw - self._received
        if around > MOST_HEAD + (8 * self._received if self._head_done else 0):
            self._status = 400 if self._head_done else 431
            self.send_400_response("Request header fields too large.")

    def on_message_begin(self) -> None:
        """Begin to count anew: another request on the same connection."""
        super().on_message_begin()
        self._status, self._head_done = 400, False
        self._head = self._count = self._received = 0
        if self._timer is None:
            self._begin()
        self._heard = True

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        super().on_url(url)
        if len(self.url) > MOST_URL:
            self._refuse(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer."""
        self._count += 1
        self._head += len(name) + len(value)
        if self._count > MOST_HEADERS or self._head > MOST_HEAD:
            self._refuse(431)
        if self._head_done:
            # A trailer: nobody asks for any, and the headers were handed on already.
            return
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Give the body its time, and start the request."""
        self._head_done = True
        self._arm(BODY_SECONDS, self._judge_body)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._received += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop counting: the request is there."""
        self._finish()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Throw away for a moment what still comes after an early answer; then end the connection."""
        super().on_response_complete()
        if self._timer is not None and self._head_done and not self.transport.is_closing():
            self._arm(LINGER_SECONDS, lambda: self._give_up("answered"))

    def pause_writing(self) -> None:
        """Somebody does not read on: they have a minute."""
        super().pause_writing()
        self._stop_reading_timer()
        self._reading = self.loop.call_later(READ_SECONDS, self._give_up, "not_read")

    def resume_writing(self) -> None:
        """They read on."""
        super().resume_writing()
        self._stop_reading_timer()

    def send_400_response(self, msg: str) -> None:
        """Say why a request is refused that no application ever sees, and end the connection."""
        self._count_ended("refused")
        content = [
            STATUS_LINE[self._status],
            b"content-type: text/plain; charset=utf-8\r\n",
            b"content-length: " + str(len(msg)).encode("ascii") + b"\r\n",
            b"cache-control: no-store\r\nconnection: close\r\n\r\n",
            msg.encode("ascii"),
        ]
        self.transport.write(b"".join(content))
        self.transport.close()

    def _begin(self) -> None:
        self._status, self._head_done = 400, False
        self._raw = self._head = self._count = self._received = 0
        self._heard = False
        self._began = self.loop.time()
        self.unfinished[self] = None
        self._arm(HEAD_SECONDS, lambda: self._give_up("head"))
        if len(self.unfinished) > MOST_UNFINISHED:
            next(iter(self.unfinished))._give_up("crowded")  # noqa: SLF001 – one of us

    def _arm(self, seconds: float, then: Callable[[], Any]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, then)

    def _judge_body(self) -> None:
        if self.flow.read_paused:
            # We do not read on: that is no fault of theirs.
            self._arm(BODY_SECONDS, self._judge_body)
            return
        left = self._began + HEAD_SECONDS + BODY_SECONDS + self._received / BODY_RATE - self.loop.time()
        if left <= 0:
            self._give_up("body")
        else:
            self._arm(left, self._judge_body)

    def _finish(self) -> None:
        self.unfinished.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_reading_timer(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _refuse(self, status: int) -> None:
        self._status = status
        raise _Refused(status)

    def _give_up(self, why: str) -> None:
        """End the connection now: whoever waits for the rest of a request hears that it will not come."""
        self._finish()
        if self.transport.is_closing():
            return
        if why == "head" and self._heard:
            self._status = 408
            self.send_400_response("Request timeout.")
            return
        self._count_ended(why)
        if why == "answered":
            self.transport.close()
        else:
            self.transport.abort()

    def _count_ended(self, why: str) -> None:
        GIVEN_UP.labels(why).inc()
        log.info("connection.ended", why=why, status=self._status, address=self.client and self.client[0])
