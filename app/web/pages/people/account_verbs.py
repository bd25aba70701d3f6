"""What administrators do about accounts on pages, each with the service that the API uses."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ValidationError
from sqlmodel import Session

from app.identity import service
from app.identity.persons import service as persons
from app.identity.persons.router import hashed_phone
from app.identity.persons.schemas import MoveIn, PersonIn, ReactivationIn, RenameIn
from app.identity.posts.router import PostsIn
from app.identity.posts.service import Held, set_posts
from app.identity.schemas import EmailIn, GrantIn, PasswordIn, UnitIn, UserIn
from app.infra.db import database_of
from app.infra.errors import AppError
from app.infra.http.problems import malformed
from app.infra.runtime import runtime_of
from app.web.pages.people import accounts
from app.web.shell.actions import attempt, see_other
from app.web.shell.viewer import Form, Sent, SentForm

router = APIRouter()

Wish = TypeVar("Wish", bound=BaseModel)


@router.post("/accounts")
def create(request: Request, sent: SentForm) -> Response:
    """Add an account without any role."""
    form, at = sent.form, runtime_of(request).clock()

    def verb(session: Session) -> UUID:
        wish = read_form(
            UserIn,
            login=form.word("login"),
            name=form.word("name"),
            password=form.text("password"),
            unit_id=form.word("unit_id"),
            kind=form.word("kind"),
            email=form.word("email") or None,
        )
        return service.create_user(session, **dict(wish), actor=sent.actor, at=at).id

    made = attempt(request, verb)
    if isinstance(made, AppError):
        return _listed(request, sent, made)
    return see_other(f"/accounts/{made}", "account_created")


@router.post("/accounts/units")
def create_unit(request: Request, sent: SentForm) -> Response:
    """Add a unit below another."""
    form, at = sent.form, runtime_of(request).clock()

    def verb(session: Session) -> UUID:
        wish = read_form(
            UnitIn, parent_id=form.word("parent_id"), name=form.word("unit_name"), kind=form.word("unit_kind")
        )
        return service.create_unit(session, **dict(wish), actor=sent.actor, at=at).id

    made = attempt(request, verb)
    if isinstance(made, AppError):
        return _listed(request, sent, made)
    return see_other(f"/accounts?unit={made}", "unit_created")


@router.post("/accounts/{user_id}/posts")
def posts(request: Request, sent: SentForm, user_id: UUID) -> Response:
    """Say which posts and which title somebody has from now on."""
    form, at = sent.form, runtime_of(request).clock()

    def verb(session: Session) -> None:
        rows = [
            {
                "unit_id": form.word(f"unit{number}"),
                "post": form.word(f"post{number}"),
                "heads": form.word(f"heads{number}") == "yes",
            }
            for number in range(len(form.all("post_unit")))
            if form.word(f"post{number}")
        ]
        wish = read_form(PostsIn, posts=rows, qualification=form.word("qualification"))
        held = [Held(post.unit_id, post.post, post.heads) for post in wish.posts]
        set_posts(
            session,
            user_id=user_id,
            posts=held,
            qualification=wish.qualification,
            # What the form was filled from, and what it was then shown instead of and is meant to replace.
            seen=frozenset({form.number("version", default=-1), form.number("replaces", default=-1)}),
            actor=sent.actor,
            at=at,
        )

    return _done(request, sent, user_id, verb, "posts_set")


@router.post("/accounts/{user_id}/grants")
def grant(request: Request, sent: SentForm, user_id: UUID) -> Response:
    """Give a role."""
    form, at = sent.form, runtime_of(request).clock()

    def verb(session: Session) -> None:
        channel, _, section = form.word("place").partition("/")
        wish = read_form(
            GrantIn,
            role=form.word("role"),
            unit_id=form.word("grant_unit"),
            channel=channel or None,
            section=section or None,
        )
        service.grant_role(session, user_id=user_id, **dict(wish), actor=sent.actor, at=at)

    return _done(request, sent, user_id, verb, "role_given")


@router.post("/accounts/{user_id}/grants/{grant_id}/revocation")
def revoke(request: Request, sent: SentForm, user_id: UUID, grant_id: UUID) -> Response:
    """Take a role back."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> None:
        service.revoke_grant(session, user_id=user_id, grant_id=grant_id, actor=sent.actor, at=at)

    return _done(request, sent, user_id, verb, "role_withdrawn")


