"""Signing in: throttled before hashing, the same work for logins that nobody has, every attempt on record.

Guesses are counted where they come from, so that nobody is kept out by what others do elsewhere: by login and
address together; for a device that has signed in before (`devices`), by that device alone; and, for whoever
has never signed in from there, by the login and by the address as a whole, with much more room.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.audit.service import AuditActor
from app.domain.roles import UserKind
from app.domain.vocabulary import Event
from app.events.emit import emit
from app.events.payloads.accounts import AtAddress, OfSession
from app.identity import errors as _words  # noqa: F401 – the words of the codes below
from app.identity.access import csrf_token
from app.identity.credentials import passwords
from app.identity.models import BrowserSession, SignInFailure, User
from app.identity.queries import session_hash
from app.identity.sessions import devices
from app.infra.errors import AppError, Forbidden, TooMany, Unauthenticated
from app.infra.ids import new_id
from app.infra.runtime import Runtime

#: Failures without any delay: of one login at one address, or on one known device.
FREE_FOR_PLACE = 5
#: Of one login wherever tried, and of all logins at one address (an office shares an address); both are asked
#: of those alone who have never signed in from there.
FREE_FOR_LOGIN = 50
FREE_FOR_ADDRESS = 100
LONGEST_DELAY = timedelta(minutes=15)
#: After this long without a failure the count starts again.
FORGOTTEN_AFTER = timedelta(hours=1)
#: A login's address is known for so long after its last success there.
KNOWN_FOR = timedelta(days=90)
#: So many counts that nobody needs any more are cleared away after a failure.
_CLEARED = 100

_NOBODY = AuditActor(id=UUID(int=0), name="")


@dataclass(frozen=True, slots=True)
class Caller:
    """Where somebody tries to sign in from: the network address, and the devices that they say they are."""

    address: str
    devices: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Entered:
    """A browser session that was opened: its opaque id for the cookie alone, its CSRF token, the device."""

    raw: str
    csrf: str
    device: str
    must_change_password: bool


def delay(failures: int, *, free: int) -> timedelta:
    """Return how long to wait after so many failures: none, then 2 s, doubling, at most 15 minutes."""
    if failures < free:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - free + 1, 10)), LONGEST_DELAY)


def verify(runtime: Runtime, login: str, password: str, *, caller: Caller) -> User:
    """Return the active user of this login and password.

    Raises `TooMany` before any hashing while whoever tries must wait, else `Unauthenticated`. It is a
    transaction of its own: failures are counted and recorded also where the caller's is rolled back, and of
    tries at once each waits for the one before, so that none goes uncounted. The work is the same whether or
    not the login exists.
    """
    at = runtime.clock()
    with runtime.database.write() as session:
        tried = _tried(session, runtime, login, password, caller, at)
    if isinstance(tried, AppError):
        raise tried
    return tried


def _tried(
    session: Session, runtime: Runtime, login: str, password: str, caller: Caller, at: datetime
) -> User | AppError:
    user = session.exec(select(User).where(User.login == login.strip().casefold())).one_or_none()
    device = devices.known(runtime.secret, user.id, caller.devices) if user else None
    place = _key("place", login, _network(caller.address))
    own = _key("device", device) if device else place
    counts = _counts(session, [own], at)
    free = {own: FREE_FOR_PLACE}
    if own == place and not _is_known(counts[place], at):
        wider = {
            _key("login", login): FREE_FOR_LOGIN,
            _key("address", _network(caller.address)): FREE_FOR_ADDRESS,
        }
        counts |= _counts(session, list(wider), at)
        free |= wider
    if (wait := _wait(counts, free, at)) > timedelta(0):
        seconds = -(-wait // timedelta(seconds=1))
        return TooMany("sign_in_throttled", headers={"Retry-After": str(seconds)})
    good = passwords.matches(user.password_hash if user else None, password)
    if user is not None and good and user.active:
        counts[own].failures = 0
        there = counts.get(place) or _counts(session, [place], at)[place]
        there.succeeded_at = at
        session.add_all([counts[own], there])
        return user
    for count in counts.values():
        count.failures, count.last_at = (
            (count.failures + 1 if at - count.last_at < FORGOTTEN_AFTER else 1),
            at,
        )
        session.add(count)
    _clear_away(session, counts, at)
    # What was typed as a login is kept nowhere; nobody's attempts share one stream.
    who = _as_audit(user) if user else _NOBODY
    emit(
        session,
        Event.USER_SIGN_IN_REFUSED,
        AtAddress(address=caller.address),
        about=str(who.id),
        actor=who,
        at=at,
        reason="inactive" if user and not user.active else "wrong",
    )
    return Unauthenticated("sign_in_refused")


def sign_in(runtime: Runtime, login: str, password: str, *, caller: Caller, presented: str = "") -> Entered:
    """Open a browser session; the one of the id `presented`, if any, ends.

    Raises what `verify` raises, and `Forbidden` for a tool's account: tools use the API.
    """
    user = verify(runtime, login, password, caller=caller)
    if user.kind != UserKind.PERSON:
        raise Forbidden("machine_signs_in")
    raw, at = secrets.token_urlsafe(32), runtime.clock()
    with runtime.database.write() as session:
        if presented:
            sign_out(session, presented, at=at)
        session.add(
            BrowserSession(id_hash=session_hash(raw), user_id=user.id, created_at=at, last_seen_at=at)
        )
        payload = AtAddress(address=caller.address)
        emit(session, Event.USER_SIGNED_IN, payload, about=user.id, actor=_as_audit(user), at=at)
    device = devices.known_proof(runtime.secret, user.id, caller.devices) or devices.proof(
        runtime.secret, user.id, str(new_id())
    )
    return Entered(raw, csrf_token(raw), device, user.must_change_password)


def sign_out(session: Session, raw: str, *, at: datetime) -> None:
    """End the browser session of this id; nothing happens when there is none."""
    row = session.exec(
        select(BrowserSession, User)
        .join(User, col(User.id) == col(BrowserSession.user_id))
        .where(BrowserSession.id_hash == session_hash(raw), col(BrowserSession.revoked_at).is_(None))
    ).one_or_none()
    if row is None:
        return
    opened, user = row
    opened.revoked_at = at
    emit(session, Event.USER_SIGNED_OUT, OfSession(), about=user.id, actor=_as_audit(user), at=at)


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
    payload = AtAddress(address=address)
    emit(session, Event.TOKEN_ISSUED, payload, about=user.id, actor=_as_audit(user), at=at)


def _as_audit(user: User) -> AuditActor:
    return AuditActor(id=user.id, name=user.name, unit=str(user.unit_id))


def _network(address: str) -> str:
    """Return the address that is counted: of IPv6 the network that one household or office is given."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))
    return address


