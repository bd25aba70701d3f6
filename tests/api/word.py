"""Word packages of our own making, part by part, as Word and WPS write them."""

# ruff: noqa: E501 – markup is read best in the lines in which it is written.

import zipfile
from collections.abc import Mapping
from io import BytesIO
from xml.sax.saxutils import escape

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
NAMESPACES = {
    "w": MAIN,
    "r": OFFICE,
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
    "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "v": "urn:schemas-microsoft-com:vml",
    "o": "urn:schemas-microsoft-com:office:office",
    "w14": "http://schemas.microsoft.com/office/word/2010/wordml",
    "w15": "http://schemas.microsoft.com/office/word/2012/wordml",
}
_ALL = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in NAMESPACES.items())


def root(name: str, content: str) -> str:
    """Return a part's XML: an element with every namespace around its content."""
    return f'<?xml version="1.0" encoding="UTF-8"?><{name} {_ALL}>{content}</{name}>'


def word(
    body: str,
    parts: Mapping[str, tuple[str, str | bytes]] | None = None,
    *,
    links: str = "",
    main: str = "word/document.xml",
    content_type: str = TYPE,
    more: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """Return a Word file with this body.

    `parts` are what the body refers to: name → kind of relationship and content; their ids are their names.
    `links` are further relationships of the body, `more` is whatever else lies in the package.
    """
    folder, _, last = main.rpartition("/")
    related = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/{kind}" Target="{name}"/>'
        for name, (kind, _) in (parts or {}).items()
    )
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types><Override PartName="/{main}" ContentType="{content_type}"/></Types>',
        "_rels/.rels": _relationships(
            f'<Relationship Id="r" Type="{OFFICE}/officeDocument" Target="{main}"/>'
        ),
        main: root("w:document", f"<w:body>{body}</w:body>"),
        f"{folder}/_rels/{last}.rels": _relationships(related + links),
        **{f"{folder}/{name}": content for name, (_, content) in (parts or {}).items()},
        **(more or {}),
    }
    return zipped(files)


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """Return a zip of these files."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _relationships(content: str) -> str:
    name = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{name}">{content}</Relationships>'


def p(*runs: str, style: str = "", properties: str = "") -> str:
    """Return a paragraph of runs; plain words become a run."""
    styled = f'<w:pStyle w:val="{style}"/>' if style else ""
    about = f"<w:pPr>{styled}{properties}</w:pPr>" if styled or properties else ""
    return f"<w:p>{about}{''.join(run if run.startswith('<') else r(run) for run in runs)}</w:p>"


def r(text: str, properties: str = "") -> str:
    """Return a run."""
    about = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{about}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def numbered(text: str, level: int = 0, number: int = 1) -> str:
    """Return a paragraph in a list."""
    about = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    return p(text, properties=about)


def level(
    index: int, form: str, text: str, *, start: int = 1, more: str = "", suffix: str = "nothing"
) -> str:
    """Return one level of a list."""
    return (
        f'<w:lvl w:ilvl="{index}"><w:start w:val="{start}"/><w:numFmt w:val="{form}"/>{more}'
        f'<w:suff w:val="{suffix}"/><w:lvlText w:val="{text}"/></w:lvl>'
    )


def lists(*levels: str, numbers: str = '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>') -> str:
    """Return the part of the lists: one abstract list with these levels."""
    return root(
        "w:numbering", f'<w:abstractNum w:abstractNumId="0">{"".join(levels)}</w:abstractNum>{numbers}'
    )


def cell(*content: str, properties: str = "") -> str:
    """Return a cell; plain words become a paragraph."""
    about = f"<w:tcPr>{properties}</w:tcPr>" if properties else ""
    return f"<w:tc>{about}{''.join(one if one.startswith('<') else p(one) for one in content)}</w:tc>"


def table(*rows: str) -> str:
    """Return a table of rows."""
    return (
        f"<w:tbl>{''.join(row if row.startswith('<w:tr') else f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"
    )


def field(code: str, result: str = "") -> str:
    """Return a field with its result."""
    sign = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    shown = sign.format("separate") + r(result) if result else ""
    return f"{sign.format('begin')}<w:r><w:instrText>{escape(code)}</w:instrText></w:r>{shown}{sign.format('end')}"
