"""What says something beside the words, and the digest of what a document says, whatever its layout."""

from collections.abc import Iterator
from typing import NamedTuple

from app.domain.document.model import (
    MEANING,
    Block,
    Document,
    Heading,
    Image,
    ListItem,
    Paragraph,
    Quote,
    Span,
    Table,
    Video,
    sha256,
    texts_of,
)
from app.domain.record.canonical import canonical


def text_and_media_digest(document: Document) -> str:
    """Return a digest that ignores layout: the words in their order, and which media stand among them.

    Where markup, numbers or merged cells carry meaning, they are part of it.
    """
    words = [text for _, text in document.texts()]
    media = [block.sha256 for block in document.blocks if isinstance(block, Image | Video)]
    content = {"words": words, "media": media, "attachments": list(document.attachments)}
    if said := [sign.place for sign in signs(document)]:
        content["signs"] = said
    return sha256(canonical(content))


class Sign(NamedTuple):
    """What says something beside the words: where and what it is, and the words that it is said of.

    A place is counted in characters from the beginning of the first block, so that it does not depend on
    where paragraphs end.
    """

    place: str
    kind: str
    words: str


def signs(document: Document) -> tuple[Sign, ...]:
    """Return the markup, list numbers and merged cells that carry meaning, in order; empty for none."""
    all_signs: list[Sign] = []
    at = 0
    for block in document.blocks:
        all_signs += _signs(block, at)
        at += sum(len(text) for _, text in texts_of(block))
    return tuple(all_signs)


def _signs(block: Block, at: int) -> Iterator[Sign]:
    match block:
        case Table():
            yield from _table_signs(block, at)
        case Heading() | Paragraph() | ListItem() | Quote():
            for span in block.spans:
                if span.kind in MEANING:
                    where = _where(span, at)
                    yield Sign(where, span.kind, block.text[span.start : span.end])
            if isinstance(block, ListItem) and (block.number is not None or block.continues):
                words = "continues" if block.continues else f"{block.number} {block.numbering}"
                yield Sign(f"{at} {words}", "number", words)


def _where(span: Span, at: int) -> str:
    said = f" {span.reading}" if span.reading else ""
    return f"{at + span.start}-{at + span.end} {span.kind}{said}"


def _table_signs(table: Table, at: int) -> Iterator[Sign]:
    at += len(table.caption)
    marked, merged = table.spans_of(), {(merge.row, merge.column): merge for merge in table.merges}
    for row, cells in enumerate(table.rows):
        for column, text in enumerate(cells):
            for span in marked.get((row, column), ()):
                if span.kind in MEANING:
                    where = _where(span, at)
                    yield Sign(where, span.kind, text[span.start : span.end])
            if merge := merged.get((row, column)):
                area = f"{merge.rows}x{merge.columns}"
                yield Sign(f"{at} {row}/{column} {area}", "merge", area)
            at += len(text)
