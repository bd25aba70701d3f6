from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import FastAPI, Path, Query, Request, Response
from pydantic import BaseModel
from sqlmodel import Session

from app.domain.workflow import Command
from app.domain.workflow.commands import AnswerHold, Claim, Hold, Recall, Unclaim
from app.identity.access import Actor, CurrentActor, CurrentWriter
from app.infra.db import ReadSession, WriteSession
from app.infra.errors import NotFound
from app.infra.http import cursors as paging
from app.infra.http import idempotency, prefer
from app.infra.http.contract import described
from app.infra.http.etags import etag
from app.infra.http.links import TAGGED, made
from app.infra.http.prefer import Minimal
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.reviews import cursors, queries, service, workflows
from app.reviews.board import router as board_router
from app.reviews.collaboration import router as people_router
from app.reviews.commands import perform
from app.reviews.guest_links import router as link_router
from app.reviews.handover import router as leaving_router
from app.reviews.migration import router as migration_router
from app.reviews.presenters import brief, decision_out, shown
from app.reviews.risks import router as risk_router
from app.reviews.schemas import (
    AwaitingOut,
    AwaitingPage,
    CaseBriefOut,
    CaseOut,
    DecisionIn,
    DonePage,
    HoldIn,
    StageIn,
    SubmissionIn,
    WordsIn,
    WorkflowOut,
)

router = ApiRouter(tags=["reviews"])
Limit = Annotated[int, Query(ge=1, le=100)]
#: With `Prefer: return=minimal` the answer is this one.
_SHORT = {"x-minimal": described(CaseBriefOut)["$ref"].rpartition("/")[2]}


@router.post(
    "/drafts/{draft_id}/submissions",
    status_code=201,
    response_model=CaseOut,
    responses={201: made("show_case", case_id="id")},
    openapi_extra=_SHORT,
)
def submit_draft(
    draft_id: UUID,
    body: SubmissionIn,
    request: Request,
    session: WriteSession,
    actor: CurrentWriter,
    minimal: Minimal,
    key: idempotency.Key = None,
) -> Response:
    """Hand in a draft, or hand it in again after it was returned. Quote the digest that is meant."""
    runtime, at = runtime_of(request), runtime_of(request).clock()

    def act() -> CaseOut | CaseBriefOut:
        loaded = service.submit(
            session,
            draft_id=draft_id,
            digest=body.digest,
            comment=body.comment,
            grade=body.grade,
            flags=body.flags,
            actor=actor,
            runtime=runtime,
            at=at,
        )
        return brief(loaded) if minimal else shown(session, loaded.row.id, actor, at)

    asked = {"submit": str(draft_id), **body.model_dump(mode="json")}
    return _once(session, key, actor, asked, at, act, minimal=minimal, status=201)


@router.post(
    "/cases/{case_id}/decisions",
    response_model=CaseOut,
    openapi_extra=_SHORT,
)
def decide_stage(
    case_id: UUID,
    body: DecisionIn,
    request: Request,
    session: WriteSession,
    actor: CurrentWriter,
    minimal: Minimal,
    key: idempotency.Key = None,
) -> Response:
    """Approve, send back or decline at a stage. Quote the digest that was read; a stale one gets 409.

    With `Prefer: return=minimal` the answer says only where the case stands now.
    """
    runtime, at = runtime_of(request), runtime_of(request).clock()

    def act() -> CaseOut | CaseBriefOut:
        loaded = perform(
            session,
            case_id,
            body.command(),
            actor=actor,
            runtime=runtime,
            at=at,
            on_behalf_of=body.on_behalf_of,
        )
        return brief(loaded) if minimal else shown(session, case_id, actor, at, loaded=loaded)

    asked = {"decide": str(case_id), **body.model_dump(mode="json")}
    return _once(session, key, actor, asked, at, act, minimal=minimal)


def _once(
    session: Session,
    key: str | None,
    actor: Actor,
    asked: dict[str, Any],
    at: datetime,
    act: Callable[[], BaseModel],
    *,
    minimal: bool,
    status: int = 200,
) -> Response:
    """Answer as `idempotency.once`; a key is good for one length of the answer, as for one request."""
    return idempotency.once(
        session,
        key=key,
        caller_id=actor.id,
        request=asked | ({"return": "minimal"} if minimal else {}),
        at=at,
        act=act,
        status=status,
        headers=prefer.APPLIED if minimal else None,
    )


@router.post("/cases/{case_id}/holds")
def hold_stage(
    case_id: UUID, body: HoldIn, request: Request, session: WriteSession, actor: CurrentWriter
) -> CaseOut:
    """Stop the clock while somebody outside is asked (请示)."""
    command = Hold(*body.spot, body.digest, body.comment, body.outcome)
    return _performed(request, session, actor, case_id, command, on_behalf_of=body.on_behalf_of)


