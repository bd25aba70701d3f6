"""The urgent lane: who may use it, what stands against it, what is owed, and what settles it."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from app.domain.owed_reviews import Owed, UrgentCode, UrgentLane, Wish, objections, owed, settled
from app.domain.vocabulary import CaseState, Level, Role, StageKind, StageState
from app.domain.workflow import BoundProof
from app.domain.workflow.definition import Within
from tests.domain.walks import AT, FIRST, SECOND, STANDARD, Hand, shipped_workflow

LANE = UrgentLane(version=1, roles=(Role.PUBLISHER, Role.FINAL_REVIEWER), within=Within(working_days=2))
PROOF = "9" * 64


def hand() -> Hand:
    """A case whose first review is done, with a proof laid out before its time."""
    hand = Hand()
    hand.submit()
    hand.approve("initial_review", FIRST)
    proof = BoundProof("wechat", PROOF, hand.case.revision)
    hand.case = replace(hand.case, proofs=(proof,))
    return hand


def wish(**fields: object) -> Wish:
    given = Wish(
        line="wechat",
        digest=PROOF,
        reason="台风红色预警，须立即发布避险提示。",
        roles=frozenset({Role.PUBLISHER}),
        persons=frozenset({"publisher"}),
        due_at=AT,
    )
    return replace(given, **fields)  # type: ignore[arg-type]


def codes(hand: Hand, given: Wish) -> set[UrgentCode]:
    return {one.code for one in objections(hand.case, hand.workflow, LANE, given)}


def test_what_is_not_done_is_owed_with_its_level() -> None:
    found = owed(hand().case, STANDARD, "wechat")
    assert [one.stage for one in found] == [
        "second_review",
        "final_review",
        "first_proof",
        "second_proof",
        "third_proof",
        "confirm_marks",
        "sign_off",
    ]
    assert found[0] == Owed("second_review", "", "复审", (Level.SECOND_REVIEW,))
    assert {one.line for one in found} == {"", "wechat"}


def test_it_may_go_out_when_nothing_stands_against_it() -> None:
    assert objections(hand().case, STANDARD, LANE, wish()) == ()


C = UrgentCode


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"roles": frozenset({Role.EDITOR, Role.SECOND_REVIEWER})}, C.ROLE),
        ({"persons": frozenset({"author"})}, C.OWN_DRAFT),
        ({"persons": frozenset({"publisher", "author"})}, C.OWN_DRAFT),
        ({"reason": " \n"}, C.REASON),
        ({"findings": ("privacy.idcard",)}, C.FINDINGS),
        ({"overdue": ("2026-000001",)}, C.OVERDUE),
        ({"due_at": None}, C.NO_DEADLINE),
        ({"digest": "8" * 64}, C.OTHER_PROOF),
        ({"line": "nowhere"}, C.LINE),
    ],
)
def test_each_thing_that_stands_against_it_is_named(fields: dict[str, object], code: UrgentCode) -> None:
    assert codes(hand(), wish(**fields)) == {code}


def test_all_reasons_at_once() -> None:
    given = wish(roles=frozenset(), reason="", findings=("a", "a"), overdue=("2", "1"), due_at=None)
    found = {one.code: one.data for one in objections(hand().case, STANDARD, LANE, given)}
    assert set(found) == {C.ROLE, C.REASON, C.FINDINGS, C.OVERDUE, C.NO_DEADLINE}
    assert found[C.FINDINGS] == {"rules": ["a"]}
    assert found[C.OVERDUE] == {"drafts": ["1", "2"]}
    assert found[C.ROLE] == {"roles": ["final_reviewer", "publisher"]}


@pytest.mark.parametrize(
    "state", [CaseState.BLOCKED, CaseState.RETURNED, CaseState.HELD, CaseState.RECALLED, CaseState.DECLINED]
)
def test_a_case_that_does_not_go_on_goes_out_no_quicker(state: CaseState) -> None:
    given = hand()
    given.case = replace(given.case, state=state)
    assert codes(given, wish()) == {C.NOT_RUNNING}


def test_without_a_proof_there_is_nothing_to_release() -> None:
    given = hand()
    given.case = replace(given.case, proofs=())
    assert codes(given, wish()) == {C.NO_PROOF}


def test_what_only_waits_for_its_signature_is_signed_as_usual() -> None:
    given = hand()
    done = tuple(
        replace(given.case.runs[0], stage=stage.key, line=line, state=StageState.PASSED)
        for stage in STANDARD.stages
        if stage.kind is not StageKind.SIGN_OFF
        for line in given.case.lines_of(stage)
    )
    given.case = replace(given.case, runs=done)
    assert codes(given, wish()) == {C.NOTHING_OWED}


def test_secrecy_and_privacy_are_never_owed_also_as_a_second_duty() -> None:
    workflow = shipped_workflow("audit_bureau")
    secret = [stage for stage in workflow.stages if StageKind.SECRECY_REVIEW in stage.kinds]
    assert secret
    given = hand()
    found = {one.code: one.data for one in objections(given.case, workflow, LANE, wish())}
    assert set(found[C.NEVER_OWED]["stages"]) >= {
        stage.title for stage in secret if given.case.meets(stage.applies_if)
    }


def test_a_debt_is_settled_when_its_stage_is_passed_and_not_by_an_override() -> None:
    given = hand()
    debts = owed(given.case, STANDARD, "wechat")
    assert settled(given.case, debts) == ()
    given.approve("second_review", SECOND)
    assert [one.stage for one in settled(given.case, debts)] == ["second_review"]
    runs = tuple(
        replace(run, state=StageState.OVERRIDDEN) if run.stage == "second_review" else run
        for run in given.case.runs
    )
    assert settled(replace(given.case, runs=runs), debts) == ()


def test_a_lane_that_nobody_may_use_is_refused() -> None:
    with pytest.raises(ValidationError):
        UrgentLane(version=1, roles=(), within=Within(working_days=2))
    with pytest.raises(ValidationError):
        UrgentLane.model_validate({"version": 1, "roles": ["king"], "within": {"working_days": 2}})
