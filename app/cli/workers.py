"""Several processes behind one address, for PostgreSQL: Python's global lock keeps one to a processor."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

#: Seconds that a process may take to end once the one that started it is gone.
_LAST_SECONDS = 15


def bound(host: str, port: int) -> socket.socket:
    """Return a socket of its own at an address that is shared: the system spreads connections over all such.

    Raises `OSError` where the address cannot be had.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, port))
    return listener


def run(count: int, serve: Callable[[], None]) -> int:
    """Run `serve` in `count` processes until they are told to stop; return 0 when all ended well, else 1.

    SIGTERM and SIGINT are handed on. When one process ends by itself the others are stopped too, so that
    whoever watches over the service sees it and starts it anew. When this process is killed the others end by
    themselves: else they would go on serving the old program. Called before there are threads.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    children: set[int] = set()
    # Nothing is ever written to this pipe. Its other end closes with this process, however that ends.
    watched, held = os.pipe()
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            os.close(held)
            threading.Thread(
                target=_end_with_parent, args=(watched,), name="parent-watch", daemon=True
            ).start()
            os._exit(_code_of(serve))
        children.add(pid)
    os.close(watched)
    asked: list[int] = []

    def stop(*_: Any) -> None:  # noqa: ANN401 – a signal handler's arguments
        asked.append(1)
        for pid in children:
            os.kill(pid, signal.SIGTERM)

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)
    failed = False
    while children:
        pid, status = os.wait()
        children.discard(pid)
        failed |= status != 0 or not asked
        if not asked:
            stop()
    os.close(held)
    return int(failed)


def _end_with_parent(watched: int) -> None:
    """Wait until the process that started this one is gone; then end as if told to, and soon in any case."""
    os.read(watched, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_LAST_SECONDS)
    os._exit(1)


def _code_of(serve: Callable[[], None]) -> int:
    """Return the exit code of a process that serves; whatever goes wrong is told, and ends it alone."""
    try:
        serve()
    except SystemExit as error:  # said in a sentence already
        return error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001 – nothing may come back into the parent's program
        sys.excepthook(*sys.exc_info())
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0
