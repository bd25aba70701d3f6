"""Sets of characters as sorted ranges of code points."""

from collections.abc import Iterable

from app.negative_list.text.fold import fold_char

#: Sorted, disjoint, both ends included.
Ranges = tuple[tuple[int, int], ...]

LAST = 0x10FFFF
DIGITS: Ranges = ((0x30, 0x39),)
SPACES: Ranges = ((0x09, 0x0D), (0x20, 0x20))
WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
NEWLINE: Ranges = ((0x0A, 0x0A),)
#: Chinese characters. Source: Unicode Scripts.txt, Han, without radicals and numerals but 〇.
HAN: Ranges = (
    (0x3005, 0x3005), (0x3007, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF),
    (0x20000, 0x2FA1F), (0x30000, 0x3134F),
)  # fmt: skip

#: Larger ranges than this are taken to hold no character that folds, but for the Latin capitals.
_FOLDED_RANGE = 512


def union(*sets: Iterable[tuple[int, int]]) -> Ranges:
    """Return the characters that are in any of the sets."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(pair for part in sets for pair in part):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(ranges: Ranges) -> Ranges:
    """Return all other characters."""
    result = []
    place = 0
    for low, high in ranges:
        if place < low:
            result.append((place, low - 1))
        place = high + 1
    if place <= LAST:
        result.append((place, LAST))
    return tuple(result)


def overlap(one: Ranges, other: Ranges) -> bool:
    """Whether a character is in both sets."""
    return any(low <= last and first <= high for low, high in one for first, last in other)


def folded(ranges: Ranges) -> Ranges:
    """Return the set with the fold forms of its characters added, so that it also reads the fold view."""
    extra: list[tuple[int, int]] = []
    for low, high in ranges:
        chars: Iterable[int] = range(low, high + 1) if high - low < _FOLDED_RANGE else range(0x41, 0x5B)
        for code in chars:
            if low <= code <= high and not 0xD800 <= code <= 0xDFFF:
                form = fold_char(chr(code))
                if len(form) == 1 and ord(form) != code:
                    extra.append((ord(form), ord(form)))
    return union(ranges, extra) if extra else ranges
