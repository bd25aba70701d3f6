"""What changed between two revisions, told paragraph by paragraph."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.document.model import Block, Document, Heading, Image, Paragraph, Span, SpanKind, Table
from app.words.differences import differences
from app.words.stretches import stretches


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


def test_a_paragraph_that_moved_is_told_as_moved_and_its_change_too() -> None:
    lines = [f"第{sign}条规定，{sign * 9}应当按期完成登记。" for sign in "甲乙丙丁戊"]
    moved = [*lines[1:4], lines[0].replace("按期", "如期"), lines[4]]
    [found] = differences(document(*lines), document(*moved))
    assert (found.kind, found.place, found.was) == ("moved", "第4段", "第1段")
    assert [(one.kind, one.text) for one in found.stretches if one.kind != "same"] == [
        ("removed", "按"),
        ("added", "如"),
    ]


def test_a_paragraph_that_was_split_is_compared_across_the_seam() -> None:
    whole = "全市养老服务机构运行平稳，各县区按月报送情况。下一步将继续做好冬季走访工作。"
    first, _, second = whole.partition("。")
    [found] = differences(document(whole), document(first + "。", second))
    assert [(one.kind, one.text, one.note) for one in found.stretches if one.kind != "same"] == [
        ("added", "\n", "加换行")
    ]
    assert found.signs_only


def test_only_signs_is_said_of_signs_only() -> None:
    [signs] = differences(document("共126件,已办结"), document("共126件，已办结"))
    [words] = differences(document("共126件,已办结"), document("共128件，已办结"))
    assert (signs.signs_only, words.signs_only) == (True, False)


ROWS = (("区县", "户数", "金额"), ("清河区", "120", "36000"), ("安平县", "98", "29400"))


def table(*rows: tuple[str, ...]) -> Document:
    return Document(title="标题", blocks=(Paragraph(text="说明"), Table(rows=rows)))


def test_a_table_is_told_by_cell() -> None:
    changed = (ROWS[0], ("清河区", "121", "36000"), ROWS[2])
    [found] = differences(table(*ROWS), table(*changed))
    assert (found.kind, found.place) == ("edited", "第2段表格第2行第2格")
    [row] = differences(table(*ROWS), table(ROWS[0], ("长兴县", "7", "2100"), *ROWS[1:]))
    assert (row.kind, row.place, row.stretches[0].text) == ("added", "第2段表格第2行", "长兴县 | 7 | 2100")
    [column] = differences(table(*ROWS), table(*((one[0], one[2]) for one in ROWS)))
    assert (column.kind, column.place, column.stretches[0].text) == (
        "removed",
        "第2段表格第2列",
        "户数 | 120 | 98",
    )


def test_a_picture_that_was_replaced_is_told_with_both() -> None:
    was, now = (
        Document(title="标题", blocks=(Image(sha256=sha * 64, alt="走访现场"),)) for sha in ("a", "b")
    )
    [found] = differences(was, now)
    assert (found.kind, found.pictures) == ("picture", ("a" * 64, "b" * 64))
    [gone] = differences(was, Document(title="标题", blocks=(Paragraph(text="只有文字"),)))[:1]
    assert gone.kind in {"picture", "added"}


def test_what_words_do_not_show_is_told_in_words() -> None:
    link = Span(kind=SpanKind.LINK, start=0, end=2, href="https://a.example/")
    other = Span(kind=SpanKind.LINK, start=0, end=2, href="https://b.example/")
    bold = Span(kind=SpanKind.BOLD, start=0, end=2)

    def told(was: Block, now: Block) -> list[str]:
        pair = (Document(title="标题", blocks=(one,)) for one in (was, now))
        return [one.note for one in differences(*pair) if one.kind == "form"]

    assert told(Paragraph(text="详见通知"), Heading(text="详见通知", level=2)) == ["正文段落 → 2级小标题"]
    assert told(Paragraph(text="详见", spans=(link,)), Paragraph(text="详见", spans=(other,))) == [
        "链接：https://a.example/ → https://b.example/"
    ]
    assert told(Paragraph(text="详见"), Paragraph(text="详见", spans=(bold,))) == [
        "加粗、上下标、对齐或编号有改动"
    ]


@given(st.lists(st.text(alphabet="甲乙丙丁。", min_size=1, max_size=12), min_size=1, max_size=6))
def test_no_difference_means_the_same_document(lines: list[str]) -> None:
    assert differences(document(*lines), document(*lines)) == ()
    other = [*lines[1:], lines[0] + "戊"]
    assert differences(document(*lines), document(*other))
