"""Units, users and their roles. System administrators make accounts, security administrators give roles."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.roles import UserKind
from app.domain.vocabulary import Event, Role, UnitKind
from app.events.emit import emit
from app.events.payloads.accounts import EmailChanged, OfUser, UnitCreated, UserCreated
from app.identity import errors as _words  # noqa: F401 – the words of the codes below
from app.identity.access import authorize
from app.identity.actors import Actor
from app.identity.credentials.service import beyond, change_password, reset_password, set_first
from app.identity.models import Unit, User
from app.identity.permissions import SEE_ACCOUNTS
from app.identity.persons.entering import enter
from app.identity.reach import unit_in_reach, user_in_reach
from app.identity.roles.service import grant_role, held_roles, revoke_grant
from app.identity.sessions.sign_in import record_token, revoke_sessions, sign_in, sign_out, verify
from app.infra.errors import Conflict, Forbidden, Invalid, Reason
from app.infra.ids import new_id
from app.jobs import service as jobs
from app.jobs.kinds import JobKind


def create_unit(
    session: Session, *, name: str, kind: UnitKind, parent_id: UUID | None, actor: Actor, at: datetime
) -> Unit:
    """Add a unit below `parent_id`, or a root when there is none (which only the system itself may add).

    Raises `NotFound` for a parent out of the actor's reach, `Forbidden`, `Conflict` when the name is taken
    there.
    """
    parent = unit_in_reach(session, parent_id, actor, Role.SYSTEM_ADMIN) if parent_id else None
    if parent is None and actor.via != "system":
        authorize(actor, Role.SYSTEM_ADMIN, unit_path="/")
    taken = select(Unit.id).where(Unit.name == name)
    taken = (
        taken.where(Unit.parent_id == parent_id) if parent_id else taken.where(col(Unit.parent_id).is_(None))
    )
    if session.exec(taken).first() is not None:
        raise Conflict("unit_name_taken")
    unit_id = new_id()
    unit = Unit(
        id=unit_id,
        parent_id=parent_id,
        path=f"{parent.path if parent else '/'}{unit_id}/",
        name=name,
        kind=kind,
        created_at=at,
    )
    session.add(unit)
    session.flush()
    emit(
        session,
        Event.UNIT_CREATED,
        UnitCreated(unit=unit.id, parent=parent_id, kind=kind, name=name),
        about=unit.id,
        actor=actor.as_audit(Role.SYSTEM_ADMIN),
        at=at,
    )
    return unit


def create_user(
    session: Session,
    *,
    login: str,
    name: str,
    password: str,
    unit_id: UUID,
    kind: UserKind = UserKind.PERSON,
    email: str | None = None,
    must_change: bool | None = None,
    actor: Actor,
    at: datetime,
) -> User:
    """Add an account without any role.

    A person has to choose another password first, unless `must_change` says that nobody else knows this one.
    They are entered as a person of their own; `persons.service.identify` says who else they are. Raises
    `NotFound` for a unit out of the actor's reach, `Forbidden`, `Invalid` for a weak password,
    `Conflict` when the login is taken.
    """
    unit = unit_in_reach(session, unit_id, actor, Role.SYSTEM_ADMIN)
    login = login.strip().casefold()
    if kind is UserKind.OUTSIDE:
        raise Invalid("malformed", reasons=[Reason("outside_by_link", field="kind")])
    if session.exec(select(User.id).where(User.login == login)).first() is not None:
        raise Conflict("login_taken")
    user = User(
        id=new_id(),
        unit_id=unit.id,
        login=login,
        name=name,
        email=email,
        kind=kind,
        password_hash="",
        active=True,
        created_at=at,
        password_changed_at=at,
        must_change_password=kind is UserKind.PERSON if must_change is None else must_change,
    )
    set_first(session, user, password)
    session.add(user)
    session.flush()
    if kind is UserKind.PERSON:
        enter(session, user, at=at)
    emit(
        session,
        Event.USER_CREATED,
        UserCreated(
            user=user.id,
            unit=unit.id,
            kind=kind,
            login=login,
            name=name,
            email=email or None,
        ),
        about=user.id,
        actor=actor.as_audit(Role.SYSTEM_ADMIN),
        at=at,
    )
    return user


def set_email(session: Session, *, user_id: UUID, email: str | None, actor: Actor, at: datetime) -> User:
    """Say where an account's notices go by mail; `None` for nowhere. The address it was is told.

    Raises `NotFound`, `Forbidden` also where the account's powers reach beyond the actor's office.
    """
    user, _ = user_in_reach(session, user_id, actor, Role.SYSTEM_ADMIN, lock=True)
    if user.email == email:
        return user
    if user.id != actor.id:
        beyond(session, user, actor, at)
    old, user.email = user.email or "", email
    session.add(user)
    emit(
        session,
        Event.USER_EMAIL_CHANGED,
        EmailChanged(user=user.id, email=email or "", old_address=old),
        about=user.id,
        actor=actor.as_audit(Role.SYSTEM_ADMIN),
        at=at,
        people=[user.id],
    )
    return user


def deactivate_user(session: Session, *, user_id: UUID, actor: Actor, at: datetime) -> User:
    """Shut an account: no signing in, every session ended, tokens refused from now on, claims freed.

    Raises `NotFound`, `Forbidden` (also for one's own account, and where its powers reach beyond the actor's
    office), `Conflict` when it is shut already.
    """
    user, _ = user_in_reach(session, user_id, actor, Role.SYSTEM_ADMIN, lock=True)
    if actor.is_one_of(user.id):
        raise Forbidden("forbidden", reasons=[Reason("own_account")])
    beyond(session, user, actor, at)
    if not user.active:
        raise Conflict("user_inactive")
    user.active, user.deactivated_at = False, at
    jobs.enqueue(session, JobKind.FREE_CLAIMS, {"user_id": str(user.id)}, at=at)
    revoke_sessions(session, user.id, at=at)
    emit(
        session,
        Event.USER_DEACTIVATED,
        OfUser(user=user.id),
        about=user.id,
        actor=actor.as_audit(Role.SYSTEM_ADMIN),
        at=at,
    )
    return user


__all__ = [
    "SEE_ACCOUNTS",
    "change_password",
    "create_unit",
    "create_user",
    "deactivate_user",
    "grant_role",
    "held_roles",
    "record_token",
    "reset_password",
    "revoke_grant",
    "revoke_sessions",
    "set_email",
    "sign_in",
    "sign_out",
    "unit_in_reach",
    "user_in_reach",
    "verify",
]
