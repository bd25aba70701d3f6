"""Ignored findings on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.infra.http.examples import DIGEST, taken

Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{16,64}$")]


class IgnoreIn(BaseModel):
    """Findings to leave as they are, by fingerprint, and why; none that blocks."""

    model_config = taken(fingerprints=[DIGEST], reason="引用文件原文，不改")

    fingerprints: list[Fingerprint] = Field(min_length=1, max_length=500)
    reason: str = Field(min_length=1, max_length=500)


class IgnoredOut(BaseModel):
    """A finding that somebody left as it is: who, why and when; and who took that back."""

    id: UUID
    draft_id: UUID
    fingerprint: str
    rule: str
    reason: str
    said_by: UUID
    said_at: datetime
    withdrawn_by: UUID | None
    withdrawn_at: datetime | None


class IgnoredListOut(BaseModel):
    """Ignored findings, in the order in which they were named."""

    items: list[IgnoredOut]
