"""Reading cases: what awaits somebody, what they did, and one case with everything a page shows of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, literal_column, or_
from sqlmodel import Session, col, select

from app.domain.deadlines import is_late
from app.domain.refusals import Refusal
from app.domain.vocabulary import CaseState, StageKind, StageState, Verb
from app.domain.workflow import (
    AssessedText,
    Consult,
    Facts,
    Run,
    Stage,
    objections,
    scheduling,
    ways_back,
)
from app.domain.workflow.added_stages import MOST
from app.drafts import queries as drafts
from app.drafts.models import Draft, DraftReader, ReadingFor, Revision
from app.identity import queries as identity
from app.identity.queries import Actor
from app.infra.errors import NotFound
from app.reviews import threads, workflows
from app.reviews.cases import (
    CaseInHand,
    Loaded,
    acting,
    acting_at_case,
    as_case,
    as_participant,
    runs_of,
    workflow_of,
)
from app.reviews.models import Decision, ReviewCase, StageRun

#: Open stages looked at for one to-do list; further ones come with the next page.
WINDOW = 400
#: Where a page of the to-do list ended: when the last run looked at was opened, and its id.
Cursor = tuple[datetime, UUID]
# Written out rather than bound: a database uses a partial index only where it can read the condition.
_OPEN: ColumnElement[str] = literal_column(f"'{StageState.OPEN}'")
_RUNNING: ColumnElement[str] = literal_column(f"'{CaseState.RUNNING}'")
_DECIDING = (Verb.APPROVE, Verb.OPPOSE, Verb.ABSTAIN, Verb.SEND_BACK, Verb.DECLINE, Verb.HOLD)
_BETWEEN = (
    Verb.CLAIM,
    Verb.UNCLAIM,
    Verb.HAND_OVER,
    Verb.CONSULT,
    Verb.ADVISE,
    Verb.ADD_REVIEWER,
    Verb.REMIND,
)
_AT_CASE = (Verb.RESUBMIT, Verb.RECALL, Verb.ANSWER, Verb.COPY, Verb.RECUSE, Verb.EMBARGO, Verb.RECLASS)
#: Of these, what is done in the place of somebody else as well.
_FOR_OTHERS = frozenset({Verb.ANSWER, Verb.COPY, Verb.EMBARGO, Verb.RECLASS})
#: The keys of stages that were added to single cases.
_ADDED = frozenset(f"added_{number}" for number in range(1, MOST + 1))


@dataclass(frozen=True, slots=True)
class Option:
    """Something that can be done to a case, and what stands in the actor's way; nothing when they may.

    `line` is the one that it is done to, where it is done to one outside a stage.
    """

    verb: Verb
    refusals: tuple[Refusal, ...]
    line: str = ""

    @property
    def allowed(self) -> bool:
        """Whether the actor may."""
        return not self.refusals


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage on one line: its definition, its newest run if any, who may do what there.

    `acting_for` is in whose place the reader would act; `None` for their own.
    """

    stage: Stage
    line: str
    run: Run | None
    options: tuple[Option, ...]
    send_back_to: tuple[Stage, ...]
    acting_for: UUID | None = None

    def may(self, verb: Verb) -> bool:
        """Tell whether the reader may do this here now."""
        return any(option.verb is verb and option.allowed for option in self.options)

    @property
    def state(self) -> StageState:
        """The state of its newest run; waiting when there is none."""
        return StageState.WAITING if self.run is None else self.run.state


@dataclass(slots=True)
class StagesView(CaseInHand):
    """A case with its stages on each line, and what somebody may do at them."""

    stages: tuple[StageView, ...]

    @property
    def open(self) -> tuple[StageView, ...]:
        """The stages that are open now."""
        return tuple(one for one in self.stages if one.state is StageState.OPEN)


