from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.changes import Change
from app.domain.refusals import Refusal, RefusalCode, Refused
from app.domain.vocabulary import CaseState, ChangeClass, Event, Role, StageState, Verb, Verdict
from app.domain.workflow import (
    SYSTEM,
    Actor,
    BoundProof,
    Case,
    Effects,
    Facts,
    Grant,
    Run,
    Vote,
    Workflow,
    objections,
    transition,
    ways_back,
)
from app.domain.workflow.case import Act
from tests.domain.walks import (
    AUTHOR,
    EVERYBODY,
    FINAL,
    FIRST,
    JOURNAL,
    PROOFS,
    PUBLISHER,
    SECOND,
    STANDARD,
    TEXT,
    TEXT2,
    TEXT3,
    WEBSITE,
    WECHAT,
    Hand,
    change,
    person,
)

C = RefusalCode
BLOCKED = Facts(blockers=("privacy.id_card", "privacy.id_card", "dates.impossible"))


def events(effects: Effects) -> list[Event]:
    return [happened.event for happened in effects.events]


def test_a_draft_goes_all_the_way() -> None:
    hand = Hand()
    effects = hand.submit()
    assert events(effects) == [Event.DRAFT_SUBMITTED, Event.CASE_OPENED, Event.CASE_STAGE_OPENED]
    assert hand.open() == {("initial_review", "")}
    assert hand.run("rule_check").state is StageState.PASSED
    effects = hand.approve("initial_review", FIRST)
    assert effects.decided is not None
    assert (effects.decided.verdict, effects.decided.final) == (Verdict.APPROVED, True)
    assert effects.decided.run.votes == (Vote("first"),)
    assert [run.stage for run in effects.opened] == ["second_review"]
    hand.approve("second_review", SECOND)
    effects = hand.approve("final_review", FINAL)
    assert effects.needs_proof == ("wechat",)
    assert hand.state("first_proof", "wechat") is StageState.WAITING
    assert hand.open() == set()
    hand.proofs()
    assert hand.open() == {("confirm_marks", "wechat")}
    effects = hand.do(Verb.CONFIRM_MARKS, PROOFS[0], stage="confirm_marks", line="wechat")
    assert Event.MARKS_CONFIRMED in events(effects)
    assert hand.open() == {("sign_off", "wechat")}
    effects = hand.approve("sign_off", PUBLISHER, "wechat")
    assert events(effects)[-1] is Event.CASE_CLEARED
    assert hand.case.state is CaseState.CLEARED


def test_each_channel_has_its_own_line() -> None:
    hand = Hand()
    hand.case = replace(hand.case, targets=(WECHAT, WEBSITE, JOURNAL))
    hand.reviews()
    assert hand.last is not None
    assert hand.last.needs_proof == ("wechat", "website", "journal")
    hand.bind("website")
    assert hand.open() == {("first_proof", "website")}
    hand.approve("first_proof", PROOFS[0], "website")
    hand.bind("wechat")
    hand.approve("first_proof", PROOFS[0], "wechat")  # the same person on another line is no second place
    assert hand.refused(Verb.APPROVE, PROOFS[0], stage="second_proof", line="website") == {C.SAME_PERSON}
    assert hand.case.state is CaseState.RUNNING


def test_nothing_opens_on_a_blocking_finding() -> None:
    hand = Hand()
    effects = hand.do(Verb.SUBMIT, AUTHOR, BLOCKED, digest=TEXT)
    assert hand.case.state is CaseState.BLOCKED
    assert events(effects) == [Event.DRAFT_SUBMITTED, Event.CASE_OPENED, Event.CASE_BLOCKED]
    assert effects.events[-1].data["rules"] == ["dates.impossible", "privacy.id_card"]
    assert hand.open() == set()
    assert C.CASE_BLOCKED in hand.refused(Verb.APPROVE, FIRST, stage="initial_review")
    assert hand.refused(Verb.RECONSIDER, SYSTEM, BLOCKED) == {C.BLOCKING_FINDINGS}
    assert hand.refused(Verb.RESUBMIT, AUTHOR, BLOCKED, digest=TEXT) == {C.BLOCKING_FINDINGS}
    hand.do(Verb.RECONSIDER, SYSTEM)
    assert hand.open() == {("initial_review", "")}
    assert hand.refused(Verb.RECONSIDER, SYSTEM) == {C.NOT_WITH_AUTHOR}


