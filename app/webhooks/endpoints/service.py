"""Tools and endpoints in the hands of an administrator: changed, switched off and on, secrets exchanged."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.vocabulary import Event, Role
from app.events.emit import emit
from app.events.payloads.machines import EndpointChanged, SecretAdded, ToolChanged
from app.identity import service as identity
from app.identity.models import Unit
from app.identity.queries import Actor
from app.infra.errors import Conflict, Invalid, NotFound
from app.infra.ids import new_id
from app.webhooks import standard
from app.webhooks.addresses import targets as addresses
from app.webhooks.addresses.targets import AllowList
from app.webhooks.models import (
    DeliveryState,
    PublishingTool,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
    WebhookSecret,
)
from app.webhooks.service import ROTATION, NewEndpoint, NewTool, add_secret, disable, promise, told_outside

#: Why an endpoint is off that was deleted; it is listed no more, and what was sent to it stays on record.
DELETED = "deleted"
#: The type of the message by which somebody tries whether a receiver hears.
TEST = "webhook.test"


def tool_in_reach(session: Session, tool_id: UUID, actor: Actor, *, lock: bool = True) -> PublishingTool:
    """Return a tool that the actor administers, its row locked if wished. Raises `NotFound`, `Forbidden`."""
    query = select(PublishingTool).where(PublishingTool.id == tool_id)
    tool = session.exec(query.with_for_update() if lock else query).one_or_none()
    if tool is None:
        raise NotFound("not_found")
    identity.unit_in_reach(session, tool.unit_id, actor, Role.SYSTEM_ADMIN)
    return tool


def endpoint_in_reach(
    session: Session, endpoint_id: UUID, actor: Actor, *, lock: bool = True
) -> WebhookEndpoint:
    """Return an endpoint that the actor administers, its row locked if wished.

    Raises `NotFound`, `Forbidden`.
    """
    query = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id)
    endpoint = session.exec(query.with_for_update() if lock else query).one_or_none()
    if endpoint is None or endpoint.disabled_reason == DELETED:
        raise NotFound("not_found")
    identity.unit_in_reach(session, endpoint.unit_id, actor, Role.SYSTEM_ADMIN)
    return endpoint


def rotate_tool_secret(
    session: Session, tool_id: UUID, *, at_once: bool, actor: Actor, master: bytes, at: datetime
) -> NewTool:
    """Make a new secret for a tool. The old ones stay good for a day, or, one having leaked, not a moment.

    Raises `NotFound`, `Forbidden`, `Conflict` for a tool that is switched off.
    """
    tool = tool_in_reach(session, tool_id, actor)
    if not tool.active:
        raise Conflict("tool_inactive")
    ended = _end_secrets(session, tool_id=tool.id, until=at if at_once else at + ROTATION)
    secret = add_secret(session, tool=tool, endpoint=None, master=master, at=at)
    payload = SecretAdded(tool=tool.id, revoked=ended if at_once else 0)
    admin = actor.as_audit(Role.SYSTEM_ADMIN)
    emit(session, Event.TOOL_SECRET_ADDED, payload, about=tool.id, actor=admin, at=at)
    return NewTool(tool, standard.printed(secret))


def switch_tool(session: Session, tool_id: UUID, *, on: bool, actor: Actor, at: datetime) -> PublishingTool:
    """Let a tool ask and report, or do so no more. Raises `NotFound`, `Forbidden`, `Conflict` if it is so."""
    tool = tool_in_reach(session, tool_id, actor)
    if tool.active is on:
        raise Conflict("tool_active" if on else "tool_inactive")
    tool.active = on
    session.add(tool)
    admin = actor.as_audit(Role.SYSTEM_ADMIN)
    payload = ToolChanged(tool=tool.id, active=on)
    emit(session, Event.TOOL_CHANGED, payload, about=tool.id, actor=admin, at=at)
    return tool


def rotate_endpoint_secret(
    session: Session, endpoint_id: UUID, *, at_once: bool, actor: Actor, master: bytes, at: datetime
) -> NewEndpoint:
    """Make a new secret for an endpoint's messages; they carry a signature by each that is still good.

    Raises `NotFound`, `Forbidden`.
    """
    endpoint = endpoint_in_reach(session, endpoint_id, actor)
    ended = _end_secrets(session, endpoint_id=endpoint.id, until=at if at_once else at + ROTATION)
    secret = add_secret(session, tool=None, endpoint=endpoint, master=master, at=at)
    payload = EndpointChanged(endpoint=endpoint.id, with_secret=True, revoked=ended if at_once else 0)
    _changed(session, endpoint, payload, actor, at)
    return NewEndpoint(endpoint, standard.printed(secret))


def change_endpoint(
    session: Session,
    endpoint_id: UUID,
    *,
    url: str | None,
    events: Sequence[Event] | None,
    actor: Actor,
    allowed: AllowList,
    at: datetime,
) -> WebhookEndpoint:
    """Change where an endpoint is, or what it hears of; None leaves a thing as it is.

    Raises `NotFound`, `Forbidden`, `Invalid` with every reason against the address or the events, `Conflict`
    when the unit has that address already.
    """
    endpoint = endpoint_in_reach(session, endpoint_id, actor)
    if url is not None:
        if reasons := addresses.faults(url, allowed=allowed):
            raise Invalid("webhook_endpoint_refused", reasons=reasons)
        endpoint.url = addresses.normal(url)
        _alone(session, endpoint)
        endpoint.failures, endpoint.failing_since, endpoint.resting_until = 0, None, None
    if events is not None:
        told_outside(events)
        endpoint.events = json.dumps(sorted(set(events)))
    session.add(endpoint)
    payload = EndpointChanged(endpoint=endpoint.id, url=endpoint.url, events=json.loads(endpoint.events))
    _changed(session, endpoint, payload, actor, at)
    return endpoint


def enable_endpoint(session: Session, endpoint_id: UUID, *, actor: Actor, at: datetime) -> WebhookEndpoint:
    """Tell an endpoint again of what happens from now on; what it missed can be replayed.

    Raises `NotFound`, `Forbidden`, `Conflict` when it is told already or the unit has its address again.
    """
    endpoint = endpoint_in_reach(session, endpoint_id, actor)
    if endpoint.active:
        raise Conflict("webhook_endpoint_active")
    _alone(session, endpoint)
    endpoint.active, endpoint.disabled_reason = True, None
    endpoint.failures, endpoint.failing_since, endpoint.resting_until = 0, None, None
    session.add(endpoint)
    _changed(session, endpoint, EndpointChanged(endpoint=endpoint.id, active=True), actor, at)
    return endpoint


def pause_endpoint(session: Session, endpoint_id: UUID, *, actor: Actor, at: datetime) -> WebhookEndpoint:
    """Send an endpoint nothing for a while; what comes for it waits, and nothing is given up.

    Raises `NotFound`, `Forbidden`, `Conflict` for one that is paused or switched off.
    """
    endpoint = endpoint_in_reach(session, endpoint_id, actor)
    if not endpoint.active:
        raise Conflict("webhook_endpoint_inactive")
    if endpoint.paused_at is not None:
        raise Conflict("webhook_endpoint_paused")
    endpoint.paused_at = at
    session.add(endpoint)
    _changed(session, endpoint, EndpointChanged(endpoint=endpoint.id, paused=True), actor, at)
    return endpoint


def resume_endpoint(session: Session, endpoint_id: UUID, *, actor: Actor, at: datetime) -> WebhookEndpoint:
    """Send an endpoint what has waited for it, and go on. Raises as the other."""
    endpoint = endpoint_in_reach(session, endpoint_id, actor)
    if endpoint.paused_at is None:
        raise Conflict("webhook_endpoint_not_paused")
    endpoint.paused_at = None
    session.add(endpoint)
    waiting = select(WebhookDelivery).where(
        WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.state == DeliveryState.WAITING
    )
    for delivery in session.exec(waiting.order_by(col(WebhookDelivery.id))).all():
        delivery.next_at = at
        session.add(delivery)
        promise(session, delivery, at=at)
    _changed(session, endpoint, EndpointChanged(endpoint=endpoint.id, paused=False), actor, at)
    return endpoint


def delete_endpoint(session: Session, endpoint_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Forget an endpoint: it is told nothing, its secrets end, and no list names it. Its record stays.

    Raises `NotFound`, `Forbidden`.
    """
    endpoint = endpoint_in_reach(session, endpoint_id, actor)
    _end_secrets(session, endpoint_id=endpoint.id, until=at)
    disable(session, endpoint, reason=DELETED, actor=actor.as_audit(Role.SYSTEM_ADMIN), at=at)


