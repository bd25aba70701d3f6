"""Stages for the person of an earlier one: who reviewed also proofreads."""

from dataclasses import replace

import pytest

from app.domain.refusals import RefusalCode
from app.domain.vocabulary import Role, Verb
from app.domain.workflow.lint import lint
from tests.domain.test_lint import GOOD
from tests.domain.walks import FIRST, Hand, hand_for, person, stage

OTHER = person("other", Role.INITIAL_REVIEWER)


def walked() -> Hand:
    hand = hand_for(stage("read"), stage("proof", same_person_as="read"))
    hand.approve("read", FIRST)
    return hand


def test_only_who_reviewed_may_proofread() -> None:
    hand = walked()
    assert hand.refused(Verb.APPROVE, OTHER, stage="proof") == {RefusalCode.ANOTHER_PERSON}
    assert hand.refused(Verb.CLAIM, OTHER, stage="proof") == {RefusalCode.ANOTHER_PERSON}
    hand.approve("proof", FIRST)
    assert hand.open() == set()


def test_a_deputy_of_who_reviewed_may_and_so_may_anybody_where_it_was_skipped() -> None:
    hand = walked()
    deputy = replace(OTHER, principal="first")
    hand.approve("proof", deputy)
    skipped = hand_for(stage("read", applies_if={"flags": ["x"]}), stage("proof", same_person_as="read"))
    skipped.approve("proof", OTHER)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"three": "one"}, "same_person_kept_apart"),
        ({"one": "two", "two": "one"}, "same_person_of_no_earlier"),
        ({"one": "one"}, "same_person_of_no_earlier"),
        ({"one": "rules"}, "same_person_of_no_earlier"),
        ({"one": "nowhere"}, "unknown_stage"),
        ({"sign": "three"}, None),
    ],
)
def test_who_cannot_be_the_same_person_is_refused(changes: dict[str, str], code: str | None) -> None:
    text = GOOD
    for key, other in changes.items():
        text = text.replace(f"  - key: {key}\n", f"  - key: {key}\n    same_person_as: {other}\n")
    codes = {fault.code for fault in lint(text).faults}
    assert codes == set() if code is None else code in codes


def test_the_head_of_the_authors_department_does_not_act_where_somebody_else_is_wanted() -> None:
    head = replace(FIRST, heads_author=True)
    for one in (head, replace(FIRST, principal="x", heads_author_themself=True)):
        hand = hand_for(stage("read", not_head_of_author=True))
        assert hand.refused(Verb.APPROVE, one, stage="read") == {RefusalCode.HEAD_OF_AUTHOR}
        hand.approve("read", FIRST)
    hand_for(stage("read")).approve("read", head)


def test_who_is_named_is_not_kept_out() -> None:
    text = GOOD.replace("  - key: one\n", "  - key: one\n    not_head_of_author: true\n", 1)
    assert lint(text).faults == ()
    start = text.index("who:", text.index("key: one"))
    who = text[start : text.index("\n", start)]
    named = text.replace(who, "who: {head_of_author: true}", 1)
    assert "head_kept_out" in {fault.code for fault in lint(named).faults}
