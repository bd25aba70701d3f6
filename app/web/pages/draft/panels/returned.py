"""What a draft was last sent back for."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.domain.vocabulary import WITH_AUTHOR, Verdict
from app.drafts.models import Draft
from app.identity import queries as identity
from app.reviews import queries as reviews
from app.reviews import workflows


@dataclass(frozen=True, slots=True)
class Returned:
    """Who sent a draft back to its author, at which stage, when, and with which words."""

    by: str
    stage: str
    at: datetime
    comment: str


def last_return(session: Session, draft: Draft) -> Returned | None:
    """Return why the draft is back with its author; `None` when it is not, or nobody sent it back."""
    row = reviews.case_of_draft(session, draft.id) if draft.state in WITH_AUTHOR else None
    if row is None:
        return None
    decision = reviews.last_decision(session, row.id)
    if decision is None or decision.verdict != Verdict.SENT_BACK or decision.sent_to != "author":
        return None
    stage = workflows.version(session, row.workflow_digest).by_key.get(decision.stage)
    name = identity.names(session, [decision.actor_id]).get(decision.actor_id, "")
    # A stage that was added to the case stands in no version.
    title = stage.title if stage else "加签"
    return Returned(name, title, decision.decided_at, decision.comment)