@router.post("/accounts/{user_id}/deactivation")
def close(request: Request, sent: SentForm, user_id: UUID) -> Response:
    """Shut an account at once."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> None:
        service.deactivate_user(session, user_id=user_id, actor=sent.actor, at=at)

    return _done(request, sent, user_id, verb, "account_closed")


@router.post("/accounts/{user_id}/email")
def email(request: Request, sent: SentForm, user_id: UUID) -> Response:
    """Say where somebody's notices go by mail."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> None:
        wish = read_form(EmailIn, email=sent.form.word("email") or None)
        service.set_email(session, user_id=user_id, email=wish.email, actor=sent.actor, at=at)

    return _done(request, sent, user_id, verb, "email_set")


@router.post("/accounts/{user_id}/password")
def password(request: Request, sent: SentForm, user_id: UUID) -> Response:
    """Give somebody else a new password."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> None:
        wish = read_form(PasswordIn, password=sent.form.text("password"))
        service.reset_password(session, user_id=user_id, new=wish.password, actor=sent.actor, at=at)

    return _done(request, sent, user_id, verb, "password_reset")


@router.post("/accounts/{user_id}/unit")
def move(request: Request, sent: SentForm, user_id: UUID) -> Response:
    """Let an account belong to another unit."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> None:
        wish = read_form(MoveIn, unit_id=sent.form.word("unit_id"))
        persons.move_user(session, user_id=user_id, unit_id=wish.unit_id, actor=sent.actor, at=at)

    return _done(request, sent, user_id, verb, "account_moved")


@router.post("/accounts/{user_id}/name")
def rename(request: Request, sent: SentForm, user_id: UUID) -> Response:
    """Correct somebody's name."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> None:
        wish = read_form(RenameIn, name=sent.form.word("name"))
        persons.rename_user(session, user_id=user_id, name=wish.name, actor=sent.actor, at=at)

    return _done(request, sent, user_id, verb, "account_renamed")


@router.post("/accounts/{user_id}/person")
def identify(request: Request, sent: SentForm, user_id: UUID) -> Response:
    """Say by which staff number and telephone somebody is known."""
    runtime = runtime_of(request)

    def verb(session: Session) -> None:
        wish = read_form(PersonIn, staff_number=sent.form.word("staff_number"), phone=sent.form.word("phone"))
        persons.identify(
            session,
            user_id=user_id,
            staff_number=wish.staff_number.strip(),
            phone=hashed_phone(wish.phone, runtime),
            actor=sent.actor,
            at=runtime.clock(),
        )

    return _done(request, sent, user_id, verb, "person_identified")


@router.post("/accounts/{user_id}/reactivation")
def reopen(request: Request, sent: SentForm, user_id: UUID) -> Response:
    """Open a shut account again, without roles, posts and delegations."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> None:
        wish = read_form(ReactivationIn, password=sent.form.text("password"))
        persons.reactivate_user(session, user_id=user_id, password=wish.password, actor=sent.actor, at=at)

    return _done(request, sent, user_id, verb, "account_reopened")


def read_form(kind: type[Wish], /, **fields: object) -> Wish:
    """Return what a form says in the API's own words. Raises `Invalid` with every fault."""
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise malformed(error) from error


def _done(
    request: Request, sent: Sent, user_id: UUID, verb: Callable[[Session], None], said: str
) -> Response:
    error = attempt(request, verb)
    if isinstance(error, AppError):
        return accounts.show_again(request, sent.viewer, user_id, error, sent.form)
    return see_other(f"/accounts/{user_id}", said)


def _listed(request: Request, sent: Sent, error: AppError) -> Response:
    with database_of(request).read() as session:
        return accounts.listing(request, sent.viewer, session, None, error=error, form=_without(sent.form))


def _without(form: Form) -> Form:
    """Return a form without its password: it is not shown again."""
    return Form(tuple((key, value) for key, value in form.fields if key != "password"))
