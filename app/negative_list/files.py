"""Text, Markdown and HTML files as parts, each character with its place in the file."""

import html
import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from typing import NamedTuple

from app.negative_list.model import ImageFact, Part, PartKind, Structure, TableFact

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "caption",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "title",
        "tr",
        "ul",
    ]
)
_SILENT = frozenset({"script", "style", "template"})
_HEADING = re.compile(r"\s*(?:#{1,6}\s+|[-*+]\s+|\d{1,3}\.\s+|>\s?)?")
_IMAGE = re.compile(r"!\[([^\]\n]*)\]\(([^)\s]*)[^)\n]*\)")
#: One character of an attribute, or one reference that stands for one.
_PIECE = re.compile(r"&(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z0-9]+);?|.", re.DOTALL)
_RULER = re.compile(r"\|?\s*:?-{2,}")

#: How a file is read, by the end of its name.
READ_AS = {
    ".txt": ".txt",
    ".text": ".txt",
    "": ".txt",
    ".md": ".md",
    ".markdown": ".md",
    ".html": ".html",
    ".htm": ".html",
    ".xhtml": ".html",
}
#: Those ends in words.
KINDS = "txt、md、html"
#: How files begin that are no text in UTF-8.
_BEGINNINGS = {
    b"\xff\xfe": "UTF-16 编码的文字",
    b"\xfe\xff": "UTF-16 编码的文字",
    b"PK\x03\x04": "Word、WPS 文档或者压缩包",
    b"\xd0\xcf\x11\xe0": "旧版 Word、Excel 文档",
    b"%PDF": "PDF 文档",
    b"\x89PNG": "图片",
    b"\xff\xd8\xff": "图片",
}
#: So many bytes are looked at to tell what they are.
_LOOKED_AT = 4096


class FileParts(NamedTuple):
    """A file's parts; `places[ref][i]` is where character `i` of the part stands in the file's text."""

    parts: tuple[Part, ...]
    places: dict[str, Sequence[int]]
    structure: Structure


def read_parts(text: str, suffix: str) -> FileParts:
    """Return the parts of a file's text; `suffix` (`.txt`, `.md`, `.html`) says how to read it.

    The first line that is not blank, or the first heading, is the title. A blank text has no parts.
    """
    if text.startswith("\ufeff"):
        text = f" {text[1:]}"
    kind = READ_AS.get(suffix.lower(), ".txt")
    if kind == ".html":
        reader = _Html(text)
        reader.feed(text)
        reader.close()
        return reader.finish()
    return _lines(text, markdown=kind == ".md")


def looks_like(data: bytes) -> str:
    """Return in Chinese what bytes that are no UTF-8 seem to be; empty when that cannot be told."""
    for beginning, what in _BEGINNINGS.items():
        if data.startswith(beginning):
            return what
    # The last character may be cut in two. UTF-8 with a fault reads as GBK, too, but has few faults.
    some = data[:_LOOKED_AT]
    read = some.decode("gb18030", "replace").rstrip("\ufffd")
    han, faults = sum("一" <= char <= "鿿" for char in read), some.decode("utf-8", "replace").count("\ufffd")
    certain = "\ufffd" not in read and "\0" not in read and han * 3 > len(read) and faults * 2 > han
    return "GBK 编码的文字" if certain else ""


def _lines(text: str, *, markdown: bool) -> FileParts:
    parts: list[Part] = []
    places: dict[str, Sequence[int]] = {}
    images: list[ImageFact] = []
    tables: list[TableFact] = []
    rows: list[tuple[str, ...]] = []
    start = 0
    titled = False
    for number, line in enumerate(re.split(r"(?<=\n)|(?<=\r)(?!\n)", text), 1):
        content = line.rstrip("\r\n")
        lead = _HEADING.match(content).end() if markdown else 0  # type: ignore[union-attr]
        shown = content[lead:]
        if shown.strip():
            ref = f"lines/{number}"
            kind = PartKind.BODY if titled else PartKind.TITLE
            if markdown and content.lstrip().startswith("|"):
                kind = PartKind.TABLE
                if not _RULER.match(content.strip()):
                    rows.append(tuple(cell.strip() for cell in content.strip().strip("|").split("|")))
                    places.setdefault(f"tables/{len(tables)}", range(start, start + 1))
            else:
                titled = True
            parts.append(Part(kind, ref, shown))
            places[ref] = range(start + lead, start + len(content) + 1)
            for image in _IMAGE.finditer(content) if markdown else ():
                ref = f"images/{len(images)}"
                images.append(ImageFact(ref, image[1]))
                places[ref] = range(start + image.start(), start + image.end())
        if rows and not content.lstrip().startswith("|"):
            tables.append(TableFact(f"tables/{len(tables)}", tuple(rows)))
            rows = []
        start += len(line)
    if rows:
        tables.append(TableFact(f"tables/{len(tables)}", tuple(rows)))
    title = next((part.text for part in parts if part.kind is PartKind.TITLE), "")
    return FileParts(tuple(parts), places, Structure(tuple(images), tuple(tables), fields={"title": title}))


