"""Corrections and retractions as texts: the note in public, and what a correction changes beside it."""

import pytest

from app.domain import remedies
from app.domain.document.changes import MarksOnly
from app.domain.document.model import Divider, Document, Paragraph
from app.domain.vocabulary import ChangeClass, RemedyKind

LIMITS = MarksOnly()
TEXT = "志愿者逐户登记需求，帮助老人检查取暖设备，并就冬季用火用电的注意事项作了细致的讲解。"


def document(*texts: str) -> Document:
    return Document(title="走进社区", blocks=tuple(Paragraph(text=text) for text in texts))


def test_a_note_stands_behind_the_text_in_one_line() -> None:
    noted = remedies.with_note(document(TEXT), " 姓名有误，\n已改正。 ")
    assert [block.text for block in noted.blocks if isinstance(block, Paragraph)] == [
        TEXT,
        "更正说明：姓名有误， 已改正。",
    ]
    assert remedies.note_of(noted) == "姓名有误， 已改正。"


def test_no_note_changes_nothing() -> None:
    assert remedies.with_note(document(TEXT), " \n") == document(TEXT)
    assert remedies.note_of(document(TEXT)) == ""


def test_the_last_of_several_notes_counts_and_a_narrow_colon_is_one() -> None:
    assert remedies.note_of(document("更正说明：先前的。", TEXT, "更正说明: 现在的。")) == "现在的。"


def test_what_holds_no_words_is_no_note() -> None:
    marked = Document(title="走进社区", blocks=(Paragraph(text=TEXT), Divider()))
    assert remedies.note_of(marked) == ""
    assert remedies.without_notes(marked) == marked


def test_a_text_is_compared_without_its_notes() -> None:
    assert remedies.without_notes(document(TEXT, "更正说明：一处。")) == document(TEXT)
    only = document("更正说明：一处。")
    assert remedies.without_notes(only) == only


def test_a_correction_of_a_word_is_small_and_one_of_a_number_is_not() -> None:
    small = remedies.changed(
        document(TEXT), document(TEXT.replace("细致的", "细致地"), "更正说明：错字。"), limits=LIMITS
    )
    assert (small.kind, remedies.is_small(small)) == (ChangeClass.MARKS_ONLY, True)
    large = remedies.changed(document(TEXT + "共3人。"), document(TEXT + "共5人。"), limits=LIMITS)
    assert (large.kind, remedies.is_small(large)) == (ChangeClass.SUBSTANTIVE, False)
    found = remedies.changed(
        document(TEXT), document(TEXT.replace("细致的", "细致地")), limits=LIMITS, new_findings=["rule"]
    )
    assert not remedies.is_small(found)


def test_a_retraction_is_its_note_line_by_line() -> None:
    notice = remedies.notice("2026-000123", "内容失实。\n\n 即日撤回。 ")
    assert notice.title == "撤稿说明（2026-000123）"
    assert [block.text for block in notice.blocks if isinstance(block, Paragraph)] == [
        "内容失实。",
        "即日撤回。",
    ]
    with pytest.raises(ValueError, match="blocks"):
        remedies.notice("2026-000123", " \n ")


def test_each_kind_of_remedy_has_a_short_lane_of_its_own() -> None:
    assert set(remedies.PURPOSES) == set(RemedyKind)
    assert len(set(remedies.PURPOSES.values())) == len(RemedyKind)
