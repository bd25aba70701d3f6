from fastapi import Request
from fastapi.responses import Response

from app.identity.access import CurrentActor
from app.infra.db import WriteSession
from app.infra.http import idempotency
from app.infra.http.links import made
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.publication.issues import service
from app.publication.issues.schemas import IssueIn, IssueOut, PieceOut

router = ApiRouter(tags=["publication"])


@router.post(
    "/journal-issues",
    status_code=201,
    response_model=IssueOut,
    responses={201: made("show_draft", draft_id="draft_id")},
)
def compose_issue(
    body: IssueIn, request: Request, actor: CurrentActor, session: WriteSession, key: idempotency.Key = None
) -> Response:
    """Make an issue of an internal journal (组刊) out of drafts that were released on it.

    The answer names a new draft with cover, sections and pieces, in the journal's section for whole issues:
    it is submitted, reviewed, proofread and signed as any draft. Refused while a piece is not released.
    """
    at = runtime_of(request).clock()

    def act() -> IssueOut:
        draft, pieces = service.compose(session, body.command(), actor=actor, at=at)
        shown = [
            PieceOut(draft_id=one.draft.id, title=one.document.title, section=one.section) for one in pieces
        ]
        return IssueOut(draft_id=draft.id, number=draft.number, title=draft.title, pieces=shown)

    asked = {"post": "/journal-issues", "body": body.model_dump(mode="json")}
    return idempotency.once(session, key=key, caller_id=actor.id, request=asked, at=at, act=act, status=201)
