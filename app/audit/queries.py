"""Reading the record, and walking its chains."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.audit.models import AuditEvent, AuditHead, AuditPrivate
from app.domain import evidence
from app.domain.evidence import Fault, FaultCode, Head, Opening, StoredEvent, Walk

#: Events read at a time when a whole stream is walked.
BATCH = 500


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """One event with its openings, for reading; erased openings have no value."""

    id: UUID
    stream: str
    seq: int
    action: str
    body: dict[str, Any]
    leaf: str
    private: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk over streams found.

    How many streams and events, every fault, how many openings are erased.
    """

    streams: int
    events: int
    faults: tuple[Fault, ...]
    redacted: int


def head_of(session: Session, stream: str) -> Head:
    """Return where a stream ends; number 0 when nothing was recorded."""
    row = session.get(AuditHead, stream)
    return Head(row.seq, row.leaf) if row else Head(0, evidence.NOTHING)


def stored(session: Session, stream: str) -> Iterator[StoredEvent]:
    """Yield a stream's events in their order, as they lie in the tables."""
    after = 0
    while True:
        rows = session.exec(
            select(AuditEvent, AuditPrivate)
            .outerjoin(AuditPrivate, col(AuditPrivate.event_id) == col(AuditEvent.id))
            .where(AuditEvent.stream == stream, AuditEvent.seq > after)
            .order_by(col(AuditEvent.seq))
            .limit(BATCH)
        ).all()
        for event, private in rows:
            yield _stored(event, private)
        if len(rows) < BATCH:
            return
        after = rows[-1][0].seq
        session.expunge_all()


def events(session: Session, stream: str, *, after: int = 0, limit: int = BATCH) -> list[RecordedEvent]:
    """Return up to `limit` events of a stream whose number is greater than `after`, in order; maybe none."""
    rows = session.exec(
        select(AuditEvent, AuditPrivate)
        .outerjoin(AuditPrivate, col(AuditPrivate.event_id) == col(AuditEvent.id))
        .where(AuditEvent.stream == stream, AuditEvent.seq > after)
        .order_by(col(AuditEvent.seq))
        .limit(limit)
    ).all()
    return [_recorded(event, private) for event, private in rows]


def verify_stream(session: Session, stream: str) -> Walk:
    """Walk one stream against its head."""
    return evidence.walk(stream, stored(session, stream), head=head_of(session, stream))


def verify_all(
    session: Session, *, prefix: str = "", progress: Callable[[int, int], None] | None = None
) -> Verified:
    """Walk every stream whose name begins with `prefix`; `progress` hears of `(streams done, streams)`.

    A stream that has events and no head, or a head and no events, is a fault too.
    """
    heads = set(session.exec(select(AuditHead.stream)).all())
    with_events = dict(
        session.exec(select(AuditEvent.stream, func.count()).group_by(AuditEvent.stream)).all()
    )
    names = sorted(name for name in heads | with_events.keys() if name.startswith(prefix))
    faults: list[Fault] = []
    redacted = 0
    for number, name in enumerate(names, start=1):
        walked = verify_stream(session, name)
        if name not in heads:
            faults.append(Fault(FaultCode.HEAD_DIFFERS, name, 0, {"head": None}))
        faults += walked.faults
        redacted += len(walked.redacted)
        if progress:
            progress(number, len(names))
    return Verified(len(names), sum(with_events.get(name, 0) for name in names), tuple(faults), redacted)


def _openings(private: AuditPrivate | None) -> dict[str, Opening]:
    if private is None:
        return {}
    try:
        kept = json.loads(private.openings)
        return {name: Opening(str(one["salt"]), one["value"]) for name, one in kept.items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        # Somebody wrote into the table: a field that no commitment names, so the walk reports it.
        return {"(unreadable)": Opening("", "")}


def _stored(event: AuditEvent, private: AuditPrivate | None) -> StoredEvent:
    return StoredEvent(
        body=event.body.encode(),
        leaf=event.leaf,
        columns={
            "id": str(event.id),
            "ts": evidence.timestamp(event.ts),
            "action": event.action,
            "stream": event.stream,
            "seq": event.seq,
            "prev": event.prev,
            "outcome": event.outcome,
            "actor_id": str(event.actor_id) if event.actor_id else None,
            "actor_role": event.actor_role,
        },
        private=_openings(private),
    )


def _recorded(event: AuditEvent, private: AuditPrivate | None) -> RecordedEvent:
    values = {name: opening.value for name, opening in _openings(private).items()}
    return RecordedEvent(
        event.id, event.stream, event.seq, event.action, json.loads(event.body), event.leaf, values
    )
