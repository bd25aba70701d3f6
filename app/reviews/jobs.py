"""What is done to cases behind the scenes."""

from uuid import UUID

from app.jobs.registry import JobContext, handles
from app.reviews import queries, service


@handles("reviews.reconsider")
def reconsider(context: JobContext) -> None:
    """Let the blocked case of a draft go on if its findings are waived by now; else nothing happens."""
    runtime = context.runtime
    with runtime.database.write() as session:
        context.guard(session)
        row = queries.case_of_draft(session, UUID(context.payload["draft_id"]))
        if row is not None:
            service.reconsider(session, case_id=row.id, runtime=runtime, at=runtime.clock())
