"""Acting for another (代理): given by the principal, or for somebody absent by the security administrator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col, select

from app.audit import service as audit
from app.domain import delegations
from app.domain.delegations import Held, Link, Scope
from app.domain.roles import UserKind
from app.domain.vocabulary import ADMINISTRATORS, Event, Role
from app.identity import errors as _words  # noqa: F401 – the words of the codes below
from app.identity.access import authorize
from app.identity.models import Delegation, Unit, User
from app.identity.queries import Actor, as_link, user_actor
from app.infra.clock import beijing
from app.infra.errors import Conflict, Forbidden, NotFound, Reason
from app.infra.ids import new_id

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

    def state(self, at: datetime) -> str:
        """Return `revoked`, `coming`, `in_force` or `over`."""
        today = beijing(at).date()
        if self.row.revoked_at is not None:
            return "revoked"
        if today < self.row.starts_on:
            return "coming"
        return "in_force" if today <= self.row.ends_on else "over"


def delegate(session: Session, *, new: NewDelegation, actor: Actor, at: datetime) -> Delegation:
    """Let one person act for another.

    The principal gives it, or their unit's security administrator where the principal is absent. All of one
    body's delegations are given one after the other, so that two at once never make a circle. Raises
    `NotFound` for people out of reach, `Forbidden`, `Conflict` with every reason.
    """
    principal = _person(session, new.principal_id)
    root = _root(principal.unit_path)
    session.exec(select(Unit.id).where(Unit.id == UUID(root.strip("/"))).with_for_update()).one()
    _authorized(actor, principal, new)
    other = _person(session, new.delegate_id)
    if _root(other.unit_path) != root:
        raise NotFound("not_found")
    unit_path = _scope_path(session, new.unit_id, root)
    roles = frozenset(new.roles)
    scope = Scope(unit_path, new.channel, new.section, roles)
    link = Link(str(principal.id), str(other.id), new.starts_on, new.ends_on, scope)
    reasons = _reasons(session, link, principal, other, today=beijing(at).date())
    if new.section and not new.channel:
        reasons.append(Reason("section_without_channel", field="section"))
    if reasons:
        raise Conflict("delegation_refused", reasons=reasons)
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
    )
    session.add(row)
    session.flush()
    _record(session, Event.DELEGATION_GRANTED, row, actor, at)
    return row


def revoke(session: Session, *, delegation_id: UUID, actor: Actor, at: datetime) -> Delegation:
    """End a delegation at once; what was done under it stays done.

    The principal, the delegate, or the security administrator of the principal's unit may. Raises `NotFound`,
    `Conflict` when it was ended already.
    """
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
    concerned = actor.id in {row.principal_id, row.delegate_id}
    if not concerned and not actor.has(Role.SECURITY_ADMIN, unit_path=unit_path):
        raise NotFound("not_found")
    if row.revoked_at is not None:
        raise Conflict("delegation_revoked")
    row.revoked_at, row.revoked_by = at, actor.id
    session.add(row)
    _record(session, Event.DELEGATION_REVOKED, row, actor, at)
    return row


def listing(
    session: Session, actor: Actor, *, before: UUID | None = None, limit: int = 50
) -> tuple[Shown, ...]:
    """Return the delegations from and to the actor, and those of the people they administer or audit.

    The newest first; `before` pages on.
    """
    over = [one.unit_path for one in actor.grants if one.role in SEE_DELEGATIONS]
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
    names = dict(session.exec(select(User.id, User.name).where(col(User.id).in_(people))).all())
    units = {row.unit_id for row in rows if row.unit_id is not None}
    called = dict(session.exec(select(Unit.id, Unit.name).where(col(Unit.id).in_(units))).all())
    return tuple(
        Shown(
            row,
            names.get(row.principal_id, ""),
            names.get(row.delegate_id, ""),
            called.get(row.unit_id, "") if row.unit_id else "",
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


def _authorized(actor: Actor, principal: Actor, new: NewDelegation) -> None:
    if actor.id == principal.id:
        return
    if not actor.has(Role.SECURITY_ADMIN, unit_path=principal.unit_path):
        if _root(actor.unit_path) != _root(principal.unit_path):
            raise NotFound("not_found")
        raise Forbidden("forbidden", reasons=[Reason("principal_only", field="principal_id")])
    authorize(actor, Role.SECURITY_ADMIN, unit_path=principal.unit_path)
    if not new.absent:
        raise Forbidden("forbidden", reasons=[Reason("absent_only", field="absent")])


def _scope_path(session: Session, unit_id: UUID | None, root: str) -> str | None:
    if unit_id is None:
        return None
    unit = session.get(Unit, unit_id)
    if unit is None or not unit.path.startswith(root):
        raise NotFound("not_found")
    return unit.path


def _reasons(session: Session, link: Link, principal: Actor, other: Actor, *, today: date) -> list[Reason]:
    standing = select(Delegation, Unit.path).outerjoin(Unit, col(Unit.id) == col(Delegation.unit_id))
    standing = standing.where(col(Delegation.revoked_at).is_(None), Delegation.ends_on >= today)
    others = [as_link(row, path) for row, path in session.exec(standing).all()]
    reasons = [Reason(fault) for fault in delegations.faults(link, others, today=today)]
    held = [Held(one.role, one.unit_path, one.channel, one.section) for one in principal.grants]
    # What was given to the principal themself may be passed on, so that alone is enough.
    passes_on = any(one.delegate == link.principal for one in others)
    if not delegations.narrowed(held, link.scope) and not passes_on:
        reasons.append(Reason("nothing_to_delegate"))
    kind = session.exec(select(User.kind).where(User.id == other.id)).one()
    if kind != UserKind.PERSON or other.roles() & ADMINISTRATORS:
        reasons.append(Reason("delegate_unfit", field="delegate_id"))
    return reasons


def _record(session: Session, event: Event, row: Delegation, actor: Actor, at: datetime) -> None:
    own = actor.id in {row.principal_id, row.delegate_id}
    audit.record(
        session,
        event,
        stream=f"user:{row.principal_id}",
        actor=actor.as_audit(None if own else Role.SECURITY_ADMIN),
        at=at,
        data={
            "delegation": str(row.id),
            "principal": str(row.principal_id),
            "delegate": str(row.delegate_id),
            "unit": str(row.unit_id) if row.unit_id else None,
            "channel": row.channel or None,
            "section": row.section or None,
            "roles": list(row.roles),
            "starts_on": row.starts_on.isoformat(),
            "ends_on": row.ends_on.isoformat(),
            "absent": row.absent,
        },
        private={"reason": row.reason} if row.reason else None,
    )
