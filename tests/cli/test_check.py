"""`sanshen check`: the shape of its answer, positions in the file's own text, exit codes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from app.cli.check import check
from tests.negative_list.policies import GOOD, write

app = typer.Typer()
app.command()(check)

#: What each file says, and what must be found in it, by rule.
TEXTS = {
    "plain.txt": (
        "\ufeff石桥镇走访困难群众\r\n\r\n照顾残废老人👨‍👩‍👧，身份证号１１０１０５１９４９１２３１００２Ｘ。\r\n𠮷各位居民,大家好，作出布署。\n",
        {
            "wording.disability.canfei": "残废",
            "privacy.idcard": "１１０１０５１９４９１２３１００２Ｘ",
            "lang.punct.width": "民,",
            "lang.typos": "布署",
        },
    ),
    "marked.md": (
        (
            "# 石桥镇走访困难群众\n\n- 照顾**残废**老人🎉\n> 作出布署，身份证号11010519491231002X\n\n"
            "| 姓名 | 情况 |\n| --- | --- |\n| 甲 | 下肢残废 |\n\n电话 13812345678。\n"
        ),
        {
            "wording.disability.canfei": "残废",
            "lang.typos": "布署",
            "privacy.idcard": "11010519491231002X",
            "privacy.mobile": "13812345678",
        },
    ),
    "page.html": (
        (
            "<!doctype html>\n<title>走访困难群众</title>\n<script>var a = '残废';</script>\n"
            "<p>照顾<b>残</b>废老人&nbsp;👨‍👩‍👧，作出&#24067;署。</p>\r\n"
            '<table><tr><td>电话</td><td>138<!-- -->12345678</td></tr></table>\n<p title="残废">好</p>\n'
        ),
        {
            "wording.disability.canfei": "残</b>废",
            "lang.typos": "&#24067;署",
            "privacy.mobile": "138<!-- -->12345678",
        },
    ),
}


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


def answer(*args: object) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run(*args, "--json").stdout)
    return told


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def test_the_json_has_its_shape_and_nothing_else(tmp_path: Path) -> None:
    told = answer(put(tmp_path, "a.txt", "照顾残废老人，作出布署"), put(tmp_path, "b.txt", "一切都好"))
    assert list(told) == ["policy", "files"]
    assert len(told["policy"]) == 64
    shape = ["file", "counts", "elapsed_us", "groups", "findings", "not_checked"]
    assert [list(file) for file in told["files"]] == [shape] * 2
    assert [file["file"] for file in told["files"]] == [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")]
    nothing = {"counts": {"block": 0, "warn": 0, "info": 0}, "groups": [], "findings": [], "not_checked": []}
    assert told["files"][1].pop("elapsed_us") > 0
    assert told["files"][1] == {"file": str(tmp_path / "b.txt"), **nothing}
    assert told["files"][0]["counts"] == {"block": 1, "warn": 1, "info": 0}
    assert told["files"][0]["groups"] == [
        {"rule": "wording.disability.canfei", "count": 1, "parts": {"title": 1}, "findings": [0]},
        {"rule": "lang.typos", "count": 1, "parts": {"title": 1}, "findings": [1]},
    ]
    first = told["files"][0]["findings"][0]
    assert {key: value for key, value in first.items() if key != "message"} == {
        "rule": "wording.disability.canfei",
        "severity": "block",
        "part": "title",
        "start": 2,
        "end": 4,
        "line": 1,
        "column": 3,
        "excerpt": "残废",
        "suggestions": ["残疾"],
    }
    assert first["message"]


@pytest.mark.parametrize("name", TEXTS)
def test_positions_are_code_points_of_the_file_itself(tmp_path: Path, name: str) -> None:
    text, expected = TEXTS[name]
    (file,) = answer(put(tmp_path, name, text))["files"]
    found: dict[str, list[str]] = {}
    for finding in file["findings"]:
        start, end = finding["start"], finding["end"]
        found.setdefault(finding["rule"], []).append(text[start:end])
        lines = text[:start].split("\n")
        assert (finding["line"], finding["column"]) == (len(lines), len(lines[-1]) + 1)
    for rule, hit in expected.items():
        assert hit in found[rule], (rule, found)


def test_every_masked_excerpt_stays_masked(tmp_path: Path) -> None:
    for name, (text, _) in TEXTS.items():
        shown = run(put(tmp_path, name, text), "--json").stdout
        assert "11010519491231002" not in shown
        assert "13812345678" not in shown


@pytest.mark.parametrize(
    ("text", "code"),
    [("一切都好", 0), ("作出布署", 0), ("照顾残废老人", 1), ("", 0), ("\n \n", 0)],
    ids=["clean", "warning", "blocked", "empty", "blank"],
)
def test_exit_codes(tmp_path: Path, text: str, code: int) -> None:
    path = put(tmp_path, "a.txt", text)
    for form in ((), ("--json",), ("--sarif",)):
        assert run(path, *form).exit_code == code


def test_unusable_input_leaves_with_two_and_loses_nothing_else(tmp_path: Path) -> None:
    good = put(tmp_path, "a.txt", "照顾残废老人")
    (tmp_path / "b.txt").write_bytes(b"\xff\xfe")
    put(tmp_path, "c.docx", "x")
    put(tmp_path, "d.txt", "字" * 1_700_000)
    ran = run(good, *(tmp_path / name for name in ("b.txt", "c.docx", "d.txt", "e.txt")), "--json")
    assert ran.exit_code == 2
    assert [file["file"] for file in json.loads(ran.stdout)["files"]] == [str(good)]
    for word in (
        "b.txt：不是 UTF-8",
        "c.docx：这是纯文本，不是 Word 文档",
        "d.txt：5100000 字节",
        "e.txt：读不了，没有这个文件",
    ):
        assert word in ran.stderr


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gbk.txt", "照顾残废老人，作出布署".encode("gb18030"), "像是GBK 编码的文字，请另存为 UTF-8"),
        ("wide.txt", "照顾残废老人".encode("utf-16"), "像是UTF-16 编码的文字，请另存为 UTF-8"),
        ("renamed.txt", b"PK\x03\x04\x14\x00\xff", "像是Word、WPS 文档或者压缩包"),
        ("cut.txt", "照顾老人，作出部署".encode()[:-1], "不是 UTF-8 文本（第 25 字节）\n"),
        ("broken.txt", b"\x80\x81\x82 plain", "不是 UTF-8 文本（第 1 字节）"),
        ("稿.docx", b"PK\x03\x04", "稿.docx：文件不完整或已损坏"),
        ("稿.wps", b"x", "稿.wps：这是纯文本，不是 Word 文档"),
        ("稿.rtf", b"{\\rtf1", "稿.rtf：这是 RTF 文档，不是 .docx"),
        ("blocks.json", b"[]", "不支持 .json 文件"),
    ],
)
def test_what_is_no_text_is_refused_with_what_it_is(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    ran = run(tmp_path / name)
    assert (ran.exit_code, words in ran.stderr) == (2, True), ran.stderr


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    ran = run(tmp_path)
    assert (ran.exit_code, "读不了，是文件夹，不是文件" in ran.stderr) == (2, True)


@pytest.mark.parametrize(
    ("content", "places"),
    [
        (b"", []),
        (b"\0" * 5000, []),
        ("\0残\0废\0残废".encode(), [(5, 7)]),
        (("清" * 1_600_000 + "残废").encode(), [(1_600_000, 1_600_002)]),
    ],
    ids=["empty", "nuls", "between nuls", "one long line"],
)
def test_odd_texts_are_answered(tmp_path: Path, content: bytes, places: list[tuple[int, int]]) -> None:
    (tmp_path / "a").write_bytes(content)
    (file,) = answer(tmp_path / "a")["files"]
    found = [
        (one["start"], one["end"]) for one in file["findings"] if one["rule"] == "wording.disability.canfei"
    ]
    assert found == places


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--channel", "wechatt"), ["wechatt", "“wechat”"]),
        (("--section", "nwes", "--channel", "x"), ["nwes", "“news”", "阵地“x”"]),
        (("--json", "--sarif"), ["只能选一个"]),
        (("--policies", "nowhere"), ["没有这个文件夹"]),
    ],
)
def test_unusable_options_leave_with_two(tmp_path: Path, args: tuple[str, ...], words: list[str]) -> None:
    ran = run(put(tmp_path, "a.txt", "好"), *args)
    assert ran.exit_code == 2
    assert ran.stdout == ""
    for word in words:
        assert word in ran.stderr


def test_scope_matters(tmp_path: Path) -> None:
    path = put(tmp_path, "a.txt", "公示\n现将低保户王建国的情况公示如下")
    assert run(path, "--channel", "wechat", "--section", "news").exit_code == 1
    assert run(path, "--channel", "website", "--section", "publicity").exit_code == 0
    assert [finding["rule"] for finding in answer(path)["files"][0]["findings"]] == ["privacy.welfare_named"]


def test_another_policy_can_be_given(tmp_path: Path) -> None:
    path = put(tmp_path, "a.txt", "残废，布署")
    folder = write(tmp_path / "policies" / "negative_list", GOOD)
    for given in (folder, folder.parent):
        (file,) = answer(path, "--policies", given)["files"]
        assert [finding["rule"] for finding in file["findings"]] == ["wording.canfei"]
    write(folder, GOOD.replace("severity: block", "severity: blok"))
    ran = run(path, "--policies", folder)
    assert ran.exit_code == 2
    assert "rules.yaml:5 wording.canfei.severity" in ran.stderr


def test_people_read_findings_by_rule_with_their_basis(tmp_path: Path) -> None:
    told = run(put(tmp_path, "a.txt", "慰问\n照顾残废老人，残废军人")).stdout
    assert "【阻断】" in told
    assert "（wording.disability.canfei）2处（正文2）" in told
    assert "第2行第3字 “残废” → 残疾" in told
    assert "依据：《中华人民共和国残疾人保障法》第三条" in told
    assert re.search("合计：阻断2，提醒0，建议0；用时[0-9.]+毫秒；负面清单 [0-9a-f]{12}", told)
    assert "没有命中" in run(put(tmp_path, "b.txt", "一切都好")).stdout


def test_too_many_findings_are_counted_and_said(tmp_path: Path) -> None:
    path = put(tmp_path, "a.txt", "残废，" * 100_000)
    (file,) = answer(path)["files"]
    assert len(file["findings"]) == 2000
    assert file["truncated"] == 98_000
    assert file["counts"]["block"] == 100_000
    told = run(path).stdout
    assert "另有98000处命中没有列出" in told
    assert "合计：阻断100000" in told
    properties = json.loads(run(path, "--sarif").stdout)["runs"][0]["invocations"][0]["properties"]
    assert (properties["counts"]["block"], properties["truncated"]) == (100_000, 98_000)
