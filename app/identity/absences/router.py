"""The API of being out of office."""

from datetime import date, datetime
from uuid import UUID

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, Field

from app.identity import queries
from app.identity.absences import service as absences
from app.identity.absences.service import Shown, State
from app.identity.access import CurrentActor
from app.infra.db import ReadSession, WriteSession
from app.infra.http import idempotency
from app.infra.http.examples import taken
from app.infra.http.links import made
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of

router = ApiRouter(tags=["identity"])


class AbsenceIn(BaseModel):
    """Days out of office. Without `user_id` they are the caller's own."""

    model_config = taken(starts_on="2026-12-07", ends_on="2026-12-11", reason="学习")

    user_id: UUID | None = None
    starts_on: date
    ends_on: date = Field(description="the last day")
    reason: str = Field(default="", max_length=200)


class AbsenceOut(BaseModel):
    """Who is out of office from when to when, both days included.

    `reason` is empty for all but the person and their security administrator.
    """

    id: UUID
    user_id: UUID
    name: str
    starts_on: date
    ends_on: date
    reason: str
    state: State
    entered_by: UUID
    entered_at: datetime
    ended_at: datetime | None


@router.get("/absences")
def list_absences(request: Request, actor: CurrentActor, session: ReadSession) -> list[AbsenceOut]:
    """List who of the caller's body is out of office, or will be (外出)."""
    at = runtime_of(request).clock()
    return [_shown(absence, at) for absence in absences.listing(session, actor, at=at)]


@router.post("/absences", status_code=201, response_model=AbsenceOut, responses={201: made("list_absences")})
def create_absence(
    request: Request,
    body: AbsenceIn,
    actor: CurrentActor,
    session: WriteSession,
    key: idempotency.Key = None,
) -> Response:
    """Enter that the caller is out of office, or, as security administrator, somebody else."""
    at = runtime_of(request).clock()

    def act() -> AbsenceOut:
        given = body.model_dump(exclude={"user_id"})
        row = absences.leave(session, user_id=body.user_id or actor.id, **given, actor=actor, at=at)
        return _shown(Shown(row, queries.names(session, [row.user_id])[row.user_id], mine=True), at)

    asked = {"absence": True, **body.model_dump(mode="json")}
    return idempotency.once(session, key=key, caller_id=actor.id, request=asked, at=at, act=act, status=201)


@router.post("/absences/{absence_id}/return")
def end_absence(request: Request, absence_id: UUID, actor: CurrentActor, session: WriteSession) -> AbsenceOut:
    """Come back early, or call an absence off (销假)."""
    at = runtime_of(request).clock()
    row = absences.come_back(session, absence_id=absence_id, actor=actor, at=at)
    return _shown(Shown(row, queries.names(session, [row.user_id])[row.user_id], mine=True), at)


def _shown(absence: Shown, at: datetime) -> AbsenceOut:
    return AbsenceOut.model_validate(
        {
            **absence.row.model_dump(exclude={"ended_by", "reason"}),
            "reason": absence.row.reason if absence.mine else "",
            "name": absence.name,
            "state": absence.state(at),
        }
    )


def install(app: FastAPI) -> None:
    """Add these routes."""
    app.include_router(router)
