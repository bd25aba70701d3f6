from typing import Annotated, Any
from uuid import UUID

from fastapi import BackgroundTasks, Depends, FastAPI, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.vocabulary import Role
from app.drafts.models import Draft
from app.identity import access
from app.identity.access import CurrentActor, authorize
from app.infra.db import ReadSession, WriteSession
from app.infra.errors import TooLarge
from app.infra.http import bodies, cursors, idempotency
from app.infra.http.contract import SIGNATURE, TOOL, json_body
from app.infra.http.links import REPLAYED, made
from app.infra.http.routing import ApiRouter
from app.infra.runtime import Runtime, runtime_of
from app.infra.signing import SignedStatement
from app.publication import clearance as publication
from app.publication.models import Publication
from app.publication.orders import service as orders
from app.publication.orders.schemas import ConfirmedByToolIn, OrderOut, OrderPage, OrdersIn
from app.publication.orders.schemas import shown as order_shown
from app.publication.schemas import PublicationOut
from app.reviews import cursors as order_cursors
from app.webhooks import inbound, presenters, queries, service
from app.webhooks.addresses.targets import AllowList
from app.webhooks.endpoints import router as managing_router
from app.webhooks.events import router as events_router
from app.webhooks.models import DeliveryState
from app.webhooks.schemas import (
    ClearanceIn,
    DeliveriesOut,
    DeliveryOut,
    DeliveryWithBodyOut,
    EndpointOut,
    EndpointWithSecretOut,
    NewEndpointIn,
    NewToolIn,
    PublicationIn,
    ToolOut,
    ToolWithSecretOut,
)

router = ApiRouter(tags=["webhooks"])

#: The id that a tool got when it was registered; the tool configures it as a part of the address.
Tool = Annotated[str, Query(max_length=64, description="登记发布工具时得到的编号")]


async def raw_body(request: Request) -> bytes:
    """Return the bytes of a request as they came. Raises `TooLarge` as soon as they are too many.

    Whoever comes with a key was known before a large body was read: they may send what was ever released.
    """
    limit = bodies.MAX_JSON if "authorization" in request.headers else inbound.MAX_BYTES
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge("webhook_too_large", data={"limit_bytes": limit})
    return bytes(body)


RawBody = Annotated[bytes, Depends(raw_body)]


def _header(name: str, about: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": True,
        "description": about,
        "schema": {"type": "string"},
    }


#: The body is proved before it is parsed, so FastAPI does not parse it; the description still shows it.
SIGNED: dict[str, Any] = {
    "security": [{SIGNATURE: []}, {TOOL: []}],
    "parameters": [
        _header("webhook-id", "The message's id, 1 to 200 characters; the same for every try of it."),
        _header("webhook-timestamp", "When it was signed, in seconds since 1970; at most 300 s off."),
        _header("webhook-signature", "`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`."),
    ],
}


@router.post(
    "/webhooks/clearance",
    response_model=SignedStatement,
    responses={200: {"headers": REPLAYED}},
    openapi_extra=SIGNED | json_body(ClearanceIn),
)
def ask_clearance(request: Request, tasks: BackgroundTasks, body: RawBody, tool: Tool = "") -> Response:
    """Answer a publishing tool that asks whether it may publish exactly this.

    It proves itself by its signature, or by a key with the scope `clear` and no `webhook-` header.

    The same message again, under its id, gets the same answer; to ask anew, use a new id.
    The answer is a signed statement: `cleared` with the ticket, or `refused` with every reason.
    """
    runtime, at = runtime_of(request), runtime_of(request).clock()
    proved = _proved(request, tasks, runtime, tool, body)
    asked = inbound.parse(ClearanceIn, body)
    wish = publication.Wish(
        channel=asked.channel,
        digest=asked.digest,
        payload=presenters.payload_of(asked),
        release_id=asked.release,
        addresses={file.address: file.sha256 for file in asked.files},
    )

    def act(session: Session) -> tuple[int, SignedStatement]:
        return 200, publication.clear(session, wish, publisher=proved.publisher, runtime=runtime, at=at)

    return _said(inbound.answered(runtime.database, proved, place="clearance", body=body, at=at, act=act))


