"""What the events carry of what is out: corrected, retracted, its time over, and what channels answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.domain.vocabulary import OrderKind, RemedyKind, RemedyOrigin, RemedyReason
from app.events.payloads.base import ABSENT, Absent, Payload, content, outside, private


@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyOpened(Payload):
    """That somebody had a published draft corrected or retracted; what is out, and the draft that does it."""

    draft: UUID
    remedy: UUID
    number: str
    kind: RemedyKind
    reason: RemedyReason
    origin: RemedyOrigin
    channels: Sequence[str]
    revision: str = content("revision", packed=True)
    explanation: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyBegun(Payload):
    """What a draft was opened for: which other one it corrects or retracts, and why."""

    draft: UUID
    of_draft: UUID
    of_number: str
    kind: RemedyKind
    reason: RemedyReason
    origin: RemedyOrigin
    channels: Sequence[str]
    published: str
    explanation: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyDropped(Payload):
    """That a correction or retraction was given up before it was signed."""

    draft: UUID
    of_draft: UUID
    kind: RemedyKind
    comment: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToChannel(Payload):
    """An order to a channel about something that it has published."""

    draft: UUID
    publication: UUID
    order: UUID
    channel: str
    digest: str = content("proof", packed=True)
    external_id: str
    url: str
    due_at: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationRetracted(ToChannel):
    """That it is to be taken down for good; the note is what the public may read instead."""

    reason: RemedyReason
    remedy: UUID
    remedy_number: str
    release: UUID
    note: str | Absent = outside()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationCorrected(PublicationRetracted):
    """That the release of a correction is to take its place."""

    successor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationUnpublished(ToChannel):
    """That its time is over, and it is to be taken down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderConfirmed(Payload):
    """That a channel has done what it was told: taken down, or published what takes its place."""

    draft: UUID
    publication: UUID
    order: UUID
    kind: OrderKind
    channel: str
    digest: str = content("proof", packed=True)
    by_tool: bool
    successor: UUID | Absent = ABSENT
    successor_digest: str | Absent = ABSENT
    url: str | Absent = ABSENT
    remark: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOverdue(Payload):
    """That a channel has not confirmed in time; the second alarm goes up the responsibility chain."""

    draft: UUID
    publication: UUID
    order: UUID
    kind: OrderKind
    channel: str
    due_at: Any
    alarm: int
    told: Sequence[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationRefused(Payload):
    """A confirmation that was not taken, with every reason."""

    order: UUID
    tool: UUID
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSet(Payload):
    """Until when a draft may be out, on one channel or on all (`""`); null where that was lifted."""

    draft: UUID
    channel: str
    ends_at: Any
    comment: str | None = private()
