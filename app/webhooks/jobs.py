"""What the webhooks feature does in the background."""

from uuid import UUID

from app.jobs.queries import message_of
from app.jobs.registry import JobContext, Lane, handles
from app.jobs.service import FAN_OUT
from app.webhooks import outgoing
from app.webhooks.service import DELIVER


@handles(FAN_OUT)
def _fan_out(job: JobContext) -> None:
    message = message_of(job.id, job.payload)
    with job.runtime.database.write() as session:
        outgoing.fan_out(session, message, timestamp=job.payload["timestamp"], at=job.runtime.clock())


@handles(DELIVER, lane=Lane.OUTSIDE)
def _deliver(job: JobContext) -> None:
    runtime, at = job.runtime, job.runtime.clock()
    delivery_id, attempt = UUID(job.payload["delivery_id"]), job.payload["attempt"]
    with runtime.database.read() as session:
        parcel = outgoing.prepare(session, delivery_id, attempt=attempt, master=runtime.secret, at=at)
    if parcel is None:
        return
    settings = runtime.settings
    answer = outgoing.send(
        parcel, allowed=settings.webhook_hosts, timeout_seconds=settings.webhook_timeout_seconds, at=at
    )
    with runtime.database.write() as session:
        outgoing.settle(session, parcel, answer, at=runtime.clock())
