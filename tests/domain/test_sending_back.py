from dataclasses import replace

import pytest

from app.domain.refusals import Refusal, RefusalCode, Refused
from app.domain.vocabulary import CaseState, ChangeClass, Event, Role, StageState, Verb
from app.domain.workflow import SERVICE, Case, Run, ways_back
from tests.domain.saying import Known, Said, transition
from tests.domain.walks import (
    AUTHOR,
    FINAL,
    FIRST,
    PROOFS,
    SECOND,
    STANDARD,
    TEXT,
    TEXT2,
    WEBSITE,
    WECHAT,
    Hand,
    change,
    events,
    hand_for,
    person,
    stage,
)

C = RefusalCode
BLOCKED = Known(blockers=("privacy.id_card", "privacy.id_card", "dates.impossible"))


def test_sent_back_to_the_author_and_walked_again() -> None:
    hand = Hand()
    hand.submit()
    hand.approve("initial_review", FIRST)
    effects = hand.do(Verb.SEND_BACK, SECOND, stage="second_review", comment="事实不清")
    assert events(effects) == [Event.DECISION_SENT_BACK, Event.CASE_STAGE_VOIDED]
    assert effects.events[0].data["to"] == "author"
    assert (effects.events[1].data["reason"], effects.events[1].data["persons"]) == ("walk_again", ["first"])
    assert hand.case.state is CaseState.RETURNED
    assert hand.refused(Verb.APPROVE, SECOND, stage="second_review") == {C.CASE_RETURNED, C.STAGE_NOT_OPEN}
    assert hand.refused(Verb.RESUBMIT, AUTHOR, digest=TEXT) == {C.NOTHING_CHANGED}
    hand.do(Verb.RESUBMIT, AUTHOR, digest=TEXT, comment="事实已核，见附件")
    assert hand.open() == {("initial_review", "")}
    assert hand.run("initial_review").round == 2


def test_sent_back_to_the_author_and_continued_here() -> None:
    hand = Hand()
    hand.submit()
    hand.approve("initial_review", FIRST)
    hand.do(Verb.SEND_BACK, SECOND, stage="second_review", comment="错字", then="continue_here")
    small = Known(revision=TEXT2, change=change(ChangeClass.MARKS_ONLY), authors=frozenset({"author"}))
    effects = hand.do(Verb.RESUBMIT, AUTHOR, small, digest=TEXT2)
    kept = [happened for happened in effects.events if happened.event is Event.CASE_STAGE_KEPT]
    assert [(one.data["stage"], one.data["was"], one.data["now"]) for one in kept] == [
        ("initial_review", TEXT, TEXT2)
    ]
    assert hand.open() == {("second_review", "")}
    assert hand.run("second_review").digest == TEXT2


def test_an_edit_voids_what_watched_it() -> None:
    hand = Hand()
    hand.submit()
    hand.approve("initial_review", FIRST)
    hand.do(Verb.SEND_BACK, SECOND, stage="second_review", comment="重写", then="continue_here")
    large = Known(revision=TEXT2, change=change(ChangeClass.SUBSTANTIVE, "blocks", "title"))
    effects = hand.do(Verb.RESUBMIT, AUTHOR, large, digest=TEXT2)
    voided = next(happened for happened in effects.events if happened.event is Event.CASE_STAGE_VOIDED)
    assert dict(voided.data) == {
        "stage": "initial_review",
        "line": "",
        "round": 1,
        "reason": "edited",
        "persons": ["first"],
        "change": "substantive",
        "fields": ["blocks", "title"],
        "by": "author",
    }
    assert hand.open() == {("initial_review", "")}


def test_a_decision_of_somebody_who_became_an_author_falls() -> None:
    hand = Hand()
    hand.submit()
    hand.approve("initial_review", FIRST)
    hand.do(Verb.SEND_BACK, SECOND, stage="second_review", comment="错字", then="continue_here")
    wrote = Known(
        revision=TEXT2, change=change(ChangeClass.MARKS_ONLY), authors=frozenset({"author", "first"})
    )
    effects = hand.do(Verb.RESUBMIT, FIRST, wrote, digest=TEXT2)
    assert "decided_by_author" in {happened.data.get("reason") for happened in effects.events}
    assert C.OWN_DRAFT in hand.refused(Verb.APPROVE, FIRST, stage="initial_review")


def test_sent_back_to_an_earlier_stage() -> None:
    hand = Hand()
    hand.submit()
    hand.approve("initial_review", FIRST)
    hand.approve("second_review", SECOND)
    stage = STANDARD.by_key["final_review"]
    ways = ways_back(hand.case, STANDARD, hand.case.current(), stage, "")
    assert list(ways) == ["initial_review", "second_review"]
    again = Hand(case=hand.case)
    back = {"stage": "final_review", "comment": "再看", "send_back_to": "initial_review"}
    hand.do(Verb.SEND_BACK, FINAL, **back, then="continue_here")
    assert hand.open() == {("initial_review", "")}
    hand.approve("initial_review", FIRST)
    assert hand.open() == {("final_review", "")}
    again.do(Verb.SEND_BACK, FINAL, **back)
    again.approve("initial_review", FIRST)
    assert again.open() == {("second_review", "")}


