from dataclasses import replace

import pytest

from app.domain.refusals import RefusalCode
from app.domain.vocabulary import CaseState, Event, Role, StageState, Verb
from app.domain.workflow import Grant, Participant, Vote
from tests.domain.saying import Known, Said, objections
from tests.domain.walks import (
    AUTHOR,
    EVERYBODY,
    FIRST,
    STANDARD,
    TEXT,
    WEBSITE,
    WECHAT,
    Hand,
    hand_for,
    person,
    stage,
)

C = RefusalCode


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
    narrow = Participant("narrow", grants=(Grant(Role.INITIAL_REVIEWER, channel="wechat"),))
    hand = Hand()
    hand.submit()
    assert (
        objections(hand.case, STANDARD, Said(Verb.APPROVE, "initial_review"), narrow, Known(), hand.at) == ()
    )
    wide = Hand()
    wide.case = replace(wide.case, targets=(WECHAT, WEBSITE))
    wide.submit()
    assert wide.refused(Verb.APPROVE, narrow, stage="initial_review") == {C.NOT_ALLOWED}
    section = Participant(
        "section",
        grants=(Grant(Role.INITIAL_REVIEWER, "wechat", "news"), Grant(Role.INITIAL_REVIEWER, "website")),
    )
    wide.approve("initial_review", section)


def test_objections_take_the_form_as_filled_in() -> None:
    hand = Hand()
    hand.submit()
    act = Said(Verb.SEND_BACK, "initial_review")
    assert objections(hand.case, STANDARD, act, FIRST, Known(), hand.at) == ()
    codes = {refusal.code for refusal in objections(hand.case, STANDARD, act, AUTHOR, Known(), hand.at)}
    assert codes == {C.NOT_ALLOWED, C.OWN_DRAFT}
    lost = objections(hand.case, STANDARD, Said(Verb.APPROVE, "nonsense"), FIRST, Known(), hand.at)
    assert [refusal.code for refusal in lost] == [C.STAGE_UNKNOWN]


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
    everybody = Known(candidates=frozenset({"one", "two"}))
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
    assert hand.run("panel").votes[-1] == Vote("both", None, "law+trade")
    assert hand.state("panel") is StageState.PASSED


@pytest.mark.parametrize(
    ("who", "actor", "may"),
    [
        ({"person": "wang"}, Participant("w", name="wang"), True),
        ({"person": "wang"}, Participant("w", name="li"), False),
        ({"post": "主要领导"}, Participant("w", posts=frozenset({"主要领导"})), True),
        ({"post": "主要领导"}, Participant("w"), False),
        ({"head_of_author": True}, Participant("w", heads_author=True), True),
        ({"head_of_author": True}, Participant("w"), False),
        ({"outside": True}, Participant("w", outside=True), True),
        ({"outside": True}, Participant("w"), False),
        ({"author": True}, Participant("author"), True),
        ({"author": True}, Participant("w"), False),
        (
            {"role": "editor", "qualification": "senior"},
            Participant("w", grants=(Grant(Role.EDITOR),)),
            False,
        ),
        (
            {"role": "editor", "qualification": "assistant"},
            Participant("w", grants=(Grant(Role.EDITOR),), qualification="senior"),
            True,
        ),
        ({"role": "editor", "scope": "channel"}, Participant("w", grants=(Grant(Role.EDITOR),)), False),
        (
            {"role": "editor", "scope": "channel"},
            Participant("w", grants=(Grant(Role.EDITOR, "wechat"),)),
            True,
        ),
        (
            {"role": "editor", "scope": "section"},
            Participant("w", grants=(Grant(Role.EDITOR, "wechat"),)),
            False,
        ),
        (
            {"role": "editor", "scope": "section"},
            Participant("w", grants=(Grant(Role.EDITOR, "wechat", "news"),)),
            True,
        ),
        (
            {"role": "editor", "when": {"channels": ["website"]}},
            Participant("w", grants=(Grant(Role.EDITOR),)),
            False,
        ),
    ],
)
def test_who_may_act(who: dict[str, object], actor: Participant, may: bool) -> None:
    hand = hand_for(stage("one", who=[who], author_may_act=True))
    act = Said(Verb.APPROVE, "one")
    found = objections(hand.case, hand.workflow, act, actor, Known(), hand.at)
    assert [refusal.code for refusal in found] == ([] if may else [C.NOT_ALLOWED])


def test_checklist_errors_left_and_the_author_who_may_act() -> None:
    own = stage("own", who=[{"author": True}], author_may_act=True, checklist=["人名", "地名"], errors_left=3)
    hand = hand_for(own)
    assert hand.refused(Verb.APPROVE, AUTHOR, Known(findings=4), stage="own", ticked=frozenset({"人名"})) == {
        C.CHECKLIST_INCOMPLETE,
        C.TOO_MANY_ERRORS,
    }
    hand.do(Verb.APPROVE, AUTHOR, Known(findings=3), stage="own", ticked=frozenset({"人名", "地名"}))
    assert hand.case.state is CaseState.CLEARED


def test_a_stage_may_ask_that_comments_of_ones_own_are_settled() -> None:
    hand = hand_for(stage("own", requires="threads_resolved"), stage("free"))
    known = Known(own_threads=2)
    assert hand.refused(Verb.APPROVE, FIRST, known, stage="own") == {C.OWN_THREADS_UNSETTLED}
    hand.approve("own", FIRST)
    hand.do(Verb.APPROVE, FIRST, known, stage="free")
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
