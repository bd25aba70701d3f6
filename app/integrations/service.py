"""Keys of publishing tools: made, exchanged, revoked. One verb, one transaction.

Of a key only the SHA-256 of its secret is kept: 32 random bytes need no slow hash.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.roles import UserKind
from app.domain.vocabulary import Event, Role
from app.events.emit import emit
from app.events.payloads.machines import KeyEnded, KeyMade
from app.identity import queries as identity
from app.identity.access import KEY
from app.identity.actors import Actor
from app.identity.models import User
from app.infra.errors import Conflict, Invalid, NotFound, Reason
from app.infra.ids import new_id
from app.integrations import errors as _words  # noqa: F401 – the words of the codes below
from app.integrations.models import ToolKey
from app.integrations.scopes import Scope
from app.webhooks.endpoints.service import tool_in_reach
from app.webhooks.models import PublishingTool

SECRET_BYTES = 32
#: No key is good for longer: a year, and a month to exchange it in.
LONGEST = timedelta(days=400)
#: No old key is good for longer beside the one that replaces it.
LONGEST_OVERLAP = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to make. No places: all channels of the tool; no networks: from anywhere."""

    name: str
    scopes: frozenset[Scope]
    expires_at: datetime
    places: tuple[tuple[str, str | None], ...] = ()
    networks: tuple[str, ...] = ()
    acts_for: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A key just made, and the whole of it, which is shown this once."""

    key: ToolKey
    secret: str


def make_key(session: Session, tool_id: UUID, new: NewKey, *, actor: Actor, at: datetime) -> Made:
    """Make a key for a tool; the editor for whom it hands in hears of it.

    Raises `NotFound`, `Forbidden`, `Conflict` for a tool that is switched off, `Invalid` with every fault.
    """
    tool = tool_in_reach(session, tool_id, actor)
    if not tool.active:
        raise Conflict("tool_inactive")
    editor = _editor(session, tool, new)
    faults = [*_faults(tool, new, at), *([editor] if isinstance(editor, Reason) else [])]
    if faults or isinstance(editor, Reason):
        raise Invalid("malformed", reasons=faults)
    networks = sorted({str(ip_network(network, strict=False)) for network in new.networks})
    row = ToolKey(
        id=new_id(),
        tool_id=tool.id,
        name=new.name,
        scopes=json.dumps(sorted(new.scopes)),
        places=json.dumps(sorted(new.places, key=str), ensure_ascii=False),
        networks=json.dumps(networks),
        acts_for=editor,
        hash="",
        created_by=None if actor.via == "system" else actor.id,
        created_at=at,
        expires_at=new.expires_at,
    )
    return _kept(session, row, actor=actor, at=at)


def rotate_key(
    session: Session, tool_id: UUID, key_id: UUID, *, overlap: timedelta, actor: Actor, at: datetime
) -> Made:
    """Make a key like another one, which stays good for `overlap` and no longer than it would have.

    The new one is good for as long as the old one was made for. Raises `NotFound`, `Forbidden`, `Conflict`
    for a key that is not good any more, was exchanged already, or a tool that is switched off.
    """
    tool = tool_in_reach(session, tool_id, actor)
    old = _key(session, tool, key_id)
    if not tool.active:
        raise Conflict("tool_inactive")
    if not is_good(old, at) or old.replaced_by is not None:
        raise Conflict("key_ended")
    like = old.model_dump(include={"tool_id", "name", "scopes", "places", "networks", "acts_for"})
    row = ToolKey(
        **like,
        id=new_id(),
        hash="",
        created_by=None if actor.via == "system" else actor.id,
        created_at=at,
        expires_at=at + min(old.expires_at - old.created_at, LONGEST),
    )
    old.expires_at = min(old.expires_at, at + overlap)
    old.replaced_by = row.id
    session.add(old)
    made = _kept(session, row, actor=actor, at=at)
    _tell_ended(session, old, "replaced", actor=actor, at=at)
    return made


def revoke_key(session: Session, tool_id: UUID, key_id: UUID, *, actor: Actor, at: datetime) -> ToolKey:
    """End a key at once, and every token that it was exchanged for.

    Raises `NotFound`, `Forbidden`, `Conflict` when it had ended.
    """
    tool = tool_in_reach(session, tool_id, actor)
    key = _key(session, tool, key_id)
    if not is_good(key, at):
        raise Conflict("key_ended")
    key.revoked_at = at
    session.add(key)
    _tell_ended(session, key, "revoked", actor=actor, at=at)
    return key


def keys_of(session: Session, tool_id: UUID, actor: Actor) -> list[ToolKey]:
    """Return the keys of a tool that the actor administers, the newest first. Raises as the verbs."""
    tool = tool_in_reach(session, tool_id, actor, lock=False)
    return own_keys(session, tool.id)


def own_keys(session: Session, tool_id: UUID) -> list[ToolKey]:
    """Return the keys of a tool, the newest first."""
    query = select(ToolKey).where(ToolKey.tool_id == tool_id).order_by(col(ToolKey.id).desc())
    return list(session.exec(query).all())


def is_good(key: ToolKey, at: datetime) -> bool:
    """Say whether a key has been neither revoked nor used up by time."""
    return key.revoked_at is None and at < key.expires_at


def hashed(secret: str) -> str:
    """Return what is kept of a key."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _kept(session: Session, row: ToolKey, *, actor: Actor, at: datetime) -> Made:
    whole = f"{KEY}{row.id.hex}_{secrets.token_hex(SECRET_BYTES)}"
    row.hash = hashed(whole)
    session.add(row)
    session.flush()
    payload = KeyMade(
        tool=row.tool_id,
        key=row.id,
        scopes=json.loads(row.scopes),
        places=json.loads(row.places),
        networks=json.loads(row.networks),
        acts_for=row.acts_for,
        expires_at=row.expires_at.isoformat(),
        name=row.name,
    )
    emit(
        session,
        Event.TOOL_KEY_MADE,
        payload,
        about=row.tool_id,
        actor=actor.as_audit(Role.SYSTEM_ADMIN),
        at=at,
        people=[row.acts_for] if row.acts_for else (),
    )
    return Made(row, whole)