def test_a_blocked_draft_is_mended_and_handed_in_again() -> None:
    hand = Hand()
    hand.do(Verb.SUBMIT, AUTHOR, BLOCKED, digest=TEXT)
    mended = Facts(revision=TEXT2, change=change(ChangeClass.SUBSTANTIVE), authors=frozenset({"author"}))
    still = replace(mended, blockers=("x",))
    hand.do(Verb.RESUBMIT, AUTHOR, still, digest=TEXT2)
    assert hand.case.state is CaseState.BLOCKED
    again = replace(mended, revision=TEXT3)
    hand.do(Verb.RESUBMIT, AUTHOR, again, digest=TEXT3)
    assert hand.open() == {("initial_review", "")}
    assert hand.run("initial_review").digest == TEXT3


def test_a_new_policy_stops_an_approval_but_not_the_way_back() -> None:
    hand = Hand()
    hand.submit()
    assert hand.refused(Verb.APPROVE, FIRST, BLOCKED, stage="initial_review") == {C.BLOCKING_FINDINGS}
    hand.approve("initial_review", FIRST)
    back = {"stage": "second_review", "comment": "改"}
    assert hand.refused(Verb.SEND_BACK, SECOND, BLOCKED, **back, send_back_to="initial_review") == {
        C.BLOCKING_FINDINGS
    }
    hand.do(Verb.SEND_BACK, SECOND, BLOCKED, **back)
    assert hand.case.state is CaseState.RETURNED


def test_a_waiver_that_ran_out_blocks_where_the_next_stage_would_open() -> None:
    hand = Hand()
    hand.reviews()
    proof = BoundProof("wechat", "p", TEXT)
    hand.do(Verb.BIND_SUBJECT, SYSTEM, replace(BLOCKED, proof=proof), line="wechat")
    assert hand.case.state is CaseState.BLOCKED
    hand.do(Verb.RECONSIDER, SYSTEM)
    assert hand.open() == {("first_proof", "wechat")}


def test_all_reasons_at_once() -> None:
    hand = Hand()
    hand.submit()
    nobody = Actor(person="author")
    assert hand.refused(
        Verb.SEND_BACK, nobody, stage="initial_review", digest=TEXT2, send_back_to="sign_off"
    ) == {
        C.NOT_ALLOWED,
        C.OWN_DRAFT,
        C.STALE_DIGEST,
        C.COMMENT_REQUIRED,
        C.CANNOT_SEND_BACK_THERE,
    }
    assert hand.refused(Verb.APPROVE, nobody, BLOCKED, stage="second_review", digest="", outcome="none") == {
        C.STAGE_NOT_OPEN,
        C.NOT_ALLOWED,
        C.OWN_DRAFT,
        C.STALE_DIGEST,
        C.OUTCOME_NOT_OFFERED,
        C.BLOCKING_FINDINGS,
    }
    for verb in (Verb.APPROVE, Verb.SEND_BACK, Verb.DECLINE, Verb.HOLD, Verb.CLAIM, Verb.UNCLAIM):
        assert hand.refused(verb, FIRST, stage="nonsense") == {C.STAGE_UNKNOWN}


