"""Writing the record. Every verb ends here, in its own transaction: no event, no transition."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, select

from app.audit.models import AuditEvent, AuditHead, AuditPrivate
from app.domain import evidence
from app.domain.evidence import Opening
from app.domain.vocabulary import Event
from app.infra.db import new_row
from app.infra.ids import new_id

#: The openings that hold the names of those who acted.
ACTOR_NAME = "actor_name"
PRINCIPAL_NAME = "principal_name"

_LOCKED = "audit_heads"
# Every transition asks this: it is put together once.
_HEAD = select(AuditHead).where(AuditHead.stream == bindparam("stream")).with_for_update()


@dataclass(frozen=True, slots=True)
class AuditActor:
    """Who acted. No id: the system itself. The name goes only into the private table."""

    id: UUID | None
    name: str
    role: str | None = None
    unit: str | None = None


#: The system, where no person acts.
SYSTEM = AuditActor(id=None, name="系统")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the caller may keep to prove later that the event was there: its place and its leaf."""

    event_id: UUID
    stream: str
    seq: int
    leaf: str


def record(
    session: Session,
    event: Event,
    *,
    stream: str,
    actor: AuditActor,
    at: datetime,
    data: Mapping[str, Any] | None = None,
    reason: str | None = None,
    outcome: Literal["done", "refused"] = "done",
    on_behalf_of: AuditActor | None = None,
    private: Mapping[str, str] | None = None,
) -> Receipt:
    """Append one event to `stream` and return its receipt.

    `data` holds JSON values: digests, from, to, workflow, policy – never personal data. What identifies a
    person, free text included, goes into `private`, from which it may be erased without breaking the chain.
    `reason` is a code or a sentence without personal data. The time never runs backwards in a stream: an `at`
    before the stream's last event is recorded as that event's time. All events of one transaction cost one
    SELECT, one UPDATE and two INSERTs a stream. Raises `rfc8785.CanonicalizationError` for data that JSON
    lacks.
    """
    head = _locked_head(session, stream, at)
    names = {ACTOR_NAME: actor.name, **({PRINCIPAL_NAME: on_behalf_of.name} if on_behalf_of else {})}
    openings = {
        name: Opening(secrets.token_hex(evidence.SALT_BYTES), value)
        for name, value in {**names, **(private or {})}.items()
    }
    ts, seq, event_id = max(at, head.ts), head.seq + 1, new_id()
    body = evidence.body_bytes(
        {
            "v": evidence.VERSION,
            "alg": evidence.ALGORITHM,
            "id": str(event_id),
            "ts": evidence.timestamp(ts),
            "actor": _actor(actor),
            "on_behalf_of": _actor(on_behalf_of) if on_behalf_of else None,
            "action": str(event),
            "stream": stream,
            "seq": seq,
            "prev": head.leaf,
            "outcome": outcome,
            "reason": reason,
            "data": dict(data or {}),
            "private": {name: evidence.commitment(name, opening) for name, opening in openings.items()},
        }
    )
    leaf = evidence.leaf_hash(body)
    session.add(
        new_row(
            AuditEvent,
            id=event_id,
            stream=stream,
            seq=seq,
            ts=ts,
            action=str(event),
            outcome=outcome,
            actor_id=actor.id,
            actor_role=actor.role,
            prev=head.leaf,
            leaf=leaf,
            body=body.decode(),
        )
    )
    kept = {name: {"salt": opening.salt, "value": opening.value} for name, opening in openings.items()}
    session.add(new_row(AuditPrivate, event_id=event_id, openings=json.dumps(kept, ensure_ascii=False)))
    head.seq, head.leaf, head.ts = seq, leaf, ts
    return Receipt(event_id, stream, seq, leaf)


def erase(session: Session, event_id: UUID, *, fields: frozenset[str]) -> int:
    """Empty the named openings of an event, as the law may demand; return how many held something.

    The chain stays whole, and a verifier reports the fields as erased. The caller records why.
    """
    row = session.get(AuditPrivate, event_id)
    if row is None:
        return 0
    openings = json.loads(row.openings)
    held = [name for name in fields if openings.get(name, {}).get("value") is not None]
    for name in held:
        openings[name] = {"salt": "", "value": None}
    row.openings = json.dumps(openings, ensure_ascii=False)
    session.add(row)
    return len(held)


def _actor(actor: AuditActor) -> dict[str, str | None]:
    return {"id": str(actor.id) if actor.id else None, "role": actor.role, "unit": actor.unit}


def _locked_head(session: Session, stream: str, at: datetime) -> AuditHead:
    """Return the stream's head, locked until the transaction ends.

    Asked for once a transaction and stream.
    """
    locked: dict[str, AuditHead] = session.info.setdefault(_LOCKED, {})
    head = locked.get(stream)
    if head is not None and head in session:
        return head
    # What waits to be stored says nothing of heads: it can go with the events, in one flush.
    with session.no_autoflush:
        head = session.exec(_HEAD, params={"stream": stream}).one_or_none()
    if head is None:
        # Two first events at once: one row is made, the other transaction waits here and goes on after it.
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        first: Any = dialect.insert(AuditHead).values(stream=stream, seq=0, leaf=evidence.NOTHING, ts=at)
        session.exec(first.on_conflict_do_nothing())
        head = session.exec(_HEAD, params={"stream": stream}).one()
    locked[stream] = head
    return head
