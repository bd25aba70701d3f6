"""Where every verb ends: what happened goes on record, and whoever is to hear of it is promised to hear.

All of it is in the caller's transaction: no event without the change, no change without the event.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.audit import service as audit
from app.audit.service import SYSTEM, AuditActor, Receipt
from app.domain.vocabulary import Event
from app.events.catalogue import CATALOGUE
from app.events.entry import Entry, Stream
from app.events.payloads.base import Payload
from app.jobs import service as jobs
from app.jobs.kinds import JobKind

#: What is to go out first stands in the queue before everything of the time before it.
_AHEAD = timedelta(days=1)
#: Whom or what an event is about: an id or a name in the event's first kind of stream, or in another of them.
About = UUID | str | tuple[Stream, UUID | str]


def emit(
    session: Session,
    event: Event,
    payload: Payload,
    *,
    about: About,
    actor: AuditActor,
    at: datetime,
    reason: str | None = None,
    on_behalf_of: AuditActor | None = None,
    case_id: UUID | None = None,
    people: Collection[UUID] = (),
) -> Receipt:
    """Record an event, and promise the notices and messages that the catalogue says; return its receipt.

    `reason` is a code or a sentence without personal data. `case_id` names the case that notices tell of,
    where the payload does not. `people` hear that something was done to their account, if the event says so.
    """
    [receipt] = emit_step(
        session,
        [(event, payload)],
        about=about,
        actor=actor,
        at=at,
        reason=reason,
        on_behalf_of=on_behalf_of,
        case_id=case_id,
    )
    if people:
        _tell_people(session, CATALOGUE[event], payload, receipt, people, at=at)
    return receipt


def emit_step(
    session: Session,
    happened: Sequence[tuple[Event, Payload]],
    *,
    about: About,
    actor: AuditActor,
    at: datetime,
    reason: str | None = None,
    on_behalf_of: AuditActor | None = None,
    case_id: UUID | None = None,
) -> list[Receipt]:
    """Emit everything that one step made happen, in its order: who hears of several of it hears once."""
    receipts: list[Receipt] = []
    told: list[dict[str, Any]] = []
    promised = False
    for event, payload in happened:
        entry = CATALOGUE[event]
        stream = _stream(entry, about)
        data = payload.recorded()
        receipt = audit.record(
            session,
            event,
            stream=stream,
            actor=actor,
            at=at,
            data=data,
            reason=reason,
            outcome="refused" if entry.refused else "done",
            on_behalf_of=on_behalf_of,
            private=payload.private(),
        )
        receipts.append(receipt)
        if entry.announced is not None:
            _announce(session, entry, payload, data, receipt, about, at)
        if entry.told:
            told.append({"event": str(event), "data": data | payload.inside(), "seq": receipt.seq})
        promised = promised or entry.is_step
        case_id = case_id or getattr(payload, "case", None)
    if told or promised:
        jobs.enqueue(session, JobKind.NOTIFY, _notices(told, about, actor.id, case_id), at=at)
    return receipts


def refusal(
    event: Event,
    payload: Payload,
    *,
    about: About,
    actor: AuditActor,
    at: datetime,
    reason: str,
    on_behalf_of: AuditActor | None = None,
) -> Callable[[Session], None]:
    """Return what puts a refusal on record once the refused transaction is rolled back: `AppError.record`."""

    def record(session: Session) -> None:
        emit(
            session,
            event,
            payload,
            about=about,
            actor=actor,
            at=at,
            reason=reason,
            on_behalf_of=on_behalf_of,
        )

    return record


def _stream(entry: Entry, about: About) -> str:
    kind, name = about if isinstance(about, tuple) else (entry.streams[0], about)
    assert kind in entry.streams, f"{entry.event} is not recorded on {kind}"
    return f"{kind}:{name}"


def _announce(
    session: Session,
    entry: Entry,
    payload: Payload,
    data: Mapping[str, Any],
    receipt: Receipt,
    about: About,
    at: datetime,
) -> None:
    """Put the message for the outside into the outbox.

    It is thin: digests and ids, no text. Its `sequence` is the event's number in its stream, by which
    receivers put messages in order. The outbox is the job table: the message is the job that fans it out, and
    is kept when it is done; the job's id is the message's.
    """
    subject = f"{entry.streams[0]}:{data[entry.subject]}" if entry.subject else receipt.stream
    message = {
        "type": str(entry.event),
        "subject": subject,
        "draft_id": str(about) if entry.streams[0] is Stream.DRAFT else None,
        "sequence": receipt.seq,
        "timestamp": at.isoformat(),
        "data": {**data, **payload.outside()},
    }
    # Jobs are taken by the time from which they may run.
    run_at = at - _AHEAD if entry.first else at
    jobs.enqueue(session, JobKind.FAN_OUT, message, at=at, run_at=run_at)


def _notices(
    told: list[dict[str, Any]], about: About, by: UUID | None, case_id: UUID | None
) -> dict[str, Any]:
    """Return what notifications are to work out: whoever did it hears nothing of it."""
    return {
        "draft": str(about),
        "case": str(case_id) if case_id else None,
        "by": str(by) if by else None,
        "events": told,
    }


def _tell_people(
    session: Session,
    entry: Entry,
    payload: Payload,
    receipt: Receipt,
    people: Collection[UUID],
    *,
    at: datetime,
) -> None:
    """Promise that these people hear what was done to an account; an address that it had is written to."""
    assert entry.account is not None, f"{entry.event} tells nobody of an account"
    known = payload.recorded() | payload.inside()
    promise = {
        "people": sorted(map(str, people)),
        "what": entry.account.sentence,
        "data": {word: known[name] for word, name in entry.account.words.items()},
        "source": f"{receipt.stream}#{receipt.seq}",
        "old_address": known.get("old_address", ""),
    }
    jobs.enqueue(session, JobKind.TELL_ACCOUNT, promise, at=at)


__all__ = ["SYSTEM", "About", "emit", "emit_step", "refusal"]
