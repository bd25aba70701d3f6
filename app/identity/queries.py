"""Reading who somebody is and what they may do: one statement for a request."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import false, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.audit.service import AuditActor
from app.domain.roles import UserKind
from app.domain.vocabulary import ADMINISTRATORS, Role
from app.identity.models import BrowserSession, RoleGrant, Unit, User

Via = Literal["session", "token", "system"]


@dataclass(frozen=True, slots=True)
class Grant:
    """A role over a unit and all below it; `None` stands for every channel, every section."""

    role: Role
    unit_path: str
    channel: str | None = None
    section: str | None = None

    def covers(self, unit_path: str | None, channel: str | None, section: str | None) -> bool:
        """Say whether this grant reaches there; what is not asked for is covered."""
        return (
            (unit_path is None or unit_path.startswith(self.unit_path))
            and (channel is None or self.channel in {None, channel})
            and (section is None or self.section in {None, section})
        )


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and with which grants; read anew for every request."""

    id: UUID
    name: str
    login: str
    unit_id: UUID
    unit_path: str
    grants: tuple[Grant, ...] = ()
    via: Via = "session"

    def has(
        self,
        role: Role,
        *,
        unit_path: str | None = None,
        channel: str | None = None,
        section: str | None = None,
    ) -> bool:
        """Say whether the actor holds `role` there; without a place, anywhere."""
        return any(grant.role is role and grant.covers(unit_path, channel, section) for grant in self.grants)

    def roles(self) -> frozenset[Role]:
        """Return the roles the actor holds anywhere."""
        return frozenset(grant.role for grant in self.grants)

    def as_audit(self, role: Role | None = None) -> AuditActor:
        """Return the actor as the record names them, acting in `role`."""
        if self.via == "system":
            return AuditActor(id=None, name=self.name)
        return AuditActor(
            id=self.id, name=self.name, role=str(role) if role else None, unit=str(self.unit_id)
        )


#: The service itself, for the command line and for jobs. No request can be it.
SYSTEM = Actor(id=UUID(int=0), name="系统", login="", unit_id=UUID(int=0), unit_path="/", via="system")


def session_hash(raw: str) -> str:
    """Return the name under which a browser session is stored."""
    return hashlib.sha256(raw.encode()).hexdigest()


def user_actor(session: Session, user_id: UUID, *, via: Via = "token") -> Actor | None:
    """Return the active user as an actor; `None` when unknown or deactivated. One statement."""
    return _actor(session.exec(_actors().where(User.id == user_id)).all(), via)


def session_actor(
    session: Session, raw: str, at: datetime, *, minutes: int, idle_minutes: int
) -> tuple[Actor, datetime] | None:
    """Return who is signed in with this session id and when they were last seen; `None` when nobody is.

    A session ends `minutes` after sign-in and `idle_minutes` after it was last seen. One statement.
    """
    query = (
        _actors()
        .add_columns(col(BrowserSession.last_seen_at))
        .join(BrowserSession, col(BrowserSession.user_id) == col(User.id))
        .where(
            BrowserSession.id_hash == session_hash(raw),
            col(BrowserSession.revoked_at).is_(None),
            BrowserSession.created_at > at - timedelta(minutes=minutes),
            BrowserSession.last_seen_at > at - timedelta(minutes=idle_minutes),
        )
    )
    rows = session.exec(query).all()
    actor = _actor(rows, "session")
    return None if actor is None else (actor, rows[0][-1])


def _actors() -> Any:  # noqa: ANN401 – SQLAlchemy's type of a seven-column select
    over = aliased(Unit)
    return (
        select(User, Unit.path, RoleGrant.role, over.path, RoleGrant.channel, RoleGrant.section)  # type: ignore[call-overload]
        .join(Unit, col(Unit.id) == col(User.unit_id))
        .outerjoin(RoleGrant, (col(RoleGrant.user_id) == col(User.id)) & col(RoleGrant.revoked_at).is_(None))
        .outerjoin(over, over.id == col(RoleGrant.unit_id))
        .where(col(User.active).is_(True))
    )


def _actor(rows: Iterable[Any], via: Via) -> Actor | None:
    rows = list(rows)
    if not rows:
        return None
    user, path = rows[0][0], rows[0][1]
    grants = tuple(
        Grant(Role(role), over, channel or None, section or None)
        for _user, _path, role, over, channel, section, *_ in rows
        if role is not None
    )
    return Actor(user.id, user.name, user.login, user.unit_id, path, grants, via)


def units_within(session: Session, paths: Iterable[str]) -> tuple[Unit, ...]:
    """Return the units at and below any of `paths`, parents before children; empty for no paths."""
    reached = or_(false(), *(col(Unit.path).startswith(path) for path in set(paths)))
    return tuple(session.exec(select(Unit).where(reached).order_by(Unit.path)).all())


def holders(session: Session, role: Role, *, unit_path: str) -> tuple[User, ...]:
    """Return the active people whose grant of `role` reaches the unit at `unit_path`, by name, or none."""
    above = [UUID(part) for part in unit_path.strip("/").split("/") if part]
    query = (
        select(User)
        .join(RoleGrant, col(RoleGrant.user_id) == col(User.id))
        .where(
            RoleGrant.role == role,
            col(RoleGrant.revoked_at).is_(None),
            col(RoleGrant.unit_id).in_(above),
            col(User.active).is_(True),
            User.kind == UserKind.PERSON,
        )
        .distinct()
        .order_by(User.name)
    )
    return tuple(session.exec(query).all())


def names(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the real names of these users, deactivated ones too; unknown ids are left out. One statement."""
    wanted = set(ids)
    if not wanted:
        return {}
    return dict(session.exec(select(User.id, User.name).where(col(User.id).in_(wanted))).all())


def accounts(session: Session, actor: Actor, *, after: UUID | None, limit: int) -> tuple[User, ...]:
    """Return accounts that the actor administers or audits, oldest first, after the one with id `after`."""
    offices = [grant.unit_path for grant in actor.grants if grant.role in ADMINISTRATORS]
    query = (
        select(User)
        .join(Unit, col(Unit.id) == col(User.unit_id))
        .where(or_(false(), *(col(Unit.path).startswith(path) for path in offices)))
        .order_by(col(User.id))
        .limit(limit)
    )
    if actor.via == "system":
        query = select(User).order_by(col(User.id)).limit(limit)
    if after is not None:
        query = query.where(col(User.id) > after)
    return tuple(session.exec(query).all())


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
