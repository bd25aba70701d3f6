"""Reviewers added to one case: in their place, counted in the sets, and nothing else taken away."""

from dataclasses import replace

from app.domain.refusals import RefusalCode
from app.domain.release import Dossier, blockers
from app.domain.vocabulary import CaseState, Event, Role, StageState, Subject, Verb
from app.domain.workflow.added_stages import MOST, extended
from app.domain.workflow.case import Added
from tests.domain.saying import Known
from tests.domain.walks import (
    AUTHOR,
    FINAL,
    FIRST,
    PROOFS,
    PUBLISHER,
    SECOND,
    STANDARD,
    WEBSITE,
    WECHAT,
    Hand,
    events,
    person,
)

C = RefusalCode
EXPERT = person("expert")


def add(hand: Hand, stage: str, actor: object, place: str, line: str = "", to: object = EXPERT) -> object:
    facts = replace(hand.facts, named=to)
    return hand.do(
        Verb.ADD_REVIEWER,
        actor,  # type: ignore[arg-type]
        facts,
        stage=stage,
        line=line,
        to=to.person,  # type: ignore[attr-defined]
        place=place,
        comment="请看数据",
    )


def submitted() -> Hand:
    hand = Hand()
    hand.submit()
    return hand


def test_before() -> None:
    hand = submitted()
    effects = add(hand, "initial_review", FIRST, "before")
    assert events(effects) == [Event.CASE_REVIEWER_ADDED, Event.CASE_STAGE_OPENED]  # type: ignore[arg-type]
    assert hand.open() == {("added_1", "")}
    assert hand.refused(Verb.APPROVE, FIRST, stage="initial_review") == {C.STAGE_NOT_OPEN}
    assert hand.refused(Verb.APPROVE, SECOND, stage="added_1", digest=hand.case.revision) == {C.NOT_ALLOWED}
    hand.approve("added_1", EXPERT, digest=hand.case.revision)
    assert hand.open() == {("initial_review", "")}
    hand.approve("initial_review", FIRST)
    assert hand.open() == {("second_review", "")}


def test_after() -> None:
    hand = submitted()
    add(hand, "initial_review", FIRST, "after")
    assert hand.open() == {("initial_review", "")}
    hand.approve("initial_review", FIRST)
    assert hand.open() == {("added_1", "")}
    hand.approve("added_1", EXPERT, digest=hand.case.revision)
    assert hand.open() == {("second_review", "")}


def test_beside() -> None:
    hand = submitted()
    add(hand, "initial_review", FIRST, "beside")
    assert hand.open() == {("initial_review", ""), ("added_1", "")}
    hand.approve("initial_review", FIRST)
    assert hand.open() == {("added_1", "")}
    assert hand.refused(Verb.APPROVE, SECOND, stage="second_review") == {C.STAGE_NOT_OPEN}
    hand.approve("added_1", EXPERT, digest=hand.case.revision)
    assert hand.open() == {("second_review", "")}


def test_the_added_count_in_the_distinct_sets() -> None:
    hand = submitted()
    second = person("second", Role.SECOND_REVIEWER)
    add(hand, "initial_review", FIRST, "after", to=second)
    hand.approve("initial_review", FIRST)
    hand.approve("added_1", second, digest=hand.case.revision)
    assert hand.refused(Verb.APPROVE, second, stage="second_review") == {C.SAME_PERSON}
    other = person("other", Role.SECOND_REVIEWER)
    hand.approve("second_review", other)
    why = {"stage": "final_review", "to": "first", "place": "after", "comment": "x"}
    facts = Known(named=FIRST)
    assert hand.refused(Verb.ADD_REVIEWER, FINAL, facts, **why) == {C.PERSON_CANNOT_ACT}


def test_who_may_add_whom() -> None:
    hand = submitted()
    ask = {"stage": "initial_review", "to": "expert", "place": "after"}
    assert hand.refused(Verb.ADD_REVIEWER, SECOND, **ask) == {
        C.NOT_ALLOWED,
        C.PERSON_UNKNOWN,
        C.COMMENT_REQUIRED,
    }
    assert hand.refused(Verb.ADD_REVIEWER, FIRST, Known(named=EXPERT), **{**ask, "stage": "x"}) == {
        C.STAGE_UNKNOWN,
        C.COMMENT_REQUIRED,
    }
    author = {**ask, "to": "author", "comment": "x"}
    assert hand.refused(Verb.ADD_REVIEWER, FIRST, Known(named=AUTHOR), **author) == {C.PERSON_CANNOT_ACT}
    for number in range(MOST):
        add(hand, "initial_review", FIRST, "after", to=person(f"expert{number}"))
    assert hand.refused(Verb.ADD_REVIEWER, FIRST, Known(named=EXPERT), **ask, comment="x") == {
        C.TOO_MANY_ADDED
    }


