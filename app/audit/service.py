"""Writing the record. Every verb ends here, in its own transaction: no event, no transition."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import bindparam, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session as AnySession
from sqlmodel import Session, select

from app.audit import seals
from app.audit.models import AuditEvent, AuditHead, AuditPrivate
from app.domain.record import chain, sealing
from app.domain.record.chain import Opening
from app.domain.vocabulary import Event
from app.infra.clock import system_clock
from app.infra.db import new_row
from app.infra.ids import new_id

#: The openings that hold the names of those who acted.
ACTOR_NAME = "actor_name"
PRINCIPAL_NAME = "principal_name"

#: The stream of what no person did: what was there at first, and rows that were written without an event.
ROWS = "record:rows"

_LOCKED, _WAITING = "audit_heads", "audit_waiting"
# Every transition asks this: it is put together once.
_HEAD = select(AuditHead).where(AuditHead.stream == bindparam("stream")).with_for_update()


@dataclass(frozen=True, slots=True)
class AuditActor:
    """Who acted. No id: the system itself. The name goes only into the private table.

    `behalf` is whom a tool acts for, whatever it does.
    """

    id: UUID | None
    name: str
    role: str | None = None
    unit: str | None = None
    behalf: "AuditActor | None" = None


#: The system, where no person acts.
SYSTEM = AuditActor(id=None, name="系统")


@dataclass(slots=True)
class _Waiting:
    """An event that waits for what else its transaction writes: it is stored when that is over.

    What was written is sealed in the last event of a stream, so that it counts wherever in the verb the event
    was recorded.
    """

    head: AuditHead
    id: UUID
    seq: int
    ts: datetime
    event: Event
    actor: AuditActor
    body: dict[str, Any]
    openings: dict[str, Opening]
    rows: seals.Seals = field(default_factory=dict)
    leaf: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the caller may keep to prove later that the event was there: its place and its leaf."""

    event_id: UUID
    stream: str
    seq: int
    _waiting: _Waiting

    @property
    def leaf(self) -> str:
        """The event's leaf; empty until the transaction ends, for the event seals what it writes."""
        return self._waiting.leaf


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
    SELECT, one UPDATE and two INSERTs a stream. They are stored at the commit, with the seals of the rows
    that the transaction wrote: then `rfc8785.CanonicalizationError` is raised for data that JSON lacks.
    """
    on_behalf_of = on_behalf_of or actor.behalf
    head = _locked_head(session, stream, at)
    before = _waiting(session).pop(stream, [])
    last = before[-1] if before else head
    names = {ACTOR_NAME: actor.name, **({PRINCIPAL_NAME: on_behalf_of.name} if on_behalf_of else {})}
    made = _Waiting(head, new_id(), last.seq + 1, max(at, last.ts), event, actor, {}, {})
    made.openings = {name: _hidden(value) for name, value in {**names, **(private or {})}.items()}
    made.body = {
        "v": chain.VERSION,
        "alg": chain.ALGORITHM,
        "id": str(made.id),
        "ts": chain.timestamp(made.ts),
        "actor": _actor(actor),
        "on_behalf_of": _actor(on_behalf_of) if on_behalf_of else None,
        "action": str(event),
        "stream": stream,
        "seq": made.seq,
        "outcome": outcome,
        "reason": reason,
        "data": dict(data or {}),
    }
    _waiting(session)[stream] = [*before, made]  # the stream that was written to last is the last one
    return Receipt(made.id, stream, made.seq, made)


def settle(session: AnySession) -> None:
    """Store the events that wait, with the seals of the rows that were written; the commit does it."""
    session.flush()
    rows, waiting = seals.gathered(session), _waiting(session)
    if rows and not waiting:
        # A process at work without a clock of its own: nobody's verb, and nothing is judged by this time.
        record(session, Event.RECORD_SEALED, stream=ROWS, actor=SYSTEM, at=system_clock())  # type: ignore[arg-type]
    _seal([made[-1] for made in waiting.values()], rows)
    for made in waiting.values():
        for one in made:
            _store(session, one)
    waiting.clear()


def _seal(waiting: list[_Waiting], rows: Mapping[tuple[str, str], seals.Written]) -> None:
    """Give each row's seal to the event of its own stream; where there is none, to one that is like it."""
    streams = {one.body["stream"]: one for one in waiting}
    for (table, key), written in rows.items():
        home = seals.home(table, written) or ""
        alike = [one for name, one in streams.items() if name.partition(":")[0] == home.partition(":")[0]]
        into = streams.get(home) or (alike or waiting)[-1]
        if sealing.SALT not in into.openings:
            into.openings[sealing.SALT] = _hidden(secrets.token_hex(chain.SALT_BYTES))
        salt = into.openings[sealing.SALT].value
        assert salt is not None
        gone = written.row is None
        seal = sealing.REMOVED if gone else seals.seal_of(salt, table, written.value)
        into.rows.setdefault(table, {})[key] = seal


