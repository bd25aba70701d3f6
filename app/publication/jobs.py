"""What is looked after once something has gone out."""

from datetime import timedelta
from uuid import UUID

from app.jobs.kinds import JobKind
from app.jobs.registry import JobContext, handles
from app.publication.end_times import service as end_times
from app.publication.orders import service as orders
from app.publication.remedies import service as remedies
from app.publication.schedule import service as scheduling
from app.publication.urgent import service as urgent

#: So often a process that is behind the negative list in force waits for it, rather than withhold a release.
_PATIENCE = 6


@handles(JobKind.CALL_DEBTS, every=timedelta(minutes=5))
def look_at_debts(context: JobContext) -> None:
    """Settle debts whose stages were passed meanwhile, and tell of those that ran out."""
    urgent.look(context.runtime, at=context.runtime.clock())


@handles(JobKind.ANSWER_DEBTS)
def answer_debts(context: JobContext) -> None:
    """Open what follows when a review that was owed says no; in one transaction with the job's end."""
    runtime = context.runtime
    with runtime.database.write() as session:
        remedies.answer_debts(session, UUID(context.payload["case_id"]), runtime=runtime, at=runtime.clock())
        context.end(session)


@handles(JobKind.CALL_ORDERS, every=timedelta(minutes=1))
def look_at_orders(context: JobContext) -> None:
    """Tell channels of what has had its time, and people of what channels have not confirmed in theirs."""
    end_times.look(context.runtime, at=context.runtime.clock())
    orders.look(context.runtime, at=context.runtime.clock())


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
