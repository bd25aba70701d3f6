"""Reading tools, endpoints and deliveries within an administrator's reach."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from app.domain.vocabulary import Role
from app.identity.queries import Actor
from app.infra.errors import NotFound
from app.webhooks.models import (
    DeliveryState,
    PublishingTool,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery and the message that it carries."""

    delivery: WebhookDelivery
    message: WebhookMessage


def tools(session: Session, actor: Actor) -> list[PublishingTool]:
    """Return the tools of the units that the actor administers, by name; perhaps none."""
    query = select(PublishingTool).where(_in_reach(actor, col(PublishingTool.unit_path)))
    return list(session.exec(query.order_by(col(PublishingTool.name), col(PublishingTool.id))).all())


def endpoints(session: Session, actor: Actor) -> list[WebhookEndpoint]:
    """Return the endpoints that are the actor's to see, the oldest first; perhaps none."""
    there = col(WebhookEndpoint.disabled_reason).is_distinct_from("deleted")
    query = select(WebhookEndpoint).where(_own(actor), there)
    return list(session.exec(query.order_by(col(WebhookEndpoint.id))).all())


def deliveries(
    session: Session,
    actor: Actor,
    *,
    endpoint_id: UUID | None,
    state: DeliveryState | None,
    before: UUID | None,
    limit: int,
) -> list[Sent]:
    """Return up to `limit` deliveries, the newest first, to endpoints that are the actor's to see."""
    query = (
        select(WebhookDelivery, WebhookMessage)
        .join(WebhookMessage, col(WebhookMessage.id) == col(WebhookDelivery.message_id))
        .join(WebhookEndpoint, col(WebhookEndpoint.id) == col(WebhookDelivery.endpoint_id))
        .where(_own(actor))
        .order_by(col(WebhookDelivery.id).desc())
        .limit(limit)
    )
    if endpoint_id is not None:
        query = query.where(WebhookDelivery.endpoint_id == endpoint_id)
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    if before is not None:
        query = query.where(col(WebhookDelivery.id) < before)
    return [Sent(delivery, message) for delivery, message in session.exec(query).all()]


def delivery(session: Session, delivery_id: UUID, actor: Actor) -> Sent:
    """Return a delivery to an endpoint that is the actor's to see. Raises `NotFound`."""
    query = (
        select(WebhookDelivery, WebhookMessage)
        .join(WebhookMessage, col(WebhookMessage.id) == col(WebhookDelivery.message_id))
        .join(WebhookEndpoint, col(WebhookEndpoint.id) == col(WebhookDelivery.endpoint_id))
        .where(WebhookDelivery.id == delivery_id, _own(actor))
    )
    row = session.exec(query).one_or_none()
    if row is None:
        raise NotFound("not_found")
    return Sent(*row)


def attempts(session: Session, delivery_id: UUID) -> list[WebhookAttempt]:
    """Return every try of a delivery, the oldest first."""
    query = select(WebhookAttempt).where(WebhookAttempt.delivery_id == delivery_id)
    return list(session.exec(query.order_by(col(WebhookAttempt.id))).all())


def message(session: Session, message_id: UUID) -> WebhookMessage:
    """Return a message by its id, which must be that of one."""
    return session.get_one(WebhookMessage, message_id)


def _own(actor: Actor) -> ColumnElement[bool]:
    """Return which endpoints are the actor's to see: a tool's own, or those in an administrator's reach."""
    if actor.tool is not None:
        return col(WebhookEndpoint.tool_id) == actor.tool.id
    return _in_reach(actor, col(WebhookEndpoint.unit_path))


def _in_reach(actor: Actor, path: Mapped[str]) -> ColumnElement[bool]:
    if actor.via == "system":
        return path.startswith("/")
    reach = [path.startswith(grant.unit_path) for grant in actor.grants if grant.role is Role.SYSTEM_ADMIN]
    return or_(*reach) if reach else false()
