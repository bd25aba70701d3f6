from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from app.domain.document.model import Sha256
from app.domain.vocabulary import Level
from app.drafts import queries as drafts
from app.identity.access import CurrentActor
from app.infra.db import ReadSession, WriteSession
from app.infra.errors import Reason
from app.infra.http import idempotency
from app.infra.http.examples import DIGEST, taken
from app.infra.http.links import made
from app.infra.http.problems import sentence
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.publication.debts import service as debts
from app.publication.models import ReviewDebt
from app.publication.urgent import preview
from app.publication.urgent import service as urgent
from app.reviews import cursors

router = ApiRouter(tags=["publication"])

Line = Annotated[str, Field(min_length=1, max_length=40)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LayOutIn(_In):
    """The line whose proof is wanted before its time."""

    model_config = taken(line="wechat")

    line: Line


class UrgentIn(_In):
    """What is to go out at once, and why."""

    model_config = taken(line="wechat", digest=DIGEST, reason="台风红色预警，需立即提醒避险")

    line: Line
    digest: Sha256
    reason: Annotated[str, Field(max_length=1000)]


class SettlementIn(_In):
    """What was read, and what is said of it; `outcome` may be left out where there is only one."""

    model_config = taken(digest=DIGEST, comment="补审通过")

    digest: Sha256
    outcome: str = Field(default="", max_length=40)
    comment: Annotated[str, Field(max_length=4000)] = ""
    checklist: list[Annotated[str, Field(max_length=200)]] = Field(default_factory=list, max_length=50)


class DebtOut(BaseModel):
    """A stage that is owed, by when, and whether it was made up for."""

    id: UUID
    draft_id: UUID
    case_id: UUID
    release_id: UUID
    channel: str
    stage: str
    line: str
    title: str
    levels: list[Level]
    due_at: datetime
    owed_since: datetime
    settled_at: datetime | None
    overdue: bool


class UrgentOut(BaseModel):
    """The release that was given, and what is owed for it. Its ticket is with the releases of the draft."""

    release: UUID
    expires_at: datetime
    debts: list[DebtOut]


class OwedOut(BaseModel):
    """A stage that would be owed."""

    stage: str
    line: str
    title: str
    levels: list[Level]


class AgainstOut(BaseModel):
    """One reason why a line may not go out by the urgent lane: code, data, and the sentence."""

    code: str
    data: dict[str, Any]
    message: str


class OutlookOut(BaseModel):
    """A line as the urgent lane sees it now; `proof` is empty while nothing is laid out.

    `due_at` is when what is owed would be due, null where the calendar does not know.
    """

    line: str
    proof: str
    owed: list[OwedOut]
    due_at: datetime | None
    against: list[AgainstOut]


class DebtPage(BaseModel):
    """A page of open debts; `next` is the cursor of the next, null on the last."""

    items: list[DebtOut]
    next: str | None


@router.get("/cases/{case_id}/urgent-outlooks")
def show_urgent_outlooks(
    request: Request, case_id: UUID, actor: CurrentActor, session: ReadSession
) -> list[OutlookOut]:
    """Say for each line what an urgent release would take: what would be owed by when, and what blocks it."""
    runtime = runtime_of(request)
    found = preview.outlooks(session, case_id=case_id, actor=actor, runtime=runtime, at=runtime.clock())
    return [
        OutlookOut(
            line=one.line,
            proof=one.proof,
            owed=[
                OwedOut(stage=debt.stage, line=debt.line, title=debt.title, levels=list(debt.levels))
                for debt in one.owed
            ],
            due_at=one.due_at,
            against=[
                AgainstOut(
                    code=str(reason.code),
                    data=dict(reason.data),
                    message=sentence(Reason(str(reason.code), dict(reason.data))),
                )
                for reason in one.against
            ],
        )
        for one in found
    ]


@router.get("/debts")
def list_debts(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    after: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> DebtPage:
    """List what is owed for drafts that the reader may see (补审), the longest overdue first."""
    at = runtime_of(request).clock()
    rows, following = debts.in_sight(session, actor, after=cursors.read(after), limit=limit)
    return DebtPage(items=[_debt(row, at) for row, _ in rows], next=cursors.written(following))


@router.post("/cases/{case_id}/urgent-layouts", status_code=202)
def lay_out_urgently(
    request: Request, case_id: UUID, body: LayOutIn, actor: CurrentActor, session: WriteSession
) -> None:
    """Have a line's proof laid out before its reviews are done, for an urgent release."""
    runtime = runtime_of(request)
    urgent.lay_out(session, case_id=case_id, line=body.line, actor=actor, runtime=runtime, at=runtime.clock())


@router.post(
    "/cases/{case_id}/urgent-releases",
    status_code=201,
    response_model=UrgentOut,
    responses={201: made("show_case", case_id="path.case_id")},
)
def release_urgently(
    request: Request,
    case_id: UUID,
    body: UrgentIn,
    actor: CurrentActor,
    session: WriteSession,
    key: idempotency.Key = None,
) -> Response:
    """Let a line go out at once (紧急发布); what was not passed is owed by a time, and named."""
    runtime, at = runtime_of(request), runtime_of(request).clock()

    def act() -> UrgentOut:
        done = urgent.release(
            session,
            case_id=case_id,
            line=body.line,
            digest=body.digest,
            reason=body.reason,
            actor=actor,
            runtime=runtime,
            at=at,
        )
        return UrgentOut(
            release=done.release.id,
            expires_at=done.release.expires_at,
            debts=[_debt(row, at) for row in done.debts],
        )

    asked: Any = {"post": f"cases/{case_id}/urgent-releases", "body": body.model_dump(mode="json")}
    return idempotency.once(session, key=key, caller_id=actor.id, request=asked, at=at, act=act, status=201)


@router.get("/drafts/{draft_id}/debts")
def list_debts_of_draft(
    request: Request, draft_id: UUID, actor: CurrentActor, session: ReadSession
) -> list[DebtOut]:
    """List what is owed, or was, for a draft that went out by the urgent lane."""
    draft = drafts.visible(session, draft_id, actor)
    return [_debt(row, runtime_of(request).clock()) for row in debts.of_draft(session, draft.id)]


@router.post(
    "/debts/{debt_id}/settlements",
    status_code=201,
    responses={201: made("list_debts_of_draft", draft_id="draft_id")},
)
def settle_debt(
    request: Request, debt_id: UUID, body: SettlementIn, actor: CurrentActor, session: WriteSession
) -> DebtOut:
    """Make up for a stage that is owed (补审), under the same rules as everywhere."""
    runtime, at = runtime_of(request), runtime_of(request).clock()
    row = urgent.settle(
        session,
        debt_id=debt_id,
        digest=body.digest,
        comment=body.comment,
        outcome=body.outcome,
        checklist=body.checklist,
        actor=actor,
        runtime=runtime,
        at=at,
    )
    return _debt(row, at)


def _debt(row: ReviewDebt, at: datetime) -> DebtOut:
    return DebtOut(
        **row.model_dump(exclude={"unit_id", "overdue_told_at"}),
        overdue=row.settled_at is None and row.due_at < at,
    )
