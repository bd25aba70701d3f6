"""One workflow for each channel of a draft; a table of words and those whom they ask for."""

from dataclasses import replace

import pytest
import yaml

from app.domain.refusals import RefusalCode
from app.domain.routing.channels import by_channel, joint
from app.domain.routing.lint import lint
from app.domain.routing.measuring import measured
from app.domain.routing.rules import Routing, extended, only_adds
from app.domain.vocabulary import CaseState, Role, StageKind, StageState, Verb
from app.domain.workflow import Case, Stage, Workflow
from app.domain.workflow.lint import check
from tests.domain.test_conditions import document
from tests.domain.test_routing import WORKFLOWS, draft
from tests.domain.walks import FIRST, PROOFS, PUBLISHER, SECOND, WEBSITE, WECHAT, Hand, person

BY_CHANNEL = """\
version: 1
choose_per: channel
choose:
  - {rule: print, title: 网站, workflow: standard, when: {channels: [website]}}
  - {rule: rest, title: 其他, workflow: county_bureau}
"""
TABLE = """\
version: 1
choose:
  - {rule: rest, title: 其他, workflow: standard}
add:
  - rule: leaders
    title: 提到领导须送对口部门
    before: {level: final_review}
    table:
      - {says: {words: [王市长, 李秘书长]}, who: {post: 市府办负责人}}
      - {says: {words: [赵书记], fields: [title, text]}, who: {post: 市委办负责人}}
      - {says: {words: 孙副市长}, who: {post: 市府办负责人}}
    stage: {key: department, title: 对口部门审核, kind: review}
"""
OFFICE = person("office", posts=frozenset({"市府办负责人"}))
OTHER = person("other", Role.INITIAL_REVIEWER)
PARTY = person("party", posts=frozenset({"市委办负责人"}))


def signs(stage: Stage) -> bool:
    return StageKind.SIGN_OFF in stage.kinds


def routing(text: str) -> Routing:
    linted = lint(text, WORKFLOWS)
    assert linted.faults == ()
    assert linted.routing is not None
    return linted.routing


def chosen(case: Case, text: str = BY_CHANNEL) -> Workflow:
    return joint({line: WORKFLOWS[found.workflow] for line, found in by_channel(case, routing(text)).items()})


def test_each_channel_is_chosen_its_own_and_one_for_all_stays_as_it_is() -> None:
    both = draft(WECHAT, WEBSITE)
    assert {line: found.workflow for line, found in by_channel(both, routing(BY_CHANNEL)).items()} == {
        "wechat": "county_bureau",
        "website": "standard",
    }
    assert chosen(draft(WEBSITE)) is WORKFLOWS["standard"]
    assert chosen(draft(WECHAT)) is WORKFLOWS["county_bureau"]
    for_the_draft = BY_CHANNEL.replace("choose_per: channel\n", "")
    assert chosen(both, for_the_draft) is WORKFLOWS["standard"]


#: Those for what is out already are never joined: a correction walks one way on all its channels.
FOR_DRAFTS = [key for key, workflow in WORKFLOWS.items() if workflow.purpose == "publication"]
PAIRS = [(one, other) for one in FOR_DRAFTS for other in FOR_DRAFTS if one < other]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_shipped_workflows_on_two_channels_make_a_sound_one(one: str, other: str) -> None:
    whole = joint({"wechat": WORKFLOWS[one], "website": WORKFLOWS[other]})
    # Only the two channels are spoken of: for a third nobody would sign, and there is none.
    assert {fault.code for fault in check(whole)} <= {"nobody_sometimes", "marks_unconfirmed"}
    for line, key in (("wechat", one), ("website", other)):
        case = draft(WECHAT, WEBSITE)
        on_line = {
            level
            for stage in whole.stages
            for level in stage.levels
            if stage.per == "draft" or case.meets(stage.applies_if, line)
        }
        assert {level for stage in WORKFLOWS[key].stages for level in stage.levels} <= on_line
    own = {stage.key for stage in WORKFLOWS[one].stages}
    assert own <= whole.by_key.keys()


LIGHT = Workflow.model_validate(
    {
        **WORKFLOWS["standard"].model_dump(),
        "key": "light",
        "stages": [
            {**stage.model_dump(), "who": [{"role": "initial_reviewer"}] if signs(stage) else stage.who}
            for stage in WORKFLOWS["standard"].stages
            if stage.key not in {"second_proof", "third_proof"}
        ],
        "distinct": [WORKFLOWS["standard"].distinct[0]],
    }
)