def _tell_ended(session: Session, key: ToolKey, how: str, *, actor: Actor, at: datetime) -> None:
    until = key.revoked_at or key.expires_at
    payload = KeyEnded(tool=key.tool_id, key=key.id, how=how, good_until=until.isoformat())
    admin = actor.as_audit(Role.SYSTEM_ADMIN)
    emit(session, Event.TOOL_KEY_ENDED, payload, about=key.tool_id, actor=admin, at=at)


def _key(session: Session, tool: PublishingTool, key_id: UUID) -> ToolKey:
    key = session.exec(select(ToolKey).where(ToolKey.id == key_id).with_for_update()).one_or_none()
    if key is None or key.tool_id != tool.id:
        raise NotFound("not_found")
    return key


def _faults(tool: PublishingTool, new: NewKey, at: datetime) -> Iterator[Reason]:
    served = json.loads(tool.channels)
    for channel in dict.fromkeys(channel for channel, _ in new.places if channel not in served):
        yield Reason("key_channel", {"channel": channel}, field="body.places")
    for network in new.networks:
        try:
            ip_network(network, strict=False)
        except ValueError:
            yield Reason("key_network", {"given": network}, field="body.networks")
    if not at < new.expires_at <= at + LONGEST:
        yield Reason("key_expiry", {"days": LONGEST.days}, field="body.expires_at")


def _editor(session: Session, tool: PublishingTool, new: NewKey) -> UUID | Reason | None:
    """Return the editor for whom a key hands texts in; what is wrong with the one who is named."""
    if Scope.SUBMIT not in new.scopes:
        return Reason("key_editor_unneeded", field="body.acts_for") if new.acts_for else None
    if not new.acts_for:
        return Reason("key_editor_needed", field="body.acts_for")
    login = new.acts_for.strip().casefold()
    user = session.exec(select(User).where(User.login == login)).one_or_none()
    editor = identity.user_actor(session, user.id) if user else None
    if editor is None or editor.kind is not UserKind.PERSON or not narrowed(editor, tool.unit_path, ()):
        return Reason("key_editor_unfit", field="body.acts_for")
    return editor.id


def narrowed(
    editor: Actor, unit_path: str, places: Sequence[tuple[str, str | None]]
) -> tuple[identity.Grant, ...]:
    """Return an editor's grants as far as a tool's unit and its key's places go; perhaps none."""
    grants = []
    for grant in editor.grants:
        if grant.role is not Role.EDITOR:
            continue
        nested = grant.unit_path.startswith(unit_path) or unit_path.startswith(grant.unit_path)
        within = max(grant.unit_path, unit_path, key=len)
        for channel, section in places or ((grant.channel, grant.section),):
            same_channel = grant.channel in {None, channel} and grant.section in {
                None,
                section or grant.section,
            }
            if nested and same_channel:
                grants.append(identity.Grant(Role.EDITOR, within, channel, section or grant.section))
    return tuple(grants)
