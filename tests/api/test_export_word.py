"""A draft as a Word file: what goes out comes in again as it was, and looks as official documents do."""

import re
import zipfile
from base64 import b64encode
from collections.abc import Callable
from io import BytesIO

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image as Picture

from app.domain.document.list_numbers import sparse
from app.domain.document.model import (
    Align,
    Block,
    CellSpan,
    Divider,
    Document,
    Heading,
    Image,
    ListItem,
    Merge,
    Numbering,
    Paragraph,
    Quote,
    Span,
    SpanKind,
    Table,
    sha256,
)
from app.drafts.export.docx.service import docx_of
from app.drafts.intake.docx.changes import TrackedChanges
from app.drafts.intake.subprocess_reader import Source, read_here
from tests.documents import blocks
from tests.factories import Bureau

Headers = Callable[[str], dict[str, str]]


def png(colour: tuple[int, int, int] = (200, 30, 30), size: tuple[int, int] = (60, 40)) -> bytes:
    made = BytesIO()
    Picture.new("RGB", size, colour).save(made, "PNG")
    return made.getvalue()


PICTURES = {sha256(content): content for content in (png(), png((9, 9, 99)))}


def again(document: Document) -> Document:
    """Return what comes in when the file of a document is handed in as it is."""
    data = docx_of(document, PICTURES, {})
    read = read_here(Source("docx", b64encode(data).decode(), changes=TrackedChanges.ORIGINAL))
    assert {picture.sha256 for picture in read.pictures} == document.assets()
    return Document(title=read.title or "", blocks=read.blocks, **read.fields)


WHOLE = Document(
    title="关于开展“冬季送温暖”活动的通知",
    subtitle="——致各科室",
    summary="摘要一段。",
    byline="林小满",
    source="清河市民政局",
    source_url="https://www.example.gov.cn/a",
    blocks=(
        Paragraph(text="各科室："),
        Heading(text="一、总体要求", level=1),
        Heading(text="（一）时间", level=2),
        Paragraph(
            text="面积3×108平方米，见官网，作废的划去。",
            spans=(
                Span(kind=SpanKind.SUPERSCRIPT, start=5, end=6),
                Span(kind=SpanKind.LINK, start=11, end=13, href="https://www.mca.gov.cn/"),
                Span(kind=SpanKind.STRIKE, start=14, end=16),
            ),
        ),
        ListItem(text="甲"),
        ListItem(text="其下", depth=1),
        ListItem(text="第一", ordered=True),
        ListItem(text="接着说", ordered=True, continues=True),
        ListItem(text="第二", ordered=True),
        ListItem(text="第九", ordered=True, number=9),
        ListItem(text="壹", ordered=True, numbering=Numbering.CHINESE),
        Table(
            rows=(("科室", "人数", "备注"), ("救助科", "12", ""), ("", "13", "两\n行")),
            caption="表1 名额",
            head_rows=1,
            merges=(Merge(row=1, column=0, rows=2),),
            spans=(CellSpan(kind=SpanKind.BOLD, start=0, end=2, row=0, column=1),),
        ),
        Table(rows=(("左", "右"),), head_rows=0),
        Image(sha256=sha256(png()), alt="走访", caption="志愿者走访老人", credit="王一摄"),
        Image(sha256=sha256(png((9, 9, 99)))),
        Quote(text="引一段。"),
        Divider(),
        Paragraph(text="清河市民政局", align=Align.RIGHT),
    ),
)


def test_what_goes_out_comes_in_as_it_was() -> None:
    assert again(WHOLE) == WHOLE


def test_the_same_document_is_the_same_bytes() -> None:
    assert docx_of(WHOLE, PICTURES, {}) == docx_of(WHOLE, dict(reversed(PICTURES.items())), {})


def said(document: Document) -> list[object]:
    """Return what a document says, its markup in one order and without the way to the same numbers."""
    return [
        block.model_copy(update={"spans": tuple(sorted(block.spans, key=repr))})
        if hasattr(block, "spans")
        else block
        for block in sparse(document.blocks)
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(blocks(pictures=tuple(sorted(PICTURES))), min_size=1, max_size=8))
def test_any_document_comes_in_as_it_went_out(content: list[Block]) -> None:
    document = Document(
        title="关于救助的通知", blocks=(Heading(text="一、开头", level=1), Paragraph(text="文"), *content)
    )
    assert said(again(document)) == said(document)


