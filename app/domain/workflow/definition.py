"""What a workflow file can say.

A workflow is data: frozen models that a bureau writes as YAML. Everything that the transition function asks
of a definition is answered here, so that the schemes of real bodies need no code.
"""

import re
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    model_validator,
)

from app.domain.document.changes import MarksOnly
from app.domain.document.model import sha256
from app.domain.record.canonical import canonical
from app.domain.vocabulary import REVIEW_LEVELS, Level, StageKind, Subject
from app.domain.workflow.committee import least
from app.domain.workflow.conditions import Says, When, later
from app.domain.workflow.conditions import as_tuple as _as_tuple
from app.domain.workflow.needs import AtLeast, Committee, Flag, Key, Need, Who

Title = Annotated[str, Field(min_length=1, max_length=60)]
#: Parts of a document that a stage can watch; the names are those of `document.field_digests`.
Watched = Literal["title", "subtitle", "summary", "byline", "source", "source_url", "blocks", "attachments"]
ALL_FIELDS: tuple[Watched, ...] = (
    "title",
    "subtitle",
    "summary",
    "byline",
    "source",
    "source_url",
    "blocks",
    "attachments",
)
#: A stage whose kind acts on the laid-out proof of one channel rather than on the text.
PROOF_KINDS = frozenset({StageKind.PROOF, StageKind.CONFIRM_MARKS, StageKind.SIGN_OFF})
Requirement = Literal["threads_resolved"]
#: What may walk a workflow: anything that is to go out, or only what puts right what is out already.
Purpose = Literal["publication", "small_correction", "retraction"]
#: How often one stage may send back before only declining or holding is left in its place.
DEFAULT_ROUNDS = 3


#: Between the parts of a comment: preset reasons are ticked or typed beside other words.
_PARTS = re.compile("[；;\n]")
#: A line of a comment that names what a decision rests on.
_BASIS = re.compile(r"^\s*依据[：:]\s*\S{2,}", re.MULTILINE)


def names_basis(comment: str) -> bool:
    """Tell whether a comment names the rule or document that it rests on."""
    return _BASIS.search(comment) is not None


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Within(_Value):
    """How long a stage may take, in working days of the Chinese calendar, 调休 included.

    `by_class`: other numbers for drafts of some classes, as they are when the stage opens.
    """

    working_days: int = Field(ge=0, le=365)
    by_class: dict[Literal["A", "B", "C"], Annotated[int, Field(ge=1, le=365)]] = later({})

    def days(self, grade: Literal["A", "B", "C"] | None) -> int:
        """Return the working days of a draft of this class."""
        return self.working_days if grade is None else self.by_class.get(grade, self.working_days)


class Late(_Value):
    """What happens when a stage is late: remind, and climb the responsibility chain."""

    remind: bool = True
    escalate: bool = False


class Outcome(_Value):
    """One way a stage can end, in the words of the body, with its preset reasons.

    `raises`: flags that the draft bears from then on (an approval that disagrees with the review before it, a
    draft sent back because somebody has to see it first). `one_of_reasons`: one of the preset reasons is to
    be given. `basis`: the rule or document that it rests on is to be named, in a line beginning with 依据：.
    """

    key: Key
    title: Title
    verb: Literal["approve", "oppose", "abstain", "send_back", "decline", "hold"]
    reasons: tuple[str, ...] = ()
    comment: bool = False
    raises: tuple[Flag, ...] = ()
    one_of_reasons: bool = later(False)
    basis: bool = later(False)

    def reasons_in(self, comment: str) -> tuple[str, ...]:
        """Return which of its preset reasons a comment gives, each a part of its own; empty for none."""
        parts = {part.strip() for part in _PARTS.split(comment)}
        return tuple(reason for reason in self.reasons if reason in parts)


OUTCOMES = (
    Outcome(key="approve", title="通过", verb="approve"),
    Outcome(key="send_back", title="退回", verb="send_back", comment=True),
    Outcome(key="decline", title="退稿", verb="decline", comment=True),
    Outcome(key="hold", title="请示", verb="hold", comment=True),
)


#: How members of a committee vote, where its file does not say it in words of its own.
VOTES = (
    Outcome(key="approve", title="同意", verb="approve"),
    Outcome(key="oppose", title="不同意", verb="oppose", comment=True),
    Outcome(key="abstain", title="弃权", verb="abstain"),
    Outcome(key="hold", title="请示", verb="hold", comment=True),
)


