"""The numbers of lists: one way of counting for every reader, every layout and every page."""

from collections.abc import Sequence

from app.domain.document import Block, ListItem, Numbering

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
    found: list[int | None] = []
    counts: list[tuple[object, int]] = []
    for block in blocks:
        if not isinstance(block, ListItem):
            counts = []
            found.append(None)
            continue
        if block.continues:
            found.append(None)
            continue
        way = block.numbering if block.ordered else None
        counts = counts[: block.depth + 1]
        counts += [("", 0)] * (block.depth + 1 - len(counts))
        before, count = counts[block.depth]
        count = block.number if block.number is not None else count + 1 if before == way else 1
        counts[block.depth] = (way, count)
        found.append(count if block.ordered else None)
    return tuple(found)


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
