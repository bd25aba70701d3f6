from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.drafts import queries as drafts
from app.identity.access import CurrentActor
from app.infra.db import ReadSession, WriteSession
from app.infra.http.bounds import Instant
from app.infra.http.links import made
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.publication.end_times import queries, service

router = ApiRouter(tags=["publication"])


class EndIn(BaseModel):
    """Until when a draft may be out (RFC 3339), on one channel or on all; null lifts it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"channel": "wechat", "ends_at": "2026-12-31T16:00:00Z", "comment": "公示期满"}]
        },
    )

    channel: Annotated[str, StringConstraints(max_length=40)] = ""
    ends_at: Instant | None
    comment: Annotated[str, StringConstraints(max_length=1000)] = ""


class EndOut(BaseModel):
    """Until when a draft may be out on a channel; "" stands for each that has no time of its own."""

    draft_id: UUID
    channel: str
    ends_at: datetime | None = Field(description="null where it was lifted")
    set_by: UUID
    set_at: datetime


@router.post(
    "/drafts/{draft_id}/end-times", status_code=201, responses={201: made("list_ends", draft_id="draft_id")}
)
def set_end(
    request: Request, draft_id: UUID, body: EndIn, actor: CurrentActor, session: WriteSession
) -> EndOut:
    """Say until when a draft may be out (下架); at that instant its channels are told and must confirm."""
    wish = service.SetEnd(body.channel, body.ends_at, body.comment)
    row = service.set_end(session, draft_id, wish, actor=actor, at=runtime_of(request).clock())
    return EndOut.model_validate(row, from_attributes=True)


@router.get("/drafts/{draft_id}/end-times")
def list_ends(draft_id: UUID, actor: CurrentActor, session: ReadSession) -> list[EndOut]:
    """List until when a draft may be out, channel by channel."""
    draft = drafts.visible(session, draft_id, actor)
    held = queries.of_draft(session, draft.id)
    return [EndOut.model_validate(row, from_attributes=True) for _, row in sorted(held.items())]