@dataclass(slots=True)
class CaseView(StagesView):
    """A case with everything that a page shows of it. `names` are those of all persons in it."""

    decisions: tuple[Decision, ...]
    options: tuple[Option, ...]
    names: dict[UUID, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """An opinion that is asked of somebody."""

    row: ReviewCase
    draft: Draft
    stage: Stage
    run: Run
    consult: Consult


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
    session: Session,
    case_id: UUID,
    actor: Actor,
    *,
    at: datetime,
    facts: AssessedText | None = None,
    loaded: Loaded | None = None,
    stored: tuple[ReviewCase, Draft] | None = None,
) -> CaseView:
    """Return a case that the actor may see, with what they can do now and why not.

    `facts` are what the caller knows of the text (blocking findings, say), `loaded` the case itself where the
    actor's own step has just left it, `stored` its rows where the caller has read them and knows that the
    actor may see the draft. A fixed number of statements. Raises `NotFound`.
    """
    if loaded is None:
        seen = _look(session, *stored) if stored is not None else _looked_for(session, case_id, actor)
    else:
        # A step may have added stages, so the workflow is asked for anew.
        workflow = workflow_of(session, loaded.row, loaded.case)
        seen = CaseInHand(loaded.row, loaded.draft, workflow, loaded.case)
    row, draft, workflow, case = seen.row, seen.draft, seen.workflow, seen.case
    decisions = tuple(session.exec(_DECISIONS, params={"case_id": row.id}).all())
    people = {one for decision in decisions for one in (decision.actor_id, decision.principal_id) if one}
    people |= {UUID(run.claimed_by) for run in case.runs if run.claimed_by}
    people |= {UUID(one) for one in case.authors} | {row.submitter_id}
    people |= {UUID(one) for consult in case.consults for one in (consult.asked, consult.by)}
    people |= {UUID(one) for added in case.added for one in (added.person, added.by)}
    people |= {UUID(one) for one in case.recused | case.copied}
    people |= {UUID(case.class_wish.by)} if case.class_wish is not None else set()
    people |= {one.principal for one in actor.standing_in}
    me = as_participant(actor, draft.unit_path)
    place = acting_at_case(actor, seen)
    marks = seen.marks
    known = replace(facts or AssessedText(), own_threads=threads.own_unsettled(session, seen, place))
    return CaseView(
        row,
        draft,
        workflow,
        case,
        stages=tuple(_stage_views(seen, actor, known, marks, at)),
        decisions=decisions,
        options=(
            *(
                Option(
                    verb,
                    objections(case, workflow, verb, place if verb in _FOR_OTHERS else me, known, at),
                )
                for verb in _AT_CASE
            ),
            *_taking_back(seen, actor, known, at),
        ),
        names=identity.names(session, people),
    )


# Every page of a case asks these: they are put together once.
_CASE = (
    select(ReviewCase, Draft)
    .join(Draft, col(Draft.id) == col(ReviewCase.draft_id))
    .where(ReviewCase.id == bindparam("case_id"))
)
_DECISIONS = select(Decision).where(Decision.case_id == bindparam("case_id")).order_by(col(Decision.id))


def _looked_for(session: Session, case_id: UUID, actor: Actor) -> CaseInHand:
    found = session.exec(_CASE, params={"case_id": case_id}).one_or_none()
    if found is None or not drafts.may_see(session, found[1], actor):
        raise NotFound("not_found")
    return _look(session, *found)


def _look(session: Session, row: ReviewCase, draft: Draft) -> CaseInHand:
    runs = runs_of(session, [row.id]).runs
    case = as_case(row, runs[row.id])
    return CaseInHand(row, draft, workflow_of(session, row, case), case)


def in_hand(session: Session, rows: Iterable[tuple[ReviewCase, Draft]]) -> dict[UUID, CaseInHand]:
    """Return these cases and their drafts as the domain sees them, by case. One statement, or none."""
    pairs = {row.id: (row, draft) for row, draft in rows}
    runs = runs_of(session, pairs).runs
    cases = {case_id: as_case(row, runs[case_id]) for case_id, (row, _) in pairs.items()}
    return {
        case_id: CaseInHand(row, draft, workflow_of(session, row, cases[case_id]), cases[case_id])
        for case_id, (row, draft) in pairs.items()
    }


