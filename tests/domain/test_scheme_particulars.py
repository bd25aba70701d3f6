"""What is particular to one shipped scheme."""

from dataclasses import replace

import pytest

from app.domain.vocabulary import (
    CaseState,
    StageKind,
    StageState,
    Verb,
)
from app.domain.workflow import Participant, Target
from tests.domain.saying import Known
from tests.domain.schemes import (
    BY_FILE,
    EXPERTS,
    FULL_TIME,
    GROUP,
    HOUSE,
    LEADER,
    NAMED,
    NEWS,
    OFFICE,
    PUBLICITY,
    READERS,
    ROOM_HEAD,
    SCHEMES,
    C,
    Walk,
    everyone,
    holding,
    of_rank,
)
from tests.domain.walks import (
    FINAL,
    FIRST,
    JOURNAL,
    WEBSITE,
    WECHAT,
)


def test_a_publishing_house_asks_for_titles() -> None:
    walk = Walk(BY_FILE["publishing_house"])
    stage, line = walk.to("initial_review")
    assert walk.refused(Verb.APPROVE, FIRST, **walk.form(stage, line)) == {C.NOT_ALLOWED}
    walk.pass_one(("initial_review", ""))
    stage = walk.workflow.by_key["second_review"]
    for rank in ("none", "assistant", "intermediate"):
        low = of_rank(ROOM_HEAD, rank)
        assert walk.refused(Verb.APPROVE, low, **walk.form(stage, "")) == {C.NOT_ALLOWED}
    walk = Walk(BY_FILE["publishing_house"])
    stage, line = walk.to("third_proof")
    part_time = of_rank(READERS[3], "senior")
    assert walk.refused(Verb.APPROVE, part_time, **walk.form(stage, line)) == {C.NOT_ALLOWED}
    low = of_rank(FULL_TIME[0], "assistant")
    assert walk.refused(Verb.APPROVE, low, **walk.form(stage, line)) == {C.NOT_ALLOWED}


def test_who_was_named_for_the_final_review_needs_the_chief_s_approval() -> None:
    walk = Walk(BY_FILE["publishing_house"])
    stage, line = walk.to("chief_approval")
    assert walk.refused(Verb.APPROVE, NAMED, **walk.form(stage, line)) == {C.NOT_ALLOWED}
    assert "final_by_named" in walk.case.flags


@pytest.mark.parametrize(
    ("flags", "outcome", "read"),
    [
        ((), "approve", set()),
        ((), "disagree", {"full_reading"}),
        (("major_topic",), "approve", {"major_reading"}),
        (("major_topic",), "disagree", {"full_reading"}),
    ],
)
def test_the_final_reviewer_reads_in_full_once(flags: tuple[str, ...], outcome: str, read: set[str]) -> None:
    scheme = replace(
        BY_FILE["publishing_house"], cast=HOUSE, flags=frozenset(flags), outcomes={"second_review": outcome}
    )
    assert {key for key, _ in Walk(scheme).steps() if key.endswith("_reading")} == read


def test_a_county_bureau_s_important_item_is_read_aloud_by_two() -> None:
    walk = Walk(BY_FILE["county_bureau"])
    stage, line = walk.to("read_aloud")
    walk.do(Verb.APPROVE, FULL_TIME[0], **walk.form(stage, line))
    assert walk.refused(Verb.APPROVE, FULL_TIME[0], **walk.form(stage, line)) == {C.ALREADY_DECIDED}
    assert walk.state("read_aloud", line) is StageState.OPEN
    walk.do(Verb.APPROVE, FULL_TIME[1], **walk.form(stage, line))
    assert walk.state("read_aloud", line) is StageState.PASSED
    # The named deputy may sign in the leader's place.
    walk = Walk(
        replace(BY_FILE["county_bureau"], cast={**BY_FILE["county_bureau"].cast, "final_review": (FINAL,)})
    )
    list(walk.steps())
    assert walk.case.state is CaseState.CLEARED


