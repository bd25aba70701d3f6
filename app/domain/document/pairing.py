"""Which paragraphs of an older text are which of a newer one: the same, edited, moved, split or run on. Pure.

What cannot be told apart is left without a partner; nothing is paired because something has to be.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from rapidfuzz.distance import Indel

#: Share of common pairs of characters (Dice) from which two lines in the same order are one line, edited.
_ALIKE = 0.35
#: The same for a line that moved past others: it must be more alike, and nothing else nearly as much.
_ALIKE_MOVED, _MARGIN = 0.4, 0.15
#: From here on two lines are nearly the same.
_NEARLY = 0.6
#: Cells of the largest table by which likenesses are counted: 80 MB.
_LARGEST_TABLE = 20_000_000
#: Share of a line's pairs of characters that its neighbour's partner must have for it to be a part of that.
_PART = 0.6
#: A pair of characters in more lines than this tells nothing about which line it is.
_COMMON = 24
#: A line shorter than this is not looked for elsewhere: too many are the same.
_SHORT = 8


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of both sides that are one: one each, or several where a line was split or run on.

    `old` and `new` are the numbers of consecutive lines, neither empty.
    """

    old: tuple[int, ...]
    new: tuple[int, ...]


def pair(old: Sequence[str], new: Sequence[str]) -> tuple[Group, ...]:
    """Return the lines that belong together, by the old side's order; those that came or went are in none.

    Time grows with the number of lines and characters, and with the lines that are alike.
    """
    partner = _same(old, new)
    left_old = [index for index in range(len(old)) if index not in partner]
    taken = set(partner.values())
    left_new = [index for index in range(len(new)) if index not in taken]
    scores = _scores({at: old[at] for at in left_old}, {at: new[at] for at in left_new})
    partner |= _sure(scores)
    taken = set(partner.values())
    scores = {
        both: score for both, score in scores.items() if both[0] not in partner and both[1] not in taken
    }
    partner |= _in_order(scores, partner)
    partner |= _moved(scores, partner)
    return _groups(old, new, partner)


def moved(groups: Sequence[Group], old: Sequence[str]) -> frozenset[int]:
    """Return which of the groups moved past others, by their number; the most of the text stays.

    `groups` are in the order of the old side, as `pair` gives them.
    """
    if all(one.new[0] < other.new[0] for one, other in pairwise(groups)):
        return frozenset()
    weights = {
        (number, group.new[0]): 1.0 + sum(len(old[index]) for index in group.old)
        for number, group in enumerate(groups)
    }
    stayed = {number for number, _ in _longest(weights, set())}
    return frozenset(range(len(groups))) - stayed


