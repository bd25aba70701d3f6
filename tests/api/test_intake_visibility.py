"""What nobody sees of a page is listed and not published; what only looks small, clipped or moved stays."""

import pytest

from app.drafts.intake.colours import Colour, colour_of
from tests.api.test_intake_meaning import lost, words


@pytest.mark.parametrize(
    "style",
    [
        "position:absolute; left:-10000px",
        "position:fixed;top:-99em",
        "position:relative;right:-1200px",
        "text-indent:-120em",
        "margin:0 0 0 -3000px",
        "margin-left:-100em",
        "margin-top:-9000px",
        "transform:translate3d(0,-4000px,0)",
        "position:absolute;clip:rect(1px, 1px, 1px, 1px)",
        "position:absolute;clip:rect(0 0 0 0)",
        "clip-path:inset(50% 50% 50% 50%)",
        "-webkit-clip-path:circle(0 at 50% 50%)",
        "height:0px;overflow:hidden",
        "overflow-x:clip;max-width:1px",
        "transform:rotate(4deg) scale(0,1)",
        "transform:scaleY(0)",
        "opacity:0.01",
        "opacity:1%",
        "filter:blur(1px) opacity(0%)",
        "content-visibility:hidden",
        "color:rgb(10 10 10 / 0)",
        "color:#12345600",
        "-webkit-text-fill-color:transparent",
        "-webkit-text-security:circle",
        "font-size:1px",
        "font-size:.4pt",
    ],
)
def test_what_nobody_sees_is_listed(style: str) -> None:
    for tag in ("p", "span", "td"):
        around = "<table><tr><td>左{}</table>" if tag == "td" else "<div>左{}</div>"
        source = around.format(f"<{tag} style='{style}'>密<b>语</b></{tag}>")
        assert "密" not in "".join(words("html", source))
        assert ("hidden_text", "密语") in lost("html", source)


@pytest.mark.parametrize(
    "style",
    [
        "position:absolute;left:-20px",
        "left:-9999px",
        "margin-top:-900px",
        "margin-left:-2em;text-indent:-2em",
        "transform:translateX(-100%)",
        "transform:scale(0.5)",
        "transform:scale(10)",
        "clip:rect(0,0,0,0)",
        "position:absolute;clip:rect(0,90px,20px,0)",
        "clip-path:inset(5%)",
        "height:0",
        "height:0;overflow:visible",
        "position:relative;height:0;overflow:hidden;padding-bottom:56%",
        "height:40px;overflow:hidden",
        "-webkit-line-clamp:2;overflow:hidden",
        "max-height:0;overflow:hidden;transition:max-height .3s",
        "opacity:0;animation:fade 1s",
        "opacity:0.1",
        "color:transparent;-webkit-background-clip:text",
        "color:transparent;text-shadow:0 0 0 #000",
        "font-size:9px",
    ],
)
def test_what_is_seen_or_may_be_stays(style: str) -> None:
    assert words("html", f"<div>左<p style='{style}'>明<b>语</b></p></div>") == ["左", "明*语*"]


@pytest.mark.parametrize(
    ("source", "listed"),
    [
        ("<p style='color:#fff'>白</p>", True),
        ("<p>文<font color=white>白</font></p>", True),
        ("<div style='background:#c00'><p style='color:rgb(204,0,0)'>红</p></div>", True),
        ("<table><tr><td bgcolor=black><font color=black>黑</font></td><td>文</td></tr></table>", True),
        ("<div style='background:#c00'><p style='color:#fff'>白</p></div>", False),
        (
            "<div style='background-image:linear-gradient(red,blue)'><p style='color:white'>白</p></div>",
            False,
        ),
        ("<div style='background:url(a.png)'><p style='color:white'>白</p></div>", False),
        ("<div style='position:relative'><p style='position:absolute;color:white'>白</p></div>", False),
        ("<p style='color:#fff'><span style='color:#333'>灰</span></p>", False),
    ],
)
def test_letters_of_the_grounds_colour_stay_and_are_listed(source: str, listed: bool) -> None:
    shown = "".join(words("html", source))
    assert shown
    assert [what for kind, what in lost("html", source) if kind == "faint"] == (
        [shown.split("|")[0][-1]] * listed
    )


