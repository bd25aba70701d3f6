"""What the webhooks feature does in the background."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from app.infra.runtime import Runtime
from app.jobs.kinds import JobKind
from app.jobs.queries import message_of
from app.jobs.registry import JobContext, Lane, end_together, handles, handles_together
from app.webhooks import delivery, retention
from app.webhooks.addresses.targets import AllowList

#: So many messages are fanned out in one transaction.
AT_ONCE = 50


@handles_together(JobKind.FAN_OUT, at_once=AT_ONCE)
def _fan_out(promised: Sequence[JobContext]) -> None:
    runtime = promised[0].runtime
    messages = {job.id: (message_of(job.id, job.payload), job.payload["timestamp"]) for job in promised}
    with runtime.database.write() as session:
        end_together(session, promised)
        delivery.fan_out(session, messages, at=runtime.clock())


@handles(JobKind.DELIVER, lane=Lane.WEBHOOKS)
def _deliver(job: JobContext) -> None:
    """Make one try; what waits for the same receiver and must not wait, a retraction, is tried before it."""
    runtime, at = job.runtime, job.runtime.clock()
    delivery_id, attempt = UUID(job.payload["delivery_id"]), job.payload["attempt"]
    with runtime.database.read() as session:
        before = delivery.first_of_all(session, delivery_id, at=at)
    for one, tried in (*before, (delivery_id, attempt)):
        _try(runtime, one, tried)


@handles(JobKind.FORGET, every=timedelta(hours=6))
def _forget(job: JobContext) -> None:
    retention.forget(job.runtime, at=job.runtime.clock())


def _try(runtime: Runtime, delivery_id: UUID, attempt: int) -> None:
    at, settings = runtime.clock(), runtime.settings
    with runtime.database.read() as session:
        parcel = delivery.prepare(session, delivery_id, attempt=attempt, master=runtime.secret, at=at)
    if parcel is None:
        return
    answer = delivery.send(
        parcel, allowed=AllowList.of(settings), timeout_seconds=settings.webhook_timeout_seconds, at=at
    )
    with runtime.database.write() as session:
        delivery.settle(session, parcel, answer, at=runtime.clock())