@router.post("/cases/{case_id}/answers")
def answer_hold(
    case_id: UUID, body: WordsIn, request: Request, session: WriteSession, actor: CurrentWriter
) -> CaseOut:
    """Attach the answer from outside, and go on."""
    return _performed(request, session, actor, case_id, AnswerHold(body.comment))


@router.post("/cases/{case_id}/recall")
def recall_draft(
    case_id: UUID, body: WordsIn, request: Request, session: WriteSession, actor: CurrentWriter
) -> CaseOut:
    """Take the draft back before it is signed."""
    return _performed(request, session, actor, case_id, Recall(body.comment))


@router.post("/cases/{case_id}/claims")
def claim_stage(
    case_id: UUID, body: StageIn, request: Request, session: WriteSession, actor: CurrentWriter
) -> CaseOut:
    """Claim an open stage (认领)."""
    return _performed(request, session, actor, case_id, Claim(*body.spot))


@router.post("/cases/{case_id}/unclaims")
def unclaim_stage(
    case_id: UUID, body: StageIn, request: Request, session: WriteSession, actor: CurrentWriter
) -> CaseOut:
    """Give a claimed stage back to all."""
    return _performed(request, session, actor, case_id, Unclaim(*body.spot))


def _performed(
    request: Request,
    session: Session,
    actor: Actor,
    case_id: UUID,
    command: Command,
    *,
    on_behalf_of: UUID | None = None,
) -> CaseOut:
    """Do the command that a body became, and return the case afterwards."""
    runtime = runtime_of(request)
    at = runtime.clock()
    perform(session, case_id, command, actor=actor, runtime=runtime, at=at, on_behalf_of=on_behalf_of)
    return shown(session, case_id, actor, at)


@router.get("/cases/{case_id}", responses={200: TAGGED})
def show_case(
    case_id: UUID, request: Request, response: Response, session: ReadSession, actor: CurrentActor
) -> CaseOut:
    """Show a case: its stages, its decisions, and what the reader may do now and why not."""
    case = shown(session, case_id, actor, runtime_of(request).clock())
    response.headers["ETag"] = etag(case.version)
    return case


@router.get("/drafts/{draft_id}/case")
def show_case_of_draft(
    draft_id: UUID, request: Request, session: ReadSession, actor: CurrentActor
) -> CaseOut:
    """Show the newest case of a draft. 404 when it was never submitted."""
    row = queries.case_of_draft(session, draft_id)
    if row is None:
        raise NotFound("not_found")
    return shown(session, row.id, actor, runtime_of(request).clock())


@router.get("/awaiting")
def list_awaiting(
    request: Request,
    session: ReadSession,
    actor: CurrentActor,
    after: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 50,
) -> AwaitingPage:
    """List what waits for the reader (轮到我), overdue and oldest first."""
    at = runtime_of(request).clock()
    found, following = queries.awaiting_page(session, actor, at, after=cursors.read(after), limit=limit)
    items = [
        AwaitingOut(
            case_id=one.row.id,
            draft_id=one.draft.id,
            draft_number=one.draft.number,
            title=one.draft.title,
            stage=one.stage.key,
            stage_title=one.stage.title,
            line=one.run.line,
            round=one.run.round,
            digest=one.run.digest,
            opened_at=one.opened_at,
            due_at=one.run.due_at,
            overdue=one.overdue,
            claimed_by=UUID(one.run.claimed_by) if one.run.claimed_by else None,
        )
        for one in found
    ]
    return AwaitingPage(items=items, next=cursors.written(following))


@router.get("/decisions")
def list_own_decisions(
    session: ReadSession, actor: CurrentActor, before: UUID | None = None, limit: Limit = 50
) -> DonePage:
    """List what the reader has decided (我办过的), the newest first."""
    found, last = paging.page(queries.done_by(session, actor.id, before=before, limit=limit + 1), limit)
    items = [decision_out(decision, {actor.id: actor.name}) for decision, _ in found]
    return DonePage(items=items, next=last[0].id if last else None)


@router.get("/workflows/{digest}")
def show_workflow(
    digest: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")], session: ReadSession, _actor: CurrentActor
) -> WorkflowOut:
    """Show a version of a workflow by its digest, as cases walk it."""
    if not workflows.known(session, digest):
        raise NotFound("not_found")
    found = workflows.version(session, digest)
    return WorkflowOut(
        digest=digest,
        key=found.key,
        title=found.title,
        definition=found.model_dump(mode="json", by_alias=True),
    )


def install(app: FastAPI) -> None:
    """Add this feature's routes."""
    app.include_router(router)
    board_router.install(app)
    link_router.install(app)
    migration_router.install(app)
    risk_router.install(app)
    app.include_router(people_router.router)
    app.include_router(leaving_router.router)
