"""A case between the tables and the domain: loaded under its lock, and stored as the domain decided."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Text, TextClause, bindparam, cast, func, text
from sqlalchemy import select as sql_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from app.audit import seals
from app.domain.vocabulary import VOTED, CaseState, DraftState, StageState, Verb, Verdict
from app.domain.workflow import (
    AssessedText,
    Case,
    Effects,
    Facts,
    Grant,
    Participant,
    Run,
    Stage,
    Vote,
    Workflow,
    concerned,
    extended,
    objections,
    seats,
)
from app.drafts import queries as drafts
from app.drafts import service as draft_service
from app.drafts.models import Draft, Revision
from app.identity import permissions
from app.identity.actors import SamePersons
from app.identity.models import User
from app.identity.queries import Actor, Post
from app.infra.errors import NotFound
from app.infra.ids import new_id
from app.jobs import service as jobs
from app.jobs.kinds import JobKind
from app.reviews import workflows
from app.reviews.case_book import CaseBook
from app.reviews.models import Decision, ReviewCase, StageRun

RunKey = tuple[str, str, int]

#: How a decision that is a vote was meant.
SAYS: dict[str, Literal["yes", "no", "abstain"]] = {
    Verdict.APPROVED: "yes",
    Verdict.OPPOSED: "no",
    Verdict.ABSTAINED: "abstain",
}
#: What a case's state means for its draft.
DRAFT_STATES = {
    CaseState.BLOCKED: DraftState.RETURNED,
    CaseState.RUNNING: DraftState.IN_REVIEW,
    CaseState.RETURNED: DraftState.RETURNED,
    CaseState.HELD: DraftState.HELD,
    CaseState.RECALLED: DraftState.EDITING,
    CaseState.DECLINED: DraftState.DECLINED,
    CaseState.CLEARED: DraftState.CLEARED,
}


#: What is out, and what was taken down, stays so whatever else is done to its case.
OUT = frozenset({DraftState.PUBLISHED, DraftState.PUBLISHED_WITH_DEBT, DraftState.RETRACTED})
#: How a review that is owed says no to what is out already: its text is not its author's to change any more.
_SAID_NO = frozenset({CaseState.RETURNED, CaseState.DECLINED})


@dataclass(slots=True)
class CaseInHand:
    """A case as it lies in its table and as the domain sees it, with its draft and what it walks through.

    `workflow` is the version that the case walks, with the stages that were added to this case.
    """

    row: ReviewCase
    draft: Draft
    workflow: Workflow
    case: Case

    @property
    def book(self) -> CaseBook:
        """What is stored of it beside its runs."""
        return CaseBook.read(self.row.book)

    @property
    def marks(self) -> dict[str, int]:
        """How many marks of each line are not carried out."""
        return dict(self.book.open_marks or {})

    def marks_of(self, line: str) -> int:
        """Return how many marks of a line are not carried out."""
        return self.marks.get(line, 0)

    @property
    def open_runs(self) -> tuple[tuple[Stage, Run], ...]:
        """The stages that are open now, in their order, with their runs."""
        runs = [run for run in self.case.current().values() if run.state is StageState.OPEN]
        places = {stage.key: place for place, stage in enumerate(self.workflow.ordered)}
        return tuple(
            (self.workflow.by_key[run.stage], run) for run in sorted(runs, key=lambda run: places[run.stage])
        )

    @property
    def laying_out(self) -> bool:
        """Whether a proof is being laid out, so that a stage waits for it."""
        return any(run.state is StageState.WAITING for run in self.case.current().values())


@dataclass(slots=True)
class Loaded(CaseInHand):
    """A case in hand for a step, its rows held; `run_ids` are the ids of its stored runs."""

    revision: Revision
    run_ids: dict[RunKey, UUID] = field(default_factory=dict)
    #: What the rules say of its text, where the step has asked them.
    known: AssessedText | None = None


def load(session: Session, case_id: UUID, actor: Actor, *, lock: bool = True) -> Loaded:
    """Return a case that the actor may see, its draft and case rows held until the transaction ends.

    Two statements. Raises `NotFound` for an unknown case and for one that the actor may not know of.
    """
    found = session.exec(_case(lock=lock), params={"case_id": case_id}).one_or_none()
    if found is None:
        raise NotFound("not_found")
    if not drafts.may_see(session, found[0], actor):
        raise NotFound("not_found")
    return in_hand(session, *found).loaded


class InHand(NamedTuple):
    """A case for a step, and what was asked beside its runs, by label; nothing for a case without a run."""

    loaded: Loaded
    told: Mapping[str, Any]


def in_hand(
    session: Session,
    draft: Draft,
    row: ReviewCase,
    revision: Revision | None,
    *,
    beside: Sequence[ColumnElement[Any]] = (),
    **params: object,
) -> InHand:
    """Return a case for a step whose rows the caller has locked. One statement.

    `revision` is `None` where the case got another one while the lock was waited for. `beside` are labelled
    scalar subqueries over `params` that are asked in the same statement.
    """
    runs, ids, told = _runs_and(session, [row.id], tuple(beside), params)
    if revision is None:
        revision = session.get_one(Revision, row.revision_id)
    case = as_case(row, runs[row.id])
    workflow = workflow_of(session, row, case)
    return InHand(Loaded(row, draft, workflow, case, revision, ids.get(row.id, {})), told)


# Every step of a case asks these: they are put together once.
@cache
def _case(*, lock: bool) -> Select[Draft, ReviewCase, Revision | None]:
    # An outer join: when the case changed while the lock was waited for, PostgreSQL joins its new row to what
    # it read of the other tables before, and an inner join would drop it.
    query = (
        select(Draft, ReviewCase, Revision)
        .join(ReviewCase, col(ReviewCase.draft_id) == col(Draft.id))
        .outerjoin(Revision, col(Revision.id) == col(ReviewCase.revision_id))
        .where(ReviewCase.id == bindparam("case_id"))
    )
    if lock:
        # The draft first, here and everywhere: two that want both rows cannot wait for each other.
        query = query.with_for_update(of=[Draft, ReviewCase]).execution_options(populate_existing=True)
    return query


@lru_cache(maxsize=8)
def _runs(beside: tuple[ColumnElement[Any], ...] = ()) -> Any:  # noqa: ANN401 – so many columns have no type
    # The other accounts of the persons behind a vote: of hardly anybody, and so without a join.
    mine, other = aliased(User), aliased(User)
    behind = [col(Decision.actor_id), col(Decision.principal_id), col(Decision.through_id)]
    others = (
        select(func.aggregate_strings(cast(other.id, Text), ","))
        .join(mine, (col(mine.person_id) == col(other.person_id)) & (mine.id != other.id))
        .where(col(mine.id).in_(behind))
        .correlate(Decision)
        .scalar_subquery()
    )
    # Columns, not rows of the tables: nothing is changed through them, and they are read at half the price.
    return (
        sql_select(
            col(StageRun.id),
            col(StageRun.case_id),
            col(StageRun.stage),
            col(StageRun.line),
            col(StageRun.round),
            col(StageRun.state),
            col(StageRun.digest),
            col(StageRun.opened_at),
            col(StageRun.due_at),
            col(StageRun.claimed_by),
            col(Decision.actor_id),
            col(Decision.principal_id),
            col(Decision.bench),
            col(Decision.through_id),
            col(Decision.verdict),
            others,
            *beside,
        )
        .outerjoin(
            Decision,
            (col(Decision.stage_run_id) == col(StageRun.id)) & col(Decision.verdict).in_(sorted(VOTED)),
        )
        .where(col(StageRun.case_id).in_(bindparam("case_ids", expanding=True)))
        .order_by(col(StageRun.id), col(Decision.id))
    )


def workflow_of(session: Session, row: ReviewCase, case: Case) -> Workflow:
    """Return what a case walks through: its version, with the stages that were added to this case."""
    return extended(workflows.version(session, row.workflow_digest), case.added)


class StoredRuns(NamedTuple):
    """The runs of cases with their approvals, and the ids of the stored runs."""

    runs: dict[UUID, tuple[Run, ...]]
    ids: dict[UUID, dict[RunKey, UUID]]


def runs_of(session: Session, case_ids: Iterable[UUID]) -> StoredRuns:
    """Return the runs of these cases with their approvals, and the ids of the stored runs. One statement."""
    runs, ids, _ = _runs_and(session, list(case_ids), (), {})
    return StoredRuns(runs, ids)


class _RunsAnd(NamedTuple):
    runs: dict[UUID, tuple[Run, ...]]
    ids: dict[UUID, dict[RunKey, UUID]]
    told: dict[str, Any]


def _runs_and(
    session: Session,
    wanted: list[UUID],
    beside: tuple[ColumnElement[Any], ...],
    params: Mapping[str, object],
) -> _RunsAnd:
    rows: dict[UUID, Sequence[Any]] = {}
    votes: dict[UUID, list[Vote]] = defaultdict(list)
    told: dict[str, Any] = {}
    if not wanted:
        return _RunsAnd(defaultdict(tuple), defaultdict(dict), told)
    names = [str(column.key) for column in beside]
    for columns in session.execute(_runs(beside), {"case_ids": wanted, **params}):
        width = len(columns) - len(names)
        run_id, *row, actor, principal, bench, through, verdict, others = columns[:width]
        told = dict(zip(names, columns[width:], strict=True))
        rows[run_id] = row
        if actor is not None:
            also = frozenset(str(UUID(one)) for one in others.split(",")) if others else frozenset()
            vote = Vote(str(actor), _id(principal), bench, _id(through), says=SAYS[verdict], also=also)
            votes[run_id].append(vote)
    runs: dict[UUID, tuple[Run, ...]] = defaultdict(tuple)
    ids: dict[UUID, dict[RunKey, UUID]] = defaultdict(dict)
    for run_id, (case_id, stage, line, number, state, digest, opened_at, due_at, claimed_by) in rows.items():
        approvals = tuple(votes.get(run_id, ()))
        run = Run(
            stage, line, number, StageState(state), digest, opened_at, due_at, _id(claimed_by), approvals
        )
        runs[case_id] += (run,)
        ids[case_id][stage, line, number] = run_id
    return _RunsAnd(runs, ids, told)


def _id(stored: UUID | None) -> str | None:
    return None if stored is None else str(stored)


def as_case(row: ReviewCase, runs: tuple[Run, ...]) -> Case:
    """Return the domain's view of a stored case; `runs` hold the votes that were given in them."""
    book = CaseBook.read(row.book)
    return Case(
        state=CaseState(row.state),
        revision=row.revision_digest,
        targets=book.targets,
        authors=book.authors,
        runs=book.with_kept(runs),
        proofs=book.proofs,
        carriers=book.carriers,
        grade=book.grade,
        flags=book.flags,
        found=book.found,
        held_at=row.held_at,
        added=book.added,
        recused=book.recused,
        copied=book.copied,
        consults=book.consults,
        reminded=book.reminded,
        instead=book.instead,
        scheduled=tuple(
            (line, datetime.fromisoformat(instant)) for line, instant in sorted((row.scheduled or {}).items())
        ),
        embargo_until=row.embargo_until,
        ever_found=book.found | book.ever_found,
        routes=book.routes,
        rounds_before=book.rounds_before,
        units=book.units,
        author_posts=book.author_posts,
        class_wish=book.class_wish,
    )


