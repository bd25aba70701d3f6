"""Conditions that say nothing: they hold of no draft, or of every one."""

from collections.abc import Iterator

from app.domain.files.faults import Fault
from app.domain.files.policy_text import Lines
from app.domain.workflow import sample_drafts
from app.domain.workflow.conditions import When
from app.domain.workflow.definition import Workflow

Path = tuple[str | int, ...]


def settled(when: When) -> bool | None:
    """Return what a condition answers of every draft alike; `None` where drafts differ, or too many could.

    An empty one is left alone: it says in plain words that it always holds.
    """
    if when == When():
        return None
    asked = list(when.parts())
    answers = set()
    for case in sample_drafts.drafts(asked, several=True):
        answers |= {case.meets(when, line) for line in ("", *case.lines)}
        if len(answers) > 1:
            return None
    return answers.pop() if sample_drafts.complete(asked) else None


def idle(path: Path, when: When, lines: Lines) -> Iterator[Fault]:
    """Yield the fault of a condition at `path` that is always, or never, met, and of each part of it."""
    if (answer := settled(when)) is not None:
        at = path if lines.has(path) else path[:-1]
        fault = lines.fault(at, "condition_always" if answer else "condition_never")
        yield Fault(fault.line, ".".join(map(str, path)), fault.code, fault.data)
        return
    for key in ("all_of", "any_of", "none_of"):
        for index, part in enumerate(getattr(when, key)):
            yield from idle((*path, key, index), part, lines)


def conditions(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    """Yield every condition of a workflow by which nothing is decided."""
    for index, stage in enumerate(workflow.stages):
        if stage.applies_if is not None and settled(stage.applies_if) is False:
            path: Path = ("stages", index, "applies_if")
            fault = lines.fault(path if lines.has(path) else path[:-1], "never_applies", stage=stage.key)
            yield Fault(fault.line, f"stages.{index}.applies_if", fault.code, fault.data)
        elif stage.applies_if is not None:
            yield from idle(("stages", index, "applies_if"), stage.applies_if, lines)
        for key, people in (("who", stage.who), ("override", stage.override)):
            for number, who in enumerate(people):
                if who.when is not None:
                    yield from idle(("stages", index, key, number, "when"), who.when, lines)
