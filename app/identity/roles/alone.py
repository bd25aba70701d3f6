"""Roles that were given at the machine, where no second person was: named until they are given anew."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session, col, false, or_, select

from app.audit.models import AuditEvent
from app.audit.service import SYSTEM
from app.domain.vocabulary import ADMINISTRATORS, Event, Role
from app.events.emit import emit
from app.identity.models import RoleGrant, Unit, User
from app.identity.roles.service import told_of, watching

#: What puts it on record that nobody else was there.
_SAID = (Event.ROLE_GRANTED, Event.ROLE_FOUND_ALONE)


class GivenAlone(NamedTuple):
    """A role in force that somebody gave at the machine, and who holds it over which unit."""

    grant: RoleGrant
    user: User
    unit: Unit


def given_alone(session: Session, paths: Iterable[str] = ("/",)) -> list[GivenAlone]:
    """Return the roles that were given alone over the units at and below `paths`, the oldest first.

    The administrators' offices are not among them: the first ones nobody else can give.
    """
    query = (
        select(RoleGrant, User, Unit)
        .join(User, col(User.id) == col(RoleGrant.user_id))
        .join(Unit, col(Unit.id) == col(RoleGrant.unit_id))
        .where(
            col(RoleGrant.granted_by).is_(None),
            col(RoleGrant.revoked_at).is_(None),
            col(RoleGrant.role).not_in(ADMINISTRATORS),
            col(User.active),
            or_(false(), *(col(Unit.path).startswith(path) for path in paths)),
        )
        .order_by(col(RoleGrant.id))
    )
    return [GivenAlone(*row) for row in session.exec(query).all()]


def is_given_alone(grant: RoleGrant) -> bool:
    """Return whether this role was given at the machine, with no second person there."""
    return grant.granted_by is None and Role(grant.role) not in ADMINISTRATORS


def put_on_record(session: Session, *, named: Callable[[Role], str], at: datetime) -> int:
    """Say of each such role whose record does not say so that no second person was there; return of how many.

    `named` gives a role its name. The security and audit administrators over the unit hear of it, as they do
    of those given now.
    """
    found = 0
    for grant, user, unit in given_alone(session):
        if _is_said(session, grant):
            continue
        payload = told_of(grant, alone=named(Role(grant.role)))
        people = [one.id for one in watching(session, unit.path) if one.id != user.id]
        emit(session, Event.ROLE_FOUND_ALONE, payload, about=user.id, actor=SYSTEM, at=at, people=people)
        found += 1
    return found


def _is_said(session: Session, grant: RoleGrant) -> bool:
    query = select(AuditEvent.body).where(
        AuditEvent.stream == f"user:{grant.user_id}", col(AuditEvent.action).in_(_SAID)
    )
    said = (json.loads(body)["data"] for body in session.exec(query).all())
    return any(one.get("grant") == str(grant.id) and one.get("second_person") == "none" for one in said)
