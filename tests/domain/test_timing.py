"""When a line goes out: scheduled, taken back, withheld; embargoes; and what stays read-only meanwhile."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.domain.refusals import RefusalCode as C
from app.domain.refusals import Refused
from app.domain.release import BlockerCode, Dossier, blockers
from app.domain.vocabulary import CaseState, ChangeClass, Event, Role, StageState, Verb
from app.domain.workflow import SERVICE, Grant, Vote
from app.domain.workflow import scheduling as t
from tests.domain.saying import Known, Said, objections, transition
from tests.domain.walks import (
    AT,
    AUTHOR,
    FINAL,
    FIRST,
    PROOFS,
    PUBLISHER,
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

SOON = AT + timedelta(days=1)
BEIJING = timezone(timedelta(hours=8))
OTHER = person("other", Role.PUBLISHER)
STRANGER = person("stranger", Role.POLICY_KEEPER)


def signed(*targets: object) -> Hand:
    """A draft that is signed for WeChat; with other targets those are still on their way."""
    hand = Hand()
    hand.case = replace(hand.case, targets=(WECHAT, *targets))  # type: ignore[arg-type]
    hand.reviews()
    hand.proofs()
    hand.approve("confirm_marks", PROOFS[3], "wechat")
    hand.approve("sign_off", PUBLISHER, "wechat")
    return hand


def digest(hand: Hand) -> str:
    return hand.case.proof_of("wechat") or ""


def schedule(hand: Hand, when: datetime | None = SOON, **fields: object) -> Hand:
    hand.do(Verb.SCHEDULE, PUBLISHER, line="wechat", digest=digest(hand), when=when, **fields)
    return hand


def scheduled(*targets: object) -> Hand:
    return schedule(signed(*targets))


def dossier(hand: Hand) -> Dossier:
    return Dossier(hand.case, hand.workflow, "wechat", digest(hand), "p", "p")


def gate(hand: Hand, at: datetime) -> dict[BlockerCode, object]:
    return {one.code: one.data for one in blockers(dossier(hand), at)}


def test_a_signed_line_is_set_for_an_instant() -> None:
    hand = signed()
    hand.do(Verb.SCHEDULE, PUBLISHER, line="wechat", digest=digest(hand), when=SOON, comment="节后")
    assert hand.case.scheduled == (("wechat", SOON),)
    assert hand.case.scheduled_at("wechat") == SOON
    assert hand.case.scheduled_at("website") is None
    assert hand.case.state is CaseState.CLEARED
    assert hand.last is not None
    (event,) = hand.last.events
    assert event.event is Event.RELEASE_SCHEDULED
    assert event.data["release_at"] == "2026-03-03T01:00:00+00:00"
    assert (event.data["line"], event.data["digest"]) == ("wechat", digest(hand))


@pytest.mark.parametrize(
    ("when", "code"),
    [
        (None, C.INSTANT_PAST),
        (AT, C.INSTANT_PAST),
        (AT - timedelta(days=1), C.INSTANT_PAST),
        (AT + timedelta(days=367), C.INSTANT_TOO_FAR),
    ],
)
def test_the_instant_lies_ahead_and_not_too_far(when: datetime | None, code: C) -> None:
    hand = signed()
    refused = hand.refused(Verb.SCHEDULE, PUBLISHER, line="wechat", digest=digest(hand), when=when)
    assert refused == {code}


def test_now_is_too_early_and_a_second_later_is_not_and_so_is_a_year() -> None:
    hand = signed()
    act = Said(Verb.SCHEDULE, line="wechat", digest=digest(hand))
    answers = {
        when: transition(hand.case, hand.workflow, replace(act, when=when), PUBLISHER, Known(), AT)
        for when in (
            AT,
            AT + timedelta(seconds=1),
            AT + t.FURTHEST,
            AT + t.FURTHEST + timedelta(seconds=1),
        )
    }
    assert [isinstance(one, Refused) for one in answers.values()] == [True, False, False, True]


def test_midnight_in_beijing_is_one_instant_however_it_is_written() -> None:
    # The last second of a day in Beijing is 15:59:59 of the same day in UTC.
    local = datetime(2026, 3, 4, 0, 0, tzinfo=BEIJING)
    hand = schedule(signed(), local)
    assert hand.case.scheduled_at("wechat") == datetime(2026, 3, 3, 16, 0, tzinfo=UTC)
    assert BlockerCode.SCHEDULED in gate(hand, datetime(2026, 3, 3, 15, 59, 59, tzinfo=UTC))
    assert gate(hand, datetime(2026, 3, 3, 16, 0, tzinfo=UTC)) == {}


def test_every_reason_against_a_schedule_at_once() -> None:
    hand = Hand()
    hand.reviews()
    hand.bind("wechat")
    refused = hand.refused(Verb.SCHEDULE, AUTHOR, line="wechat", digest=TEXT2, when=AT)
    assert refused == {C.NOT_ALLOWED, C.OWN_DRAFT, C.STALE_DIGEST, C.NOT_SIGNED_OFF, C.INSTANT_PAST}
    assert hand.refused(Verb.SCHEDULE, PUBLISHER, line="paper", when=SOON) == {C.LINE_UNKNOWN}


def test_a_line_is_scheduled_once() -> None:
    hand = scheduled()
    again = hand.refused(Verb.SCHEDULE, PUBLISHER, line="wechat", digest=digest(hand), when=SOON)
    assert again == {C.LINE_SCHEDULED}


def test_a_workflow_without_signature_has_no_schedule() -> None:
    hand = hand_for(stage("initial_review"))
    refused = hand.refused(Verb.SCHEDULE, FIRST, line="wechat", when=SOON)
    assert refused == {C.VERB_NOT_OFFERED}
    assert not t.may_sign(hand.case, hand.workflow, "wechat", PUBLISHER)


@pytest.mark.parametrize(("verb", "code"), [(Verb.HOLD, C.CASE_HELD), (Verb.SEND_BACK, C.CASE_RETURNED)])
def test_only_while_the_case_is_on_its_way(verb: Verb, code: C) -> None:
    hand = signed(WEBSITE)
    hand.bind("website")
    hand.do(verb, PROOFS[0], stage="first_proof", line="website", comment="有误")
    assert code in hand.refused(Verb.SCHEDULE, PUBLISHER, line="wechat", digest=digest(hand), when=SOON)


def test_while_a_line_is_scheduled_no_new_text_comes_in() -> None:
    hand = scheduled(WEBSITE)
    hand.bind("website")
    corrected = Known(revision=TEXT2, change=change(ChangeClass.MARKS_ONLY))
    assert hand.refused(Verb.CARRY_OUT, AUTHOR, corrected) == {C.LINE_SCHEDULED}
    hand.do(Verb.SEND_BACK, PROOFS[0], stage="first_proof", line="website", comment="有误")
    edited = Known(revision=TEXT2, change=change(ChangeClass.SUBSTANTIVE))
    assert hand.refused(Verb.RESUBMIT, AUTHOR, edited, digest=TEXT2) == {C.LINE_SCHEDULED}
    answer = transition(
        hand.case, hand.workflow, Said(Verb.RESUBMIT, digest=TEXT2), AUTHOR, edited, AT + timedelta(hours=2)
    )
    assert isinstance(answer, Refused)
    assert answer.refusals[0].data == {"line": "wechat", "release_at": SOON.isoformat()}
    # The same text with a word is no new text.
    hand.do(Verb.RESUBMIT, AUTHOR, digest=hand.case.revision, comment="已核实，无误")
    assert hand.case.scheduled == (("wechat", SOON),)


def test_a_send_back_elsewhere_closes_the_gate() -> None:
    hand = scheduled(WEBSITE)
    hand.bind("website")
    hand.do(Verb.SEND_BACK, PROOFS[0], stage="first_proof", line="website", comment="有误")
    assert hand.case.scheduled
    assert BlockerCode.CASE_NOT_READY in gate(hand, SOON)


@pytest.mark.parametrize("actor", [PUBLISHER, OTHER, AUTHOR])
def test_who_may_sign_and_authors_take_it_back_and_it_must_be_signed_anew(actor: object) -> None:
    hand = scheduled()
    hand.do(Verb.UNSCHEDULE, actor, line="wechat", comment="数字待核")  # type: ignore[arg-type]
    assert hand.last is not None
    assert events(hand.last) == [
        Event.RELEASE_UNSCHEDULED,
        Event.CASE_STAGE_VOIDED,
        Event.CASE_STAGE_OPENED,
    ]
    assert hand.last.events[0].data["signed_by"] == ["publisher"]
    assert (hand.case.state, hand.case.scheduled) == (CaseState.RUNNING, ())
    assert hand.run("sign_off", "wechat").state is StageState.OPEN
    assert hand.run("sign_off", "wechat").round == 2
    # What was decided stays on record.
    first = next(run for run in hand.case.runs if run.stage == "sign_off" and run.round == 1)
    assert (first.state, first.votes) == (StageState.VOIDED, (Vote("publisher"),))
    hand.approve("sign_off", OTHER, "wechat")
    schedule(hand, SOON)


def test_nobody_else_takes_it_back_and_never_without_a_word() -> None:
    hand = scheduled()
    assert hand.refused(Verb.UNSCHEDULE, FINAL, line="wechat") == {C.NOT_ALLOWED, C.COMMENT_REQUIRED}
    assert hand.refused(Verb.UNSCHEDULE, AUTHOR, line="wechat") == {C.COMMENT_REQUIRED}
    assert hand.refused(Verb.UNSCHEDULE, AUTHOR, line="website", comment="停") == {C.NOT_SCHEDULED}
    hand.do(Verb.COPY, AUTHOR, Known(named=STRANGER), to="stranger")
    assert hand.refused(Verb.UNSCHEDULE, STRANGER, line="wechat", comment="停") == {C.NOT_ALLOWED}


def test_a_publisher_who_has_withdrawn_does_not_touch_it() -> None:
    hand = scheduled(WEBSITE)
    hand.do(Verb.RECUSE, OTHER, comment="回避")
    assert hand.refused(Verb.UNSCHEDULE, OTHER, line="wechat", comment="停") == {C.NOT_ALLOWED}


def test_taking_back_while_the_text_is_with_its_author_opens_nothing_yet() -> None:
    hand = scheduled(WEBSITE)
    hand.bind("website")
    hand.do(Verb.SEND_BACK, PROOFS[0], stage="first_proof", line="website", comment="有误")
    hand.do(Verb.UNSCHEDULE, AUTHOR, line="wechat", comment="要改")
    assert hand.case.state is CaseState.RETURNED
    assert hand.state("sign_off", "wechat") is StageState.VOIDED
    edited = Known(revision=TEXT2, change=change(ChangeClass.SUBSTANTIVE))
    hand.do(Verb.RESUBMIT, AUTHOR, edited, digest=TEXT2)
    assert hand.case.revision == TEXT2


def test_a_signature_that_fell_is_not_voided_again() -> None:
    hand = scheduled(WEBSITE)
    hand.bind("website")
    hand.do(
        Verb.SEND_BACK,
        PROOFS[0],
        stage="first_proof",
        line="website",
        comment="有误",
        send_back_to="final_review",
    )
    assert hand.state("sign_off", "wechat") is StageState.VOIDED
    hand.do(Verb.UNSCHEDULE, PUBLISHER, line="wechat", comment="要改")
    assert hand.last is not None
    assert events(hand.last) == [Event.RELEASE_UNSCHEDULED]
    assert hand.last.events[0].data["signed_by"] == ["publisher"]


def test_with_a_blocking_finding_nothing_opens_again() -> None:
    hand = scheduled()
    hand.do(Verb.UNSCHEDULE, PUBLISHER, Known(blockers=("rule",)), line="wechat", comment="停")
    assert hand.case.state is CaseState.BLOCKED
    assert hand.state("sign_off", "wechat") is StageState.VOIDED


def test_what_may_not_go_out_at_its_time_is_withheld() -> None:
    hand = scheduled()
    early = hand.refused(Verb.WITHHOLD, SERVICE, line="wechat")
    assert early == {C.LINE_SCHEDULED}
    hand.at = SOON
    facts = Known(against=("open_findings", "not_checked"), blockers=("rule",))
    hand.do(Verb.WITHHOLD, SERVICE, facts, line="wechat")
    assert hand.last is not None
    told = hand.last.events[0]
    assert told.event is Event.RELEASE_WITHHELD
    assert told.data["reasons"] == ["not_checked", "open_findings"]
    assert told.data["signed_by"] == ["publisher"]
    assert (hand.case.scheduled, hand.case.state) == ((), CaseState.BLOCKED)
    assert hand.refused(Verb.WITHHOLD, SERVICE, line="wechat") == {C.NOT_SCHEDULED}


def test_what_goes_out_at_its_time_is_a_signed_line_like_any_other() -> None:
    hand = scheduled(WEBSITE)
    after = t.fulfilled(hand.case, "wechat")
    assert after == replace(hand.case, scheduled=())
    assert t.fulfilled(after, "wechat") == after


def test_a_case_that_ends_takes_its_lines_from_their_time() -> None:
    hand = scheduled(WEBSITE)
    hand.bind("website")
    back = {"stage": "first_proof", "line": "website", "send_back_to": "final_review"}
    hand.do(Verb.SEND_BACK, PROOFS[0], **back, comment="请终审再看")
    hand.do(Verb.DECLINE, FINAL, stage="final_review", comment="不用")
    assert hand.last is not None
    (told,) = [one for one in hand.last.events if one.event is Event.RELEASE_UNSCHEDULED]
    assert (told.data["reason"], told.data["line"]) == ("declined", "wechat")
    assert hand.case.scheduled == ()


def test_an_author_does_not_recall_what_is_scheduled() -> None:
    assert scheduled().refused(Verb.RECALL, AUTHOR) == {C.CASE_CLOSED}


def test_nothing_goes_out_before_an_embargo_ends() -> None:
    hand = signed()
    hand.do(Verb.EMBARGO, AUTHOR, when=SOON)
    assert hand.case.embargo_until == SOON
    assert gate(hand, SOON - timedelta(seconds=1)) == {BlockerCode.EMBARGOED: {"until": SOON.isoformat()}}
    assert gate(hand, SOON) == {}
    early = hand.refused(
        Verb.SCHEDULE, PUBLISHER, line="wechat", digest=digest(hand), when=SOON - timedelta(seconds=1)
    )
    assert early == {C.UNDER_EMBARGO}
    schedule(hand, SOON)


def test_who_takes_part_sets_and_lengthens_it_and_who_signs_shortens_it() -> None:
    hand = Hand()
    hand.submit()
    later, latest = SOON + timedelta(days=1), SOON + timedelta(days=2)
    assert hand.refused(Verb.EMBARGO, STRANGER, when=SOON) == {C.NOT_ALLOWED}
    assert hand.refused(Verb.EMBARGO, FINAL, when=SOON) == {C.NOT_ALLOWED}  # their stage is not open yet
    hand.do(Verb.EMBARGO, FIRST, when=SOON)
    hand.do(Verb.EMBARGO, AUTHOR, when=latest)
    assert hand.last is not None
    assert hand.last.events[0].data == {
        "until": latest.isoformat(),
        "was": SOON.isoformat(),
        "comment": "",
    }
    assert hand.refused(Verb.EMBARGO, AUTHOR, when=later) == {C.NOT_ALLOWED, C.COMMENT_REQUIRED}
    assert hand.refused(Verb.EMBARGO, FIRST, when=None, comment="解除") == {C.NOT_ALLOWED}
    assert hand.refused(Verb.EMBARGO, PUBLISHER, when=later) == {C.COMMENT_REQUIRED}
    hand.do(Verb.EMBARGO, PUBLISHER, when=later, comment="提前一天")
    assert hand.refused(Verb.EMBARGO, PUBLISHER, when=later, comment="同") == {C.EMBARGO_SAME}
    hand.do(Verb.EMBARGO, PUBLISHER, when=None, comment="解除")
    assert hand.case.embargo_until is None
    assert hand.refused(Verb.EMBARGO, PUBLISHER, when=None) == {C.EMBARGO_SAME}
    assert hand.refused(Verb.EMBARGO, PUBLISHER, when=AT) == {C.INSTANT_PAST}
    assert hand.refused(Verb.EMBARGO, PUBLISHER, when=AT + timedelta(days=400)) == {C.INSTANT_TOO_FAR}


def test_an_author_who_also_publishes_does_not_lift_their_own_embargo() -> None:
    both = person("author", Role.EDITOR, Role.PUBLISHER)
    hand = Hand()
    hand.submit()
    hand.do(Verb.EMBARGO, both, when=SOON)
    assert hand.refused(Verb.EMBARGO, both, when=None, comment="解除") == {C.NOT_ALLOWED}


def test_an_embargo_that_has_passed_is_none() -> None:
    hand = Hand()
    hand.submit()
    hand.do(Verb.EMBARGO, AUTHOR, when=SOON)
    hand.at = SOON
    assert hand.refused(Verb.EMBARGO, PUBLISHER, when=None, comment="解除") == {C.EMBARGO_SAME}
    hand.do(Verb.EMBARGO, AUTHOR, when=SOON + timedelta(hours=1))


def test_a_line_that_is_scheduled_earlier_is_taken_back_first() -> None:
    hand = scheduled()
    after = SOON + timedelta(hours=1)
    assert hand.refused(Verb.EMBARGO, AUTHOR, when=after) == {C.SCHEDULED_EARLIER}
    hand.do(Verb.EMBARGO, AUTHOR, when=SOON)


def test_no_embargo_before_submission_nor_after_the_end() -> None:
    hand = Hand()
    assert hand.refused(Verb.EMBARGO, AUTHOR, when=SOON) == {C.NOT_SUBMITTED}
    hand.submit()
    hand.do(Verb.RECALL, AUTHOR)
    assert hand.refused(Verb.EMBARGO, AUTHOR, when=SOON) == {C.CASE_CLOSED}


def test_who_has_withdrawn_sets_no_embargo() -> None:
    hand = Hand()
    hand.submit()
    hand.do(Verb.RECUSE, FIRST, comment="回避")
    assert hand.refused(Verb.EMBARGO, FIRST, when=SOON) == {C.NOT_ALLOWED}


def test_a_page_asks_who_may_without_an_instant_or_a_word() -> None:
    hand = scheduled()
    at = hand.at

    def asked(verb: Verb, actor: object) -> set[C]:
        found = objections(
            hand.case,
            hand.workflow,
            Said(verb, line="wechat"),
            actor,
            Known(),
            at,  # type: ignore[arg-type]
        )
        return {one.code for one in found}

    assert asked(Verb.UNSCHEDULE, AUTHOR) == set()
    assert asked(Verb.UNSCHEDULE, FIRST) == {C.NOT_ALLOWED}
    assert asked(Verb.EMBARGO, AUTHOR) == set()
    assert asked(Verb.EMBARGO, STRANGER) == {C.NOT_ALLOWED}


def test_a_grant_for_another_channel_does_not_schedule() -> None:
    hand = signed()
    web = replace(OTHER, grants=(Grant(Role.PUBLISHER, "website"),))
    refused = hand.refused(Verb.SCHEDULE, web, line="wechat", digest=digest(hand), when=SOON)
    assert refused == {C.NOT_ALLOWED}
