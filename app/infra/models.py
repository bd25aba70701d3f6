from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Text
from sqlmodel import Field, SQLModel

from app.domain.vocabulary import PolicySource
from app.infra.db import UtcDateTime, one_of


class IdempotencyKey(SQLModel, table=True):
    """The answer that a caller's Idempotency-Key already got; written in the transaction that it names."""

    __tablename__ = "idempotency_key"

    caller_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True, max_length=200)
    request_digest: str = Field(max_length=64)
    status: int
    body: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class PolicyFile(SQLModel, table=True):
    """The text of one file of a negative list, by its SHA-256; insert-only, held by triggers."""

    __tablename__ = "policy_file"

    sha256: str = Field(primary_key=True, max_length=64)
    content: str = Field(sa_type=Text)


class PolicyVersion(SQLModel, table=True):
    """One version of the negative list, named by its policy digest; insert-only, held by triggers.

    `files` is the JSON object of its files, path to SHA-256. `engine` is the engine schema that the digest
    was made under: another engine gives other findings, and another digest. `base` is the version that it was
    made from.
    """

    __tablename__ = "policy_version"
    __table_args__ = (one_of("source", PolicySource),)

    digest: str = Field(primary_key=True, max_length=64)
    title: str = Field(max_length=200)
    engine: int
    rules: int
    files: str = Field(sa_type=Text)
    source: str = Field(max_length=20)
    base: str | None = Field(default=None, foreign_key="policy_version.digest", max_length=64)
    note: str = Field(default="", max_length=500)
    proposed_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    created_at: datetime = Field(sa_type=UtcDateTime, index=True)


class PolicyInUse(SQLModel, table=True):
    """The one row that says which version is in force; all processes look at it. `seq` counts activations."""

    __tablename__ = "policy_in_use"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    digest: str = Field(foreign_key="policy_version.digest", max_length=64, ondelete="RESTRICT")
    seq: int
    since_at: datetime = Field(sa_type=UtcDateTime)
