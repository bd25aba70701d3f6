from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from fastapi import FastAPI, Request, Response
from sqlmodel import Session

from app.annotations import queries, service
from app.annotations.commands import NewThread
from app.annotations.mentions import Mentions
from app.annotations.models import Thread
from app.annotations.queries import ThreadView
from app.annotations.schemas import (
    AcceptedOut,
    AcceptIn,
    AllToAnswerOut,
    CommentOut,
    SaidIn,
    ThreadIn,
    ThreadOut,
    ThreadSaidOut,
    ThreadsOut,
    ToAnswerOut,
    WhereOut,
)
from app.annotations.word_export import with_threads
from app.drafts import queries as drafts
from app.drafts.intake import kinds
from app.drafts.word_answer import word_file
from app.identity.access import CurrentActor
from app.infra.db import ReadSession, WriteSession
from app.infra.http import idempotency
from app.infra.http.bounds import Digest
from app.infra.http.etags import IfMatch, etag, seen_versions
from app.infra.http.links import TAGGED, made, tagged_bytes
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of

router = ApiRouter(tags=["comments"])
_MADE = made("list_threads", draft_id="draft_id")


@router.get("/drafts/{draft_id}/threads")
def list_threads(
    draft_id: UUID, session: ReadSession, actor: CurrentActor, digest: Digest | None = None
) -> ThreadsOut:
    """List the comments and suggestions of a draft, each where its words stand in the newest text.

    With `digest`, in that text of the draft.
    """
    _, threads = queries.visible_threads(session, draft_id, actor, digest=digest)
    return ThreadsOut(
        items=[ThreadOut.model_validate(_shown(view, threads.names)) for view in threads.views],
        unsettled=len(threads.unsettled),
    )


@router.get(
    "/drafts/{draft_id}/threads/docx", response_class=Response, responses={200: tagged_bytes(kinds.Kind.DOCX)}
)
def export_threads(draft_id: UUID, session: ReadSession, actor: CurrentActor) -> Response:
    """Give the newest text as a Word file with all comments, open suggestions as tracked changes.

    Handed in again as it is, it is the same text: tracked changes are not taken over unless that is asked.
    """
    return word_file(*with_threads(session, draft_id, actor))


@router.get("/threads/waiting")
def list_waiting_threads(session: ReadSession, actor: CurrentActor) -> AllToAnswerOut:
    """List the drafts in which comments or suggestions wait for a word of the caller."""
    threads = queries.to_answer(session, actor)
    return AllToAnswerOut(
        items=[
            ToAnswerOut(
                draft_id=waiting.draft_id,
                number=waiting.number,
                title=waiting.title,
                threads=waiting.threads,
                since=waiting.since,
            )
            for waiting in threads
        ]
    )


@router.post(
    "/drafts/{draft_id}/threads", status_code=201, response_model=ThreadSaidOut, responses={201: _MADE}
)
def begin_thread(
    draft_id: UUID,
    body: ThreadIn,
    request: Request,
    session: WriteSession,
    actor: CurrentActor,
    key: idempotency.Key = None,
) -> Response:
    """Comment on words of a text or on the draft, or suggest what words shall read."""
    at, new = runtime_of(request).clock(), NewThread(**body.model_dump())

    def act() -> ThreadSaidOut:
        return _said(session, *service.begin(session, draft_id=draft_id, new=new, actor=actor, at=at))

    asked = {"thread": str(draft_id), **body.model_dump(mode="json")}
    return idempotency.once(session, key=key, caller_id=actor.id, request=asked, at=at, act=act, status=201)


@router.post(
    "/threads/{thread_id}/replies", status_code=201, response_model=ThreadSaidOut, responses={201: _MADE}
)
def reply_to_thread(
    thread_id: UUID,
    body: SaidIn,
    request: Request,
    session: WriteSession,
    actor: CurrentActor,
    key: idempotency.Key = None,
) -> Response:
    """Say something to a thread."""
    at = runtime_of(request).clock()

    def act() -> ThreadSaidOut:
        done = service.reply(session, thread_id=thread_id, text=body.text, actor=actor, at=at)
        return _said(session, *done)

    asked = {"reply": str(thread_id), **body.model_dump(mode="json")}
    return idempotency.once(session, key=key, caller_id=actor.id, request=asked, at=at, act=act, status=201)