def test_verbs_that_are_not_offered() -> None:
    hand = Hand()
    hand.submit()
    offered = {
        Verb.SUBMIT,
        Verb.RESUBMIT,
        Verb.RECALL,
        Verb.APPROVE,
        Verb.CONFIRM_MARKS,
        Verb.SEND_BACK,
        Verb.DECLINE,
        Verb.HOLD,
        Verb.ANSWER,
        Verb.CLAIM,
        Verb.UNCLAIM,
        Verb.CARRY_OUT,
        Verb.BIND_SUBJECT,
        Verb.LAY_OUT_FAILED,
        Verb.RECONSIDER,
    }
    for verb in set(Verb) - offered:
        assert hand.refused(verb, FIRST) == {C.VERB_NOT_OFFERED}
    assert hand.refused(Verb.CONFIRM_MARKS, FIRST, stage="initial_review") == {C.VERB_NOT_OFFERED}


def test_submission_is_refused() -> None:
    hand = Hand()
    limits = Facts(channel_limits=("wechat.title",))
    assert hand.refused(Verb.SUBMIT, FIRST, limits, digest=TEXT2) == {
        C.NOT_AN_AUTHOR,
        C.STALE_DIGEST,
        C.CHANNEL_LIMIT,
    }
    assert hand.refused(Verb.RESUBMIT, FIRST, limits, digest=TEXT2) == {
        C.NOT_SUBMITTED,
        C.NOT_AN_AUTHOR,
        C.STALE_DIGEST,
        C.CHANNEL_LIMIT,
        C.NOTHING_CHANGED,
    }
    assert hand.refused(Verb.RECALL, AUTHOR) == {C.NOT_SUBMITTED}
    hand.submit()
    assert hand.refused(Verb.SUBMIT, AUTHOR, digest=TEXT) == {C.ALREADY_SUBMITTED}
    assert hand.refused(Verb.RESUBMIT, AUTHOR, digest=TEXT) == {C.NOT_WITH_AUTHOR}


def test_recall() -> None:
    hand = Hand()
    hand.reviews()
    assert hand.refused(Verb.RECALL, FIRST) == {C.NOT_AN_AUTHOR}
    effects = hand.do(Verb.RECALL, AUTHOR, comment="重写")
    assert (hand.case.state, events(effects)) == (CaseState.RECALLED, [Event.DRAFT_RECALLED])
    assert hand.refused(Verb.RECALL, AUTHOR) == {C.CASE_CLOSED}
    assert hand.refused(Verb.RESUBMIT, AUTHOR, digest=TEXT) == {C.CASE_CLOSED}
    assert C.CASE_CLOSED in hand.refused(Verb.APPROVE, FIRST, stage="initial_review")


def test_a_signed_line_is_not_recalled() -> None:
    hand = Hand()
    hand.case = replace(hand.case, targets=(WECHAT, WEBSITE))
    hand.reviews()
    hand.proofs()
    hand.approve("confirm_marks", PROOFS[3], "wechat")
    hand.approve("sign_off", PUBLISHER, "wechat")
    assert hand.case.state is CaseState.RUNNING
    assert hand.refused(Verb.RECALL, AUTHOR) == {C.CASE_CLOSED}


def test_decline() -> None:
    hand = Hand()
    hand.submit()
    assert hand.refused(Verb.DECLINE, FIRST, stage="initial_review", comment=" ") == {C.COMMENT_REQUIRED}
    effects = hand.do(Verb.DECLINE, FIRST, stage="initial_review", comment="不宜公开")
    assert (hand.case.state, hand.state("initial_review")) == (CaseState.DECLINED, StageState.DECLINED)
    assert effects.decided is not None
    assert effects.decided.verdict is Verdict.DECLINED


def test_hold_stops_the_clock() -> None:
    hand = Hand()
    hand.facts = Facts(due=lambda at, days: at + timedelta(days=days))
    hand.submit()
    due = hand.run("initial_review").due_at
    assert due == hand.at + timedelta(days=2)
    assert hand.refused(Verb.HOLD, FIRST, stage="initial_review") == {C.COMMENT_REQUIRED}
    hand.do(Verb.HOLD, FIRST, stage="initial_review", comment="请示网信办")
    assert hand.refused(Verb.APPROVE, FIRST, stage="initial_review") == {C.CASE_HELD}
    assert hand.refused(Verb.ANSWER, SECOND) == {C.NOT_ALLOWED, C.COMMENT_REQUIRED}
    hand.at += timedelta(hours=5)
    effects = hand.do(Verb.ANSWER, FIRST, comment="同意")
    assert effects.events[0].data["waited_seconds"] == 5 * 3600 + 180
    assert hand.run("initial_review").due_at == due + timedelta(hours=5, minutes=3)
    assert hand.refused(Verb.ANSWER, FIRST, comment="x") == {C.CASE_NOT_HELD}
    hand.do(Verb.HOLD, FIRST, stage="initial_review", comment="再请示")
    hand.do(Verb.ANSWER, AUTHOR, Facts(), comment="已答复")
    assert hand.case.state is CaseState.RUNNING