def test_a_proof_line_sent_back_to_a_review_closes_the_other_lines() -> None:
    hand = Hand()
    hand.case = replace(hand.case, targets=(WECHAT, WEBSITE))
    hand.reviews()
    hand.proofs("wechat")
    hand.bind("website")
    hand.do(
        Verb.SEND_BACK,
        PROOFS[0],
        stage="first_proof",
        line="website",
        comment="事实存疑",
        send_back_to="final_review",
        then="continue_here",
    )
    assert hand.open() == {("final_review", "")}
    assert hand.state("third_proof", "wechat") is StageState.PASSED
    hand.approve("final_review", FINAL)
    assert hand.open() == {("first_proof", "website"), ("confirm_marks", "wechat")}


def test_a_proof_line_sent_back_on_itself_leaves_the_other_alone() -> None:
    hand = Hand()
    hand.case = replace(hand.case, targets=(WECHAT, WEBSITE))
    hand.reviews()
    hand.proofs("wechat")
    hand.proofs("website")
    hand.do(
        Verb.SEND_BACK,
        PROOFS[3],
        stage="confirm_marks",
        line="website",
        comment="漏",
        send_back_to="second_proof",
    )
    assert hand.open() == {("second_proof", "website"), ("confirm_marks", "wechat")}
    assert hand.state("third_proof", "website") is StageState.VOIDED
    assert hand.state("third_proof", "wechat") is StageState.PASSED


def test_three_rounds_then_only_declining_or_holding_is_left() -> None:
    hand = Hand()
    hand.submit()
    for _ in range(3):
        hand.do(Verb.SEND_BACK, FIRST, stage="initial_review", comment="再改")
        hand.do(Verb.RESUBMIT, AUTHOR, digest=TEXT, comment="已核")
    answer = transition(
        hand.case,
        STANDARD,
        Said(Verb.SEND_BACK, "initial_review", digest=TEXT, comment="x"),
        FIRST,
        Known(),
        hand.at,
    )
    assert isinstance(answer, Refused)
    assert answer.refusals == (
        Refusal(C.ROUNDS_USED_UP, {"stage": "initial_review", "used": 3, "left": [Verb.DECLINE, Verb.HOLD]}),
    )
    hand.do(Verb.HOLD, FIRST, stage="initial_review", comment="请示")


def test_an_edit_in_a_quorum() -> None:
    small = Known(revision=TEXT2, change=change(ChangeClass.LAYOUT))
    for on_edit, votes in (("void", 0), ("keep_trivial", 1)):
        hand = hand_for(
            stage("board", need={"at_least": 2}, on_edit=on_edit),
            stage("side", after=["rules"], author_may_act=True),
        )
        hand.approve("board", FIRST)
        hand.do(Verb.SEND_BACK, FIRST, stage="side", comment="x", then="continue_here")
        hand.do(Verb.RESUBMIT, AUTHOR, small, digest=TEXT2)
        assert len(hand.run("board").votes) == votes
        assert hand.run("board").digest == TEXT2
        assert hand.state("board") is StageState.OPEN


def test_an_untouched_field_keeps_a_decision() -> None:
    hand = hand_for(stage("one", watches=["title"]), stage("two"))
    hand.approve("one", FIRST)
    hand.do(
        Verb.SEND_BACK, person("x", Role.INITIAL_REVIEWER), stage="two", comment="x", then="continue_here"
    )
    hand.do(
        Verb.RESUBMIT, AUTHOR, Known(revision=TEXT2, change=change(ChangeClass.SUBSTANTIVE)), digest=TEXT2
    )
    assert hand.open() == {("two", "")}


def test_the_rule_check_falls_when_the_new_text_is_blocked() -> None:
    hand = Hand()
    hand.submit()
    hand.do(Verb.SEND_BACK, FIRST, stage="initial_review", comment="x", then="continue_here")
    facts = Known(revision=TEXT2, change=change(ChangeClass.SUBSTANTIVE), blockers=("r",))
    hand.do(Verb.RESUBMIT, AUTHOR, facts, digest=TEXT2)
    assert hand.case.state is CaseState.BLOCKED
    assert hand.state("rule_check") is StageState.WAITING


def test_blocked_on_two_lines_is_said_once() -> None:
    hand = Hand()
    hand.case = replace(hand.case, targets=(WECHAT, WEBSITE))
    hand.reviews()
    hand.do(Verb.LAY_OUT_FAILED, SERVICE, Known(channel_limits=("x",)), line="website", digest=TEXT)
    effects = hand.do(Verb.RESUBMIT, AUTHOR, BLOCKED, digest=TEXT, comment="y")
    assert events(effects).count(Event.CASE_BLOCKED) == 1


def test_a_run_in_an_older_order_is_still_the_newest_round() -> None:
    old, new = (Run("a", "", number, StageState.OPEN, None) for number in (1, 2))
    case = Case(CaseState.RUNNING, TEXT, (WECHAT,), frozenset(), runs=(new, old))
    assert case.current() == {("a", ""): new}
    with pytest.raises(ValueError, match="reason"):
        Refused(())
