"""Reading cases: what awaits somebody, what they did, and one case with everything a page shows of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, literal_column, or_
from sqlmodel import Session, col, select

from app.domain.deadlines import is_late
from app.domain.refusals import Refusal
from app.domain.vocabulary import CaseState, StageState, Verb
from app.domain.workflow import Act, Actor, Case, Facts, Run, Stage, Workflow, objections, ways_back
from app.drafts import queries as drafts
from app.drafts.models import Draft, Revision
from app.identity import queries as identity
from app.identity.queries import Actor as Person
from app.infra.errors import NotFound
from app.reviews import workflows
from app.reviews.models import Decision, ReviewCase, StageRun
from app.reviews.store import as_actor, as_case, runs_of

#: Open stages looked at for one to-do list; further ones come with the next page.
WINDOW = 400
#: Where a page of the to-do list ended: when the last run looked at was opened, and its id.
Cursor = tuple[datetime, UUID]
# Written out rather than bound: a database uses a partial index only where it can read the condition.
_OPEN: ColumnElement[str] = literal_column(f"'{StageState.OPEN}'")
_RUNNING: ColumnElement[str] = literal_column(f"'{CaseState.RUNNING}'")
_AT_STAGE = (Verb.APPROVE, Verb.SEND_BACK, Verb.DECLINE, Verb.HOLD, Verb.CLAIM, Verb.UNCLAIM)
_AT_CASE = (Verb.RESUBMIT, Verb.RECALL, Verb.ANSWER)


@dataclass(frozen=True, slots=True)
class Option:
    """Something that can be done to a case, and what stands in the actor's way; nothing when they may."""

    verb: Verb
    refusals: tuple[Refusal, ...]

    @property
    def allowed(self) -> bool:
        """Whether the actor may."""
        return not self.refusals


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage on one line: its definition, its newest run if any, who may do what there."""

    stage: Stage
    line: str
    run: Run | None
    options: tuple[Option, ...]
    send_back_to: tuple[Stage, ...]

    @property
    def state(self) -> StageState:
        """The state of its newest run; waiting when there is none."""
        return StageState.WAITING if self.run is None else self.run.state


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case with everything that a page shows of it. `names` are those of all persons in it."""

    row: ReviewCase
    draft: Draft
    workflow: Workflow
    case: Case
    stages: tuple[StageView, ...]
    decisions: tuple[Decision, ...]
    options: tuple[Option, ...]
    names: dict[UUID, str]

    @property
    def open_marks(self) -> dict[str, int]:
        """How many marks of each line are not carried out."""
        return {line: int(count) for line, count in self.row.book.get("open_marks", {}).items()}

    @property
    def open(self) -> tuple[StageView, ...]:
        """The stages that are open now."""
        return tuple(one for one in self.stages if one.state is StageState.OPEN)


@dataclass(frozen=True, slots=True)
class Awaiting:
    """One open stage that waits for somebody."""

    row: ReviewCase
    draft: Draft
    stage: Stage
    run: Run
    run_id: UUID
    opened_at: datetime
    overdue: bool


