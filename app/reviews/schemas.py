from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.domain.vocabulary import CaseState, DraftState, StageKind, StageState, Verb, Verdict
from app.domain.workflow.case import Spot
from app.domain.workflow.commands import Abstain, Approve, Decide, Decline, Oppose, SendBack
from app.infra.http.examples import DIGEST, ID, taken

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Comment = Annotated[str, Field(max_length=4000)]
StageKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Line = Annotated[str, Field(max_length=40)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SubmissionIn(_In):
    """Handing in: the digest of the content that is meant, and a word to the reviewers.

    `class` (A, B, C) and `flags` are what routing and workflows ask for; they are given at the first
    submission and stay, also after a recall.
    """

    model_config = taken(digest=DIGEST, comment="请审阅，活动在周五。")

    digest: Sha256
    comment: Comment = ""
    grade: Literal["A", "B", "C"] | None = Field(default=None, alias="class")
    flags: list[StageKey] = Field(default_factory=list, max_length=20)


class StageIn(_In):
    model_config = taken(stage="initial_review")

    stage: StageKey
    line: Line | None = None

    @property
    def spot(self) -> Spot:
        """The stage and line; without a line the draft as a whole."""
        return self.stage, self.line or ""


class HoldIn(StageIn):
    """What is said at a stage about the text that was read. `on_behalf_of` is for whom, by a delegation.

    `outcome` is the key of one of the stage's outcomes; it may be left out where the verb has only one.
    """

    model_config = taken(stage="initial_review", digest=DIGEST, comment="等数据核实。")

    digest: Sha256
    outcome: str = Field(default="", max_length=40)
    comment: Comment = ""
    on_behalf_of: UUID | None = None


class DecisionIn(HoldIn):
    """A decision on what was read, quoted by its digest. `send_back_to` null is the author.

    `knowing`: that nobody else could then act at a later stage, which is refused otherwise (`strands`).
    """

    model_config = taken(
        stage="initial_review", digest=DIGEST, verdict="send_back", comment="第二段日期与通知不符。"
    )

    verdict: Literal["approve", "oppose", "abstain", "send_back", "decline"]
    send_back_to: StageKey | None = None
    then: Literal["walk_again", "continue_here"] = "walk_again"
    checklist: list[Annotated[str, Field(max_length=200)]] = Field(default_factory=list, max_length=100)
    knowing: bool = False

    def command(self) -> Decide:
        """Return what is to be done to the case."""
        form = (*self.spot, self.digest, self.comment, self.outcome, frozenset(self.checklist))
        if self.verdict == "approve":
            return Approve(*form, knowing=self.knowing)
        if self.verdict == "send_back":
            return SendBack(*form, self.send_back_to, self.then)
        ways: dict[str, type[Decide]] = {"oppose": Oppose, "abstain": Abstain}
        return ways.get(self.verdict, Decline)(*form)


class WordsIn(_In):
    model_config = taken(comment="改用新的活动时间。")

    comment: Comment = ""


class ClassIn(_In):
    """The class that the draft is to have, and why; a lighter one takes effect once another person agrees."""

    model_config = taken(comment="涉及民生资金，属重要稿件。", **{"class": "A"})

    grade: Literal["A", "B", "C"] = Field(alias="class")
    comment: Comment = ""


class StageWordsIn(StageIn):
    model_config = taken(stage="initial_review", comment="今天下班前要发。")

    comment: Comment = ""


class CopyIn(_In):
    """Who is to see the draft from now on, and a word to them."""

    model_config = taken(to=ID, comment="请知悉。")

    to: UUID
    comment: Comment = ""


class RecusalIn(WordsIn):
    """Why, and whether it is known that a stage is left with nobody, which is refused otherwise."""

    model_config = taken(comment="与当事人有亲属关系。")

    knowing: bool = False


class NamingIn(StageIn):
    """Whom, at which stage, and why; `on_behalf_of` is for whom, by a delegation."""

    to: UUID
    comment: Comment = ""
    on_behalf_of: UUID | None = None


class HandOverIn(NamingIn):
    """Who is to have an open stage, and why; `knowing` that another stage is left with nobody."""

    model_config = taken(stage="initial_review", to=ID, comment="本周外出，请代审。")

    knowing: bool = False


class ConsultIn(NamingIn):
    """Whose opinion is asked, about what, and whether the stage waits for it."""

    model_config = taken(stage="initial_review", to=ID, comment="第三条的口径请核对。", waits=True)

    waits: bool = False


class AddedIn(HandOverIn):
    """Who is to review as well, why, and whether before, after or beside the open stage."""

    model_config = taken(stage="initial_review", to=ID, comment="涉及救助政策，请加审。", place="after")

    place: Literal["before", "after", "beside"]


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
    reason_required: bool = False
    basis_required: bool = False


class OptionOut(BaseModel):
    """Whether this reader may do something now, and if not, why not; `line` where it is done to one line."""

    verb: Verb
    line: str
    allowed: bool
    refusals: list[RefusalOut]


class DecisionOut(BaseModel):
    """A decision. `late`: whether it came after the stage was due; null without a deadline, or in a list."""

    id: UUID
    stage: str
    line: str
    round: int
    verdict: Verdict
    outcome: str
    final: bool
    actor_id: UUID
    actor: str
    on_behalf_of: UUID | None
    principal: str | None
    role: str
    own: bool
    digest: str
    comment: str
    sent_to: str | None
    then: str | None
    decided_at: datetime
    late: bool | None = None


class StageOut(BaseModel):
    """The newest run of a stage on a line; `waiting` with round 0 when it has none yet.

    `added_by` is the routing rule that added the stage, `asked_by` the person who added it to this case;
    `acting_for` is in whose place the reader would act there, null for their own.
    """

    stage: str
    title: str
    kind: StageKind
    added_by: str | None
    asked_by: UUID | None
    acting_for: UUID | None
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


class ConsultOut(BaseModel):
    """An opinion asked for at a stage; the words stand on the record."""

    stage: str
    line: str
    round: int
    asked: UUID
    asked_name: str
    by: UUID
    waits: bool
    answered: bool


class ClassWishOut(BaseModel):
    """A lighter class that somebody asked for, and that waits for another person."""

    grade: str = Field(serialization_alias="class")
    by: UUID
    by_name: str


class CaseOut(BaseModel):
    """A case. `scheduled`: when lines that are signed go out; nothing goes out before `embargo_until`."""

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
    scheduled: dict[str, datetime]
    embargo_until: datetime | None
    grade: str | None = Field(serialization_alias="class")
    class_wish: ClassWishOut | None
    opened_at: datetime
    updated_at: datetime
    stages: list[StageOut]
    decisions: list[DecisionOut]
    consults: list[ConsultOut]
    recused: list[UUID]
    copied: list[UUID]
    options: list[OptionOut]


class OpenOut(BaseModel):
    """A stage that is open now, and the digest that a decision there has to quote."""

    stage: str
    line: str
    digest: str | None


class CaseBriefOut(BaseModel):
    """Where a case stands after a step, for clients that asked for no more (`Prefer: return=minimal`)."""

    id: UUID
    draft_id: UUID
    state: CaseState
    version: int
    revision: str
    open: list[OpenOut]


class CopiedOut(BaseModel):
    """A draft of which the reader was sent a copy."""

    draft_id: UUID
    draft_number: str
    title: str
    state: DraftState
    copied_by: UUID
    copied_at: datetime


class CopiedPage(BaseModel):
    items: list[CopiedOut]
    next: str | None


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


class AskedOut(BaseModel):
    """An opinion that is asked of the reader."""

    case_id: UUID
    draft_id: UUID
    draft_number: str
    title: str
    stage: str
    stage_title: str
    line: str
    digest: str | None
    asked_by: UUID
    waits: bool


class WorkOut(BaseModel):
    """Something that waits for one person: what, where, and why for them."""

    why: Literal["claimed", "added", "named", "only_one", "opinion", "draft"]
    draft_id: UUID
    draft_number: str
    case_id: UUID | None
    stage: str
    stage_title: str
    line: str


class LeftOut(WorkOut):
    """Something that could not be handed over, and why not."""

    refusals: list[RefusalOut]


class HandOverAllIn(_In):
    """Who takes over all that waits for somebody, and why."""

    model_config = taken(to=ID, reason="调离宣传科")

    to: UUID
    reason: str = Field(min_length=1, max_length=500)


class HandedOverOut(BaseModel):
    """What was handed over, and what was not."""

    handed: list[WorkOut]
    left: list[LeftOut]


class WorkflowOut(BaseModel):
    digest: str
    key: str
    title: str
    definition: dict[str, Any]
