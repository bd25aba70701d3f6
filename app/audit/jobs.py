"""What is done for the record behind the scenes."""

from datetime import timedelta
from urllib.parse import urlsplit

import structlog

from app.audit import departures, log
from app.jobs.kinds import JobKind
from app.jobs.registry import JobContext, handles

logs = structlog.get_logger()


@handles(JobKind.CHECKPOINT, every=timedelta(minutes=10))
def checkpoint(context: JobContext) -> None:
    """Log what was recorded since the last checkpoint, and let a new one leave the database."""
    runtime, at = context.runtime, context.runtime.clock()
    made = log.advance(runtime.database, runtime.signer, runtime.settings.checkpoints, at=at)
    if made is None or not (where := runtime.settings.checkpoint_syslog):
        return
    host = urlsplit(runtime.settings.public_url).hostname or "-"
    try:
        departures.to_syslog(made, where, host=host, at=at)
    except OSError as error:
        # It is in the file and in the database; the next one holds all that this one holds.
        logs.warning("record.checkpoint_not_sent", why=type(error).__name__, size=made.size)
