"""Read a workflow file, and say everything that is wrong with it, each fault with its line and key."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, pairwise, product
from typing import Any

import yaml
from pydantic import ValidationError

from app.domain.vocabulary import REVIEW_LEVELS, StageKind, Subject
from app.domain.workflow.definition import Stage, Workflow


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a file: the line (from 1), the key as a path (`stages.3.who`), a code and its data."""

    line: int
    key: str
    code: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Linted:
    """A file that was read: its workflow, if it has the right form, and all its faults, by line."""

    workflow: Workflow | None
    faults: tuple[Fault, ...]


class WorkflowFaults(ValueError):  # noqa: N818 – it carries faults, plural
    """A workflow file that may not be used. `faults` says every reason."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        said = (f"line {fault.line}: {fault.key}: {fault.code} {dict(fault.data)}" for fault in faults)
        super().__init__("; ".join(said))
        self.faults = faults


def read_workflow(text: str) -> Workflow:
    """Return the workflow of a file's text. Raises `WorkflowFaults` with every fault when it has any."""
    linted = lint(text)
    if linted.workflow is None or linted.faults:
        raise WorkflowFaults(linted.faults)
    return linted.workflow


def lint(text: str, *, holders: Mapping[str, Collection[str]] | None = None) -> Linted:
    """Return the workflow of a file's text and all its faults.

    `holders` maps stage keys to the persons who could act there now; with it the distinct sets are asked
    whether these people can fill them, and stages that nobody could fill are named.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = str(getattr(error, "problem", None) or error)
        return Linted(None, (Fault(1 if mark is None else mark.line + 1, "", "yaml", {"message": said}),))
    lines = _Lines(root)
    faults = [Fault(line, key, "duplicate_key") for key, line in lines.duplicates]
    try:
        workflow = Workflow.model_validate(content)
    except ValidationError as error:
        faults += [
            lines.fault(fault["loc"], "form", type=fault["type"], message=fault["msg"])
            for fault in error.errors(include_url=False, include_input=False)
        ]
        return Linted(None, _in_order(faults))
    for check in (
        _keys,
        _order,
        _ways,
        _rule_check,
        _people,
        _levels,
        _distinct,
        _reviews_apart,
        _proofs,
        _deadlines,
    ):
        faults += check(workflow, lines)
    if holders is not None:
        faults += _holders(workflow, lines, holders)
    return Linted(workflow, _in_order(faults))


def _in_order(faults: list[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(_once(faults), key=lambda fault: (fault.line, fault.key, fault.code)))


def _once(faults: list[Fault]) -> list[Fault]:
    """Return the faults without repetitions."""
    return list({(fault.line, fault.key, fault.code, str(fault.data)): fault for fault in faults}.values())


class _Lines:
    """Where each key of a YAML text stands."""

    def __init__(self, root: yaml.Node | None) -> None:
        self.duplicates: list[tuple[str, int]] = []
        self._lines: dict[tuple[str | int, ...], int] = {}
        if root is not None:
            self._walk(root, ())

    def _walk(self, node: yaml.Node, path: tuple[str | int, ...]) -> None:
        self._lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                inner = (*path, str(key.value))
                if key.value in seen:
                    self.duplicates.append((_dotted(inner), key.start_mark.line + 1))
                seen.add(key.value)
                self._lines[inner] = key.start_mark.line + 1
                self._walk(value, inner)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self._walk(value, (*path, index))

    def fault(self, path: tuple[str | int, ...], code: str, **data: Any) -> Fault:  # noqa: ANN401 – JSON values
        known = path
        while known and known not in self._lines:
            known = known[:-1]
        return Fault(self._lines.get(known, 1), _dotted(path), code, data)

    def stage(self, workflow: Workflow, stage: Stage, key: str, code: str, **data: Any) -> Fault:  # noqa: ANN401
        index = workflow.stages.index(stage)
        path = ("stages", index, key) if ("stages", index, key) in self._lines else ("stages", index)
        fault = self.fault(path, code, stage=stage.key, **data)
        return Fault(fault.line, f"stages.{index}.{key}", code, fault.data)


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))


def _keys(workflow: Workflow, lines: _Lines) -> Iterator[Fault]:
    for key, count in Counter(stage.key for stage in workflow.stages).items():
        if count > 1:
            last = [stage for stage in workflow.stages if stage.key == key][-1]
            yield lines.stage(workflow, last, "key", "duplicate_stage")
    for stage in workflow.stages:
        outcomes = Counter(outcome.key for outcome in stage.outcomes)
        for key in (key for key, count in outcomes.items() if count > 1):
            yield lines.stage(workflow, stage, "outcomes", "duplicate_outcome", outcome=key)


def _order(workflow: Workflow, lines: _Lines) -> Iterator[Fault]:
    known = workflow.by_key
    for stage in workflow.stages:
        for key in workflow.after[stage.key]:
            if key not in known:
                yield lines.stage(workflow, stage, "after", "unknown_stage", names=key)
        before = workflow.ancestors[stage.key]
        if stage.key in before:
            yield lines.stage(workflow, stage, "after", "loop")
        elif any(key in workflow.ancestors.get(key, ()) for key in before) or not before <= known.keys():
            yield lines.stage(workflow, stage, "after", "unreachable")


def _ways(workflow: Workflow, lines: _Lines) -> Iterator[Fault]:
    known = workflow.by_key
    for stage in workflow.stages:
        before = workflow.ancestors[stage.key]
        for key in stage.send_back_to or ():
            if key not in before or key not in known or not known[key].by_people:
                yield lines.stage(workflow, stage, "send_back_to", "no_earlier_stage", names=key)
        ways_on = {outcome.verb for outcome in stage.outcomes}
        if "approve" not in ways_on:
            yield lines.stage(workflow, stage, "outcomes", "no_way_on")
        if stage.by_people and not ways_on & {"send_back", "decline"}:
            yield lines.stage(workflow, stage, "outcomes", "no_way_out")


def _rule_check(workflow: Workflow, lines: _Lines) -> Iterator[Fault]:
    machine = [stage for stage in workflow.stages if stage.kind is StageKind.RULE_CHECK]
    if not machine:
        yield lines.fault(("stages",), "no_rule_check")
    for stage in workflow.stages:
        reads = stage.by_people and StageKind.REVIEW in stage.kinds
        if reads and machine and not any(check.key in workflow.ancestors[stage.key] for check in machine):
            yield lines.stage(workflow, stage, "after", "before_rule_check")


def _people(workflow: Workflow, lines: _Lines) -> Iterator[Fault]:
    for stage in workflow.stages:
        if not stage.by_people:
            if stage.who:
                yield lines.stage(workflow, stage, "who", "nobody_needed")
            continue
        if not stage.who:
            yield lines.stage(workflow, stage, "who", "nobody")
        elif all(who.when is not None for who in stage.who) and not _covers(stage):
            yield lines.stage(workflow, stage, "who", "nobody_sometimes")
        if stage.need == "one_of_each" and any(who.group is None for who in stage.who):
            yield lines.stage(workflow, stage, "need", "group_missing")
        if any(who.author for who in stage.who) and not stage.author_may_act:
            yield lines.stage(workflow, stage, "author_may_act", "author_may_not_act")
        named = [who for who in stage.who if who.person is not None]
        at_least = 1 if isinstance(stage.need, str) else stage.need.at_least
        if named and len(named) == len(stage.who) < at_least:
            yield lines.stage(workflow, stage, "need", "too_few_people", people=len(named), needed=at_least)


def _covers(stage: Stage) -> bool:
    """Tell whether some condition stands beside its own opposite, so that one of the two always holds."""
    conditions = [who.when for who in stage.who if who.when is not None]
    return any(
        other.unless == one and other.model_copy(update={"unless": None}) == type(one)()
        for one in conditions
        for other in conditions
    )


def _levels(workflow: Workflow, lines: _Lines) -> Iterator[Fault]:
    for level in REVIEW_LEVELS:
        holding = [stage for stage in workflow.stages if level in stage.levels]
        if not holding:
            yield lines.fault(("stages",), "missing_review_level", level=level)
        elif all(stage.applies_if is not None for stage in holding):
            yield lines.stage(workflow, holding[0], "applies_if", "review_may_be_skipped", level=level)
        for stage in holding:
            if StageKind.REVIEW not in stage.kinds:
                yield lines.stage(workflow, stage, "kind", "level_without_review", level=level)
    reviews = [
        next((stage for stage in workflow.stages if level in stage.levels), None) for level in REVIEW_LEVELS
    ]
    for earlier, later in pairwise(reviews):
        if earlier and later and earlier.key not in workflow.ancestors[later.key]:
            yield lines.stage(workflow, later, "after", "reviews_out_of_order", before=earlier.key)


def _distinct(workflow: Workflow, lines: _Lines) -> Iterator[Fault]:
    for index, group in enumerate(workflow.distinct):
        for key in group.stages:
            if key not in workflow.by_key:
                yield lines.fault(("distinct", index, "stages"), "unknown_stage", names=key)
        if len(set(group.stages)) < len(group.stages):
            yield lines.fault(("distinct", index, "stages"), "named_twice")


def _reviews_apart(workflow: Workflow, lines: _Lines) -> Iterator[Fault]:
    for level, other in combinations(REVIEW_LEVELS, 2):
        stages = [stage for stage in workflow.stages if level in stage.levels]
        others = [stage for stage in workflow.stages if other in stage.levels]
        for stage, later in product(stages, others):
            if later.key == stage.key:
                yield lines.stage(workflow, stage, "levels", "two_reviews_in_one", levels=[level, other])
            elif later.key not in workflow.distinct_from[stage.key]:
                yield lines.fault(("distinct",), "reviews_not_distinct", stages=[stage.key, later.key])


def _proofs(workflow: Workflow, lines: _Lines) -> Iterator[Fault]:
    for stage in workflow.stages:
        if stage.acts_on is Subject.PROOF and stage.per != "channel":
            yield lines.stage(workflow, stage, "per", "proof_without_channel")
        if StageKind.CONFIRM_MARKS in stage.kinds and stage.acts_on is not Subject.PROOF:
            yield lines.stage(workflow, stage, "subject", "no_proof_to_confirm")
    signed = [stage for stage in workflow.stages if stage.kind is StageKind.SIGN_OFF]
    if not signed:
        yield lines.fault(("stages",), "no_sign_off")
    for stage in signed:
        if stage.acts_on is not Subject.PROOF:
            yield lines.stage(workflow, stage, "per", "sign_off_without_proof")
        missing = [key for key in workflow.by_key if key not in workflow.ancestors[stage.key] | {stage.key}]
        if missing:
            yield lines.stage(workflow, stage, "after", "signed_too_early", before=missing)


def _deadlines(workflow: Workflow, lines: _Lines) -> Iterator[Fault]:
    for stage in workflow.stages:
        if stage.within is not None and stage.within.working_days == 0:
            yield lines.stage(workflow, stage, "within", "deadline_of_zero")


def _holders(workflow: Workflow, lines: _Lines, holders: Mapping[str, Collection[str]]) -> Iterator[Fault]:
    for stage in workflow.stages:
        if stage.by_people and not holders.get(stage.key):
            yield lines.stage(workflow, stage, "who", "nobody_holds_it")
    for index, group in enumerate(workflow.distinct):
        stages = [key for key in group.stages if holders.get(key)]
        unfilled = _unfilled(stages, holders)
        if unfilled:
            yield lines.fault(("distinct", index), "too_few_people_for_set", name=group.name, stages=unfilled)


def _unfilled(stages: list[str], holders: Mapping[str, Collection[str]]) -> list[str]:
    """Return the stages left without a person of their own in a largest matching of stages to persons."""
    taken: dict[str, str] = {}

    def seat(stage: str, asked: set[str]) -> bool:
        for person in sorted(holders[stage]):
            if person not in asked:
                asked.add(person)
                if person not in taken or seat(taken[person], asked):
                    taken[person] = stage
                    return True
        return False

    return [stage for stage in stages if not seat(stage, set())]
