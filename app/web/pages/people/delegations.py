"""Who is away and who stands in for whom: the lists, and the forms to enter and end either."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.channels import queries as channels
from app.domain.vocabulary import Role
from app.identity import permissions, queries
from app.identity.absences import service as absences
from app.identity.delegations import service as delegations
from app.identity.delegations.service import NewDelegation
from app.infra.clock import beijing
from app.infra.db import database_of
from app.infra.errors import AppError, Invalid, Reason
from app.infra.runtime import runtime_of
from app.web.forms import limits
from app.web.shell.actions import attempt, see_other
from app.web.shell.render import page
from app.web.shell.viewer import Form, SentForm, Viewer, Visitor
from app.words.labels import label

router = APIRouter()

_STATES = {"asked": "待同意", "coming": "未开始", "in_force": "进行中", "over": "已结束", "revoked": "已终止"}
_TONES = {"asked": "warn", "coming": "go", "in_force": "good", "over": "plain", "revoked": "plain"}
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A delegation in words."""

    id: UUID
    principal: str
    delegate: str
    starts_on: date
    ends_on: date
    scope: str
    absent: bool
    state: str
    tone: str
    may_end: bool
    may_confirm: bool


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody out of office in words; `reason` and the way back only for whom they concern."""

    id: UUID
    name: str
    starts_on: date
    ends_on: date
    reason: str
    coming: bool
    may_end: bool


@router.get("/delegations")
def show(request: Request, viewer: Visitor) -> Response:
    """Show the delegations from and to the viewer, and those of people they administer or audit."""
    return _page(request, viewer)


@router.post("/delegations")
def give(request: Request, sent: SentForm) -> Response:
    """Let somebody act for the viewer, or for somebody absent."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> bool:
        new = _new(sent.form, sent.actor.id)
        return delegations.delegate(session, new=new, actor=sent.actor, at=at).confirmed_at is not None

    holds = attempt(request, verb)
    if isinstance(holds, AppError):
        return _page(request, sent.viewer, error=holds, form=sent.form)
    return see_other("/delegations", "delegated" if holds else "delegation_asked")


@router.post("/delegations/{delegation_id}/confirmation")
def confirm(request: Request, sent: SentForm, delegation_id: UUID) -> Response:
    """Agree to a delegation that a security administrator asked for."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> None:
        delegations.confirm(session, delegation_id=delegation_id, actor=sent.actor, at=at)

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _page(request, sent.viewer, error=error)
    return see_other("/delegations", "delegation_confirmed")


@router.post("/delegations/{delegation_id}/revocation")
def end(request: Request, sent: SentForm, delegation_id: UUID) -> Response:
    """End a delegation at once."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> None:
        delegations.revoke(session, delegation_id=delegation_id, actor=sent.actor, at=at)

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _page(request, sent.viewer, error=error)
    return see_other("/delegations", "delegation_ended")


@router.post("/absences")
def leave(request: Request, sent: SentForm) -> Response:
    """Enter that the viewer, or somebody whom they administer, is out of office."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> None:
        form = sent.form
        absences.leave(
            session,
            user_id=_id(form.word("user") or str(sent.actor.id)),
            starts_on=_day(form, "from_on", "请填写开始日期。"),
            ends_on=_day(form, "to_on", "请填写结束日期。"),
            reason=form.within("why", limits.ABSENCE),
            actor=sent.actor,
            at=at,
        )

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _page(request, sent.viewer, error=error, form=sent.form)
    return see_other("/delegations", "absent")


@router.post("/absences/{absence_id}/return")
def come_back(request: Request, sent: SentForm, absence_id: UUID) -> Response:
    """Come back early, or call an absence off."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> None:
        absences.come_back(session, absence_id=absence_id, actor=sent.actor, at=at)

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _page(request, sent.viewer, error=error)
    return see_other("/delegations", "back")


