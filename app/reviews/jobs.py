"""What is done to cases behind the scenes."""

from datetime import timedelta
from uuid import UUID

from app.jobs.kinds import JobKind
from app.jobs.registry import JobContext, handles
from app.reviews import queries, service, voting
from app.reviews.deadlines import escalation, stranded
from app.reviews.handover import service as leaving


@handles(JobKind.RECONSIDER)
def reconsider(context: JobContext) -> None:
    """Let the blocked case of a draft go on if its findings are waived by now; else nothing happens."""
    runtime = context.runtime
    with runtime.database.write() as session:
        context.guard(session)
        row = queries.case_of_draft(session, UUID(context.payload["draft_id"]))
        if row is not None:
            service.reconsider(session, case_id=row.id, runtime=runtime, at=runtime.clock())


@handles(JobKind.CALL_LATE, every=timedelta(minutes=5))
def look_for_late_stages(context: JobContext) -> None:
    """Close votes whose time is up; call out stages that are due today, late, or stranded with nobody."""
    voting.close_due(context.runtime, at=context.runtime.clock())
    escalation.sweep(context.runtime, at=context.runtime.clock())
    stranded.sweep(context.runtime, at=context.runtime.clock())


@handles(JobKind.FREE_CLAIMS)
def free_claims(context: JobContext) -> None:
    """Free what somebody who was deactivated, or lost a role, had claimed and may not decide any more."""
    runtime = context.runtime
    with runtime.database.write() as session:
        context.guard(session)
        leaving.free_all(session, user_id=UUID(context.payload["user_id"]), at=runtime.clock())
