"""Which workflow a draft walks through, and which stages its facts add.

Routing only adds. An added stage is laid into the workflow with the rule's condition, so that it stands in
the version that the case begins with, is skipped on the record while the condition does not hold, and opens
as soon as it does: also when a later text brings the fact. No rule can take a stage away, or let one come
earlier.

Source: domain invariant 12 (routing only adds stages; each records the rule and the facts).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.domain.document.model import Document
from app.domain.vocabulary import Level, OrderKind, RemedyReason, StageKind
from app.domain.workflow.case import Case
from app.domain.workflow.conditions import Cuts, Says, When, stands
from app.domain.workflow.definition import DistinctSet, Stage, Title, Workflow
from app.domain.workflow.needs import Flag, Key, Who


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _as_tuple(value: Any) -> Any:  # noqa: ANN401 – raw YAML
    return [value] if isinstance(value, str | dict) else value


class FactRule(_Value):
    """A fact about a text, and what tells of it: any rule that hits, any word in it, any field filled in.

    `words` are found literally anywhere in the text, but not where one of `not_before` follows, for there the
    last character belongs to another word (市长 with 效 behind it is 全市长效机制); `rules` are ids of the
    negative list, or a group of them by its beginning (`privacy.welfare_named` stands for
    `privacy.welfare_named.website` too).
    """

    title: Title
    rules: tuple[str, ...] = ()
    words: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    not_before: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    fields: tuple[Literal["byline", "source", "source_url", "attachments"], ...] = ()

    @model_validator(mode="after")
    def _is_told_by_something(self) -> "FactRule":
        if not (self.rules or self.words or self.fields):
            raise ValueError("say by which rules, words or fields the fact is told")
        return self

    def words_in(self, text: str, cuts: Cuts | None = None) -> tuple[str, ...]:
        """Return which of its words stand in a text as words of their own; perhaps none."""
        return tuple(word for word in self.words if stands(word, text, self.not_before, cuts))


class Anchor(_Value):
    """A stage of any workflow, named by its level, its kind or its key: the first one that answers."""

    level: Level | None = None
    kind: StageKind | None = None
    stage: Key | None = None

    @model_validator(mode="after")
    def _names_it_in_one_way(self) -> "Anchor":
        if sum(way is not None for way in (self.level, self.kind, self.stage)) != 1:
            raise ValueError("name exactly one of level, kind, stage")
        return self

    def find(self, workflow: Workflow) -> Stage | None:
        """Return the stage that it names in this workflow; `None` where there is none."""
        for stage in workflow.stages:
            if self.level in stage.levels or self.kind in stage.kinds or self.stage == stage.key:
                return stage
        return None


class Choice(_Value):
    """A rule that chooses a workflow; the first whose condition holds does. Without one it always holds."""

    rule: Key
    title: Title
    workflow: Key
    when: When | None = None


class Row(_Value):
    """One line of a table: which words in the text ask for whom."""

    says: Says
    who: Who


class Addition(_Value):
    """A rule that adds a stage: before, after or beside another, when its condition holds.

    `apart_from`: stages that the persons of the added one may not fill. `workflows`: only these, all if
    empty. With a `table` the stage is for those whom its rows name: each whose words stand in the text has
    to approve (a leader's department, whichever leaders are named), and without any it is skipped.
    """

    rule: Key
    title: Title
    when: When | None = None
    table: tuple[Row, ...] = ()
    stage: Stage
    before: Anchor | None = None
    after: Anchor | None = None
    beside: Anchor | None = None
    apart_from: Annotated[tuple[Anchor, ...], BeforeValidator(_as_tuple)] = ()
    workflows: tuple[Key, ...] = ()

    @cached_property
    def place(self) -> tuple[Literal["before", "after", "beside"], Anchor]:
        """Where the stage goes."""
        if self.before is not None:
            return "before", self.before
        if self.after is not None:
            return "after", self.after
        assert self.beside is not None
        return "beside", self.beside

    @cached_property
    def condition(self) -> When:
        """When the stage applies: its condition, and with a table that some row's words stand there."""
        if not self.table:
            return self.when or When()
        rows = tuple(dict.fromkeys(When(says=row.says) for row in self.table))
        any_row = When(any_of=rows)
        return any_row if self.when in {None, When()} else When(all_of=(self.when, any_row))

    @cached_property
    def laid(self) -> Stage:
        """The stage with its people: those of the table, one of each whom its rows name."""
        if not self.table:
            return self.stage
        benches = {
            who: f"row_{number}" for number, who in enumerate(dict.fromkeys(row.who for row in self.table), 1)
        }
        who = tuple(
            Who.model_validate({**_fields(row.who), "group": benches[row.who], "when": When(says=row.says)})
            for row in self.table
        )
        return _with(self.stage, who=who, need="one_of_each")

    @model_validator(mode="after")
    def _says_when(self) -> "Addition":
        if self.when is None and not self.table:
            raise ValueError("give when, or a table")
        if self.table and (self.stage.who or self.stage.need != "any"):
            raise ValueError("a table says who decides and how many: leave out who and need")
        if any(row.who.group or row.who.when or row.who.outside for row in self.table):
            raise ValueError("a row names people of the house, without group and when")
        return self

    @model_validator(mode="after")
    def _has_one_place(self) -> "Addition":
        if sum(place is not None for place in (self.before, self.after, self.beside)) != 1:
            raise ValueError("give exactly one of before, after, beside")
        return self


class Minutes(_Value):
    """How long a channel may take to do what it is told, around the clock."""

    minutes: int = Field(ge=1, le=43_200)


class AfterPublication(_Value):
    """What becomes of what is out: who walks what, when a public note is owed, how soon channels must answer.

    `correction` is walked by a correction that is not small; without it, what any draft of its text walks.
    `note_for`: the reasons whose corrections say in public what was wrong. `escalate_after` is how long after
    that a channel which has still not answered is told up the responsibility chain.
    """

    small_correction: Key = "correction_small"
    correction: Key | None = "correction"
    retraction: Key = "retraction"
    note_for: tuple[RemedyReason, ...] = tuple(
        reason for reason in RemedyReason if reason is not RemedyReason.WORDING
    )
    correct_within: Minutes = Minutes(minutes=1440)
    retract_within: Minutes = Minutes(minutes=30)
    unpublish_within: Minutes = Minutes(minutes=240)
    escalate_after: Minutes = Minutes(minutes=120)

    def within(self, kind: OrderKind) -> timedelta:
        """Return how long a channel may take to confirm an order of this kind."""
        limits = {
            OrderKind.CORRECT: self.correct_within,
            OrderKind.RETRACT: self.retract_within,
            OrderKind.UNPUBLISH: self.unpublish_within,
        }
        return timedelta(minutes=limits[kind].minutes)


class Classes(_Value):
    """The classes of drafts by the house's names (A 类稿件, 重大稿件), and whether a draft has to have one.

    What is not named does not exist: a draft cannot be of it, and no condition may ask for it.
    """

    names: dict[Literal["A", "B", "C"], Title] = Field(min_length=1)
    required: bool = False


class Routing(_Value):
    """The policy: the facts it knows, the rules that choose, and the rules that add.

    `flags` are the words for the flags that its own rules ask, as people read them; `classes` names the
    classes, all three by their letters without it. `choose_per`: one
    workflow for the whole draft, or one for each of its channels; see `channels`. `after_publication` says
    what becomes of what is out already.
    """

    version: Literal[1]
    choose_per: Literal["draft", "channel"] = "draft"
    flags: dict[Flag, Title] = {}
    classes: Classes | None = None
    facts: dict[Key, FactRule] = {}
    choose: tuple[Choice, ...] = Field(min_length=1)
    add: tuple[Addition, ...] = ()
    after_publication: AfterPublication = AfterPublication()


@dataclass(frozen=True, slots=True)
class Placed:
    """A stage that routing laid into the workflow: its rule, the condition, and whether it holds now."""

    stage: str
    rule: str
    when: When
    applies: bool


@dataclass(frozen=True, slots=True)
class Routed:
    """Where a draft goes: its workflow with the added stages, the rule that chose it, and the facts.

    `by_line`: the workflow of each channel by its key, where channels have their own.
    """

    workflow: Workflow
    rule: str
    chosen: str
    placed: tuple[Placed, ...]
    facts: Mapping[str, Any]
    by_line: Mapping[str, str] = field(default_factory=dict)

    @property
    def added(self) -> tuple[Placed, ...]:
        """The added stages that apply to the draft as it is now."""
        return tuple(stage for stage in self.placed if stage.applies)

    @property
    def skipped(self) -> tuple[Placed, ...]:
        """The added stages that do not apply as long as the facts stay as they are."""
        return tuple(stage for stage in self.placed if not stage.applies)

    def record(self) -> dict[str, Any]:
        """Return what goes on record when the case opens, in JSON values: rules, conditions and facts."""
        return {
            "rule": self.rule,
            "workflow": self.chosen,
            "facts": dict(self.facts),
            **({"channels": dict(self.by_line)} if self.by_line else {}),
            "stages": [
                {
                    "stage": stage.stage,
                    "rule": stage.rule,
                    "when": stage.when.model_dump(mode="json", exclude_defaults=True),
                    "applies": stage.applies,
                }
                for stage in self.placed
            ],
        }


def facts_in(
    document: Document, routing: Routing, *, rules: Collection[str] = (), cuts: Cuts | None = None
) -> dict[str, list[str]]:
    """Return the facts of a text, each with what told of it; empty for none.

    `cuts` tells of a word whether it is made of halves of others; without it every word counts.
    `rules` are ids of the rules that hit. The reasons are `rule:<id>`, `word:<word>` and `field:<name>`; the
    names go into `Case.found` beside the ids of the rules.
    """
    text = "\n".join(words for _, words in document.texts())
    told_by_fact: dict[str, list[str]] = {}
    for name, fact in routing.facts.items():
        told = [
            f"rule:{rule}" for rule in sorted(rules) if any(_of_group(rule, group) for group in fact.rules)
        ]
        told += [f"word:{word}" for word in fact.words_in(text, cuts)]
        told += [f"field:{field}" for field in fact.fields if getattr(document, field)]
        if told:
            told_by_fact[name] = told
    return told_by_fact


def route(case: Case, routing: Routing, workflows: Mapping[str, Workflow]) -> Routed:
    """Return the workflow for a draft, with every stage that routing may add to it.

    `case` is the draft before it is submitted: its targets, class, flags and found facts decide. `workflows`
    are those in force by key. Raises `LookupError` where no rule chooses or the workflow is unknown: a policy
    without faults (`routing_lint.lint`) has a last choice for everything.
    """
    choice = choose(case, routing)
    return routed(case, choice, extended(workflows[choice.workflow], routing))


def choose(case: Case, routing: Routing, line: str = "") -> Choice:
    """Return the rule that chooses the workflow of this draft, or of one of its lines.

    Raises `LookupError` where none does.
    """
    for choice in routing.choose:
        if case.meets(choice.when, line):
            return choice
    raise LookupError("no rule chooses a workflow; the last one is to have no condition")


def routed(case: Case, choice: Choice, workflow: Workflow) -> Routed:
    """Return where `choice` sends this draft: `workflow` is the chosen one with what routing may add."""
    placed = tuple(
        Placed(stage.key, stage.added_by, stage.applies_if, _applies(case, stage))
        for stage in workflow.stages
        if stage.added_by is not None and stage.applies_if is not None
    )
    facts = {
        "channels": [target.channel for target in case.targets],
        "sections": [target.section for target in case.targets],
        "class": case.grade,
        "flags": sorted(case.flags),
        "found": sorted(case.found),
        **({"units": sorted(case.units)} if case.units else {}),
        **({"author_posts": sorted(case.author_posts)} if case.author_posts else {}),
    }
    return Routed(workflow, choice.rule, choice.workflow, placed, facts)


def extended(workflow: Workflow, routing: Routing) -> Workflow:
    """Return the workflow with the stages of every rule that speaks of it, in the order of the rules.

    Every stage of the workflow stays as it is and waits for all that it waited for; a rule whose anchor the
    workflow does not have adds nothing, and the linter says so.
    """
    stages = [_with(stage, after=workflow.after[stage.key]) for stage in workflow.stages]
    sets = list(workflow.distinct)
    for addition in routing.add:
        if addition.workflows and workflow.key not in addition.workflows:
            continue
        where, anchor = addition.place
        at = anchor.find(workflow)
        if at is None:
            continue
        stages = _laid_in(stages, addition, where, at.key)
        sets += [
            DistinctSet(name=addition.title, stages=(addition.stage.key, other.key))
            for apart in addition.apart_from
            if (other := apart.find(workflow)) is not None
        ]
    flags = {**routing.flags, **workflow.flags}
    return Workflow.model_validate(
        {**_fields(workflow), "flags": flags, "stages": tuple(stages), "distinct": tuple(sets)}
    )


def only_adds(workflow: Workflow, other: Workflow) -> bool:
    """Tell whether `other` has all that `workflow` has: stages unchanged, their order, the distinct sets."""
    return (
        all(
            stage.key in other.by_key
            and _with(stage, after=()) == _with(other.by_key[stage.key], after=())
            and workflow.ancestors[stage.key] <= other.ancestors[stage.key]
            for stage in workflow.stages
        )
        and set(workflow.distinct) <= set(other.distinct)
        and all(
            stage.key in workflow.by_key or (stage.applies_if is not None and stage.added_by is not None)
            for stage in other.stages
        )
    )


def _laid_in(
    stages: list[Stage], addition: Addition, where: Literal["before", "after", "beside"], at: str
) -> list[Stage]:
    index = next(index for index, stage in enumerate(stages) if stage.key == at)
    waits_for = (at,) if where == "after" else stages[index].after or ()
    key = addition.stage.key
    new = _with(addition.laid, after=waits_for, applies_if=addition.condition, added_by=addition.rule)
    if where == "before":
        stages[index] = _with(stages[index], after=(key,))
    else:
        for other, stage in enumerate(stages):
            if stage.after and at in stage.after:
                # Beside: who waited for the anchor waits for both. After: for the new one, which waits.
                rest = tuple(before for before in stage.after if before != at or where == "beside")
                stages[other] = _with(stage, after=(*rest, key))
    place = index if where == "before" else index + 1
    return [*stages[:place], new, *stages[place:]]


def _with(stage: Stage, **fields: Any) -> Stage:  # noqa: ANN401 – fields of Stage
    # Not a copy: what a stage has worked out about itself would be copied along.
    return Stage.model_validate({**_fields(stage), **fields})


def _fields(value: BaseModel) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).model_fields}


def _applies(case: Case, stage: Stage) -> bool:
    return any(case.meets(stage.applies_if, line) for line in case.lines_of(stage))


def _of_group(rule: str, group: str) -> bool:
    return rule == group or rule.startswith(f"{group}.")


def routing_schema() -> dict[str, Any]:
    """Return the JSON schema of `routing.yaml`, as shipped in `policies/routing.schema.json`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Routing.model_json_schema(mode="validation"),
    }


def anchors(addition: Addition) -> Iterator[tuple[str, Anchor]]:
    """Yield every stage that a rule speaks of, with the key under which it does."""
    yield addition.place
    yield from ((f"apart_from.{index}", anchor) for index, anchor in enumerate(addition.apart_from))
