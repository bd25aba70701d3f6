"""Two people's changes of one text: what one alone changed is taken, what both did is theirs to choose."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.document.merging import Collision, merge
from app.domain.document.model import Block, Document, Heading, Image, Paragraph, Table

A, B, C = "第一段，讲开头的事情。", "第二段，讲中间的情况。", "第三段，讲结尾的安排。"


def doc(*texts: str | Block, title: str = "标题", **fields: str) -> Document:
    blocks = tuple(Paragraph(text=one) if isinstance(one, str) else one for one in texts)
    return Document(title=title, blocks=blocks, **fields)


def words(document: Document) -> list[str]:
    return [text for _, text in document.texts()]


TABLE = Table(rows=(("区", "户数"), ("甲区", "10"), ("乙区", "20")))


def cell(row: int, column: int, text: str) -> Table:
    rows = [list(one) for one in TABLE.rows]
    rows[row][column] = text
    return TABLE.model_copy(update={"rows": tuple(map(tuple, rows))})


@pytest.mark.parametrize(
    ("mine", "theirs", "both"),
    [
        ((A, B, C + "完"), ("始" + A, B, C), ("始" + A, B, C + "完")),
        ((A, B + "改", C), (A + "改", B, C), (A + "改", B + "改", C)),
        ((A, C), (A, B, C + "改"), (A, C + "改")),
        ((A, B, "加一段，是我写的。", C), (A, "他加的一段，另有内容。", B, C), None),
        (
            (A, B, C, "末尾，我加。"),
            (A, B, C, "末尾，他也加了别的。"),
            (A, B, C, "末尾，他也加了别的。", "末尾，我加。"),
        ),
        ((A, B, C, "同样的一段。"), (A, B, C, "同样的一段。"), (A, B, C, "同样的一段。")),
        ((A + "同改", B, C), (A + "同改", B, C), (A + "同改", B, C)),
        ((A, B, C), (C, A, B + "改"), (C, A, B + "改")),
        (("全部重写的开头", B, C), (A, "全部重写的中间", "全部重写的结尾"), None),
    ],
    ids=[
        "apart",
        "side by side",
        "one removes, the other edits elsewhere",
        "both add in different places",
        "both add at the end",
        "both add the same",
        "both edit the same",
        "they move, I do nothing",
        "rewritten wholly, apart",
    ],
)
def test_what_does_not_collide_is_brought_together(
    mine: Sequence[str], theirs: Sequence[str], both: Sequence[str] | None
) -> None:
    merged = merge(doc(A, B, C), doc(*mine), doc(*theirs))

    assert merged.collisions == ()
    if both is not None:
        assert merged.document == doc(*both)
    for text in (*mine, *theirs):
        assert text in words(merged.document) or text in (A, B, C)


@pytest.mark.parametrize(
    ("mine", "theirs", "stands", "collision"),
    [
        ((A, B + "我改", C), (A, B + "他改", C), (A, B + "他改", C), (1, B + "我改", B + "他改")),
        ((A, C), (A, B + "他改", C), (A, B + "他改", C), (1, None, B + "他改")),
        ((A, B + "我改", C), (A, C), (A, B + "我改", C), (1, B + "我改", None)),
    ],
    ids=["both edit", "I remove, they edit", "I edit, they remove"],
)
def test_what_both_changed_is_for_people_to_choose(
    mine: Sequence[str],
    theirs: Sequence[str],
    stands: Sequence[str],
    collision: tuple[int, str | None, str | None],
) -> None:
    merged = merge(doc(A, B, C), doc(*mine), doc(*theirs))

    index, my, their = collision
    side = lambda text: None if text is None else Paragraph(text=text)  # noqa: E731 – said once, here
    assert merged.document == doc(*stands)
    assert merged.collisions == (Collision(f"blocks/{index}", side(my), side(their)),)


def test_fields_are_merged_one_by_one() -> None:
    base = doc(A, title="旧题", summary="旧摘要", byline="甲")
    mine = doc(A, title="我的题", summary="新摘要", byline="甲")
    theirs = doc(A, title="他的题", summary="旧摘要", byline="乙")

    merged = merge(base, mine, theirs)

    assert (merged.document.title, merged.document.summary, merged.document.byline) == (
        "他的题",
        "新摘要",
        "乙",
    )
    assert merged.collisions == (Collision("title", "我的题", "他的题"),)


def test_a_table_is_merged_cell_by_cell_and_collides_as_a_whole() -> None:
    apart = merge(doc(A, TABLE), doc(A, cell(1, 1, "11")), doc(A, cell(2, 1, "22")))
    assert apart.collisions == ()
    [_, table] = apart.document.blocks
    assert isinstance(table, Table)
    assert table.rows == (("区", "户数"), ("甲区", "11"), ("乙区", "22"))

    mine, theirs = cell(1, 1, "11"), cell(1, 1, "12")
    [collision] = merge(doc(A, TABLE), doc(A, mine), doc(A, theirs)).collisions
    assert (collision.mine, collision.theirs) == (mine, theirs)


def test_a_picture_and_its_words() -> None:
    picture = Image(sha256="a" * 64, alt="旧", caption="旧说明")
    mine, theirs = (picture.model_copy(update=change) for change in ({"alt": "新"}, {"caption": "新说明"}))
    [_, merged] = merge(doc(A, picture), doc(A, mine), doc(A, theirs)).document.blocks
    assert merged == Image(sha256="a" * 64, alt="新", caption="新说明")


def test_each_removing_what_the_other_left_leaves_a_text_and_a_choice() -> None:
    merged = merge(doc(A, B), doc(A), doc(B))
    assert merged.collisions
    shown = {*words(merged.document), *(one.mine.text for one in merged.collisions)}  # type: ignore[union-attr]
    assert {A, B} <= shown


def test_the_kind_of_a_block_is_a_change_too() -> None:
    merged = merge(doc(A, B), doc(A + "改", B), doc(Heading(text=A), B))
    assert merged.collisions == (Collision("blocks/0", Paragraph(text=A + "改"), Heading(text=A)),)


_TEXTS = st.lists(
    st.sampled_from([*"甲乙丙丁戊己庚辛", "长一些的一段话", "长一些的一段话。", "长一些的两段话"]),
    min_size=1,
    max_size=6,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    base=_TEXTS,
    mine=_TEXTS,
    theirs=_TEXTS,
    titles=st.lists(st.sampled_from("题目名"), min_size=3, max_size=3),
)
def test_no_change_of_either_side_is_lost_without_being_shown(
    base: list[str], mine: list[str], theirs: list[str], titles: list[str]
) -> None:
    docs = [doc(*texts, title=title) for texts, title in zip((base, mine, theirs), titles, strict=True)]
    merged = merge(*docs)

    shown = set(words(merged.document))
    for one in merged.collisions:
        shown |= {side if isinstance(side, str) else side.text for side in (one.mine, one.theirs) if side}  # type: ignore[union-attr]
    old = set(words(docs[0]))
    assert {text for text in (*words(docs[1]), *words(docs[2])) if text not in old} <= shown
    # Who changed nothing gets the other's text, whichever side they are on.
    assert merge(docs[0], docs[0], docs[2]).document == docs[2]
    assert merge(docs[0], docs[1], docs[0]).document == docs[1]
    # What both removed is gone, unless it is for them to choose or one added it anew.
    gone = {text for text in old if text not in words(docs[1]) and text not in words(docs[2])}
    assert merged.collisions or not gone & set(words(merged.document))
