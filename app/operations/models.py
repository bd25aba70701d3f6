from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from app.infra.db import UtcDateTime


class Installation(SQLModel, table=True):
    """The one row that says which installation this database is, and which keys it was used with.

    `secret_check` is a keyed hash of nothing but fixed words, by which a changed secret is seen; the keys are
    the names of their public halves. All three are empty until the first start. A clock that was ahead leaves
    events in the future: up to `clock_settled_at` somebody has said that they were looked at.
    """

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("number = 1", name="one_row"),)

    number: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    id: UUID
    made_at: datetime = Field(sa_type=UtcDateTime)
    secret_check: str | None = Field(default=None, max_length=64)
    signing_key: str | None = Field(default=None, max_length=64)
    token_key: str | None = Field(default=None, max_length=64)
    clock_settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ProcessBeat(SQLModel, table=True):
    """A process that serves or works, and when it was last alive; its row goes when it ends well."""

    __tablename__ = "process_beat"

    id: UUID = Field(primary_key=True)
    serves: bool
    works: bool
    host: str = Field(max_length=255)
    pid: int
    version: str = Field(max_length=40)
    started_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
