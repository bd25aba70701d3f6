from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, Uuid
from sqlmodel import Field, SQLModel

from app.domain.vocabulary import DraftState
from app.infra.db import UtcDateTime, one_of


class AssetRole(StrEnum):
    """What a draft holds a file for."""

    IMAGE = "image"
    ATTACHMENT = "attachment"
    ORIGINAL = "original"


class ReadingFor(StrEnum):
    """What somebody was let in for to see a draft."""

    COPIED = "copied"
    ASKED = "asked"
    ADDED = "added"
    NAMED = "named"
    LEFT = "left"


class Draft(SQLModel, table=True):
    """One piece of content through its whole life. `version` is its ETag and grows with every change."""

    __tablename__ = "draft"
    __table_args__ = (one_of("state", DraftState), Index("ix_draft_unit_id_id", "unit_id", "id"))

    id: UUID = Field(primary_key=True)
    number: str = Field(max_length=20, unique=True)
    unit_id: UUID = Field(foreign_key="unit.id", ondelete="RESTRICT")
    unit_path: str = Field(max_length=1000)
    submitter_id: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT", index=True)
    state: str = Field(max_length=30)
    title: str = Field(max_length=200)
    version: int = 1
    # A draft and its first revision name each other, so this one is checked at the commit.
    head_id: UUID = Field(
        sa_column=Column(
            Uuid(),
            ForeignKey(
                "revision.id", name="fk_draft_head_id", deferrable=True, initially="DEFERRED", use_alter=True
            ),
            nullable=False,
        )
    )
    # The line that is scheduled to go out first, and when: until then nobody edits the draft.
    scheduled_line: str | None = Field(default=None, max_length=40)
    scheduled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class DraftReader(SQLModel, table=True):
    """Somebody who was let in to see one draft beside those whose roles reach it, by whom and what for.

    `why` is `copied` (抄送), `asked` (征求意见), `added` (加签), `named` (转办) or `left` (接手); rows stay.
    """

    __tablename__ = "draft_reader"
    __table_args__ = (one_of("why", ReadingFor), Index("ix_draft_reader_user_id_at", "user_id", "at"))

    draft_id: UUID = Field(primary_key=True, foreign_key="draft.id", ondelete="RESTRICT")
    user_id: UUID = Field(primary_key=True, foreign_key="user_account.id", ondelete="RESTRICT")
    why: str = Field(primary_key=True, max_length=10)
    by: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    at: datetime = Field(sa_type=UtcDateTime)


class Revision(SQLModel, table=True):
    """Immutable content of a draft, named by its digest; insert-only, held by triggers.

    `document` is the canonical JSON that the digest is made over; `left_out` is a JSON list of what its
    source held and the document does not.
    """

    __tablename__ = "revision"
    __table_args__ = (
        UniqueConstraint("draft_id", "number"),
        Index("ix_revision_author_id_draft_id", "author_id", "draft_id"),
    )

    id: UUID = Field(primary_key=True)
    draft_id: UUID = Field(foreign_key="draft.id", ondelete="RESTRICT")
    number: int
    digest: str = Field(max_length=64, index=True)
    text_digest: str = Field(max_length=64)
    document: str = Field(sa_type=Text)
    left_out: str = Field(default="[]", sa_type=Text)
    author_id: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    created_at: datetime = Field(sa_type=UtcDateTime)


class DraftTarget(SQLModel, table=True):
    """Where a draft is bound: one section of a channel, and each channel once."""

    __tablename__ = "draft_target"

    draft_id: UUID = Field(primary_key=True, foreign_key="draft.id", ondelete="RESTRICT")
    channel_id: UUID = Field(primary_key=True, foreign_key="channel.id", ondelete="RESTRICT", index=True)
    section_id: UUID = Field(foreign_key="section.id", ondelete="RESTRICT", index=True)


class Asset(SQLModel, table=True):
    """A file by the SHA-256 of its bytes; the same bytes are stored once."""

    __tablename__ = "asset"

    sha256: str = Field(primary_key=True, max_length=64)
    media_type: str = Field(max_length=100)
    size: int
    content: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=UtcDateTime)


class AssetReading(SQLModel, table=True):
    """What was read of a file, by the version of the readers; it can be read again from the bytes.

    `reading` is a `Reading` as JSON.
    """

    __tablename__ = "asset_reading"

    sha256: str = Field(primary_key=True, foreign_key="asset.sha256", max_length=64, ondelete="CASCADE")
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    reading: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=UtcDateTime)


class DraftAsset(SQLModel, table=True):
    """That a draft holds a file, under which name and what for."""

    __tablename__ = "draft_asset"
    __table_args__ = (one_of("role", AssetRole),)

    draft_id: UUID = Field(primary_key=True, foreign_key="draft.id", ondelete="RESTRICT")
    sha256: str = Field(
        primary_key=True, foreign_key="asset.sha256", max_length=64, ondelete="RESTRICT", index=True
    )
    filename: str = Field(max_length=200)
    role: str = Field(max_length=20)


class DraftCounter(SQLModel, table=True):
    """The last number given to a draft in a year; the row is the lock under which numbers have no gaps."""

    __tablename__ = "draft_counter"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int
