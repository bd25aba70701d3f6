import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.document.changes import MarksOnly, changed_fields, classify
from app.domain.document.model import Document
from app.domain.refusals import RefusalCode
from app.domain.vocabulary import ChangeClass

C = RefusalCode
BODY = (
    "市民政局近日召开养老服务工作座谈会，就居家和社区养老、适老化改造、助餐服务等重点工作听取各方意见建议。"
    "与会人员结合实际，围绕服务供给、人才培养、智慧养老等方面进行了深入的交流，并对下一步的工作打算作了说明。"
    "会议要求，各单位要统筹推进各项任务，确保惠民政策真正落地见效，让老年人享有更多的获得感和幸福感。"
)
PICTURE = "a" * 64


def paragraph(text: str, **more: object) -> dict[str, object]:
    return {"kind": "paragraph", "text": text, **more}


def document(*blocks: dict[str, object], **fields: object) -> Document:
    content = {"title": "养老服务座谈会召开", "blocks": list(blocks) or [paragraph(BODY)], **fields}
    return Document.model_validate(content)


OLD = document(paragraph(BODY))
LIMITS = MarksOnly(characters=20, edits=3, share=100)


def classes(new: Document, old: Document = OLD, **more: object) -> tuple[ChangeClass, set[RefusalCode]]:
    change = classify(old, new, limits=LIMITS, **more)  # type: ignore[arg-type]
    return change.kind, {refusal.code for refusal in change.objections}


def replaced(old: str, new: str) -> Document:
    assert old in BODY
    return document(paragraph(BODY.replace(old, new)))


def test_the_same_text_is_no_change() -> None:
    change = classify(OLD, document(paragraph(BODY)), limits=LIMITS)
    assert (change.kind, change.fields, change.edits, change.objections) == (
        ChangeClass.NONE,
        frozenset(),
        (),
        (),
    )


@pytest.mark.parametrize(
    "new",
    [
        document(paragraph(BODY, spans=[{"kind": "bold", "start": 0, "end": 4}])),
        document({"kind": "heading", "text": BODY}),
        document(paragraph(BODY), {"kind": "divider"}),
    ],
)
def test_another_dress_is_layout(new: Document) -> None:
    assert classes(new) == (ChangeClass.LAYOUT, set())


def test_a_link_is_no_layout() -> None:
    new = document(
        paragraph(BODY, spans=[{"kind": "link", "start": 0, "end": 4, "href": "https://a.gov.cn"}])
    )
    assert classes(new) == (ChangeClass.SUBSTANTIVE, {C.TOUCHES_LINK})


def test_words_that_changed_their_field_are_no_layout() -> None:
    old = document(paragraph("导语"), paragraph(BODY))
    new = document(paragraph(BODY), summary="导语")
    kind, codes = classes(new, old)
    assert kind is ChangeClass.SUBSTANTIVE
    assert C.CHANGES_STRUCTURE in codes


def test_a_small_correction() -> None:
    change = classify(OLD, replaced("深入的交流", "深入地交流"), limits=LIMITS)
    assert change.kind is ChangeClass.MARKS_ONLY
    assert change.fields == {"blocks"}
    (edit,) = change.edits
    assert (edit.place, edit.old, edit.new) == ("blocks/0", "的", "地")
    assert BODY[edit.start : edit.end] == "的"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("各方意见", "5方意见", C.TOUCHES_NUMBER),
        ("各方意见", "三十方意见", C.TOUCHES_NUMBER),
        ("近日召开", "3月5日召开", C.TOUCHES_DATE),
        ("近日召开", "昨日召开", C.TOUCHES_DATE),
        ("与会人员", "李明同志", C.TOUCHES_NAME),
        ("与会人员", "局长", C.TOUCHES_POST),
        ("各单位", "www.a.cn", C.TOUCHES_LINK),
        ("适老化改造", "适老化", C.TOUCHES_NAME),
    ],
)
def test_what_a_small_correction_may_not_touch(old: str, new: str, code: RefusalCode) -> None:
    kind, codes = classes(replaced(old, new), names=["改造"])
    assert kind is ChangeClass.SUBSTANTIVE
    assert code in codes


def test_a_number_is_touched_at_its_edge_too() -> None:
    old, new = (
        document(paragraph(f"全市新增床位{number}张，覆盖各区。" + BODY)) for number in ("1200", "12000")
    )
    assert classes(new, old) == (ChangeClass.SUBSTANTIVE, {C.TOUCHES_NUMBER})


def test_known_posts_and_names() -> None:
    assert classes(replaced("人才培养", "人材培养"), posts=["人才"]) == (
        ChangeClass.SUBSTANTIVE,
        {C.TOUCHES_POST},
    )
    assert classes(replaced("人才培养", "人材培养"), names=["某某"]) == (ChangeClass.MARKS_ONLY, set())


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"byline": "王芳"}, C.TOUCHES_NAME),
        ({"source": "某报"}, C.TOUCHES_NAME),
        ({"source_url": "https://x.gov.cn/1"}, C.TOUCHES_LINK),
        ({"attachments": [PICTURE]}, C.TOUCHES_MEDIA),
    ],
)
def test_fields_that_name_people_and_places(fields: dict[str, object], code: RefusalCode) -> None:
    kind, codes = classes(document(paragraph(BODY), **fields))
    assert kind is ChangeClass.SUBSTANTIVE
    assert code in codes


def test_size() -> None:
    _, codes = classes(replaced("居家和社区养老", "在家里以及在社区里的养老服务事业"))
    assert codes == {C.TOO_LARGE_A_CHANGE}
    many = BODY.replace("，", ",")
    assert C.TOO_LARGE_A_CHANGE in classes(document(paragraph(many)))[1]
    short_old, short_new = (
        document(paragraph("大家好吗"), title="问"),
        document(paragraph("诸位都好吗"), title="问"),
    )
    assert classes(short_new, short_old)[1] == {C.TOO_LARGE_A_CHANGE}


