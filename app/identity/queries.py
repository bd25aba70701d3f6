"""Reading who somebody is and what they may do: one statement for a request."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Date, Text, bindparam, cast, exists, false, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.domain import delegations, powers
from app.domain.delegations import Held, Link, Scope
from app.domain.powers import Powers
from app.domain.roles import UserKind
from app.domain.vocabulary import ADMINISTRATORS, Role
from app.identity.actors import SYSTEM, Actor, Grant, Post, StandIn, Via
from app.identity.models import BrowserSession, Delegation, RoleGrant, Unit, User
from app.infra.clock import beijing

_NAMES = select(User.id, User.name).where(col(User.id).in_(bindparam("ids", expanding=True)))


def session_hash(raw: str) -> str:
    """Return the name under which a browser session is stored."""
    return hashlib.sha256(raw.encode()).hexdigest()


def user_actor(
    session: Session, user_id: UUID, *, via: Via = "token", at: datetime | None = None
) -> Actor | None:
    """Return the active user as an actor; `None` when unknown or deactivated.

    One statement; with `at` two more where they stand in for somebody then.
    """
    on = date.min if at is None else beijing(at).date()
    rows = session.exec(_by_id(), params={"user_id": user_id, "on": on}).all()
    actor = _actor(rows, via)
    if actor is None or at is None or not rows[0][-1]:
        return actor
    return _with_principals(session, actor, at)


def user_actors(session: Session, user_ids: Collection[UUID]) -> dict[UUID, Actor]:
    """Return the active among these users as actors, by their ids, each in their own place alone.

    One statement; none for nobody.
    """
    return actors_where(session, col(User.id).in_(user_ids)) if user_ids else {}


def actors_where(session: Session, condition: ColumnElement[bool]) -> dict[UUID, Actor]:
    """Return the active users of whom `condition` holds as actors, by their ids. One statement."""
    rows: dict[UUID, list[Any]] = {}
    for row in session.exec(_actors().where(condition)).all():
        rows.setdefault(row[0].id, []).append(row)
    people = {user_id: _actor(of_user, "token") for user_id, of_user in rows.items()}
    return {user_id: actor for user_id, actor in people.items() if actor is not None}


def session_actor(
    session: Session, raw: str, at: datetime, *, minutes: int, idle_minutes: int
) -> tuple[Actor, datetime] | None:
    """Return who is signed in with this session id and when they were last seen; `None` when nobody is.

    A session ends `minutes` after sign-in and `idle_minutes` after it was last seen. One statement, and two
    more for somebody who stands in for others.
    """
    asked = {
        "id_hash": session_hash(raw),
        "made_after": at - timedelta(minutes=minutes),
        "seen_after": at - timedelta(minutes=idle_minutes),
        "on": beijing(at).date(),
    }
    rows = session.exec(_by_session(), params=asked).all()
    actor = _actor(rows, "session")
    if actor is None or actor.kind is not UserKind.PERSON:
        return None
    *_, stands_in, last_seen = rows[0]
    return (_with_principals(session, actor, at) if stands_in else actor), last_seen


# Every request asks these: they are put together once.
@cache
def _by_id() -> Any:  # noqa: ANN401 – see `_actors`
    return _actors().add_columns(_stands_in()).where(User.id == bindparam("user_id"))


@cache
def _by_session() -> Any:  # noqa: ANN401 – see `_actors`
    return (
        _actors()
        .add_columns(_stands_in(), col(BrowserSession.last_seen_at))
        .join(BrowserSession, col(BrowserSession.user_id) == col(User.id))
        .where(
            BrowserSession.id_hash == bindparam("id_hash"),
            col(BrowserSession.revoked_at).is_(None),
            BrowserSession.created_at > bindparam("made_after"),
            BrowserSession.last_seen_at > bindparam("seen_after"),
        )
    )


def _stands_in() -> ColumnElement[bool]:
    """Return the column that says whether the user of a row stands in for anybody on the day `on`."""
    on: BindParameter[date] = bindparam("on", type_=Date())
    given = select(Delegation.id).where(
        Delegation.delegate_id == User.id,
        col(Delegation.revoked_at).is_(None),
        col(Delegation.confirmed_at).is_not(None),
        col(Delegation.starts_on) <= on,
        col(Delegation.ends_on) >= on,
    )
    return exists(given.correlate(User))


def _with_principals(session: Session, actor: Actor, at: datetime) -> Actor:
    """Return the actor with the people they stand in for on the day of `at`, as far as those are active."""
    links = _links_to(session, actor.id, beijing(at).date())
    if not links or actor.kind is not UserKind.PERSON or actor.roles() & ADMINISTRATORS:
        # Those who keep the system, and machines, take nobody's place, whatever the tables say.
        return actor
    by_link = dict(links)
    found = delegations.chains(str(actor.id), list(by_link), on=beijing(at).date())
    people = user_actors(session, {UUID(link.principal) for chain in found for link in chain})
    return replace(
        actor,
        standing_in=tuple(
            stand_in(people[UUID(chain[-1].principal)], chain, _nearer(people, chain))
            for chain in found
            if UUID(chain[-1].principal) in people
        ),
    )


def _nearer(people: Mapping[UUID, Actor], chain: tuple[Link, ...]) -> Actor | None:
    return people.get(UUID(chain[0].principal)) if len(chain) > 1 else None


def _links_to(session: Session, delegate: UUID, on: date) -> dict[Link, UUID]:
    """Return the delegations in force to somebody, and those to their principals, with their ids."""
    found = session.exec(_standing(), params={"delegate": delegate, "on": on}).all()
    return {as_link(row, path): row.id for row, path in found}


@cache
def _standing() -> Any:  # noqa: ANN401 – see `_actors`
    delegate: BindParameter[UUID] = bindparam("delegate")
    on: BindParameter[date] = bindparam("on", type_=Date)
    standing = (
        col(Delegation.revoked_at).is_(None),
        col(Delegation.confirmed_at).is_not(None),
        Delegation.starts_on <= on,
        Delegation.ends_on >= on,
    )
    nearer = select(Delegation.principal_id).where(Delegation.delegate_id == delegate, *standing)
    return (
        select(Delegation, Unit.path)
        .outerjoin(Unit, col(Unit.id) == col(Delegation.unit_id))
        .where(
            or_(col(Delegation.delegate_id) == delegate, col(Delegation.delegate_id).in_(nearer)), *standing
        )
        .order_by(col(Delegation.id))
    )


def as_link(row: Delegation, unit_path: str | None) -> Link:
    """Return a stored delegation as the domain sees it; `unit_path` is that of the unit it is narrowed to."""
    scope = Scope(
        unit_path, row.channel or None, row.section or None, frozenset(Role(one) for one in row.roles)
    )
    return Link(str(row.principal_id), str(row.delegate_id), row.starts_on, row.ends_on, scope)


def links_where(session: Session, *conditions: ColumnElement[bool]) -> list[Link]:
    """Return the delegations of which all of this holds, the oldest first. One statement."""
    query = (
        select(Delegation, Unit.path)
        .outerjoin(Unit, col(Unit.id) == col(Delegation.unit_id))
        .where(*conditions)
        .order_by(col(Delegation.id))
    )
    return [as_link(row, path) for row, path in session.exec(query).all()]


def stand_in(principal: Actor, chain: tuple[Link, ...], nearer: Actor | None = None) -> StandIn:
    """Return what somebody may do in a principal's place by a chain of delegations, the nearest first.

    `nearer` is who stands between the two, where it is known.
    """
    held: tuple[Held, ...] = tuple(
        Held(one.role, one.unit_path, one.channel, one.section) for one in principal.grants
    )
    for link in reversed(chain):
        held = delegations.narrowed(held, link.scope)
    paths = [link.scope.unit_path for link in chain if link.scope.unit_path]
    whole = not any(link.scope.roles or link.scope.channel or link.scope.section for link in chain)
    return StandIn(
        principal.id,
        principal.name,
        principal.login if whole else "",
        principal.unit_id,
        tuple(Grant(one.role, one.unit_path, one.channel, one.section) for one in held),
        UUID(chain[0].principal) if len(chain) > 1 else None,
        max(paths, key=len, default="/"),
        # Where roles, channels or sections are named, nothing else of the principal's is delegated.
        principal.posts if whole else (),
        principal.qualification if whole else "none",
        (*principal.same, *(() if nearer is None else nearer.same)),
    )


def deputies(session: Session, user_ids: Iterable[UUID], at: datetime) -> dict[UUID, str]:
    """Return which of these people are away on the day of `at`, each with the name of their deputy."""
    on = beijing(at).date()
    query = (
        select(Delegation.principal_id, User.name)
        .join(User, col(User.id) == col(Delegation.delegate_id))
        .where(
            col(Delegation.principal_id).in_(list(user_ids)),
            col(Delegation.absent).is_(True),
            col(Delegation.revoked_at).is_(None),
            col(Delegation.confirmed_at).is_not(None),
            Delegation.starts_on <= on,
            Delegation.ends_on >= on,
        )
    )
    return dict(session.exec(query).all())


def colleagues(session: Session, unit_path: str) -> tuple[User, ...]:
    """Return the people of the body at the root of `unit_path` who may be asked or stand in, by name.

    Active natural persons without an administrator's office; at most 500.
    """
    root = "/" + unit_path.strip("/").split("/")[0] + "/"
    office = select(RoleGrant.user_id).where(
        col(RoleGrant.role).in_(ADMINISTRATORS), col(RoleGrant.revoked_at).is_(None)
    )
    query = (
        select(User)
        .join(Unit, col(Unit.id) == col(User.unit_id))
        .where(
            col(Unit.path).startswith(root),
            col(User.active).is_(True),
            User.kind == UserKind.PERSON,
            col(User.id).not_in(office),
        )
        .order_by(User.name, col(User.id))
        .limit(500)
    )
    return tuple(session.exec(query).all())


def _actors() -> Any:  # noqa: ANN401 – SQLAlchemy's type of a seven-column select
    over, other = aliased(Unit), aliased(User)
    # One statement for whose account it is as well: a list in one column, mostly empty.
    others = (
        select(func.aggregate_strings(cast(other.id, Text), ","))
        .where(col(other.person_id) == col(User.person_id), other.id != User.id)
        .correlate(User)
        .scalar_subquery()
    )
    return (
        select(User, Unit.path, RoleGrant.role, over.path, RoleGrant.channel, RoleGrant.section, others)  # type: ignore[call-overload]
        .join(Unit, col(Unit.id) == col(User.unit_id))
        .outerjoin(RoleGrant, (col(RoleGrant.user_id) == col(User.id)) & col(RoleGrant.revoked_at).is_(None))
        .outerjoin(over, over.id == col(RoleGrant.unit_id))
        .where(col(User.active).is_(True))
    )


def _actor(rows: Iterable[Any], via: Via) -> Actor | None:
    rows = list(rows)
    if not rows:
        return None
    user, path, others = rows[0][0], rows[0][1], rows[0][6]
    grants = tuple(
        Grant(Role(role), over, channel or None, section or None)
        for _user, _path, role, over, channel, section, *_ in rows
        if role is not None
    )
    kind = UserKind(user.kind)
    held = tuple(Held(one.role, one.unit_path, one.channel, one.section) for one in grants)
    stored = Powers(kind, held, tuple(one["path"] for one in user.posts))
    # What an account could never be given is not used either, whatever the tables say.
    good = powers.usable(stored)
    if good is not stored:
        grants = tuple(Grant(one.role, one.unit_path, one.channel, one.section) for one in good.held)
    return Actor(
        user.id,
        user.name,
        user.login,
        user.unit_id,
        path,
        grants,
        via,
        posts=tuple(Post(one["post"], one["path"], one["heads"]) for one in user.posts) if good.posts else (),
        qualification=user.qualification,
        kind=kind,
        must_change_password=user.must_change_password,
        credentials=user.credentials,
        person_id=user.person_id,
        others=frozenset(map(UUID, others.split(","))) if others else frozenset(),
    )


def units_within(session: Session, paths: Iterable[str]) -> tuple[Unit, ...]:
    """Return the units at and below any of `paths`, parents before children; empty for no paths."""
    reached = or_(false(), *(col(Unit.path).startswith(path) for path in set(paths)))
    return tuple(session.exec(select(Unit).where(reached).order_by(Unit.path)).all())


def unit_names(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of these units, by id. One statement."""
    query = select(Unit.id, Unit.name).where(col(Unit.id).in_(ids))
    return dict(session.exec(query).all())


