from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.identity.access import CurrentActor
from app.identity.queries import Actor
from app.infra.db import ReadSession, WriteSession
from app.infra.errors import Reason
from app.infra.http import idempotency
from app.infra.http.problems import sentence
from app.infra.http.routing import ApiRouter
from app.infra.runtime import Runtime, runtime_of
from app.publication import queries
from app.publication.models import ScheduledRelease
from app.publication.schedule import service as scheduling
from app.publication.schemas import (
    EmbargoIn,
    ScheduledOut,
    ScheduledPage,
    SignedOut,
    SignIn,
    UnscheduleIn,
    WhyOut,
)
from app.publication.service import Wish
from app.reviews import scheduling as timing
from app.reviews.idempotency import once
from app.reviews.schemas import CaseOut

router = ApiRouter(tags=["publication"])


def shown(row: ScheduledRelease) -> ScheduledOut:
    """Return a scheduled release as the API shows it."""
    why = [
        WhyOut(code=one["code"], message=sentence(Reason(one["code"], one["data"])), data=one["data"])
        for one in row.reasons
    ]
    return ScheduledOut(**row.model_dump(exclude={"reasons"}), reasons=why)


def sign_later(
    session: Session, case_id: UUID, wish: SignIn, *, actor: Actor, runtime: Runtime, at: datetime
) -> SignedOut:
    """Do what a wish to sign with a `release_at` asks."""
    assert wish.release_at is not None
    read = Wish(case_id, wish.line, wish.digest, wish.comment, wish.outcome, wish.checklist)
    row = scheduling.sign_later(
        session, read, release_at=wish.release_at, actor=actor, runtime=runtime, at=at
    )
    return SignedOut(release=None, scheduled=shown(row) if row else None)


@router.post("/cases/{case_id}/unschedule", response_model=CaseOut)
def unschedule_release(
    request: Request,
    case_id: UUID,
    body: UnscheduleIn,
    actor: CurrentActor,
    session: WriteSession,
    key: idempotency.Key = None,
) -> Response:
    """Take a scheduled line back from its time (取消定时); it must be signed anew."""
    runtime, at = runtime_of(request), runtime_of(request).clock()
    return once(
        session,
        actor,
        key,
        at,
        case_id,
        {"verb": "unschedule", **body.model_dump(mode="json")},
        lambda: scheduling.unschedule(
            session,
            case_id=case_id,
            line=body.line,
            comment=body.comment,
            actor=actor,
            runtime=runtime,
            at=at,
        ),
    )


@router.post("/cases/{case_id}/embargo", response_model=CaseOut)
def set_embargo(
    request: Request,
    case_id: UUID,
    body: EmbargoIn,
    actor: CurrentActor,
    session: WriteSession,
    key: idempotency.Key = None,
) -> Response:
    """Let nothing of a case go out before an instant (不早于), change that, or lift it."""
    at = runtime_of(request).clock()
    return once(
        session,
        actor,
        key,
        at,
        case_id,
        {"verb": "embargo", **body.model_dump(mode="json")},
        lambda: timing.embargo(
            session, case_id=case_id, until=body.until, comment=body.comment, actor=actor, at=at
        ),
    )


@router.get("/scheduled-releases")
def list_scheduled_releases(
    actor: CurrentActor,
    session: ReadSession,
    mine: bool = False,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> ScheduledPage:
    """List what waits for its time, the next to go out in front.

    `mine`: what the reader signed or handed in.
    """
    found, following = queries.scheduled(session, actor, mine=mine, after=after, limit=limit)
    return ScheduledPage(items=[shown(row) for row, _ in found], next=following)
