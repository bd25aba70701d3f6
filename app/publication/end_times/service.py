"""下架: a publication may carry an end; when it comes, its channel is told and must confirm."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.vocabulary import Event, OrderKind, OrderState
from app.drafts import queries as drafts
from app.drafts import service as draft_service
from app.drafts.models import Draft
from app.events.emit import emit
from app.events.payloads.orders import EndSet
from app.identity.access import authorize, person
from app.identity.queries import Actor
from app.infra.errors import Conflict, Invalid, Reason
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from app.publication.end_times import errors as _words  # noqa: F401 – the words of the codes below
from app.publication.end_times import queries
from app.publication.end_times.models import PublicationEnd
from app.publication.orders import queries as orders
from app.publication.orders import service as ordering
from app.publication.remedies.eligibility import MAY_END
from app.reviews.cases import OUT, may_write

FARTHEST = timedelta(days=3653)


@dataclass(frozen=True, slots=True)
class SetEnd:
    """Until when a draft may be out; `None` lifts it. `channel` is "" for all without a time of their own."""

    channel: str
    ends_at: datetime | None
    comment: str = ""


def set_end(
    session: Session, draft_id: UUID, command: SetEnd, *, actor: Actor, at: datetime
) -> PublicationEnd:
    """Say until when a draft may be out on a channel, or on all; lift it with no instant.

    Whoever writes for the unit may until it is out, and who answers for what is out always. Raises
    `NotFound`, `Forbidden`, `Invalid` for an instant that is past or too far, or another channel, `Conflict`
    for the same.
    """
    draft = drafts.visible(session, draft_id, actor, lock=True)
    person(actor)
    if not may_end(actor, draft):
        authorize(actor, *MAY_END, unit_path=draft.unit_path)
    faults = []
    lines = {place.channel for place in drafts.targets(session, draft.id)}
    if command.channel and command.channel not in lines:
        faults.append(Reason("end_elsewhere", {"channel": command.channel}, field="channel"))
    if command.ends_at is not None and command.ends_at <= at:
        faults.append(Reason("end_past", field="ends_at"))
    if command.ends_at is not None and command.ends_at > at + FARTHEST:
        faults.append(Reason("end_too_far", field="ends_at"))
    if faults:
        raise Invalid("malformed", reasons=faults)
    held = queries.of_draft(session, draft.id).get(command.channel)
    if (held.ends_at if held else None) == command.ends_at:
        raise Conflict("end_same")
    row = _store(session, draft.id, command.channel, command.ends_at, by=actor.id, at=at)
    payload = EndSet(
        draft=draft.id, channel=command.channel, ends_at=command.ends_at, comment=command.comment or None
    )
    emit(session, Event.PUBLICATION_END_SET, payload, about=draft.id, actor=actor.as_audit(), at=at)
    return row


def may_end(actor: Actor, draft: Draft) -> bool:
    """Tell whether somebody may say until when a draft is out: writers before, then who answers for it."""
    if draft.state not in OUT and may_write(actor, draft):
        return True
    return any(actor.has(role, unit_path=draft.unit_path) for role in MAY_END)


def inherit(session: Session, of_id: UUID, draft_id: UUID, lines: Collection[str], *, at: datetime) -> None:
    """Let what takes the place of something end when that would have; the caller records that it does."""
    for channel, row in sorted(queries.of_draft(session, of_id).items()):
        if row.ends_at is not None and row.ends_at > at and channel in {"", *lines}:
            _store(session, draft_id, channel, row.ends_at, by=row.set_by, at=at)


def look(runtime: Runtime, *, at: datetime) -> int:
    """Tell the channels of everything whose time is over, one transaction each; return how many orders."""
    with runtime.database.read() as session:
        query = select(PublicationEnd.id).where(
            col(PublicationEnd.ends_at).is_not(None),
            col(PublicationEnd.looked_at).is_(None),
            col(PublicationEnd.ends_at) <= at,
        )
        ids = list(session.exec(query.order_by(col(PublicationEnd.ends_at))).all())
    made = 0
    for end_id in ids:
        with runtime.database.write() as session:
            made += _end(session, end_id, runtime=runtime, at=at)
    return made


def _end(session: Session, end_id: UUID, *, runtime: Runtime, at: datetime) -> int:
    row = session.get_one(PublicationEnd, end_id)
    draft_service.lock(session, row.draft_id)
    session.refresh(row)
    if row.looked_at is not None:
        return 0
    row.looked_at = at
    session.add(row)
    made = 0
    for one in orders.standing_of(session, row.draft_id):
        ends = queries.end_of(session, row.draft_id, one.publication.channel)
        # To be taken down is asked of a channel once; what was still to be corrected comes down now.
        waits = any(
            order.state == OrderState.WAITING and order.kind != OrderKind.CORRECT for order in one.orders
        )
        if ends is not None and ends <= at and one.is_out and not one.is_retracted and not waits:
            ordering.unpublish(session, one.publication, note="", runtime=runtime, at=at)
            made += 1
    return made


def _store(
    session: Session, draft_id: UUID, channel: str, ends_at: datetime | None, *, by: UUID, at: datetime
) -> PublicationEnd:
    row = PublicationEnd(
        id=new_id(), draft_id=draft_id, channel=channel, ends_at=ends_at, set_by=by, set_at=at
    )
    session.add(row)
    session.flush()
    return row
