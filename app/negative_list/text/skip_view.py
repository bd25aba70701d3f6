"""The skip view: the fold view without separators between Chinese characters; 残 废 and 残_废 read 残废.

It is not scanned. A rule that asks for it looks, beside its words, for two neighbouring characters of one of
them with separators between; where that is found, the part is read anew without its separators.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence

from app.negative_list.pattern.charsets import HAN, Ranges, union
from app.negative_list.pattern.nodes import Chars, Choice, Node, Repeat, Series
from app.negative_list.text.buffer import SEPARATOR, ViewText
from app.negative_list.text.fold import fold_all
from app.negative_list.text.model import View

#: What is passed over, in the fold view. Signs that stand between the items of a list (、，/ | and line ends)
#: are none, for there 残 and 废 belong to two words; nor is the dash.
SEPARATORS = " \t-_.·•・*~+=^#"
#: Of more in a row none is passed over.
MOST = 3
#: From more on a pattern is too long for the engines.
_BRANCHES = 100

_RANGES: Ranges = union((ord(char), ord(char)) for char in SEPARATORS)
_HAN = "".join(f"{chr(low)}-{chr(high)}" for low, high in HAN)
_GAP = re.compile(f"(?<=[{_HAN}])[{re.escape(SEPARATORS)}]{{1,{MOST}}}(?=[{_HAN}])")
_BETWEEN = re.compile(f"(?<=[{_HAN}])(?=[{_HAN}])")
_TWO_HAN = re.compile(f"(?=([{_HAN}]{{2}}))")


def without_separators(text: str) -> str:
    """Return a text of the fold view as it reads in the skip view."""
    return _GAP.sub("", text)


def apart(text: str, sign: str) -> str:
    """Return a text with a sign between all neighbouring Chinese characters."""
    return _BETWEEN.sub(lambda _: sign, text)


def forms_of(words: Iterable[str], view: View) -> list[str]:
    """Return words as they read in a view."""
    if view is View.RAW:
        return list(words)
    folded = fold_all(words)
    return [without_separators(word) for word in folded] if view is View.SKIP else folded


class Bare:
    """One part of the fold view without its separators."""

    __slots__ = ("_behind", "_first", "_removed", "gaps", "view")

    def __init__(self, view: ViewText, part: int) -> None:
        first, last = view.bounds(part)
        text = view.text[first:last]
        pieces: list[str] = []
        self._first = first
        #: Where separators were in the bare text.
        self.gaps: list[int] = []
        #: Where they end in the fold view, and how many are gone up to there.
        self._behind: list[int] = []
        self._removed: list[int] = []
        start = gone = 0
        for gap in _GAP.finditer(text):
            pieces.append(text[start : gap.start()])
            self.gaps.append(gap.start() - gone)
            gone += len(gap[0])
            self._removed.append(gone)
            start = gap.end()
            self._behind.append(first + start)
        pieces.append(text[start:])
        self.view = ViewText("".join((*pieces, SEPARATOR)), b"", (0,))

    def there(self, start: int, end: int) -> tuple[int, int]:
        """Return a range of the bare text in the joined text of the fold view, with what stands between."""
        return self._there(start), self._there(end - 1) + 1

    def _there(self, place: int) -> int:
        index = bisect_right(self.gaps, place)
        return self._first + place + (self._removed[index - 1] if index else 0)

    def here(self, place: int) -> int:
        """Return where a character of the part, which is no separator, is in the bare text."""
        index = bisect_right(self._behind, place)
        return place - self._first - (self._removed[index - 1] if index else 0)


class Skip:
    """What one rule's words, in the form of the skip view, are when they are taken apart."""

    def __init__(self, words: Sequence[str]) -> None:
        #: Two neighbouring characters → `(number of the word, the word, place of the second in it)`.
        self._pairs: dict[str, list[tuple[int, str, int]]] = defaultdict(list)
        for number, word in enumerate(words):
            for found in _TWO_HAN.finditer(word):
                self._pairs[found[1]].append((number, word, found.start() + 1))

    def pattern(self) -> Node | None:
        """Return a pattern that matches wherever two such characters have separators between them.

        That of a long list matches between any two Chinese characters. None when no word has two of them.
        """
        followers: dict[str, list[str]] = defaultdict(list)
        for pair in self._pairs:
            followers[pair[0]].append(pair[1])
        between = Repeat(Chars(_RANGES), 1, MOST, lazy=False)
        branches = tuple(
            Series((_chars([first]), between, _chars(seconds))) for first, seconds in followers.items()
        )
        if not branches:
            return None
        if len(branches) > _BRANCHES:
            return Series((Chars(HAN), between, Chars(HAN)))
        return branches[0] if len(branches) == 1 else Choice(branches)

    def hits(self, bare: Bare) -> Iterable[tuple[int, int, int]]:
        """Return `(number of the word, start, end)` of the words that had separators in them.

        The places are those of the bare text.
        """
        text = bare.view.text
        found: dict[tuple[int, int, int], None] = {}
        for gap in bare.gaps:
            for number, word, place in self._pairs.get(text[gap - 1 : gap + 1], ()):
                start = gap - place
                if start >= 0 and text.startswith(word, start):
                    found[number, start, start + len(word)] = None
        return found


def _chars(chars: Iterable[str]) -> Chars:
    return Chars(union((ord(char), ord(char)) for char in chars))
