"""Where drafts stand, for lists: the stages that are open now."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.vocabulary import CaseState, DraftState, StageState
from app.drafts.models import Draft
from app.drafts.queries import visible_to
from app.identity.queries import Actor
from app.reviews import queries, workflows
from app.reviews.cases import CaseInHand, as_case, runs_of, workflow_of
from app.reviews.models import ReviewCase, StageRun


def standings(session: Session, found: Iterable[Draft]) -> tuple[CaseInHand, ...]:
    """Return how these drafts stand, in their order; those whose case has ended, or is with its author, not.

    Two statements, and one more for each workflow version that this process has not read yet.
    """
    listed = list(found)
    cases = queries.cases_of_drafts(session, [draft.id for draft in listed])
    going_on = [
        (draft, row)
        for draft in listed
        if (row := cases.get(draft.id)) is not None and row.state in {CaseState.RUNNING, CaseState.HELD}
    ]
    runs = runs_of(session, [row.id for _, row in going_on]).runs
    standing = []
    for draft, row in going_on:
        case = as_case(row, runs[row.id])
        standing.append(CaseInHand(row, draft, workflow_of(session, row, case), case))
    return tuple(standing)


def visible_cases(session: Session, actor: Actor, case_ids: Iterable[UUID]) -> dict[UUID, CaseInHand]:
    """Return those of these cases whose drafts the actor may see. Two statements, and unread workflows."""
    query = (
        select(ReviewCase, Draft)
        .join(Draft, col(Draft.id) == col(ReviewCase.draft_id))
        .where(col(ReviewCase.id).in_(set(case_ids)), visible_to(actor))
    )
    return queries.in_hand(session, session.exec(query).all())


def confirming(session: Session, submitter_id: UUID) -> tuple[CaseInHand, ...]:
    """Return how the drafts of somebody stand of which 核红 is open, the oldest first."""
    digests = session.scalars(
        select(ReviewCase.workflow_digest).where(ReviewCase.state == CaseState.RUNNING).distinct()
    ).all()
    stages = {
        stage.key
        for digest in digests
        for stage in workflows.version(session, digest).stages
        if stage.confirms_marks
    }
    query = (
        select(Draft)
        .join(ReviewCase, col(ReviewCase.draft_id) == col(Draft.id))
        .join(StageRun, col(StageRun.case_id) == col(ReviewCase.id))
        .where(
            Draft.submitter_id == submitter_id,
            Draft.state == DraftState.IN_REVIEW,
            ReviewCase.state == CaseState.RUNNING,
            StageRun.state == StageState.OPEN,
            col(StageRun.stage).in_(sorted(stages)),
        )
        .distinct()
        .order_by(col(Draft.id))
    )
    return standings(session, session.exec(query).all())


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
