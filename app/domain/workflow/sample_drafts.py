"""The drafts that a workflow's conditions can tell apart: one of each, to ask the linter's questions of."""

from collections.abc import Collection, Iterable, Iterator
from itertools import chain, combinations, islice, product
from typing import Literal, TypeVar

from app.domain.vocabulary import CaseState, ChannelKind
from app.domain.workflow.case import Case, Participant, Target
from app.domain.workflow.conditions import When
from app.domain.workflow.definition import Stage

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
    return tuple(part for when in asked if when is not None for part in when.parts())


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
    facts += [f"media:{kind}" for kind in _values((when.media for when in asked), ())]
    facts += _values((when.says.names.values() for when in asked if when.says is not None), ())
    units = _values((when.units for when in asked), ())
    posts = _values((when.author_posts for when in asked), ())
    sizes = list(
        product(
            _reached("characters", (when.characters_at_least for when in asked)),
            _reached("amount", (when.amount_at_least for when in asked)),
        )
    )
    free = len(flags) + len(facts) + len(units) + len(posts)
    many = len(targets) * len(grades) * len(sizes) * 2**free > MANY
    every = product(
        _subsets(flags, few=many), _subsets(facts, few=many), _subsets(units, few=many),
        _subsets(posts, few=many), sizes, grades, targets,
    )  # fmt: skip
    for flagged, found, above, posted, size, grade, bound_for in islice(every, 4 * MANY):
        yield Case(
            state=CaseState.RETURNED,
            revision="",
            targets=bound_for,
            authors=frozenset({AUTHOR}),
            grade=grade,
            flags=frozenset(flagged),
            found=frozenset((*found, *chain.from_iterable(size))),
            units=frozenset(above),
            author_posts=frozenset(posted),
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
        "facts": (any(when.facts or when.measured for when in asked), sorted(case.found)),
        "units": (any(when.units for when in asked), sorted(case.units)),
        "author_posts": (any(when.author_posts for when in asked), sorted(case.author_posts)),
    }
    return {name: value for name, (told_apart, value) in parts.items() if told_apart}


def _reached(name: str, asked: Iterable[int | None]) -> list[tuple[str, ...]]:
    """Return the measures of a number that the answers hang on: none of it, and each that is asked for."""
    return [(), *((f"{name}:{least}",) for least in sorted({least for least in asked if least is not None}))]


def complete(asked: Collection[When]) -> bool:
    """Tell whether `drafts` leaves out none of the ways in which the answers to `asked` can differ."""
    return sum(1 for _ in islice(drafts(asked, several=True), MANY + 1)) <= MANY


def _values(named: Iterable[Iterable[T]], others: Iterable[T]) -> list[T]:
    return list(dict.fromkeys((*chain.from_iterable(named), *others)))


def _subsets(values: list[str], *, few: bool) -> list[tuple[str, ...]]:
    sizes = {0, 1, 2, len(values)} if few else set(range(len(values) + 1))
    return [subset for size in sorted(sizes) if size <= len(values) for subset in combinations(values, size)]
