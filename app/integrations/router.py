import base64
import binascii
import json
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import FastAPI, Form, Query, Request

from app.identity.access import KEY_TOKEN, CurrentActor
from app.identity.actors import Tool
from app.infra.db import ReadSession, WriteSession
from app.infra.errors import Forbidden, Reason, Unauthenticated
from app.infra.http import cursors
from app.infra.http.links import made
from app.infra.http.problems import MEDIA_TYPE
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.integrations import access, queries, service
from app.integrations.errors import OAuthError, client_refused, token_refused
from app.integrations.models import ToolKey
from app.integrations.schemas import (
    AccessTokenOut,
    KeyOut,
    KeyPlaceOut,
    KeyRotationIn,
    NewKeyIn,
    NewKeyOut,
    OwnEndpointsOut,
    OwnToolOut,
    SecretOut,
)
from app.integrations.scopes import Scope
from app.integrations.service import Made
from app.webhooks import presenters
from app.webhooks import queries as webhooks
from app.webhooks.models import DeliveryState
from app.webhooks.schemas import DeliveriesOut

router = ApiRouter(tags=["integrations"])
#: A token for a key is good for so long, in minutes; its key can be revoked meanwhile, and it with that.
MINUTES = 10
_FORM = "application/x-www-form-urlencoded"
_NEEDED = {"required": ["grant_type"]}


@router.post(
    "/tools/{tool_id}/keys", status_code=201, responses={201: made("list_tool_keys", tool_id="tool_id")}
)
def make_tool_key(
    request: Request, actor: CurrentActor, session: WriteSession, tool_id: UUID, new: NewKeyIn
) -> NewKeyOut:
    """Make a key for a tool. The whole of it is shown this once."""
    key = service.make_key(session, tool_id, new.wish(), actor=actor, at=runtime_of(request).clock())
    return _new(key)


@router.get("/tools/{tool_id}/keys")
def list_tool_keys(
    request: Request, actor: CurrentActor, session: ReadSession, tool_id: UUID
) -> list[KeyOut]:
    """List the keys of a tool, the newest first, also those that have ended."""
    at = runtime_of(request).clock()
    return [shown(key, active=service.is_good(key, at)) for key in service.keys_of(session, tool_id, actor)]


@router.post(
    "/tools/{tool_id}/keys/{key_id}/rotations",
    status_code=201,
    responses={201: made("list_tool_keys", tool_id="tool_id")},
)
def rotate_tool_key(
    request: Request,
    actor: CurrentActor,
    session: WriteSession,
    tool_id: UUID,
    key_id: UUID,
    wish: KeyRotationIn,
) -> NewKeyOut:
    """Make a key like another one, which stays good for as many hours as are wished."""
    overlap = timedelta(hours=wish.overlap_hours)
    at = runtime_of(request).clock()
    return _new(service.rotate_key(session, tool_id, key_id, overlap=overlap, actor=actor, at=at))


@router.post("/tools/{tool_id}/keys/{key_id}/revocation")
def revoke_tool_key(
    request: Request, actor: CurrentActor, session: WriteSession, tool_id: UUID, key_id: UUID
) -> KeyOut:
    """End a key at once, and the tokens that it was exchanged for."""
    at = runtime_of(request).clock()
    return shown(service.revoke_key(session, tool_id, key_id, actor=actor, at=at), active=False)


