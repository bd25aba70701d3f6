"""Reading comments and suggestions, each where its words stand in the text that is shown."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, exists, func, not_, or_
from sqlmodel import Session, col, select

from app.annotations.models import Comment, Thread
from app.annotations.suggestions import anchor_of
from app.domain.document.anchors import Ported, Porter, Standing
from app.domain.document.model import Document
from app.domain.vocabulary import UNSETTLED, ThreadState
from app.drafts import queries as drafts
from app.drafts.models import Draft, Revision
from app.identity import queries as identity
from app.identity.queries import Actor

_WHOLE = Ported(Standing.HELD)


@dataclass(frozen=True, slots=True)
class ThreadView:
    """A thread with what was said, and where its words stand in the text that is shown."""

    thread: Thread
    comments: tuple[Comment, ...]
    where: Ported
    revision: int
    digest: str

    @property
    def unsettled(self) -> bool:
        """Whether somebody still has to answer."""
        return self.thread.state in UNSETTLED


@dataclass(frozen=True, slots=True)
class Threads:
    """The threads of a draft in reading order of one of its texts, and the names of everybody in them.

    Those on the whole draft come first, those whose words are lost last.
    """

    views: tuple[ThreadView, ...]
    names: dict[UUID, str]

    @property
    def unsettled(self) -> tuple[ThreadView, ...]:
        """Those that somebody still has to answer."""
        return tuple(view for view in self.views if view.unsettled)


@dataclass(frozen=True, slots=True)
class ToAnswer:
    """A draft of which so many threads wait for a word of one person, the newest since `since`."""

    draft_id: UUID
    number: str
    title: str
    threads: int
    since: datetime


def threads_of(
    session: Session, draft: Draft, revision: Revision, document: Document, *, only: UUID | None = None
) -> Threads:
    """Return the threads of a draft, or the one named, as they stand in one of its texts.

    Asks nobody whether they may. Three statements, and one where threads were begun on other revisions; one
    where there is no thread.
    """
    query = select(Thread).where(Thread.draft_id == draft.id).order_by(col(Thread.id))
    if only is not None:
        query = query.where(Thread.id == only)
    rows = session.exec(query).all()
    if not rows:
        return Threads((), {})
    said: dict[UUID, list[Comment]] = {}
    for comment in session.exec(
        select(Comment).where(Comment.draft_id == draft.id).order_by(col(Comment.id))
    ).all():
        said.setdefault(comment.thread_id, []).append(comment)
    others = {row.revision_id for row in rows} - {revision.id}
    texts = {revision.id: (revision, document)}
    if others:
        for row in session.exec(select(Revision).where(col(Revision.id).in_(others))).all():
            texts[row.id] = row, drafts.document_of(row)
    porters = {key: Porter(text, document) for key, (_, text) in texts.items()}
    views = [
        ThreadView(
            row,
            tuple(said.get(row.id, ())),
            porters[row.revision_id].port(anchor_of(row)) if row.place else _WHOLE,
            texts[row.revision_id][0].number,
            texts[row.revision_id][0].digest,
        )
        for row in rows
    ]
    people = {comment.said_by for row in said.values() for comment in row} | {row.started_by for row in rows}
    order = {place: number for number, (place, _) in enumerate(document.texts())}
    views.sort(key=lambda view: _reading_order(view, order))
    return Threads(tuple(views), identity.names(session, people))


def visible_threads(
    session: Session, draft_id: UUID, actor: Actor, *, digest: str | None = None
) -> tuple[Draft, Threads]:
    """Return a draft's threads as they stand in its newest text, or in the one with this digest.

    Raises `NotFound` for a draft or text that the actor may not know of.
    """
    draft = drafts.visible(session, draft_id, actor)
    revision = (
        drafts.head(session, draft)
        if digest is None
        else drafts.revision_by_digest(session, draft.id, digest)
    )
    return draft, threads_of(session, draft, revision, drafts.document_of(revision))


def view_of(session: Session, thread: Thread) -> tuple[ThreadView, dict[UUID, str]]:
    """Return one thread as it stands in the newest text of its draft, with the names of those in it."""
    draft = session.get_one(Draft, thread.draft_id)
    head = drafts.head(session, draft)
    threads = threads_of(session, draft, head, drafts.document_of(head), only=thread.id)
    return threads.views[0], threads.names


def to_answer(session: Session, actor: Actor) -> tuple[ToAnswer, ...]:
    """Return the drafts whose threads wait for a word of the actor, the longest waiting first.

    As an author: open ones in which no author spoke last. As who began one: where somebody else spoke
    last, or disputed. Drafts that the actor may not see any more are left out. Two statements at most.
    """
    wrote = select(Revision.draft_id).where(Revision.author_id == actor.id)
    handed_in = select(Draft.id).where(Draft.submitter_id == actor.id)
    mine = or_(col(Thread.draft_id).in_(wrote), col(Thread.draft_id).in_(handed_in))
    by_author = or_(
        col(Thread.last_by) == col(Draft.submitter_id),
        exists().where(
            col(Revision.draft_id) == col(Thread.draft_id), col(Revision.author_id) == col(Thread.last_by)
        ),
    )
    waits = and_(
        col(Thread.last_by) != actor.id,
        or_(
            and_(
                col(Thread.state) == ThreadState.OPEN,
                col(Thread.started_by) != actor.id,
                mine,
                not_(by_author),
            ),
            and_(col(Thread.state).in_(UNSETTLED), col(Thread.started_by) == actor.id),
        ),
    )
    counted = (
        select(Draft, func.count(), func.min(Thread.last_at))
        .join(Thread, col(Thread.draft_id) == col(Draft.id))
        .where(waits)
        .group_by(col(Draft.id))
    )
    rows = session.exec(counted).all()
    seen = drafts.seen(session, ((draft, actor) for draft, _, _ in rows))
    all_waiting = [
        ToAnswer(draft.id, draft.number, draft.title, count, since)
        for draft, count, since in rows
        if (draft.id, actor.id) in seen
    ]
    return tuple(sorted(all_waiting, key=lambda waiting: (waiting.since, waiting.number)))


def unsettled_of(session: Session, draft_id: UUID, persons: Collection[UUID]) -> int:
    """Return how many threads of a draft that any of these persons began are not settled. One statement."""
    query = select(func.count()).where(
        Thread.draft_id == draft_id, col(Thread.started_by).in_(persons), col(Thread.state).in_(UNSETTLED)
    )
    return session.exec(query).one()


def _reading_order(view: ThreadView, order: dict[str, int]) -> tuple[int, int, int, UUID]:
    if not view.thread.place:
        return 0, 0, 0, view.thread.id
    if view.where.standing is Standing.LOST:
        return 2, 0, 0, view.thread.id
    return 1, order.get(view.where.place, 0), view.where.start, view.thread.id
