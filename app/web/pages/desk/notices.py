"""What the viewer is told of, when it goes to them by mail, and the robots of their groups."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.vocabulary import MailMode, NoticeKind
from app.identity import permissions
from app.identity import queries as identity
from app.identity.models import User
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError, Invalid, Reason
from app.infra.runtime import runtime_of
from app.notifications import queries, service
from app.notifications.queries import Told
from app.notifications.robots import service as robots
from app.web.forms import limits
from app.web.shell.actions import attempt, see_other
from app.web.shell.render import page
from app.web.shell.viewer import Form, Reader, SentForm, Viewer
from app.webhooks.addresses.targets import AllowList
from app.words.labels import label

router = APIRouter()

PAGE = 50
#: Notices that something is wrong or late stand out; the rest says what it is by its word.
_TONES = {
    NoticeKind.STAGE_LATE: "warn",
    NoticeKind.STAGE_ESCALATED: "warn",
    NoticeKind.STAGE_DUE: "warn",
    NoticeKind.CALENDAR_MISSING: "block",
    NoticeKind.ENDPOINT: "warn",
    NoticeKind.BLOCKED: "block",
    NoticeKind.RETURNED: "warn",
    NoticeKind.DEBT_OWED: "warn",
    NoticeKind.PUBLISHED: "good",
    NoticeKind.CLEARED: "good",
    NoticeKind.STAGE_OPENED: "go",
    NoticeKind.HANDED_OVER: "go",
    NoticeKind.CONSULTED: "go",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One notice on the page."""

    id: UUID
    kind: str
    tone: str
    text: str
    path: str
    at: datetime
    unread: bool


@router.get("/notices")
def listing(request: Request, viewer: Reader, session: ReadSession, before: UUID | None = None) -> Response:
    """Show the viewer's notices, the unread ones first; reading the page marks nothing."""
    found = queries.listing(session, viewer.actor, before=before, limit=PAGE + 1)
    unread = queries.listing(session, viewer.actor, only_unread=True, limit=PAGE) if before is None else ()
    shown = found[:PAGE]
    return page(
        request,
        "notices.html",
        viewer=viewer,
        section="/notices",
        unread=[_line(one) for one in unread],
        read=[_line(one) for one in shown if before is not None or one.notice.read_at is not None],
        until=unread[0].notice.id if unread else None,
        more=f"/notices?before={shown[-1].notice.id}" if len(found) > PAGE else "",
        first=before is None,
        keeps_robots=permissions.administers(viewer.actor),
    )


@router.post("/notices/read")
def read_all(request: Request, sent: SentForm) -> Response:
    """Mark as read what the page showed, and nothing that came since."""
    at = runtime_of(request).clock()
    try:
        until = UUID(sent.form.word("until"))
    except ValueError as error:
        raise Invalid("malformed", reasons=[Reason("field", {"message": "应为 UUID。"}, "until")]) from error
    with database_of(request).write() as session:
        service.mark_all_read(session, until=until, actor=sent.actor, at=at)
    return see_other("/notices", "all_read")


@router.post("/notices/{notice_id}/read")
def read(request: Request, sent: SentForm, notice_id: UUID) -> Response:
    """Mark one notice as read, and go where it leads if that was asked for."""
    with database_of(request).write() as session:
        notice = service.mark_read(session, notice_id, actor=sent.actor, at=runtime_of(request).clock())
        found = queries.listing(session, sent.actor, before=UUID(int=notice.id.int + 1), limit=1)
    goes = sent.form.word("go") and found and found[0].notice.id == notice_id
    return see_other(found[0].path if goes else "/notices")


@router.get("/notices/preferences")
def preferences(request: Request, viewer: Reader, session: ReadSession) -> Response:
    """Show when each kind of notice goes to the viewer by mail."""
    return _preferences(request, viewer, session)


@router.post("/notices/preferences")
def prefer(request: Request, sent: SentForm) -> Response:
    """Store when the viewer wants which kinds by mail."""

    def verb(session: Session) -> None:
        wishes, seen = _wishes(sent.form), _wishes(sent.form, "was_")
        changed = {kind: mode for kind, mode in wishes.items() if seen.get(kind) is not mode}
        service.prefer(session, changed, seen=seen, actor=sent.actor)

    error = attempt(request, verb)
    if isinstance(error, AppError):
        with database_of(request).read() as session:
            return _preferences(request, sent.viewer, session, error, sent.form)
    return see_other("/notices/preferences", "preferences_kept")


