"""Promising work, and the transactions in which a worker takes it, keeps it and ends it."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, delete, or_, text, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.infra.db import UtcDateTime, new_row, note_promise
from app.infra.errors import Conflict, NotFound
from app.infra.ids import new_id
from app.jobs import errors  # noqa: F401 – the words of the codes below
from app.jobs.models import NOT_BEGUN, Job, JobState

#: A job that lies further ahead than this may lie there because the clock was set back.
AHEAD = timedelta(seconds=60)
#: No claim lasts longer without a heartbeat, and no retry waits longer.
LONGEST_LEASE, LONGEST_RETRY = timedelta(minutes=2), timedelta(minutes=20)
#: The key of the jobs that a schedule makes: one of a kind is planned at a time.
SCHEDULED = "schedule"


def enqueue(
    session: Session,
    kind: str,
    payload: Mapping[str, Any],
    *,
    at: datetime,
    run_at: datetime | None = None,
    key: str | None = None,
    party: str | None = None,
) -> UUID:
    """Promise a job of `kind` in the caller's transaction; return its id.

    `payload` is JSON. It runs after the commit, not before `run_at`. With a `key`, a job of the same kind and
    key that was not begun yet is returned instead of a second one. `party` names whom outside it waits for.
    """
    job = new_row(
        Job,
        id=new_id(),
        kind=kind,
        key=key,
        party=party,
        payload=json.dumps(dict(payload), ensure_ascii=False),
        created_at=at,
        run_at=run_at or at,
    )
    note_promise(session, kind)
    if key is None:
        session.add(job)
        return job.id
    connection = session.connection()
    insert = _unless_waiting(connection.dialect.name)
    if connection.execute(insert, job.model_dump()).first() is not None:
        return job.id
    not_begun = and_(col(Job.state) == JobState.QUEUED, col(Job.attempt) == 0)
    return session.exec(select(Job.id).where(Job.kind == kind, Job.key == key, not_begun)).one()


def enqueue_each(
    session: Session,
    kind: str,
    payloads: Mapping[str, Mapping[str, Any]],
    *,
    at: datetime,
    run_at: datetime,
) -> None:
    """Promise a job of `kind` for each key, as `enqueue` does, together."""
    rows = [
        new_row(
            Job,
            id=new_id(),
            kind=kind,
            key=key,
            payload=json.dumps(dict(payload), ensure_ascii=False),
            created_at=at,
            run_at=run_at,
        ).model_dump()
        for key, payload in sorted(payloads.items())
    ]
    if rows:
        note_promise(session, kind)
        connection = session.connection()
        connection.execute(_each_unless_waiting(connection.dialect.name), rows)


@cache
def _each_unless_waiting(dialect: str) -> Any:  # noqa: ANN401 – an INSERT of either dialect
    """Return the INSERT of jobs with keys that leaves those be of which one is queued already."""
    insert: Any = (sqlite if dialect == "sqlite" else postgresql).insert(Job.__table__)  # type: ignore[attr-defined]
    return insert.on_conflict_do_nothing(index_elements=["kind", "key"], index_where=text(NOT_BEGUN))


@cache
def _unless_waiting(dialect: str) -> Any:  # noqa: ANN401 – an INSERT of either dialect
    """Return the INSERT of a job with a key that gives its id, or nothing where one is queued already."""
    return _each_unless_waiting(dialect).returning(col(Job.id))


def plan(session: Session, kind: str, *, every: timedelta, at: datetime) -> None:
    """Plan the next run of scheduled work, unless one is planned: `every` after the last, or soon.

    What the runs before left in the queue is cleared away. Two processes that plan at once plan one run.
    """
    mine = and_(col(Job.kind) == kind, col(Job.key) == SCHEDULED)
    last = session.exec(
        select(Job)
        .where(mine)
        .order_by(col(Job.run_at).desc(), col(Job.id).desc())
        .limit(1)
        .with_for_update()
    ).first()
    if last is not None and last.state == JobState.QUEUED and last.attempt == 0:
        return
    # A moment in the future, so that nobody can have begun it while another process plans the same.
    soon = at + timedelta(seconds=5)
    # Where the clock was set back since, the last run lies in the future: the next is due `every` from now.
    due = soon if last is None else max(min(last.run_at, at) + every, soon)
    enqueue(session, kind, {}, at=at, run_at=due, key=SCHEDULED)
    if last is not None:
        # The last one stays, to count from; not one that lies in the future of a clock that was set back.
        gone = or_(col(Job.id) != last.id, col(Job.run_at) > at)
        done = and_(mine, col(Job.state) == JobState.DONE, gone)
        session.exec(delete(Job).where(done).execution_options(synchronize_session=False))


def put_off(session: Session, party: str, *, until: datetime) -> None:
    """Let all that is queued for a party wait until then; what is due later anyway stays as it is."""
    waiting = and_(col(Job.party) == party, col(Job.state) == JobState.QUEUED, col(Job.run_at) < until)
    put = update(Job).where(waiting).values(run_at=until)
    session.exec(put.execution_options(synchronize_session=False))


def keep_to_the_clock(session: Session, *, at: datetime, schedules: Mapping[str, timedelta]) -> int:
    """Bring forward what a clock that was set back would delay; return how many jobs that were.

    A job that was to be done at once, and one that was to be tried again, are due now; a scheduled one at
    most its interval from now; what waits for a party outside waits as long as it was meant to; a claim made
    in the future ends soon, unless its worker lives.
    What was promised for an instant of the calendar stays promised for it. Does nothing under a clock that
    runs on, and the same done twice changes nothing.
    """
    query = select(Job).where(
        col(Job.state).in_((JobState.QUEUED, JobState.RUNNING)),
        or_(
            col(Job.created_at) > at + AHEAD,
            col(Job.run_at) > at + AHEAD,
            col(Job.lease_until) > at + LONGEST_LEASE,
        ),
    )
    moved = 0
    for job in session.exec(query.with_for_update(skip_locked=True)).all():
        before = (job.run_at, job.lease_until)
        if job.state == JobState.QUEUED:
            job.run_at = _due_under(job, at, schedules.get(job.kind))
        elif job.lease_until is not None:
            job.lease_until = min(job.lease_until, at + LONGEST_LEASE)
        job.created_at = min(job.created_at, at)
        session.add(job)
        moved += (job.run_at, job.lease_until) != before
    return moved


def _due_under(job: Job, at: datetime, every: timedelta | None) -> datetime:
    """Return when a queued job is due under a clock that says `at`."""
    if job.key == SCHEDULED and job.attempt == 0 and every is not None:
        return min(job.run_at, at + every)
    if job.attempt > 0 and job.party is None:
        return min(job.run_at, at + LONGEST_RETRY)
    wait = max(job.run_at - job.created_at, timedelta(0))
    if job.created_at > at + AHEAD and (job.party is not None or not wait):
        return at + wait
    return job.run_at


def claim(
    session: Session, *, kinds: Collection[str], worker: str, at: datetime, lease: timedelta
) -> Job | None:
    """Take the job that is due longest among `kinds`, or one whose holder has let its lease run out.

    None: nothing.
    """
    taken = claim_some(session, kinds=kinds, worker=worker, at=at, lease=lease, at_most=1)
    return taken[0] if taken else None


def claim_some(
    session: Session,
    *,
    kinds: Collection[str],
    worker: str,
    at: datetime,
    lease: timedelta,
    at_most: int,
    party: str | None = None,
    but: Collection[str] = (),
) -> tuple[Job, ...]:
    """Take up to `at_most` jobs as `claim` takes one, those due longest first; perhaps none.

    With `party` only those for this party; those for the parties in `but` are left.
    One statement: on PostgreSQL rows that others are taking are skipped, on SQLite the writer lock does it.
    """
    asked = {
        "kinds": sorted(kinds),
        "now": at,
        "at_most": at_most,
        "until": at + lease,
        "by": worker,
    }
    if party is not None:
        asked["of_party"] = party
    if but:
        asked["but"] = sorted(but)
    taken = session.scalars(_taking(party=party is not None, but=bool(but)), asked).all()
    return tuple(sorted(taken, key=lambda job: (job.run_at, job.id)))


@cache
def _taking(*, party: bool, but: bool) -> Any:  # noqa: ANN401 – SQLAlchemy's type of an UPDATE that returns rows
    # Workers ask this all day long: it is put together once.
    of_party = [col(Job.party) == bindparam("of_party")] if party else []
    due = (
        select(Job.id)
        .where(is_due(but=but), *of_party)
        .order_by(col(Job.run_at), col(Job.id))
        .limit(bindparam("at_most"))
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    return (
        update(Job)
        .where(col(Job.id).in_(select(due.c.id)))
        .values(
            state=JobState.RUNNING,
            attempt=col(Job.attempt) + 1,
            fence=col(Job.fence) + 1,
            lease_until=bindparam("until"),
            worker=bindparam("by"),
        )
        .returning(Job)
        .execution_options(synchronize_session=False)
    )


def is_due(*, but: bool = False) -> ColumnElement[bool]:
    """Return the condition of the jobs of the bound `kinds` that may be taken at the bound `now`.

    With `but`, not those for the parties that are bound under this name.
    """
    now = bindparam("now", type_=UtcDateTime)
    others = or_(col(Job.party).is_(None), col(Job.party).not_in(bindparam("but", expanding=True)))
    return and_(
        *([others] if but else []),
        col(Job.kind).in_(bindparam("kinds", expanding=True)),
        or_(
            and_(col(Job.state) == JobState.QUEUED, col(Job.run_at) <= now),
            and_(col(Job.state) == JobState.RUNNING, col(Job.lease_until) < now),
        ),
    )


def let_go(session: Session, workers: Collection[str], *, at: datetime) -> int:
    """Let others take at once what these workers hold: they are no more. Return how many jobs that were."""
    held = and_(col(Job.state) == JobState.RUNNING, col(Job.worker).in_(sorted(workers)))
    ended = update(Job).where(held).values(lease_until=at - timedelta(seconds=1))
    return int(session.exec(ended.execution_options(synchronize_session=False)).rowcount)


def holds(session: Session, job_id: UUID, fence: int) -> bool:
    """Say whether the claim with this fence still holds the job; locks the row until the transaction ends."""
    query = select(Job.id).where(Job.id == job_id, Job.fence == fence, Job.state == JobState.RUNNING)
    return session.exec(query.with_for_update()).first() is not None


def beat(session: Session, job_id: UUID, fence: int, *, until: datetime) -> bool:
    """Keep a job for longer; False when it was lost to another worker."""
    return _held(session, job_id, fence, lease_until=until)


def finish(session: Session, job_id: UUID, fence: int, *, at: datetime) -> bool:
    """End a job well; False when it was lost to another worker, who will end it."""
    return _held(session, job_id, fence, state=JobState.DONE, finished_at=at, lease_until=None, error=None)


def finish_all(session: Session, held: Mapping[UUID, int], *, at: datetime) -> bool:
    """End several jobs well, by id and fence; False when any was lost to another worker: then roll back."""
    mine = and_(
        tuple_(col(Job.id), col(Job.fence)).in_(list(held.items())), col(Job.state) == JobState.RUNNING
    )
    values = {"state": JobState.DONE, "finished_at": at, "lease_until": None, "error": None}
    done = session.exec(update(Job).where(mine).values(**values).execution_options(synchronize_session=False))
    return bool(done.rowcount == len(held))


def leave(session: Session, held: Mapping[UUID, int]) -> None:
    """Put jobs back that were taken and not begun, by id and fence; it counts as no try of theirs."""
    mine = and_(
        tuple_(col(Job.id), col(Job.fence)).in_(list(held.items())), col(Job.state) == JobState.RUNNING
    )
    values = {"state": JobState.QUEUED, "attempt": col(Job.attempt) - 1, "lease_until": None}
    session.exec(update(Job).where(mine).values(**values).execution_options(synchronize_session=False))


def put_back(session: Session, job_id: UUID, fence: int, *, run_at: datetime, error: str) -> bool:
    """Let a job be tried again at `run_at`; False when it was lost to another worker."""
    return _held(session, job_id, fence, state=JobState.QUEUED, run_at=run_at, lease_until=None, error=error)


def bury(session: Session, job_id: UUID, fence: int, *, at: datetime, error: str) -> bool:
    """Give a job up; people see it and may have it tried again. False when it was lost to another worker."""
    return _held(session, job_id, fence, state=JobState.DEAD, finished_at=at, lease_until=None, error=error)


def retry(session: Session, job_id: UUID, *, at: datetime) -> Job:
    """Queue a dead job anew, with all its attempts before it.

    Raises `NotFound`, or `Conflict` when it is not dead.
    """
    job = session.exec(select(Job).where(Job.id == job_id).with_for_update()).one_or_none()
    if job is None:
        raise NotFound("not_found")
    if job.state != JobState.DEAD:
        raise Conflict("job_not_dead")
    # attempt 1 keeps it out of the uniqueness of keys: a newer wish of the same key may be waiting already.
    job.state, job.attempt, job.run_at, job.finished_at = JobState.QUEUED, 1, at, None
    note_promise(session, job.kind)
    session.add(job)
    return job


def _held(session: Session, job_id: UUID, fence: int, **values: Any) -> bool:  # noqa: ANN401 – columns of Job
    mine = and_(col(Job.id) == job_id, col(Job.fence) == fence, col(Job.state) == JobState.RUNNING)
    done = session.exec(update(Job).where(mine).values(**values).execution_options(synchronize_session=False))
    return bool(done.rowcount)
