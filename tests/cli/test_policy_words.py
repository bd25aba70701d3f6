"""`sanshen policy words`: word lists of vendors, as they come."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from app.cli.policy_words import words
from app.negative_list.quality.first_look import Hits, first_look
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.source.word_lists import MOST_LINES, Columns, guessed, lexicon, taken
from tests.intake.workbooks import listed
from tests.negative_list.policies import rule, write

app = typer.Typer()
app.command()(words)

LIST = [
    ["序号", "类别", "错误写法", "正确写法", "备注"],
    ["1", "错别字", "布署", "部署", "常见"],
    ["2", "错别字", "松驰", "松弛", ""],
    ["3", "称谓", "残废人", "残疾人|残障人士", ""],
    ["4", "称谓", "残廢人", "残疾人", "繁体的同一个词"],
    ["5", "称谓", "瞎", "盲", "一个字"],
    ["6", "称谓", "聋哑", "", "没有建议"],
    ["7", "称谓", "第一(最佳)", "优秀", "有括号"],
    ["8", "称谓", "部署", "部署", "相同"],
    ["9", "称谓", "", "部署", "空的"],
]


def _csv(rows: list[list[str]], between: str = ",") -> str:
    return "".join(between.join(row) + "\r\n" for row in rows)


def _run(*arguments: object) -> dict[str, object]:
    ran = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert ran.exit_code == 0, ran.output
    found: dict[str, object] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("utf8.csv", _csv(LIST).encode()),
        ("marked.csv", b"\xef\xbb\xbf" + _csv(LIST).encode()),
        ("gbk.csv", _csv(LIST).encode("gb18030")),
        ("wide.csv", _csv(LIST).encode("utf-16")),
        ("tabs.tsv", _csv(LIST, "\t").encode()),
        ("semicolons.txt", _csv(LIST, ";").encode("gb18030")),
        ("mixed.csv", _csv(LIST[:3]).encode() + _csv(LIST[3:]).encode("gb18030")),
    ],
)
def test_lists_are_read_as_they_come(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    found = _run(file)
    assert found["columns"] == {"term": 2, "suggestion": 3, "note": 4, "category": 1, "head": True}
    assert found["words"] == 5
    assert found["categories"] == {"称谓": 3, "错别字": 2}
    assert found["left_out"] == {"重复": [5], "只有一个字": [6], "建议与词相同": [9], "没有词": [10]}
    assert found["doubtful"] == {"没有建议": [7], "含有正则符号（按字面查找）": [8]}


def test_a_workbook_is_read(tmp_path: Path) -> None:
    file = tmp_path / "list.xlsx"
    file.write_bytes(listed(LIST))
    assert _run(file)["words"] == 5


def test_a_column_of_categories_is_no_suggestion() -> None:
    rows = [[f"错词{number}", "错别字" if number % 2 else "禁用词", f"正词{number}"] for number in range(40)]
    assert guessed(rows) == Columns(0, 2, None, 1)
    assert guessed([[row[0], row[1]] for row in rows]) == Columns(0, None, None, 1)
    assert guessed([[row[0]] for row in rows]) == Columns(0)
    assert guessed([[str(number), *row] for number, row in enumerate(rows)]) == Columns(1, 3, None, 2)


def test_columns_can_be_named_and_categories_chosen(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(_csv(LIST), encoding="utf-8")
    found = _run(file, "--term", "正确写法", "--suggestion", "0", "--only", "错别字")
    assert found["columns"] == {"term": 3, "suggestion": None, "note": 4, "category": 1, "head": True}
    assert found["words"] == 2
    for wrong, told in (
        (["--term", "词语"], "没有“词语”这一列"),
        (["--term", "9"], "只有 5 列"),
        (["--only", "病句"], "没有类别“病句”"),
    ):
        ran = CliRunner().invoke(app, [str(file), *wrong])
        assert ran.exit_code == 2
        assert told in ran.output


def test_each_word_is_counted_in_old_texts(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(_csv(LIST), encoding="utf-8")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "a.txt").write_text("作出布署，再作布署。", encoding="utf-8")
    (tmp_path / "old" / "b.md").write_text("作出**布**署，关爱殘廢人。", encoding="utf-8")
    found = _run(file, "--against", tmp_path / "old")
    hits = [(one["term"], one["places"], one["texts"]) for one in found["hits"]]  # type: ignore[attr-defined]
    assert hits == [("布署", 3, 2), ("残废人", 1, 1)]
    shown = CliRunner().invoke(app, [str(file), "--against", str(tmp_path / "old")]).stdout
    assert "布署：3 处，2 篇" in shown
    assert "重复 1 行，没有收入：第 5 行" in shown


def test_overlapping_words_count_each_and_nothing_is_found_in_nothing() -> None:
    assert first_look(["残废", "残废人"], ["残废人"])[0] == [
        Hits("残废", 1, 1, "残废人"),
        Hits("残废人", 1, 1, "残废人"),
    ]
    assert first_look(["残废"], []) == ([], 0)


def test_what_is_written_is_a_lexicon_that_a_rule_can_use(tmp_path: Path) -> None:
    from app.negative_list import load_policy

    file = tmp_path / "list.csv"
    file.write_text(_csv(LIST), encoding="utf-8")
    to = tmp_path / "bought.tsv"
    _run(file, "--to", to)
    refused = CliRunner().invoke(app, [str(file), "--to", str(to)])
    assert refused.exit_code == 2
    assert "没有覆盖" in refused.output
    match = {"kind": "lexicon", "lexicon": "bought.tsv"}
    made_of = rule("bought", match, {"text": "作出布署", "suggest": "部署"}, "作出部署")
    text = to.read_text(encoding="utf-8")
    policy = load_policy(write(tmp_path / "policy", [made_of], lexicons={"bought.tsv": text}))
    assert len(policy.rules) == 1


def test_two_hundred_thousand_lines_are_read_and_more_refused() -> None:
    rows = [[f"词{number:06}", "建议"] for number in range(MOST_LINES)]
    found = taken(rows, Columns(0, 1))
    assert len(found.words) == MOST_LINES
    faults: list[object] = []
    text = lexicon(found.words, source="某公司", entered="2026-12-01")
    assert len(Lexicon("a", text, "").entries("a", faults)) == MOST_LINES  # type: ignore[arg-type]
    assert faults == []
    with pytest.raises(ValueError, match="最多"):
        taken([*rows, ["多", "了"]], Columns(0, 1))


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "没有内容"), (b"1,2\r\n3,4\r\n", "看不出哪一列"), (b"\x00\x01\x02", "乱码")],
)
def test_what_is_no_list_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(content)
    ran = CliRunner().invoke(app, [str(file)])
    assert ran.exit_code == 2
    assert told in ran.output
