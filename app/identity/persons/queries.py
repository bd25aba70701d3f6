"""Whose accounts are whose, and who may be one person without anybody having said so."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_
from sqlmodel import Session, col, select

from app.domain.guests import name_key
from app.domain.roles import UserKind
from app.domain.vocabulary import Role
from app.identity.access import authorize
from app.identity.actors import Actor
from app.identity.models import Person, ToldApart, Unit, User
from app.identity.persons.numbers import OUTSIDE

Likeness = Literal["name_and_unit", "phone"]
#: Who sees which persons are doubtful.
SEE_PERSONS = (Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)


@dataclass(frozen=True, slots=True)
class Account:
    """An account with its unit and whose it is."""

    id: UUID
    name: str
    login: str
    unit: str
    kind: UserKind
    active: bool
    person: UUID


@dataclass(frozen=True, slots=True)
class Twins:
    """Two persons who look like one: an account of each, and by what."""

    one: Account
    other: Account
    alike: tuple[Likeness, ...]


def accounts_of(session: Session, user: User) -> tuple[Account, ...]:
    """Return all accounts of the person whose this is, the oldest first; itself alone for a tool."""
    whose = col(User.person_id) == user.person_id if user.person_id else col(User.id) == user.id
    return tuple(account for account, _, _ in _accounts(session, whose))


def staff_number(session: Session, user: User) -> str:
    """Return the number of the staff list of whose account this is; empty where nobody said."""
    person = session.get(Person, user.person_id) if user.person_id else None
    return person.staff_number if person else ""


def has_phone(session: Session, user: User) -> bool:
    """Say whether whose account this is is known by a telephone number."""
    person = session.get(Person, user.person_id) if user.person_id else None
    return bool(person and person.phone_hash)


def doubtful(session: Session, actor: Actor) -> tuple[Twins, ...]:
    """Return the pairs of persons who may be one, of those that the actor keeps or audits, by name.

    Of one name in one unit, or with one telephone; without those who were told apart. Raises `Forbidden`.
    """
    authorize(actor, *SEE_PERSONS)
    offices = [grant.unit_path for grant in actor.grants if grant.role in SEE_PERSONS]
    within = or_(false(), *(col(Unit.path).startswith(path) for path in offices))
    people = _accounts(session, within & col(User.kind).in_([UserKind.PERSON, UserKind.OUTSIDE]))
    alike: dict[tuple[Likeness, object], list[Account]] = defaultdict(list)
    for account, unit_id, phone in people:
        alike["name_and_unit", (unit_id, name_key(account.name))].append(account)
        if phone:
            alike["phone", phone].append(account)
    apart = set(session.exec(select(ToldApart.one_id, ToldApart.other_id)).all())
    pairs: dict[tuple[UUID, UUID], tuple[Account, Account, list[Likeness]]] = {}
    for (why, _), accounts in alike.items():
        by_person = {account.person: account for account in reversed(accounts)}
        for first, second in combinations(sorted(by_person), 2):
            if (first, second) not in apart:
                pair = pairs.setdefault((first, second), (by_person[first], by_person[second], []))
                pair[2].append(why)
    found = (Twins(one, other, tuple(sorted(why))) for one, other, why in pairs.values())
    return tuple(sorted(found, key=lambda pair: (pair.one.name, pair.one.id, pair.other.id)))


def _accounts(session: Session, where: ColumnElement[bool]) -> list[tuple[Account, UUID, str]]:
    """Return accounts with their unit's id and the hash of their person's telephone. One statement."""
    query = (
        select(User, Unit.name, Person.phone_hash)
        .join(Unit, col(Unit.id) == col(User.unit_id))
        .outerjoin(Person, col(Person.id) == col(User.person_id))
        .where(where)
        .order_by(col(User.id))
    )
    return [
        (
            Account(
                user.id,
                user.name,
                user.login,
                unit,
                UserKind(user.kind),
                user.active,
                user.person_id or user.id,
            ),
            user.unit_id,
            phone or (user.login.removeprefix(OUTSIDE) if user.kind == UserKind.OUTSIDE else ""),
        )
        for user, unit, phone in session.exec(query).all()
    ]
