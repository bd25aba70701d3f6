"""The gate: every reason against publishing a line, each alone and all at once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.document.changes import MarksOnly
from app.domain.release import BlockerCode, Dossier, blockers
from app.domain.vocabulary import CaseState, StageState
from app.domain.workflow import Vote
from tests.domain.walks import AT, PROOFS, PUBLISHER, STANDARD, TEXT2, WEBSITE, Hand

C = BlockerCode


def ready() -> Dossier:
    hand = Hand()
    hand.reviews()
    hand.proofs()
    hand.approve("confirm_marks", PROOFS[3], "wechat")
    hand.approve("sign_off", PUBLISHER, "wechat")
    return dossier(hand)


def dossier(hand: Hand) -> Dossier:
    digest = hand.case.proof_of("wechat")
    assert digest is not None
    return Dossier(hand.case, hand.workflow, "wechat", digest, checked_under="p", active_policy="p")


def codes(given: Dossier) -> set[BlockerCode]:
    return {one.code for one in blockers(given, AT)}


def changed_run(given: Dossier, stage: str, line: str = "", **fields: object) -> Dossier:
    runs = tuple(
        replace(run, **fields) if run.spot == (stage, line) else run
        for run in given.case.runs  # type: ignore[arg-type]
    )
    return replace(given, case=replace(given.case, runs=runs))


def test_a_line_with_everything_passed_may_go_out() -> None:
    given = ready()
    assert given.case.state is CaseState.CLEARED
    assert blockers(given, AT) == ()


def test_a_line_that_the_case_does_not_have() -> None:
    assert codes(replace(ready(), line="journal")) == {C.LINE_UNKNOWN}


def test_nothing_goes_out_under_an_embargo_nor_before_its_own_time() -> None:
    given = ready()
    soon, later = AT + timedelta(hours=1), AT + timedelta(hours=2)
    case = replace(given.case, embargo_until=soon, scheduled=(("wechat", later), ("website", AT)))
    timed = replace(given, case=case)
    assert {one.code: one.data for one in blockers(timed, AT)} == {
        C.EMBARGOED: {"until": soon.isoformat()},
        C.SCHEDULED: {"line": "wechat", "release_at": later.isoformat()},
    }
    assert {one.code for one in blockers(timed, soon)} == {C.SCHEDULED}
    assert blockers(timed, later) == ()


@pytest.mark.parametrize("state", [CaseState.RETURNED, CaseState.HELD, CaseState.BLOCKED, CaseState.RECALLED])
def test_a_case_that_is_not_on_its_way(state: CaseState) -> None:
    given = ready()
    assert codes(replace(given, case=replace(given.case, state=state))) == {C.CASE_NOT_READY}


@pytest.mark.parametrize("stage", ["initial_review", "second_review", "final_review"])
def test_a_review_that_is_missing_is_named(stage: str) -> None:
    given = changed_run(ready(), stage, state=StageState.VOIDED)
    found = {one.code: one.data for one in blockers(given, AT)}
    assert set(found) == {C.STAGE_MISSING, C.REVIEW_MISSING}
    assert found[C.REVIEW_MISSING] == {"level": stage}


def test_a_review_that_was_skipped_is_missing_all_the_same() -> None:
    assert codes(changed_run(ready(), "second_review", state=StageState.SKIPPED)) == {C.REVIEW_MISSING}


@pytest.mark.parametrize("stage", ["first_proof", "third_proof", "confirm_marks"])
def test_a_stage_on_the_proof_that_is_missing(stage: str) -> None:
    assert codes(changed_run(ready(), stage, "wechat", state=StageState.OPEN)) == {C.STAGE_MISSING}


def test_one_person_twice_in_a_distinct_set() -> None:
    given = changed_run(ready(), "second_review", votes=(Vote("first"),))
    found = blockers(given, AT)
    assert [one.code for one in found] == [C.SAME_PERSON]
    assert set(found[0].data["stages"]) == {"initial_review", "second_review"}


def test_a_principal_counts_like_the_person() -> None:
    given = changed_run(ready(), "second_proof", "wechat", votes=(Vote("other", principal="proof0"),))
    assert codes(given) == {C.SAME_PERSON}


def test_another_line_s_persons_do_not_stand_in_the_way() -> None:
    hand = Hand()
    hand.case = replace(hand.case, targets=(*hand.case.targets, WEBSITE))
    hand.reviews()
    hand.proofs()
    hand.approve("confirm_marks", PROOFS[3], "wechat")
    hand.approve("sign_off", PUBLISHER, "wechat")
    hand.bind("website")
    hand.approve("first_proof", PROOFS[0], "website")
    assert blockers(dossier(hand), AT) == ()


def test_content_that_is_not_the_last_proof() -> None:
    assert codes(replace(ready(), digest="f" * 64)) == {C.NOT_LAST_PROOF}


def test_decisions_on_an_earlier_text() -> None:
    given = ready()
    case = replace(
        given.case, revision=TEXT2, proofs=tuple(replace(one, revision=TEXT2) for one in given.case.proofs)
    )
    found = blockers(replace(given, case=case), AT)
    assert {one.code for one in found} == {C.DECIDED_ON_OTHER}
    assert {one.data["stage"] for one in found} == {
        "rule_check",
        "initial_review",
        "second_review",
        "final_review",
    }


def test_a_proof_of_an_earlier_text() -> None:
    given = ready()
    found = codes(replace(given, case=replace(given.case, revision=TEXT2)))
    assert found == {C.DECIDED_ON_OTHER, C.NOT_LAST_PROOF}


@pytest.mark.parametrize("checked", [None, "an older policy"])
def test_the_newest_policy_must_have_been_run(checked: str | None) -> None:
    assert codes(replace(ready(), checked_under=checked)) == {C.NOT_CHECKED}


def test_open_findings_are_named_once_each() -> None:
    found = blockers(replace(ready(), open_findings=("b", "a", "b")), AT)
    assert [(one.code, one.data) for one in found] == [(C.OPEN_FINDINGS, {"rules": ["a", "b"], "count": 3})]


def test_a_signed_line_needs_its_sign_off() -> None:
    assert codes(changed_run(ready(), "sign_off", "wechat", state=StageState.OPEN)) == {C.NOT_SIGNED}


def test_a_workflow_without_a_sign_off_asks_for_the_proof() -> None:
    given = ready()
    stages = tuple(stage for stage in STANDARD.stages if stage.key != "sign_off")
    workflow = STANDARD.model_copy(update={"stages": stages, "marks_only": MarksOnly()})
    for name in ("by_key", "after", "ancestors", "descendants", "ordered", "distinct_from"):
        workflow.__dict__.pop(name, None)
    runs = tuple(run for run in given.case.runs if run.stage != "sign_off")
    given = replace(given, workflow=workflow, case=replace(given.case, runs=runs))
    assert blockers(given, AT) == ()
    assert codes(replace(given, digest="f" * 64)) == {C.NOT_LAST_PROOF}


def test_all_reasons_at_once() -> None:
    given = changed_run(ready(), "second_review", votes=(Vote("first"),))
    given = changed_run(given, "first_proof", "wechat", state=StageState.OPEN)
    given = replace(
        given,
        case=replace(given.case, state=CaseState.HELD),
        digest="f" * 64,
        checked_under=None,
        open_findings=("a",),
    )
    assert codes(given) == {
        C.CASE_NOT_READY,
        C.STAGE_MISSING,
        C.SAME_PERSON,
        C.NOT_LAST_PROOF,
        C.NOT_CHECKED,
        C.OPEN_FINDINGS,
    }


def test_what_was_never_submitted_is_far_from_publication() -> None:
    hand = Hand()
    found = codes(
        Dossier(hand.case, hand.workflow, "wechat", "f" * 64, checked_under=None, active_policy="p")
    )
    assert found == {
        C.CASE_NOT_READY,
        C.STAGE_MISSING,
        C.REVIEW_MISSING,
        C.NOT_SIGNED,
        C.NOT_LAST_PROOF,
        C.NOT_CHECKED,
    }


def test_what_is_owed_stands_in_nobodys_way_and_what_is_not_still_does() -> None:
    given = changed_run(ready(), "second_review", state=StageState.OPEN)
    assert codes(given) == {C.STAGE_MISSING, C.REVIEW_MISSING}
    assert codes(replace(given, owed=frozenset({("second_review", "")}))) == set()
    assert codes(replace(given, owed=frozenset({("third_proof", "wechat")}))) == {
        C.STAGE_MISSING,
        C.REVIEW_MISSING,
    }
    # An owed stage says nothing about the rest: findings, and the content itself.
    other = replace(
        given, owed=frozenset({("second_review", "")}), digest="0" * 64, open_findings=("privacy.idcard",)
    )
    assert codes(other) == {C.NOT_LAST_PROOF, C.OPEN_FINDINGS}
