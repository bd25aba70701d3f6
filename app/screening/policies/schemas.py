from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.domain.vocabulary import ActivationState, BackTestState, PolicySource
from app.negative_list import Severity
from app.screening.schemas import Digest

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


class ActivationOut(BaseModel):
    """The wish to bring a version into force. `shadowed` are the new blocking rules that are only tried."""

    id: UUID
    digest: str
    base: str | None
    note: str
    state: ActivationState
    asked_by: UUID | None
    asked_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    comment: str
    back_test_digest: str
    shadowed: list[str]
    activated: str | None


class VersionOut(BaseModel):
    """A version of the negative list. `runnable` is false for one of another engine."""

    digest: str
    title: str
    state: Literal["in_force", "asked", "candidate", "earlier"]
    source: PolicySource
    base: str | None
    note: str
    rules: int
    engine: int
    runnable: bool
    proposed_by: UUID | None
    created_at: datetime


class PolicyFaultOut(BaseModel):
    """One thing wrong in the folder of the negative list; `line` 0 has no line."""

    file: str
    line: int
    key: str
    message: str


class VersionsOut(BaseModel):
    """The versions, the newest first, and what is wrong with the folder as it is now (else nothing)."""

    in_force: str
    items: list[VersionOut]
    folder_faults: list[PolicyFaultOut]


class VersionDetailOut(VersionOut):
    """A version with the digests of its files, and the wishes to bring it into force."""

    files: dict[str, str]
    activations: list[ActivationOut]


class VersionIn(_In):
    """A new version: the files of `base` with `files` put in their places; null takes a file away.

    Without a `base` the files are the whole version.
    """

    base: Digest | None = None
    files: dict[Annotated[str, Field(min_length=1, max_length=200)], str | None] = Field(max_length=500)
    note: str = Field(default="", max_length=500)


class AskIn(_In):
    """The wish to bring a version into force."""

    note: Comment = ""


class WishDecisionIn(_In):
    """Whether a version comes into force. `back_test` is the digest of the report that was read."""

    grant: bool
    back_test: Digest | None = None
    comment: Comment = ""


class BackTestIn(_In):
    """A version to try beside `base` (what is in force, when not given) over the archive."""

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
