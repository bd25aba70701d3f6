"""Formatting that a page leaves open holds of what a browser shows it on, and of nothing else."""

import pytest

from app.drafts.intake.builder import Builder
from app.drafts.intake.html import read_html
from app.drafts.intake.unclosed import carried_on


def marked(text: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the words of each block, and which of them are marked as what."""
    builder = Builder()
    read_html(text, builder)
    return [
        (block.text, [(span.kind.value, block.text[span.start : span.end]) for span in block.spans])  # type: ignore[union-attr]
        for block in builder.blocks
    ]


#: What Chromium shows of each: the words of every block, and the marks of which.
SHOWN = [
    ("<p>甲<b>乙</p><p>丙</p>", [("甲乙", [("bold", "乙")]), ("丙", [("bold", "丙")])]),
    ("<p>甲<b>乙</p><p>丙</b>丁</p>", [("甲乙", [("bold", "乙")]), ("丙丁", [("bold", "丙")])]),
    ("<p><s>划去<p>也划去</s>留下", [("划去", [("strike", "划去")]), ("也划去留下", [("strike", "也划去")])]),
    ("<b><p>甲</p><p>乙</p></b><p>丙</p>", [("甲", [("bold", "甲")]), ("乙", [("bold", "乙")]), ("丙", [])]),
    ("<p><b>粗<i>都</b>斜</i>平</p>", [("粗都斜平", [("bold", "粗都"), ("italic", "都斜")])]),
    (
        "<ul><li><u>一</li><li>二</u>三</li></ul>",
        [("一", [("underline", "一")]), ("二三", [("underline", "二")])],
    ),
    ("<p>面<sup>3</p><p>后</p>", [("面³", []), ("后", [])]),
    ("<p><span style='font-weight:bold'>甲</p><p>乙</p>", [("甲", [("bold", "甲")]), ("乙", [])]),
    (
        "<div><i>甲</div> <!-- 注 --> <div>乙</i></div>",
        [("甲", [("italic", "甲")]), ("乙", [("italic", "乙")])],
    ),
]


@pytest.mark.parametrize(("page", "blocks"), SHOWN)
def test_open_formatting_goes_on_as_in_a_browser(
    page: str, blocks: list[tuple[str, list[tuple[str, str]]]]
) -> None:
    assert marked(page) == blocks


def test_it_reaches_neither_into_a_cell_nor_out_of_it() -> None:
    builder = Builder()
    read_html("<table><tr><td><b>格</td><td>邻</td></tr></table><p>后</p>", builder)
    table, after = builder.blocks
    assert [(span.row, span.column) for span in table.spans] == [(0, 0)]  # type: ignore[union-attr]
    assert after.spans == ()  # type: ignore[union-attr]


def test_a_well_formed_page_is_not_touched() -> None:
    page = "<h1>题</h1><p>甲<b>乙<i>丙</i></b></p><ul><li><a href='x'>丁</a></li></ul><script>a<b</script>"
    assert carried_on(page) == page


@pytest.mark.parametrize(
    "piece", ["<p><b>甲", "<div><i>甲</div>", "<a href='x'>甲", "<i>甲<td>", "<b>", "<p><font color={}>甲"]
)
def test_a_page_grows_by_no_more_than_its_length(piece: str) -> None:
    page = "".join(piece.format(number) for number in range(3000))
    assert len(carried_on(page)) <= 4 * len(page) + 40_000
