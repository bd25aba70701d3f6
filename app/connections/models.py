from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import JSON, Text
from sqlmodel import Field, SQLModel

from app.domain.vocabulary import PushState
from app.infra.db import UtcDateTime, one_of


class ChannelPush(SQLModel, table=True):
    """What this service does itself with a release on a connected channel; one for each release.

    `progress` is what was done so far, by which a broken try goes on; `words` why it failed, in Chinese.
    `attempt` is of the try that may still write; `tries` counts those that failed in a way that may pass.
    """

    __tablename__ = "channel_push"
    __table_args__: ClassVar = (one_of("state", PushState),)

    id: UUID = Field(primary_key=True)
    release_id: UUID = Field(foreign_key="release.id", unique=True)
    draft_id: UUID = Field(foreign_key="draft.id", index=True)
    channel_id: UUID = Field(foreign_key="channel.id", index=True)
    channel: str = Field(max_length=40)
    state: str = Field(default=PushState.WAITING, max_length=20, index=True)
    progress: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    attempt: int = 0
    tries: int = 0
    words: str = Field(default="", sa_type=Text)
    external_id: str = Field(default="", max_length=200)
    begun_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    begun_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
