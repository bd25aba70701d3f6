"""What the events of releases, debts and publications carry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.events.payloads.base import ABSENT, Absent, Payload, content, outside, private


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSigned(Payload):
    """Permission to publish one proof on one channel, with its ticket."""

    draft: UUID
    case: UUID
    release: UUID
    channel: str
    digest: str = content("proof", packed=True)
    revision: str = content("revision", packed=True)
    policy: str
    workflow: str
    ticket: str = content("release_ticket", packed=True)
    expires_at: str
    renewed: bool
    scheduled_for: str | Absent = ABSENT
    number: str | Absent = outside()
    signed_ticket: Mapping[str, Any] | Absent = outside()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRefused(Payload):
    """A signature that was not taken, with every reason."""

    draft: UUID
    case: UUID
    channel: str
    digest: str
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfDebts(Payload):
    """Stages that are owed for one line that went out by the urgent lane.

    `remedy`: the draft that corrected or retracted it, where that answered for them.
    """

    draft: UUID
    case: UUID
    release: UUID
    channel: str
    due_at: Any
    debts: Sequence[Mapping[str, Any]]
    remedy: UUID | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseUrgent(OfDebts):
    """What went out by the urgent lane, and why."""

    comment: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance(Payload):
    """The answer to a publishing tool that asks whether it may publish exactly this.

    `payload` is the SHA-256 of the bytes that it showed, `addresses` what it said lies at their addresses.
    """

    release: UUID | None
    channel: str
    digest: str
    tool: UUID
    reasons: Sequence[str]
    payload: str | Absent = ABSENT
    addresses: Mapping[str, str] | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Published(Payload):
    """What a publishing tool reports that it did with a release."""

    draft: UUID
    publication: UUID
    release: UUID
    channel: str
    digest: str = content("proof", packed=True)
    external_id: str
    url: str
    tool: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed(Payload):
    """That the service began to publish a release itself on a connected channel, by whose hand if by one."""

    draft: UUID
    release: UUID
    push: UUID
    channel: str
    by_hand: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PushEnded(Payload):
    """What came of it: why it failed, or where somebody has seen it."""

    draft: UUID
    release: UUID
    push: UUID
    channel: str
    why: str | Absent = ABSENT
    url: str | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundOnline(Payload):
    """That what is online is not what was released any more, or is so again; `changes`: how many places."""

    draft: UUID
    publication: UUID
    channel: str
    url: str
    state: str
    changes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationRefused(Payload):
    """A report that was not taken, with every reason; of what was never released only its digest is known."""

    draft: UUID | Absent = ABSENT
    release: UUID | Absent = ABSENT
    channel: str | Absent = ABSENT
    digest: str | Absent = ABSENT
    tool: UUID
    reasons: Sequence[str]
