"""What a start does about a database that is not there yet, not there any more, or in use by another."""

import json
import os
import select
import socket
import subprocess
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.infra import migrate
from app.infra.clock import system_clock
from app.infra.db import Database
from app.infra.ids import new_id
from app.infra.signing import load_signer
from app.infra.tokens import load_tokens
from app.operations import installation
from app.operations.lock import Lock, Occupied
from tests.cli.processes import environment, run, running

ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def made(tmp_path: Path) -> dict[str, str]:
    """Make an installation on SQLite with its keys; return its settings."""
    data = tmp_path / "data"
    migrate.upgrade(f"sqlite:///{data / 'sanshen.db'}")
    load_tokens(data / "keys" / "token.pem", create=True)
    load_signer(data / "keys" / "signing.pem", create=True)
    installation.mark(data, new_id())
    return {"SANSHEN_DATA_DIR": str(data)}


def test_no_empty_database_is_made_beside_what_another_has_left(tmp_path: Path) -> None:
    env = made(tmp_path)
    file = tmp_path / "data" / "sanshen.db"
    file.unlink()
    told = {
        one: run(one, *more, cwd=tmp_path, **env) for one, more in (("migrate", ()), ("up", ("--port", 0)))
    }
    served = run("serve", "--port", 0, cwd=tmp_path, **env)
    gone = file.exists()
    # Without the folder's memory the keys alone say enough; so does an empty file.
    (tmp_path / "data" / "installation.json").unlink()
    file.touch()
    by_keys = run("migrate", cwd=tmp_path, **env)
    anew = run("migrate", "--new-database", cwd=tmp_path, **env)

    assert not gone
    for done in (*told.values(), by_keys):
        assert done.returncode == 2
        assert "token.pem" in done.stderr
        assert "sanshen restore" in done.stderr
        assert "--new-database" in done.stderr
    assert "没有数据库" in served.stderr
    assert anew.returncode == 0, anew.stderr


def test_a_data_folder_goes_with_one_database(tmp_path: Path) -> None:
    env = made(tmp_path)
    done = run("serve", "--port", 0, cwd=tmp_path, **env)

    assert done.returncode == 2
    assert "属于另一个数据库" in done.stderr
    assert "installation.json" in done.stderr


def test_a_second_server_of_a_sqlite_folder_is_told_who_has_it(tmp_path: Path) -> None:
    env, url = made(tmp_path), f"sqlite:///{tmp_path / 'data' / 'sanshen.db'}"
    lock = Lock(url)
    lock.serve("sanshen serve 127.0.0.1:8000", at=system_clock())
    second = run("serve", "--port", 0, cwd=tmp_path, **env)
    up = run("up", "--port", 0, cwd=tmp_path, **env)
    down = run("migrate", "--down", "--to", "base", cwd=tmp_path, **env)
    # What changes nothing may be asked for beside it.
    same = run("migrate", cwd=tmp_path, **env)
    lock.release()
    worker = Lock(url)
    worker.work()
    beside_worker = run("migrate", "--down", "--to", "base", cwd=tmp_path, **env)
    worker.release()

    for done in (second, up, down):
        assert done.returncode == 2, done.args
        assert f"（sanshen serve 127.0.0.1:8000，进程 {os.getpid()}）" in done.stderr
    assert same.returncode == 0
    assert (beside_worker.returncode, migrate.revision(url)) == (2, migrate.head())


def test_a_lock_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'sanshen.db'}"
    program = (
        "import sys; from app.infra.clock import system_clock; from app.operations.lock import Lock\n"
        "Lock(sys.argv[1]).serve('x', at=system_clock()); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Occupied) as refused:
            Lock(url).serve("y", at=system_clock())
        assert refused.value.holder["pid"] == holder.pid
        # Workers share among themselves and stand beside a server; who wants all waits for both.
        one, other = Lock(url), Lock(url)
        one.work()
        other.work()
        holder.kill()
        holder.wait()
        one.release()
        other.release()
        alone = Lock(url)
        alone.alone()
        alone.release()


@ON_POSTGRESQL
@pytest.mark.parametrize("command", ["worker", "serve"])
def test_a_database_that_is_still_starting_is_waited_for(
    command: str, database: Database, database_url: str, tmp_path: Path
) -> None:
    parts = urlsplit(database_url)
    with socket.socket() as later:
        later.bind(("127.0.0.1", 0))
        port = later.getsockname()[1]
    env = {
        "SANSHEN_DATABASE_URL": f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}",
        "SANSHEN_DATA_DIR": str(tmp_path / "data"),
    }
    where = ["--port", 0] if command == "serve" else []
    with running(command, *where, folder=tmp_path, **env) as waiting:
        waiting._until(lambda: "还没有答复" in waiting.err.read_text(encoding="utf-8") or None)
        with closing(Relay(port, int(parts.port or 0))):
            waiting.event("worker.started" if command == "worker" else "server.started")
            assert waiting.end() == 0


class Relay:
    """Lets connections to one port of this machine through to another, as a database that has started."""

    def __init__(self, port: int, to: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self._to = to
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with near, socket.create_connection(("127.0.0.1", self._to)) as far, suppress(OSError):
            while True:
                ready, _, _ = select.select([near, far], [], [])
                for one in ready:
                    part = one.recv(65536)
                    if not part:
                        return
                    (far if one is near else near).sendall(part)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@ON_POSTGRESQL
def test_what_waiting_does_not_mend_is_told_at_once(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    del database
    env = {"SANSHEN_DATABASE_URL": f"{database_url}_none", "SANSHEN_DATA_DIR": str(tmp_path / "data")}
    done: subprocess.CompletedProcess[str] = run("worker", cwd=tmp_path, **env)

    assert done.returncode == 2
    assert "does not exist" in done.stderr
    assert "最多再等" not in done.stderr


@ON_POSTGRESQL
def test_a_worker_waits_for_the_tables(database: Database, database_url: str, tmp_path: Path) -> None:
    del database
    env = {"SANSHEN_DATABASE_URL": database_url, "SANSHEN_DATA_DIR": str(tmp_path / "data")}
    down = run("migrate", "--down", "--to", "0018_timing", "--json", cwd=tmp_path, **env)
    assert json.loads(down.stdout)["revision"] == "0018_timing"
    with running("worker", folder=tmp_path, **env) as worker:
        worker._until(lambda: "还没有升级" in worker.err.read_text(encoding="utf-8") or None)
        assert run("migrate", cwd=tmp_path, **env).returncode == 0
        worker.event("worker.started")
        assert worker.end() == 0
