"""What a stage asks of the comments that whoever decides at it began."""

from uuid import UUID

from sqlmodel import Session

from app.annotations import queries as annotations
from app.domain.workflow import Participant
from app.reviews.cases import CaseInHand


def own_unsettled(session: Session, seen: CaseInHand, place: Participant) -> int:
    """Return how many comments and suggestions of whoever acts, and of whom they act for, are not settled.

    0, and no statement, where no stage that is open now asks for it.
    """
    if not any(stage.requires for stage, _ in seen.open_runs):
        return 0
    return annotations.unsettled_of(session, seen.draft.id, {UUID(person) for person in place.persons})