def save(session: Session, loaded: Loaded, effects: Effects, *, at: datetime) -> None:
    """Store what the domain decided: the changed runs in one statement, the case, and the draft's state."""
    case, row = effects.case, loaded.row
    row.state, row.held_at = case.state, case.held_at
    row.embargo_until = case.embargo_until
    row.scheduled = {line: instant.isoformat() for line, instant in case.scheduled} or None
    row.book = CaseBook.of(case, open_marks=loaded.marks).stored()
    if row.revision_digest != case.revision:
        row.revision_id, row.revision_digest = loaded.revision.id, loaded.revision.digest
    row.version, row.updated_at = row.version + 1, at
    session.add(row)
    if effects.changed:
        _store_runs(session, loaded, effects.changed, at)
    owing = loaded.draft.state == DraftState.PUBLISHED_WITH_DEBT
    if owing and case.state in _SAID_NO:
        jobs.enqueue(
            session, JobKind.ANSWER_DEBTS, {"case_id": str(row.id)}, at=at, key=f"{row.id}:{row.version}"
        )
    if loaded.draft.state not in OUT or (owing and case.state is CaseState.CLEARED):
        draft_service.set_state(loaded.draft, DRAFT_STATES[case.state], at)
    first = min(case.scheduled, key=lambda scheduled: scheduled[1], default=None)
    draft_service.set_scheduled(loaded.draft, first, at)
    loaded.case = case


