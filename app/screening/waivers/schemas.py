"""Waivers on the wire."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.domain.vocabulary import WaiverReason, WaiverStanding, WaiverState
from app.infra.http.bounds import Instant
from app.infra.http.examples import DIGEST, taken


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WaiverOut(BaseModel):
    """A finding let through, or asked to be."""

    id: UUID
    draft_id: UUID
    fingerprint: str
    rule: str
    reason: WaiverReason
    explanation: str
    evidence: str
    state: WaiverState
    asked_by: UUID
    asked_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    comment: str
    expires_at: datetime | None


class WaiverListed(WaiverOut):
    """A waiver, its draft, and where it stands."""

    number: str
    title: str
    standing: WaiverStanding


class WaiversOut(BaseModel):
    """A page of waivers, the newest first; `next` is the cursor of the next page, null on the last."""

    items: list[WaiverListed]
    next: UUID | None


class WaiverIn(_In):
    """A finding to let through: which, why, and where the consent or approval is kept that some need."""

    model_config = taken(fingerprint=DIGEST, reason="quotation", explanation="引用文件原文")

    fingerprint: str = Field(pattern=r"^[0-9a-f]{16,64}$")
    reason: WaiverReason
    explanation: str = Field(min_length=1, max_length=1000)
    evidence: str = Field(default="", max_length=200)


class WaiverDecisionIn(_In):
    """Whether the finding is let through, and until when (at most 90 days)."""

    model_config = taken(grant=True, comment="确为原文")

    grant: bool
    comment: str = Field(default="", max_length=1000)
    expires_at: Instant | None = None
