"""What Word says by looks alone: raised words, hints, letters nobody can read, titles in several lines."""

from base64 import b64encode

import pytest

from app.drafts.intake.builder import Builder
from app.drafts.intake.docx.service import read_docx
from app.drafts.intake.service import Format, take_in
from tests.api.word import field, p, r, root, word


def read(body: str, styles: str = "") -> Builder:
    builder = Builder()
    parts = {"styles.xml": ("styles", root("w:styles", styles))} if styles else None
    read_docx(word(body, parts), builder)
    return builder


def marks(builder: Builder) -> list[tuple[str, str]]:
    return [
        (span.kind.value, block.text[span.start : span.end])
        for block in builder.blocks
        for span in block.spans  # type: ignore[union-attr]
    ]


def told(builder: Builder, kind: str) -> list[str]:
    return [entry.what for entry in builder.left_out if entry.kind == kind]


@pytest.mark.parametrize(
    ("half_points", "kind"), [(12, "superscript"), (-6, "subscript"), (4, "superscript"), (3, ""), (0, "")]
)
def test_words_are_raised_by_their_position_too(half_points: int, kind: str) -> None:
    builder = read(p("共3×10", r("8", f'<w:position w:val="{half_points}"/>'), "元"))
    assert marks(builder) == ([(kind, "8")] if kind else [])


def test_a_style_that_moves_its_whole_paragraph_raises_nothing() -> None:
    style = '<w:style w:type="paragraph" w:styleId="T"><w:rPr><w:position w:val="12"/></w:rPr></w:style>'
    assert marks(read(p("题名", style="T"), style)) == []


def test_what_the_mouse_shows_is_listed() -> None:
    body = p('<w:hyperlink w:anchor="x" w:tooltip="提示一"><w:r><w:t>链</w:t></w:r></w:hyperlink>')
    body += p(field('HYPERLINK "https://a.gov.cn/" \\o "提示二"', "链"))
    assert told(read(body), "title_attribute") == ["提示一", "提示二"]


@pytest.mark.parametrize(
    ("look", "is_told"),
    [
        ('<w:color w:val="FFFFFF"/>', True),
        ('<w:color w:val="FFFFFF"/><w:shd w:val="clear" w:fill="C00000"/>', False),
        ('<w:color w:val="ffffff"/><w:highlight w:val="red"/>', False),
        ('<w:sz w:val="2"/>', True),
        ('<w:sz w:val="21"/>', False),
    ],
)
def test_letters_that_nobody_can_read_are_told(look: str, is_told: bool) -> None:
    builder = read(p("正文", r("暗", look)))
    assert [block.text for block in builder.blocks] == ["正文暗"]  # type: ignore[union-attr]
    assert told(builder, "faint") == (["暗"] if is_told else [])


BROKEN = p("<w:r><w:t>关于某某的</w:t><w:br/><w:t>通知</w:t></w:r>") + p("正文。")


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("另一个题", ["关于某某的", "通知", "正文。"]),
        (None, ["正文。"]),
        ("关于某某的通知", ["正文。"]),
    ],
)
def test_a_title_in_two_lines_loses_none_beside_a_title_that_was_typed(
    title: str | None, lines: list[str]
) -> None:
    document = take_in(Format.DOCX, b64encode(word(BROKEN)).decode(), {"title": title}).document
    assert [text for place, text in document.texts() if place != "title"] == lines
