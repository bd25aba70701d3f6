from uuid import UUID

from fastapi import Request, Response

from app.identity.access import CurrentActor
from app.infra.db import ReadSession, WriteSession
from app.infra.http import idempotency
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.reviews import queries
from app.reviews.handover import service as leaving
from app.reviews.handover.service import Item
from app.reviews.presenters import refusal_out
from app.reviews.schemas import AskedOut, HandedOverOut, HandOverAllIn, LeftOut, WorkOut

router = ApiRouter(tags=["reviews"])


@router.get("/users/{user_id}/work")
def list_work_of_user(user_id: UUID, session: ReadSession, actor: CurrentActor) -> list[WorkOut]:
    """List what would be stranded without this user (system or security administrator of their unit)."""
    items = leaving.work_of(session, user_id=user_id, actor=actor).items
    return [WorkOut(**_item(item)) for item in items]


@router.post("/users/{user_id}/work/hand-over", response_model=HandedOverOut)
def hand_over_work(
    user_id: UUID,
    body: HandOverAllIn,
    request: Request,
    session: WriteSession,
    actor: CurrentActor,
    key: idempotency.Key = None,
) -> Response:
    """Hand all that waits for this user to one person; what they may not take is left, with the reasons."""
    at = runtime_of(request).clock()

    def act() -> HandedOverOut:
        handed, left = leaving.hand_over_all(
            session, user_id=user_id, to=body.to, reason=body.reason, actor=actor, at=at
        )
        return HandedOverOut(
            handed=[WorkOut(**_item(one)) for one in handed],
            left=[
                LeftOut(**_item(one.item), refusals=[refusal_out(refusal) for refusal in one.refusals])
                for one in left
            ],
        )

    asked = {"hand_over_all": str(user_id), **body.model_dump(mode="json")}
    return idempotency.once(session, key=key, caller_id=actor.id, request=asked, at=at, act=act)


@router.get("/opinions")
def list_asked_opinions(session: ReadSession, actor: CurrentActor) -> list[AskedOut]:
    """List the opinions that are asked of the reader and not given yet."""
    return [
        AskedOut(
            case_id=one.row.id,
            draft_id=one.draft.id,
            draft_number=one.draft.number,
            title=one.draft.title,
            stage=one.stage.key,
            stage_title=one.stage.title,
            line=one.run.line,
            digest=one.run.digest,
            asked_by=UUID(one.consult.by),
            waits=one.consult.waits,
        )
        for one in queries.asked_of(session, actor)
    ]


def _item(one: Item) -> dict[str, object]:
    # No title: who administers accounts does not know of texts.
    return {
        "why": one.why,
        "draft_id": one.draft.id,
        "draft_number": one.draft.number,
        "case_id": one.case_id,
        "stage": one.stage,
        "stage_title": one.stage_title,
        "line": one.line,
    }
