"""A document edited in a form keeps everything that the form does not show."""

from app.domain.document.model import (
    CellSpan,
    Document,
    Heading,
    Image,
    ListItem,
    Merge,
    Paragraph,
    Span,
    SpanKind,
    Table,
)
from app.web.pages.draft.editing import editable_texts, rewritten

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


def test_markdown_that_is_typed_later_is_read_as_markdown() -> None:
    changed = rewritten(
        DOCUMENT,
        {"blocks/0": "残废人优先办理😀，见[办法](https://a.cn)，3×10<sup>甲</sup>\n## 新的小标题\n- 一项"},
        "5. 第五\n6. 第六\n\n|甲|乙|\n|-|-|\n|1|2|\n",
    )
    assert isinstance(changed, Document)
    first, heading, listed = changed.blocks[:3]
    assert isinstance(first, Paragraph)
    assert first.text == "残废人优先办理😀，见办法，3×10甲"
    assert [(span.kind, first.text[span.start : span.end]) for span in first.spans] == [
        (SpanKind.BOLD, "优先办理"),
        (SpanKind.LINK, "办法"),
        (SpanKind.SUPERSCRIPT, "甲"),
    ]
    assert heading == Heading(text="新的小标题")
    assert listed == ListItem(text="一项")
    assert changed.blocks[-3:-1] == (
        ListItem(text="第五", ordered=True, number=5),
        ListItem(text="第六", ordered=True),
    )
    assert changed.blocks[-1] == Table(rows=(("甲", "乙"), ("1", "2")))


def test_what_markdown_would_lose_stays_as_it_was_typed() -> None:
    text = "图![合影](https://a.gov.cn/a.png)和[附件](/files/1.pdf)"
    changed = rewritten(DOCUMENT, {"blocks/0": text}, text)
    assert isinstance(changed, Document)
    assert [changed.blocks[at].text for at in (0, -1)] == [text, text]  # type: ignore[union-attr]


def test_signs_that_stood_there_already_are_not_read_again() -> None:
    document = Document(title="标题", blocks=(Paragraph(text="a**b**c"), ListItem(text="甲\n乙")))
    changed = rewritten(document, {"blocks/0": "a**b**cd", "blocks/1": "甲\n乙"})
    assert isinstance(changed, Document)
    assert changed.blocks == (Paragraph(text="a**b**cd"), ListItem(text="甲\n乙"))


def test_struck_words_and_merged_cells_outlast_an_edit() -> None:
    table = Table(
        rows=(("县区", "人数"), ("", "x2")),
        merges=(Merge(row=0, column=0, rows=2),),
        spans=(CellSpan(kind=SpanKind.SUPERSCRIPT, start=1, end=2, row=1, column=1),),
    )
    struck = Paragraph(text="补贴500600元", spans=(Span(kind=SpanKind.STRIKE, start=2, end=5),))
    document = Document(title="标题", blocks=(struck, table))
    changed = rewritten(document, {"blocks/0": "补贴约500600元整", "blocks/1/rows/1/1": "约x2"})
    assert isinstance(changed, Document)
    assert changed.blocks[0] == Paragraph(
        text="补贴约500600元整", spans=(Span(kind=SpanKind.STRIKE, start=3, end=6),)
    )
    edited = changed.blocks[1]
    assert isinstance(edited, Table)
    assert (edited.rows[1][1], edited.merges) == ("约x2", table.merges)
    assert [(one.start, one.end) for one in edited.spans] == [(2, 3)]
