"""Moving a case to another version of its workflow."""

from dataclasses import replace

import pytest

from app.domain.refusals import RefusalCode, Refused
from app.domain.vocabulary import CaseState, Event, Role, StageState, Verb
from app.domain.workflow import Effects, Facts, Participant, Workflow
from app.domain.workflow.migration import differences, migrate
from tests.domain.walks import (
    AT,
    AUTHOR,
    FINAL,
    FIRST,
    PROOFS,
    PUBLISHER,
    SECOND,
    STANDARD,
    Hand,
    events,
    person,
)

C = RefusalCode
PEOPLE = (AUTHOR, FIRST, SECOND, FINAL, *PROOFS, PUBLISHER)


def edited(base: Workflow = STANDARD, *, without: str = "", sets: tuple = (), **stages: dict) -> Workflow:
    """Return the workflow with keys of stages changed; a stage that it lacks is added as it is given."""
    said = base.model_dump(mode="json")
    said["stages"] = [
        {**one, **stages.pop(one["key"], {})} for one in said["stages"] if one["key"] != without
    ]
    for key, new in stages.items():
        before = new.pop("before")
        index = next(index for index, one in enumerate(said["stages"]) if one["key"] == before)
        said["stages"].insert(index, {"key": key, "title": key, "kind": "consult", **new})
    said["distinct"] = [*said["distinct"], *({"name": "另一组", "stages": list(one)} for one in sets)]
    return Workflow.model_validate(said)


def experts(**more: object) -> dict:
    return {"before": "final_review", "who": [{"role": "second_reviewer"}], **more}


def moved(hand: Hand, new: Workflow, people: tuple[Participant, ...] = PEOPLE) -> Effects:
    answer = migrate(hand.case, hand.workflow, new, people=people, facts=Facts(), at=AT)
    assert isinstance(answer, Effects), answer
    return answer


def refused(hand: Hand, new: Workflow, people: tuple[Participant, ...] = PEOPLE) -> dict[RefusalCode, dict]:
    answer = migrate(hand.case, hand.workflow, new, people=people, facts=Facts(), at=AT)
    assert isinstance(answer, Refused), answer
    return {one.code: dict(one.data) for one in answer.refusals}


def at_second() -> Hand:
    hand = Hand()
    hand.submit()
    hand.approve("initial_review", FIRST)
    return hand


def test_what_differs_is_told_by_stage() -> None:
    new = edited(
        without="third_proof",
        final_review={"title": "总编终审", "within": {"working_days": 5}},
        experts=experts(),
        sets=(("second_review", "sign_off"),),
    )
    found = differences(STANDARD, new)
    assert [stage.key for stage in found.added] == ["experts"]
    assert [stage.key for stage in found.removed] == ["third_proof"]
    assert {one.stage.key: one.fields for one in found.changed} == {"final_review": ("title", "within")}
    assert found.sets == ("另一组",)
    assert found.any
    assert not differences(STANDARD, STANDARD).any


def test_the_order_counts_as_a_key_of_the_stage() -> None:
    new = edited(final_review={"after": ["initial_review"]})
    assert {one.stage.key: one.fields for one in differences(STANDARD, new).changed}["final_review"] == (
        "after",
    )


def test_stages_to_come_are_those_of_the_new_version() -> None:
    hand, new = at_second(), edited(experts=experts(), final_review={"title": "总编终审"})
    effects = moved(hand, new)
    assert events(effects) == [Event.CASE_MIGRATED]
    told = effects.events[0].data
    assert (told["from"], told["to"], told["added"]) == (STANDARD.digest, new.digest, ["experts"])
    assert told["changed"] == {"final_review": ["title"]}
    assert effects.changed == ()
    hand.case, hand.workflow = effects.case, new
    hand.approve("second_review", SECOND)
    assert hand.open() == {("experts", "")}
    hand.approve("experts", SECOND)
    assert hand.open() == {("final_review", "")}


def test_a_stage_beside_what_is_open_opens_at_once() -> None:
    hand = at_second()
    effects = moved(hand, edited(experts=experts(after=["initial_review"])))
    assert [run.stage for run in effects.opened] == ["experts"]
    assert events(effects) == [Event.CASE_MIGRATED, Event.CASE_STAGE_OPENED]


def test_nothing_opens_while_the_case_is_not_running() -> None:
    hand = at_second()
    hand.do(Verb.SEND_BACK, SECOND, stage="second_review", comment="请改")
    effects = moved(hand, edited(experts=experts()))
    assert (effects.case.state, effects.changed) == (CaseState.RETURNED, ())


def test_a_skipped_stage_whose_condition_changed_is_walked_if_nothing_stands_behind_it() -> None:
    hand = Hand(workflow=edited(experts=experts(applies_if={"flags": ["expert_opinion"]})))
    hand.submit()
    hand.approve("initial_review", FIRST)
    hand.approve("second_review", SECOND)
    assert hand.state("experts") is StageState.SKIPPED
    always = edited(experts=experts())
    assert set(refused(hand, always)) == {C.MIGRATION_COMES_BEFORE}
    hand.do(Verb.SEND_BACK, FINAL, stage="final_review", comment="请改", then="continue_here")
    effects = moved(hand, always)
    assert effects.case.current()["experts", ""].state is StageState.VOIDED


