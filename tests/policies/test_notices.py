"""Ordinary notices of a civil-affairs bureau raise no alarm; numbers and words in disguise still do."""

from pathlib import Path

import pytest

from app.negative_list import Part, PartKind, Policy, Scope, Severity, check
from app.negative_list.in_use import NegativeList
from tests.policies.test_negative_list import EVERYWHERE, TODAY, rules_hit

NOTICES = [
    text.strip().splitlines()
    for text in (Path(__file__).parent / "notices.txt").read_text(encoding="utf-8").split("===\n")
]
BOUND_FOR = [
    EVERYWHERE,
    Scope(frozenset({"wechat"}), frozenset({"news"})),
    Scope(frozenset({"website"}), frozenset({"notice"})),
    Scope(frozenset({"journal"}), frozenset({"policy"})),
]


@pytest.fixture
def policy(negative_list: NegativeList) -> Policy:
    return negative_list.current


def test_there_are_enough_of_them() -> None:
    assert len(NOTICES) >= 20
    assert sum(len(line) for notice in NOTICES for line in notice) > 3500


@pytest.mark.parametrize("notice", NOTICES, ids=[notice[0][:16] for notice in NOTICES])
def test_a_notice_raises_no_alarm(policy: Policy, notice: list[str]) -> None:
    parts = [
        Part(PartKind.BODY if number else PartKind.TITLE, f"blocks/{number}", line)
        for number, line in enumerate(notice)
    ]
    for scope in BOUND_FOR:
        found = check(policy, parts, scope=scope, on=TODAY, key=b"test").findings
        assert [(one.rule, one.excerpt) for one in found if one.severity is not Severity.INFO] == []
        # One article spells out no more than one short name, at most.
        assert len(found) <= 1


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("身 份 证 号：110105 19491231 002X", "privacy.idcard.spaced"),
        ("证号1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X", "privacy.idcard.spaced"),
        ("证号１１０１０５１９４９１２３１００２Ｘ", "privacy.idcard"),
        ("证号110105\u200b19491231\ufeff002X", "privacy.idcard"),
        ("证号110105194912310０2ｘ", "privacy.idcard"),
        ("电话+86 138-1234-5678", "privacy.mobile"),
        ("电话8613812345678", "privacy.mobile"),
        ("电话１３８.１２３４.５６７８", "privacy.mobile"),
        ("电话1 3 8 1 2 3 4 5 6 7 8", "privacy.mobile.spaced"),
        ("卡号6222-0212-0200-2000-124", "privacy.bankcard"),
        ("HTTP://PAN.BAIDU.COM/s/1abc", "link.short"),
        ("Ｈｔｔｐｓ：／／Pan.Baidu.com／s／1", "link.short"),
        ("点击Pan.BAIDU.com/s/1abc", "link.short"),
        ("ＨＴＴＰＳ：//WWW.Example.COM/", "link.allowlist"),
        ("发到ZhangSan＠QQ．ＣＯＭ", "privacy.email_im"),
        ("殘\u200b廢人", "wording.disability.canfei"),
        ("机　密★1年", "secrecy.mark"),
        ("秘　密", "secrecy.mark"),
        ("ＸＸ市民政局召开会议", "lang.placeholder"),
        ("低保户：王建国", "privacy.welfare_named"),
        ("低保户“王建国”说", "privacy.welfare_named"),
        ("孤儿陈小雨", "privacy.child_name"),
        ("公示期至2026.2.30", "date.valid"),
        ("二〇二六年二月三十日", "date.valid"),
    ],
)
def test_a_disguise_is_seen_through(policy: Policy, text: str, rule: str) -> None:
    assert rule in rules_hit(policy, text)


@pytest.mark.parametrize(
    "text",
    [
        "④1月27日召开",
        "③2026年3月1日前完成",
        "编号2024-04-310",
        "二〇二五年十二月三十日",
        "十一月三十日",
        "文号为民发〔2024〕31号",
        "增长13.8%，达到1 234 567元",
        "标准由650元提高到700元、750元、790元",
        "https://mzj.qinghe.gov.cn/col/col1234/",
        "MZJ.QINGHE.GOV.CN",
        "投稿邮箱：womenshiminzheng@163.com",
        "坐标113.65,34.76",
        "统筹推进“一老一小”服务",
        "孤儿基本生活费标准",
        "救助对象档案一人一档",
        "低保对象中的重度残疾人",
        "困难群众温暖过冬",
        "严格落实保密制度",
    ],
)
def test_what_looks_alike_is_no_alarm(policy: Policy, text: str) -> None:
    found = check(policy, [Part(PartKind.BODY, "t", text)], scope=EVERYWHERE, on=TODAY, key=b"test").findings
    assert [(one.rule, one.excerpt) for one in found if one.severity is not Severity.INFO] == []


def test_one_place_is_reported_once(policy: Policy) -> None:
    for text in (
        "走访慰问低保户王建国一家",
        "证号110105 19491231 002X",
        "证号11010519491231002X",
        "电话138-1234-5678",
        "电话+8613812345678",
    ):
        found = check(
            policy, [Part(PartKind.BODY, "t", text)], scope=EVERYWHERE, on=TODAY, key=b"test"
        ).findings
        assert len(found) == 1, [one.rule for one in found]
