"""What the events of drafts carry, outside of their cases: texts, files, checks and waivers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.events.payloads.base import ABSENT, Absent, Payload, content, inside, private


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftCreated(Payload):
    """A draft with its first revision."""

    draft: UUID
    number: str
    unit: UUID
    revision: int
    digest: str = content("revision", packed=True)
    targets: Sequence[str]
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRevised(Payload):
    """Another text, or other channels that the draft is bound for."""

    draft: UUID
    revision: int | Absent = ABSENT
    digest: str | Absent = content("revision", packed=True, may_lack=True)
    left_out: int | Absent = ABSENT
    targets: Sequence[str] | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetAdded(Payload):
    """A file that a draft holds."""

    draft: UUID
    sha256: str = content("asset")
    media_type: str
    size: int
    role: str
    filename: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRun(Payload):
    """What the negative list found in one text."""

    draft: UUID
    report: UUID
    revision: int
    digest: str = content("revision", packed=True)
    policy: str
    scope: object
    blocks: int
    warnings: int
    infos: int
    not_checked: int
    report_digest: str = content("check_report", packed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfWaiver(Payload):
    """A finding that is to be let through, and the word on it."""

    draft: UUID
    waiver: UUID
    report: UUID
    fingerprint: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverAsked(OfWaiver):
    """The wish: for which text under which version of the list."""

    policy: str
    digest: str
    explanation: str | None = private()
    evidence: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverDecided(OfWaiver):
    """The word: until when it holds; whoever asked is told."""

    expires_at: datetime | None
    comment: str | None = private()
    asked_by: UUID | Absent = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingIgnored(Payload):
    """A finding that was left as it is, or is no longer. The reason is kept apart, it may name persons."""

    draft: UUID
    ignored: UUID
    fingerprint: str
    rule: str
    explanation: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceExported(Payload):
    """A package handed out: its SHA-256, that of the verifier in it, and the last event that it holds."""

    draft: UUID
    file: str
    verifier: str
    seq: int
    leaf: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfMark(Payload):
    """One error on a proof. Its words are kept apart, they may name persons."""

    draft: UUID
    case: UUID
    mark: UUID
    line: str
    stage: str
    digest: str
    kind: str
    place: str
    start: int | None
    end: int | None
    error_type: str
    weight: str
    quote: str | None = private()
    new_text: str | None = private()
    remark: str | None = private()
    answer: str | None = private()
    marked_by: UUID | Absent = inside()
