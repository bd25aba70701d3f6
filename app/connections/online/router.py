from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from app.connections.online import queries
from app.connections.online.models import OnlineCheck
from app.domain.vocabulary import OnlineState
from app.drafts.models import Draft
from app.identity.access import CurrentActor
from app.infra.db import ReadSession
from app.infra.http import cursors
from app.infra.http.routing import ApiRouter
from app.publication.models import Publication

router = ApiRouter(tags=["connections"])


class OnlineChangeOut(BaseModel):
    """One difference between what is online and what was released."""

    kind: Literal["missing", "inserted", "picture"] = Field(
        description="a released paragraph is not there, another stands between, or a picture is not shown"
    )
    text: str = Field(description="the paragraph without white space, cut; of a picture its SHA-256")


class OnlineCheckOut(BaseModel):
    """What was last found at the address of a publication."""

    publication_id: UUID
    draft_id: UUID
    number: str
    title: str
    channel: str
    url: str
    state: OnlineState
    changes: list[OnlineChangeOut]
    words: str = Field(description="why nothing is known, in Chinese; empty where it was compared")
    since: datetime = Field(description="since when it was found like this")
    checked_at: datetime


class OnlineCheckPage(BaseModel):
    """What was found online, the newest publication first; `next_before` is of the next page."""

    items: list[OnlineCheckOut]
    next_before: UUID | None


@router.get("/online-checks")
def list_online_checks(
    actor: CurrentActor,
    session: ReadSession,
    state: OnlineState | None = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> OnlineCheckPage:
    """List what was found at the addresses of what is out, of drafts that the reader may see."""
    rows = queries.found(session, actor, states=[state] if state else (), before=before, limit=limit + 1)
    shown, last = cursors.page(rows, limit)
    return OnlineCheckPage(
        items=[_out(check, publication, draft) for check, publication, draft, _ in shown],
        next_before=last[1].id if last else None,
    )


def _out(check: OnlineCheck, publication: Publication, draft: Draft) -> OnlineCheckOut:
    return OnlineCheckOut(
        **check.model_dump(exclude={"changes"}),
        changes=[OnlineChangeOut(**one) for one in check.changes],
        number=draft.number,
        title=draft.title,
        channel=publication.channel,
        url=publication.url,
    )
