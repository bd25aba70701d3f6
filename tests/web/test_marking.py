"""From what a proofreader typed to where the mark stands."""

import pytest

from app.domain.document.edits import Edit, apply_edits
from app.domain.document.model import Document, Paragraph
from app.domain.vocabulary import MarkKind
from app.infra.errors import Invalid
from app.web.components.selected_words import anchor

TEXT = "😀按排好，按排妥。再见"


@pytest.mark.parametrize(
    ("kind", "quote", "nth", "new_text", "result"),
    [
        (MarkKind.CORRECT, "按排", 1, "安排", "😀安排好，按排妥。再见"),
        (MarkKind.CORRECT, "按排", 2, "安排", "😀按排好，安排妥。再见"),
        (MarkKind.DELETE, "。再见", 1, "", "😀按排好，按排妥"),
        (MarkKind.INSERT, "排妥", 1, "当", "😀按排好，按排妥当。再见"),
        (MarkKind.INSERT, "", 1, "请", "请😀按排好，按排妥。再见"),
        (MarkKind.TRANSPOSE, "按排", 1, "排按", "😀排按好，按排妥。再见"),
        (MarkKind.MOVE, "😀", 1, "再见", "按排好，按排妥。再见😀"),
        (MarkKind.ADD_SPACE, "。", 1, "", "😀按排好，按排妥。 再见"),
        (MarkKind.STET, "再见", 1, "", TEXT),
    ],
)
def test_a_mark_stands_where_it_was_meant(
    kind: MarkKind, quote: str, nth: int, new_text: str, result: str
) -> None:
    at = anchor(kind, TEXT, quote=quote, nth=nth, new_text=new_text)
    edit = Edit("1", kind, "blocks/0", at.start, at.end, at.quote, at.new_text, at.move_to)
    changed = apply_edits(Document(title="题", blocks=(Paragraph(text=TEXT),)), [edit])
    assert isinstance(changed, Document)
    assert changed.blocks == (Paragraph(text=result),)


def test_paragraphs_are_split_and_run_on() -> None:
    document = Document(title="题", blocks=(Paragraph(text="甲。乙"), Paragraph(text="丙")))
    split = anchor(MarkKind.NEW_PARAGRAPH, "甲。乙", quote="甲。", nth=1, new_text="")
    join = anchor(MarkKind.RUN_ON, "甲。乙", quote="", nth=1, new_text="")
    edits = {
        MarkKind.NEW_PARAGRAPH: ["甲。", "乙", "丙"],
        MarkKind.RUN_ON: ["甲。乙丙"],
    }
    for kind, at in ((MarkKind.NEW_PARAGRAPH, split), (MarkKind.RUN_ON, join)):
        changed = apply_edits(document, [Edit("1", kind, "blocks/0", at.start, at.end, at.quote)])
        assert isinstance(changed, Document)
        assert [getattr(block, "text", "") for block in changed.blocks] == edits[kind]


@pytest.mark.parametrize(
    ("kind", "quote", "nth", "new_text", "field"),
    [
        (MarkKind.CORRECT, "没有的话", 1, "改", "quote"),
        (MarkKind.CORRECT, "按排", 3, "改", "quote"),
        (MarkKind.CORRECT, "", 1, "改", "quote"),
        (MarkKind.CORRECT, "按排", 1, "按排", "new_text"),
        (MarkKind.CORRECT, "按排", 1, "", "new_text"),
        (MarkKind.INSERT, "按排", 1, "", "new_text"),
        (MarkKind.MOVE, "按排", 1, "", "new_text"),
        (MarkKind.MOVE, "按排", 1, "没有的话", "new_text"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(
    kind: MarkKind, quote: str, nth: int, new_text: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        anchor(kind, TEXT, quote=quote, nth=nth, new_text=new_text)
    assert [reason.field for reason in refused.value.reasons] == [field]
