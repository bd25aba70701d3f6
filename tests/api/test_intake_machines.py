"""What machines show in a text's place is listed with all its words, names and addresses, hidden or not."""

import pytest

from app.infra.errors import Invalid
from tests.api.test_intake_meaning import lost, words

LONG = "字" * 300


@pytest.mark.parametrize(
    ("content", "kind", "listed"),
    [
        (
            f"<svg><style>.a{{}}</style><text>{LONG}</text><title>题</title></svg>",
            "svg",
            [f"{LONG}题"],
        ),
        (
            "<iframe src=//a.cn/x srcdoc='<p>内&lt;b&gt;页</p><img src=//a.cn/q alt=图>'></iframe>",
            "iframe",
            ["//a.cn/x", "内", "页", "图", "//a.cn/q"],
        ),
        (
            "<picture><source srcset='//a.cn/1 1x, //a.cn/2 2x'><img src=//a.cn/3 alt=图></picture>",
            "image",
            ["图", "//a.cn/1", "//a.cn/2", "//a.cn/3"],
        ),
        ("<img alt=图 srcset='//a.cn/1,2 1x,//a.cn/3 2x'>", "image", ["//a.cn/1,2", "//a.cn/3"]),
        (
            "<mp-common-poi data-name=%E5%B8%82%E6%B0%91 data-address=路 data-img=//a.cn/1></mp-common-poi>",
            "embedded",
            ["市民", "路", "//a.cn/1"],
        ),
        ("<mp-any data-what='某 物'><p>内文</p></mp-any>", "embedded", ["某 物", "内文"]),
        (
            f"<noscript><p>{LONG}</p><img src=https://a.cn/n alt=备图></noscript>",
            "noscript",
            [LONG, "备图", "https://a.cn/n"],
        ),
        (
            "<map name=m>图<area href=https://a.cn/a alt=区一><area href=/b alt=区二></map>",
            "map",
            ["图", "区一", "https://a.cn/a", "区二", "/b"],
        ),
        (
            "<object data=a.swf><param name=movie value=b.swf>备用<a href=https://a.cn/d>下载</a></object>",
            "object",
            ["a.swf", "b.swf", "备用", "https://a.cn/d", "下载"],
        ),
        (
            "<audio><source src=1.mp3><source src=1.ogg><a href=https://a.cn/d>下载</a></audio>",
            "audio",
            ["1.mp3", "1.ogg", "https://a.cn/d", "下载"],
        ),
        (
            "<video poster=p.jpg><source src=v.mp4><track src=t.vtt label=字幕>不支持</video>",
            "video",
            ["p.jpg", "v.mp4", "t.vtt", "字幕", "不支持"],
        ),
        ("<div style='display:none'>藏<img src=h.png alt=图></div>", "hidden_text", ["藏", "图", "h.png"]),
        ("<p style='visibility:hidden'>藏<img src=h.png alt=图></p>", "hidden_text", ["藏", "图", "h.png"]),
        ("<table><tr hidden><td><img src=h.png alt=图></table>", "hidden_text", ["图", "h.png"]),
        ("<select><option label=标>甲<option>乙</select>", "select", ["标", "甲", "乙"]),
        (f"<template>{LONG}</template>", "template", [LONG]),
        ("<table background=b.png><tr><td>甲<td>乙</table>", "background_image", ["b.png"]),
    ],
)  # fmt: skip
def test_all_that_it_says_is_listed(content: str, kind: str, listed: list[str]) -> None:
    told = [what for found, what in lost("html", f"<p>文</p>{content}") if found == kind]
    assert len(told) == 1
    assert all(word in told[0] for word in listed), told


def test_a_picture_behind_a_hidden_one_is_no_picture_of_the_text() -> None:
    ours = f"<img src=/api/v1/assets/{'a' * 64} alt=图>"
    assert words("html", f"<p style='visibility:hidden'>{ours}</p><p>文") == ["文"]
    assert words("html", f"<p style='font-size:0'>{ours}</p><p>文") == ["image", "文"]


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("<pre>姓名\t年龄\n甲\t\t3</pre>", ["姓名\t年龄", "甲\t\t3"]),
        ("<p style='white-space:pre-wrap'>a\tb   c</p><p>a\tb   c</p>", ["a\tb   c", "a b c"]),
        ("<p>12\x0c34\x0b56", ["12 34 56"]),
    ],
)
def test_white_space_that_is_shown_stays(content: str, shown: list[str]) -> None:
    assert words("html", content) == shown


@pytest.mark.parametrize(
    ("content", "shown", "listed"),
    [
        ("<p>甲<embed src=a.mp4 title=片>乙", ["甲乙"], [("embed", "片 a.mp4")]),
        (
            "<p><a data-miniprogram-path=p/1 href=''>办理</a><a href=''>空</a><a name=x>锚</a>",
            ["办理空锚"],
            [("link", "办理 p/1"), ("link", "空")],
        ),
        ("<p>式<span class=ql-formula data-value='e=mc^2'></span>", ["式"], [("math", "e=mc^2")]),
        ("<p>票<span data-vote=满意吗></span>", ["票"], [("embedded", "满意吗")]),
        ("<p>文</p><noframes>框</noframes>", ["文"], [("noscript", "框")]),
        ("<p>文</p><noembed>嵌</noembed>", ["文"], [("noscript", "嵌")]),
        ("<p><input type=radio checked>是<input type=radio>否", ["◉ 是○ 否"], []),
        ("<p>文<select><option>甲<option selected>乙</select>", ["文"], [("select", "甲乙（选中：乙）")]),
        ("<pre><code>a(1)</code><code>  b</code></pre>", ["a(1)", "  b"], []),
        ("<style>b::before{content:'第'}</style><p>文", ["文"], [("style_sheet", "样式表没有读")]),
        ("<style>a::after{content:'';list-style:none}b{content:'\\e900'}</style><p>文", ["文"], []),
        ("<p><b style='font-family:Wingdings'>Ø</b><font face=Symbol>a³</font>", ["*➢*α≥"], []),
        ("<p><font face=Webdings>a</font>文", ["a文"], [("symbol_font", "a（webdings）")]),
        (
            "<p><a href=https://a.cn><img src=x alt=图></a>文",
            ["文"],
            [("image", "图 x"), ("image_link", "图 https://a.cn")],
        ),
        ("<p><i style='font:9.5pt/12pt \"Symbol\", serif'>b</i>", ["β"], []),
    ],
)  # fmt: skip
def test_what_a_person_sees_is_there_or_listed(
    content: str, shown: list[str], listed: list[tuple[str, str]]
) -> None:
    assert words("html", content) == shown
    assert lost("html", content) == listed


def test_frames_are_named_where_there_is_nothing_else() -> None:
    with pytest.raises(Invalid) as refused:
        lost("html", "<frameset><frame src=https://a.cn/1></frameset>")
    assert [one["what"] for one in refused.value.data["left_out"]] == ["https://a.cn/1"]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("1) 一\n2) 二\n   - 子", ["1) 一", "2) 二", "  •子"]),
        ("(1) 一\n(2) 二", ["(1) 一", "(2) 二"]),
        ("一、总\n（一）甲\n①乙\n１．丙\n第二条 丁", ["一、总", "（一）甲", "①乙", "１．丙", "第二条 丁"]),
        ("　　首段\n　　次段", ["　　首段", "　　次段"]),
        ("增长5.2\n2.1个百分点\n二是", ["增长5.2 2.1个百分点二是"]),
    ],
)  # fmt: skip
def test_lines_that_chinese_writers_begin_anew_stay_lines(source: str, shown: list[str]) -> None:
    assert words("markdown", source) == shown
