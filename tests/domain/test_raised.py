"""Flags that an approval raises, and the stages that are owed then."""

from dataclasses import replace

from app.domain.refusals import RefusalCode
from app.domain.vocabulary import CaseState, Event, Level, Role, StageKind, StageState, Verb
from app.domain.workflow import Outcome, Stage, Who, Workflow
from app.domain.workflow.conditions import When
from app.domain.workflow.definition import OUTCOMES
from tests.domain.saying import Known
from tests.domain.walks import AUTHOR, FINAL, FIRST, PUBLISHER, SECOND, Hand, person

DISAGREE = Outcome(
    key="disagree", title="通过（不同意初审意见）", verb="approve", raises=("disagreed",), comment=True
)
WORKFLOW = Workflow(
    version=1,
    key="owed",
    title="指定终审须经确认",
    stages=(
        Stage(key="rules", title="检查", kind=StageKind.RULE_CHECK, after=()),
        Stage(
            key="one", title="初审", kind=StageKind.REVIEW, levels=(Level.INITIAL_REVIEW,),
            who=(Who(role=Role.INITIAL_REVIEWER),),
        ),
        Stage(
            key="two", title="复审", kind=StageKind.REVIEW, levels=(Level.SECOND_REVIEW,),
            who=(Who(role=Role.SECOND_REVIEWER),), outcomes=(*OUTCOMES, DISAGREE),
        ),
        Stage(
            key="read", title="通读", kind=StageKind.READ_THROUGH, who=(Who(role=Role.FINAL_REVIEWER),),
            applies_if=When(flags=("disagreed",)),
        ),
        Stage(
            key="three", title="终审", kind=StageKind.REVIEW, levels=(Level.FINAL_REVIEW,),
            who=(Who(post="总编辑"), Who(role=Role.FINAL_REVIEWER, raises=("named",))),
        ),
        Stage(
            key="confirm", title="总编辑审核", kind=StageKind.CONSULT, who=(Who(post="总编辑"),),
            applies_if=When(flags=("named",)),
        ),
        Stage(
            key="sign", title="签发", kind=StageKind.SIGN_OFF, per="channel", who=(Who(role=Role.PUBLISHER),)
        ),
    ),
)  # fmt: skip
CHIEF = replace(person("chief"), posts=frozenset({"总编辑"}))
BOTH = replace(person("both", Role.FINAL_REVIEWER), posts=frozenset({"总编辑"}))


def started() -> Hand:
    hand = Hand(workflow=WORKFLOW)
    hand.submit()
    hand.approve("one", FIRST)
    return hand


def test_nothing_is_owed_where_nothing_was_raised() -> None:
    hand = started()
    hand.approve("two", SECOND, outcome="approve")
    assert hand.state("read") is StageState.SKIPPED
    hand.approve("three", CHIEF)
    assert hand.state("confirm") is StageState.SKIPPED
    assert hand.case.flags == frozenset()


def test_an_outcome_raises_a_flag_that_opens_a_stage() -> None:
    hand = started()
    assert hand.refused(Verb.APPROVE, SECOND, stage="two", outcome="disagree") == {
        RefusalCode.COMMENT_REQUIRED
    }
    effects = hand.approve("two", SECOND, outcome="disagree", comment="依据不足")
    assert hand.open() == {("read", "")}
    assert hand.case.flags == {"disagreed"}
    approved, opened = effects.events
    assert approved.data["raised"] == ["disagreed"]
    assert opened.event is Event.CASE_STAGE_OPENED
    assert opened.data["rule"] == {"flags": ["disagreed"]}
    assert opened.data["facts"] == {"class": None, "flags": ["disagreed"], "found": []}


def test_a_capacity_raises_a_flag_unless_the_person_has_another() -> None:
    named, own = started(), started()
    for hand in (named, own):
        hand.approve("two", SECOND, outcome="approve")
    named.approve("three", FINAL)
    assert named.open() == {("confirm", "")}
    own.approve("three", BOTH)
    assert own.state("confirm") is StageState.SKIPPED


def test_a_flag_raised_on_a_second_walk_reopens_what_was_skipped() -> None:
    hand = started()
    hand.approve("two", SECOND, outcome="approve")
    hand.do(Verb.SEND_BACK, CHIEF, stage="three", comment="再看", send_back_to="two", then="continue_here")
    effects = hand.approve("two", SECOND, outcome="disagree", comment="依据不足")
    assert hand.open() == {("read", "")}
    assert [run.round for run in effects.opened] == [2]
    hand.approve("read", FINAL)
    hand.approve("three", CHIEF)
    hand.bind("wechat")
    hand.approve("sign", PUBLISHER, "wechat")
    assert hand.case.state is CaseState.CLEARED


def test_a_flag_is_raised_once_and_stays() -> None:
    hand = started()
    hand.approve("two", SECOND, outcome="disagree", comment="依据不足")
    hand.do(Verb.SEND_BACK, FINAL, stage="read", comment="改")
    hand.do(Verb.RESUBMIT, AUTHOR, Known(), digest=hand.case.revision, comment="已说明")
    hand.approve("one", FIRST)
    effects = hand.approve("two", SECOND, outcome="disagree", comment="仍有疑问")
    assert "raised" not in effects.events[0].data
    assert hand.case.flags == {"disagreed"}


def test_a_claim_opens_nothing() -> None:
    hand = started()
    assert hand.do(Verb.CLAIM, SECOND, stage="two").opened == ()
