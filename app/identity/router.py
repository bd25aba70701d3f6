from typing import Annotated
from uuid import UUID

from fastapi import FastAPI, Path, Query, Request

from app.identity import queries, service
from app.identity.absences import router as absence_router
from app.identity.access import Actor, AnyActor, CurrentActor, authorize, cookie_name, device_cookie
from app.identity.delegations import router as delegation_router
from app.identity.models import Unit
from app.identity.persons import router as persons_router
from app.identity.posts import router as posts_router
from app.identity.presenters import grant_out, shown, user_out
from app.identity.schemas import (
    EmailIn,
    GrantIn,
    GrantOut,
    MeOut,
    OwnPasswordIn,
    PasswordIn,
    SessionOut,
    TokenIn,
    TokenOut,
    UnitIn,
    UnitOut,
    UserGrantOut,
    UserIn,
    UserOut,
    UsersOut,
)
from app.identity.sessions import devices
from app.identity.sessions import service as sessions
from app.identity.sessions.sign_in import Caller
from app.infra.db import ReadSession, WriteSession, database_of
from app.infra.http.links import made
from app.infra.http.routing import ApiRouter
from app.infra.ids import new_id
from app.infra.runtime import runtime_of

router = ApiRouter(tags=["identity"])


def caller_of(request: Request, *proofs: str | None) -> Caller:
    """Return where a request comes from, and the devices it says it is, by its cookie and by `proofs`."""
    cookie = request.cookies.get(device_cookie(runtime_of(request).settings), "")
    given = (*proofs, *cookie.split("~"))
    return Caller(request.client.host if request.client else "", [proof for proof in given if proof])


@router.post("/auth/token")
def issue_token(request: Request, body: TokenIn) -> TokenOut:
    """Exchange a login and its password for a short-lived Bearer token (ES256).

    Send the `device` of an earlier answer along: whoever has proved the password before is then not kept out
    by wrong guesses that others make.
    """
    runtime = runtime_of(request)
    at, minutes, caller = runtime.clock(), runtime.settings.token_minutes, caller_of(request, body.device)
    user = service.verify(runtime, body.login, body.password, caller=caller)
    with database_of(request).write() as session:
        service.record_token(session, user, at=at, address=caller.address)
    known = devices.known_proof(runtime.secret, user.id, caller.devices)
    return TokenOut(
        token=runtime.tokens.issue(user.id, at=at, minutes=minutes, credentials=user.credentials),
        expires_in=minutes * 60,
        device=known or devices.proof(runtime.secret, user.id, str(new_id())),
        must_change_password=user.must_change_password,
    )


@router.get("/me")
def show_me(actor: AnyActor) -> MeOut:
    """Say who the caller is and which roles they hold where."""
    return _me(actor)


@router.put("/me/password", status_code=204)
def change_own_password(request: Request, body: OwnPasswordIn, actor: AnyActor) -> None:
    """Change one's own password; every other browser session ends, and every token, this one too."""
    runtime = runtime_of(request)
    service.change_password(
        runtime,
        old=body.old,
        new=body.new,
        actor=actor,
        caller=caller_of(request),
        keep=request.cookies.get(cookie_name(runtime.settings)),
    )


@router.get("/me/sessions")
def list_own_sessions(request: Request, actor: AnyActor, session: ReadSession) -> list[SessionOut]:
    """List one's own open browser sessions, the one seen last in front."""
    runtime = runtime_of(request)
    raw = request.cookies.get(cookie_name(runtime.settings), "")
    sessions_open = sessions.own(session, actor, at=runtime.clock(), settings=runtime.settings, raw=raw)
    return [SessionOut.model_validate(open_session, from_attributes=True) for open_session in sessions_open]


@router.delete("/me/sessions/{session_id}", status_code=204)
def end_own_session(
    request: Request,
    session_id: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")],
    actor: AnyActor,
    session: WriteSession,
) -> None:
    """End one of one's own browser sessions at once."""
    sessions.end(session, session_id, actor=actor, at=runtime_of(request).clock())


@router.get("/units")
def list_units(actor: CurrentActor, session: ReadSession) -> list[UnitOut]:
    """List one's own unit and the units over which one holds a role, with all below them."""
    paths = {actor.unit_path, *(grant.unit_path for grant in actor.grants)}
    return [_unit(unit) for unit in queries.units_within(session, paths)]


