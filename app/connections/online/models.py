from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import JSON, Text
from sqlmodel import Field, SQLModel

from app.domain.vocabulary import OnlineState
from app.infra.db import UtcDateTime, one_of


class OnlineCheck(SQLModel, table=True):
    """What was last found at the address of a publication, held against what was released.

    `changes` are differences as `{kind, text}`; `words` say in Chinese why nothing is known; `since` is when
    it was first found as it is.
    """

    __tablename__ = "online_check"
    __table_args__: ClassVar = (one_of("state", OnlineState),)

    publication_id: UUID = Field(primary_key=True, foreign_key="publication.id")
    draft_id: UUID = Field(foreign_key="draft.id", index=True)
    state: str = Field(max_length=20, index=True)
    changes: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    words: str = Field(default="", sa_type=Text)
    since: datetime = Field(sa_type=UtcDateTime)
    checked_at: datetime = Field(sa_type=UtcDateTime, index=True)
