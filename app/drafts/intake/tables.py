"""Tables of HTML: merged cells lie where they lay, so that every value keeps its column."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from app.domain.document.model import TEXT_BLOCKS, Align, CellSpan, Image, Merge, Table
from app.drafts.intake.builder import MOST_CELLS, TooMuch
from app.drafts.intake.cells import lines_of
from app.drafts.intake.hidden_columns import hidden_columns, without
from app.drafts.intake.html import Reader
from app.drafts.intake.runs import Mark, said_by

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
class _Row:
    cells: list[_Cell]
    in_head: bool
    section: int


@dataclass(slots=True)
class _Rows:
    """The rows of a table as they are read, and how many of them its source calls its head."""

    rows: list[_Row] = field(default_factory=list)
    _section: int = -1
    _reach: int = 0

    def add(self, row: _Row) -> None:
        """Append a row; one without cells counts where a cell above reaches into it."""
        if row.section != self._section:
            self._section, self._reach = row.section, 0
        if row.cells or self._reach > len(self.rows):
            reach = max((cell.rows for cell in row.cells), default=0) + len(self.rows)
            self._reach = max(self._reach, reach)
            self.rows.append(row)

    @property
    def head(self) -> int:
        """How many rows from the first the source calls its head."""
        heads = takewhile(lambda row: row.in_head or all(cell.is_head for cell in row.cells), self.rows)
        return sum(1 for _ in heads)

    def ends(self) -> list[int]:
        """Return for each row where its section ends: no cell reaches beyond it."""
        ends = list(range(1, len(self.rows) + 1))
        for number in range(len(self.rows) - 2, -1, -1):
            if self.rows[number].section == self.rows[number + 1].section:
                ends[number] = ends[number + 1]
        return ends


def read_table(reader: Reader, table: Any) -> None:  # noqa: ANN401 – lxml has no types
    """Read a table; one of a single cell is how mail and WeChat editors draw a box: its content is text."""
    parts = _in_order(_parts(reader, table, [0]))
    reader.flush()
    cells = [cell for part in parts if part.node.tag == "tr" for cell in _cells(part.node)]
    if len(cells) == 1:
        for part in parts:
            with _within(reader, part):
                _boxed(reader, part.node)
        return
    reader.sign_alone()
    rows, caption, pictures = _Rows(), "", list[Image]()
    for part in parts:
        if part.node.tag == "caption":
            caption = reader.words_of(part.node)
        elif part.node.tag == "tr":
            around = reader.look
            with _within(reader, part):
                shown = [cell for cell in _cells(part.node) if not reader.hides(cell)]
                read = [_cell(reader, cell, pictures, around.align) for cell in shown]
            rows.add(_Row(read, part.kind == "thead", part.section))
        else:
            reader.child(part.node)
    reader.flush()
    if reader.look.unseen and not any(cell.text for row in rows.rows for cell in row.cells):
        pass
    elif rows.rows:
        _append(reader, _grid(rows, caption), hidden_columns(table))
    else:
        reader.add(caption)
        reader.flush()
    reader.builder.blocks.extend(pictures)


def _append(reader: Reader, table: Table, hidden: frozenset[int]) -> None:
    """Append what is shown of a table, and list the words of the other columns."""
    shown, unseen = without(table, hidden)
    for words in unseen:
        reader.builder.leave_out("hidden_text", words)
    if shown is not None:
        reader.builder.table(shown)


@contextmanager
def _within(reader: Reader, part: "_Part") -> Iterator[None]:
    """Show text as it is shown in a row and in the section around it."""
    with ExitStack() as stack:
        for node in (*part.around, *([part.node] if part.node.tag == "tr" else [])):
            stack.enter_context(reader.within(node))
        yield


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


def _cell(reader: Reader, cell: Any, pictures: list[Image], around: Align | None) -> _Cell:  # noqa: ANN401
    inner = reader.inner()
    inner.element(cell)
    inner.flush()
    for block in inner.builder.blocks:
        if isinstance(block, TEXT_BLOCKS) and block.align not in {None, around}:
            reader.builder.leave_out("alignment", block.text)
    text, marks = "", list[tuple[Mark, int, int]]()
    for line, spans in lines_of(reader.builder, inner.builder.blocks, pictures):
        at = len(text) + 1 if text else 0
        text = f"{text}\n{line}" if text else line
        marks += [(mark, start + at, end + at) for mark, start, end in spans]
    columns = min(_whole(cell.get("colspan")) or 1, _WIDEST)
    rows = _whole(cell.get("rowspan"))
    return _Cell(text, marks, cell.tag == "th", columns, _HIGHEST if rows == 0 else min(rows or 1, _HIGHEST))


def _grid(read: _Rows, caption: str) -> Table:
    height, ends = len(read.rows), read.ends()
    taken: dict[tuple[int, int], _Cell] = {}
    merges: list[Merge] = []
    owners: dict[tuple[int, int], _Cell] = {}
    width = 0
    for row, cells_of_row in enumerate(read.rows):
        column = 0
        for cell in cells_of_row.cells:
            while (row, column) in taken:
                column += 1
            columns = 1
            while columns < cell.columns and (row, column + columns) not in taken:
                columns += 1
            rows = min(cell.rows, ends[row] - row)
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
        CellSpan(start=start, end=end, row=row, column=column, **said_by(mark))
        for (row, column), cell in sorted(owners.items(), key=lambda pair: pair[0])
        for mark, start, end in cell.marks
    )
    merged = tuple(merges)
    return Table(
        rows=texts, caption=caption, head_rows=_heads(read, merged, width), merges=merged, spans=spans
    )


def _heads(read: _Rows, merges: tuple[Merge, ...], width: int) -> int:
    """Return how many rows are the head: those that the source says, else the first below a title row."""
    if 0 < read.head < len(read.rows):
        return read.head
    has_title = width > 1 and any(
        merge.row == 0 and merge.columns == width and merge.rows == 1 for merge in merges
    )
    return 2 if has_title and len(read.rows) > 2 else 1


def _whole(text: str | None) -> int | None:
    return int(text[:9]) if text and text.strip().isascii() and text.strip().isdigit() else None


@dataclass(frozen=True, slots=True)
class _Part:
    """A row, a caption or more, and the section of the table in which it lies."""

    node: Any
    kind: str
    section: int
    around: tuple[Any, ...] = ()


def _parts(
    reader: Reader,
    table: Any,  # noqa: ANN401
    sections: list[int],
    kind: str = "",
    around: tuple[Any, ...] = (),
) -> Iterator[_Part]:
    """Yield what is to be seen in a table, rows, captions and more, and let the reader have the text.

    `sections` counts the sections of the table.
    """
    reader.add(table.text)
    for node in table:
        if isinstance(node.tag, str) and reader.hides(node):
            pass
        elif node.tag in {"colgroup", "col"}:
            reader.child(node)
        elif node.tag in {"tbody", "thead", "tfoot"}:
            sections[0] += 1
            yield from _parts(reader, node, sections, node.tag, (*around, node))
            sections[0] += 1
        else:
            yield _Part(node, kind, sections[0], around)
            if node.tag == "tr":
                reader.add(node.text)
                for cell in node:
                    reader.add(cell.tail)
        reader.add(node.tail)


def _in_order(parts: Iterable[_Part]) -> list[_Part]:
    """Return the parts as they are shown: the first head on top and the first foot below, wherever written.

    Source: CSS 2.2, 17.2, `table-header-group` and `table-footer-group`.
    """
    sections = list(parts)
    first = {
        kind: next((part.section for part in sections if part.kind == kind), None)
        for kind in ("thead", "tfoot")
    }

    def place(part: _Part) -> int:
        if part.section == first["thead"]:
            return -1
        return 1 if part.section == first["tfoot"] else 0

    return sorted(sections, key=place)


__all__ = ["read_table"]
