"""The API of workflow versions: what is in force, which open cases differ, and moving them."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import FastAPI, Path, Query, Request
from pydantic import BaseModel, Field

from app.domain.vocabulary import MigrationState
from app.domain.workflow.migration import Differences
from app.identity.access import CurrentActor, authorize
from app.infra.db import ReadSession, WriteSession
from app.infra.errors import Reason
from app.infra.http.examples import taken
from app.infra.http.links import made
from app.infra.http.problems import sentence
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.reviews.migration import plan as versions
from app.reviews.migration import service as migrating
from app.reviews.migration.plan import Planned
from app.reviews.migration.service import GRANTING
from app.reviews.models import WorkflowMigration
from app.reviews.schemas import Comment, RefusalOut, _In

router = ApiRouter(tags=["workflows"])
Key = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class MigrationFaultOut(BaseModel):
    """Why a file cannot be used."""

    code: str
    message: str
    data: dict[str, Any]


class InForceOut(BaseModel):
    """A workflow file as it is now; without a digest it cannot be used, and `faults` say why.

    `cases` and `differing` are counted for policy keepers, within the units whose policy they keep.
    """

    key: str
    title: str
    digest: str | None
    faults: list[MigrationFaultOut]
    cases: int
    differing: int


class PlannedOut(BaseModel):
    """What moving one case would do; `opens` are stages that open at once; `title` only for who may see."""

    case_id: UUID
    draft_number: str
    title: str
    workflow: str
    differences: dict[str, Any]
    allowed: bool
    refusals: list[RefusalOut]
    opens: list[str]


class MigrationOut(BaseModel):
    """A wish to move cases, and what became of it."""

    id: UUID
    key: str
    to_digest: str
    cases: list[UUID]
    reason: str
    state: MigrationState
    asked_by: UUID
    decided_by: UUID | None
    comment: str


class DryRunOut(BaseModel):
    """Exactly what would happen to each open case that differs from what is in force, and wishes so far."""

    digest: str
    cases: list[PlannedOut]
    asked: list[MigrationOut]


class MigrationIn(_In):
    """Asking: which cases (all that differ when none are named), and why."""

    model_config = taken(reason="新流程增加了保密审查")

    cases: list[UUID] = Field(default_factory=list, max_length=1000)
    reason: Annotated[Comment, Field(json_schema_extra={"minLength": 1, "pattern": r"\S"})]


class MigrationGrantIn(_In):
    """Deciding on what another person asked for."""

    model_config = taken(grant=True, comment="已核对各稿所在环节。")

    grant: bool
    comment: Comment = ""


@router.get("/workflows")
def list_workflows(request: Request, session: ReadSession, actor: CurrentActor) -> list[InForceOut]:
    """List the workflow files in force, with how many open cases walk another version of each."""
    found = versions.overview(session, runtime_of(request).policies, actor)
    return [
        InForceOut(
            key=one.key,
            title=one.title,
            digest=one.workflow.digest if one.workflow else None,
            faults=[
                MigrationFaultOut(code=why.code, message=sentence(why), data=why.data) for why in one.reasons
            ],
            cases=one.cases,
            differing=one.differing,
        )
        for one in found
    ]


@router.get("/workflows/{key}/migration")
def try_migration(
    key: Key,
    request: Request,
    session: ReadSession,
    actor: CurrentActor,
    case: Annotated[list[UUID] | None, Query(max_length=1000)] = None,
) -> DryRunOut:
    """Say what a migration to the version in force would do, case by case. Changes nothing."""
    runtime = runtime_of(request)
    new, planned = versions.dry_run(
        session, key=key, cases=case or (), actor=actor, runtime=runtime, at=runtime.clock()
    )
    asked = [_migration(one) for one in versions.wishes(session, key)]
    return DryRunOut(digest=new.digest, cases=[_planned(one) for one in planned], asked=asked)


@router.post("/workflows/{key}/migration", status_code=201, responses={201: made("list_migrations")})
def ask_migration(
    key: Key, body: MigrationIn, request: Request, session: WriteSession, actor: CurrentActor
) -> MigrationOut:
    """Ask for a migration. Another person grants it; refused while any of the cases may not be moved."""
    runtime = runtime_of(request)
    row = migrating.ask(
        session,
        key=key,
        cases=body.cases,
        reason=body.reason,
        actor=actor,
        runtime=runtime,
        at=runtime.clock(),
    )
    return _migration(row)


@router.get("/workflow-migrations")
def list_migrations(session: ReadSession, actor: CurrentActor) -> list[MigrationOut]:
    """List the migrations that were asked for, the newest first: for those who ask and those who grant."""
    authorize(actor, *GRANTING)
    return [_migration(one) for one in versions.wishes(session)]


@router.post("/workflow-migrations/{migration_id}/decision")
def decide_migration(
    migration_id: UUID, body: MigrationGrantIn, request: Request, session: WriteSession, actor: CurrentActor
) -> MigrationOut:
    """Grant a migration, and move all its cases at once; or decline it."""
    authorize(actor, *GRANTING)
    runtime = runtime_of(request)
    row = migrating.decide(
        session,
        migration_id=migration_id,
        grant=body.grant,
        comment=body.comment,
        actor=actor,
        runtime=runtime,
        at=runtime.clock(),
    )
    return _migration(row)


def told(differs: Differences) -> dict[str, Any]:
    """Return differences in JSON values, each stage with its title."""
    return {
        "added": [{"stage": stage.key, "title": stage.title} for stage in differs.added],
        "removed": [{"stage": stage.key, "title": stage.title} for stage in differs.removed],
        "changed": [
            {"stage": one.stage.key, "title": one.stage.title, "fields": list(one.fields)}
            for one in differs.changed
        ],
        "sets": list(differs.sets),
        "limits": differs.limits,
    }


def _planned(one: Planned) -> PlannedOut:
    return PlannedOut(
        case_id=one.case_id,
        draft_number=one.number,
        title=one.title,
        workflow=one.was.digest,
        differences=told(one.differs),
        allowed=one.effects is not None,
        refusals=[
            RefusalOut(
                code=str(refusal.code),
                message=sentence(Reason(str(refusal.code), dict(refusal.data))),
                data=dict(refusal.data),
            )
            for refusal in one.refusals
        ],
        opens=[run.stage for run in one.effects.opened] if one.effects else [],
    )


def _migration(row: WorkflowMigration) -> MigrationOut:
    return MigrationOut(**row.model_dump(include=set(MigrationOut.model_fields)))


def install(app: FastAPI) -> None:
    """Add these routes."""
    app.include_router(router)
