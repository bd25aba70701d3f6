"""The command line reads a file as the service reads what is handed in, and knows where each word stands."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.drafts.intake.files import read_file
from app.drafts.intake.service import Format, take_in
from app.negative_list.text.model import PartKind

MARKDOWN = """\
---
title: 走访困难群众
author: 石桥镇
---

照顾残
废**老**人，电话138&#49;2345678，见[办法](https://a.gov.cn/残疾 "x")。

5. 第五项
   续 3×10<sup>8</sup> 元

姓名 | 证号
--- | ---
甲 | 甲

甲乙[^n]

[^n]: 注的话
"""
HTML = """\
<!doctype html><title>网页标题</title><style>p { color: red }</style><script>残废</script>
<h1>题</h1>\r\n<p>第一<b>段</b>&lt;文字&gt;&nbsp;完</p>
<table><caption>表题</caption><tr><th>姓名</th><th>证号</th></tr><tr><td>甲</td><td>甲</td></tr></table>
<p>甲<!-- 甲 -->乙</p>
"""


@pytest.mark.parametrize(
    ("text", "suffix", "form"), [(MARKDOWN, ".md", Format.MARKDOWN), (HTML, ".html", Format.HTML)]
)
def test_the_words_are_those_of_the_service(text: str, suffix: str, form: Format) -> None:
    taken = take_in(form, text, {})
    read = read_file(text, suffix)
    assert [(part.ref, part.text) for part in read.parts.parts if part.kind is not PartKind.LINK] == list(
        taken.document.texts()
    )
    assert read.left_out == taken.left_out


@pytest.mark.parametrize(
    ("text", "suffix", "pictures"),
    [
        ("甲\n\n![区划简图](map/a.png '说明')\n", ".md", [("区划简图", "", "map/a.png", "区划简图")]),
        ("![甲](a.jpg) ![甲](b.jpg)", ".md", [("甲", "", "a.jpg", "甲"), ("甲", "", "b.jpg", "甲")]),
        ("![](a.jpg)\n\n![](b.jpg)", ".md", [("", "", "a.jpg", "a.jpg"), ("", "", "b.jpg", "b.jpg")]),
        (
            "<figure><img src='file:///C:/a.jpg' alt=慰问><figcaption>图为慰问现场</figcaption></figure>",
            ".html",
            [("慰问", "图为慰问现场", "file:///C:/a.jpg", "慰问")],
        ),
        (f"<img src='sha256:{'a' * 64}' alt=甲><img src=b.png alt=乙>", ".html", [("乙", "", "b.png", "乙")]),
        ("<p hidden><img src=b.png alt=乙>", ".html", []),
    ],
)
def test_pictures_that_a_file_refers_to_are_read_by_their_words(
    text: str, suffix: str, pictures: list[tuple[str, str, str, str]]
) -> None:
    read = read_file(text, suffix).parts
    elsewhere = [image for image in read.structure.images if image.address]
    assert [
        (image.alt, image.caption, image.address, text[(at := read.places[image.ref][0]) : at + len(stand)])
        for image, (*_, stand) in zip(elsewhere, pictures, strict=True)
    ] == pictures
    starts = [read.places[image.ref][0] for image in elsewhere]
    assert starts == sorted(set(starts))
    assert [part.text for part in read.parts if part.ref.startswith("pictures/")] == [
        words for alt, caption, *_ in pictures for words in (alt, caption) if words
    ]


@pytest.mark.parametrize(
    ("text", "suffix", "ref", "words", "stand"),
    [
        (MARKDOWN, ".md", "title", "困难", "困难"),
        (MARKDOWN, ".md", "byline", "石桥镇", "石桥镇"),
        (MARKDOWN, ".md", "blocks/0", "残废老人", "残\n废**老**人"),
        (MARKDOWN, ".md", "blocks/0", "13812345678", "138&#49;2345678"),
        (MARKDOWN, ".md", "blocks/1", "第五项", "第五项"),
        (MARKDOWN, ".md", "blocks/1", "元", "元"),
        (MARKDOWN, ".md", "blocks/2/rows/1/1", "甲", "甲"),
        (MARKDOWN, ".md", "blocks/4", "注的话", "注的话"),
        (HTML, ".html", "title", "题", "题"),
        (HTML, ".html", "blocks/0", "一段", "一<b>段"),
        (HTML, ".html", "blocks/0", "文字>", "文字&"),
        (HTML, ".html", "blocks/1/caption", "表题", "表题"),
        (HTML, ".html", "blocks/2", "甲乙", "甲<!-- 甲 -->乙"),
    ],
)
def test_words_stand_where_they_stand(text: str, suffix: str, ref: str, words: str, stand: str) -> None:
    read = read_file(text, suffix).parts
    part = next(part for part in read.parts if part.ref == ref)
    places, start = read.places[ref], part.text.index(words)
    assert text[places[start] : places[start + len(words) - 1] + 1] == stand


def test_cells_of_the_same_words_stand_apart() -> None:
    places = read_file(MARKDOWN, ".md").parts.places
    assert places["blocks/2/rows/1/0"][0] + 4 == places["blocks/2/rows/1/1"][0]


def test_what_is_in_no_part_is_told() -> None:
    (one,) = [one for one in read_file(HTML, ".html").not_checked() if one.what.startswith("注释")]
    assert (one.ref, one.what, one.why) == ("left_out", "注释：甲", "原文里看不见")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=120), st.sampled_from([".txt", ".md", ".html"]))
def test_any_text_can_be_read(text: str, suffix: str) -> None:
    read = read_file(text, suffix).parts
    for part in read.parts:
        places = read.places[part.ref]
        assert len(places) == len(part.text) + 1
        assert all(0 <= place <= len(text) for place in places)
