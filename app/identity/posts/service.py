"""Posts and professional titles (职务、职称): what workflows name people by, beside roles.

The security administrator keeps them, as roles are kept: they decide who may act at a stage.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlmodel import Session

from app.domain.vocabulary import Event, Role
from app.domain.workflow.needs import Qualification
from app.events.emit import emit
from app.events.payloads.accounts import PostsSet
from app.identity.models import User
from app.identity.queries import Actor
from app.identity.reach import unit_in_reach, user_in_reach
from app.identity.roles import powers as holding
from app.infra.errors import Conflict, Forbidden, Reason
from app.infra.http.etags import must_match


@dataclass(frozen=True, slots=True)
class Held:
    """A post over a unit and all below it; `heads`: whoever holds it heads that unit."""

    unit_id: UUID
    post: str
    heads: bool = False


def version_of(user: User) -> int:
    """Return a number from 0 to 999 999 999 that is another as soon as posts or title are others."""
    held = json.dumps([user.posts, user.qualification], sort_keys=True)
    return int.from_bytes(sha256(held.encode()).digest()[:8]) % 1_000_000_000


def set_posts(
    session: Session,
    *,
    user_id: UUID,
    posts: Sequence[Held],
    qualification: Qualification = "none",
    seen: frozenset[int] | None = None,
    actor: Actor,
    at: datetime,
) -> User:
    """Say which posts somebody holds and which title; what they held before is replaced.

    `seen` are the versions (`version_of`) that the actor looked at; `None`: at the machine, where nobody else
    keeps them meanwhile. Raises `PreconditionFailed` where others are held by now, `NotFound`, `Forbidden`
    (also for one's own account), `Conflict` for whoever is shut, is no person or is an administrator: those
    who keep the system decide nothing about content.
    """
    user, _ = user_in_reach(session, user_id, actor, Role.SECURITY_ADMIN, lock=True)
    units = {one.unit_id: unit_in_reach(session, one.unit_id, actor, Role.SECURITY_ADMIN) for one in posts}
    if actor.is_one_of(user.id):
        raise Forbidden("forbidden", reasons=[Reason("own_account")])
    if not user.active:
        raise Conflict("user_inactive")
    if seen is not None:
        must_match(seen, version_of(user))
    powers = holding.powers_of(session, user, at)
    places = tuple(units[one.unit_id].path for one in posts)
    if places:
        holding.refuse(replace(powers, posts=places), "roles_exclude", field="posts")
    kept = {(one.unit_id, one.post.strip(), one.heads): None for one in posts}
    user.posts = [
        {"unit": str(unit_id), "path": units[unit_id].path, "post": post, "heads": heads}
        for unit_id, post, heads in kept
    ]
    user.qualification = qualification
    session.add(user)
    told = [{"unit": one["unit"], "post": one["post"], "heads": one["heads"]} for one in user.posts]
    emit(
        session,
        Event.USER_POSTS_SET,
        PostsSet(user=user.id, posts=told, qualification=qualification),
        about=user.id,
        actor=actor.as_audit(Role.SECURITY_ADMIN),
        at=at,
    )
    return user
