from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from pydantic import BaseModel

from app.domain.vocabulary import Role
from app.identity.access import CurrentActor, authorize
from app.infra.db import ReadSession, WriteSession
from app.infra.errors import TooLarge
from app.infra.runtime import Runtime, runtime_of
from app.infra.signing import SignedStatement
from app.publication import tools as publication
from app.publication.schemas import PublicationOut
from app.webhooks import inbound, presenting, queries, service
from app.webhooks.addresses import AllowList
from app.webhooks.models import DeliveryState
from app.webhooks.schemas import (
    ClearanceIn,
    DeliveriesOut,
    DeliveryOut,
    EndpointOut,
    EndpointWithSecretOut,
    NewEndpointIn,
    NewToolIn,
    PublicationIn,
    ToolOut,
    ToolWithSecretOut,
)

router = APIRouter(prefix="/api/v1", tags=["webhooks"])

#: The id that a tool got when it was registered; the tool configures it as a part of the address.
Tool = Annotated[str, Query(max_length=64, description="登记发布工具时得到的编号")]


async def raw_body(request: Request) -> bytes:
    """Return the bytes of a request as they came. Raises `TooLarge` as soon as they are too many."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > inbound.MAX_BYTES:
            raise TooLarge("webhook_too_large", data={"limit_bytes": inbound.MAX_BYTES})
    return bytes(body)


RawBody = Annotated[bytes, Depends(raw_body)]


def _body_of(model: type[BaseModel]) -> dict[str, Any]:
    # The body is proved before it is parsed, so FastAPI does not parse it; the documentation still shows it.
    schema = {"schema": model.model_json_schema()}
    return {"requestBody": {"required": True, "content": {"application/json": schema}}}


@router.post("/webhooks/clearance", openapi_extra=_body_of(ClearanceIn))
def clearance(request: Request, body: RawBody, tool: Tool = "") -> SignedStatement:
    """Answer a publishing tool that asks whether it may publish exactly this.

    The answer is a signed statement: `cleared` with the ticket, or `refused` with every reason.
    """
    runtime, at = runtime_of(request), runtime_of(request).clock()
    proved = _proved(request, runtime, tool, body)
    asked = inbound.parse(ClearanceIn, body)
    wish = publication.Wish(
        channel=asked.channel,
        digest=asked.digest,
        payload=presenting.payload_of(asked),
        release_id=asked.release,
    )
    with runtime.database.write() as session:
        inbound.remember(session, proved, at=at)
        return publication.clear(session, wish, publisher=proved.publisher, runtime=runtime, at=at)


@router.post("/webhooks/publications", status_code=201, openapi_extra=_body_of(PublicationIn))
def publications(request: Request, body: RawBody, tool: Tool = "") -> PublicationOut:
    """Take a publishing tool's report that it has published what its ticket names. A ticket is good once."""
    runtime, at = runtime_of(request), runtime_of(request).clock()
    proved = _proved(request, runtime, tool, body)
    report = inbound.parse(PublicationIn, body)
    with runtime.database.write() as session:
        inbound.remember(session, proved, at=at)
        done = publication.report_published(
            session,
            ticket=report.ticket,
            external_id=report.external_id,
            url=report.url,
            digest=report.digest,
            publisher=proved.publisher,
            runtime=runtime,
            at=at,
        )
        return PublicationOut.model_validate(done, from_attributes=True)


def _proved(request: Request, runtime: Runtime, tool: str, body: bytes) -> inbound.Proved:
    with runtime.database.read() as session:
        return inbound.prove(
            session, tool=tool, headers=request.headers, body=body, master=runtime.secret, at=runtime.clock()
        )


@router.post("/tools", status_code=201)
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
    return presenting.new_tool(made, public_url=runtime.settings.public_url)


@router.get("/tools")
def tools(actor: CurrentActor, session: ReadSession) -> list[ToolOut]:
    """List the publishing tools of the units that one administers."""
    authorize(actor, Role.SYSTEM_ADMIN)
    return [presenting.tool(one) for one in queries.tools(session, actor)]


@router.post("/tools/{tool_id}/secrets", status_code=201)
def rotate_tool_secret(
    request: Request, actor: CurrentActor, session: WriteSession, tool_id: UUID
) -> ToolWithSecretOut:
    """Make a new secret for a tool; the old one stays good for 24 hours."""
    runtime = runtime_of(request)
    made = service.rotate_tool_secret(
        session, tool_id, actor=actor, master=runtime.secret, at=runtime.clock()
    )
    return presenting.new_tool(made, public_url=runtime.settings.public_url)


@router.post("/webhooks/endpoints", status_code=201)
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
        actor=actor,
        allowed=AllowList.of(runtime.settings),
        master=runtime.secret,
        at=runtime.clock(),
    )
    return EndpointWithSecretOut(**presenting.endpoint(made.endpoint).model_dump(), secret=made.secret)


@router.get("/webhooks/endpoints")
def endpoints(actor: CurrentActor, session: ReadSession) -> list[EndpointOut]:
    """List the endpoints of the units that one administers."""
    authorize(actor, Role.SYSTEM_ADMIN)
    return [presenting.endpoint(one) for one in queries.endpoints(session, actor)]


@router.post("/webhooks/endpoints/{endpoint_id}/deactivation")
def deactivate_endpoint(
    request: Request, actor: CurrentActor, session: WriteSession, endpoint_id: UUID
) -> EndpointOut:
    """Stop telling an address anything."""
    at = runtime_of(request).clock()
    return presenting.endpoint(service.deactivate_endpoint(session, endpoint_id, actor=actor, at=at))


@router.get("/webhooks/deliveries")
def deliveries(
    actor: CurrentActor,
    session: ReadSession,
    endpoint: UUID | None = None,
    state: DeliveryState | None = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DeliveriesOut:
    """List what was sent, or is to be sent, to the endpoints that one administers."""
    authorize(actor, Role.SYSTEM_ADMIN)
    found = queries.deliveries(session, actor, endpoint_id=endpoint, state=state, before=before, limit=limit)
    page = [presenting.delivery(one.delivery, one.message) for one in found]
    return DeliveriesOut(deliveries=page, next_before=page[-1].id if len(page) == limit else None)


@router.post("/webhooks/deliveries/{delivery_id}/replays", status_code=202)
def replay(request: Request, actor: CurrentActor, session: WriteSession, delivery_id: UUID) -> DeliveryOut:
    """Send one message again, under the id that it had."""
    sent = service.replay(session, delivery_id, actor=actor, at=runtime_of(request).clock())
    return presenting.delivery(sent, queries.message(session, sent.message_id))


def install(app: FastAPI) -> None:
    """Add this feature's routes."""
    app.include_router(router)
