"""Ignoring findings over HTTP."""

from uuid import UUID

from fastapi import Request
from fastapi.responses import Response

from app.identity.access import CurrentActor
from app.infra.db import WriteSession
from app.infra.http.idempotency import Key, once
from app.infra.http.links import made
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.policies.in_use import policy_of
from app.screening.ignoring import service
from app.screening.ignoring.commands import Ignore
from app.screening.ignoring.schemas import IgnoredListOut, IgnoredOut, IgnoreIn

router = ApiRouter(tags=["screening"])


@router.post(
    "/drafts/{draft_id}/ignored-findings",
    status_code=201,
    response_model=IgnoredListOut,
    responses={201: made("show_report", draft_id="path.draft_id")},
)
def ignore_findings(
    request: Request,
    draft_id: UUID,
    body: IgnoreIn,
    actor: CurrentActor,
    session: WriteSession,
    key: Key = None,
) -> Response:
    """Leave findings that do not block as they are, with a reason that those who come after read."""
    runtime = runtime_of(request)
    at = runtime.clock()

    def act() -> IgnoredListOut:
        rows = service.ignore(
            session,
            draft_id,
            Ignore(tuple(dict.fromkeys(body.fingerprints)), body.reason),
            policy=policy_of(session, runtime),
            key=runtime.secret,
            actor=actor,
            at=at,
        )
        return IgnoredListOut(items=[IgnoredOut.model_validate(row.model_dump()) for row in rows])

    asked = {"post": f"/drafts/{draft_id}/ignored-findings", "body": body.model_dump(mode="json")}
    return once(session, key=key, caller_id=actor.id, request=asked, at=at, act=act, status=201)


@router.delete("/drafts/{draft_id}/ignored-findings/{ignored_id}")
def take_up_finding(
    request: Request, draft_id: UUID, ignored_id: UUID, actor: CurrentActor, session: WriteSession
) -> IgnoredOut:
    """Take back that a finding is left as it is."""
    row = service.withdraw(session, draft_id, ignored_id, actor=actor, at=runtime_of(request).clock())
    return IgnoredOut.model_validate(row.model_dump())
