"""Who asks, and whether they may: the one door of the API.

A request proves itself with a Bearer token, or with a session cookie and, when it changes anything, the
session's CSRF token in `X-CSRF-Token`.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Annotated

import structlog
from fastapi import BackgroundTasks, Depends, Request
from sqlalchemy import update
from sqlmodel import Session, col, select

from app.domain.roles import UserKind
from app.domain.vocabulary import Role
from app.identity import errors as _words  # noqa: F401 – the words of the codes below
from app.identity.models import BrowserSession
from app.identity.queries import SYSTEM, Actor, Grant, session_actor, session_hash, user_actor
from app.infra.db import WriteSession
from app.infra.errors import AppError, Forbidden, Reason, Unauthenticated
from app.infra.http.hosts import host_of
from app.infra.http.proxies import within
from app.infra.http.routing import proves
from app.infra.runtime import Runtime, runtime_of
from app.infra.settings import Settings

#: How a tool's key begins, and a short token that it was exchanged for.
KEY, KEY_TOKEN = "sst_", "sat_"
#: Who a tool's key is for: `app.state.by_key`, which `create_app` sets. It raises `Unauthenticated`, and
#: `Forbidden` for what the key does not open; without background tasks only who it is is asked.
ByKey = Callable[[Request, str, Session, BackgroundTasks | None], "Actor"]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: A token is some 350 characters; what is longer is not read.
MAX_TOKEN = 2000
MAX_COOKIE = 200
#: The name of the cookie that a browser keeps after a sign-in.
BROWSER = "signed-in-here"
#: Of a CSRF token, and of the mask before it.
_TOKEN_BYTES = 16
#: A session's last sight is written down at most this often.
_SEEN_EVERY = timedelta(minutes=1)
#: How old a session may be whose cookie still lets a large form in.
_JUST_ENDED = timedelta(days=7)

log = structlog.get_logger()


def cookie_name(settings: Settings) -> str:
    """Return the name of the session cookie: `__Host-` binds it to this host, over https alone."""
    return bound("sanshen", settings)


def bound(name: str, settings: Settings) -> str:
    """Return the name of a cookie of ours, bound to this host wherever that can be."""
    return f"__Host-{name}" if settings.secure_cookies else name


def browser_mark(runtime: Runtime) -> str:
    """Return what a browser keeps after a sign-in, for a week: somebody signed in here, nobody says who.

    It lets a large form in that was typed before a session ended; it opens nothing.
    """
    made = str(int(runtime.clock().timestamp()))
    return f"{made}.{_mark(runtime, made)}"


def _is_marked(runtime: Runtime, given: str) -> bool:
    made, _, mark = given.partition(".")
    if not (made.isascii() and made.isdigit() and len(made) <= 12 and len(given) <= MAX_COOKIE):
        return False
    age = runtime.clock().timestamp() - int(made)
    genuine = hmac.compare_digest(_mark(runtime, made).encode(), mark.encode())
    return genuine and 0 <= age < _JUST_ENDED.total_seconds()


def _mark(runtime: Runtime, made: str) -> str:
    return hmac.new(runtime.secret, f"browser {made}".encode(), hashlib.sha256).hexdigest()


def device_cookie(settings: Settings) -> str:
    """Return the name of the cookie by which a browser shows that it has signed in before."""
    return f"{cookie_name(settings)}-device"


def csrf_token(raw: str) -> str:
    """Return a CSRF token of a session id, masked anew at each call. It says nothing about the id.

    Pages print it and are compressed: behind a fresh mask their length tells nothing of it (BREACH).
    """
    mask = secrets.token_bytes(_TOKEN_BYTES)
    return (mask + _mixed(mask, _csrf(raw))).hex()


def csrf_matches(raw: str, given: str | None) -> bool:
    """Say whether `given` is a CSRF token of the session, in constant time."""
    try:
        token = bytes.fromhex(given or "")
    except ValueError:
        return False
    if len(token) != 2 * _TOKEN_BYTES:
        return False
    return hmac.compare_digest(_mixed(token[:_TOKEN_BYTES], token[_TOKEN_BYTES:]), _csrf(raw))


def _csrf(raw: str) -> bytes:
    return hmac.new(raw.encode(), b"csrf", hashlib.sha256).digest()[:_TOKEN_BYTES]


def _mixed(left_bytes: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(left_bytes, other, strict=True))


def signed_in(request: Request, tasks: BackgroundTasks, *, within: Session | None = None) -> Actor | None:
    """Return who is signed in by the cookie of this request; `None` when nobody is. Checks no CSRF token.

    Read in the transaction of `within` where there is one already, else in one of its own.

    A request that somebody made, not a page that asks by itself every so often, keeps the session alive.
    """
    runtime = runtime_of(request)
    raw = request.cookies.get(cookie_name(runtime.settings), "")
    if not raw or len(raw) > MAX_COOKIE:
        return None
    at, settings = runtime.clock(), runtime.settings
    with nullcontext(within) if within is not None else runtime.database.read() as session:
        session_owner = session_actor(
            session, raw, at, minutes=settings.session_minutes, idle_minutes=settings.session_idle_minutes
        )
    if session_owner is None:
        return None
    actor, last_seen = session_owner
    request.state.account = str(actor.id)
    if at - last_seen >= _SEEN_EVERY and _somebody_asked(request):
        # After the answer: the request may hold the writer's lock until then.
        tasks.add_task(_seen, runtime, raw)
    return actor


def _somebody_asked(request: Request) -> bool:
    """Say whether a person asked, and not a script that asks by itself: that keeps no session alive."""
    by_itself = "hx-request" in request.headers and "x-by-person" not in request.headers
    return not by_itself or request.method not in SAFE_METHODS


def _seen(runtime: Runtime, raw: str) -> None:
    at = runtime.clock()
    try:
        with runtime.database.write() as session:
            session.exec(
                update(BrowserSession)
                .where(
                    col(BrowserSession.id_hash) == session_hash(raw), col(BrowserSession.last_seen_at) < at
                )
                .values(last_seen_at=at)
            )
    except AppError as error:
        log.warning("session.seen_not_stored", code=error.code)


@proves
def current_actor(request: Request, tasks: BackgroundTasks) -> Actor:
    """Return who makes this request.

    Raises `Unauthenticated` without proof or with a bad one, `Forbidden` when the CSRF token is missing, and
    where somebody must choose a password of their own first.
    """
    actor = any_actor(request, tasks)
    own_password(actor)
    return actor


@proves
def current_writer(request: Request, tasks: BackgroundTasks, session: WriteSession) -> Actor:
    """Return who makes this request, read in the very transaction in which it writes. Raises as the other.

    So with a token, which is proved before any database is asked. Whoever comes with a cookie is looked for
    first: nobody unknown takes the turn to write.
    """
    if (header := request.headers.get("authorization")) is None:
        return current_actor(request, tasks)
    actor = _bearer(request, header, within=session, tasks=tasks)
    request.state.account = str(actor.id)
    own_password(actor)
    return actor


def own_password(actor: Actor) -> None:
    """Let pass whoever has a password that nobody else has set. Raises `Forbidden`."""
    if actor.must_change_password:
        raise Forbidden("password_change_needed")


@proves
def any_actor(request: Request, tasks: BackgroundTasks) -> Actor:
    """Return who makes this request, also with a password that somebody else has set.

    Only for choosing another, one's own profile and sessions. Raises as `current_actor` does otherwise.
    """
    runtime = runtime_of(request)
    if (header := request.headers.get("authorization")) is not None:
        proved = _bearer(request, header, tasks=tasks)
        request.state.account = str(proved.id)
        return proved
    actor = signed_in(request, tasks)
    if actor is None:
        raise Unauthenticated("unauthenticated", headers={"WWW-Authenticate": "Bearer"})
    raw = request.cookies[cookie_name(runtime.settings)]
    if request.method not in SAFE_METHODS and not csrf_matches(raw, request.headers.get("x-csrf-token")):
        raise Forbidden("csrf_failed")
    return actor


def _bearer(
    request: Request,
    header: str,
    *,
    within: Session | None = None,
    tasks: BackgroundTasks | None = None,
) -> Actor:
    """Return whose token or key this is; without `tasks` only who it is, whatever is asked."""
    runtime = runtime_of(request)
    scheme, _, token = header.partition(" ")
    challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN:
        raise Unauthenticated("token_invalid", headers=challenge)
    if token.startswith((KEY, KEY_TOKEN)):
        by_key: ByKey = request.app.state.by_key
        with nullcontext(within) if within is not None else runtime.database.read() as session:
            return by_key(request, token, session, tasks)
    try:
        user_id, credentials = runtime.tokens.read(token, at=runtime.clock())
    except Unauthenticated as error:
        error.headers.update(challenge)
        raise
    with nullcontext(within) if within is not None else runtime.database.read() as session:
        actor = user_actor(session, user_id, at=runtime.clock())
    if actor is None or actor.credentials != credentials:
        raise Unauthenticated("token_invalid", headers=challenge)
    return actor


def known(request: Request) -> str | None:
    """Return who sends a large body, before it is read; `None` when nothing proves anybody.

    The cookie of a session that has just ended counts: what somebody typed is not thrown away for it. It is
    judged again, with the CSRF token, by whatever takes the body. Raises `Unauthenticated` for a bad token.
    """
    runtime = runtime_of(request)
    if (header := request.headers.get("authorization")) is not None:
        return str(_bearer(request, header).id)
    mark = request.cookies.get(bound(BROWSER, runtime.settings), "")
    if _is_marked(runtime, mark):
        return f"browser:{mark}"
    raw = request.cookies.get(cookie_name(runtime.settings), "")
    if not raw or len(raw) > MAX_COOKIE:
        return None
    with runtime.database.read() as session:
        stored = session.exec(
            select(BrowserSession.user_id).where(
                BrowserSession.id_hash == session_hash(raw),
                BrowserSession.created_at > runtime.clock() - _JUST_ENDED,
            )
        ).first()
    return None if stored is None else str(stored)


def is_inside(request: Request) -> bool:
    """Say whether a request comes from a network of operators, by the machine's own address.

    Not by the public name: a proxy that tells of nobody would make everybody one of them. Asks no database.
    """
    settings = runtime_of(request).settings
    asked_by = request.client.host if request.client else ""
    by_name = host_of(request.scope) in settings.answers_under
    return within(asked_by, settings.operators) and (not by_name or settings.is_for_trying_out)


def require_inside(request: Request, tasks: BackgroundTasks) -> None:
    """Let pass who is signed in or inside; while trying out, everybody. Raises `Unauthenticated`."""
    if not runtime_of(request).settings.is_for_trying_out and not is_inside(request):
        current_actor(request, tasks)


CurrentActor = Annotated[Actor, Depends(current_actor)]
#: The same for what writes: one transaction, also for who asks.
CurrentWriter = Annotated[Actor, Depends(current_writer, scope="function")]
#: Whoever asks, also with a password that somebody else has set.
AnyActor = Annotated[Actor, Depends(any_actor)]


def authorize(
    actor: Actor,
    *roles: Role,
    unit_path: str | None = None,
    channel: str | None = None,
    section: str | None = None,
) -> None:
    """Let the actor pass who holds one of `roles` there. Raises `Forbidden` for everybody else."""
    if actor.via == "system":
        return
    if not any(actor.has(role, unit_path=unit_path, channel=channel, section=section) for role in roles):
        raise Forbidden("forbidden", reasons=[Reason("role_needed", {"roles": sorted(map(str, roles))})])


def person(actor: Actor) -> None:
    """Let people pass, and the service itself. Raises `Forbidden` for a tool: people decide, not machines."""
    if actor.kind is UserKind.SERVICE:
        raise Forbidden("forbidden", reasons=[Reason("machine_decides")])


__all__ = [
    "SYSTEM",
    "Actor",
    "AnyActor",
    "CurrentActor",
    "CurrentWriter",
    "Grant",
    "any_actor",
    "authorize",
    "bound",
    "browser_mark",
    "cookie_name",
    "csrf_matches",
    "csrf_token",
    "current_actor",
    "current_writer",
    "device_cookie",
    "is_inside",
    "known",
    "own_password",
    "person",
    "require_inside",
    "signed_in",
]
