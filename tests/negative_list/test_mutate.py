"""Mutation: examples that would not notice a rule or an exception that is gone are named."""

from pathlib import Path

from app.negative_list import load_policy
from app.negative_list.engine.program import Program
from app.negative_list.quality.mutate import escaped, survivors, variants, variants_of
from app.negative_list.text.model import View
from tests.negative_list.policies import SAMPLE, loaded, rule

CANFEI = {"kind": "terms", "terms": {"残废": "残疾"}}


def test_an_exception_that_no_miss_needs_survives(tmp_path: Path) -> None:
    unless = [
        {"covering": ["残废军人证"]},
        {"inside": {"open": "《", "close": "》"}},
        {"before": {"any": ["旧称"], "within": 4}},
        {"after": {"any": ["一词"], "within": 4}},
        {"line_has": "引文"},
    ]
    misses = ["残废军人证", "《残废条例》", "旧称残废", "残废一词", "引文：残废"]
    for number in range(len(misses)):
        fewer = misses[:number] + misses[number + 1 :]
        policy = loaded(tmp_path / str(number), [rule("r", CANFEI, "残废", fewer, unless=unless)])
        found = list(survivors(policy.program, policy.rules))
        assert [one.rule for one in found] == ["r"]
        assert found[0].what.startswith(f"第{number + 1}个例外")
    whole = loaded(tmp_path / "whole", [rule("r", CANFEI, "残废", misses, unless=unless)])
    assert list(survivors(whole.program, whole.rules)) == []


def test_a_rule_whose_examples_hit_nothing_survives(tmp_path: Path) -> None:
    policy = loaded(tmp_path, [rule("r", CANFEI, "残废")])
    other = loaded(tmp_path / "b", [rule("r", {"kind": "terms", "terms": ["瘸子"]}, "瘸子")])
    blind = Program(other.rules, "plain")
    found = list(survivors(blind, policy.rules))
    assert [(one.rule, one.what) for one in found] == [("r", "规则本身")]


def test_variants_of_a_text() -> None:
    assert variants("残疾人A1") == {
        "全角": "残疾人Ａ１",
        "繁体": "殘疾人A1",
        "零宽": "残\u200b疾\u200b人\u200bA\u200b1",
    }


def test_a_variant_that_is_no_longer_hit_escapes(tmp_path: Path) -> None:
    # A program that reads the text as typed: it misses what the fold view would have seen.
    policy = loaded(tmp_path / "fold", [rule("r", {"kind": "terms", "terms": ["残废A"]}, "残废A")])
    typed = {"kind": "terms", "view": "raw", "terms": ["残废A"]}
    raw = loaded(tmp_path / "raw", [rule("r", typed, "残废A")])
    assert list(escaped(policy.program, policy.rules)) == []
    assert [one.what[:2] for one in escaped(raw.program, policy.rules)] == ["全角", "繁体", "零宽"]
    assert list(variants_of(raw.rules)) == []


def test_the_sample_has_variants_only_for_what_reads_the_fold_view() -> None:
    policy = load_policy(SAMPLE)
    views = {getattr(policy.rules[index].match, "view", None) for index, _, _, _ in variants_of(policy.rules)}
    assert views == {View.FOLD}
    assert list(escaped(policy.program, policy.rules)) == []
