import json
from itertools import pairwise

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.record.canonical import canonical
from app.domain.workflow import Workflow, lint, read_workflow, workflow_schema
from app.domain.workflow.lint import WorkflowFaults
from app.infra.paths import shipped

GOOD = """\
version: 1
key: small
title: 小流程
stages:
  - {key: rules, title: 检查, kind: rule_check}
  - key: one
    title: 初审
    kind: review
    levels: initial_review
    who: {role: initial_reviewer}
  - key: two
    title: 复审
    kind: review
    levels: second_review
    who: {role: second_reviewer}
  - key: three
    title: 终审
    kind: review
    levels: final_review
    who: {role: final_reviewer}
  - key: sign
    title: 签发
    kind: sign_off
    per: channel
    who: {role: publisher}
distinct:
  - {name: 三审, stages: [one, two, three]}
"""


def found(text: str, **more: object) -> set[tuple[int, str, str]]:
    return {(fault.line, fault.key, fault.code) for fault in lint(text, **more).faults}  # type: ignore[arg-type]


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def test_a_good_file_has_no_fault() -> None:
    linted = lint(GOOD)
    assert linted.faults == ()
    assert linted.workflow == read_workflow(GOOD)
    assert read_workflow(GOOD + "# a remark\n").digest == read_workflow(GOOD).digest
    assert read_workflow(changed("小流程", "流程")).digest != read_workflow(GOOD).digest


@pytest.mark.parametrize(
    "path", sorted((shipped("policies") / "workflows").glob("*.yaml")), ids=lambda path: path.stem
)
def test_shipped_workflows_have_no_fault(path: object) -> None:
    text = path.read_text()  # type: ignore[attr-defined]
    assert lint(text).faults == ()
    assert read_workflow(text).key == path.stem  # type: ignore[attr-defined]


