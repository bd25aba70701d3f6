"""What a source means is what the document says: numbers, columns, struck words, emphasis, hidden words."""

from collections.abc import Sequence
from typing import Any

import pytest

from app.domain.document.list_numbers import ordinals, sign
from app.domain.document.model import (
    Align,
    Block,
    Heading,
    ListItem,
    Merge,
    Numbering,
    Paragraph,
    SpanKind,
    Table,
)
from app.drafts.intake.service import Format, Intake, take_in
from app.infra.errors import Invalid


def taken(form: str, content: str, **fields: Any) -> Intake:
    return take_in(Format(form), content, {"title": "题", **fields})


def blocks(form: str, content: str, **fields: Any) -> tuple[Block, ...]:
    return taken(form, content, **fields).document.blocks


def words(form: str, content: str) -> list[str]:
    """What a reader sees, line by line: signs of lists, and marks that mean something around their words."""
    return shown_lines(blocks(form, content))


def shown_lines(found: Sequence[Block]) -> list[str]:
    shown = []
    for block, number in zip(found, ordinals(found), strict=True):
        if isinstance(block, Table):
            shown += ["|".join(row) for row in block.rows]
            continue
        text = getattr(block, "text", block.kind)
        for span in sorted(getattr(block, "spans", ()), key=lambda one: -one.start):
            mark = {"strike": "~", "superscript": "^", "subscript": "_", "bold": "*"}.get(span.kind, "")
            text = f"{text[: span.start]}{mark}{text[span.start : span.end]}{mark}{text[span.end :]}"
        if isinstance(block, ListItem):
            before = "" if block.continues else "•" if number is None else sign(number, block.numbering)
            text = f"{'  ' * block.depth}{before}{text}"
        shown.append(text)
    return shown


def lost(form: str, content: str, **fields: Any) -> list[tuple[str, str]]:
    return [(one.kind, one.what) for one in taken(form, content, **fields).left_out]


@pytest.mark.parametrize(
    ("form", "content", "shown"),
    [
        ("html", "<p>约6×10<sup>23</sup>个，CO<sub>2</sub></p>", ["约6×10²³个，CO₂"]),
        ("markdown", "面积20km<sup>2</sup>", ["面积20km²"]),
        ("html", "<p>10<sup>-3</sup>，第2<sup>次</sup></p>", ["10⁻³，第2^次^"]),
        ("html", "<p>a<span style='vertical-align:super;font-size:9px'>3</span></p>", ["a³"]),
        ("html", "<p>原价<s>80</s>60元</p>", ["原价~80~60元"]),
        ("html", "<p>原价<span style='text-decoration: line-through'>80</span>60</p>", ["原价~80~60"]),
        ("html", "<p>原价<del>80</del>60元</p>", ["原价~80~60元"]),
        ("markdown", "原价~~80~~60元", ["原价~80~60元"]),
        ("html", "<p>他说<q>马上办<q>就办</q></q>。</p>", ["他说“马上办‘就办’”。"]),
        ("html", "<p style='font-weight:bold'>重</p><b style='font-weight:normal'>轻</b>", ["*重*", "轻"]),
    ],
)
def test_marks_that_mean_something_stay(form: str, content: str, shown: list[str]) -> None:
    assert words(form, content) == shown