def test_only_the_drafter_does_the_first_level() -> None:
    walk = Walk(BY_FILE["drafter_first"])
    stage, line = walk.to("first_level")
    assert walk.refused(Verb.APPROVE, FIRST, **walk.form(stage, line)) == {C.NOT_ALLOWED}
    walk.pass_one(("first_level", ""))
    leader_wrote = replace(LEADER, person="author")
    stage = walk.workflow.by_key["second_level"]
    both = everyone("author", walk.workflow)
    assert walk.refused(Verb.APPROVE, both, **walk.form(stage, "")) == {C.OWN_DRAFT, C.SAME_PERSON}
    assert C.OWN_DRAFT in walk.refused(Verb.APPROVE, leader_wrote, **walk.form(stage, ""))


def test_what_cannot_be_judged_is_asked_before_it_is_signed() -> None:
    walk = Walk(BY_FILE["drafter_first"])
    stage, line = walk.to("office_opinion")
    assert walk.refused(Verb.APPROVE, LEADER, **walk.form(stage, line)) == {C.NOT_ALLOWED}
    assert ("sign_off", "wechat") not in walk.open()
    walk.do(Verb.DECLINE, EXPERTS[0], stage="office_opinion", comment="涉密")
    assert walk.case.state is CaseState.DECLINED
    walk = Walk(replace(BY_FILE["drafter_first"], outcomes={}))
    walk.to("third_level")
    walk.do(Verb.HOLD, LEADER, stage="third_level", outcome="ask_cyberspace", comment="请示网信办")
    assert walk.case.state is CaseState.HELD
    assert walk.refused(Verb.APPROVE, LEADER, stage="third_level", outcome="approve", comment="可") == {
        C.CASE_HELD
    }
    walk.do(Verb.ANSWER, LEADER, comment="网信办复函：可以发布")
    walk.pass_one(("third_level", ""))
    assert walk.state("office_opinion") is StageState.SKIPPED


def test_a_college_s_levels_act_on_the_proof_of_each_channel() -> None:
    walk = Walk(replace(BY_FILE["merged_levels"], targets=(WECHAT, JOURNAL)))
    walk.submit()
    assert walk.open() == set()
    walk.lay_out()
    assert walk.open() == {("first_level", "wechat"), ("first_level", "journal")}
    passed = [*Walk(replace(BY_FILE["merged_levels"], targets=(WECHAT, JOURNAL), grade=None)).steps()]
    assert ("print_proof", "journal") in passed
    assert ("print_proof", "wechat") not in passed
    assert not any(key == "extra_proof" for key, _ in passed)


@pytest.mark.parametrize(
    ("target", "signs", "others"),
    [
        (WECHAT, NEWS, (LEADER, OFFICE)),
        (GROUP, OFFICE, (LEADER, NEWS)),
        (WEBSITE, LEADER, (NEWS, OFFICE)),
        (JOURNAL, LEADER, (NEWS, OFFICE)),
    ],
    ids=lambda one: getattr(one, "channel", None),
)
def test_a_township_s_channel_says_who_signs(
    target: Target, signs: Participant, others: tuple[Participant, ...]
) -> None:
    scheme = BY_FILE["township_by_channel"]
    walk = Walk(replace(scheme, targets=(target,), cast={**scheme.cast, "release": (signs,)}))
    stage, line = walk.to("release")
    for other in others:
        assert walk.refused(Verb.APPROVE, other, **walk.form(stage, line)) == {C.NOT_ALLOWED}
    walk.pass_one(("release", target.channel))
    assert walk.case.state is CaseState.CLEARED


