"""Tables for spreadsheets: CSV and XLSX. A cell is text, and never a formula."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal
from xml.sax.saxutils import escape

from fastapi.responses import Response

from app.infra.clock import beijing

Format = Literal["csv", "xlsx"]
#: What spreadsheets take for the beginning of a formula. Source: OWASP, CSV Injection.
_FORMULA = frozenset("=+-@＝＋－＠\t\r\n")
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OPEN = "http://schemas.openxmlformats.org"
_MAIN = f"{_OPEN}/spreadsheetml/2006/main"
_RELATED = f"{_OPEN}/officeDocument/2006/relationships"
#: The parts of a workbook of one sheet but the sheet itself. Source: ECMA-376, part 1.
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_OPEN}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" '
        f'ContentType="{_TYPES["xlsx"]}.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_OPEN}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{_RELATED}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATED}"><sheets>'
        '<sheet name="表" sheetId="1" r:id="r1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_OPEN}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{_RELATED}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}
#: The same table is the same bytes, whenever it is written.
_WHEN = (1980, 1, 1, 0, 0, 0)


def as_csv(rows: Iterable[Iterable[str]]) -> bytes:
    """Return rows as CSV (RFC 4180) in UTF-8 with the mark by which Excel knows it.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([_safe(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Iterable[Sequence[str]]) -> bytes:
    """Return rows as a workbook of one sheet, every cell a text."""
    written = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{written}</sheetData></worksheet>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in {**_PARTS, "xl/worksheets/sheet1.xml": sheet}.items():
            package.writestr(zipfile.ZipInfo(name, _WHEN), _HEAD + text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def answer(rows: Iterable[Sequence[str]], name: str, at: datetime, form: Format) -> Response:
    """Return a table as a download that is called after `name` and the time in Beijing."""
    content = as_csv(rows) if form == "csv" else as_xlsx(rows)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}-{beijing(at):%Y%m%d-%H%M}.{form}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=_TYPES[form], headers=headers)


def _safe(cell: str) -> str:
    begins = cell[:1] in _FORMULA or cell.lstrip()[:1] in _FORMULA
    return f"'{cell}" if cell and begins else cell


def _cell(text: str) -> str:
    # Characters that no XML can hold are left out.
    kept = "".join(one for one in text if one >= " " or one in "\t\n\r")
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(kept)}</t></is></c>'
