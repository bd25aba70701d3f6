"""`sanshen check` on files that are checked as attachments are: places in words, faults in a sentence."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import app
from tests.intake.pictures import with_code
from tests.intake.test_pdfs import written
from tests.intake.workbooks import by_hand, listed

ROWS = [["高龄津贴发放名单"], ["姓名", "身份证号"], ["王某", "11010519491231002X"]]
CSV = "\n".join(",".join([*row, ""][:2]) for row in ROWS)


def check(folder: Path, name: str, content: bytes, *options: str) -> Any:
    (folder / name).write_bytes(content)
    return CliRunner().invoke(app, ["check", str(folder / name), *options])


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("名单.xlsx", listed(ROWS, "名单"), "工作表“名单” 单元格 B3"),
        ("名单.csv", CSV.encode("gb18030"), "第 3 行第 2 列"),
        ("名单.pdf", written(["公示"], ["身份证号11010519491231002X"]), "第 2 页第 1 行"),
        ("海报.png", with_code("11010519491231002X"), "二维码（距左"),
    ],
)
def test_a_finding_is_told_with_its_place(tmp_path: Path, name: str, content: bytes, place: str) -> None:
    done = check(tmp_path, name, content)

    assert done.exit_code == 1, done.output
    assert f"{place}" in done.stdout
    (told,) = json.loads(check(tmp_path, name, content, "--json").stdout)["files"]
    assert any(one["place"].startswith(place) for one in told["findings"])
    (run,) = json.loads(check(tmp_path, name, content, "--sarif").stdout)["runs"]
    named = [one["locations"][0]["logicalLocations"][0]["name"] for one in run["results"]]
    assert any(one.startswith(place) for one in named)
    assert all("fixes" not in one for one in run["results"])


def test_what_was_not_read_is_told(tmp_path: Path) -> None:
    done = check(tmp_path, "表.xlsx", by_hand('<sheetData><row><c r="A1"><f>B1</f></c></row></sheetData>'))

    assert done.exit_code == 0, done.output
    assert "工作表“表” 公式 A1：文件里没有保存计算结果" in done.stdout


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("名单.xlsx", b"%TSD-Header-###%" + b"\x01" * 90, "加密软件"),
        ("名单.xlsx", b"PK\x03\x04broken", "已损坏"),
        ("名单.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le"), "另存为 .xlsx"),
        ("图.png", b"MZ\x90\x00", "是程序"),
    ],
)
def test_a_file_that_is_none_ends_with_two(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    done = check(tmp_path, name, content)

    assert done.exit_code == 2
    assert why in done.output
