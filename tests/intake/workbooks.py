"""Workbooks as tests need them: written by a program, or part by part where no program writes it."""

import io
import zipfile
from collections.abc import Mapping, Sequence

import xlsxwriter

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def listed(rows: Sequence[Sequence[object]], name: str = "公示名单") -> bytes:
    """Return a workbook of one sheet with these rows."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return made.getvalue()


def relations(targets: Mapping[str, tuple[str, str]], base: str = OFFICE) -> str:
    """Return relationships: id → last word of the type, target."""
    told = "".join(
        f'<Relationship Id="{key}" Type="{base}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{PACKAGE}">{told}</Relationships>'


def by_hand(
    sheet: str, *, shared: str = "", more: Mapping[str, str | bytes] | None = None, name: str = "表",
    links: Mapping[str, tuple[str, str]] | None = None, book: str = "", styles: str = "",
) -> bytes:  # fmt: skip
    """Return a package with a worksheet whose XML is given, and whatever parts besides."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": relations({"r1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": (
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
            f'<sheet name="{name}" sheetId="1" r:id="r1"/></sheets>{book}</workbook>'
        ),
        "xl/_rels/workbook.xml.rels": relations({
            "r1": ("worksheet", "worksheets/sheet1.xml"),
            **({"r2": ("sharedStrings", "sharedStrings.xml")} if shared else {}),
            **({"r3": ("styles", "styles.xml")} if styles else {}),
        }),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}">{sheet}</worksheet>',
    }  # fmt: skip
    if shared:
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{shared}</sst>'
    if styles:
        parts["xl/styles.xml"] = f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>'
    if links:
        parts["xl/worksheets/_rels/sheet1.xml.rels"] = relations(links)
    return zipped({**parts, **(more or {})})


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """Return parts as a package."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()