class _Html(HTMLParser):
    """Gathers the text of blocks; inline tags do not part words."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=False)
        self._source = source
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", source))]
        self._text: list[str] = []
        self._at: list[int] = []
        self._parts: list[Part] = []
        self._places: dict[str, Sequence[int]] = {}
        self._images: list[ImageFact] = []
        self._tables: list[TableFact] = []
        self._rows: list[list[str]] | None = None
        self._silent = 0
        self._kind = PartKind.BODY
        self._title = ""

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._line_starts[line - 1] + column

    def _flush(self) -> None:
        text = "".join(self._text)
        if text.strip():
            ref = f"texts/{len(self._parts)}"
            kind = self._kind
            if self._rows is not None:
                kind = PartKind.CAPTION if self._kind is PartKind.CAPTION else PartKind.TABLE
                if kind is PartKind.TABLE and self._rows and self._rows[-1]:
                    # A cell may hold several paragraphs.
                    self._rows[-1][-1] = f"{self._rows[-1][-1]}\n{text.strip()}".strip()
            if kind is PartKind.TITLE:
                if self._title and text.strip() == self._title:
                    kind = PartKind.BODY
                self._title = self._title or text.strip()
            self._parts.append(Part(kind, ref, text))
            self._places[ref] = [*self._at, self._at[-1] + 1]
        self._text, self._at = [], []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self._flush()
        if tag in _SILENT:
            self._silent += 1
        if tag in {"title", "h1"}:
            self._kind = PartKind.TITLE
        elif tag in {"figcaption", "caption"}:
            self._kind = PartKind.CAPTION
        elif tag == "img":
            ref = f"images/{len(self._images)}"
            self._images.append(ImageFact(ref, dict(attrs).get("alt") or ""))
            self._places[ref] = range(self._offset(), self._offset() + 1)
        self._begin_table(tag)
        for name, kind in (("alt", PartKind.ALT), ("title", PartKind.ALT), ("href", PartKind.LINK)):
            value = dict(attrs).get(name)
            if value and value.strip():
                self._attribute(name, kind, value)

    def _begin_table(self, tag: str) -> None:
        if tag == "table":
            self._rows = []
            self._places[f"tables/{len(self._tables)}"] = range(self._offset(), self._offset() + 1)
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
        elif tag in {"td", "th"} and self._rows:
            self._rows[-1].append("")

    handle_startendtag = handle_starttag

    def _attribute(self, name: str, kind: PartKind, value: str) -> None:
        raw = self.get_starttag_text() or ""
        found = re.search(rf"(?<![\w-]){name}\s*=\s*(?:\"([^\"]*)|'([^']*)|([^\s>\"']*))", raw, re.IGNORECASE)
        shown: list[str] = []
        places: list[int] = []
        if found is not None:
            number = found.lastindex or 0
            for piece in _PIECE.finditer(found[number]):
                text = html.unescape(piece[0])
                shown.append(text)
                places.extend([self._offset() + found.start(number) + piece.start()] * len(text))
        if "".join(shown) != value:
            # Not understood as the parser does: the place of the whole tag is near enough.
            places = [self._offset()] * len(value)
        ref = f"texts/{len(self._parts)}"
        self._parts.append(Part(kind, ref, value))
        self._places[ref] = [*places, places[-1] + 1]

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._flush()
        if tag in _SILENT and self._silent:
            self._silent -= 1
        if tag in {"title", "h1", "figcaption", "caption"}:
            self._kind = PartKind.BODY
        if tag == "table" and self._rows is not None:
            rows = tuple(tuple(row) for row in self._rows if row)
            if rows:
                self._tables.append(TableFact(f"tables/{len(self._tables)}", rows))
            self._rows = None

    def handle_data(self, data: str) -> None:
        if not self._silent:
            start = self._offset()
            self._text.append(data)
            self._at.extend(range(start, start + len(data)))

    def _reference(self, raw: str) -> None:
        if not self._silent:
            shown = html.unescape(raw)
            self._text.append(shown)
            self._at.extend([self._offset()] * len(shown))

    def handle_entityref(self, name: str) -> None:
        ended = self._source.startswith(";", self._offset() + 1 + len(name))
        self._reference(f"&{name}{';' if ended else ''}")

    def handle_charref(self, name: str) -> None:
        self._reference(f"&#{name};")

    def finish(self) -> FileParts:
        """Return what was read."""
        self._flush()
        return FileParts(
            tuple(self._parts),
            self._places,
            Structure(tuple(self._images), tuple(self._tables), fields={"title": self._title}),
        )


def line_starts(text: str) -> list[int]:
    """Return where each line begins."""
    return [0, *_ends(text)]


def _ends(text: str) -> Iterator[int]:
    return (match.end() for match in re.finditer("\n", text))