def test_claim() -> None:
    hand = Hand()
    hand.submit()
    other = person("other", Role.INITIAL_REVIEWER)
    assert hand.refused(Verb.UNCLAIM, FIRST, stage="initial_review") == {C.NOT_CLAIMED}
    assert hand.refused(Verb.UNCLAIM, FIRST, stage="second_review") == {C.STAGE_NOT_OPEN}
    assert hand.refused(Verb.CLAIM, AUTHOR, stage="initial_review") == {C.NOT_ALLOWED, C.OWN_DRAFT}
    hand.do(Verb.CLAIM, FIRST, stage="initial_review")
    assert hand.refused(Verb.CLAIM, other, stage="initial_review") == {C.CLAIMED_BY_OTHER}
    assert hand.refused(Verb.APPROVE, other, stage="initial_review") == {C.CLAIMED_BY_OTHER}
    hand.do(Verb.UNCLAIM, FIRST, stage="initial_review")
    hand.approve("initial_review", other)


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
    small = Facts(revision=TEXT2, change=change(ChangeClass.MARKS_ONLY), authors=frozenset({"author"}))
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
    large = Facts(revision=TEXT2, change=change(ChangeClass.SUBSTANTIVE, "blocks", "title"))
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
    wrote = Facts(
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
        Act(Verb.SEND_BACK, "initial_review", digest=TEXT, comment="x"),
        FIRST,
        Facts(),
        hand.at,
    )
    assert isinstance(answer, Refused)
    assert answer.refusals == (
        Refusal(C.ROUNDS_USED_UP, {"stage": "initial_review", "used": 3, "left": [Verb.DECLINE, Verb.HOLD]}),
    )
    hand.do(Verb.HOLD, FIRST, stage="initial_review", comment="请示")


def marked(hand: Hand, kind: ChangeClass = ChangeClass.MARKS_ONLY) -> Facts:
    return Facts(revision=TEXT2, change=change(kind), authors=frozenset({"author"}))


def test_marks_are_carried_out_and_confirmed_by_somebody_else() -> None:
    hand = Hand()
    hand.case = replace(hand.case, targets=(WECHAT, WEBSITE))
    hand.reviews()
    hand.proofs("wechat")
    hand.proofs("website")
    hand.approve("confirm_marks", PROOFS[3], "website")
    waiting = Facts(open_marks=2)
    assert hand.refused(Verb.APPROVE, PROOFS[3], waiting, stage="confirm_marks", line="wechat") == {
        C.MARKS_OPEN
    }
    effects = hand.do(Verb.CARRY_OUT, AUTHOR, marked(hand))
    assert set(effects.needs_proof) == {"wechat", "website"}
    assert {e.data["stage"] for e in effects.events if e.event is Event.CASE_STAGE_VOIDED} == {
        "confirm_marks"
    }
    assert {e.data["stage"] for e in effects.events if e.event is Event.CASE_STAGE_KEPT} == {
        "initial_review",
        "second_review",
        "final_review",
        "first_proof",
        "second_proof",
        "third_proof",
    }
    assert hand.open() == set()
    old = BoundProof("wechat", "old", TEXT)
    assert hand.refused(Verb.BIND_SUBJECT, SYSTEM, Facts(proof=old), line="wechat") == {C.PROOF_OUTDATED}
    hand.bind("wechat", "new")
    assert hand.run("first_proof", "wechat").digest == "new"
    assert hand.open() == {("confirm_marks", "wechat")}
    hand.bind("website")
    assert hand.open() == {("confirm_marks", "wechat"), ("confirm_marks", "website")}
    both = person("author", Role.PROOFREADER)
    assert hand.refused(Verb.APPROVE, both, stage="confirm_marks", line="wechat") == {
        C.OWN_DRAFT,
        C.OWN_MARKS,
    }
    hand.approve("confirm_marks", PROOFS[0], "wechat")


