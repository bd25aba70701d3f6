"""Footnotes typed while a text is edited: they are numbered on from those that the text has. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from app.domain.document.model import TEXT_BLOCKS, Block, CellSpan, Document, Paragraph, Span, SpanKind, Table
from app.drafts.intake.left_out import LeftOut

_DEFINITION = re.compile(
    r"^ {0,3}\[\^([^\]\s]{1,100})\]:[ \t]*(.*(?:\n(?: {4}|\t).*)*)(?:\n|\Z)", re.MULTILINE
)
_REFERENCE = re.compile(r"\[\^([^\]\s]{1,100})\](?!:)")
_MARK = re.compile(r"\[(\d{1,6})\]")
#: A block's text, or a cell's, with its markup.
_Read = Callable[[str], Sequence[Block]]


class Typed(NamedTuple):
    """What was typed, without the footnotes that it defines; and those, by their keys."""

    texts: dict[str, str]
    added: str
    notes: dict[str, str]


def taken_out(texts: Mapping[str, str], added: str, before: Mapping[str, str]) -> Typed:
    """Return what was typed without `[^1]: words`; one that stood there before stays where it is."""
    notes: dict[str, str] = {}

    def note(definition: re.Match[str]) -> str:
        words = "\n".join(line.strip() for line in definition[2].split("\n")).strip()
        notes[definition[1]] = f"{notes[definition[1]]}\n\n{words}" if definition[1] in notes else words
        return ""

    bare = {
        place: text if _DEFINITION.search(before.get(place, "")) else _DEFINITION.sub(note, text)
        for place, text in texts.items()
    }
    return Typed(bare, _DEFINITION.sub(note, added), notes)


def numbered(document: Document, before: Document, notes: Mapping[str, str], read: _Read) -> Document:
    """Return the document with the footnotes cited by number, and those of `notes` below it.

    A reference without a note of its own that names the number of an old footnote cites that; any other one
    stays as it was typed. `read` turns the words of a note into blocks.
    """
    count = _Count(notes, frozenset(_marks(before)), _raw(before))
    blocks = [_cited(block, count.number) for block in document.blocks]
    written: set[str] = set()
    # A note may cite another one, which then gets its number here; what nobody cites comes last.
    while len(written) < len(notes):
        key = next(key for key in (*count.numbers, *notes) if key not in written)
        written.add(key)
        note = _note(count.number(key) or 0, read(notes[key]))
        blocks += [_cited(block, count.number) for block in note]
    return document.model_copy(update={"blocks": tuple(blocks)})


def undefined(document: Document, before: Document) -> tuple[LeftOut, ...]:
    """Return the references that were typed and cite nothing: they stand in the text as they were typed."""
    old = _raw(before)
    return tuple(LeftOut("footnote", f"[^{key}]") for key in dict.fromkeys(_raw(document)) if key not in old)


class _Count:
    """Counts on from the old footnotes, in the order in which the new ones are cited."""

    def __init__(self, notes: Mapping[str, str], marks: frozenset[int], raw: tuple[str, ...]) -> None:
        self.numbers: dict[str, int] = {}
        self._notes, self._marks, self._raw = notes, marks, raw

    def number(self, key: str) -> int | None:
        """Return the number of a footnote; `None` where there is none."""
        if key in self._notes:
            following = max(self._marks, default=0) + len(self.numbers) + 1
            return self.numbers.setdefault(key, following)
        is_old = key.isascii() and key.isdigit() and int(key) in self._marks
        return int(key) if is_old and key not in self._raw else None


def _texts(document: Document) -> Iterator[tuple[str, Sequence[Span]]]:
    for block in document.blocks:
        if isinstance(block, TEXT_BLOCKS):
            yield block.text, block.spans
        elif isinstance(block, Table):
            spans = block.spans_of()
            for row, cells in enumerate(block.rows):
                yield from ((text, spans.get((row, column), ())) for column, text in enumerate(cells))


def _marks(document: Document) -> Iterator[int]:
    """Yield the numbers of the footnotes that a document has: raised in its text, or before a note."""
    for text, spans in _texts(document):
        raised = [text[span.start : span.end] for span in spans if span.kind is SpanKind.SUPERSCRIPT]
        found = [_MARK.fullmatch(words) for words in raised] + [_MARK.match(text)]
        yield from (int(mark[1]) for mark in found if mark)


def _raw(document: Document) -> tuple[str, ...]:
    return tuple(found[1] for text, _ in _texts(document) for found in _REFERENCE.finditer(text))


def _cited(block: Block, number: Callable[[str], int | None]) -> Block:
    """Return a block in which references are raised numbers."""
    if isinstance(block, TEXT_BLOCKS):
        text, spans = _raised(block.text, block.spans, number, Span)
        return block if text == block.text else block.model_copy(update={"text": text, "spans": spans})
    if not isinstance(block, Table) or not any(_REFERENCE.search(text) for row in block.rows for text in row):
        return block
    own, rows, marked = block.spans_of(), list[tuple[str, ...]](), list[Span]()
    for row, cells in enumerate(block.rows):
        shown = []
        for column, text in enumerate(cells):
            place = {"row": row, "column": column}
            words, spans = _raised(text, own.get((row, column), ()), number, CellSpan, place)
            shown.append(words)
            marked += spans
        rows.append(tuple(shown))
    return block.model_copy(update={"rows": tuple(rows), "spans": tuple(marked)})


def _raised(
    text: str,
    spans: Sequence[Span],
    number: Callable[[str], int | None],
    kind: type[Span],
    place: Mapping[str, int] | None = None,
) -> tuple[str, tuple[Span, ...]]:
    numbers = [(found, number(found[1])) for found in _REFERENCE.finditer(text)]
    kept = list(spans)
    for found, known in reversed(numbers):
        if known is None:
            continue
        mark, start, end = f"[{known}]", found.start(), found.end()
        kept = [_moved(span, start, end, len(mark)) for span in kept]
        text = text[:start] + mark + text[end:]
        raised = {"kind": SpanKind.SUPERSCRIPT, "start": start, "end": start + len(mark)}
        kept.append(kind.model_validate({**raised, **(place or {})}))
    return text, tuple(sorted(kept, key=lambda span: (span.start, span.end)))


def _moved(span: Span, start: int, end: int, length: int) -> Span:
    """Return a span over a text in which `start:end` became `length` characters."""

    def place(at: int) -> int:
        return at if at <= start else at - (end - start) + length if at >= end else start + length

    return span.model_copy(update={"start": place(span.start), "end": place(span.end)})


def _note(number: int, blocks: Sequence[Block]) -> list[Block]:
    """Return a footnote as it stands below a text: its number before its words."""
    mark = f"[{number}] "
    first = blocks[0] if blocks else None
    if not isinstance(first, Paragraph):
        return [Paragraph(text=mark.strip()), *blocks]
    spans = tuple(
        span.model_copy(update={"start": span.start + len(mark), "end": span.end + len(mark)})
        for span in first.spans
    )
    return [first.model_copy(update={"text": mark + first.text, "spans": spans}), *blocks[1:]]
