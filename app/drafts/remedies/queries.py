"""Which draft corrects or retracts which, and how far that has come."""

from collections.abc import Iterable
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.vocabulary import DraftState, RemedyKind
from app.drafts.models import Draft
from app.drafts.remedies.models import Remedy

#: While its draft is in one of these, a remedy is on its way: nothing was signed, nobody gave it up.
ON_ITS_WAY = frozenset({DraftState.EDITING, DraftState.IN_REVIEW, DraftState.RETURNED, DraftState.HELD})


def of_draft(session: Session, draft_id: UUID) -> Remedy | None:
    """Return what a draft corrects or retracts; `None` for one that stands by itself."""
    return session.get(Remedy, draft_id)


def is_opened_by(session: Session, draft_id: UUID, person_id: UUID) -> bool:
    """Tell whether this person had a draft opened to correct or retract another one."""
    remedy = of_draft(session, draft_id)
    return remedy is not None and remedy.opened_by == person_id


def to_draft(session: Session, draft_id: UUID) -> tuple[tuple[Remedy, Draft], ...]:
    """Return everything that corrects or retracts a draft, the oldest first; perhaps nothing."""
    query = (
        select(Remedy, Draft)
        .join(Draft, col(Draft.id) == col(Remedy.draft_id))
        .where(Remedy.of_draft_id == draft_id)
        .order_by(col(Remedy.draft_id))
    )
    return tuple((remedy, draft) for remedy, draft in session.exec(query).all())


def under_way(
    session: Session, draft_id: UUID, kinds: Iterable[RemedyKind] = tuple(RemedyKind)
) -> tuple[tuple[Remedy, Draft], ...]:
    """Return what is on its way to correct or retract a draft, the oldest first; perhaps nothing.

    What was signed for every channel is not on its way any more, though its draft is still to go out.
    """
    wanted = set(kinds)
    return tuple(
        (remedy, draft)
        for remedy, draft in to_draft(session, draft_id)
        if remedy.kind in wanted and draft.state in ON_ITS_WAY
    )
