"""Being out of office (外出): entered by oneself or by the security administrator, ended by coming back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import true
from sqlmodel import Session, col, select

from app.domain import absences
from app.domain.absences import Days
from app.domain.roles import UserKind
from app.domain.vocabulary import Event, Role
from app.events.emit import emit
from app.events.payloads.accounts import OfAbsence
from app.identity import errors as _words  # noqa: F401 – the words of the codes below
from app.identity.models import Absence, Delegation, Unit, User
from app.identity.queries import Actor
from app.infra.clock import beijing
from app.infra.errors import Conflict, Forbidden, NotFound, Reason
from app.infra.ids import new_id

State = Literal["coming", "in_force", "over", "ended"]


@dataclass(frozen=True, slots=True)
class Shown:
    """An absence with the person's name; `mine`: the reader may end it, and may know the reason."""

    row: Absence
    name: str
    mine: bool

    def state(self, at: datetime) -> State:
        """Return whether it is still to come, in force, over by its date, or ended early."""
        today = beijing(at).date()
        if self.row.ended_at is not None:
            return "ended"
        if today < self.row.starts_on:
            return "coming"
        return "in_force" if today <= self.row.ends_on else "over"


def leave(
    session: Session,
    *,
    user_id: UUID,
    starts_on: date,
    ends_on: date,
    reason: str = "",
    actor: Actor,
    at: datetime,
) -> Absence:
    """Enter that somebody is out of office from one day to another, both included.

    They themself, or their unit's security administrator. The person's row is held, so that two at once never
    overlap. Raises `NotFound` for people out of reach, `Forbidden`, `Conflict` with every reason.
    """
    user = _person(session, user_id, actor)
    others = session.exec(
        select(Absence).where(Absence.user_id == user.id, col(Absence.ended_at).is_(None))
    ).all()
    faults = absences.faults(
        Days(starts_on, ends_on),
        [Days(other.starts_on, other.ends_on) for other in others],
        today=beijing(at).date(),
    )
    if faults:
        raise Conflict("absence_refused", reasons=[Reason(str(fault), field="starts_on") for fault in faults])
    row = Absence(
        id=new_id(),
        user_id=user.id,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason,
        entered_by=actor.id,
        entered_at=at,
    )
    session.add(row)
    session.flush()
    _record(session, Event.USER_ABSENT, row, actor, at)
    return row


def come_back(session: Session, *, absence_id: UUID, actor: Actor, at: datetime) -> Absence:
    """End an absence now: early, or before it began. Raises `NotFound`, `Forbidden`, `Conflict` once over."""
    row = session.get(Absence, absence_id)
    if row is None:
        raise NotFound("not_found")
    _person(session, row.user_id, actor)
    session.refresh(row)
    if row.ended_at is not None or row.ends_on < beijing(at).date():
        raise Conflict("absence_over")
    row.ended_at, row.ended_by = at, actor.id
    session.add(row)
    _record(session, Event.USER_BACK, row, actor, at)
    return row


def away(
    session: Session, user_ids: Iterable[UUID] | None, at: datetime, *, until: datetime | None = None
) -> frozenset[UUID]:
    """Return who of these people (of all, for `None`) is away on the day of `at`, and stays so to `until`.

    Out of office, or absent with a deputy (代理). One statement; none for no people.
    """
    ids = None if user_ids is None else list(user_ids)
    if ids == []:
        return frozenset()
    today = beijing(at).date()
    last = max(today, beijing(until).date()) if until else today

    out = select(Absence.user_id).where(
        true() if ids is None else col(Absence.user_id).in_(ids),
        col(Absence.ended_at).is_(None),
        Absence.starts_on <= today,
        Absence.ends_on >= last,
    )
    represented = select(Delegation.principal_id).where(
        true() if ids is None else col(Delegation.principal_id).in_(ids),
        col(Delegation.absent).is_(True),
        col(Delegation.revoked_at).is_(None),
        col(Delegation.confirmed_at).is_not(None),
        Delegation.starts_on <= today,
        Delegation.ends_on >= last,
    )
    return frozenset(session.execute(out.union(represented)).scalars())


def listing(session: Session, actor: Actor, *, at: datetime, limit: int = 200) -> tuple[Shown, ...]:
    """Return the absences of the actor's body that are in force or to come, the first to begin in front."""
    root = "/" + actor.unit_path.strip("/").split("/")[0] + "/"
    query = (
        select(Absence, User, Unit.path)
        .join(User, col(User.id) == col(Absence.user_id))
        .join(Unit, col(Unit.id) == col(User.unit_id))
        .where(
            col(Unit.path).startswith(root),
            col(User.active).is_(True),
            col(Absence.ended_at).is_(None),
            Absence.ends_on >= beijing(at).date(),
        )
        .order_by(col(Absence.starts_on), col(Absence.id))
        .limit(limit)
    )
    return tuple(
        Shown(row, user.name, user.id == actor.id or actor.has(Role.SECURITY_ADMIN, unit_path=path))
        for row, user, path in session.exec(query).all()
    )


def _person(session: Session, user_id: UUID, actor: Actor) -> User:
    """Return who is meant, their row held. Raises `NotFound`, `Forbidden`."""
    query = (
        select(User, Unit.path)
        .join(Unit, col(Unit.id) == col(User.unit_id))
        .where(User.id == user_id)
        .with_for_update(of=User)
    )
    user_row = session.exec(query).one_or_none()
    if user_row is None:
        raise NotFound("not_found")
    user, path = user_row
    office = actor.has(Role.SECURITY_ADMIN, unit_path=path)
    if user.id != actor.id and not office:
        if path.split("/")[1] != actor.unit_path.split("/")[1]:
            raise NotFound("not_found")
        raise Forbidden("forbidden", reasons=[Reason("absence_of_others")])
    if not user.active or user.kind != UserKind.PERSON:
        raise NotFound("not_found")
    return user


def _record(session: Session, event: Event, row: Absence, actor: Actor, at: datetime) -> None:
    payload = OfAbsence(
        absence=row.id,
        user=row.user_id,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        reason=row.reason or None,
    )
    role = None if actor.id == row.user_id else Role.SECURITY_ADMIN
    emit(session, event, payload, about=row.user_id, actor=actor.as_audit(role), at=at)
