"""What people do with each other at a case: take back, hand over, recuse, remind, copy, consult, override."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.refusals import RefusalCode
from app.domain.release import BlockerCode, Dossier, blockers
from app.domain.vocabulary import CaseState, ChangeClass, Event, Role, StageState, Verb
from app.domain.workflow import SERVICE, Participant, Vote
from tests.domain.saying import Known
from tests.domain.walks import (
    AUTHOR,
    FINAL,
    FIRST,
    PROOFS,
    PUBLISHER,
    SECOND,
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
OTHER = person("other", Role.INITIAL_REVIEWER)
EXPERT = person("expert")
STANDS_IN = replace(FIRST, person="deputy", principal="first")


def names(actor: Participant, **more: object) -> Known:
    return Known(named=actor, **more)  # type: ignore[arg-type]


def submitted() -> Hand:
    hand = Hand()
    hand.submit()
    return hand


def approved() -> Hand:
    hand = submitted()
    hand.approve("initial_review", FIRST)
    return hand


def test_an_approval_is_taken_back_until_somebody_begins_on_the_next_stage() -> None:
    hand = approved()
    assert hand.refused(Verb.TAKE_BACK, OTHER, stage="initial_review") == {C.NOT_YOUR_DECISION}
    effects = hand.do(Verb.TAKE_BACK, FIRST, stage="initial_review", comment="看漏一处")
    assert events(effects) == [Event.CASE_TAKEN_BACK, Event.CASE_STAGE_VOIDED, Event.CASE_STAGE_OPENED]
    assert effects.events[1].data["persons"] == ["first"]
    assert hand.open() == {("initial_review", "")}
    run = hand.run("initial_review")
    assert (run.round, run.votes) == (2, ())
    (old,) = [one for one in hand.case.runs if (one.stage, one.round) == ("initial_review", 1)]
    assert (old.state, old.votes) == (StageState.VOIDED, (Vote("first"),))  # the decision stays
    hand.approve("initial_review", FIRST)
    assert hand.run("second_review").round == 2


@pytest.mark.parametrize(
    "begins",
    [
        lambda hand: hand.do(Verb.CLAIM, SECOND, stage="second_review"),
        lambda hand: hand.approve("second_review", SECOND),
        lambda hand: hand.do(
            Verb.CONSULT, SECOND, names(EXPERT), stage="second_review", to="expert", comment="？"
        ),
    ],
    ids=["claimed", "decided", "asked"],
)
def test_what_was_taken_up_is_not_taken_back(begins: object) -> None:
    hand = approved()
    begins(hand)  # type: ignore[operator]
    assert hand.refused(Verb.TAKE_BACK, FIRST, stage="initial_review") == {C.TAKEN_UP}


def test_marks_on_the_proof_say_that_it_was_opened() -> None:
    hand = Hand()
    hand.reviews()
    hand.bind("wechat")
    assert hand.refused(Verb.TAKE_BACK, FINAL, Known(open_marks=1), stage="final_review") == {C.TAKEN_UP}
    hand.do(Verb.TAKE_BACK, FINAL, stage="final_review")
    assert hand.open() == {("final_review", "")}
    hand.approve("final_review", FINAL)
    assert hand.open() == {("first_proof", "wechat")}  # the proof is there already


def test_what_was_decided_before_is_no_answer() -> None:
    hand = approved()
    hand.approve("second_review", SECOND)
    hand.do(
        Verb.SEND_BACK,
        FINAL,
        stage="final_review",
        comment="再核",
        send_back_to="initial_review",
        then="continue_here",
    )
    hand.approve("initial_review", FIRST)
    assert hand.open() == {("final_review", "")}
    hand.do(Verb.TAKE_BACK, FIRST, stage="initial_review")
    assert hand.open() == {("initial_review", "")}


def test_what_cannot_be_taken_back() -> None:
    hand = submitted()
    assert hand.refused(Verb.TAKE_BACK, FIRST, stage="nonsense") == {C.STAGE_UNKNOWN}
    assert hand.refused(Verb.TAKE_BACK, FIRST, stage="initial_review") == {C.NOTHING_TO_TAKE_BACK}
    assert hand.refused(Verb.TAKE_BACK, FIRST, stage="final_review") == {C.NOTHING_TO_TAKE_BACK}
    hand = Hand()
    hand.case = replace(hand.case, targets=(WECHAT, WEBSITE))
    hand.reviews()
    hand.proofs()
    hand.approve("confirm_marks", PROOFS[3], "wechat")
    hand.approve("sign_off", PUBLISHER, "wechat")
    assert hand.refused(Verb.TAKE_BACK, PUBLISHER, stage="sign_off", line="wechat") == {C.VERB_NOT_OFFERED}
    back = approved()
    back.do(Verb.SEND_BACK, SECOND, stage="second_review", comment="改")
    assert back.refused(Verb.TAKE_BACK, FIRST, stage="initial_review") == {
        C.CASE_RETURNED,
        C.NOTHING_TO_TAKE_BACK,
    }


def test_one_of_several_takes_back_and_all_are_asked_again() -> None:
    hand = hand_for(stage("panel", need={"at_least": 2}))
    hand.approve("panel", FIRST)
    hand.do(Verb.TAKE_BACK, FIRST, stage="panel")
    assert (hand.run("panel").round, hand.run("panel").votes) == (2, ())


def test_the_principal_takes_back_what_was_done_for_them() -> None:
    hand = submitted()
    hand.approve("initial_review", STANDS_IN)
    assert hand.run("initial_review").persons == {"first", "deputy"}
    hand.do(Verb.TAKE_BACK, FIRST, stage="initial_review")
    assert hand.open() == {("initial_review", "")}


def test_hand_over() -> None:
    hand = submitted()
    to_other = {"stage": "initial_review", "to": "other"}
    assert hand.refused(Verb.HAND_OVER, SECOND, names(OTHER), **to_other) == {C.NOT_ALLOWED}
    assert hand.refused(Verb.HAND_OVER, FIRST, **to_other) == {C.PERSON_UNKNOWN}
    assert hand.refused(Verb.HAND_OVER, FIRST, names(SECOND), **to_other) == {
        C.PERSON_UNKNOWN,
        C.PERSON_CANNOT_ACT,
    }
    assert hand.refused(Verb.HAND_OVER, FIRST, names(OTHER, absent=True), **to_other) == {C.PERSON_ABSENT}
    assert hand.refused(Verb.HAND_OVER, FIRST, names(OTHER), stage="nonsense", to="other") == {
        C.STAGE_UNKNOWN
    }
    effects = hand.do(Verb.HAND_OVER, FIRST, names(OTHER), **to_other, comment="出差")
    assert effects.events[0].data["was"] is None
    assert hand.run("initial_review").claimed_by == "other"
    assert hand.refused(Verb.APPROVE, FIRST, stage="initial_review") == {C.CLAIMED_BY_OTHER}
    assert hand.refused(Verb.HAND_OVER, FIRST, names(FIRST), stage="initial_review", to="first") == {
        C.CLAIMED_BY_OTHER
    }
    hand.do(Verb.HAND_OVER, OTHER, names(FIRST), stage="initial_review", to="first")
    hand.approve("initial_review", FIRST)
    assert hand.refused(Verb.HAND_OVER, FIRST, names(OTHER), **to_other) == {
        C.STAGE_NOT_OPEN,
    }


def test_a_stage_is_handed_only_to_who_may_act_there() -> None:
    hand = approved()
    both = person("first", Role.SECOND_REVIEWER)
    refusals = hand.answer(Verb.HAND_OVER, SECOND, names(both), stage="second_review", to="first")
    (refusal,) = refusals.refusals  # type: ignore[union-attr]
    assert refusal.code is C.PERSON_CANNOT_ACT
    assert refusal.data["why"] == ["same_person"]
    author = person("author", Role.SECOND_REVIEWER)
    refusals = hand.answer(Verb.HAND_OVER, SECOND, names(author), stage="second_review", to="author")
    assert refusals.refusals[0].data["why"] == ["own_draft"]  # type: ignore[union-attr]


def test_the_office_hands_over_what_somebody_left() -> None:
    hand = hand_for(stage("chief", who=[{"person": "zhang"}]))
    clerk = person("clerk")
    facts = names(OTHER, by_office=True, instead_of="zhang")
    hand.do(Verb.HAND_OVER, clerk, facts, stage="chief", to="other")
    assert hand.case.instead == {("zhang", "other")}
    hand.approve("chief", OTHER)
    assert hand.case.state is CaseState.CLEARED
    hand = submitted()
    hand.do(Verb.CLAIM, FIRST, stage="initial_review")
    hand.do(
        Verb.HAND_OVER,
        clerk,
        names(OTHER, by_office=True, instead_of="x"),
        stage="initial_review",
        to="other",
    )
    assert hand.run("initial_review").claimed_by == "other"


def test_a_place_that_names_somebody_is_given_on_before_it_opens() -> None:
    hand = hand_for(stage("first"), stage("chief", who=[{"person": "zhang"}]))
    clerk, facts = person("clerk"), names(OTHER, by_office=True, instead_of="zhang")
    hand.do(Verb.HAND_OVER, clerk, facts, stage="chief", to="other")
    assert hand.state("chief") is None
    hand.approve("first", FIRST)
    hand.approve("chief", OTHER)
    assert hand.case.state is CaseState.CLEARED
    closed = {C.CASE_CLOSED, C.STAGE_NOT_OPEN}
    assert hand.refused(Verb.HAND_OVER, clerk, facts, stage="chief", to="other") == closed


def test_recuse() -> None:
    hand = submitted()
    assert hand.refused(Verb.RECUSE, EXPERT) == {C.NOT_ALLOWED, C.COMMENT_REQUIRED}
    assert Hand().refused(Verb.RECUSE, AUTHOR, comment="x") == {C.NOT_SUBMITTED}
    hand.do(Verb.CLAIM, FIRST, stage="initial_review")
    effects = hand.do(Verb.RECUSE, FIRST, comment="当事人是亲属")
    assert effects.events[0].data["freed"] == [{"stage": "initial_review", "line": ""}]
    assert hand.run("initial_review").claimed_by is None
    assert hand.refused(Verb.APPROVE, FIRST, stage="initial_review") == {C.RECUSED}
    assert hand.refused(Verb.APPROVE, STANDS_IN, stage="initial_review") == {C.RECUSED}
    assert hand.refused(Verb.RECUSE, FIRST, comment="再") == {C.RECUSED}
    assert hand.refused(Verb.HAND_OVER, OTHER, names(FIRST), stage="initial_review", to="first") == {
        C.PERSON_CANNOT_ACT
    }
    assert hand.refused(Verb.COPY, OTHER, names(FIRST), to="first") == {C.PERSON_CANNOT_ACT}
    hand.approve("initial_review", OTHER)
    hand.do(Verb.RECALL, AUTHOR)
    assert hand.refused(Verb.RECUSE, SECOND, comment="x") == {C.CASE_CLOSED}


def test_remind_at_most_once_a_day() -> None:
    hand = submitted()
    assert hand.refused(Verb.REMIND, EXPERT, stage="initial_review") == {C.NOT_ALLOWED}
    assert hand.refused(Verb.REMIND, AUTHOR, stage="second_review") == {C.STAGE_NOT_OPEN}
    hand.do(Verb.CLAIM, FIRST, stage="initial_review")
    effects = hand.do(Verb.REMIND, AUTHOR, stage="initial_review", comment="急")
    assert effects.events[0].data["holder"] == "first"
    assert hand.refused(Verb.REMIND, SECOND, stage="initial_review") == {C.REMINDED_ALREADY}
    hand.at += timedelta(days=1)
    hand.do(Verb.REMIND, SECOND, stage="initial_review")
    hand.approve("initial_review", FIRST)
    hand.do(Verb.REMIND, AUTHOR, stage="second_review")
    assert [spot for spot, _ in hand.case.reminded] == [("second_review", "")]


def test_copy() -> None:
    hand = Hand()
    assert hand.refused(Verb.COPY, EXPERT, to="expert") == {
        C.NOT_SUBMITTED,
        C.NOT_ALLOWED,
        C.PERSON_UNKNOWN,
    }
    hand.submit()
    assert hand.refused(Verb.COPY, FIRST, names(FIRST), to="first") == {C.PERSON_IS_ONESELF}
    administrator = person("admin", Role.AUDIT_ADMIN)
    assert hand.refused(Verb.COPY, FIRST, names(administrator), to="admin") == {C.PERSON_UNKNOWN}
    hand.do(Verb.COPY, FIRST, names(EXPERT), to="expert", comment="请知悉")
    assert hand.refused(Verb.COPY, FIRST, names(EXPERT), to="expert") == {C.ALREADY_COPIED}
    hand.do(Verb.RECALL, AUTHOR)
    hand.do(Verb.COPY, EXPERT, names(OTHER), to="other")  # also afterwards, and by who was sent one
    assert hand.case.copied == {"expert", "other"}


def test_an_opinion_is_no_vote() -> None:
    hand = submitted()
    ask = {"stage": "initial_review", "to": "expert"}
    assert hand.refused(Verb.CONSULT, AUTHOR, names(EXPERT), **ask) == {
        C.NOT_ALLOWED,
        C.OWN_DRAFT,
        C.COMMENT_REQUIRED,
    }
    assert hand.refused(Verb.CONSULT, FIRST, names(EXPERT), stage="nonsense", to="expert", comment="?") == {
        C.STAGE_UNKNOWN
    }
    assert hand.refused(Verb.ADVISE, EXPERT, stage="initial_review", comment="可") == {C.NOT_ASKED}
    assert hand.refused(Verb.ADVISE, EXPERT, stage="nonsense", comment="可") == {C.STAGE_UNKNOWN, C.NOT_ASKED}
    hand.do(Verb.CONSULT, FIRST, names(EXPERT), **ask, comment="数字对吗", waits=True)
    assert hand.refused(Verb.CONSULT, FIRST, names(EXPERT), **ask, comment="?", waits=True) == {
        C.ALREADY_ASKED
    }
    assert hand.refused(Verb.APPROVE, FIRST, stage="initial_review") == {C.OPINION_AWAITED}
    assert hand.refused(Verb.ADVISE, EXPERT, stage="initial_review", digest=TEXT2) == {
        C.STALE_DIGEST,
        C.COMMENT_REQUIRED,
    }
    hand.do(Verb.ADVISE, EXPERT, stage="initial_review", comment="对")
    assert hand.refused(Verb.ADVISE, EXPERT, stage="initial_review", comment="对") == {C.NOT_ASKED}
    assert hand.run("initial_review").votes == ()
    hand.approve("initial_review", FIRST)
    assert hand.run("initial_review").persons == {"first"}


def test_the_asker_may_stop_waiting() -> None:
    hand = submitted()
    ask = {"stage": "initial_review", "to": "expert", "comment": "?"}
    hand.do(Verb.CONSULT, FIRST, names(EXPERT), **ask, waits=True)
    hand.do(Verb.CONSULT, FIRST, names(EXPERT), **ask, waits=False)
    hand.approve("initial_review", FIRST)
    hand = submitted()
    hand.do(Verb.CONSULT, FIRST, names(EXPERT), **ask, waits=True)
    hand.case = replace(hand.case, recused=frozenset({"expert"}))
    assert hand.refused(Verb.ADVISE, EXPERT, stage="initial_review", comment="x") == {C.RECUSED}


def test_a_later_round_asks_anew() -> None:
    hand = submitted()
    hand.do(Verb.CONSULT, FIRST, names(EXPERT), stage="initial_review", to="expert", comment="?", waits=True)
    hand.do(Verb.SEND_BACK, FIRST, stage="initial_review", comment="改")
    new = Known(revision=TEXT2, change=change(ChangeClass.SUBSTANTIVE))
    hand.do(Verb.RESUBMIT, AUTHOR, new, digest=TEXT2)
    hand.approve("initial_review", FIRST)


def test_who_can_act_no_more_holds_nothing_up() -> None:
    hand = submitted()
    assert Hand().refused(Verb.FREE, SERVICE, to="first") == {C.NOT_SUBMITTED}
    assert hand.refused(Verb.FREE, SERVICE, to="first") == {C.NOT_CLAIMED}
    hand.do(Verb.CLAIM, FIRST, stage="initial_review")
    hand.do(Verb.CONSULT, FIRST, names(EXPERT), stage="initial_review", to="expert", comment="?", waits=True)
    hand.do(Verb.FREE, SERVICE, to="expert")
    effects = hand.do(Verb.FREE, SERVICE, to="first")
    assert events(effects) == [Event.CASE_FREED]
    assert hand.run("initial_review").claimed_by is None
    hand.approve("initial_review", OTHER)


def overridable(**more: object) -> Hand:
    return hand_for(
        stage("initial_review", levels="initial_review", override={"role": "final_reviewer"}),
        stage("read", kind="read_through", override={"role": "final_reviewer"}, **more),
        stage("last", who=[{"role": "second_reviewer"}]),
    )


def test_a_stage_is_overridden_with_a_reason_and_marked() -> None:
    hand = overridable()
    hand.approve("initial_review", FIRST)
    assert hand.refused(Verb.OVERRIDE, FIRST, stage="nonsense") == {C.STAGE_UNKNOWN}
    assert hand.refused(Verb.OVERRIDE, FIRST, stage="read", digest=TEXT2) == {
        C.NOT_ALLOWED,
        C.STALE_DIGEST,
        C.COMMENT_REQUIRED,
    }
    administrator = person("admin", Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)
    assert hand.refused(Verb.OVERRIDE, administrator, stage="read", comment="急") == {C.NOT_ALLOWED}
    author = person("author", Role.FINAL_REVIEWER)
    assert hand.refused(Verb.OVERRIDE, author, stage="read", comment="急") == {C.OWN_DRAFT}
    blocked = Known(blockers=("x",))
    assert hand.refused(Verb.OVERRIDE, FINAL, blocked, stage="read", comment="急") == {C.BLOCKING_FINDINGS}
    effects = hand.do(Verb.OVERRIDE, FINAL, stage="read", comment="汛情紧急")
    assert events(effects) == [Event.CASE_STAGE_OVERRIDDEN, Event.CASE_STAGE_OPENED]
    assert effects.decided is None
    assert (hand.state("read"), hand.run("read").votes) == (StageState.OVERRIDDEN, ())
    assert hand.open() == {("last", "")}


def test_a_review_is_never_overridden() -> None:
    hand = overridable()
    assert hand.refused(Verb.OVERRIDE, FINAL, stage="initial_review", comment="急") == {C.VERB_NOT_OFFERED}
    standard = submitted()
    assert standard.refused(Verb.OVERRIDE, FINAL, stage="initial_review", comment="急") == {
        C.VERB_NOT_OFFERED
    }
    hand.do(Verb.RECUSE, FINAL, comment="x")
    hand.approve("initial_review", FIRST)
    assert hand.refused(Verb.OVERRIDE, FINAL, stage="read", comment="急") == {C.RECUSED}


def test_an_override_stands_for_one_text() -> None:
    hand = overridable(watches=["title"])
    hand.approve("initial_review", FIRST)
    hand.do(Verb.OVERRIDE, FINAL, stage="read", comment="急")
    hand.do(Verb.SEND_BACK, SECOND, stage="last", comment="改", then="continue_here")
    new = Known(revision=TEXT2, change=change(ChangeClass.LAYOUT))
    effects = hand.do(Verb.RESUBMIT, AUTHOR, new, digest=TEXT2)
    assert Event.CASE_STAGE_VOIDED in events(effects)
    voided = [one for one in effects.events if one.event is Event.CASE_STAGE_VOIDED]
    assert "read" in {one.data["stage"] for one in voided}


def test_the_gate_lets_an_overridden_proofread_pass_and_no_review() -> None:
    hand = Hand()
    hand.reviews()
    hand.proofs()
    hand.approve("confirm_marks", PROOFS[3], "wechat")
    hand.approve("sign_off", PUBLISHER, "wechat")
    runs = tuple(
        replace(run, state=StageState.OVERRIDDEN, votes=())
        if run.stage in {"final_review", "third_proof"}
        else run
        for run in hand.case.runs
    )
    dossier = Dossier(
        case=replace(hand.case, runs=runs),
        workflow=hand.workflow,
        line="wechat",
        digest=hand.case.proof_of("wechat") or "",
        checked_under="p",
        active_policy="p",
    )
    assert [(one.code, dict(one.data)) for one in blockers(dossier, hand.at)] == [
        (BlockerCode.REVIEW_MISSING, {"level": "final_review"})
    ]
