from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from app.infra.db import UtcDateTime

_AHEAD = text("ends_at IS NOT NULL AND looked_at IS NULL")


class PublicationEnd(SQLModel, table=True):
    """Until when a draft may be out (下架时间), on one channel or, with "", on each without its own time.

    Every wish is a row of its own; the newest for a channel holds. `ends_at` is null where it was lifted;
    `looked_at` is when the service has done what the instant asked for.
    """

    __tablename__ = "publication_end"
    __table_args__: ClassVar = (
        Index("ix_publication_end_ahead", "ends_at", sqlite_where=_AHEAD, postgresql_where=_AHEAD),
    )

    id: UUID = Field(primary_key=True)
    draft_id: UUID = Field(foreign_key="draft.id", index=True)
    channel: str = Field(max_length=40)
    ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    set_by: UUID = Field(foreign_key="user_account.id")
    set_at: datetime = Field(sa_type=UtcDateTime)
    looked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
