from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Text, text
from sqlmodel import Field, SQLModel

from app.domain.vocabulary import OrderKind, OrderState
from app.infra.db import UtcDateTime, one_of

_WAITING = text("state = 'waiting'")


class ChannelOrder(SQLModel, table=True):
    """That a channel is to correct, retract or unpublish something that it has published, and its answer.

    `channel` and `digest` are those of the publication: what was ordered away by them is never cleared again,
    but for what only ran out. `remedy_id` and `release_id` are the draft that corrects or retracts and what
    was signed of it. `confirmed_by` is the tool or person that reported; `successor_id` the publication that
    took its place, where one did. `told` counts the alarms.
    """

    __tablename__ = "channel_order"
    __table_args__: ClassVar = (
        one_of("kind", OrderKind),
        one_of("state", OrderState),
        CheckConstraint("(kind = 'unpublish') = (remedy_id IS NULL)", name="ordered_by_remedy"),
        CheckConstraint("(state = 'confirmed') = (confirmed_at IS NOT NULL)", name="confirmed_when"),
        Index("ix_channel_order_channel_digest", "channel", "digest"),
        Index("ix_channel_order_due", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index(
            "uq_channel_order_waiting",
            "publication_id",
            unique=True,
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(max_length=20)
    state: str = Field(default=OrderState.WAITING, max_length=20)
    publication_id: UUID = Field(foreign_key="publication.id", index=True)
    draft_id: UUID = Field(foreign_key="draft.id", index=True)
    channel: str = Field(max_length=40)
    digest: str = Field(max_length=64)
    remedy_id: UUID | None = Field(default=None, foreign_key="remedy.draft_id", index=True)
    release_id: UUID | None = Field(
        default=None,
        sa_column=Column(ForeignKey("release.id", deferrable=True, initially="DEFERRED"), nullable=True),
    )
    note: str = Field(default="", sa_type=Text)
    ordered_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    told: int = 0
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    confirmed_by: UUID | None = None
    by_tool: bool = False
    remark: str = Field(default="", sa_type=Text)
    successor_id: UUID | None = Field(default=None, foreign_key="publication.id")
