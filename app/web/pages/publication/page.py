"""What became of what was published: where it is, what channels were told and reported, what corrects it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.vocabulary import (
    DraftState,
    OrderKind,
    OrderState,
    RemedyKind,
    RemedyOrigin,
    RemedyReason,
)
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.drafts.remedies import queries as remedies
from app.identity import permissions
from app.identity import queries as identity
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError, Invalid, Reason
from app.infra.runtime import runtime_of
from app.publication.end_times import queries as ending
from app.publication.end_times import service as ends
from app.publication.models import Publication
from app.publication.orders import queries as orders
from app.publication.orders import service as ordering
from app.publication.orders.models import ChannelOrder
from app.publication.remedies import eligibility, service
from app.publication.remedies.commands import OpenRemedy
from app.reviews import cursors
from app.web.forms import limits
from app.web.pages.draft.verbs.scheduling import instant
from app.web.shell.actions import attempt, see_other
from app.web.shell.render import page
from app.web.shell.viewer import Form, Reader, SentForm, Viewer
from app.words.labels import choices, label

router = APIRouter()

PAGE = 60


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order to a channel in words; `may_confirm` by hand is whether this viewer may now."""

    id: UUID
    draft_id: UUID
    title: str
    number: str
    channel: str
    kind: str
    tone: str
    state: str
    note: str
    url: str
    remedy_id: UUID | None
    ordered_at: datetime
    due_at: datetime
    overdue: bool
    confirmed_at: datetime | None
    by: str
    remark: str
    may_confirm: bool


@dataclass(frozen=True, slots=True)
class Out:
    """A publication in words, with the orders about it; `state` says where it is now."""

    id: UUID
    channel: str
    url: str
    external_id: str
    digest: str
    published_at: datetime
    tone: str
    state: str
    successor: str
    orders: tuple[OrderRow, ...]


@dataclass(frozen=True, slots=True)
class RemedyRow:
    """A correction or retraction in words."""

    draft_id: UUID
    number: str
    kind: str
    reason: str
    origin: str
    explanation: str
    state: str
    opened_by: str
    opened_at: datetime


@router.get("/drafts/{draft_id}/publications")
def show(request: Request, viewer: Reader, session: ReadSession, draft_id: UUID) -> Response:
    """Show where a draft is out and what became of it. Raises `NotFound` for who may not know of it."""
    return _page(request, viewer, session, draft_id)


def _page(
    request: Request,
    viewer: Viewer,
    session: Session,
    draft_id: UUID,
    *,
    error: AppError | None = None,
    form: Form | None = None,
) -> Response:
    at = runtime_of(request).clock()
    draft = drafts.visible(session, draft_id, viewer.actor)
    channels = drafts.channel_names(session, draft.id)
    standing = orders.standing_of(session, draft.id)
    opened = remedies.to_draft(session, draft.id)
    mine = remedies.of_draft(session, draft.id)
    people = {order.confirmed_by for one in standing for order in one.orders if order.confirmed_by}
    names = identity.names(session, {*people, *(row.opened_by for row, _ in opened if row.opened_by)})
    lines = sorted({one.channel for one in orders.live(session, draft.id)})
    able = eligibility.may_open(viewer.actor, draft)
    return page(
        request,
        "publications.html",
        viewer=viewer,
        section="/drafts",
        error=error,
        form=form or Form(),
        draft=draft,
        of=None if mine is None else session.get(Draft, mine.of_draft_id),
        of_kind="" if mine is None else label(RemedyKind(mine.kind)),
        may_drop=mine is not None and able and draft.state == DraftState.EDITING,
        published=tuple(_out(viewer, draft, one, channels, names, at) for one in standing),
        remedies=tuple(
            RemedyRow(
                of.id,
                of.number,
                label(RemedyKind(row.kind)),
                label(RemedyReason(row.reason)),
                label(RemedyOrigin(row.origin)),
                row.explanation,
                label(DraftState(of.state)),
                names.get(row.opened_by, "") if row.opened_by else "",
                row.opened_at,
            )
            for row, of in opened
        ),
        may_open=able and bool(lines),
        lines=[(line, channels.get(line, line)) for line in lines],
        reasons=choices(RemedyReason),
        ends=[
            (channels.get(row.channel, row.channel) or "各阵地", row.ends_at)
            for row in ending.of_draft(session, draft.id).values()
            if row.ends_at is not None
        ],
        may_end=ends.may_end(viewer.actor, draft),
        bound=sorted(channels.items()),
    )


def _out(
    viewer: Viewer,
    draft: Draft,
    one: orders.Standing,
    channels: dict[str, str],
    names: dict[UUID, str],
    at: datetime,
) -> Out:
    done, newest = one.publication, one.newest
    rows = tuple(_row(viewer, order, done, draft, channels, names, at) for order in one.orders)
    tone, state = "good", "在发布"
    if newest is not None:
        waits = newest.state == OrderState.WAITING
        words = {OrderKind.CORRECT: "更正", OrderKind.RETRACT: "撤下", OrderKind.UNPUBLISH: "下架"}
        word = words[OrderKind(newest.kind)]
        tone, state = ("warn", f"待{word}") if waits else ("plain", f"已{word}")
    successor = next((str(order.remedy_id) for order in one.orders if order.successor_id), "")
    return Out(
        done.id,
        channels.get(done.channel, done.channel),
        done.url,
        done.external_id,
        done.digest,
        done.published_at,
        tone,
        state,
        successor,
        rows,
    )


