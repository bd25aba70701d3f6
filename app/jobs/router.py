from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, Query, Request

from app.audit.service import AuditActor
from app.domain.vocabulary import Event, Role
from app.events.emit import emit
from app.events.payloads.machines import JobRetried
from app.infra.db import ReadSession, WriteSession
from app.infra.errors import NotFound
from app.infra.http import cursors
from app.infra.http.permissions import holder_of, of_own_body
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.jobs import queries, service
from app.jobs.models import Job, JobState
from app.jobs.schemas import JobOut, JobsOut

router = ApiRouter(prefix="/api/v1/jobs", tags=["jobs"])

Administrator = Annotated[AuditActor, Depends(holder_of(Role.SYSTEM_ADMIN))]


@router.get("")
def list_jobs(
    request: Request,
    administrator: Administrator,
    session: ReadSession,
    state: JobState | None = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> JobsOut:
    """Show the queue to the system administrator: newest first, and how long work has been waiting.

    Work of another body is left out, so that a page may be short; the figures are those of the whole queue.
    """
    rows, last = cursors.page(queries.jobs(session, state=state, before=before, limit=limit + 1), limit)
    figures = queries.figures(session, at=runtime_of(request).clock())
    own = of_own_body(request, session, administrator.id, [job.payload for job in rows])
    shown = [job for job, is_own in zip(rows, own, strict=True) if is_own]
    return JobsOut(
        jobs=[JobOut.model_validate(job, from_attributes=True) for job in shown],
        next_before=last.id if last else None,
        by_state=figures.by_state,
        oldest_due_seconds=figures.oldest_due_seconds,
    )


@router.post("/{job_id}/retries", status_code=202)
def retry_job(request: Request, administrator: Administrator, session: WriteSession, job_id: UUID) -> JobOut:
    """Have a job tried again that was given up."""
    at = runtime_of(request).clock()
    wanted = session.get(Job, job_id)
    if wanted is not None and not all(of_own_body(request, session, administrator.id, [wanted.payload])):
        raise NotFound("not_found")
    job = service.retry(session, job_id, at=at)
    payload = JobRetried(job=job_id, kind=job.kind)
    emit(session, Event.JOB_RETRIED, payload, about="dead", actor=administrator, at=at)
    return JobOut.model_validate(job, from_attributes=True)


def install(app: FastAPI) -> None:
    """Add this feature's routes."""
    app.include_router(router)