def stages_of(
    session: Session, drafts_by_case: Mapping[UUID, Draft], actor: Actor, *, at: datetime
) -> dict[UUID, StagesView]:
    """Return these cases, by id, with what the actor may do at their stages; that they may see them is known.

    Two statements, and one for each workflow version not read before; none for no cases.
    """
    if not drafts_by_case:
        return {}
    rows = session.exec(select(ReviewCase).where(col(ReviewCase.id).in_(drafts_by_case))).all()
    runs, _ = runs_of(session, drafts_by_case)
    views = {}
    for row in rows:
        case = as_case(row, runs[row.id])
        seen = CaseInHand(row, drafts_by_case[row.id], workflow_of(session, row, case), case)
        stages = tuple(_stage_views(seen, actor, AssessedText(), seen.marks, at))
        views[row.id] = StagesView(row, seen.draft, seen.workflow, case, stages)
    return views


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
    """Return the newest case of each of these drafts; drafts never submitted are left out.

    One statement; none for no drafts.
    """
    if not draft_ids:
        return {}
    query = select(ReviewCase).where(col(ReviewCase.draft_id).in_(draft_ids)).order_by(col(ReviewCase.id))
    return {row.draft_id: row for row in session.exec(query).all()}


def awaiting(session: Session, actor: Actor, at: datetime, *, limit: int = 50) -> tuple[Awaiting, ...]:
    """Return the open stages where the domain would let this actor decide; overdue and oldest first.

    A stage that somebody else has claimed, one's own draft, a second place of a distinct set, 核红 of marks
    that nobody has carried out: none of them waits for the actor. Three statements, however many drafts there
    are.
    """
    return awaiting_page(session, actor, at, limit=limit)[0]


def awaiting_page(
    session: Session, actor: Actor, at: datetime, *, after: Cursor | None = None, limit: int = 50
) -> tuple[tuple[Awaiting, ...], Cursor | None]:
    """Return a page of what `awaiting` returns, and where the next one begins; `None` behind the last.

    Pages follow the time of opening; on a page what is overdue comes first.
    """
    mine = _stages_of(session, actor)
    query = (
        select(StageRun, ReviewCase, Draft)
        .join(ReviewCase, col(ReviewCase.id) == col(StageRun.case_id))
        .join(Draft, col(Draft.id) == col(ReviewCase.draft_id))
        .where(
            col(StageRun.state) == _OPEN,
            col(ReviewCase.state) == _RUNNING,
            col(StageRun.stage).in_(sorted(mine)),
            or_(
                col(StageRun.claimed_by).is_(None),
                col(StageRun.claimed_by).in_([actor.id, *(one.principal for one in actor.standing_in)]),
            ),
            drafts.visible_to(actor),
        )
        .order_by(col(StageRun.opened_at), col(StageRun.id))
        .limit(WINDOW)
    )
    if after is not None:
        later = (col(StageRun.opened_at) == after[0]) & (col(StageRun.id) > after[1])
        query = query.where((col(StageRun.opened_at) > after[0]) | later)
    rows = session.exec(query).all()
    runs = runs_of(session, {row.id for _, row, _ in rows}).runs
    found: list[Awaiting] = []
    seen: Cursor | None = None
    for stored, row, draft in rows:
        if len(found) == limit:
            break
        opened_at = stored.opened_at or at
        seen = opened_at, stored.id
        case = as_case(row, runs[row.id])
        workflow = workflow_of(session, row, case)
        run = case.current()[stored.stage, stored.line]
        spot = {"stage": stored.stage, "line": stored.line}
        stage, standing = workflow.by_key[stored.stage], CaseInHand(row, draft, workflow, case)
        # 核红 that waits for its marks to be carried out waits for the author.
        if stage.kind is StageKind.CONFIRM_MARKS and standing.marks_of(stored.line):
            continue
        me = acting(actor, standing, stored.stage, stored.line)
        if me is not None and not objections(case, workflow, Verb.CLAIM, me, Facts(), at, **spot):
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


