"""Taking text in: what becomes of it, and that nothing disappears in silence."""

from typing import Any

import pytest

from app.domain.document.model import Heading, ListItem, Paragraph, Quote, SpanKind, Table
from app.drafts.intake.service import Format, decode, take_in, to_document
from app.infra.errors import AppError, Invalid, TooLarge

TITLED = {"title": "标题"}


def _blocks(format: Format, content: Any, **fields: Any) -> list[tuple[str, str]]:  # noqa: A002
    document = to_document(format, content, TITLED | fields)
    return [(block.kind, getattr(block, "text", "")) for block in document.blocks]


def _codes(error: AppError) -> list[tuple[str, str | None]]:
    return [(reason.code, reason.field) for reason in error.reasons]


# --- plain text ------------------------------------------------------------------


def test_each_line_is_a_paragraph_and_keeps_every_character() -> None:
    text = "　　第一段 \r\n\r\n\t第二段🙂\u200b\u00a0\r第三段ﬁ㎏"

    assert [words for _, words in _blocks(Format.TEXT, text)] == [
        "　　第一段 ",
        "\t第二段🙂\u200b\u00a0",
        "第三段ﬁ㎏",
    ]


@pytest.mark.parametrize(
    ("content", "given_title", "title", "first"),
    [
        ("一\n二", None, "一", "二"),
        ("\n  一  \n二", "", "一", "二"),
        ("一\n二", "一", "一", "二"),
        ("一\n二", "另一个", "另一个", "一"),
    ],
)
def test_the_first_line_is_the_title_where_none_is_given(
    content: str, given_title: str | None, title: str, first: str
) -> None:
    document = to_document(Format.TEXT, content, {"title": given_title})

    assert document.title == title
    assert isinstance(document.blocks[0], Paragraph)
    assert document.blocks[0].text == first


def test_a_first_line_too_long_for_a_title_is_none() -> None:
    with pytest.raises(Invalid) as refused:
        to_document(Format.TEXT, "长" * 201 + "\n二", {})
    assert _codes(refused.value) == [("title_missing", "title")]


def test_the_marks_of_an_encoding_and_control_characters_are_listed() -> None:
    taken = take_in(Format.TEXT, "\ufeff标题\n第\x0b一\x1e段\x1e", {})

    assert taken.document.blocks == (Paragraph(text="第一段"),)
    assert [one.what for one in taken.left_out] == [
        "U+FEFF ZERO WIDTH NO-BREAK SPACE",
        "U+000B × 1",
        "U+001E × 2",
    ]


# --- Markdown --------------------------------------------------------------------

MARKDOWN = """# 标题

第一行
第二行 **粗*斜***，见[办法](https://www.mca.gov.cn/a)。

## 小节

- 一
  1. 甲

  续

> 引文

| 项目 | 金额 |
|---|---|
| 低保 | [780](https://x.gov.cn) |

    代码

***

![合影](http://example.com/a.jpg)

<div>块<br>里</div>
"""


def test_markdown_becomes_blocks() -> None:
    taken = take_in(Format.MARKDOWN, MARKDOWN, {})

    blocks = taken.document.blocks
    assert taken.document.title == "标题"
    assert [(block.kind, getattr(block, "text", "")) for block in blocks] == [
        ("paragraph", "第一行第二行 粗斜，见办法。"),
        ("heading", "小节"),
        ("list_item", "一"),
        ("list_item", "甲"),
        ("list_item", "续"),
        ("quote", "引文"),
        ("table", ""),
        ("paragraph", "代码"),
        ("divider", ""),
        ("paragraph", "块"),
        ("paragraph", "里"),
    ]
    assert isinstance(blocks[0], Paragraph)
    assert [(one.kind, blocks[0].text[one.start : one.end], one.href) for one in blocks[0].spans] == [
        (SpanKind.BOLD, "粗斜", None),
        (SpanKind.ITALIC, "斜", None),
        (SpanKind.LINK, "办法", "https://www.mca.gov.cn/a"),
    ]
    assert isinstance(blocks[3], ListItem)
    assert (blocks[3].ordered, blocks[3].depth) == (True, 1)
    assert isinstance(blocks[6], Table)
    assert blocks[6].rows == (("项目", "金额"), ("低保", "780"))
    (span,) = blocks[6].spans
    assert (span.row, span.column, span.start, span.end, span.href) == (1, 1, 0, 3, "https://x.gov.cn")
    assert {(one.kind, one.what) for one in taken.left_out} == {
        ("image", "合影 http://example.com/a.jpg"),
    }


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("中\n文", "中文"),
        ("word\nword", "word word"),
        ("中\nword", "中 word"),
        ("（甲）\n乙", "（甲）乙"),
        ("甲　\n　乙", "甲　　乙"),
        ("~~删~~", "删"),
        ("a &amp; b &lt;", "a & b <"),
        ("`代码`", "代码"),
        ("\\*星\\*", "*星*"),
    ],
)
def test_line_breaks_of_layout_go_between_wide_characters_only(content: str, text: str) -> None:
    assert _blocks(Format.MARKDOWN, content) == [("paragraph", text)]


