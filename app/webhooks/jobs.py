"""What the webhooks feature does in the background."""

import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from app.jobs.kinds import JobKind
from app.jobs.queries import message_of
from app.jobs.registry import (
    JobContext,
    Lane,
    end_held,
    end_together,
    handles,
    handles_together,
    leave_together,
)
from app.webhooks import delivery, retention
from app.webhooks.addresses.targets import AllowList

#: So many messages are fanned out in one transaction.
AT_ONCE = 50
#: So many messages to one receiver are tried before it is written down what came of them: after a crash
#: they may all come once more. After so many seconds no further one is begun: what goes first waits for it.
TRIES_AT_ONCE, TRYING_SECONDS = 16, 1.0


@handles_together(JobKind.FAN_OUT, at_once=AT_ONCE)
def _fan_out(promised: Sequence[JobContext]) -> None:
    runtime = promised[0].runtime
    messages = {job.id: (message_of(job.id, job.payload), job.payload["timestamp"]) for job in promised}
    with runtime.database.write() as session:
        end_together(session, promised)
        delivery.fan_out(session, messages, at=runtime.clock())


@handles_together(JobKind.DELIVER, at_once=TRIES_AT_ONCE, lane=Lane.WEBHOOKS)
def _deliver(jobs: Sequence[JobContext]) -> None:
    """Make one try each for messages to one receiver, in their order; write down together what came of them.

    What waits for it and must not wait, a retraction, goes before them. After the first that is not taken,
    and after `TRYING_SECONDS`, the rest goes back into the queue.
    """
    runtime, settings = jobs[0].runtime, jobs[0].runtime.settings
    at, job_of = runtime.clock(), {UUID(job.payload["delivery_id"]): job for job in jobs}
    asked = {delivery_id: job.payload["attempt"] for delivery_id, job in job_of.items()}
    with runtime.database.read() as session:
        before = delivery.first_of_all(session, next(iter(asked)), at=at)
        parcels = delivery.prepare(session, before | asked, master=runtime.secret, at=at)
    tries: dict[delivery.Parcel, delivery.Answer] = {}
    began = time.monotonic()
    for parcel in parcels:
        tries[parcel] = delivery.send(
            parcel,
            allowed=AllowList.of(settings),
            timeout_seconds=settings.webhook_timeout_seconds,
            at=runtime.clock(),
        )
        if not tries[parcel].is_good or time.monotonic() - began >= TRYING_SECONDS:
            break
    untried = {parcel.delivery_id for parcel in parcels[len(tries) :]}
    with runtime.database.write() as session:
        # First, so that an endpoint that now rests puts these off with all that waits for it.
        leave_together(session, [job for delivery_id, job in job_of.items() if delivery_id in untried])
        if tries:
            delivery.settle(session, tries, at=runtime.clock())
        end_held(session, [job for delivery_id, job in job_of.items() if delivery_id not in untried])


@handles(JobKind.FORGET, every=timedelta(hours=6))
def _forget(job: JobContext) -> None:
    retention.forget(job.runtime, at=job.runtime.clock())
