"""One call to the outside, which is over by its deadline however the other side behaves.

Time-outs of sockets count from byte to byte, so whoever sends one byte a second is never timed out. Here the
whole call has one span of time: looking the name up, connecting, TLS, sending, and all that comes back. When
it is over the connection is shut down under whoever waits for it.
"""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Self

import httpcore
import httpx

#: Look-ups that hang cannot be ended, only left behind; no more of them than this are left at once.
_LOOK_UPS = threading.BoundedSemaphore(32)

#: What the failure of a call that took too long is called.
DEADLINE = "deadline_exceeded"


class NotFound(Exception):
    """A host has no address, or nobody said so in time."""


class CallFailed(Exception):
    """The call brought no answer; it says `DEADLINE` or the name of what happened."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer over HTTP: status, headers in lower case, and as much of the body as was wanted.

    `whole` is false when there is more of the body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool


class Call:
    """A span of time for one call, in seconds; used as a context, once."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._watched: list[socket.socket] = []
        self._ended = False
        self._timer = threading.Timer(seconds, self._shut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._ended = True
            for connection in self._watched:
                connection.close()
            self._watched.clear()

    @property
    def left(self) -> float:
        """The seconds that are left, never quite none: zero would mean "do not block"."""
        return max(self._until - time.monotonic(), 0.001)

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._until

    def look_up(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host, each once. Raises `NotFound`."""
        if not _LOOK_UPS.acquire(timeout=self.left):
            raise NotFound(host)
        addresses: list[str] = []

        def ask() -> None:
            try:
                answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                addresses.extend(dict.fromkeys(str(answer[4][0]) for answer in answers))
            except (OSError, UnicodeError):
                pass
            finally:
                _LOOK_UPS.release()

        asking = threading.Thread(target=ask, name="look-up", daemon=True)
        asking.start()
        asking.join(self.left)
        # A copy: the thread that was left behind may still add to its own.
        if not (answers := list(addresses)):
            raise NotFound(host)
        return answers

    def connect(self, host: str, port: int) -> socket.socket:
        """Return a watched connection to the first address of a host that takes one. Raises `OSError`."""
        try:
            addresses = self.look_up(host, port)
        except NotFound as error:
            raise OSError("host not found") from error
        failed: OSError = TimeoutError("timed out")
        for address in addresses:
            if self.is_over:
                break
            try:
                made = socket.create_connection((address, port), timeout=self.left)
            except OSError as error:
                failed = error
            else:
                self.watch(made)
                return made
        raise failed

    def watch(self, connection: socket.socket) -> None:
        """Have a connection shut down when the time is over, even when TLS is put around it later."""
        with self._lock:
            # A second handle of the same connection: shutting it down ends what waits on the first one.
            again = connection.dup()
            if self._ended or self.is_over:
                _shut_down(again)
                again.close()
                return
            self._watched.append(again)

    def post(
        self,
        url: str,
        *,
        server_name: str,
        headers: Mapping[str, str],
        body: bytes,
        most: int,
        of_refusals: int = 0,
    ) -> Answered:
        """POST to a URL whose host is an address; no redirect is followed, no proxy asked.

        `server_name` is what a certificate must be for; up to `most` bytes of the answer's body are read, and
        of an answer other than 2xx up to `of_refusals`, as far as they come. Raises `CallFailed`.
        """
        sent = {**headers, "Content-Length": str(len(body))}
        return self._send(
            "POST", url, server_name=server_name, headers=sent, body=body, most=most, of_refusals=of_refusals
        )

    def get(self, url: str, *, server_name: str, headers: Mapping[str, str], most: int) -> Answered:
        """GET as `post` posts. Raises `CallFailed`."""
        return self._send(
            "GET", url, server_name=server_name, headers=headers, body=None, most=most, of_refusals=0
        )

    def _send(
        self,
        method: str,
        url: str,
        *,
        server_name: str,
        headers: Mapping[str, str],
        body: bytes | None,
        most: int,
        of_refusals: int,
    ) -> Answered:
        # One budget in four places: each step may take what is left, and the watch sees to the sum.
        within = dict.fromkeys(("connect", "read", "write", "pool"), self.left)
        try:
            with (
                httpcore.ConnectionPool(ssl_context=_trusted(), network_backend=_Watched(self)) as pool,
                pool.stream(
                    method,
                    url,
                    headers=list(headers.items()),
                    content=body,
                    extensions={"timeout": within, "sni_hostname": server_name},
                ) as response,
            ):
                is_good = 200 <= response.status < 300
                if of_refusals and not is_good:
                    told_body, whole = _what_comes(response.iter_stream(), of_refusals), False
                else:
                    told_body, whole = _read(response.iter_stream(), most)
                told = {
                    name.decode("latin-1").lower(): value.decode("latin-1")
                    for name, value in response.headers
                }
                return Answered(response.status, told, told_body, whole)
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.TimeoutException,
            httpcore.UnsupportedProtocol,
            OSError,
        ) as error:
            raise CallFailed(DEADLINE if self.is_over else type(error).__name__) from error

    def _shut(self) -> None:
        with self._lock:
            for connection in self._watched:
                _shut_down(connection)


@cache
def _trusted() -> ssl.SSLContext:
    """Return whom calls over TLS trust. Reading the list of authorities takes longer than a whole call."""
    return httpx.create_ssl_context(trust_env=False)


class _Watched(httpcore.SyncBackend):
    """Connections that the call watches."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect within what is left of the call."""
        left = self._call.left
        within = left if timeout is None else min(timeout, left)
        stream = super().connect_tcp(host, port, within, local_address, socket_options)
        self._call.watch(stream.get_extra_info("socket"))
        return stream


def _read(parts: Iterable[bytes], most: int) -> tuple[bytes, bool]:
    """Return up to `most` bytes of a body, and whether that was all of it; nothing is read for none."""
    if most <= 0:
        return b"", False
    body = bytearray()
    for part in parts:
        body += part
        if len(body) > most:
            return bytes(body[:most]), False
    return bytes(body), True


def _what_comes(parts: Iterable[bytes], most: int) -> bytes:
    """Return up to `most` bytes of a body, or as many as came before it broke off."""
    body = bytearray()
    with contextlib.suppress(
        httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError
    ):
        for part in parts:
            body += part
            if len(body) >= most:
                break
    return bytes(body[:most])


def _shut_down(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # closed already
        connection.shutdown(socket.SHUT_RDWR)
