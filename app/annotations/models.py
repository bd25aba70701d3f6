from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, Text
from sqlmodel import Field, SQLModel

from app.domain.vocabulary import MarkKind, ThreadState
from app.infra.db import UtcDateTime, one_of


class Thread(SQLModel, table=True):
    """A comment or a suggestion on words of one revision, with what was said to it.

    `place` is empty where it is about the whole draft. Positions are code points, end-exclusive; `before` and
    `after` are up to 32 code points on either side. A suggestion has a `kind` and what the words are to read;
    one to move them has in `move_to` where to. Nothing of it changes but its state, and who spoke last.
    """

    __tablename__ = "comment_thread"
    __table_args__: ClassVar = (
        one_of("kind", MarkKind),
        one_of("state", ThreadState),
        CheckConstraint("position_start >= 0 AND position_end >= position_start", name="range"),
        Index("ix_comment_thread_draft_id_state", "draft_id", "state"),
        Index("ix_comment_thread_started_by_state", "started_by", "state"),
    )

    id: UUID = Field(primary_key=True)
    draft_id: UUID = Field(foreign_key="draft.id", ondelete="RESTRICT")
    revision_id: UUID = Field(foreign_key="revision.id", ondelete="RESTRICT")
    place: str = Field(max_length=100)
    position_start: int
    position_end: int
    quote: str = Field(sa_type=Text)
    before: str = Field(max_length=32)
    after: str = Field(max_length=32)
    kind: str | None = Field(default=None, max_length=20)
    new_text: str = Field(default="", sa_type=Text)
    move_to: int | None = None
    state: str = Field(max_length=20)
    started_by: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    started_at: datetime = Field(sa_type=UtcDateTime)
    last_by: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    last_at: datetime = Field(sa_type=UtcDateTime)
    settled_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    accepted_into: UUID | None = Field(default=None, foreign_key="revision.id", ondelete="RESTRICT")


class Comment(SQLModel, table=True):
    """What one person said in a thread, and which state that left it in; insert-only by triggers.

    The first has the state `open`; `state` is null where it only answers. `mentioned` are the ids of those
    who were called by name and may see the draft.
    """

    __tablename__ = "thread_comment"
    __table_args__: ClassVar = (one_of("state", ThreadState),)

    id: UUID = Field(primary_key=True)
    thread_id: UUID = Field(foreign_key="comment_thread.id", ondelete="RESTRICT", index=True)
    draft_id: UUID = Field(foreign_key="draft.id", ondelete="RESTRICT", index=True)
    text: str = Field(sa_type=Text)
    state: str | None = Field(default=None, max_length=20)
    mentioned: list[str] = Field(default_factory=list, sa_type=JSON)
    said_by: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    said_at: datetime = Field(sa_type=UtcDateTime)
