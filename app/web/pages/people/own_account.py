"""One's own account: choosing a password, and the browsers in which one is signed in."""

import json

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.identity import service
from app.identity.access import cookie_name
from app.identity.router import caller_of
from app.identity.sessions import service as sessions
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError, Invalid, Reason
from app.infra.runtime import runtime_of
from app.web.forms.addresses import inside
from app.web.pages.people import own_account_page
from app.web.pages.sign_in import onwards
from app.web.shell.actions import attempt, see_other
from app.web.shell.viewer import AnySentForm, AnyVisitor, Sent

router = APIRouter()


def is_needed(said: Response) -> bool:
    """Say whether a refusal is that somebody must choose a password of their own first."""
    return bool(json.loads(bytes(said.body)).get("code") == "password_change_needed")


@router.get("/me")
def show(request: Request, viewer: AnyVisitor, session: ReadSession, next: str = "") -> Response:  # noqa: A002 – the address's own word
    """Show one's own account."""
    return own_account_page.shown(request, viewer, session, then=next)


@router.post("/me/password")
def change(request: Request, sent: AnySentForm) -> Response:
    """Choose another password, and go on to where one wanted to go."""
    runtime, form = runtime_of(request), sent.form
    try:
        if form.text("password") != form.text("password_again"):
            raise Invalid(
                "malformed",
                reasons=[Reason("field", {"message": "两次输入的新密码不一样。"}, field="password_again")],
            )
        service.change_password(
            runtime,
            old=form.text("old_password"),
            new=form.text("password"),
            actor=sent.actor,
            caller=caller_of(request),
            keep=request.cookies.get(cookie_name(runtime.settings)),
        )
    except AppError as error:
        return _again(request, sent, _about_the_old_one(error))
    then, parcel = form.text("next"), form.text("carried")
    if parcel:
        return onwards(request, request.cookies[cookie_name(runtime.settings)], inside(then), parcel)
    return see_other(inside(then) if then else "/me", "password_changed")


@router.post("/me/sessions/{session_id}/end")
def end(request: Request, sent: AnySentForm, session_id: str) -> Response:
    """End one of one's own sessions."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> None:
        sessions.end(session, session_id, actor=sent.actor, at=at)

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _again(request, sent, error)
    return see_other("/me", "session_ended")


def _about_the_old_one(error: AppError) -> AppError:
    """Return a refusal to believe in the old password as what it is on this page."""
    if error.code != "sign_in_refused":
        return error
    return Invalid(
        "password_wrong", reasons=[Reason("field", {"message": "原密码不正确。"}, field="old_password")]
    )


def _again(request: Request, sent: Sent, error: AppError) -> Response:
    then, parcel = sent.form.text("next"), sent.form.text("carried")
    with database_of(request).read() as session:
        return own_account_page.shown(request, sent.viewer, session, then=then, parcel=parcel, error=error)
