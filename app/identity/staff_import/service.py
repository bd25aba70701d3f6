"""Looking at a staff list and carrying it out: accounts and units by one administrator, roles by another.

The same list serves both: each does what they may, and what is there already is told and left.
"""

import re
import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.vocabulary import Role, UnitKind
from app.identity import permissions, queries
from app.identity import service as identity
from app.identity.actors import Actor
from app.identity.models import RoleGrant, Unit, User
from app.identity.staff_import import errors as _words  # noqa: F401 – the words of the codes below
from app.identity.staff_import.commands import StaffRow
from app.infra.errors import Invalid, Reason
from app.words.labels import label

#: People in one list at most.
MOST = 500
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{1,63}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
#: Letters and digits that are not taken for others, for passwords that somebody types once.
_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_PASSWORD = 16


@dataclass(frozen=True, slots=True)
class Planned:
    """What is done about one line: whether an account, and a unit, is made, and which roles are given.

    `known` is the account that is there already; `namesakes` are logins of others with the same name.
    """

    row: StaffRow
    account: bool
    unit: str
    new_unit: bool
    roles: tuple[Role, ...]
    known: bool
    namesakes: tuple[str, ...]

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do about it."""
        return not (self.account or self.roles)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done about a list, and everything that keeps it from being done."""

    planned: tuple[Planned, ...]
    faults: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """An account that was made, with the password that its owner must change when they first sign in."""

    name: str
    login: str
    unit: str
    password: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What is there already: units by name, accounts by login, logins by name, roles held where."""

    units: Mapping[str, Sequence[Unit]]
    users: Mapping[str, User]
    names: Mapping[str, Sequence[str]]
    held: frozenset[tuple[UUID, str, UUID]]
    own: Unit | None


def plan(session: Session, rows: Sequence[StaffRow], actor: Actor) -> Plan:
    """Return what is done about a list, and all that is wrong with it. Five statements; nothing is written.

    Raises `Forbidden` for who administers no accounts and gives no roles.
    """
    makes, gives = _powers(actor)
    known = _known(session, rows, actor)
    faults = list(_in_list(rows))
    planned = []
    for row in rows:
        found = list(_in_row(row, known, makes=makes, gives=gives))
        faults += found
        if not found:
            planned.append(_planned(row, known, makes=makes, gives=gives))
    return Plan(tuple(planned), tuple(faults))


def carry_out(
    session: Session, rows: Sequence[StaffRow], *, actor: Actor, at: datetime
) -> tuple[tuple[Made, ...], int]:
    """Make the accounts and units of a list and give its roles; return the accounts, and how many roles.

    Raises `Invalid` with everything that is wrong with it, and what the single steps raise: then nothing is
    done.
    """
    looked = plan(session, rows, actor)
    if looked.faults:
        raise Invalid("staff_unfit", reasons=list(looked.faults))
    made: list[Made] = []
    given = 0
    units = {name: found[0] for name, found in _known(session, rows, actor).units.items()}
    own = session.get_one(Unit, actor.unit_id)
    for one in looked.planned:
        row = one.row
        if one.new_unit and row.unit not in units:
            units[row.unit] = identity.create_unit(
                session,
                name=row.unit,
                kind=UnitKind.DEPARTMENT,
                parent_id=units[row.above].id,
                actor=actor,
                at=at,
            )
        unit = units[row.unit] if row.unit else own
        if one.account:
            password = "".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD))
            identity.create_user(
                session,
                login=row.login,
                name=row.name,
                password=password,
                unit_id=unit.id,
                email=row.email or None,
                actor=actor,
                at=at,
            )
            made.append(Made(row.name, row.login, unit.name, password))
        if one.roles:
            user = session.exec(select(User).where(User.login == row.login)).one()
            over = units[row.role_unit] if row.role_unit else unit
            for role in one.roles:
                identity.grant_role(session, user_id=user.id, role=role, unit_id=over.id, actor=actor, at=at)
                given += 1
    return tuple(made), given


def _powers(actor: Actor) -> tuple[bool, bool]:
    permissions.require_keeping_accounts(actor)
    return permissions.administers(actor), permissions.gives_roles(actor)


def _known(session: Session, rows: Sequence[StaffRow], actor: Actor) -> _Known:
    units: dict[str, list[Unit]] = defaultdict(list)
    for unit in queries.units_within(session, permissions.known_units(actor)):
        units[unit.name].append(unit)
    logins = {row.login for row in rows}
    users = session.exec(select(User).where(col(User.login).in_(logins))).all()
    alike = session.exec(
        select(User.name, User.login).where(
            col(User.name).in_({row.name for row in rows}),
            col(User.unit_id).in_([unit.id for found in units.values() for unit in found]),
        )
    ).all()
    names: dict[str, list[str]] = defaultdict(list)
    for name, login in alike:
        names[name].append(login)
    grants = session.exec(
        select(RoleGrant).where(
            col(RoleGrant.user_id).in_([user.id for user in users]), col(RoleGrant.revoked_at).is_(None)
        )
    ).all()
    held = frozenset((one.user_id, str(one.role), one.unit_id) for one in grants)
    return _Known(units, {user.login: user for user in users}, names, held, session.get(Unit, actor.unit_id))


def _in_list(rows: Sequence[StaffRow]) -> Iterator[Reason]:
    if not rows:
        yield Reason("staff_nobody", field="file")
    if len(rows) > MOST:
        yield Reason("staff_too_many", {"count": len(rows), "limit": MOST}, field="file")
    first: dict[str, int] = {}
    for row in rows:
        if row.login and first.setdefault(row.login, row.number) != row.number:
            data = {"line": row.number, "login": row.login, "other": first[row.login]}
            yield Reason("staff_login_twice", data, field="file")


def _in_row(row: StaffRow, known: _Known, *, makes: bool, gives: bool) -> Iterator[Reason]:
    at = {"line": row.number, "login": row.login}
    if not row.name:
        yield Reason("staff_no_name", at, field="file")
    if not _LOGIN.fullmatch(row.login):
        yield Reason("staff_login", at, field="file")
    if row.email and not _EMAIL.fullmatch(row.email):
        yield Reason("staff_email", {**at, "email": row.email}, field="file")
    user = known.users.get(row.login)
    if user is not None and user.name != row.name:
        yield Reason("staff_login_taken", {**at, "name": user.name}, field="file")
    if user is None and not makes:
        yield Reason("staff_no_account", at, field="file")
    yield from _units(row, known, makes=makes)
    for role in row.roles if gives else ():
        if role not in _ROLES:
            yield Reason("staff_role", {**at, "role": role}, field="file")


def _units(row: StaffRow, known: _Known, *, makes: bool) -> Iterator[Reason]:
    for name in dict.fromkeys((row.unit, row.role_unit)):
        found = known.units.get(name, ())
        data = {"line": row.number, "unit": name}
        new = makes and name == row.unit and len(known.units.get(row.above, ())) == 1
        if name and not found and not new:
            yield Reason("staff_unit", data, field="file")
        if len(found) > 1:
            yield Reason("staff_unit_many", data, field="file")


#: The roles by the words that people read.
_ROLES: Mapping[str, Role] = {label(role): role for role in Role}


def _planned(row: StaffRow, known: _Known, *, makes: bool, gives: bool) -> Planned:
    user = known.users.get(row.login)
    found = known.units.get(row.unit, ())
    unit = found[0] if found else known.own if not row.unit else None
    over = known.units[row.role_unit][0] if row.role_unit else unit
    wanted = dict.fromkeys(_ROLES[role] for role in row.roles) if gives else ()
    roles = tuple(
        role
        for role in wanted
        if user is None or over is None or (user.id, str(role), over.id) not in known.held
    )
    return Planned(
        row,
        account=makes and user is None,
        unit=row.unit or (known.own.name if known.own else ""),
        new_unit=bool(row.unit) and not found,
        roles=roles,
        known=user is not None,
        namesakes=tuple(one for one in known.names.get(row.name, ()) if one != row.login),
    )
