"""`sanshen usage`: what it says, and with which exit code it leaves."""

import json
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from app.cli.usage import app

_LINE = "民政部门组织開展慈善幕捐活动。"


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


def test_a_doubt_is_told_with_its_counts_and_blocks_nothing(tmp_path: Path) -> None:
    file = tmp_path / "稿.txt"
    file.write_text(_LINE, encoding="utf-8")
    done = run("check", file)
    assert done.exit_code == 0
    assert "“幕捐”在" in done.output
    assert "出现 0 次" in done.output
    assert "请核对是否应为“募捐”" in done.output


def test_places_are_those_of_the_text_as_typed(tmp_path: Path) -> None:
    file = tmp_path / "稿.txt"
    typed = "民政部门㈱组织开\u200b展慈善幕捐活动。"
    file.write_text(typed, encoding="utf-8")
    done = run("check", "--json", file)
    (doubt,) = json.loads(done.output)["doubts"]
    assert typed[doubt["start"] : doubt["end"]] == doubt["written"] == "幕捐"


def test_words_of_the_bureau_are_let_be(tmp_path: Path) -> None:
    file, known = tmp_path / "稿.txt", tmp_path / "词.txt"
    file.write_text(_LINE, encoding="utf-8")
    known.write_text("慈善幕捐\n\n", encoding="utf-8")
    assert json.loads(run("check", "--json", "--known", known, file).output)["doubts"] == []


def test_own_prose_is_counted_and_taken_beside(tmp_path: Path) -> None:
    file, own, counts = tmp_path / "稿.txt", tmp_path / "已发.txt", tmp_path / "own.npy"
    file.write_text(_LINE, encoding="utf-8")
    own.write_text("我区慈善幕捐活动办公室发布公告。\n" * 40, encoding="utf-8")
    done = run("count", own, "--to", counts)
    assert done.exit_code == 0, done.output
    assert json.loads(run("check", "--json", "--beside", counts, file).output)["doubts"] == []


def test_what_cannot_be_read_is_said_with_every_reason(tmp_path: Path) -> None:
    broken = tmp_path / "坏.txt"
    broken.write_bytes("幕捐".encode("gbk"))
    done = run("check", broken, tmp_path / "没有.txt")
    assert done.exit_code == 2
    assert "坏.txt" in done.output
    assert "没有.txt" in done.output
    wrong = run("check", "--beside", broken, broken)
    assert wrong.exit_code == 2
    assert "usage count" in wrong.output
    assert run("count", broken, "--to", tmp_path / "own.txt").exit_code == 2