def test_the_shipped_schema_is_that_of_the_models() -> None:
    shown = json.loads((shipped("policies") / "workflows" / "schema.json").read_text())
    assert canonical(shown) == canonical(workflow_schema())


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("stages: [", (1, "", "yaml")),
        ("a: 1\n b: 2", (2, "", "yaml")),
        ("\x00", (1, "", "character")),
        ("on: 2026-02-30", (1, "on", "value")),
        ("[" * 5000, (1, "", "yaml")),
        ("a: &a [*a]", (1, "", "too_deep")),
        (
            "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
            + "".join(
                f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(8)
            ),
            (5, "", "too_many_values"),
        ),
        ("? [a]\n: 1", (1, "", "key")),
        ("", (1, "", "empty")),
        (GOOD + "title: 又一个\n", (28, "title", "duplicate_key")),
        (changed("title: 初审", "titel: 初审"), (7, "stages.1.titel", "form")),
        (changed("title: 初审", "titel: 初审"), (6, "stages.1.title", "form")),
        (changed("{role: publisher}", "{role: publisher, person: wang}"), (25, "stages.4.who.0", "form")),
        (changed("{role: publisher}", "{}"), (25, "stages.4.who.0", "form")),
        (changed("kind: sign_off", "kind: [proof, sign_off]"), (23, "stages.4.kind", "one_kind")),
        (changed("key: two", "key: one"), (11, "stages.2.key", "duplicate_stage")),
        (
            changed("    levels: final_review", "    after: [nowhere]\n    levels: final_review"),
            (19, "stages.3.after", "unknown_stage"),
        ),
        (
            changed("    levels: final_review", "    after: [nowhere]\n    levels: final_review"),
            (19, "stages.3.after", "unreachable"),
        ),
        (
            changed("    levels: initial_review", "    after: [three]\n    levels: initial_review"),
            (9, "stages.1.after", "loop"),
        ),
        (
            changed("    levels: initial_review", "    after: [three]\n    levels: initial_review"),
            (22, "stages.4.after", "unreachable"),
        ),
        (
            changed("    levels: final_review", "    send_back_to: [sign]\n    levels: final_review"),
            (19, "stages.3.send_back_to", "no_earlier_stage"),
        ),
        (
            changed("    levels: final_review", "    send_back_to: [rules]\n    levels: final_review"),
            (19, "stages.3.send_back_to", "no_earlier_stage"),
        ),
        (
            changed(
                "    levels: final_review",
                "    outcomes: [{key: a, title: 退, verb: send_back}]\n    levels: final_review",
            ),
            (19, "stages.3.outcomes", "no_way_on"),
        ),
        (
            changed(
                "    levels: final_review",
                "    outcomes: [{key: a, title: 过, verb: approve}]\n    levels: final_review",
            ),
            (19, "stages.3.outcomes", "no_way_out"),
        ),
        (
            changed(
                "    levels: final_review",
                "    outcomes:\n    - {key: a, title: 过, verb: approve}\n"
                "    - {key: a, title: 退, verb: decline}\n    levels: final_review",
            ),
            (19, "stages.3.outcomes", "duplicate_outcome"),
        ),
        (changed("  - {key: rules, title: 检查, kind: rule_check}\n", ""), (4, "stages", "no_rule_check")),
        (
            changed("    levels: initial_review", "    after: []\n    levels: initial_review"),
            (9, "stages.1.after", "before_rule_check"),
        ),
        (
            changed("kind: rule_check}", "kind: rule_check, who: {role: editor}}"),
            (5, "stages.0.who", "nobody_needed"),
        ),
        (changed("    who: {role: publisher}\n", ""), (21, "stages.4.who", "nobody")),
        (
            changed("{role: publisher}", "{role: publisher, when: {flags: [x]}}"),
            (25, "stages.4.who", "nobody_sometimes"),
        ),
        (
            changed("{role: publisher}", "{role: publisher}\n    need: one_of_each"),
            (26, "stages.4.need", "group_missing"),
        ),
        (
            changed("{role: publisher}", "{author: true}"),
            (21, "stages.4.author_may_act", "author_may_not_act"),
        ),
        (
            changed("{role: publisher}", "{person: wang}\n    need: {at_least: 2}"),
            (26, "stages.4.need", "too_few_people"),
        ),
        (
            changed(
                "{role: publisher}",
                "\n      - {post: a, when: {channels: [x]}}"
                "\n      - {post: b, when: {unless: {channels: [x, y]}}}",
            ),
            (25, "stages.4.who", "nobody_sometimes"),
        ),
        (
            changed(
                "{role: publisher}",
                "[{person: wang}, {person: wang}]\n    need: {at_least: 2}",
            ),
            (26, "stages.4.need", "too_few_people"),
        ),
        (
            changed(
                "    levels: final_review",
                "    outcomes: [{key: a, title: 过, verb: approve}, {key: b, title: 退, verb: send_back}]\n"
                "    levels: final_review",
            ),
            (19, "stages.3.outcomes", "no_exit_after_rounds"),
        ),
        (
            changed(
                "  - key: sign",
                "  - key: ask\n    title: 问\n    kind: consult\n    who: {post: 甲}\n"
                "    applies_if: {flags: [x], unless: {flags: [x]}}\n  - key: sign",
            ),
            (25, "stages.4.applies_if", "never_applies"),
        ),
        (
            changed("{role: publisher}", "{role: publisher, raises: [x]}"),
            (21, "stages.4.outcomes", "flag_for_nothing"),
        ),
        (
            changed(
                "    levels: initial_review",
                "    applies_if: {flags: [x]}\n    levels: initial_review",
            ).replace("{role: second_reviewer}", "{role: second_reviewer, raises: [x]}"),
            (12, "stages.2.outcomes", "flag_comes_too_late"),
        ),
        (
            changed(
                "    levels: final_review",
                "    outcomes:\n    - {key: a, title: 过, verb: approve}\n"
                "    - {key: b, title: 退, verb: decline, raises: [x]}\n    levels: final_review",
            ),
            (19, "stages.3.outcomes", "raises_without_approval"),
        ),
        (
            changed("    per: channel", "    per: channel\n    added_by: rule"),
            (25, "stages.4.added_by", "added_by_routing_only"),
        ),
        (changed("    levels: second_review\n", ""), (4, "stages", "missing_review_level")),
        (
            changed(
                "    levels: second_review\n", "    levels: second_review\n    applies_if: {flags: [x]}\n"
            ),
            (15, "stages.2.applies_if", "review_may_be_skipped"),
        ),
        (
            changed("kind: review\n    levels: second", "kind: consult\n    levels: second"),
            (13, "stages.2.kind", "level_without_review"),
        ),
        (
            changed("    levels: final_review", "    after: [one]\n    levels: final_review"),
            (19, "stages.3.after", "reviews_out_of_order"),
        ),
        (changed("[one, two, three]", "[one, two, nowhere]"), (27, "distinct.0.stages", "unknown_stage")),
        (changed("[one, two, three]", "[one, one]"), (27, "distinct.0.stages", "named_twice")),
        (changed("[one, two, three]", "[one, two]"), (26, "distinct", "reviews_not_distinct")),
        (
            changed("levels: initial_review", "levels: [initial_review, second_review]"),
            (9, "stages.1.levels", "two_reviews_in_one"),
        ),
        (changed("    per: channel", "    subject: proof"), (24, "stages.4.per", "proof_without_channel")),
        (changed("    per: channel\n", ""), (21, "stages.4.per", "sign_off_without_proof")),
        (
            changed("kind: sign_off", "kind: confirm_marks\n    subject: revision"),
            (24, "stages.4.subject", "no_proof_to_confirm"),
        ),
        (changed("kind: sign_off", "kind: consult"), (4, "stages", "no_sign_off")),
        (
            changed("    per: channel", "    per: channel\n    after: [two]"),
            (25, "stages.4.after", "signed_too_early"),
        ),
        (
            changed("kind: rule_check", "kind: rule_check, requires: threads_resolved"),
            (5, "stages.0.requires", "required_of_nobody"),
        ),
        (
            changed("    per: channel", "    per: channel\n    within: {working_days: 0}"),
            (25, "stages.4.within", "deadline_of_zero"),
        ),
    ],
)
def test_each_fault_has_its_line_and_key(text: str, fault: tuple[int, str, str]) -> None:
    if fault[1:] == ("stages.4.per", "proof_without_channel"):
        fault = (21, *fault[1:])
    assert fault in found(text)


