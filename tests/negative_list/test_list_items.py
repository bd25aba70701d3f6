"""Lists that name an item twice, steps and attachments out of sequence, persons named before any verb."""

from pathlib import Path

import pytest

from app.negative_list import Part, PartKind, Policy, Scope, check, load_policy
from tests.negative_list.policies import KEY, SHIPPED, TODAY


@pytest.fixture(scope="module")
def policy(compiled: Path) -> Policy:
    return load_policy(SHIPPED, cache_dir=compiled)


def _found(policy: Policy, text: str, rule: str) -> list[str]:
    parts = [Part(PartKind.BODY, f"{number}", line) for number, line in enumerate(text.split("\n"))]
    scope = Scope(frozenset({"website"}), frozenset({"news"}), "")
    report = check(policy, parts, scope=scope, on=TODAY, key=KEY)
    return [finding.ref for finding in report.findings if finding.rule == rule]


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("米、面、油、米面", 0),
        ("大米、面粉、食用油、大米", 1),
        ("出席的有张三、李四、王五、李四等", 1),
        ("副局长、局长、主任", 0),
        ("社区、街道、社区卫生服务中心", 0),
        ("张三、李四、张三丰", 0),
        ("大米、面粉", 0),
    ],
)
def test_an_item_that_stands_twice_in_a_list_is_told_once(policy: Policy, text: str, times: int) -> None:
    assert len(_found(policy, text, "consistency.repeated_item")) == times


@pytest.mark.parametrize(
    ("text", "refs"),
    [
        ("附件1：名单\n附件2：说明\n附件4：表格", ["2"]),
        ("附件1：名单\n附件2：说明\n附件1：名单\n附件2：说明", []),
        ("第一步，申请。第二步，审核。第四步，公示。", ["0"]),
        ("第一条 总则\n第二条 职责\n第四条 附则", ["2"]),
        ("第一条 总则\n第二条 职责\n第三条 附则", []),
        # Lists that begin in the middle, and texts that leave out more than a slip would.
        ("（三）监督检查\n（四）责任追究\n五、附则", []),
        ("第三条 职责\n第五条 罚则\n第一条 总则\n第二条 职责", []),
        ("第一条 总则\n第三条 职责\n第五条 罚则\n第七条 附则", []),
        ("一、目的\n（略）\n三、措施\n四、附则", []),
        ("办法（节选）\n第一条 总则\n第三条 职责", []),
        # What stands twice is told in those too.
        ("第一条 总则\n第三条 职责\n第五条 罚则\n第七条 附则\n第七条 附则", ["4"]),
        ("1. 申请\n2. 审核\n4. 公示", ["2"]),
        ("一、目的\n二、范围\n（一）城市\n（三）农村\n三、措施", ["3"]),
    ],
)
def test_steps_articles_and_attachments_are_counted(policy: Policy, text: str, refs: list[str]) -> None:
    assert _found(policy, text, "consistency.sequence") == refs


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("残疾人徐晓峰开着三轮车送货。", True),
        ("尿毒症患者陈志刚每周透析三次。", True),
        ("残疾人自主创业。", False),
        ("残疾人张榜公示名单。", False),
        ("受助学生代表王同学发言。", False),
    ],
)
def test_a_name_before_any_verb_is_told_from_words(policy: Policy, text: str, named: bool) -> None:
    assert bool(_found(policy, text, "privacy.status_named")) is named
