"""The numbers of lists: one way of counting for every reader, every layout and every page."""

from collections.abc import Sequence

from app.domain.counters import counted
from app.domain.document.model import Block, ListItem, Numbering

#: The counter style of CSS by which every layout writes a numbering.
COUNTERS = {
    Numbering.DECIMAL: "decimal",
    Numbering.LOWER_ALPHA: "lower-alpha",
    Numbering.UPPER_ALPHA: "upper-alpha",
    Numbering.LOWER_ROMAN: "lower-roman",
    Numbering.UPPER_ROMAN: "upper-roman",
    Numbering.CHINESE: "cjk-ideographic",
}


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
    count, plain = _Count(), list[Block]()
    for block in blocks:
        if isinstance(block, ListItem) and block.number is not None:
            bare, before = block.model_copy(update={"number": None}), list(count.levels)
            if count(bare) == block.number:
                plain.append(bare)
                continue
            count.levels = before
        count(block)
        plain.append(block)
    return tuple(plain)


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
    return (counted(COUNTERS[numbering], number) or f"{number}.").rstrip()
