"""What a running service looks at again and again: cheap, bounded, and changing nothing."""

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import func, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from app.audit.models import AuditEvent
from app.audit.service import ROWS
from app.domain.files.policy_files import PolicyFiles
from app.infra import migrate
from app.infra.clock import Clock, moment
from app.infra.db import Database
from app.infra.errors import AppError, Reason
from app.infra.settings import Settings
from app.infra.sqlite_file import path_of
from app.jobs import queries as jobs
from app.jobs.models import Job, JobState
from app.negative_list.in_use import NegativeList
from app.operations import policy_checks
from app.operations.faults import Fault, Gravity
from app.operations.models import Installation, ProcessBeat
from app.operations.pulse import LOST_SECONDS
from app.policies.negative_list.following import FollowedPolicies
from app.words.policy_faults import located

#: With less room than this nothing is taken in; a share of the disk below which it is said beforehand.
FULL_BYTES, LOW_PERCENT, LOW_BYTES = 16 << 20, 5, 2 << 30
#: Seconds that clocks may be apart, and that the record may be ahead of ours.
APART_SECONDS, AHEAD_SECONDS = 30, 60
#: Work that waits longer than this is late, in minutes.
OVERDUE_MINUTES = 5
#: Before this version was made no clock can be right.
MADE = datetime(2026, 11, 24, tzinfo=UTC)


def database(database: Database, settings: Settings, *, clock: Clock) -> list[Fault]:
    """Look whether the database answers, has our tables, can be written, and whether the clock fits it."""
    try:
        with database.read() as session:
            faults = [*_schema(session)]
            if faults:
                return faults
            faults += _clock(session, clock())
            if session.get_bind().dialect.name == "postgresql":
                faults += _standby(session)
    except AppError as error:
        return [unavailable(error, settings)]
    return faults + _openable(settings)


def unavailable(error: AppError, settings: Settings) -> Fault:
    """Return the fault that a refused look at the database is."""
    cause = error.__cause__
    said = str(cause.orig if isinstance(cause, DBAPIError) else cause or error.code).strip()
    data = {
        "cause": said.splitlines()[0] if said else error.code,
        "path": path_of(settings.url) or "",
        "seconds": 30,
    }
    if (file := path_of(settings.url)) is not None and not file.exists():
        return Fault("database_gone", data, stops=True)
    code = error.code if error.code in {"database_gone", "database_busy"} else "database_unavailable"
    return Fault(code, data, stops=True)


@cache
def _head() -> str | None:
    return migrate.head()


def _schema(session: Session) -> Iterator[Fault]:
    revision = session.connection().execute(text("SELECT version_num FROM alembic_version")).scalar()
    if revision is None:
        yield Fault("schema_empty", stops=True)
    elif revision != _head():
        yield Fault("schema_behind", {"found": revision, "wanted": _head()}, stops=True)


def _standby(session: Session) -> Iterator[Fault]:
    if session.connection().execute(text("SHOW transaction_read_only")).scalar() == "on":
        yield Fault("database_read_only", {"cause": "transaction_read_only"}, stops=True)


def _openable(settings: Settings) -> list[Fault]:
    """Open a SQLite file anew as the next start would, and ask for the right to write."""
    path = path_of(settings.url)
    if path is None:
        return []
    try:
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=rw", uri=True, timeout=1, isolation_level=None
        )
        try:
            # A real change: a file that may only be read lets a writer begin.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE alembic_version SET version_num = version_num")
            connection.execute("ROLLBACK")
        finally:
            connection.close()
    except sqlite3.Error as error:
        if "locked" in str(error):  # somebody writes just now
            return []
        return [Fault("database_read_only", {"cause": str(error)}, stops=True)]
    return []


# --- the clock ----------------------------------------------------------


def _clock(session: Session, now: datetime) -> Iterator[Fault]:
    confirmed = False
    if session.get_bind().dialect.name == "postgresql":
        theirs = session.connection().execute(text("SELECT clock_timestamp()")).scalar_one()
        ahead = (datetime.now(UTC) - theirs).total_seconds()
        confirmed = abs(ahead) <= APART_SECONDS
        if not confirmed:
            data = {"direction": "快" if ahead > 0 else "慢", "seconds": round(abs(ahead))}
            yield Fault("clock_differs", data, stops=True)
    # What the system itself puts down takes the machine's clock, and when tables are made no other is there.
    people = select(AuditEvent.ts).where(AuditEvent.stream != ROWS)
    newest = session.exec(people.order_by(col(AuditEvent.ts).desc()).limit(1)).first()
    if newest is not None and newest > now + timedelta(seconds=AHEAD_SECONDS):
        settled = session.exec(select(Installation.clock_settled_at)).first()
        data = {"now": moment(now), "newest": moment(newest)}
        if settled is not None and newest <= settled:
            return
        yield (
            Fault("clock_was_ahead", data, Gravity.NOTE)
            if confirmed
            else Fault("clock_behind", data, stops=True)
        )
    elif newest is None and now < MADE - timedelta(days=365):
        yield Fault("clock_old", {"now": moment(now)}, stops=True)