def test_all_faults_at_once_in_the_order_of_their_lines() -> None:
    text = changed("    who: {role: publisher}\n", "").replace("    levels: second_review\n", "")
    faults = lint(text).faults
    assert [fault.code for fault in faults] == ["missing_review_level", "nobody"]
    assert all(one.line <= other.line for one, other in pairwise(faults))
    with pytest.raises(WorkflowFaults, match=r"stages\.4\.who: nobody") as caught:
        read_workflow(text)
    assert caught.value.faults == faults
    with pytest.raises(WorkflowFaults):
        read_workflow("")


def test_a_key_that_nobody_knows_hides_no_other_fault() -> None:
    text = changed("    levels: second_review\n", "").replace(
        "    per: channel", "    per: channel\n    colour: red"
    )
    assert found(text) == {(4, "stages", "missing_review_level"), (24, "stages.4.colour", "form")}
    assert lint(text).workflow is None
    assert found(text.replace("title: 小流程", "titel: 小流程")) == {
        (1, "title", "form"),
        (3, "titel", "form"),
        (24, "stages.4.colour", "form"),
    }
    deep = changed(
        "{role: publisher}", "{role: publisher, colour: red}\n    need: {at_least: 1, colour: red}"
    )
    assert {key for _, key, _ in found(deep.replace("    levels: second_review\n", ""))} >= {
        "stages",
        "stages.4.who.0.colour",
        "stages.4.need.colour",
    }
    assert {key for _, key, _ in found("colour: red")} >= {"colour", "stages"}
    one_bad = changed("kind: rule_check", "kind: rule_checks")
    assert [fault.key for fault in lint(one_bad).faults] == ["stages.0.kind"]
    assert "rule_check" in str(lint(one_bad).faults[0].data["expected"])
    assert [fault.key for fault in lint("version: 1\nkey: a\ntitle: b\nstages: []\n").faults] == ["stages"]


