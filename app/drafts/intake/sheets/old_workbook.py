"""Workbooks of other forms (.xls, .et, .ods): their cells, through calamine; what is beside them is told.

Our own pass reads .xlsx; these are rare, and nobody reads their comments, heads and boxes for us.
"""

import datetime as dt
from functools import partial
from io import BytesIO
from typing import Any

import python_calamine as calamine

from app.drafts.intake.kinds import Kind
from app.drafts.intake.reading import Gathered, Reading, Trace, step, unreadable
from app.drafts.intake.sheets.cells import MOST_CELLS, Rows, grids_of
from app.drafts.intake.sheets.package import Broken, Package
from app.drafts.intake.sheets.words import local

_BESIDE = "批注、页眉页脚、文本框、图表、图片和没有保存结果的公式"
_WHY = "这种格式里的这些内容没有检查；请另存为 .xlsx 后再上传"
_DAMAGED = "文件已损坏，打不开，没有检查；请重新保存后再上传"
_OF_META = {"initial-creator": Trace.AUTHOR, "creator": Trace.LAST_AUTHOR}
_OF_OLE = {
    "author": Trace.AUTHOR,
    "last_saved_by": Trace.LAST_AUTHOR,
    "company": Trace.COMPANY,
    "manager": Trace.MANAGER,
}


def read_old_workbook(content: bytes, kind: Kind) -> Reading:
    """Return what the cells of a workbook say, by sheet, with those that are hidden named."""
    gathered = Gathered()
    try:
        if kind is Kind.ODS:
            # Its limits are asked before anything is inflated.
            _meta(Package(content), gathered)
        else:
            _properties(content, gathered)
        _sheets(content, gathered)
    except Broken as fault:
        return unreadable(str(fault))
    gathered.miss("", _BESIDE, _WHY)
    return gathered.reading()


def _sheets(content: bytes, gathered: Gathered) -> None:
    try:
        with calamine.CalamineWorkbook.from_filelike(BytesIO(content)) as book:
            _cells(book, gathered)
    except calamine.PasswordError as error:
        raise Broken("文件设了打开密码，没有检查；请取消密码后再上传") from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise Broken(_DAMAGED) from error
    except BaseException as error:
        # What the library did not foresee ends it in a way of its own.
        if type(error).__name__ != "PanicException":
            raise
        raise Broken(_DAMAGED) from error


def _cells(book: calamine.CalamineWorkbook, gathered: Gathered) -> None:
    left = MOST_CELLS
    for about in book.sheets_metadata:
        ref = f"sheets/{step(about.name)}"
        gathered.say(f"{ref}/name", about.name)
        if about.visible is not calamine.SheetVisibleEnum.Visible:
            gathered.trace(Trace.HIDDEN_SHEET, f"{ref}/name", about.name)
        if about.typ is not calamine.SheetTypeEnum.WorkSheet:
            gathered.miss(ref, "", "不是工作表，没有检查")
            continue
        rows = _rows(book.get_sheet_by_name(about.name))
        left -= sum(map(len, rows.values()))
        if left < 0:
            raise Broken(f"有内容的单元格多于 {MOST_CELLS} 个，没有检查；请拆成几个文件")
        gathered.grids += grids_of(rows, ref, partial(gathered.miss, ref, ""), gathered.say)


def _rows(sheet: calamine.CalamineSheet) -> Rows:
    """Return the cells with words, by row and column counted from 0."""
    top, left = sheet.start or (0, 0)
    rows: Rows = {}
    for number, cells in enumerate(sheet.iter_rows()):
        said = {left + column: words for column, cell in enumerate(cells) if (words := _shown(cell))}
        if said:
            rows[top + number] = said
    return rows


def _shown(cell: Any) -> str:  # noqa: ANN401 – whatever a cell holds
    match cell:
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() if cell.is_integer() and abs(cell) < 1e18:
            return str(int(cell))
        case float():
            return f"{cell:.15g}"
        case dt.datetime() if cell.time() == dt.time():
            return str(cell.date())
        case _:
            return str(cell)


def _meta(package: Package, gathered: Gathered) -> None:
    if "meta.xml" not in package:
        return
    for node in package.xml("meta.xml").iter():
        name = local(node)
        if name in _OF_META:
            gathered.say(f"properties/{name}", node.text)
            gathered.trace(_OF_META[name], f"properties/{name}", node.text)
        elif name in {"title", "subject", "description", "keyword", "user-defined"}:
            gathered.say(f"properties/{name}", node.text)


def _properties(content: bytes, gathered: Gathered) -> None:
    import olefile

    try:
        with olefile.OleFileIO(BytesIO(content)) as compound:
            about = compound.get_metadata()
    except (OSError, ValueError, IndexError, TypeError, RecursionError) as error:
        raise Broken(_DAMAGED) from error
    for name in ("title", "subject", "keywords", "comments", *_OF_OLE):
        value = getattr(about, name, None)
        words = _decoded(value, about.codepage) if isinstance(value, bytes) else ""
        gathered.say(f"properties/{name}", words)
        if name in _OF_OLE:
            gathered.trace(_OF_OLE[name], f"properties/{name}", words)


def _decoded(value: bytes, page: int | None) -> str:
    """Return words of a property in the page of codes that the file names; GB 18030 where it names none."""
    encodings = {65001: "utf-8", 1200: "utf-16-le", 936: "gb18030", 950: "cp950", 1252: "cp1252"}
    return value.decode(encodings.get((page or 0) & 0xFFFF, "gb18030"), "replace").strip("\0 ")
