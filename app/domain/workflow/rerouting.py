"""A text that routing sends another way than before: what its case walks then. Nothing is ever taken away.

The workflow that the new text asks for is joined with the one that the case walks. Where the new one asks for
all that the old one does, it takes its place, and its words hold. Where it lacks something, both are asked
for: what is missing is added, and of two ways of saying one stage the stricter holds; where two say different
people, both decide. What was passed stays passed by its bindings, unless the stage asks for more now.

Source: domain invariants 7, 11 and 12; docs/decisions/0048-a-new-text-is-routed-again.md.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from typing import Any

from app.domain.document.changes import MarksOnly
from app.domain.vocabulary import REVIEW_LEVELS, Event, StageKind, Subject
from app.domain.workflow import separation
from app.domain.workflow.added_stages import extended
from app.domain.workflow.case import DONE, PENDING, Run
from app.domain.workflow.definition import DistinctSet, Stage, Workflow
from app.domain.workflow.effects import Walk
from app.domain.workflow.facts import Facts
from app.domain.workflow.migration import differences

#: Kinds of which a workflow has one stage: whatever its key, it is the same stage in another workflow.
_ONE_OF_A_KIND = (StageKind.RULE_CHECK, StageKind.CONFIRM_MARKS, StageKind.SIGN_OFF)
#: What an edit does to a decision, the strictest last.
_ON_EDIT = ("keep_marks_only", "keep_trivial", "void")
#: More people than any quorum can ask for, and more errors than any text has.
_ALL = 1000


def combined(old: Workflow, new: Workflow) -> Workflow:
    """Return what a case walks that was on `old` when its text asks for `new`.

    That is `old` itself where it asks for everything already, `new` itself where it has all that `old` has
    under the same keys, else both together: every stage of `old` keeps its key, its order and its sets.
    """
    matched = matching(old, new)
    if _asks_all(old, new, matched, same_people=True):
        return old
    covering = _asks_all(new, old, {was: key for key, was in matched.items()})
    if covering and all(key == was for key, was in matched.items()):
        return new
    return Joint(old, new, matched, covering=covering).workflow()


def move(walk: Walk[Facts], new: Workflow, grounds: Mapping[str, Any]) -> None:
    """Let the case of a step walk `new` from here on, with an event that says the rule and the facts.

    What a stage asks for more than before is decided anew; so is the later of two stages that one person
    stands behind where the new version wants different ones. Everything else stays as it was decided.
    """
    old, walk.workflow = walk.workflow, extended(new, walk.case.added)
    walk.moved_to = new
    was = old.version_itself
    walk.say(
        Event.CASE_MIGRATED,
        **{"from": was.digest, "to": new.digest, **differences(was, new).record(), **grounds},
    )
    for run in list(walk.current.values()):
        stands = run.state in PENDING or run.state in DONE
        if stands and _asks_more(walk.workflow.by_key[run.stage], old.by_key[run.stage]):
            walk.void(run, "rerouted")
    places = {stage.key: index for index, stage in enumerate(walk.workflow.ordered)}
    standing = sorted(
        (run for run in walk.current.values() if run.votes and (run.state in PENDING or run.state in DONE)),
        key=lambda run: places[run.stage],
    )
    kept: list[Run] = []
    for run in standing:
        if any(_one_person(walk.workflow, run, other) for other in kept):
            walk.void(run, "rerouted")
        else:
            kept.append(run)


def _one_person(workflow: Workflow, run: Run, other: Run) -> bool:
    return (
        other.stage in workflow.distinct_from[run.stage]
        and separation.meet(run.spot, other.spot)
        and not run.persons.isdisjoint(other.persons)
    )


def _asks_more(now: Stage, was: Stage) -> bool:
    """Tell whether who decided a stage as it was has not decided it as it is now."""
    return (
        not set(was.who) <= set(now.who)
        or _need(now) > _need(was)
        or (now.need != was.need and (_apart(now) or _apart(was)))
        or (was.author_may_act and not now.author_may_act)
        or not set(now.checklist) <= set(was.checklist)
        or not set(now.requires) <= set(was.requires)
        or not now.kinds <= was.kinds
        or not set(now.levels) <= set(was.levels)
        or (now.per, now.acts_on) != (was.per, was.acts_on)
    )


def matching(old: Workflow, new: Workflow) -> dict[str, str]:
    """Return the stages of `new` that are stages of `old` under any key: new key to old key."""
    found = {key: key for key, stage in new.by_key.items() if _same_place(stage, old.by_key.get(key))}
    for stage in new.stages:
        left = [one for one in old.stages if one.key not in found.values()]
        if stage.key not in found and (same := next((one for one in left if _same(stage, one)), None)):
            found[stage.key] = same.key
    return found


def _same_place(stage: Stage, other: Stage | None) -> bool:
    """Tell whether two stages act on the same thing, and both sign or neither does."""
    return (
        other is not None
        and (stage.per, stage.acts_on) == (other.per, other.acts_on)
        and (StageKind.SIGN_OFF in stage.kinds) is (StageKind.SIGN_OFF in other.kinds)
    )


def _same(stage: Stage, other: Stage) -> bool:
    return _same_place(stage, other) and (
        (bool(stage.levels) and set(stage.levels) == set(other.levels))
        or (stage.kind is other.kind and stage.kind in _ONE_OF_A_KIND)
    )


def _asks_all(more: Workflow, less: Workflow, pairs: Mapping[str, str], *, same_people: bool = False) -> bool:
    """Tell whether `more` asks for everything that `less` asks for; `pairs` are its stages by those of less.

    With `same_people` also that nobody else decides there than `less` lets decide.
    """
    return (
        all(stage.key in pairs for stage in less.stages)
        and all(
            _asks(more.by_key[pairs[stage.key]], stage, same_people=same_people)
            and {pairs[key] for key in less.ancestors[stage.key]} <= more.ancestors[pairs[stage.key]]
            and {pairs[key] for key in less.distinct_from[stage.key]} <= more.distinct_from[pairs[stage.key]]
            for stage in less.stages
        )
        and _limits(more, less) == more.marks_only
    )


def _asks(more: Stage, less: Stage, *, same_people: bool = False) -> bool:
    """Tell whether a stage asks for at least what another does."""
    return (
        (more.per, more.acts_on) == (less.per, less.acts_on)
        and less.kinds <= more.kinds
        and set(less.levels) <= set(more.levels)
        and more.applies_if in {None, less.applies_if}
        and (more.need == less.need or (not _apart(less) and _need(more) > _need(less)))
        and (less.author_may_act or not more.author_may_act)
        and set(less.watches) <= set(more.watches)
        and _ON_EDIT.index(less.on_edit) <= _ON_EDIT.index(more.on_edit)
        and set(less.checklist) <= set(more.checklist)
        and set(less.requires) <= set(more.requires)
        and (more.not_head_of_author or not less.not_head_of_author)
        and less.same_person_as in {None, more.same_person_as}
        and set(more.override) <= set(less.override)
        and (
            less.errors_left is None
            or (more.errors_left is not None and more.errors_left <= less.errors_left)
        )
        and more.rounds <= less.rounds
        and (not same_people or set(more.who) <= set(less.who))
    )


def _need(stage: Stage) -> int:
    return _ALL if stage.need == "all" else stage.least


def _apart(stage: Stage) -> bool:
    """Tell whether how many decide is not a number that another could be more than."""
    return stage.need == "one_of_each" or stage.committee is not None


def _limits(one: Workflow, other: Workflow) -> MarksOnly:
    ours, theirs = one.marks_only.model_dump(), other.marks_only.model_dump()
    return MarksOnly(**{name: min(ours[name], theirs[name]) for name in ours})


class Joint:
    """Two workflows becoming one; `covering` says that the new one asks for all that the old one does."""

    def __init__(self, old: Workflow, new: Workflow, matched: Mapping[str, str], *, covering: bool) -> None:
        self.old, self.new = old, new
        self.stages: dict[str, Stage] = {stage.key: stage for stage in old.stages}
        self.before: dict[str, set[str]] = {key: set(after) for key, after in old.after.items()}
        # Under which keys a stage of the new workflow stands in the joint one.
        self.names: dict[str, tuple[str, ...]] = {}
        for stage in new.stages:
            if stage.key not in matched:
                self.names[stage.key] = (self._lay(stage),)
            elif covering:
                self.names[stage.key] = (self.put(stage, matched[stage.key]),)
            else:
                self.names[stage.key] = self.meet(stage, matched[stage.key])
        for stage in new.stages:
            self._wait(stage)

    def workflow(self) -> Workflow:
        """Return what came of it, as a version of its own under the key of the new workflow."""
        sets = [*self.old.distinct]
        for group in self.new.distinct:
            keys = dict.fromkeys(key for stage in group.stages for key in self.names[stage])
            apart = DistinctSet(name=group.name, stages=tuple(keys))
            sets += [] if apart in sets else [apart]
        sets += _reviews_apart(self.stages.values(), sets)
        said = {name: getattr(self.new, name) for name in Workflow.model_fields}
        return Workflow.model_validate(
            {
                **said,
                "flags": {**self.old.flags, **self.new.flags},
                "stages": tuple(
                    with_fields(stage, after=tuple(sorted(self.before[key])))
                    for key, stage in self.stages.items()
                ),
                "distinct": tuple(sets),
                "marks_only": _limits(self.old, self.new),
            }
        )

    def _lay(self, stage: Stage) -> str:
        """Add a stage under its key, or where that is taken under the next that is free; return the key."""
        key, number = stage.key, 2
        while key in self.stages:
            key, number = f"{stage.key[:36]}_{number}", number + 1
        self.before[key] = set()
        return self.put(stage, key)

    def put(self, stage: Stage, key: str) -> str:
        """Let a stage stand under `key`, and return that."""
        self.stages[key] = with_fields(stage, key=key, send_back_to=None)
        return key

    def meet(self, new: Stage, key: str) -> tuple[str, ...]:
        """Join a stage with the one that is there under `key`; return the keys that stand for both."""
        old = self.stages[key]
        if _asks(old, new, same_people=True):
            return (key,)
        if _asks(new, old, same_people=True):
            return (self.put(new, key),)
        levels = {*old.levels, *new.levels} & set(REVIEW_LEVELS)
        if len(levels) > 1:
            return (key, self._lay(new))
        strict = strictest(old, new)
        if set(new.who) <= set(old.who) or set(old.who) <= set(new.who):
            who = new.who if set(new.who) <= set(old.who) else old.who
            return (self.put(with_fields(strict, who=who), key),)
        if StageKind.SIGN_OFF in new.kinds:
            # One signs: those who would have signed before give their consent ahead of it.
            self.put(with_fields(strict, who=new.who, need=new.need), key)
            title = f"{old.title}前审定"[:60]
            changed = {"kind": StageKind.REVIEW, "also": (), "subject": Subject.PROOF, "title": title}
            consent = self._lay(with_fields(old, **changed))
            self.before[consent] = set(self.before[key])
            self.before[key].add(consent)
            return (key, consent)
        # Each half keeps who may act there: where an author reads first, somebody else reads behind them.
        first = {"who": old.who, "need": old.need, "title": old.title, "outcomes": old.outcomes}
        self.put(with_fields(strict, **first, author_may_act=old.author_may_act), key)
        behind = {"who": new.who, "need": new.need, "author_may_act": new.author_may_act}
        second = self._lay(with_fields(strict, **behind))
        self.before[second].add(key)
        return (key, second)

    def _wait(self, stage: Stage) -> None:
        """Let a stage of the new workflow wait for all that it waits for there, where no ring comes of it."""
        for key in self.names[stage.key]:
            for before in self.new.after[stage.key]:
                for earlier in self.names[before]:
                    if earlier != key and key not in self._reach(earlier):
                        self.before[key].add(earlier)
        signs = [key for key, one in self.stages.items() if StageKind.SIGN_OFF in one.kinds]
        for sign in signs:
            self.before[sign] |= {
                key for key in self.stages if key not in signs and sign not in self._reach(key)
            }

    def _reach(self, key: str) -> Collection[str]:
        seen: dict[str, None] = {}
        todo = list(self.before[key])
        while todo:
            one = todo.pop()
            if one not in seen:
                seen[one] = None
                todo += self.before[one]
        return seen


def _reviews_apart(stages: Collection[Stage], sets: Collection[DistinctSet]) -> Iterator[DistinctSet]:
    """Yield a set for every two stages of different reviews that no set holds yet."""
    for one, other in combinations(stages, 2):
        levels = [set(stage.levels) & set(REVIEW_LEVELS) for stage in (one, other)]
        apart = any({one.key, other.key} <= set(group.stages) for group in sets)
        if all(levels) and levels[0] != levels[1] and not apart:
            yield DistinctSet(name="三审两两不同人", stages=(one.key, other.key))


def strictest(old: Stage, new: Stage) -> Stage:
    """Return the new stage with whatever the old one asks for beyond it."""
    needs = sorted((old, new), key=_need)
    errors = [one for one in (old.errors_left, new.errors_left) if one is not None]
    return with_fields(
        new,
        also=tuple(sorted((old.kinds | new.kinds) - {new.kind})),
        levels=tuple(dict.fromkeys((*old.levels, *new.levels))),
        need=new.need if _apart(new) else old.need if _apart(old) else needs[-1].need,
        applies_if=new.applies_if if old.applies_if == new.applies_if else None,
        author_may_act=old.author_may_act and new.author_may_act,
        watches=tuple(dict.fromkeys((*old.watches, *new.watches))),
        on_edit=_ON_EDIT[max(_ON_EDIT.index(old.on_edit), _ON_EDIT.index(new.on_edit))],
        checklist=tuple(dict.fromkeys((*old.checklist, *new.checklist))),
        requires=tuple(dict.fromkeys((*old.requires, *new.requires))),
        same_person_as=old.same_person_as,
        not_head_of_author=old.not_head_of_author or new.not_head_of_author,
        shows_findings=old.shows_findings or new.shows_findings,
        override=tuple(who for who in old.override if who in new.override),
        errors_left=min(errors) if errors else None,
        rounds=min(old.rounds, new.rounds),
    )


def with_fields(stage: Stage, **fields: Any) -> Stage:  # noqa: ANN401 – fields of Stage
    """Return a stage with other fields, made anew: a copy would keep what it has worked out about itself."""
    said = {name: getattr(stage, name) for name in type(stage).model_fields}
    return Stage.model_validate({**said, **fields})
