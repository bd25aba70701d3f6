"""The drafts that a workflow's conditions can tell apart: one of each, to ask the linter's questions of."""

from collections.abc import Collection, Iterable, Iterator
from itertools import chain, combinations, islice, product
from typing import Literal, TypeVar

from app.domain.vocabulary import CaseState, ChannelKind
from app.domain.workflow.case import Case, Participant, Target
from app.domain.workflow.definition import Stage, When

#: The author of every such draft: somebody who holds no post in it.
AUTHOR = "作者"
#: A channel or section that no condition names.
OTHER = ""
#: Above this many drafts only those with at most two flags and facts, or all of them, are looked at.
MANY = 4096

T = TypeVar("T")
Grade = Literal["A", "B", "C"] | None


def conditions(stages: Iterable[Stage]) -> tuple[When, ...]:
    """Return every condition that these stages ask, those inside `unless` among them; empty for none."""
    asked = (when for stage in stages for when in (stage.applies_if, *(who.when for who in stage.who)))
    return tuple(chain.from_iterable(map(_with_inner, asked)))


def drafts(
    asked: Collection[When], *, people: Collection[Participant] = (), several: bool = False
) -> Iterator[Case]:
    """Yield one draft for each way in which the answers to `asked` can differ, the plainest first.

    Without a condition that is a single draft. Each is bound for one channel, with `several` also for each
    two. Roles that `people` hold for one channel or section only make more of these to tell apart.
    """
    grants = [grant for actor in people for grant in actor.grants]
    # Where roles are given channel by channel, there is no other channel to speak for.
    held = {grant.channel for grant in grants if grant.channel is not None} or {OTHER}
    parts = {grant.section for grant in grants if grant.section is not None} or {OTHER}
    kinds = _values((when.channel_kinds for when in asked), ())
    single = [
        Target(channel, kind, section)
        for channel in _values((when.channels for when in asked), sorted(held))
        for kind in (*kinds, *[kind for kind in ChannelKind if kind not in kinds][:1])
        for section in _values((when.sections for when in asked), sorted(parts))
    ]
    targets = [(target,) for target in single] + (list(combinations(single, 2)) if several else [])
    grades: list[Grade] = [None, *_values((when.classes for when in asked), ())]
    flags = _values((when.flags for when in asked), ())
    facts = _values((when.facts for when in asked), ())
    many = len(targets) * len(grades) * 2 ** (len(flags) + len(facts)) > MANY
    every = product(_subsets(flags, few=many), _subsets(facts, few=many), grades, targets)
    for flagged, found, grade, bound_for in islice(every, 4 * MANY):
        yield Case(
            state=CaseState.RETURNED,
            revision="",
            targets=bound_for,
            authors=frozenset({AUTHOR}),
            grade=grade,
            flags=frozenset(flagged),
            found=frozenset(found),
        )


def described(case: Case, asked: Collection[When]) -> dict[str, object]:
    """Return in JSON values what makes this draft one of its kind; empty where no condition is asked."""
    parts: dict[str, tuple[bool, object]] = {
        "channels": (any(when.channels for when in asked), [target.channel for target in case.targets]),
        "channel_kinds": (
            any(when.channel_kinds for when in asked),
            [target.kind for target in case.targets],
        ),
        "sections": (any(when.sections for when in asked), [target.section for target in case.targets]),
        "class": (any(when.classes for when in asked), case.grade),
        "flags": (any(when.flags for when in asked), sorted(case.flags)),
        "facts": (any(when.facts for when in asked), sorted(case.found)),
    }
    return {name: value for name, (told_apart, value) in parts.items() if told_apart}


def _with_inner(when: When | None) -> Iterator[When]:
    while when is not None:
        yield when
        when = when.unless


def _values(named: Iterable[Iterable[T]], others: Iterable[T]) -> list[T]:
    return list(dict.fromkeys((*chain.from_iterable(named), *others)))


def _subsets(values: list[str], *, few: bool) -> list[tuple[str, ...]]:
    sizes = {0, 1, 2, len(values)} if few else set(range(len(values) + 1))
    return [subset for size in sorted(sizes) if size <= len(values) for subset in combinations(values, size)]
