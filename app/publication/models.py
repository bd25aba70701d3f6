from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import JSON, Column, ForeignKey, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.domain.vocabulary import ReleaseState, ScheduledState
from app.infra.db import UtcDateTime, one_of

_SIGNED = text("state = 'signed'")
_OWED = text("settled_at IS NULL")
_WAITING = text("state = 'waiting'")


class Release(SQLModel, table=True):
    """Permission to publish one digest on one channel; `ticket` is the signed statement as JSON.

    A line has at most one that is signed and unused. `revision` and `policy` are digests: the text that the
    proof was laid out from, and the negative list that was run on it.
    """

    __tablename__ = "release"
    __table_args__: ClassVar = (
        one_of("state", ReleaseState),
        Index(
            "uq_release_signed",
            "draft_id",
            "channel",
            unique=True,
            sqlite_where=_SIGNED,
            postgresql_where=_SIGNED,
        ),
        Index("ix_release_channel_digest", "channel", "digest"),
    )

    id: UUID = Field(primary_key=True)
    draft_id: UUID = Field(foreign_key="draft.id", index=True)
    case_id: UUID
    channel: str = Field(max_length=40)
    digest: str = Field(max_length=64)
    revision: str = Field(max_length=64)
    policy: str = Field(max_length=64)
    state: str = Field(default=ReleaseState.SIGNED, max_length=20)
    ticket: str = Field(sa_type=Text)
    nonce: str = Field(max_length=64, unique=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    signed_by: UUID = Field(foreign_key="user_account.id")
    signed_at: datetime = Field(sa_type=UtcDateTime)


class ReleaseTicket(SQLModel, table=True):
    """Every ticket ever signed for a release, named by the SHA-256 of its text; the newest alone is good."""

    __tablename__ = "release_ticket"

    name: str = Field(primary_key=True, max_length=64)
    release_id: UUID = Field(
        sa_column=Column(
            ForeignKey("release.id", deferrable=True, initially="DEFERRED"), nullable=False, index=True
        )
    )
    text: str = Field(sa_type=Text)
    issued_at: datetime = Field(sa_type=UtcDateTime)


class ScheduledRelease(SQLModel, table=True):
    """A line that was signed for a later instant (定时): no ticket is out; at the instant all is asked anew.

    A line of a case has at most one that waits. `reasons` is why it was withheld.
    """

    __tablename__ = "scheduled_release"
    __table_args__: ClassVar = (
        one_of("state", ScheduledState),
        Index(
            "uq_scheduled_release_waiting",
            "case_id",
            "channel",
            unique=True,
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index("ix_scheduled_release_due", "release_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    id: UUID = Field(primary_key=True)
    draft_id: UUID = Field(foreign_key="draft.id", index=True)
    case_id: UUID = Field(foreign_key="review_case.id")
    channel: str = Field(max_length=40)
    digest: str = Field(max_length=64)
    release_at: datetime = Field(sa_type=UtcDateTime)
    state: str = Field(default=ScheduledState.WAITING, max_length=20)
    reasons: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    signed_by: UUID = Field(foreign_key="user_account.id")
    signed_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Publication(SQLModel, table=True):
    """What a publishing tool did with a release; insert-only, held by triggers. The time is the server's.

    `release_id` is unique: a ticket is used once.
    """

    __tablename__ = "publication"

    id: UUID = Field(primary_key=True)
    release_id: UUID = Field(foreign_key="release.id", unique=True)
    draft_id: UUID = Field(foreign_key="draft.id", index=True)
    channel: str = Field(max_length=40)
    digest: str = Field(max_length=64)
    external_id: str = Field(max_length=200)
    url: str = Field(max_length=2000)
    tool_id: UUID
    published_at: datetime = Field(sa_type=UtcDateTime)


class ReviewDebt(SQLModel, table=True):
    """A stage that is owed (补审) since a line went out by the urgent lane; settled once it was passed.

    `channel` is the line that went out, `line` the stage's own place: "" for one of the whole draft.
    """

    __tablename__ = "review_debt"
    __table_args__: ClassVar = (
        UniqueConstraint("case_id", "channel", "stage", "line"),
        Index("ix_review_debt_open", "unit_id", "due_at", sqlite_where=_OWED, postgresql_where=_OWED),
    )

    id: UUID = Field(primary_key=True)
    release_id: UUID = Field(
        sa_column=Column(ForeignKey("release.id", deferrable=True, initially="DEFERRED"), nullable=False)
    )
    unit_id: UUID = Field(foreign_key="unit.id")
    draft_id: UUID = Field(foreign_key="draft.id", index=True)
    case_id: UUID = Field(foreign_key="review_case.id")
    channel: str = Field(max_length=40)
    stage: str = Field(max_length=40)
    line: str = Field(max_length=40)
    title: str = Field(max_length=60)
    levels: list[str] = Field(default_factory=list, sa_type=JSON)
    due_at: datetime = Field(sa_type=UtcDateTime)
    owed_since: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    overdue_told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
