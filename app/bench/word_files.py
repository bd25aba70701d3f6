"""Word files for measuring: made here, and those of others with a token of its own in each of their runs.

The tracer puts tokens into the parts, and knows nothing of how files are read.
"""

import re
import zipfile
from io import BytesIO
from itertools import count

from lxml import etree

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_NAMESPACES = {
    "w": _MAIN,
    "r": _OFFICE,
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
    "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
    "mc": _MC.strip("{}"),
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    "v": "urn:schemas-microsoft-com:vml",
}
#: Parts that hold no text of a document.
_NO_TEXT = re.compile(
    r"\.rels$|^\[content_types\]|^docprops/|^customxml/|^_xmlsignatures/|theme", re.IGNORECASE
)
_SENTENCE = "清河市召开冬季民生工作会议，部署供暖、用水、交通保障等事项。"


def part(name: str, content: str) -> str:
    """Return the XML of a part: an element with every namespace around its content."""
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _NAMESPACES.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><{name} {names}>{content}</{name}>'


def packed(body: str, parts: dict[str, tuple[str, str]] | None = None) -> bytes:
    """Return a Word file; `parts` are name → kind of relationship and content, their ids are their names."""
    related = "".join(
        f'<Relationship Id="{name}" Type="{_OFFICE}/{kind}" Target="{name}"/>'
        for name, (kind, _) in (parts or {}).items()
    )
    main = f'<Relationship Id="r" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
    types = (
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_TYPE}"/>'
    )
    files = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">{types}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{main}</Relationships>',
        "word/document.xml": part("w:document", f"<w:body>{body}</w:body>"),
        "word/_rels/document.xml.rels": (
            f'<Relationships xmlns="{_PACKAGE}/relationships">{related}</Relationships>'
        ),
        **{f"word/{name}": content for name, (_, content) in (parts or {}).items()},
    }
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def paragraph(words: str) -> str:
    """Return a paragraph as Word writes one: with looks of its own."""
    look = '<w:rPr><w:rFonts w:hint="eastAsia" w:ascii="仿宋" w:eastAsia="仿宋"/><w:sz w:val="32"/></w:rPr>'
    about = '<w:pPr><w:ind w:firstLineChars="200"/></w:pPr>'
    return f'<w:p>{about}<w:r>{look}<w:t xml:space="preserve">{words}</w:t></w:r></w:p>'


def table(rows: int, columns: int) -> str:
    """Return a table of so many cells."""
    width = '<w:tcPr><w:tcW w:w="1200" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr>'
    cells = (
        "".join(f"<w:tc>{width}{paragraph(f'第{row}行{column}')}</w:tc>" for column in range(columns))
        for row in range(rows)
    )
    return f"<w:tbl><w:tblPr/>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def article(characters: int, rows: int, columns: int) -> bytes:
    """Return a text of so many characters with a table."""
    paragraphs = (paragraph(_SENTENCE * 8) for _ in range(characters // (len(_SENTENCE) * 8)))
    return packed("".join(paragraphs) + table(rows, columns))


def traced(data: bytes) -> tuple[bytes, dict[str, str]]:
    """Return a Word file in which each run of text is a token, and where each token stands.

    What an old program is offered in place of a drawing has the tokens of the drawing, where its words are
    the same. Raises `zipfile.BadZipFile` for what is no zip.
    """
    numbers, where = count(), dict[str, str]()
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as given, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in given.infolist():
            content = given.read(entry)
            if entry.filename.lower().endswith(".xml") and not _NO_TEXT.search(entry.filename):
                content = _with_tokens(content, entry.filename, numbers, where)
            made.writestr(entry.filename, content)
    return buffer.getvalue(), where


def _with_tokens(content: bytes, name: str, numbers: "count[int]", where: dict[str, str]) -> bytes:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        return content
    if root.getroottree().docinfo.internalDTD is not None:
        return content
    said: dict[str, str] = {}
    late = []
    for node in root.iter():
        if not isinstance(node.tag, str) or node.tag.rpartition("}")[2] not in {"t", "delText"}:
            continue
        if (node.text or "").strip():
            if next(node.iterancestors(f"{_MC}Fallback"), None) is not None:
                late.append(node)
            else:
                node.text = said[node.text] = _token(numbers, where, name)
    for node in late:
        node.text = said.get(node.text) or _token(numbers, where, name)
    whole: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return whole


def _token(numbers: "count[int]", where: dict[str, str], name: str) -> str:
    token = f"Q{next(numbers):06d}Z"
    where[token] = name
    return token