def _same(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Pair lines that are the same: in order, then those that stand only once on either side."""
    matched: dict[int, int] = {}
    for step in Indel.opcodes(list(old), list(new)):
        if step.tag == "equal":
            for offset in range(step.src_end - step.src_start):
                matched[step.src_start + offset] = step.dest_start + offset
    taken = set(matched.values())
    gone, came = defaultdict(list), defaultdict(list)
    for index, text in enumerate(old):
        if index not in matched and len(text) >= _SHORT:
            gone[text].append(index)
    for index, text in enumerate(new):
        if index not in taken and len(text) >= _SHORT:
            came[text].append(index)
    for text, indexes in gone.items():
        if len(indexes) == 1 and len(came.get(text, ())) == 1:
            matched[indexes[0]] = came[text][0]
    return matched


def _shape(text: str) -> Counter[str]:
    """Return the pairs of characters of a line, its ends among them."""
    framed = f"\x02{text}\x03"
    return Counter(framed[at : at + 2] for at in range(len(framed) - 1))


def _scores(old: Mapping[int, str], new: Mapping[int, str]) -> dict[tuple[int, int], float]:
    """Return how alike (Dice, 0 to 1) those lines are that share what few lines have."""
    if not old or not new:
        return {}
    lines = [*old.values(), *new.values()]
    # A table of lines by pairs of characters is quick, and too large for books.
    if len(lines) * sum(map(len, lines)) > _LARGEST_TABLE:
        shapes = [{at: frozenset(_shape(text)) for at, text in side.items()} for side in (old, new)]
        return _scores_by_sets(*shapes)
    return _scores_by_table(old, new)


def _scores_by_table(old: Mapping[int, str], new: Mapping[int, str]) -> dict[tuple[int, int], float]:
    lines = [f"\x02{text}\x03" for side in (old, new) for text in side.values()]
    codes = np.frombuffer("".join(lines).encode("utf-32-le"), dtype=np.uint32).astype(np.int64)
    rows = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    inside = rows[:-1] == rows[1:]
    known, pairs = np.unique((codes[:-1] << 21 | codes[1:])[inside], return_inverse=True)
    # Each line has each pair of characters once.
    each = np.sort(rows[:-1][inside] * len(known) + pairs)
    each = each[np.append(True, each[1:] != each[:-1])]
    row, pair_of = each // len(known), each % len(known)
    own = row < len(old)
    table = np.zeros((len(known), len(new)), dtype=np.uint8)
    table[pair_of[~own], row[~own] - len(old)] = 1
    rare = table.sum(axis=1, dtype=np.int64) <= _COMMON
    starts = np.searchsorted(row[own], np.arange(len(old)))
    has = table[pair_of[own]]
    shared = np.add.reduceat(has, starts, axis=0, dtype=np.int32)
    near = np.add.reduceat(has * rare[pair_of[own]][:, None], starts, axis=0, dtype=np.int32) > 0
    sizes = np.bincount(row, minlength=len(lines))
    scores = 2 * shared / (sizes[: len(old), None] + sizes[None, len(old) :])
    numbers_old, numbers_new = list(old), list(new)
    return {
        (numbers_old[one], numbers_new[other]): float(scores[one, other])
        for one, other in zip(*(side.tolist() for side in np.nonzero(near & (scores >= _ALIKE))), strict=True)
    }


def _scores_by_sets(
    old: Mapping[int, frozenset[str]], new: Mapping[int, frozenset[str]]
) -> dict[tuple[int, int], float]:
    where: dict[str, list[int]] = defaultdict(list)
    for index, shape in new.items():
        for part in shape:
            where[part].append(index)
    scores: dict[tuple[int, int], float] = {}
    for index, shape in old.items():
        near = {
            other for part in shape if len(where.get(part, ())) <= _COMMON for other in where.get(part, ())
        }
        for other in near:
            score = 2 * len(shape & new[other]) / (len(shape) + len(new[other]))
            if score >= _ALIKE:
                scores[index, other] = score
    return scores


def _sure(scores: dict[tuple[int, int], float]) -> dict[int, int]:
    """Pair the lines that are nearly the same, where neither side has another that is nearly as alike."""
    near = _NEARLY - _MARGIN
    rows, columns = _by_line({both: score for both, score in scores.items() if score >= near})
    found = {}
    for one, others in rows.items():
        other = _likest(others, least=_NEARLY)
        if other is not None and _likest(columns[other], least=_NEARLY) == one:
            found[one] = other
    return found


def _in_order(scores: dict[tuple[int, int], float], fixed: dict[int, int]) -> dict[int, int]:
    """Return the pairs that keep the order among themselves and are together most alike.

    `fixed` pairs bound them: one may not lie across another line that stayed in order.
    """
    chain = _longest({**dict.fromkeys(fixed.items(), 1.0), **scores}, set(fixed.items()))
    return {old: other for old, other in chain if old not in fixed}


def _longest(weights: dict[tuple[int, int], float], sure: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the heaviest chain of pairs that increases on both sides; `sure` pairs weigh double."""
    pairs = sorted(weights, key=lambda both: (both[0], -both[1]))
    size = max((other for _, other in pairs), default=-1) + 2
    best: list[tuple[float, int]] = [(0.0, -1)] * (size + 1)
    before: list[int] = []
    for number, (old, other) in enumerate(pairs):
        top = (0.0, -1)
        at = other
        while at > 0:
            top = max(top, best[at])
            at -= at & -at
        before.append(top[1])
        weight = weights[old, other] * (2 if (old, other) in sure else 1)
        mine = (top[0] + weight, number)
        at = other + 1
        while at <= size:
            best[at] = max(best[at], mine)
            at += at & -at
    at, chain = max(best)[1], []
    while at >= 0:
        chain.append(pairs[at])
        at = before[at]
    return chain[::-1]


def _moved(scores: dict[tuple[int, int], float], partner: dict[int, int]) -> dict[int, int]:
    """Pair what is left where each side is the other's likest by far."""
    taken = set(partner.values())
    rows, columns = _by_line(
        {both: score for both, score in scores.items() if both[0] not in partner and both[1] not in taken}
    )
    partners = {}
    for old, others in rows.items():
        likest = _likest(others)
        if likest is not None and _likest(columns[likest]) == old:
            partners[old] = likest
    return partners


def _by_line(
    scores: dict[tuple[int, int], float],
) -> tuple[dict[int, list[tuple[float, int]]], dict[int, list[tuple[float, int]]]]:
    """Return for each line of either side the lines of the other that it is like, with how much."""
    rows: dict[int, list[tuple[float, int]]] = defaultdict(list)
    columns: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for (one, other), score in scores.items():
        rows[one].append((score, other))
        columns[other].append((score, one))
    return rows, columns


def _likest(candidates: Iterable[tuple[float, int]], *, least: float = _ALIKE_MOVED) -> int | None:
    first, *rest = sorted(candidates, reverse=True)
    if first[0] < least or (rest and first[0] - rest[0][0] < _MARGIN):
        return None
    return first[1]


def _groups(old: Sequence[str], new: Sequence[str], partner: dict[int, int]) -> tuple[Group, ...]:
    """Make groups of pairs, and let each line without a partner join the neighbour that it is a part of."""
    groups = [([old], [other]) for old, other in sorted(partner.items())]
    for side, texts, others in ((0, old, new), (1, new, old)):
        owner = {index: group for group in groups for index in group[side]}
        for order in (range(len(texts)), range(len(texts) - 1, -1, -1)):
            for index in order:
                if index in owner:
                    continue
                near = [owner[beside] for beside in (index - 1, index + 1) if beside in owner]
                rated = [
                    (_share(texts, others, index, group, side), number) for number, group in enumerate(near)
                ]
                if rated and max(rated)[0] >= _PART:
                    group = near[max(rated)[1]]
                    group[side].append(index)
                    group[side].sort()
                    owner[index] = group
    return tuple(Group(tuple(olds), tuple(news)) for olds, news in groups)


def _share(
    texts: Sequence[str], others: Sequence[str], index: int, group: tuple[list[int], list[int]], side: int
) -> float:
    """Return the share of a line's pairs that its group's other side has and its own side has not."""
    shape = _shape(texts[index])
    have = _summed(others[other] for other in group[1 - side])
    used = _summed(texts[own] for own in group[side])
    return ((have - used) & shape).total() / max(shape.total() - 2, 1)


def _summed(texts: Iterable[str]) -> Counter[str]:
    total: Counter[str] = Counter()
    for text in texts:
        total.update(_shape(text))
    return total
