from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.domain.vocabulary import CaseState, StageKind, StageState, Verb, Verdict

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Comment = Annotated[str, Field(max_length=4000)]
StageKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Line = Annotated[str, Field(max_length=40)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SubmissionIn(_In):
    """Handing in: the digest of the content that is meant, and a word to the reviewers.

    `class` (A, B, C) and `flags` are what routing and workflows ask for; they are given at the first
    submission and stay.
    """

    digest: Sha256
    comment: Comment = ""
    grade: Literal["A", "B", "C"] | None = Field(default=None, alias="class")
    flags: list[StageKey] = Field(default_factory=list, max_length=20)


class StageIn(_In):
    stage: StageKey
    line: Line | None = None


class HoldIn(StageIn):
    digest: Sha256
    comment: Comment = ""


class DecisionIn(HoldIn):
    """A decision on what was read, quoted by its digest. `send_back_to` null is the author."""

    verdict: Literal["approve", "send_back", "decline"]
    outcome: str = Field(default="", max_length=40)
    send_back_to: StageKey | None = None
    then: Literal["walk_again", "continue_here"] = "walk_again"
    checklist: list[Annotated[str, Field(max_length=200)]] = Field(default_factory=list, max_length=100)


class WordsIn(_In):
    comment: Comment = ""


class RefusalOut(BaseModel):
    code: str
    message: str
    data: dict[str, Any]


class OutcomeOut(BaseModel):
    key: str
    title: str
    verb: str
    comment_required: bool
    reasons: list[str]


class OptionOut(BaseModel):
    """Whether this reader may do something at a stage now, and if not, why not."""

    verb: Verb
    allowed: bool
    refusals: list[RefusalOut]


class DecisionOut(BaseModel):
    id: UUID
    stage: str
    line: str
    round: int
    verdict: Verdict
    outcome: str
    final: bool
    actor_id: UUID
    actor: str
    role: str
    own: bool
    digest: str
    comment: str
    sent_to: str | None
    then: str | None
    decided_at: datetime


class StageOut(BaseModel):
    """The newest run of a stage on a line; `waiting` with round 0 when it has none yet.

    `added_by` is the routing rule that added the stage.
    """

    stage: str
    title: str
    kind: StageKind
    added_by: str | None
    line: str
    round: int
    state: StageState
    digest: str | None
    opened_at: datetime | None
    due_at: datetime | None
    claimed_by: UUID | None
    claimed_by_name: str | None
    outcomes: list[OutcomeOut]
    checklist: list[str]
    send_back_to: list[str]
    options: list[OptionOut]


class CaseOut(BaseModel):
    id: UUID
    draft_id: UUID
    draft_number: str
    title: str
    workflow: str
    workflow_title: str
    state: CaseState
    version: int
    revision: str
    lines: list[str]
    proofs: dict[str, str]
    open_marks: dict[str, int]
    opened_at: datetime
    updated_at: datetime
    stages: list[StageOut]
    decisions: list[DecisionOut]
    options: list[OptionOut]


class AwaitingOut(BaseModel):
    """One open stage that waits for the reader."""

    case_id: UUID
    draft_id: UUID
    draft_number: str
    title: str
    stage: str
    stage_title: str
    line: str
    round: int
    digest: str | None
    opened_at: datetime
    due_at: datetime | None
    overdue: bool
    claimed_by: UUID | None


class AwaitingPage(BaseModel):
    items: list[AwaitingOut]
    next: str | None


class DonePage(BaseModel):
    items: list[DecisionOut]
    next: UUID | None


class WorkflowOut(BaseModel):
    digest: str
    key: str
    title: str
    definition: dict[str, Any]
