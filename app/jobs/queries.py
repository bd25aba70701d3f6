"""Reading the queue and the outbox."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_
from sqlmodel import Session, col, select

from app.domain.vocabulary import Event
from app.jobs.kinds import JobKind
from app.jobs.models import Job, JobState
from app.jobs.service import AHEAD, LONGEST_LEASE, LONGEST_RETRY, SCHEDULED, is_due


@dataclass(frozen=True, slots=True)
class Figures:
    """How the queue stands: jobs by state, and how long the oldest due job has been waiting, in seconds."""

    by_state: dict[str, int]
    oldest_due_seconds: float


@dataclass(frozen=True, slots=True)
class Due:
    """A job that may be taken: its kind, whom outside it waits for, and since when it is due."""

    kind: str
    party: str | None
    run_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A message in the outbox: its id is the job's id, which receivers see as `webhook-id`."""

    id: UUID
    type: str
    subject: str
    draft_id: UUID | None
    sequence: int
    data: dict[str, Any]


def next_due(
    session: Session, *, kinds: Collection[str], at: datetime, but: Collection[str] = ()
) -> Due | None:
    """Return what is known of the job among `kinds` that is due longest; `None` when there is none.

    Jobs for the parties in `but` do not count.
    """
    asked = {"kinds": sorted(kinds), "now": at} | ({"but": sorted(but)} if but else {})
    row = session.execute(_next_due(bool(but)), asked).first()
    return None if row is None else Due(*row)


@cache
def _next_due(but: bool) -> Any:  # noqa: ANN401 – SQLAlchemy's type of a SELECT of three columns
    # Workers ask this all day long: it is put together once.
    return (
        select(Job.kind, Job.party, Job.run_at)
        .where(is_due(but=but))
        .order_by(col(Job.run_at), col(Job.id))
        .limit(1)
    )


def planned(session: Session, kinds: Collection[str]) -> frozenset[str]:
    """Return those of `kinds` whose next scheduled run is planned."""
    query = select(Job.kind).where(
        col(Job.kind).in_(sorted(kinds)),
        Job.key == SCHEDULED,
        Job.state == JobState.QUEUED,
        Job.attempt == 0,
    )
    return frozenset(session.exec(query).all())


def lie_ahead(session: Session, *, at: datetime) -> bool:
    """Say whether the clock may have been set back: a job was promised, or is held, far in the future."""
    ahead = at + AHEAD
    query = select(Job.id).where(
        col(Job.state).in_((JobState.QUEUED, JobState.RUNNING)),
        or_(
            col(Job.created_at) > ahead,
            col(Job.lease_until) > at + LONGEST_LEASE,
            and_(col(Job.attempt) > 0, col(Job.party).is_(None), col(Job.run_at) > at + LONGEST_RETRY),
        ),
    )
    return session.exec(query.limit(1)).first() is not None


def holders(session: Session) -> frozenset[str]:
    """Return the workers that hold a job now."""
    query = select(Job.worker).where(Job.state == JobState.RUNNING).distinct()
    return frozenset(worker for worker in session.exec(query).all() if worker)


def ever(session: Session, kind: str, key: str) -> bool:
    """Say whether a job of this kind and key was ever promised and is still kept."""
    return session.exec(select(Job.id).where(Job.kind == kind, Job.key == key).limit(1)).first() is not None


def figures(session: Session, *, at: datetime) -> Figures:
    """Return how the queue stands at `at`."""
    counted = session.exec(
        select(Job.state, func.count(), func.min(Job.run_at))
        .where(Job.state != JobState.DONE)
        .group_by(Job.state)
    ).all()
    oldest = next((since for state, _, since in counted if state == JobState.QUEUED), None)
    waiting = max(0.0, (at - oldest).total_seconds()) if oldest else 0.0
    return Figures({state: count for state, count, _ in counted}, waiting)


def jobs(session: Session, *, state: JobState | None, before: UUID | None, limit: int) -> list[Job]:
    """Return up to `limit` jobs, newest first, older than the job `before`; of one state if given."""
    query = select(Job).order_by(col(Job.id).desc()).limit(limit)
    if state is not None:
        query = query.where(Job.state == state)
    if before is not None:
        query = query.where(col(Job.id) < before)
    return list(session.exec(query).all())


def outbox(session: Session, event: Event | None = None) -> list[Message]:
    """Return the messages of the outbox in the order of their making; of one type if given."""
    rows = session.exec(
        select(Job).where(Job.kind == JobKind.FAN_OUT).order_by(col(Job.created_at), col(Job.id))
    ).all()
    messages = [message_of(row.id, json.loads(row.payload)) for row in rows]
    return [message for message in messages if event is None or message.type == event]


def message_of(message_id: UUID, payload: dict[str, Any]) -> Message:
    """Return the message that an outbox job's payload holds."""
    draft_id = payload["draft_id"]
    return Message(
        id=message_id,
        type=payload["type"],
        subject=payload["subject"],
        draft_id=UUID(draft_id) if draft_id else None,
        sequence=payload["sequence"],
        data=payload["data"],
    )
