"""Answering the forms on a draft's page in one way."""

from collections.abc import Callable
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.workflow import Command
from app.drafts import queries as drafts
from app.infra.errors import AppError, Conflict
from app.infra.runtime import runtime_of
from app.reviews import queries as reviews
from app.reviews.commands import perform
from app.reviews.models import ReviewCase
from app.web.pages.desk.next_task import done
from app.web.pages.draft.page import show_again
from app.web.shell.actions import attempt, see_other
from app.web.shell.viewer import Sent


def case_of(session: Session, sent: Sent, draft_id: UUID) -> ReviewCase:
    """Return the newest case of a draft. Raises `NotFound`, and `Conflict` when it was never submitted."""
    draft = drafts.visible(session, draft_id, sent.actor)
    row = reviews.case_of_draft(session, draft.id)
    if row is None:
        raise Conflict("not_submitted")
    return row


def on_case(
    request: Request,
    sent: Sent,
    draft_id: UUID,
    verb: Callable[[Session, UUID], object],
    said: str,
    *,
    at: str = "",
    going_on: bool = False,
) -> Response:
    """Do a verb on the newest case of a draft, and return to its page; `at` names a place on it.

    Where one is `going_on`, to the viewer's next task instead.

    `said` tells there that it was done. What was refused is told on the same page, with what was typed.
    """
    error = attempt(request, lambda session: verb(session, case_of(session, sent, draft_id).id))
    if isinstance(error, AppError):
        return show_again(request, sent.viewer, draft_id, error, sent.form)
    if going_on:
        return done(request, sent.viewer, draft_id, said)
    return see_other(f"/drafts/{draft_id}{at}", said)


def do_to_case(
    request: Request,
    sent: Sent,
    draft_id: UUID,
    command: Callable[[], Command],
    said: str,
    *,
    going_on: bool = False,
) -> Response:
    """Do the command that a form becomes to the newest case of a draft; as `on_case`.

    `command` reads the form, and raises `Invalid` for one with faults.
    """
    runtime = runtime_of(request)

    def verb(session: Session, case_id: UUID) -> None:
        perform(session, case_id, command(), actor=sent.actor, runtime=runtime, at=runtime.clock())

    return on_case(request, sent, draft_id, verb, said, going_on=going_on)
