from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Column, ForeignKey, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.infra.db import UtcDateTime, one_of


class Outcome(StrEnum):
    """Whether a verb was done, or refused and only the refusal is on record."""

    DONE = "done"
    REFUSED = "refused"


class AuditEvent(SQLModel, table=True):
    """One event of the record; insert-only, held by triggers. `body` is the record, the columns repeat it.

    `action` has no CHECK on purpose: a verb added later must never be refused by an older table.
    """

    __tablename__ = "audit_event"
    __table_args__: ClassVar = (UniqueConstraint("stream", "seq"), one_of("outcome", Outcome))

    id: UUID = Field(primary_key=True)
    stream: str = Field(max_length=100)
    seq: int
    ts: datetime = Field(sa_type=UtcDateTime, index=True)
    action: str = Field(max_length=60)
    outcome: str = Field(max_length=20)
    actor_id: UUID | None = Field(default=None, index=True)
    actor_role: str | None = Field(default=None, max_length=40)
    prev: str = Field(max_length=64)
    leaf: str = Field(max_length=64)
    body: str = Field(sa_type=Text)


class AuditPrivate(SQLModel, table=True):
    """The personal data of an event: openings of its commitments, which may be emptied by law.

    `openings` is JSON `{field: {salt, value}}`; an erased value is null.
    """

    __tablename__ = "audit_private"

    event_id: UUID = Field(
        sa_column=Column(
            ForeignKey("audit_event.id", deferrable=True, initially="DEFERRED"),
            primary_key=True,
            nullable=False,
        )
    )
    openings: str = Field(sa_type=Text)


class AuditHead(SQLModel, table=True):
    """Where a stream ends. Its row is the lock under which the stream grows; it only ever moves forward."""

    __tablename__ = "audit_head"

    stream: str = Field(primary_key=True, max_length=100)
    seq: int
    leaf: str = Field(max_length=64)
    ts: datetime = Field(sa_type=UtcDateTime)


class AuditLog(SQLModel, table=True):
    """The log over all events, an RFC 9162 Merkle tree whose leaves are the events'; insert-only.

    `position` counts from 0. A job appends what was recorded since it last looked.
    """

    __tablename__ = "audit_log"
    __table_args__: ClassVar = (UniqueConstraint("stream", "seq"),)

    position: int = Field(sa_column=Column(BigInteger(), primary_key=True, autoincrement=False))
    stream: str = Field(max_length=100)
    seq: int
    leaf: str = Field(max_length=64)


class AuditTile(SQLModel, table=True):
    """The root of 256 entries of the log that are all there; `number` counts from 0."""

    __tablename__ = "audit_tile"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    root: str = Field(max_length=64)


class AuditLogged(SQLModel, table=True):
    """How far a stream is in the log: bookkeeping, which a verifier compares with the log."""

    __tablename__ = "audit_logged"

    stream: str = Field(primary_key=True, max_length=100)
    seq: int


class AuditCheckpoint(SQLModel, table=True):
    """A signed checkpoint of the log, made when it had `size` entries; insert-only, held by triggers."""

    __tablename__ = "audit_checkpoint"

    size: int = Field(sa_column=Column(BigInteger(), primary_key=True, autoincrement=False))
    note: str = Field(sa_type=Text)
    made_at: datetime = Field(sa_type=UtcDateTime)
