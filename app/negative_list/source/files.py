"""Files by their names, and plain text as parts, each character with its place in the file."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.negative_list.text.model import Part, PartKind, Structure

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


def read_parts(text: str) -> FileParts:
    """Return the parts of a plain text: its lines, of which the first that is not blank is the title.

    A blank text has no parts.
    """
    if text.startswith("\ufeff"):
        text = f" {text[1:]}"
    parts: list[Part] = []
    places: dict[str, Sequence[int]] = {}
    start = 0
    for number, line in enumerate(re.split(r"(?<=\n)|(?<=\r)(?!\n)", text), 1):
        content = line.rstrip("\r\n")
        if content.strip():
            ref = f"lines/{number}"
            parts.append(Part(PartKind.BODY if parts else PartKind.TITLE, ref, content))
            places[ref] = range(start, start + len(content) + 1)
        start += len(line)
    title = parts[0].text if parts else ""
    return FileParts(tuple(parts), places, Structure(fields={"title": title}))


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


def line_starts(text: str) -> list[int]:
    """Return where each line begins."""
    return [0, *_ends(text)]


def _ends(text: str) -> Iterator[int]:
    return (match.end() for match in re.finditer("\n", text))
