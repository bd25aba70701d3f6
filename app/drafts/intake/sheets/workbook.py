"""A workbook (.xlsx) with all that it says: cells, comments, heads and feet, boxes, charts, properties.

Source: ECMA-376 part 1, 18; [MS-XLSX] for threaded comments.
"""

import posixpath
from collections.abc import Iterator
from typing import Any

from app.drafts.intake.reading import Gathered, Reading, Trace, step, unreadable
from app.drafts.intake.sheets import properties
from app.drafts.intake.sheets.annotations import Nested, beside
from app.drafts.intake.sheets.cells import MOST_CELLS, Styles, read_cells, store
from app.drafts.intake.sheets.leftovers import read_rest
from app.drafts.intake.sheets.numbers import Format
from app.drafts.intake.sheets.package import Broken, Package
from app.drafts.intake.sheets.words import local, pieces, said_of_rich
from app.words.places import column_name

_PEOPLE = "person"


def read_workbook(content: bytes, nested: Nested) -> Reading:
    """Return what a workbook says; `nested` reads a file that lies within it."""
    gathered = Gathered()
    try:
        package = Package(content)
        book = _book(package)
        root = package.xml(book)
    except Broken as fault:
        return unreadable(str(fault))
    links = package.links(book)
    styles = _styles(package, book, root, gathered)
    people = _people(package, links)
    left = MOST_CELLS
    for sheet in (node for node in root.iter() if local(node) == "sheet"):
        left -= _sheet(package, sheet, links, styles, people, gathered, left)
    for child in root:
        if local(child) != "sheets":
            for number, text in enumerate(pieces(child), 1):
                gathered.say(f"other/{step(book)}/{local(child)}/{number}", text)
    properties.read(package, gathered)
    for node in root.iter():
        if local(node) == "absPath":
            properties.paths(node.get("url"), "properties/path", gathered)
    read_rest(package, gathered, nested)
    return gathered.reading()


def _book(package: Package) -> str:
    for link in package.links("").values():
        if link.kind == "officeDocument" and not link.outside:
            return link.target
    raise Broken("文件不完整，找不到工作簿")


def _styles(package: Package, book: str, root: Any, gathered: Gathered) -> Styles:  # noqa: ANN401
    styles = Styles()
    for node in root.iter():
        if local(node) == "workbookPr":
            styles.since_1904 = node.get("date1904") in {"1", "true"}
    for link in package.links(book).values():
        try:
            if link.kind == "sharedStrings":
                styles.shared = list(_shared(package, link.target))
            elif link.kind == "styles":
                styles.formats = _formats(package.xml(link.target))
                package.seen.discard(link.target.lower())
        except Broken as fault:
            gathered.miss("", "", str(fault))
    return styles


def _shared(package: Package, name: str) -> Iterator[tuple[str, str]]:
    for node in package.rows(name, "si"):
        if local(node) != "si":
            return
        first = node[0] if len(node) == 1 else None
        plain = first is not None and local(first) == "t"
        yield (first.text or "", "") if plain and first is not None else said_of_rich(node)


def _formats(root: Any) -> list[Format]:  # noqa: ANN401
    codes = {
        node.get("numFmtId", ""): node.get("formatCode", "")
        for node in root.iter()
        if local(node) == "numFmt"
    }
    for node in root:
        if local(node) == "cellXfs":
            kinds = [child.get("numFmtId", "0") for child in node if local(child) == "xf"]
            return [Format(int(kind) if kind.isdecimal() else 0, codes.get(kind, "")) for kind in kinds]
    return []


def _people(package: Package, links: Any) -> dict[str, str]:  # noqa: ANN401
    people = dict[str, str]()
    for link in links.values():
        if link.kind == _PEOPLE and not link.outside and link.target in package:
            try:
                root = package.xml(link.target)
            except Broken:
                continue
            people |= {node.get("id", ""): node.get("displayName", "") for node in root}
            package.seen.discard(link.target.lower())
    return people


def _sheet(
    package: Package,
    node: Any,  # noqa: ANN401
    links: Any,  # noqa: ANN401
    styles: Styles,
    people: dict[str, str],
    gathered: Gathered,
    left: int,
) -> int:
    """Read one sheet; return how many cells with words it has."""
    name = node.get("name", "")
    ref = f"sheets/{step(name)}"
    gathered.say(f"{ref}/name", name)
    if node.get("state") in {"hidden", "veryHidden"}:
        gathered.trace(Trace.HIDDEN_SHEET, f"{ref}/name", name)
    named = next((value for key, value in node.attrib.items() if key.rsplit("}", 1)[-1] == "id"), "")
    link = links.get(named)
    if link is None or link.outside or link.target not in package:
        gathered.miss(ref, "", "文件不完整，找不到这张工作表")
        return 0
    count = 0
    try:
        if link.kind == "worksheet":
            sheet = read_cells(package, link.target, styles, left=left)
            store(sheet, ref, gathered)
            hidden = _hidden_columns(sheet.rest, {column for row in sheet.rows.values() for column in row})
            gathered.trace(Trace.HIDDEN_COLUMNS, ref, hidden)
            count, rest = sheet.count, sheet.rest
        else:
            rest = package.xml(link.target)
        beside(package, link.target, rest, ref, people, gathered)
    except Broken as fault:
        gathered.miss(ref, "", str(fault))
    return count


def _hidden_columns(root: Any, used: set[int]) -> str:  # noqa: ANN401
    """Return the hidden columns that hold words, in Chinese; empty for none."""
    hidden = set()
    for node in root.iter():
        if local(node) == "col" and (
            node.get("hidden") in {"1", "true"} or node.get("width") in {"0", "0.0"}
        ):
            low, high = node.get("min", ""), node.get("max", "")
            if low.isdecimal() and high.isdecimal():
                hidden |= {column for column in used if int(low) - 1 <= column < int(high)}
    return "、".join(f"{column_name(column)} 列" for column in sorted(hidden)[:20])


def is_workbook(names: frozenset[str]) -> bool:
    """Tell whether the parts of a package are those of a workbook, by their names in small letters."""
    return any(posixpath.basename(name) == "workbook.xml" for name in names)
