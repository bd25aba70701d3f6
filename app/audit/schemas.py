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


class CheckpointOut(BaseModel):
    """A signed checkpoint of the log over all events, in the C2SP form, and what stands in it."""

    size: int
    root: str
    made_at: str
    note: str


class InclusionOut(BaseModel):
    """The proof that an event is in the log of a checkpoint: RFC 9162, hexadecimal, from below."""

    stream: str
    seq: int
    leaf: str
    position: int
    path: list[str]
    checkpoint: CheckpointOut


class ConsistencyOut(BaseModel):
    """The proof that the log of one size begins with that of a smaller one: RFC 9162, hexadecimal."""

    first: int
    size: int
    path: list[str]
    checkpoint: CheckpointOut


class WalkOut(BaseModel):
    """What walking a stream found; whole when there are no faults."""

    stream: str
    events: int
    head: str
    whole: bool
    faults: list[StreamFaultOut]
    redacted: int
