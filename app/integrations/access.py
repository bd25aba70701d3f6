"""Who comes with a key, and what it opens: the one door for machines. Not a role of theirs opens anything."""

import hmac
import json
from datetime import datetime, timedelta
from ipaddress import ip_network
from uuid import UUID

import structlog
from fastapi import BackgroundTasks, Request
from sqlalchemy import or_, update
from sqlmodel import Session, col

from app.domain.roles import UserKind
from app.domain.vocabulary import Role
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.identity import queries as identity
from app.identity.access import KEY, KEY_TOKEN
from app.identity.actors import Actor, Grant, Tool
from app.infra.errors import AppError, Forbidden, NotFound, Reason, Unauthenticated
from app.infra.http.proxies import within
from app.infra.runtime import Runtime, runtime_of
from app.integrations import errors as _words  # noqa: F401 – the words of the codes below
from app.integrations import service
from app.integrations.models import ToolKey
from app.integrations.scopes import OPERATIONS, OWN, Scope
from app.webhooks.models import PublishingTool

#: When a key was last used is written down at most this often.
SEEN_EVERY = timedelta(minutes=1)
_CHALLENGE = {"WWW-Authenticate": 'Bearer error="invalid_token"'}

log = structlog.get_logger()


def by_key(request: Request, token: str, session: Session, tasks: BackgroundTasks | None) -> Actor:
    """Return who acts by a key, or by a token that it was exchanged for: the tool, or it for its editor.

    Raises `Unauthenticated` for one that is not good, `Forbidden` at another address, and for what it does
    not open. Without `tasks` nothing is done yet, and only who it is is asked.
    """
    runtime, at = runtime_of(request), runtime_of(request).clock()
    address = request.client.host if request.client else ""
    key, tool, scopes = _known(session, runtime, token, at)
    from_its_network(request, key)
    caller = tool_of(tool, key, scopes)
    if tasks is None:
        return _itself(caller)
    operation = str(getattr(request.scope.get("route"), "name", ""))
    scope = OPERATIONS.get(operation)
    if operation not in OWN and (scope is None or scope not in scopes):
        lacks = Reason("scope_missing", {"scope": str(scope)}) if scope else Reason("scope_none")
        raise Forbidden("key_scope", reasons=[lacks])
    if key.last_used_at is None or at - key.last_used_at >= SEEN_EVERY:
        # After the answer: the request may hold the writer's lock until then.
        tasks.add_task(_used, runtime, key.id, address, at)
    if scope is not Scope.SUBMIT:
        return _itself(caller)
    actor = _for_editor(session, caller, key)
    if (draft_id := request.path_params.get("draft_id")) is not None:
        _within_reach(session, caller, UUID(str(draft_id)))
    return actor


def tool_of(tool: PublishingTool, key: ToolKey, scopes: frozenset[str]) -> Tool:
    """Return a tool as it acts by a key: on its channels as they are now, as far as the key goes."""
    served = json.loads(tool.channels)
    places = [(channel, section) for channel, section in json.loads(key.places) if channel in served]
    if not json.loads(key.places):
        places = [(channel, None) for channel in served]
    return Tool(tool.id, tool.name, tool.unit_id, tool.unit_path, key.id, scopes, tuple(places))


def from_its_network(request: Request, key: ToolKey) -> None:
    """Let pass who comes from where a key may be used. Raises `Forbidden`."""
    networks = [ip_network(network) for network in json.loads(key.networks)]
    if networks and not within(request.client.host if request.client else "", networks):
        raise Forbidden("key_address")


def good_key(session: Session, whole: str, at: datetime) -> tuple[ToolKey, PublishingTool]:
    """Return the key that these characters are, and its tool. Raises `Unauthenticated`."""
    named, _, _ = whole.removeprefix(KEY).partition("_")
    key = session.get(ToolKey, _id(named))
    # The same work for a key that nobody has.
    same = hmac.compare_digest(service.hashed(whole), key.hash if key else "0" * 64)
    if key is None or not same:
        raise Unauthenticated("key_refused", headers=_CHALLENGE)
    return key, _tool(session, key, at)


def _known(
    session: Session, runtime: Runtime, token: str, at: datetime
) -> tuple[ToolKey, PublishingTool, frozenset[str]]:
    if token.startswith(KEY):
        key, tool = good_key(session, token, at)
        return key, tool, frozenset(json.loads(key.scopes))
    try:
        key_id, scopes = runtime.tokens.read_for_tool(token.removeprefix(KEY_TOKEN), at=at)
    except Unauthenticated as error:
        error.headers.update(_CHALLENGE)
        raise
    found = session.get(ToolKey, key_id)
    if found is None:
        raise Unauthenticated("key_refused", headers=_CHALLENGE)
    return found, _tool(session, found, at), scopes & frozenset(json.loads(found.scopes))


def _tool(session: Session, key: ToolKey, at: datetime) -> PublishingTool:
    tool = session.get_one(PublishingTool, key.tool_id)
    if not service.is_good(key, at):
        raise Unauthenticated("key_refused", headers=_CHALLENGE)
    if not tool.active:
        raise Unauthenticated("tool_inactive", headers=_CHALLENGE)
    return tool


def _itself(tool: Tool) -> Actor:
    """Return a tool that acts for itself: it reads what its places reach, and that is all that it may do."""
    grants = tuple(Grant(Role.READER, tool.unit_path, channel, section) for channel, section in tool.places)
    return Actor(
        tool.id,
        tool.name,
        "",
        tool.unit_id,
        tool.unit_path,
        grants,
        "key",
        kind=UserKind.SERVICE,
        tool=tool,
    )


def _for_editor(session: Session, tool: Tool, key: ToolKey) -> Actor:
    """Return the editor for whom a tool hands in: with an editor's grants alone, as far as the key goes."""
    editor = identity.user_actor(session, key.acts_for) if key.acts_for else None
    grants = service.narrowed(editor, tool.unit_path, tool.places) if editor else ()
    if editor is None or not grants:
        raise Forbidden("key_editor_gone")
    return Actor(
        editor.id,
        editor.name,
        "",
        editor.unit_id,
        editor.unit_path,
        grants,
        "key",
        kind=UserKind.SERVICE,
        tool=tool,
    )


def _within_reach(session: Session, tool: Tool, draft_id: UUID) -> None:
    """Let drafts pass that are bound for the key's places alone. Raises `NotFound`."""
    draft = session.get(Draft, draft_id)
    if draft is None or not draft.unit_path.startswith(tool.unit_path):
        raise NotFound("not_found")
    if not all(tool.reaches(place.channel, place.section) for place in drafts.targets(session, draft_id)):
        raise NotFound("not_found")


def _used(runtime: Runtime, key_id: UUID, address: str, at: datetime) -> None:
    try:
        with runtime.database.write() as session:
            session.exec(
                update(ToolKey)
                .where(
                    col(ToolKey.id) == key_id,
                    or_(col(ToolKey.last_used_at).is_(None), col(ToolKey.last_used_at) < at),
                )
                .values(last_used_at=at, last_used_from=address[:60])
            )
    except AppError as error:
        log.warning("tool.key_use_not_stored", code=error.code)


def _id(named: str) -> UUID:
    try:
        return UUID(hex=named)
    except ValueError:
        return UUID(int=0)