def test_what_is_malformed_hides_no_fault_that_stands_alone() -> None:
    text = """version: 1
key: bad
title: 坏的
stages:
  - {key: rules, title: 检查, kind: rule_check}
  - {key: a, title: 初审, kind: review, who: {role: initial_revewer}, within: {working_days: 0}, after: [c]}
  - {key: c, title: 复审, kind: review, who: {person: zhang}, after: [a], need: some, dutty: 核对}
  - {key: c, title: 终审, kind: revue, levels: third, who: {}, need: {at_least: 0}}
  - {key: d, kind: consult, who: {outside: true}, need: all, within: {working_days: 1}}
  - {key: e, title: 通读, kind: read_through, who: []}
distinct:
  - {name: 甲, stages: [a, zz]}
  - {stages: [a, c]}
titel: x
"""
    assert found(text) == {
        (6, "stages.1.who.0.role", "form"),
        (6, "stages.1.within", "deadline_of_zero"),
        (7, "stages.2.after", "loop"),
        (7, "stages.2.need", "form"),
        (7, "stages.2.dutty", "form"),
        (8, "stages.3.after", "loop"),
        (8, "stages.3.key", "duplicate_stage"),
        (8, "stages.3.kind", "form"),
        (8, "stages.3.levels.0", "form"),
        (8, "stages.3.need.at_least", "form"),
        (8, "stages.3.who.0", "form"),
        (9, "stages.4.title", "form"),
        (10, "stages.5.who", "nobody"),
        (12, "distinct.0.stages", "unknown_stage"),
        (13, "distinct.1.name", "form"),
        (14, "titel", "form"),
    }
    near = {fault.key: fault.data.get("nearest") for fault in lint(text).faults}
    assert (near["stages.2.dutty"], near["titel"], near["stages.2.need"]) == ("duty", "title", None)


def test_nothing_is_said_of_what_could_not_be_read() -> None:
    assert found(changed("key: two", "key: Zwei").replace("[one, two, three]", "[one, zwei, three]")) == {
        (11, "stages.2.key", "form")
    }
    assert found(changed("levels: second_review", "levels: third")) == {(14, "stages.2.levels.0", "form")}
    assert found(changed("stages:", "stages: 12345\nflags:")) >= {(4, "stages", "form")}
    shared = changed("    who: {role: initial_reviewer}", "    who: &them [{role: nobody}]").replace(
        "{role: second_reviewer}", "*them"
    )
    assert {key for _, key, _ in found(shared)} == {"stages.1.who.0.role", "stages.2.who.0.role"}


WORDS = (
    "1",
    "[]",
    "{}",
    "x",
    "null",
    "[one]",
    "{role: editor}",
    "{a: {b: c}}",
    "2026-01-01",
    "~: 1",
    "[[x]]",
    "",
)


@settings(deadline=None, max_examples=150)
@given(
    lines=st.lists(
        st.tuples(st.integers(0, 26), st.sampled_from(WORDS), st.booleans()), min_size=1, max_size=3
    )
)
def test_whatever_stands_in_a_file_is_answered(lines: list[tuple[int, str, bool]]) -> None:
    text = GOOD.splitlines()
    for number, word, dropped in lines:
        head, colon, _ = text[number].partition(":")
        text[number] = "" if dropped else f"{head}{colon} {word}"
    linted = lint("\n".join(text), people=())
    assert linted.faults
    assert all(fault.line >= 1 and fault.code for fault in linted.faults)


def test_a_way_back_to_an_earlier_stage() -> None:
    assert (
        found(changed("    levels: final_review", "    send_back_to: [one]\n    levels: final_review"))
        == set()
    )
    lost = changed(
        "    levels: final_review", "    after: [x]\n    send_back_to: [x]\n    levels: final_review"
    )
    assert (20, "stages.3.send_back_to", "no_earlier_stage") in found(lost)


def test_conditions_that_cover_every_case() -> None:
    by_channel = """
      - {post: 主要领导, when: {channel_kinds: [journal]}}
      - {post: 分管领导, when: {unless: {channel_kinds: [journal]}}}"""
    assert found(changed(" {role: publisher}", by_channel)) == set()
    in_three = """
      - {post: 党政办副主任, when: {channels: [group]}}
      - {post: 分管领导, when: {channel_kinds: [wechat, app], unless: {channels: [group]}}}
      - {post: 主要领导, when: {unless: {channel_kinds: [wechat, app]}}}"""
    assert found(changed(" {role: publisher}", in_three)) == set()


def test_a_stage_that_is_everybodys_needs_no_condition_where_it_does_not_apply() -> None:
    stage = """  - key: ask
    title: 征求意见
    kind: consult
    applies_if: {classes: [A]}
    who: {post: 专家, when: {classes: [A]}}
  - key: sign"""
    assert found(changed("  - key: sign", stage)) == set()


def test_a_file_is_read_back_from_its_own_words() -> None:
    workflow = read_workflow(GOOD)
    again = Workflow.model_validate(
        yaml.safe_load(yaml.safe_dump(workflow.model_dump(mode="json"), allow_unicode=True))
    )
    assert again == workflow
