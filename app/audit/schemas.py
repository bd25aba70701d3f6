from typing import Any
from uuid import UUID

from pydantic import BaseModel


class EventOut(BaseModel):
    """One event: its place, its body, its leaf, and what it keeps apart; erased values are null."""

    id: UUID
    stream: str
    seq: int
    action: str
    leaf: str
    body: dict[str, Any]
    private: dict[str, str | None]


class EventsOut(BaseModel):
    """A page of a stream; `next_after` is null on the last one."""

    events: list[EventOut]
    next_after: int | None


class StreamFaultOut(BaseModel):
    """One thing that is wrong with a stream, and at which event."""

    code: str
    seq: int
    data: dict[str, Any]


class WalkOut(BaseModel):
    """What walking a stream found; whole when there are no faults."""

    stream: str
    events: int
    head: str
    whole: bool
    faults: list[StreamFaultOut]
    redacted: int