@router.post(
    "/auth/oauth/token",
    responses={
        400: {
            "description": "What is asked for is not given; `error` says it in OAuth 2.0's words.",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    },
    # What is missing is told in OAuth's words, so nothing here requires it.
    openapi_extra={"requestBody": {"required": True, "content": {_FORM: {"schema": _NEEDED}}}},
)
def exchange_key(
    request: Request,
    session: ReadSession,
    # Described, not checked here: that nothing else is given out is told in words.
    grant_type: Annotated[str, Form(max_length=100, json_schema_extra={"enum": ["client_credentials"]})] = "",
    client_id: Annotated[str, Form(max_length=100, description="the key's id")] = "",
    client_secret: Annotated[str, Form(max_length=200, description="the whole key")] = "",
    scope: Annotated[str, Form(max_length=200, description="scopes, parted by spaces; none: all")] = "",
) -> AccessTokenOut:
    """Exchange a tool's key for a token that is good for ten minutes: OAuth 2.0, client credentials.

    The client is named in the form, or by HTTP Basic (RFC 6749, sections 2.3.1 and 4.4).
    """
    if grant_type != "client_credentials":
        error: OAuthError = "unsupported_grant_type" if grant_type else "invalid_request"
        raise token_refused(error, Reason("grant_type", field="body.grant_type"))
    runtime = runtime_of(request)
    at = runtime.clock()
    named, whole = _client(request, client_id, client_secret)
    try:
        key, _ = access.good_key(session, whole, at)
    except Unauthenticated as error:
        raise client_refused() from error
    if str(key.id) != named:
        raise client_refused()
    access.from_its_network(request, key)
    held = json.loads(key.scopes)
    wanted = scope.split() or held
    if lacking := [one for one in wanted if one not in held]:
        reasons = [Reason("scope_not_held", {"scope": one}, field="body.scope") for one in lacking]
        raise token_refused("invalid_scope", *reasons)
    given = " ".join(sorted(set(wanted)))
    token = runtime.tokens.issue_for_tool(key.id, scope=given, at=at, minutes=MINUTES)
    return AccessTokenOut(access_token=KEY_TOKEN + token, expires_in=MINUTES * 60, scope=given)


@router.get("/tool")
def show_own_tool(request: Request, actor: CurrentActor, session: ReadSession) -> OwnToolOut:
    """Show a tool to itself: what its key opens, its other keys and secrets, and until when they are good."""
    tool, at = _tool(actor.tool), runtime_of(request).clock()
    keys = service.own_keys(session, tool.id)
    listed = [shown(key, active=service.is_good(key, at)) for key in keys]
    return OwnToolOut(
        tool=presenters.tool(queries.tool(session, tool.id)),
        key=next(key for key in listed if key.id == tool.key_id),
        scopes=[Scope(scope) for scope in sorted(tool.scopes)],
        keys=listed,
        secrets=[
            SecretOut.model_validate(secret, from_attributes=True)
            for secret in queries.secrets(session, tool.id, at=at)
        ],
    )


@router.get("/tool/endpoints")
def list_own_endpoints(actor: CurrentActor, session: ReadSession) -> OwnEndpointsOut:
    """List the addresses at which the tool is told, and how they fare."""
    _tool(actor.tool)
    rows = webhooks.endpoints(session, actor)
    return OwnEndpointsOut(items=[presenters.endpoint(row) for row in rows])


@router.get("/tool/deliveries")
def list_own_deliveries(
    actor: CurrentActor,
    session: ReadSession,
    endpoint: UUID | None = None,
    state: DeliveryState | None = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DeliveriesOut:
    """List what was sent, or is to be sent, to the tool's own addresses, the newest first."""
    _tool(actor.tool)
    sent = webhooks.deliveries(
        session, actor, endpoint_id=endpoint, state=state, before=before, limit=limit + 1
    )
    rows, last = cursors.page(sent, limit)
    page = [presenters.delivery(row.delivery, row.message) for row in rows]
    return DeliveriesOut(deliveries=page, next_before=last.delivery.id if last else None)


def shown(key: ToolKey, *, active: bool) -> KeyOut:
    """Return a key as it is shown."""
    return KeyOut(
        id=key.id,
        name=key.name,
        scopes=json.loads(key.scopes),
        places=[KeyPlaceOut(channel=channel, section=section) for channel, section in json.loads(key.places)],
        networks=json.loads(key.networks),
        acts_for=key.acts_for,
        active=active,
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        replaced_by=key.replaced_by,
        last_used_at=key.last_used_at,
        last_used_from=key.last_used_from,
    )


def _new(made_key: Made) -> NewKeyOut:
    return NewKeyOut(
        **shown(made_key.key, active=True).model_dump(), tool_id=made_key.key.tool_id, key=made_key.secret
    )


def _tool(tool: Tool | None) -> Tool:
    if tool is None:
        raise Forbidden("tool_key_needed")
    return tool


def _client(request: Request, client_id: str, client_secret: str) -> tuple[str, str]:
    """Return the key's id and the key, from HTTP Basic if that is used. Raises `Unauthenticated`."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return client_id, client_secret
    try:
        named, _, whole = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise client_refused() from error
    return named, whole


def install(app: FastAPI) -> None:
    """Add this feature's routes, and let keys in."""
    app.include_router(router)
    app.state.by_key = access.by_key
