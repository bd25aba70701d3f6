"""One command a verb, with just what its maker fills in, and one kind of facts for each."""

from dataclasses import fields

import pytest

from app.domain.refusals import RefusalCode as C
from app.domain.refusals import Refused
from app.domain.vocabulary import Verb
from app.domain.workflow import AssessedText, Facts, NamedPerson, objections, transition
from app.domain.workflow.commands import AddReviewer, Approve, AskOpinion, Claim, SendBack
from app.domain.workflow.transition import asks_for
from tests.domain.saying import COMMANDS
from tests.domain.walks import AT, AUTHOR, FIRST, PROOFS, PUBLISHER, STANDARD, TEXT, Hand


def submitted() -> Hand:
    hand = Hand()
    hand.submit()
    return hand


@pytest.mark.parametrize("verb", list(Verb))
def test_each_verb_has_its_command_and_the_facts_that_it_asks_for(verb: Verb) -> None:
    assert COMMANDS[verb].verb is verb
    assert issubclass(asks_for(verb), Facts)


def test_a_command_holds_what_is_filled_in_and_nothing_else() -> None:
    held = {kind: {field.name for field in fields(kind)} for kind in (Claim, Approve, SendBack, AskOpinion)}
    assert held == {
        Claim: {"stage", "line"},
        Approve: {"stage", "line", "digest", "comment", "outcome", "ticked", "knowing"},
        SendBack: {"stage", "line", "digest", "comment", "outcome", "ticked", "send_back_to", "then"},
        AskOpinion: {"stage", "line", "to", "comment", "waits"},
    }


def test_facts_of_another_kind_are_a_programmers_mistake() -> None:
    hand, approval = submitted(), Approve("initial_review", "", TEXT)
    for facts in (Facts(), NamedPerson()):
        with pytest.raises(TypeError, match="AssessedText"):
            transition(hand.case, STANDARD, approval, FIRST, facts, AT)
    assert not isinstance(transition(hand.case, STANDARD, approval, FIRST, AssessedText(), AT), Refused)


@pytest.mark.parametrize(
    ("verb", "barred"),
    [
        (Verb.APPROVE, {C.NOT_ALLOWED, C.OWN_DRAFT}),
        (Verb.SEND_BACK, {C.NOT_ALLOWED, C.OWN_DRAFT}),
        (Verb.CONSULT, {C.NOT_ALLOWED, C.OWN_DRAFT}),
        (Verb.ADD_REVIEWER, {C.NOT_ALLOWED, C.OWN_DRAFT}),
        (Verb.HAND_OVER, {C.NOT_ALLOWED}),
        (Verb.REMIND, set()),
        (Verb.OVERRIDE, {C.VERB_NOT_OFFERED, C.OWN_DRAFT}),
    ],
)
def test_who_may_is_asked_before_anything_is_filled_in(verb: Verb, barred: set[C]) -> None:
    hand = submitted()

    def asked(actor: object) -> set[C]:
        answer = objections(
            hand.case,
            STANDARD,
            verb,
            actor,
            AssessedText(),
            hand.at,
            stage="initial_review",  # type: ignore[arg-type]
        )
        return {refusal.code for refusal in answer}

    assert asked(FIRST) == barred & {C.VERB_NOT_OFFERED}
    assert asked(AUTHOR) == barred


def test_a_reviewer_may_be_added_before_the_signature_and_the_page_says_so() -> None:
    hand = Hand()
    hand.reviews()
    hand.proofs()
    hand.approve("confirm_marks", PROOFS[3], "wechat")
    verb, spot = Verb.ADD_REVIEWER, {"stage": "sign_off", "line": "wechat"}
    assert objections(hand.case, STANDARD, verb, PUBLISHER, Facts(), hand.at, **spot) == ()
    after = AddReviewer("sign_off", "wechat", "first", "请看", "after")
    answer = transition(hand.case, STANDARD, after, PUBLISHER, NamedPerson(person=FIRST), hand.at)
    assert isinstance(answer, Refused)
    assert C.CANNOT_ADD_THERE in answer.codes
