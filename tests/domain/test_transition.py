from dataclasses import replace
from datetime import timedelta

from app.domain.refusals import RefusalCode
from app.domain.vocabulary import CaseState, ChangeClass, Event, Role, StageState, Verb, Verdict
from app.domain.workflow import SERVICE, BoundProof, Participant, Vote
from tests.domain.saying import Known, Said, transition
from tests.domain.walks import (
    AT,
    AUTHOR,
    FINAL,
    FIRST,
    JOURNAL,
    PROOFS,
    PUBLISHER,
    SECOND,
    TEXT,
    TEXT2,
    TEXT3,
    WEBSITE,
    WECHAT,
    Hand,
    change,
    events,
    person,
)

C = RefusalCode
BLOCKED = Known(blockers=("privacy.id_card", "privacy.id_card", "dates.impossible"))


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
    assert hand.refused(Verb.RECONSIDER, SERVICE, BLOCKED) == {C.BLOCKING_FINDINGS}
    assert hand.refused(Verb.RESUBMIT, AUTHOR, BLOCKED, digest=TEXT) == {C.BLOCKING_FINDINGS}
    hand.do(Verb.RECONSIDER, SERVICE)
    assert hand.open() == {("initial_review", "")}
    assert hand.refused(Verb.RECONSIDER, SERVICE) == {C.NOT_WITH_AUTHOR}


def test_a_blocked_draft_is_mended_and_handed_in_again() -> None:
    hand = Hand()
    hand.do(Verb.SUBMIT, AUTHOR, BLOCKED, digest=TEXT)
    mended = Known(revision=TEXT2, change=change(ChangeClass.SUBSTANTIVE), authors=frozenset({"author"}))
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
    hand.do(Verb.BIND_SUBJECT, SERVICE, replace(BLOCKED, proof=proof), line="wechat")
    assert hand.case.state is CaseState.BLOCKED
    hand.do(Verb.RECONSIDER, SERVICE)
    assert hand.open() == {("first_proof", "wechat")}


def test_all_reasons_at_once() -> None:
    hand = Hand()
    hand.submit()
    nobody = Participant(person="author")
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
    for verb in Verb:  # each is answered, whatever its form lacks
        assert transition(hand.case, hand.workflow, Said(verb), FIRST, Known(), AT)
    assert hand.refused(Verb.CONFIRM_MARKS, FIRST, stage="initial_review") == {C.VERB_NOT_OFFERED}


def test_submission_is_refused() -> None:
    hand = Hand()
    limits = Known(channel_limits=("wechat.title",))
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
    hand.facts = Known(due=lambda at, days: at + timedelta(days=days))
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
    hand.do(Verb.ANSWER, AUTHOR, Known(), comment="已答复")
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
