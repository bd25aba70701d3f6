"""Files as parts: what is read as what, and where each character stands in the file."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.negative_list.files import read_parts
from app.negative_list.model import PartKind

MARKDOWN = """\
# 标题

- 第一项
2. 第二项
> 引用
正文 ![一张图](a.png "x") 完

| 姓名 | 证号 |
|---|---|
| 甲 | 1 |
"""
HTML = """\
<!doctype html><html><head><title>网页标题</title><style>p { color: red }</style></head>
<body><h1>网页标题</h1><p>第一<b>段</b>&lt;文字&gt;<br>换行</p>
<img src="a.png" alt="图的文字"><a href="https://example.com/" title="说明">链接</a>
<table><caption>表题</caption><tr><th>姓名</th><th>证号</th></tr><tr><td>甲</td><td></td></tr></table>
<figure><img src="b.png"><figcaption>图注</figcaption></figure><p>没有关
"""


def kinds(text: str, suffix: str) -> list[tuple[PartKind, str]]:
    return [(part.kind, part.text.strip()) for part in read_parts(text, suffix).parts]


def test_plain_text_is_a_title_and_lines() -> None:
    assert kinds("\ufeff\r\n题\r\n一\n\n二\r三", ".txt") == [
        (PartKind.TITLE, "题"),
        (PartKind.BODY, "一"),
        (PartKind.BODY, "二"),
        (PartKind.BODY, "三"),
    ]


def test_markdown() -> None:
    read = read_parts(MARKDOWN, ".md")
    found = kinds(MARKDOWN, ".md")
    assert found[:4] == [
        (PartKind.TITLE, "标题"),
        (PartKind.BODY, "第一项"),
        (PartKind.BODY, "第二项"),
        (PartKind.BODY, "引用"),
    ]
    assert [kind for kind, _ in found[-3:]] == [PartKind.TABLE] * 3
    assert [(image.ref, image.alt) for image in read.structure.images] == [("images/0", "一张图")]
    assert read.structure.tables[0].rows == (("姓名", "证号"), ("甲", "1"))
    assert read.structure.fields == {"title": "标题"}


def test_html() -> None:
    read = read_parts(HTML, ".html")
    found = kinds(HTML, ".html")
    assert found[0] == (PartKind.TITLE, "网页标题")
    assert (PartKind.BODY, "第一段<文字>") in found
    assert (PartKind.ALT, "图的文字") in found
    assert (PartKind.LINK, "https://example.com/") in found
    assert (PartKind.CAPTION, "图注") in found
    assert (PartKind.BODY, "没有关") in found
    assert not any("color" in text for _, text in found)
    assert [image.alt for image in read.structure.images] == ["图的文字", ""]
    assert read.structure.tables[0].rows[-1] == ("甲", "")
    # The title of the page stands again as its first heading: that is one title, not two.
    assert [kind for kind, text in found if text == "网页标题"] == [PartKind.TITLE, PartKind.BODY]


@pytest.mark.parametrize(("text", "suffix"), [(MARKDOWN, ".md"), ("题\r\n一 二\n", ".txt")])
def test_each_character_stands_where_it_says(text: str, suffix: str) -> None:
    read = read_parts(text, suffix)
    for part in read.parts:
        places = read.places[part.ref]
        assert len(places) == len(part.text) + 1
        assert "".join(text[place] for place in places[:-1]) == part.text


HTML_PIECES = [
    "<p>",
    "</p>",
    "<b>",
    "</b>",
    "<br/>",
    "残",
    "废",
    "&nbsp;",
    "&#x6b8b;",
    "&amp",
    "\n",
    "\r\n",
    "<table>",
    "<tr>",
    "<td>",
    "</td>",
    "</tr>",
    "</table>",
    "🎉",
    "<",
    "&",
    "<script>",
    "</script>",
    "<!--x-->",
    "<img\talt='残废&amp;&#24223;'>",
    "<a\thref=http://a.b/?a&amp;b\tdata-alt='x'>",
]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(HTML_PIECES), max_size=20).map("".join))
def test_characters_of_any_html_stand_where_they_say(text: str) -> None:
    read = read_parts(text, ".html")
    for part in read.parts:
        places = read.places[part.ref]
        assert len(places) == len(part.text) + 1
        for char, place in zip(part.text, places, strict=False):
            assert text[place] in {char, "&"}


@given(st.text(max_size=200), st.sampled_from([".txt", ".md", ".html"]))
def test_any_text_can_be_read(text: str, suffix: str) -> None:
    read = read_parts(text, suffix)
    for part in read.parts:
        assert part.text.strip()
        assert all(0 <= place <= len(text) for place in read.places[part.ref])
