from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response
from sqlmodel import Session

from app.drafts import queries as drafts
from app.drafts.remedies import queries as remedies
from app.drafts.remedies.models import Remedy
from app.identity.access import CurrentActor
from app.infra.db import ReadSession, WriteSession
from app.infra.http import idempotency
from app.infra.http.links import made
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.publication.remedies import service
from app.publication.remedies.schemas import CorrectionIn, DropIn, RemedyOut, RetractionIn, shown

router = ApiRouter(tags=["publication"])

_MADE: dict[int | str, dict[str, Any]] = {201: made("show_draft", draft_id="draft_id")}


@router.post("/drafts/{draft_id}/corrections", status_code=201, response_model=RemedyOut, responses=_MADE)
def open_correction(
    request: Request,
    draft_id: UUID,
    wish: CorrectionIn,
    actor: CurrentActor,
    session: WriteSession,
    key: idempotency.Key = None,
) -> Response:
    """Have something that is out corrected (更正): the answer names the draft with the text to be put right.

    It is written, handed in and reviewed as any draft; signing it tells the channels.
    """
    return _open(request, session, draft_id, wish, actor, key, "corrections")


@router.post("/drafts/{draft_id}/retractions", status_code=201, response_model=RemedyOut, responses=_MADE)
def open_retraction(
    request: Request,
    draft_id: UUID,
    wish: RetractionIn,
    actor: CurrentActor,
    session: WriteSession,
    key: idempotency.Key = None,
) -> Response:
    """Have something that is out taken down (撤稿): its note is handed in at once, to be reviewed."""
    return _open(request, session, draft_id, wish, actor, key, "retractions")


def _open(
    request: Request,
    session: Session,
    draft_id: UUID,
    wish: CorrectionIn | RetractionIn,
    actor: CurrentActor,
    key: str | None,
    path: str,
) -> Response:
    runtime = runtime_of(request)
    at = runtime.clock()

    def act() -> RemedyOut:
        draft = service.open_remedy(session, draft_id, wish.command(), actor=actor, runtime=runtime, at=at)
        return shown(session.get_one(Remedy, draft.id), draft)

    asked: Any = {"post": f"drafts/{draft_id}/{path}", "body": wish.model_dump(mode="json")}
    return idempotency.once(session, key=key, caller_id=actor.id, request=asked, at=at, act=act, status=201)


@router.get("/drafts/{draft_id}/remedies")
def list_remedies(draft_id: UUID, actor: CurrentActor, session: ReadSession) -> list[RemedyOut]:
    """List what corrects or retracts a draft, the oldest first."""
    draft = drafts.visible(session, draft_id, actor)
    return [shown(*row) for row in remedies.to_draft(session, draft.id)]


@router.post("/drafts/{draft_id}/withdrawals")
def drop_remedy(
    request: Request, draft_id: UUID, body: DropIn, actor: CurrentActor, session: WriteSession
) -> RemedyOut:
    """Give up a correction or retraction that is with its author; what is out stays as it is."""
    draft = service.drop(session, draft_id, comment=body.comment, actor=actor, at=runtime_of(request).clock())
    return shown(session.get_one(Remedy, draft.id), draft)
