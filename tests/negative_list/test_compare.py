"""What differs between two policies: rules, keys below keys, the head, and lines of word lists."""

from pathlib import Path

from app.negative_list.source.compare import KeyChange, LexiconChange, RuleChange, compare
from tests.negative_list.policies import GOOD, HEAD, write


def test_a_policy_does_not_differ_from_itself(tmp_path: Path) -> None:
    same = compare(write(tmp_path / "a", GOOD), write(tmp_path / "b", GOOD))
    assert (same.head, same.rules, same.lexicons) == ((), (), ())
    assert same.old == same.new


def test_a_changed_key_is_told_with_both_values_however_deep(tmp_path: Path) -> None:
    changed = GOOD.replace("残废: 残疾", "残废: 残障").replace(
        "severity: block", "severity: warn\n  weight: 2"
    )
    told = compare(
        write(tmp_path / "a", GOOD), write(tmp_path / "b", changed, head=HEAD.replace("测试", "试验"))
    )
    assert told.old != told.new
    assert told.head == (KeyChange("title", "测试", "试验"),)
    assert told.rules == (
        RuleChange(
            "wording.canfei",
            "残疾人称谓",
            "changed",
            (
                KeyChange("severity", "block", "warn"),
                KeyChange("match.terms.残废", "残疾", "残障"),
                KeyChange("weight", None, 2),
            ),
        ),
    )


def test_rules_that_came_and_went_are_named(tmp_path: Path) -> None:
    other = GOOD.replace("wording.canfei", "wording.other").replace("  title: 残疾人称谓\n", "")
    told = compare(write(tmp_path / "a", GOOD), write(tmp_path / "b", other))
    assert told.rules == (
        RuleChange("wording.canfei", "残疾人称谓", "removed"),
        RuleChange("wording.other", "wording.other", "added"),
    )


def test_faulty_files_are_compared_as_far_as_they_go(tmp_path: Path) -> None:
    told = compare(write(tmp_path / "a", "version: 1\n"), write(tmp_path / "b", "version: 1\nrules: [1]\n"))
    assert told.rules == ()


def test_lines_of_word_lists_are_compared_without_their_comments(tmp_path: Path) -> None:
    old = write(tmp_path / "a", GOOD, lexicons={"a.tsv": "# 甲\n一\n二\n", "b.tsv": "一\n", "c.tsv": "一\n"})
    new = write(
        tmp_path / "b", GOOD, lexicons={"a.tsv": "# 乙\n二\n\n三\n", "b.tsv": "# 丙\n一\n", "d.tsv": ""}
    )
    names = {change.lexicon.removesuffix(".tsv"): change for change in compare(old, new).lexicons}
    assert {name: (change.added, change.removed) for name, change in names.items()} == {
        "a": (("三",), ("一",)),
        "c": ((), ("一",)),
        "d": ((), ()),
    }
    assert isinstance(names["a"], LexiconChange)
