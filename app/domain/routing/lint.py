"""Read the routing policy, and say everything that is wrong with it, each fault with its line and key."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.domain.files import policy_text
from app.domain.files.faults import Fault, Faults, in_order
from app.domain.files.policy_text import Lines
from app.domain.routing.rules import Addition, Routing, anchors, extended, only_adds
from app.domain.vocabulary import StageKind
from app.domain.workflow import condition_lint, sample_drafts
from app.domain.workflow.conditions import When
from app.domain.workflow.definition import Workflow
from app.domain.workflow.lint import check

#: Keys by which somebody might want to take something away; there is no such thing.
_TAKING_AWAY = frozenset({"remove", "skip", "drop", "without", "replace", "instead_of", "exempt"})
#: The machine's check stands in every workflow, and permission to publish is not for routing to give.
_NOT_TO_ADD = frozenset({StageKind.RULE_CHECK, StageKind.SIGN_OFF})


@dataclass(frozen=True, slots=True)
class LintedRouting:
    """A policy that was read: the routing, if it has the right form, and all its faults, by line."""

    routing: Routing | None
    faults: tuple[Fault, ...]


def lint(text: str, workflows: Mapping[str, Workflow]) -> LintedRouting:
    """Return the routing of a file's text and all its faults.

    `workflows` are those in force by key. Every rule is tried on every workflow that can be chosen: the
    result must have all that the workflow had, the three reviews before all, and no fault of its own.
    """
    try:
        content, lines = policy_text.read(text)
    except Faults as error:
        return LintedRouting(None, error.faults)
    faults = [*lines.duplicates, *_taking_away(content, lines)]
    try:
        routing = Routing.model_validate(content)
    except ValidationError as error:
        told = {fault.key for fault in faults}
        faults += [fault for fault in lines.form(error) if fault.key not in told]
        try:
            known = Routing.model_validate(policy_text.without_unknown(content, error))
        except ValidationError:
            return LintedRouting(None, in_order(faults))
        # Only keys that nobody knows are wrong with its form: what it says can be looked at all the same.
        return LintedRouting(None, in_order([*faults, *_check(known, lines, workflows)]))
    return LintedRouting(routing, in_order([*faults, *_check(routing, lines, workflows)]))


def _check(routing: Routing, lines: Lines, workflows: Mapping[str, Workflow]) -> Iterator[Fault]:
    yield from _rules(routing, lines)
    yield from _choices(routing, lines, workflows)
    yield from _facts(routing, lines)
    yield from _classes(routing, lines, workflows)
    for index, addition in enumerate(routing.add):
        yield from _stage(index, addition, lines)
    yield from _after_publication(routing, lines, workflows)
    for key in dict.fromkeys(choice.workflow for choice in routing.choose):
        if key in workflows:
            yield from _tried(routing, lines, workflows[key])


def _taking_away(content: Any, lines: Lines) -> Iterator[Fault]:  # noqa: ANN401 – raw YAML
    if not isinstance(content, dict):
        return
    for key in content:
        if key in _TAKING_AWAY:
            yield lines.fault((key,), "takes_away")
    for part in ("choose", "add"):
        rules = content.get(part)
        for index, rule in enumerate(rules if isinstance(rules, list) else ()):
            for key in rule if isinstance(rule, dict) else ():
                if key in _TAKING_AWAY:
                    yield lines.fault((part, index, key), "takes_away")


def _rules(routing: Routing, lines: Lines) -> Iterator[Fault]:
    named = [("choose", index, choice.rule) for index, choice in enumerate(routing.choose)]
    named += [("add", index, addition.rule) for index, addition in enumerate(routing.add)]
    count = Counter(rule for _, _, rule in named)
    for part, index, rule in named:
        if count[rule] > 1:
            yield lines.fault((part, index, "rule"), "rule_twice", rule=rule)
    stages = Counter(addition.stage.key for addition in routing.add)
    for index, addition in enumerate(routing.add):
        if stages[addition.stage.key] > 1:
            yield lines.fault(("add", index, "stage", "key"), "stage_twice", stage=addition.stage.key)


def _choices(routing: Routing, lines: Lines, workflows: Mapping[str, Workflow]) -> Iterator[Fault]:
    always = [index for index, choice in enumerate(routing.choose) if choice.when in {None, When()}]
    if not always:
        yield lines.fault(("choose",), "no_default")
    for index, choice in enumerate(routing.choose):
        if choice.workflow not in workflows:
            yield lines.fault(("choose", index, "workflow"), "unknown_workflow", workflow=choice.workflow)
        if always and index > always[0]:
            yield lines.fault(("choose", index), "never_chosen", rule=choice.rule)


def _classes(routing: Routing, lines: Lines, workflows: Mapping[str, Workflow]) -> Iterator[Fault]:
    """Yield the conditions that ask for a class which the file does not name: they would never hold."""
    if routing.classes is None:
        return
    named = routing.classes.names.keys()
    rules = [("choose", index, one.title, one.when) for index, one in enumerate(routing.choose)]
    rules += [("add", index, one.title, one.when) for index, one in enumerate(routing.add)]
    for part, index, title, condition in rules:
        asked = {grade for when in (condition.parts() if condition else ()) for grade in when.classes}
        for grade in sorted(asked - named):
            yield lines.fault((part, index, "when"), "class_unnamed", grade=grade, where=title)
    for index, choice in enumerate(routing.choose):
        stages = workflows[choice.workflow].stages if choice.workflow in workflows else ()
        asked = {grade for when in sample_drafts.conditions(stages) for grade in when.classes}
        for grade in sorted(asked - named):
            where = f"流程 {choice.workflow}"
            yield lines.fault(("choose", index, "workflow"), "class_unnamed", grade=grade, where=where)


def _after_publication(routing: Routing, lines: Lines, workflows: Mapping[str, Workflow]) -> Iterator[Fault]:
    """Yield what is wrong with the workflows of corrections and retractions that the file names itself."""
    after = routing.after_publication
    for name, purpose in (
        ("small_correction", "small_correction"),
        ("correction", "publication"),
        ("retraction", "retraction"),
    ):
        key, path = getattr(after, name), ("after_publication", name)
        if key is None or not lines.has(path):
            continue
        if key not in workflows:
            yield lines.fault(path, "unknown_workflow", workflow=key)
        elif workflows[key].purpose != purpose:
            yield lines.fault(path, "workflow_of_other_purpose", workflow=key, purpose=purpose)
    for index, choice in enumerate(routing.choose):
        chosen = workflows.get(choice.workflow)
        if chosen is not None and chosen.purpose != "publication":
            place = ("choose", index, "workflow")
            yield lines.fault(place, "workflow_of_other_purpose", workflow=chosen.key, purpose="publication")


def _facts(routing: Routing, lines: Lines) -> Iterator[Fault]:
    asked: list[tuple[tuple[str | int, ...], When | None]] = [
        *((("choose", index, "when"), choice.when) for index, choice in enumerate(routing.choose)),
        *((("add", index, "when"), addition.when) for index, addition in enumerate(routing.add)),
    ]
    for path, when in asked:
        if when is None:
            continue
        yield from condition_lint.idle(path, when, lines)
        for fact in dict.fromkeys(fact for part in when.parts() for fact in part.facts):
            # The id of a rule has a dot in it; everything else is a fact of this file.
            if fact not in routing.facts and "." not in fact:
                yield lines.fault((*path, "facts"), "unknown_fact", fact=fact)


def _stage(index: int, addition: Addition, lines: Lines) -> Iterator[Fault]:
    stage, path = addition.stage, ("add", index, "stage")
    if stage.levels:
        yield lines.fault((*path, "levels"), "added_stage_has_level", levels=list(stage.levels))
    if stage.kinds & _NOT_TO_ADD:
        yield lines.fault((*path, "kind"), "not_to_be_added", kinds=sorted(stage.kinds & _NOT_TO_ADD))
    if stage.after is not None:
        yield lines.fault((*path, "after"), "place_twice")
    if stage.applies_if is not None:
        yield lines.fault((*path, "applies_if"), "condition_twice")
    if stage.added_by is not None:
        yield lines.fault((*path, "added_by"), "added_by_routing_only")
    if addition.condition == When():
        yield lines.fault(("add", index, "when"), "always_added")


def _tried(routing: Routing, lines: Lines, workflow: Workflow) -> Iterator[Fault]:
    own = check(workflow)
    known = {(fault.code, str(fault.data)) for fault in own}
    if own:
        # Told once: what is wrong with a workflow is told in full where its own file is looked at.
        chosen = [index for index, choice in enumerate(routing.choose) if choice.workflow == workflow.key]
        yield lines.fault(
            ("choose", chosen[0], "workflow"),
            "faulty_workflow",
            workflow=workflow.key,
            faults=len(own),
            fault=own[0].code,
            of=dict(own[0].data),
        )
    for index, addition in enumerate(routing.add):
        if addition.workflows and workflow.key not in addition.workflows:
            continue
        if addition.stage.key in workflow.by_key:
            yield lines.fault(
                ("add", index, "stage", "key"),
                "stage_exists",
                stage=addition.stage.key,
                workflow=workflow.key,
            )
            continue
        for key, anchor in anchors(addition):
            if anchor.find(workflow) is None:
                path = ("add", index, *(int(part) if part.isdigit() else part for part in key.split(".")))
                yield lines.fault(path, "no_place", workflow=workflow.key)
        alone = extended(workflow, routing.model_copy(update={"add": (addition,)}))
        assert only_adds(workflow, alone)
        for fault in check(alone):
            if (fault.code, str(fault.data)) not in known:
                yield lines.fault(
                    ("add", index, "stage"),
                    "breaks_workflow",
                    workflow=workflow.key,
                    fault=fault.code,
                    of=dict(fault.data),
                )
