"""One person with two accounts is one: at a decision, in a count, and again before anything goes out."""

from dataclasses import replace

import pytest

from app.domain.refusals import RefusalCode
from app.domain.vocabulary import ChannelKind, Role, StageState
from app.domain.workflow import Case, Grant, Participant, Run, Target, Vote, bars, committee, separation
from app.domain.workflow.case import RUNNING
from app.domain.workflow.needs import AtLeast, Committee
from tests.domain.walks import STANDARD

HE, AGAIN, OTHER = "he", "he-again", "bai"


def he_again(role: Role) -> Participant:
    """The second account of the person whose first is `HE`."""
    others = frozenset({HE})
    return Participant(AGAIN, grants=(Grant(role),), same_as=((AGAIN, HE),), others=others, own_others=others)


def case(*runs: Run, **more: object) -> Case:
    plain = Case(
        state=RUNNING,
        revision="r1",
        targets=(Target("wechat", ChannelKind.WECHAT, "news"),),
        authors=frozenset({OTHER}),
        runs=runs,
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def passed(stage: str, *votes: Vote) -> Run:
    return Run(stage, "", 1, StageState.PASSED, "r1", votes=votes)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"authors": frozenset({HE})}, RefusalCode.OWN_DRAFT),
        ({"recused": frozenset({HE})}, RefusalCode.RECUSED),
        ({"runs": (passed("initial_review", Vote(HE)),)}, RefusalCode.SAME_PERSON),
    ],
)
def test_what_one_account_did_counts_for_the_other(more: dict[str, object], code: RefusalCode) -> None:
    stage = STANDARD.by_key["second_review"]
    actor = he_again(Role.SECOND_REVIEWER)
    assert code in {one.code for one in bars(case(**more), STANDARD, stage, "", actor)}
    stranger = replace(actor, same_as=(), others=frozenset(), own_others=frozenset())
    assert bars(case(**more), STANDARD, stage, "", stranger) == ()


def test_nobody_votes_twice_with_two_accounts() -> None:
    stage = STANDARD.by_key["initial_review"]
    run = Run("initial_review", "", 1, StageState.OPEN, "r1", votes=(Vote(HE),))
    found = bars(case(run), STANDARD, stage, "", he_again(Role.INITIAL_REVIEWER))
    assert [one.code for one in found] == [RefusalCode.ALREADY_DECIDED]


def test_two_votes_of_who_turned_out_to_be_one_count_once() -> None:
    votes = (Vote(HE), Vote(AGAIN, also=frozenset({HE})), Vote(OTHER))
    assert [vote.person for vote in committee.each_once(votes)] == [HE, OTHER]
    two_of_three = Committee(in_favour=2, members=3)
    assert committee.tally(two_of_three, votes[:2], 3).yes == 1
    assert committee.result(two_of_three, votes[:2], 3) is None
    assert committee.result(two_of_three, votes, 3) == "passed"


def test_a_person_who_acted_for_another_and_votes_again_counts_once() -> None:
    votes = (Vote(OTHER, principal=AGAIN, also=frozenset({HE})), Vote(HE))
    assert len(committee.each_once(votes)) == 1


def test_release_asks_again_who_turned_out_to_be_one() -> None:
    apart = case(passed("initial_review", Vote(HE)), passed("second_review", Vote(AGAIN)))
    assert separation.violations(apart, STANDARD) == ()
    one = case(passed("initial_review", Vote(HE)), passed("second_review", Vote(AGAIN, also=frozenset({HE}))))
    assert [pair.data["stages"] for pair in separation.violations(one, STANDARD)] == [["second_review"]]


def test_release_asks_again_whether_an_author_judged() -> None:
    assert separation.by_authors(case(passed("initial_review", Vote(AGAIN))), STANDARD) == ()
    walked = case(passed("initial_review", Vote(AGAIN, also=frozenset({OTHER}))))
    (found,) = separation.by_authors(walked, STANDARD)
    assert (found.code, found.data["stage"]) == (RefusalCode.OWN_DRAFT, "initial_review")


def test_a_quorum_that_has_enough_without_the_second_vote_stands() -> None:
    votes = (Vote(HE), Vote(AGAIN, also=frozenset({HE})), Vote(OTHER))
    walked = case(passed("initial_review", *votes))

    def asking(number: int) -> tuple[object, ...]:
        first = STANDARD.by_key["initial_review"].model_copy(update={"need": AtLeast(at_least=number)})
        by_key = {**STANDARD.by_key, first.key: first}
        return separation.twice(walked, STANDARD.model_copy(update={"by_key": by_key}))

    assert asking(2) == ()
    (found,) = asking(3)
    assert found.data["stages"] == ["initial_review"]  # type: ignore[attr-defined]
