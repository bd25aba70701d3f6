"""Giving roles and taking them back: the security administrator's verbs."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.delegations import Held
from app.domain.vocabulary import Event, Role
from app.events.emit import emit
from app.events.payloads.accounts import OfGrant
from app.events.payloads.base import ABSENT
from app.identity.actors import Actor
from app.identity.models import RoleGrant, Unit, User
from app.identity.reach import unit_in_reach, user_in_reach
from app.identity.roles import powers as holding
from app.infra.errors import Conflict, Forbidden, Invalid, NotFound, Reason
from app.infra.ids import new_id
from app.jobs import service as jobs
from app.jobs.kinds import JobKind


def grant_role(
    session: Session,
    *,
    user_id: UUID,
    role: Role,
    unit_id: UUID,
    channel: str | None = None,
    section: str | None = None,
    actor: Actor,
    at: datetime,
    alone: str = "",
) -> RoleGrant:
    """Give a user a role over a unit and all below it, for one channel or section or for all (`None`).

    `alone` is what the role is called, where somebody at the machine gives it whom no other person sees: the
    record says so, and the security and audit administrators of the unit hear of it.

    The user's row is locked, so that two grants at once cannot together break what each alone keeps.
    Raises `NotFound`, `Forbidden`, `Invalid` for a section without channel, `Conflict` with every reason.
    """
    user, _ = user_in_reach(session, user_id, actor, Role.SECURITY_ADMIN, lock=True)
    unit = unit_in_reach(session, unit_id, actor, Role.SECURITY_ADMIN)
    if section and not channel:
        raise Invalid("malformed", reasons=[Reason("section_without_channel", field="section")])
    if actor.is_one_of(user.id):
        raise Forbidden("forbidden", reasons=[Reason("own_account")])
    if not user.active:
        raise Conflict("user_inactive")
    in_force = session.exec(
        select(RoleGrant).where(RoleGrant.user_id == user.id, col(RoleGrant.revoked_at).is_(None))
    ).all()
    wanted = (role, unit.id, channel or "", section or "")
    if wanted in {(grant.role, grant.unit_id, grant.channel, grant.section) for grant in in_force}:
        raise Conflict("grant_exists")
    powers = holding.powers_of(session, user, at)
    more = Held(role, unit.path, channel, section)
    holding.refuse(replace(powers, held=(*powers.held, more)), "roles_exclude", field="role")
    grant = RoleGrant(
        id=new_id(),
        user_id=user.id,
        role=role,
        unit_id=unit.id,
        channel=channel or "",
        section=section or "",
        granted_by=None if actor.via == "system" else actor.id,
        granted_at=at,
    )
    session.add(grant)
    session.flush()
    told = [one.id for one in watching(session, unit.path) if one.id != user.id] if alone else []
    emit(
        session,
        Event.ROLE_GRANTED,
        told_of(grant, alone=alone),
        about=user.id,
        actor=actor.as_audit(Role.SECURITY_ADMIN),
        at=at,
        people=told,
    )
    return grant


def watching(session: Session, unit_path: str) -> tuple[User, ...]:
    """Return the security and audit administrators over a unit."""
    rows = session.exec(
        select(User, Unit.path)
        .join(RoleGrant, col(RoleGrant.user_id) == col(User.id))
        .join(Unit, col(Unit.id) == col(RoleGrant.unit_id))
        .where(
            col(RoleGrant.role).in_((Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)),
            col(RoleGrant.revoked_at).is_(None),
            col(User.active),
        )
        .order_by(col(User.id))
    ).all()
    return tuple(user for user, path in rows if unit_path.startswith(path))


def revoke_grant(session: Session, *, user_id: UUID, grant_id: UUID, actor: Actor, at: datetime) -> RoleGrant:
    """Take a role back. Raises `NotFound`, `Forbidden`, `Conflict` when it was taken back already."""
    user, _ = user_in_reach(session, user_id, actor, Role.SECURITY_ADMIN, lock=True)
    grant = session.get(RoleGrant, grant_id)
    if grant is None or grant.user_id != user.id:
        raise NotFound("not_found")
    unit_in_reach(session, grant.unit_id, actor, Role.SECURITY_ADMIN)
    if grant.revoked_at is not None:
        raise Conflict("grant_revoked")
    grant.revoked_at, grant.revoked_by = at, None if actor.via == "system" else actor.id
    jobs.enqueue(session, JobKind.FREE_CLAIMS, {"user_id": str(user.id)}, at=at)
    emit(
        session,
        Event.ROLE_REVOKED,
        told_of(grant),
        about=user.id,
        actor=actor.as_audit(Role.SECURITY_ADMIN),
        at=at,
    )
    return grant


def revoke_all(session: Session, user: User, *, actor: Actor, at: datetime) -> int:
    """Take every role of an account back, each with its event; return how many there were."""
    query = select(RoleGrant).where(RoleGrant.user_id == user.id, col(RoleGrant.revoked_at).is_(None))
    found = session.exec(query.order_by(col(RoleGrant.id)).with_for_update()).all()
    by = actor.as_audit(Role.SYSTEM_ADMIN)
    for grant in found:
        grant.revoked_at, grant.revoked_by = at, None if actor.via == "system" else actor.id
        session.add(grant)
        emit(session, Event.ROLE_REVOKED, told_of(grant), about=user.id, actor=by, at=at)
    return len(found)


def held_roles(session: Session, user_id: UUID) -> frozenset[Role]:
    """Return the roles that a user holds anywhere, whether the account is active or not."""
    query = select(RoleGrant.role).where(RoleGrant.user_id == user_id, col(RoleGrant.revoked_at).is_(None))
    return frozenset(Role(one) for one in session.exec(query).all())


def told_of(grant: RoleGrant, *, alone: str = "") -> OfGrant:
    """Return what the record says of a grant; `alone` is what the role is called if nobody else was there."""
    return OfGrant(
        grant=grant.id,
        user=grant.user_id,
        role=grant.role,
        unit=grant.unit_id,
        channel=grant.channel or None,
        section=grant.section or None,
        second_person="none" if alone else ABSENT,
        role_named=alone or ABSENT,
    )
