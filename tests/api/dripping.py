"""A receiver on 127.0.0.1 that sends byte after byte for ever, so that no time-out between bytes ends it."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def server(*, first: bytes, drip: bytes, pause: float = 0.1) -> Iterator[int]:
    """Yield the port of one that takes a connection, sends `first`, then `drip` byte after byte for ever."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.sendall(first)
            while drip and not over.is_set():
                for byte in drip:
                    connection.sendall(bytes([byte]))
                    if over.wait(pause):
                        return
            over.wait()

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        listener.close()