def test_hard_breaks_part_paragraphs_and_stay_in_list_items() -> None:
    assert _blocks(Format.MARKDOWN, "甲  \n乙") == [("paragraph", "甲"), ("paragraph", "乙")]
    assert _blocks(Format.MARKDOWN, "- 甲<br>乙") == [("list_item", "甲\n乙")]


# --- HTML ------------------------------------------------------------------------

HTML = """<!DOCTYPE html><!-- 版本 --><html><head><meta charset="gb2312"><title>网页标题</title>
<style>p{color:red}</style><script src="/a.js"></script></head><body>
<h1>标 题</h1>
<div><p>第一行
第二行<br>第三行 <b>粗<i>斜</i></b> <a
href="https://a.gov.cn/x">链接</a> <a href="javascript:alert(1)">坏</a></p>
<p style="color:red; DISPLAY: none">看不见</p><p hidden>也看不见</p></div>
<ul><li>一<p>续</p></li><li><ol><li>甲</li></ol></li></ul>
<table><caption>表</caption><tr><td>a<td>b</tr><tr><td>c</table>
<table><tr><td><p>框里</p></td></tr></table>
<figure><p><img src="sha256:{sha}" alt="图"></p><figcaption>图 说</figcaption></figure>
<form>表单<input value="1"><select><option>选项</option></select></form>
<ruby>汉<rt>hàn</rt></ruby><o:p>字</o:p><del>旧</del><ins>新</ins>
<iframe src="https://v.example.com/1"></iframe><pre>甲
乙</pre>尾&#1;</body></html>""".replace("{sha}", "a" * 64)


def test_html_becomes_blocks_and_the_rest_is_listed() -> None:
    taken = take_in(Format.HTML, HTML, {})

    assert taken.document.title == "标 题"
    assert [
        (block.kind, getattr(block, "text", getattr(block, "rows", getattr(block, "caption", ""))))
        for block in taken.document.blocks
    ] == [
        ("paragraph", "第一行第二行"),
        ("paragraph", "第三行 粗斜 链接 坏"),
        ("list_item", "一"),
        ("list_item", "续"),
        ("list_item", "甲"),
        ("table", (("a", "b"), ("c", ""))),
        ("paragraph", "框里"),
        ("image", "图 说"),
        ("paragraph", "表单"),
        ("paragraph", "汉字旧新"),
        ("paragraph", "甲"),
        ("paragraph", "乙"),
        ("paragraph", "尾"),
    ]
    (read_aloud,) = [block for block in taken.document.blocks if getattr(block, "text", "") == "汉字旧新"]
    assert isinstance(read_aloud, Paragraph)
    assert [(span.kind, span.reading) for span in read_aloud.spans if span.reading] == [
        (SpanKind.RUBY, "hàn")
    ]
    assert [(one.kind, one.what) for one in taken.left_out] == [
        ("iframe", "https://v.example.com/1"),
        ("link", "坏 javascript:alert(1)"),
        ("hidden_text", "看不见"),
        ("hidden_text", "也看不见"),
        ("input", "1"),
        ("select", "选项"),
        ("page_title", "网页标题"),
        ("control_character", "U+0001 × 1"),
        ("script", "/a.js"),
        ("comment", "版本"),
    ]


def test_the_title_of_the_page_serves_where_there_is_no_heading() -> None:
    taken = take_in(Format.HTML, "<title>网页标题</title><p>正文</p>", {})

    assert (taken.document.title, taken.left_out) == ("网页标题", ())


@pytest.mark.parametrize("level", range(1, 7))
def test_headings_keep_their_order_of_rank(level: int) -> None:
    document = to_document(Format.HTML, f"<p>一</p><h{level}>二</h{level}>", TITLED)

    assert document.blocks[1] == Heading(text="二", level=max(1, level - 1))


def test_a_quote_is_a_quote() -> None:
    document = to_document(Format.HTML, "<blockquote><p>一</p>二</blockquote>", TITLED)

    assert document.blocks == (Quote(text="一"), Quote(text="二"))


@pytest.mark.parametrize(
    ("format_", "content"),
    [
        (Format.HTML, "<div>" * 5000 + "深" + "</div>" * 5000),
        (Format.MARKDOWN, ">" * 3000 + " 深"),
    ],
)
def test_nesting_that_nobody_writes_is_refused(format_: Format, content: str) -> None:
    with pytest.raises(Invalid) as refused:
        to_document(format_, content, TITLED)
    assert _codes(refused.value) == [("nested_too_deep", "content")]


# --- blocks ----------------------------------------------------------------------


def test_blocks_are_taken_as_they_are() -> None:
    blocks = [
        {"kind": "paragraph", "text": " 甲 ", "spans": [{"kind": "bold", "start": 1, "end": 2}]},
        {"kind": "divider"},
    ]

    document = to_document(Format.BLOCKS, blocks, TITLED)

    assert document.model_dump(mode="json")["blocks"][0]["text"] == " 甲 "
    assert [block.kind for block in document.blocks] == ["paragraph", "divider"]


