"""What a cell of a table holds: lines of text with their markup, from the blocks of its source."""

from collections.abc import Iterator

from app.domain.document.list_numbers import ordinals, sign
from app.domain.document.model import TEXT_BLOCKS, Block, Image, ListItem, Table
from app.drafts.intake.builder import Builder
from app.drafts.intake.runs import Mark, marks_of


def lines_of(
    builder: Builder, blocks: list[Block], pictures: list[Image]
) -> Iterator[tuple[str, list[tuple[Mark, int, int]]]]:
    """Yield the lines of a cell with their markup; what stands before items of a list is written out."""
    for block, number in zip(blocks, ordinals(blocks), strict=True):
        if isinstance(block, Image):
            pictures.append(block)
        elif isinstance(block, Table):
            lines = [*([block.caption] if block.caption else []), *map(_joined, block.rows)]
            builder.leave_out("nested_table", "；".join(lines))
            yield from ((line, []) for line in lines if line)
        elif isinstance(block, TEXT_BLOCKS):
            before = ""
            if isinstance(block, ListItem) and not block.continues:
                before = "• " if number is None else f"{sign(number, block.numbering)} "
            at = len(before)
            spans = [(mark, start + at, end + at) for mark, start, end in marks_of(block.spans)]
            yield before + block.text, spans


def _joined(cells: tuple[str, ...]) -> str:
    return "　".join(cell.replace("\n", " ") for cell in cells if cell)
