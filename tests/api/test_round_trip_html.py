"""What a page shows of a document is read back as that document: model, HTML, model."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.document.list_numbers import sparse
from app.domain.document.model import (
    Block,
    Document,
    Heading,
    ListItem,
    Paragraph,
    SpanKind,
    Table,
    texts_of,
)
from app.drafts.intake.runs import lowered, raised
from app.drafts.intake.service import Format, take_in
from app.proofs.layout import markup
from tests.documents import blocks


def again(document: Document) -> Document:
    """Return what comes in when the page of a document is handed in as it is."""
    page = markup.body(document.blocks)
    return take_in(Format.HTML, page, {"title": document.title}).document


def said(document: Document) -> list[object]:
    """Return what a document says: its markup in one order, numbers as they are counted."""
    return [
        block.model_copy(update={"spans": tuple(sorted(block.spans, key=repr))})
        if hasattr(block, "spans")
        else block
        for block in sparse(document.blocks)
    ]


def has_characters_of_its_own(block: Block) -> bool:
    """Tell whether raised or lowered words become characters: m<sup>2</sup> is read as m²."""
    return any(
        (raised if span.kind is SpanKind.SUPERSCRIPT else lowered)(part.strip()) is not None
        for span in getattr(block, "spans", ())
        if span.kind in {SpanKind.SUPERSCRIPT, SpanKind.SUBSCRIPT}
        for part in block.text[span.start : span.end]  # type: ignore[union-attr]
        if part.strip()
    )


def within_reach(content: list[Block]) -> list[Block]:
    """Return blocks as pages can say them.

    No item lies deeper than one level below the item before it, and tables have a head: a page without one is
    read as one whose first row is the head.
    """
    reached: list[Block] = []
    for block in content:
        if isinstance(block, ListItem):
            before = reached[-1] if reached else None
            deepest = before.depth + 1 if isinstance(before, ListItem) else 0
            reached.append(block.model_copy(update={"depth": min(block.depth, deepest)}))
        elif isinstance(block, Table):
            reached.append(block.model_copy(update={"head_rows": max(1, block.head_rows)}))
        else:
            reached.append(block)
    return reached


def has_space_that_collapses(block: Block) -> bool:
    """Tell whether a page shows fewer spaces than there are: those behind a space."""
    return any("  " in text for _, text in texts_of(block))


plain = blocks().filter(
    lambda block: not has_characters_of_its_own(block) and not has_space_that_collapses(block)
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(plain, min_size=1, max_size=8))
def test_any_document_comes_in_as_its_page_went_out(content: list[Block]) -> None:
    document = Document(
        title="关于救助的通知",
        blocks=(Heading(text="一、开头", level=1), Paragraph(text="文"), *within_reach(content)),
    )
    assert said(again(document)) == said(document)