def test_a_condition_that_does_not_hold_asks_for_nothing() -> None:
    new = edited(experts=experts(before="second_review", applies_if={"flags": ["expert_opinion"]}))
    effects = moved(at_second(), new)
    assert [run.state for run in effects.changed] == [StageState.SKIPPED]


def test_the_same_version_is_no_migration() -> None:
    assert set(refused(at_second(), STANDARD)) == {C.MIGRATION_SAME}


def test_a_case_that_has_ended_stays() -> None:
    hand = at_second()
    hand.do(Verb.RECALL, AUTHOR)
    assert set(refused(hand, edited(experts=experts()))) == {C.CASE_CLOSED}


@pytest.mark.parametrize(
    ("new", "code", "data"),
    [
        (
            edited(second_review={"title": "复核", "on_edit": "void"}),
            C.MIGRATION_CHANGES_BEGUN,
            {"stage": "second_review", "title": "复审", "fields": ["title", "on_edit"]},
        ),
        (
            edited(without="second_review"),
            C.MIGRATION_REMOVES_BEGUN,
            {"stages": ["second_review"], "titles": "复审"},
        ),
        (
            edited(experts=experts(before="second_review")),
            C.MIGRATION_COMES_BEFORE,
            {"stages": ["experts"], "titles": "experts"},
        ),
        (
            edited(final_review={"levels": []}),
            C.MIGRATION_LOSES_REVIEW,
            {"levels": ["final_review"]},
        ),
        (
            edited(experts=experts(who=[{"post": "总编辑"}])),
            C.MIGRATION_STRANDS,
            {"stages": ["experts"], "titles": "experts"},
        ),
    ],
)
def test_what_would_break_the_case_is_refused(new: Workflow, code: RefusalCode, data: dict) -> None:
    assert refused(at_second(), new).get(code) == data


def test_all_reasons_are_told_at_once() -> None:
    new = edited(
        initial_review={"duty": "另一种初审"},
        experts=experts(before="second_review", who=[{"post": "总编辑"}]),
        final_review={"levels": []},
    )
    assert set(refused(at_second(), new)) == {
        C.MIGRATION_CHANGES_BEGUN,
        C.MIGRATION_COMES_BEFORE,
        C.MIGRATION_LOSES_REVIEW,
        C.MIGRATION_STRANDS,
    }


def test_a_set_that_one_person_has_broken_already() -> None:
    loose = edited(experts=experts(before="second_review", who=[{"role": "initial_reviewer"}]))
    hand = Hand(workflow=loose)
    hand.submit()
    hand.approve("initial_review", FIRST)
    hand.approve("experts", FIRST)
    strict = edited(loose, sets=(("initial_review", "experts"),))
    assert refused(hand, strict)[C.MIGRATION_BREAKS_SET]["stages"] == ["initial_review", "experts"]


def test_a_set_that_the_people_cannot_fill_any_more() -> None:
    hand = at_second()
    strict = edited(experts=experts(), sets=(("second_review", "experts"),))
    assert set(refused(hand, strict)) == {C.MIGRATION_STRANDS}
    another = person("another", Role.SECOND_REVIEWER)
    moved(hand, strict, (*PEOPLE, another))
    # Who wrote the text is nobody to count on.
    hand.case = replace(hand.case, authors=hand.case.authors | {"another"})
    assert set(refused(hand, strict, (*PEOPLE, another))) == {C.MIGRATION_STRANDS}


@pytest.mark.parametrize(
    ("need", "people", "strands"),
    [
        ({"at_least": 2}, PEOPLE, True),
        ({"at_least": 2}, (*PEOPLE, person("another", Role.SECOND_REVIEWER)), False),
        ("all", PEOPLE, False),
    ],
)
def test_a_quorum_wants_enough_people(need: object, people: tuple[Participant, ...], strands: bool) -> None:
    new = edited(experts=experts(need=need))
    answer = migrate(at_second().case, STANDARD, new, people=people, facts=Facts(), at=AT)
    assert isinstance(answer, Refused) is strands


def test_benches_are_filled_one_by_one() -> None:
    benches = [
        {"role": "second_reviewer", "group": "house"},
        {"post": "法律顾问", "group": "law"},
    ]
    new = edited(experts=experts(need="one_of_each", who=benches))
    assert set(refused(at_second(), new)) == {C.MIGRATION_STRANDS}
    lawyer = person("lawyer", posts=frozenset({"法律顾问"}))
    moved(at_second(), new, (*PEOPLE, lawyer))


def test_people_outside_can_always_be_asked() -> None:
    new = edited(experts=experts(who=[{"outside": True}], need={"at_least": 3}))
    moved(at_second(), new)
