from typing import Any
from uuid import UUID

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.domain.vocabulary import ChannelKind
from app.infra.db import one_of


class Channel(SQLModel, table=True):
    """Where a unit publishes. Its code is unique within the unit; a draft meets at most one of a code.

    `chain` says who hears when a stage stays late: rung → list of `{"role"}`, `{"post"}` or `{"person"}`.
    """

    __tablename__ = "channel"
    __table_args__ = (UniqueConstraint("unit_id", "code"), one_of("kind", ChannelKind))

    id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(foreign_key="unit.id", ondelete="RESTRICT")
    code: str = Field(max_length=40)
    name: str = Field(max_length=100)
    kind: str = Field(max_length=20)
    config: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    chain: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    active: bool = True


class Section(SQLModel, table=True):
    """A column (栏目) of a channel."""

    __tablename__ = "section"
    __table_args__ = (UniqueConstraint("channel_id", "code"),)

    id: UUID = Field(primary_key=True)
    channel_id: UUID = Field(foreign_key="channel.id", ondelete="RESTRICT")
    code: str = Field(max_length=40)
    name: str = Field(max_length=100)
    active: bool = True
