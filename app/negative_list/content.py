"""What of a document the rules read: its texts as parts, and the things that are not running text."""

from collections.abc import Iterator

from app.domain.document import FIELDS, TEXT_BLOCKS, Document, Image, Table, Video
from app.negative_list.model import ImageFact, LinkFact, Part, PartKind, Structure, TableFact, VideoFact

_FIELD_KINDS = {
    "title": PartKind.TITLE,
    "subtitle": PartKind.SUBTITLE,
    "summary": PartKind.SUMMARY,
    "byline": PartKind.BYLINE,
    "source": PartKind.BYLINE,
    "source_url": PartKind.LINK,
}


def parts_of(document: Document) -> tuple[Part, ...]:
    """Return every text of a document with its place, in reading order; targets of links after all the texts."""
    texts = (Part(_kind(place), place, text) for place, text in document.texts())
    links = (Part(PartKind.LINK, link.ref, link.href) for link in _links(document))
    return (*texts, *links)


def structure_of(document: Document) -> Structure:
    """Return a document's pictures, videos, tables, links and fields, for rules about structure."""
    blocks = [(f"blocks/{index}", block) for index, block in enumerate(document.blocks)]
    return Structure(
        images=tuple(
            ImageFact(ref, block.alt, block.caption, block.credit) for ref, block in blocks if isinstance(block, Image)
        ),
        tables=tuple(TableFact(ref, block.rows, block.caption) for ref, block in blocks if isinstance(block, Table)),
        links=tuple(_links(document)),
        videos=tuple(VideoFact(ref, block.caption) for ref, block in blocks if isinstance(block, Video)),
        fields={name: getattr(document, name) for name in FIELDS},
    )


def _links(document: Document) -> Iterator[LinkFact]:
    for index, block in enumerate(document.blocks):
        if isinstance(block, TEXT_BLOCKS):
            for number, span in enumerate(block.spans):
                if span.href is not None:
                    yield LinkFact(f"blocks/{index}/spans/{number}", block.text[span.start : span.end], span.href)


def _kind(place: str) -> PartKind:
    if place in _FIELD_KINDS:
        return _FIELD_KINDS[place]
    _, _, what = place.partition("/")
    _, _, what = what.partition("/")
    if what.startswith("rows/"):
        return PartKind.TABLE
    if what == "alt":
        return PartKind.ALT
    return PartKind.CAPTION if what in {"caption", "credit"} else PartKind.BODY
