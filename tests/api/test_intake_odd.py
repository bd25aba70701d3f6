"""Odd sources: what was decided to be right before it was tried, and went wrong."""

import pytest

from tests.api.test_intake_meaning import lost, words


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<p>甲</p></p><p>乙</p>", ["甲", "乙"]),
        ("<div>甲</p>乙</div>", ["甲", "乙"]),
        ("<p>甲<b>乙</b></p>丙</p>丁", ["甲*乙*", "丙", "丁"]),
        ("<p>甲<div>乙</div></p>丙", ["甲", "乙", "丙"]),
        ("<ul><li>甲</p>乙</li><li>丙</li></ul>", ["•甲", "乙", "•丙"]),
    ],
)
def test_the_end_of_a_paragraph_that_never_began_parts_what_stands_around_it(
    source: str, shown: list[str]
) -> None:
    """HTML Standard, 13.2.6.4.7: an end of `p` without a beginning is an empty paragraph."""
    assert words("html", source) == shown


@pytest.mark.parametrize(
    ("columns", "rows", "shown", "hidden"),
    [
        (
            '<col><col style="visibility:collapse">',
            "<tr><td>县区<td>电话<tr><td>甲县<td>1",
            ["县区", "甲县"],
            ["电话", "1"],
        ),
        (
            '<colgroup span=2 style="visibility:collapse"></colgroup>',
            "<tr><td rowspan=2>甲<td>乙<td>丙<tr><td>丁<td>戊",
            ["丙", "戊"],
            ["甲", "乙", "丁"],
        ),
        (
            '<col style="visibility: collapse">',
            "<tr><td>甲<td>乙<tr><td colspan=2>合并的格<tr><td>1<td>2",
            ["乙", "合并的格", "2"],
            ["甲", "1"],
        ),
        (
            '<colgroup style="visibility:collapse"><col><col style="visibility:visible"></colgroup>',
            "<tr><td>甲<td>乙<tr><td>1<td>2",
            ["乙", "2"],
            ["甲", "1"],
        ),
        (
            "<col span=9 style='visibility:collapse'>",
            "<tr><td>甲<td>乙<tr><td>1<td>2",
            [],
            ["甲", "乙", "1", "2"],
        ),
        ('<col style="display:none">', "<tr><td>甲<td>乙<tr><td>1<td>2", ["甲|乙", "1|2"], []),
    ],
)
def test_a_column_that_is_collapsed_is_listed(
    columns: str, rows: str, shown: list[str], hidden: list[str]
) -> None:
    source = f"<p>前</p><table>{columns}{rows}</table>"
    assert words("html", source) == ["前", *shown]
    assert [what for kind, what in lost("html", source) if kind == "hidden_text"] == hidden


def test_what_word_keeps_beside_the_text_is_no_text() -> None:
    source = (
        "<p>正文被批注<a class=MsoCommentReference></a><a class=msocomanchor href='#_msocom_1'>[林1]</a></p>"
        "<div style='mso-element:header'><p>页眉字</p></div>"
        "<div style='mso-element:footer'><p>页脚字</p></div>"
        "<div style='mso-element:comment-list'><div style='mso-element:comment'><p>请核实</p></div></div>"
    )
    assert words("html", source) == ["正文被批注"]
    assert [kind for kind, what in lost("html", source) if "请核实" in what or "[林1]" in what] == [
        "word_comment"
    ] * 2
    assert ("header", "页眉字") in lost("html", source)
    assert ("footer", "页脚字") in lost("html", source)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("1.登记\n2.核查\n3.公示", ["1.登记", "2.核查", "3.公示"]),
        ("系统升级到\n2.0版", ["系统升级到2.0版"]),
        ("同比增长\n3.5%", ["同比增长3.5%"]),
    ],
)
def test_lines_that_begin_with_a_number_and_a_dot_stay_lines(source: str, shown: list[str]) -> None:
    assert words("markdown", source) == shown
