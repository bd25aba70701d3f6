"""The sign of life of a process: a row that it writes again and again, by which all others see that it lives.

The write is a probe as well. Where nothing can be stored any more the beat fails, and the process knows that
it is not ready before anybody has handed anything in.
"""

import os
import socket
import threading
import time
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.infra.errors import AppError
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from app.operations.models import ProcessBeat

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

#: Seconds between two beats, and after how many without one a process counts as lost.
BEAT_SECONDS, LOST_SECONDS = 2.5, 8.0
#: How long a lost process is remembered.
_REMEMBERED = timedelta(days=1)

log = structlog.get_logger()


class Pulse:
    """Beats in a thread of its own from `start` to `stop`."""

    def __init__(self, runtime: Runtime, *, serves: bool, works: bool) -> None:
        self.id: UUID = new_id()
        self._runtime = runtime
        self._fixed = {
            "id": self.id,
            "serves": serves,
            "works": works,
            "host": socket.gethostname()[:255],
            "pid": os.getpid(),
            "version": version("sanshen"),
            "started_at": runtime.clock(),
        }
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)
        self._last = time.monotonic()
        self._fault = ""
        #: Asked at each beat whether the jobs of this process go on; it does not count as working else.
        self.working: Callable[[], bool] = lambda: works

    def start(self) -> None:
        """Begin to beat, after those of this machine that are no more were forgotten."""
        try:
            with self._runtime.database.write() as session:
                _forget(session, self._runtime)
            self.once()
        except AppError as error:
            self._fault = error.code
        self._thread.start()

    def stop(self) -> None:
        """End well: nobody shall miss this process."""
        self._over.set()
        self._thread.join(5)
        try:
            with self._runtime.database.write() as session:
                session.exec(delete(ProcessBeat).where(col(ProcessBeat.id) == self.id))
        except AppError as error:
            log.warning("pulse.not_ended", code=error.code)

    @property
    def fault(self) -> str | None:
        """Why the last beats failed, as a code; `None` while they come through."""
        if time.monotonic() - self._last > LOST_SECONDS:
            return self._fault or "database_unavailable"
        return self._fault or None

    def once(self) -> None:
        """Beat once. Raises `AppError` when it cannot be stored."""
        row = self._fixed | {"works": self.working(), "seen_at": self._runtime.clock()}
        with self._runtime.database.write() as session:
            session.exec(_stored(session, row))
        self._last, self._fault = time.monotonic(), ""

    def _beat(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            try:
                self.once()
            except AppError as error:
                if self._fault != error.code:
                    log.error("pulse.failed", code=error.code)  # noqa: TRY400 – told, not traced
                self._fault = error.code
            except Exception:  # a pulse that ends by a mistake would look like a death
                log.exception("pulse.failed")
                self._fault = "internal"


def _stored(session: Session, row: dict[str, Any]) -> Any:  # noqa: ANN401 – an INSERT of either dialect
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    insert: Any = dialect.insert(ProcessBeat).values(**row)
    return insert.on_conflict_do_update(
        index_elements=["id"], set_={"seen_at": insert.excluded.seen_at, "works": insert.excluded.works}
    )


def _forget(session: Session, runtime: Runtime) -> None:
    """Forget processes of this machine that are no more, and any that was lost long ago."""
    host, long_ago = socket.gethostname()[:255], runtime.clock() - _REMEMBERED
    for beat in session.exec(select(ProcessBeat)).all():
        ours = beat.host == host and beat.pid != os.getpid() and not Path(f"/proc/{beat.pid}").exists()
        if ours or beat.seen_at < long_ago:
            session.delete(beat)
