"""The cells of one worksheet, in one pass over its part.

Source: ECMA-376 part 1, 18.3.1 (sheet data), also with the names of the strict form and with any prefix.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.drafts.intake.reading import Gathered, Grid, Trace
from app.drafts.intake.sheets.numbers import GENERAL, Format
from app.drafts.intake.sheets.package import Broken, Package
from app.drafts.intake.sheets.words import said_of_rich
from app.words.places import column_name

#: Cells with words in one file.
MOST_CELLS = 400_000
#: A grid may have so many places beyond this many times its words; above, its cells are read one by one.
_SPARSE, _ALLOWED = 20, 1_000_000
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")
_LITERAL = re.compile(r'"((?:[^"]|"")*)"')
#: So many cells are named where a kind of them was not read.
_NAMED = 5

Rows = dict[int, dict[int, str]]


@dataclass(slots=True)
class Styles:
    """What cells refer to: words by number, formats of numbers by style, and where days are counted from."""

    shared: Sequence[tuple[str, str]] = ()
    formats: Sequence[Format] = ()
    since_1904: bool = False


@dataclass(slots=True)
class Sheet:
    """What one pass found: cells, formulas without a result, what is hidden, and the rest of the part."""

    rows: Rows = field(default_factory=lambda: defaultdict(dict))
    beside: list[tuple[int, int, str, str]] = field(default_factory=list)
    without_result: list[tuple[int, int]] = field(default_factory=list)
    broken: list[tuple[int, int]] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    rest: Any = None

    @property
    def count(self) -> int:
        """How many cells have words."""
        return sum(map(len, self.rows.values()))


def column_number(letters: str) -> int:
    """Return the number of a column, counted from 0: `A` is 0, `AA` is 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def place_of(reference: str) -> tuple[int, int] | None:
    """Return row and column of a cell's name, counted from 0; `None` for what names no cell."""
    named = _REFERENCE.match(reference)
    return (int(named[2]) - 1, column_number(named[1])) if named else None


def read_cells(package: Package, name: str, styles: Styles, *, left: int) -> Sheet:
    """Return what a worksheet says. Raises `Broken`, also where it has more than `left` cells with words."""
    sheet, number, count = Sheet(), -1, 0
    for row in package.rows(name, "row"):
        if not row.tag.endswith("}row") and row.tag != "row":
            sheet.rest = row
            break
        given = row.get("r")
        number = int(given) - 1 if given and given.isdecimal() else number + 1
        if row.get("hidden") in {"1", "true"} or row.get("ht") in {"0", "0.0"}:
            sheet.hidden_rows.append(number)
        count += _row(row, number, sheet, styles)
        if count > left:
            raise Broken(f"有内容的单元格多于 {MOST_CELLS} 个，没有检查；请拆成几个文件")
    return sheet


def _row(row: Any, number: int, sheet: Sheet, styles: Styles) -> int:  # noqa: ANN401 – lxml has no types
    space = row.tag[:-3]
    tags = (f"{space}c", f"{space}v", f"{space}f", f"{space}is")
    column, count = -1, 0
    for cell in row:
        if cell.tag != tags[0]:
            if isinstance(cell.tag, str) and (text := said_of_rich(cell)[0]):
                sheet.beside.append((number, max(column, 0), "other", text))
            continue
        place = place_of(cell.get("r", ""))
        column = place[1] if place else column + 1
        if text := _cell(cell, tags, number, column, sheet, styles):
            sheet.rows[number][column] = text
            count += 1
    return count


