from typing import Annotated
from uuid import UUID

from fastapi import FastAPI, Query, Request

from app.connections import queries, service
from app.connections.online import router as online
from app.connections.schemas import PushOut, PushPage, SeenOutIn, shown
from app.domain.vocabulary import PushState
from app.drafts.models import Draft
from app.identity.access import CurrentActor
from app.infra.db import ReadSession, WriteSession
from app.infra.http import cursors
from app.infra.http.links import made
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.publication.schemas import PublicationOut

router = ApiRouter(tags=["connections"])


@router.get("/pushes")
def list_pushes(
    actor: CurrentActor,
    session: ReadSession,
    state: PushState | None = None,
    draft: UUID | None = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> PushPage:
    """List what the service publishes itself on connected channels, of drafts that the reader may see."""
    rows = queries.pushes(session, actor, state=state, draft_id=draft, before=before, limit=limit + 1)
    found, last = cursors.page(rows, limit)
    return PushPage(
        items=[shown(push, of) for push, of, _ in found], next_before=last[0].id if last else None
    )


@router.post("/pushes/{push_id}/start")
def start_push(request: Request, push_id: UUID, actor: CurrentActor, session: WriteSession) -> PushOut:
    """Publish what waits for a hand, or what failed; the answer comes at once, the outcome is read later."""
    push = service.begin(session, push_id, actor=actor, at=runtime_of(request).clock())
    return shown(push, session.get_one(Draft, push.draft_id))


@router.post(
    "/pushes/{push_id}/publication",
    status_code=201,
    responses={201: made("list_publications", draft_id="draft_id")},
)
def report_push(
    request: Request, push_id: UUID, body: SeenOutIn, actor: CurrentActor, session: WriteSession
) -> PublicationOut:
    """Report by hand where something was let out that lay ready in a draft box or as a file."""
    runtime = runtime_of(request)
    done = service.report(
        session,
        push_id,
        url=body.url,
        external_id=body.external_id,
        actor=actor,
        runtime=runtime,
        at=runtime.clock(),
    )
    return PublicationOut.model_validate(done, from_attributes=True)


def install(app: FastAPI) -> None:
    """Add this feature's routes."""
    app.include_router(router)
    app.include_router(online.router)
