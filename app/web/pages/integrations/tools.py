"""Publishing tools and their keys, in the hands of an administrator; what is secret is shown once."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.channels import queries as channels
from app.identity import permissions
from app.identity import queries as identity
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError, Invalid, Reason
from app.infra.runtime import runtime_of
from app.integrations import service as keys
from app.integrations.models import ToolKey
from app.integrations.scopes import Scope
from app.web.forms import limits
from app.web.shell.actions import attempt, see_other
from app.web.shell.render import page
from app.web.shell.viewer import Form, Reader, SentForm, Viewer
from app.webhooks import queries as webhooks
from app.webhooks import service as webhooks_service
from app.webhooks.endpoints import service as managing

router = APIRouter()

HOME = "/integrations"
#: What each scope opens, as it is offered.
SCOPES = {
    Scope.READ_RELEASED: "读取已签发的内容",
    Scope.CLEAR: "发布前核对",
    Scope.REPORT: "回报发布、撤下",
    Scope.SUBMIT: "代编辑投稿",
}
#: For how long a key is offered to be good, in days; and how long the old one beside it, in hours.
DAYS = (90, 180, 365)
OVERLAPS = ((24, "24 小时"), (72, "3 天"), (0, "立即失效"))


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key on the page."""

    id: UUID
    name: str
    scopes: str
    places: str
    networks: str
    active: bool
    expires_at: datetime
    used_at: datetime | None
    used_from: str


@router.get("/integrations")
def listing(request: Request, viewer: Reader, session: ReadSession) -> Response:
    """Show tools and receivers of the units that one administers. Raises `Forbidden` for anybody else."""
    permissions.require_administrator(viewer.actor)
    return home(request, viewer, session)


@router.post("/integrations/tools")
def create(request: Request, sent: SentForm) -> Response:
    """Register a publishing tool; the page that answers shows its secret, this once."""
    permissions.require_administrator(sent.actor)
    runtime, form = runtime_of(request), sent.form

    def verb(session: Session) -> webhooks_service.NewTool:
        return webhooks_service.create_tool(
            session,
            unit_id=unit_of(form),
            name=name_of(form, limits.TOOL),
            channel_codes=_channels_of(form),
            actor=sent.actor,
            master=runtime.secret,
            at=runtime.clock(),
        )

    made = attempt(request, verb)
    with database_of(request).read() as session:
        if isinstance(made, AppError):
            return home(request, sent.viewer, session, error=made)
        return _tool(request, sent.viewer, session, made.tool.id, secret=made.secret, shown_is="签名密钥")


@router.get("/integrations/tools/{tool_id}")
def show(request: Request, viewer: Reader, session: ReadSession, tool_id: UUID) -> Response:
    """Show a tool: its channels and keys."""
    return _tool(request, viewer, session, tool_id)


@router.post("/integrations/tools/{tool_id}/keys")
def make_key(request: Request, sent: SentForm, tool_id: UUID) -> Response:
    """Make a key; the page that answers shows the whole of it, this once."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> keys.Made:
        return keys.make_key(session, tool_id, _wish(sent.form, at), actor=sent.actor, at=at)

    return _with_secret(request, sent, tool_id, attempt(request, verb))


@router.post("/integrations/tools/{tool_id}/keys/{key_id}/rotations")
def rotate_key(request: Request, sent: SentForm, tool_id: UUID, key_id: UUID) -> Response:
    """Exchange a key; the old one stays good for as long as was chosen."""
    at, overlap = runtime_of(request).clock(), timedelta(hours=sent.form.number("overlap", default=24))

    def verb(session: Session) -> keys.Made:
        if overlap > keys.LONGEST_OVERLAP:
            raise Invalid("malformed", reasons=[Reason("field", {"message": "最多 30 天。"}, "overlap")])
        return keys.rotate_key(session, tool_id, key_id, overlap=overlap, actor=sent.actor, at=at)

    return _with_secret(request, sent, tool_id, attempt(request, verb))


@router.post("/integrations/tools/{tool_id}/keys/{key_id}/revocation")
def revoke_key(request: Request, sent: SentForm, tool_id: UUID, key_id: UUID) -> Response:
    """End a key at once."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> object:
        return keys.revoke_key(session, tool_id, key_id, actor=sent.actor, at=at)

    return _done(request, sent, tool_id, verb, "key_revoked")


@router.post("/integrations/tools/{tool_id}/secrets")
def rotate_secret(request: Request, sent: SentForm, tool_id: UUID) -> Response:
    """Exchange the secret by which a tool signs; shown this once."""
    runtime = runtime_of(request)

    def verb(session: Session) -> webhooks_service.NewTool:
        return managing.rotate_tool_secret(
            session,
            tool_id,
            at_once=sent.form.word("at_once") == "on",
            actor=sent.actor,
            master=runtime.secret,
            at=runtime.clock(),
        )

    return _with_secret(request, sent, tool_id, attempt(request, verb), "签名密钥")


@router.post("/integrations/tools/{tool_id}/activity")
def switch(request: Request, sent: SentForm, tool_id: UUID) -> Response:
    """Let a tool ask and report, or do so no more."""
    at, on = runtime_of(request).clock(), sent.form.word("active") == "on"

    def verb(session: Session) -> object:
        return managing.switch_tool(session, tool_id, on=on, actor=sent.actor, at=at)

    return _done(request, sent, tool_id, verb, "tool_switched")