def names_above(session: Session, unit_path: str) -> tuple[str, ...]:
    """Return the names of the unit at `unit_path` and of all above it, from the top. One statement."""
    ids = [UUID(part) for part in unit_path.strip("/").split("/") if part]
    known = unit_names(session, ids)
    return tuple(known[unit] for unit in ids if unit in known)


def posts_of(session: Session, people: Collection[UUID], *, unit_path: str) -> frozenset[str]:
    """Return the posts that any of these people holds over the unit at `unit_path`. One statement."""
    query = select(User.posts).where(col(User.id).in_(people))
    held = (post for posts in session.exec(query).all() for post in posts)
    return frozenset(post["post"] for post in held if unit_path.startswith(post["path"]))


def posted(session: Session, *, unit_path: str | None) -> tuple[User, ...]:
    """Return the active people who hold any post over the unit at `unit_path`, or over any, by name."""
    query = (
        select(User)
        .where(
            col(User.active).is_(True),
            User.kind == UserKind.PERSON,
            func.length(cast(col(User.posts), Text)) > len("[]"),
        )
        .order_by(User.name)
    )
    return tuple(
        user
        for user in session.exec(query).all()
        if unit_path is None or any(unit_path.startswith(one["path"]) for one in user.posts)
    )


def holders(session: Session, role: Role, *, unit_path: str) -> tuple[User, ...]:
    """Return the active people whose grant of `role` reaches the unit at `unit_path`, by name, or none."""
    above = [UUID(part) for part in unit_path.strip("/").split("/") if part]
    holding = select(RoleGrant.user_id).where(
        RoleGrant.role == role, col(RoleGrant.revoked_at).is_(None), col(RoleGrant.unit_id).in_(above)
    )
    query = (
        select(User)
        .where(col(User.id).in_(holding), col(User.active).is_(True), User.kind == UserKind.PERSON)
        .order_by(User.name)
    )
    return tuple(session.exec(query).all())


