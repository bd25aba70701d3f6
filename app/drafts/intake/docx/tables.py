"""Tables of Word: a cell over several rows or columns once, where it lies, and each value in its column."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.domain.document.model import Block, CellSpan, Image, Merge, Table, readings_of, texts_of
from app.drafts.intake.builder import MOST_CELLS, TooMuch
from app.drafts.intake.cells import lines_of
from app.drafts.intake.docx.changes import Change, change_in, change_of
from app.drafts.intake.docx.names import MC, VAL, Node, W, child, is_on, val, whole
from app.drafts.intake.docx.own_styles import TABLE
from app.drafts.intake.runs import Mark, said_by

if TYPE_CHECKING:
    from app.drafts.intake.docx.story import Story

#: As many columns as Word allows are 63; more than this are a trap.
_WIDEST = 1000


@dataclass(slots=True)
class _Cell:
    """A cell as it is written: its place, how far it reaches, and its words."""

    row: int
    column: int
    columns: int
    text: str
    marks: list[tuple[Mark, int, int]]
    rows: int = 1


@dataclass(slots=True)
class _Grid:
    """The cells of a table, put where they lie; `is_own`: written here, so that its head is told."""

    is_own: bool = False
    cells: list[_Cell] = field(default_factory=list)
    rows: int = 0
    width: int = 0
    heads: int = 0
    #: The cells that reach down to the row before, by their column.
    _above: dict[int, _Cell] = field(default_factory=dict)
    _now: dict[int, _Cell] = field(default_factory=dict)

    def place(self, cell: _Cell, *, goes_on: bool, begins: bool) -> str:
        """Put a cell in its place; returns the words that another cell lies over, empty for none."""
        self.width = max(self.width, cell.column + cell.columns)
        above = self._above.get(cell.column)
        if goes_on and above is not None and above.columns == cell.columns:
            above.rows += 1
            self._now[cell.column] = above
            return cell.text
        self.cells.append(cell)
        if begins or goes_on:
            self._now[cell.column] = cell
        return ""

    def end_row(self, *, is_head: bool) -> None:
        """Go on with the next row."""
        self.heads += is_head and self.heads == self.rows
        self.rows += 1
        self._above, self._now = self._now, {}
        if self.rows * max(self.width, 1) > MOST_CELLS:
            raise TooMuch("table_too_large", limit=MOST_CELLS)

    def table(self) -> Table | None:
        """Return the table; `None` without cells."""
        if not self.cells:
            return None
        texts = [[""] * self.width for _ in range(self.rows)]
        spans: list[CellSpan] = []
        merges: list[Merge] = []
        for cell in self.cells:
            texts[cell.row][cell.column] = cell.text
            spans += [
                CellSpan(start=start, end=end, row=cell.row, column=cell.column, **said_by(mark))
                for mark, start, end in cell.marks
            ]
            if cell.rows > 1 or cell.columns > 1:
                merges.append(Merge(row=cell.row, column=cell.column, rows=cell.rows, columns=cell.columns))
        return Table(
            rows=tuple(map(tuple, texts)), head_rows=self._heads(), merges=tuple(merges), spans=tuple(spans)
        )

    def _heads(self) -> int:
        if self.is_own:
            return self.heads
        if 0 < self.heads < self.rows:
            return self.heads
        first = self.cells[0]
        has_title = first.row == 0 and first.columns == self.width > 1 and first.rows == 1
        return 2 if has_title and self.rows > 2 else 1


def words_of(block: Block) -> Iterator[str]:
    """Yield the texts of a block."""
    return (text for _, text in (*texts_of(block), *readings_of(block)) if text)


def read_table(story: "Story", table: Node) -> None:
    """Read a table; one of a single cell is a box that somebody drew: its content is text."""
    state = story.state
    properties = child(table, f"{W}tblPr")
    for name in ("tblCaption", "tblDescription"):
        state.leave_out("alt_text", val(properties, f"{W}{name}") or "")
    rows = [(row, change, list(_cells(row))) for row, change in _rows(table)]
    is_own = val(properties, f"{W}tblStyle") == TABLE
    if len(rows) == 1 and len(rows[0][2]) == 1 and rows[0][1] is None and not is_own:
        story.blocks(rows[0][2][0][0])
        return
    grid, pictures = _Grid(is_own=is_own), list[Image]()
    for row, wrapped, cells in rows:
        own = child(row, f"{W}trPr")
        change = change_in(own) or wrapped
        state.changes.silent += change is not None
        with state.changes.under(change):
            if state.changes.in_text:
                _read_row(story, grid, own, cells, pictures)
                continue
            for cell, _ in cells:
                type(story)(state, story.part).read(cell)
    if (read := grid.table()) is not None:
        story.builder.table(read)
    story.builder.blocks.extend(pictures)


def _rows(node: Node, change: Change | None = None) -> Iterator[tuple[Node, Change | None]]:
    """Yield the rows in a table with the change around each, through whatever lies around them."""
    for inner in node:
        if inner.tag == f"{W}tr":
            yield inner, change
        elif inner.tag == f"{MC}AlternateContent":
            yield from _rows(_chosen(inner), change)
        elif inner.tag in _AROUND:
            yield from _rows(inner, change_of(inner) or change)


def _cells(node: Node, change: Change | None = None) -> Iterator[tuple[Node, Change | None]]:
    for inner in node:
        if inner.tag == f"{W}tc":
            yield inner, change
        elif inner.tag == f"{MC}AlternateContent":
            yield from _cells(_chosen(inner), change)
        elif inner.tag in _AROUND:
            yield from _cells(inner, change_of(inner) or change)


_AROUND = frozenset(
    f"{W}{name}"
    for name in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "del", "moveFrom", "moveTo")
)


def _chosen(node: Node) -> Node:
    chosen = child(node, f"{MC}Choice")
    chosen = child(node, f"{MC}Fallback") if chosen is None else chosen
    return () if chosen is None else chosen


def _read_row(
    story: "Story", grid: _Grid, own: Node, cells: list[tuple[Node, Change | None]], pictures: list[Image]
) -> None:
    state = story.state
    column = max(whole(val(own, f"{W}gridBefore")) or 0, 0)
    last: _Cell | None = None
    for node, wrapped in cells:
        properties = child(node, f"{W}tcPr")
        change = change_in(properties) or wrapped
        state.changes.silent += change is not None
        with state.changes.under(change):
            inner = type(story)(state, story.part, takes_pictures=story.takes_pictures).read(node)
            if not state.changes.in_text:
                continue
        columns = min(max(whole(val(properties, f"{W}gridSpan")) or 1, 1), _WIDEST)
        cell = _Cell(grid.rows, column, columns, "", [])
        for line, spans in lines_of(state.builder, inner.builder.blocks, pictures):
            at = len(cell.text) + 1 if cell.text else 0
            cell.text = f"{cell.text}\n{line}" if cell.text else line
            cell.marks += [(mark, start + at, end + at) for mark, start, end in spans]
        column += columns
        if last is not None and _merge(properties, "hMerge") == "continue":
            last.columns += columns
            grid.width = max(grid.width, column)
            state.leave_out("covered_cell", cell.text)
            continue
        down = _merge(properties, "vMerge")
        covered = grid.place(cell, goes_on=down == "continue", begins=down == "restart")
        state.leave_out("covered_cell", covered)
        last = cell
    grid.end_row(is_head=bool(is_on(own, f"{W}tblHeader")))


def _merge(properties: Node, name: str) -> str:
    """Return how a cell is merged: `restart`, `continue`, or empty. Without a value it goes on."""
    merged = child(properties, f"{W}{name}")
    return "" if merged is None else merged.get(VAL, "continue")
