"""A new text that asks for another workflow: the case walks both together, and nothing is taken away."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from app.domain.vocabulary import CaseState, ChangeClass, Event, Role, StageKind, StageState, Verb
from app.domain.workflow import Effects, Workflow, combined
from app.domain.workflow.lint import check
from app.domain.workflow.scheduling import signing
from tests.domain.test_migration import edited
from tests.domain.walks import (
    AUTHOR,
    FINAL,
    FIRST,
    PROOFS,
    PUBLISHER,
    SECOND,
    STANDARD,
    TEXT2,
    Hand,
    change,
    events,
    person,
    shipped_workflow,
)

SHIPPED = ("standard", "merged_levels", "company_major", "county_bureau", "publishing_house", "drafter_first")
LEADER = person("leader", posts=frozenset({"分管领导"}))
BY_LEADER = {"who": [{"post": "分管领导"}]}


def asked(base: Workflow = STANDARD, *, without: str = "", **stages: Any) -> Workflow:
    said = edited(base, without=without, **stages).model_dump(mode="json")
    for group in said["distinct"]:
        group["stages"] = [key for key in group["stages"] if key != without]
    return Workflow.model_validate({**said, "key": "asked"})


def secrecy(**more: object) -> dict[str, Any]:
    return {
        "before": "final_review",
        "kind": "secrecy_review",
        "who": [{"role": "second_reviewer"}],
        **more,
    }


def resubmitted(hand: Hand, new: Workflow, kind: ChangeClass = ChangeClass.SUBSTANTIVE) -> Effects:
    joint = combined(hand.workflow, new)
    facts = replace(
        hand.facts,
        revision=TEXT2,
        change=change(kind),
        moves_to=joint,
        routed={"rule": "leader", "facts": {"found": ["names_leader"]}},
    )
    effects = hand.do(Verb.RESUBMIT, AUTHOR, facts, digest=TEXT2)
    hand.workflow = effects.moved_to or hand.workflow
    return effects


def returned_from(stage: str, *, then: str = "continue_here") -> Hand:
    hand = Hand()
    hand.submit()
    for key, actor in (("initial_review", FIRST), ("second_review", SECOND), ("final_review", FINAL)):
        if key == stage:
            hand.do(Verb.SEND_BACK, actor, stage=stage, comment="请改", then=then)
            break
        hand.approve(key, actor)
    return hand


def test_a_workflow_that_asks_for_more_takes_the_place_of_the_old_one() -> None:
    new = asked(sign_off=BY_LEADER, secrecy=secrecy())
    assert combined(STANDARD, new) is new
    assert combined(new, STANDARD).digest != STANDARD.digest


def test_a_workflow_that_asks_for_less_changes_nothing() -> None:
    heavy = asked(secrecy=secrecy(), second_review={"need": {"at_least": 2}})
    light = asked(without="third_proof")
    assert combined(STANDARD, light) is STANDARD
    assert combined(heavy, STANDARD) is heavy


@pytest.mark.parametrize(
    ("loose", "kept"),
    [
        ({"author_may_act": True}, ("author_may_act", False)),
        ({"watches": ["title"]}, ("watches", STANDARD.by_key["second_review"].watches)),
        ({"applies_if": {"flags": ["x"]}}, ("applies_if", None)),
        ({"errors_left": 9}, ("errors_left", 2)),
        ({"override": [{"role": "publisher"}]}, ("override", ())),
        ({"need": "any"}, ("need", {"at_least": 2})),
        ({"checklist": []}, ("checklist", ("核对数字",))),
        ({"requires": []}, ("requires", ("threads_resolved",))),
    ],
)
def test_of_two_ways_to_say_a_stage_the_stricter_holds(loose: dict[str, Any], kept: tuple[str, Any]) -> None:
    strict = {"need": {"at_least": 2}, "errors_left": 2, "checklist": ["核对数字"], "on_edit": "void"}
    strict["requires"] = ["threads_resolved"]
    old = asked(second_review=strict)
    new = asked(second_review={**strict, **loose}, secrecy=secrecy())
    joint = combined(old, new)
    assert set(joint.by_key) == {*STANDARD.by_key, "secrecy"}
    assert joint.by_key["second_review"].model_dump()[kept[0]] == kept[1]


@pytest.mark.parametrize(("one", "other"), list(permutations(SHIPPED, 2)))
def test_shipped_schemes_joined_have_all_of_both(one: str, other: str) -> None:
    old, new = shipped_workflow(one), shipped_workflow(other)
    joint = combined(old, new)
    assert set(old.by_key) <= set(joint.by_key)
    for key in old.by_key:
        assert old.ancestors[key] <= joint.ancestors[key]
        assert old.distinct_from[key] <= joint.distinct_from[key]
        assert key not in joint.ancestors[key]
    signer = signing(joint)
    assert signer is not None
    assert {*joint.by_key} - {signer.key} == joint.ancestors[signer.key]
    assert sum(StageKind.SIGN_OFF in stage.kinds for stage in joint.stages) == 1
    for stage in new.stages:
        deciding = [set(one.who) for one in joint.stages if one.kinds & stage.kinds]
        assert any(who <= set(stage.who) for who in deciding), stage.key
    assert {fault.code for fault in check(joint)} <= {fault.code for fault in (*check(old), *check(new))}
    assert combined(joint, joint) is joint


def test_two_that_would_sign_both_have_their_say() -> None:
    new = asked(without="third_proof", sign_off=BY_LEADER)
    joint = combined(STANDARD, new)
    assert [who.post for who in joint.by_key["sign_off"].who] == ["分管领导"]
    assert [who.role for who in joint.by_key["sign_off_2"].who] == [Role.PUBLISHER]
    assert joint.by_key["sign_off_2"].kind is StageKind.REVIEW
    assert "third_proof" in joint.by_key
    hand = returned_from("initial_review")
    resubmitted(hand, new)
    for key, actor in (("initial_review", FIRST), ("second_review", SECOND), ("final_review", FINAL)):
        hand.approve(key, actor)
    hand.bind("wechat")
    for number, key in enumerate(("first_proof", "second_proof", "third_proof", "confirm_marks")):
        hand.approve(key, PROOFS[number], "wechat")
    assert hand.open() == {("sign_off_2", "wechat")}
    hand.approve("sign_off_2", PUBLISHER, "wechat")
    hand.approve("sign_off", LEADER, "wechat")
    assert hand.case.state is CaseState.CLEARED


def test_what_was_passed_stays_where_nothing_more_is_asked() -> None:
    hand = returned_from("second_review")
    effects = resubmitted(hand, asked(sign_off=BY_LEADER, secrecy=secrecy()), ChangeClass.MARKS_ONLY)
    told = next(one.data for one in effects.events if one.event is Event.CASE_MIGRATED)
    assert (told["rule"], told["facts"]) == ("leader", {"found": ["names_leader"]})
    assert (told["from"], told["to"]) == (STANDARD.digest, hand.workflow.digest)
    assert told["added"] == ["secrecy"]
    assert hand.state("initial_review") is StageState.PASSED
    assert hand.run("initial_review").digest == TEXT2
    assert hand.open() == {("second_review", "")}
    hand.approve("second_review", SECOND)
    assert hand.open() == {("secrecy", "")}


def test_what_another_is_to_decide_now_is_decided_anew() -> None:
    hand = returned_from("second_review")
    effects = resubmitted(hand, asked(initial_review=BY_LEADER), ChangeClass.MARKS_ONLY)
    voided = next(one.data for one in effects.events if one.event is Event.CASE_STAGE_VOIDED)
    assert (voided["stage"], voided["reason"], voided["persons"]) == ("initial_review", "rerouted", ["first"])
    assert hand.open() == {("initial_review", "")}
    assert hand.run("initial_review").round == 2
    assert hand.refused(Verb.APPROVE, FIRST, stage="initial_review") != set()
    hand.approve("initial_review", LEADER)


def test_more_votes_are_asked_for_and_those_given_before_are_too_few() -> None:
    hand = returned_from("second_review")
    resubmitted(hand, asked(initial_review={"need": {"at_least": 2}}), ChangeClass.MARKS_ONLY)
    hand.approve("initial_review", FIRST)
    assert hand.open() == {("initial_review", "")}


def test_more_people_who_may_decide_take_nothing_from_who_did() -> None:
    hand = returned_from("second_review")
    wider = {"who": [{"role": "initial_reviewer"}, {"post": "分管领导"}]}
    effects = resubmitted(hand, asked(initial_review=wider, secrecy=secrecy()), ChangeClass.MARKS_ONLY)
    assert Event.CASE_STAGE_VOIDED not in events(effects)


def test_a_stage_before_one_that_was_passed_is_walked_late_and_takes_nothing_away() -> None:
    hand = returned_from("second_review")
    resubmitted(hand, asked(secrecy=secrecy(before="initial_review")), ChangeClass.MARKS_ONLY)
    assert hand.state("initial_review") is StageState.PASSED
    assert hand.open() == {("secrecy", "")}
    hand.approve("secrecy", SECOND)
    assert hand.open() == {("second_review", "")}


def test_one_person_behind_two_stages_of_a_new_set_keeps_the_earlier() -> None:
    both = person("both", Role.INITIAL_REVIEWER, Role.SECOND_REVIEWER)
    hand = Hand(workflow=edited(secrecy=secrecy(before="second_review")))
    hand.submit()
    hand.approve("initial_review", both)
    hand.approve("secrecy", both)
    hand.do(Verb.SEND_BACK, SECOND, stage="second_review", comment="请改", then="continue_here")
    new = asked(secrecy=secrecy(before="second_review"), sets=(("initial_review", "secrecy"),))
    effects = resubmitted(hand, new, ChangeClass.MARKS_ONLY)
    voided = [one.data["stage"] for one in effects.events if one.event is Event.CASE_STAGE_VOIDED]
    assert voided == ["secrecy"]
    assert hand.refused(Verb.APPROVE, both, stage="secrecy") != set()


def test_a_claim_on_a_stage_of_others_is_free_again() -> None:
    hand = returned_from("second_review")
    hand.do(Verb.RESUBMIT, AUTHOR, digest=hand.case.revision, comment="不改")
    hand.do(Verb.CLAIM, SECOND, stage="second_review")
    hand.do(Verb.SEND_BACK, SECOND, stage="second_review", comment="请改", then="continue_here")
    resubmitted(hand, asked(second_review=BY_LEADER), ChangeClass.MARKS_ONLY)
    run = hand.run("second_review")
    assert (run.state, run.claimed_by) == (StageState.OPEN, None)


def test_without_a_new_text_the_case_stays_where_it_is() -> None:
    hand = returned_from("second_review")
    facts = replace(hand.facts, moves_to=asked(secrecy=secrecy()))
    effects = hand.do(Verb.RESUBMIT, AUTHOR, facts, digest=hand.case.revision, comment="不改")
    assert effects.moved_to is None
    assert "secrecy" not in hand.workflow.by_key
