"""Units, users and their roles. System administrators make accounts, security administrators give roles."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.audit import service as audit
from app.domain import roles
from app.domain.roles import UserKind
from app.domain.vocabulary import Event, Role, UnitKind
from app.identity import errors as _words  # noqa: F401 – the words of the codes below
from app.identity import passwords
from app.identity.access import authorize
from app.identity.models import RoleGrant, Unit, User
from app.identity.queries import Actor
from app.identity.signing_in import record_token, revoke_sessions, sign_in, sign_out, verify
from app.infra.errors import Conflict, Forbidden, Invalid, NotFound, Reason
from app.infra.ids import new_id
from app.jobs import service as jobs

#: Done by a feature above, which knows of claims; the kind is the whole contract.
FREE_CLAIMS = "reviews.free_claims"
#: Who may see the accounts of a unit.
SEE_ACCOUNTS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)


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
    audit.record(
        session,
        Event.UNIT_CREATED,
        stream=f"unit:{unit.id}",
        actor=actor.as_audit(Role.SYSTEM_ADMIN),
        at=at,
        data={
            "unit": str(unit.id),
            "parent": str(parent_id) if parent_id else None,
            "kind": str(kind),
            "name": name,
        },
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
    actor: Actor,
    at: datetime,
) -> User:
    """Add an account without any role.

    Raises `NotFound` for a unit out of the actor's reach, `Forbidden`, `Invalid` for a weak password,
    `Conflict` when the login is taken.
    """
    unit = unit_in_reach(session, unit_id, actor, Role.SYSTEM_ADMIN)
    login = login.strip().casefold()
    if kind is UserKind.OUTSIDE:
        raise Invalid("malformed", reasons=[Reason("outside_by_link", field="kind")])
    _accept(password, login)
    if session.exec(select(User.id).where(User.login == login)).first() is not None:
        raise Conflict("login_taken")
    user = User(
        id=new_id(),
        unit_id=unit.id,
        login=login,
        name=name,
        email=email,
        kind=kind,
        password_hash=passwords.hashed(password),
        active=True,
        created_at=at,
        password_changed_at=at,
    )
    session.add(user)
    session.flush()
    audit.record(
        session,
        Event.USER_CREATED,
        stream=f"user:{user.id}",
        actor=actor.as_audit(Role.SYSTEM_ADMIN),
        at=at,
        data={"user": str(user.id), "unit": str(unit.id), "kind": str(kind)},
        private={"login": login, "name": name, **({"email": email} if email else {})},
    )
    return user


def set_email(session: Session, *, user_id: UUID, email: str | None, actor: Actor, at: datetime) -> User:
    """Say where an account's notices go by mail; `None` for nowhere. Raises `NotFound`, `Forbidden`."""
    user, _ = user_in_reach(session, user_id, actor, Role.SYSTEM_ADMIN)
    if user.email == email:
        return user
    user.email = email
    session.add(user)
    audit.record(
        session,
        Event.USER_EMAIL_CHANGED,
        stream=f"user:{user.id}",
        actor=actor.as_audit(Role.SYSTEM_ADMIN),
        at=at,
        data={"user": str(user.id)},
        private={"email": email or ""},
    )
    return user


def deactivate_user(session: Session, *, user_id: UUID, actor: Actor, at: datetime) -> User:
    """Shut an account: no signing in, every session ended, tokens refused from now on, claims freed.

    Raises `NotFound`, `Forbidden` (also for one's own account), `Conflict` when it is shut already.
    """
    user, _ = user_in_reach(session, user_id, actor, Role.SYSTEM_ADMIN)
    if user.id == actor.id:
        raise Forbidden("forbidden", reasons=[Reason("own_account")])
    if not user.active:
        raise Conflict("user_inactive")
    user.active, user.deactivated_at = False, at
    jobs.enqueue(session, FREE_CLAIMS, {"user_id": str(user.id)}, at=at)
    revoke_sessions(session, user.id, at=at)
    audit.record(
        session,
        Event.USER_DEACTIVATED,
        stream=f"user:{user.id}",
        actor=actor.as_audit(Role.SYSTEM_ADMIN),
        at=at,
        data={"user": str(user.id)},
    )
    return user


def change_password(
    session: Session, *, old: str, new: str, actor: Actor, at: datetime, address: str, keep: str | None = None
) -> None:
    """Change one's own password; every other browser session (all but `keep`) ends.

    Raises what `verify` raises, with the old password counted like a sign-in, and `Invalid` for a weak new
    one.
    """
    user = verify(session, actor.login, old, at=at, address=address)
    _set_password(session, user, new, actor=actor, at=at, keep=keep)


