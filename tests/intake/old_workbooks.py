"""Workbooks of other forms of our own making: BIFF8 in a compound file (.xls), OpenDocument (.ods)."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence

from tests.api.compound import compound

Cell = str | float
#: Sheets by name, each with its rows; a name that begins with `!` is of a hidden sheet.
Sheets = Mapping[str, Sequence[Sequence[Cell]]]
ODS = "application/vnd.oasis.opendocument.spreadsheet"


def xls(sheets: Sheets, **streams: bytes) -> bytes:
    """Return a workbook as Excel 97 writes it. Source: [MS-XLS], 2.1.7.20, 2.4.148, 2.4.180."""
    bodies = [_sheet(rows) for rows in sheets.values()]
    head = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    names = [name.lstrip("!").encode("utf-16-le") for name in sheets]
    at = len(head) + sum(4 + 8 + len(name) for name in names) + 4
    for given, name, body in zip(sheets, names, bodies, strict=True):
        hidden = int(given.startswith("!"))
        head += _record(0x0085, struct.pack("<IBBBB", at, hidden, 0, len(name) // 2, 1) + name)
        at += len(body)
    return compound({"Workbook": head + _record(0x000A, b"") + b"".join(bodies), **streams})


def _sheet(rows: Sequence[Sequence[Cell]]) -> bytes:
    made = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    for number, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            place = struct.pack("<HHH", number, column, 0)
            if isinstance(cell, float):
                made += _record(0x0203, place + struct.pack("<d", cell))
            elif cell:
                words = cell.encode("utf-16-le")
                made += _record(0x0204, place + struct.pack("<HB", len(words) // 2, 1) + words)
    return made + _record(0x000A, b"")


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def ods(sheets: Sheets, **parts: str) -> bytes:
    """Return a workbook as LibreOffice writes it. Source: OASIS OpenDocument 1.3, part 3, 9."""
    office = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
    spaces = f'xmlns:office="{office}" xmlns:table="{office.replace("office:1", "table:1")}"'
    spaces += f' xmlns:text="{office.replace("office:1", "text:1")}"'
    tables = "".join(
        f'<table:table table:name="{name}">{"".join(map(_row, rows))}</table:table>'
        for name, rows in sheets.items()
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", ODS)
        archive.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:spreadsheet>{tables}"
            "</office:spreadsheet></office:body></office:document-content>",
        )
        archive.writestr(
            "META-INF/manifest.xml",
            '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def _row(cells: Sequence[Cell]) -> str:
    return f"<table:table-row>{''.join(map(_cell, cells))}</table:table-row>"


def _cell(cell: Cell) -> str:
    if isinstance(cell, float):
        return f'<table:table-cell office:value-type="float" office:value="{cell!r}"/>'
    if not cell:
        return "<table:table-cell/>"
    return f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
