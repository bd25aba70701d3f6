"""Paragraphs of a Word file: words with their markup as runs, links around them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from app.domain.document.model import Align, Span, SpanKind, leads_out
from app.drafts.export.docx.names import Attribute, Element, children, element
from app.drafts.export.docx.notes import Note, Notes, ends, starts
from app.drafts.export.docx.package import Parts

_LOOKS: tuple[tuple[SpanKind, str, dict[str, Attribute]], ...] = (
    (SpanKind.BOLD, "b", {}),
    (SpanKind.ITALIC, "i", {}),
    (SpanKind.STRIKE, "strike", {}),
    (SpanKind.UNDERLINE, "u", {"val": "single"}),
    (SpanKind.SUPERSCRIPT, "vertAlign", {"val": "superscript"}),
    (SpanKind.SUBSCRIPT, "vertAlign", {"val": "subscript"}),
    (SpanKind.EMPHASIS, "em", {"val": "dot"}),
)
_ALIGNS = {Align.CENTER: "center", Align.RIGHT: "right"}


def paragraph(
    parts: Parts,
    text: str,
    spans: Sequence[Span] = (),
    *,
    style: str | None = None,
    align: Align | None = None,
    place: Element | None = None,
    before: str = "",
    notes: Notes | None = None,
    at: str = "",
) -> Element:
    """Return a paragraph; `place` is its place in a list, `before` are words that stand before its own.

    `notes` are those of the document, `at` is the text's place in it.
    """
    about = [
        element("w:pStyle", val=style) if style else None,
        place,
        element("w:jc", val=_ALIGNS[align]) if align else None,
    ]
    lead = [run(before)] if before else []
    shape = children(element("w:pPr"), about) if any(property_ is not None for property_ in about) else None
    return children(element("w:p", shape), [*lead, *_runs(parts, text, spans, notes or Notes(), at)])


def run(text: str, kinds: frozenset[SpanKind] = frozenset(), *, is_deleted: bool = False) -> Element:
    """Return words that all look alike; line ends and tabs are signs of their own."""
    look = children(element("w:rPr"), [_hint(), *_looks(kinds)])
    return children(element("w:r", look), _signs(text, "w:delText" if is_deleted else "w:t"))


def _hint() -> Element:
    """Return the hint alone: which font it is says the style, the hint that marks go with the Chinese one."""
    return element("w:rFonts", hint="eastAsia")


def _looks(kinds: frozenset[SpanKind]) -> Iterator[Element]:
    for kind, name, attributes in _LOOKS:
        if kind in kinds:
            yield element(f"w:{name}", **attributes)


def _signs(text: str, name: str) -> Iterator[Element]:
    for number, line in enumerate(text.split("\n")):
        if number:
            yield element("w:br")
        for index, words in enumerate(line.split("\t")):
            if index:
                yield element("w:tab")
            if words:
                yield element(name, text=words)


def _runs(parts: Parts, text: str, spans: Sequence[Span], notes: Notes, at: str) -> Iterator[Element]:
    here = [(note, notes.number(note)) for note in notes.at(at) if note.end <= len(text)]
    edges = {edge for span in spans for edge in (span.start, span.end)}
    edges |= {edge for note, _ in here for edge in (note.start, note.end)}
    yield from _around(0, here, notes)
    below: list[Element] = []
    for start, end in pairwise(sorted({0, len(text), *edges})):
        on = [span for span in spans if span.start <= start and end <= span.end]
        over = [note for note, _ in here if note.start <= start and end <= note.end]
        replaced = next((note for note in over if note.replacement is not None), None)
        made = run(text[start:end], frozenset(span.kind for span in on), is_deleted=replaced is not None)
        if replaced is not None:
            made = notes.changed(replaced, "del", [made])
        address = next((span.href for span in on if span.href and leads_out(span.href)), None)
        read = next((span for span in on if span.reading), None)
        if read is not None and replaced is None and not _is_cut(read, here):
            # All words of one reading are the base of one guide; links cannot stand in it.
            below.append(made)
            if end < read.end:
                continue
            made, below = _guide(below, read.reading or ""), []
        if address is not None:
            made = element("w:hyperlink", made, r_id=parts.refer("hyperlink", address.strip()))
        yield made
        yield from _around(end, here, notes)


def _is_cut(read: Span, here: Sequence[tuple[Note, list[int]]]) -> bool:
    """Tell whether a note begins or ends within words of one reading: its signs cannot stand there."""
    return any(read.start < edge < read.end for note, _ in here for edge in (note.start, note.end))


def _guide(below: Sequence[Element], reading: str) -> Element:
    """Return a phonetic guide. Source: ECMA-376-1, 17.3.3.25."""
    about = element(
        "w:rubyPr",
        element("w:rubyAlign", val="center"),
        element("w:hps", val=16),
        element("w:hpsRaise", val=30),
        element("w:hpsBaseText", val=32),
        element("w:lid", val="zh-CN"),
    )
    above = element("w:rt", element("w:r", element("w:t", text=reading)))
    return element("w:r", element("w:ruby", about, above, element("w:rubyBase", *below)))


def _around(position: int, here: Sequence[tuple[Note, list[int]]], notes: Notes) -> Iterator[Element]:
    """Yield what stands at a position: the ends of notes with what they put there, then the beginnings."""
    for note, numbers in here:
        if note.end == position:
            if note.start == note.end:
                yield from starts(numbers)
            if note.replacement:
                yield notes.changed(note, "ins", [run(note.replacement)])
            yield from ends(numbers)
    for note, numbers in here:
        if note.start == position < note.end:
            yield from starts(numbers)
