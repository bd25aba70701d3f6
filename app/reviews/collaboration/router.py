from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from app.domain.workflow.commands import (
    AddReviewer,
    AskOpinion,
    Copy,
    GiveOpinion,
    HandOver,
    Override,
    Reclass,
    Recuse,
    Remind,
    TakeBack,
)
from app.drafts import queries as drafts
from app.identity.access import CurrentActor, CurrentWriter
from app.infra.db import ReadSession, WriteSession
from app.infra.http import cursors, idempotency
from app.infra.http.routing import ApiRouter
from app.reviews.cursors import read_copies
from app.reviews.idempotency import performed
from app.reviews.schemas import (
    AddedIn,
    CaseOut,
    ClassIn,
    ConsultIn,
    CopiedOut,
    CopiedPage,
    CopyIn,
    HandOverIn,
    HoldIn,
    RecusalIn,
    StageWordsIn,
)

router = ApiRouter(tags=["reviews"])


@router.post("/cases/{case_id}/take-back", response_model=CaseOut)
def take_back_approval(
    case_id: UUID,
    body: StageWordsIn,
    request: Request,
    session: WriteSession,
    actor: CurrentWriter,
    key: idempotency.Key = None,
) -> Response:
    """Take one's own approval back while nobody has begun on what it opened (拿回)."""
    command = TakeBack(*body.spot, body.comment)
    return performed(request, session, actor, key, case_id, body, command)


@router.post("/cases/{case_id}/hand-over", response_model=CaseOut)
def hand_over_stage(
    case_id: UUID,
    body: HandOverIn,
    request: Request,
    session: WriteSession,
    actor: CurrentWriter,
    key: idempotency.Key = None,
) -> Response:
    """Give an open stage to a named person who may act there (转办)."""
    command = HandOver(*body.spot, str(body.to), body.comment, knowing=body.knowing)
    return performed(request, session, actor, key, case_id, body, command, on_behalf_of=body.on_behalf_of)


@router.post("/cases/{case_id}/consultations", response_model=CaseOut)
def ask_opinion(
    case_id: UUID,
    body: ConsultIn,
    request: Request,
    session: WriteSession,
    actor: CurrentWriter,
    key: idempotency.Key = None,
) -> Response:
    """Ask a named person for an opinion that is no vote (征求意见); the stage waits for it or not."""
    command = AskOpinion(*body.spot, str(body.to), body.comment, body.waits)
    return performed(request, session, actor, key, case_id, body, command, on_behalf_of=body.on_behalf_of)


@router.post("/cases/{case_id}/opinions", response_model=CaseOut)
def give_opinion(
    case_id: UUID,
    body: HoldIn,
    request: Request,
    session: WriteSession,
    actor: CurrentWriter,
    key: idempotency.Key = None,
) -> Response:
    """Give the opinion that was asked for. Quote the digest that was read; a stale one gets 409."""
    command = GiveOpinion(*body.spot, body.digest, body.comment)
    return performed(request, session, actor, key, case_id, body, command, on_behalf_of=body.on_behalf_of)


@router.post("/cases/{case_id}/reviewers", response_model=CaseOut)
def add_reviewer(
    case_id: UUID,
    body: AddedIn,
    request: Request,
    session: WriteSession,
    actor: CurrentWriter,
    key: idempotency.Key = None,
) -> Response:
    """Add a stage for a named reviewer to this case: before, after or beside an open stage (加签)."""
    command = AddReviewer(*body.spot, str(body.to), body.comment, body.place, knowing=body.knowing)
    return performed(request, session, actor, key, case_id, body, command, on_behalf_of=body.on_behalf_of)


@router.post("/cases/{case_id}/recusal", response_model=CaseOut)
def recuse_from_case(
    case_id: UUID,
    body: RecusalIn,
    request: Request,
    session: WriteSession,
    actor: CurrentWriter,
    key: idempotency.Key = None,
) -> Response:
    """Withdraw from a case for good, with the reason (回避)."""
    command = Recuse(body.comment, knowing=body.knowing)
    return performed(request, session, actor, key, case_id, body, command)


@router.post("/cases/{case_id}/reminders", response_model=CaseOut)
def remind_reviewers(
    case_id: UUID,
    body: StageWordsIn,
    request: Request,
    session: WriteSession,
    actor: CurrentWriter,
    key: idempotency.Key = None,
) -> Response:
    """Remind those whom an open stage waits for (催办); once a day at most."""
    command = Remind(*body.spot, body.comment)
    return performed(request, session, actor, key, case_id, body, command)


@router.post("/cases/{case_id}/copies", response_model=CaseOut)
def copy_draft_to(
    case_id: UUID,
    body: CopyIn,
    request: Request,
    session: WriteSession,
    actor: CurrentWriter,
    key: idempotency.Key = None,
) -> Response:
    """Let a named person see the draft and its case from now on (抄送)."""
    command = Copy(str(body.to), body.comment)
    return performed(request, session, actor, key, case_id, body, command)


@router.post("/cases/{case_id}/overrides", response_model=CaseOut)
def override_stage(
    case_id: UUID,
    body: HoldIn,
    request: Request,
    session: WriteSession,
    actor: CurrentWriter,
    key: idempotency.Key = None,
) -> Response:
    """Let the text go past an open stage that its workflow lets one override (越过)."""
    command = Override(*body.spot, body.digest, body.comment)
    return performed(request, session, actor, key, case_id, body, command)


@router.post("/cases/{case_id}/class", response_model=CaseOut)
def reclass_draft(
    case_id: UUID,
    body: ClassIn,
    request: Request,
    session: WriteSession,
    actor: CurrentWriter,
    key: idempotency.Key = None,
) -> Response:
    """Set the class of the draft (改定分类). A lighter one waits until another person says the same."""
    command = Reclass(body.grade, body.comment)
    return performed(request, session, actor, key, case_id, body, command)


@router.get("/copies")
def list_copies(
    session: ReadSession,
    actor: CurrentActor,
    before: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> CopiedPage:
    """List the drafts of which the reader was sent a copy (抄送我的), the newest first."""
    ended = read_copies(before)
    rows, last = cursors.page(drafts.copied_to(session, actor, before=ended, limit=limit + 1), limit)
    items = [
        CopiedOut(
            draft_id=draft.id,
            draft_number=draft.number,
            title=draft.title,
            state=draft.state,
            copied_by=reader.by,
            copied_at=reader.at,
        )
        for reader, draft in rows
    ]
    return CopiedPage(items=items, next=cursors.written(last[0].at, last[0].draft_id) if last else None)
