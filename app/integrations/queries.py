"""What a tool may know of itself."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.webhooks.models import (
    DeliveryState,
    PublishingTool,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
    WebhookSecret,
)
from app.webhooks.queries import Sent


def tool(session: Session, tool_id: UUID) -> PublishingTool:
    """Return a tool by its id, which must be that of one."""
    return session.get_one(PublishingTool, tool_id)


def secrets(session: Session, tool_id: UUID, *, at: datetime) -> list[WebhookSecret]:
    """Return the secrets by which a tool may sign at `at`, the newest first; perhaps none."""
    query = select(WebhookSecret).where(WebhookSecret.tool_id == tool_id)
    rows = session.exec(query.order_by(col(WebhookSecret.id).desc())).all()
    return [row for row in rows if row.expires_at is None or row.expires_at > at]


def endpoints(session: Session, tool_id: UUID) -> list[WebhookEndpoint]:
    """Return the addresses that are a tool's own, the oldest first; perhaps none."""
    there = col(WebhookEndpoint.disabled_reason).is_distinct_from("deleted")
    query = select(WebhookEndpoint).where(WebhookEndpoint.tool_id == tool_id, there)
    return list(session.exec(query.order_by(col(WebhookEndpoint.id))).all())


def deliveries(
    session: Session,
    tool_id: UUID,
    *,
    endpoint_id: UUID | None,
    state: DeliveryState | None,
    before: UUID | None,
    limit: int,
) -> list[Sent]:
    """Return up to `limit` deliveries to a tool's own addresses, the newest first."""
    query = (
        select(WebhookDelivery, WebhookMessage)
        .join(WebhookMessage, col(WebhookMessage.id) == col(WebhookDelivery.message_id))
        .join(WebhookEndpoint, col(WebhookEndpoint.id) == col(WebhookDelivery.endpoint_id))
        .where(WebhookEndpoint.tool_id == tool_id)
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