@router.post("/units", status_code=201, responses={201: made("list_units")})
def create_unit(request: Request, body: UnitIn, actor: CurrentActor, session: WriteSession) -> UnitOut:
    """Add a unit below another (system administrator)."""
    unit = service.create_unit(
        session,
        name=body.name,
        kind=body.kind,
        parent_id=body.parent_id,
        actor=actor,
        at=runtime_of(request).clock(),
    )
    return _unit(unit)


@router.get("/users")
def list_users(
    actor: CurrentActor,
    session: ReadSession,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> UsersOut:
    """List the accounts that the caller administers or audits, in the order of their making."""
    authorize(actor, *service.SEE_ACCOUNTS)
    users = queries.accounts(session, actor, after=cursor, limit=limit + 1)
    grants = queries.grants_in_force(session, [user.id for user in users[:limit]])
    return UsersOut(
        items=[shown(user, grants.get(user.id, ())) for user in users[:limit]],
        next=str(users[limit - 1].id) if len(users) > limit else None,
    )


@router.post("/users", status_code=201, responses={201: made("show_user", user_id="id")})
def create_user(request: Request, body: UserIn, actor: CurrentActor, session: WriteSession) -> UserOut:
    """Add an account without any role (system administrator)."""
    user = service.create_user(
        session,
        login=body.login,
        name=body.name,
        password=body.password,
        unit_id=body.unit_id,
        kind=body.kind,
        email=body.email,
        actor=actor,
        at=runtime_of(request).clock(),
    )
    return shown(user, ())


@router.get("/users/{user_id}")
def show_user(user_id: UUID, actor: CurrentActor, session: ReadSession) -> UserOut:
    """Show one account and its grants in force."""
    user, _ = service.user_in_reach(session, user_id, actor, *service.SEE_ACCOUNTS)
    return user_out(session, user)


@router.post("/users/{user_id}/deactivation")
def deactivate_user(request: Request, user_id: UUID, actor: CurrentActor, session: WriteSession) -> UserOut:
    """Shut an account at once (system administrator)."""
    user = service.deactivate_user(session, user_id=user_id, actor=actor, at=runtime_of(request).clock())
    return user_out(session, user)


@router.put("/users/{user_id}/password", status_code=204)
def reset_password(
    request: Request, user_id: UUID, body: PasswordIn, actor: CurrentActor, session: WriteSession
) -> None:
    """Give somebody else a new password, which they must change first (system administrator)."""
    service.reset_password(
        session, user_id=user_id, new=body.password, actor=actor, at=runtime_of(request).clock()
    )


@router.put("/users/{user_id}/email")
def set_email(
    request: Request, user_id: UUID, body: EmailIn, actor: CurrentActor, session: WriteSession
) -> UserOut:
    """Say where somebody's notices go by mail (system administrator)."""
    user = service.set_email(
        session, user_id=user_id, email=body.email, actor=actor, at=runtime_of(request).clock()
    )
    return user_out(session, user)


@router.post(
    "/users/{user_id}/grants", status_code=201, responses={201: made("show_user", user_id="path.user_id")}
)
def grant_role(
    request: Request, user_id: UUID, body: GrantIn, actor: CurrentActor, session: WriteSession
) -> UserGrantOut:
    """Give a role (security administrator)."""
    grant = service.grant_role(
        session,
        user_id=user_id,
        role=body.role,
        unit_id=body.unit_id,
        channel=body.channel,
        section=body.section,
        actor=actor,
        at=runtime_of(request).clock(),
    )
    return grant_out(grant)


@router.delete("/users/{user_id}/grants/{grant_id}", status_code=204)
def revoke_grant(
    request: Request, user_id: UUID, grant_id: UUID, actor: CurrentActor, session: WriteSession
) -> None:
    """Take a role back (security administrator)."""
    service.revoke_grant(
        session, user_id=user_id, grant_id=grant_id, actor=actor, at=runtime_of(request).clock()
    )


def _me(actor: Actor) -> MeOut:
    return MeOut(
        id=actor.id,
        login=actor.login,
        name=actor.name,
        unit_id=actor.unit_id,
        unit_path=actor.unit_path,
        grants=[
            GrantOut(role=grant.role, unit_path=grant.unit_path, channel=grant.channel, section=grant.section)
            for grant in actor.grants
        ],
        must_change_password=actor.must_change_password,
    )


def _unit(unit: Unit) -> UnitOut:
    return UnitOut.model_validate(unit.model_dump())


def install(app: FastAPI) -> None:
    """Add this feature's routes."""
    app.include_router(router)
    absence_router.install(app)
    delegation_router.install(app)
    persons_router.install(app)
    posts_router.install(app)