def _store_runs(session: Session, loaded: Loaded, runs: tuple[Run, ...], at: datetime) -> None:
    values = [
        {
            "id": loaded.run_ids.setdefault((run.stage, run.line, run.round), new_id()),
            "case_id": loaded.row.id,
            "stage": run.stage,
            "line": run.line,
            "round": run.round,
            "state": run.state,
            "digest": run.digest,
            "opened_at": run.opened_at,
            "due_at": run.due_at,
            "claimed_by": UUID(run.claimed_by) if run.claimed_by else None,
            "changed_at": at,
        }
        for run in runs
    ]
    params = {f"{name}_{row}": value for row, run in enumerate(values) for name, value in run.items()}
    session.connection().execute(_upsert(len(values)), params)
    seals.wrote(session, StageRun, values, stream=f"draft:{loaded.draft.id}")


@lru_cache(maxsize=256)
def _upsert(rows: int) -> TextClause:
    """Return the statement that stores so many runs, whichever of them are there already.

    Written out, for SQLAlchemy would put an INSERT of many rows together anew for every step.
    """
    columns = StageRun.__table__.columns  # type: ignore[attr-defined]
    listed = ", ".join(f"({', '.join(f':{column.name}_{row}' for column in columns)})" for row in range(rows))
    changing = ("state", "digest", "opened_at", "due_at", "claimed_by", "changed_at")
    statement = text(
        f"INSERT INTO stage_run ({', '.join(column.name for column in columns)}) VALUES {listed} "  # noqa: S608 – our names
        "ON CONFLICT (case_id, stage, line, round) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in changing)
    )
    return statement.bindparams(
        *(bindparam(f"{column.name}_{row}", type_=column.type) for row in range(rows) for column in columns)
    )


