"""A process that has loaded the product and forks for each command: loading it takes longer than most do.

Run as a program with the address of a Unix socket. Each connection brings a command as a line of JSON
(`argv`, `cwd`, `env`) with three descriptors (stdin, stdout, stderr), and is told the id of the
process that runs it, and how that one ended, as two numbers in lines of their own. The process is as
`python -m app` makes it: its own id, descriptors, folder, environment and signals. Only the modules are there
already.
"""

import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import time

_MORE = (
    "app.main",
    "app.demo.load",
    "app.demo.tour",
    "app.infra.migrate",
    "uvicorn.protocols.http.httptools_impl",
)
_REQUEST = 1 << 20


def load() -> None:
    """Import what commands import, and let the tables find each other."""
    import app.cli

    for module in pkgutil.walk_packages(app.cli.__path__, "app.cli."):
        importlib.import_module(module.name)
    for name in _MORE:
        importlib.import_module(name)

    from sqlalchemy.orm import configure_mappers

    from app.infra.migrate import load_tables

    load_tables()
    configure_mappers()


def serve(address: str) -> dict[str, object] | None:
    """Fork for each connection until standard input ends; return the request in a process that runs it."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    os.write(1, b"ready\n")
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            return None
        try:
            connection, _ = listener.accept()
        except ConnectionError:
            continue
        # Whoever tells how a process ended is waited for, so that its processor time is counted.
        while _reaped():
            pass
        if os.fork() == 0:
            listener.close()
            return _told(connection)
        connection.close()


def _reaped() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


def _told(connection: socket.socket) -> dict[str, object] | None:
    """Fork once more for the request of a connection; return it in the new process, never in this one."""
    received, descriptors, _, _ = socket.recv_fds(connection, _REQUEST, 3)
    while not received.endswith(b"\n"):
        received += connection.recv(_REQUEST)
    pid = os.fork()
    if pid == 0:
        connection.close()
        for wanted, given in enumerate(descriptors):
            os.dup2(given, wanted)
            os.close(given)
        request: dict[str, object] = json.loads(received)
        return request
    for descriptor in descriptors:
        os.close(descriptor)
    try:
        connection.sendall(b"%d\n" % pid)
        _, status = os.waitpid(pid, 0)
        connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    except ConnectionError:
        os.kill(pid, signal.SIGKILL)
    os._exit(0)


def become(request: dict[str, object]) -> None:
    """Take over folder, environment and arguments."""
    os.chdir(str(request["cwd"]))
    os.environ.clear()
    os.environ.update(request["env"])  # type: ignore[call-overload]
    time.tzset()
    sys.argv = ["app", *map(str, request["argv"])]  # type: ignore[call-overload]
    sys.stdin, sys.stdout = open(0), open(1, "w")  # noqa: SIM115
    sys.stderr = open(2, "w", errors="backslashreplace")  # noqa: SIM115


if __name__ == "__main__":
    load()
    gc.collect()
    gc.freeze()
    if (asked := serve(sys.argv[1])) is not None:
        become(asked)
        runpy.run_module("app", run_name="__main__", alter_sys=True)
