"""What is done for the record behind the scenes."""

from datetime import timedelta

from app.audit import log
from app.jobs.kinds import JobKind
from app.jobs.registry import JobContext, handles


@handles(JobKind.CHECKPOINT, every=timedelta(minutes=10))
def checkpoint(context: JobContext) -> None:
    """Log what was recorded since the last checkpoint, and let a new one leave the database."""
    runtime = context.runtime
    log.advance(runtime.database, runtime.signer, runtime.settings.checkpoints, at=runtime.clock())
