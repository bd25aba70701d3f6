"""One workflow for each channel of a draft: what the whole draft walks then.

The reviews of the text are shared where both have them, and both are asked for where they differ; what each
channel has of its own (proofreads, checks of marks) applies to that channel alone. A line is signed once, by
the people of its own workflow.

Source: decision 81.
"""

from collections.abc import Mapping
from typing import Any

from app.domain.routing.rules import Choice, Routing, choose
from app.domain.vocabulary import StageKind
from app.domain.workflow.case import Case
from app.domain.workflow.conditions import When
from app.domain.workflow.definition import Outcome, Stage, Workflow
from app.domain.workflow.rerouting import Joint, matching, strictest, with_fields

#: A workflow's key and a title are so long at most.
_LONGEST_KEY, _LONGEST_TITLE = 40, 60


def by_channel(case: Case, routing: Routing) -> dict[str, Choice]:
    """Return the rule that chooses for each line of a draft, or for `""`, the draft as a whole.

    Where every line is chosen the same workflow, that is the whole draft's. Raises `LookupError` where no
    rule chooses.
    """
    if routing.choose_per == "draft":
        return {"": choose(case, routing)}
    by_line = {line: choose(case, routing, line) for line in case.lines}
    if len({choice.workflow for choice in by_line.values()}) < 2:
        return {"": next(iter(by_line.values()), None) or choose(case, routing)}
    return by_line


def route_names(chosen: Mapping[str, str]) -> frozenset[str]:
    """Return the names by which these ways are known again: keys, with the line if there are several."""
    return frozenset(f"{line}={key}" if line else key for line, key in chosen.items())


def joint(by_line: Mapping[str, Workflow]) -> Workflow:
    """Return what a draft walks whose lines have these workflows; `""` alone stands for all of it."""
    lines: dict[str, list[str]] = {}
    known = {workflow.key: workflow for workflow in by_line.values()}
    for line, workflow in by_line.items():
        lines.setdefault(workflow.key, []).append(line)
    if len(known) == 1:
        return next(iter(known.values()))
    whole, *others = (_for_lines(workflow, lines[key]) for key, workflow in known.items())
    for other in others:
        whole = _ByChannel(whole, other).workflow()
    said: dict[str, Any] = {name: getattr(whole, name) for name in Workflow.model_fields}
    titles = "、".join(workflow.title for workflow in known.values())
    return Workflow.model_validate(
        {**said, "key": "_and_".join(known)[:_LONGEST_KEY], "title": f"各阵地分别：{titles}"[:_LONGEST_TITLE]}
    )


def _for_lines(workflow: Workflow, lines: list[str]) -> Workflow:
    here = When(channels=tuple(lines))

    def on_them(when: When | None) -> When:
        return here if when is None else When(all_of=(here, when))

    stages = []
    for stage in workflow.stages:
        kept = with_fields(stage, after=workflow.after[stage.key])
        if _signs(stage):
            who = tuple(seat.model_copy(update={"when": on_them(seat.when)}) for seat in stage.who)
            kept = with_fields(kept, who=who)
        elif stage.per == "channel":
            kept = with_fields(kept, applies_if=on_them(stage.applies_if))
        stages.append(kept)
    said: dict[str, Any] = {name: getattr(workflow, name) for name in Workflow.model_fields}
    return Workflow.model_validate({**said, "stages": tuple(stages)})


def _signs(stage: Stage) -> bool:
    return StageKind.SIGN_OFF in stage.kinds


def _alike(stage: Stage, other: Stage) -> bool:
    """Tell whether two stages of a channel are the same but for when they apply."""
    apart = {"applies_if": None, "after": (), "send_back_to": None}
    return with_fields(stage, **apart) == with_fields(other, **apart)


class _ByChannel(Joint):
    """Two workflows of different channels becoming one."""

    def __init__(self, old: Workflow, new: Workflow) -> None:
        matched = {
            key: was
            for key, was in matching(old, new).items()
            if new.by_key[key].per != "channel"
            or _signs(new.by_key[key])
            or _alike(old.by_key[was], new.by_key[key])
        }
        super().__init__(old, new, matched, covering=False)

    def meet(self, new: Stage, key: str) -> tuple[str, ...]:
        """Join a stage with the one under `key`: what is one channel's own stays so."""
        old = self.stages[key]
        if new.per != "channel":
            return super().meet(new, key)
        if _signs(new):
            return (self.put(_signed(old, new), key),)
        either = tuple(when for when in (old.applies_if, new.applies_if) if when is not None)
        return (self.put(with_fields(old, applies_if=When(any_of=either)), key),)


def _signed(old: Stage, new: Stage) -> Stage:
    who = tuple(dict.fromkeys((*old.who, *new.who)))
    outcomes: dict[str, Outcome] = {outcome.key: outcome for outcome in (*new.outcomes, *old.outcomes)}
    return with_fields(strictest(old, new), who=who, outcomes=tuple(outcomes.values()))