def _id(word: str) -> UUID:
    try:
        return UUID(word)
    except ValueError:
        raise Invalid(
            "malformed", reasons=[Reason("field", {"message": "请选择一人。"}, field="user")]
        ) from None


def _day(form: Form, name: str, message: str) -> date:
    try:
        return date.fromisoformat(form.word(name))
    except ValueError:
        raise Invalid("malformed", reasons=[Reason("field", {"message": message}, field=name)]) from None


def _page(
    request: Request, viewer: Viewer, *, error: AppError | None = None, form: Form | None = None
) -> Response:
    at = runtime_of(request).clock()
    actor = viewer.actor
    office = permissions.gives_roles(actor)
    with database_of(request).read() as session:
        found = delegations.listing(session, actor, limit=_SHOWN)
        people = queries.colleagues(session, actor.unit_path)
        away = absences.listing(session, actor, at=at)
        codes = [(code, one.name) for code, one in channels.open_to(session, actor.unit_path).items()]
    return page(
        request,
        "delegations.html",
        viewer=viewer,
        section="/delegations",
        error=error,
        form=form or Form(),
        rows=tuple(_row(one, viewer, at_state=one.state(at)) for one in found),
        away=tuple(
            Away(
                one.row.id,
                one.name,
                one.row.starts_on,
                one.row.ends_on,
                one.row.reason if one.mine else "",
                one.state(at) == "coming",
                one.mine,
            )
            for one in away
        ),
        people=tuple((str(person.id), person.name) for person in people if person.id != actor.id),
        everybody=tuple((str(person.id), person.name) for person in people),
        channels=codes,
        roles=tuple((str(role), label(role)) for role in permissions.delegable(actor)),
        office=office,
        today=beijing(at).date().isoformat(),
    )


def _row(one: delegations.Shown, viewer: Viewer, *, at_state: str) -> Row:
    row = one.row
    words = [
        one.unit,
        row.channel,
        row.section,
        "、".join(label(Role(role)) for role in row.roles),
    ]
    return Row(
        row.id,
        one.principal,
        one.delegate,
        row.starts_on,
        row.ends_on,
        "，".join(word for word in words if word) or "全部职责",
        row.absent,
        _STATES[at_state],
        _TONES[at_state],
        at_state in {"asked", "coming", "in_force"} and delegations.may_revoke(one, viewer.actor),
        at_state == "asked" and delegations.may_confirm(one, viewer.actor),
    )


def _new(form: Form, own: UUID) -> NewDelegation:
    """Return what the form says. Raises `Invalid` with every field that cannot be read."""
    wrong: list[Reason] = []

    def read(name: str, kind: type[UUID] | type[date], message: str) -> UUID | date | None:
        word = form.word(name)
        try:
            return UUID(word) if kind is UUID else date.fromisoformat(word)
        except ValueError:
            wrong.append(Reason("field", {"message": message}, field=name))
            return None

    delegate_id = read("delegate", UUID, "请从名单中选择代理人。")
    starts_on = read("starts_on", date, "请填写开始日期。")
    ends_on = read("ends_on", date, "请填写结束日期。")
    principal = read("principal", UUID, "请选择被代理人。") if form.word("principal") else own
    known = {str(role) for role in Role}
    if not set(form.all("role")) <= known:
        wrong.append(Reason("field", {"message": "没有这种职责。"}, field="role"))
    if wrong:
        raise Invalid("malformed", reasons=wrong)
    assert isinstance(delegate_id, UUID)
    assert isinstance(principal, UUID)
    assert isinstance(starts_on, date)
    assert isinstance(ends_on, date)
    return NewDelegation(
        principal_id=principal,
        delegate_id=delegate_id,
        starts_on=starts_on,
        ends_on=ends_on,
        channel=form.word("channel") or None,
        roles=[Role(one) for one in form.all("role")],
        absent=form.word("absent") == "yes",
        reason=form.within("reason", limits.DELEGATION),
    )
