"""Who uses a SQLite database: one server at a time, told by name to whoever comes second.

The lock is the system's own on `<database>.lock`: it ends with its process, however that ends, and no child
that goes on living keeps it. Several workers may share; a restore wants everybody gone.
"""

import fcntl
import json
import os
from contextlib import suppress
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import Any

from app.infra.sqlite_file import path_of


class Place(IntEnum):
    """The byte of the lock file that a kind of process holds."""

    SERVER = 0
    WORKER = 1


class Occupied(Exception):
    """Another process uses the database; `holder` is what it said of itself, perhaps nothing."""

    def __init__(self, path: Path, holder: dict[str, Any]) -> None:
        super().__init__(str(path))
        self.path, self.holder = path, holder


class Lock:
    """Held from `take` until `release` or the end of the process; nothing at all for other databases."""

    def __init__(self, url: str) -> None:
        file = path_of(url)
        self.path = file.with_name(f"{file.name}.lock") if file else None
        self._descriptor: int | None = None

    def serve(self, what: str, *, at: datetime) -> None:
        """Take the one place of a server, and say who it is. Raises `Occupied`, `OSError`."""
        self._take(fcntl.LOCK_EX, Place.SERVER)
        self._say({"pid": os.getpid(), "what": what, "since": at.isoformat()})

    def work(self) -> None:
        """Take a place beside other workers. Raises `Occupied` while a restore has all, `OSError`."""
        self._take(fcntl.LOCK_SH, Place.WORKER)

    def alone(self) -> None:
        """Take every place, so that nobody else begins. Raises `Occupied`, `OSError`."""
        self._take(fcntl.LOCK_EX, Place.SERVER)
        self._take(fcntl.LOCK_EX, Place.WORKER)

    def release(self) -> None:
        """Let others in."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _take(self, how: int, place: Place) -> None:
        if self.path is None:
            return
        if self._descriptor is None:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.lockf(self._descriptor, how | fcntl.LOCK_NB, 1, place)
        except (BlockingIOError, PermissionError) as error:
            holder = self._holder() if place is Place.SERVER else {}
            self.release()
            raise Occupied(self.path, holder) from error

    def _say(self, holder: dict[str, Any]) -> None:
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, json.dumps(holder).encode(), 0)

    def _holder(self) -> dict[str, Any]:
        assert self._descriptor is not None
        with suppress(ValueError, OSError):
            holder = json.loads(os.pread(self._descriptor, 4096, 0))
            return holder if isinstance(holder, dict) else {}
        return {}
