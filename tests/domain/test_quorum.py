"""One vote of several taken back: what stays, and until when."""

from dataclasses import replace
from itertools import permutations

import pytest

from app.domain.refusals import RefusalCode
from app.domain.vocabulary import CaseState, Role, StageState, Verb
from app.domain.workflow import Participant, Vote
from tests.domain.saying import Known
from tests.domain.walks import FIRST, Hand, hand_for, person, stage

OTHER = person("other", Role.INITIAL_REVIEWER)


def quorum(need: object) -> Hand:
    hand = hand_for(stage("read", need=need), stage("next", who=[{"role": "second_reviewer"}]))
    assert hand.open() == {("read", "")}
    return hand


def test_taking_back_one_vote_of_a_quorum_leaves_the_others() -> None:
    hand = quorum({"at_least": 2})
    hand.approve("read", FIRST)
    hand.approve("read", OTHER)
    assert hand.open() == {("next", "")}
    effects = hand.do(Verb.TAKE_BACK, OTHER, stage="read", comment="再看")
    told = effects.events[0].data
    assert (told["persons"], told["round"]) == (["other"], 1)
    assert told["kept"] == [{"persons": ["first"], "round": 1}]
    run = hand.run("read")
    assert (run.round, run.state, run.votes) == (2, StageState.OPEN, (Vote("first", round=1),))
    # What was decided stays, in the run that fell.
    fallen = next(one for one in hand.case.runs if one.spot == run.spot and one.round == 1)
    assert [vote.person for vote in fallen.votes] == ["first", "other"]
    assert hand.refused(Verb.APPROVE, FIRST, stage="read") == {RefusalCode.ALREADY_DECIDED}
    hand.approve("read", OTHER)
    assert hand.open() == {("next", "")}
    assert hand.run("read").persons == {"first", "other"}
    # Whoever was kept may take theirs back too, and then the other's stays.
    hand.do(Verb.TAKE_BACK, FIRST, stage="read")
    assert hand.run("read").votes == (Vote("other", round=2),)
    hand.do(Verb.TAKE_BACK, OTHER, stage="read")
    assert hand.run("read").votes == ()
    assert hand.open() == {("read", "")}


def test_a_vote_kept_in_two_rounds_names_the_round_in_which_it_was_given() -> None:
    hand = quorum({"at_least": 3})
    for voter in (FIRST, OTHER):
        hand.approve("read", voter)
    for _ in range(2):
        hand.do(Verb.TAKE_BACK, OTHER, stage="read")
        hand.approve("read", OTHER)
    assert hand.run("read").votes == (Vote("first", round=1), Vote("other"))
    assert hand.run("read").round == 3


def test_votes_fall_with_what_they_were_given_for() -> None:
    hand = quorum({"at_least": 2})
    hand.approve("read", FIRST)
    hand.approve("read", OTHER)
    blocked = Known(blockers=("rule",))
    effects = hand.do(Verb.TAKE_BACK, OTHER, blocked, stage="read")
    assert effects.events[0].data["kept"] == []
    assert hand.case.state is CaseState.BLOCKED


# several people, each for themselves


def joint(need: object = "one_of_each") -> Hand:
    seats = [
        {"role": "initial_reviewer", "group": "desk"},
        {"post": "法规科负责人", "group": "law"},
        {"post": "科室负责人", "group": "office"},
    ]
    return hand_for(stage("joint", who=seats[1:] if need == "one_of_each" else seats, need=need))


LAW = person("law", posts=frozenset({"法规科负责人"}))
OFFICE = person("office", posts=frozenset({"科室负责人"}))
BOTH = person("both", posts=frozenset({"法规科负责人", "科室负责人"}))


@pytest.mark.parametrize("order", list(permutations((LAW, BOTH))) + list(permutations((OFFICE, BOTH))))
def test_one_of_each_does_not_hang_on_who_comes_first(order: tuple[Participant, ...]) -> None:
    hand = joint()
    hand.approve("joint", order[0])
    assert hand.state("joint") is StageState.OPEN
    hand.approve("joint", order[1])
    assert hand.state("joint") is StageState.PASSED


def test_one_person_fills_one_bench_however_many_posts_they_hold() -> None:
    hand = joint()
    hand.approve("joint", BOTH)
    assert hand.state("joint") is StageState.OPEN
    assert hand.refused(Verb.APPROVE, BOTH, stage="joint") == {RefusalCode.ALREADY_DECIDED}
    hand.do(Verb.TAKE_BACK, BOTH, stage="joint")
    hand.approve("joint", LAW)
    hand.approve("joint", BOTH)
    assert hand.state("joint") is StageState.PASSED


@pytest.mark.parametrize("need", ["all", {"at_least": 2}, "one_of_each"])
def test_a_claim_keeps_nobody_out_and_nobody_hands_over_where_each_decides(need: object) -> None:
    hand = joint(need)
    hand.do(Verb.CLAIM, LAW, stage="joint")
    facts = replace(hand.facts, candidates=frozenset({"law", "office"}))
    hand.approve("joint", OFFICE, facts=facts)
    hand.do(Verb.CLAIM, LAW, stage="joint")
    facts = replace(hand.facts, named=OFFICE)
    refused = hand.refused(Verb.HAND_OVER, LAW, facts, stage="joint", to="office")
    assert RefusalCode.EACH_FOR_THEMSELVES in refused
