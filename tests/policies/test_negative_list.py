"""The shipped negative list: every rule earns its place, and clean prose stays clean."""

import csv
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from app.negative_list import Part, PartKind, Policy, Report, Rule, Scope, Severity, View, check, load_policy
from app.negative_list.engine.backends import available
from app.negative_list.engine.program import Program
from app.negative_list.in_use import NegativeList
from app.negative_list.quality.examples import faults_of, hit_problem
from app.negative_list.source.rules import (
    CheckerMatch,
    Condition,
    Covering,
    EdgeKind,
    Near,
    StructureMatch,
    TermsMatch,
)

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "policies" / "negative_list"
TODAY = date(2026, 6, 1)
EVERYWHERE = Scope(frozenset(), frozenset(), "")
HOUSE = ("三审编辑规范", "清河市民政局")


@pytest.fixture(scope="session")
def policy(negative_list: NegativeList) -> Policy:
    return negative_list.current


def read(policy: Policy, text: str, *, kind: PartKind = PartKind.BODY, scope: Scope = EVERYWHERE) -> Report:
    return check(policy, [Part(kind, "text", text)], scope=scope, on=TODAY, key=b"test")


def rules_hit(policy: Policy, text: str, **where: Scope) -> set[str]:
    return {finding.rule for finding in read(policy, text, **where).findings}


def on(channel: str, section: str) -> Scope:
    return Scope(frozenset({channel}), frozenset({section}), "")


def entries(name: str) -> list[list[str]]:
    lines = (FOLDER / "lexicons" / name).read_text(encoding="utf-8").splitlines()
    return [[*line.split("\t"), "", "", ""][:4] for line in lines if line and not line.startswith("#")]


def table(name: str) -> list[dict[str, str]]:
    lines = (FOLDER / "lexicons" / name).read_text(encoding="utf-8").splitlines()
    return list(
        csv.DictReader((line for line in lines if line[:1] != "#"), delimiter="\t", quoting=csv.QUOTE_NONE)
    )


@pytest.mark.parametrize("backend", available())
def test_loads_and_its_examples_hold_on_every_backend(backend: str) -> None:
    assert load_policy(FOLDER, backend=backend).backend == backend


def test_every_rule_is_complete(policy: Policy) -> None:
    assert len(policy.rules) >= 60
    for rule in policy.rules:
        assert rule.title, rule.id
        assert rule.message.endswith(("。", "”。", "？")), rule.id
        assert rule.basis, rule.id
        assert rule.effective_from is not None, rule.id
        assert rule.hits, rule.id
        assert rule.misses, rule.id


def test_a_rule_of_the_house_alone_never_blocks(policy: Policy) -> None:
    for rule in policy.rules:
        if all(basis.doc.startswith(HOUSE) for basis in rule.basis):
            assert rule.severity is not Severity.BLOCK, rule.id


def test_what_leaks_a_person_is_masked(policy: Policy) -> None:
    for rule in policy.rules:
        leaks = rule.id.startswith("privacy.") and not isinstance(rule.match, StructureMatch)
        if leaks and rule.severity is Severity.BLOCK:
            assert rule.mask, rule.id
    report = read(policy, "身份证号11010519491231002X，电话13812345678，卡号6222021202002000124")
    assert report.counts[Severity.BLOCK] == 3
    shown = report.to_json()
    for value in ("11010519491231002", "13812345678", "6222021202002000124"):
        assert value not in shown


@pytest.mark.parametrize(
    "text",
    [
        "最低生活保障",
        "最高人民法院",
        "国家级非物质文化遗产",
        "第一时间",
        "12345",
        "清河市提高最低生活保障标准",
        "最高人民法院发布典型案例",
        "石桥镇打铁花列入国家级非物质文化遗产代表性项目名录",
        "第一时间发放临时救助金",
        "请拨打12345政务服务便民热线",
    ],
)
@pytest.mark.parametrize("kind", [PartKind.TITLE, PartKind.BODY, PartKind.CAPTION])
def test_never_a_finding(policy: Policy, text: str, kind: PartKind) -> None:
    assert read(policy, text, kind=kind).findings == ()


@pytest.mark.parametrize(
    ("text", "rule", "found", "suggestion"),
    [
        ("负责人李XX介绍", "lang.placeholder", "李XX", None),
        ("年初布署的“敲门行动”", "lang.typos", "布署", "部署"),
        ("再接再励，再创佳绩", "lang.typos", "再接再励", "再接再厉"),
        ("照顾残废老人", "wording.disability.canfei", "残废", "残疾"),
        ("于2025年11月31日前销号", "date.valid", "2025年11月31日", None),
        ("认真学习总书记总书记讲话", "names.person_title", "总书记总书记", "总书记"),
        ("依据《未成年保护法》", "names.law.title", "《未成年保护法》", "《未成年人保护法》"),
        ("各位居民,大家好", "lang.punct.width", "民,", "民，"),
        ("下载https://pan.baidu.com/s/1abc", "link.short", "https://pan.baidu.com/s/1abc", None),
        ("根据《收养法》办理", "names.law.repealed", "《收养法》", "《中华人民共和国民法典》"),
        ("机密★1年", "secrecy.mark", "机密★1年", None),
    ],
)
def test_finds_the_everyday_faults(
    policy: Policy, text: str, rule: str, found: str, suggestion: str | None
) -> None:
    finding = next(item for item in read(policy, text).findings if item.rule == rule)
    assert text[finding.start : finding.end] == found
    if suggestion is not None:
        assert suggestion in finding.suggestions


