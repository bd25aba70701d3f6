"""What laws say is never beyond a waiver: made-up sentences in the form of laws, and paragraphs of laws."""

from pathlib import Path

import pytest

from app.negative_list import Part, PartKind, Scope, check
from tests.policies.snippets import TODAY, policy

LAW = [
    "第七条 核心密码保护信息的最高密级为绝密级，普通密码保护信息的最高密级为机密级。",
    "第九条 事项的密级为秘密的，由县级以上机关确定，并注明保密期限。",
    "第十条 密级为机密的事项，保密期限不超过二十年。",
    "第三条 本文件属于秘密文件的，应当按照规定作出标志。",
    "第十二条 国家秘密的密级分为绝密、机密、秘密三级，具体范围另行规定。",
    "第二十条 任何组织和个人不得买卖、出租居民身份证，不得泄露公民身份号码。",
]


@pytest.mark.parametrize("kind", [PartKind.TITLE, PartKind.BODY])
def test_no_words_of_a_law_are_beyond_a_waiver(kind: PartKind) -> None:
    shipped = policy()
    never = {rule.id for rule in shipped.rules if not rule.waivable}
    parts = [Part(kind, f"blocks/{number}", text) for number, text in enumerate(LAW)]
    report = check(shipped, parts, scope=Scope(), on=TODAY, key=b"test")
    assert never
    assert {item.rule for item in report.findings} & {"secrecy.mark_in_words"}
    assert not {item.rule for item in report.findings} & never


def test_no_paragraph_of_a_law_is_beyond_a_waiver() -> None:
    lines = (Path(__file__).parent / "law_lines.txt").read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if not line.startswith("#")]
    never = {rule.id for rule in policy().rules if not rule.waivable}
    found = set()
    for kind in (PartKind.TITLE, PartKind.BODY, PartKind.TABLE):
        parts = [Part(kind, f"blocks/{number}", text) for number, text in enumerate(lines)]
        found |= {item.rule for item in check(policy(), parts, scope=Scope(), on=TODAY, key=b"test").findings}
    assert any(policy_rule.severity == "block" for policy_rule in policy().rules if policy_rule.id in found)
    assert not found & never