def accounts_of_same(session: Session, ids: Collection[UUID]) -> frozenset[UUID]:
    """Return these accounts and all others of the same natural persons. One statement; none for nobody."""
    if not ids:
        return frozenset()
    whose = select(User.person_id).where(col(User.id).in_(ids), col(User.person_id).is_not(None))
    query = select(User.id).where(col(User.person_id).in_(whose))
    return frozenset(ids) | frozenset(session.exec(query).all())


def names(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the real names of these users, deactivated ones too; unknown ids are left out. One statement."""
    wanted = set(ids)
    if not wanted:
        return {}
    return dict(session.exec(_NAMES, params={"ids": list(wanted)}).all())


def accounts(
    session: Session, actor: Actor, *, after: UUID | None, limit: int, within: str = "/"
) -> tuple[User, ...]:
    """Return accounts that the actor administers or audits, oldest first, after the one with id `after`.

    Only those of the unit whose path is `within`, and of the units below it.
    """
    offices = [grant.unit_path for grant in actor.grants if grant.role in ADMINISTRATORS]
    query = (
        select(User)
        .join(Unit, col(Unit.id) == col(User.unit_id))
        .where(
            or_(false(), *(col(Unit.path).startswith(path) for path in offices)),
            col(Unit.path).startswith(within),
        )
        .order_by(col(User.id))
        .limit(limit)
    )
    if actor.via == "system":
        query = select(User).order_by(col(User.id)).limit(limit)
    if after is not None:
        query = query.where(col(User.id) > after)
    return tuple(session.exec(query).all())


def head_counts(session: Session, unit_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return how many active people belong to each of these units; units with none are left out."""
    query = (
        select(User.unit_id, func.count())
        .where(
            col(User.unit_id).in_(list(unit_ids)),
            col(User.active).is_(True),
            User.kind == UserKind.PERSON,
        )
        .group_by(col(User.unit_id))
    )
    return dict(session.exec(query).all())


def grants_in_force(session: Session, user_ids: Iterable[UUID]) -> dict[UUID, tuple[RoleGrant, ...]]:
    """Return the grants in force of these users, oldest first; users without any are left out."""
    query = (
        select(RoleGrant)
        .where(col(RoleGrant.user_id).in_(list(user_ids)), col(RoleGrant.revoked_at).is_(None))
        .order_by(col(RoleGrant.id))
    )
    found: dict[UUID, tuple[RoleGrant, ...]] = {}
    for grant in session.exec(query).all():
        found[grant.user_id] = (*found.get(grant.user_id, ()), grant)
    return found


__all__ = [
    "SYSTEM",
    "Actor",
    "Grant",
    "Post",
    "StandIn",
    "Via",
    "accounts",
    "accounts_of_same",
    "actors_where",
    "as_link",
    "colleagues",
    "deputies",
    "grants_in_force",
    "head_counts",
    "holders",
    "links_where",
    "names",
    "posted",
    "session_actor",
    "session_hash",
    "stand_in",
    "units_within",
    "user_actor",
    "user_actors",
]