def test_carrying_out_is_refused() -> None:
    hand = Hand()
    hand.submit()
    assert hand.refused(Verb.CARRY_OUT, AUTHOR) == {C.STAGE_NOT_OPEN, C.NOTHING_CHANGED}
    hand.case = Hand().case
    hand.reviews()
    hand.proofs()
    why = Refusal(C.TOUCHES_NUMBER, {"place": "blocks/0", "text": "37"})
    large = Facts(
        revision=TEXT2,
        change=Change(ChangeClass.SUBSTANTIVE, frozenset({"blocks"}), objections=(why,)),
        blockers=("x",),
        channel_limits=("wechat.title",),
    )
    assert hand.refused(Verb.CARRY_OUT, FIRST, large) == {
        C.NOT_MARKS_ONLY,
        C.TOUCHES_NUMBER,
        C.SAME_PERSON,
        C.BLOCKING_FINDINGS,
        C.CHANNEL_LIMIT,
    }
    assert hand.refused(Verb.DECLINE, PROOFS[3], stage="confirm_marks", line="wechat", comment="x") == {
        C.OUTCOME_NOT_OFFERED
    }


def test_proofs_are_bound_once_and_only_for_the_present_text() -> None:
    hand = Hand()
    hand.reviews()
    hand.bind("wechat")
    again = Facts(proof=BoundProof("wechat", "other", TEXT))
    assert hand.refused(Verb.BIND_SUBJECT, SYSTEM, again, line="wechat") == {C.PROOF_ALREADY_BOUND}
    for facts, line in ((Facts(), "wechat"), (again, "website"), (again, "nowhere")):
        assert hand.refused(Verb.BIND_SUBJECT, SYSTEM, facts, line=line) == {C.LINE_UNKNOWN}
    hand.do(Verb.RECALL, AUTHOR)
    assert hand.refused(Verb.BIND_SUBJECT, SYSTEM, again, line="wechat") == {C.CASE_CLOSED}


def test_a_proof_that_comes_while_the_case_is_held_is_opened_by_the_answer() -> None:
    hand = Hand()
    hand.case = replace(hand.case, targets=(WECHAT, WEBSITE))
    hand.reviews()
    hand.bind("wechat")
    hand.do(Verb.HOLD, PROOFS[0], stage="first_proof", line="wechat", comment="请示")
    hand.bind("website")
    assert hand.open() == {("first_proof", "wechat")}
    hand.do(Verb.ANSWER, PROOFS[0], comment="可以")
    assert hand.open() == {("first_proof", "wechat"), ("first_proof", "website")}


def test_what_cannot_be_laid_out_goes_back_to_its_author() -> None:
    hand = Hand()
    hand.reviews()
    assert hand.refused(Verb.LAY_OUT_FAILED, SYSTEM, line="nowhere", digest=TEXT) == {C.LINE_UNKNOWN}
    assert hand.refused(Verb.LAY_OUT_FAILED, SYSTEM, line="wechat", digest=TEXT2) == {C.PROOF_OUTDATED}
    limits = Facts(channel_limits=("wechat.characters",))
    effects = hand.do(Verb.LAY_OUT_FAILED, SYSTEM, limits, line="wechat", digest=TEXT)
    assert effects.events[0].data["limits"] == ["wechat.characters"]
    assert hand.case.state is CaseState.RETURNED
    small = Facts(revision=TEXT2, change=change(ChangeClass.MARKS_ONLY))
    effects = hand.do(Verb.RESUBMIT, AUTHOR, small, digest=TEXT2)
    assert effects.needs_proof == ("wechat",)
    assert hand.state("final_review") is StageState.PASSED


