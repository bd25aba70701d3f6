"""Passwords of accounts: changing one's own, resetting another's.

A password that somebody else set opens the account for nothing but choosing another (`access`): whoever set
it can do nothing in its owner's name without the owner hearing of it first.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.powers import within
from app.domain.roles import UserKind
from app.domain.vocabulary import ADMINISTRATORS, Event, Role
from app.events.emit import emit
from app.events.payloads.accounts import OfUser, PasswordReset
from app.identity.actors import Actor
from app.identity.credentials import passwords
from app.identity.models import FormerPassword, Unit, User
from app.identity.reach import user_in_reach
from app.identity.roles import powers
from app.identity.sessions.sign_in import Caller, revoke_sessions, verify
from app.infra.errors import Forbidden, Invalid, Reason
from app.infra.ids import new_id
from app.infra.runtime import Runtime

#: So many former passwords may not come again.
REMEMBERED = 5


def change_password(
    runtime: Runtime, *, old: str, new: str, actor: Actor, caller: Caller, keep: str | None = None
) -> None:
    """Change one's own password; every other browser session (all but `keep`) and every token ends.

    Raises what `verify` raises, with the old password counted like a sign-in, and `Invalid` for a weak new
    one, or one that was used before.
    """
    user_id, at = verify(runtime, actor.login, old, caller=caller).id, runtime.clock()
    with runtime.database.write() as session:
        user = powers.locked(session, user_id)[user_id]
        _set_password(session, user, new, at=at, keep=keep)
        user.must_change_password = False
        session.add(user)
        payload = OfUser(user=user.id)
        emit(session, Event.USER_PASSWORD_CHANGED, payload, about=user.id, actor=actor.as_audit(), at=at)


def reset_password(session: Session, *, user_id: UUID, new: str, actor: Actor, at: datetime) -> User:
    """Give somebody else a new password; their sessions and tokens end, and they must choose another.

    Only within the reach of the system administrator's own office, by all that the account can act by, and
    never an administrator's: that is done on the machine. The person is told. Raises `NotFound`, `Forbidden`
    with every reason, `Invalid`.
    """
    user, _ = user_in_reach(session, user_id, actor, Role.SYSTEM_ADMIN, lock=True)
    if actor.is_one_of(user.id):
        raise Forbidden("forbidden", reasons=[Reason("own_account")])
    beyond(session, user, actor, at, administrators_too=True)
    _set_password(session, user, new, at=at)
    # A tool is given its password by whoever sets it up, and decides nothing.
    user.must_change_password = user.kind == UserKind.PERSON
    session.add(user)
    emit(
        session,
        Event.USER_PASSWORD_RESET,
        PasswordReset(user=user.id, must_change=user.must_change_password),
        about=user.id,
        actor=actor.as_audit(Role.SYSTEM_ADMIN),
        at=at,
        people=[user.id],
    )
    return user


def beyond(
    session: Session, user: User, actor: Actor, at: datetime, *, administrators_too: bool = False
) -> None:
    """Let a system administrator pass whose office reaches over all that an account can act by.

    With `administrators_too` no administrator's account is let through. Raises `Forbidden` with every reason.
    """
    if actor.via == "system":
        return
    reach = powers.reach_of(session, user, at)
    areas = tuple(grant.unit_path for grant in actor.grants if grant.role is Role.SYSTEM_ADMIN)
    reasons = []
    if not within(reach, areas):
        reasons.append(Reason("powers_beyond"))
    if administrators_too and reach.roles & ADMINISTRATORS:
        reasons.append(Reason("administrators_password"))
    if reasons:
        raise Forbidden("forbidden", reasons=reasons)


def set_first(session: Session, user: User, password: str) -> None:
    """Give a new account the password that it begins with. Raises `Invalid` for a weak one."""
    _accept(session, user, password)
    user.password_hash = passwords.hashed(password)


def _set_password(session: Session, user: User, new: str, *, at: datetime, keep: str | None = None) -> None:
    _accept(session, user, new)
    former = select(FormerPassword).where(FormerPassword.user_id == user.id)
    rows = session.exec(former.order_by(col(FormerPassword.id).desc()).limit(REMEMBERED)).all()
    if any(
        passwords.matches(stored, new)
        for stored in (user.password_hash, *(row.password_hash for row in rows))
    ):
        raise Invalid("password_refused", reasons=[Reason("password_used_before", field="password")])
    session.add(
        FormerPassword(id=new_id(), user_id=user.id, password_hash=user.password_hash, replaced_at=at)
    )
    for row in rows[REMEMBERED - 1 :]:
        session.delete(row)
    user.password_hash, user.password_changed_at = passwords.hashed(new), at
    user.credentials += 1
    session.add(user)
    revoke_sessions(session, user.id, at=at, keep=keep)


def _accept(session: Session, user: User, password: str) -> None:
    unit = session.get(Unit, user.unit_id)
    words = (user.name, user.email or "", unit.name if unit else "")
    if faults := passwords.faults(password, login=user.login, words=words):
        raise Invalid("password_refused", reasons=faults)
