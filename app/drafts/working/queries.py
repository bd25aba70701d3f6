"""What somebody is writing, for themselves; and who writes at the same draft, for each other."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from app.drafts.working.models import EditorPresence, WorkingCopy

#: How long somebody counts as present after their page was last heard of.
PRESENT = timedelta(seconds=60)


def own_copy(session: Session, draft_id: UUID, user_id: UUID) -> WorkingCopy | None:
    """Return what this person has written of a draft and not saved; `None` for nothing."""
    return session.get(WorkingCopy, (draft_id, user_id))


def others_writing(session: Session, draft_id: UUID, user_id: UUID, at: datetime) -> tuple[UUID, ...]:
    """Return who else has the edit page of a draft open now, the longest there first; perhaps nobody."""
    query = (
        select(EditorPresence.user_id)
        .where(
            EditorPresence.draft_id == draft_id,
            EditorPresence.user_id != user_id,
            col(EditorPresence.seen_at) > at - PRESENT,
        )
        .order_by(col(EditorPresence.user_id))
    )
    return tuple(session.exec(query).all())
