from datetime import datetime
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from app.infra.db import UtcDateTime


class ToolKey(SQLModel, table=True):
    """A key of a publishing tool, known by the SHA-256 of its secret: what it opens, where, until when.

    JSON lists: `scopes`; `places` of `[channel, section or null]`, empty for all channels of the tool;
    `networks` from which it may be used, empty for any. `acts_for` is the editor whose texts it hands in.
    """

    __tablename__ = "tool_key"

    id: UUID = Field(primary_key=True)
    tool_id: UUID = Field(foreign_key="publishing_tool.id", index=True)
    name: str = Field(max_length=100)
    scopes: str = Field(sa_type=Text)
    places: str = Field(sa_type=Text)
    networks: str = Field(sa_type=Text)
    acts_for: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    hash: str = Field(max_length=64)
    created_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    replaced_by: UUID | None = None
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_from: str | None = Field(default=None, max_length=60)
