"""The forms in which the engines get a pattern."""

from app.negative_list.pattern import charsets
from app.negative_list.pattern.charsets import Ranges, overlap, union
from app.negative_list.pattern.nodes import Chars, Choice, Edge, Node, Repeat, Series, all_chars, least

_LARGE_SET = 50
#: What Chinese prose is made of: ASCII, signs of punctuation, Chinese characters, full-width forms.
_PROSE: Ranges = union(
    ((0x00, 0x7F), (0xB7, 0xB7), (0x2010, 0x2027), (0x3000, 0x303F), (0xFF00, 0xFFEF)), charsets.HAN
)
#: A repeat of so many different characters, so often, makes a start hard to tell.
_BROAD = 20
_LARGE = 3000
#: Of so many characters any may be waited for.
_FEW = 4


def trigger(node: Node) -> Node:
    """Return a smaller pattern that matches in a text wherever `node` does, if not the same range.

    Repeats at either end count only as often as they must.
    """
    return _shorter(node, begins=True, ends=True)


def _shorter(node: Node, *, begins: bool, ends: bool) -> Node:
    """Return a pattern with the repeats at its free ends as short as they may be.

    An end is free where nothing else of the whole pattern has to follow there: behind 1[3-9], the repeat in
    (?:[*]{1,4}[0-9]{5}) may not become [*], for 13**45678 has more.
    """
    match node:
        case Repeat(item, low, _, lazy) if low and (begins or ends):
            if low == 1:
                return _shorter(item, begins=begins, ends=ends)
            return Repeat(item, low, low, lazy)
        case Choice(branches):
            return Choice(tuple(_shorter(branch, begins=begins, ends=ends) for branch in branches))
        case Series(items):
            kept = list(items)
            while ends and kept and least(kept[-1]) == 0 and not _has_edge(kept[-1]):
                kept.pop()
            while begins and kept and least(kept[0]) == 0 and not _has_edge(kept[0]):
                kept.pop(0)
            if len(kept) == 1:
                return _shorter(kept[0], begins=begins, ends=ends)
            if kept and begins:
                kept[0] = _shorter(kept[0], begins=True, ends=False)
            if kept and ends:
                kept[-1] = _shorter(kept[-1], begins=False, ends=True)
            return Series(tuple(kept))
        case _:
            return node


def _has_edge(node: Node) -> bool:
    match node:
        case Edge():
            return True
        case Repeat(item):
            return _has_edge(item)
        case Choice(parts) | Series(parts):
            return any(map(_has_edge, parts))
        case _:
            return False


def set_of(node: Node) -> Ranges | None:
    """Return the set of a pattern that is one set, once or repeated, and faster looked up than searched for.

    That is so for a large set, and for one of characters that prose has none of. None for any other pattern.
    """
    chars = node.item if isinstance(node, Repeat) and node.low else node
    if not isinstance(chars, Chars) or not chars.ranges:
        return None
    rare = not overlap(chars.ranges, _PROSE)
    return chars.ranges if rare or len(chars.ranges) > _LARGE_SET else None


def weight(node: Node) -> int:
    """Return roughly how large an automaton of the pattern is."""
    match node:
        case Chars(ranges):
            return min(len(ranges), 2000)
        case Edge():
            return 1
        case Repeat(item, low, high):
            return weight(item) * (high if high is not None else low + 1)
        case Choice(parts) | Series(parts):
            return sum(map(weight, parts))


def is_heavy(node: Node) -> bool:
    """Whether hyperscan should look for the end of a match only, and leave the rest to RE2."""
    return weight(node) > _LARGE or _has_broad_repeat(node)


def is_anchored(node: Node) -> bool:
    """Whether each match holds a character out of a few, which an engine can wait for."""
    match node:
        case Chars(ranges):
            return sum(high - low + 1 for low, high in ranges) <= _FEW
        case Edge():
            return False
        case Repeat(item, low):
            return low > 0 and is_anchored(item)
        case Choice(parts):
            return all(map(is_anchored, parts))
        case Series(parts):
            return any(map(is_anchored, parts))


def _has_broad_repeat(node: Node) -> bool:
    match node:
        case Series(items):
            for index, item in enumerate(items):
                if (
                    _has_broad_repeat(item)
                    and not (
                        isinstance(item, Repeat)
                        # A sign before it that it cannot hold leaves one start only: 《[^《》]{2,60}》.
                        and any(
                            isinstance(sign, Chars) and not charsets.overlap(sign.ranges, all_chars(item))
                            for sign in items[:index]
                        )
                    )
                ):
                    return True
            return False
        case Repeat(Chars(ranges), low, high):
            broad = sum(last - first for first, last in ranges) > 1000
            return broad and high is not None and high - low >= _BROAD
        case Repeat(item):
            return _has_broad_repeat(item)
        case Choice(parts):
            return any(map(_has_broad_repeat, parts))
        case _:
            return False


def _char(code: int, *, python: bool) -> str:
    if python:
        return f"\\U{code:08x}"
    return (
        chr(code)
        if 0x4E00 <= code <= 0x9FFF or (chr(code).isascii() and chr(code).isalnum())
        else f"\\x{{{code:x}}}"
    )


def render(node: Node, *, python: bool = False) -> str:
    """Return the pattern for RE2 and hyperscan, or for Python's `re`."""
    match node:
        case Chars(ranges):
            if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
                return _char(ranges[0][0], python=python)
            negated = ranges[-1][1] == charsets.LAST and ranges[0][0] == 0
            shown = charsets.complement(ranges) if negated else ranges
            if not shown:
                return f"[{_char(0, python=python)}-{_char(charsets.LAST, python=python)}]"
            body = "".join(
                _char(low, python=python) + (f"-{_char(high, python=python)}" if high > low else "")
                for low, high in shown
            )
            return f"[{'^' if negated else ''}{body}]"
        case Edge(sign):
            return f"(?m:{sign})"
        case Series(items):
            return "".join(
                f"(?:{render(item, python=python)})"
                if isinstance(item, Choice)
                else render(item, python=python)
                for item in items
            )
        case Choice(branches):
            return "|".join(render(branch, python=python) for branch in branches)
        case Repeat(item, low, high, lazy):
            inner = render(item, python=python)
            if not isinstance(item, Chars):
                inner = f"(?:{inner})"
            return f"{inner}{{{low},{'' if high is None else high}}}{'?' if lazy else ''}"
