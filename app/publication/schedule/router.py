from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.workflow.commands import Embargo, Unschedule
from app.identity.access import CurrentActor
from app.identity.queries import Actor
from app.infra.clock import utc
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
from app.reviews.idempotency import once, performed
from app.reviews.schemas import CaseOut

router = ApiRouter(tags=["publication"])


def shown(row: ScheduledRelease) -> ScheduledOut:
    """Return a scheduled release as the API shows it."""
    why = [
        WhyOut(
            code=reason["code"],
            message=sentence(Reason(reason["code"], reason["data"])),
            data=reason["data"],
        )
        for reason in row.reasons
    ]
    return ScheduledOut(**row.model_dump(exclude={"reasons"}), reasons=why)


def sign_later(
    session: Session, case_id: UUID, wish: SignIn, *, actor: Actor, runtime: Runtime, at: datetime
) -> SignedOut:
    """Do what a wish to sign with a `release_at` asks."""
    assert wish.release_at is not None
    row = scheduling.sign_later(
        session,
        case_id,
        wish.command(),
        release_at=wish.release_at,
        actor=actor,
        runtime=runtime,
        at=at,
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
            case_id,
            Unschedule(body.line, body.comment),
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
    command = Embargo(body.until and utc(body.until), body.comment)
    return performed(request, session, actor, key, case_id, body, command)


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