class Stage(_Value):
    """One step of a workflow.

    `levels` say which of the three reviews and proofreads it is (two for a merged step such as 初审一校);
    `also` its further duties. `after` defaults to the step before it in the file; `[]` starts the walk.
    `per: channel` makes one run for each channel of the draft. `on_edit` says what an edit of a watched field
    does to a decision already made: void it always, keep it on a trivial change (layout), keep it on marks
    only (small corrections). `errors_left`: how many findings that do not block may be left when it passes.
    `requires`: what must be done before somebody approves; `threads_resolved`: the comments and suggestions
    that they began themselves are settled.
    `override`: who may let a draft go past the stage without it, marked and with a reason; never one of the
    three reviews. `same_person_as`: an earlier stage, of whose persons alone one may act here.
    `not_head_of_author`: who heads the author's own department may not act here, nor anybody for them.
    `shows_findings`: whoever reads the proof here is shown what the rules found in its text.
    `added_by`: the routing rule that added the stage; only routing writes it.
    """

    key: Key
    title: Title
    kind: StageKind
    also: Annotated[tuple[StageKind, ...], BeforeValidator(_as_tuple)] = ()
    levels: Annotated[tuple[Level, ...], BeforeValidator(_as_tuple)] = ()
    duty: str = ""
    who: Annotated[tuple[Who, ...], BeforeValidator(_as_tuple)] = ()
    need: Need = "any"
    after: Annotated[tuple[Key, ...], BeforeValidator(_as_tuple)] | None = None
    per: Literal["draft", "channel"] = "draft"
    subject: Subject | None = None
    applies_if: When | None = None
    author_may_act: bool = False
    watches: tuple[Watched, ...] = ALL_FIELDS
    on_edit: Literal["void", "keep_trivial", "keep_marks_only"] = "void"
    outcomes: tuple[Outcome, ...] = OUTCOMES
    checklist: tuple[str, ...] = ()
    send_back_to: tuple[Key, ...] | None = None
    rounds: int = Field(default=DEFAULT_ROUNDS, ge=1, le=10)
    errors_left: int | None = Field(default=None, ge=0)
    # Written only where it is used, so that files without it keep their digest.
    requires: Annotated[tuple[Requirement, ...], BeforeValidator(_as_tuple)] = Field(
        default=(), exclude_if=lambda value: value == ()
    )
    within: Within | None = None
    late: Late = Late()
    override: Annotated[tuple[Who, ...], BeforeValidator(_as_tuple)] = ()
    added_by: Key | None = None
    same_person_as: Key | None = later(None)
    not_head_of_author: bool = later(False)
    shows_findings: bool = later(False)

    @model_validator(mode="before")
    @classmethod
    def _votes_of_a_committee(cls, content: Any) -> Any:  # noqa: ANN401 – raw YAML
        if not isinstance(content, dict) or "outcomes" in content:
            return content
        need = content.get("need")
        votes = isinstance(need, Committee) or (isinstance(need, dict) and "in_favour" in need)
        return {**content, "outcomes": VOTES} if votes else content

    @cached_property
    def least(self) -> int:
        """How many different people it takes at least to pass it."""
        if isinstance(self.need, AtLeast):
            return self.need.at_least
        return 1 if self.committee is None else least(self.committee)

    @cached_property
    def committee(self) -> Committee | None:
        """How its committee votes; `None` where no committee does."""
        return self.need if isinstance(self.need, Committee) else None

    @cached_property
    def acts_on(self) -> Subject:
        """The object of this stage: what the file says, else the proof for proof kinds per channel."""
        if self.subject is not None:
            return self.subject
        on_proof = self.per == "channel" and self.kind in PROOF_KINDS
        return Subject.PROOF if on_proof else Subject.REVISION

    @cached_property
    def kinds(self) -> frozenset[StageKind]:
        """All its duties."""
        return frozenset({self.kind, *self.also})

    @cached_property
    def confirms_marks(self) -> bool:
        """Whether 核红 is among its duties."""
        return StageKind.CONFIRM_MARKS in self.kinds

    @cached_property
    def by_several(self) -> bool:
        """Whether several people decide here, each for themselves."""
        return self.need != "any"

    @cached_property
    def benches(self) -> frozenset[str | None]:
        """The groups of those who may act; `None` for whoever sits on no bench."""
        return frozenset(who.group for who in self.who)

    @cached_property
    def raises(self) -> bool:
        """Whether the capacity in which somebody approves may raise a flag."""
        return any(who.raises for who in self.who)

    @cached_property
    def may_be_overridden(self) -> bool:
        """Whether a draft may ever go past it without a decision: no review, rule check or signature is."""
        machine_or_signature = {StageKind.RULE_CHECK, StageKind.SIGN_OFF} & self.kinds
        return not machine_or_signature and not set(self.levels) & set(REVIEW_LEVELS)

    @cached_property
    def grounds(self) -> dict[str, Any]:
        """What the record says of its condition: the rule that added it, and the condition; empty without."""
        if self.applies_if is None:
            return {}
        added = {} if self.added_by is None else {"added_by": self.added_by}
        return {**added, "rule": self.applies_if.model_dump(mode="json", exclude_defaults=True)}

    @cached_property
    def by_people(self) -> bool:
        """Whether people decide it; the rule check is the machine's."""
        return self.kind is not StageKind.RULE_CHECK

    def outcomes_of(self, verb: str) -> tuple[Outcome, ...]:
        """Return the outcomes of this verb, as the file lists them; empty when it is not offered."""
        return tuple([outcome for outcome in self.outcomes if outcome.verb == verb])


