"""Old and other workbooks are read cell by cell, and what of them is not read is told."""

from collections.abc import Callable

import pytest

from app.drafts.intake.file_reader import read_held
from app.drafts.intake.kinds import Kind, false_ending, kind_of, trouble_of
from app.drafts.intake.reading import Reading, Trace
from app.words.places import place_in_file
from tests.intake.old_workbooks import Sheets, ods, xls

Make = Callable[..., bytes]
ROWS: Sheets = {
    "公示名单": [["拟录用人员名单"], ["姓名", "身份证号"], ["", "", ""], ["王某", "11010519491231002X"]],
    "数": [[1200.0, 0.5], ["", 13.0]],
}
both = pytest.mark.parametrize(("make", "kind"), [(xls, Kind.XLS), (ods, Kind.ODS)])


def said(reading: Reading) -> dict[str, str]:
    return {place_in_file(ref): text for ref, text in reading.said()}


@both
def test_cells_stand_where_they_stood(make: Make, kind: Kind) -> None:
    content = make(ROWS)
    assert kind_of(content) is kind
    told = said(read_held(content))

    assert told["工作表“公示名单” 单元格 A1"] == "拟录用人员名单"
    assert told["工作表“公示名单” 单元格 B4"] == "11010519491231002X"
    assert told["工作表“数” 单元格 A1"] == "1200"
    assert told["工作表“数” 单元格 B1"] == "0.5"
    assert told["工作表“数” 单元格 B2"] == "13"


@both
def test_what_is_beside_the_cells_is_told_as_not_checked(make: Make, kind: Kind) -> None:
    (unread,) = read_held(make(ROWS)).unread
    assert "批注" in unread.what
    assert "另存为 .xlsx" in unread.why


def test_a_hidden_sheet_is_a_trace() -> None:
    traces = read_held(xls({"看得见": [["甲"]], "!藏起来": [["乙"]]})).traces
    assert [(trace.kind, trace.text) for trace in traces] == [(Trace.HIDDEN_SHEET, "藏起来")]


def test_who_wrote_it_is_a_trace() -> None:
    meta = (
        '<office:document-meta xmlns:office="o" xmlns:dc="d" xmlns:meta="m"><office:meta>'
        "<meta:initial-creator>张三</meta:initial-creator><dc:creator>李四</dc:creator>"
        "</office:meta></office:document-meta>"
    )
    traces = read_held(ods(ROWS, **{"meta.xml": meta})).traces
    assert [(trace.kind, trace.text) for trace in traces] == [
        (Trace.AUTHOR, "张三"),
        (Trace.LAST_AUTHOR, "李四"),
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (xls(ROWS, _VBA_PROJECT_CUR=b"x"), "宏"),
        (ods(ROWS, **{"Basic/script-lc.xml": "<a/>"}), "宏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le"), "已损坏"),
    ],
)
def test_macros_and_broken_files_are_not_taken(content: bytes, why: str) -> None:
    assert kind_of(content) is None
    assert why in trouble_of(content)


def test_a_name_that_says_another_kind_is_false() -> None:
    assert false_ending("名单.xlsx", Kind.XLS)
    assert not false_ending("名单.et", Kind.XLS)
    assert not false_ending("名单.ods", Kind.ODS)


def test_what_is_damaged_within_is_told() -> None:
    content = ods(ROWS).replace(b"<table:table-row>", b"<table:table-row ")
    assert any("损坏" in unread.why for unread in read_held(content).unread)
