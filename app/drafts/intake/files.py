"""A file as the rules read it: the same document as the service would make of it, with places in the file."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from pydantic import ValidationError

from app.domain.document.model import Document
from app.drafts.intake import subprocess_reader
from app.drafts.intake.builder import PictureElsewhere
from app.drafts.intake.docx.changes import TrackedChanges
from app.drafts.intake.left_out import LeftOut, summed, turning
from app.drafts.intake.places import Places, places_of
from app.drafts.intake.subprocess_reader import Read, Source
from app.negative_list.source.files import READ_AS, FileParts, read_parts
from app.negative_list.text.content import parts_of, structure_of
from app.negative_list.text.model import ImageFact, NotChecked, Part, PartKind, Structure

_FORMATS = {".md": "markdown", ".html": "html"}
#: How the names of files end that Word and WPS write; what such a file is, its bytes say.
WORD_ENDINGS = frozenset({".docx", ".docm", ".dotx", ".dotm", ".doc", ".dot", ".wps", ".wpt", ".odt", ".rtf"})
_UNTITLED = "（无标题）"


class FileRead(NamedTuple):
    """A file's parts with their places in it, and what of it is in no part."""

    parts: FileParts
    left_out: tuple[LeftOut, ...] = ()
    #: Names of the pictures that lie within it.
    pictures: tuple[str, ...] = ()

    def not_checked(self) -> list[NotChecked]:
        """Return what is in no part, in words."""
        return [
            NotChecked(
                "left_out",
                f"{entry.name}：{entry.what}{f'（{entry.count} 处）' * (entry.count > 1)}",
                entry.why,
            )
            for entry in self.left_out
        ] + [NotChecked("pictures", f"图片 {name}", "没有检查图片里的文字和二维码") for name in self.pictures]


def read_file(text: str, suffix: str) -> FileRead:
    """Return the parts of a file's text; `suffix` (`.txt`, `.md`, `.html`) says how to read it.

    Markdown and HTML are read as when they are handed in. Raises `TooMuch`, `Busy`.
    """
    kind = READ_AS.get(suffix.lower(), ".txt")
    if kind not in _FORMATS:
        return FileRead(read_parts(text))
    clean = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").replace("\x00", " ")
    read = subprocess_reader.read(Source(_FORMATS[kind], clean))
    document = _document(read)
    if document is None:
        title = read.title or ""
        alone = FileParts(
            (Part(PartKind.TITLE, "title", title),) if title else (),
            places_of(text, [("title", title)]),
            Structure(fields={"title": title}),
        )
        return FileRead(_with_pictures(text, alone, read.pictures_elsewhere), read.left_out)
    lost = summed([*read.left_out, *turning(said for _, said in document.texts())])
    parts, structure = parts_of(document), structure_of(document)
    if not read.title:
        parts = tuple(part for part in parts if part.ref != "title")
        structure = replace(structure, fields={**structure.fields, "title": ""})
    whole = FileParts(parts, _places(text, document, parts), structure)
    names = tuple(picture.name for picture in read.pictures)
    return FileRead(_with_pictures(text, whole, read.pictures_elsewhere), lost, names)


def _with_pictures(text: str, parts: FileParts, pictures: Sequence[PictureElsewhere]) -> FileParts:
    """Add the pictures that a file refers to: their words are read as those of pictures in a draft are."""
    if not pictures:
        return parts
    words, places = list(parts.parts), dict(parts.places)
    images, near = list[ImageFact](), 0
    for number, picture in enumerate(pictures):
        ref = f"pictures/{number}"
        images.append(ImageFact(ref, picture.alt, picture.caption, address=picture.address))
        for kind, name, said in (
            (PartKind.ALT, "alt", picture.alt),
            (PartKind.CAPTION, "caption", picture.caption),
        ):
            start = text.find(said or picture.address, near)
            start = near if start < 0 else start
            places[f"{ref}/{name}"] = range(start, start + len(said) + 1)
            if said:
                words.append(Part(kind, f"{ref}/{name}", said))
        places[ref] = places[f"{ref}/alt"]
        near = places[ref][-1]
    structure = replace(parts.structure, images=(*parts.structure.images, *images))
    return FileParts(tuple(words), places, structure)


def read_word(data: bytes, changes: TrackedChanges = TrackedChanges.ORIGINAL) -> tuple[str, FileRead]:
    """Return what a Word file says as text, a paragraph or a cell a line, and its parts with places there.

    Raises `TooMuch`, `Busy`.
    """
    read = subprocess_reader.read(Source("docx", b64encode(data).decode(), changes=changes))
    document = _document(read)
    if document is None:
        return "", FileRead(read_parts(""), read.left_out)
    parts, structure = parts_of(document), structure_of(document)
    if not read.title:
        parts = tuple(part for part in parts if part.ref != "title")
        structure = replace(structure, fields={**structure.fields, "title": ""})
    lines, places, at = list[str](), dict[str, Sequence[int]](), 0
    for place, said in document.texts():
        if place != "title" or read.title:
            lines.append(said)
            places[place] = range(at, at + len(said) + 1)
            places.setdefault("/".join(place.split("/")[:2]), places[place])
            at += len(said) + 1
    lost = summed([*read.left_out, *turning(said for _, said in document.texts())])
    names = tuple(picture.name for picture in read.pictures)
    return "\n".join(lines), FileRead(FileParts(parts, places, structure), lost, names)


def _document(read: Read) -> Document | None:
    """Return the document; `None` where there is no text but perhaps a title."""
    try:
        named = {**read.fields, "title": read.title or _UNTITLED}
        return Document(blocks=read.blocks, **named)
    except ValidationError:
        return None


def _places(text: str, document: Document, parts: Sequence[Part]) -> dict[str, Sequence[int]]:
    """Return where the parts stand; an address of a link stands with the block that it is in."""
    places: dict[str, Sequence[int]] = {}
    words = Places(text)
    for place, said in document.texts():
        if place != "title" or any(part.ref == "title" for part in parts):
            places[place] = words.of(said)
        block = "/".join(place.split("/")[:2])
        places.setdefault(block, places.get(place, (0,)))
    for part in parts:
        if part.kind is PartKind.LINK and part.ref not in places:
            near = places.get("/".join(part.ref.split("/")[:2]), (0,))[0]
            start = text.find(part.text, near)
            start = text.find(part.text) if start < 0 else start
            at = range(start, start + len(part.text) + 1) if start >= 0 else [near] * (len(part.text) + 1)
            places[part.ref] = at
    return places