def on_two_lines() -> Hand:
    hand = Hand()
    hand.case = replace(hand.case, targets=(WECHAT, WEBSITE))
    hand.reviews()
    hand.bind("wechat")
    hand.bind("website")
    return hand


def test_on_one_line_alone() -> None:
    hand = on_two_lines()
    add(hand, "first_proof", PROOFS[0], "after", "wechat")
    hand.approve("first_proof", PROOFS[0], "website")
    longer = extended(STANDARD, hand.case.added)
    assert hand.case.done_before(longer, ("second_proof", "website"), hand.case.current())
    hand.approve("second_proof", PROOFS[1], "website")  # the other channel goes on
    hand.approve("first_proof", PROOFS[0], "wechat")
    assert ("added_1", "wechat") in hand.open()
    assert ("second_proof", "wechat") not in hand.open()
    run = hand.run("added_1", "wechat")
    assert run.digest == hand.case.proof_of("wechat")
    hand.approve("added_1", EXPERT, "wechat", digest=run.digest)
    assert ("second_proof", "wechat") in hand.open()


def test_the_signature_waits_and_the_gate_asks_for_the_added_review() -> None:
    hand = Hand()
    hand.reviews()
    hand.proofs()
    hand.approve("confirm_marks", PROOFS[3], "wechat")
    sign = {"stage": "sign_off", "line": "wechat", "to": "expert", "comment": "x"}
    facts = Known(named=EXPERT)
    assert hand.refused(Verb.ADD_REVIEWER, PUBLISHER, facts, **sign, place="after") == {C.CANNOT_ADD_THERE}
    add(hand, "sign_off", PUBLISHER, "beside", "wechat")
    hand.approve("sign_off", PUBLISHER, "wechat")
    assert hand.case.state is CaseState.RUNNING

    def missing(line: str) -> list[object]:
        dossier = Dossier(
            case=hand.case,
            workflow=extended(STANDARD, hand.case.added),
            line=line,
            digest=hand.case.proof_of("wechat") or "",
            checked_under="p",
            active_policy="p",
        )
        return [one.data.get("stage") for one in blockers(dossier, hand.at)]

    assert missing("wechat") == ["added_1"]
    hand.approve("added_1", EXPERT, "wechat", digest=hand.case.proof_of("wechat"))
    assert missing("wechat") == []
    assert hand.case.state is CaseState.CLEARED


def test_the_gate_does_not_ask_another_line_for_it() -> None:
    hand = on_two_lines()
    add(hand, "first_proof", PROOFS[0], "after", "wechat")
    workflow = extended(STANDARD, hand.case.added)
    for channel, asked in (("wechat", True), ("website", False)):
        dossier = Dossier(
            case=hand.case, workflow=workflow, line=channel, digest="x", checked_under="p", active_policy="p"
        )
        stages = {one.data.get("stage") for one in blockers(dossier, hand.at)}
        assert ("added_1" in stages) is asked


def test_the_added_may_be_handed_on_by_who_asked() -> None:
    hand = submitted()
    add(hand, "initial_review", FIRST, "after")
    hand.approve("initial_review", FIRST)
    hand.do(Verb.RECUSE, EXPERT, comment="不熟悉")
    assert hand.refused(Verb.APPROVE, EXPERT, stage="added_1", digest=hand.case.revision) == {C.RECUSED}
    other = person("someone")
    hand.do(Verb.HAND_OVER, FIRST, Known(named=other), stage="added_1", to="someone")
    hand.approve("added_1", other, digest=hand.case.revision)
    assert hand.state("added_1") is StageState.PASSED
    assert hand.open() == {("second_review", "")}


def test_nothing_is_taken_away() -> None:
    added = (
        Added("added_1", "first_proof", "wechat", "before", "a", "b"),
        Added("added_2", "added_1", "wechat", "beside", "c", "b"),
        Added("added_3", "final_review", "", "after", "d", "b"),
    )
    assert extended(STANDARD, ()) is STANDARD
    longer = extended(STANDARD, added)
    assert extended(longer, added) is longer
    assert extended(longer, ()) is STANDARD
    assert extended(STANDARD, added) is longer
    assert [stage.key for stage in longer.stages if stage.key in STANDARD.by_key] == list(STANDARD.by_key)
    for key, before in STANDARD.ancestors.items():
        assert before <= longer.ancestors[key]
    for key, apart in STANDARD.distinct_from.items():
        assert apart <= longer.distinct_from[key]
    assert longer.by_key["added_1"].acts_on is Subject.PROOF
    assert longer.distinct_from["added_2"] >= {"first_proof", "second_proof", "third_proof", "added_1"}
    assert {"added_1", "added_2"} <= longer.ancestors["first_proof"]
    assert longer.ancestors["first_proof"] >= {"added_3"}
    for number in range(600):
        extended(STANDARD, (Added("added_1", "sign_off", "wechat", "before", f"p{number}", "b"),))