def _store(session: AnySession, one: _Waiting) -> None:
    """Store an event: from here on its stream ends with it."""
    rows = {"rows": one.rows} if one.rows else {}
    committed = {name: chain.commitment(name, opening) for name, opening in one.openings.items()}
    body = chain.body_bytes({**one.body, "prev": one.head.leaf, "private": committed, **rows})
    one.leaf = chain.leaf_hash(body)
    session.add(
        new_row(
            AuditEvent,
            id=one.id,
            stream=one.body["stream"],
            seq=one.seq,
            ts=one.ts,
            action=str(one.event),
            outcome=one.body["outcome"],
            actor_id=one.actor.id,
            actor_role=one.actor.role,
            prev=one.head.leaf,
            leaf=one.leaf,
            body=body.decode(),
        )
    )
    kept = {name: {"salt": opening.salt, "value": opening.value} for name, opening in one.openings.items()}
    session.add(new_row(AuditPrivate, event_id=one.id, openings=json.dumps(kept, ensure_ascii=False)))
    one.head.seq, one.head.leaf, one.head.ts = one.seq, one.leaf, one.ts


def _hidden(value: str) -> Opening:
    return Opening(secrets.token_hex(chain.SALT_BYTES), value)


def _waiting(session: AnySession) -> dict[str, list[_Waiting]]:
    waiting: dict[str, list[_Waiting]] = session.info.setdefault(_WAITING, {})
    return waiting


def _forget(session: AnySession) -> None:
    session.info.pop(_WAITING, None)
    session.info.pop(_LOCKED, None)


event.listen(AnySession, "before_commit", settle)
event.listen(AnySession, "after_rollback", _forget)


def erase(
    session: Session,
    event_id: UUID,
    *,
    fields: frozenset[str],
    actor: AuditActor,
    at: datetime,
    reason: str = "",
) -> int:
    """Empty the named openings of an event, as the law may demand; return how many held something.

    The chain stays whole: an event of the same stream says what was emptied and by whom, and a verifier
    reports those fields as erased, others as taken away. `reason` is a code or a sentence without personal
    data.
    """
    row, of = session.get(AuditPrivate, event_id), session.get(AuditEvent, event_id)
    if row is None or of is None:
        return 0
    openings = json.loads(row.openings)
    held = sorted(name for name in fields if openings.get(name, {}).get("value") is not None)
    if not held:
        return 0
    data = {"seq": of.seq, "fields": held}
    record(
        session, Event.RECORD_ERASED, stream=of.stream, actor=actor, at=at, data=data, reason=reason or None
    )
    # The table lets go of an opening only once the event that says so is there.
    settle(session)
    session.flush()
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
        first: Any = dialect.insert(AuditHead).values(stream=stream, seq=0, leaf=chain.NOTHING, ts=at)
        session.exec(first.on_conflict_do_nothing())
        head = session.exec(_HEAD, params={"stream": stream}).one()
    locked[stream] = head
    return head
