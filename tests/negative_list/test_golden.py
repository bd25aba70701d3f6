"""Marked drafts: what stands behind a mark, and every way in which a policy finds something else."""

from pathlib import Path

import pytest

from app.negative_list import Policy, Scope, load_policy
from app.negative_list.quality.golden import golden_files, mismatches, read_marked
from tests.negative_list.policies import GOOD, TODAY, write

HIT = "wording.canfei"


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return load_policy(write(tmp_path_factory.mktemp("policy"), GOOD))


def told(policy: Policy, text: str) -> list[str]:
    return [str(mismatch) for mismatch in mismatches(policy, "a.txt", text, on=TODAY)]


def test_a_marked_draft_says_where_it_goes_and_where_hits_end() -> None:
    marked = read_marked("@ wechat news\n为残废{{a.b}}人和{{c}}\n无")
    assert marked.scope == Scope(frozenset({"wechat"}), frozenset({"news"}))
    assert marked.lines == ("为残废人和", "无")
    assert marked.marks == {(2, 3, "a.b"), (2, 5, "c")}
    assert read_marked("").lines == ()
    assert read_marked("无").first == 1


def test_what_is_marked_and_found_is_no_mismatch(policy: Policy) -> None:
    assert told(policy, f"为残废{{{{{HIT}}}}}老人服务\n为残疾老人服务") == []


def test_what_is_found_without_a_mark_is_told_with_its_place(policy: Policy) -> None:
    (problem,) = told(policy, "@ wechat\n为残废老人服务")
    assert problem.startswith(f"a.txt:2:4 {HIT}：没有标却命中了")


def test_what_is_marked_and_not_found_is_told(policy: Policy) -> None:
    assert told(policy, f"为残疾{{{{{HIT}}}}}老人服务") == [f"a.txt:1:4 {HIT}：标了却没有命中"]


def test_a_mark_for_no_rule_is_told_once(policy: Policy) -> None:
    assert told(policy, "老人{{no.rule}}") == ["a.txt:1:0 no.rule：没有这条规则"]


def test_marked_drafts_lie_in_a_folder_of_the_policy(tmp_path: Path) -> None:
    assert golden_files(tmp_path) == []
    (tmp_path / "tests").mkdir()
    for name in ("b.txt", "a.txt", "c.md"):
        (tmp_path / "tests" / name).touch()
    assert [path.name for path in golden_files(tmp_path)] == ["a.txt", "b.txt"]
