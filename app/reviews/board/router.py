"""The API of the unit's board."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import FastAPI, Query, Request
from pydantic import BaseModel

from app.domain.vocabulary import CaseState
from app.identity.access import CurrentActor
from app.infra.db import ReadSession
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.reviews.board import queries as board
from app.reviews.board.queries import Claimed, Wanted
from app.reviews.deadlines import stranded, unattended

router = ApiRouter(tags=["reviews"])


class CardOut(BaseModel):
    """An open stage of a case; a case without one (with its author, blocked, at the layout) has no stage."""

    case_id: UUID
    draft_id: UUID
    draft_number: str
    title: str
    unit_id: UUID
    state: CaseState
    stage: str
    stage_title: str
    line: str
    round: int
    since: datetime
    due_at: datetime | None
    overdue: bool
    claimed_by: UUID | None
    claimed_by_name: str
    claimed_by_absent: bool


class StuckOut(BaseModel):
    """An open stage at which everybody who may act is away; `names` are theirs.

    None where nobody may act at all: then `waits_for` says whom the stage asks for.
    """

    case_id: UUID
    draft_id: UUID
    draft_number: str
    title: str
    stage: str
    stage_title: str
    line: str
    due_at: datetime | None
    names: list[str]
    waits_for: str


class BoardPage(BaseModel):
    """A page of the board; `next` is the cursor of the next, null on the last."""

    items: list[CardOut]
    next: str | None


@router.get("/board")
def show_board(
    request: Request,
    session: ReadSession,
    actor: CurrentActor,
    unit: UUID | None = None,
    stage: Annotated[str, Query(max_length=40)] = "",
    state: CaseState | None = None,
    claimed: Claimed | None = None,
    overdue: bool = False,
    after: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> BoardPage:
    """List the open cases that the reader may see, by stage, what is late first (本单位看板)."""
    found, following = board.cards(
        session,
        actor,
        runtime_of(request).clock(),
        wanted=Wanted(unit, stage, state, claimed, overdue),
        after=board.read_cursor(after),
        limit=limit,
    )
    items = [
        CardOut(
            case_id=one.case_id,
            draft_id=one.draft.id,
            draft_number=one.draft.number,
            title=one.draft.title,
            unit_id=one.draft.unit_id,
            state=one.state,
            stage=one.stage,
            stage_title=one.stage_title,
            line=one.line,
            round=one.round,
            since=one.since,
            due_at=one.due_at,
            overdue=one.overdue,
            claimed_by=one.claimed_by,
            claimed_by_name=one.claimed_by_name,
            claimed_by_absent=one.claimed_by_absent,
        )
        for one in found
    ]
    return BoardPage(items=items, next=board.written(following))


@router.get("/board/absent")
def list_waiting_for_absent(request: Request, session: ReadSession, actor: CurrentActor) -> list[StuckOut]:
    """List the open stages in the reader's sight that only people who are away (外出) could do, or nobody."""
    at = runtime_of(request).clock()
    return [
        StuckOut(
            case_id=one.case_id,
            draft_id=one.draft.id,
            draft_number=one.draft.number,
            title=one.draft.title,
            stage=one.stage,
            stage_title=one.stage_title,
            line=one.line,
            due_at=one.due_at,
            names=list(one.names),
            waits_for=one.waits_for,
        )
        for one in (*unattended.stuck(session, actor, at), *stranded.stuck(session, actor, at))
    ]


def install(app: FastAPI) -> None:
    """Add these routes."""
    app.include_router(router)