def test_a_name_that_may_stand_in_a_notice_may_not_stand_on_wechat(policy: Policy) -> None:
    text = "现将低保户王建国的情况公示如下"
    wechat = read(policy, text, scope=on("wechat", "news"))
    notice = read(policy, text, scope=on("website", "publicity"))
    news = read(policy, text, scope=on("website", "news"))
    assert [finding.rule for finding in wechat.findings] == ["privacy.welfare_named"]
    assert [finding.rule for finding in news.findings] == ["privacy.welfare_named.website"]
    assert [finding.rule for finding in notice.findings] == ["privacy.welfare_named.publicity"]
    assert wechat.blocked
    assert news.blocked
    assert not notice.blocked


def test_an_inside_paper_may_say_that_it_is_one(policy: Policy) -> None:
    text = "内部资料 免费交流"
    assert "secrecy.work_secret" in rules_hit(policy, text, scope=on("wechat", "news"))
    assert "secrecy.work_secret" not in rules_hit(policy, text, scope=on("journal", "theory"))


def clean_lines() -> list[str]:
    return (Path(__file__).parent / "clean_prose.txt").read_text(encoding="utf-8").splitlines()


def test_clean_prose_has_no_finding(policy: Policy) -> None:
    parts = [Part(PartKind.BODY, f"blocks/{index}", line) for index, line in enumerate(clean_lines())]
    report = check(policy, parts, scope=EVERYWHERE, on=TODAY, key=b"test")
    assert [(finding.rule, finding.excerpt) for finding in report.findings] == []


def test_the_prose_of_laws_is_all_but_clean(policy: Policy) -> None:
    path = Path(os.environ.get("SANSHEN_TEST_PROSE", ROOT.parent / "shared" / "data" / "law_text.txt"))
    if not path.is_file():
        pytest.skip("the large sample of clean prose is not on this machine")
    lines = path.read_text(encoding="utf-8").splitlines()
    found = 0
    for first in range(0, len(lines), 500):
        parts = [
            Part(PartKind.BODY, f"blocks/{first + i}", line)
            for i, line in enumerate(lines[first : first + 500])
        ]
        report = check(policy, parts, scope=EVERYWHERE, on=TODAY, key=b"test")
        # The sample leaves out short lines, so that its numbering skips.
        found += sum(
            item.severity is not Severity.INFO and item.rule != "consistency.sequence"
            for item in report.findings
        )
    assert found / sum(map(len, lines)) * 10_000 <= 1


_MARK = re.compile(r"\{\{([\w.]+)\}\}")


def test_a_marked_draft_has_its_marked_findings_and_no_other(policy: Policy) -> None:
    marked = (Path(__file__).parent / "golden_wechat.txt").read_text(encoding="utf-8").splitlines()
    expected = set()
    for index, line in enumerate(marked):
        shift = 0
        for mark in _MARK.finditer(line):
            expected.add((f"blocks/{index}", mark.start() - shift, mark[1]))
            shift += len(mark[0])
    parts = [Part(PartKind.BODY, f"blocks/{index}", _MARK.sub("", line)) for index, line in enumerate(marked)]
    report = check(policy, parts, scope=on("wechat", "news"), on=TODAY, key=b"test")
    assert {(finding.ref, finding.end, finding.rule) for finding in report.findings} == expected


def test_a_rule_waits_for_its_day(policy: Policy) -> None:
    part = [Part(PartKind.BODY, "text", "为残废人提供服务")]
    before = check(policy, part, scope=EVERYWHERE, on=date(2022, 3, 3), key=b"test")
    after = check(policy, part, scope=EVERYWHERE, on=date(2022, 3, 4), key=b"test")
    assert before.findings == ()
    assert [finding.rule for finding in after.findings] == ["wording.disability.canfei"]


def traditional() -> dict[str, str]:
    """Return one traditional character for each simplified one that has some."""
    found: dict[str, str] = {}
    for line in (files("app.negative_list.text.tables") / "t2s.tsv").read_text(encoding="utf-8").splitlines():
        cells = line.split("\t")
        if len(cells) == 2 and len(cells[0]) == len(cells[1]) == 1:
            found.setdefault(cells[1], cells[0])
    return found


def test_disguised_hits_still_hit(policy: Policy) -> None:
    forms = traditional()
    program = Program(policy.rules, "plain")
    disguises = {
        "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
        "zero width": "\u200b".join,
        "traditional": lambda text: "".join(forms.get(char, char) for char in text),
    }
    missed = []
    for index, rule in enumerate(policy.rules):
        match = rule.match
        view = match.checker.view if isinstance(match, CheckerMatch) else getattr(match, "view", None)
        for example in rule.hits if view is View.FOLD else ():
            for name, disguise in disguises.items():
                text = disguise(example.text)
                problem = hit_problem(program, index, rule, example, text=text, anywhere=True)
                if problem:
                    missed.append((rule.id, name, example.text))
    assert missed == []


