"""What a draft keeps that was recalled and is handed in again: recalling is no way to start from nothing."""

from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.vocabulary import CaseState
from app.domain.workflow import Case
from app.reviews import routing
from app.reviews.cases import as_case, runs_of
from app.reviews.models import ReviewCase


class CarriedOver(NamedTuple):
    """A new case with what an earlier one left behind, and that for the record."""

    case: Case
    told: dict[str, Any]


def carried_over(session: Session, draft_id: UUID, case: Case) -> CarriedOver:
    """Return a new case with what an earlier one of the draft left behind, and that for the record.

    Kept are the class, every flag (those that reviewers raised too), the rounds that each stage has used, who
    has withdrawn, and the embargo. Nothing for a draft that was never recalled. Two statements at most.
    Raises `Invalid` for another class than the draft had.
    """
    query = (
        select(ReviewCase)
        .where(ReviewCase.draft_id == draft_id, ReviewCase.state == CaseState.RECALLED)
        .order_by(col(ReviewCase.opened_at).desc(), col(ReviewCase.id).desc())
        .limit(1)
    )
    row = session.exec(query).first()
    if row is None:
        return CarriedOver(case, {})
    runs = runs_of(session, [row.id]).runs
    earlier = as_case(row, runs[row.id])
    grade, flags = routing.kept(earlier, case.grade, case.flags)
    spots = dict.fromkeys([*(run.spot for run in earlier.runs), *(spot for spot, _ in earlier.rounds_before)])
    rounds = tuple((spot, used) for spot in sorted(spots) if (used := earlier.sent_back(spot)))
    case = replace(
        case,
        grade=grade,
        flags=flags,
        rounds_before=rounds,
        recused=earlier.recused,
        embargo_until=earlier.embargo_until,
    )
    told = {
        "case": str(row.id),
        "class": earlier.grade,
        "flags": sorted(earlier.flags),
        "rounds": [{"stage": stage, "line": line, "used": used} for (stage, line), used in rounds],
        "recused": sorted(earlier.recused),
    }
    return CarriedOver(case, {"after_recall": told})
