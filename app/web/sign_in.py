"""Signing in and out. What was typed when a session ended goes along, and comes back to its form."""

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import RedirectResponse, Response

from app.identity import service
from app.identity.access import BROWSER, bound, browser_mark, cookie_name
from app.identity.signing_in import session_owner
from app.infra.db import database_of
from app.infra.errors import AppError
from app.infra.runtime import runtime_of
from app.web.forms.addresses import inside, page_of_form, sign_in_address
from app.web.forms.again import Again, Refused, with_cookie
from app.web.forms.parcels import opened, owner_mark, sealed
from app.web.forms.typed import Typed, typed
from app.web.render import page
from app.web.viewer import AnyForm, Form, SentForm, Viewer, viewer_of

router = APIRouter()


@router.get("/sign-in")
def ask(request: Request, tasks: BackgroundTasks, next: str = "/") -> Response:  # noqa: A002 – the address's own word
    """Show the sign-in form; who is signed in already goes on."""
    if viewer_of(request, tasks) is not None:
        return RedirectResponse(inside(next), status_code=303)
    return _asking(request, inside(next))


def ask_again(request: Request, form: Form) -> Response:
    """Show the sign-in form to somebody whose session ended, with what they typed sealed in it (401)."""
    sent = typed(request.url.path, page_of_form(request, form.text("form_page")), form.fields)
    if not sent.by:
        sent = Typed(sent.action, sent.page, _owner(request), sent.fields)
    runtime = runtime_of(request)
    parcel = sealed(runtime.secret, sent, at=runtime.clock()) if sent.words else ""
    return _asking(request, sent.page, parcel=parcel, ended=True, status=401)


def _owner(request: Request) -> str:
    """Return the mark of whose session this request's cookie was; "" when it names none."""
    runtime = runtime_of(request)
    raw = request.cookies.get(cookie_name(runtime.settings), "")
    try:
        with database_of(request).read() as session:
            found = session_owner(session, raw) if raw else None
    except AppError:
        return ""
    return owner_mark(runtime.secret, found) if found else ""


def _asking(
    request: Request,
    then: str,
    *,
    parcel: str = "",
    ended: bool = False,
    login: str = "",
    error: AppError | None = None,
    status: int = 200,
) -> Response:
    return page(
        request,
        "sign_in.html",
        viewer=None,
        error=error,
        status=status,
        headers=error.headers if error else None,
        shows_typed=False,
        address=sign_in_address(then),
        next=then,
        carried=parcel,
        ended=ended,
        login=login,
    )


@router.post("/sign-in")
def enter(request: Request, form: AnyForm) -> Response:
    """Open a browser session, and go on to where its owner was going, or back to the form that was sent."""
    runtime = runtime_of(request)
    address = request.client.host if request.client else ""
    login, then, parcel = form.word("login"), inside(form.text("next")), form.text("carried")
    try:
        with runtime.database.write() as session:
            raw, _ = service.sign_in(
                session, login, form.text("password"), at=runtime.clock(), address=address
            )
    except AppError as error:
        return _asking(request, then, parcel=parcel, ended=bool(parcel), login=login, error=error)
    answer = _onwards(request, raw, then, parcel)
    answer.set_cookie(
        cookie_name(runtime.settings),
        raw,
        path="/",
        httponly=True,
        secure=runtime.settings.secure_cookies,
        samesite="lax",
    )
    answer.set_cookie(
        bound(BROWSER, runtime.settings),
        browser_mark(runtime),
        path="/",
        httponly=True,
        secure=runtime.settings.secure_cookies,
        samesite="lax",
        max_age=604_800,
    )
    return answer


def _onwards(request: Request, raw: str, then: str, parcel: str) -> Response:
    runtime = runtime_of(request)
    if not parcel:
        return RedirectResponse(then, status_code=303)
    sent = opened(runtime.secret, parcel, at=runtime.clock())
    if sent is None:
        return RedirectResponse(then + ("&" if "?" in then else "?") + "said=kept_too_long", status_code=303)
    with runtime.database.read() as session:
        found = session_owner(session, raw)
    assert found is not None
    cookie = f"{cookie_name(runtime.settings)}={raw}"
    if sent.by and sent.by != owner_mark(runtime.secret, found):
        now = Request({**request.scope, "headers": with_cookie(request.scope["headers"], cookie)})
        return others(now, viewer_of(now, BackgroundTasks()), parcel, status=200)
    return Again(Refused(sent, 200, said="signed_in_again"), cookie=cookie)


def others(request: Request, viewer: Viewer | None, parcel: str, *, status: int) -> Response:
    """Show that another person typed what is in the parcel: it is neither shown nor done as the viewer."""
    return page(request, "others_form.html", viewer=viewer, status=status, carried=parcel, shows_typed=False)


def not_theirs(request: Request, viewer: Viewer, form: Form) -> Response | None:
    """Return the answer to a form whose page another person had opened; `None` for the viewer's own."""
    runtime = runtime_of(request)
    sent = typed(request.url.path, page_of_form(request, form.text("form_page")), form.fields)
    if not sent.by or sent.by == owner_mark(runtime.secret, viewer.actor.id):
        return None
    parcel = sealed(runtime.secret, sent, at=runtime.clock())
    return others(request, viewer, parcel, status=403)


@router.post("/sign-out")
def leave(request: Request, sent: SentForm) -> Response:
    """End the browser session; what another person had typed goes along to the sign-in form."""
    runtime = runtime_of(request)
    name = cookie_name(runtime.settings)
    with runtime.database.write() as session:
        service.sign_out(session, request.cookies[name], at=runtime.clock())
    parcel = sent.form.text("carried")
    kept = opened(runtime.secret, parcel, at=runtime.clock()) if parcel else None
    answer: Response = (
        _asking(request, kept.page, parcel=parcel, ended=True)
        if kept
        else RedirectResponse("/sign-in?said=signed_out", status_code=303)
    )
    answer.delete_cookie(
        name, path="/", secure=runtime.settings.secure_cookies, httponly=True, samesite="lax"
    )
    # Whoever sits down here next finds no text in the browser's store of pages and pictures.
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer
