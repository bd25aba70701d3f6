"""Acting for another (代理): given by the principal, or in their stead by the security administrator.

Nobody hands on another's powers alone: what the security administrator sets waits for the principal's
consent or for a second administrator's, unless somebody else had entered that the principal is away on those
days.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from app.domain import delegations
from app.domain.delegations import Held, Link, Scope
from app.domain.vocabulary import Event, Role
from app.events.emit import emit
from app.events.payloads.accounts import OfDelegation
from app.identity import errors as _words  # noqa: F401 – the words of the codes below
from app.identity.models import Absence, Delegation, Unit, User
from app.identity.queries import Actor, as_link, user_actor
from app.identity.roles import powers
from app.infra.clock import beijing
from app.infra.errors import Conflict, Forbidden, NotFound, Reason
from app.infra.ids import new_id

#: Whose consent does in place of the principal's, but for whoever asked.
CONFIRM = (Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN)
#: Who sees the delegations of a unit's people beside these people themselves.
SEE_DELEGATIONS = (Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)


@dataclass(frozen=True, slots=True)
class NewDelegation:
    """A delegation to give: who acts for whom, from when to when, and for what; empty roles are all."""

    principal_id: UUID
    delegate_id: UUID
    starts_on: date
    ends_on: date
    unit_id: UUID | None = None
    channel: str | None = None
    section: str | None = None
    roles: Sequence[Role] = ()
    absent: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A delegation with the names that pages show; `unit` is empty where it is not narrowed to one."""

    row: Delegation
    principal: str
    delegate: str
    unit: str
    #: Of the principal's own unit.
    unit_path: str = ""

    def state(self, at: datetime) -> str:
        """Return `revoked`, `over`, `asked` (nobody has confirmed it), `coming` or `in_force`."""
        today = beijing(at).date()
        if self.row.revoked_at is not None:
            return "revoked"
        if self.row.confirmed_at is None and today <= self.row.ends_on:
            return "asked"
        if today < self.row.starts_on:
            return "coming"
        return "in_force" if today <= self.row.ends_on else "over"


def delegate(session: Session, *, new: NewDelegation, actor: Actor, at: datetime) -> Delegation:
    """Let one person act for another, or ask that somebody confirms it.

    The principal gives it, and it holds at once; so does what their unit's security administrator sets for
    days on which, as somebody else entered, the principal is away. Anything else waits (`confirm`). All of
    one body's delegations are given one after the other, so that two at once never make a circle. Raises
    `NotFound` for people out of reach, `Forbidden`, `Conflict` with every reason.
    """
    principal = _person(session, new.principal_id)
    root = _root(principal.unit_path)
    session.exec(select(Unit.id).where(Unit.id == UUID(root.strip("/"))).with_for_update()).one()
    _authorized(actor, principal)
    other = _person(session, new.delegate_id)
    if _root(other.unit_path) != root:
        raise NotFound("not_found")
    unit_path = _scope_path(session, new.unit_id, root)
    roles = frozenset(new.roles)
    scope = Scope(unit_path, new.channel, new.section, roles)
    link = Link(str(principal.id), str(other.id), new.starts_on, new.ends_on, scope)
    reasons = _reasons(session, link, principal, other, at=at)
    if new.section and not new.channel:
        reasons.append(Reason("section_without_channel", field="section"))
    if reasons:
        raise Conflict("delegation_refused", reasons=reasons)
    second = principal.id if actor.is_one_of(principal.id) else _vouched(session, new, actor)
    row = Delegation(
        id=new_id(),
        principal_id=principal.id,
        delegate_id=other.id,
        unit_id=new.unit_id,
        channel=new.channel or "",
        section=new.section or "",
        roles=sorted(roles),
        starts_on=new.starts_on,
        ends_on=new.ends_on,
        absent=new.absent,
        reason=new.reason,
        granted_by=actor.id,
        granted_at=at,
        confirmed_by=second,
        confirmed_at=at if second else None,
    )
    session.add(row)
    session.flush()
    _emit(session, Event.DELEGATION_GRANTED if second else Event.DELEGATION_ASKED, row, actor, at)
    return row