def as_participant(person: Actor, unit_path: str) -> Participant:
    """Return a person as the domain sees them at a draft of the unit at `unit_path`."""
    grants = tuple(
        Grant(grant.role, grant.channel, grant.section)
        for grant in person.grants
        if unit_path.startswith(grant.unit_path)
    )
    return Participant(
        person=str(person.id),
        name=person.login,
        grants=grants,
        posts=_posts(person.posts, unit_path),
        qualification=person.qualification,
        heads_author=_heads(person.posts, unit_path),
        heads_author_themself=_heads(person.posts, unit_path),
        same_as=_same_as(person.same),
        others=_others(person.same),
        own_others=_others(person.same),
    )


def _same_as(same: SamePersons) -> tuple[tuple[str, str], ...]:
    return tuple((str(account), str(person)) for account, person, _ in same)


def _others(same: SamePersons) -> frozenset[str]:
    return frozenset(str(other) for _, _, others in same for other in others)


def _posts(posts: Iterable[Post], unit_path: str) -> frozenset[str]:
    return frozenset(post.name for post in posts if unit_path.startswith(post.unit_path))


def _heads(posts: Iterable[Post], unit_path: str) -> bool:
    # The draft's unit is its author's department.
    return any(post.heads and post.unit_path == unit_path for post in posts)


