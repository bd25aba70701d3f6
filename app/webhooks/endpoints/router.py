from uuid import UUID

from fastapi import Request, Response

from app.domain.vocabulary import Role
from app.identity.access import CurrentActor, authorize
from app.infra.db import ReadSession, WriteSession
from app.infra.errors import NotFound
from app.infra.http.links import made
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.webhooks import presenters, queries
from app.webhooks.addresses.targets import AllowList
from app.webhooks.endpoints import replays
from app.webhooks.endpoints import service as endpoints
from app.webhooks.schemas import (
    DeliveryOut,
    EndpointChangeIn,
    EndpointOut,
    EndpointWithSecretOut,
    RecoveredOut,
    RotationIn,
    SpanIn,
    ToolOut,
    ToolWithSecretOut,
)

router = ApiRouter(tags=["webhooks"])


@router.post("/tools/{tool_id}/secrets", status_code=201, responses={201: made("list_tools")})
def rotate_tool_secret(
    request: Request,
    actor: CurrentActor,
    session: WriteSession,
    tool_id: UUID,
    wish: RotationIn | None = None,
) -> ToolWithSecretOut:
    """Make a new secret for a tool; the old ones stay good for 24 hours, or end at once if one has leaked."""
    runtime = runtime_of(request)
    found = endpoints.rotate_tool_secret(
        session,
        tool_id,
        at_once=wish is not None and wish.revoke_old,
        actor=actor,
        master=runtime.secret,
        at=runtime.clock(),
    )
    return presenters.new_tool(found, public_url=runtime.settings.public_url)


@router.post("/tools/{tool_id}/deactivation")
def deactivate_tool(request: Request, actor: CurrentActor, session: WriteSession, tool_id: UUID) -> ToolOut:
    """Answer a tool no more, whatever it signs with."""
    at = runtime_of(request).clock()
    return presenters.tool(endpoints.switch_tool(session, tool_id, on=False, actor=actor, at=at))


@router.post("/tools/{tool_id}/activation")
def activate_tool(request: Request, actor: CurrentActor, session: WriteSession, tool_id: UUID) -> ToolOut:
    """Answer a tool again that was switched off."""
    at = runtime_of(request).clock()
    return presenters.tool(endpoints.switch_tool(session, tool_id, on=True, actor=actor, at=at))


@router.get("/webhooks/endpoints/{endpoint_id}")
def show_endpoint(actor: CurrentActor, session: ReadSession, endpoint_id: UUID) -> EndpointOut:
    """Show an endpoint that one administers, and how it fares."""
    authorize(actor, Role.SYSTEM_ADMIN)
    found = [one for one in queries.endpoints(session, actor) if one.id == endpoint_id]
    if not found:
        raise NotFound("not_found")
    return presenters.endpoint(found[0])


@router.patch("/webhooks/endpoints/{endpoint_id}")
def change_endpoint(
    request: Request, actor: CurrentActor, session: WriteSession, endpoint_id: UUID, wish: EndpointChangeIn
) -> EndpointOut:
    """Change an endpoint's address or the events that it hears of."""
    runtime = runtime_of(request)
    changed = endpoints.change_endpoint(
        session,
        endpoint_id,
        url=wish.url,
        events=wish.events,
        actor=actor,
        allowed=AllowList.of(runtime.settings),
        at=runtime.clock(),
    )
    return presenters.endpoint(changed)


@router.delete("/webhooks/endpoints/{endpoint_id}", status_code=204, response_class=Response)
def delete_endpoint(request: Request, actor: CurrentActor, session: WriteSession, endpoint_id: UUID) -> None:
    """Forget an endpoint: it is told nothing any more, and its secrets end."""
    endpoints.delete_endpoint(session, endpoint_id, actor=actor, at=runtime_of(request).clock())


@router.post("/webhooks/endpoints/{endpoint_id}/activation")
def activate_endpoint(
    request: Request, actor: CurrentActor, session: WriteSession, endpoint_id: UUID
) -> EndpointOut:
    """Tell an endpoint again that was switched off, of what happens from now on."""
    at = runtime_of(request).clock()
    return presenters.endpoint(endpoints.enable_endpoint(session, endpoint_id, actor=actor, at=at))


@router.post("/webhooks/endpoints/{endpoint_id}/pause")
def pause_endpoint(
    request: Request, actor: CurrentActor, session: WriteSession, endpoint_id: UUID
) -> EndpointOut:
    """Send an endpoint nothing for a while; what comes for it waits."""
    at = runtime_of(request).clock()
    return presenters.endpoint(endpoints.pause_endpoint(session, endpoint_id, actor=actor, at=at))


@router.post("/webhooks/endpoints/{endpoint_id}/resumption")
def resume_endpoint(
    request: Request, actor: CurrentActor, session: WriteSession, endpoint_id: UUID
) -> EndpointOut:
    """Send an endpoint what has waited for it, and go on."""
    at = runtime_of(request).clock()
    return presenters.endpoint(endpoints.resume_endpoint(session, endpoint_id, actor=actor, at=at))


@router.post("/webhooks/endpoints/{endpoint_id}/replays", status_code=202)
def replay_span(
    request: Request, actor: CurrentActor, session: WriteSession, endpoint_id: UUID, wish: SpanIn
) -> RecoveredOut:
    """Send an endpoint again all that failed in a span of time, or all of it; also what it never was sent."""
    at = runtime_of(request).clock()
    span = replays.Span(wish.since, wish.until or at, wish.only_failed)
    done = replays.recover(session, endpoint_id, span, actor=actor, at=at)
    return RecoveredOut(count=done.count, go_on_from=done.go_on_from)


@router.post(
    "/webhooks/endpoints/{endpoint_id}/secrets", status_code=201, responses={201: made("list_endpoints")}
)
def rotate_endpoint_secret(
    request: Request,
    actor: CurrentActor,
    session: WriteSession,
    endpoint_id: UUID,
    wish: RotationIn | None = None,
) -> EndpointWithSecretOut:
    """Make a new secret for an endpoint; for 24 hours messages carry the signature of the old one as well."""
    runtime = runtime_of(request)
    found = endpoints.rotate_endpoint_secret(
        session,
        endpoint_id,
        at_once=wish is not None and wish.revoke_old,
        actor=actor,
        master=runtime.secret,
        at=runtime.clock(),
    )
    return EndpointWithSecretOut(**presenters.endpoint(found.endpoint).model_dump(), secret=found.secret)


@router.post("/webhooks/endpoints/{endpoint_id}/tests", status_code=202)
def test_endpoint(
    request: Request, actor: CurrentActor, session: WriteSession, endpoint_id: UUID
) -> DeliveryOut:
    """Send an endpoint a message of type `webhook.test`; its delivery says what came of it."""
    sent, message = endpoints.test_endpoint(session, endpoint_id, actor=actor, at=runtime_of(request).clock())
    return presenters.delivery(sent, message)