def part(name: str, document: Document = WHOLE) -> str:
    with zipfile.ZipFile(BytesIO(docx_of(document, PICTURES, {}))) as archive:
        return archive.read(name).decode()


def test_every_part_is_well_formed_and_named() -> None:
    with zipfile.ZipFile(BytesIO(docx_of(WHOLE, PICTURES, {}))) as archive:
        names = archive.namelist()
        for name in names:
            if name.endswith((".xml", ".rels")):
                etree.fromstring(archive.read(name))
        types = archive.read("[Content_Types].xml").decode()
        related = archive.read("word/_rels/document.xml.rels").decode()
        for target in re.findall(r'Target="([^"]+)"', related):
            assert "://" in target or f"word/{target}" in names
        assert all(f"/{name}" in types for name in names if name.startswith("word/") and name.count("/") == 1)


def test_no_entry_tells_when_the_file_was_made() -> None:
    with zipfile.ZipFile(BytesIO(docx_of(WHOLE, PICTURES, {}))) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_it_looks_as_official_documents_do() -> None:
    styles = part("word/styles.xml")
    body = part("word/document.xml")
    # GB/T 9704-2012, 5.2 and 7.5: sizes, fonts, the page and its number.
    assert 'w:eastAsia="仿宋_GB2312"' in styles
    assert 'w:eastAsia="方正小标宋简体"' in styles
    assert 'w:firstLineChars="200"' in styles
    assert re.search(r'<w:pgSz w:w="11906" w:h="16838"/>', body)
    assert re.search(r'<w:pgMar w:top="2098" w:right="1474" w:bottom="1984" w:left="1588"', body)
    assert [part(f"word/footer{number}.xml").count("PAGE") for number in (1, 2)] == [1, 1]
    assert "asciiTheme" not in styles
    # Quotation marks, dashes and ellipses go with the Chinese font.
    assert body.count("<w:r>") == body.count('w:hint="eastAsia"') + body.count("<w:drawing>")


def test_no_two_lists_share_a_number() -> None:
    items = [ListItem(text=str(n), ordered=True) for n in range(2)]
    document = Document(title="题", blocks=(*items, Paragraph(text="间"), *items))
    assert re.findall(r'<w:numId w:val="(\d+)"/>', part("word/document.xml", document)) == [
        "1",
        "1",
        "2",
        "2",
    ]
    assert said(again(document)) == said(document)


@pytest.mark.parametrize("number", [0, -3, 10_000, 2_000_000_000])
def test_a_number_that_word_cannot_write_stands_as_words(number: int) -> None:
    document = Document(title="题", blocks=(ListItem(text="项", ordered=True, number=number),))
    assert f"{number}. 项" in [text for _, text in again(document).texts()]


def test_what_is_missing_is_named() -> None:
    document = Document(
        title="题", blocks=(Image(sha256="0" * 64, alt="走访"),), attachments=("1" * 64, "2" * 64)
    )
    with zipfile.ZipFile(BytesIO(docx_of(document, {}, {"1" * 64: "名单.xlsx"}))) as archive:
        body = archive.read("word/document.xml").decode()
    for words_shown in ("〔图片：走访〕", "附件：1. 名单.xlsx", f"2. {'2' * 64}"):
        assert words_shown in body


def test_signs_that_xml_cannot_hold_are_shown() -> None:
    assert "甲\ufffd乙" in part(
        "word/document.xml", Document(title="题", blocks=(Paragraph(text="甲\x07乙"),))
    )


def test_a_revision_is_given_to_whoever_may_see_it(client: TestClient, bureau: Bureau, as_: Headers) -> None:
    made = client.post(
        "/api/v1/drafts",
        json={
            "format": "markdown",
            "content": "# 送温暖\n\n走访**独居**老人。",
            "targets": [{"channel": "wechat", "section": "news"}],
        },
        headers=as_("editor"),
    ).json()
    address = f"/api/v1/drafts/{made['id']}/revisions/1/docx"
    answer = client.get(address, headers=as_("editor"))
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].endswith("%E9%80%81%E6%B8%A9%E6%9A%96.docx")
    revised = client.post(
        f"/api/v1/drafts/{made['id']}/revisions",
        json={"format": "docx", "content": b64encode(answer.content).decode()},
        headers=as_("editor") | {"If-Match": '"1"'},
    )
    assert revised.json()["digest"] == made["digest"], "handed in as it was, it is the same content"
    assert client.get(address.replace("/1/docx", "/9/docx"), headers=as_("editor")).status_code == 404
    assert client.get(address).status_code == 401
