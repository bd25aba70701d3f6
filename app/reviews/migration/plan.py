"""Workflow versions and the cases on them: which differ from the version in force, and a dry run."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.files.policy_files import PolicyFiles
from app.domain.refusals import Refusal, Refused
from app.domain.roles import DECIDING
from app.domain.vocabulary import MigrationState, Role
from app.domain.workflow import Effects, Facts, Participant, Workflow
from app.domain.workflow.migration import Differences, differences, migrate
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.identity import queries as identity
from app.identity.access import authorize
from app.identity.queries import Actor
from app.infra.errors import NotFound, Reason, Unavailable
from app.infra.runtime import Runtime
from app.reviews import calendar, routing, screening, workflows
from app.reviews.board.queries import GOING_ON
from app.reviews.cases import as_case, as_participant, runs_of
from app.reviews.models import ReviewCase, WorkflowMigration, WorkflowVersion

#: Roles whose holders can act at stages; those who keep the system cannot.
_ACTING = (Role.EDITOR, *sorted(DECIDING))


@dataclass(frozen=True, slots=True)
class InForce:
    """A workflow file as it is now: its version with what routing may add, or why there is none."""

    key: str
    title: str
    workflow: Workflow | None
    reasons: tuple[Reason, ...]
    cases: int
    differing: int


@dataclass(frozen=True, slots=True)
class Planned:
    """What a migration would do to one case: its effects, or every reason against it.

    `title` is empty for who may not see the draft.
    """

    case_id: UUID
    number: str
    title: str
    unit_path: str
    was: Workflow
    differs: Differences
    effects: Effects | None
    refusals: tuple[Refusal, ...]


def overview(session: Session, policies: PolicyFiles, actor: Actor) -> tuple[InForce, ...]:
    """Return every workflow file, by key, with how many open cases walk it and how many another version.

    Cases are counted for policy keepers, within the units whose policy they keep; for others they are 0.
    """
    by_key: dict[str, list[str]] = {}
    for row, key, _ in _open_cases(session, actor):
        by_key.setdefault(key, []).append(row.workflow_digest)
    found = []
    for key in routing.keys(policies):
        workflow, reasons = _readable(policies, key)
        digests = by_key.get(key, [])
        other = sum(workflow is None or digest != workflow.digest for digest in digests)
        title = workflow.title if workflow else key
        found.append(InForce(key, title, workflow, reasons, len(digests), other))
    return tuple(found)


def versions(session: Session, key: str) -> tuple[WorkflowVersion, ...]:
    """Return the versions of a workflow that cases ever began with, the newest first; perhaps none."""
    query = (
        select(WorkflowVersion)
        .where(WorkflowVersion.key == key)
        .order_by(col(WorkflowVersion.created_at).desc(), WorkflowVersion.digest)
    )
    return tuple(session.exec(query).all())


class DryRun(NamedTuple):
    """The version in force, and what moving each open case to it would do."""

    version: Workflow
    planned: tuple[Planned, ...]


def dry_run(
    session: Session,
    *,
    key: str,
    cases: Collection[UUID] = (),
    actor: Actor,
    runtime: Runtime,
    at: datetime,
) -> DryRun:
    """Return the version in force and exactly what moving the open cases that differ to it would do.

    `cases` names some of them; without any, all that the actor keeps the policy of. Changes nothing. Raises
    `Forbidden` for who keeps no policy, `NotFound` for an unknown workflow, `Unavailable` for a bad file.
    """
    authorize(actor, Role.POLICY_KEEPER)
    new = target(runtime.policies, key)
    wanted = [
        (row, draft)
        for row, known, draft in _open_cases(session, actor)
        if known == key and row.workflow_digest != new.digest and (not cases or row.id in cases)
    ]
    runs = runs_of(session, [row.id for row, _ in wanted]).runs
    people: dict[str, tuple[Participant, ...]] = {}
    due = calendar.due_by(runtime.policies)
    planned = []
    for row, draft in wanted:
        known = screening.known_facts(session, row.id, at=at)
        facts = Facts(blockers=known.blockers, due=due)
        if draft.unit_path not in people:
            people[draft.unit_path] = people_of(session, draft.unit_path)
        was, case = workflows.version(session, row.workflow_digest), as_case(row, runs[row.id])
        answer = migrate(case, was, new, people=people[draft.unit_path], facts=facts, at=at)
        title = draft.title if drafts.may_see(session, draft, actor) else ""
        planned.append(planned_for(row.id, draft, title, was, new, answer))
    return DryRun(new, tuple(planned))


def wishes(
    session: Session, key: str = "", *, state: MigrationState | None = None, limit: int = 20
) -> tuple[WorkflowMigration, ...]:
    """Return the migrations asked for, of one workflow or of all, the newest first; perhaps none."""
    query = select(WorkflowMigration).order_by(col(WorkflowMigration.id).desc()).limit(limit)
    if key:
        query = query.where(WorkflowMigration.key == key)
    if state is not None:
        query = query.where(WorkflowMigration.state == state)
    return tuple(session.exec(query).all())


def planned_for(
    case_id: UUID, draft: Draft, title: str, was: Workflow, new: Workflow, answer: Effects | Refused
) -> Planned:
    """Return what an answer of the domain means for a case, for showing."""
    refusals = answer.refusals if isinstance(answer, Refused) else ()
    effects = None if isinstance(answer, Refused) else answer
    return Planned(
        case_id, draft.number, title, draft.unit_path, was, differences(was, new), effects, refusals
    )


def _readable(policies: PolicyFiles, key: str) -> tuple[Workflow | None, tuple[Reason, ...]]:
    try:
        return routing.laid_out(policies, key), ()
    except Unavailable as error:
        return None, error.reasons


def target(policies: PolicyFiles, key: str) -> Workflow:
    """Return the version that cases of a workflow are moved to. Raises `NotFound`, `Unavailable`."""
    if key not in routing.keys(policies):
        raise NotFound("not_found")
    return routing.laid_out(policies, key)


def _open_cases(session: Session, actor: Actor) -> list[tuple[ReviewCase, str, Draft]]:
    """Return the open cases of the units whose policy the actor keeps, with the keys of their workflows."""
    kept = [grant.unit_path for grant in actor.grants if grant.role is Role.POLICY_KEEPER]
    if not kept:
        return []
    query = (
        select(ReviewCase, WorkflowVersion.key, Draft)
        .join(WorkflowVersion, col(WorkflowVersion.digest) == col(ReviewCase.workflow_digest))
        .join(Draft, col(Draft.id) == col(ReviewCase.draft_id))
        .where(GOING_ON)
        .order_by(col(ReviewCase.id))
    )
    return [
        (row, key, draft)
        for row, key, draft in session.exec(query).all()
        if any(draft.unit_path.startswith(path) for path in kept)
    ]


def everybody_of(session: Session, unit_path: str) -> tuple[Participant, ...]:
    """Return `people_of`, and colleagues without any role: a workflow may name them."""
    known = people_of(session, unit_path)
    others = [user.id for user in identity.colleagues(session, unit_path)]
    found = (
        identity.user_actor(session, other) for other in others if str(other) not in {a.person for a in known}
    )
    return (*known, *(as_participant(person, unit_path) for person in found if person is not None))


def people_of(session: Session, unit_path: str) -> tuple[Participant, ...]:
    """Return everybody who could act at a draft of this unit, as the domain sees them."""
    ids = {user.id: None for role in _ACTING for user in identity.holders(session, role, unit_path=unit_path)}
    ids |= {user.id: None for user in identity.posted(session, unit_path=unit_path)}
    found = (identity.user_actor(session, one) for one in ids)
    return tuple(as_participant(person, unit_path) for person in found if person is not None)
