"""The routing policy's linter: every fault, with its line and key."""

import pytest
import yaml

from app.domain.routing.lint import lint
from app.domain.workflow import Workflow
from tests.domain.test_routing import POLICIES, WORKFLOWS

GOOD = """\
version: 1
facts:
  leader: {title: 领导, words: [市长]}
choose:
  - {rule: print, title: 印刷, workflow: publishing_house, when: {channel_kinds: [journal]}}
  - {rule: rest, title: 其他, workflow: standard}
add:
  - rule: leaders
    title: 领导
    when: {facts: [leader, names.person_post]}
    before: {level: final_review}
    stage: {key: check_leaders, title: 核对, kind: review, who: {role: second_reviewer}}
"""


BEFORE, FACTS = "before: {level: final_review}", "facts: [leader, names.person_post]"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("version: 1", "version: [", (3, "", "yaml")),
        (
            "version: 1",
            "version: 1\nclasses: {names: {A: 重大, D: 一般}}",
            (2, "classes.names.[key]", "form"),
        ),
        (
            "version: 1",
            "version: 1\nclasses: {names: {B: 重大}}",
            (6, "choose.0.workflow", "class_unnamed"),
        ),
        ("version: 1", "version: 2", (1, "version", "form")),
        ("version: 1", "version: 1\nversion: 1", (2, "version", "duplicate_key")),
        ("words: [市长]", "words: []", (3, "facts.leader", "form")),
        ("rule: rest", "rule: print", (6, "choose.1.rule", "rule_twice")),
        ("workflow: standard", "workflow: nowhere", (6, "choose.1.workflow", "unknown_workflow")),
        ("workflow: standard", "workflow: standard, when: {flags: [x]}", (4, "choose", "no_default")),
        (", when: {channel_kinds: [journal]}", "", (6, "choose.1", "never_chosen")),
        (FACTS, "facts: [leaders]", (10, "add.0.when.facts", "unknown_fact")),
        (FACTS, "unless: {facts: [nothing]}", (10, "add.0.when.facts", "unknown_fact")),
        ("{" + FACTS + "}", "{}", (10, "add.0.when", "always_added")),
        (BEFORE, "before: {level: final_review, kind: proof}", (11, "add.0.before", "form")),
        ("    " + BEFORE + "\n", "", (8, "add.0", "form")),
        (BEFORE, "before: {stage: third_proofs}", (11, "add.0.before", "no_place")),
        (BEFORE, BEFORE + "\n    apart_from: {stage: x}", (12, "add.0.apart_from.0", "no_place")),
        (BEFORE, "after: {kind: sign_off}", (12, "add.0.stage", "breaks_workflow")),
        (BEFORE, "before: {kind: rule_check}", (12, "add.0.stage", "breaks_workflow")),
        ("key: check_leaders", "key: final_review", (12, "add.0.stage.key", "stage_exists")),
        (
            "review, who",
            "review, levels: final_review, who",
            (12, "add.0.stage.levels", "added_stage_has_level"),
        ),
        ("kind: review", "kind: sign_off, per: channel", (12, "add.0.stage.kind", "not_to_be_added")),
        ("kind: review", "kind: rule_check", (12, "add.0.stage.kind", "not_to_be_added")),
        ("kind: review", "kind: review, after: []", (12, "add.0.stage.after", "place_twice")),
        ("kind: review", "kind: review, applies_if: {}", (12, "add.0.stage.applies_if", "condition_twice")),
        ("review, who", "review, added_by: me, who", (12, "add.0.stage.added_by", "added_by_routing_only")),
        (", who: {role: second_reviewer}", "", (12, "add.0.stage", "breaks_workflow")),
        ("add:\n", "remove: [final_review]\nadd:\n", (7, "remove", "takes_away")),
        (
            "    title: 领导\n",
            "    title: 领导\n    skip: [second_review]\n",
            (10, "add.0.skip", "takes_away"),
        ),
        ("standard}", "standard, without: [initial_review]}", (6, "choose.1.without", "takes_away")),
    ],
)
def test_each_fault_has_its_line_and_key(old: str, new: str, fault: tuple[int, str, str]) -> None:
    assert old in GOOD
    assert lint(GOOD, WORKFLOWS).faults == ()
    faults = {(one.line, one.key, one.code) for one in lint(GOOD.replace(old, new, 1), WORKFLOWS).faults}
    assert fault in faults


def test_two_rules_may_not_add_one_stage() -> None:
    twice = GOOD + GOOD[GOOD.index("  - rule: leaders") :].replace("rule: leaders", "rule: again")
    assert {(one.line, one.code) for one in lint(twice, WORKFLOWS).faults} >= {
        (12, "stage_twice"),
        (17, "stage_twice"),
    }


def test_a_workflow_without_one_of_the_three_reviews_is_not_chosen() -> None:
    text = (POLICIES / "workflows" / "standard.yaml").read_text().replace("    levels: second_review\n", "")
    broken = Workflow.model_validate(yaml.safe_load(text))
    faults = lint(GOOD, {**WORKFLOWS, "standard": broken}).faults
    assert [(one.line, one.key, one.data["fault"]) for one in faults] == [
        (6, "choose.1.workflow", "missing_review_level")
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [(GOOD + "remove: [final_review]\n", "takes_away"), ("- a", "form"), ("choose: [a]\nadd: 3", "form")],
)
def test_what_has_not_the_form_is_no_routing(text: str, code: str) -> None:
    linted = lint(text, WORKFLOWS)
    assert linted.routing is None
    assert code in {fault.code for fault in linted.faults}


def test_one_rule_may_speak_of_some_workflows_only() -> None:
    text = GOOD.replace(
        "before: {level: final_review}", "before: {stage: extra_proof}\n    workflows: [publishing_house]"
    )
    assert lint(text, WORKFLOWS).faults == ()