@pytest.mark.parametrize(
    ("form", "content", "shown"),
    [
        ("html", "<ol start=4><li>四<li value=9>九<li>十</ol>", ["4.四", "9.九", "10.十"]),
        ("html", "<ol reversed><li>甲<li>乙</ol>", ["2.甲", "1.乙"]),
        ("html", "<ol type=a start=3><li>x</ol><ol type=I><li>y</ol>", ["c.x", "I.y"]),
        ("html", "<ol style='list-style-type:cjk-ideographic'><li>甲<li>乙</ol>", ["一、甲", "二、乙"]),
        ("html", "<ol><li><p>一</p><p>续</p></li><li>二</li></ol>", ["1.一", "续", "2.二"]),
        ("html", "<ol><li>一</li></ol><p>段</p><ol start=2><li>二</li></ol>", ["1.一", "段", "2.二"]),
        ("html", "<ol><li>一<table><tr><td>a<td>b</table><li>二</ol>", ["1.一", "a|b", "2.二"]),
        ("html", "<ol><li>一<ul><li>点</ul>后</li><li>二</ol>", ["1.一", "  •点", "  后", "2.二"]),
        ("html", "<ol start=3><li><h3>节</h3></li></ol>", ["3. 节"]),
        ("html", "<ul style='list-style:none'><li>无点</ul>", ["无点"]),
        (
            "html",
            (
                '<ol><li data-list="bullet">点<li data-list="ordered">一<li data-list="ordered"'
                ' class="ql-indent-1">甲<li data-list="ordered">二<li data-list="checked">办</ol>'
            ),
            ["•点", "1.一", "  a.甲", "2.二", "•☑ 办"],
        ),
        (
            "html",
            "<ul><li><input type=checkbox checked>办<li><input type=checkbox>未办</ul>",
            ["•☑ 办", "•☐ 未办"],
        ),
        ("markdown", "7. 七\n8. 八\n\n说明\n\n9. 九", ["7.七", "8.八", "说明", "9.九"]),
        ("markdown", "2025. 上年总结\n2026. 年度计划", ["2025.上年总结", "2026.年度计划"]),
        ("markdown", "1. 一\n1. 二\n1. 三", ["1.一", "2.二", "3.三"]),
        ("markdown", "3. 三\n\n   续\n\n4. 四", ["3.三", "续", "4.四"]),
        ("markdown", "- [x] 办\n- [ ] 未办", ["•☑ 办", "•☐ 未办"]),
        ("text", "首行\n2026. 年度计划", ["首行", "2026. 年度计划"]),
    ],
)
def test_lists_keep_their_numbers(form: str, content: str, shown: list[str]) -> None:
    assert words(form, content) == shown


def test_a_number_that_no_list_can_have_stays_in_the_words() -> None:
    (item,) = blocks("html", "<ol start=99999999999><li>多</ol>")
    assert item == ListItem(text="99999999999. 多")


