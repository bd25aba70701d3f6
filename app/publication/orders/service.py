"""What channels are told to do with what they have published (更正、撤稿、下架), and what they answer."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from app.audit.service import AuditActor
from app.channels import queries as channels
from app.domain import remedies as texts
from app.domain.deadlines import CHAIN
from app.domain.vocabulary import (
    DraftState,
    Event,
    OrderKind,
    OrderState,
    ReleaseState,
    RemedyKind,
    RemedyReason,
    Role,
)
from app.drafts import queries as drafts
from app.drafts import service as draft_service
from app.drafts.models import Draft
from app.drafts.remedies import queries as remedies
from app.drafts.remedies.models import Remedy
from app.events.emit import emit, refusal
from app.events.payloads.base import ABSENT
from app.events.payloads.orders import (
    ConfirmationRefused,
    OrderConfirmed,
    OrderOverdue,
    PublicationCorrected,
    PublicationRetracted,
    PublicationUnpublished,
)
from app.identity.queries import SYSTEM, Actor
from app.infra.errors import AppError, Conflict, Forbidden, NotFound, Reason
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from app.publication.debts import service as debts
from app.publication.models import Publication, Release
from app.publication.orders import errors as _words  # noqa: F401 – the words of the codes below
from app.publication.orders import queries
from app.publication.orders.models import ChannelOrder
from app.publication.publishers import Publisher
from app.publication.remedies import eligibility
from app.reviews import routing
from app.reviews.cases import Loaded

_KINDS = {RemedyKind.CORRECTION: OrderKind.CORRECT, RemedyKind.RETRACTION: OrderKind.RETRACT}
#: An overdue order is told of so often: when it is due, and up the chain once more time has passed.
_ALARMS = 2


def give(
    session: Session, loaded: Loaded, release: Release, *, by: AuditActor, runtime: Runtime, at: datetime
) -> tuple[ChannelOrder, ...]:
    """Tell the channel of a release what it is to do, if the draft corrects or retracts another.

    One order for each publication of that other draft that is still there. What was ordered before and is
    not done is overtaken. From then on the gate clears nothing of it. Empty for a draft by itself.
    """
    remedy = remedies.of_draft(session, loaded.draft.id)
    if remedy is None:
        return ()
    of, kind = draft_service.lock(session, remedy.of_draft_id), _KINDS[RemedyKind(remedy.kind)]
    session.flush()
    made = []
    for publication in queries.live(session, of.id):
        if publication.channel == release.channel:
            order = _new(session, kind, publication, remedy, release, loaded, runtime=runtime, at=at)
            _announce(session, order, publication, remedy, release, loaded.draft, by=by, at=at)
            made.append(order)
    if kind is OrderKind.RETRACT:
        _void_releases(session, of, release.channel)
    debts.answer(session, of.id, release.channel, remedy=loaded.draft.id, at=at)
    _settle_state(session, of, at=at)
    return tuple(made)


def unpublish(
    session: Session, publication: Publication, *, note: str, runtime: Runtime, at: datetime
) -> ChannelOrder:
    """Tell a channel to take something down whose time is over (下架); nobody is said to have been wrong."""
    within = routing.routing_in_force(runtime.policies).after_publication.within(OrderKind.UNPUBLISH)
    _overtake(session, publication)
    order = ChannelOrder(
        id=new_id(),
        kind=OrderKind.UNPUBLISH,
        publication_id=publication.id,
        draft_id=publication.draft_id,
        channel=publication.channel,
        digest=publication.digest,
        note=note,
        ordered_at=at,
        due_at=at + within,
    )
    session.add(order)
    session.flush()
    payload = PublicationUnpublished(
        draft=publication.draft_id,
        publication=publication.id,
        order=order.id,
        channel=publication.channel,
        digest=publication.digest,
        external_id=publication.external_id,
        url=publication.url,
        due_at=order.due_at,
    )
    emit(
        session,
        Event.PUBLICATION_UNPUBLISHED,
        payload,
        about=publication.draft_id,
        actor=SYSTEM.as_audit(),
        at=at,
    )
    return order


def replaced(session: Session, done: Publication, *, by: AuditActor, at: datetime) -> None:
    """Take the report that a correction is out as the answer of its channel: what it corrects is replaced."""
    remedy = remedies.of_draft(session, done.draft_id)
    if remedy is None or remedy.kind != RemedyKind.CORRECTION:
        return
    draft_service.lock(session, remedy.of_draft_id)
    for order in queries.of_remedy(session, done.draft_id):
        if order.state == OrderState.WAITING and order.channel == done.channel:
            _confirmed(session, order, by=by, by_tool=True, remark="", successor=done, at=at)


def confirm_by_tool(
    session: Session, order_id: UUID, *, remark: str, publisher: Publisher, at: datetime
) -> ChannelOrder:
    """Record that a tool has taken down what it was told to; the time is the server's.

    The same report again by the same tool gets the order as it stands. Raises `Conflict` or `Forbidden`, each
    on record, for an order that is not this tool's, was never given, or asks for something else.
    """
    order = session.get(ChannelOrder, order_id)
    draft = None if order is None else draft_service.lock(session, order.draft_id)
    if order is None or draft is None or not draft.unit_path.startswith(publisher.unit_path):
        raise _refused(None, order_id, [Reason("order_unknown")], publisher=publisher, at=at)
    session.refresh(order)
    if order.confirmed_by == publisher.id:
        return order
    reasons = _against_tool(session, publisher, draft.id, order.channel)
    reasons += _against(order)
    if reasons:
        raise _refused(order, order_id, reasons, publisher=publisher, at=at)
    _confirmed(session, order, by=publisher.as_audit(), by_tool=True, remark=remark, successor=None, at=at)
    return order


def confirm_by_hand(
    session: Session, order_id: UUID, *, remark: str, actor: Actor, at: datetime
) -> ChannelOrder:
    """Record that somebody has taken down by hand what a channel was told to, on a board or a screen.

    For publishers of the channel. Raises `NotFound`, `Forbidden`, and `Conflict` for what is answered already
    or is answered by publishing the correction.
    """
    order, draft = queries.visible_order(session, order_id, actor)
    draft_service.lock(session, draft.id)
    session.refresh(order)
    eligibility.require_confirming(actor, draft, order.channel)
    if reasons := _against(order):
        raise Conflict(reasons[0].code, reasons=reasons)
    _confirmed(
        session, order, by=actor.as_audit(Role.PUBLISHER), by_tool=False, remark=remark, successor=None, at=at
    )
    return order


def for_tool(
    session: Session, publisher: Publisher, *, after: queries.Cursor | None, limit: int
) -> tuple[tuple[tuple[ChannelOrder, Publication, Draft], ...], queries.Cursor | None]:
    """Return a page of what a tool is still to do, and where the next begins: see `queries.for_tool`."""
    rows, following = queries.for_tool(
        session, unit_path=publisher.unit_path, channels=publisher.channels, after=after, limit=limit
    )
    return tuple(
        row for row in rows if not _against_tool(session, publisher, row[2].id, row[0].channel)
    ), following


def _against_tool(session: Session, publisher: Publisher, draft_id: UUID, channel: str) -> list[Reason]:
    if channel not in publisher.channels:
        return [Reason("tool_channel", {"channel": channel})]
    sections = publisher.sections(channel)
    if sections is None:
        return []
    bound = {place.section for place in drafts.targets(session, draft_id) if place.channel == channel}
    return [Reason("tool_section", {"section": section}) for section in sorted(bound - sections)]


def look(runtime: Runtime, *, at: datetime) -> int:
    """Tell of orders that channels have not confirmed in time, one transaction each; return how many."""
    later = timedelta(
        minutes=routing.routing_in_force(runtime.policies).after_publication.escalate_after.minutes
    )
    with runtime.database.read() as session:
        query = select(ChannelOrder.id).where(
            queries.WAITING, ChannelOrder.due_at < at, ChannelOrder.told < _ALARMS
        )
        ids = list(session.exec(query.order_by(col(ChannelOrder.due_at))).all())
    made = 0
    for order_id in ids:
        with runtime.database.write() as session:
            order = session.get_one(ChannelOrder, order_id)
            draft_service.lock(session, order.draft_id)
            session.refresh(order)
            due = order.due_at + later * order.told
            if order.state == OrderState.WAITING and order.told < _ALARMS and due < at:
                _call_overdue(session, order, at=at)
                made += 1
    return made


def _new(
    session: Session,
    kind: OrderKind,
    publication: Publication,
    remedy: Remedy,
    release: Release,
    loaded: Loaded,
    *,
    runtime: Runtime,
    at: datetime,
) -> ChannelOrder:
    within = routing.routing_in_force(runtime.policies).after_publication.within(kind)
    _overtake(session, publication)
    order = ChannelOrder(
        id=new_id(),
        kind=kind,
        publication_id=publication.id,
        draft_id=publication.draft_id,
        channel=publication.channel,
        digest=publication.digest,
        remedy_id=remedy.draft_id,
        release_id=release.id,
        note=_note(loaded, kind),
        ordered_at=at,
        due_at=at + within,
    )
    session.add(order)
    session.flush()
    return order


def _overtake(session: Session, publication: Publication) -> None:
    """Let what a channel was told before about a publication, and has not done, be asked of it no more."""
    query = select(ChannelOrder).where(
        ChannelOrder.publication_id == publication.id, ChannelOrder.state == OrderState.WAITING
    )
    for order in session.exec(query).all():
        order.state = OrderState.OVERTAKEN
        session.add(order)
        earlier = session.get(Release, order.release_id) if order.release_id else None
        if earlier is not None and earlier.state == ReleaseState.SIGNED:
            earlier.state = ReleaseState.EXPIRED
            session.add(earlier)
    session.flush()


def _void_releases(session: Session, of: Draft, channel: str) -> None:
    """Let nothing that was signed of a retracted draft for a channel be good any more."""
    query = select(Release).where(
        Release.draft_id == of.id,
        Release.channel == channel,
        col(Release.state).in_([ReleaseState.SIGNED, ReleaseState.PUBLISHED]),
    )
    for release in session.exec(query).all():
        release.state = ReleaseState.RETRACTED
        session.add(release)
    session.flush()


def _settle_state(session: Session, of: Draft, *, at: datetime) -> None:
    """Let a draft be retracted once all of it is gone, and owe nothing once that is answered."""
    standing = queries.standing_of(session, of.id)
    gone = all(one.is_retracted or not one.is_out for one in standing)
    if gone and any(one.is_retracted for one in standing):
        draft_service.set_state(of, DraftState.RETRACTED, at)
    elif of.state == DraftState.PUBLISHED_WITH_DEBT and not debts.open_of_draft(session, of.id):
        draft_service.set_state(of, DraftState.PUBLISHED, at)


def _note(loaded: Loaded, kind: OrderKind) -> str:
    """Return what the public reads: the note in a corrected text, or all of a retraction's."""
    document = drafts.document_of(loaded.revision)
    if kind is OrderKind.CORRECT:
        return texts.note_of(document)
    return "\n".join(text for place, text in document.texts() if place.startswith("blocks/"))