def home(request: Request, viewer: Viewer, session: Session, *, error: AppError | None = None) -> Response:
    """Show all tools and receivers, and the forms that register others."""
    units = identity.units_within(session, permissions.administered_units(viewer.actor))
    named = {unit.id: unit.name for unit in units}
    codes = {
        code: channel.name for unit in units for code, channel in channels.open_to(session, unit.path).items()
    }
    tools = webhooks.tools(session, viewer.actor)
    return page(
        request,
        "integrations.html",
        viewer=viewer,
        section=HOME,
        error=error,
        has_board=permissions.has_board(viewer.actor),
        tools=[(one, named.get(one.unit_id, ""), _names(json.loads(one.channels), codes)) for one in tools],
        endpoints=[(one, named.get(one.unit_id, "")) for one in webhooks.endpoints(session, viewer.actor)],
        units=[(str(unit.id), unit.name) for unit in units],
        channels=sorted(codes.items()),
        of_tools=[("", "不限于某个工具"), *((str(one.id), one.name) for one in tools)],
    )


def unit_of(form: Form) -> UUID:
    """Return the unit that was chosen. Raises `Invalid`."""
    try:
        return UUID(form.word("unit"))
    except ValueError as error:
        raise Invalid("malformed", reasons=[Reason("field", {"message": "请选择单位。"}, "unit")]) from error


def name_of(form: Form, within: limits.Limits) -> str:
    """Return the name that was typed. Raises `Invalid`."""
    name = form.within("name", within)
    if not name or not name.isprintable():
        message = "请填写名称，不能有换行和控制字符。"
        raise Invalid("malformed", reasons=[Reason("field", {"message": message}, "name")])
    return name


def _channels_of(form: Form) -> tuple[str, ...]:
    chosen = form.all("channels")
    if not chosen:
        raise Invalid("malformed", reasons=[Reason("field", {"message": "请至少选择一个阵地。"}, "channels")])
    return chosen


def _wish(form: Form, at: datetime) -> keys.NewKey:
    scopes = frozenset(scope for scope in Scope if scope in form.all("scopes"))
    if not scopes:
        raise Invalid("malformed", reasons=[Reason("field", {"message": "请至少选择一项权限。"}, "scopes")])
    form.all_within(limits.TOOL_KEY)
    return keys.NewKey(
        name_of(form, limits.TOOL_KEY),
        scopes,
        at + timedelta(days=form.number("days", default=DAYS[0])),
        networks=tuple(form.word("networks").replace("，", " ").replace(",", " ").split()),
        acts_for=form.word("acts_for"),
    )


def _with_secret(
    request: Request,
    sent: SentForm,
    tool_id: UUID,
    made: keys.Made | webhooks_service.NewTool | AppError,
    shown_is: str = "访问密钥",
) -> Response:
    with database_of(request).read() as session:
        if isinstance(made, AppError):
            return _tool(request, sent.viewer, session, tool_id, error=made)
        return _tool(request, sent.viewer, session, tool_id, secret=made.secret, shown_is=shown_is)


def _done(
    request: Request, sent: SentForm, tool_id: UUID, verb: Callable[[Session], object], said: str
) -> Response:
    error = attempt(request, verb)
    if isinstance(error, AppError):
        with database_of(request).read() as session:
            return _tool(request, sent.viewer, session, tool_id, error=error)
    return see_other(f"{HOME}/tools/{tool_id}", said)


def _tool(
    request: Request,
    viewer: Viewer,
    session: Session,
    tool_id: UUID,
    *,
    error: AppError | None = None,
    secret: str = "",
    shown_is: str = "",
) -> Response:
    tool = managing.tool_in_reach(session, tool_id, viewer.actor, lock=False)
    at = runtime_of(request).clock()
    known = channels.open_to(session, tool.unit_path)
    codes = {code: channel.name for code, channel in known.items()}
    context: dict[str, Any] = {
        "tool": tool,
        "channels": _names(json.loads(tool.channels), codes),
        "keys": [_line(one, codes, at) for one in keys.own_keys(session, tool.id)],
        "scopes": [(str(scope), words) for scope, words in SCOPES.items()],
        "days": [(str(days), f"{days} 天") for days in DAYS],
        "overlaps": [(str(hours), words) for hours, words in OVERLAPS],
        "secret": secret,
        "shown_is": shown_is,
    }
    return page(request, "integration_tool.html", viewer=viewer, section=HOME, error=error, **context)


def _line(key: ToolKey, codes: dict[str, str], at: datetime) -> KeyLine:
    scopes = "、".join(SCOPES[Scope(scope)] for scope in json.loads(key.scopes))
    places = _names([channel for channel, _ in json.loads(key.places)], codes) or "全部阵地"
    return KeyLine(
        key.id,
        key.name,
        scopes,
        places,
        "、".join(json.loads(key.networks)) or "任何网络",
        keys.is_good(key, at),
        key.revoked_at or key.expires_at,
        key.last_used_at,
        key.last_used_from or "",
    )


def _names(chosen: list[str], codes: dict[str, str]) -> str:
    return "、".join(codes.get(code, code) for code in dict.fromkeys(chosen))