@pytest.mark.parametrize(
    ("content", "rows", "merges", "heads"),
    [
        (
            "<tr><th rowspan=2>乡镇<th colspan=2>户数<tr><th>低保<th>特困<tr><td>甲<td>1<td>2",
            (("乡镇", "户数", ""), ("", "低保", "特困"), ("甲", "1", "2")),
            ((0, 0, 2, 1), (0, 1, 1, 2)),
            2,
        ),
        (
            "<tr><td>区<td>数<tr><td rowspan=2>甲<td>1<tr><td>2<tr><td>乙<td>3",
            (("区", "数"), ("甲", "1"), ("", "2"), ("乙", "3")),
            ((1, 0, 2, 1),),
            1,
        ),
        (
            "<tr><td colspan=2>公示表<tr><td>姓名<td>户数<tr><td>甲<td>1",
            (("公示表", ""), ("姓名", "户数"), ("甲", "1")),
            ((0, 0, 1, 2),),
            2,
        ),
        ("<tr><td>a<td>b<tr><td rowspan=9>c", (("a", "b"), ("c", "")), (), 1),
        ("<tr><td rowspan=2>a<td>b<tr><td colspan=3>c", (("a", "b", "", ""), ("", "c", "", "")), None, 1),
        ("<thead><tr><td>a<td>b</thead><tr><td>1<td>2", (("a", "b"), ("1", "2")), (), 1),
        (
            "<thead><tr><th rowspan=3>a<th>b</thead><tbody><tr><td>1<td>2</tbody>",
            (("a", "b"), ("1", "2")),
            (),
            1,
        ),
        (
            "<tbody><tr><td rowspan=0>a<td>b<tr><td>c</tbody><tbody><tr><td>d<td>e</tbody>",
            (("a", "b"), ("", "c"), ("d", "e")),
            ((0, 0, 2, 1),),
            1,
        ),
        (
            "<tr><td rowspan=2>a<td>b<tr></tr><tr></tr><tr><td>c<td>d",
            (("a", "b"), ("", ""), ("c", "d")),
            ((0, 0, 2, 1),),
            1,
        ),
        (
            "<tfoot><tr><td>计<td>3</tfoot><tbody><tr><td>x<td>1<tr><td>y<td>2</tbody>",
            (("x", "1"), ("y", "2"), ("计", "3")),
            (),
            1,
        ),
        (
            "<tbody><tr><td>x<td>1</tbody><thead><tr><td>名<td>数</thead><thead><tr><td>z<td>9</thead>",
            (("名", "数"), ("x", "1"), ("z", "9")),
            (),
            1,
        ),
    ],
)
def test_every_value_keeps_its_column(
    content: str, rows: tuple[tuple[str, ...], ...], merges: tuple[tuple[int, ...], ...] | None, heads: int
) -> None:
    for form, text in (
        ("html", f"<table>{content}</table>"),
        ("markdown", f"前\n\n<table>\n{content}\n\n</table>"),
    ):
        table = blocks(form, text)[-1]
        assert isinstance(table, Table)
        assert (table.rows, table.head_rows) == (rows, heads)
        if merges is not None:
            assert table.merges == tuple(
                Merge(row=row, column=column, rows=height, columns=width)
                for row, column, height, width in merges
            )


def test_cells_keep_breaks_marks_signs_of_lists_and_what_is_too_much_for_the_head() -> None:
    (table,) = blocks("markdown", "时间|地点\n---|---\n周一<br>周二|3m<sup>2</sup>\\|**甲**|备注")
    assert isinstance(table, Table)
    assert table.rows == (("时间", "地点", ""), ("周一\n周二", "3m²|甲", "备注"))
    assert [(span.kind, span.row, span.column, span.start) for span in table.spans] == [("bold", 1, 1, 4)]
    inner = "<td>外<table><tr><td>里<td>层</table><td><ol start=2><li>项</ol>"
    found = taken("html", f"<table><tr>{inner}</table>")
    assert isinstance(table := found.document.blocks[0], Table)
    assert table.rows == (("外\n里　层", "2. 项"),)
    assert [(one.kind, one.what) for one in found.left_out] == [("nested_table", "里　层")]


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("学习**《民法典》**精神，落实**“放管服”**改革", "学习*《民法典》*精神，落实*“放管服”*改革"),
        ("要**统筹推进，**抓好落实", "要*统筹推进，*抓好落实"),
        ("**（一）**基本情况", "*（一）*基本情况"),
        ("按**“十四五”**规划和**《办法》**执行", "按*“十四五”*规划和*《办法》*执行"),
        ("达到**50%**以上，**Note:**说明", "达到*50%*以上，*Note:*说明"),
        ("面积5*6*7平方米，2**10", "面积5*6*7平方米，2**10"),
        ("人口_总数_表", "人口_总数_表"),
    ],
)
def test_emphasis_is_where_a_chinese_writer_put_it(content: str, shown: str) -> None:
    assert words("markdown", content) == [shown]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("他说：“好”\n并要求", "他说：“好”并要求"),
        ("提出要求——\n一是", "提出要求——一是"),
        ("等等……\n“另外”", "等等……“另外”"),
        ("甲·\n乙①\n丙※\n丁", "甲·乙①丙※丁"),
        ("增长，\nGDP达到", "增长，GDP达到"),
        ("截至\n2024\n年底", "截至2024年底"),
        ("He said “good”\nand left", "He said “good” and left"),
        ("使用\nWord\n文档", "使用 Word 文档"),
        ("编号 12\n34", "编号 12 34"),
    ],
)
@pytest.mark.parametrize("form", ["markdown", "html"])
def test_a_line_end_of_the_source_puts_no_space_into_chinese(form: str, source: str, text: str) -> None:
    content = f"<p>{source}</p>" if form == "html" else source
    assert words(form, content) == [text]


