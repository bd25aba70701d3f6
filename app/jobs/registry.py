"""Which function does which kind of job."""

from collections.abc import Callable
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
    "app.screening.jobs",
    "app.reviews.jobs",
    "app.proofs.jobs",
    "app.publication.jobs",
    "app.webhooks.jobs",
    "app.notifications.jobs",
)


class Lane(StrEnum):
    """Which workers do a job: what waits for others must not hold up what is ours."""

    INSIDE = "inside"
    OUTSIDE = "outside"


class LeaseLost(Exception):
    """Another worker has taken the job over; whatever is still undone is its work now."""


class GiveUp(Exception):
    """Trying again is in vain: the job is given up at once, and people see why."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a handler gets. It opens its own transactions, and may be run twice for one job."""

    runtime: Runtime
    id: UUID
    kind: str
    payload: dict[str, Any]
    attempt: int
    fence: int = 0

    def guard(self, session: Session) -> None:
        """Let the transaction go on only while this claim holds the job. Raises `LeaseLost`."""
        if not service.holds(session, self.id, self.fence):
            raise LeaseLost(self.kind)


Handle = Callable[[JobContext], None]


@dataclass(frozen=True, slots=True)
class Handler:
    """A handler, its lane, how often it is tried before its job is given up, and its schedule if any."""

    kind: str
    run: Handle
    lane: Lane
    tries: int
    every: timedelta | None = None


_handlers: dict[str, Handler] = {}


def handles(
    kind: str, *, lane: Lane = Lane.INSIDE, tries: int = 12, every: timedelta | None = None
) -> Callable[[Handle], Handle]:
    """Register the decorated function for jobs of `kind`; with `every`, runners plan one again and again.

    Raises `ValueError` for a kind that has a handler.
    """

    def register(run: Handle) -> Handle:
        known = _handlers.get(kind)
        if known is not None and known.run.__module__ != run.__module__:
            raise ValueError(f"jobs of kind {kind} are handled by {known.run.__module__}")
        _handlers[kind] = Handler(kind, run, lane, tries, every)
        return run

    return register


def handlers() -> dict[str, Handler]:
    """Return every handler by its kind, importing the features that have some."""
    for name in HANDLER_MODULES:
        try:
            import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    return _handlers
