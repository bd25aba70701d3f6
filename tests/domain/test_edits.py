import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.document.edits import Edit, apply_edits, faults, text_at
from app.domain.document.list_numbers import ordinals
from app.domain.document.model import Document
from app.domain.refusals import RefusalCode, Refused
from app.domain.vocabulary import MarkKind

C = RefusalCode
K = MarkKind
DOCUMENT = Document.model_validate(
    {
        "title": "关于做好高令津贴工作的通知",
        "summary": "摘要",
        "blocks": [
            {
                "kind": "paragraph",
                "text": "各区民政局要认真落落实高龄津贴制度😀。",
                "spans": [
                    {"kind": "bold", "start": 0, "end": 5},
                    {"kind": "link", "start": 11, "end": 15, "href": "https://a.gov.cn"},
                    {"kind": "italic", "start": 8, "end": 9},
                ],
            },
            {"kind": "paragraph", "text": "请遵照执行。", "spans": [{"kind": "bold", "start": 1, "end": 3}]},
            {"kind": "table", "rows": [["年令", "标准"], ["八十", "百元"]], "caption": "表一"},
            {"kind": "image", "sha256": "a" * 64, "alt": "图", "caption": "说明", "credit": "摄影"},
            {"kind": "video", "sha256": "b" * 64, "caption": "片"},
            {"kind": "divider"},
        ],
    }
)


def edit(kind: MarkKind, place: str, start: int, end: int, new: str = "", **more: object) -> Edit:
    text = text_at(DOCUMENT, place) or ""
    fields = {"id": f"{place}:{start}", "quote": text[start:end], **more}
    return Edit(kind=kind, place=place, start=start, end=end, new_text=new, **fields)  # type: ignore[arg-type]


def applied(*edits: Edit) -> Document:
    answer = apply_edits(DOCUMENT, edits)
    assert isinstance(answer, Document), answer
    return answer


def codes(*edits: Edit) -> list[RefusalCode]:
    answer = apply_edits(DOCUMENT, edits)
    assert isinstance(answer, Refused), answer
    return [refusal.code for refusal in answer.refusals]


@pytest.mark.parametrize(
    ("mark", "after"),
    [
        (edit(K.CORRECT, "title", 5, 6, "龄"), "关于做好高龄津贴工作的通知"),
        (edit(K.DELETE, "blocks/0", 8, 9), "各区民政局要认真落实高龄津贴制度😀。"),
        (edit(K.INSERT, "blocks/0", 17, 17, "，"), "各区民政局要认真落落实高龄津贴制度，😀。"),
        (edit(K.TRANSPOSE, "blocks/1", 1, 3, "照遵"), "请照遵执行。"),
        (edit(K.MOVE, "blocks/1", 0, 1, move_to=5), "遵照执行请。"),
        (edit(K.MOVE, "blocks/1", 3, 5, move_to=0), "执行请遵照。"),
        (edit(K.ADD_SPACE, "blocks/1", 1, 1, " "), "请 遵照执行。"),
        (edit(K.STET, "blocks/1", 0, 1), "请遵照执行。"),
        (edit(K.CORRECT, "blocks/2/rows/0/0", 1, 2, "龄"), "年龄"),
        (edit(K.CORRECT, "blocks/2/caption", 1, 2, "二"), "表二"),
        (edit(K.INSERT, "blocks/3/alt", 1, 1, "片"), "图片"),
        (edit(K.INSERT, "blocks/4/caption", 1, 1, "子"), "片子"),
        (edit(K.INSERT, "subtitle", 0, 0, "副题"), "副题"),
    ],
)
def test_one_mark(mark: Edit, after: str) -> None:
    assert text_at(applied(mark), mark.place) == after


def test_removing_space() -> None:
    spaced = applied(edit(K.ADD_SPACE, "blocks/1", 1, 1, "  "))
    answer = apply_edits(spaced, [Edit("1", K.REMOVE_SPACE, "blocks/1", 1, 3, "  ")])
    assert answer == DOCUMENT


def test_many_at_once_and_none() -> None:
    after = applied(
        edit(K.DELETE, "blocks/0", 8, 9),
        edit(K.CORRECT, "title", 5, 6, "龄"),
        edit(K.INSERT, "blocks/0", 5, 5, "，"),
        edit(K.CORRECT, "blocks/0", 0, 2, "全市各区"),
    )
    assert text_at(after, "blocks/0") == "全市各区民政局，要认真落实高龄津贴制度😀。"
    assert applied() == DOCUMENT


