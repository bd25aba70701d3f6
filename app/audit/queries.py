"""Reading the record, and walking its chains."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.audit import row_reader
from app.audit.models import AuditEvent, AuditHead, AuditPrivate
from app.domain.record import chain, sealing
from app.domain.record.chain import Head, Opening, StoredEvent, Walk

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


def head_of(session: Session, stream: str) -> Head:
    """Return where a stream ends; number 0 when nothing was recorded."""
    row = session.get(AuditHead, stream)
    return Head(row.seq, row.leaf) if row else Head(0, chain.NOTHING)


def stored(session: Session, stream: str) -> Iterator[StoredEvent]:
    """Yield a stream's events in their order, as they lie in the tables."""
    return (found for _, found in _walked(session, col(AuditEvent.stream) == stream))


def all_stored(session: Session, prefix: str = "") -> Iterator[tuple[str, StoredEvent]]:
    """Yield the events of the streams whose names begin with `prefix`, stream by stream, in their order."""
    return _walked(session, col(AuditEvent.stream).startswith(prefix, autoescape=True))


def _walked(session: Session, which: sa.ColumnElement[bool]) -> Iterator[tuple[str, StoredEvent]]:
    event, private = AuditEvent.__table__.c, AuditPrivate.__table__.c  # type: ignore[attr-defined]
    query = (
        sa.select(*row_reader.raw(session, event), private.openings)
        .outerjoin(AuditPrivate, private.event_id == event.id)
        .where(which)
        .order_by(event.stream, event.seq)
        .execution_options(yield_per=BATCH)
    )
    read = row_reader.reader(session, event)
    for row in session.connection().execute(query).mappings():
        yield str(row["stream"]), _stored(read(dict(row)))


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
    return chain.walk(stream, stored(session, stream), head=head_of(session, stream))


def _openings(openings: str | None) -> dict[str, Opening]:
    if openings is None:
        return {}
    try:
        kept = json.loads(openings)
        return {name: Opening(str(one["salt"]), one["value"]) for name, one in kept.items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        # Somebody wrote into the table: a field that no commitment names, so the walk reports it.
        return {"(unreadable)": Opening("", "")}


def _stored(row: row_reader.Row) -> StoredEvent:
    body, ts, actor = row["body"], row["ts"], row["actor_id"]
    return StoredEvent(
        body=body.encode() if isinstance(body, str) else body.written,
        leaf=row["leaf"],
        columns={
            "id": str(row["id"]),
            "ts": str(ts) if isinstance(ts, row_reader.Unreadable) else chain.timestamp(ts),
            "actor_id": str(actor) if actor else None,
            **{name: row[name] for name in ("action", "stream", "seq", "prev", "outcome", "actor_role")},
        },
        private=_openings(row["openings"]),
    )


def _recorded(event: AuditEvent, private: AuditPrivate | None) -> RecordedEvent:
    openings = _openings(private.openings if private else None)
    values = {name: opening.value for name, opening in openings.items() if name != sealing.SALT}
    return RecordedEvent(
        event.id, event.stream, event.seq, event.action, json.loads(event.body), event.leaf, values
    )
