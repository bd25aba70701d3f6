"""Comments and suggestions beside the text: each where its words stand, and what the viewer may do to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.annotations import eligibility, queries
from app.annotations.models import Comment
from app.annotations.queries import ThreadView
from app.domain.document.anchors import THERE, Standing
from app.domain.document.model import Document
from app.domain.vocabulary import WITH_AUTHOR, MarkKind, ThreadState
from app.drafts.models import Draft, Revision
from app.identity.queries import Actor
from app.words.labels import choices, label
from app.words.places import place_in_text

_TONES = {
    ThreadState.OPEN: "go",
    ThreadState.DISPUTED: "warn",
    ThreadState.ACCEPTED: "good",
    ThreadState.RESOLVED: "plain",
}


@dataclass(frozen=True, slots=True)
class SaidRow:
    """What one person said, and which state that left the thread in, in words."""

    by: str
    at: datetime
    text: str
    state: str


@dataclass(frozen=True, slots=True)
class CommentRow:
    """One thread. `start16:end16` of the text at `ref` are its words, in UTF-16 units; no `ref`: not there.

    `place` is where they stand in words, `note` what became of them where they are not as they were.
    """

    id: UUID
    state: str
    tone: str
    unsettled: bool
    kind: str
    quote: str
    new_text: str
    place: str
    note: str
    ref: str
    start16: int
    end16: int
    said: tuple[SaidRow, ...]
    may_settle: bool
    may_reopen: bool
    may_answer: bool
    may_accept: bool


@dataclass(frozen=True, slots=True)
class CommentPanel:
    """All threads of a draft, those that wait for an answer first; and what the viewer may begin.

    `places` are the places of the text with their first words, for whoever selects without a script.
    """

    waiting: tuple[CommentRow, ...]
    settled: tuple[CommentRow, ...]
    may_comment: bool
    places: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, str], ...]
    version: int
    acceptable: int

    @property
    def shown(self) -> bool:
        """Whether there is anything to see or to do."""
        return bool(self.waiting or self.settled or self.may_comment)


def comment_panel(
    session: Session, draft: Draft, revision: Revision, document: Document, actor: Actor
) -> CommentPanel:
    """Return the threads of a draft as they stand in the text that is shown."""
    threads = queries.threads_of(session, draft, revision, document)
    may_comment = eligibility.may_comment(session, draft, actor)
    texts = dict(document.texts())
    rows = [_row(view, threads.names, texts, draft, actor, may=may_comment) for view in threads.views]
    return CommentPanel(
        waiting=tuple(row for row in rows if row.unsettled),
        settled=tuple(row for row in rows if not row.unsettled),
        may_comment=may_comment,
        places=tuple((place, f"{place_in_text(place)}：{text[:14]}") for place, text in texts.items())
        if may_comment
        else (),
        kinds=(("", "批注"), *choices(MarkKind)),
        version=draft.version,
        acceptable=sum(row.may_accept for row in rows),
    )


def _row(
    view: ThreadView,
    names: Mapping[UUID, str],
    texts: Mapping[str, str],
    draft: Draft,
    actor: Actor,
    *,
    may: bool,
) -> CommentRow:
    thread, where = view.thread, view.where
    state = ThreadState(thread.state)
    answers = may and thread.kind is not None and state is ThreadState.OPEN
    answers = answers and eligibility.may_answer_suggestions(draft, actor)
    settles = may and eligibility.may_settle(draft, thread, actor)
    text = texts.get(where.place, "")
    return CommentRow(
        id=thread.id,
        state=label(state),
        tone=_TONES[state],
        unsettled=view.unsettled,
        kind=label(MarkKind(thread.kind)) if thread.kind else "",
        quote=thread.quote,
        new_text=thread.new_text,
        place=(place_in_text(where.place) or "原文已不在") if thread.place else "全篇",
        note=_note(view, state),
        ref=where.place,
        start16=_utf16(text, where.start),
        end16=_utf16(text, where.end),
        said=_said(view.comments, names),
        may_settle=settles and view.unsettled,
        may_reopen=settles and state in {ThreadState.RESOLVED, ThreadState.DISPUTED},
        may_answer=answers,
        may_accept=answers and draft.state in WITH_AUTHOR and where.standing in THERE,
    )


def _note(view: ThreadView, state: ThreadState) -> str:
    if not view.thread.place or view.where.standing in THERE or state is ThreadState.ACCEPTED:
        return ""
    if view.where.standing is Standing.LOST:
        return f"所批的原文（修订 {view.revision}）已不在现在的稿件里。"
    now = f"现为“{view.where.text}”" if view.where.text else "已删去"
    return f"原文已改动，{now}。"


def _said(comments: Sequence[Comment], names: Mapping[UUID, str]) -> tuple[SaidRow, ...]:
    return tuple(
        SaidRow(
            names.get(comment.said_by, ""),
            comment.said_at,
            comment.text,
            label(ThreadState(comment.state)) if comment.state and number else "",
        )
        for number, comment in enumerate(comments)
    )


def _utf16(text: str, position: int) -> int:
    return len(text[:position].encode("utf-16-le")) // 2