def spans(document: Document, index: int = 0) -> list[tuple[str, str]]:
    block = document.blocks[index]
    return [(span.kind, block.text[span.start : span.end]) for span in block.spans]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("mark", "kept"),
    [
        (edit(K.DELETE, "blocks/0", 8, 9), [("bold", "各区民政局"), ("link", "高龄津贴")]),
        (
            edit(K.INSERT, "blocks/0", 5, 5, "，"),
            [("bold", "各区民政局"), ("link", "高龄津贴"), ("italic", "落")],
        ),
        (
            edit(K.INSERT, "blocks/0", 11, 11, "好"),
            [("bold", "各区民政局"), ("link", "高龄津贴"), ("italic", "落")],
        ),
        (
            edit(K.INSERT, "blocks/0", 12, 12, "年"),
            [("bold", "各区民政局"), ("link", "高年龄津贴"), ("italic", "落")],
        ),
        (
            edit(K.CORRECT, "blocks/0", 4, 6, "厅应"),
            [("bold", "各区民政"), ("link", "高龄津贴"), ("italic", "落")],
        ),
        (
            edit(K.CORRECT, "blocks/0", 10, 12, "好老"),
            [("bold", "各区民政局"), ("link", "龄津贴"), ("italic", "落")],
        ),
        (
            edit(K.CORRECT, "blocks/0", 11, 15, "高龄补贴"),
            [("bold", "各区民政局"), ("link", "高龄补贴"), ("italic", "落")],
        ),
    ],
)
def test_markup_keeps_to_its_words(mark: Edit, kept: list[tuple[str, str]]) -> None:
    assert spans(applied(mark)) == kept


def test_new_paragraph_and_run_on() -> None:
    split = applied(edit(K.NEW_PARAGRAPH, "blocks/0", 5, 5), edit(K.DELETE, "blocks/0", 8, 9))
    assert [text_at(split, f"blocks/{index}") for index in (0, 1, 2)] == [
        "各区民政局",
        "要认真落实高龄津贴制度😀。",
        "请遵照执行。",
    ]
    assert spans(split, 1) == [("link", "高龄津贴")]
    end = len(text_at(DOCUMENT, "blocks/0") or "")
    joined = applied(edit(K.RUN_ON, "blocks/0", end, end), edit(K.CORRECT, "title", 5, 6, "龄"))
    assert text_at(joined, "blocks/0") == "各区民政局要认真落落实高龄津贴制度😀。请遵照执行。"
    assert spans(joined) == [("bold", "各区民政局"), ("link", "高龄津贴"), ("italic", "落"), ("bold", "遵照")]
    assert len(joined.blocks) == len(DOCUMENT.blocks) - 1
    both = applied(edit(K.RUN_ON, "blocks/0", end, end), edit(K.INSERT, "blocks/1", 0, 0, "均"))
    assert text_at(both, "blocks/0") == "各区民政局要认真落落实高龄津贴制度😀。均请遵照执行。"


@pytest.mark.parametrize(
    "mark",
    [
        edit(K.CORRECT, "title", 0, 1, ""),
        edit(K.CORRECT, "title", 0, 1, "关"),
        edit(K.CORRECT, "title", 0, 0, "x"),
        edit(K.DELETE, "title", 0, 0),
        edit(K.DELETE, "title", 0, 1, "x"),
        edit(K.INSERT, "title", 0, 1, "x"),
        edit(K.INSERT, "title", 0, 0, ""),
        edit(K.TRANSPOSE, "title", 0, 2, "于好"),
        edit(K.TRANSPOSE, "title", 0, 2, "关于"),
        edit(K.MOVE, "title", 0, 2),
        edit(K.MOVE, "title", 0, 2, move_to=1),
        edit(K.MOVE, "title", 0, 2, move_to=99),
        edit(K.ADD_SPACE, "title", 0, 0, "x"),
        edit(K.REMOVE_SPACE, "title", 0, 1),
        edit(K.STET, "title", 0, 0),
        edit(K.RUN_ON, "title", 13, 13),
        edit(K.RUN_ON, "blocks/0", 2, 2),
        edit(K.RUN_ON, "blocks/1", 6, 6),
        edit(K.RUN_ON, "blocks/2/caption", 2, 2),
        edit(K.NEW_PARAGRAPH, "blocks/0", 0, 0),
        edit(K.NEW_PARAGRAPH, "blocks/0", 1, 1, "x"),
        edit(K.NEW_PARAGRAPH, "blocks/4/caption", 0, 0),
    ],
)
def test_malformed_marks(mark: Edit) -> None:
    assert codes(mark) == [C.MARK_MALFORMED]


@pytest.mark.parametrize(
    "place",
    [
        "",
        "body",
        "blocks",
        "blocks/9",
        "blocks/-1",
        "blocks/x",
        "blocks/00",
        "blocks/٣",
        "blocks/0/text",
        "blocks/2",
        "blocks/2/rows/9/0",
        "blocks/2/rows/0",
        "blocks/3",
        "blocks/3/sha256",
        "blocks/4/alt",
        "blocks/5",
        "blocks/5/caption",
        "attachments/0",
    ],
)
def test_unknown_places(place: str) -> None:
    assert codes(Edit("1", K.DELETE, place, 0, 1, "各")) == [C.PLACE_UNKNOWN]


