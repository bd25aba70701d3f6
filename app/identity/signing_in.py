"""Signing in: throttled before hashing, the same work for logins that nobody has, every attempt on record."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.audit import service as audit
from app.audit.service import AuditActor
from app.domain.vocabulary import Event
from app.identity import errors as _words  # noqa: F401 – the words of the codes below
from app.identity import passwords
from app.identity.access import csrf_token
from app.identity.models import BrowserSession, SignInFailure, User
from app.identity.queries import session_hash
from app.infra.errors import TooMany, Unauthenticated

#: Failures without any delay, for one login and from one address (an office shares an address).
FREE_FOR_LOGIN = 5
FREE_FOR_ADDRESS = 30
LONGEST_DELAY = timedelta(minutes=15)
#: After this long without a failure the count starts again.
FORGOTTEN_AFTER = timedelta(hours=1)

_NOBODY = AuditActor(id=UUID(int=0), name="")


def delay(failures: int, *, free: int) -> timedelta:
    """Return how long to wait after so many failures: none, then 2 s, doubling, at most 15 minutes."""
    if failures < free:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - free + 1, 10)), LONGEST_DELAY)


def verify(session: Session, login: str, password: str, *, at: datetime, address: str) -> User:
    """Return the active user of this login and password.

    Raises `TooMany` before any hashing while the login or the address must wait, else `Unauthenticated`,
    which puts the failure on record and counts it. The work is the same whether or not the login exists.
    """
    keys = {_key("login", login): FREE_FOR_LOGIN, _key("address", address): FREE_FOR_ADDRESS}
    _throttle(session, keys, at)
    user = session.exec(select(User).where(User.login == login.strip().casefold())).one_or_none()
    good = passwords.matches(user.password_hash if user else None, password)
    if user is None or not good or not user.active:
        raise Unauthenticated("sign_in_refused", record=_failure(keys, user, at))
    session.exec(delete(SignInFailure).where(col(SignInFailure.key) == _key("login", login)))
    return user


def sign_in(session: Session, login: str, password: str, *, at: datetime, address: str) -> tuple[str, str]:
    """Open a browser session and return its opaque id, for the cookie alone, and its CSRF token.

    Raises what `verify` raises.
    """
    user = verify(session, login, password, at=at, address=address)
    raw = secrets.token_urlsafe(32)
    session.add(BrowserSession(id_hash=session_hash(raw), user_id=user.id, created_at=at, last_seen_at=at))
    audit.record(
        session,
        Event.USER_SIGNED_IN,
        stream=f"user:{user.id}",
        actor=_as_audit(user),
        at=at,
        private={"address": address},
    )
    return raw, csrf_token(raw)


def sign_out(session: Session, raw: str, *, at: datetime) -> None:
    """End the browser session of this id; nothing happens when there is none."""
    found = session.exec(
        select(BrowserSession, User)
        .join(User, col(User.id) == col(BrowserSession.user_id))
        .where(BrowserSession.id_hash == session_hash(raw), col(BrowserSession.revoked_at).is_(None))
    ).one_or_none()
    if found is None:
        return
    opened, user = found
    opened.revoked_at = at
    audit.record(session, Event.USER_SIGNED_OUT, stream=f"user:{user.id}", actor=_as_audit(user), at=at)


def session_owner(session: Session, raw: str) -> UUID | None:
    """Return whose browser session this id is or was, however long ago it ended; `None` when it never was."""
    query = select(BrowserSession.user_id).where(BrowserSession.id_hash == session_hash(raw))
    return session.exec(query).one_or_none()


def revoke_sessions(session: Session, user_id: UUID, *, at: datetime, keep: str | None = None) -> None:
    """End every browser session of a user, but for the one whose raw id is `keep`."""
    query = update(BrowserSession).where(
        col(BrowserSession.user_id) == user_id, col(BrowserSession.revoked_at).is_(None)
    )
    if keep:
        query = query.where(col(BrowserSession.id_hash) != session_hash(keep))
    session.exec(query.values(revoked_at=at))


def record_token(session: Session, user: User, *, at: datetime, address: str) -> None:
    """Put on record that a token was issued to `user`."""
    audit.record(
        session,
        Event.TOKEN_ISSUED,
        stream=f"user:{user.id}",
        actor=_as_audit(user),
        at=at,
        private={"address": address},
    )


def _as_audit(user: User) -> AuditActor:
    return AuditActor(id=user.id, name=user.name, unit=str(user.unit_id))


def _key(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}:{value.strip().casefold()}".encode()).hexdigest()


def _throttle(session: Session, keys: dict[str, int], at: datetime) -> None:
    failures = session.exec(select(SignInFailure).where(col(SignInFailure.key).in_(keys))).all()
    until = [
        one.last_at + delay(one.failures, free=keys[one.key])
        for one in failures
        if at - one.last_at < FORGOTTEN_AFTER
    ]
    wait = max(until, default=at) - at
    if wait > timedelta(0):
        raise TooMany("sign_in_throttled", headers={"Retry-After": str(-(-wait // timedelta(seconds=1)))})


def _failure(keys: dict[str, int], user: User | None, at: datetime) -> Callable[[Session], None]:
    def record(session: Session) -> None:
        forgotten = col(SignInFailure.last_at) < at - FORGOTTEN_AFTER
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        for key in sorted(keys):
            first = dialect.insert(SignInFailure).values(key=key, failures=1, last_at=at)
            session.exec(
                first.on_conflict_do_update(
                    index_elements=["key"],
                    set_={
                        "failures": case((forgotten, 1), else_=col(SignInFailure.failures) + 1),
                        "last_at": at,
                    },
                )
            )
        # What was typed as a login is kept nowhere; nobody's attempts share one stream.
        audit.record(
            session,
            Event.USER_SIGN_IN_REFUSED,
            stream=f"user:{user.id if user else _NOBODY.id}",
            actor=_as_audit(user) if user else _NOBODY,
            at=at,
            outcome="refused",
            reason="inactive" if user and not user.active else "wrong",
        )

    return record
