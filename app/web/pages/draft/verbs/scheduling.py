"""Doing what the forms about time say: take a line back from its time, let nothing out before an instant."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.workflow.commands import Embargo, Unschedule
from app.infra.clock import BEIJING, utc
from app.infra.errors import Invalid, Reason
from app.infra.runtime import runtime_of
from app.publication.schedule import service as scheduling
from app.web.forms import limits
from app.web.pages.draft.verbs.deciding import comment_of
from app.web.pages.draft.verbs.forms import do_to_case, on_case
from app.web.shell.viewer import Form, SentForm

router = APIRouter()


@router.post("/drafts/{draft_id}/unschedule")
def unschedule(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Take a line back from its time."""
    runtime = runtime_of(request)

    def verb(session: Session, case_id: UUID) -> None:
        scheduling.unschedule(
            session,
            case_id,
            Unschedule(sent.form.word("line"), comment_of(sent.form, limits.UNSCHEDULE)),
            actor=sent.actor,
            runtime=runtime,
            at=runtime.clock(),
        )

    return on_case(request, sent, draft_id, verb, "unscheduled")


@router.post("/drafts/{draft_id}/embargo")
def embargo(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Let nothing go out before an instant, or lift that."""
    lifting = sent.form.word("verb") == "lift"

    def command() -> Embargo:
        until = None if lifting else instant(sent.form, "until")
        if not lifting and until is None:
            raise _unreadable("until")
        return Embargo(until and utc(until), comment_of(sent.form, limits.EMBARGO))

    return do_to_case(request, sent, draft_id, command, "embargo_lifted" if lifting else "embargoed")


def instant(form: Form, name: str) -> datetime | None:
    """Return the instant that a field says in Beijing's time; `None` for an empty one.

    As `datetime-local` sends it, or as people type it where a browser has no such field. Raises `Invalid`.
    """
    if not (word := form.word(name)):
        return None
    try:
        local = datetime.fromisoformat(word)
    except ValueError:
        raise _unreadable(name) from None
    if local.tzinfo is not None or len(word) < len("2026-10-01 08:00"):
        raise _unreadable(name)
    return local.replace(tzinfo=BEIJING)


def _unreadable(field: str) -> Invalid:
    message = "请填写北京时间，如 2026-10-01 08:00。"
    return Invalid("malformed", reasons=[Reason("field", {"message": message}, field=field)])