def test_the_reviews_are_walked_once_and_each_line_has_its_own_proofs_and_signs_for_itself() -> None:
    whole = joint({"wechat": LIGHT, "website": WORKFLOWS["standard"]})
    hand = Hand(workflow=whole, case=draft(WECHAT, WEBSITE))
    hand.reviews()
    for line in ("wechat", "website"):
        hand.bind(line)
        hand.approve("first_proof", PROOFS[0], line)
    # The one line does not wait for what the other has of its own.
    hand.approve("confirm_marks", PROOFS[3], "wechat")
    assert hand.open() == {("sign_off", "wechat"), ("second_proof", "website")}
    # Each line is signed by those of its own workflow.
    assert hand.refused(Verb.APPROVE, PUBLISHER, stage="sign_off", line="wechat") == {RefusalCode.NOT_ALLOWED}
    hand.approve("sign_off", OTHER, "wechat")
    hand.approve("second_proof", PROOFS[1], "website")
    hand.approve("third_proof", PROOFS[2], "website")
    hand.approve("confirm_marks", PROOFS[3], "website")
    assert hand.refused(Verb.APPROVE, OTHER, stage="sign_off", line="website") == {RefusalCode.NOT_ALLOWED}
    hand.approve("sign_off", PUBLISHER, "website")
    assert hand.case.state is CaseState.CLEARED
    assert hand.state("third_proof", "wechat") is StageState.SKIPPED


def test_a_table_asks_whom_the_words_name_and_nobody_else() -> None:
    policy = routing(TABLE)
    whole = extended(WORKFLOWS["standard"], policy)
    assert only_adds(WORKFLOWS["standard"], whole)
    stage = whole.by_key["department"]
    assert stage.need == "one_of_each"
    assert {who.group for who in stage.who} == {"row_1", "row_2"}

    def walked(text: str) -> Hand:
        found = measured(document(text), policy, [whole])
        hand = Hand(workflow=whole, case=replace(draft(), found=found))
        hand.submit()
        hand.approve("initial_review", FIRST)
        hand.approve("second_review", SECOND)
        return hand

    assert walked("今日大雨。").state("department") is StageState.SKIPPED
    one = walked("王市长、孙副市长到场。")
    assert one.refused(Verb.APPROVE, PARTY, stage="department") == {RefusalCode.NOT_ALLOWED}
    one.approve("department", OFFICE)
    assert one.open() == {("final_review", "")}
    two = walked("王市长、赵书记到场。")
    two.approve("department", PARTY)
    assert two.open() == {("department", "")}
    two.approve("department", OFFICE)
    assert two.open() == {("final_review", "")}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kind: review}", "kind: review, who: {role: publisher}}"),
        ("kind: review}", "kind: review, need: all}"),
        ("{post: 市委办负责人}", "{outside: true}"),
        ("{post: 市委办负责人}", "{post: 市委办负责人, group: x}"),
        ("{post: 市委办负责人}", "{post: 市委办负责人, when: {flags: [x]}}"),
        ("{words: [赵书记], fields: [title, text]}", "{words: []}"),
        ("{words: [赵书记], fields: [title, text]}", "{words: 赵书记, fields: [heading]}"),
    ],
)
def test_a_table_that_says_more_than_a_table_can_is_refused(old: str, new: str) -> None:
    assert old in TABLE
    assert "form" in {fault.code for fault in lint(TABLE.replace(old, new, 1), WORKFLOWS).faults}


def test_conditions_of_routing_that_say_nothing_are_refused() -> None:
    always = BY_CHANNEL.replace(
        "{channels: [website]}", "{any_of: [{flags: [x]}, {none_of: [{flags: [x]}]}]}"
    )
    assert [(fault.line, fault.code) for fault in lint(always, WORKFLOWS).faults] == [(4, "condition_always")]
    never = yaml.safe_load(BY_CHANNEL)
    never["choose"][0]["when"] = {"all_of": [{"units": ["甲"]}, {"unless": {"units": ["甲"]}}]}
    assert "condition_never" in {fault.code for fault in lint(yaml.safe_dump(never), WORKFLOWS).faults}
    unknown = BY_CHANNEL.replace("{channels: [website]}", "{any_of: [{facts: [nowhere]}, {flags: [x]}]}")
    assert "unknown_fact" in {fault.code for fault in lint(unknown, WORKFLOWS).faults}