def test_delegation_binds_both_persons() -> None:
    hand = Hand()
    hand.submit()
    deputy = replace(FIRST, person="deputy", principal="author")
    assert hand.refused(Verb.APPROVE, deputy, stage="initial_review") == {C.OWN_DRAFT}
    hand.approve("initial_review", replace(FIRST, person="deputy", principal="first"))
    assert hand.run("initial_review").persons == {"deputy", "first"}
    for name in ("deputy", "first"):
        both = person(name, Role.SECOND_REVIEWER)
        assert hand.refused(Verb.APPROVE, both, stage="second_review") == {C.SAME_PERSON}


def test_one_person_with_all_roles_passes_no_second_stage() -> None:
    hand = Hand()
    hand.submit()
    hand.approve("initial_review", EVERYBODY)
    assert hand.refused(Verb.APPROVE, EVERYBODY, stage="second_review") == {C.SAME_PERSON}


def test_a_role_for_one_channel_speaks_for_a_draft_that_goes_there_only() -> None:
    narrow = Actor("narrow", grants=(Grant(Role.INITIAL_REVIEWER, channel="wechat"),))
    hand = Hand()
    hand.submit()
    assert (
        objections(hand.case, STANDARD, Act(Verb.APPROVE, "initial_review"), narrow, Facts(), hand.at) == ()
    )
    wide = Hand()
    wide.case = replace(wide.case, targets=(WECHAT, WEBSITE))
    wide.submit()
    assert wide.refused(Verb.APPROVE, narrow, stage="initial_review") == {C.NOT_ALLOWED}
    section = Actor(
        "section",
        grants=(Grant(Role.INITIAL_REVIEWER, "wechat", "news"), Grant(Role.INITIAL_REVIEWER, "website")),
    )
    wide.approve("initial_review", section)


def test_objections_take_the_form_as_filled_in() -> None:
    hand = Hand()
    hand.submit()
    act = Act(Verb.SEND_BACK, "initial_review")
    assert objections(hand.case, STANDARD, act, FIRST, Facts(), hand.at) == ()
    codes = {refusal.code for refusal in objections(hand.case, STANDARD, act, AUTHOR, Facts(), hand.at)}
    assert codes == {C.NOT_ALLOWED, C.OWN_DRAFT}
    lost = objections(hand.case, STANDARD, Act(Verb.APPROVE, "nonsense"), FIRST, Facts(), hand.at)
    assert [refusal.code for refusal in lost] == [C.STAGE_UNKNOWN]


def workflow(*stages: dict[str, object], **more: object) -> Workflow:
    return Workflow.model_validate(
        {"version": 1, "key": "test", "title": "试", "stages": list(stages), **more}
    )


def stage(key: str, **more: object) -> dict[str, object]:
    return {"key": key, "title": key, "kind": "review", "who": [{"role": "initial_reviewer"}], **more}


def hand_for(*stages: dict[str, object], **case: object) -> Hand:
    hand = Hand(workflow=workflow({"key": "rules", "title": "检", "kind": "rule_check"}, *stages))
    hand.case = replace(hand.case, **case)  # type: ignore[arg-type]
    hand.submit()
    return hand


def test_quorum_of_two() -> None:
    hand = hand_for(stage("board", need={"at_least": 2}))
    one, two = person("one", Role.INITIAL_REVIEWER), person("two", Role.INITIAL_REVIEWER)
    hand.do(Verb.CLAIM, one, stage="board")
    effects = hand.approve("board", one)
    assert effects.decided is not None
    assert not effects.decided.final
    assert hand.run("board").claimed_by is None
    assert hand.refused(Verb.APPROVE, one, stage="board") == {C.ALREADY_DECIDED}
    assert hand.approve("board", two).decided == replace(hand.last.decided, final=True)  # type: ignore[union-attr,type-var]
    assert hand.case.state is CaseState.CLEARED


