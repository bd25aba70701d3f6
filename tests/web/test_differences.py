"""What changed between two revisions, told paragraph by paragraph."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.document.model import Document, Paragraph
from app.words.differences import differences, stretches


def document(*paragraphs: str, title: str = "标题") -> Document:
    return Document(title=title, blocks=tuple(Paragraph(text=text) for text in paragraphs))


def test_the_same_document_has_no_differences() -> None:
    assert differences(document("甲"), document("甲")) == ()


def test_a_paragraph_that_came_does_not_shift_the_rest() -> None:
    [found] = differences(
        document("第一段话", "第二段话"), document("第一段话", "完全是新写的内容", "第二段话")
    )
    assert (found.kind, found.place) == ("added", "第2段")


def test_an_edited_paragraph_shows_its_own_change() -> None:
    [found] = differences(
        document("今年登记需求126件，其余已办。"), document("今年登记需求128件，其余已办。")
    )
    assert found.kind == "edited"
    assert [(one.kind, one.text) for one in found.stretches if one.kind != "same"] == [
        ("removed", "6"),
        ("added", "8"),
    ]


def test_signs_that_eyes_miss_are_told_in_words() -> None:
    [found] = differences(document("共126件,已办结"), document("共126件，已办结"))
    assert [one.note for one in found.stretches if one.note] == ["半角逗号 → 全角逗号"]
    assert [one.note for one in stretches("甲乙", "甲 乙") if one.note] == ["加半角空格"]
    assert [one.note for one in stretches("甲 乙", "甲乙") if one.note] == ["删半角空格"]


def test_a_removed_paragraph_and_a_changed_title_are_told() -> None:
    found = differences(document("留下的段落", "要删的段落内容"), document("留下的段落", title="新标题"))
    assert [(one.kind, one.place) for one in found] == [("edited", "标题"), ("removed", "第2段")]


def test_far_unchanged_text_is_shortened_around_the_change() -> None:
    long = "字" * 500
    found = stretches(long + "甲" + long, long + "乙" + long)
    assert sum(len(one.text) for one in found) < 100
    assert [one.text for one in found if one.kind != "same"] == ["甲", "乙"]


@given(st.text(alphabet="甲乙丙，,。 ab", max_size=30), st.text(alphabet="甲乙丙，,。 ab", max_size=30))
def test_stretches_rebuild_both_texts(old: str, new: str) -> None:
    found = stretches(old, new)
    assert "".join(one.text for one in found if one.kind != "added") == old
    assert "".join(one.text for one in found if one.kind != "removed") == new
