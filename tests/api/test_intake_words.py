"""Words that look like markup and are none: they stay where their writer put them."""

import time

import pytest

from app.drafts.intake.markdown import as_html
from app.drafts.intake.service import Format, take_in
from app.drafts.intake.tags import with_words_kept
from tests.api.test_intake_meaning import lost, words


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("正文\n\n[来源]: 本报讯\n[单位]: 亿元", ["正文", "[来源]: 本报讯", "[单位]: 亿元"]),
        ('[附表2]: 台账.xlsx "三月"', ['[附表2]: 台账.xlsx "三月"']),
        ("[网]: https://a.cn\n\n没有人引", ["[网]: https://a.cn", "没有人引"]),
        ("见[网]\n\n[网]: https://a.cn", ["见网"]),
        ("[责任人]: **李四**", ["[责任人]: *李四*"]),
        ("> [单位]: 公里", ["[单位]: 公里"]),
        ("见[甲]\n\n[甲]: /a\n[甲]: 另一处", None),
        ("> 引[^1]\n>\n> [^1]: 引文的注\n\n后", ["引^[1]^", "后", "[1] 引文的注"]),
        ("- 项[^b]\n\n  [^b]: 注\n\n- 项二\n\n后", ["•项^[1]^", "•项二", "后", "[1] 注"]),
        ("[^1]: 见[网]\n\n文[^1]\n\n[网]: https://a.cn", ["文^[1]^", "[1] 见网"]),
    ],
)
def test_a_definition_that_defines_nothing_is_text(source: str, shown: list[str] | None) -> None:
    found = words("markdown", source)
    if shown is None:
        assert any("另一处" in line for line in found)
    else:
        assert found == shown


@pytest.mark.parametrize("form", ["markdown", "html"])
@pytest.mark.parametrize(
    "text",
    [
        "若 m<n and n>k 则停",
        "Map<Integer>与<姓名>",
        "填<unit>后交<date-less",
        "a<b and b>c",
        "x</y 与 <yyyy/mm>",
        "p<q",
    ],
)
def test_an_angle_bracket_that_begins_no_tag_is_text(form: str, text: str) -> None:
    content = f"<p>{text}。</p>" if form == "html" else f"{text}。"
    heard = "".join(words(form, content)) + "".join(what for _, what in lost(form, content))
    assert all(heard.count(char) >= text.count(char) for char in text if not char.isspace())
    assert words("html", "<p>甲<b class>乙</b><wbr/><o:p>丙</o:p><x-y>丁</x-y></p>")[0].startswith("甲*乙*丙")
    assert lost("html", "<script>if(a<bc>d)</script><p>文") == [("script", "if(a<bc>d)")]


def test_a_line_that_begins_with_no_tag_is_markdown() -> None:
    assert words("markdown", "<name>\n**重点**\n\n后") == ["<name> *重点*", "后"]
    assert words("markdown", "`<b>`与`<name>`") == ["<b>与<name>"]


@pytest.mark.parametrize("source", ["<script" * 20000, "<a " * 20000, "<!--" * 20000])
def test_none_of_it_takes_long(source: str) -> None:
    begun = time.process_time()
    with_words_kept(source)
    assert time.process_time() - begun < 1


def test_many_definitions_take_no_longer_than_their_number() -> None:
    begun = time.process_time()
    as_html("".join(f"[a{number}]: /b\n" for number in range(4000)))
    assert time.process_time() - begun < 3


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("10**9元，3**2 和 2**3**4", "10**9元，3**2 和 2**3**4"),
        ("底*高*2，3*a + 4*b", "底*高*2，3*a + 4*b"),
        ("(a+b)*(c+d)*2", "(a+b)*(c+d)*2"),
        ("新增**15**万人，**稳中求进**工作", "新增*15*万人，*稳中求进*工作"),
        ("这是**要点**和 **bold** text", "这是*要点*和 *bold* text"),
        ("用**Python**写，**A**和**B**", "用*Python*写，*A*和*B*"),
    ],
)
def test_asterisks_of_arithmetic_are_no_emphasis(source: str, shown: str) -> None:
    assert words("markdown", source) == [shown]


@pytest.mark.parametrize(
    ("form", "source", "title"),
    [
        ("html", "<h1>关于防汛<br>工作的通知</h1><p>文", "关于防汛工作的通知"),
        ("html", "<h1>Flood<br>notice 12<br>34</h1><p>文", "Flood notice 12 34"),
        ("html", "<ol start=3><li><h1>总则</h1></ol><p>文", "3. 总则"),
        ("markdown", "# 关于防汛<br>工作的通知\n\n文", "关于防汛工作的通知"),
    ],
)
def test_a_title_is_one_line_and_keeps_its_number(form: str, source: str, title: str) -> None:
    assert take_in(Format(form), source, {}).document.title == title


def test_a_key_of_the_head_that_is_said_twice_is_listed() -> None:
    found = take_in(
        Format.MARKDOWN, "---\ntitle: 旧题\nauthor: 甲\ntitle: 新题\nauthor: [乙, 丙]\n---\n文", {}
    )
    assert (found.document.title, found.document.byline) == ("新题", "乙、丙")
    listed = [("front_matter", "title: 旧题"), ("front_matter", "author: 甲")]
    assert [(one.kind, one.what) for one in found.left_out] == listed


@pytest.mark.parametrize(
    ("inner", "shown"),
    [
        ("**重点**内容\n\n- 项", ["题要", "*重点*内容", "•项", "后"]),
        ("## 小节\n\n1. 一\n2. 二", ["题要", "小节", "1.一", "2.二", "后"]),
        ("|甲|乙|\n|-|-|\n|1|2|", ["题要", "甲|乙", "1|2", "后"]),
    ],
)
def test_markdown_in_details_is_markdown(inner: str, shown: list[str]) -> None:
    source = f"<details>\n<summary>题要</summary>\n\n{inner}\n\n</details>\n\n后"
    assert words("markdown", source) == shown


@pytest.mark.parametrize(
    ("form", "source", "shown"),
    [
        ("html", "<body><p>甲</p></body>乙<p>丙", ["甲", "乙", "丙"]),
        ("html", "<html><body><p>甲</p></body></html>\n<p>乙</p><!-- 丙 -->", ["甲", "乙"]),
        ("html", "<p>甲</HTML >乙</p><xmp></body></xmp>", ["甲乙", "</body>"]),
        ("html", "<p>60</br>40</BR/>20", ["60", "40", "20"]),
        ("markdown", "共60</br>40人", ["共60", "40人"]),
        ("markdown", "<div>甲</div></body>\n\n乙", ["甲", "乙"]),
    ],
)
def test_what_follows_an_end_that_ends_nothing_is_shown(form: str, source: str, shown: list[str]) -> None:
    assert words(form, source) == shown
