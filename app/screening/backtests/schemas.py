from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from app.domain.vocabulary import BackTestState
from app.infra.http.examples import DIGEST, taken
from app.policies.schemas import Digest


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BackTestIn(_In):
    """A version to try beside `base` (what is in force, when not given) over the archive."""

    model_config = taken(candidate=DIGEST, drafts="published", since="2026-01-01")

    candidate: Digest
    base: Digest | None = None
    drafts: Literal["published", "cleared", "all"] = "all"
    since: date | None = None


class BackTestOut(BaseModel):
    """A back-test and how far it is; `report_digest` is quoted by whoever grants an activation."""

    id: UUID
    base: str
    candidate: str
    drafts: str
    since: date | None
    asked_by: UUID
    asked_at: datetime
    state: BackTestState
    done: int
    total: int
    report_digest: str
    finished_at: datetime | None
    error: str


class SampleOut(BaseModel):
    """A finding that is added, removed or changed, in its context."""

    change: str
    rule: str
    draft_id: UUID
    title: str
    ref: str
    before: str
    excerpt: str
    after: str
    message: str


class BackTestDetailOut(BackTestOut):
    """A back-test with its figures; `hidden` samples are from drafts that the reader may not know of."""

    figures: dict[str, Any] | None
    samples: list[SampleOut]
    hidden: int
