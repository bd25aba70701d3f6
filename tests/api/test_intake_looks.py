"""Looks that may mean something are said once; what turns the order of words is told; brackets are words."""

import pytest

from app.domain.vocabulary import ChannelKind
from app.drafts.intake.files import read_file
from app.drafts.intake.service import Format, take_in
from tests.api.formats import handed_in
from tests.api.test_intake_meaning import lost, taken, words
from tests.api.test_layouts import KINDS, laid_out


@pytest.mark.parametrize(
    ("form", "content", "listed"),
    [
        (
            "html",
            "<p>甲<font color=red>红</font><i style='color:#c00'>字</i><a style='color:blue'>链</a>",
            [("colour", "红、字", 2)],
        ),
        (
            "html",
            "<p><mark>黄</mark><span style='background:rgb(255, 255, 0)'>底</span>",
            [("colour", "黄、底", 2)],
        ),
        ("html", "<p style='color:rgb(63,63,63);background:red'><span style='color:#888'>灰</span>", []),
        ("html", "<p style='color:red'>红<span style='color:black'>黑</span>", [("colour", "红", 1)]),
        ("html", "<p><font size=6>大</font><span style='font-size:18pt'>字</span>", [("size", "大、字", 2)]),
        ("html", "<h2 style='font-size:30px'>题</h2><p style='font-size:16px'>文", []),
        (
            "html",
            "<p><b style='-webkit-text-emphasis:dot'>重</b><u style='text-decoration:overline'>线</u>",
            [("decoration", "线", 1)],
        ),
        (
            "html",
            "<table><tr><td align=right>甲<td>乙<tr style='text-align:center'><td>1<td align=left>2</table>",
            [("alignment", "甲、1", 2)],
        ),
        ("html", "<center><table><tr><td>甲<td>乙</table></center>", []),
        ("markdown", "|甲|乙|丙|\n|:-:|--:|:--|\n|1|2|3|4|", [("alignment", "甲、乙、1、2", 4)]),
        ("markdown", "|甲|乙|\n|---|-|\n|1|2|", []),
        ("markdown", "<font color='#f00'>红</font>", [("colour", "红", 1)]),
        (
            "html",
            "".join(f"<p><font color=red>第{number}处红字</font>" for number in range(9)),
            [("colour", "、".join(f"第{number}处红字" for number in range(6)) + " 等", 9)],
        ),
    ],
)
def test_looks_are_said_once_with_their_first_words(
    form: str, content: str, listed: list[tuple[str, str, int]]
) -> None:
    assert [(one.kind, one.what, one.count) for one in taken(form, content).left_out] == listed


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("<p style='text-transform:uppercase'>gdp<i style='text-transform:none'>x</i>", ["GDPx"]),
        ("<p style='text-transform:capitalize'>it's well-known é", ["It's Well-Known É"]),
        ("<p style='text-transform:lowercase'>ABC", ["abc"]),
    ],
)
def test_letters_are_as_they_are_shown(content: str, shown: list[str]) -> None:
    assert words("html", content) == shown


@pytest.mark.parametrize(
    ("content", "listed"),
    [
        ("<p>甲<bdo dir=rtl>123</bdo>", "123（原文看到的是：321）"),
        ("<p style='direction:rtl;unicode-bidi:bidi-override'>甲乙", "甲乙（原文看到的是：乙甲）"),
        ("<div dir=rtl><p dir=rtl>甲 <b>乙</b>!</p></div>", "甲 乙!"),
        ("<div style='flex-direction:row-reverse'><span>一</span><span>二</span></div>", "一二"),
        ("<p>甲\u202e12&#8238;", "U+202E RIGHT-TO-LEFT OVERRIDE × 2，原样留在正文里"),
    ],
)
def test_what_turns_the_order_of_words_is_told(content: str, listed: str) -> None:
    assert lost("html", content) == [("direction", listed)]
    assert lost("html", "<p dir=ltr>甲<bdi>乙</bdi>") == []


@pytest.mark.parametrize("form", list(Format))
def test_characters_that_turn_are_told_however_they_come(form: Format) -> None:
    found = take_in(form, handed_in("甲\u202e乙", form), {"title": "题\u2066"})
    assert [one.what[:6] for one in found.left_out] == ["U+202E", "U+2066"]
    assert "\u202e" in "".join(text for _, text in found.document.texts())
    assert [one.what[:6] for one in read_file("甲\u202e乙", ".md").left_out] == ["U+202E"]


@pytest.mark.parametrize(
    ("form", "content", "shown"),
    [
        ("html", "<p>1<b>2</p>", ["1<b>2"]),
        ("html", "<p>1<b>2</b>", ["1*2*"]),
        ("html", "<table><tr><td>甲<b>乙<td>丙</table>", ["甲乙|丙"]),
        ("html", "<p>x<p>y", ["x", "y"]),
        ("html", "<p>1<2 3</4 a<!b <?5 d?></p>", ["1<2 3</4 a<!b <?5 d?>"]),
        ("html", "<p>甲</办法>乙<!甲>丙", ["甲</办法>乙<!甲>丙"]),
        ("html", "<p>增幅<5%，《<办法>》与《<", ["增幅<5%，《<办法>》与《<"]),
        ("markdown", "若1<b>2", ["若1<b>2"]),
        ("markdown", "甲<b>乙，**重**", ["甲<b>乙，*重*"]),
        ("markdown", "p<q>r 与 a<i>b", ["p<q>r 与 a<i>b"]),
        ("markdown", "x<p>y 与 1<2>3", ["x<p>y 与 1<2>3"]),
        ("markdown", "a<!b且c>d，e<?5?>", ["a<!b且c>d，e<?5?>"]),
        ("markdown", "ab<cd:ef>g，<a@b.cn>", ["ab<cd:ef>g，a@b.cn"]),
        ("markdown", "(a)<u>(b)\n\n另段</u>", ["(a)<u>(b)", "另段"]),
    ],
)
def test_a_bracket_that_compares_is_a_word(form: str, content: str, shown: list[str]) -> None:
    assert words(form, content) == shown


def test_a_reference_that_cites_nothing_is_told() -> None:
    assert lost("markdown", "文[^甲]，`[^b]`，[^0-9]") == [("footnote", "[^甲]")]


@pytest.mark.parametrize("kind", KINDS)
def test_white_space_of_the_text_is_shown_in_proofs(kind: ChannelKind) -> None:
    page = laid_out({"kind": "paragraph", "text": "甲\t乙   丙 丁<"}, kind=kind)
    assert 'white-space:pre-wrap">\t</span>乙<span style="white-space:pre-wrap">   </span>丙 丁&lt;' in page
