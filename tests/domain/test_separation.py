from dataclasses import replace

import pytest

from app.domain.refusals import Refusal, RefusalCode
from app.domain.vocabulary import CaseState, Role, StageState
from app.domain.workflow import Case, Run, Vote, separation
from tests.domain.walks import AUTHOR, FIRST, SECOND, STANDARD, TEXT, WECHAT, person

SECOND_REVIEW = STANDARD.by_key["second_review"]
SECOND_PROOF = STANDARD.by_key["second_proof"]


def passed(stage: str, *people: str, line: str = "", state: StageState = StageState.PASSED) -> Run:
    return Run(stage, line, 1, state, TEXT, votes=tuple(Vote(one) for one in people))


def case(*runs: Run) -> Case:
    return Case(CaseState.RUNNING, TEXT, (WECHAT,), frozenset({"author"}), runs)


def test_authors_may_not_act_on_their_own_text_even_through_others() -> None:
    assert separation.own_draft(case(), SECOND_REVIEW, SECOND) == ()
    refusal = Refusal(RefusalCode.OWN_DRAFT, {"stage": "second_review"})
    assert separation.own_draft(case(), SECOND_REVIEW, AUTHOR) == (refusal,)
    assert separation.own_draft(case(), SECOND_REVIEW, replace(SECOND, principal="author")) == (refusal,)
    own = SECOND_REVIEW.model_copy(update={"author_may_act": True})
    assert separation.own_draft(case(), own, AUTHOR) == ()


@pytest.mark.parametrize(
    ("run", "taken"),
    [
        (passed("initial_review", "second"), ["initial_review"]),
        (passed("final_review", "second", state=StageState.OPEN), ["final_review"]),
        (passed("initial_review", "second", state=StageState.VOIDED), None),
        (passed("initial_review", "first"), None),
        (passed("first_proof", "second", line="wechat"), None),
    ],
)
def test_nobody_fills_two_places_of_a_set(run: Run, taken: list[str] | None) -> None:
    found = separation.same_person(STANDARD, case(run).current(), SECOND_REVIEW, "", SECOND)
    expected = (
        (Refusal(RefusalCode.SAME_PERSON, {"stage": "second_review", "stages": taken}),) if taken else ()
    )
    assert found == expected


def test_lines_are_apart() -> None:
    reader = person("reader", Role.PROOFREADER)
    current = case(passed("first_proof", "reader", line="website")).current()
    assert separation.same_person(STANDARD, current, SECOND_PROOF, "wechat", reader) == ()
    assert separation.same_person(STANDARD, current, SECOND_PROOF, "website", reader)
    assert separation.meet(("a", ""), ("b", "wechat"))
    assert not separation.meet(("a", "website"), ("b", "wechat"))


def test_violations_are_found_again_at_release() -> None:
    sound = case(
        passed("initial_review", "first"), passed("second_review", "second"), passed("final_review", "final")
    )
    assert separation.violations(sound, STANDARD) == ()
    forged = case(
        passed("initial_review", "first"), passed("second_review", "second"), passed("final_review", "first")
    )
    assert separation.violations(forged, STANDARD) == (
        Refusal(RefusalCode.SAME_PERSON, {"stage": "initial_review", "line": "", "stages": ["final_review"]}),
    )
    assert FIRST.persons == {"first"}
