"""The numbers of lists: one way of counting for every reader, every layout and every page."""

from collections.abc import Sequence

from app.domain.document.model import Block, ListItem, Numbering

_ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
    (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip
_DIGITS = "〇一二三四五六七八九"


def ordinals(blocks: Sequence[Block]) -> tuple[int | None, ...]:
    """Return the number before each block: of ordered items of lists; `None` for everything else.

    A count begins at 1 with each list and goes on by 1; an item's own `number` sets it. A list ends with the
    first block that is no item, and at the same depth where bullets begin or the numbers are written in
    another way; what is deeper begins anew after each item above it.
    """
    count = _Count()
    return tuple(count(block) for block in blocks)


def sparse(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Return the blocks with numbers only where the count would not come to them by itself."""
    count, found = _Count(), list[Block]()
    for block in blocks:
        if isinstance(block, ListItem) and block.number is not None:
            bare, before = block.model_copy(update={"number": None}), list(count.levels)
            if count(bare) == block.number:
                found.append(bare)
                continue
            count.levels = before
        count(block)
        found.append(block)
    return tuple(found)


class _Count:
    """Counts items as they come; `levels` is for each depth how it is numbered, and the last number."""

    def __init__(self) -> None:
        self.levels: list[tuple[object, int]] = []

    def __call__(self, block: Block) -> int | None:
        if not isinstance(block, ListItem):
            self.levels = []
            return None
        if block.continues:
            return None
        way = block.numbering if block.ordered else None
        self.levels = self.levels[: block.depth + 1]
        self.levels += [("", 0)] * (block.depth + 1 - len(self.levels))
        before, last = self.levels[block.depth]
        following = last + 1 if before == way else 1
        number = following if block.number is None else block.number
        self.levels[block.depth] = (way, number)
        return number if block.ordered else None


def sign(number: int, numbering: Numbering) -> str:
    """Return a list's number as it is written: `5.`, `e.`, `V.`, `五、`; what cannot be, in digits."""
    match numbering:
        case Numbering.LOWER_ALPHA | Numbering.UPPER_ALPHA if number > 0:
            letters = _letters(number)
            return f"{letters if numbering is Numbering.UPPER_ALPHA else letters.lower()}."
        case Numbering.LOWER_ROMAN | Numbering.UPPER_ROMAN if 0 < number < 4000:
            letters = _roman(number)
            return f"{letters if numbering is Numbering.UPPER_ROMAN else letters.lower()}."
        case Numbering.CHINESE if 0 < number < 100:
            return f"{_chinese(number)}、"
    return f"{number}."


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _roman(number: int) -> str:
    letters = ""
    for value, letter in _ROMAN:
        times, number = divmod(number, value)
        letters += letter * times
    return letters


def _chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else _DIGITS[tens]) + ("十" if tens else "") + (_DIGITS[ones] if ones else "")
