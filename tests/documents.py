"""Made-up documents for round trips: every kind of block and of markup that a reader of files makes."""

from hypothesis import strategies as st

from app.domain.document.model import (
    Align,
    Block,
    Divider,
    Heading,
    Image,
    ListItem,
    Numbering,
    Paragraph,
    Quote,
    Span,
    SpanKind,
    Table,
)

words = (
    st.text(st.sampled_from("清河市民政局关于救助（一）1.2“”——……、。Ab 3"), min_size=1, max_size=12)
    .map(str.strip)
    .filter(bool)
)
kinds = st.sampled_from([kind for kind in SpanKind if kind is not SpanKind.LINK])


@st.composite
def marked(draw: st.DrawFn) -> tuple[str, tuple[Span, ...]]:
    """Return words with markup as a reader makes it: of each kind once, raised or lowered, never both."""
    text = draw(words)
    spans = []
    for kind in sorted(draw(st.sets(kinds, max_size=2))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        reading = None
        if kind is SpanKind.RUBY:
            if not text[start:end].strip():
                continue
            reading = draw(st.sampled_from(["hóng", "qīng hé", "Běi"]))
        spans.append(Span(kind=kind, start=start, end=end, reading=reading))
    if {SpanKind.SUPERSCRIPT, SpanKind.SUBSCRIPT} <= {span.kind for span in spans}:
        spans = spans[:1]
    return text, tuple(spans)


@st.composite
def blocks(draw: st.DrawFn, pictures: tuple[str, ...] = ("a" * 64,)) -> Block:
    """Return a block; its picture is one of `pictures`, by their SHA-256."""
    kind = draw(st.sampled_from(["p", "p", "h", "q", "u", "o", "t", "i", "d"]))
    if kind == "t":
        width, height = draw(st.integers(2, 3)), draw(st.integers(2, 3))
        rows = tuple(tuple(draw(words | st.just("")) for _ in range(width)) for _ in range(height))
        return Table(rows=rows, head_rows=draw(st.integers(0, 1)), caption=draw(st.just("") | words))
    if kind == "i":
        return Image(sha256=draw(st.sampled_from(pictures)), alt=draw(st.just("") | words))
    if kind == "d":
        return Divider()
    text, spans = draw(marked())
    if kind == "h":
        return Heading(text=text, spans=spans, level=draw(st.integers(1, 3)))
    if kind == "q":
        return Quote(text=text, spans=spans)
    if kind == "u":
        return ListItem(text=text, spans=spans, depth=draw(st.integers(0, 2)))
    if kind == "o":
        numbering = draw(st.sampled_from(list(Numbering)))
        number = draw(st.none() | st.integers(1, 20))
        return ListItem(text=text, spans=spans, ordered=True, number=number, numbering=numbering)
    return Paragraph(text=text, spans=spans, align=draw(st.none() | st.sampled_from(list(Align))))
