"""Plain text: its encoding from its bytes, its tables from their delimiters."""

import pytest

from app.drafts.intake.file_reader import read_held
from app.drafts.intake.sheets.delimited import delimiter_of
from app.words.places import place_in_file

ROWS = "姓名,身份证号,金额\n王某,110105194912310000,500\n李某,110105194912310001,600\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_encodings_are_told_from_the_bytes(encoding: str) -> None:
    told = {place_in_file(ref): text for ref, text in read_held(ROWS.encode(encoding)).said()}

    assert told["第 1 行第 2 列"] == "身份证号"
    assert told["第 3 行第 2 列"] == "110105194912310001"


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        (ROWS, ","),
        (ROWS.replace(",", "\t"), "\t"),
        (ROWS.replace(",", ";"), ";"),
        ("公示名单,,\n" + ROWS, ","),
        ('"甲,乙",丙\n"丁\n戊",己\n', ","),
        ("一段文字，有逗号。\n又一段, 有一个。\n第三段。\n", ""),
        ("只有一行,两列", ""),
        ("", ""),
    ],
)
def test_a_table_is_told_from_its_lines(text: str, delimiter: str) -> None:
    assert delimiter_of(text) == delimiter


def test_lines_of_text_keep_their_numbers() -> None:
    assert list(read_held("第一行\r\n\r\n第三行".encode()).said()) == [
        ("lines/1", "第一行"),
        ("lines/3", "第三行"),
    ]


@pytest.mark.parametrize("content", [b"\x00\x01\x02\x03", b"\xff\xfe\x00\xd8", bytes(range(256))])
def test_what_is_no_text_is_not_checked(content: bytes) -> None:
    reading = read_held(content)

    assert list(reading.said()) == []
    assert reading.unread[0].why.startswith("没有检查")