def test_footnotes_stand_below_with_their_marks() -> None:
    source = "增长[^a]，下降[^乙]。\n\n[^乙]: 第二注\n[^a]: 第一注\n    续行\n[^c]: 没有人引的注\n"
    assert words("markdown", source) == [
        "增长^[1]^，下降^[2]^。",
        "[1] 第一注续行",
        "[2] 第二注",
        "[3] 没有人引的注",
    ]
    assert lost("markdown", source) == []
    assert words("markdown", "没有这条注[^x]") == ["没有这条注[^x]"]


@pytest.mark.parametrize(
    "head",
    [
        "---\ntitle: 关于开展排查的通知\nauthor: [张三, 李四]\ndate: 2026-03-01\ntags:\n- 通知\n---\n",
        (
            '+++\ntitle = "关于开展排查的通知"\nauthor = ["张三", "李四"]\n'
            'date = 2026-03-01\ntags = ["通知"]\n+++\n'
        ),
    ],
)
def test_the_head_of_a_file_is_read_and_the_rest_of_it_listed(head: str) -> None:
    found = take_in(Format.MARKDOWN, f"{head}\n# 关于开展排查的通知\n\n正文。", {})
    assert (found.document.title, found.document.byline) == ("关于开展排查的通知", "张三、李四")
    assert found.document.blocks == (Paragraph(text="正文。"),)
    listed = [("front_matter", "date: 2026-03-01"), ("front_matter", "tags: 通知")]
    assert [(one.kind, one.what) for one in found.left_out] == listed
    other = take_in(Format.MARKDOWN, f"{head}\n正文。", {"title": "另题"})
    assert ("front_matter", "title: 关于开展排查的通知") in [(one.kind, one.what) for one in other.left_out]


@pytest.mark.parametrize(
    "source", ["---\n\n甲\n\n---\n乙", "---\n甲乙\n---\n丙", "---\na: &x [1]\nb: *x\n---\n丙"]
)
def test_what_is_no_head_is_text(source: str) -> None:
    text = "".join(words("markdown", source))
    assert all(char in text for char in source if char in "甲乙丙")
    assert lost("markdown", source) == []


@pytest.mark.parametrize(
    ("content", "shown", "hidden"),
    [
        ('<p style="visibility:hidden">藏<b style="visibility:visible">现</b></p>', ["*现*"], ["藏"]),
        ('<section style="font-size:0"><p style="font-size:15px">现</p>藏</section>', ["现"], ["藏"]),
        ('<p>现</p><p style="font-size:0"><span style="font-size:2em">藏</span></p>', ["现"], ["藏"]),
        ('<p>现</p><div style="display:none"><p style="display:block">藏</p></div>', ["现"], ["藏"]),
        (
            '<p>现</p><p style="opacity:0">藏</p><p style="opacity:0;animation:in 1s">渐</p>',
            ["现", "渐"],
            ["藏"],
        ),
        ('<p hidden>藏</p><p hidden style="display:block">现</p>', ["现"], ["藏"]),
        ('<div id="js_content" style="visibility:hidden;opacity:0"><p>现</p></div>', ["现"], []),
        ('<body style="visibility:hidden"><p>现</p></body>', ["现"], []),
        ('<table><tr><td>现<td style="display:none">藏<td>列</table>', ["现|列"], ["藏"]),
    ],
)
def test_hidden_is_what_a_browser_hides(content: str, shown: list[str], hidden: list[str]) -> None:
    assert words("html", content) == shown
    assert lost("html", content) == [("hidden_text", text) for text in hidden]


