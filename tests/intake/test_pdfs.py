"""PDFs are read whole: words with page and line, what lies beside them, and what was not checked."""

import io

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText, Text
from pypdf.generic import DictionaryObject, NameObject, TextStringObject
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from app.drafts.intake.file_reader import read_held
from app.drafts.intake.pdf.lines import paragraphs
from app.drafts.intake.reading import Trace
from app.words.places import place_in_file
from tests.intake.pictures import photo
from tests.intake.workbooks import listed


def written(*pages: list[str], **facts: str) -> bytes:
    """Return a PDF with these lines on its pages; a page without lines is empty."""
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=A4)
    canvas.setAuthor(facts.get("author", "王某某"))
    canvas.setTitle(facts.get("title", "公示"))
    for lines in pages:
        canvas.setFont("STSong-Light", 12)
        for number, line in enumerate(lines):
            canvas.drawString(60, 780 - 20 * number, line)
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def test_words_stand_on_a_page_in_a_line() -> None:
    reading = read_held(written(["关于公示的通知", "共两项。"], [], ["身份证号11010519491231002X"]))

    told = {place_in_file(ref): text for ref, text in reading.said()}
    assert told["第 1 页第 1 行"] == "关于公示的通知"
    assert told["第 3 页第 1 行"] == "身份证号11010519491231002X"
    assert (Trace.AUTHOR, "王某某") in {(one.kind, one.text) for one in reading.traces}
    # An empty page is no page that was not read.
    assert reading.unread == ()


@pytest.mark.parametrize(
    ("lines", "whole"),
    [
        (
            ["经办人的身份证号码为1101051949123", "1002X，请核对后再对外公布本名单"],
            ["经办人的身份证号码为11010519491231002X，请核对后再对外公布本名单"],
        ),
        (["我局近日在市民活动中心集中开展残", "废人帮扶"], ["我局近日在市民活动中心集中开展残废人帮扶"]),
        (["姓名", "王某"], ["姓名", "王某"]),
        (["以下事项请各单位抓好：", "一、加强领导"], ["以下事项请各单位抓好：", "一、加强领导"]),
        (["应当于本月底之前报送材料附件", "附件1：名单"], ["应当于本月底之前报送材料附件", "附件1：名单"]),
        (["The quick brown fox jumps over", "the lazy dog"], ["The quick brown fox jumps over the lazy dog"]),
    ],
)  # fmt: skip
def test_what_the_edge_of_a_page_parts_is_whole_again(lines: list[str], whole: list[str]) -> None:
    assert [text for _, text in paragraphs("\r\n".join(lines))] == whole


def _with_everything() -> bytes:
    writer = PdfWriter(PdfReader(io.BytesIO(written(["正文"]))))
    writer.add_annotation(0, Text(rect=(50, 50, 200, 200), text="记号一：请删去电话"))
    writer.add_annotation(0, FreeText(rect=(50, 250, 200, 300), text="记号二"))
    writer.add_attachment("名单.xlsx", listed([["记号三"]], "内表"))
    writer.add_outline_item(title="记号四", page_number=0)
    writer.add_metadata({"/Keywords": "记号五", "/Company": "记号六"})
    writer.add_uri(0, "https://example.test/token7", (10, 10, 20, 20))
    script = {
        NameObject("/S"): NameObject("/JavaScript"),
        NameObject("/JS"): TextStringObject("app.alert(1)"),
    }
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(script)
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def test_what_lies_beside_the_pages_is_read() -> None:
    reading = read_held(_with_everything())
    told = {place_in_file(ref): text for ref, text in reading.said()}

    assert told["第 1 页第 1 处批注"] == "记号一：请删去电话"
    assert told["里面的文件“名单.xlsx” 工作表“内表” 单元格 A1"] == "记号三"
    assert told["第 1 条书签"] == "记号四"
    assert {"记号二", "记号五", "记号六", "https://example.test/token7"} <= set(told.values())
    assert [one.what for one in reading.unread] == ["脚本"]
    assert {one.kind for one in reading.traces} >= {Trace.COMPANY, Trace.AUTHOR}


def test_fields_of_a_form_are_read() -> None:
    made = io.BytesIO()
    canvas = Canvas(made)
    canvas.drawString(60, 700, "Form")
    canvas.acroForm.textfield(name="token1", value="token2", tooltip="token3", x=60, y=600)
    canvas.acroForm.choice(name="token4", options=["token5", "token6"], value="token5", x=60, y=500)
    canvas.save()
    words = " ".join(text for _, text in read_held(made.getvalue()).said())

    assert [number for number in range(1, 7) if f"token{number}" not in words] == []


def test_a_page_of_a_scan_is_not_checked() -> None:
    made = io.BytesIO()
    canvas = Canvas(made)
    canvas.drawImage(photo(), 0, 0, 200, 200)
    canvas.showPage()
    canvas.drawString(60, 700, "words")
    canvas.drawImage(photo(), 0, 0, 200, 200)
    canvas.save()
    reading = read_held(made.getvalue())

    assert [(one.ref, one.what, one.why) for one in reading.unread] == [
        ("pages/1", "", "这一页没有文字，是图片或者扫描件，没有检查"),
        ("pages/2", "1 幅图片", "没有识别图片里的文字"),
    ]


def test_a_password_is_told_and_an_owners_lock_is_none() -> None:
    for password, why in (("geheim", ["有打开密码，没有检查；请取消密码后再上传"]), ("", [])):
        writer = PdfWriter(PdfReader(io.BytesIO(written(["正文"]))))
        writer.encrypt(password, "owner", algorithm="AES-256")
        made = io.BytesIO()
        writer.write(made)
        assert [one.why for one in read_held(made.getvalue()).unread] == why


def test_a_file_with_other_bytes_before_it_is_a_pdf() -> None:
    assert any(text == "正文" for _, text in read_held(b"\r\n\r\n" + written(["正文"])).said())
