"""Which function does which kind of job."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from importlib import import_module
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.infra.runtime import Runtime
from app.jobs import service

#: Modules whose import registers handlers, from below to above.
HANDLER_MODULES = (
    "app.audit.jobs",
    "app.screening.jobs",
    "app.reviews.jobs",
    "app.proofs.jobs",
    "app.publication.jobs",
    "app.webhooks.jobs",
    "app.connections.jobs",
    "app.notifications.jobs",
)


class Lane(StrEnum):
    """Which workers do a job: what waits for others must not hold up what is ours, nor one the other."""

    INSIDE = "inside"
    WEBHOOKS = "webhooks"
    MAIL = "mail"
    ROBOTS = "robots"
    CHANNELS = "channels"


class LeaseLost(Exception):
    """Another worker has taken the job over; whatever is still undone is its work now."""


class GiveUp(Exception):
    """Trying again is in vain: the job is given up at once, and people see why."""


@dataclass(slots=True)
class JobContext:
    """What a handler gets. It opens its own transactions, and may be run twice for one job.

    `ended` tells whether the handler has ended the job itself; else the runner does when it returns.
    """

    runtime: Runtime
    id: UUID
    kind: str
    payload: dict[str, Any]
    attempt: int
    fence: int = 0
    ended: bool = False

    def guard(self, session: Session) -> None:
        """Let the transaction go on only while this claim holds the job. Raises `LeaseLost`."""
        if not service.holds(session, self.id, self.fence):
            raise LeaseLost(self.kind)

    def end(self, session: Session) -> None:
        """End the job in the transaction of its effect, the handler's last one.

        Both are stored or neither, and the job's end costs no transaction of its own. Raises `LeaseLost` as
        `guard` does.
        """
        end_together(session, [self])


def end_together(session: Session, jobs: Sequence[JobContext]) -> None:
    """End several jobs in the transaction of their effects: see `JobContext.end`."""
    at = jobs[0].runtime.clock()
    if not service.finish_all(session, {job.id: job.fence for job in jobs}, at=at):
        raise LeaseLost(jobs[0].kind)
    for job in jobs:
        job.ended = True


def end_held(session: Session, jobs: Sequence[JobContext]) -> None:
    """End those of several jobs that are still held; one that was lost is ended by whoever took it over.

    For effects that are good whoever holds the job.
    """
    if jobs:
        service.finish_all(session, {job.id: job.fence for job in jobs}, at=jobs[0].runtime.clock())
    for job in jobs:
        job.ended = True


def leave_together(session: Session, jobs: Sequence[JobContext]) -> None:
    """Put jobs that were not begun back into the queue, as if they had not been taken; due at once."""
    if jobs:
        service.leave(session, {job.id: job.fence for job in jobs})
    for job in jobs:
        job.ended = True


Handle = Callable[[JobContext], None]
HandleTogether = Callable[[Sequence[JobContext]], None]


@dataclass(frozen=True, slots=True)
class Handler:
    """A handler, its lane, how often it is tried before its job is given up, and its schedule if any.

    It takes up to `at_once` jobs together.
    """

    kind: str
    run: HandleTogether
    module: str
    lane: Lane
    tries: int
    every: timedelta | None = None
    at_once: int = 1


_handlers: dict[str, Handler] = {}


def handles(
    kind: str, *, lane: Lane = Lane.INSIDE, tries: int = 12, every: timedelta | None = None
) -> Callable[[Handle], Handle]:
    """Register the decorated function for jobs of `kind`; with `every`, runners plan one again and again.

    Raises `ValueError` for a kind that has a handler.
    """

    def register(run: Handle) -> Handle:
        def run_each(jobs: Sequence[JobContext]) -> None:
            for job in jobs:
                run(job)

        _register(Handler(kind, run_each, run.__module__, lane, tries, every))
        return run

    return register


def handles_together(
    kind: str, *, at_once: int, lane: Lane = Lane.INSIDE, tries: int = 12
) -> Callable[[HandleTogether], HandleTogether]:
    """Register the decorated function for up to `at_once` jobs of `kind` at a time.

    It ends them all in one transaction (`end_together`). When it fails each job is run alone, so that none
    suffers for another. Raises `ValueError` for a kind that has a handler.
    """

    def register(run: HandleTogether) -> HandleTogether:
        _register(Handler(kind, run, run.__module__, lane, tries, at_once=at_once))
        return run

    return register


def _register(handler: Handler) -> None:
    known = _handlers.get(handler.kind)
    if known is not None and known.module != handler.module:
        raise ValueError(f"jobs of kind {handler.kind} are handled by {known.module}")
    _handlers[handler.kind] = handler


def handlers() -> dict[str, Handler]:
    """Return every handler by its kind, importing the features that have some."""
    for name in HANDLER_MODULES:
        try:
            import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    return _handlers