# The word lists.


def test_typo_pairs_are_sound() -> None:
    rows = entries("typos.tsv")
    wrong = [row[0] for row in rows]
    assert len(rows) >= 1500
    assert len(set(wrong)) == len(wrong)
    rights = "\n".join(sorted({row[1] for row in rows}))
    for term, right, _, longer in rows:
        assert len(term) >= 2, term
        assert right, term
        assert right != term
        assert term not in rights, f"{term} stands in a right word"
        assert all(term in word and word != term for word in longer.split("|") if word), term


def test_every_typo_is_found_with_its_right_form(policy: Policy) -> None:
    for name, rule in (("typos.tsv", "lang.typos"), ("policy_terms.tsv", "lang.typos.policy")):
        rows = entries(name)
        parts = [Part(PartKind.BODY, str(index), f"我们{row[0]}。") for index, row in enumerate(rows)]
        found = {}
        for first in range(0, len(parts), 500):
            report = check(policy, parts[first : first + 500], scope=EVERYWHERE, on=TODAY, key=b"test")
            found.update({(item.rule, item.ref): item for item in report.findings if item.rule == rule})
        for index, row in enumerate(rows):
            finding = found.get((rule, str(index)))
            assert finding is not None, row[0]
            assert finding.suggestions, row[0]


@pytest.mark.parametrize("name", ["typos.tsv", "policy_terms.tsv", "posts.tsv", "places.tsv", "units.tsv"])
def test_right_forms_and_covered_words_are_no_findings(policy: Policy, name: str) -> None:
    rows = entries(name)
    words = sorted({word for row in rows for word in (*row[1].split("|"), *row[3].split("|")) if word})
    parts = [Part(PartKind.BODY, word, f"我们{word}。") for word in words]
    for first in range(0, len(parts), 500):
        report = check(policy, parts[first : first + 500], scope=EVERYWHERE, on=TODAY, key=b"test")
        lexical = ("lang.typos", "names.p", "names.org.unit")
        assert [(item.ref, item.rule) for item in report.findings if item.rule.startswith(lexical)] == []


def test_repealed_laws_name_a_successor_in_force() -> None:
    rows = table("laws.tsv")
    titles = [row["title"] for row in rows]
    assert len(set(titles)) == len(titles) >= 976
    valid = {row["title"] for row in rows if row["status"] == "valid"}
    repealed = {row["short_title"]: row for row in rows if row["status"] == "repealed"}
    assert valid | {row["title"] for row in repealed.values()} == set(titles)
    for row in repealed.values():
        date.fromisoformat(row["repealed_on"])
        assert not row["successor"] or row["successor"] in valid, row["title"]
    replaced = ("婚姻法", "继承法", "民法通则", "收养法", "担保法", "合同法", "物权法", "侵权责任法")
    for short in (*replaced, "民法总则"):
        assert repealed[short]["successor"] == "中华人民共和国民法典"
        assert repealed[short]["repealed_on"] == "2021-01-01"


# Nothing may be taken away unnoticed.


def without_one(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """Yield the rule with one exception, or one word of one, left out."""
    for index, condition in enumerate(rule.unless):
        rest = (*rule.unless[:index], *rule.unless[index + 1 :])
        yield f"unless[{index}]", replace(rule, unless=rest)
        for word, fewer in fewer_words(condition):
            yield f"unless[{index}] {word}", replace(rule, unless=(*rest, fewer))
    if isinstance(rule.match, TermsMatch) and rule.match.edge is EdgeKind.CHINESE:
        yield "edge", replace(rule, match=replace(rule.match, edge=EdgeKind.NONE))


def fewer_words(condition: Condition) -> Iterator[tuple[str, Condition]]:
    if isinstance(condition, Covering) and len(condition.words) > 1:
        for word in condition.words:
            yield word, Covering(tuple(other for other in condition.words if other != word))


def test_every_exception_is_needed_by_an_example(policy: Policy) -> None:
    unneeded = []
    for rule in policy.rules:
        for what, mutant in without_one(rule):
            if not faults_of(Program((mutant,), "plain"), (mutant,)):
                unneeded.append(f"{rule.id} {what}")
    assert unneeded == []


def test_every_rule_is_needed_by_its_examples(policy: Policy) -> None:
    for rule in policy.rules:
        if isinstance(rule.match, TermsMatch):
            mutant = replace(
                rule, match=replace(rule.match, terms={"不会出现的词": ()}, covering={}, notes={})
            )
            assert faults_of(Program((mutant,), "plain"), (mutant,)), rule.id


def test_windows_hold_their_words(policy: Policy) -> None:
    for rule in policy.rules:
        for condition in rule.unless:
            if isinstance(condition, Near):
                assert max(map(len, condition.words)) <= condition.within <= 48, rule.id
