"""What happens to comments and suggestions: begun, answered, settled, reopened, accepted, disputed.

Each holds the draft's row, so that two who answer at once are told one after the other.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.annotations import eligibility
from app.annotations import errors as _words  # noqa: F401 – the words of the codes below
from app.annotations.commands import NewThread
from app.annotations.mentions import Mentions, mentioned
from app.annotations.models import Comment, Thread
from app.annotations.suggestions import as_edit, carried_out, said
from app.domain.document.anchors import Anchor, anchored
from app.domain.document.edits import apply_edits, faults
from app.domain.document.model import Document
from app.domain.refusals import Refusal, Refused
from app.domain.vocabulary import UNSETTLED, Event, Role, ThreadState
from app.drafts import queries as drafts
from app.drafts import service as draft_service
from app.drafts.models import Draft, Revision
from app.events.emit import emit
from app.events.payloads.annotations import OfThread, SuggestionsAccepted
from app.identity import queries as identity
from app.identity.queries import Actor
from app.infra.clock import moment
from app.infra.errors import Conflict, Forbidden, Invalid, NotFound, Reason
from app.infra.ids import new_id
from app.words.labels import label


def begin(
    session: Session, *, draft_id: UUID, new: NewThread, actor: Actor, at: datetime
) -> tuple[Thread, Mentions]:
    """Comment on words of a revision or on the draft, or suggest other words; also on an earlier revision.

    Returns the thread, and whom it calls. Raises `NotFound` for a draft or revision that the actor may not
    know of, `Forbidden`, `Invalid` with every reason: nothing said, words that do not stand there, a
    suggestion that does not fit its kind.
    """
    draft = _draft(session, draft_id, actor)
    revision = drafts.revision_by_digest(session, draft.id, new.digest)
    document = drafts.document_of(revision)
    words = anchored(document, new.place, new.start, new.end) if new.place else Anchor("", 0, 0, "")
    if reasons := _faults(new, words):
        raise Invalid("comment_unfit", reasons=reasons)
    assert words is not None
    thread = Thread(
        id=new_id(),
        draft_id=draft.id,
        revision_id=revision.id,
        place=new.place,
        position_start=words.start,
        position_end=words.end,
        quote=words.quote,
        before=words.before,
        after=words.after,
        kind=new.kind,
        new_text=new.new_text,
        move_to=new.move_to,
        state=ThreadState.OPEN,
        started_by=actor.id,
        started_at=at,
        last_by=actor.id,
        last_at=at,
    )
    if new.kind is not None and (wrong := _wrong(document, thread)):
        reasons = [Reason(str(refusal.code), dict(refusal.data)) for refusal in wrong]
        raise Invalid("comment_unfit", reasons=reasons)
    session.add(thread)
    session.flush()
    called = _say(session, draft, thread, new.text, ThreadState.OPEN, actor, at)
    event = Event.COMMENT_MADE if new.kind is None else Event.SUGGESTION_MADE
    _emit(session, event, draft, thread, new.text, called, actor, at)
    return thread, called


def reply(
    session: Session, *, thread_id: UUID, text: str, actor: Actor, at: datetime
) -> tuple[Thread, Mentions]:
    """Say something to a thread, settled or not. Raises `NotFound`, `Forbidden`, `Invalid` for no words."""
    draft, thread = _thread(session, thread_id, actor)
    _must_say(text)
    called = _say(session, draft, thread, text, None, actor, at)
    _emit(session, Event.COMMENT_REPLIED, draft, thread, text, called, actor, at)
    return thread, called


def resolve(
    session: Session, *, thread_id: UUID, text: str = "", actor: Actor, at: datetime
) -> tuple[Thread, Mentions]:
    """Settle a thread, with or without a word. Raises `NotFound`, `Forbidden`, `Conflict` if settled."""
    draft, thread = _thread(session, thread_id, actor)
    _may_settle(draft, thread, actor)
    _must_be(session, thread, UNSETTLED)
    called = _say(session, draft, thread, text, ThreadState.RESOLVED, actor, at)
    _emit(session, Event.COMMENT_RESOLVED, draft, thread, text, called, actor, at)
    return thread, called


def reopen(
    session: Session, *, thread_id: UUID, text: str = "", actor: Actor, at: datetime
) -> tuple[Thread, Mentions]:
    """Open a thread again that was resolved or disputed. What was accepted stays.

    Raises `NotFound`, `Forbidden`, `Conflict` if it is open or was accepted.
    """
    draft, thread = _thread(session, thread_id, actor)
    _may_settle(draft, thread, actor)
    if thread.state == ThreadState.OPEN:
        raise Conflict("thread_open")
    _must_be(session, thread, {ThreadState.RESOLVED, ThreadState.DISPUTED})
    called = _say(session, draft, thread, text, ThreadState.OPEN, actor, at)
    _emit(session, Event.COMMENT_REOPENED, draft, thread, text, called, actor, at)
    return thread, called


def dispute(
    session: Session, *, thread_id: UUID, text: str, actor: Actor, at: datetime
) -> tuple[Thread, Mentions]:
    """Not accept a suggestion, and say why; it waits for whoever made it.

    Raises `NotFound`, `Forbidden`, `Conflict` if it is settled or no suggestion, `Invalid` without a reason.
    """
    draft, thread = _thread(session, thread_id, actor)
    if not eligibility.may_answer_suggestions(draft, actor):
        raise Forbidden("not_yours_to_answer")
    if thread.kind is None:
        raise Conflict("no_suggestion")
    _must_be(session, thread, {ThreadState.OPEN})
    _must_say(text)
    called = _say(session, draft, thread, text, ThreadState.DISPUTED, actor, at)
    _emit(session, Event.SUGGESTION_DISPUTED, draft, thread, text, called, actor, at)
    return thread, called


def accept(
    session: Session,
    *,
    draft_id: UUID,
    thread_ids: Sequence[UUID],
    seen: frozenset[int],
    actor: Actor,
    at: datetime,
) -> Draft:
    """Carry out one or several suggestions in one new revision, all of them or none.

    `seen` are the versions of the draft that the editor had before them. Raises `NotFound` for a draft or a
    suggestion that is not of it, `Forbidden`, `PreconditionFailed`, and `Conflict` when the draft is not with
    its author or with every reason: settled by somebody else, words that were changed since, an overlap.
    """
    draft = draft_service.editable(session, draft_id, actor, seen=seen)
    wanted = set(thread_ids)
    query = select(Thread).where(col(Thread.id).in_(wanted), Thread.draft_id == draft.id)
    query = query.order_by(col(Thread.id)).execution_options(populate_existing=True)
    threads = tuple(session.exec(query).all())
    if len(threads) != len(wanted) or not threads:
        raise NotFound("not_found")
    against = [
        _settled(session, thread) if thread.kind else Reason("no_suggestion", {"quote": said(thread)})
        for thread in threads
        if thread.kind is None or thread.state != ThreadState.OPEN
    ]
    if against:
        raise Conflict("suggestions_unfit", reasons=against)
    texts = _texts(session, threads)
    head = drafts.document_of(drafts.head(session, draft))
    changed = carried_out(threads, head, lambda thread: texts[thread.revision_id])
    if not isinstance(changed, Document):
        raise Conflict("suggestions_unfit", reasons=changed)
    draft = draft_service.revise(session, draft_id=draft.id, document=changed, seen=seen, actor=actor, at=at)
    for thread in threads:
        _say(session, draft, thread, "", ThreadState.ACCEPTED, actor, at)
        thread.accepted_into = draft.head_id
        session.add(thread)
    payload = SuggestionsAccepted(
        draft=draft.id,
        threads=[thread.id for thread in threads],
        digest=drafts.head(session, draft).digest,
        makers=sorted({str(thread.started_by) for thread in threads}),
    )
    editor = actor.as_audit(Role.EDITOR)
    emit(session, Event.SUGGESTIONS_ACCEPTED, payload, about=draft.id, actor=editor, at=at)
    return draft


def _draft(session: Session, draft_id: UUID, actor: Actor) -> Draft:
    draft = drafts.visible(session, draft_id, actor, lock=True)
    if not eligibility.may_comment(session, draft, actor):
        raise Forbidden("may_not_comment")
    return draft


def _thread(session: Session, thread_id: UUID, actor: Actor) -> tuple[Draft, Thread]:
    draft_id = session.exec(select(Thread.draft_id).where(Thread.id == thread_id)).one_or_none()
    if draft_id is None:
        raise NotFound("not_found")
    draft = _draft(session, draft_id, actor)
    query = select(Thread).where(Thread.id == thread_id).execution_options(populate_existing=True)
    return draft, session.exec(query).one()


def _faults(new: NewThread, words: Anchor | None) -> list[Reason]:
    reasons = []
    if not new.place and (new.quote or new.kind is not None or new.new_text):
        reasons.append(Reason("whole_draft_only", field="place"))
    elif words is None or words.quote != new.quote:
        there = words.quote if words is not None else ""
        reasons.append(Reason("words_elsewhere", {"quote": new.quote, "there": there}, "quote"))
    elif new.place and new.kind is None and not new.quote:
        reasons.append(Reason("words_elsewhere", {"quote": "", "there": ""}, "quote"))
    if new.kind is None and not new.text.strip():
        reasons.append(Reason("text_missing", field="text"))
    return reasons


def _wrong(document: Document, thread: Thread) -> tuple[Refusal, ...]:
    if wrong := faults(document, as_edit(thread)):
        return wrong
    alone = apply_edits(document, [as_edit(thread)])
    return alone.refusals if isinstance(alone, Refused) else ()


def _texts(session: Session, threads: Sequence[Thread]) -> dict[UUID, Document]:
    ids = {thread.revision_id for thread in threads}
    rows = session.exec(select(Revision).where(col(Revision.id).in_(ids))).all()
    return {row.id: drafts.document_of(row) for row in rows}


def _must_say(text: str) -> None:
    if not text.strip():
        raise Invalid("comment_unfit", reasons=[Reason("text_missing", field="text")])


def _may_settle(draft: Draft, thread: Thread, actor: Actor) -> None:
    if not eligibility.may_settle(draft, thread, actor):
        raise Forbidden("not_yours_to_settle")


def _must_be(session: Session, thread: Thread, states: Collection[ThreadState]) -> None:
    if thread.state not in states:
        reason = _settled(session, thread)
        raise Conflict("thread_settled", data=reason.data, reasons=[reason])


def _settled(session: Session, thread: Thread) -> Reason:
    who = identity.names(session, {thread.last_by if thread.settled_by is None else thread.settled_by})
    data = {
        "quote": said(thread),
        "who": next(iter(who.values()), "他人"),
        "at": moment(thread.settled_at or thread.last_at),
        "state": label(ThreadState(thread.state)),
    }
    return Reason("thread_settled", data)


def _say(
    session: Session,
    draft: Draft,
    thread: Thread,
    text: str,
    state: ThreadState | None,
    actor: Actor,
    at: datetime,
) -> Mentions:
    called = mentioned(session, draft, text)
    session.add(
        Comment(
            id=new_id(),
            thread_id=thread.id,
            draft_id=draft.id,
            text=text,
            state=state,
            mentioned=sorted(map(str, called.people)),
            said_by=actor.id,
            said_at=at,
        )
    )
    thread.last_by, thread.last_at = actor.id, at
    if state is not None:
        thread.state = state
        over = state is not ThreadState.OPEN
        thread.settled_by, thread.settled_at = (actor.id, at) if over else (None, None)
    session.add(thread)
    return called


def _emit(
    session: Session,
    event: Event,
    draft: Draft,
    thread: Thread,
    text: str,
    called: Mentions,
    actor: Actor,
    at: datetime,
) -> None:
    """Tell the draft's authors and whoever took part; who is called by name hears that and nothing else."""
    took_part = session.scalars(select(Comment.said_by).where(Comment.thread_id == thread.id).distinct())
    told = drafts.authors(session, draft.id) | set(took_part) | {thread.started_by}
    payload = OfThread(
        draft=draft.id,
        thread=thread.id,
        digest=session.get_one(Revision, thread.revision_id).digest,
        place=thread.place,
        start=thread.position_start,
        end=thread.position_end,
        kind=thread.kind,
        quote=thread.quote or None,
        new_text=thread.new_text or None,
        text=text or None,
        told=sorted(str(person) for person in told - called.people - {actor.id}),
        called=sorted(map(str, called.people - {actor.id})),
    )
    emit(session, event, payload, about=draft.id, actor=actor.as_audit(), at=at)
