"""Moving open cases to the workflow version in force.

One person asks for a migration after a dry run, another grants it. See
docs/decisions/0031-migration-of-cases.md.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.vocabulary import Event, MigrationState, Role
from app.domain.workflow import Effects, Facts, Participant, extended
from app.domain.workflow.case import CLOSED
from app.domain.workflow.effects import Happened
from app.domain.workflow.migration import migrate
from app.drafts.models import Draft
from app.events.emit import emit, emit_step
from app.events.payloads.policies import OfMigration
from app.identity.access import authorize
from app.identity.queries import SYSTEM, Actor
from app.infra.errors import Conflict, Forbidden, Invalid, NotFound, Reason
from app.infra.http.problems import sentence
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from app.jobs import service as jobs
from app.jobs.kinds import JobKind
from app.reviews import calendar, screening, workflows
from app.reviews.apply import step_payload
from app.reviews.cases import Loaded, load, save
from app.reviews.migration import errors as _words  # noqa: F401 – the words of the codes below
from app.reviews.migration.plan import Planned, dry_run, people_of, planned_for, target
from app.reviews.models import ReviewCase, WorkflowMigration

#: Who may grant what a policy keeper asks for: another keeper, or who answers for what is published.
GRANTING = (Role.POLICY_KEEPER, Role.FINAL_REVIEWER)


def ask(
    session: Session,
    *,
    key: str,
    cases: Collection[UUID],
    reason: str,
    actor: Actor,
    runtime: Runtime,
    at: datetime,
) -> WorkflowMigration:
    """Ask that open cases be moved to the version in force; all that differ when none are named.

    Raises as `dry_run`, `Invalid` without a reason or for unknown cases, `Conflict` when there is nothing to
    move or some case may not be moved, with every reason of every case.
    """
    if not reason.strip():
        message = "请写明为什么要迁移。"
        raise Invalid("malformed", reasons=[Reason("field", {"message": message}, field="reason")])
    new, planned = dry_run(session, key=key, cases=cases, actor=actor, runtime=runtime, at=at)
    if unknown := set(cases) - {one.case_id for one in planned}:
        told = [
            Reason("migration_case_unknown", {"case": str(one)}, field="cases") for one in sorted(unknown)
        ]
        raise Invalid("malformed", reasons=told)
    if not planned:
        raise Conflict("migration_nothing")
    _none_refused(planned)
    row = WorkflowMigration(
        id=new_id(),
        key=key,
        to_digest=new.digest,
        cases=sorted(str(one.case_id) for one in planned),
        reason=reason.strip(),
        state=MigrationState.ASKED,
        asked_by=actor.id,
        asked_at=at,
    )
    session.add(row)
    session.flush()
    _record(session, Event.WORKFLOW_MIGRATION_ASKED, row, actor, Role.POLICY_KEEPER, at, reason)
    return row


def decide(
    session: Session,
    *,
    migration_id: UUID,
    grant: bool,
    comment: str = "",
    actor: Actor,
    runtime: Runtime,
    at: datetime,
) -> WorkflowMigration:
    """Grant a migration that another person asked for, and move its cases at once; or decline it.

    All cases are moved or none: one that has ended meanwhile or is there already is left as it is. Raises
    `NotFound`, `Forbidden` for the asker and for who may not grant for all of its cases, `Conflict` when it
    was decided, the file has changed since, or some case may not be moved any more.
    """
    query = select(WorkflowMigration).where(WorkflowMigration.id == migration_id).with_for_update()
    row = session.exec(query).one_or_none()
    if row is None or not sees_wishes(actor):
        raise NotFound("not_found")
    if actor.is_one_of(row.asked_by):
        raise Forbidden("forbidden", reasons=[Reason("own_migration")])
    if row.state != MigrationState.ASKED:
        raise Conflict("migration_decided")
    case_ids = [UUID(case_id) for case_id in row.cases]
    for unit_path in _units_of(session, case_ids):
        authorize(actor, *GRANTING, unit_path=unit_path)
    if grant:
        _move(session, row, case_ids, actor, runtime, at)
    row.state = MigrationState.GRANTED if grant else MigrationState.DECLINED
    row.decided_by, row.decided_at, row.comment = actor.id, at, comment.strip()
    session.add(row)
    event = Event.WORKFLOW_MIGRATION_GRANTED if grant else Event.WORKFLOW_MIGRATION_DECLINED
    _record(session, event, row, actor, _granting_role(actor), at, comment)
    return row


def _move(
    session: Session,
    row: WorkflowMigration,
    case_ids: Sequence[UUID],
    actor: Actor,
    runtime: Runtime,
    at: datetime,
) -> None:
    new = target(runtime.policies, row.key)
    if new.digest != row.to_digest:
        raise Conflict("migration_outdated")
    workflows.keep(session, new, at=at)
    people: dict[str, tuple[Participant, ...]] = {}
    due = calendar.due_by(runtime.policies)
    moving: list[tuple[Loaded, Planned]] = []
    for case_id in _in_order(session, case_ids):
        loaded = load(session, case_id, SYSTEM)
        if loaded.case.state in CLOSED or loaded.row.workflow_digest == new.digest:
            continue
        unit_path = loaded.draft.unit_path
        if unit_path not in people:
            people[unit_path] = people_of(session, unit_path)
        checked = screening.check(session, loaded, runtime=runtime, at=at)
        facts = Facts(blockers=checked.blockers, due=due)
        was = workflows.version(session, loaded.row.workflow_digest)
        answer = migrate(loaded.case, was, new, people=people[unit_path], facts=facts, at=at)
        moving.append((loaded, planned_for(case_id, loaded.draft, "", was, new, answer)))
    _none_refused([one for _, one in moving])
    for loaded, one in moving:
        assert one.effects is not None
        loaded.row.workflow_digest = new.digest
        loaded.workflow = extended(new, one.effects.case.added)
        save(session, loaded, one.effects, at=at)
        _emit(session, loaded, one.effects, row, actor, at)


def _emit(
    session: Session,
    loaded: Loaded,
    effects: Effects,
    row: WorkflowMigration,
    actor: Actor,
    at: datetime,
) -> None:
    case, wish = effects.case, {"migration": row.id, "asked_by": row.asked_by, "comment": row.reason}
    emit_step(
        session,
        [
            (happened.event, step_payload(loaded, effects, _because(happened, wish), {}))
            for happened in effects.events
        ],
        about=loaded.draft.id,
        actor=actor.as_audit(_granting_role(actor)),
        at=at,
    )
    for line in effects.needs_proof:
        payload = {"case_id": str(loaded.row.id), "line": line, "revision": case.revision}
        jobs.enqueue(session, JobKind.LAY_OUT, payload, at=at, key=f"{loaded.row.id}:{line}:{case.revision}")


def _because(happened: Happened, wish: Mapping[str, Any]) -> Happened:
    """Return the event that the case was moved with the wish that was granted; others as they are."""
    if happened.event is not Event.CASE_MIGRATED:
        return happened
    return replace(happened, data={**happened.data, **wish})


def _none_refused(planned: Iterable[Planned]) -> None:
    told = [
        Reason(
            "migration_case",
            {
                "case": str(one.case_id),
                "number": one.number,
                "code": str(refusal.code),
                "sentence": sentence(Reason(str(refusal.code), dict(refusal.data))),
            },
        )
        for one in planned
        for refusal in one.refusals
    ]
    if told:
        raise Conflict("migration_refused", reasons=told)


def sees_wishes(actor: Actor) -> bool:
    """Say whether somebody may know of the migrations that were asked for."""
    return bool(actor.roles() & set(GRANTING))


def grantable(session: Session, rows: Collection[WorkflowMigration], actor: Actor) -> frozenset[UUID]:
    """Return which of these migrations, by id, nobody has decided yet and the actor may grant or decline.

    Another person's, whose cases are all of units over which the actor holds one of the roles. One statement.
    """
    asked = [row for row in rows if row.state == MigrationState.ASKED and not actor.is_one_of(row.asked_by)]
    if not asked or not sees_wishes(actor):
        return frozenset()
    cases = {UUID(case) for row in asked for case in row.cases}
    query = (
        select(ReviewCase.id, Draft.unit_path)
        .join(Draft, col(Draft.id) == col(ReviewCase.draft_id))
        .where(col(ReviewCase.id).in_(cases))
    )
    paths = dict(session.exec(query).all())
    return frozenset(
        row.id
        for row in asked
        if all(_over(actor, path) for case in row.cases if (path := paths.get(UUID(case))) is not None)
    )


def _over(actor: Actor, unit_path: str) -> bool:
    return any(actor.has(role, unit_path=unit_path) for role in GRANTING)


def _units_of(session: Session, case_ids: Sequence[UUID]) -> list[str]:
    query = (
        select(Draft.unit_path)
        .join(ReviewCase, col(ReviewCase.draft_id) == col(Draft.id))
        .where(col(ReviewCase.id).in_(case_ids))
        .distinct()
    )
    return sorted(session.exec(query).all())


def _in_order(session: Session, case_ids: Sequence[UUID]) -> list[UUID]:
    # Drafts are locked in the order of their ids, so that two migrations cannot wait for each other.
    query = select(ReviewCase.id).where(col(ReviewCase.id).in_(case_ids)).order_by(col(ReviewCase.draft_id))
    return list(session.exec(query).all())


def _granting_role(actor: Actor) -> Role:
    return next(role for role in GRANTING if role in actor.roles())


def _record(
    session: Session,
    event: Event,
    row: WorkflowMigration,
    actor: Actor,
    role: Role,
    at: datetime,
    words: str,
) -> None:
    payload = OfMigration(migration=row.id, to=row.to_digest, cases=row.cases, comment=words.strip() or None)
    emit(session, event, payload, about=row.key, actor=actor.as_audit(role), at=at)
