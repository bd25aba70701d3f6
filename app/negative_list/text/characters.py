"""What rules must know a character for, beside its folded form."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from app.negative_list.pattern import charsets
from app.negative_list.pattern.charsets import Ranges
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
    return table


def classes(codes: Codes) -> bytes:
    """Return one byte for each character that has a class, in their order; `RARE` for one not ordinary."""
    return _table().take(codes, mode="clip").tobytes().translate(None, _NONE)


def any_ordinary(ranges: Ranges) -> bool:
    """Whether a set has an ordinary character: one that a text without `RARE` among its classes can have."""
    table = _table()
    return any((table[low : high + 1] != _RARE).any() for low, high in ranges)
