"""The file of a SQLite database: opened without ever being made by the way, and watched for being taken away.

SQLite writes on into a file that was deleted, moved or replaced under it, and says nothing: what it calls
stored is gone with the next start. So each transaction looks whether the file at the path is still the one
that was opened, when it begins and again after its commit.
"""

import os
import sqlite3
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from app.infra.errors import Unavailable

#: Seconds that a connection waits for another one's write.
_BUSY_SECONDS = 30
_WAL = "sanshen_wal"

#: What names a file for as long as it exists: device and inode.
Identity = tuple[int, int]


def identity(path: str) -> Identity | None:
    """Return what names the file at `path`; `None` when there is none, or nothing can be learnt of it."""
    try:
        status = os.stat(path)  # noqa: PTH116 – twice a transaction: Path.stat costs three times as much
    except OSError:
        return None
    return status.st_dev, status.st_ino


def path_of(url: str) -> Path | None:
    """Return the file of a SQLite address; `None` for other databases."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


class SqliteFile:
    """One database file as this process knows it since its first connection."""

    def __init__(self, path: str, *, create: bool) -> None:
        """Take note of a path; with `create` a file that is not there is made by the first connection."""
        self.path, self._create = path, create
        self._wal_path = f"{path}-wal"
        self._known: Identity | None = None
        #: The log that the write under way began with; writes of a process take turns.
        self._wal: Identity | None = None

    def connect(self) -> sqlite3.Connection:
        """Open the file for reading and writing, durable, with foreign keys.

        Raises `sqlite3.OperationalError` when it is not there, `Unavailable` when it is another one now.
        """
        mode = "rw"
        if self._create and self._known is None:
            mode = "rwc"
            if identity(self.path) is None:
                # What is in it is for nobody else on this machine; its log gets the same rights. A file that
                # is there is not opened: to close it again would end all locks of this process on it.
                os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
        connection = sqlite3.connect(
            f"file:{quote(self.path)}?mode={mode}",
            uri=True,
            check_same_thread=False,
            timeout=_BUSY_SECONDS,
            isolation_level=None,  # BEGIN is ours
        )
        try:
            for pragma in (
                "journal_mode=WAL",
                "synchronous=FULL",
                "foreign_keys=ON",
                f"busy_timeout={_BUSY_SECONDS * 1000}",
            ):
                connection.execute(f"PRAGMA {pragma}")
            # The first look opens the log, so that it can be watched from now on.
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
            if self._known is None:
                self._known = identity(self.path)
            self.check()
        except BaseException:
            connection.close()
            raise
        return connection

    def check(self) -> None:
        """Raise `Unavailable` unless the file at the path is the one that was opened."""
        if identity(self.path) != self._known:
            raise Unavailable("database_gone", headers={"Retry-After": "10"})

    def opened(self, _connection: Any, record: Any) -> None:  # noqa: ANN401 – SQLAlchemy's event signature
        """Note which log a new connection writes to."""
        record.info[_WAL] = identity(self._wal_path)

    def begun(self, info: MutableMapping[Any, Any], *, writes: bool) -> None:
        """Look at the file when a transaction begins on the connection that `info` belongs to.

        Raises `Unavailable` when the file, or for a write its log, is another one now.
        """
        self.check()
        if writes:
            self._wal = identity(self._wal_path)
            if info.get(_WAL) != self._wal:
                raise Unavailable("database_gone", headers={"Retry-After": "10"})

    def committed(self) -> None:
        """Look at the file after the commit of the write under way.

        Raises `Unavailable` when it was written to a file that is no longer at the path.
        """
        self.check()
        if identity(self._wal_path) != self._wal:
            raise Unavailable("database_gone", headers={"Retry-After": "10"})