def confirm(session: Session, *, delegation_id: UUID, actor: Actor, at: datetime) -> Delegation:
    """Let a delegation hold that a security administrator asked for: the second person's word.

    The principal, or a security or system administrator of their unit who is not the one who asked. What
    could not be given now is refused as if it were given now. Raises `NotFound`, `Forbidden` for whoever
    asked, `Conflict` with every reason, or when it is ended, over or confirmed already.
    """
    row, unit_path = _known(session, delegation_id, actor, *CONFIRM)
    session.exec(select(Unit.id).where(Unit.id == UUID(_root(unit_path).strip("/"))).with_for_update()).one()
    session.refresh(row, with_for_update=True)
    if not actor.is_one_of(row.principal_id) and not _may_confirm(row, unit_path, actor):
        raise Forbidden("forbidden", reasons=[Reason("second_person")])
    if row.revoked_at is not None:
        raise Conflict("delegation_revoked")
    if row.confirmed_at is not None or row.ends_on < beijing(at).date():
        raise Conflict("delegation_settled")
    principal, other = _person(session, row.principal_id), _person(session, row.delegate_id)
    path = session.get_one(Unit, row.unit_id).path if row.unit_id else None
    reasons = _reasons(session, as_link(row, path), principal, other, at=at, row=row)
    if reasons:
        raise Conflict("delegation_refused", reasons=reasons)
    row.confirmed_by, row.confirmed_at = actor.id, at
    session.add(row)
    _emit(session, Event.DELEGATION_GRANTED, row, actor, at)
    return row


def may_confirm(one: Shown, actor: Actor) -> bool:
    """Say whether somebody's word is what a delegation waits for."""
    return actor.is_one_of(one.row.principal_id) or _may_confirm(one.row, one.unit_path, actor)


def may_revoke(one: Shown, actor: Actor) -> bool:
    """Say whether somebody may end a delegation that stands."""
    return _concerns(one.row, one.unit_path, actor, Role.SECURITY_ADMIN)


def revoke(session: Session, *, delegation_id: UUID, actor: Actor, at: datetime) -> Delegation:
    """End a delegation at once; what was done under it stays done.

    The principal, the delegate, or the security administrator of the principal's unit may. Raises `NotFound`,
    `Conflict` when it was ended already.
    """
    row, _ = _known(session, delegation_id, actor, Role.SECURITY_ADMIN)
    if row.revoked_at is not None:
        raise Conflict("delegation_revoked")
    row.revoked_at, row.revoked_by = at, actor.id
    session.add(row)
    _emit(session, Event.DELEGATION_REVOKED, row, actor, at)
    return row


def end_all(
    session: Session,
    accounts: Collection[UUID],
    *,
    among: Collection[UUID] | None = None,
    actor: Actor,
    at: datetime,
) -> int:
    """End every delegation from or to these accounts that is not over; return how many there were.

    With `among` only those between these accounts and those: of one person with themself.
    """
    given, taken = col(Delegation.principal_id).in_(accounts), col(Delegation.delegate_id).in_(accounts)
    query = select(Delegation)
    if among is None:
        query = query.where(or_(given, taken))
    else:
        back = col(Delegation.principal_id).in_(among), col(Delegation.delegate_id).in_(among)
        query = query.where(or_(and_(given, back[1]), and_(taken, back[0])))
    query = query.where(col(Delegation.revoked_at).is_(None), Delegation.ends_on >= beijing(at).date())
    found = session.exec(query.order_by(col(Delegation.id)).with_for_update()).all()
    for row in found:
        row.revoked_at, row.revoked_by = at, None if actor.via == "system" else actor.id
        session.add(row)
        _emit(session, Event.DELEGATION_REVOKED, row, actor, at)
    return len(found)


