"""What styles say of words: what is raised, struck or shown apart, and what a sheet of styles may say."""

import pytest

from tests.api.test_intake_meaning import lost, words


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (
            "<span style='display:block'>甲300</span><span style='display:block'>400元</span>",
            ["甲300", "400元"],
        ),
        ("<span style='display:table-cell'>1</span><span style='display:table-cell'>2</span>", ["1 2"]),
        ("前<b style='display:block'>中</b>后", ["前", "*中*", "后"]),
        ("<h2><span style='display:block'>上</span></h2>", ["上"]),
        ("3<img src=a.png alt=''>5，甲<img src=b.png>乙", ["3 5，甲乙"]),
        ("共<my-num>30</my-num>户", ["共30户"]),
        ("<span style='float:left'>12</span><span style='float:right'>34</span>", ["12 34"]),
        ("<span style='display:inline-block'>首</span>句", ["首句"]),
        ("甲<span style='display:block'> </span>乙", ["甲", "乙"]),
    ],
)
def test_what_is_shown_apart_does_not_run_together(content: str, shown: list[str]) -> None:
    assert words("html", f"<div>{content}</div>") == shown


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        ("position:relative;top:-6.0pt;mso-text-raise:6.0pt", "10⁶"),
        ("position:relative;top:4.5pt", "10₆"),
        ("position:relative;bottom:5pt", "10⁶"),
        ("mso-text-raise:-3pt", "10₆"),
        ("vertical-align:0.5em", "10⁶"),
        ("vertical-align:-40%", "10₆"),
        ("vertical-align:text-top", "10⁶"),
        ("vertical-align/* hoch */:super", "10⁶"),
        ("vertical-align:super !important; vertical-align:baseline", "10⁶"),
        ("vertical-align: super! important", "10⁶"),
        ("vertical-align:-1px", "106"),
        ("position:relative;top:-2px", "106"),
        ("text-decoration:/*x;*/line-through", "10~6~"),
    ],
)
def test_what_is_raised_in_any_way_is_raised(style: str, shown: str) -> None:
    assert words("html", f"<p>10<span style='{style}'>6</span></p>") == [shown]


def test_a_line_that_a_style_takes_away_strikes_nothing() -> None:
    assert words("html", "<p>价<del style='text-decoration:none'>80</del>元</p>") == ["价80元"]
    assert words("html", "<s>甲<u style='text-decoration:none'>乙</u></s>") == ["~甲乙~"]
    assert words("html", "<section style='position:relative;top:-6pt'>现</section>") == ["现"]


@pytest.mark.parametrize("rule", ["text-decoration:line-through", "vertical-align:super", "display : none"])
def test_a_sheet_that_may_say_something_is_listed_once(rule: str) -> None:
    sheet = f"<style>.a{{{rule}}}</style>"
    assert lost("html", f"{sheet}<p class=a>文</p>{sheet}") == [("style_sheet", "样式表没有读")]
    assert lost("html", "<style>.a{color:red;vertical-align:0}/* display:none */</style><p>文</p>") == []


def test_an_element_that_nobody_knows_is_markup_where_it_has_attributes() -> None:
    assert words("html", '<p><vendor class="a">甲</vendor>乙<other>丙</other></p>') == [
        "甲乙<other>丙</other>"
    ]
    assert words("markdown", '甲<vendor class="a">**乙**</vendor>') == ["甲*乙*"]
    assert lost("html", "<image src=a.png><p>文") == [("image", "a.png")]
    assert words("html", "<image src=a.png><p>文") == ["文"]


def test_text_of_nothing_but_controls_parts_nothing() -> None:
    assert words("html", "<p>1<b>\x7f</b><img alt=''>2</p>") == ["1 2"]
