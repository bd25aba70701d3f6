from dataclasses import replace

from app.domain.document.changes import Change
from app.domain.refusals import Refusal, RefusalCode
from app.domain.vocabulary import CaseState, ChangeClass, Event, Role, StageState, Verb
from app.domain.workflow import SERVICE, BoundProof
from tests.domain.saying import Known
from tests.domain.walks import (
    AUTHOR,
    FIRST,
    PROOFS,
    TEXT,
    TEXT2,
    WEBSITE,
    WECHAT,
    Hand,
    change,
    person,
)

C = RefusalCode


def marked(hand: Hand, kind: ChangeClass = ChangeClass.MARKS_ONLY) -> Known:
    return Known(revision=TEXT2, change=change(kind), authors=frozenset({"author"}))


def test_marks_are_carried_out_and_confirmed_by_somebody_else() -> None:
    hand = Hand()
    hand.case = replace(hand.case, targets=(WECHAT, WEBSITE))
    hand.reviews()
    hand.proofs("wechat")
    hand.proofs("website")
    hand.approve("confirm_marks", PROOFS[3], "website")
    waiting = Known(open_marks=2)
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
    assert hand.refused(Verb.BIND_SUBJECT, SERVICE, Known(proof=old), line="wechat") == {C.PROOF_OUTDATED}
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
    large = Known(
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
    again = Known(proof=BoundProof("wechat", "other", TEXT))
    assert hand.refused(Verb.BIND_SUBJECT, SERVICE, again, line="wechat") == {C.PROOF_ALREADY_BOUND}
    elsewhere = Known(proof=BoundProof("website", "other", TEXT))
    assert hand.refused(Verb.BIND_SUBJECT, SERVICE, elsewhere) == {C.LINE_UNKNOWN}
    hand.do(Verb.RECALL, AUTHOR)
    assert hand.refused(Verb.BIND_SUBJECT, SERVICE, again, line="wechat") == {C.CASE_CLOSED}


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
    assert hand.refused(Verb.LAY_OUT_FAILED, SERVICE, line="nowhere", digest=TEXT) == {C.LINE_UNKNOWN}
    assert hand.refused(Verb.LAY_OUT_FAILED, SERVICE, line="wechat", digest=TEXT2) == {C.PROOF_OUTDATED}
    limits = Known(channel_limits=("wechat.characters",))
    effects = hand.do(Verb.LAY_OUT_FAILED, SERVICE, limits, line="wechat", digest=TEXT)
    assert effects.events[0].data["limits"] == ["wechat.characters"]
    assert hand.case.state is CaseState.RETURNED
    small = Known(revision=TEXT2, change=change(ChangeClass.MARKS_ONLY))
    effects = hand.do(Verb.RESUBMIT, AUTHOR, small, digest=TEXT2)
    assert effects.needs_proof == ("wechat",)
    assert hand.state("final_review") is StageState.PASSED