def test_all_faults_of_blocks_are_told() -> None:
    blocks = [
        {"kind": "paragraph", "text": 1},
        {"kind": "poem", "text": "x"},
        {"kind": "paragraph", "text": "短", "spans": [{"kind": "bold", "start": 0, "end": 9}]},
        {"kind": "table", "rows": [["a"], ["b", "c"]]},
        {"kind": "heading", "text": "x", "level": 9},
        {"kind": "image", "sha256": "x"},
    ]

    with pytest.raises(Invalid) as refused:
        to_document(Format.BLOCKS, blocks, {})

    assert _codes(refused.value) == [
        ("field", "content.0.paragraph.text"),
        ("field", "content.1"),
        ("field", "content.2.paragraph"),
        ("field", "content.3.table"),
        ("field", "content.4.heading.level"),
        ("field", "content.5.image.sha256"),
        ("title_missing", "title"),
    ]


def test_control_characters_in_blocks_are_refused_for_spans_count_on_them() -> None:
    with pytest.raises(Invalid) as refused:
        to_document(Format.BLOCKS, [{"kind": "paragraph", "text": "a\x1eb"}], TITLED)
    assert _codes(refused.value) == [("control_character", "content.0")]


# --- what no format takes --------------------------------------------------------


@pytest.mark.parametrize(
    ("format_", "content", "fields", "codes"),
    [
        (Format.TEXT, "", {}, [("title_missing", "title"), ("content_empty", "content")]),
        (Format.TEXT, " \n\u3000", TITLED, [("content_empty", "content")]),
        (Format.TEXT, "标题", {}, [("content_empty", "content")]),
        (Format.MARKDOWN, "# 标题", {}, [("content_empty", "content")]),
        (Format.HTML, "", TITLED, [("content_empty", "content")]),
        (
            Format.HTML,
            "<!-- x -->",
            TITLED,
            [("content_empty", "content"), ("only_left_out", "content")],
        ),
        (
            Format.HTML,
            "<script>x</script>",
            TITLED,
            [("content_empty", "content"), ("only_left_out", "content")],
        ),
        (Format.BLOCKS, [], TITLED, [("content_empty", "content")]),
        (Format.BLOCKS, [{"kind": "divider"}], TITLED, [("content_empty", "content")]),
        (Format.BLOCKS, "text", TITLED, [("content_wrong_type", "content")]),
        (Format.TEXT, [], TITLED, [("content_wrong_type", "content")]),
        (Format.TEXT, "a\x00b\x00", TITLED, [("nul_character", "content"), ("nul_character", "content")]),
        (
            Format.TEXT,
            "a\ud800",
            {"title": "\x07"},
            [("control_character", "title"), ("lone_surrogate", "content")],
        ),
        (Format.BLOCKS, [{"kind": "paragraph", "text": "\udfff"}], TITLED, [("lone_surrogate", "content.0")]),
        (Format.TEXT, "正文", {"title": "   "}, [("title_missing", "title")]),
        (Format.TEXT, "正文", {"title": "长" * 201}, [("field", "title")]),
    ],
)
def test_unusable_content_names_every_fault(
    format_: Format, content: Any, fields: dict[str, Any], codes: list[tuple[str, str]]
) -> None:
    with pytest.raises(Invalid) as refused:
        to_document(format_, content, fields)
    assert refused.value.code == "content_unusable"
    assert _codes(refused.value) == codes


@pytest.mark.parametrize(
    ("source", "listed"),
    [
        ("<p>甲</p><!-- 乙", [("comment", "乙")]),
        ("<!-- 乙", [("comment", "乙")]),
        ("<p>甲</p><b class=乙", [("markup", "<b class=乙")]),
        ("<p>甲</p><script>乙", [("script", "乙")]),
        ("<p>甲</p><![CDATA[乙]]>", [("comment", "[CDATA[乙]]")]),
    ],
)
def test_what_has_no_end_is_listed(source: str, listed: list[tuple[str, str]]) -> None:
    taken = take_in(Format.HTML, f"<p>始</p>{source}", TITLED)

    assert [(one.kind, one.what) for one in taken.left_out] == listed


@pytest.mark.parametrize("format_", [Format.TEXT, Format.MARKDOWN, Format.HTML])
def test_the_limit_is_five_million_bytes(format_: Format) -> None:
    with pytest.raises(TooLarge) as refused:
        to_document(format_, "长" * 1_666_667, TITLED)
    assert refused.value.data == {"bytes": 5_000_001, "limit": 5_000_000}


def test_bytes_that_are_no_utf8_name_the_place() -> None:
    assert decode("正文".encode()) == "正文"
    with pytest.raises(Invalid) as refused:
        decode("正文".encode() + b"\xff")
    assert [(one.code, one.data) for one in refused.value.reasons] == [("broken_utf8", {"at": 7})]
