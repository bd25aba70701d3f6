"""Paragraphs of a Word file: words with their markup as runs, links around them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from app.domain.document.model import Align, Span, SpanKind, leads_out
from app.drafts.export.docx.names import Attribute, Element, children, element
from app.drafts.export.docx.package import Parts

_LOOKS: tuple[tuple[SpanKind, str, dict[str, Attribute]], ...] = (
    (SpanKind.BOLD, "b", {}),
    (SpanKind.ITALIC, "i", {}),
    (SpanKind.STRIKE, "strike", {}),
    (SpanKind.UNDERLINE, "u", {"val": "single"}),
    (SpanKind.SUPERSCRIPT, "vertAlign", {"val": "superscript"}),
    (SpanKind.SUBSCRIPT, "vertAlign", {"val": "subscript"}),
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
) -> Element:
    """Return a paragraph; `place` is its place in a list, `before` are words that stand before its own."""
    about = [
        element("w:pStyle", val=style) if style else None,
        place,
        element("w:jc", val=_ALIGNS[align]) if align else None,
    ]
    lead = [run(before)] if before else []
    shape = children(element("w:pPr"), about) if any(one is not None for one in about) else None
    return children(element("w:p", shape), [*lead, *_runs(parts, text, spans)])


def run(text: str, kinds: frozenset[SpanKind] = frozenset()) -> Element:
    """Return words that all look alike; line ends and tabs are signs of their own."""
    look = children(element("w:rPr"), [_hint(), *_looks(kinds)])
    return children(element("w:r", look), _signs(text))


def _hint() -> Element:
    """Return the hint alone: which font it is says the style, the hint that marks go with the Chinese one."""
    return element("w:rFonts", hint="eastAsia")


def _looks(kinds: frozenset[SpanKind]) -> Iterator[Element]:
    for kind, name, attributes in _LOOKS:
        if kind in kinds:
            yield element(f"w:{name}", **attributes)


def _signs(text: str) -> Iterator[Element]:
    for number, line in enumerate(text.split("\n")):
        if number:
            yield element("w:br")
        for index, words in enumerate(line.split("\t")):
            if index:
                yield element("w:tab")
            if words:
                yield element("w:t", text=words)


def _runs(parts: Parts, text: str, spans: Sequence[Span]) -> Iterator[Element]:
    cuts = sorted({0, len(text), *(edge for span in spans for edge in (span.start, span.end))})
    for start, end in pairwise(cuts):
        on = [span for span in spans if span.start <= start and end <= span.end]
        made = run(text[start:end], frozenset(span.kind for span in on))
        address = next((span.href for span in on if span.href and leads_out(span.href)), None)
        if address is None:
            yield made
        else:
            yield element("w:hyperlink", made, r_id=parts.refer("hyperlink", address.strip()))
