from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.negative_list import Severity

Comment = Annotated[str, Field(max_length=1000)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RuleOut(BaseModel):
    """A rule of the negative list and how it does, in the drafts that the reader may know of.

    `waived_share` is 0 to 1; `for_shadow` says that so much was let through that it should only be tried.
    """

    id: str
    title: str
    group: str
    severity: Severity
    shadow: bool
    waivable: bool
    basis: list[str]
    effective_from: date | None
    effective_until: date | None
    channels: list[str] = Field(description="empty: all")
    hits: int
    shadow_hits: int
    waived: int
    waived_share: float
    for_shadow: bool
    last_found_at: datetime | None


class RulesOut(BaseModel):
    """The rules of one version, in the order of its files."""

    policy: str
    items: list[RuleOut]


class PlaceOut(BaseModel):
    """A place where a rule hit lately, masked where the rule masks."""

    draft_id: UUID
    number: str
    title: str
    ref: str
    excerpt: str
    waived: bool
    found_at: datetime


class RuleDetailOut(RuleOut):
    """A rule with its text, its examples and where it hit lately."""

    policy: str
    file: str
    line: int
    text: str
    message: str
    examples_hit: list[str]
    examples_miss: list[str]
    lately: list[PlaceOut]
