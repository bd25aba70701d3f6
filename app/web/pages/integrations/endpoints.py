"""Receivers outside: registered, tried, paused and resumed; what they were sent and what they answered."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.vocabulary import Event
from app.identity import permissions
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError
from app.infra.runtime import runtime_of
from app.web.forms import limits
from app.web.pages.integrations.tools import HOME, home, unit_of
from app.web.shell.actions import attempt, see_other
from app.web.shell.render import page
from app.web.shell.viewer import Reader, SentForm, Viewer
from app.webhooks import queries
from app.webhooks import service as webhooks
from app.webhooks.addresses.targets import AllowList
from app.webhooks.endpoints import replays
from app.webhooks.endpoints import service as managing
from app.webhooks.models import DeliveryState

router = APIRouter()

PAGE = 50
#: How far back failed messages are sent again by one press.
SPAN = timedelta(days=30)
STATES = {
    DeliveryState.WAITING: "等待发送",
    DeliveryState.DELIVERED: "已送达",
    DeliveryState.FAILED: "未送达",
}
#: Why a receiver is off, as it is told.
OFF = {"gone": "对方答复不再接收（410）", "failing": "连续多日发送失败", "by_administrator": "管理员停用"}
_VERBS: dict[str, tuple[Callable[..., object], str]] = {
    "pause": (managing.pause_endpoint, "endpoint_paused"),
    "resumption": (managing.resume_endpoint, "endpoint_resumed"),
    "activation": (managing.enable_endpoint, "endpoint_on"),
    "deactivation": (webhooks.deactivate_endpoint, "endpoint_off"),
    "tests": (managing.test_endpoint, "endpoint_tried"),
}


@router.post("/integrations/endpoints")
def create(request: Request, sent: SentForm) -> Response:
    """Register a receiver; the page that answers shows its secret, this once."""
    permissions.require_administrator(sent.actor)
    runtime, form = runtime_of(request), sent.form

    def verb(session: Session) -> webhooks.NewEndpoint:
        tool = form.word("tool")
        return webhooks.create_endpoint(
            session,
            unit_id=unit_of(form),
            url=form.within("url", limits.ENDPOINT),
            events=[event for event in Event if event in form.all("events")],
            tool_id=UUID(tool) if len(tool) == 36 else None,
            actor=sent.actor,
            allowed=AllowList.of(runtime.settings),
            master=runtime.secret,
            at=runtime.clock(),
        )

    made = attempt(request, verb)
    with database_of(request).read() as session:
        if isinstance(made, AppError):
            return home(request, sent.viewer, session, error=made)
        return _endpoint(request, sent.viewer, session, made.endpoint.id, secret=made.secret)


@router.get("/integrations/endpoints/{endpoint_id}")
def show(
    request: Request, viewer: Reader, session: ReadSession, endpoint_id: UUID, before: UUID | None = None
) -> Response:
    """Show a receiver and what it was sent, the newest first."""
    return _endpoint(request, viewer, session, endpoint_id, before=before)


@router.post("/integrations/endpoints/{endpoint_id}/secrets")
def rotate(request: Request, sent: SentForm, endpoint_id: UUID) -> Response:
    """Exchange the secret by which messages are signed; shown this once."""
    runtime = runtime_of(request)

    def verb(session: Session) -> webhooks.NewEndpoint:
        return managing.rotate_endpoint_secret(
            session,
            endpoint_id,
            at_once=sent.form.word("at_once") == "on",
            actor=sent.actor,
            master=runtime.secret,
            at=runtime.clock(),
        )

    made = attempt(request, verb)
    with database_of(request).read() as session:
        if isinstance(made, AppError):
            return _endpoint(request, sent.viewer, session, endpoint_id, error=made)
        return _endpoint(request, sent.viewer, session, endpoint_id, secret=made.secret)


@router.post("/integrations/endpoints/{endpoint_id}/replays")
def replay(request: Request, sent: SentForm, endpoint_id: UUID) -> Response:
    """Send again all that failed in the last thirty days."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> object:
        return replays.recover(session, endpoint_id, replays.Span(at - SPAN, at), actor=sent.actor, at=at)

    return _after(request, sent, endpoint_id, attempt(request, verb), "endpoint_replayed")


@router.post("/integrations/endpoints/{endpoint_id}/deletion")
def delete(request: Request, sent: SentForm, endpoint_id: UUID) -> Response:
    """Forget a receiver."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> None:
        managing.delete_endpoint(session, endpoint_id, actor=sent.actor, at=at)

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _after(request, sent, endpoint_id, error, "")
    return see_other(HOME, "endpoint_deleted")


@router.post("/integrations/endpoints/{endpoint_id}/state")
def state(request: Request, sent: SentForm, endpoint_id: UUID) -> Response:
    """Pause, resume, switch on or off, or try a receiver."""
    at = runtime_of(request).clock()
    act, said = _VERBS.get(sent.form.word("verb"), _VERBS["tests"])

    def verb(session: Session) -> object:
        return act(session, endpoint_id, actor=sent.actor, at=at)

    return _after(request, sent, endpoint_id, attempt(request, verb), said)


@router.post("/integrations/deliveries/{delivery_id}/replays")
def replay_one(request: Request, sent: SentForm, delivery_id: UUID) -> Response:
    """Send one message again, under the id that it had."""
    at = runtime_of(request).clock()
    with database_of(request).read() as session:
        endpoint_id = queries.delivery(session, delivery_id, sent.actor).delivery.endpoint_id

    def verb(session: Session) -> object:
        return webhooks.replay(session, delivery_id, actor=sent.actor, at=at)

    return _after(request, sent, endpoint_id, attempt(request, verb), "delivery_again")


@router.get("/integrations/deliveries/{delivery_id}")
def show_delivery(request: Request, viewer: Reader, session: ReadSession, delivery_id: UUID) -> Response:
    """Show one message byte for byte, and what each try was answered."""
    sent = queries.delivery(session, delivery_id, viewer.actor)
    return page(
        request,
        "integration_delivery.html",
        viewer=viewer,
        section=HOME,
        delivery=sent.delivery,
        message=sent.message,
        state=STATES[DeliveryState(sent.delivery.state)],
        tries=queries.attempts(session, delivery_id),
    )


def _after(request: Request, sent: SentForm, endpoint_id: UUID, outcome: object, said: str) -> Response:
    if isinstance(outcome, AppError):
        with database_of(request).read() as session:
            return _endpoint(request, sent.viewer, session, endpoint_id, error=outcome)
    return see_other(f"{HOME}/endpoints/{endpoint_id}", said)


def _endpoint(
    request: Request,
    viewer: Viewer,
    session: Session,
    endpoint_id: UUID,
    *,
    before: UUID | None = None,
    error: AppError | None = None,
    secret: str = "",
) -> Response:
    endpoint = managing.endpoint_in_reach(session, endpoint_id, viewer.actor, lock=False)
    found = queries.deliveries(
        session, viewer.actor, endpoint_id=endpoint.id, state=None, before=before, limit=PAGE + 1
    )
    shown = found[:PAGE]
    return page(
        request,
        "integration_endpoint.html",
        viewer=viewer,
        section=HOME,
        error=error,
        endpoint=endpoint,
        events=webhooks.events_of(endpoint),
        off=OFF.get(endpoint.disabled_reason or "", ""),
        secret=secret,
        deliveries=[(one.delivery, one.message, STATES[DeliveryState(one.delivery.state)]) for one in shown],
        more=f"{HOME}/endpoints/{endpoint.id}?before={shown[-1].delivery.id}" if len(found) > PAGE else "",
    )
