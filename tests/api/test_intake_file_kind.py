"""What a file is, is told by its bytes, and in one sentence."""

import zipfile
from io import BytesIO

import pytest

from app.drafts.intake.file_kind import SENTENCES, FileKind, kind_of, sentence
from tests.api.compound import compound

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"


def packed(**parts: str) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def typed(main: str, *, name: str = "[Content_Types].xml") -> bytes:
    types = f'<Types><Override PartName="/a.xml" ContentType="{main}"/></Types>'
    return packed(**{name: types, "a.xml": "<a/>"})


CASES = {
    "nothing": (b"", FileKind.EMPTY),
    "docx": (typed(f"{_WORD}.document.main+xml"), FileKind.DOCX),
    "dotx": (typed(f"{_WORD}.template.main+xml"), FileKind.DOCX),
    "docm": (typed("application/vnd.ms-word.document.macroEnabled.main+xml"), FileKind.DOCX),
    "dotm": (typed("application/vnd.ms-word.template.macroEnabledTemplate.main+xml"), FileKind.DOCX),
    "docx in capitals": (
        typed(f"{_WORD}.document.main+xml", name="[CONTENT_TYPES].XML"),
        FileKind.DOCX,
    ),
    "xlsx": (
        typed("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"),
        FileKind.XLSX,
    ),
    "xlsm": (typed("application/vnd.ms-excel.sheet.macroEnabled.main+xml"), FileKind.XLSX),
    "pptx": (
        typed("application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"),
        FileKind.PPTX,
    ),
    "odt": (
        packed(mimetype="application/vnd.oasis.opendocument.text", **{"content.xml": "<a/>"}),
        FileKind.OPEN_DOCUMENT,
    ),
    "epub": (packed(mimetype="application/epub+zip"), FileKind.EPUB),
    "ofd": (packed(**{"OFD.xml": "<ofd/>", "Doc_0/Document.xml": "<d/>"}), FileKind.OFD),
    "zip": (packed(**{"通知.txt": "甲"}), FileKind.ZIP),
    "half a docx": (typed(f"{_WORD}.document.main+xml")[:120], FileKind.BROKEN_ZIP),
    "a zip with bytes turned": (
        typed(f"{_WORD}.document.main+xml").replace(b"PK\x01\x02", b"PKxx"),
        FileKind.BROKEN_ZIP,
    ),
    "doc": (compound({"WordDocument": b"\xec\xa5", "1Table": b""}), FileKind.DOC),
    "xls": (compound({"Workbook": b"\x09\x08"}), FileKind.XLS),
    "ppt": (compound({"PowerPoint Document": b""}), FileKind.PPT),
    "docx with a password": (compound({"EncryptionInfo": b"", "EncryptedPackage": b""}), FileKind.PASSWORD),
    "msi": (compound({"Other": b""}), FileKind.OLE),
    "half a doc": (compound({"WordDocument": b"\xec\xa5"})[:600], FileKind.BROKEN_OLE),
    "sealed by an office": (b"%TSD-Header-###%" + bytes(range(256)) * 8, FileKind.SEALED),
    "rtf": (b"{\\rtf1\\ansi \\u30002?}", FileKind.RTF),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", FileKind.PDF),
    "mht": (b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n", FileKind.MHT),
    "mht of old": (b"From: <Saved by Blink>\r\n", FileKind.MHT),
    "flat opc": (
        b'<?xml version="1.0"?><p:package xmlns:p="http://schemas.microsoft.com/office/2006/xmlPackage"/>',
        FileKind.FLAT_OPC,
    ),
    "word 2003": (
        b'<?xml version="1.0"?><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"/>',
        FileKind.WORD_XML,
    ),
    "a page called doc": ("<html><head></head><body>甲</body></html>".encode(), FileKind.HTML),
    "xml": (b'<?xml version="1.0"?><a/>', FileKind.XML),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(60), FileKind.IMAGE),
    "bmp": (b"BM" + bytes([60, 0, 0, 0]) + bytes(60), FileKind.IMAGE),
    "rar": (b"Rar!\x1a\x07\x00" + bytes(60), FileKind.ARCHIVE),
    "utf-16": ("关于开展检查的通知".encode("utf-16"), FileKind.UTF16),
    "utf-16 without a mark": ("关于 1 2 3 4 5 6 abc".encode("utf-16-le"), FileKind.UTF16),
    "utf-8": ("关于开展检查的通知".encode() * 400, FileKind.TEXT),
    "utf-8 with a mark": ("\ufeff关于".encode(), FileKind.TEXT),
    "gbk": ("关于开展检查的通知".encode("gbk"), FileKind.GBK),
    "noise": (bytes(range(1, 256)) * 40, FileKind.UNKNOWN),
    "an unknown seal": (b"E-SafeNet\x00LOCK" + bytes(range(256)) * 8, FileKind.UNKNOWN),
}


@pytest.mark.parametrize("case", CASES)
def test_a_file_is_known_by_its_bytes(case: str) -> None:
    content, kind = CASES[case]
    assert kind_of(content) is kind


def test_each_kind_has_a_sentence_that_helps() -> None:
    assert set(SENTENCES) == set(FileKind)
    for kind in FileKind:
        assert "。" not in sentence(kind)
        assert kind in {FileKind.DOCX, FileKind.FLAT_OPC} or "请" in sentence(kind), kind


def test_a_file_that_no_program_here_reads_may_be_encrypted_by_its_office() -> None:
    assert "加密软件" in sentence(FileKind.SEALED)
    assert "加密软件" in sentence(FileKind.UNKNOWN)
