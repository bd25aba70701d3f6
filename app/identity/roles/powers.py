"""What one account can act by, read from every table that says so; and refusing what must not be added.

Whoever gives a role, a post or a delegation holds the rows of the accounts concerned, asks for `powers_of`
with what is new in it, and lets `refuse` say no. So it makes no difference what was given first.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain import powers
from app.domain.delegations import Held
from app.domain.powers import PowerFault, Powers
from app.domain.roles import UserKind
from app.domain.vocabulary import Role
from app.identity.models import Delegation, RoleGrant, Unit, User
from app.infra.clock import beijing
from app.infra.errors import Conflict, NotFound, Reason


def locked(session: Session, *user_ids: UUID) -> dict[UUID, User]:
    """Return these accounts, their rows held until the transaction ends, in one order for everybody.

    Raises `NotFound` for an unknown one.
    """
    wanted = sorted(set(user_ids))
    rows = session.exec(
        select(User)
        .where(col(User.id).in_(wanted))
        .order_by(col(User.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if len(rows) < len(wanted):
        raise NotFound("not_found")
    return {one.id: one for one in rows}


def powers_of(session: Session, user: User, at: datetime) -> Powers:
    """Return all that a person can act by, or will be able to: delegations that are to begin count.

    With this account and whichever others in use are theirs.
    """
    accounts = accounts_of(session, user)
    ids = [one.id for one in accounts]
    grants = session.exec(
        select(RoleGrant, Unit.path)
        .join(Unit, col(Unit.id) == col(RoleGrant.unit_id))
        .where(col(RoleGrant.user_id).in_(ids), col(RoleGrant.revoked_at).is_(None))
        .order_by(col(RoleGrant.id))
    ).all()
    not_over = (col(Delegation.revoked_at).is_(None), Delegation.ends_on >= beijing(at).date())
    received = select(Delegation.principal_id).where(col(Delegation.delegate_id).in_(ids), *not_over)
    given = select(Delegation.delegate_id).where(col(Delegation.principal_id).in_(ids), *not_over)
    return Powers(
        UserKind(user.kind),
        tuple(Held(Role(one.role), path, one.channel or None, one.section or None) for one, path in grants),
        tuple(one["path"] for account in accounts for one in account.posts),
        tuple(str(one) for one in session.exec(received).all()),
        tuple(str(one) for one in session.exec(given).all()),
    )


def accounts_of(session: Session, user: User) -> tuple[User, ...]:
    """Return an account and the others in use of the same person: nobody has more by having two."""
    if user.person_id is None:
        return (user,)
    others = select(User).where(User.person_id == user.person_id, User.id != user.id, col(User.active))
    return (user, *session.exec(others.order_by(col(User.id))).all())


def reach_of(session: Session, user: User, at: datetime) -> Powers:
    """Return what an account can act by, its principals' powers among its own: how far it reaches."""
    own = powers_of(session, user, at)
    further = [
        powers_of(session, one, at)
        for one in session.exec(
            select(User).where(col(User.id).in_([UUID(person) for person in own.received]))
        ).all()
    ]
    return replace(
        own,
        held=(*own.held, *(held for one in further for held in one.held)),
        posts=(*own.posts, *(place for one in further for place in one.posts)),
    )


def refuse(wanted: Powers, code: str, *, field: str) -> None:
    """Let pass what may be one account's together. Raises `Conflict` with every reason why it may not."""
    if reasons := against(wanted, field=field):
        raise Conflict(code, reasons=reasons)


def against(wanted: Powers, *, field: str) -> Sequence[Reason]:
    """Return every reason why these powers cannot be one account's together; empty when they can."""
    return [
        Reason(str(one.fault), {"roles": [str(role) for role in one.roles]}, field=field)
        for one in powers.conflicts(wanted)
    ]


__all__ = ["PowerFault", "against", "locked", "powers_of", "reach_of", "refuse"]
