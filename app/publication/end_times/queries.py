"""Until when a draft may be out, channel by channel."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.publication.end_times.models import PublicationEnd


def of_draft(session: Session, draft_id: UUID) -> dict[str, PublicationEnd]:
    """Return what holds now for each channel that has a time of its own, and under "" for the others."""
    query = select(PublicationEnd).where(PublicationEnd.draft_id == draft_id).order_by(col(PublicationEnd.id))
    return {row.channel: row for row in session.exec(query).all()}


def end_of(session: Session, draft_id: UUID, channel: str) -> datetime | None:
    """Return until when a draft may be out on a channel; `None` without an end."""
    held = of_draft(session, draft_id)
    row = held.get(channel) or held.get("")
    return None if row is None else row.ends_at
