"""Rules in words: what they look for, where, on what basis, and when they let a hit pass."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.negative_list import Policy, load_policy
from app.negative_list.source import describe
from app.negative_list.source.rules import Allowed, Covering, Inside, LineHas, Near
from tests.negative_list.policies import rule, write

TERMS = {f"词{chr(0x4E00 + number)}": "别" for number in range(21)}


def described(folder: Path, match: dict[str, Any], hit: object, **keys: Any) -> tuple[Policy, Any]:
    policy = load_policy(write(folder, [rule("a.b", match, hit, **keys)]))
    (only,) = policy.rules
    return policy, only


def test_a_list_of_words_is_shown_with_what_to_write_and_cut_at_twenty(tmp_path: Path) -> None:
    _, only = described(tmp_path, {"kind": "terms", "terms": TERMS}, "词一")
    text = describe.match_text(only)
    assert text.startswith("21个词")
    assert "词一→别" in text
    assert text.endswith("……")


def test_the_skip_view_is_said(tmp_path: Path) -> None:
    _, only = described(tmp_path, {"kind": "terms", "terms": ["残废"], "view": "skip"}, "残 废")
    assert describe.match_text(only) == "1个词（字间的空格、连接号等不计）：残废"


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Inside("《", "》", ()), "在《》之内"),
        (Inside("《", "》", ("甲", "乙")), "在《》之内，仅限：甲、乙"),
        (Covering(("甲乙",)), "属于更长的词：甲乙"),
        (Near(before=True, words=("甲",), within=3), "前3字内有：甲"),
        (Near(before=False, words=("甲", "乙"), within=3), "后3字内有：甲、乙"),
        (LineHas("^甲", None), "同一行有：^甲"),
    ],
)
def test_every_exception_is_said(condition: Any, text: str) -> None:
    assert describe.condition_text(condition) == text


def test_a_rule_is_told_with_all_that_it_says(tmp_path: Path) -> None:
    policy, only = described(
        tmp_path,
        {"kind": "regex", "pattern": "甲[乙丙]"},
        {"text": "甲乙", "on": "2026-02-03"},
        shadow=True,
        waivable=False,
        effective={"from": "2026-01-01", "until": "2026-12-31"},
        scope={
            "channels": ["wechat"],
            "sections": ["*", "!news"],
            "stages": ["final_review"],
            "parts": ["title"],
        },
        unless=[{"covering": ["甲乙丙"]}],
        message="不要写",
    )
    lines = describe.as_text(policy, only).splitlines()
    assert lines[0].endswith("（试运行）  a.b  a.b")
    assert "  依据：（没有写）" in lines
    assert "  生效：2026-01-01，到 2026-12-31 为止" in lines
    assert "  查找：正则 甲[乙丙]" in lines
    assert "  例外：属于更长的词：甲乙丙" in lines
    assert "  提示：不要写" in lines
    assert "  不可豁免" in lines
    assert "  应当命中：甲乙" in lines
    (where,) = [line for line in lines if line.startswith("  范围：")]
    assert "栏目：全部（news除外）" in where
    assert "环节：final_review" in where
    plain = describe.as_plain(policy, only)
    assert plain["effective"] == {"from": "2026-01-01", "until": "2026-12-31"}
    assert plain["scope"]["sections"] == ["*", "!news"]
    assert plain["scope"]["parts"] == ["title"]
    assert plain["examples"]["hit"][0]["on"] == date(2026, 2, 3).isoformat()


def test_a_rule_that_says_little_applies_everywhere_and_always(tmp_path: Path) -> None:
    policy, only = described(tmp_path, {"kind": "terms", "terms": ["残废"]}, "残废")
    text = describe.as_text(policy, only)
    assert "  生效：一直\n" in text
    assert "阵地：全部；栏目：全部；部位：全文" in text
    assert "不可豁免" not in text
    assert describe.as_plain(policy, only)["scope"]["parts"] == ["*"]
    assert only.scope.stages == Allowed()


def test_checkers_and_validated_patterns_are_named(shipped: Policy) -> None:
    texts = [describe.match_text(each) for each in shipped.rules]
    assert any(text.startswith("检查器 ") and "（" in text for text in texts)
    assert any("，并通过 " in text for text in texts)
