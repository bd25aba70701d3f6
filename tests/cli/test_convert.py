"""`sanshen convert`: a file as the service takes it in, as another kind of file."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.cli import app


def sanshen(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


MARKDOWN = "# 送温暖\n\n面积3×10^8^，走访**独居**老人。\n\n| 科室 | 人数 |\n|---|---|\n| 救助科 | 12 |\n"


def test_each_kind_says_the_same(tmp_path: Path) -> None:
    source = tmp_path / "稿.md"
    source.write_text(MARKDOWN, encoding="utf-8")
    word = tmp_path / "稿.docx"
    assert sanshen("convert", str(source), "--to", "docx", "-o", str(word)).exit_code == 0
    first = sanshen("convert", str(source), "--to", "json").stdout
    again = sanshen("convert", str(word), "--to", "json").stdout
    assert json.loads(first) == json.loads(again)
    assert "救助科" in sanshen("convert", str(word), "--to", "text").stdout.splitlines()
    assert "<th" in sanshen("convert", str(word), "--to", "html").stdout


def test_a_text_is_printed_or_its_unknown_characters_are_named(tmp_path: Path) -> None:
    source, page = tmp_path / "稿.md", tmp_path / "稿.pdf"
    source.write_text(MARKDOWN, encoding="utf-8")
    assert sanshen("convert", str(source), "--to", "pdf", "-o", str(page)).exit_code == 0
    assert page.read_bytes().startswith(b"%PDF-")
    source.write_text("# 题\n\n张\U000323af同志", encoding="utf-8")
    shown = sanshen("convert", str(source), "--to", "pdf", "-o", str(page))
    assert shown.exit_code == 2
    assert "没有这些字：\U000323af" in shown.stderr


def test_a_red_head_is_no_part_of_the_text(tmp_path: Path) -> None:
    source, word = tmp_path / "稿.md", tmp_path / "稿.docx"
    source.write_text(MARKDOWN, encoding="utf-8")
    made = sanshen("convert", str(source), "--to", "docx", "--red-head", "某某市民政局文件", "-o", str(word))
    assert made.exit_code == 0
    again = sanshen("convert", str(word), "--to", "json")
    assert json.loads(again.stdout) == json.loads(sanshen("convert", str(source), "--to", "json").stdout)
    assert "没有进入正文：页眉：某某市民政局文件" in again.stderr


def test_a_text_without_a_title_takes_the_name_of_its_file(tmp_path: Path) -> None:
    source = tmp_path / "走访情况.html"
    source.write_text("<p>走访独居老人。</p>", encoding="utf-8")
    assert json.loads(sanshen("convert", str(source), "--to", "json").stdout)["title"] == "走访情况"


def test_what_is_not_in_it_is_listed(tmp_path: Path) -> None:
    source = tmp_path / "稿.html"
    source.write_text("<h1>题</h1><p>文</p><form><input value='甲'></form>", encoding="utf-8")
    shown = sanshen("convert", str(source), "--to", "text")
    assert "没有进入正文：表单" in shown.stderr
    assert shown.stdout == "题\n文\n"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--to", "odt"), "--to 只能是"),
        (("--to", "text", "--tracked-changes", "x"), "--tracked-changes 只能是"),
    ],
)
def test_wrong_choices_are_told(tmp_path: Path, more: tuple[str, ...], told: str) -> None:
    source = tmp_path / "稿.txt"
    source.write_text("题\n文", encoding="utf-8")
    shown = sanshen("convert", str(source), *more)
    assert shown.exit_code == 2
    assert told in shown.stderr


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    missing = sanshen("convert", str(tmp_path / "没有.docx"), "--to", "json")
    assert missing.exit_code == 2
    broken = tmp_path / "坏.docx"
    broken.write_bytes(b"PK\x03\x04 broken")
    shown = sanshen("convert", str(broken), "--to", "json")
    assert shown.exit_code == 2
    assert "损坏" in shown.stderr


def test_files_of_any_kind_are_compared(tmp_path: Path) -> None:
    old, word, new = tmp_path / "旧.md", tmp_path / "旧.docx", tmp_path / "新.txt"
    old.write_text("# 送温暖\n\n走访独居老人。\n\n送去棉被,米面。\n", encoding="utf-8")
    new.write_text("送温暖\n走访孤寡老人。\n送去棉被，米面。\n特此说明。\n", encoding="utf-8")
    assert sanshen("convert", str(old), "--to", "docx", "-o", str(word)).exit_code == 0
    same = sanshen("diff", str(old), str(word))
    assert (same.exit_code, same.stdout) == (0, "")
    shown = sanshen("diff", str(word), str(new))
    assert shown.exit_code == 1
    assert shown.stdout.splitlines() == [
        "改　第1段：走访[-独居-]{+孤寡+}老人。",
        "改　第2段：送去棉被[-,-]{+，+}米面。（半角逗号 → 全角逗号）",
        "增　第3段：{+特此说明。+}",
    ]
    told = json.loads(sanshen("diff", str(word), str(new), "--json").stdout)
    assert [one["kind"] for one in told] == ["edited", "edited", "added"]
