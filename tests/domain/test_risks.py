"""What the linter refuses, and what a second person has to accept before anybody walks it."""

from typing import Any

import pytest
import yaml

from app.domain.workflow import lint
from app.domain.workflow.risks import fingerprint, risks
from app.infra.paths import shipped
from tests.domain.walks import STANDARD

FILES = sorted((shipped("policies") / "workflows").glob("*.yaml"))
TEXT = (shipped("policies") / "workflows" / "standard.yaml").read_text()


def with_stage(key: str, **said: Any) -> str:
    content = yaml.safe_load(TEXT)
    for stage in content["stages"]:
        if stage["key"] == key:
            stage.update(said)
    return yaml.safe_dump(content, allow_unicode=True)


def without_sets(*names: str) -> str:
    content = yaml.safe_load(TEXT)
    content["distinct"] = [one for one in content["distinct"] if one["name"] not in names]
    return yaml.safe_dump(content, allow_unicode=True)


def faults(text: str) -> set[tuple[str, str]]:
    return {(fault.code, str(fault.data.get("stage"))) for fault in lint(text).faults}


def warnings(text: str) -> set[tuple[str, str]]:
    linted = lint(text)
    assert linted.faults == ()
    return {(fault.code, str(fault.data.get("stage"))) for fault in linted.warnings}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_shipped_workflows_need_nobody_s_acceptance(path: Any) -> None:
    assert lint(path.read_text()).warnings == ()


@pytest.mark.parametrize(
    ("key", "said", "code"),
    [
        ("initial_review", {"watches": []}, "watches_not_the_text"),
        ("second_review", {"watches": ["title"]}, "watches_not_the_text"),
        ("first_proof", {"watches": ["title", "attachments"]}, "watches_not_the_text"),
        ("confirm_marks", {"watches": []}, "watches_not_the_text"),
        ("sign_off", {"watches": ["byline"]}, "watches_not_the_text"),
        ("final_review", {"who": {"role": "security_admin"}}, "role_cannot_decide"),
        ("first_proof", {"who": [{"role": "proofreader"}, {"role": "audit_admin"}]}, "role_cannot_decide"),
        ("sign_off", {"who": {"role": "system_admin"}}, "role_cannot_decide"),
        ("second_review", {"who": {"role": "policy_keeper"}}, "role_cannot_decide"),
        ("first_proof", {"override": [{"role": "system_admin"}]}, "role_cannot_decide"),
        ("initial_review", {"who": {"role": "reader"}}, "role_cannot_decide"),
        ("third_proof", {"who": [{"role": "proofreader"}, {"role": "reader"}]}, "role_cannot_decide"),
        ("final_review", {"override": [{"role": "reader"}]}, "role_cannot_decide"),
        ("sign_off", {"applies_if": {"flags": ["x"]}}, "sign_off_may_be_skipped"),
        ("rule_check", {"applies_if": {"flags": ["x"]}}, "rule_check_may_be_skipped"),
    ],
)
def test_what_is_refused(key: str, said: dict[str, Any], code: str) -> None:
    assert (code, key) in faults(with_stage(key, **said))


def test_a_further_review_that_watches_nothing_is_refused_and_an_opinion_is_not() -> None:
    content = yaml.safe_load(TEXT)
    extra = {
        "key": "extra",
        "title": "另审",
        "kind": "review",
        "who": {"role": "second_reviewer"},
        "watches": [],
    }
    content["stages"].insert(3, extra)
    assert ("watches_nothing", "extra") in faults(yaml.safe_dump(content))
    extra["kind"] = "consult"
    assert faults(yaml.safe_dump(content)) == set()
    extra |= {"kind": "review", "watches": ["attachments"]}
    assert warnings(yaml.safe_dump(content)) == set()


@pytest.mark.parametrize(
    ("key", "said", "code"),
    [
        ("final_review", {"author_may_act": True}, "author_decides_late"),
        ("second_review", {"author_may_act": True}, "author_decides_late"),
        ("sign_off", {"author_may_act": True}, "author_decides_late"),
        ("sign_off", {"who": [{"role": "publisher"}, {"role": "editor"}]}, "editor_decides_last"),
        ("final_review", {"who": {"role": "editor"}}, "editor_decides_last"),
        ("final_review", {"who": {"outside": True}}, "outside_alone"),
        (
            "second_review",
            {
                "who": [
                    {"role": "second_reviewer", "when": {"unless": {"classes": ["A"]}}},
                    {"outside": True},
                ]
            },
            "outside_alone",
        ),
        ("final_review", {"watches": ["blocks", "attachments"]}, "watches_not_all"),
        ("first_proof", {"watches": ["title", "blocks"]}, "watches_not_all"),
        ("sign_off", {"on_edit": "keep_marks_only"}, "signature_survives"),
        ("confirm_marks", {"applies_if": {"channels": ["journal"]}}, "marks_unconfirmed"),
    ],
)
def test_what_a_second_person_has_to_accept(key: str, said: dict[str, Any], code: str) -> None:
    found = {name for name, _ in warnings(with_stage(key, **said))}
    assert code in found


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("initial_review", {"author_may_act": True}),
        ("final_review", {"who": [{"role": "final_reviewer"}, {"outside": True}]}),
        ("first_proof", {"who": [{"role": "proofreader"}, {"role": "editor"}]}),
        ("final_review", {"on_edit": "keep_trivial"}),
    ],
)
def test_what_real_bodies_do_needs_nobody_s_acceptance(key: str, said: dict[str, Any]) -> None:
    assert warnings(with_stage(key, **said)) == set()


def test_three_proofreads_by_one_person_and_a_wide_limit() -> None:
    linted = lint(without_sets("三校两两不同人"))
    assert [one.code for one in linted.warnings] == ["proofs_not_distinct"]
    assert linted.warnings[0].data["stages"] == ["first_proof", "second_proof", "third_proof"]
    wide = TEXT.replace("share: 50", "share: 1000")
    assert {code for code, _ in warnings(wide)} == {"marks_only_wide"}


def test_what_was_accepted_is_named_by_what_it_hangs_on() -> None:
    first = lint(with_stage("final_review", author_may_act=True)).workflow
    assert first is not None
    again = lint(with_stage("final_review", author_may_act=True, title="总审", duty="看全篇")).workflow
    other = lint(with_stage("final_review", author_may_act=True, who={"role": "publisher"})).workflow
    assert again is not None
    assert other is not None
    names = [fingerprint(one, risks(one)[0]) for one in (first, again, other)]
    assert names[0] == names[1]
    assert names[0] != names[2]
    assert risks(STANDARD) == ()
