"""Signing in and out."""

from urllib.parse import quote, urlsplit

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import RedirectResponse, Response

from app.identity import service
from app.identity.access import cookie_name
from app.infra.errors import AppError
from app.infra.runtime import runtime_of
from app.web.render import page
from app.web.viewer import AnyForm, SentForm, viewer_of

router = APIRouter()


def sign_in_address(request: Request) -> str:
    """Return the address of the sign-in form that leads back to the page that was asked for."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return "/sign-in" if asked == "/" else f"/sign-in?next={quote(asked, safe='/')}"


def inside(address: str) -> str:
    """Return `address` if it is a path on this site, else the start page; it comes from outside."""
    parts = urlsplit(address)
    ours = (
        address.startswith("/")
        and not address.startswith(("//", "/\\"))
        and not parts.netloc
        and not parts.scheme
    )
    return address if ours and address.isprintable() else "/"


@router.get("/sign-in")
def ask(request: Request, tasks: BackgroundTasks, next: str = "/") -> Response:  # noqa: A002 – the address's own word
    """Show the sign-in form; who is signed in already goes on."""
    if viewer_of(request, tasks) is not None:
        return RedirectResponse(inside(next), status_code=303)
    return page(request, "sign_in.html", viewer=None, next=inside(next), login="")


@router.post("/sign-in")
def enter(request: Request, form: AnyForm) -> Response:
    """Open a browser session."""
    runtime = runtime_of(request)
    address = request.client.host if request.client else ""
    login, then = form.word("login"), inside(form.text("next"))
    try:
        with runtime.database.write() as session:
            raw, _ = service.sign_in(
                session, login, form.text("password"), at=runtime.clock(), address=address
            )
    except AppError as error:
        return page(
            request, "sign_in.html", viewer=None, error=error, headers=error.headers, next=then, login=login
        )
    answer = RedirectResponse(then, status_code=303)
    answer.set_cookie(
        cookie_name(runtime.settings),
        raw,
        path="/",
        httponly=True,
        secure=runtime.settings.secure_cookies,
        samesite="lax",
    )
    return answer


@router.post("/sign-out")
def leave(request: Request, sent: SentForm) -> Response:  # noqa: ARG001 – `sent` is the proof of who asks
    """End the browser session."""
    runtime = runtime_of(request)
    name = cookie_name(runtime.settings)
    with runtime.database.write() as session:
        service.sign_out(session, request.cookies[name], at=runtime.clock())
    answer = RedirectResponse("/sign-in?said=signed_out", status_code=303)
    answer.delete_cookie(
        name, path="/", secure=runtime.settings.secure_cookies, httponly=True, samesite="lax"
    )
    return answer
