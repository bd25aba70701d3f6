from datetime import datetime
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from app.infra.db import UtcDateTime


class WorkingCopy(SQLModel, table=True):
    """What somebody has written of a draft and not saved: nobody else's business, and one a person and draft.

    `revision` is the number of the revision that it is written upon; `fields` is a JSON list of names and
    values, as the form sends them. `version` grows with every keeping, so that two windows overwrite nothing.
    """

    __tablename__ = "working_copy"

    draft_id: UUID = Field(primary_key=True, foreign_key="draft.id", ondelete="CASCADE")
    user_id: UUID = Field(primary_key=True, foreign_key="user_account.id", ondelete="RESTRICT", index=True)
    revision: int
    fields: str = Field(sa_type=Text)
    version: int = 1
    updated_at: datetime = Field(sa_type=UtcDateTime)


class EditorPresence(SQLModel, table=True):
    """That somebody has the edit page of a draft open: true for a minute after `seen_at`, then forgotten."""

    __tablename__ = "editor_presence"

    draft_id: UUID = Field(primary_key=True, foreign_key="draft.id", ondelete="CASCADE")
    user_id: UUID = Field(primary_key=True, foreign_key="user_account.id", ondelete="RESTRICT")
    seen_at: datetime = Field(sa_type=UtcDateTime)
