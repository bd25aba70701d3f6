"""Tables of HTML: merged cells lie where they lay, so that every value keeps its column."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.domain.document import TEXT_BLOCKS, Block, CellSpan, Image, ListItem, Merge, Table
from app.domain.lists import ordinals, sign
from app.drafts.intake.builder import MOST_CELLS, Builder, TooMuch
from app.drafts.intake.html import Reader
from app.drafts.intake.runs import Mark

#: As many columns as a browser lets one cell lie over. Source: HTML Standard, 4.9.11.
_WIDEST = 1000
_HIGHEST = 65534


@dataclass(slots=True)
class _Cell:
    text: str
    marks: list[tuple[Mark, int, int]]
    is_head: bool
    columns: int
    rows: int


@dataclass(slots=True)
class _Rows:
    """The rows of a table as they are read, and how many of them its source calls its head."""

    rows: list[list[_Cell]] = field(default_factory=list)
    head: int = 0
    only_head_so_far: bool = True

    def add(self, cells: list[_Cell], *, in_head: bool) -> None:
        if not cells:
            return
        self.rows.append(cells)
        self.only_head_so_far = self.only_head_so_far and (in_head or all(cell.is_head for cell in cells))
        self.head += self.only_head_so_far


def read_table(reader: Reader, table: Any) -> None:  # noqa: ANN401 – lxml has no types
    """Read a table; one of a single cell is how mail and WeChat editors draw a box: its content is text."""
    parts = list(_parts(table, reader.add))
    reader.flush()
    parts = [(part, in_head) for part, in_head in parts if part.tag != "tr" or not reader.hides(part)]
    cells = [cell for part, _ in parts if part.tag == "tr" for cell in _cells(part)]
    if len(cells) == 1:
        for part, _ in parts:
            _boxed(reader, part)
        return
    rows, caption, pictures = _Rows(), "", list[Image]()
    for part, in_head in parts:
        if part.tag == "caption":
            caption = reader.words_of(part)
        elif part.tag == "tr":
            around, reader.look = reader.look, reader.look_in(part)
            shown = [cell for cell in _cells(part) if not reader.hides(cell)]
            rows.add([_cell(reader, cell, pictures) for cell in shown], in_head=in_head)
            reader.look = around
        else:
            reader.child(part)
    reader.flush()
    if rows.rows:
        reader.builder.table(_grid(rows, caption))
    else:
        reader.add(caption)
        reader.flush()
    reader.builder.blocks.extend(pictures)


def _cells(row: Any) -> list[Any]:  # noqa: ANN401
    return [cell for cell in row if isinstance(cell.tag, str)]


def _boxed(reader: Reader, part: Any) -> None:  # noqa: ANN401
    if part.tag == "tr":
        for cell in part:
            reader.child(cell)
            reader.flush()
    else:
        reader.child(part)
    reader.flush()


def _cell(reader: Reader, cell: Any, pictures: list[Image]) -> _Cell:  # noqa: ANN401
    inner = Reader(Builder(left_out=reader.builder.left_out, base=reader.builder.base), titles=False)
    inner.look = reader.look
    inner.element(cell)
    inner.flush()
    text, marks = "", list[tuple[Mark, int, int]]()
    for line, spans in _lines(reader.builder, inner.builder.blocks, pictures):
        at = len(text) + 1 if text else 0
        text = f"{text}\n{line}" if text else line
        marks += [(mark, start + at, end + at) for mark, start, end in spans]
    columns = min(_whole(cell.get("colspan")) or 1, _WIDEST)
    rows = _whole(cell.get("rowspan"))
    return _Cell(text, marks, cell.tag == "th", columns, _HIGHEST if rows == 0 else min(rows or 1, _HIGHEST))


def _lines(
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
            spans = [((span.kind, span.href), span.start + at, span.end + at) for span in block.spans]
            yield before + block.text, spans


def _joined(cells: tuple[str, ...]) -> str:
    return "　".join(cell.replace("\n", " ") for cell in cells if cell)


def _grid(read: _Rows, caption: str) -> Table:
    height = len(read.rows)
    taken: dict[tuple[int, int], _Cell] = {}
    merges: list[Merge] = []
    owners: dict[tuple[int, int], _Cell] = {}
    width = 0
    for row, cells in enumerate(read.rows):
        column = 0
        for cell in cells:
            while (row, column) in taken:
                column += 1
            columns = 1
            while columns < cell.columns and (row, column + columns) not in taken:
                columns += 1
            rows = min(cell.rows, height - row)
            if len(taken) + rows * columns > MOST_CELLS:
                raise TooMuch("table_too_large", limit=MOST_CELLS)
            for below in range(row, row + rows):
                for beside in range(column, column + columns):
                    taken[below, beside] = cell
            owners[row, column] = cell
            if rows > 1 or columns > 1:
                merges.append(Merge(row=row, column=column, rows=rows, columns=columns))
            column += columns
            width = max(width, column)
    if width * height > MOST_CELLS:
        raise TooMuch("table_too_large", limit=MOST_CELLS)
    texts = tuple(
        tuple(owners[row, column].text if (row, column) in owners else "" for column in range(width))
        for row in range(height)
    )
    spans = tuple(
        CellSpan(kind=kind, href=href, start=start, end=end, row=row, column=column)
        for (row, column), cell in sorted(owners.items(), key=lambda pair: pair[0])
        for (kind, href), start, end in cell.marks
    )
    merged = tuple(one for one in merges if one.rows > 1 or one.columns > 1)
    return Table(
        rows=texts, caption=caption, head_rows=_heads(read, merged, width), merges=merged, spans=spans
    )


def _heads(read: _Rows, merges: tuple[Merge, ...], width: int) -> int:
    """Return how many rows are the head: those that the source says, else the first below a title row."""
    if 0 < read.head < len(read.rows):
        return read.head
    has_title = width > 1 and any(one.row == 0 and one.columns == width and one.rows == 1 for one in merges)
    return 2 if has_title and len(read.rows) > 2 else 1


def _whole(text: str | None) -> int | None:
    return int(text[:9]) if text and text.strip().isascii() and text.strip().isdigit() else None


def _parts(
    table: Any,  # noqa: ANN401
    stray: Callable[[str | None], None],
    *,
    in_head: bool = False,
) -> Iterator[tuple[Any, bool]]:
    """Yield what lies in a table, rows, captions and more, and whether in its head; text goes to `stray`."""
    stray(table.text)
    for node in table:
        if node.tag in {"tbody", "thead", "tfoot"}:
            yield from _parts(node, stray, in_head=node.tag == "thead")
        elif node.tag not in {"colgroup", "col"}:
            yield node, in_head
            if node.tag == "tr":
                stray(node.text)
                for cell in node:
                    stray(cell.tail)
        stray(node.tail)


__all__ = ["read_table"]
