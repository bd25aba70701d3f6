"""`sanshen check` and `sanshen policy backtest` on Word files."""

import json
from pathlib import Path

from typer.testing import CliRunner

from app.cli import app
from tests.api.word import p, r, word

RUN = CliRunner()


def made(folder: Path) -> Path:
    file = folder / "名单.docx"
    inserted = f'<w:ins w:author="李处">{r("身份证号11010519491231002X")}</w:ins>'
    file.write_bytes(word(p("公示名单") + p("张某，", inserted) + p(r("暗处的话", "<w:vanish/>"))))
    return file


def test_what_is_only_proposed_is_checked_where_one_says_so(tmp_path: Path) -> None:
    file = made(tmp_path)
    before = RUN.invoke(app, ["check", "--json", str(file)])
    assert before.exit_code == 0, before.output
    (report,) = json.loads(before.stdout)["files"]
    missed = {entry["what"] for entry in report["not_checked"]}
    assert {"隐藏的文字：暗处的话", "没有接受的插入：“身份证号11010519491231002X”（李处）"} <= missed
    after = RUN.invoke(app, ["check", "--json", "--tracked-changes", "accepted", str(file)])
    assert after.exit_code == 1, after.output
    (report,) = json.loads(after.stdout)["files"]
    assert [(found["rule"], found["line"]) for found in report["findings"]] == [("privacy.idcard", 2)]


def test_a_file_that_cannot_be_read_says_why_and_the_others_are_checked(tmp_path: Path) -> None:
    bad = tmp_path / "坏.docx"
    bad.write_bytes(b"%TSD-Header-###%" + bytes(range(64)))
    result = RUN.invoke(app, ["check", str(bad), str(made(tmp_path))])
    assert result.exit_code == 2
    assert "加密软件" in result.stderr
    assert "名单.docx" in result.stdout


def test_a_choice_that_there_is_not_is_refused(tmp_path: Path) -> None:
    result = RUN.invoke(app, ["check", "--tracked-changes", "all", str(made(tmp_path))])
    assert result.exit_code == 2
    assert "original、accepted" in result.stderr


def test_a_back_test_reads_word_files_in_folders(tmp_path: Path) -> None:
    made(tmp_path)
    shipped = str(Path("policies/negative_list"))
    result = RUN.invoke(app, ["policy", "backtest", "--candidate", shipped, str(tmp_path), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["items"] == 1
