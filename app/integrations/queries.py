"""What a tool may know of itself."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.webhooks.models import PublishingTool, WebhookSecret


def tool(session: Session, tool_id: UUID) -> PublishingTool:
    """Return a tool by its id, which must be that of one."""
    return session.get_one(PublishingTool, tool_id)


def secrets(session: Session, tool_id: UUID, *, at: datetime) -> list[WebhookSecret]:
    """Return the secrets by which a tool may sign at `at`, the newest first; perhaps none."""
    query = select(WebhookSecret).where(WebhookSecret.tool_id == tool_id)
    rows = session.exec(query.order_by(col(WebhookSecret.id).desc())).all()
    return [row for row in rows if row.expires_at is None or row.expires_at > at]