def case_view(
    session: Session, case_id: UUID, actor: Person, *, at: datetime, facts: Facts | None = None
) -> CaseView:
    """Return a case that the actor may see, with what they can do now and why not.

    `facts` are what the caller knows of the text (blocking findings, say). A fixed number of statements.
    Raises `NotFound`.
    """
    query = (
        select(ReviewCase, Draft)
        .join(Draft, col(Draft.id) == col(ReviewCase.draft_id))
        .where(ReviewCase.id == case_id)
    )
    found = session.exec(query).one_or_none()
    if found is None or not drafts.may_see(session, found[1], actor):
        raise NotFound("not_found")
    row, draft = found
    workflow = workflows.version(session, row.workflow_digest)
    runs, _ = runs_of(session, [row.id])
    case = as_case(row, runs[row.id])
    decisions = tuple(
        session.exec(select(Decision).where(Decision.case_id == row.id).order_by(col(Decision.id))).all()
    )
    people = {one for decision in decisions for one in (decision.actor_id, decision.principal_id) if one}
    people |= {UUID(run.claimed_by) for run in case.runs if run.claimed_by}
    people |= {UUID(one) for one in case.authors} | {row.submitter_id}
    me = as_actor(actor, draft.unit_path)
    marks = {line: int(count) for line, count in row.book.get("open_marks", {}).items()}
    known = facts or Facts()
    return CaseView(
        row,
        draft,
        workflow,
        case,
        stages=tuple(_stage_views(case, workflow, me, known, marks, at)),
        decisions=decisions,
        options=tuple(
            Option(verb, objections(case, workflow, _at_case(verb, case), me, known, at)) for verb in _AT_CASE
        ),
        names=identity.names(session, people),
    )


def case_of_draft(session: Session, draft_id: UUID) -> ReviewCase | None:
    """Return the newest case of a draft; `None` when it was never submitted. Asks nobody."""
    query = (
        select(ReviewCase)
        .where(ReviewCase.draft_id == draft_id)
        .order_by(col(ReviewCase.opened_at).desc(), col(ReviewCase.id).desc())
        .limit(1)
    )
    return session.exec(query).one_or_none()


def cases_of_drafts(session: Session, draft_ids: Sequence[UUID]) -> dict[UUID, ReviewCase]:
    """Return the newest case of each of these drafts; drafts never submitted are left out. One statement."""
    query = select(ReviewCase).where(col(ReviewCase.draft_id).in_(draft_ids)).order_by(col(ReviewCase.id))
    return {row.draft_id: row for row in session.exec(query).all()}


def awaiting(session: Session, actor: Person, at: datetime, *, limit: int = 50) -> tuple[Awaiting, ...]:
    """Return the open stages where the domain would let this actor decide; overdue and oldest first.

    A stage that somebody else has claimed, one's own draft, a second place of a distinct set: none of them
    waits for the actor. Three statements, however many drafts there are.
    """
    return awaiting_page(session, actor, at, limit=limit)[0]


def awaiting_page(
    session: Session, actor: Person, at: datetime, *, after: Cursor | None = None, limit: int = 50
) -> tuple[tuple[Awaiting, ...], Cursor | None]:
    """Return a page of what `awaiting` returns, and where the next one begins; `None` behind the last.

    Pages follow the time of opening; on a page what is overdue comes first.
    """
    mine = _stages_of(session, actor)
    if not mine:
        return (), None
    query = (
        select(StageRun, ReviewCase, Draft)
        .join(ReviewCase, col(ReviewCase.id) == col(StageRun.case_id))
        .join(Draft, col(Draft.id) == col(ReviewCase.draft_id))
        .where(
            col(StageRun.state) == _OPEN,
            col(ReviewCase.state) == _RUNNING,
            col(StageRun.stage).in_(sorted(mine)),
            or_(col(StageRun.claimed_by).is_(None), col(StageRun.claimed_by) == actor.id),
            drafts.visible_to(actor),
        )
        .order_by(col(StageRun.opened_at), col(StageRun.id))
        .limit(WINDOW)
    )
    if after is not None:
        later = (col(StageRun.opened_at) == after[0]) & (col(StageRun.id) > after[1])
        query = query.where((col(StageRun.opened_at) > after[0]) | later)
    rows = session.exec(query).all()
    runs, _ = runs_of(session, {row.id for _, row, _ in rows})
    found: list[Awaiting] = []
    seen: Cursor | None = None
    for stored, row, draft in rows:
        if len(found) == limit:
            break
        opened_at = stored.opened_at or at
        seen = opened_at, stored.id
        workflow = workflows.version(session, row.workflow_digest)
        case = as_case(row, runs[row.id])
        run = case.current()[stored.stage, stored.line]
        act = Act(Verb.CLAIM, stored.stage, stored.line)
        if not objections(case, workflow, act, as_actor(actor, draft.unit_path), Facts(), at):
            stage = workflow.by_key[stored.stage]
            late = is_late(run.due_at, at)
            found.append(Awaiting(row, draft, stage, run, stored.id, opened_at, late))
    more = len(rows) == WINDOW or (bool(rows) and seen is not None and seen[1] != rows[-1][0].id)
    ordered = sorted(found, key=lambda one: (not one.overdue, one.opened_at, one.run_id))
    return tuple(ordered), seen if more else None


