from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from app.jobs.models import JobState


class JobOut(BaseModel):
    """A piece of work, without its payload, which may name people's texts."""

    id: UUID
    kind: str
    state: JobState
    attempt: int
    created_at: datetime
    run_at: datetime
    finished_at: datetime | None
    worker: str | None
    error: str | None


class JobsOut(BaseModel):
    """A page of jobs, newest first, and how the queue stands; `next_before` is null on the last page."""

    jobs: list[JobOut]
    next_before: UUID | None
    by_state: dict[str, int]
    oldest_due_seconds: float
