from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, Text, text
from sqlmodel import Field, SQLModel

from app.domain.vocabulary import ReleaseState
from app.infra.db import UtcDateTime, one_of

_SIGNED = text("state = 'signed'")


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
