from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlmodel import Field, SQLModel

from app.infra.db import UtcDateTime, one_of


class JobState(StrEnum):
    """Where a piece of work stands. Dead: tried in vain; people see it and may have it tried again."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


#: The jobs whose keys are unique, spelled once: SQLite matches a partial index by its text.
NOT_BEGUN = "state = 'queued' AND attempt = 0"
OF_A_PARTY = "party IS NOT NULL AND state = 'queued'"


class Job(SQLModel, table=True):
    """A piece of work that was promised in a transaction and is done after it, at least once.

    `fence` grows with every claim: who holds an older number has lost the job. `key` is unique among jobs
    that were not begun yet, so that the same wish twice is one job; a wish that comes while its job runs is a
    new one. `party` is whom outside the work waits for: a process waits for each only once at a time.
    """

    __tablename__ = "job"
    __table_args__: ClassVar = (
        one_of("state", JobState),
        Index("ix_job_due", "state", "run_at"),
        Index(
            "ix_job_party_queued",
            "party",
            sqlite_where=text(OF_A_PARTY),
            postgresql_where=text(OF_A_PARTY),
        ),
        Index(
            "uq_job_key_not_begun",
            "kind",
            "key",
            unique=True,
            sqlite_where=text(NOT_BEGUN),
            postgresql_where=text(NOT_BEGUN),
        ),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(max_length=60)
    key: str | None = Field(default=None, max_length=200)
    party: str | None = Field(default=None, max_length=80)
    payload: str = Field(sa_type=Text)
    state: str = Field(default=JobState.QUEUED, max_length=20)
    created_at: datetime = Field(sa_type=UtcDateTime)
    run_at: datetime = Field(sa_type=UtcDateTime)
    attempt: int = 0
    fence: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    worker: str | None = Field(default=None, max_length=80)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str | None = Field(default=None, sa_type=Text)