def _cell(
    cell: Any,  # noqa: ANN401
    tags: Sequence[str],
    row: int,
    column: int,
    sheet: Sheet,
    styles: Styles,
) -> str:
    kind, value, formula = cell.get("t", "n"), None, None
    inline = None
    for child in cell:
        if child.tag == tags[1]:
            value = child.text or ""
        elif child.tag == tags[2]:
            formula = child
        elif child.tag == tags[3]:
            inline = child
    if formula is not None:
        if formula.text and '"' in formula.text:
            words = " ".join(
                literal.replace('""', '"') for literal in _LITERAL.findall(formula.text) if literal.strip()
            )
            sheet.beside.append((row, column, "formula", words))
        if not value and (kind != "str" or value is None):
            sheet.without_result.append((row, column))
            return ""
    if inline is not None:
        text, above = said_of_rich(inline)
        if above:
            sheet.beside.append((row, column, "phonetic", above))
        return f"{text}{value or ''}"
    return _value(kind, value, row, column, sheet, styles, cell.get("s")) if value else ""


def _value(
    kind: str, value: str, row: int, column: int, sheet: Sheet, styles: Styles, style: str | None
) -> str:
    if kind == "s":
        try:
            text, above = styles.shared[int(value)]
        except (ValueError, IndexError):
            sheet.broken.append((row, column))
            return ""
        if above:
            sheet.beside.append((row, column, "phonetic", above))
        return text
    if kind == "b":
        return {"1": "TRUE", "0": "FALSE"}.get(value.strip(), value)
    if kind != "n":
        return value
    try:
        shape = styles.formats[int(style)] if style else GENERAL
    except (ValueError, IndexError):
        shape = GENERAL
    return shape.shown(value, since_1904=styles.since_1904)


def store(sheet: Sheet, ref: str, gathered: Gathered) -> None:
    """Add what a sheet says below `ref`: its grid, what is beside its cells, and what was not read."""
    gathered.grids += grids_of(sheet.rows, ref, lambda why: gathered.miss(ref, "", why), gathered.say)
    for row, column, what, text in sheet.beside:
        gathered.say(f"{ref}/rows/{row}/{column}/{what}", text)
    for places, what, why in (
        (sheet.without_result, "公式", "文件里没有保存计算结果，没有检查；请用表格软件打开并保存后再上传"),
        (sheet.broken, "单元格", "指向的文字不存在，文件可能已损坏"),
    ):
        if places:
            names = "、".join(f"{column_name(column)}{row + 1}" for row, column in places[:_NAMED])
            more = f" 等 {len(places)} 格" if len(places) > _NAMED else ""
            gathered.miss(ref, f"{what} {names}{more}", why)
    said = [row for row in sheet.hidden_rows if sheet.rows.get(row)]
    if said:
        gathered.trace(Trace.HIDDEN_ROWS, ref, f"第 {spans(said)} 行")


def grids_of(
    rows: Rows, ref: str, miss: Callable[[str], None], say: Callable[[str, str], None]
) -> Iterable[Grid]:
    """Return the cells as a grid; where they stand too far apart to be one, say them one by one."""
    if not rows:
        return ()
    filled = {number: cells for number, cells in rows.items() if cells}
    columns = sorted({column for cells in filled.values() for column in cells})
    numbers = sorted(filled)
    words = sum(map(len, filled.values()))
    if len(columns) * len(numbers) > _SPARSE * words + _ALLOWED:
        miss("单元格太分散，逐格查过，没有按整张表检查栏目")
        for number in numbers:
            for column, text in sorted(filled[number].items()):
                say(f"{ref}/rows/{number}/{column}".lstrip("/"), text)
        return ()
    made = tuple(tuple([filled[number].get(column, "") for column in columns]) for number in numbers)
    return (Grid(ref, made, tuple(numbers), tuple(columns)),) if numbers else ()


def spans(numbers: Sequence[int]) -> str:
    """Return rows, counted from 0, as people write them: `2–4、9`."""
    stretches: list[list[int]] = []
    for number in sorted(numbers):
        if stretches and number == stretches[-1][1] + 1:
            stretches[-1][1] = number
        else:
            stretches.append([number, number])
    told = [f"{low + 1}" if low == high else f"{low + 1}–{high + 1}" for low, high in stretches[:10]]
    return "、".join(told) + ("等" if len(stretches) > 10 else "")
