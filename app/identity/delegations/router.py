from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import FastAPI, Query, Request, Response
from pydantic import BaseModel, Field

from app.domain.vocabulary import Role
from app.identity import queries
from app.identity.access import CurrentActor
from app.identity.delegations import service as delegations
from app.identity.delegations.service import NewDelegation, Shown
from app.identity.schemas import Code
from app.infra.db import ReadSession, WriteSession
from app.infra.http import cursors, idempotency
from app.infra.http.examples import ID, taken
from app.infra.http.links import made
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of

router = ApiRouter(tags=["identity"])


class DelegationIn(BaseModel):
    """A delegation to give. Without `principal_id` it is the caller's own; no roles are all of them."""

    model_config = taken(
        delegate_id=ID,
        starts_on="2026-12-07",
        ends_on="2026-12-11",
        roles=["initial_reviewer"],
        reason="外出期间代审",
    )

    principal_id: UUID | None = None
    delegate_id: UUID
    starts_on: date
    ends_on: date = Field(description="the last day")
    unit_id: UUID | None = None
    channel: Code | None = None
    section: Code | None = None
    roles: list[Role] = Field(default_factory=list, max_length=20)
    absent: bool = False
    reason: str = Field(default="", max_length=200)


class DelegationOut(BaseModel):
    """A delegation: who acts for whom, from when to when (both days included), and for what."""

    id: UUID
    principal_id: UUID
    principal: str
    delegate_id: UUID
    delegate: str
    unit_id: UUID | None
    channel: str | None
    section: str | None
    roles: list[Role]
    starts_on: date
    ends_on: date
    absent: bool
    state: Literal["asked", "coming", "in_force", "over", "revoked"]
    granted_by: UUID
    granted_at: datetime
    confirmed_by: UUID | None
    confirmed_at: datetime | None
    revoked_at: datetime | None


class DelegationsPage(BaseModel):
    """A page of delegations; `next` is the cursor of the next page, null on the last."""

    items: list[DelegationOut]
    next: UUID | None


class ColleagueOut(BaseModel):
    """Somebody who may be asked, or may stand in."""

    id: UUID
    name: str


@router.get("/delegations")
def list_delegations(
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> DelegationsPage:
    """List the delegations from and to the caller, and those of people whom they administer or audit."""
    at = runtime_of(request).clock()
    rows, last = cursors.page(delegations.listing(session, actor, before=before, limit=limit + 1), limit)
    items = [_shown(row, at) for row in rows]
    return DelegationsPage(items=items, next=items[-1].id if last else None)


@router.post(
    "/delegations", status_code=201, response_model=DelegationOut, responses={201: made("list_delegations")}
)
def create_delegation(
    request: Request,
    body: DelegationIn,
    actor: CurrentActor,
    session: WriteSession,
    key: idempotency.Key = None,
) -> Response:
    """Let somebody act for the caller, or, as security administrator, ask it for somebody else.

    What is asked waits (`asked`) until the principal or a second administrator confirms it; it holds at once
    where somebody else had entered that the principal is away on those days.
    """
    at = runtime_of(request).clock()

    def act() -> DelegationOut:
        given = body.model_dump(exclude={"principal_id"})
        new = NewDelegation(principal_id=body.principal_id or actor.id, **given)
        row = delegations.delegate(session, new=new, actor=actor, at=at)
        names = queries.names(session, {row.principal_id, row.delegate_id})
        return _shown(Shown(row, names[row.principal_id], names[row.delegate_id], ""), at)

    asked = {"delegate": True, **body.model_dump(mode="json")}
    return idempotency.once(session, key=key, caller_id=actor.id, request=asked, at=at, act=act, status=201)


@router.post("/delegations/{delegation_id}/confirmation")
def confirm_delegation(
    request: Request, delegation_id: UUID, actor: CurrentActor, session: WriteSession
) -> DelegationOut:
    """Agree to a delegation that a security administrator asked for (its principal, or another one)."""
    at = runtime_of(request).clock()
    row = delegations.confirm(session, delegation_id=delegation_id, actor=actor, at=at)
    names = queries.names(session, {row.principal_id, row.delegate_id})
    return _shown(Shown(row, names[row.principal_id], names[row.delegate_id], ""), at)


@router.post("/delegations/{delegation_id}/revocation")
def revoke_delegation(
    request: Request, delegation_id: UUID, actor: CurrentActor, session: WriteSession
) -> DelegationOut:
    """End a delegation at once."""
    at = runtime_of(request).clock()
    row = delegations.revoke(session, delegation_id=delegation_id, actor=actor, at=at)
    names = queries.names(session, {row.principal_id, row.delegate_id})
    return _shown(Shown(row, names[row.principal_id], names[row.delegate_id], ""), at)


@router.get("/colleagues")
def list_colleagues(actor: CurrentActor, session: ReadSession) -> list[ColleagueOut]:
    """List the people of the caller's body who may be asked or may stand in, by name."""
    people = queries.colleagues(session, actor.unit_path)
    return [ColleagueOut(id=person.id, name=person.name) for person in people if person.id != actor.id]


def _shown(shown: Shown, at: datetime) -> DelegationOut:
    row = shown.row
    return DelegationOut.model_validate(
        {
            **row.model_dump(exclude={"reason", "revoked_by"}),
            "principal": shown.principal,
            "delegate": shown.delegate,
            "channel": row.channel or None,
            "section": row.section or None,
            "state": shown.state(at),
        }
    )


def install(app: FastAPI) -> None:
    """Add these routes."""
    app.include_router(router)