@router.post(
    "/webhooks/publications",
    status_code=201,
    response_model=PublicationOut,
    responses={
        200: {
            "model": PublicationOut,
            "description": "It was reported before, under another id: the publication that there is.",
            "headers": REPLAYED,
        },
        201: made("list_publications", replayed=True, draft_id="draft_id"),
    },
    openapi_extra=SIGNED | json_body(PublicationIn),
)
def report_publication(request: Request, tasks: BackgroundTasks, body: RawBody, tool: Tool = "") -> Response:
    """Take a publishing tool's report that it has published what its ticket names. A ticket is good once.

    It proves itself by its signature, or by a key with the scope `report`.

    The same message again, under its id, gets the same answer; the same report under another id gets the
    publication that there is.
    """
    runtime, at = runtime_of(request), runtime_of(request).clock()
    proved = _proved(request, tasks, runtime, tool, body)
    report = inbound.parse(PublicationIn, body)

    def act(session: Session) -> tuple[int, PublicationOut]:
        done, is_new = publication.report_published(
            session,
            ticket=report.ticket,
            external_id=report.external_id,
            url=report.url,
            digest=report.digest,
            publisher=proved.publisher,
            runtime=runtime,
            at=at,
        )
        return 201 if is_new else 200, PublicationOut.model_validate(done, from_attributes=True)

    return _said(inbound.answered(runtime.database, proved, place="publications", body=body, at=at, act=act))


@router.post(
    "/webhooks/confirmations",
    status_code=201,
    response_model=OrderOut,
    responses={201: made("list_orders_of_draft", replayed=True, draft_id="draft_id")},
    openapi_extra=SIGNED | json_body(ConfirmedByToolIn),
)
def confirm_taken_down(request: Request, tasks: BackgroundTasks, body: RawBody, tool: Tool = "") -> Response:
    """Take a tool's report that it has taken down what it was told to (撤稿、下架).

    A correction is confirmed by the report that it is published. The same report again gets the same answer.
    """
    runtime, at = runtime_of(request), runtime_of(request).clock()
    proved = _proved(request, tasks, runtime, tool, body)
    report = inbound.parse(ConfirmedByToolIn, body)

    def act(session: Session) -> tuple[int, OrderOut]:
        order = orders.confirm_by_tool(
            session, report.order, remark=report.remark, publisher=proved.publisher, at=at
        )
        publication = session.get_one(Publication, order.publication_id)
        return 201, order_shown(order, publication, session.get_one(Draft, order.draft_id), at)

    return _said(inbound.answered(runtime.database, proved, place="confirmations", body=body, at=at, act=act))


@router.post(
    "/webhooks/orders",
    response_model=OrderPage,
    openapi_extra=SIGNED | json_body(OrdersIn),
)
def ask_orders(request: Request, tasks: BackgroundTasks, body: RawBody, tool: Tool = "") -> OrderPage:
    """Tell a publishing tool what it is still to do with what it has published, the longest overdue first.

    For tools that missed a message or receive none: ask again with `after` as long as there is a next page.
    """
    runtime, at = runtime_of(request), runtime_of(request).clock()
    proved = _proved(request, tasks, runtime, tool, body)
    asked = inbound.parse(OrdersIn, body)
    with runtime.database.read() as session:
        rows, following = orders.for_tool(
            session, proved.publisher, after=order_cursors.read(asked.after), limit=asked.limit
        )
        items = [order_shown(*row, at) for row in rows]
    return OrderPage(items=items, next=order_cursors.written(following))


def _said(answer: inbound.Answered) -> Response:
    headers = idempotency.REPLAYED if answer.replayed else None
    return Response(answer.body, status_code=answer.status, media_type="application/json", headers=headers)


def _proved(
    request: Request, tasks: BackgroundTasks, runtime: Runtime, tool: str, body: bytes
) -> inbound.Proved:
    if "authorization" in request.headers:
        actor = access.current_actor(request, tasks)
        with runtime.database.read() as session:
            return inbound.by_key(session, actor, request.headers)
    with runtime.database.read() as session:
        return inbound.prove(
            session, tool=tool, headers=request.headers, body=body, master=runtime.secret, at=runtime.clock()
        )