def reset_password(session: Session, *, user_id: UUID, new: str, actor: Actor, at: datetime) -> User:
    """Give somebody else a new password; their sessions end. Raises `NotFound`, `Forbidden`, `Invalid`."""
    user, _ = user_in_reach(session, user_id, actor, Role.SYSTEM_ADMIN)
    if user.id == actor.id:
        raise Forbidden("forbidden", reasons=[Reason("own_account")])
    _set_password(session, user, new, actor=actor, at=at)
    return user


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
) -> RoleGrant:
    """Give a user a role over a unit and all below it, for one channel or section or for all (`None`).

    The user's row is locked, so that two grants at once cannot together break what each alone keeps.
    Raises `NotFound`, `Forbidden`, `Invalid` for a section without channel, `Conflict` with every reason.
    """
    user, _ = user_in_reach(session, user_id, actor, Role.SECURITY_ADMIN, lock=True)
    unit = unit_in_reach(session, unit_id, actor, Role.SECURITY_ADMIN)
    if section and not channel:
        raise Invalid("malformed", reasons=[Reason("section_without_channel", field="section")])
    if user.id == actor.id:
        raise Forbidden("forbidden", reasons=[Reason("own_account")])
    if not user.active:
        raise Conflict("user_inactive")
    in_force = session.exec(
        select(RoleGrant).where(RoleGrant.user_id == user.id, col(RoleGrant.revoked_at).is_(None))
    ).all()
    wanted = (role, unit.id, channel or "", section or "")
    if wanted in {(grant.role, grant.unit_id, grant.channel, grant.section) for grant in in_force}:
        raise Conflict("grant_exists")
    refused = roles.refusals(role, held={Role(grant.role) for grant in in_force}, kind=UserKind(user.kind))
    if refused:
        raise Conflict(
            "roles_exclude",
            reasons=[
                Reason(one.fault, {"role": one.role, "held": list(one.held)}, field="role") for one in refused
            ],
        )
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
    audit.record(
        session,
        Event.ROLE_GRANTED,
        stream=f"user:{user.id}",
        actor=actor.as_audit(Role.SECURITY_ADMIN),
        at=at,
        data=_grant_data(grant),
    )
    return grant


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
    jobs.enqueue(session, FREE_CLAIMS, {"user_id": str(user.id)}, at=at)
    audit.record(
        session,
        Event.ROLE_REVOKED,
        stream=f"user:{user.id}",
        actor=actor.as_audit(Role.SECURITY_ADMIN),
        at=at,
        data=_grant_data(grant),
    )
    return grant


def held_roles(session: Session, user_id: UUID) -> frozenset[Role]:
    """Return the roles that a user holds anywhere, whether the account is active or not."""
    query = select(RoleGrant.role).where(RoleGrant.user_id == user_id, col(RoleGrant.revoked_at).is_(None))
    return frozenset(Role(one) for one in session.exec(query).all())


def unit_in_reach(session: Session, unit_id: UUID, actor: Actor, *needed: Role) -> Unit:
    """Return a unit that the actor administers. Raises `NotFound` when they may not know it, `Forbidden`."""
    unit = session.get(Unit, unit_id)
    if unit is None or not _may_know(actor, unit.path):
        raise NotFound("not_found")
    authorize(actor, *needed, unit_path=unit.path)
    return unit


def user_in_reach(
    session: Session, user_id: UUID, actor: Actor, *needed: Role, lock: bool = False
) -> tuple[User, Unit]:
    """Return a user whom the actor administers, and their unit; `lock` holds the user's row until the end.

    Raises `NotFound` when the actor may not know of the account, `Forbidden` without one of the `needed`
    roles.
    """
    query = select(User, Unit).join(Unit, col(Unit.id) == col(User.unit_id)).where(User.id == user_id)
    if lock:
        query = query.with_for_update(of=User)
    found = session.exec(query).one_or_none()
    if found is None or not _may_know(actor, found[1].path):
        raise NotFound("not_found")
    authorize(actor, *needed, unit_path=found[1].path)
    return found[0], found[1]


def _may_know(actor: Actor, path: str) -> bool:
    return actor.via == "system" or any(actor.has(role, unit_path=path) for role in SEE_ACCOUNTS)


def _accept(password: str, login: str) -> None:
    if faults := passwords.faults(password, login=login):
        raise Invalid("password_refused", reasons=faults)


def _set_password(
    session: Session, user: User, new: str, *, actor: Actor, at: datetime, keep: str | None = None
) -> None:
    _accept(new, user.login)
    user.password_hash, user.password_changed_at = passwords.hashed(new), at
    revoke_sessions(session, user.id, at=at, keep=keep)
    audit.record(
        session,
        Event.USER_PASSWORD_CHANGED,
        stream=f"user:{user.id}",
        actor=actor.as_audit(),
        at=at,
        data={"user": str(user.id)},
    )


def _grant_data(grant: RoleGrant) -> dict[str, str | None]:
    return {
        "grant": str(grant.id),
        "user": str(grant.user_id),
        "role": grant.role,
        "unit": str(grant.unit_id),
        "channel": grant.channel or None,
        "section": grant.section or None,
    }


__all__ = [
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
