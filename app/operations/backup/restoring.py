"""Restoring a backup: made ready and verified aside, then put in place of what is there, which is kept."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, SQLModel

from app.audit import log_check, verification
from app.audit.verification import Progress, Verified
from app.domain.record import checkpoints
from app.domain.record.chain import Fault
from app.infra import migrate
from app.infra.clock import system_clock
from app.infra.db import Database
from app.infra.errors import AppError
from app.infra.settings import Settings
from app.infra.signing import Signer, load_signer
from app.infra.sqlite_file import path_of
from app.operations import installation, running_checks
from app.operations.backup import contents
from app.operations.backup.archive import Manifest, Unusable
from app.operations.backup.making import KEYS, POLICIES, SECRET
from app.operations.doctor import key_files
from app.operations.models import ProcessBeat

#: What names an installation of which nothing can be read any more.
DAMAGED = "damaged"


class NotEmpty(Exception):
    """Something is there already; `word` is what has to be said to replace it."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class Altered(Exception):
    """The record of the backup does not hold; nothing was put in place."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(str(len(faults)))
        self.faults = faults


class StillRunning(Exception):
    """Processes use the database; they must end before it is replaced under them."""

    def __init__(self, processes: list[str]) -> None:
        super().__init__(", ".join(processes))
        self.processes = processes


@dataclass(slots=True)
class Restored:
    """What was done: the verified record, where the old things are kept, and what is left to do by hand.

    `later` counts the checkpoints in this place's folder that were made after the backup.
    """

    verified: Verified
    kept: Path | None = None
    keys: list[str] = field(default_factory=list)
    keys_missing: list[str] = field(default_factory=list)
    secret_file: Path | None = None
    policies: Path | None = None
    later: int = 0


def word_for(settings: Settings) -> str | None:
    """Return the word that stands for what is there now; `None` when nothing is, so that nothing is lost.

    It is the beginning of the installation's id: whoever says it has looked at what will be replaced.
    """
    known = installation.marked(settings.data_dir)
    file = path_of(settings.url)
    left = installation.remains(settings.data_dir, settings.url)
    if file is not None and (not file.exists() or file.stat().st_size == 0):
        return (str(known)[:8] if known else DAMAGED) if left else None
    database = Database(settings.url, pool_size=1)
    try:
        with database.read() as session:
            ask = session.connection().execute
            if migrate.revision(settings.url) is None:
                return (str(known)[:8] if known else DAMAGED) if left else None
            if running := running_checks.alive(session, at=system_clock()):
                raise StillRunning([f"{process.host}:{process.pid}" for process in running])
            used = any(
                ask(text(f"SELECT 1 FROM {table} LIMIT 1")).first()  # noqa: S608 – our own names
                for table in ("unit", "user_account", "draft")
            )
            word = str(installation.row(session).id)[:8]
            return word if used or left else None
    except (AppError, SQLAlchemyError):
        if file is None:
            raise
        return DAMAGED
    finally:
        database.close()


def restore(
    folder: Path,
    manifest: Manifest,
    settings: Settings,
    *,
    word: str | None,
    despite_faults: bool,
    at: datetime,
    progress: Progress | None = None,
) -> Restored:
    """Put a backup that was unpacked into `folder` in place, upgraded to this version, and verify its record.

    Nobody else may use the database meanwhile. Raises `NotEmpty` without the right word where something is,
    `StillRunning`, `Altered` when the record does not hold (unless `despite_faults`), `Unusable`, `AppError`,
    `OSError`.
    """
    kind = "sqlite" if path_of(settings.url) else "postgresql"
    if manifest.database != kind:
        raise Unusable(f"备份来自 {manifest.database}，现在的数据库是 {kind}，不能互换")
    if manifest.revision != migrate.head() and not migrate.is_older(manifest.revision):
        raise Unusable(
            f"备份的数据库结构 {manifest.revision} 是更新的程序建的，"
            f"请换用版本 {manifest.product} 或更新的程序"
        )
    needed = word_for(settings)
    if needed is not None and word != needed:
        raise NotEmpty(needed)
    place = _Place(folder, manifest, settings, at, despite_faults, progress)
    return place.sqlite() if kind == "sqlite" else place.postgresql()


@dataclass(slots=True)
class _Place:
    folder: Path
    manifest: Manifest
    settings: Settings
    at: datetime
    despite_faults: bool
    progress: Callable[[int, int], None] | None
    kept: Path | None = None
    later: int = 0

    def sqlite(self) -> Restored:
        target = path_of(self.settings.url)
        assert target is not None
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = target.with_name(f".{target.name}.restoring-{os.getpid()}")
        try:
            shutil.copyfile(self.folder / contents.SQLITE_FILE, fresh)
            fresh.chmod(0o600)
            migrate.upgrade(f"sqlite:///{fresh.as_posix()}")
            database = Database(f"sqlite:///{fresh.as_posix()}", pool_size=1)
            try:
                with database.write() as session:
                    session.exec(delete(ProcessBeat))
                with database.read() as session:
                    verified = self._verified(session)
                with database.engine.connect() as connection:
                    connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                database.close()
            for name in (target.name, f"{target.name}-wal", f"{target.name}-shm"):
                self._keep(target.with_name(name))
            fresh.replace(target)
        finally:
            for leftover in fresh.parent.glob(f"{fresh.name}*"):
                leftover.unlink()
        return self._beside(verified)

    def postgresql(self) -> Restored:
        database = Database(self.settings.url, pool_size=1)
        try:
            # All in one transaction: whatever stops it, what was there is there.
            with database.engine.begin() as connection:
                contents.clear_postgresql(connection)
                contents.load_postgresql(connection, self.folder, revision=self.manifest.revision)
                verified = self._finished(connection)
        finally:
            database.close()
        return self._beside(verified)

    def _finished(self, connection: Connection) -> Verified:
        if self.manifest.revision != migrate.head():
            migrate.upgrade("", connection=connection)
        connection.execute(delete(ProcessBeat))
        with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
            return self._verified(session)

    def _verified(self, session: Session) -> Verified:
        signing = self.folder / KEYS / "signing.pem"
        signer = load_signer(signing, create=False) if signing.exists() else None
        notes = self._written_here(session, signer)
        verified = verification.verify(session, signer=signer, outside=notes, progress=self.progress)
        if verified.faults and not self.despite_faults:
            raise Altered(verified.faults)
        return verified

    def _written_here(self, session: Session, signer: Signer | None) -> list[str]:
        """Return the checkpoints in this place's folder that the restored log must agree with.

        Only those of the backup's own key; `later` counts those that were made after the backup.
        """
        if signer is None:
            return []
        origin = checkpoints.origin_of(signer.key_id)
        written = [
            checkpoint
            for told in log_check.files(self.settings.checkpoints).values()
            for checkpoint in checkpoints.read(told)
            if checkpoint.origin == origin
        ]
        position = SQLModel.metadata.tables["audit_log"].c.position
        size = session.connection().execute(select(func.count(position))).scalar_one()
        self.later = sum(1 for checkpoint in written if checkpoint.size > size)
        return [checkpoint.note for checkpoint in written if checkpoint.size <= size]

    # --- what goes with the database ---

    def _beside(self, verified: Verified) -> Restored:
        done = Restored(verified)
        self._keys(done)
        self._secret(done)
        self._policies(done)
        installation.mark(self.settings.data_dir, UUID(self.manifest.installation))
        done.kept, done.later = self.kept, self.later
        return done

    def _keys(self, done: Restored) -> None:
        for kind, path in key_files(self.settings).items():
            ours = self.folder / KEYS / f"{kind}.pem"
            if not ours.exists():
                done.keys_missing.append(kind)
                continue
            if path.exists() and path.read_bytes() == ours.read_bytes():
                continue
            self._keep(path)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _private(path, ours.read_bytes())
            done.keys.append(str(path))

    def _secret(self, done: Restored) -> None:
        ours = self.folder / KEYS / SECRET
        if not ours.exists():
            done.keys_missing.append(SECRET)
            return
        if ours.read_text(encoding="utf-8") == self.settings.secret_key.get_secret_value():
            return
        done.secret_file = self.settings.data_dir / "keys" / "secret-from-backup"
        done.secret_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileNotFoundError):
            done.secret_file.unlink()
        _private(done.secret_file, ours.read_bytes())

    def _policies(self, done: Restored) -> None:
        """Put the backup's own policies in place; where the settings name a folder, beside it for people."""
        if not self.manifest.own_policies:
            return
        target = self.settings.data_dir / POLICIES
        if self.settings.policies_dir is not None:
            if _same(self.settings.policies_dir, self.folder / POLICIES):
                return
            target = self.settings.data_dir / "policies-from-backup"
        elif target.is_dir() and _same(target, self.folder / POLICIES):
            return
        self._keep(target)
        shutil.copytree(self.folder / POLICIES, target)
        done.policies = target

    def _keep(self, path: Path) -> None:
        """Move what is in the way aside, so that a restore never destroys anything."""
        if not path.exists():
            return
        if self.kept is None:
            self.kept = self.settings.data_dir / f"replaced-{self.at:%Y%m%dT%H%M%SZ}"
            self.kept.mkdir(parents=True, mode=0o700)
        shutil.move(path, self.kept / path.name)


def _private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(content)


def _same(path: Path, other: Path) -> bool:
    def files(folder: Path) -> dict[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    return path.is_dir() and files(path) == files(other)
