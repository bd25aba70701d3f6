from uuid import UUID

from fastapi import FastAPI, Request
from sqlmodel import Session

from app.drafts import queries as drafts
from app.drafts.schemas import LeftOutOut
from app.identity.access import Actor, CurrentActor
from app.infra.db import ReadSession
from app.infra.http.routing import ApiRouter
from app.infra.runtime import Runtime, runtime_of
from app.policies.in_use import policy_of
from app.screening import queries, service
from app.screening.backtests import router as backtest_router
from app.screening.checks import router as check_router
from app.screening.checks import service as checks
from app.screening.checks.router import report_out
from app.screening.ignoring import router as ignoring_router
from app.screening.rules import router as rule_router
from app.screening.schemas import ReportOut
from app.screening.waivers import queries as waivers
from app.screening.waivers import router as waiver_router
from app.screening.waivers.schemas import WaiverOut

router = ApiRouter(tags=["screening"])


@router.get("/drafts/{draft_id}/report")
def show_report(request: Request, draft_id: UUID, actor: CurrentActor, session: ReadSession) -> ReportOut:
    """Show what the active negative list finds in a draft's newest content, and what was let through."""
    return _draft_report(session, runtime_of(request), draft_id, actor)


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
    given = waivers.of_draft(session, draft.id)
    waived = waivers.in_force(given, at)
    return ReportOut(
        **report_out(report, service.attached_names(session, draft.id, drafts.document_of(revision))),
        left_out=[LeftOutOut(**entry) for entry in drafts.left_out_of(revision)],
        draft_id=draft.id,
        revision=revision.number,
        digest=revision.digest,
        checked_at=stored.created_at if stored else None,
        open_blockers=[finding.fingerprint for finding in queries.blocking(report.findings, waived=waived)],
        waivers=[WaiverOut.model_validate(row.model_dump()) for row in given],
    )


def install(app: FastAPI) -> None:
    """Add this feature's routes."""
    for part in (
        router,
        check_router.router,
        waiver_router.router,
        waiver_router.across,
        ignoring_router.router,
        rule_router.router,
        backtest_router.router,
    ):
        app.include_router(part)
