"""Pages set by typst: what stands on them, in which fonts, and what is refused."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from PIL import Image as Pillow

from app.domain.document.model import Document, sha256
from app.typesetting import fonts
from app.typesetting.document import laid
from app.typesetting.press import GlyphsMissing, typeset

#: 通用规范汉字表 (2013) in its own order; its source stands in the file.
TABLE = [
    sign
    for line in (Path(__file__).parent / "characters_8105.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
    for sign in line
]
IMPRINT = ["《我市民政》", "准印证（X）字第0000号", "内部资料，免费交流"]


def set_page(*blocks: dict[str, Any], pictures: dict[str, bytes] | None = None, **more: Any) -> bytes:
    document = Document.model_validate({"title": "志愿者走进社区", "blocks": list(blocks), **more})
    page = laid(document, pictures or {}, {})
    return typeset("journal", {**page.data, "section": "理论学习", "imprint": IMPRINT}, page.files)


def words_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return "\n".join(page.get_textpage().get_text_range() for page in document)


def paragraph(text: str, *spans: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "paragraph", "text": text, "spans": list(spans)}


def test_every_character_that_offices_use_is_in_the_fonts() -> None:
    simplified = bytes(
        byte for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF) for byte in (high, low)
    )
    characters = simplified.decode("gb2312", "ignore")

    assert len(characters) == 6763
    assert fonts.missing(characters + "〇①⑴⒈㊀—…“”《》〔〕「」℃㎡×÷≤≥→★●○■％‰￥€·") == ()


def test_both_fonts_draw_the_whole_table_of_characters_in_general_use() -> None:
    assert len(TABLE) == len(set(TABLE)) == 8105
    assert sum("㐀" <= sign < "一" for sign in TABLE) == 77
    assert sum(sign > "\uffff" for sign in TABLE) == 196
    for path in fonts.files():
        with TTFont(path, lazy=True) as font:
            drawn = font.getBestCmap()
        assert [sign for sign in TABLE if ord(sign) not in drawn] == [], path.name
    assert fonts.missing("".join(TABLE)) == ()


def test_what_cannot_be_drawn_is_named_before_anything_is_set() -> None:
    text = paragraph("张\U000323af、李𪚥、王𪚥\u200d\ufe0f")

    with pytest.raises(GlyphsMissing) as refused:
        set_page(text)

    assert refused.value.characters == ("\U000323af", "𪚥")


def test_all_that_a_document_says_stands_on_the_page() -> None:
    table = {
        "kind": "table",
        "caption": "表一",
        "rows": [["县区", "人数", ""], ["", "男", "女"], ["柳林", "5", "6\n约"]],
        "merges": [{"row": 0, "column": 0, "rows": 2}, {"row": 0, "column": 1, "columns": 2}],
        "head_rows": 2,
    }
    said = words_of(
        set_page(
            {"kind": "heading", "text": "一、总体情况"},
            paragraph("正文加粗", {"kind": "bold", "start": 2, "end": 4}),
            {"kind": "quote", "text": "引文"},
            paragraph("务必，按时", {"kind": "emphasis", "start": 0, "end": 5}),
            {"kind": "list_item", "text": "子项", "ordered": True, "number": 3, "numbering": "chinese"},
            {"kind": "list_item", "text": "续段", "continues": True},
            table,
            {"kind": "image", "sha256": "a" * 64, "alt": "合影", "caption": "图一", "credit": "张三摄"},
            {"kind": "video", "sha256": "b" * 64, "caption": "视频一"},
            {"kind": "divider"},
            byline="通讯员", subtitle="副题", summary="提要", source="市民政局", source_url="https://a.cn/1",
            attachments=("c" * 64,),
        )
    )  # fmt: skip

    flat = said.replace("\r\n", "").replace(" ", "")
    for words in (
        *(
            "志愿者走进社区",
            "一、总体情况",
            "正文加粗",
            "务必，按时",
            "引文",
            "三、子项",
            "续段",
            "表一",
            "县区",
            "人数",
        ),
        *("柳林", "约", "〔图片：合影〕", "图一　张三摄", "视频一", "通讯员", "副题", "提要"),
        *("来源：市民政局", "https://a.cn/1", "附件（未随文刊载）：附件1", "理论学习", *IMPRINT),
    ):
        assert words in flat, words


def test_what_people_wrote_is_never_markup() -> None:
    hostile = '#read("/etc/passwd") $x$ *a* _b_ `c` @d <e> \\ #include "x" // z /* y */'

    flat = words_of(set_page(paragraph(hostile))).replace("\r\n", "").replace(" ", "")
    assert hostile.replace(" ", "") in flat


def test_a_long_address_ends_its_line_and_is_copied_whole() -> None:
    address = "https://www.example.gov.cn/" + "abcdefghij/" * 30

    said = words_of(set_page(paragraph(f"见{address}。")))

    assert max(len(line) for line in said.splitlines()) < 120
    assert address in said.replace("\r\n", "")


def test_a_wide_table_turns_its_page() -> None:
    narrow = {"kind": "table", "rows": [["甲"] * 8]}
    wide = {"kind": "table", "rows": [["甲"] * 9]}

    def turned(block: dict[str, Any]) -> list[bool]:
        with pypdfium2.PdfDocument(set_page(block)) as document:
            return [page.get_width() > page.get_height() for page in document]

    assert turned(narrow) == [False]
    assert True in turned(wide)


def test_pictures_are_set_and_broken_ones_are_named() -> None:
    drawn = io.BytesIO()
    Pillow.new("RGB", (3000, 200), "red").save(drawn, "PNG")
    good, bad = drawn.getvalue(), b"\x89PNG\r\n\x1a\nnothing"
    blocks = [
        {"kind": "image", "sha256": sha256(one), "alt": name} for one, name in ((good, "好"), (bad, "坏"))
    ]

    pdf = set_page(*blocks, pictures={sha256(good): good, sha256(bad): bad})

    assert "〔图片：坏〕" in words_of(pdf)
    assert "〔图片：好〕" not in words_of(pdf)
    with pypdfium2.PdfDocument(pdf) as document:
        kinds = [one.type for one in document[0].get_objects()]
    assert 3 in kinds  # FPDF_PAGEOBJ_IMAGE


def test_a_head_that_a_cell_leads_out_of_is_set_all_the_same() -> None:
    table = {
        "kind": "table",
        "rows": [["甲", "乙"], ["", "丙"]],
        "merges": [{"row": 0, "column": 0, "rows": 2}],
    }

    assert "丙" in words_of(set_page(table))


def test_another_process_sets_the_same_bytes() -> None:
    script = (
        "import hashlib, sys\n"
        "from app.typesetting.press import typeset\nfrom app.typesetting.document import laid\n"
        "from app.domain.document.model import Document\n"
        "said = {'title': '志愿者', 'blocks': [{'kind': 'paragraph', 'text': '正文'}]}\n"
        "page = laid(Document.model_validate(said), {}, {})\n"
        "data = {**page.data, 'section': '', 'imprint': ['甲']}\n"
        "print(hashlib.sha256(typeset('journal', data)).hexdigest())\n"
    )
    made = [
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin"},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip

    assert made[0] == made[1]
    assert len(made[0].strip()) == 64


def test_a_reading_stands_above_its_words_and_is_asked_of_the_fonts() -> None:
    ruby = {"kind": "ruby", "start": 0, "end": 1, "reading": "hóng"}
    assert "hóng" in words_of(set_page(paragraph("㼆姓", ruby)))

    with pytest.raises(GlyphsMissing) as refused:
        set_page(paragraph("姓", {**ruby, "reading": "\U000323af"}))
    assert refused.value.characters == ("\U000323af",)
