"""How committees vote: what passes, when it closes, and who has the last word."""

from dataclasses import replace
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.refusals import RefusalCode
from app.domain.vocabulary import CaseState, Event, Role, StageState, Verb
from app.domain.workflow import SERVICE, Vote
from app.domain.workflow.committee import CHAIR, result
from app.domain.workflow.lint import lint
from app.domain.workflow.needs import Committee
from tests.domain.test_lint import GOOD
from tests.domain.walks import AT, AUTHOR, Hand, hand_for, person, stage

MEMBERS = tuple(
    person(f"m{number}", Role.INITIAL_REVIEWER, posts=frozenset({"主任"} if number == 0 else ()))
    for number in range(5)
)
NEXT = stage("next", who=[{"role": "second_reviewer"}])
VERBS = {"yes": Verb.APPROVE, "no": Verb.OPPOSE, "abstain": Verb.ABSTAIN}


def votes(said: str) -> tuple[Vote, ...]:
    """Return the votes of m0, m1 …: y, n or a each; a capital is the chair's."""
    word = {"y": "yes", "n": "no", "a": "abstain"}
    return tuple(
        Vote(f"m{number}", group=CHAIR if one.isupper() else None, says=word[one.lower()])  # type: ignore[arg-type]
        for number, one in enumerate(said)
    )


@pytest.mark.parametrize(
    ("scheme", "said", "answer"),
    [
        ({"in_favour": "majority"}, "yyy", "passed"),
        ({"in_favour": "majority"}, "yy", None),
        ({"in_favour": "majority"}, "nnn", "failed"),
        ({"in_favour": "majority"}, "yyaan", "failed"),
        ({"in_favour": "majority", "of": "votes"}, "yyaan", "passed"),
        ({"in_favour": "majority", "of": "votes"}, "yyn", None),
        ({"in_favour": "two_thirds"}, "yyyn", None),
        ({"in_favour": "two_thirds"}, "yyyy", "passed"),
        ({"in_favour": "all"}, "yyyyy", "passed"),
        ({"in_favour": "all"}, "n", "failed"),
        ({"in_favour": "all"}, "a", "failed"),
        ({"in_favour": 2}, "yn", None),
        ({"in_favour": 2}, "yny", "passed"),
        ({"in_favour": 2, "closes": "all_voted"}, "yynn", None),
        ({"in_favour": 2, "closes": "all_voted"}, "yynnn", "passed"),
        ({"in_favour": 3, "closes": "all_voted"}, "yynnn", "failed"),
        ({"in_favour": "majority", "closes": "all_voted", "veto": "anybody"}, "yyyn", "failed"),
        ({"in_favour": 2, "veto": "chair", "chair": {"post": "主任"}}, "ny", None),
        ({"in_favour": 2, "veto": "chair", "chair": {"post": "主任"}}, "yN", "failed"),
        ({"in_favour": 2, "veto": "anybody"}, "yyyy", None),
        ({"in_favour": 2, "veto": "chair", "chair": {"post": "主任"}}, "Yy", "passed"),
        ({"in_favour": 2, "present": 4}, "yyy", None),
        ({"in_favour": 2, "present": 4}, "yyya", "passed"),
        ({"in_favour": "majority", "members": 4}, "yynn", "failed"),
        ({"in_favour": "majority", "members": 4, "chair": {"post": "主任"}}, "Yynn", "passed"),
        ({"in_favour": "majority", "members": 4, "chair": {"post": "主任"}}, "Nnyy", "failed"),
        ({"in_favour": "majority", "members": 4, "chair": {"post": "主任"}}, "Aayn", "failed"),
    ],
)
def test_what_comes_of_a_vote_of_five(scheme: dict[str, Any], said: str, answer: str | None) -> None:
    assert result(Committee.model_validate(scheme), votes(said), 5) == answer


@pytest.mark.parametrize(
    ("said", "answer"), [("yy", "failed"), ("yyy", "passed"), ("", "failed"), ("yyan", "failed")]
)
def test_when_its_time_is_up_who_has_not_voted_counts_as_the_scheme_says(said: str, answer: str) -> None:
    committee = Committee(in_favour="majority", closes="at_time")
    assert result(committee, votes(said), 5) == (None if len(said) < 5 else answer)
    assert result(committee, votes(said), 5, time_is_up=True) == answer
    of_votes = Committee(in_favour="majority", closes="at_time", of="votes", present=2)
    assert (result(of_votes, votes(said), 5, time_is_up=True) == "passed") is (len(said) >= 2)


