"""Signing in and out. What was typed when a session ended goes along, and comes back to its form."""

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import RedirectResponse, Response

from app.identity import service
from app.identity.access import BROWSER, bound, browser_mark, cookie_name, device_cookie
from app.identity.router import caller_of
from app.identity.sessions import devices
from app.identity.sessions.sign_in import session_owner
from app.infra.db import database_of
from app.infra.errors import AppError
from app.infra.runtime import runtime_of
from app.infra.settings import Settings
from app.web.forms import limits
from app.web.forms.addresses import inside, page_of_form, sign_in_address
from app.web.forms.redisplay import Again, Refused, with_cookie
from app.web.forms.sealed_input import opened, owner_mark, sealed
from app.web.forms.typed import Typed, typed
from app.web.pages.people import own_account_page
from app.web.shell.render import page
from app.web.shell.viewer import AnyForm, AnySentForm, Form, Viewer, viewer_of

router = APIRouter()

#: How long a browser is known by which somebody signed in.
_A_YEAR = 365 * 24 * 3600


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
    runtime, caller = runtime_of(request), caller_of(request)
    login, then, parcel = form.word("login"), inside(form.text("next")), form.text("carried")
    name = cookie_name(runtime.settings)
    try:
        form.all_within(limits.SIGN_IN)
        entered = service.sign_in(
            runtime,
            login,
            form.text("password"),
            caller=caller,
            presented=request.cookies.get(name, ""),
        )
    except AppError as error:
        return _asking(request, then, parcel=parcel, ended=bool(parcel), login=login, error=error)
    answer = (
        own_account_page.first(_now(request, entered.raw), then, parcel)
        if entered.must_change_password
        else onwards(request, entered.raw, then, parcel)
    )
    _keep(answer, runtime.settings, name, entered.raw)
    _keep(answer, runtime.settings, bound(BROWSER, runtime.settings), browser_mark(runtime), 604_800)
    known = [one for one in caller.devices if one != entered.device][: devices.MOST - 1]
    proofs = "~".join([entered.device, *known])
    _keep(answer, runtime.settings, device_cookie(runtime.settings), proofs, _A_YEAR)
    return answer


def _keep(answer: Response, settings: Settings, name: str, value: str, seconds: int | None = None) -> None:
    answer.set_cookie(
        name,
        value,
        path="/",
        max_age=seconds,
        httponly=True,
        secure=settings.secure_cookies,
        samesite="lax",
    )


def _now(request: Request, raw: str) -> Request:
    """Return the request as the browser would send it with its new session."""
    cookie = f"{cookie_name(runtime_of(request).settings)}={raw}"
    return Request({**request.scope, "headers": with_cookie(request.scope["headers"], cookie)})


def onwards(request: Request, raw: str, then: str, parcel: str) -> Response:
    """Lead whoever has this session on to where they were going, or back to the form in the parcel."""
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
        now = _now(request, raw)
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
def leave(request: Request, sent: AnySentForm) -> Response:
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
