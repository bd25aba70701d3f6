"""What the events of machines carry: endpoints, tools, robots, jobs; and those of the record itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.events.payloads.base import ABSENT, Absent, Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointCreated(Payload):
    """An address outside that is told of events; none named: of all."""

    endpoint: UUID
    unit: UUID
    url: str
    events: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDisabled(Payload):
    """An address that is told nothing any more, by a code."""

    endpoint: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointChanged(Payload):
    """What was changed of an address: where it is, its secret, whether it is on, or that it was tried."""

    endpoint: UUID
    url: str | Absent = ABSENT
    events: Sequence[str] | Absent = ABSENT
    with_secret: bool | Absent = ABSENT
    revoked: int | Absent = ABSENT
    active: bool | Absent = ABSENT
    paused: bool | Absent = ABSENT
    tested: str | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed(Payload):
    """A message sent again, or so many of a span of time."""

    message: UUID | Absent = ABSENT
    delivery: UUID | Absent = ABSENT
    since: str | Absent = ABSENT
    until: str | Absent = ABSENT
    only_failed: bool | Absent = ABSENT
    count: int | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(Payload):
    """How the last try of a message ended."""

    message: UUID
    attempt: int
    status: int | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotCreated(Payload):
    """A robot in a group chat; no kinds: it speaks of all."""

    robot: UUID
    unit: UUID
    name: str
    host: str
    kinds: Sequence[str]
    titles: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotDisabled(Payload):
    """A robot that speaks no more, by a code."""

    robot: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCreated(Payload):
    """A publishing tool, and the channels that it may publish on."""

    tool: UUID
    unit: UUID
    channels: Sequence[str]
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolChanged(Payload):
    """A publishing tool switched on or off."""

    tool: UUID
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretAdded(Payload):
    """Another secret of a tool; how many ended at once."""

    tool: UUID
    revoked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMade(Payload):
    """A key of a tool: what it opens, where, from where, until when, and for whom it hands in."""

    tool: UUID
    key: UUID
    scopes: Sequence[str]
    places: Sequence[Sequence[str | None]]
    networks: Sequence[str]
    acts_for: UUID | None
    expires_at: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEnded(Payload):
    """A key of a tool that is good no longer than this: revoked, or replaced by another."""

    tool: UUID
    key: UUID
    how: str
    good_until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRetried(Payload):
    """A job that was given up, tried again."""

    job: UUID
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordBegun(Payload):
    """Where the record begins to vouch for tables, and how many rows it found."""

    rows: int
    table: str | Absent = ABSENT
    more: bool | Absent = ABSENT
    tables: Sequence[str] | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSealed(Payload):
    """Rows that were written without an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordErased(Payload):
    """Openings of an event of the same stream, emptied by law."""

    seq: int
    fields: Sequence[str]