SCHEMES = st.builds(
    Committee,
    in_favour=st.sampled_from(["majority", "two_thirds", "all", 1, 2, 3]),
    of=st.sampled_from(["members", "votes"]),
    present=st.integers(0, 4),
    veto=st.sampled_from(["nobody", "anybody", "chair"]),
    chair=st.sampled_from([None, {"post": "主任"}]),
)


@given(scheme=SCHEMES, said=st.text("yna", min_size=0, max_size=4), chaired=st.booleans())
def test_what_is_settled_early_is_what_every_end_would_say(
    scheme: Committee, said: str, *, chaired: bool
) -> None:
    """A vote closes before all have voted only where nobody who is left could change anything."""
    heard = votes((said[:1].upper() if chaired and scheme.chair else said[:1]) + said[1:])
    early = result(scheme, heard, 4)
    left = 4 - len(heard)
    ends = {
        result(
            scheme, (*heard, *(replace(vote, person=f"l{vote.person}") for vote in votes("".join(rest)))), 4
        )
        for rest in product("yna", repeat=left)
    }
    if early is not None:
        assert ends == {early}
    if scheme.closes == "at_majority" and early is None and scheme.chair is None and scheme.veto == "nobody":
        assert ends == {"passed", "failed"} or scheme.present > len(heard)


def committee(**need: Any) -> Hand:
    more = {"within": {"working_days": 3}} if need.get("closes") == "at_time" else {}
    hand = hand_for(stage("vote", need=need, **more), NEXT)
    hand.facts = replace(hand.facts, candidates=frozenset(member.person for member in MEMBERS))
    return hand


def vote(hand: Hand, said: str) -> None:
    for number, word in enumerate(said):
        verb = {"y": Verb.APPROVE, "n": Verb.OPPOSE, "a": Verb.ABSTAIN}[word]
        hand.do(verb, MEMBERS[number], stage="vote", comment="理由")


@pytest.mark.parametrize("order", sorted(set(permutations("yyyna")))[:8])
def test_a_vote_passes_in_whatever_order_and_late_votes_count_until_it_closes(order: tuple[str, ...]) -> None:
    hand = committee(in_favour="majority", closes="all_voted")
    vote(hand, "".join(order[:4]))
    assert hand.open() == {("vote", "")}
    hand.do(
        {"y": Verb.APPROVE, "n": Verb.OPPOSE, "a": Verb.ABSTAIN}[order[4]],
        MEMBERS[4],
        stage="vote",
        comment="迟",
    )
    assert hand.open() == {("next", "")}
    assert hand.last is not None
    told = next(one.data for one in hand.last.events if one.event is Event.CASE_VOTE_CLOSED)
    assert (told["yes"], told["no"], told["abstained"], told["members"]) == (3, 1, 1, 5)
    assert hand.run("vote").persons == {member.person for member in MEMBERS}


@pytest.mark.parametrize(
    ("fails", "state"), [("send_back", CaseState.RETURNED), ("decline", CaseState.DECLINED)]
)
def test_a_vote_that_fails_ends_as_the_scheme_says(fails: str, state: CaseState) -> None:
    hand = committee(in_favour="majority", fails=fails)
    vote(hand, "nnn")
    assert hand.case.state is state
    ended = StageState.SENT_BACK if fails == "send_back" else StageState.DECLINED
    assert hand.state("vote") is ended
    # Also where the last vote, in favour, comes too late.
    hand = committee(in_favour=4, closes="all_voted", fails=fails)
    hand.do(Verb.OPPOSE, MEMBERS[4], stage="vote", comment="理由")
    hand.do(Verb.OPPOSE, MEMBERS[3], stage="vote", comment="理由")
    vote(hand, "yyy")
    assert hand.case.state is state


def test_the_chair_has_the_casting_vote_and_whoever_took_back_has_not_voted() -> None:
    hand = committee(in_favour="majority", members=4, chair={"post": "主任"}, closes="all_voted")
    vote(hand, "ynn")
    hand.do(Verb.TAKE_BACK, MEMBERS[2], stage="vote")
    assert hand.open() == {("vote", "")}
    hand.do(Verb.APPROVE, MEMBERS[2], stage="vote")
    hand.do(Verb.OPPOSE, MEMBERS[3], stage="vote", comment="理由")
    assert hand.open() == {("next", "")}


