"""What the layouts make of everything that a document can hold, read back as a browser reads it."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from app.domain.document.list_numbers import ordinals, sign
from app.domain.document.model import Document, ListItem, Numbering, Paragraph
from app.domain.vocabulary import ChannelKind
from app.drafts.intake.service import Format, take_in
from app.proofs.layout import render
from app.words.labels import limit

KINDS = (ChannelKind.WEBSITE, ChannelKind.WECHAT, ChannelKind.JOURNAL)
PERMIT = {"permit": "准印证 1 号", "imprint": "内部资料，免费交流"}


def laid_out(*blocks: dict[str, Any], kind: ChannelKind = ChannelKind.WEBSITE, **more: Any) -> str:
    files = more.pop("files", None)
    document = Document.model_validate({"title": "标题", "blocks": list(blocks), **more})
    proof = render(document, kind, channel="网", section="栏", config=PERMIT, files=files)
    return proof.content.decode()


def item(text: str, **more: Any) -> dict[str, Any]:
    return {"kind": "list_item", "text": text, "ordered": True, **more}


@pytest.mark.parametrize("kind", KINDS)
def test_superscripts_subscripts_and_struck_words_are_shown_as_such(kind: ChannelKind) -> None:
    spans = [
        {"kind": "superscript", "start": 4, "end": 5},
        {"kind": "strike", "start": 6, "end": 9},
        {"kind": "subscript", "start": 9, "end": 10},
    ]
    cells = [{"kind": "superscript", "row": 0, "column": 1, "start": 1, "end": 2}]
    page = laid_out(
        {"kind": "paragraph", "text": "3×10n元5002", "spans": spans},
        {"kind": "table", "rows": [["甲", "xn"]], "spans": cells},
        kind=kind,
    )

    assert "3×10<sup>n</sup>元<s>500</s><sub>2</sub>" in page
    assert "x<sup>n</sup>" in page


@pytest.mark.parametrize("kind", KINDS)
def test_dots_under_words_come_back_as_they_went_out(kind: ChannelKind) -> None:
    spans = [{"kind": "emphasis", "start": 2, "end": 4}]
    page = laid_out({"kind": "paragraph", "text": "务必按时报送", "spans": spans}, kind=kind)

    (block, *_) = [
        one
        for one in take_in(Format.HTML, page, {"title": "标题"}).document.blocks
        if isinstance(one, Paragraph) and one.text == "务必按时报送"
    ]
    assert [(one.kind, one.start, one.end) for one in block.spans] == [("emphasis", 2, 4)]


@pytest.mark.parametrize("kind", KINDS)
def test_readings_above_words_come_back_as_they_went_out(kind: ChannelKind) -> None:
    spans = [
        {"kind": "ruby", "start": 0, "end": 1, "reading": "hóng"},
        {"kind": "ruby", "start": 1, "end": 2, "reading": "hóng"},
        {"kind": "bold", "start": 1, "end": 3},
    ]
    page = laid_out({"kind": "paragraph", "text": "㼆㼆同志", "spans": spans}, kind=kind)

    assert "<rp>（</rp><rt>hóng</rt><rp>）</rp></ruby>" in page
    (block, *_) = [
        one
        for one in take_in(Format.HTML, page, {"title": "标题"}).document.blocks
        if isinstance(one, Paragraph) and one.text == "㼆㼆同志"
    ]
    assert [(one.kind, one.start, one.end, one.reading) for one in block.spans] == [
        ("ruby", 0, 1, "hóng"),
        ("ruby", 1, 2, "hóng"),
        ("bold", 1, 3, None),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_merged_cells_lie_over_what_they_lay_over(kind: ChannelKind) -> None:
    table = {
        "kind": "table",
        "rows": [["县区", "人数", ""], ["", "男", "女"], ["柳林", "5", "6\n约"]],
        "merges": [{"row": 0, "column": 0, "rows": 2}, {"row": 0, "column": 1, "columns": 2}],
        "head_rows": 2,
    }
    page = html.document_fromstring(laid_out(table, kind=kind))

    shown = [
        [(cell.tag, cell.text_content(), cell.get("rowspan"), cell.get("colspan")) for cell in row]
        for row in page.iter("tr")
    ]
    assert shown == [
        [("th", "县区", "2", None), ("th", "人数", None, "2")],
        [("th", "男", None, None), ("th", "女", None, None)],
        [("td", "柳林", None, None), ("td", "5", None, None), ("td", "6约", None, None)],
    ]
    assert len(list(page.iter("br"))) == 1


LISTS = [
    [
        item("五", number=5),
        item("续", continues=True),
        item("六"),
        item("九", number=9),
        item("八", number=8),
    ],
    [item("一"), item("甲", depth=1, numbering="lower_alpha"), item("乙", depth=1, numbering="lower_alpha")],
    [item("A", numbering="upper_alpha", number=3), item("一", numbering="chinese", number=2)],
    [item("一"), item("点", ordered=False), item("一")],
    [item("深", depth=2, number=4), item("浅", depth=1, number=7), item("顶"), item("又", depth=1)],
    [item("零", number=0), item("负", number=-3), item("负二")],
    [item("x", depth=1), item("y"), item("z", depth=1)],
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("blocks", LISTS)
def test_a_browser_counts_as_the_document_does(blocks: list[dict[str, Any]], kind: ChannelKind) -> None:
    document = Document.model_validate({"title": "标题", "blocks": blocks})
    expected = [
        (block["text"], number if number is None else sign(number, document.blocks[index].numbering))  # type: ignore[union-attr]
        for index, (block, number) in enumerate(zip(blocks, ordinals(document.blocks), strict=True))
    ]

    page = html.document_fromstring(laid_out(*blocks, kind=kind))

    assert list(_read_as_browser(page)) == [one for one in expected if one[0] != "续"]
    if blocks is LISTS[0]:
        assert [one.text_content() for one in page.iter("p") if one.getparent().tag == "li"] == ["续"]


def _read_as_browser(page: Any) -> Any:
    ways = {"a": "lower_alpha", "A": "upper_alpha", "i": "lower_roman", "I": "upper_roman"}
    for one in page.iter("li"):
        listed = one.getparent()
        if listed.tag == "ul":
            yield one.text.strip(), None
            continue
        count = int(listed.get("start", 1)) - 1
        for before in [*reversed(list(one.itersiblings("li", preceding=True))), one]:
            count = int(before.get("value", count + 1))
        chinese = "cjk-ideographic" in listed.get("style", "")
        way = "chinese" if chinese else ways.get(listed.get("type"), "decimal")
        yield one.text.strip(), sign(count, Numbering(way))


@pytest.mark.parametrize("kind", KINDS)
def test_links_that_lead_out_are_kept_and_others_are_words(kind: ChannelKind) -> None:
    def linked(href: str) -> dict[str, Any]:
        span = {"kind": "link", "start": 0, "end": 2, "href": href}
        return {"kind": "paragraph", "text": "热线", "spans": [span]}

    hrefs = ["tel:12345", "mailto:a@b.cn", "https://a.cn/x", "javascript:alert(1)", "/files/1.pdf"]
    page = html.document_fromstring(laid_out(*map(linked, hrefs), kind=kind))

    if kind is ChannelKind.WECHAT:
        # The platform makes dead words of links: their addresses stand in a list below.
        assert list(page.iter("a")) == []
        assert [one.text for one in page.iter("small")] == ["[1]", "[2]", "[3]"]
        assert "[1] 12345[2] a@b.cn[3] https://a.cn/x" in page.text_content()
        assert "javascript:" not in page.text_content()
        return
    assert [one.get("href") for one in page.iter("a")] == hrefs[:3]


def test_wechat_notes_an_address_once_and_only_where_it_is_not_said() -> None:
    def linked(text: str, href: str, *more: dict[str, Any]) -> dict[str, Any]:
        spans = [{"kind": "link", "start": 0, "end": len(text), "href": href}, *more]
        return {"kind": "paragraph", "text": text, "spans": spans}

    page = laid_out(
        linked("办事指南", "https://a.cn/1?x=1&y=2", {"kind": "bold", "start": 2, "end": 4}),
        linked("同一指南", "https://a.cn/1?x=1&y=2"),
        linked("https://a.cn/3", "https://a.cn/3"),
        linked("拨打12345", "tel:12345"),
        linked("往期文章", "https://mp.weixin.qq.com/s/abc"),
        linked("冒充", "https://mp.weixin.qq.com.evil.cn/s"),
        kind=ChannelKind.WECHAT,
    )
    read = html.document_fromstring(page)

    assert [one.get("href") for one in read.iter("a")] == ["https://mp.weixin.qq.com/s/abc"]
    assert [one.text for one in read.iter("small")] == ["[1]", "[1]", "[2]"]
    assert [one.text_content() for one in read.iter("strong")] == ["指南"]
    assert "[1] https://a.cn/1?x=1&y=2[2] https://mp.weixin.qq.com.evil.cn/s" in read.text_content()


def test_wide_tables_of_a_website_scroll_and_turn_their_page() -> None:
    narrow, wide = ({"kind": "table", "rows": [["甲"] * columns]} for columns in (8, 9))

    page = laid_out(narrow, wide)

    boxes = [one.get("class") for one in html.document_fromstring(page).iter("div")]
    assert boxes == ["table", "table wide"]
    assert "@page wide { size: A4 landscape; }" in page


def test_a_journal_names_the_characters_that_its_fonts_lack() -> None:
    document = Document.model_validate({"title": "张\U000323af", "blocks": [{"kind": "quote", "text": "𪚥"}]})

    def exceeded(kind: ChannelKind) -> tuple[str, ...]:
        return render(document, kind, channel="网", section="栏", config=PERMIT).exceeded

    assert exceeded(ChannelKind.JOURNAL) == ("journal.glyphs:\U000323af𪚥",)
    assert exceeded(ChannelKind.WEBSITE) == ()
    assert limit("journal.glyphs:甲乙") == "内部刊物排版用的字体没有这些字，请换用规范字或者改成图片：甲、乙"


def test_attachments_are_named_on_every_channel() -> None:
    sha = "c" * 64
    text = {"kind": "paragraph", "text": "正文"}

    pages = [laid_out(text, kind=kind, attachments=(sha,), files={sha: "名单<1>.xlsx"}) for kind in KINDS]

    assert f'<a href="/api/v1/assets/{sha}">名单&lt;1&gt;.xlsx</a>' in pages[0]
    assert all("附件（未随文刊载）：名单&lt;1&gt;.xlsx" in page for page in pages[1:])
    assert "附件1" in laid_out(text, attachments=(sha,))
    assert "未随文刊载" not in laid_out(text, kind=ChannelKind.WECHAT)


@pytest.mark.parametrize("kind", KINDS)
def test_lines_stand_where_their_author_put_them(kind: ChannelKind) -> None:
    page = laid_out({"kind": "paragraph", "text": "市民政局", "align": "right"}, kind=kind)

    assert re.search(r"<p[^>]*text-align: ?right[^>]*>市民政局", page)


def test_a_heading_deeper_than_html_has_tells_its_level() -> None:
    page = laid_out(*({"kind": "heading", "text": str(level), "level": level} for level in range(1, 7)))

    assert re.findall(r"<h\d[^>]*>\d", page)[1:] == [
        "<h3>2",
        "<h4>3",
        "<h5>4",
        "<h6>5",
        '<h6 aria-level="7">6',
    ]


ITEMS = st.lists(
    st.one_of(
        st.builds(
            lambda number, depth, way, ordered: {
                "kind": "list_item",
                "text": "x",
                "ordered": ordered,
                "depth": depth,
                **({"number": number, "numbering": way} if ordered else {}),
            },
            st.one_of(st.none(), st.integers(-3, 30)),
            st.integers(0, 3),
            st.sampled_from(list(Numbering)),
            st.booleans(),
        ),
        st.just({"kind": "paragraph", "text": "段"}),
        st.just({"kind": "list_item", "text": "续", "continues": True}),
    ),
    min_size=1,
    max_size=9,
)


@settings(max_examples=150, deadline=None)
@given(ITEMS)
def test_numbers_outlast_a_proof_and_its_reading(blocks: list[dict[str, Any]]) -> None:
    document = Document.model_validate({"title": "标题", "blocks": blocks})
    counted = zip(document.blocks, ordinals(document.blocks), strict=True)
    expected = [
        None if number is None else sign(number, block.numbering)
        for block, number in counted
        if isinstance(block, ListItem) and not block.continues
    ]
    page = html.document_fromstring(laid_out(*blocks))
    assert [shown for _, shown in _read_as_browser(page)] == expected
    assert page.text_content().count("续") == sum(block["text"] == "续" for block in blocks)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_runs_off_a_page(kind: ChannelKind) -> None:
    assert re.search(r"overflow-wrap: ?anywhere", laid_out({"kind": "paragraph", "text": "x"}, kind=kind))