@pytest.mark.parametrize(
    ("form", "content", "listed"),
    [
        ("html", '<img data-src="https://a.cn/1.png" alt="图">', [("image", "图 https://a.cn/1.png")]),
        ("html", '<img src="data:image/gif;base64,R0" data-src="https://a.cn/1">', [("image", "https://a.cn/1")]),
        ("html", "<img alt=图>", [("image", "图 （没有地址）")]),
        ("html", '<p style="background: url(https://a.cn/b)"></p>', [("background_image", "https://a.cn/b")]),
        ("html", '<mpvoice name="录音" voice_encode_fileid="M1"></mpvoice>', [("audio", "录音 M1")]),
        ("html", '<mp-common-profile data-nickname="办事"></mp-common-profile>', [("embedded", "办事")]),
        ("html", '<iframe data-src="https://v.cn/1"></iframe>', [("iframe", "https://v.cn/1")]),
        ("html", '<video><source src="a.mp4"></video>', [("video", "a.mp4")]),
        ("html", '<audio src="b.mp3"></audio>', [("audio", "b.mp3")]),
        ("html", '<a href="/f/1.pdf">附件1</a>', [("link", "附件1 /f/1.pdf")]),
        ("html", '<a href="#n">注</a>', [("link", "注 #n")]),
        ("markdown", "[附件](/f/1.pdf) ![图](a.png)", [("image", "图 a.png"), ("link", "附件 /f/1.pdf")]),
        ("markdown", '[链](https://a.cn "说明")', [("title_attribute", "说明")]),
        ("html", '<abbr title="国内生产总值">GDP</abbr>', [("title_attribute", "国内生产总值")]),
        ("html", "<ol style='list-style-type:upper-greek'><li>甲</ol>", [("list_style", "upper-greek")]),
        ("html", "<h1>补贴<s>500</s>600x<sup>a</sup></h1>", [("strikethrough", "500"), ("superscript", "a")]),
    ],
)  # fmt: skip
def test_what_a_document_cannot_hold_is_listed_with_its_words(
    form: str, content: str, listed: list[tuple[str, str]]
) -> None:
    found = take_in(Format(form), f"{content}\n\n<p>文</p>", {} if "<h1>" in content else {"title": "题"})
    assert [(one.kind, one.what) for one in found.left_out] == listed
    if "<h1>" in content:
        assert found.document.title == "补贴600xa"


def test_links_that_lead_out_stay_and_relative_ones_lead_from_the_source() -> None:
    links = '<a href="tel:12345">热线</a><a href="mailto:a@b.cn">信箱</a><a href="../f.pdf">附件</a>'
    (block,) = blocks("html", links, source_url="https://www.a.gov.cn/n/1/x.html")
    assert isinstance(block, Paragraph)
    assert [span.href for span in block.spans] == [
        "tel:12345",
        "mailto:a@b.cn",
        "https://www.a.gov.cn/n/f.pdf",
    ]
    spans = [{"kind": "link", "start": 0, "end": 1, "href": href} for href in ("/f.pdf", "tel:1")]
    found = take_in(Format.BLOCKS, [{"kind": "paragraph", "text": "甲", "spans": spans}], {"title": "题"})
    assert isinstance(block := found.document.blocks[0], Paragraph)
    assert [span.href for span in block.spans] == ["tel:1"]
    assert [(one.kind, one.what) for one in found.left_out] == [("link", "/f.pdf")]


def test_the_marks_of_word_are_said_once_and_last() -> None:
    noise = "<p><!--[if !supportLists]-->·<!--[endif]-->甲</p>" * 30
    found = taken("html", f"{noise}<script>1</script><img src=x.png><!--StartFragment-->")
    assert [(one.kind, one.count) for one in found.left_out] == [
        ("image", 1),
        ("script", 1),
        ("word_markup", 61),
    ]
    many = taken("html", "<p>文</p>" + "".join(f"<!--{number}-->" for number in range(50)))
    assert len(many.left_out) == 10
    assert sum(one.count for one in many.left_out) == 50
    assert found.listed()[0] == {"kind": "image", "what": "x.png"}
    assert found.listed()[-1]["count"] == 61