def test_a_township_draft_for_three_channels_is_signed_by_three_people() -> None:
    scheme = BY_FILE["township_by_channel"]
    walk = Walk(replace(scheme, targets=(WECHAT, GROUP, WEBSITE)))
    walk.to("release")
    by_line = {"wechat": NEWS, "work_group": OFFICE, "website": LEADER}
    for line, actor in by_line.items():
        others = [other for other in by_line.values() if other is not actor]
        form = walk.form(walk.workflow.by_key["release"], line)
        for other in others:
            assert walk.refused(Verb.APPROVE, other, **form) == {C.NOT_ALLOWED}
        walk.do(Verb.APPROVE, actor, **form)
    assert walk.case.state is CaseState.CLEARED


def test_one_official_does_not_review_at_two_levels_of_the_audit_bureau() -> None:
    walk = Walk(BY_FILE["audit_bureau"])
    stage, line = walk.to("leader_review")
    two_posts = holding("head", "科室负责人", "分管领导")
    assert walk.refused(Verb.APPROVE, two_posts, **walk.form(stage, line)) == {C.SAME_PERSON}
    # Reviewing and proofreading at one level is one person's in this bureau.
    assert [key for key, _ in Walk(BY_FILE["audit_bureau"]).steps()][3] == "staff_proof"


@pytest.mark.parametrize(
    ("stage", "left"), [("initial_review", 5), ("second_review", 3), ("final_review", 1)]
)
def test_each_stage_of_the_township_table_has_its_own_limit(stage: str, left: int) -> None:
    walk = Walk(BY_FILE["township_outcomes"])
    found, line = walk.to(stage)
    (actor,) = walk.scheme.cast[stage]
    assert walk.refused(Verb.APPROVE, actor, Known(findings=left + 1), **walk.form(found, line)) == {
        C.TOO_MANY_ERRORS
    }
    walk.do(Verb.APPROVE, actor, Known(findings=left), **walk.form(found, line))


def test_the_township_table_keeps_a_text_for_later() -> None:
    walk = Walk(BY_FILE["township_outcomes"])
    walk.to("final_review")
    walk.do(Verb.HOLD, FINAL, stage="final_review", outcome="keep_for_later", comment="下期用")
    assert walk.case.state is CaseState.HELD
    walk.do(Verb.ANSWER, FINAL, comment="本期采用")
    walk.do(Verb.APPROVE, FINAL, stage="final_review", outcome="use")
    assert walk.state("sign_off", "wechat") is StageState.WAITING
    walk.lay_out()
    assert walk.open() == {("sign_off", "wechat")}


def test_a_company_s_head_of_department_is_the_author_s() -> None:
    walk = Walk(BY_FILE["company_daily"])
    stage, line = walk.to("head_of_department")
    other_head = holding("other_head", "部门负责人")
    assert walk.refused(Verb.APPROVE, other_head, **walk.form(stage, line)) == {C.NOT_ALLOWED}


def test_two_experts_are_no_panel() -> None:
    walk = Walk(BY_FILE["company_major"])
    stage, line = walk.to("experts")
    for expert in EXPERTS[:2]:
        walk.do(Verb.APPROVE, expert, **walk.form(stage, line))
        assert walk.state("experts") is StageState.OPEN
    assert walk.refused(Verb.APPROVE, EXPERTS[0], **walk.form(stage, line)) == {C.ALREADY_DECIDED}
    assert walk.refused(Verb.APPROVE, replace(PUBLICITY, outside=True), **walk.form(stage, line)) == {
        C.SAME_PERSON
    }
    walk.do(Verb.APPROVE, EXPERTS[2], **walk.form(stage, line))
    assert walk.open() == {("general_manager", "")}


def test_marks_are_carried_out_before_a_proof_is_confirmed() -> None:
    for scheme in SCHEMES:
        confirming = [s for s in scheme.workflow.stages if StageKind.CONFIRM_MARKS in s.kinds]
        for stage in confirming:
            walk = Walk(scheme)
            _, line = walk.to(stage.key)
            actor = scheme.cast[stage.key][0]
            assert walk.refused(Verb.APPROVE, actor, Known(open_marks=2), **walk.form(stage, line)) == {
                C.MARKS_OPEN
            }
