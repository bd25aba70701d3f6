"""A document edited in a form keeps everything that the form does not show."""

from app.domain.document import Document, Heading, Image, Paragraph, Span, SpanKind, Table
from app.web.draft.editing import editable_texts, rewritten

DOCUMENT = Document(
    title="标题",
    blocks=(
        Paragraph(text="残废人优先办理😀", spans=(Span(kind=SpanKind.BOLD, start=3, end=7),)),
        Heading(text="小标题"),
        Table(rows=(("区", "数"), ("甲", "1"))),
        Image(sha256="a" * 64, alt="活动照片"),
    ),
)


def test_texts_are_listed_in_reading_order_without_the_fields() -> None:
    assert [place for place, _ in editable_texts(DOCUMENT)] == [
        "blocks/0",
        "blocks/1",
        "blocks/2/rows/0/0",
        "blocks/2/rows/0/1",
        "blocks/2/rows/1/0",
        "blocks/2/rows/1/1",
        "blocks/3/alt",
    ]


def test_nothing_changed_gives_the_same_document() -> None:
    assert rewritten(DOCUMENT, dict(editable_texts(DOCUMENT))) == DOCUMENT


def test_markup_stays_on_its_words() -> None:
    changed = rewritten(DOCUMENT, {"blocks/0": "残疾人员优先办理😀", "title": "新标题"})
    assert isinstance(changed, Document)
    assert changed.title == "新标题"
    paragraph = changed.blocks[0]
    assert isinstance(paragraph, Paragraph)
    [bold] = paragraph.spans
    assert paragraph.text[bold.start : bold.end] == "优先办理"
    assert changed.blocks[1:] == DOCUMENT.blocks[1:]


def test_further_lines_become_paragraphs_and_emptied_ones_go() -> None:
    changed = rewritten(DOCUMENT, {"blocks/0": "第一\n\n第二", "blocks/1": "  \n"}, "末段\n又一段\n")
    assert isinstance(changed, Document)
    assert [getattr(block, "text", block.kind) for block in changed.blocks] == [
        "第一",
        "第二",
        "table",
        "image",
        "末段",
        "又一段",
    ]


def test_cells_and_alt_texts_are_edited_in_place() -> None:
    changed = rewritten(DOCUMENT, {"blocks/2/rows/1/1": "23", "blocks/3/alt": ""})
    assert isinstance(changed, Document)
    assert changed.blocks[2] == Table(rows=(("区", "数"), ("甲", "23")))
    assert changed.blocks[3] == Image(sha256="a" * 64)