def _announce(
    session: Session,
    order: ChannelOrder,
    publication: Publication,
    remedy: Remedy,
    release: Release,
    draft: Draft,
    *,
    by: AuditActor,
    at: datetime,
) -> None:
    said = {
        "draft": publication.draft_id,
        "publication": publication.id,
        "order": order.id,
        "channel": order.channel,
        "digest": order.digest,
        "external_id": publication.external_id,
        "url": publication.url,
        "due_at": order.due_at,
        "reason": RemedyReason(remedy.reason),
        "remedy": draft.id,
        "remedy_number": draft.number,
        "release": release.id,
        "note": order.note,
    }
    if order.kind == OrderKind.CORRECT:
        corrected = PublicationCorrected.of({**said, "successor": release.digest})
        emit(session, Event.PUBLICATION_CORRECTED, corrected, about=order.draft_id, actor=by, at=at)
    else:
        retracted = PublicationRetracted.of(said)
        emit(session, Event.PUBLICATION_RETRACTED, retracted, about=order.draft_id, actor=by, at=at)


def _against(order: ChannelOrder) -> list[Reason]:
    """Return every reason why an order cannot be confirmed by a report; empty when it can."""
    if order.state == OrderState.OVERTAKEN:
        return [Reason("order_overtaken")]
    if order.state == OrderState.CONFIRMED:
        assert order.confirmed_at is not None
        return [Reason("order_confirmed", {"at": order.confirmed_at.isoformat()})]
    if order.kind == OrderKind.CORRECT:
        return [Reason("order_needs_publication", {"release": str(order.release_id)})]
    return []


