from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.drafts import queries as drafts
from app.drafts.schemas import LeftOutOut
from app.identity.access import Actor, CurrentActor
from app.infra.db import ReadSession, WriteSession
from app.infra.http.idempotency import Key, once
from app.infra.http.links import made
from app.infra.http.routing import ApiRouter
from app.infra.runtime import Runtime, policy_of, runtime_of
from app.screening import queries, service
from app.screening.checks import router as check_router
from app.screening.checks import service as checks
from app.screening.checks.router import report_out
from app.screening.models import Waiver
from app.screening.policies import router as policy_router
from app.screening.policies import start
from app.screening.rules import router as rule_router
from app.screening.schemas import (
    ReportOut,
    WaiverDecisionIn,
    WaiverIn,
    WaiverOut,
)

router = ApiRouter(tags=["screening"])


@router.get("/drafts/{draft_id}/report")
def show_report(request: Request, draft_id: UUID, actor: CurrentActor, session: ReadSession) -> ReportOut:
    """Show what the active negative list finds in a draft's newest content, and what was let through."""
    return _draft_report(session, runtime_of(request), draft_id, actor)


@router.post(
    "/drafts/{draft_id}/waivers",
    status_code=201,
    response_model=WaiverOut,
    responses={201: made("show_report", draft_id="path.draft_id")},
)
def ask_waiver(
    request: Request,
    draft_id: UUID,
    body: WaiverIn,
    actor: CurrentActor,
    session: WriteSession,
    key: Key = None,
) -> Response:
    """Ask that one blocking finding be let through."""
    runtime = runtime_of(request)
    at = runtime.clock()

    def act() -> WaiverOut:
        waiver = service.ask_waiver(
            session,
            policy=policy_of(session, runtime),
            key=runtime.secret,
            draft_id=draft_id,
            fingerprint=body.fingerprint,
            reason=body.reason,
            explanation=body.explanation,
            evidence=body.evidence,
            actor=actor,
            at=at,
        )
        return _waiver(waiver)

    asked = {"post": f"/drafts/{draft_id}/waivers", "body": body.model_dump(mode="json")}
    return once(session, key=key, caller_id=actor.id, request=asked, at=at, act=act, status=201)


@router.post("/waivers/{waiver_id}/decision")
def decide_waiver(
    request: Request, waiver_id: UUID, body: WaiverDecisionIn, actor: CurrentActor, session: WriteSession
) -> WaiverOut:
    """Grant or refuse a waiver that somebody else asked for."""
    waiver = service.decide_waiver(
        session,
        waiver_id=waiver_id,
        grant=body.grant,
        comment=body.comment,
        expires_at=body.expires_at,
        actor=actor,
        at=runtime_of(request).clock(),
    )
    return _waiver(waiver)


def _draft_report(session: Session, runtime: Runtime, draft_id: UUID, actor: Actor) -> ReportOut:
    draft = drafts.visible(session, draft_id, actor)
    revision, at, policy = drafts.head(session, draft), runtime.clock(), policy_of(session, runtime)
    scope = checks.scope_of(drafts.targets(session, draft.id))
    stored = queries.stored(session, revision.id, policy.digest, checks.scope_key(policy, scope, at=at))
    report = (
        queries.report_of(stored)
        if stored
        else service.examine(
            session,
            policy=policy,
            key=runtime.secret,
            draft_id=draft.id,
            document=drafts.document_of(revision),
            scope=scope,
            at=at,
        )
    )
    waivers = queries.waivers(session, draft.id)
    waived = queries.in_force(waivers, at)
    return ReportOut(
        **report_out(report),
        left_out=[LeftOutOut(**one) for one in drafts.left_out_of(revision)],
        draft_id=draft.id,
        revision=revision.number,
        digest=revision.digest,
        checked_at=stored.created_at if stored else None,
        open_blockers=[one.fingerprint for one in queries.blocking(report.findings, waived=waived)],
        waivers=[_waiver(one) for one in waivers],
    )


def _waiver(waiver: Waiver) -> WaiverOut:
    return WaiverOut.model_validate(waiver.model_dump())


def install(app: FastAPI) -> None:
    """Add this feature's routes, and let the process bring in the first version of the negative list."""
    for one in (router, check_router.router, rule_router.router, policy_router.router):
        app.include_router(one)
    start.attach(app.state.runtime)
