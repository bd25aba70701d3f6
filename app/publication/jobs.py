"""What is looked after once something has gone out."""

from datetime import timedelta

from app.jobs.registry import JobContext, handles
from app.publication import urgent


@handles("publication.debts", every=timedelta(minutes=5))
def look_at_debts(context: JobContext) -> None:
    """Settle debts whose stages were passed meanwhile, and tell of those that ran out."""
    urgent.look(context.runtime, at=context.runtime.clock())