def stand_ins(person: Actor, unit_path: str) -> tuple[Participant, ...]:
    """Return a person as the domain sees them in the place of each whom they stand in for there."""
    return tuple(
        Participant(
            person=str(person.id),
            name=stand_in.login,
            grants=tuple(
                Grant(grant.role, grant.channel, grant.section)
                for grant in stand_in.grants
                if unit_path.startswith(grant.unit_path)
            ),
            posts=_posts(stand_in.posts, unit_path),
            qualification=stand_in.qualification,
            heads_author=_heads(stand_in.posts, unit_path),
            heads_author_themself=_heads(person.posts, unit_path),
            principal=str(stand_in.principal),
            through=str(stand_in.through) if stand_in.through else None,
            same_as=_same_as((*person.same, *stand_in.same)),
            others=_others((*person.same, *stand_in.same)),
            own_others=_others(person.same),
        )
        for stand_in in person.standing_in
        if unit_path.startswith(stand_in.unit_path)
    )


def acting(
    person: Actor, loaded: CaseInHand, stage_key: str, line: str, *, on_behalf_of: UUID | None = None
) -> Participant | None:
    """Return in whose place a person acts at a stage: their own, else of somebody they stand in for.

    Where they could act in several places, the first in which nothing but the form stands in the way; at a
    stage that the workflow lacks, the first that has one open; `on_behalf_of` names one. `None` when they do
    not stand in for whom they name. Asks no database.
    """
    unit_path, own = loaded.draft.unit_path, as_participant(person, loaded.draft.unit_path)
    others = stand_ins(person, unit_path)
    if on_behalf_of == person.id:
        return own
    if on_behalf_of is not None:
        others = tuple(place for place in others if place.principal == str(on_behalf_of))
        own_first: tuple[Participant, ...] = others
    else:
        own_first = (own, *others)
    stage = loaded.workflow.by_key.get(stage_key)
    if len(own_first) < 2:
        return own_first[0] if own_first else None
    if stage is None:
        return _at_case(loaded, own_first)
    case, workflow, at = loaded.case, loaded.workflow, loaded.row.updated_at
    seated = [place for place in own_first if seats(case, stage, line, place)]
    free = (
        place
        for place in seated
        if not objections(case, workflow, Verb.CLAIM, place, Facts(), at, stage=stage_key, line=line)
    )
    return next(free, seated[0] if seated else own_first[0])


def acting_at_case(person: Actor, loaded: CaseInHand) -> Participant:
    """Return in whose place a person acts at a case, at no stage of it: as `acting`, their own in the end."""
    unit_path = loaded.draft.unit_path
    own, others = as_participant(person, unit_path), stand_ins(person, unit_path)
    return _at_case(loaded, (own, *others)) if others else own


def _at_case(loaded: CaseInHand, places: Sequence[Participant]) -> Participant:
    """Return the first place that has a seat at an open stage, else one at any; else the person's own."""
    case, workflow = loaded.case, loaded.workflow
    open_now = [run for run in case.current().values() if run.state is StageState.OPEN]
    for place in places:
        if any(seats(case, workflow.by_key[run.stage], run.line, place) for run in open_now):
            return place
    return next((place for place in places if concerned(case, workflow, place)), places[0])


def may_write(person: Actor, draft: Draft) -> bool:
    """Tell whether a person edits for the draft's unit."""
    return permissions.may_write(person, draft.unit_path)
