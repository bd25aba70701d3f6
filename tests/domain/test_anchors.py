"""Selected words carried to another text: held, moved, changed or lost, and never at a wrong place."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bench.anchors import experiment, summed
from app.domain.document.anchors import Anchor, Porter, Standing, anchored, port, port_edit
from app.domain.document.edits import Edit
from app.domain.document.model import Document, Heading, Paragraph, Table
from app.domain.document.pairing import _scores_by_sets, _scores_by_table, _shape
from app.domain.vocabulary import MarkKind

LINES = (
    "区民政局昨日走访慰问了辖区内的独居老人，送去米面油等生活物资。",
    "各社区居委会要按月核查低保对象的家庭情况，及时登记变化。",
    "志愿服务队逐户上门，帮助行动不便的居民办理高龄津贴。",
    "救助管理站全天接待临时遇困人员，寒潮期间增加夜间巡查。",
)


def document(*lines: str, title: str = "走访情况") -> Document:
    return Document(title=title, blocks=tuple(Paragraph(text=line) for line in lines))


def words(of: Document, quote: str, place: str = "") -> Anchor:
    for where, text in of.texts():
        if quote in text and place in {"", where}:
            anchor = anchored(of, where, text.index(quote), text.index(quote) + len(quote))
            assert anchor is not None
            return anchor
    raise AssertionError(quote)


OLD = document(*LINES)


@pytest.mark.parametrize(
    ("quote", "new", "standing", "place", "text"),
    [
        ("低保对象", LINES, Standing.HELD, "blocks/1", "低保对象"),
        ("低保对象", ("新加的一段放在最前面。", *LINES), Standing.MOVED, "blocks/2", "低保对象"),
        ("低保对象", (LINES[0], "本月，" + LINES[1], *LINES[2:]), Standing.MOVED, "blocks/1", "低保对象"),
        ("低保对象", (LINES[1], LINES[2], LINES[3], LINES[0]), Standing.MOVED, "blocks/0", "低保对象"),
        (
            "低保对象",
            (LINES[0], LINES[1].replace("低保对象", "特困人员"), *LINES[2:]),
            Standing.CHANGED,
            "blocks/1",
            "特困人员",
        ),
        (
            "低保对象",
            (LINES[0], LINES[1].replace("低保对象", ""), *LINES[2:]),
            Standing.CHANGED,
            "blocks/1",
            "",
        ),
        ("低保对象", (LINES[0], *LINES[2:]), Standing.LOST, "", ""),
        # Split before the words, and run on to the paragraph before.
        (
            "及时登记变化",
            (LINES[0], LINES[1][:20], LINES[1][20:], *LINES[2:]),
            Standing.MOVED,
            "blocks/2",
            "",
        ),
        ("及时登记变化", (LINES[0] + LINES[1], *LINES[2:]), Standing.MOVED, "blocks/0", ""),
        # The words stand elsewhere in the new text: another passage, and not where they were.
        (
            "低保对象",
            (LINES[0], *LINES[2:], "另一件事：低保对象的公示名单张贴在社区。"),
            Standing.LOST,
            "",
            "",
        ),
    ],
)
def test_words_are_carried_over(
    quote: str, new: tuple[str, ...], standing: Standing, place: str, text: str
) -> None:
    changed = document(*new)
    ported = port(words(OLD, quote), OLD, changed)
    assert (ported.standing, ported.place) == (standing, place)
    if standing is not Standing.LOST:
        there = dict(changed.texts())[place]
        assert there[ported.start : ported.end] == ported.text == (quote if standing in _WHOLE else text)


_WHOLE = {Standing.HELD, Standing.MOVED}


def test_of_two_paragraphs_that_are_the_same_none_is_taken_for_the_other() -> None:
    twice = document(LINES[0], LINES[1], LINES[2], LINES[1])
    for new, expected in (
        (document(LINES[0], LINES[1], LINES[2]), "blocks/1"),
        (document(LINES[0], LINES[2], LINES[1]), ""),
    ):
        assert port(words(twice, "低保对象", "blocks/1"), twice, new).place == expected


def test_a_title_and_cells_have_their_own_words() -> None:
    table = Table(rows=(("街道", "户数"), ("城东街道办事处", "132"), ("城西街道办事处", "87")))
    more = Table(rows=(("街道", "户数"), ("城北街道办事处", "41"), *table.rows[1:]))
    old = Document(title="走访统计", blocks=(Heading(text="分街道"), table))
    new = Document(title="走访慰问统计", blocks=(Heading(text="分街道"), more))
    assert port(words(old, "城西"), old, new).place == "blocks/1/rows/3/0"
    title = port(words(old, "统计"), old, new)
    assert (title.standing, title.place, title.start) == (Standing.MOVED, "title", 4)


def test_what_does_not_stand_there_is_no_anchor() -> None:
    for place, start, end in (("blocks/9", 0, 1), ("blocks/0", 3, 2), ("blocks/0", 0, 900), ("x", 0, 1)):
        assert anchored(OLD, place, start, end) is None
    strange = Anchor("blocks/0", 0, 3, "不是这", "", "")
    assert port(strange, OLD, OLD).standing is Standing.LOST


def test_a_point_is_known_by_what_stands_on_both_sides() -> None:
    at = LINES[2].index("逐户上门")
    point = anchored(OLD, "blocks/2", at, at)
    assert point is not None
    moved = port(point, OLD, document("新的一段。", *LINES[:2], "本市" + LINES[2], LINES[3]))
    assert (moved.standing, moved.place, moved.start, moved.end) == (
        Standing.MOVED,
        "blocks/3",
        at + 2,
        at + 2,
    )
    between = document(*LINES[:2], LINES[2].replace("服务队逐户", "服务队今天逐户"), LINES[3])
    assert port(point, OLD, between).standing is Standing.CHANGED
    assert port(point, OLD, document(*LINES[:2], LINES[3])).standing is Standing.LOST
    ends = anchored(OLD, "blocks/2", len(LINES[2]), len(LINES[2]))
    assert ends is not None
    assert port(ends, OLD, document(*LINES[:2], LINES[2][:5] + LINES[2][8:], LINES[3])).start == (
        len(LINES[2]) - 3
    )


@pytest.mark.parametrize(("edits", "moves", "right", "wrong"), [(40, 0, 99, 0.5), (400, 3, 95, 3)])
def test_after_many_edits_words_are_found_and_nothing_else(
    edits: int, moves: int, right: float, wrong: float
) -> None:
    outcome = summed([experiment(seed, edits=edits, moves=moves, anchors=400) for seed in (91, 92)])
    assert outcome.right_share >= right
    assert outcome.wrong_share <= wrong
    assert outcome.offsets_right < outcome.right


def moved_words(quote: str, goal: int | None = None, place: str = "blocks/1") -> Edit:
    at = LINES[1].index(quote)
    kind = MarkKind.CORRECT if goal is None else MarkKind.MOVE
    return Edit("e", kind, place, at, at + len(quote), quote, move_to=goal)


def test_an_edit_goes_with_its_words() -> None:
    later = document("新加的一段放在最前面。", *LINES)
    edit = moved_words("低保对象")
    assert port_edit(edit, OLD, Porter(OLD, later)) == replace(edit, place="blocks/2")
    goal = LINES[1].index("的家庭")
    carried = port_edit(moved_words("低保对象", goal), OLD, Porter(OLD, later))
    assert carried == replace(moved_words("低保对象", goal), place="blocks/2")


def test_an_edit_of_words_that_are_others_now_is_not_carried() -> None:
    other = document(LINES[0], LINES[1].replace("低保对象", "特困人员"), *LINES[2:])
    assert port_edit(moved_words("低保对象"), OLD, Porter(OLD, other)) is None
    same = Porter(OLD, OLD)
    assert port_edit(replace(moved_words("低保对象"), quote="别的"), OLD, same) is None
    assert port_edit(moved_words("低保对象", place="blocks/9"), OLD, same) is None


def test_words_are_moved_only_to_where_they_were_to_go() -> None:
    goal = LINES[1].index("的家庭")
    parted = document(LINES[0], LINES[1][:goal], LINES[1][goal:], *LINES[2:])
    assert port_edit(moved_words("各社区", goal + 3), OLD, Porter(OLD, parted)) is None
    beyond = moved_words("低保对象", len(LINES[1]) + 1)
    assert port_edit(beyond, OLD, Porter(OLD, OLD)) is None


def test_a_point_with_nothing_beside_it_is_nowhere() -> None:
    assert port(Anchor("summary", 0, 0, ""), OLD, OLD).standing is Standing.LOST


@given(
    *(
        st.lists(st.text(alphabet="甲乙丙丁戊己𠮷，。", max_size=20), min_size=1, max_size=30)
        for _ in range(2)
    )
)
def test_likeness_is_the_same_by_table_and_by_sets(old: list[str], new: list[str]) -> None:
    was, now = dict(enumerate(old)), dict(enumerate(new))
    shapes = [{at: frozenset(_shape(text)) for at, text in side.items()} for side in (was, now)]
    assert _scores_by_table(was, now) == _scores_by_sets(*shapes)
