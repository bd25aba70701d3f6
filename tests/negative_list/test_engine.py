"""One rule at a time: exceptions, scope, parts, dates, messages, suggestions, variants."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.negative_list import Part, PartKind, Policy, Scope, Severity, check
from tests.negative_list.policies import HEAD, KEY, TODAY, loaded, rule, run

CANFEI = {"kind": "terms", "terms": {"残废人": "残疾人", "残废": "残疾"}}


def one(folder: Path, match: dict[str, Any] = CANFEI, hit: object = "残废", **keys: Any) -> Policy:
    return loaded(folder, [rule("one", match, hit, **keys)])


def hits(policy: Policy, *texts: str) -> list[str]:
    return [finding.excerpt for finding in run(policy, *texts).findings]


# Exceptions.


@pytest.mark.parametrize(
    ("condition", "text", "found"),
    [
        ({"inside": {"open": "《", "close": "》"}}, "《残废军人条例》说残废", ["残废"]),
        ({"inside": {"open": "《", "close": "》"}}, "《残废军人条例", ["残废"]),
        ({"inside": {"open": "《", "close": "》"}}, "条例》残废《", ["残废"]),
        ({"inside": {"open": "《", "close": "》"}}, "《甲》残废《乙》", ["残废"]),
        (
            {"inside": {"open": "《", "close": "》"}, "only": ["残废军人条例"]},
            "《残废军人条例》《残废人条例》",
            ["残废人"],
        ),
        ({"inside": {"open": "“", "close": "”"}}, "所谓“残废”一词", []),
        ({"covering": ["残废军人证"]}, "残废军人证和残废军人", ["残废"]),
        ({"covering": ["残废军人证"]}, "残廢军人証", []),
        ({"covering": ["原残废", "残废军"]}, "原残废、残废军、残废", ["残废"]),
        ({"before": {"any": ["旧称"], "within": 4}}, "旧称：残废；旧称叫做的残废", ["残废"]),
        ({"before": {"any": ["旧称"], "within": 4}}, "残废旧称", ["残废"]),
        ({"after": {"any": ["一词"], "within": 4}}, "残废”一词，残废的一个一词", ["残废"]),
        ({"line_has": "引文[:：]"}, "引文：残废\n残废", ["残废"]),
        ({"line_has": "(?:甲|乙)丙"}, "残废乙丙\n残废甲乙", ["残废"]),
    ],
)  # fmt: skip
def test_exceptions(tmp_path: Path, condition: dict[str, Any], text: str, found: list[str]) -> None:
    assert hits(one(tmp_path, unless=[condition]), text) == found


def test_an_exception_does_not_look_beyond_its_part(tmp_path: Path) -> None:
    policy = loaded(
        tmp_path,
        [
            rule("a", CANFEI, "残废", unless=[{"inside": {"open": "《", "close": "》"}}]),
            rule("b", CANFEI, "残废", unless=[{"before": {"any": ["旧称"], "within": 9}}]),
            rule("c", CANFEI, "残废", unless=[{"after": {"any": ["一词"], "within": 9}}]),
            rule("d", CANFEI, "残废", unless=[{"covering": ["原残废军"]}]),
            rule("e", CANFEI, "残废", unless=[{"line_has": "旧称"}]),
        ],
    )
    report = run(policy, "旧称《原", "残废", "军》一词旧称")
    assert [finding.rule for finding in report.findings] == ["a", "b", "c", "d", "e"]


def test_a_line_of_an_exception_is_a_line_of_the_part(tmp_path: Path) -> None:
    policy = one(tmp_path, unless=[{"line_has": "^引文"}])
    assert hits(policy, "残废", "引文残废", "前\n引文残废\n残废") == ["残废", "残废"]


# Edges, validators, repeated words.


@pytest.mark.parametrize(
    ("edge", "text", "count"),
    [
        ("digit", "12345", 1),
        ("digit", "a12345b", 1),
        ("digit", "012345", 0),
        ("digit", "１２３４５６", 0),
        ("latin", "a12345", 0),
        ("latin", "012345", 1),
        ("word", "a12345", 0),
        ("word", "012345", 0),
        ("word", "电话12345。", 1),
        ("none", "0123456", 1),
    ],
)
def test_edges(tmp_path: Path, edge: str, text: str, count: int) -> None:
    for match in ({"kind": "regex", "pattern": "12345"}, {"kind": "terms", "terms": ["12345"]}):
        policy = one(tmp_path / match["kind"], {**match, "edge": edge}, "12345")
        assert len(hits(policy, text)) == count


# Scope, parts, dates, shadow.


@pytest.mark.parametrize(
    ("scope", "where", "applies"),
    [
        ({"channels": ["wechat"]}, Scope(), True),
        ({"channels": ["wechat"]}, Scope(frozenset({"wechat"})), True),
        ({"channels": ["wechat"]}, Scope(frozenset({"website"})), False),
        ({"channels": ["wechat"]}, Scope(frozenset({"website", "wechat"})), True),
        ({"channels": ["!wechat"]}, Scope(frozenset({"wechat"})), False),
        ({"channels": ["!wechat"]}, Scope(frozenset({"website", "wechat"})), True),
        ({"sections": ["!notice"]}, Scope(frozenset({"wechat"}), frozenset({"notice"})), False),
        ({"sections": ["!notice"]}, Scope(frozenset({"wechat"}), frozenset({"news"})), True),
        ({"stages": ["final"]}, Scope(stage="draft"), False),
        ({"stages": ["final"]}, Scope(stage="final"), True),
        ({"stages": ["final"]}, Scope(), True),
        ({"channels": ["*"], "sections": ["news"]}, Scope(frozenset({"x"}), frozenset({"notice"})), False),
    ],
)
def test_scope(tmp_path: Path, scope: dict[str, Any], where: Scope, *, applies: bool) -> None:
    head = HEAD + "channels: {wechat: 公众号, website: 网站}\nsections: {news: 要闻, notice: 公告}\n"
    example = {
        "text": "残废",
        **({"channel": "website"} if scope.get("channels") == ["!wechat"] else {}),
        **({"stage": "final"} if "stages" in scope else {}),
    }
    policy = loaded(tmp_path, [rule("one", CANFEI, example, scope=scope)], head=head)
    report = check(policy, [Part(PartKind.BODY, "b", "残废")], scope=where, on=TODAY, key=KEY)
    assert bool(report.findings) is applies


def test_parts(tmp_path: Path) -> None:
    policy = one(tmp_path, scope={"parts": ["title", "alt"]})
    for kind in PartKind:
        assert bool(run(policy, "残废", kind=kind).findings) is (kind in {PartKind.TITLE, PartKind.ALT})
    but = one(tmp_path / "but", scope={"parts": ["!caption"]})
    assert not run(but, "残废", kind=PartKind.CAPTION).findings
    assert run(but, "残废", kind=PartKind.TABLE).findings


def test_a_rule_is_in_force_on_both_of_its_days(tmp_path: Path) -> None:
    policy = one(tmp_path, effective={"from": "2024-02-01", "until": "2024-02-29"})
    days = [date(2024, 1, 31), date(2024, 2, 1), date(2024, 2, 29), date(2024, 3, 1)]
    part = [Part(PartKind.BODY, "b", "残废")]
    found = [len(check(policy, part, scope=Scope(), on=day, key=KEY).findings) for day in days]
    assert found == [0, 1, 1, 0]


def test_a_rule_on_trial_shows_apart_and_does_not_block(tmp_path: Path) -> None:
    basis = {"basis": [{"doc": "残疾人保障法"}], "severity": "block"}
    policy = loaded(tmp_path, [rule("trial", CANFEI, "残废", **basis)], head=HEAD + "shadow: [trial]\n")
    report = run(policy, "残废")
    assert report.findings == ()
    assert [finding.rule for finding in report.shadow] == ["trial"]
    assert report.counts[Severity.BLOCK] == 0
    assert not report.blocked
    in_force = loaded(tmp_path / "b", [rule("trial", CANFEI, "残废", **basis)])
    assert run(in_force, "残废").blocked
    assert in_force.digest != policy.digest


def test_variants_of_a_rule_report_one_place_once_by_the_severest(tmp_path: Path) -> None:
    head = HEAD + "channels: {wechat: 公众号, website: 网站}\n"
    rules = [
        rule("base", CANFEI, "残废", scope={"channels": ["wechat"]}),
        rule(
            "base.website", {"kind": "terms", "terms": ["残废", "瘸子"]}, "残废", variant_of="base",
            severity="block", basis=[{"doc": "残疾人保障法"}], scope={"channels": ["website"]},
        ),
    ]  # fmt: skip
    policy = loaded(tmp_path, rules, head=head)
    report = run(policy, "残废瘸子")
    assert [(finding.rule, finding.excerpt) for finding in report.findings] == [
        ("base.website", "残废"),
        ("base.website", "瘸子"),
    ]
    assert report.counts == {"block": 2, "warn": 0, "info": 0}
    on_wechat = check(
        policy, [Part(PartKind.BODY, "b", "残废瘸子")], scope=Scope(frozenset({"wechat"})), on=TODAY, key=KEY
    )
    assert [finding.rule for finding in on_wechat.findings] == ["base"]


# Messages and suggestions.


def test_messages_and_suggestions(tmp_path: Path) -> None:
    terms = {"残废": "残疾|残障", "瞎子": None}
    policy = one(
        tmp_path,
        {"kind": "terms", "terms": terms},
        message="{title}：“{match}”请改为“{suggestion}”。",
        title="称谓",
    )
    found = run(policy, "残廢和瞎子").findings
    assert [(finding.message, finding.suggestions) for finding in found] == [
        ("称谓：“残廢”请改为“残疾”或“残障”。", ("残疾", "残障")),
        ("称谓：“瞎子”请改为“其他说法”。", ()),
    ]


def test_a_message_shows_a_text_with_signs_of_messages_in_it_as_it_is(tmp_path: Path) -> None:
    match = {"kind": "regex", "view": "raw", "pattern": r"\{[a-z%()]{1,20}\}"}
    policy = one(tmp_path, match, "{title}", title="100%", message="{title}的{match}：{suggestion}%")
    messages = [finding.message for finding in run(policy, "见{note}和{suggestion}、{%(note)s}").findings]
    assert messages == [
        "100%的{note}：其他说法%",
        "100%的{suggestion}：其他说法%",
        "100%的{%(note)s}：其他说法%",
    ]


@pytest.mark.parametrize(
    ("suggest", "expected"),
    [
        ({"delete": "、"}, ("》《",)),
        ({"replace": {"、": "和"}}, ("》和《",)),
        ({"delete": "！"}, ()),
        ("改写", ("改写",)),
        (["一", "二"], ("一", "二")),
    ],
)
def test_made_suggestions(tmp_path: Path, suggest: object, expected: tuple[str, ...]) -> None:
    policy = one(tmp_path, {"kind": "regex", "view": "raw", "pattern": "》、《"}, "》、《", suggest=suggest)
    (finding,) = run(policy, "《慈善法》、《民法典》").findings
    assert finding.suggestions == expected


def test_a_note_of_a_word_list_can_be_shown(tmp_path: Path) -> None:
    match = {"kind": "lexicon", "lexicon": "t.tsv"}
    lexicons = {"t.tsv": "布署\t部署\t“部署”是安排的意思\n按装\t安装\t\t按装配\n"}
    policy = loaded(tmp_path, [rule("t", match, "布署", message="{match}：{note}")], lexicons=lexicons)
    found = run(policy, "布署，按装，按装配").findings
    assert [(finding.message, finding.start) for finding in found] == [
        ("布署：“部署”是安排的意思", 0),
        ("按装：", 3),
    ]


def test_findings_come_in_the_order_of_the_text(tmp_path: Path) -> None:
    rules = [
        rule("info", {"kind": "terms", "terms": ["甲乙"]}, "甲乙", severity="info"),
        rule("block", {"kind": "terms", "terms": ["丙丁"]}, "丙丁", severity="block", basis=["某法"]),
    ]
    found = run(loaded(tmp_path, rules), "甲乙丙丁", "丙丁甲乙").findings
    assert [(finding.ref, finding.start) for finding in found] == [
        ("blocks/0", 0), ("blocks/0", 2), ("blocks/1", 0), ("blocks/1", 2),
    ]  # fmt: skip


def test_one_typed_character_that_became_several_is_reported_once(tmp_path: Path) -> None:
    policy = one(tmp_path, {"kind": "regex", "pattern": "[()]"}, "(", severity="info")
    report = run(policy, "㈱式会社(")
    assert [(finding.start, finding.end) for finding in report.findings] == [(0, 1), (4, 5)]
    assert report.counts["info"] == 2
