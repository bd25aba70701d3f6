"""Who is meant by roles, posts and names, and who stands in for them: actors, read at once for many units."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, func, or_
from sqlmodel import Session, col, select

from app.domain import delegations
from app.domain.roles import UserKind
from app.domain.vocabulary import ADMINISTRATORS, Role
from app.identity import queries
from app.identity.models import Delegation, RoleGrant, User
from app.identity.queries import Actor
from app.infra.clock import beijing


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom to look for: holders of roles over these units, of any post, by sign-in name, and by id."""

    roles: frozenset[Role] = frozenset()
    unit_paths: frozenset[str] = frozenset()
    posts: bool = False
    logins: frozenset[str] = frozenset()
    ids: frozenset[UUID] = frozenset()


def actors(session: Session, meant: Meant) -> dict[UUID, Actor]:
    """Return the active accounts that are meant, as actors in their own place; empty when there are none.

    A few more than are meant: whoever holds one of the roles over one of the units, or any post at all. One
    statement.
    """
    ways: list[ColumnElement[bool]] = []
    if meant.roles:
        above = {UUID(part) for path in meant.unit_paths for part in path.strip("/").split("/") if part}
        holding = select(RoleGrant.user_id).where(
            col(RoleGrant.role).in_(sorted(meant.roles)),
            col(RoleGrant.revoked_at).is_(None),
            col(RoleGrant.unit_id).in_(above),
        )
        ways.append(col(User.id).in_(holding))
    if meant.posts:
        ways.append(func.length(cast(col(User.posts), Text)) > len("[]"))
    if meant.logins:
        ways.append(col(User.login).in_(meant.logins))
    if meant.ids:
        ways.append(col(User.id).in_(meant.ids))
    return queries.actors_where(session, or_(*ways)) if ways else {}


def deputies(session: Session, principals: Mapping[UUID, Actor], at: datetime) -> dict[UUID, Actor]:
    """Return who stands in for any of these people on the day of `at`, also by what was passed on to them.

    Each with these people alone among those whom they stand in for; empty when nobody does. A statement, and
    one more where there are delegations.
    """
    if not principals:
        return {}
    today = beijing(at).date()
    standing = (
        col(Delegation.revoked_at).is_(None),
        col(Delegation.confirmed_at).is_not(None),
        col(Delegation.starts_on) <= today,
        col(Delegation.ends_on) >= today,
    )
    near = select(Delegation.delegate_id).where(col(Delegation.principal_id).in_(principals), *standing)
    links = queries.links_where(
        session,
        or_(col(Delegation.principal_id).in_(principals), col(Delegation.principal_id).in_(near)),
        *standing,
    )
    people = queries.user_actors(session, {UUID(link.delegate) for link in links})
    standing_in = {}
    for person_id, actor in people.items():
        # Those who keep the system, and machines, take nobody's place, whatever the tables say.
        if actor.kind is not UserKind.PERSON or actor.roles() & ADMINISTRATORS:
            continue
        stand_ins = tuple(
            queries.stand_in(principals[principal], chain, people.get(UUID(chain[0].principal)))
            for chain in delegations.chains(str(person_id), links, on=today)
            if (principal := UUID(chain[-1].principal)) in principals
        )
        if stand_ins:
            standing_in[person_id] = replace(actor, standing_in=stand_ins)
    return standing_in


def with_stand_ins(session: Session, user_ids: Collection[UUID], at: datetime) -> dict[UUID, Actor]:
    """Return the active among these users as actors, with all whom they stand in for on the day of `at`.

    `queries.user_actor` for many: two statements, and one more where there are delegations.
    """
    people = queries.user_actors(session, user_ids)
    if not people:
        return {}
    today = beijing(at).date()
    standing = (
        col(Delegation.revoked_at).is_(None),
        col(Delegation.confirmed_at).is_not(None),
        col(Delegation.starts_on) <= today,
        col(Delegation.ends_on) >= today,
    )
    near = select(Delegation.principal_id).where(col(Delegation.delegate_id).in_(people), *standing)
    links = queries.links_where(
        session,
        or_(col(Delegation.delegate_id).in_(people), col(Delegation.delegate_id).in_(near)),
        *standing,
    )
    chains = {
        person_id: delegations.chains(str(person_id), links, on=today)
        for person_id, actor in people.items()
        # Those who keep the system, and machines, take nobody's place, whatever the tables say.
        if links and actor.kind is UserKind.PERSON and not actor.roles() & ADMINISTRATORS
    }
    named = {UUID(chain[-1].principal) for person_chains in chains.values() for chain in person_chains}
    principals = people | queries.user_actors(session, named - people.keys())
    return {
        person_id: replace(
            actor,
            standing_in=tuple(
                queries.stand_in(principals[principal], chain, people.get(UUID(chain[0].principal)))
                for chain in chains.get(person_id, ())
                if (principal := UUID(chain[-1].principal)) in principals
            ),
        )
        for person_id, actor in people.items()
    }