def test_quorum_of_all() -> None:
    hand = hand_for(stage("board", need="all"))
    everybody = Facts(candidates=frozenset({"one", "two"}))
    hand.do(Verb.APPROVE, person("one", Role.INITIAL_REVIEWER), everybody, stage="board")
    assert hand.state("board") is StageState.OPEN
    hand.do(Verb.APPROVE, person("two", Role.INITIAL_REVIEWER), everybody, stage="board")
    assert hand.state("board") is StageState.PASSED


def test_quorum_of_one_of_each_bench() -> None:
    benches = [
        {"role": "initial_reviewer", "group": "law"},
        {"role": "second_reviewer", "group": "trade"},
        {"post": "巡视员", "group": "old", "when": {"flags": ["major"]}},
    ]
    hand = hand_for(stage("panel", need="one_of_each", who=benches))
    both = person("both", Role.INITIAL_REVIEWER, Role.SECOND_REVIEWER)
    hand.approve("panel", person("law", Role.INITIAL_REVIEWER))
    hand.approve("panel", both)
    assert hand.run("panel").votes[-1] == Vote("both", None, "trade")
    assert hand.state("panel") is StageState.PASSED


@pytest.mark.parametrize(
    ("who", "actor", "may"),
    [
        ({"person": "wang"}, Actor("w", name="wang"), True),
        ({"person": "wang"}, Actor("w", name="li"), False),
        ({"post": "主要领导"}, Actor("w", posts=frozenset({"主要领导"})), True),
        ({"post": "主要领导"}, Actor("w"), False),
        ({"head_of_author": True}, Actor("w", heads_author=True), True),
        ({"head_of_author": True}, Actor("w"), False),
        ({"outside": True}, Actor("w", outside=True), True),
        ({"outside": True}, Actor("w"), False),
        ({"author": True}, Actor("author"), True),
        ({"author": True}, Actor("w"), False),
        ({"role": "editor", "qualification": "senior"}, Actor("w", grants=(Grant(Role.EDITOR),)), False),
        (
            {"role": "editor", "qualification": "assistant"},
            Actor("w", grants=(Grant(Role.EDITOR),), qualification="senior"),
            True,
        ),
        ({"role": "editor", "scope": "channel"}, Actor("w", grants=(Grant(Role.EDITOR),)), False),
        ({"role": "editor", "scope": "channel"}, Actor("w", grants=(Grant(Role.EDITOR, "wechat"),)), True),
        ({"role": "editor", "scope": "section"}, Actor("w", grants=(Grant(Role.EDITOR, "wechat"),)), False),
        (
            {"role": "editor", "scope": "section"},
            Actor("w", grants=(Grant(Role.EDITOR, "wechat", "news"),)),
            True,
        ),
        (
            {"role": "editor", "when": {"channels": ["website"]}},
            Actor("w", grants=(Grant(Role.EDITOR),)),
            False,
        ),
    ],
)
def test_who_may_act(who: dict[str, object], actor: Actor, may: bool) -> None:
    hand = hand_for(stage("one", who=[who], author_may_act=True))
    act = Act(Verb.APPROVE, "one")
    found = objections(hand.case, hand.workflow, act, actor, Facts(), hand.at)
    assert [refusal.code for refusal in found] == ([] if may else [C.NOT_ALLOWED])


def test_checklist_errors_left_and_the_author_who_may_act() -> None:
    own = stage("own", who=[{"author": True}], author_may_act=True, checklist=["人名", "地名"], errors_left=3)
    hand = hand_for(own)
    assert hand.refused(Verb.APPROVE, AUTHOR, Facts(findings=4), stage="own", ticked=frozenset({"人名"})) == {
        C.CHECKLIST_INCOMPLETE,
        C.TOO_MANY_ERRORS,
    }
    hand.do(Verb.APPROVE, AUTHOR, Facts(findings=3), stage="own", ticked=frozenset({"人名", "地名"}))
    assert hand.case.state is CaseState.CLEARED


