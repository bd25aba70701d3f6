"""What of a document the rules read."""

from collections.abc import Iterator

from app.domain.document.model import (
    TEXT_BLOCKS,
    Block,
    CellSpan,
    Document,
    Image,
    Span,
    Table,
    Video,
    readings_of,
)
from app.negative_list.text.model import ImageFact, LinkFact, Part, PartKind, Structure, TableFact, VideoFact

_FIELDS = {
    "title": PartKind.TITLE,
    "subtitle": PartKind.SUBTITLE,
    "summary": PartKind.SUMMARY,
    "byline": PartKind.BYLINE,
    "source": PartKind.BYLINE,
    "source_url": PartKind.LINK,
}
_ENDINGS = {"alt": PartKind.ALT, "caption": PartKind.CAPTION, "credit": PartKind.CAPTION}


def parts_of(document: Document) -> tuple[Part, ...]:
    """Return every text of a document in reading order, then readings above words and targets of links.

    `ref` is the place that `Document.texts` gives; a link's is `blocks/3/spans/0/href`.
    """
    texts = [Part(kind_of(place), place, text) for place, text in document.texts()]
    texts += [
        Part(PartKind.BODY, f"blocks/{index}{within}", reading)
        for index, block in enumerate(document.blocks)
        for within, reading in readings_of(block)
    ]
    links = [Part(PartKind.LINK, link.ref, link.href) for link in _links(document)]
    return (*texts, *links)


def kind_of(place: str) -> PartKind:
    """Return what kind of part the text at a place is."""
    if "/" not in place:
        return _FIELDS[place]
    if "/rows/" in place:
        return PartKind.TABLE
    return _ENDINGS.get(place.rpartition("/")[2], PartKind.BODY)


def _links(document: Document) -> Iterator[LinkFact]:
    for index, block in enumerate(document.blocks):
        if isinstance(block, (*TEXT_BLOCKS, Table)):
            for number, mark in enumerate(block.spans):
                if mark.href:
                    ref = f"blocks/{index}/spans/{number}/href"
                    yield LinkFact(ref, _text_of(block, mark)[mark.start : mark.end], mark.href)


def _text_of(block: Block, mark: Span) -> str:
    if isinstance(block, Table) and isinstance(mark, CellSpan):
        return block.rows[mark.row][mark.column]
    return block.text if isinstance(block, TEXT_BLOCKS) else ""


def structure_of(document: Document) -> Structure:
    """Return what structure rules read of a document: pictures, tables, videos, links and fields."""
    blocks = list(enumerate(document.blocks))
    return Structure(
        images=tuple(
            ImageFact(f"blocks/{index}", block.alt, block.caption, block.credit)
            for index, block in blocks
            if isinstance(block, Image)
        ),
        tables=tuple(
            TableFact(f"blocks/{index}", block.rows, block.caption, block.head_rows)
            for index, block in blocks
            if isinstance(block, Table)
        ),
        links=tuple(_links(document)),
        videos=tuple(
            VideoFact(f"blocks/{index}", block.caption) for index, block in blocks if isinstance(block, Video)
        ),
        fields={name: getattr(document, name) for name in _FIELDS},
    )
