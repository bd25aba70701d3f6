"""Where drafts stand, for lists: the stages that are open now."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.vocabulary import CaseState, StageState
from app.reviews import workflows
from app.reviews.models import ReviewCase, StageRun


def open_stages(session: Session, draft_ids: Sequence[UUID]) -> dict[UUID, tuple[str, ...]]:
    """Return the titles of the stages that are open for each of these drafts, each once, in their order.

    Drafts of which no stage is open are left out. One statement, and one more for each workflow version that
    this process has not read yet.
    """
    query = (
        select(ReviewCase.draft_id, ReviewCase.workflow_digest, StageRun.stage)
        .join(StageRun, col(StageRun.case_id) == col(ReviewCase.id))
        .where(
            col(ReviewCase.draft_id).in_(draft_ids),
            col(ReviewCase.state) == CaseState.RUNNING,
            col(StageRun.state) == StageState.OPEN,
        )
    )
    keys: dict[UUID, tuple[str, set[str]]] = {}
    for draft_id, digest, stage in session.exec(query).all():
        keys.setdefault(draft_id, (digest, set()))[1].add(stage)
    found = {}
    for draft_id, (digest, open_ones) in keys.items():
        version = workflows.version(session, digest)
        titles = [stage.title for stage in version.stages if stage.key in open_ones]
        # A stage that was added to the case stands in no version.
        added = ["加签"] if open_ones - version.by_key.keys() else []
        found[draft_id] = (*titles, *added)
    return found