def _confirmed(
    session: Session,
    order: ChannelOrder,
    *,
    by: AuditActor,
    by_tool: bool,
    remark: str,
    successor: Publication | None,
    at: datetime,
) -> None:
    order.state, order.confirmed_at, order.confirmed_by = OrderState.CONFIRMED, at, by.id
    order.by_tool, order.remark = by_tool, remark
    order.successor_id = None if successor is None else successor.id
    session.add(order)
    session.flush()
    payload = OrderConfirmed(
        draft=order.draft_id,
        publication=order.publication_id,
        order=order.id,
        kind=OrderKind(order.kind),
        channel=order.channel,
        digest=order.digest,
        by_tool=by_tool,
        successor=ABSENT if successor is None else successor.id,
        successor_digest=ABSENT if successor is None else successor.digest,
        url=ABSENT if successor is None else successor.url,
        remark=remark or None,
    )
    emit(session, Event.PUBLICATION_CONFIRMED, payload, about=order.draft_id, actor=by, at=at)
    draft = session.get_one(Draft, order.draft_id)
    _settle_state(session, draft, at=at)


def _call_overdue(session: Session, order: ChannelOrder, *, at: datetime) -> None:
    order.told += 1
    session.add(order)
    draft = session.get_one(Draft, order.draft_id)
    concerned = set(_concerned(session, order))
    if order.told == _ALARMS:
        ids = [one.channel_id for one in drafts.targets(session, draft.id) if one.channel == order.channel]
        for rung in CHAIN:
            concerned |= channels.on_rung(session, ids, rung, unit_path=draft.unit_path)
    payload = OrderOverdue(
        draft=order.draft_id,
        publication=order.publication_id,
        order=order.id,
        kind=OrderKind(order.kind),
        channel=order.channel,
        due_at=order.due_at,
        alarm=order.told,
        told=sorted(concerned, key=str),
    )
    emit(session, Event.PUBLICATION_OVERDUE, payload, about=order.draft_id, actor=SYSTEM.as_audit(), at=at)


