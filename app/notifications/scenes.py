"""What is told of: steps of drafts, and their drafts and cases at the time of telling, read together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.vocabulary import Event, StageState
from app.domain.workflow import Run
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.drafts.queries import Target
from app.identity.absences import service as absences
from app.reviews import eligibility
from app.reviews import queries as reviews
from app.reviews.cases import CaseInHand
from app.reviews.eligibility import Opening
from app.reviews.models import ReviewCase

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """One event, with its data on record and its number in the draft's stream."""

    event: Event
    data: Data
    seq: int


@dataclass(frozen=True, slots=True)
class Step:
    """What one transaction did to a draft: its events, and who did it (`None`: the system).

    Without `case_id` the draft's newest case is meant, if it has one.
    """

    draft_id: UUID
    case_id: UUID | None
    by: UUID | None
    said: Sequence[Said]

    @classmethod
    def promised(cls, payload: Mapping[str, Any]) -> "Step":
        """Return the step that the payload of a job holds."""
        return cls(
            UUID(payload["draft"]),
            UUID(payload["case"]) if payload["case"] else None,
            UUID(payload["by"]) if payload["by"] else None,
            [Said(Event(said["event"]), said["data"], said["seq"]) for said in payload["events"]],
        )


class Together:
    """What is asked of all drafts that are told of together: each question once, when it first comes up."""

    def __init__(
        self, session: Session, draft_ids: Sequence[UUID], cases: Sequence[CaseInHand], at: datetime
    ) -> None:
        self._session, self._draft_ids, self._cases, self._at = session, draft_ids, cases, at

    @cached_property
    def authors(self) -> dict[UUID, frozenset[UUID]]:
        """Who wrote any of each draft or handed it in."""
        return drafts.authors_of(self._session, self._draft_ids)

    @cached_property
    def targets(self) -> dict[UUID, tuple[Target, ...]]:
        """Where each draft is bound; drafts that are bound nowhere are left out."""
        return drafts.targets_of(self._session, self._draft_ids)

    @cached_property
    def eligible(self) -> dict[tuple[UUID, str, str], frozenset[UUID]]:
        """Who could act at each open stage that nobody has claimed, by case, stage and line."""
        openings = [
            Opening(case, stage, run.line)
            for case in self._cases
            for stage, run in case.open_runs
            if run.claimed_by is None and eligibility.is_open(case, stage, run.line)
        ]
        able = eligibility.who_could_act(self._session, openings, self._at)
        return {
            (opening.walking.row.id, opening.stage.key, opening.line): who.persons
            for opening, who in zip(openings, able, strict=True)
        }

    @cached_property
    def away(self) -> frozenset[UUID]:
        """Who is away today, of all people."""
        return absences.away(self._session, None, self._at)


@dataclass(frozen=True, slots=True)
class Scene:
    """A draft and its case at the time of telling; `loaded` is `None` before it was submitted."""

    session: Session
    draft: Draft
    loaded: CaseInHand | None
    at: datetime
    together: Together

    def run(self, data: Data) -> Run | None:
        """Return the open run that the data of an event names; `None` when it is not open any more."""
        if self.loaded is None:
            return None
        run = self.loaded.case.current().get((str(data.get("stage", "")), str(data.get("line", ""))))
        if run is None or run.state is not StageState.OPEN:
            return None
        return run if data.get("round") in {None, run.round} else None


def alone(session: Session, draft: Draft, loaded: CaseInHand | None, at: datetime) -> Scene:
    """Return the scene of a draft that is told of by itself."""
    together = Together(session, [draft.id], [] if loaded is None else [loaded], at)
    return Scene(session, draft, loaded, at, together)


def read(session: Session, steps: Sequence[Step], at: datetime) -> list[tuple[Step, Scene]]:
    """Return each step with its scene, in the order given; steps of drafts that are gone are left out.

    Four statements at most, however many steps.
    """
    ids = {step.draft_id for step in steps}
    about = {draft.id: draft for draft in session.exec(select(Draft).where(col(Draft.id).in_(ids))).all()}
    newest = reviews.cases_of_drafts(
        session, sorted({step.draft_id for step in steps if step.case_id is None})
    )
    named = {step.case_id for step in steps if step.case_id is not None}
    rows = session.exec(select(ReviewCase).where(col(ReviewCase.id).in_(named))).all() if named else ()
    cases = reviews.in_hand(
        session, ((row, about[row.draft_id]) for row in (*rows, *newest.values()) if row.draft_id in about)
    )
    together = Together(session, sorted(about), list(cases.values()), at)
    told = []
    for step in steps:
        case_id = step.case_id or (newest[step.draft_id].id if step.draft_id in newest else None)
        if step.draft_id in about:
            case = None if case_id is None else cases[case_id]
            told.append((step, Scene(session, about[step.draft_id], case, at, together)))
    return told
