"""What the service publishes itself on connected channels, as publishers see it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.connections import queries, service
from app.domain.vocabulary import PushState
from app.identity import permissions
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError
from app.infra.runtime import runtime_of
from app.publication.remedies import eligibility
from app.web.forms import limits
from app.web.shell.actions import attempt, see_other
from app.web.shell.render import page
from app.web.shell.viewer import Reader, SentForm, Viewer

router = APIRouter()

PAGE = 30


@dataclass(frozen=True, slots=True)
class Line:
    """One push on the page."""

    id: UUID
    draft_id: UUID
    number: str
    title: str
    channel: str
    state: str
    words: str
    next_at: datetime | None
    changed_at: datetime
    may_start: bool
    may_report: bool

    @property
    def state_member(self) -> PushState:
        """The state, to be told in words."""
        return PushState(self.state)


@router.get("/pushes")
def listing(request: Request, viewer: Reader, session: ReadSession, before: UUID | None = None) -> Response:
    """Show what is published on connected channels, the newest first."""
    permissions.require_board(viewer.actor)
    return _page(request, viewer, session, before=before)


@router.post("/pushes/{push_id}/start")
def start(request: Request, sent: SentForm, push_id: UUID) -> Response:
    """Publish what waits for a hand, or what failed."""
    at = runtime_of(request).clock()

    def verb(session: Session) -> object:
        return service.begin(session, push_id, actor=sent.actor, at=at)

    return _after(request, sent, attempt(request, verb), "push_begun")


@router.post("/pushes/{push_id}/publication")
def report(request: Request, sent: SentForm, push_id: UUID) -> Response:
    """Report where something was let out by hand."""
    runtime = runtime_of(request)

    def verb(session: Session) -> object:
        return service.report(
            session,
            push_id,
            url=sent.form.within("url", limits.SEEN_OUT),
            external_id="",
            actor=sent.actor,
            runtime=runtime,
            at=runtime.clock(),
        )

    return _after(request, sent, attempt(request, verb), "push_reported")


def _after(request: Request, sent: SentForm, outcome: object, said: str) -> Response:
    if isinstance(outcome, AppError):
        with database_of(request).read() as session:
            return _page(request, sent.viewer, session, error=outcome)
    return see_other("/pushes", said)


def _page(
    request: Request,
    viewer: Viewer,
    session: Session,
    *,
    before: UUID | None = None,
    error: AppError | None = None,
) -> Response:
    found = queries.pushes(session, viewer.actor, before=before, limit=PAGE + 1)
    rows = []
    for push, draft, name in found[:PAGE]:
        may = eligibility.may_confirm(viewer.actor, draft, push.channel)
        rows.append(
            Line(
                push.id,
                draft.id,
                draft.number,
                draft.title,
                name,
                push.state,
                push.words,
                push.next_at,
                push.changed_at,
                may and push.state in service.STARTS,
                may and push.state in service.REPORTED,
            )
        )
    more = f"/pushes?before={rows[-1].id}" if len(found) > PAGE else ""
    return page(request, "pushes.html", viewer=viewer, section="/board", error=error, rows=rows, more=more)