@router.get("/notices/robots")
def list_robots(request: Request, viewer: Reader, session: ReadSession) -> Response:
    """Show the robots of the units that the viewer administers. Raises `Forbidden` for anybody else."""
    permissions.require_administrator(viewer.actor)
    return _robots(request, viewer, session)


@router.post("/notices/robots")
def create_robot(request: Request, sent: SentForm) -> Response:
    """Register the robot of a group."""
    permissions.require_administrator(sent.actor)
    runtime, form = runtime_of(request), sent.form

    def verb(session: Session) -> None:
        robots.create(
            session,
            unit_id=_unit_of(form),
            name=_name_of(form),
            url=form.within("url", limits.ROBOT),
            kinds=[kind for kind in NoticeKind if kind in form.all("kinds")],
            titles=form.word("titles") == "on",
            actor=sent.actor,
            allowed=AllowList.of(runtime.settings),
            master=runtime.secret,
            at=runtime.clock(),
        )

    error = attempt(request, verb)
    if isinstance(error, AppError):
        with database_of(request).read() as session:
            return _robots(request, sent.viewer, session, error, form)
    return see_other("/notices/robots", "robot_created")


@router.post("/notices/robots/{robot_id}/deactivation")
def deactivate_robot(request: Request, sent: SentForm, robot_id: UUID) -> Response:
    """Tell a robot nothing any more."""

    def verb(session: Session) -> None:
        robots.deactivate(session, robot_id, actor=sent.actor, at=runtime_of(request).clock())

    error = attempt(request, verb)
    if isinstance(error, AppError):
        with database_of(request).read() as session:
            return _robots(request, sent.viewer, session, error)
    return see_other("/notices/robots", "robot_disabled")


def _line(one: Told) -> Line:
    return Line(
        one.notice.id,
        label(one.kind),
        _TONES.get(one.kind, "info"),
        one.text,
        one.path,
        one.notice.created_at,
        one.notice.read_at is None,
    )


def _preferences(
    request: Request,
    viewer: Viewer,
    session: Session,
    error: AppError | None = None,
    form: Form | None = None,
) -> Response:
    now = queries.preferences(session, viewer.actor.id)
    return page(
        request,
        "notice_preferences.html",
        viewer=viewer,
        section="/notices",
        error=error,
        email=session.get_one(User, viewer.actor.id).email,
        sends=bool(runtime_of(request).settings.smtp_host),
        kept=now,
        wishes={kind: (form.word(kind) if form else "") or mode for kind, mode in now.items()},
        modes=list(MailMode),
    )


def _wishes(form: Form, before: str = "") -> dict[NoticeKind, MailMode]:
    """Return what a form chose, or showed by fields that begin so. Raises `Invalid` for what is no mode."""
    known = {member.value: member for member in MailMode}
    found = {}
    for kind in NoticeKind:
        word = form.word(before + kind)
        if word and word not in known:
            raise Invalid("malformed", reasons=[Reason("field", {"message": "请从所列项中选择。"}, kind)])
        if word:
            found[kind] = known[word]
    return found


def _robots(
    request: Request,
    viewer: Viewer,
    session: Session,
    error: AppError | None = None,
    form: Form | None = None,
) -> Response:
    units = identity.units_within(session, permissions.administered_units(viewer.actor))
    named = {unit.id: unit.name for unit in units}
    given: dict[str, Any] = {
        "name": form.word("name") if form else "",
        "unit": form.word("unit") if form else "",
        "kinds": form.all("kinds") if form else (),
        "titles": bool(form and form.word("titles")),
    }
    return page(
        request,
        "notice_robots.html",
        viewer=viewer,
        section="/notices",
        error=error,
        robots=[(one, named.get(one.unit_id, "")) for one in queries.robots(session, viewer.actor)],
        units=[(str(unit.id), unit.name) for unit in units],
        kinds=list(NoticeKind),
        given=given,
    )


def _unit_of(form: Form) -> UUID:
    try:
        return UUID(form.word("unit"))
    except ValueError as error:
        raise Invalid("malformed", reasons=[Reason("field", {"message": "请选择单位。"}, "unit")]) from error


def _name_of(form: Form) -> str:
    name = form.within("name", limits.ROBOT)
    if not name or not name.isprintable():
        message = "请填写名称，不能有换行和控制字符。"
        raise Invalid("malformed", reasons=[Reason("field", {"message": message}, "name")])
    return name