@router.post("/tools", status_code=201, responses={201: made("list_tools")})
def create_tool(
    request: Request, actor: CurrentActor, session: WriteSession, new: NewToolIn
) -> ToolWithSecretOut:
    """Register a publishing tool. The secret is shown this once."""
    runtime = runtime_of(request)
    made = service.create_tool(
        session,
        unit_id=new.unit_id,
        name=new.name,
        channel_codes=new.channels,
        actor=actor,
        master=runtime.secret,
        at=runtime.clock(),
    )
    return presenters.new_tool(made, public_url=runtime.settings.public_url)


@router.get("/tools")
def list_tools(actor: CurrentActor, session: ReadSession) -> list[ToolOut]:
    """List the publishing tools of the units that one administers."""
    authorize(actor, Role.SYSTEM_ADMIN)
    return [presenters.tool(one) for one in queries.tools(session, actor)]


@router.post("/webhooks/endpoints", status_code=201, responses={201: made("list_endpoints")})
def create_endpoint(
    request: Request, actor: CurrentActor, session: WriteSession, new: NewEndpointIn
) -> EndpointWithSecretOut:
    """Register an address to be told of events. The secret is shown this once."""
    runtime = runtime_of(request)
    made = service.create_endpoint(
        session,
        unit_id=new.unit_id,
        url=new.url,
        events=new.events,
        tool_id=new.tool_id,
        actor=actor,
        allowed=AllowList.of(runtime.settings),
        master=runtime.secret,
        at=runtime.clock(),
    )
    return EndpointWithSecretOut(**presenters.endpoint(made.endpoint).model_dump(), secret=made.secret)


@router.get("/webhooks/endpoints")
def list_endpoints(actor: CurrentActor, session: ReadSession) -> list[EndpointOut]:
    """List the endpoints of the units that one administers."""
    authorize(actor, Role.SYSTEM_ADMIN)
    return [presenters.endpoint(one) for one in queries.endpoints(session, actor)]


@router.post("/webhooks/endpoints/{endpoint_id}/deactivation")
def deactivate_endpoint(
    request: Request, actor: CurrentActor, session: WriteSession, endpoint_id: UUID
) -> EndpointOut:
    """Stop telling an address anything."""
    at = runtime_of(request).clock()
    return presenters.endpoint(service.deactivate_endpoint(session, endpoint_id, actor=actor, at=at))


@router.get("/webhooks/deliveries")
def list_deliveries(
    actor: CurrentActor,
    session: ReadSession,
    endpoint: UUID | None = None,
    state: DeliveryState | None = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DeliveriesOut:
    """List what was sent, or is to be sent, to the endpoints that one administers."""
    authorize(actor, Role.SYSTEM_ADMIN)
    sent = queries.deliveries(
        session, actor, endpoint_id=endpoint, state=state, before=before, limit=limit + 1
    )
    found, last = cursors.page(sent, limit)
    page = [presenters.delivery(one.delivery, one.message) for one in found]
    return DeliveriesOut(deliveries=page, next_before=last.delivery.id if last else None)


@router.get("/webhooks/deliveries/{delivery_id}")
def show_delivery(actor: CurrentActor, session: ReadSession, delivery_id: UUID) -> DeliveryWithBodyOut:
    """Show what was sent, byte for byte, and what each try was answered."""
    sent = queries.delivery(session, delivery_id, actor)
    tries = queries.attempts(session, delivery_id)
    return presenters.delivery_with_body(sent.delivery, sent.message, tries)


@router.post("/webhooks/deliveries/{delivery_id}/replays", status_code=202)
def replay_delivery(
    request: Request, actor: CurrentActor, session: WriteSession, delivery_id: UUID
) -> DeliveryOut:
    """Send one message again, under the id that it had."""
    sent = service.replay(session, delivery_id, actor=actor, at=runtime_of(request).clock())
    return presenters.delivery(sent, queries.message(session, sent.message_id))


def install(app: FastAPI) -> None:
    """Add this feature's routes."""
    app.include_router(router)
    app.include_router(managing_router.router)
    app.include_router(events_router.router)
