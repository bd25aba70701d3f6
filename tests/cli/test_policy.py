"""`sanshen policy`: lint, test, show, diff and backtest, to people and to programs."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.cli.policy import app
from tests.negative_list.policies import GOOD, HEAD, write

BETTER = GOOD.replace("severity: block", "severity: warn").replace(
    "{残废: 残疾}", "{残废: 残疾, 瘸子: 肢体残疾人}"
)
WITH_EXCEPTION = GOOD.replace("  examples", "  unless: [{covering: [残废军人证]}]\n  examples")


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


def answer(*args: object) -> Any:
    return json.loads(run(*args, "--json").stdout)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write(tmp_path / "good", GOOD)


# lint


def test_lint_passes_what_is_good(good: Path) -> None:
    ran = run("lint", good)
    assert (ran.exit_code, ran.stderr.strip()) == (0, "")
    assert "1 条规则，没有问题；摘要 " in ran.stdout
    told = answer("lint", good)
    assert told == {"folder": str(good), "policy": told["policy"], "rules": 1, "faults": [], "warnings": []}


def test_lint_says_all_faults_with_file_line_and_key(tmp_path: Path) -> None:
    folder = write(tmp_path, GOOD.replace("severity: block", "severity: blok").replace("  title", "  titel"))
    ran = run("lint", folder)
    assert ran.exit_code == 1
    assert f"{folder}/rules.yaml:4 wording.canfei.titel：不认识的键，是否为“title”？" in ran.stdout
    assert f"{folder}/rules.yaml:5 wording.canfei.severity：应为 block、warn、info 之一" in ran.stdout
    assert "共 2 处问题" in ran.stdout
    assert [(one["line"], one["key"]) for one in answer("lint", folder)["faults"]] == [
        (4, "wording.canfei.titel"),
        (5, "wording.canfei.severity"),
    ]


def test_lint_of_what_is_not_there(tmp_path: Path) -> None:
    ran = run("lint", tmp_path / "nowhere")
    assert ran.exit_code == 1
    assert "没有这个文件夹" in ran.stdout


# test


def test_examples_run_on_every_backend(good: Path) -> None:
    told = answer("test", good)
    assert [(one["backend"], one["failures"]) for one in told["backends"]] == [
        ("hyperscan", []), ("ahocorasick", []), ("plain", []),
    ]  # fmt: skip
    assert told["examples"] == 2
    ran = run("test", good)
    assert ran.exit_code == 0
    assert "plain：2 条示例，全部符合" in ran.stdout


def test_an_example_that_fails_is_said(tmp_path: Path) -> None:
    ran = run("test", write(tmp_path, GOOD.replace("为残废老人", "为残疾老人")))
    assert ran.exit_code == 2
    assert "rules.yaml:9 wording.canfei.examples.hit：应当命中却没有命中" in ran.stderr


def test_mutation_finds_an_exception_that_no_example_needs(tmp_path: Path) -> None:
    folder = write(tmp_path, WITH_EXCEPTION)
    ran = run("test", folder, "--mutate")
    assert ran.exit_code == 1
    assert "wording.canfei：删去第1个例外（covering 残废军人证…），没有示例发现" in ran.stdout
    assert "变异：试 2 处，1 处没有被发现" in ran.stdout
    assert run("test", folder).exit_code == 0
    covered = write(tmp_path, WITH_EXCEPTION.replace("[为残疾老人服务]", "[为残疾老人服务, 残废军人证]"))
    told = answer("test", covered, "--mutate")["mutations"]
    assert (told["tried"], told["survivors"], told["escaped"]) == (2, [], [])
    assert told["variants"] > 0


def test_marked_drafts_of_the_policy_are_read(good: Path) -> None:
    (good / "tests").mkdir()
    draft = good / "tests" / "one.txt"
    draft.write_text("@ wechat\n慰问残废{{wording.canfei}}老人\n都是好话\n", encoding="utf-8")
    assert answer("test", good)["golden"] == {"files": 1, "mismatches": []}
    draft.write_text("慰问残废老人\n都是好话{{wording.canfei}}\n又{{wording.canfee}}", encoding="utf-8")
    ran = run("test", good)
    assert ran.exit_code == 1
    assert "tests/one.txt:1:5 wording.canfei：没有标却命中了“残废”" in ran.stdout
    assert "tests/one.txt:2:5 wording.canfei：标了却没有命中" in ran.stdout
    assert "wording.canfee：没有这条规则" in ran.stdout


def test_the_shipped_policy_passes_with_mutation() -> None:
    told = answer("test", "--mutate")
    assert told["rules"] >= 60
    assert all(one["failures"] == [] for one in told["backends"])
    assert told["mutations"]["survivors"] == []
    assert told["mutations"]["escaped"] == []


# show


def test_show_lists_rules_and_tells_one_in_full() -> None:
    listed = run("show")
    assert "阻断  privacy.idcard  居民身份证号码（18位）" in listed.stdout
    one = run("show", "wording.disability.canfei").stdout
    for word in (
        "依据：《中华人民共和国残疾人保障法》第三条",
        "范围：阵地：全部",
        "应当命中：",
        "不应命中：",
        "例外：",
    ):
        assert word in one
    told = answer("show", "privacy.idcard")
    assert (told["severity"], told["waivable"], told["mask"]) == ("block", False, True)
    assert told["examples"]["hit"][0]["at"] == [4, 22]
    assert answer("show")["rules"][0]["id"] == "privacy.idcard"


def test_show_of_an_unknown_rule_names_the_nearest() -> None:
    ran = run("show", "privacy.idcart")
    assert ran.exit_code == 2
    assert "没有规则 privacy.idcart，是否为“privacy.idcard”？" in ran.stderr


# diff


def test_diff_says_which_keys_changed(good: Path, tmp_path: Path) -> None:
    more = BETTER + "- id: new\n  title: 新规则\n"
    other = write(tmp_path / "other", more, head=HEAD + "shadow: [new]\n", lexicons={"t.tsv": "布署\t部署\n"})
    told = answer("diff", good, other)
    assert [(one["rule"], one["state"]) for one in told["rules"]] == [
        ("wording.canfei", "changed"),
        ("new", "added"),
    ]
    assert told["rules"][0]["keys"] == [
        {"key": "severity", "before": "block", "after": "warn"},
        {"key": "match.terms.瘸子", "before": None, "after": "肢体残疾人"},
    ]
    assert told["head"] == [{"key": "shadow", "before": None, "after": ["new"]}]
    assert told["lexicons"] == [{"lexicon": "t.tsv", "added": ["布署\t部署"], "removed": []}]
    said = run("diff", other, good).stdout
    assert "删除 new 新规则" in said
    assert "    severity：warn → block" in said
    assert "词表 t.tsv：增 0 行，减 1 行" in said
    assert "没有差别" in run("diff", good, good).stdout
    assert run("diff", good, tmp_path / "nowhere").exit_code == 2


# backtest


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "a.txt").write_text("慰问\n照顾残废老人，一位瘸子说好", encoding="utf-8")
    (folder / "b.md").write_text("# 通知\n\n一切都好", encoding="utf-8")
    (folder / "c.html").write_text("<p>又一位瘸子</p>", encoding="utf-8")
    (folder / "d.bin").write_bytes(b"\0")
    return folder


def test_backtest_tells_what_a_change_would_do(good: Path, tmp_path: Path, archive: Path) -> None:
    other = write(tmp_path / "other", BETTER)
    told = answer("backtest", "--base", good, "--candidate", other, archive, "--a-month", 30)
    assert told["items"] == 3
    (row,) = told["rules"]
    assert (row["state"], row["added"], row["removed"], row["changed"]) == ("changed", 2, 0, 1)
    assert (row["base_severity"], row["candidate_severity"]) == ("block", "warn")
    assert told["blocked"] == {
        "base": 1, "candidate": 0, "candidate_active": 0,
        "base_a_month": 10.0, "candidate_a_month": 0.0, "candidate_active_a_month": 0.0,
    }  # fmt: skip
    assert {sample["item"] for sample in told["samples"]} == {str(archive / "a.txt"), str(archive / "c.html")}
    said = run("backtest", "--base", good, "--candidate", other, archive, "--a-month", 30).stdout
    assert "改动 wording.canfei 残疾人称谓：新增命中 2，减少 0，变化 1" in said
    assert f"新增 {archive}/c.html …又一位【瘸子】…" in said
    assert "有阻断命中的稿件：原 1 篇，新 0 篇" in said
    assert "预计每月阻断：原 10.0 篇，新 0.0 篇" in said


def test_backtest_of_one_draft_a_line(good: Path, tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("残废一\n\n好\n残废二\n", encoding="utf-8")
    told = answer("backtest", "--base", good, "--candidate", good, "--lines", lines)
    assert (told["items"], told["blocked"]["base"]) == (3, 2)
    assert "规则相同" in run("backtest", "--base", good, "--candidate", good, "--lines", lines).stdout


def test_backtest_refuses_what_it_cannot_read(good: Path, tmp_path: Path, archive: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    ran = run("backtest", "--base", good, "--candidate", good, empty, tmp_path / "nowhere.txt")
    assert ran.exit_code == 2
    assert "没有 .txt、.md、.markdown、.html、.htm、.docx 文件" in ran.stderr
    assert "nowhere.txt：没有这个文件" in ran.stderr
    shutil.copy(archive / "d.bin", archive / "e.txt")
    (archive / "e.txt").write_bytes(b"\xff")
    ran = run("backtest", "--base", good, "--candidate", good, archive)
    assert ran.exit_code == 2
    assert "e.txt：不是 UTF-8 文本" in ran.stderr
    assert "共 3 篇" in ran.stdout
