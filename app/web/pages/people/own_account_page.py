"""The page of one's own account, as it is shown to whoever asks for it, and first of all after signing in."""

from urllib.parse import quote

from fastapi import BackgroundTasks, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.identity.access import cookie_name
from app.identity.credentials.passwords import MIN_LENGTH
from app.identity.models import User
from app.identity.sessions import service as sessions
from app.infra.db import database_of
from app.infra.errors import AppError
from app.infra.runtime import runtime_of
from app.web.forms.addresses import inside
from app.web.shell.render import page
from app.web.shell.viewer import Viewer, viewer_of
from app.words.labels import label


def address(then: str) -> str:
    """Return the address of the page where a password is chosen, which leads on to another page."""
    return "/me" if then == "/" else f"/me?next={quote(then, safe='/')}"


def first(request: Request, then: str, parcel: str) -> Response:
    """Show who has just signed in with another's password where to choose their own.

    `parcel` holds what they had typed when their session ended; it goes along.
    """
    viewer = viewer_of(request, BackgroundTasks()) if parcel else None
    if viewer is None:
        return RedirectResponse(address(then), status_code=303)
    with database_of(request).read() as session:
        return shown(request, viewer, session, then=then, parcel=parcel)


def shown(
    request: Request,
    viewer: Viewer,
    session: Session,
    *,
    then: str = "",
    parcel: str = "",
    error: AppError | None = None,
) -> Response:
    """Return the page; `then` is where a chosen password leads."""
    runtime = runtime_of(request)
    raw = request.cookies.get(cookie_name(runtime.settings), "")
    user = session.get_one(User, viewer.actor.id)
    return page(
        request,
        "me.html",
        viewer=viewer,
        section="/me",
        error=error,
        headers=error.headers if error else None,
        shows_typed=False,
        then=inside(then) if then else "",
        carried=parcel,
        must_change=viewer.actor.must_change_password,
        login=user.login,
        email=user.email or "",
        changed_at=user.password_changed_at,
        roles=list(dict.fromkeys(label(grant.role) for grant in viewer.actor.grants)),
        least=MIN_LENGTH,
        sessions=sessions.own(session, viewer.actor, at=runtime.clock(), settings=runtime.settings, raw=raw),
    )
