"""What people do to comments and suggestions on a draft's page."""

from collections.abc import Callable
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.annotations import service
from app.annotations.commands import NewThread
from app.domain.document.edits import text_at
from app.domain.document.model import Document
from app.domain.vocabulary import MarkKind
from app.drafts import queries as drafts
from app.infra.errors import AppError, Invalid, Reason
from app.infra.runtime import runtime_of
from app.web.components.selected_words import anchor, occurrence
from app.web.forms import limits
from app.web.pages.draft.page import show_again
from app.web.shell.actions import attempt, see_other
from app.web.shell.viewer import Sent, SentForm

router = APIRouter()

#: Button of a thread's form → what it does, and what the page says then.
_VERBS: dict[str, tuple[Callable[..., object], str]] = {
    "reply": (service.reply, "comment_replied"),
    "resolve": (service.resolve, "comment_resolved"),
    "reopen": (service.reopen, "comment_reopened"),
    "dispute": (service.dispute, "suggestion_disputed"),
}


@router.post("/drafts/{draft_id}/comments")
def begin(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Comment on words of the text that was read, or on the draft; or suggest what they shall read."""

    def verb(session: Session) -> None:
        draft = drafts.visible(session, draft_id, sent.actor)
        revision = drafts.revision_by_digest(session, draft.id, sent.form.word("digest"))
        new = _new_thread(sent, drafts.document_of(revision), revision.digest)
        service.begin(session, draft_id=draft_id, new=new, actor=sent.actor, at=runtime_of(request).clock())

    said = "suggestion_made" if sent.form.word("kind") else "comment_made"
    return _done(request, sent, draft_id, verb, said)


@router.post("/drafts/{draft_id}/comments/acceptances")
def accept(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Carry out the suggestions that were chosen in one new revision."""

    def verb(session: Session) -> None:
        threads = _ids(sent.form.all("thread"))
        service.accept(
            session,
            draft_id=draft_id,
            thread_ids=threads,
            seen=frozenset({sent.form.number("version", default=0)}),
            actor=sent.actor,
            at=runtime_of(request).clock(),
        )

    return _done(request, sent, draft_id, verb, "suggestions_accepted")


@router.post("/drafts/{draft_id}/comments/{thread_id}")
def answer(request: Request, sent: SentForm, draft_id: UUID, thread_id: UUID) -> Response:
    """Reply to a thread, settle it, open it again, or dispute what it suggests."""
    form, at = sent.form, runtime_of(request).clock()

    def verb(session: Session) -> None:
        drafts.visible(session, draft_id, sent.actor)
        if form.word("verb") not in _VERBS:
            raise _choose("verb")
        text = form.within("text", limits.SAID)
        act, _ = _VERBS[form.word("verb")]
        act(session, thread_id=thread_id, text=text, actor=sent.actor, at=at)

    _, said = _VERBS.get(form.word("verb"), (None, ""))
    return _done(request, sent, draft_id, verb, said)


def _done(
    request: Request, sent: Sent, draft_id: UUID, verb: Callable[[Session], None], said: str
) -> Response:
    error = attempt(request, verb)
    if isinstance(error, AppError):
        return show_again(request, sent.viewer, draft_id, error, sent.form)
    return see_other(f"/drafts/{draft_id}#comments", said)


def _new_thread(sent: Sent, document: Document, digest: str) -> NewThread:
    form = sent.form
    form.all_within(limits.COMMENT)
    text, place, quote = form.word("text"), form.word("place"), form.text("quote")
    kinds = {str(kind): kind for kind in MarkKind}
    kind = kinds.get(form.word("kind"))
    if kind is None and form.word("kind"):
        raise _choose("kind")
    if not place:
        if kind is not None or quote:
            message = "请选择这些字在哪一段；对全篇的批注不带所选文字。"
            raise Invalid("malformed", reasons=[Reason("field", {"message": message}, field="place")])
        return NewThread(digest, text)
    words = text_at(document, place)
    if words is None:
        raise _choose("place")
    nth = form.number("nth", default=1)
    if kind is None:
        if not quote:
            message = "请照抄要批注的字，或者在正文里选中它。"
            raise Invalid("malformed", reasons=[Reason("field", {"message": message}, field="quote")])
        start = occurrence(words, quote, nth)
        return NewThread(digest, text, place, start, start + len(quote), quote)
    at = anchor(kind, words, quote=quote, nth=nth, new_text=form.text("new_text"))
    return NewThread(digest, text, place, at.start, at.end, at.quote, kind, at.new_text, at.move_to)


def _ids(words: tuple[str, ...]) -> list[UUID]:
    try:
        found = [UUID(word) for word in words]
    except ValueError as error:
        raise _choose("thread") from error
    if not found:
        message = "请先勾选要采纳的修改建议。"
        raise Invalid("malformed", reasons=[Reason("field", {"message": message}, field="thread")])
    return found


def _choose(field: str) -> Invalid:
    return Invalid("malformed", reasons=[Reason("field", {"message": "请从所列各项中选择。"}, field=field)])
