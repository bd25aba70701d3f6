"""Whether a place in a text ends where its words end: 弱智 in 薄弱智慧平台 does not."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.negative_list.usage.count_table import OCCURRENCES, Keys, Levels, runs

#: Characters on each side that are read as words.
_AROUND = 6
_SHORTEST, _LONGEST = 2, 4
#: What a character costs that is no part of a word, in log-odds; what each word costs by itself.
_SINGLE, _WORD = -14.0, -18.0
#: What the range is worth as a word, where the lexicon does not value it more.
_HIT = _WORD + 6.0
#: By how much the reading across the edges is to be better where a mistake hides something that matters.
_CLEARLY = 4.0
#: Surnames that make a word with the title before them: 市长江涛 may be a mayor, 全市长江 is not.
_SURNAMES = frozenset("江安宁沙")


class Lexicon(Protocol):
    """The words that a text is read as."""

    #: Code point → number of the character; 0 for an unknown one.
    index: NDArray[np.uint16]

    def words(self, keys: Keys) -> Levels:
        """Return the level of each key as a word; 0 for what is none."""


def cuts_a_word(text: str, start: int, end: int, first: int, last: int, lexicon: Lexicon) -> bool:
    """Return whether the words around a range of a text (fold view) are better read across its edges.

    `first` and `last` bound the part. The range itself counts as a word.
    """
    return _gain(text, start, end, first, last, lexicon) > 0


def clearly_cuts_a_word(text: str, start: int, end: int, lexicon: Lexicon) -> bool:
    """Return whether a range of two characters is made of halves of others, beyond doubt: 区长 in 社区长者.

    Where a surname may follow, where 副 stands before, and for longer ranges it never is.
    """
    if end - start != _SHORTEST or text[end : end + 1] in _SURNAMES or text[start - 1 : start] == "副":
        return False
    line = text.rfind("\n", 0, start) + 1
    return _gain(text, start, end, line, len(text), lexicon) >= _CLEARLY


def _gain(text: str, start: int, end: int, first: int, last: int, lexicon: Lexicon) -> float:
    low, high = max(first, start - _AROUND), min(last, end + _AROUND)
    window = text[low:high]
    words = _words(window, lexicon)
    start, end = start - low, end - low
    kept = {word: gain for word, gain in words.items() if not _crosses(word, start, end)}
    kept[start, end] = max(kept.get((start, end), _HIT), _HIT)
    return _best(words, len(window)) - _best(kept, len(window))


def _crosses(word: tuple[int, int], start: int, end: int) -> bool:
    """Return whether a word holds a part of a range only, and something beside it."""
    low, high = word
    return low < start < high < end or start < low < end < high


def _words(window: str, counts: Lexicon) -> dict[tuple[int, int], float]:
    """Return each word of the lexicon in a window, by its range, with what it is worth."""
    codes = np.frombuffer(window.encode("utf-32-le", "replace"), dtype=np.uint32)
    numbers = counts.index.take(np.minimum(codes, 0xFFFF)).astype(np.uint64)
    found: dict[tuple[int, int], float] = {}
    for length in range(_SHORTEST, _LONGEST + 1):
        levels = counts.words(runs(numbers, length))
        for place in np.flatnonzero(levels).tolist():
            found[place, place + length] = _WORD + float(np.log(OCCURRENCES[levels[place]]))
    return found


def _best(words: dict[tuple[int, int], float], size: int) -> float:
    """Return the worth of the best reading of a window as words and single characters."""
    best = [0.0] * (size + 1)
    for end in range(1, size + 1):
        best[end] = best[end - 1] + _SINGLE
        for start in range(max(0, end - _AROUND), end):
            if (start, end) in words:
                best[end] = max(best[end], best[start] + words[start, end])
    return best[size]