@router.post("/threads/{thread_id}/resolution")
def resolve_thread(
    thread_id: UUID, body: SaidIn, request: Request, session: WriteSession, actor: CurrentActor
) -> ThreadSaidOut:
    """Settle a thread, with a word or without. By whoever began it, or an editor of the draft."""
    return _done(service.resolve, thread_id, body, request, session, actor)


@router.post("/threads/{thread_id}/reopening")
def reopen_thread(
    thread_id: UUID, body: SaidIn, request: Request, session: WriteSession, actor: CurrentActor
) -> ThreadSaidOut:
    """Open a thread again that was resolved or disputed."""
    return _done(service.reopen, thread_id, body, request, session, actor)


@router.post("/threads/{thread_id}/dispute")
def dispute_suggestion(
    thread_id: UUID, body: SaidIn, request: Request, session: WriteSession, actor: CurrentActor
) -> ThreadSaidOut:
    """Not accept a suggestion, and say why. By an editor of the draft."""
    return _done(service.dispute, thread_id, body, request, session, actor)


@router.post(
    "/drafts/{draft_id}/acceptances",
    status_code=201,
    response_model=AcceptedOut,
    responses={201: made("show_draft", tagged=True, draft_id="draft_id"), 200: TAGGED},
)
def accept_suggestions(
    draft_id: UUID,
    body: AcceptIn,
    request: Request,
    session: WriteSession,
    actor: CurrentActor,
    if_match: IfMatch = None,
    key: idempotency.Key = None,
) -> Response:
    """Carry out suggestions in one new revision; If-Match says which version of the draft was seen."""
    at, seen = runtime_of(request).clock(), seen_versions(if_match)

    def act() -> AcceptedOut:
        draft = service.accept(
            session, draft_id=draft_id, thread_ids=body.threads, seen=seen, actor=actor, at=at
        )
        head = drafts.head(session, draft)
        return AcceptedOut(
            draft_id=draft.id,
            version=draft.version,
            revision=head.number,
            digest=head.digest,
            accepted=len(set(body.threads)),
        )

    asked = {"accept": str(draft_id), "seen": sorted(seen), **body.model_dump(mode="json")}
    answer = idempotency.once(session, key=key, caller_id=actor.id, request=asked, at=at, act=act, status=201)
    answer.headers["ETag"] = etag(AcceptedOut.model_validate_json(bytes(answer.body)).version)
    return answer


def _done(
    verb: Callable[..., tuple[Thread, Mentions]],
    thread_id: UUID,
    body: SaidIn,
    request: Request,
    session: Session,
    actor: CurrentActor,
) -> ThreadSaidOut:
    at: datetime = runtime_of(request).clock()
    return _said(session, *verb(session, thread_id=thread_id, text=body.text, actor=actor, at=at))


def _said(session: Session, thread: Thread, called: Mentions) -> ThreadSaidOut:
    session.flush()
    view, names = queries.view_of(session, thread)
    return ThreadSaidOut.model_validate({**_shown(view, names), "unreached": list(called.unreached)})


def _shown(view: ThreadView, names: dict[UUID, str]) -> dict[str, object]:
    thread = view.thread
    return {
        **thread.model_dump(exclude={"before", "after"}),
        "start": thread.position_start,
        "end": thread.position_end,
        "revision": view.revision,
        "digest": view.digest,
        "started_by_name": names.get(thread.started_by, ""),
        "where": WhereOut(
            standing=view.where.standing,
            place=view.where.place,
            start=view.where.start,
            end=view.where.end,
            text=view.where.text,
        ),
        "comments": [
            CommentOut.model_validate(
                {**comment.model_dump(), "said_by_name": names.get(comment.said_by, "")}
            )
            for comment in view.comments
        ],
    }


def install(app: FastAPI) -> None:
    """Add this feature's routes."""
    app.include_router(router)