def test_a_vote_until_a_time_is_closed_by_the_service_then_and_not_before() -> None:
    hand = committee(in_favour="majority", of="votes", closes="at_time")
    hand.case = replace(
        hand.case, runs=tuple(replace(run, due_at=AT.replace(hour=9)) for run in hand.case.runs)
    )
    vote(hand, "yn")
    hand.do(Verb.APPROVE, MEMBERS[2], stage="vote")
    assert hand.refused(Verb.CLOSE_VOTE, SERVICE, stage="vote") == {RefusalCode.VOTE_GOES_ON}
    hand.at = AT.replace(hour=9)
    hand.do(Verb.CLOSE_VOTE, SERVICE, stage="vote")
    assert hand.open() == {("next", "")}
    assert hand.refused(Verb.CLOSE_VOTE, SERVICE, stage="vote") == {RefusalCode.STAGE_NOT_OPEN}


def test_who_may_not_vote_and_where_nobody_votes() -> None:
    hand = committee(in_favour="majority")
    assert RefusalCode.NOT_ALLOWED in hand.refused(Verb.OPPOSE, AUTHOR, stage="vote", comment="x")
    assert hand.refused(Verb.OPPOSE, MEMBERS[0], stage="vote") == {RefusalCode.COMMENT_REQUIRED}
    vote(hand, "n")
    assert RefusalCode.ALREADY_DECIDED in hand.refused(Verb.APPROVE, MEMBERS[0], stage="vote")
    stale = hand.refused(Verb.ABSTAIN, MEMBERS[1], stage="vote", digest="x")
    assert stale == {RefusalCode.STALE_DIGEST}
    plain = hand_for(stage("read"))
    refused = plain.refused(Verb.ABSTAIN, MEMBERS[0], stage="read", comment="x")
    assert RefusalCode.VERB_NOT_OFFERED in refused
    assert RefusalCode.VERB_NOT_OFFERED in plain.refused(Verb.CLOSE_VOTE, SERVICE, stage="read")


YES = "{key: ok, title: 好, verb: approve}"
NO = "{key: against, title: 否, verb: oppose}"
BACK = "{key: back, title: 退, verb: send_back}"
STOP = "{key: stop, title: 停, verb: decline}"
BOTH = "who: [{role: initial_reviewer}, {outside: true}]"


@pytest.mark.parametrize(
    ("need", "more", "code"),
    [
        ("{in_favour: 4, members: 3}", "", "committee_too_small"),
        ("{in_favour: majority, members: 3, present: 4}", "", "committee_too_small"),
        ("{in_favour: majority, veto: chair}", "", "committee_without_chair"),
        ("{in_favour: majority, closes: at_time}", "", "committee_without_time"),
        ("{in_favour: majority}", f"outcomes: [{YES}]", "committee_without_no"),
        ("{in_favour: majority}", f"outcomes: [{YES}, {NO}, {BACK}]", "one_ends_the_vote"),
        ("{in_favour: majority, veto: anybody}", f"outcomes: [{YES}, {NO}, {BACK}]", None),
        ("{at_least: 2}", f"outcomes: [{YES}, {NO}, {STOP}]", "votes_without_committee"),
        ("{in_favour: 2}", "who: [{person: a}]", "too_few_people"),
        ("{in_favour: 2, members: 3}", BOTH, None),
        ("{in_favour: 2}", BOTH, "committee_of_outside"),
        ("{in_favour: majority, veto: anybody}", "", None),
    ],
)
def test_a_committee_that_cannot_work_is_refused(need: str, more: str, code: str | None) -> None:
    who = "" if "who:" in more else ", who: {role: second_reviewer}"
    board = f"{{key: board, title: 编委会, kind: consult, after: [three], need: {need}{who}, {more}}}"
    text = GOOD.replace("distinct:", f"  - {board}\ndistinct:")
    text = text.replace("    kind: sign_off", "    kind: sign_off\n    after: [board]")
    assert {fault.code for fault in lint(text).faults} == (set() if code is None else {code})


def test_a_signature_is_no_vote() -> None:
    signed = GOOD.replace("    kind: sign_off", "    kind: sign_off\n    need: {in_favour: majority}")
    assert "committee_signs" in {fault.code for fault in lint(signed).faults}