def test_a_quote_that_stands_elsewhere_is_not_guessed() -> None:
    assert codes(Edit("1", K.DELETE, "blocks/0", 9, 10, "高")) == [C.QUOTE_DIFFERS]
    for start, end in ((-1, 1), (5, 4), (12, 99)):
        assert C.QUOTE_DIFFERS in {
            one.code for one in faults(DOCUMENT, Edit("1", K.DELETE, "blocks/0", start, end, "x"))
        }
    assert faults(DOCUMENT, edit(K.DELETE, "blocks/0", 8, 9)) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (edit(K.DELETE, "blocks/0", 2, 5), edit(K.DELETE, "blocks/0", 4, 6)),
        (edit(K.DELETE, "blocks/0", 2, 5), edit(K.INSERT, "blocks/0", 3, 3, "x", id="2")),
        (edit(K.INSERT, "blocks/0", 3, 3, "x"), edit(K.INSERT, "blocks/0", 3, 3, "y", id="2")),
        (edit(K.DELETE, "blocks/0", 2, 5), edit(K.MOVE, "blocks/0", 8, 9, move_to=3)),
    ],
)
def test_marks_that_overlap(one: Edit, other: Edit) -> None:
    assert codes(one, other) == [C.MARKS_OVERLAP]


def test_marks_side_by_side() -> None:
    after = applied(
        edit(K.DELETE, "blocks/0", 2, 3), edit(K.DELETE, "blocks/0", 3, 5), edit(K.DELETE, "blocks/1", 2, 3)
    )
    assert text_at(after, "blocks/0") == "各区要认真落落实高龄津贴制度😀。"


def test_a_result_that_is_no_document() -> None:
    assert codes(edit(K.DELETE, "title", 0, 13)) == [C.RESULT_INVALID]
    assert codes(edit(K.INSERT, "title", 0, 0, "长" * 200)) == [C.RESULT_INVALID]


@given(st.data())
def test_any_edits_that_are_taken_change_exactly_their_places(data: st.DataObject) -> None:
    text = text_at(DOCUMENT, "blocks/0") or ""
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), min_size=2, max_size=8)))
    ranges = list(zip(cuts[::2], cuts[1::2], strict=False))
    words = [data.draw(st.text("甲乙", min_size=1, max_size=3)) for _ in ranges]
    edits = [
        edit(K.CORRECT, "blocks/0", start, end, word)
        for (start, end), word in zip(ranges, words, strict=True)
    ]
    expected, last = "", 0
    for (start, end), word in zip(ranges, words, strict=True):
        expected += text[last:start] + word
        last = end
    after = applied(*edits)
    assert text_at(after, "blocks/0") == expected + text[last:]
    assert after.blocks[1:] == DOCUMENT.blocks[1:]


def test_markup_of_cells_keeps_to_its_words_and_to_its_cell() -> None:
    document = Document.model_validate(
        {
            "title": "标题",
            "blocks": [
                {
                    "kind": "table",
                    "rows": [["年令", "100m2"], ["八十", "H2O"]],
                    "spans": [
                        {"kind": "superscript", "row": 0, "column": 1, "start": 4, "end": 5},
                        {"kind": "subscript", "row": 1, "column": 1, "start": 1, "end": 2},
                    ],
                }
            ],
        }
    )
    marks = [
        Edit("a", K.INSERT, "blocks/0/rows/0/1", 0, 0, "", "约"),
        Edit("b", K.CORRECT, "blocks/0/rows/1/1", 1, 2, "2", "3"),
    ]
    answer = apply_edits(document, marks)
    assert isinstance(answer, Document)
    table = answer.blocks[0].model_dump(mode="json")
    assert table["rows"] == [["年令", "约100m2"], ["八十", "H3O"]]
    assert sorted((one["kind"], one["row"], one["start"], one["end"]) for one in table["spans"]) == [
        ("subscript", 1, 1, 2),
        ("superscript", 0, 5, 6),
    ]


def test_words_written_into_a_cell_that_another_lies_over_are_refused() -> None:
    document = Document.model_validate(
        {
            "title": "标题",
            "blocks": [
                {
                    "kind": "table",
                    "rows": [["县区", "人数"], ["", "5"]],
                    "merges": [{"row": 0, "column": 0, "rows": 2}],
                }
            ],
        }
    )
    answer = apply_edits(document, [Edit("a", K.INSERT, "blocks/0/rows/1/0", 0, 0, "", "字")])
    assert isinstance(answer, Refused)
    assert [refusal.code for refusal in answer.refusals] == [C.RESULT_INVALID]


def test_of_an_item_cut_in_two_the_first_keeps_the_number_and_the_count_goes_on() -> None:
    document = Document.model_validate(
        {
            "title": "标题",
            "blocks": [{"kind": "list_item", "text": "第五项第六项", "ordered": True, "number": 5}],
        }
    )
    answer = apply_edits(document, [Edit("a", K.NEW_PARAGRAPH, "blocks/0", 3, 3, "")])
    assert isinstance(answer, Document)
    assert ordinals(answer.blocks) == (5, 6)