def test_parallel_stages_join() -> None:
    hand = hand_for(
        stage("secrecy", kind="secrecy_review"),
        stage("privacy", kind="privacy_review", after=["rules"]),
        stage("end", after=["secrecy", "privacy"]),
    )
    assert hand.open() == {("secrecy", ""), ("privacy", "")}
    hand.approve("privacy", FIRST)
    assert hand.open() == {("secrecy", "")}
    hand.approve("secrecy", FIRST)
    assert hand.open() == {("end", "")}


def test_a_stage_for_the_whole_draft_waits_for_every_line() -> None:
    hand = hand_for(stage("layout", kind="proof", per="channel"), stage("end"), targets=(WECHAT, WEBSITE))
    hand.bind("wechat")
    hand.bind("website")
    hand.approve("layout", FIRST, "wechat")
    assert hand.open() == {("layout", "website")}
    hand.approve("layout", FIRST, "website")
    assert hand.open() == {("end", "")}
    hand.do(Verb.SEND_BACK, FIRST, stage="end", comment="x", send_back_to="layout", then="walk_again")
    assert hand.open() == {("layout", "website"), ("layout", "wechat")}


def test_conditions_are_recorded_with_their_facts_and_asked_again() -> None:
    hand = hand_for(
        stage("leader", applies_if={"facts": ["names_leader"], "unless": {"classes": ["A"]}}),
        stage("end"),
        flags=frozenset({"major"}),
    )
    skipped = next(e for e in hand.last.events if e.event is Event.CASE_STAGE_SKIPPED)  # type: ignore[union-attr]
    assert skipped.data["rule"] == {"facts": ["names_leader"], "unless": {"classes": ["A"]}}
    assert skipped.data["facts"] == {"class": None, "flags": ["major"], "found": []}
    hand.do(Verb.SEND_BACK, FIRST, stage="end", comment="x", then="continue_here")
    hand.case = replace(hand.case, found=frozenset({"names_leader"}))
    hand.do(Verb.RESUBMIT, AUTHOR, digest=TEXT, comment="y")
    assert hand.open() == {("leader", "")}


def test_an_edit_in_a_quorum() -> None:
    small = Facts(revision=TEXT2, change=change(ChangeClass.LAYOUT))
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
        Verb.RESUBMIT, AUTHOR, Facts(revision=TEXT2, change=change(ChangeClass.SUBSTANTIVE)), digest=TEXT2
    )
    assert hand.open() == {("two", "")}


def test_the_rule_check_falls_when_the_new_text_is_blocked() -> None:
    hand = Hand()
    hand.submit()
    hand.do(Verb.SEND_BACK, FIRST, stage="initial_review", comment="x", then="continue_here")
    facts = Facts(revision=TEXT2, change=change(ChangeClass.SUBSTANTIVE), blockers=("r",))
    hand.do(Verb.RESUBMIT, AUTHOR, facts, digest=TEXT2)
    assert hand.case.state is CaseState.BLOCKED
    assert hand.state("rule_check") is StageState.WAITING


def test_blocked_on_two_lines_is_said_once() -> None:
    hand = Hand()
    hand.case = replace(hand.case, targets=(WECHAT, WEBSITE))
    hand.reviews()
    hand.do(Verb.LAY_OUT_FAILED, SYSTEM, Facts(channel_limits=("x",)), line="website", digest=TEXT)
    effects = hand.do(Verb.RESUBMIT, AUTHOR, BLOCKED, digest=TEXT, comment="y")
    assert events(effects).count(Event.CASE_BLOCKED) == 1


def test_a_run_in_an_older_order_is_still_the_newest_round() -> None:
    old, new = (Run("a", "", number, StageState.OPEN, None) for number in (1, 2))
    case = Case(CaseState.RUNNING, TEXT, (WECHAT,), frozenset(), runs=(new, old))
    assert case.current() == {("a", ""): new}
    with pytest.raises(ValueError, match="reason"):
        Refused(())
