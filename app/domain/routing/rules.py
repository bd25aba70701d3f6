"""Which workflow a draft walks through, and which stages its facts add.

Routing only adds. An added stage is laid into the workflow with the rule's condition, so that it stands in
the version that the case begins with, is skipped on the record while the condition does not hold, and opens
as soon as it does: also when a later text brings the fact. No rule can take a stage away, or let one come
earlier.

Source: domain invariant 12 (routing only adds stages; each records the rule and the facts).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.domain.document.model import Document
from app.domain.vocabulary import Level, StageKind
from app.domain.workflow.case import Case
from app.domain.workflow.definition import DistinctSet, Flag, Key, Stage, Title, When, Workflow


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

    def words_in(self, text: str) -> tuple[str, ...]:
        """Return which of its words stand in a text as words of their own; perhaps none."""
        return tuple(word for word in self.words if self._stands(word, text))

    def _stands(self, word: str, text: str) -> bool:
        end = -1
        while (start := text.find(word, end + 1)) >= 0:
            end = start
            if not text.startswith(self.not_before, start + len(word)):
                return True
        return False


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


class Addition(_Value):
    """A rule that adds a stage: before, after or beside another, when its condition holds.

    `apart_from`: stages that the persons of the added one may not fill. `workflows`: only these, all if
    empty.
    """

    rule: Key
    title: Title
    when: When
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

    @model_validator(mode="after")
    def _has_one_place(self) -> "Addition":
        if sum(place is not None for place in (self.before, self.after, self.beside)) != 1:
            raise ValueError("give exactly one of before, after, beside")
        return self


class Routing(_Value):
    """The policy: the facts it knows, the rules that choose, and the rules that add.

    `flags` are the words for the flags that its own rules ask, as people read them.
    """

    version: Literal[1]
    flags: dict[Flag, Title] = {}
    facts: dict[Key, FactRule] = {}
    choose: tuple[Choice, ...] = Field(min_length=1)
    add: tuple[Addition, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """A stage that routing laid into the workflow: its rule, the condition, and whether it holds now."""

    stage: str
    rule: str
    when: When
    applies: bool


@dataclass(frozen=True, slots=True)
class Routed:
    """Where a draft goes: its workflow with the added stages, the rule that chose it, and the facts."""

    workflow: Workflow
    rule: str
    chosen: str
    placed: tuple[Placed, ...]
    facts: Mapping[str, Any]

    @property
    def added(self) -> tuple[Placed, ...]:
        """The added stages that apply to the draft as it is now."""
        return tuple(one for one in self.placed if one.applies)

    @property
    def skipped(self) -> tuple[Placed, ...]:
        """The added stages that do not apply as long as the facts stay as they are."""
        return tuple(one for one in self.placed if not one.applies)

    def record(self) -> dict[str, Any]:
        """Return what goes on record when the case opens, in JSON values: rules, conditions and facts."""
        return {
            "rule": self.rule,
            "workflow": self.chosen,
            "facts": dict(self.facts),
            "stages": [
                {
                    "stage": one.stage,
                    "rule": one.rule,
                    "when": one.when.model_dump(mode="json", exclude_defaults=True),
                    "applies": one.applies,
                }
                for one in self.placed
            ],
        }


def facts_in(document: Document, routing: Routing, *, rules: Collection[str] = ()) -> dict[str, list[str]]:
    """Return the facts of a text, each with what told of it; empty for none.

    `rules` are ids of the rules that hit. The reasons are `rule:<id>`, `word:<word>` and `field:<name>`; the
    names go into `Case.found` beside the ids of the rules.
    """
    text = "\n".join(words for _, words in document.texts())
    found: dict[str, list[str]] = {}
    for name, fact in routing.facts.items():
        told = [
            f"rule:{rule}" for rule in sorted(rules) if any(_of_group(rule, group) for group in fact.rules)
        ]
        told += [f"word:{word}" for word in fact.words_in(text)]
        told += [f"field:{field}" for field in fact.fields if getattr(document, field)]
        if told:
            found[name] = told
    return found


def route(case: Case, routing: Routing, workflows: Mapping[str, Workflow]) -> Routed:
    """Return the workflow for a draft, with every stage that routing may add to it.

    `case` is the draft before it is submitted: its targets, class, flags and found facts decide. `workflows`
    are those in force by key. Raises `LookupError` where no rule chooses or the workflow is unknown: a policy
    without faults (`routing_lint.lint`) has a last choice for everything.
    """
    choice = choose(case, routing)
    return routed(case, choice, extended(workflows[choice.workflow], routing))


def choose(case: Case, routing: Routing) -> Choice:
    """Return the rule that chooses the workflow of this draft. Raises `LookupError` where none does."""
    for choice in routing.choose:
        if case.meets(choice.when):
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
    new = _with(addition.stage, after=waits_for, applies_if=addition.when, added_by=addition.rule)
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
