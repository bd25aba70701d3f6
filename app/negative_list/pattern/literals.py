"""What has to stand in a text wherever a pattern matches: a few literals, one of which each match holds."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from itertools import product
from typing import NamedTuple

from app.negative_list.pattern.nodes import Chars, Choice, Edge, Node, Repeat, Series

#: A set of strings one of which stands in each match of a pattern.
Literals = frozenset[str]
#: How often a run of two Chinese characters was seen, of all characters of the corpus.
Share = Callable[[str], float]

#: More literals than these wait for too much.
_MOST = 120
#: A larger set of characters is not written out.
_CHARS = 40
#: Literals that are more frequent than this together are no help: one in so many characters.
_WORTH = 1 / 3_000
#: What is taken for the share of one character, and of a pair that is not Chinese.
_HAN_CHAR, _DIGIT, _SIGN, _OTHER = 1e-3, 3e-3, 2e-2, 1e-4
_COMMON_PAIR, _BEHIND_SPACE, _DIGITS_PAIR, _RARE_PAIR = 3e-5, 5e-4, 2e-4, 1e-6
#: Each further character makes a literal so much rarer.
_RARER = 0.2
_BRACKETS = frozenset("“”《》（） \n")
_SIGNS = frozenset(" ,.;:!?()，。、；：！？（）“”《》\n")


class Wait(NamedTuple):
    """What a pattern waits for: each of its matches holds one of the literals, or is one of `rest`."""

    literals: Literals
    #: The branches that have no rare literals; None where all have.
    rest: Node | None


def waits_of(nodes: Sequence[Node], share: Share) -> list[Wait]:
    """Return what each pattern waits for; a pattern without rare literals is all `rest`."""
    search = _Search(share)
    return [search.wait(node) for node in nodes]


def _pair_share(first: str, second: str, share: Share) -> float:
    if _is_han(first) and _is_han(second):
        return share(first + second)
    if first in _SIGNS and second in _SIGNS:
        # 。” stands everywhere, 。， nowhere.
        return _COMMON_PAIR if first in _BRACKETS or second in _BRACKETS else _RARE_PAIR
    if first.isdigit() and second.isdigit():
        return _DIGITS_PAIR
    common = all(_is_han(char) or char.isdigit() or char in _SIGNS for char in (first, second))
    if common and first == " ":
        # 第一条 国家: what stands between a number and its text.
        return _BEHIND_SPACE
    return _COMMON_PAIR if common else _RARE_PAIR


def _is_han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


class _Search:
    """Looks for the rarest literals by what each is worth."""

    def __init__(self, share: Share) -> None:
        self._pair = cache(partial(_pair_share, share=share))
        self._rarity = cache(self._share)

    def _share(self, word: str) -> float:
        """Return about how often a literal stands in prose, of all places."""
        if len(word) == 1:
            if _is_han(word):
                return _HAN_CHAR
            return _DIGIT if word.isdigit() else _SIGN if word in _SIGNS else _OTHER
        return min(map(self._pair, word, word[1:])) * float(_RARER ** (len(word) - 2))

    def wait(self, node: Node) -> Wait:
        """Return what a pattern waits for."""
        branches = node.branches if isinstance(node, Choice) else (node,)
        rated = [(self.best(branch), branch) for branch in branches]
        left = _WORTH
        literals: set[str] = set()
        rest: list[Node] = []
        for best, branch in sorted(rated, key=lambda one: one[0][0] if one[0] is not None else 1.0):
            if best is None or best[0] > left:
                rest.append(branch)
            else:
                left -= best[0]
                literals |= best[1]
        if not rest:
            return Wait(frozenset(literals), None)
        return Wait(frozenset(literals), rest[0] if len(rest) == 1 else Choice(tuple(rest)))

    def best(self, node: Node) -> tuple[float, Literals] | None:
        """Return the rarest literals of a pattern with their share; None where it has none."""
        rated = [
            (sum(map(self._rarity, words)), sorted(words))
            for words in self._offers(node)
            if all(words) and len(words) <= 2 * _MOST
        ]
        if not rated:
            return None
        share, words = min(rated)
        return share, frozenset(_shortest(words))

    def _offers(self, node: Node) -> Iterable[Literals]:
        """Yield sets of literals: each match of the pattern holds one of each set."""
        whole = _exact(node)
        if whole is not None:
            yield frozenset(whole)
            return
        match node:
            case Repeat(item, low) if low:
                yield from self._offers(item)
            case Choice(branches):
                parts = [self.best(branch) for branch in branches]
                if None not in parts:
                    yield frozenset(word for part in parts if part is not None for word in part[1])
            case Series(items):
                yield from self._of_series(items)
            case _:
                return

    def _of_series(self, items: Sequence[Node]) -> Iterable[Literals]:
        """Yield the sets of each run of items that can be written out, and those within the others."""
        whole = [_exact(item) for item in items]
        # A run ends with the first turn of a repeat, or begins with its last.
        turn = [
            _exact(item.item) if own is None and isinstance(item, Repeat) and item.low else own
            for item, own in zip(items, whole, strict=True)
        ]
        for first, begin in enumerate(items):
            strings: tuple[str, ...] | None = ("",)
            for place in range(first, len(items)):
                longer = _joined(strings, turn[place])
                if longer is None:
                    break
                strings = longer
                if whole[place] is None and place > first:
                    break
            yield frozenset(strings or ())
            if whole[first] is None:
                yield from self._offers(begin)


def _shortest(words: Sequence[str]) -> Iterable[str]:
    """Yield the words that hold no other of them."""
    known = frozenset(words)
    for word in words:
        size = len(word)
        pieces = (word[low:high] for low in range(size) for high in range(low + 1, size + 1))
        if not any(piece in known for piece in pieces if len(piece) < size):
            yield word


def _exact(node: Node) -> tuple[str, ...] | None:
    """Return all texts that a pattern matches; None where they are too many."""
    match node:
        case Chars(ranges):
            count = sum(high - low + 1 for low, high in ranges)
            if count > _CHARS:
                return None
            return tuple(chr(code) for low, high in ranges for code in range(low, high + 1))
        case Edge():
            return ("",)
        case Choice(branches):
            parts = [_exact(branch) for branch in branches]
            found = dict.fromkeys(text for part in parts if part is not None for text in part)
            return None if None in parts or len(found) > _MOST else tuple(found)
        case Series(items):
            strings: tuple[str, ...] | None = ("",)
            for item in items:
                own = _exact(item)
                strings = None if own is None else _joined(strings, own)
                if strings is None:
                    return None
            return strings
        case Repeat(item, low, high):
            own = _exact(item)
            if own is None or high is None:
                return None
            return _repeated(own, low, high)


def _repeated(own: tuple[str, ...], low: int, high: int) -> tuple[str, ...] | None:
    found: dict[str, None] = {}
    strings: tuple[str, ...] | None = ("",)
    for count in range(high + 1):
        if count:
            strings = _joined(strings, own)
        if strings is None:
            return None
        if count >= low:
            found.update(dict.fromkeys(strings))
    return tuple(found) if len(found) <= _MOST else None


def _joined(before: tuple[str, ...] | None, behind: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if before is None or behind is None or len(before) * len(behind) > _MOST:
        return None
    return tuple(map("".join, product(before, behind)))