@pytest.mark.parametrize(
    ("said", "colour"),
    [
        ("#abc", (170, 187, 204, 1)),
        ("#11223380", (17, 34, 51, 128 / 255)),
        ("rgb(0, 50%, 10)", (0, 127.5, 10, 1)),
        ("rgba(1,2,3,.5)", (1, 2, 3, 0.5)),
        ("hsl(0, 0%, 100%)", (255, 255, 255, 1)),
        ("hsla(120,100%,50%,0)", (127.5, 127.5, 127.5, 0)),
        ("hsl(120,100%,50%)", None),
        ("papayawhip", None),
        ("#12", None),
        ("rgb(1)", None),
    ],
)
def test_a_colour_is_read_from_its_numbers(said: str, colour: tuple[float, ...] | None) -> None:
    assert colour_of(said) == (None if colour is None else Colour(*colour))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<ol style='counter-reset: list-item 4'><li>甲<li>乙</ol>", ["5.甲", "6.乙"]),
        ("<ol style='counter-reset: x 2 list-item 8 y'><li>甲</ol>", ["9.甲"]),
        ("<ol style='counter-reset: my-list-item 8'><li>甲</ol>", ["1.甲"]),
        ("<ol><li>甲<li style='counter-set:list-item 7'>乙<li>丙</ol>", ["1.甲", "7.乙", "8.丙"]),
        ("<ol start=3><li style='counter-increment:list-item 2'>甲<li>乙</ol>", ["4.甲", "5.乙"]),
        ("<ol><li>甲<li style='counter-increment:list-item 0'>乙<li>丙</ol>", ["1.甲", "1.乙", "2.丙"]),
        ("<ol reversed><li>甲<li style='counter-increment:list-item -3'>乙</ol>", ["2.甲", "-1.乙"]),
        ("<ol><li value=4 style='counter-increment:list-item 3'>甲<li>乙</ol>", ["4.甲", "5.乙"]),
    ],
)
def test_a_counter_of_lists_counts(source: str, shown: list[str]) -> None:
    assert words("html", source) == shown


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("男<span>60</span><span style='margin-left:1em'>40</span>", "男60 40"),
        ("<b style='padding:0 4px'>12</b><b>34</b>", "*12* *34*"),
        ("1<span style='display:inline-block;width:2em'></span>2", "1 2"),
        ("1<span style='margin:0'>2</span>", "12"),
        ("甲<span style='margin:0 1em'>乙</span>丙", "甲乙丙"),
    ],
)
def test_numbers_that_stand_apart_are_not_joined(source: str, shown: str) -> None:
    assert words("html", f"<p>{source}</p>") == [shown]


@pytest.mark.parametrize(
    ("form", "source", "listed"),
    [
        ("markdown", "```python\nx\n```", [("code_language", "python")]),
        ("markdown", '~~~ sql title="表.sql"\nx\n~~~', [("code_language", 'sql title="表.sql"')]),
        ("markdown", "- 项\n\n  ```c++\n  x\n  ```", [("code_language", "c++")]),
        ("html", "<pre class='brush: sql; toolbar'>x</pre>", [("code_language", "sql")]),
        ("html", "<pre><code class='hljs language-c'>x</code></pre>", [("code_language", "c")]),
        ("markdown", "```\nx\n```\n\n    y", []),
        ("html", "<blockquote cite='https://a.cn/b'>引</blockquote>", [("link", "https://a.cn/b")]),
        ("html", "<p>改<ins cite='/why'>后</ins></p>", [("link", "/why")]),
        (
            "html",
            "<div style='display:flex'><p style='order:2'>后</p><p>先</p></div>",
            [("direction", "后先")],
        ),
        ("html", "<table><tr title='行注'><td>1<td>2</table>", [("title_attribute", "行注")]),
    ],
)
def test_what_has_no_place_in_a_text_is_listed(form: str, source: str, listed: list[tuple[str, str]]) -> None:
    assert lost(form, source) == listed


def test_what_is_hidden_in_a_table_or_a_caption_is_listed() -> None:
    for hidden in (
        "<table><tr style='visibility:collapse'><td>密</td><td>语</td></tr></table>",
        "<table><tbody style='visibility:hidden'><tr><td>密<td>语</tbody></table>",
        "<table><tbody hidden><tr><td>密<td>语</tbody></table>",
        "<table style='visibility:hidden'><caption>密</caption><tr><td>语<td></table>",
        "<table><tr style='visibility:hidden'><td>密语</td></tr></table>",
        "<figure><img alt='' src=/a><figcaption style='visibility:hidden'>密语</figcaption></figure>",
    ):
        assert [what for kind, what in lost("html", f"{hidden}<p>文") if kind == "hidden_text"] == ["密语"]
        assert "".join(words("html", f"{hidden}<p>文")).strip("|") == "文"
