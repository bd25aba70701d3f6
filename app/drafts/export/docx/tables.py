"""Tables and pictures of a Word file."""

from collections.abc import Callable
from io import BytesIO
from typing import NamedTuple

from app.domain.document.model import Merge, Table
from app.drafts.export.docx.names import Attribute, Element, children, element, writable
from app.drafts.export.docx.notes import Notes
from app.drafts.export.docx.package import Parts
from app.drafts.export.docx.paragraphs import paragraph
from app.drafts.export.docx.styles import CELL, TEXT_WIDTH
from app.drafts.intake.docx.own_styles import TABLE

#: English metric units in a twentieth of a point, and in a pixel of 96 to the inch.
_EMU, _EMU_OF_PIXEL = 635, 9525
#: The highest picture, in twentieths of a point: no page is filled by one.
_HIGHEST = 9000
_BORDERS = ("top", "left", "bottom", "right", "insideH", "insideV")
_TYPES = {"PNG": "png", "JPEG": "jpg", "GIF": "gif"}


class Drawable(NamedTuple):
    """A picture as Word shows it: bytes, the end of its name, width and height in pixels."""

    content: bytes
    ending: str
    width: int
    height: int


def drawable(content: bytes) -> Drawable | None:
    """Return a picture as every Word shows it (WebP becomes PNG); `None` for one that cannot be opened."""
    from PIL import Image

    try:
        with Image.open(BytesIO(content)) as picture:
            width, height = picture.size
            if picture.format in _TYPES:
                return Drawable(content, _TYPES[picture.format], width, height)
            made = BytesIO()
            picture.save(made, "PNG")
            return Drawable(made.getvalue(), "png", width, height)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        return None


def picture(parts: Parts, shown: Drawable, alt: str, number: int) -> Element:
    """Return a paragraph with a picture, as wide as it is but no wider than the text."""
    share = min(
        1.0,
        TEXT_WIDTH * _EMU / (max(shown.width, 1) * _EMU_OF_PIXEL),
        _HIGHEST * _EMU / (max(shown.height, 1) * _EMU_OF_PIXEL),
    )
    width, height = (max(1, round(size * _EMU_OF_PIXEL * share)) for size in (shown.width, shown.height))
    name = f"图片 {number}"
    about: dict[str, Attribute] = {"id": number, "name": name}
    frame = element(
        "pic:pic",
        element("pic:nvPicPr", element("pic:cNvPr", **about), element("pic:cNvPicPr")),
        element(
            "pic:blipFill",
            element("a:blip", r_embed=parts.picture(shown.content, shown.ending)),
            element("a:stretch", element("a:fillRect")),
        ),
        element(
            "pic:spPr",
            element("a:xfrm", element("a:off", x=0, y=0), element("a:ext", cx=width, cy=height)),
            element("a:prstGeom", element("a:avLst"), prst="rect"),
        ),
    )
    drawing = element(
        "w:drawing",
        element(
            "wp:inline",
            element("wp:extent", cx=width, cy=height),
            element("wp:docPr", descr=writable(alt), **about),
            element("a:graphic", element("a:graphicData", frame, uri="http://schemas.openxmlformats.org/drawingml/2006/picture")),
            distT=0, distB=0, distL=0, distR=0,
        ),
    )  # fmt: skip
    shape = element(
        "w:pPr",
        element("w:spacing", line=240, lineRule="auto"),
        element("w:ind", firstLineChars=0, firstLine=0),
        element("w:jc", val="center"),
    )
    return element("w:p", shape, element("w:r", drawing))


def table(parts: Parts, block: Table, notes: Notes, at: str) -> Element:
    """Return a table over the width of the text, its merged cells merged, its head repeated on each page."""
    width = len(block.rows[0])
    columns = [TEXT_WIDTH // width] * width
    columns[-1] += TEXT_WIDTH - sum(columns)
    borders = (element(f"w:{side}", val="single", sz=4, space=0, color="auto") for side in _BORDERS)
    about = element(
        "w:tblPr",
        element("w:tblStyle", val=TABLE),
        element("w:tblW", w=TEXT_WIDTH, type="dxa"),
        children(element("w:tblBorders"), borders),
        element("w:tblLayout", type="fixed"),
    )
    grid = children(element("w:tblGrid"), (element("w:gridCol", w=column) for column in columns))
    merges = {cell: (merge, cell[0] - merge.row) for merge in block.merges for cell in merge.cells()}
    spans = block.spans_of()

    def cell(row: int, column: int) -> Element | None:
        merge, down = merges.get((row, column), (Merge(row=row, column=column), 0))
        if column != merge.column:
            return None
        shape = element(
            "w:tcPr",
            element("w:tcW", w=sum(columns[column : column + merge.columns]), type="dxa"),
            element("w:gridSpan", val=merge.columns) if merge.columns > 1 else None,
            _down(merge, begins=down == 0),
        )
        place = f"{at}/rows/{row}/{column}"
        text, marks = block.rows[row][column], spans.get((row, column), ())
        words = paragraph(parts, text, marks, style=CELL, notes=notes, at=place)
        return element("w:tc", shape, words)

    return children(
        element("w:tbl", about, grid), (_row(block, row, width, cell) for row in range(len(block.rows)))
    )


def _row(block: Table, row: int, width: int, cell: Callable[[int, int], Element | None]) -> Element:
    head = element(
        "w:trPr", element("w:cantSplit"), element("w:tblHeader") if row < block.head_rows else None
    )
    return children(element("w:tr", head), (cell(row, column) for column in range(width)))


def _down(merge: Merge, *, begins: bool) -> Element | None:
    """Return the sign of a cell over several rows: where it begins, or that it goes on."""
    if merge.rows == 1:
        return None
    return element("w:vMerge", val="restart") if begins else element("w:vMerge")
