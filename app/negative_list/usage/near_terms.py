"""Terms with one character changed for another of like sound or shape: 迫在眉捷 for 迫在眉睫."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Shorter, half of it is too little to tell what was meant; longer ones are no single word.
SHORTEST, LONGEST = 3, 8
#: Odd numbers that a place's character is multiplied by; the sum without one place names what the others are.
_FACTORS = np.random.default_rng(20261201).integers(1, 2**62, size=LONGEST, dtype=np.uint64) * np.uint64(
    2
) + np.uint64(1)


class Near(NamedTuple):
    """A place where a term stands with one character changed."""

    start: int
    end: int
    term: str
    #: The place of the changed character.
    place: int


class _OfOneLength(NamedTuple):
    terms: tuple[str, ...]
    #: For each place, the sums of all terms without that place, in their order, and whose each is.
    sums: tuple[NDArray[np.uint64], ...]
    rows: tuple[NDArray[np.intp], ...]


class NearTerms:
    """Terms of three to eight known characters, to be found with one of them changed."""

    def __init__(self, terms: Iterable[str], index: NDArray[np.uint16]) -> None:
        """Take the terms; those with an unknown character, and those too short or too long, are left out."""
        by_length: Mapping[int, list[str]] = defaultdict(list)
        for term in dict.fromkeys(terms):
            if SHORTEST <= len(term) <= LONGEST and all(
                ord(char) < 0x10000 and index[ord(char)] for char in term
            ):
                by_length[len(term)].append(term)
        self._tables: dict[int, _OfOneLength] = {}
        for length, named in by_length.items():
            numbers = np.array([[index[ord(char)] for char in term] for term in named], dtype=np.uint64)
            weighed = numbers * _FACTORS[:length]
            whole = weighed.sum(axis=1, dtype=np.uint64)
            sums, rows = [], []
            for place in range(length):
                without = whole - weighed[:, place]
                order = np.argsort(without, kind="stable")
                sums.append(without[order])
                rows.append(order)
            self._tables[length] = _OfOneLength(tuple(named), tuple(sums), tuple(rows))
        self._all = frozenset(term for named in by_length.values() for term in named)

    def found(self, text: str, numbers: NDArray[np.uint64]) -> Sequence[Near]:
        """Return each term that stands in a text with one character changed; `numbers` are its characters'.

        A window that is itself a term, or lies within one, is none.
        """
        near: list[Near] = []
        for length, table in self._tables.items():
            count = len(numbers) - length + 1
            if count <= 0:
                continue
            windows = np.stack([numbers[shift : shift + count] for shift in range(length)])
            weighed = windows * _FACTORS[:length, None]
            whole = weighed.sum(axis=0, dtype=np.uint64)
            for place in range(length):
                without = whole - weighed[place]
                sums = table.sums[place]
                at = np.minimum(np.searchsorted(sums, without), len(sums) - 1)
                changed = (sums[at] == without) & (windows[place] != 0)
                for start in np.flatnonzero(changed).tolist():
                    for row in range(int(at[start]), len(sums)):
                        if sums[row] != without[start]:
                            break
                        term = table.terms[int(table.rows[place][row])]
                        if not self._is_right(text, start, length, term):
                            near.append(Near(start, start + length, term, start + place))
        return near

    def _is_right(self, text: str, start: int, length: int, term: str) -> bool:
        """Whether what stands there is a term, or a part of one."""
        written = text[start : start + length]
        if written == term or written in self._all:
            return True
        around = text[max(0, start - LONGEST) : start + length + LONGEST]
        return any(
            around[low : low + size] in self._all
            for size in self._tables
            if size > length
            for low in range(len(around) - size + 1)
            if written in around[low : low + size]
        )
