from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.identity.access import CurrentActor
from app.infra.db import ReadSession, WriteSession
from app.infra.http.links import made
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.publication.models import Publication
from app.publication.orders import queries, service
from app.publication.orders.schemas import ConfirmIn, OrderOut, OrderPage, shown
from app.reviews import cursors

router = ApiRouter(tags=["publication"])


@router.get("/orders")
def list_orders(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    after: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> OrderPage:
    """List what channels have not confirmed (更正、撤稿、下架), of drafts that the reader may see."""
    at = runtime_of(request).clock()
    rows, following = queries.waiting(session, actor, after=cursors.read(after), limit=limit)
    return OrderPage(items=[shown(*row, at) for row in rows], next=cursors.written(following))


@router.get("/drafts/{draft_id}/orders")
def list_orders_of_draft(
    request: Request, draft_id: UUID, actor: CurrentActor, session: ReadSession
) -> list[OrderOut]:
    """List what channels were told to do with what is out of a draft, the oldest publication first."""
    draft = drafts.visible(session, draft_id, actor)
    at = runtime_of(request).clock()
    return [
        shown(order, one.publication, draft, at)
        for one in queries.standing_of(session, draft.id)
        for order in one.orders
    ]


@router.post(
    "/orders/{order_id}/confirmations",
    status_code=201,
    responses={201: made("list_orders_of_draft", draft_id="draft_id")},
)
def confirm_order(
    request: Request, order_id: UUID, body: ConfirmIn, actor: CurrentActor, session: WriteSession
) -> OrderOut:
    """Confirm by hand that something was taken down, for channels that no tool serves."""
    at = runtime_of(request).clock()
    order = service.confirm_by_hand(session, order_id, remark=body.remark, actor=actor, at=at)
    publication = session.get_one(Publication, order.publication_id)
    return shown(order, publication, session.get_one(Draft, order.draft_id), at)
