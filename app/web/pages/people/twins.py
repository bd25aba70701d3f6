"""Who may be one person with two accounts (疑似同一人), and settling it."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.identity import permissions
from app.identity.persons import queries, service
from app.identity.persons.schemas import DistinctionIn, MergeIn
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError
from app.infra.runtime import runtime_of
from app.web.pages.people.account_verbs import read_form
from app.web.shell.actions import attempt, see_other
from app.web.shell.render import page
from app.web.shell.viewer import Form, Reader, Sent, SentForm, Viewer

router = APIRouter()

ALIKE = {"name_and_unit": "同一单位、同一姓名", "phone": "同一电话"}


@router.get("/accounts/twins")
def show(request: Request, viewer: Reader, session: ReadSession) -> Response:
    """Show the pairs that nobody has settled yet."""
    return _page(request, viewer, session)


@router.post("/accounts/twins/merges")
def merge(request: Request, sent: SentForm) -> Response:
    """Let two accounts be one person's."""
    form, at = sent.form, runtime_of(request).clock()

    def verb(session: Session) -> None:
        wish = read_form(
            MergeIn,
            keep_id=form.word("keep_id"),
            other_id=form.word("other_id"),
            reason=form.text("reason"),
        )
        service.merge(session, **dict(wish), actor=sent.actor, at=at)

    error = attempt(request, verb)
    return _again(request, sent, error) if isinstance(error, AppError) else _back("persons_merged")


@router.post("/accounts/twins/distinctions")
def tell_apart(request: Request, sent: SentForm) -> Response:
    """Say that two who look like one person are two."""
    form, at = sent.form, runtime_of(request).clock()

    def verb(session: Session) -> None:
        wish = read_form(
            DistinctionIn,
            one_id=form.word("keep_id"),
            other_id=form.word("other_id"),
            reason=form.text("reason"),
        )
        service.tell_apart(session, **dict(wish), actor=sent.actor, at=at)

    error = attempt(request, verb)
    return _again(request, sent, error) if isinstance(error, AppError) else _back("persons_told_apart")


def _back(said: str) -> Response:
    return see_other("/accounts/twins", said)


def _again(request: Request, sent: Sent, error: AppError) -> Response:
    with database_of(request).read() as session:
        return _page(request, sent.viewer, session, error=error, form=sent.form)


def _page(
    request: Request,
    viewer: Viewer,
    session: Session,
    *,
    error: AppError | None = None,
    form: Form | None = None,
) -> Response:
    form = form or Form()
    return page(
        request,
        "twins.html",
        viewer=viewer,
        section="/accounts",
        error=error,
        form=form,
        pairs=tuple(
            (pair, "、".join(ALIKE[why] for why in pair.alike), _typed(form, pair.one.id, pair.other.id))
            for pair in queries.doubtful(session, viewer.actor)
        ),
        settles=permissions.settles_persons(viewer.actor),
    )


def _typed(form: Form, one: UUID, other: UUID) -> str:
    """Return the reason that was typed for this pair and refused; empty for another."""
    sent = {form.word("keep_id"), form.word("other_id")}
    return form.text("reason") if sent == {str(one), str(other)} else ""