def asked_of(session: Session, actor: Actor) -> tuple[Asked, ...]:
    """Return the opinions that are asked of somebody and not given yet, the oldest first. Two statements."""
    query = (
        select(ReviewCase, Draft)
        .join(Draft, col(Draft.id) == col(ReviewCase.draft_id))
        .join(DraftReader, col(DraftReader.draft_id) == col(Draft.id))
        .where(
            col(ReviewCase.state) == _RUNNING,
            DraftReader.user_id == actor.id,
            DraftReader.why == ReadingFor.ASKED,
        )
        .order_by(col(ReviewCase.id))
    )
    rows = session.exec(query).all()
    runs = runs_of(session, {row.id for row, _ in rows}).runs
    found = []
    for row, draft in rows:
        case = as_case(row, runs[row.id])
        workflow, current = workflow_of(session, row, case), case.current()
        for one in case.consults:
            run = current.get((one.stage, one.line))
            if one.answered or one.asked != str(actor.id) or run is None:
                continue
            if run.state is StageState.OPEN and run.round == one.round:
                found.append(Asked(row, draft, workflow.by_key[one.stage], run, one))
    return tuple(found)


def _stage_views(
    seen: CaseInHand, actor: Actor, known: AssessedText, marks: dict[str, int], at: datetime
) -> Iterator[StageView]:
    case, workflow = seen.case, seen.workflow
    current = case.current()
    for stage in workflow.ordered:
        if not stage.by_people:
            for line in case.lines_of(stage):
                yield StageView(stage, line, current.get((stage.key, line)), (), ())
            continue
        for line in case.lines_of(stage):
            run = current.get((stage.key, line))
            verbs = _verbs_at(stage, run, actor)
            if run is None or not verbs:
                yield StageView(stage, line, run, (), ())
                continue
            me = acting(actor, seen, stage.key, line) or as_participant(actor, seen.draft.unit_path)
            facts = replace(known, open_marks=marks.get(line, 0))
            if run.state is StageState.PASSED:
                facts = replace(known, open_marks=sum(marks.values()))
            options = tuple(
                Option(verb, objections(case, workflow, verb, me, facts, at, stage=stage.key, line=line))
                for verb in verbs
            )
            back = ways_back(case, workflow, current, stage, line) if run.state is StageState.OPEN else ()
            principal = UUID(me.principal) if me.principal else None
            ways = tuple(workflow.by_key[key] for key in back)
            yield StageView(stage, line, run, options, ways, principal)


def _verbs_at(stage: Stage, run: Run | None, actor: Actor) -> tuple[Verb, ...]:
    """Return the verbs that are worth asking about at a run: those of an open one, or to take it back."""
    if run is None or run.state not in {StageState.OPEN, StageState.PASSED}:
        return ()
    mine = (Verb.TAKE_BACK,) if not run.persons.isdisjoint(map(str, {actor.id, *actor.others})) else ()
    if run.state is StageState.PASSED:
        return mine
    deciding = tuple(verb for verb in _DECIDING if stage.outcomes_of(verb))
    return (*deciding, *_BETWEEN, *((Verb.OVERRIDE,) if stage.override else ()), *mine)


def _taking_back(seen: CaseInHand, actor: Actor, known: Facts, at: datetime) -> Iterator[Option]:
    """Yield whether a reader may take each scheduled line back from its time."""
    stage = scheduling.signing(seen.workflow)
    for line, _ in seen.case.scheduled:
        me = acting(actor, seen, stage.key if stage else "", line) or as_participant(
            actor, seen.draft.unit_path
        )
        verb = Verb.UNSCHEDULE
        yield Option(verb, objections(seen.case, seen.workflow, verb, me, known, at, line=line), line)


def _stages_of(session: Session, actor: Actor) -> frozenset[str]:
    """Return the keys of the stages, in any version known, whose `who` this actor could answer to."""
    roles = frozenset(grant.role for grant in actor.reach)
    digests = session.scalars(
        select(ReviewCase.workflow_digest).where(col(ReviewCase.state) == _RUNNING).distinct()
    ).all()
    return _ADDED | frozenset(
        stage.key
        for digest in digests
        for stage in workflows.version(session, digest).stages
        if any(who.role is None or who.role in roles for who in stage.who)
    )


__all__ = [
    "Asked",
    "Awaiting",
    "CaseView",
    "Option",
    "StageView",
    "asked_of",
    "awaiting",
    "case_of_draft",
    "case_view",
    "cases_of_drafts",
    "done_by",
    "last_decided_revision",
    "last_decision",
]
