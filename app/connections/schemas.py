from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.connections.models import ChannelPush
from app.domain.vocabulary import PushState
from app.drafts.models import Draft


class PushOut(BaseModel):
    """What the service does itself with a release on a connected channel, and how it stands."""

    id: UUID
    release_id: UUID
    draft_id: UUID
    number: str
    title: str
    channel: str
    state: PushState
    words: str = Field(description="why it failed or waits, in Chinese; empty when nothing is to be said")
    external_id: str = Field(description="how the channel names it; empty while it has no name there")
    begun_by: UUID | None = Field(description="who had it published; null where it began by itself")
    next_at: datetime | None = Field(description="when it is tried or asked after again")
    created_at: datetime
    changed_at: datetime


class PushPage(BaseModel):
    """What is published on connected channels, the newest first; `next_before` is of the next page."""

    items: list[PushOut]
    next_before: UUID | None


class SeenOutIn(BaseModel):
    """Where a person has let out what lay ready at the channel; no address for a board or a screen."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://mp.weixin.qq.com/s/AbCdEf", "external_id": ""}]},
    )

    url: Annotated[str, StringConstraints(max_length=2000)] = ""
    external_id: Annotated[str, StringConstraints(max_length=200)] = ""


def shown(push: ChannelPush, draft: Draft) -> PushOut:
    """Return a push as the API shows it."""
    kept = push.model_dump(include=set(PushOut.model_fields))
    return PushOut(**kept, number=draft.number, title=draft.title)
