"""A draft's newest text as a Word file with its comments, and its open suggestions as tracked changes."""

from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session

from app.annotations import queries
from app.annotations.queries import ThreadView
from app.domain.document.anchors import Standing
from app.domain.document.model import Document
from app.domain.vocabulary import UNSETTLED, MarkKind
from app.drafts import queries as drafts
from app.drafts.export.docx.notes import Note, Said
from app.drafts.export.docx.service import docx_of
from app.drafts.export.queries import exported
from app.identity.queries import Actor
from app.words.labels import label

#: Suggestions that take words away and put others there; the rest (to move, to join) are told in words.
_CHANGES = frozenset({
    MarkKind.CORRECT, MarkKind.DELETE, MarkKind.INSERT, MarkKind.TRANSPOSE, MarkKind.ADD_SPACE,
    MarkKind.REMOVE_SPACE,
})  # fmt: skip
#: Where the words of a thread are, as they were selected.
_THERE = frozenset({Standing.HELD, Standing.MOVED})


class WordFile(NamedTuple):
    """A Word file, and the title that names it."""

    title: str
    content: bytes


def with_threads(session: Session, draft_id: UUID, actor: Actor) -> WordFile:
    """Return a draft's newest text with everything that was said of it. Raises `NotFound`."""
    draft, threads = queries.visible_threads(session, draft_id, actor)
    revision = drafts.head(session, draft)
    document, pictures, names = exported(session, draft, revision.number)
    notes = [_note(view, document, threads.names) for view in threads.views]
    return WordFile(document.title, docx_of(document, pictures, names, notes))


def _note(view: ThreadView, document: Document, names: dict[UUID, str]) -> Note:
    thread, where = view.thread, view.where
    said = [Said(names.get(comment.said_by, ""), comment.said_at, comment.text) for comment in view.comments]
    begun = Said(names.get(thread.started_by, ""), thread.started_at, "")
    told = f"建议（{label(MarkKind(thread.kind))}）：{thread.new_text or '见批注'}" if thread.kind else ""
    settled = thread.state not in UNSETTLED
    if not thread.place or where.standing not in _THERE:
        lost = f"原文已改，批注针对：“{thread.quote}”" if thread.place else ""
        lines = "\n".join(filter(None, (lost, told)))
        return Note("title", 0, len(document.title), _with(lines, begun, said), None, settled)
    is_change = thread.kind in _CHANGES and not settled
    replacement = thread.new_text if is_change else None
    return Note(where.place, where.start, where.end, _with(told, begun, said), replacement, settled)


def _with(lines: str, begun: Said, said: list[Said]) -> tuple[Said, ...]:
    """Return what was said, with `lines` before the first of it."""
    first = said[0] if said else begun
    return (first._replace(text="\n".join(filter(None, (lines, first.text)))), *said[1:])
