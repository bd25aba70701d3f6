"""Old Word files: their words are taken, and told to be without layout."""

import struct
from base64 import b64encode

import pytest

from app.drafts.intake.builder import Builder, TooMuch
from app.drafts.intake.docx.service import read_docx
from app.drafts.intake.service import Format, take_in
from tests.api.compound import compound

MAIN = (
    '关于冬季检查的通知\r见\x13 HYPERLINK "http://a.cn" \x14附件\x15。\r'
    "单位\x07人数\x07\x07甲局\x0712\x07\x07完\r"
)


def old(
    main: str = MAIN, header: str = "机关页眉\r", *, version: int = 0xC1, flags: int = 0x0200, ansi: str = ""
) -> bytes:
    """Return a .doc with two or three pieces: wide ones, and one of single bytes."""
    wide = (main + header).encode("utf-16-le")
    place = 2048
    ends = [0, len(main) + len(header), len(main) + len(header) + len(ansi)]
    pieces = [place, (place + len(wide)) * 2 | 0x40000000]
    count = 2 if ansi else 1
    plc = struct.pack(f"<{count + 1}I", *ends[: count + 1])
    plc += b"".join(struct.pack("<HIH", 0, at, 0) for at in pieces[:count])
    clx = b"\x01\x02\x00ab" + b"\x02" + struct.pack("<I", len(plc)) + plc
    block = bytearray(2048)
    struct.pack_into("<HH", block, 0, 0xA5EC, version)
    struct.pack_into("<H", block, 0x0A, flags)
    struct.pack_into("<8i", block, 0x4C, len(main), 0, len(header), 0, len(ansi), 0, 0, 0)
    struct.pack_into("<II", block, 0x01A2, 16, len(clx))
    stream = bytes(block) + wide + ansi.encode("cp1252")
    return compound({"WordDocument": stream, "1Table": bytes(16) + clx})


def read(data: bytes) -> Builder:
    builder = Builder()
    read_docx(data, builder)
    builder.settle(None)
    return builder


def test_the_words_of_an_old_file_are_taken_and_told_to_be_bare() -> None:
    builder = read(old(ansi="note\r"))
    assert builder.title == "关于冬季检查的通知"
    assert [block.text for block in builder.blocks] == ["见附件。", "单位\t人数", "甲局\t12", "完"]
    assert {(entry.kind, entry.what) for entry in builder.left_out} == {
        ("old_word", "只收了文字"),
        ("header", "机关页眉"),
        ("word_comment", "note"),
    }


def test_the_door_takes_an_old_file() -> None:
    taken = take_in(Format.DOCX, b64encode(old()).decode(), {})
    assert taken.document.title == "关于冬季检查的通知"
    assert any("版式未保留，修订不可分辨" in entry.why for entry in taken.left_out)


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (old(flags=0x0300), "file_kind", "密码"),
        (old(version=0x65), "file_kind", "另存为 .docx"),
        (old(flags=0), "package_damaged", ""),
        (compound({"WordDocument": b"\xec\xa5\xc1\x00"}), "package_damaged", ""),
    ],
)
def test_an_old_file_that_cannot_be_read_says_why(data: bytes, code: str, words: str) -> None:
    with pytest.raises(TooMuch) as fault:
        read(data)
    assert fault.value.code == code
    assert words in str(fault.value.data)
