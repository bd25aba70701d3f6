"""The API of accepting what the linter warns of: asked by one person, accepted by another."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import FastAPI, Path, Request
from pydantic import BaseModel, Field

from app.domain.vocabulary import MigrationState
from app.identity.access import CurrentActor, authorize
from app.infra.db import ReadSession, WriteSession
from app.infra.http.examples import taken
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.policies.models import WorkflowRisk
from app.reviews.risks import service as risks
from app.reviews.schemas import Comment, _In

router = ApiRouter(tags=["workflows"])
Key = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class RiskIn(_In):
    """Why a workflow is to be used in spite of what the linter warns of."""

    model_config = taken(reason="本单位只有两名审核人员")

    reason: Annotated[str, Field(min_length=1, max_length=4000)]


class RiskDecisionIn(_In):
    """Accepting what another person asked for, or not."""

    model_config = taken(accept=True, comment="同意，半年后复核。")

    accept: bool
    comment: Comment = ""


class RiskOut(BaseModel):
    """A wish to use a workflow in spite of its warnings: each with its code, its data and a fingerprint."""

    id: UUID
    key: str
    warnings: list[dict[str, Any]]
    reason: str
    state: MigrationState
    asked_by: UUID
    asked_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    comment: str


@router.post("/workflows/{key}/risks", status_code=201)
def create_workflow_risk(
    key: Key, body: RiskIn, request: Request, session: WriteSession, actor: CurrentActor
) -> RiskOut:
    """Ask that a workflow's warnings be accepted; another person does, and until then nobody walks it."""
    runtime = runtime_of(request)
    row = risks.ask(session, key=key, reason=body.reason, actor=actor, runtime=runtime, at=runtime.clock())
    return _shown(row)


@router.get("/workflow-risks")
def list_workflow_risks(session: ReadSession, actor: CurrentActor) -> list[RiskOut]:
    """List what was asked for, the newest first: for those who ask and those who accept."""
    authorize(actor, *risks.ACCEPTING)
    return [_shown(one) for one in risks.wishes(session)]


@router.post("/workflow-risks/{wish_id}/decision")
def decide_workflow_risk(
    wish_id: UUID, body: RiskDecisionIn, request: Request, session: WriteSession, actor: CurrentActor
) -> RiskOut:
    """Accept the warnings of a workflow that another person asked to use, or decline."""
    authorize(actor, *risks.ACCEPTING)
    runtime = runtime_of(request)
    row = risks.decide(
        session,
        wish_id=wish_id,
        accept=body.accept,
        comment=body.comment,
        actor=actor,
        runtime=runtime,
        at=runtime.clock(),
    )
    return _shown(row)


def _shown(row: WorkflowRisk) -> RiskOut:
    return RiskOut(**row.model_dump(include=set(RiskOut.model_fields)))


def install(app: FastAPI) -> None:
    """Add these routes."""
    app.include_router(router)