def done_by(
    session: Session, actor_id: UUID, *, before: UUID | None = None, limit: int = 50
) -> tuple[tuple[Decision, Draft], ...]:
    """Return the decisions that somebody made, the newest first, with their drafts; `before` pages on."""
    query = (
        select(Decision, Draft)
        .join(Draft, col(Draft.id) == col(Decision.draft_id))
        .where(Decision.actor_id == actor_id)
        .order_by(col(Decision.id).desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(col(Decision.id) < before)
    return tuple((decision, draft) for decision, draft in session.exec(query).all())


def last_decision(session: Session, case_id: UUID) -> Decision | None:
    """Return the newest decision of a case; `None` when nobody has decided."""
    query = select(Decision).where(Decision.case_id == case_id).order_by(col(Decision.id).desc()).limit(1)
    return session.exec(query).first()


def last_decided_revision(session: Session, draft_id: UUID, actor_id: UUID) -> Revision | None:
    """Return the text of the draft that somebody last decided on; `None` when they never did."""
    query = (
        select(Revision)
        .join(Decision, col(Decision.revision_id) == col(Revision.id))
        .where(Decision.draft_id == draft_id, Decision.actor_id == actor_id)
        .order_by(col(Decision.id).desc())
        .limit(1)
    )
    return session.exec(query).first()


def _stage_views(
    case: Case, workflow: Workflow, me: Actor, known: Facts, marks: dict[str, int], at: datetime
) -> Any:  # noqa: ANN401 – an iterator of StageView
    current = case.current()
    for stage in workflow.ordered:
        if not stage.by_people:
            for line in case.lines_of(stage):
                yield StageView(stage, line, current.get((stage.key, line)), (), ())
            continue
        for line in case.lines_of(stage):
            run = current.get((stage.key, line))
            if run is None or run.state is not StageState.OPEN:
                yield StageView(stage, line, run, (), ())
                continue
            facts = Facts(known.blockers, known.findings, marks.get(line, 0), known.channel_limits)
            options = tuple(
                Option(verb, objections(case, workflow, Act(verb, stage.key, line), me, facts, at))
                for verb in _AT_STAGE
                if verb in {Verb.CLAIM, Verb.UNCLAIM} or stage.outcome(verb) is not None
            )
            back = ways_back(case, workflow, current, stage, line)
            yield StageView(stage, line, run, options, tuple(workflow.by_key[key] for key in back))


def _at_case(verb: Verb, case: Case) -> Act:
    return Act(verb, digest=case.revision, comment="…")


def _stages_of(session: Session, actor: Person) -> frozenset[str]:
    """Return the keys of the stages, in any version known, whose `who` this actor could answer to."""
    roles = actor.roles()
    digests = session.scalars(
        select(ReviewCase.workflow_digest).where(col(ReviewCase.state) == _RUNNING).distinct()
    ).all()
    return frozenset(
        stage.key
        for digest in digests
        for stage in workflows.version(session, digest).stages
        if any(who.role is None or who.role in roles for who in stage.who)
    )


__all__ = [
    "Awaiting",
    "CaseView",
    "Option",
    "StageView",
    "awaiting",
    "case_of_draft",
    "case_view",
    "cases_of_drafts",
    "done_by",
    "last_decided_revision",
    "last_decision",
]