def test_endpoint(
    session: Session, endpoint_id: UUID, *, actor: Actor, at: datetime
) -> tuple[WebhookDelivery, WebhookMessage]:
    """Send an endpoint a message that says nothing but that it is a test, with all tries before it.

    Raises `NotFound`, `Forbidden`, `Conflict` for one that is switched off.
    """
    endpoint = endpoint_in_reach(session, endpoint_id, actor)
    if not endpoint.active:
        raise Conflict("webhook_endpoint_inactive")
    subject = f"endpoint:{endpoint.id}"
    body = {"type": TEST, "timestamp": at.isoformat(), "subject": subject, "draft_id": None, "sequence": 0}
    message = WebhookMessage(
        id=new_id(),
        type=TEST,
        subject=subject,
        sequence=0,
        body=json.dumps({**body, "data": {}}, separators=(",", ":")),
        created_at=at,
    )
    delivery = WebhookDelivery(
        id=new_id(), message_id=message.id, endpoint_id=endpoint.id, next_at=at, created_at=at
    )
    session.add(message)
    session.add(delivery)
    promise(session, delivery, at=at)
    payload = EndpointChanged(endpoint=endpoint.id, tested=str(message.id))
    _changed(session, endpoint, payload, actor, at)
    return delivery, message


def _alone(session: Session, endpoint: WebhookEndpoint) -> None:
    """Raise `Conflict` when another endpoint of the unit that is told has the same address."""
    session.exec(select(Unit.id).where(Unit.id == endpoint.unit_id).with_for_update()).one()
    other = session.exec(
        select(WebhookEndpoint.id).where(
            WebhookEndpoint.unit_id == endpoint.unit_id,
            WebhookEndpoint.url == endpoint.url,
            WebhookEndpoint.id != endpoint.id,
            col(WebhookEndpoint.active).is_(True),
        )
    ).first()
    if other is not None:
        raise Conflict("webhook_endpoint_exists", data={"endpoint": str(other)})


def _end_secrets(
    session: Session, *, until: datetime, tool_id: UUID | None = None, endpoint_id: UUID | None = None
) -> int:
    """Let the secrets of a tool or an endpoint end at `until`, unless they end before; return how many."""
    owner = WebhookSecret.tool_id == tool_id if tool_id else WebhookSecret.endpoint_id == endpoint_id
    ended = 0
    for old in session.exec(select(WebhookSecret).where(owner)).all():
        if old.expires_at is None or old.expires_at > until:
            old.expires_at = until
            session.add(old)
            ended += 1
    return ended


def _changed(
    session: Session, endpoint: WebhookEndpoint, payload: EndpointChanged, actor: Actor, at: datetime
) -> None:
    admin = actor.as_audit(Role.SYSTEM_ADMIN)
    emit(session, Event.WEBHOOK_ENDPOINT_CHANGED, payload, about=endpoint.id, actor=admin, at=at)