class AddedStage(Stage):
    """A stage that somebody added to one case (加签): on one line or, with `""`, for the draft as a whole.

    `person` is who was asked to review, `asked_by` who asked; no file can say it.
    """

    on_line: str
    person: str
    asked_by: str


class DistinctSet(_Value):
    """Stages that must be passed by different natural persons."""

    name: Title
    stages: tuple[Key, ...] = Field(min_length=2)


class Workflow(_Value):
    """A definition: its stages, and the sets of them that one person may not fill twice.

    `flags` are the words for the flags that its conditions ask, as people read them. `purpose`: what may walk
    it; a small correction or a retraction of what is out already needs one review and the signature, by two
    people who did not write it, everything else the three reviews.
    """

    version: Literal[1]
    key: Key
    title: Title
    about: str = ""
    source: str = ""
    flags: dict[Flag, Title] = {}
    stages: tuple[Stage, ...] = Field(min_length=1)
    distinct: tuple[DistinctSet, ...] = ()
    marks_only: MarksOnly = MarksOnly()
    # At its default it is not written: digests of versions from before it stay what they were.
    purpose: Purpose = Field(default="publication", exclude_if=lambda purpose: purpose == "publication")
    _version: "Workflow | None" = PrivateAttr(default=None)

    @property
    def version_itself(self) -> "Workflow":
        """The version, without stages that were added to one case."""
        return self._version or self

    def with_added(self, stages: tuple[Stage, ...], distinct: tuple[DistinctSet, ...]) -> "Workflow":
        """Return this version with other stages and sets, for one case."""
        # Made anew: a copy would keep what the workflow has worked out about its stages.
        fields = {name: getattr(self, name) for name in Workflow.model_fields}
        longer = Workflow.model_construct(**{**fields, "stages": stages, "distinct": distinct})
        longer._version = self.version_itself  # noqa: SLF001 – its own class
        return longer

    @cached_property
    def digest(self) -> str:
        """The name of this version: SHA-256 over its canonical form; comments in the file do not count."""
        return sha256(canonical(self.model_dump(mode="json")))

    @cached_property
    def by_key(self) -> dict[str, Stage]:
        """Stages by key."""
        return {stage.key: stage for stage in self.stages}

    @cached_property
    def after(self) -> dict[str, tuple[str, ...]]:
        """Direct predecessors of each stage; the step before it in the file where the file says nothing."""
        before: tuple[str, ...] = ()
        found = {}
        for stage in self.stages:
            found[stage.key] = before if stage.after is None else stage.after
            before = (stage.key,)
        return found

    @cached_property
    def ancestors(self) -> dict[str, frozenset[str]]:
        """Every stage that must be done before each stage. Terminates on cycles, which the linter refuses."""
        return {key: _reach(key, self.after) for key in self.after}

    @cached_property
    def waits_for(self) -> dict[str, tuple[Stage, ...]]:
        """The ancestors that exist, the nearest first: what is not done yet is found there."""
        return {
            key: tuple(stage for stage in reversed(self.ordered) if stage.key in before)
            for key, before in self.ancestors.items()
        }

    @cached_property
    def descendants(self) -> dict[str, frozenset[str]]:
        """Every stage that waits for each stage."""
        return {
            key: frozenset(other for other, before in self.ancestors.items() if key in before)
            for key in self.after
        }

    @cached_property
    def ordered(self) -> tuple[Stage, ...]:
        """Stages so that each comes after all that it waits for; as in the file where nothing decides."""
        return tuple(sorted(self.stages, key=lambda stage: len(self.ancestors[stage.key])))

    @cached_property
    def gates(self) -> frozenset[str]:
        """Stages that everything after them in `ordered` waits for: past one that is open nothing opens."""
        keys = [stage.key for stage in self.ordered]
        return frozenset(
            key
            for index, key in enumerate(keys)
            if all(key in self.ancestors[later] for later in keys[index + 1 :])
        )

    @cached_property
    def distinct_from(self) -> dict[str, frozenset[str]]:
        """For each stage, the other stages that its persons may not fill."""
        return {
            stage.key: frozenset(
                other for group in self.distinct if stage.key in group.stages for other in group.stages
            )
            - {stage.key}
            for stage in self.stages
        }


def _reach(start: str, edges: dict[str, tuple[str, ...]]) -> frozenset[str]:
    seen: set[str] = set()
    todo = list(edges.get(start, ()))
    while todo:
        key = todo.pop()
        if key not in seen:
            seen.add(key)
            todo.extend(edges.get(key, ()))
    return frozenset(seen)


def parts() -> tuple[type[BaseModel], ...]:
    """Return the models that a workflow file is made of."""
    return (
        Workflow,
        Stage,
        Who,
        When,
        Says,
        Outcome,
        AtLeast,
        Committee,
        Within,
        Late,
        DistinctSet,
        MarksOnly,
    )


def workflow_schema() -> dict[str, Any]:
    """Return the JSON schema of a workflow file, as shipped in `policies/workflows/schema.json`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Workflow.model_json_schema(mode="validation"),
    }