def _concerned(session: Session, order: ChannelOrder) -> Iterable[UUID]:
    """Yield who asked for what a channel does not do, and who signed it."""
    remedy = None if order.remedy_id is None else remedies.of_draft(session, order.remedy_id)
    if remedy is not None and remedy.opened_by is not None:
        yield remedy.opened_by
    release = None if order.release_id is None else session.get(Release, order.release_id)
    if release is not None:
        yield release.signed_by


def _refused(
    order: ChannelOrder | None,
    order_id: UUID,
    reasons: list[Reason],
    *,
    publisher: Publisher,
    at: datetime,
) -> AppError:
    payload = ConfirmationRefused(
        order=order_id,
        tool=publisher.id,
        reasons=sorted(reason.code for reason in reasons),
    )
    record = refusal(
        Event.PUBLICATION_CONFIRMATION_REFUSED,
        payload,
        about=publisher.id,
        actor=publisher.as_audit(),
        at=at,
        reason=reasons[0].code,
    )
    if order is None:
        return NotFound(reasons[0].code, reasons=reasons, record=record)
    if reasons[0].code in {"tool_channel", "tool_section"}:
        return Forbidden(reasons[0].code, reasons=reasons, record=record)
    return Conflict(reasons[0].code, reasons=reasons, record=record)