def test_a_text_of_pictures_only_is_refused_with_what_there_was() -> None:
    with pytest.raises(Invalid) as refused:
        taken("html", "<img src=a.png><img src=b.png><p hidden>藏</p>")
    assert [one.code for one in refused.value.reasons] == ["content_empty", "only_left_out"]
    assert refused.value.reasons[1].data["what"] == "图片 2 处、隐藏的文字 1 处"
    assert [one["what"] for one in refused.value.data["left_out"]] == ["a.png", "b.png", "藏"]


def test_headings_keep_their_ranks_and_lines_their_places() -> None:
    found = blocks("html", "<h1>甲</h1><h2>乙</h2><h6>丙</h6><p align=right>市民政局</p><center>中</center>")
    assert [block.level for block in found[:3] if isinstance(block, Heading)] == [1, 2, 6]
    assert [getattr(block, "align", None) for block in found[3:]] == [Align.RIGHT, Align.CENTER]
    assert [
        block.level for block in blocks("html", "<h2>乙</h2><h3>丙</h3>") if isinstance(block, Heading)
    ] == [1, 2]


def test_numbers_and_marks_are_kept_as_data() -> None:
    (item,) = blocks("html", "<ol type=A start=2><li>乙<sup>甲</sup></ol>")
    assert isinstance(item, ListItem)
    assert (item.number, item.numbering, item.spans[0].kind) == (
        2,
        Numbering.UPPER_ALPHA,
        SpanKind.SUPERSCRIPT,
    )


def test_a_tag_without_an_end_takes_nothing_with_it() -> None:
    source = "填写<title>和<textarea>的办法\n\n第二段"
    assert words("markdown", source) == ["填写<title>和<textarea>的办法", "第二段"]


def test_what_is_lowered_within_what_is_raised_stays_so() -> None:
    (paragraph,) = blocks("html", "<p>2<sup>10<sub>3</sub></sup></p>")
    assert isinstance(paragraph, Paragraph)
    assert paragraph.text == "2¹⁰3"
    assert {span.kind for span in paragraph.spans} == {SpanKind.SUPERSCRIPT, SpanKind.SUBSCRIPT}


@pytest.mark.parametrize("name", ["title", "data-title", "data-tooltip", "data-note", "data-original-title"])
def test_hints_are_listed_wherever_a_page_keeps_them(name: str) -> None:
    left_out = taken("html", f"<p>甲<sup {name}='悬停才见'>①</sup></p>").left_out
    assert [(entry.kind, entry.what) for entry in left_out] == [("title_attribute", "悬停才见")]


@pytest.mark.parametrize(
    ("source", "text", "slanted"),
    [
        ("*斜*体", "斜体", ["斜"]),
        ("**粗*不斜*粗**后", "粗*不斜*粗后", []),
        ("长*宽*高", "长*宽*高", []),
        ("*注：长*宽*高", "*注：长*宽*高", []),
        ("按*《办法》*执行", "按《办法》执行", ["《办法》"]),
    ],
)
def test_one_asterisk_slants_words_and_multiplies_numbers(source: str, text: str, slanted: list[str]) -> None:
    (paragraph,) = blocks("markdown", source)
    assert isinstance(paragraph, Paragraph)
    assert paragraph.text == text
    spans = [span for span in paragraph.spans if span.kind is SpanKind.ITALIC]
    assert [text[span.start : span.end] for span in spans] == slanted


def test_a_line_with_a_letter_as_its_sign_begins_anew() -> None:
    assert words("markdown", "前言：\na. 甲\nb. 乙\nii）丙") == ["前言：", "a. 甲", "b. 乙", "ii）丙"]
