"""Commands of `sanshen` as processes forked from one that has loaded the product (`forkserver.py`)."""

import atexit
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import IO

_ROOT = Path(__file__).parents[2]
_PATIENCE = 120


class Forked:
    """A process that was forked, with what `subprocess.Popen` knows of one."""

    def __init__(self, connection: socket.socket, args: list[str]) -> None:
        self._connection = connection
        self._told = b""
        self.args = args
        self.returncode: int | None = None
        self.pid = self._number(_PATIENCE)

    def poll(self) -> int | None:
        """Return how the process ended; `None` while it runs."""
        if self.returncode is None and (
            b"\n" in self._told or select.select([self._connection], [], [], 0)[0]
        ):
            self.returncode = self._number(_PATIENCE)
            self._connection.close()
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Return how the process ended, or raise `subprocess.TimeoutExpired` after so many seconds."""
        if self.returncode is None:
            self.returncode = self._number(timeout)
            self._connection.close()
        return self.returncode

    def send_signal(self, by: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, by)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _number(self, timeout: float) -> int:
        """Return the next number that is told."""
        until = time.monotonic() + timeout
        while b"\n" not in self._told:
            if not select.select([self._connection], [], [], max(0.0, until - time.monotonic()))[0]:
                raise subprocess.TimeoutExpired(self.args, timeout)
            more = self._connection.recv(64)
            assert more, "the server of forks has ended"
            self._told += more
        number, _, self._told = self._told.partition(b"\n")
        return int(number)


class _Server:
    """The process that forks; it is there from the first command on, until the tests of this worker end."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="sanshen-forks-")
        self._address = str(Path(self._folder) / "socket")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.forkserver", self._address],
            cwd=_ROOT,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,  # it ends when this ends, however this worker does
            stdout=subprocess.PIPE,
        )
        atexit.register(self.close)
        assert self._process.stdout is not None
        with self._process.stdout as said:
            assert said.readline() == b"ready\n", "the server of forks did not start"

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(
        self,
        argv: list[str],
        *,
        cwd: Path,
        env: dict[str, str],
        stdin: IO[bytes],
        stdout: IO[bytes],
        stderr: IO[bytes],
    ) -> Forked:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self._address)
        request = json.dumps({"argv": argv, "cwd": str(cwd), "env": env}).encode() + b"\n"
        sent = socket.send_fds(connection, [request], [each.fileno() for each in (stdin, stdout, stderr)])
        connection.sendall(request[sent:])
        return Forked(connection, argv)


@cache
def _server() -> _Server:
    return _Server()


def start(
    argv: list[str],
    *,
    cwd: Path,
    env: dict[str, str],
    stdin: IO[bytes],
    stdout: IO[bytes],
    stderr: IO[bytes],
) -> Forked:
    """Run `sanshen` with these arguments in a process of its own."""
    return _server().start(argv, cwd=cwd, env=env, stdin=stdin, stdout=stdout, stderr=stderr)