def test_one_wrong_character_is_small_in_the_shortest_text() -> None:
    old, new = (document(paragraph(words), title="问") for words in ("你好吗", "您好吗"))
    assert classes(new, old) == (ChangeClass.MARKS_ONLY, set())


def test_a_new_finding() -> None:
    new = replaced("深入的", "深入地")
    change = classify(OLD, new, limits=LIMITS, new_findings=["b", "a", "b"])
    assert [(one.code, dict(one.data)) for one in change.objections] == [
        (C.NEW_FINDING, {"rules": ["a", "b"]})
    ]


def test_a_paragraph_split_and_run_on() -> None:
    cut = BODY.index("与会")
    two = document(paragraph(BODY[:cut]), paragraph(BODY[cut:]))
    assert classes(two) == (ChangeClass.MARKS_ONLY, set())
    assert classes(OLD, two) == (ChangeClass.MARKS_ONLY, set())


def test_blocks_that_come_and_go() -> None:
    more = document(paragraph(BODY), paragraph("另外"))
    assert C.CHANGES_STRUCTURE in classes(more)[1]
    assert C.CHANGES_STRUCTURE in classes(OLD, more)[1]
    table = {"kind": "table", "rows": [["项目", "标准"], ["低保", "甲"]], "caption": "表"}
    assert C.CHANGES_STRUCTURE in classes(document(paragraph(BODY), table))[1]
    image = {"kind": "image", "sha256": PICTURE, "alt": "会场"}
    assert {C.CHANGES_STRUCTURE, C.TOUCHES_MEDIA} <= classes(document(paragraph(BODY), image))[1]


def test_words_of_tables_pictures_and_videos_are_compared() -> None:
    def rich(word: str) -> Document:
        return document(
            paragraph(BODY),
            {"kind": "table", "rows": [["项目", "标准"], ["低保", word]], "caption": word},
            {"kind": "image", "sha256": PICTURE, "alt": word, "caption": word},
            {"kind": "divider"},
            {"kind": "video", "sha256": "b" * 64, "caption": word},
        )

    change = classify(rich("甲"), rich("乙"), limits=MarksOnly(share=1000))
    assert change.kind is ChangeClass.MARKS_ONLY
    assert [edit.place for edit in change.edits] == [
        "blocks/1/caption",
        "blocks/1/rows/1/1",
        "blocks/2/alt",
        "blocks/2/caption",
        "blocks/4/caption",
    ]


texts = st.text("甲乙丙丁，。", min_size=1, max_size=12)


@given(st.lists(texts, min_size=1, max_size=4), st.lists(texts, min_size=1, max_size=4))
def test_edits_lead_from_the_old_text_to_the_new(old: list[str], new: list[str]) -> None:
    before, after = document(*map(paragraph, old)), document(*map(paragraph, new))
    change = classify(before, after, limits=MarksOnly())
    assert bool(change.fields) == (change.kind is not ChangeClass.NONE) == (before != after)
    assert changed_fields(before, after) == change.fields
    for edit in change.edits:
        assert edit.before[edit.start : edit.end] == edit.old
        assert edit.after[edit.new_start : edit.new_start + len(edit.new)] == edit.new
    assert (change.kind is ChangeClass.SUBSTANTIVE) == bool(change.objections)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"kind": "superscript", "start": 6, "end": 7}, None),
        ({"kind": "superscript", "start": 6, "end": 7}, {"kind": "superscript", "start": 9, "end": 10}),
        ({"kind": "strike", "start": 0, "end": 4}, None),
        ({"kind": "subscript", "start": 6, "end": 7}, {"kind": "superscript", "start": 6, "end": 7}),
    ],
    ids=["gone", "elsewhere", "valid again", "another"],
)
def test_markup_that_carries_meaning_is_no_layout_and_no_small_correction(
    old: dict[str, object], new: dict[str, object] | None
) -> None:
    text = "市民政局近日召开养老近日工作座谈会，就居家和社区养老听取各方意见建议。" * 3

    def with_span(span: dict[str, object] | None) -> Document:
        return document(paragraph(text, spans=[span] if span else []))

    assert classes(with_span(new), with_span(old)) == (ChangeClass.SUBSTANTIVE, {C.TOUCHES_NUMBER})


def test_words_before_a_superscript_may_be_mended() -> None:
    span = {"kind": "superscript", "start": 6, "end": 7}
    later = {"kind": "superscript", "start": 7, "end": 8}
    old = document(paragraph(BODY, spans=[span]))
    new = document(paragraph(BODY.replace("近日", "近日里", 1), spans=[later]))
    assert classes(new, old)[1].isdisjoint({C.CHANGES_STRUCTURE})
    assert C.TOUCHES_NUMBER not in classes(new, old)[1]


def test_another_number_of_an_item_and_other_merged_cells_are_substantive() -> None:
    def listed(number: int | None) -> Document:
        more = {} if number is None else {"number": number}
        return document({"kind": "list_item", "text": BODY, "ordered": True, **more})

    def table(*merges: dict[str, int]) -> Document:
        rows = [[BODY, ""], ["甲", "乙"]]
        return document({"kind": "table", "rows": rows, "merges": list(merges)})

    assert classes(listed(5), listed(3)) == (ChangeClass.SUBSTANTIVE, {C.TOUCHES_NUMBER})
    wide = {"row": 0, "column": 0, "columns": 2}
    assert classes(table(wide), table()) == (ChangeClass.SUBSTANTIVE, {C.TOUCHES_NUMBER})
