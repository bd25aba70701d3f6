"""What an endpoint did not get, sent again: all that failed, or all of a span, and what it never was sent."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.vocabulary import Event, Role
from app.drafts.models import Draft
from app.events.emit import emit
from app.events.payloads.machines import Replayed
from app.identity.actors import Actor
from app.infra.errors import Conflict, Invalid, Reason
from app.infra.ids import new_id
from app.webhooks.delivery import hears
from app.webhooks.endpoints.service import endpoint_in_reach
from app.webhooks.models import (
    DeliveryState,
    PublishingTool,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
)
from app.webhooks.service import promise

#: So many messages are looked at by one call; the answer says where the next goes on.
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when messages came to be; `only_failed`: not those that were delivered."""

    since: datetime
    until: datetime
    only_failed: bool = True


@dataclass(frozen=True, slots=True)
class Recovered:
    """How many messages are sent again, and the instant from which the next call goes on, if it is to."""

    count: int
    go_on_from: datetime | None


def recover(session: Session, endpoint_id: UUID, span: Span, *, actor: Actor, at: datetime) -> Recovered:
    """Send an endpoint again what came to be in a span, each message under the id that it had, in order.

    What it hears of now and never was sent, for it was switched off, is sent too. What is under way is left.
    Raises `NotFound`, `Forbidden`, `Invalid` for a span that ends before it begins, `Conflict` for an
    endpoint that is switched off.
    """
    if span.until < span.since:
        raise Invalid("malformed", reasons=[Reason("span_reversed", field="body.until")])
    endpoint = endpoint_in_reach(session, endpoint_id, actor)
    if not endpoint.active:
        raise Conflict("webhook_endpoint_inactive")
    rows = session.exec(
        select(WebhookMessage, WebhookDelivery, Draft.unit_path)
        .outerjoin(
            WebhookDelivery,
            (col(WebhookDelivery.message_id) == col(WebhookMessage.id))
            & (col(WebhookDelivery.endpoint_id) == endpoint.id),
        )
        .outerjoin(Draft, col(Draft.id) == col(WebhookMessage.draft_id))
        .where(
            col(WebhookMessage.created_at) >= span.since,
            col(WebhookMessage.created_at) <= span.until,
            col(WebhookMessage.position).is_not(None),
        )
        .order_by(col(WebhookMessage.created_at), col(WebhookMessage.id))
        .limit(AT_ONCE + 1)
    ).all()
    served = dict(session.exec(select(PublishingTool.id, PublishingTool.channels)).all())
    count = 0
    for message, delivery, path in rows[:AT_ONCE]:
        if delivery is None:
            if hears(endpoint, message.type, message.channel, path, served):
                _again(session, _new(message, endpoint, at), endpoint, at)
                count += 1
        elif delivery.state == DeliveryState.FAILED or (
            delivery.state == DeliveryState.DELIVERED and not span.only_failed
        ):
            delivery.state, delivery.attempt = DeliveryState.WAITING, 0
            _again(session, delivery, endpoint, at)
            count += 1
    payload = Replayed(
        since=span.since.isoformat(), until=span.until.isoformat(), only_failed=span.only_failed, count=count
    )
    admin = actor.as_audit(Role.SYSTEM_ADMIN)
    emit(session, Event.WEBHOOK_REPLAYED, payload, about=endpoint.id, actor=admin, at=at)
    more = rows[AT_ONCE][0].created_at if len(rows) > AT_ONCE else None
    return Recovered(count, more)


def _new(message: WebhookMessage, endpoint: WebhookEndpoint, at: datetime) -> WebhookDelivery:
    return WebhookDelivery(id=new_id(), message_id=message.id, endpoint_id=endpoint.id, created_at=at)


def _again(session: Session, delivery: WebhookDelivery, endpoint: WebhookEndpoint, at: datetime) -> None:
    delivery.next_at = None if endpoint.paused_at else at
    session.add(delivery)
    if endpoint.paused_at is None:
        promise(session, delivery, at=at)