class Steadiness:
    """Whether the machine's clock has run evenly since this process began."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def faults(self) -> list[Fault]:
        """Return a warning when the clock was moved by more than `APART_SECONDS` in this time."""
        moved = time.time() - time.monotonic() - self._offset
        return (
            [Fault("clock_jumped", {"seconds": round(moved)}, Gravity.WARNING)]
            if abs(moved) > APART_SECONDS
            else []
        )


# --- space and files ----------------------------------------------------


def space(settings: Settings) -> list[Fault]:
    """Look for room, and for the right to write, where data lies."""
    folders = {settings.data_dir}
    if (file := path_of(settings.url)) is not None:
        folders.add(file.parent)
    faults: list[Fault] = []
    for folder in sorted(folders):
        if not folder.is_dir():
            continue
        try:
            usage = shutil.disk_usage(folder)
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".probe-") as probe:
                probe.write(b"\0" * 4096)
                probe.flush()
        except OSError as error:
            if error.errno == 28:  # ENOSPC
                faults.append(Fault("disk_full", {"path": folder, "free": "0 MB"}, stops=True))
            else:
                faults.append(
                    Fault("folder_unwritable", {"path": folder, "cause": error.strerror}, stops=True)
                )
            continue
        faults += _room(folder, usage.free, usage.total)
    return faults


def _room(folder: Path, free: int, total: int) -> Iterator[Fault]:
    percent = 100 * free // max(total, 1)
    data = {"path": folder, "free": f"{free >> 20} MB", "percent": percent}
    if free < FULL_BYTES:
        yield Fault("disk_full", data, stops=True)
    elif percent < LOW_PERCENT and free < LOW_BYTES:
        yield Fault("disk_low", data, Gravity.WARNING)


# --- policies -----------------------------------------------------------


def policies(
    settings: Settings,
    negative_list: NegativeList | None,
    files: PolicyFiles,
    proposed: tuple[Reason, ...] = (),
) -> list[Fault]:
    """Look at the policy files in force, what the folder proposes, and the negative list if there is one."""
    faults = [*policy_checks.faults(files, settings.policies), *policy_checks.proposed(proposed)]
    if negative_list is not None and negative_list.faults:
        data = {"count": len(negative_list.faults), "first": located(negative_list.faults[0])}
        stops = isinstance(negative_list, FollowedPolicies) and negative_list.unusable
        faults.append(Fault("list_unusable", data, stops=True) if stops else Fault("list_faulty", data))
    return faults


# --- jobs and processes -------------------------------------------------


def work(session: Session, *, at: datetime) -> list[Fault]:
    """Look at the queue, and at the processes that have said that they live."""
    faults: list[Fault] = []
    waited = jobs.figures(session, at=at).oldest_due_seconds / 60
    if waited > OVERDUE_MINUTES:
        faults.append(Fault("jobs_overdue", {"minutes": round(waited)}))
    dead = session.exec(
        select(Job.kind, func.count()).where(col(Job.state) == JobState.DEAD).group_by(Job.kind)
    ).all()
    if dead:
        kinds = "、".join(f"{kind} {count} 项" for kind, count in sorted(dead))
        faults.append(Fault("jobs_dead", {"count": sum(count for _, count in dead), "kinds": kinds}))
    return faults + _processes(session, at)


def alive(session: Session, *, at: datetime) -> list[ProcessBeat]:
    """Return the processes that gave a sign of life in the last seconds."""
    since = at - timedelta(seconds=LOST_SECONDS)
    return list(session.exec(select(ProcessBeat).where(ProcessBeat.seen_at >= since)).all())


def _processes(session: Session, at: datetime) -> list[Fault]:
    rows = session.exec(select(ProcessBeat).order_by(col(ProcessBeat.started_at))).all()
    living = alive(session, at=at)
    here = {process.id for process in living}
    faults = []
    for process in rows:
        if process.id in here:
            continue
        data = {"process": f"{process.host}:{process.pid}", "seen": moment(process.seen_at)}
        if process.works and not any(other.works for other in living):
            faults.append(Fault("worker_lost", data))
        elif process.serves and not any(other.serves for other in living):
            faults.append(Fault("server_lost", data))
        else:
            faults.append(Fault("process_lost", data, Gravity.NOTE))
    if any(process.serves for process in living) and not any(process.works for process in rows):
        faults.append(Fault("no_worker"))
    if len(versions := sorted({process.version for process in living})) > 1:
        faults.append(Fault("versions_differ", {"versions": "、".join(versions)}, Gravity.WARNING))
    return faults