def _key(kind: str, *values: str) -> str:
    return hashlib.sha256(
        "\n".join((kind, *(value.strip().casefold() for value in values))).encode()
    ).hexdigest()


def _counts(session: Session, keys: Sequence[str], at: datetime) -> dict[str, SignInFailure]:
    """Return the counts of these keys, made where there are none and held until the transaction ends."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    for key in sorted(keys):
        none: Any = dialect.insert(SignInFailure).values(key=key, failures=0, last_at=at)
        session.exec(none.on_conflict_do_nothing())
    query = (
        select(SignInFailure)
        .where(col(SignInFailure.key).in_(keys))
        .order_by(col(SignInFailure.key))
        .with_for_update()
    )
    return {count.key: count for count in session.exec(query).all()}


def _wait(counts: Mapping[str, SignInFailure], free: Mapping[str, int], at: datetime) -> timedelta:
    until = [
        counts[key].last_at + delay(counts[key].failures, free=allowed)
        for key, allowed in free.items()
        if at - counts[key].last_at < FORGOTTEN_AFTER
    ]
    return max(until, default=at) - at


def _is_known(place: SignInFailure, at: datetime) -> bool:
    return place.succeeded_at is not None and at - place.succeeded_at < KNOWN_FOR


def _clear_away(session: Session, mine: Mapping[str, SignInFailure], at: datetime) -> None:
    old = (
        select(SignInFailure.key)
        .where(
            SignInFailure.last_at < at - FORGOTTEN_AFTER,
            or_(
                col(SignInFailure.succeeded_at).is_(None),
                col(SignInFailure.succeeded_at) < at - KNOWN_FOR,
            ),
            col(SignInFailure.key).not_in(list(mine)),
        )
        .limit(_CLEARED)
        .with_for_update(skip_locked=True)
    )
    session.exec(delete(SignInFailure).where(col(SignInFailure.key).in_(old)))
