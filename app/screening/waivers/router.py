"""Waivers over HTTP: asking, deciding, and where each stands."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response

from app.domain.vocabulary import WaiverStanding
from app.identity.access import CurrentActor
from app.infra.db import ReadSession, WriteSession
from app.infra.http import cursors
from app.infra.http.idempotency import Key, once
from app.infra.http.links import made
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.policies.in_use import policy_of
from app.screening.waivers import queries, service
from app.screening.waivers.schemas import WaiverDecisionIn, WaiverIn, WaiverListed, WaiverOut, WaiversOut

router = ApiRouter(tags=["screening"])
#: Described beside the rules, whose health it is part of.
across = ApiRouter(tags=["negative list"])


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
        waiver = service.ask(
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
        return WaiverOut.model_validate(waiver.model_dump())

    asked = {"post": f"/drafts/{draft_id}/waivers", "body": body.model_dump(mode="json")}
    return once(session, key=key, caller_id=actor.id, request=asked, at=at, act=act, status=201)


@router.post("/waivers/{waiver_id}/decision")
def decide_waiver(
    request: Request, waiver_id: UUID, body: WaiverDecisionIn, actor: CurrentActor, session: WriteSession
) -> WaiverOut:
    """Grant or refuse a waiver that somebody else asked for."""
    waiver = service.decide(
        session,
        waiver_id=waiver_id,
        grant=body.grant,
        comment=body.comment,
        expires_at=body.expires_at,
        actor=actor,
        at=runtime_of(request).clock(),
    )
    return WaiverOut.model_validate(waiver.model_dump())


@across.get("/waivers")
def list_waivers(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    state: WaiverStanding | None = None,
    rule: Annotated[str | None, Query(max_length=100)] = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> WaiversOut:
    """List the waivers on drafts that the caller may see, and which of them are stale."""
    runtime = runtime_of(request)
    rows = queries.listing(
        session,
        policy_of(session, runtime),
        actor,
        at=runtime.clock(),
        before=before,
        rule=rule,
        limit=limit + 1,
    )
    page, last = cursors.page(rows, limit)
    return WaiversOut(
        items=[
            WaiverListed(
                **row.waiver.model_dump(),
                number=row.draft.number,
                title=row.draft.title,
                standing=row.standing,
            )
            for row in page
            if state is None or row.standing is state
        ],
        next=last.waiver.id if last else None,
    )