def listing(
    session: Session, actor: Actor, *, before: UUID | None = None, limit: int = 50
) -> tuple[Shown, ...]:
    """Return the delegations from and to the actor, and those of the people they administer or audit.

    The newest first; `before` pages on.
    """
    over = [one.unit_path for one in actor.grants if one.role in {*SEE_DELEGATIONS, *CONFIRM}]
    theirs = select(User.id).join(Unit, col(Unit.id) == col(User.unit_id))
    administered = [
        col(Delegation.principal_id).in_(theirs.where(col(Unit.path).startswith(path))) for path in over
    ]
    query = (
        select(Delegation)
        .where(
            or_(
                col(Delegation.principal_id) == actor.id,
                col(Delegation.delegate_id) == actor.id,
                *administered,
            )
        )
        .order_by(col(Delegation.id).desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(col(Delegation.id) < before)
    rows = session.exec(query).all()
    people = {one for row in rows for one in (row.principal_id, row.delegate_id)}
    found = session.exec(
        select(User.id, User.name, Unit.path)
        .join(Unit, col(Unit.id) == col(User.unit_id))
        .where(col(User.id).in_(people))
    ).all()
    names = {user_id: name for user_id, name, _ in found}
    paths = {user_id: path for user_id, _, path in found}
    units = {row.unit_id for row in rows if row.unit_id is not None}
    called = dict(session.exec(select(Unit.id, Unit.name).where(col(Unit.id).in_(units))).all())
    return tuple(
        Shown(
            row,
            names.get(row.principal_id, ""),
            names.get(row.delegate_id, ""),
            called.get(row.unit_id, "") if row.unit_id else "",
            paths.get(row.principal_id, ""),
        )
        for row in rows
    )


def _person(session: Session, user_id: UUID) -> Actor:
    found = user_actor(session, user_id)
    if found is None:
        raise NotFound("not_found")
    return found


def _root(unit_path: str) -> str:
    return "/" + unit_path.strip("/").split("/")[0] + "/"


def _known(session: Session, delegation_id: UUID, actor: Actor, *offices: Role) -> tuple[Delegation, str]:
    """Return a delegation that concerns the actor or their office, held, and its principal's unit path."""
    query = (
        select(Delegation, Unit.path)
        .join(User, col(User.id) == col(Delegation.principal_id))
        .join(Unit, col(Unit.id) == col(User.unit_id))
        .where(Delegation.id == delegation_id)
        .with_for_update(of=Delegation)
    )
    found = session.exec(query).one_or_none()
    if found is None:
        raise NotFound("not_found")
    row, unit_path = found
    if not _concerns(row, unit_path, actor, *offices):
        raise NotFound("not_found")
    return row, unit_path


def _concerns(row: Delegation, unit_path: str, actor: Actor, *offices: Role) -> bool:
    return actor.id in {row.principal_id, row.delegate_id} or any(
        actor.has(office, unit_path=unit_path) for office in offices
    )


def _may_confirm(row: Delegation, unit_path: str, actor: Actor) -> bool:
    second = not actor.is_one_of(row.granted_by, row.delegate_id)
    return second and any(actor.has(office, unit_path=unit_path) for office in CONFIRM)


def _vouched(session: Session, new: NewDelegation, actor: Actor) -> UUID | None:
    """Return who, other than the actor, entered that the principal is away on all of these days."""
    query = (
        select(Absence.entered_by)
        .where(
            Absence.user_id == new.principal_id,
            col(Absence.entered_by).not_in({actor.id, *actor.others}),
            col(Absence.ended_at).is_(None),
            Absence.starts_on <= new.starts_on,
            Absence.ends_on >= new.ends_on,
        )
        .limit(1)
    )
    return session.exec(query).first() if new.absent else None


def _authorized(actor: Actor, principal: Actor) -> None:
    if actor.is_one_of(principal.id) or actor.has(Role.SECURITY_ADMIN, unit_path=principal.unit_path):
        return
    if _root(actor.unit_path) != _root(principal.unit_path):
        raise NotFound("not_found")
    raise Forbidden("forbidden", reasons=[Reason("principal_only", field="principal_id")])


def _scope_path(session: Session, unit_id: UUID | None, root: str) -> str | None:
    if unit_id is None:
        return None
    unit = session.get(Unit, unit_id)
    if unit is None or not unit.path.startswith(root):
        raise NotFound("not_found")
    return unit.path


def _reasons(
    session: Session,
    link: Link,
    principal: Actor,
    other: Actor,
    *,
    at: datetime,
    row: Delegation | None = None,
) -> list[Reason]:
    """Return why a delegation cannot be given now, or be confirmed, where it is asked for already (`row`)."""
    today = beijing(at).date()
    standing = select(Delegation, Unit.path).outerjoin(Unit, col(Unit.id) == col(Delegation.unit_id))
    standing = standing.where(col(Delegation.revoked_at).is_(None), Delegation.ends_on >= today)
    if row is not None:
        standing = standing.where(Delegation.id != row.id)
        # It was asked for in time.
        link = replace(link, starts_on=max(link.starts_on, today))
    rows = session.exec(standing).all()
    others = [as_link(one, path) for one, path in rows]
    reasons = [Reason(fault) for fault in delegations.faults(link, others, today=today)]
    if other.is_one_of(principal.id) and other.id != principal.id:
        reasons.append(Reason("to_oneself"))
    held = [Held(one.role, one.unit_path, one.channel, one.section) for one in principal.grants]
    # What was given to the principal themself may be passed on, so that alone is enough; so is a post, where
    # nothing narrows what is handed over.
    passes_on = any(str(one.delegate_id) == link.principal and one.confirmed_at for one, _ in rows)
    whole = not (link.scope.roles or link.scope.channel or link.scope.section)
    by_post = whole and any(
        one.unit_path.startswith(link.scope.unit_path or "/")
        or (link.scope.unit_path or "/").startswith(one.unit_path)
        for one in principal.posts
    )
    if not delegations.narrowed(held, link.scope) and not passes_on and not by_post:
        reasons.append(Reason("nothing_to_delegate"))
    return reasons + _unfit(session, principal, other, at)


def _unfit(session: Session, principal: Actor, other: Actor, at: datetime) -> list[Reason]:
    """Return why one of the two accounts cannot be in a delegation, their rows held."""
    if principal.id == other.id:
        return []
    users = powers.locked(session, principal.id, other.id)
    giving = powers.powers_of(session, users[principal.id], at)
    taking = powers.powers_of(session, users[other.id], at)
    found = powers.against(replace(giving, given=(*giving.given, str(other.id))), field="principal_id")
    unfit = powers.against(
        replace(taking, received=(*taking.received, str(principal.id))), field="delegate_id"
    )
    return [*found, *([Reason("delegate_unfit", field="delegate_id")] if unfit else [])]


def _concerned(session: Session, event: Event, row: Delegation, by: Actor) -> set[UUID]:
    """Return both persons, and whoever's powers are passed on by it; nobody hears of their own act."""
    further = select(Delegation.principal_id).where(
        Delegation.delegate_id == row.principal_id,
        col(Delegation.revoked_at).is_(None),
        col(Delegation.confirmed_at).is_not(None),
        Delegation.starts_on <= row.ends_on,
        Delegation.ends_on >= row.starts_on,
    )
    concerned = {row.principal_id, *session.exec(further).all()}
    if event is not Event.DELEGATION_ASKED:
        concerned.add(row.delegate_id)
    return concerned - {by.id}


def _emit(session: Session, event: Event, row: Delegation, actor: Actor, at: datetime) -> None:
    own = actor.id in {row.principal_id, row.delegate_id}
    office = next((one for one in CONFIRM if actor.has(one)), Role.SECURITY_ADMIN)
    emit(
        session,
        event,
        OfDelegation(
            delegation=row.id,
            principal=row.principal_id,
            delegate=row.delegate_id,
            unit=row.unit_id,
            channel=row.channel or None,
            section=row.section or None,
            roles=row.roles,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            absent=row.absent,
            asked_by=row.granted_by,
            confirmed_by=row.confirmed_by,
            reason=row.reason or None,
        ),
        about=row.principal_id,
        actor=actor.as_audit(None if own else office),
        at=at,
        people=_concerned(session, event, row, actor),
    )
