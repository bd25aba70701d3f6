"""A document as plain data for the templates: runs of words, signs of lists, tables cell by cell."""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from itertools import pairwise
from typing import Any, NamedTuple

from PIL import Image as Pillow

from app.domain.document.list_numbers import ordinals, sign
from app.domain.document.model import (
    Block,
    Divider,
    Document,
    Heading,
    Image,
    ListItem,
    Merge,
    Paragraph,
    Quote,
    Span,
    SpanKind,
    Table,
    Video,
    leads_out,
)

#: Points a pixel has where a picture does not say (96 to the inch).
_POINTS = 0.75
#: A table with more columns is set across the page.
WIDE = 8
_ENDINGS = {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "WEBP": "webp"}
_BULLETS = ("●", "○", "■")


class Laid(NamedTuple):
    """What a template gets of a document: its data, and its pictures by the names that the data says."""

    data: dict[str, Any]
    files: dict[str, bytes]


def laid(document: Document, pictures: Mapping[str, bytes], filenames: Mapping[str, str]) -> Laid:
    """Return a document as data. `pictures` are bytes and `filenames` names of files, both by SHA-256.

    What is no picture here, or whose bytes are missing, is named in its place.
    """
    files: dict[str, bytes] = {}
    blocks = [
        one
        for block, number in zip(document.blocks, ordinals(document.blocks), strict=True)
        for one in _block(block, number, pictures, filenames, files)
    ]
    data = {name: getattr(document, name) for name in ("title", "subtitle", "summary", "byline", "source")}
    data["source_url"] = _breakable(document.source_url)
    data["attachments"] = [
        filenames.get(one) or f"附件{number}" for number, one in enumerate(document.attachments, 1)
    ]
    return Laid({**data, "blocks": blocks}, files)


def _block(
    block: Block,
    number: int | None,
    pictures: Mapping[str, bytes],
    filenames: Mapping[str, str],
    files: dict[str, bytes],
) -> Iterator[dict[str, Any]]:
    match block:
        case Heading() | Paragraph() | Quote() | ListItem():
            yield _words(block, number)
        case Table():
            yield {"_kind": "table", **_table(block)}
        case Image():
            shown = _picture(pictures.get(block.sha256), block.sha256, files)
            words = "　".join(part for part in (block.caption, block.credit) if part)
            told = f"〔图片：{block.alt or filenames.get(block.sha256) or block.sha256[:12]}〕"
            yield {"_kind": "image", **(shown or {"told": told}), "alt": block.alt, "caption": words}
        case Video():
            told = f"〔视频：{filenames.get(block.sha256) or block.sha256[:12]}〕"
            yield {"_kind": "image", "told": told, "alt": "", "caption": block.caption}
        case Divider():
            yield {"_kind": "divider"}


def _words(block: Heading | Paragraph | Quote | ListItem, number: int | None) -> dict[str, Any]:
    said: dict[str, Any] = {
        "_kind": block.kind,
        "runs": runs(block.text, block.spans),
        "_align": block.align or "",
    }
    if isinstance(block, Heading):
        said["level"] = block.level
    if isinstance(block, ListItem):
        bullet = "" if block.continues else _BULLETS[min(block.depth, 2)]
        said |= {
            "depth": block.depth,
            "sign": bullet if number is None else sign(number, block.numbering),
        }
    return said


def runs(text: str, spans: Sequence[Span]) -> list[dict[str, Any]]:
    """Return words with the same markup together: `t`, and what holds of them under the kind's name.

    Words with a `reading` are `runs` within a run.
    """
    parts, done = list[dict[str, Any]](), 0
    for ruby in sorted((span for span in spans if span.reading), key=lambda span: span.start):
        parts += _runs(text, spans, done, ruby.start)
        parts.append({"runs": _runs(text, spans, ruby.start, ruby.end), "reading": ruby.reading})
        done = ruby.end
    return parts + _runs(text, spans, done, len(text))


def _runs(text: str, spans: Sequence[Span], first: int, last: int) -> list[dict[str, Any]]:
    edges = {edge for span in spans for edge in (span.start, span.end) if first < edge < last}
    found = []
    for start, end in pairwise(sorted({first, last, *edges})):
        run: dict[str, Any] = {"t": _breakable(text[start:end])}
        for span in spans:
            if span.start <= start and end <= span.end and span.reading is None:
                run[span.kind] = True
                if span.kind is SpanKind.LINK:
                    run[span.kind] = False
                    if leads_out(span.href or ""):
                        run["_href"] = (span.href or "").strip()
        found.append(run)
    return found


#: Signs of one Latin word or address after which a line may end.
_LONG = 24


def _breakable(text: str) -> str:
    """Return words in which a line may end within what is long and has no space, as addresses are."""
    found, length = [], 0
    for char in text:
        length = length + 1 if "!" <= char <= "~" else 0
        found.append(char + "\u200b" if length >= _LONG else char)
    return "".join(found)


def _table(table: Table) -> dict[str, Any]:
    merged = {(merge.row, merge.column): merge for merge in table.merges}
    covered, spans = table.covered(), table.spans_of()
    rows = [
        [
            {
                "runs": runs(text, spans.get((row, column), ())),
                "x": column,
                "y": row,
                "rows": merged.get((row, column), Merge(row=row, column=column)).rows,
                "columns": merged.get((row, column), Merge(row=row, column=column)).columns,
            }
            for column, text in enumerate(cells)
            if (row, column) not in covered
        ]
        for row, cells in enumerate(table.rows)
    ]
    # A head that a merged cell leads out of cannot stand again on the next page.
    head = table.head_rows
    if head == len(rows) or any(merge.row < head < merge.row + merge.rows for merge in table.merges):
        head = 0
    return {
        "caption": table.caption,
        "widths": _widths(table),
        "head": [cell for row in rows[:head] for cell in row],
        "cells": [cell for row in rows[head:] for cell in row],
        "heads": table.head_rows,
        "wide": len(table.rows[0]) > WIDE,
    }


def _widths(table: Table) -> list[int]:
    """Return what share of the width each column gets: as its longest line has characters, within bounds."""
    inside = {cell for merge in table.merges if merge.columns > 1 for cell in merge.cells()}
    return [
        max(
            3,
            *(
                min(14, *(max(len(line), 1) for line in sorted(cells[column].split("\n"), key=len)[-1:]))
                for row, cells in enumerate(table.rows)
                if (row, column) not in inside
            ),
            3,
        )
        for column in range(len(table.rows[0]))
    ]


def _picture(content: bytes | None, sha256: str, files: dict[str, bytes]) -> dict[str, Any] | None:
    if content is None:
        return None
    try:
        with Pillow.open(BytesIO(content)) as picture:
            kind, width, height = picture.format or "", *picture.size
    except (OSError, ValueError):
        return None
    if kind not in _ENDINGS or not width or not height:
        return None
    name = f"{sha256}.{_ENDINGS[kind]}"
    files[name] = content
    return {"_file": name, "width": width * _POINTS, "height": height * _POINTS}
