"""What is published and taken down on connected channels behind the scenes."""

from datetime import timedelta
from uuid import UUID

from app.connections import service, taking_down
from app.connections.online import service as online
from app.jobs.kinds import JobKind
from app.jobs.registry import JobContext, Lane, handles


@handles(JobKind.CONNECT, lane=Lane.CHANNELS, every=timedelta(minutes=1))
def look(context: JobContext) -> None:
    """Take down what is to come down first of all, then take up what was released."""
    taking_down.look(context.runtime, at=context.runtime.clock())
    service.take_up(context.runtime, at=context.runtime.clock())


@handles(JobKind.LOOK_ONLINE, lane=Lane.CHANNELS, every=timedelta(minutes=15))
def look_online(context: JobContext) -> None:
    """Look at some of what is out; each address once a day."""
    if context.runtime.settings.online_hosts:
        online.look(context.runtime, at=context.runtime.clock())


@handles(JobKind.PUSH, lane=Lane.CHANNELS)
def push(context: JobContext) -> None:
    """Make one try to publish something."""
    service.work(context.runtime, UUID(context.payload["push_id"]))
