"""What is looked after once something has gone out."""

from datetime import timedelta
from uuid import UUID

from app.jobs.kinds import JobKind
from app.jobs.registry import JobContext, handles
from app.publication.schedule import service as scheduling
from app.publication.urgent import service as urgent

#: So often a process that is behind the negative list in force waits for it, rather than withhold a release.
_PATIENCE = 6


@handles(JobKind.CALL_DEBTS, every=timedelta(minutes=5))
def look_at_debts(context: JobContext) -> None:
    """Settle debts whose stages were passed meanwhile, and tell of those that ran out."""
    urgent.look(context.runtime, at=context.runtime.clock())


@handles(JobKind.GO_OUT)
def go_out(context: JobContext) -> None:
    """Let a line go out at its time, or withhold it; in one transaction with the job's end."""
    runtime = context.runtime
    with runtime.database.write() as session:
        scheduling.go_out(
            session,
            UUID(context.payload["scheduled"]),
            patient=context.attempt < _PATIENCE,
            runtime=runtime,
            at=runtime.clock(),
        )
        context.end(session)
