"""What rules must know a character for, beside its folded form."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.negative_list.pattern import charsets
from app.negative_list.pattern.charsets import Ranges
from app.negative_list.pattern.nodes import Chars, Choice, Edge, Node, Repeat, Series
from app.negative_list.text.fold import Codes, single_forms

#: Stands between the parts of a document and after the last; no rule matches across it.
MARK = "\x1e"
#: Signs that stand in pairs, each opening one before its partner.
PAIRS = {"“": "”", "《": "》", "（": "）", "〔": "〕"}

#: The classes of characters: most have none, the mark and the signs of each pair one of their own.
_CLASSES = ("", MARK, *(sign for pair in PAIRS.items() for sign in pair))
_NONE = b"\0"
#: The class of what is not ordinary.
_RARE = len(_CLASSES)
CLASS_OF = {sign: bytes((number,)) for number, sign in enumerate(_CLASSES) if sign}
RARE = bytes((_RARE,))
#: Digits and Latin letters, of any width.
DIGIT, LETTER = bytes((_RARE + 1,)), bytes((_RARE + 2,))
_DIGITS: Ranges = ((0x30, 0x39), (0xFF10, 0xFF19))
_LETTERS: Ranges = ((0x41, 0x5A), (0x61, 0x7A), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A))
_WRITING = DIGIT + LETTER
#: What a pattern can be known to need, what hardly any text has before what many have.
NEEDS = (RARE, CLASS_OF["《"], LETTER, DIGIT)

#: Ordinary are line ends, ASCII, punctuation and Chinese, as far as folding leaves them as they are.
_KEPT: Ranges = charsets.union(
    ((0x0A, 0x0A), (0x20, 0x7E), (0xB7, 0xB7), (0x2010, 0x2027), (0x3001, 0x3020), (0x4E00, 0x9FFF))
)
#: And what becomes one of those by its width or its case.
_CHANGED: Ranges = ((0x41, 0x5A), (0x3000, 0x3000), (0xFF01, 0xFF5E))
_COUNT = 0x10000


@cache
def _table() -> NDArray[np.uint8]:
    """Return the class of each character of the basic plane; the last stands for all beyond it too."""
    forms = single_forms(_COUNT)
    table = np.full(_COUNT, _RARE, dtype=np.uint8)
    for low, high in _KEPT:
        kept = np.arange(low, high + 1)
        table[kept[forms[kept] == kept]] = 0
    for low, high in _CHANGED:
        table[low : high + 1] = 0
    for number, sign in enumerate(_CLASSES):
        if sign:
            table[ord(sign)] = number
    for kind, ranges in ((DIGIT, _DIGITS), (LETTER, _LETTERS)):
        for low, high in ranges:
            table[low : high + 1] = kind[0]
    return table


class Classes(NamedTuple):
    """The classes of the characters of a text.

    `signs` has one byte for each sign, mark and character out of the ordinary, in their order; `kinds` holds
    each class that occurs, those of digits and letters too.
    """

    signs: bytes
    kinds: bytes


def classes(codes: Codes) -> Classes:
    """Return the classes of the characters of a text."""
    found = _table().take(codes, mode="clip").tobytes().translate(None, _NONE)
    if DIGIT in found or LETTER in found:
        return Classes(found.translate(None, _WRITING), found)
    return Classes(found, found)


def need_of(node: Node) -> bytes:
    """Return a class that each match has a character of, or one out of the ordinary; empty for none."""
    return next((need for need in NEEDS if _needs(node, need[0])), b"")


def _needs(node: Node, need: int) -> bool:
    match node:
        case Chars(ranges):
            table = _table()
            last = _COUNT - 1
            kinds = [table[min(low, last) : min(high, last) + 1] for low, high in ranges]
            return bool(kinds) and all(((kind == need) | (kind == _RARE)).all() for kind in kinds)
        case Edge():
            return False
        case Repeat(item, low):
            return low > 0 and _needs(item, need)
        case Choice(parts):
            return all(_needs(part, need) for part in parts)
        case Series(parts):
            return any(_needs(part, need) for part in parts)


def any_ordinary(ranges: Ranges) -> bool:
    """Whether a set has an ordinary character: one that a text without `RARE` among its classes can have."""
    table = _table()
    return any((table[low : high + 1] != _RARE).any() for low, high in ranges)