def _row(
    viewer: Viewer,
    order: ChannelOrder,
    done: Publication,
    draft: Draft,
    channels: dict[str, str],
    names: dict[UUID, str],
    at: datetime,
) -> OrderRow:
    waits = order.state == OrderState.WAITING
    able = eligibility.may_confirm(viewer.actor, draft, order.channel)
    by = "发布工具" if order.by_tool else names.get(order.confirmed_by, "") if order.confirmed_by else ""
    return OrderRow(
        order.id,
        draft.id,
        draft.title,
        draft.number,
        channels.get(order.channel, order.channel),
        label(OrderKind(order.kind)),
        "warn" if waits else "good",
        label(OrderState(order.state)),
        order.note,
        done.url,
        order.remedy_id,
        order.ordered_at,
        order.due_at,
        waits and order.due_at < at,
        order.confirmed_at,
        by,
        order.remark,
        waits and able and order.kind != OrderKind.CORRECT,
    )


@router.get("/orders")
def list_waiting(
    request: Request,
    viewer: Reader,
    session: ReadSession,
    after: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """Show what channels have not confirmed, of drafts that the viewer may see, the longest overdue first."""
    permissions.require_board(viewer.actor)
    at = runtime_of(request).clock()
    rows, following = orders.waiting(session, viewer.actor, after=cursors.read(after), limit=PAGE)
    places = drafts.targets_of(session, {draft.id for _, _, draft in rows})
    return page(
        request,
        "orders.html",
        viewer=viewer,
        section="/board",
        rows=tuple(
            _row(viewer, order, done, draft, drafts.names_of(places.get(draft.id, ())), {}, at)
            for order, done, draft in rows
        ),
        first=after is None,
        more=f"/orders?after={cursors.written(following)}" if following else "",
    )


@router.post("/drafts/{draft_id}/corrections")
def correct(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Have something that is out corrected; the page of the draft that does it comes next."""
    return _open(request, sent, draft_id, RemedyKind.CORRECTION, "correction_opened")


@router.post("/drafts/{draft_id}/retractions")
def retract(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Have something that is out taken down; the page of its note comes next."""
    return _open(request, sent, draft_id, RemedyKind.RETRACTION, "retraction_opened")


def _open(request: Request, sent: SentForm, draft_id: UUID, kind: RemedyKind, said: str) -> Response:
    runtime = runtime_of(request)

    def verb(session: Session) -> UUID:
        command = _command(sent.form, kind)
        made = service.open_remedy(
            session, draft_id, command, actor=sent.actor, runtime=runtime, at=runtime.clock()
        )
        return made.id

    made = attempt(request, verb)
    if isinstance(made, AppError):
        return _again(request, sent, draft_id, made)
    return see_other(f"/drafts/{made}", said)


def _command(form: Form, kind: RemedyKind) -> OpenRemedy:
    known = {str(reason): reason for reason in RemedyReason}
    reason = known.get(form.word("reason"))
    if reason is None:
        raise Invalid("malformed", reasons=[Reason("reason_missing", field="reason")])
    return OpenRemedy(
        kind,
        reason,
        form.within("explanation", limits.REMEDY),
        form.within("note", limits.REMEDY),
        form.all("channels"),
    )


@router.post("/drafts/{draft_id}/end-times")
def set_end(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Say until when the draft may be out; without an instant that is lifted."""
    at = runtime_of(request).clock()
    typed = sent.form.word("ends_at")

    def verb(session: Session) -> None:
        comment = sent.form.within("comment", limits.END)
        wish = ends.SetEnd(sent.form.word("channel"), instant(sent.form, "ends_at"), comment)
        ends.set_end(session, draft_id, wish, actor=sent.actor, at=at)

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _again(request, sent, draft_id, error)
    return see_other(f"/drafts/{draft_id}/publications", "end_set" if typed else "end_lifted")


@router.post("/drafts/{draft_id}/withdrawals")
def drop(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Give up a correction or retraction that is with its author."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> None:
        comment = sent.form.within("comment", limits.DROP)
        service.drop(session, draft_id, comment=comment, actor=sent.actor, at=at)

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _again(request, sent, draft_id, error)
    return see_other(f"/drafts/{draft_id}", "remedy_dropped")


@router.post("/drafts/{draft_id}/orders/{order_id}/confirmations")
def confirm(request: Request, sent: SentForm, draft_id: UUID, order_id: UUID) -> Response:
    """Confirm by hand that something was taken down."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> None:
        remark = sent.form.within("remark", limits.CONFIRMATION)
        ordering.confirm_by_hand(session, order_id, remark=remark, actor=sent.actor, at=at)

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _again(request, sent, draft_id, error)
    return see_other(f"/drafts/{draft_id}/publications", "order_confirmed")


def _again(request: Request, sent: SentForm, draft_id: UUID, error: AppError) -> Response:
    with database_of(request).read() as session:
        return _page(request, sent.viewer, session, draft_id, error=error, form=sent.form)
