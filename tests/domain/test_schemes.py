"""Each shipped scheme is walked to its end, and into each of its refusals."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache

import pytest

from app.domain import separation
from app.domain.refusals import RefusalCode
from app.domain.release import Dossier, blockers
from app.domain.vocabulary import (
    REVIEW_LEVELS,
    CaseState,
    ChannelKind,
    Event,
    Role,
    StageKind,
    StageState,
    Verb,
)
from app.domain.workflow import Actor, Effects, Facts, Happened, Stage, Target, Workflow
from app.domain.workflow.definition import QUALIFICATIONS
from tests.domain.walks import (
    AUTHOR,
    FINAL,
    FIRST,
    JOURNAL,
    PUBLISHER,
    SECOND,
    WEBSITE,
    WECHAT,
    Hand,
    person,
    shipped_workflow,
)

C = RefusalCode
load = cache(shipped_workflow)
BLOCKED = Facts(blockers=("privacy.id_card",))
GROUP = Target("work_group", ChannelKind.APP, "notice")


def holding(name: str, *posts: str, **more: object) -> Actor:
    return Actor(person=name, name=name, posts=frozenset(posts), **more)  # type: ignore[arg-type]


def of_rank(actor: Actor, qualification: str) -> Actor:
    return replace(actor, qualification=qualification)  # type: ignore[arg-type]


PRESIDENT = holding("president", "社长")
CHIEF = holding("chief", "总编辑")
ROOM_HEAD = holding("room_head", "编辑室主任", qualification="senior")
FULL_TIME = tuple(holding(f"full{number}", "专职校对", qualification="intermediate") for number in range(4))
EDITING, NAMED = of_rank(FIRST, "assistant"), of_rank(FINAL, "senior")
LEADER, DEPUTY, HEAD = (
    holding("leader", "主要领导"),
    holding("deputy", "分管领导"),
    holding("head", "科室负责人"),
)
READERS = tuple(person(f"reader{number}", Role.PROOFREADER) for number in range(4))
NEWS, OFFICE = holding("news", "分管宣传的副职"), holding("office", "党政办副主任")
PUBLICITY, ASSISTANT = holding("publicity", "宣传负责人"), holding("assistant", "董事长助理")
MANAGER, CHAIR = holding("manager", "总经理"), holding("chair", "董事长")
EXPERTS = tuple(holding(f"expert{number}", outside=True) for number in range(3))

Cast = dict[str, tuple[Actor, ...]]


@dataclass(frozen=True)
class Scheme:
    """A file, who plays which stage, and the draft that meets all of its conditions but those `skipped`."""

    file: str
    cast: Cast
    targets: tuple[Target, ...] = (WECHAT,)
    grade: str | None = None
    flags: frozenset[str] = frozenset()
    outcomes: dict[str, str] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()

    @property
    def workflow(self) -> Workflow:
        return load(self.file)


def one(**cast: Actor | tuple[Actor, ...]) -> Cast:
    return {stage: who if isinstance(who, tuple) else (who,) for stage, who in cast.items()}


HOUSE = one(
    initial_review=EDITING,
    second_review=ROOM_HEAD,
    full_reading=CHIEF,
    major_reading=CHIEF,
    final_review=CHIEF,
    chief_approval=PRESIDENT,
    first_proof=READERS[0],
    second_proof=READERS[1],
    extra_proof=READERS[2],
    third_proof=FULL_TIME[0],
    read_through=EDITING,
    confirm_marks=READERS[0],
    sign_off=PRESIDENT,
)
SCHEMES = (
    Scheme(
        "standard",
        one(
            initial_review=FIRST, second_review=SECOND, final_review=FINAL, first_proof=READERS[0],
            second_proof=READERS[1], third_proof=READERS[2], confirm_marks=READERS[3], sign_off=PUBLISHER,
        ),
        targets=(WECHAT, WEBSITE),
    ),
    Scheme(
        "publishing_house",
        {**HOUSE, "final_review": (NAMED,)},
        targets=(JOURNAL,),
        grade="A",
        flags=frozenset({"major_topic"}),
        outcomes={"second_review": "disagree"},
        skipped=frozenset({"major_reading"}),
    ),
    Scheme(
        "county_bureau",
        one(
            initial_review=AUTHOR, second_review=HEAD, first_proof=FULL_TIME[0], second_proof=FULL_TIME[1],
            third_proof=FULL_TIME[2], read_aloud=FULL_TIME[2:], confirm_marks=FULL_TIME[0],
            final_review=LEADER,
        ),
        targets=(WEBSITE, WECHAT),
        flags=frozenset({"important"}),
    ),
    Scheme(
        "drafter_first",
        one(
            first_level=AUTHOR, second_level=DEPUTY, third_level=LEADER, office_opinion=EXPERTS[0],
            sign_off=LEADER,
        ),
        outcomes={"second_level": "approve_if_answered"},
    ),
    Scheme(
        "merged_levels",
        one(
            first_level=FIRST, second_level=SECOND, extra_proof=READERS[0], print_proof=READERS[1],
            third_level=FINAL, confirm_marks=READERS[0], sign_off=PUBLISHER,
        ),
        targets=(JOURNAL,),
        grade="A",
    ),
    Scheme("township_by_channel", one(initial_review=FIRST, check=SECOND, release=NEWS)),
    Scheme(
        "audit_bureau",
        one(
            staff_review=FIRST, section_review=HEAD, leader_review=DEPUTY, staff_proof=FIRST,
            section_proof=HEAD, leader_proof=DEPUTY, confirm_marks=FIRST, sign_off=DEPUTY,
        ),
    ),
    Scheme(
        "township_outcomes",
        one(
            initial_review=FIRST, second_review=SECOND, read_aloud=READERS[0], final_review=FINAL,
            sign_off=PUBLISHER,
        ),
        flags=frozenset({"important"}),
    ),
    Scheme(
        "company_daily",
        one(
            head_of_department=holding("boss", heads_author=True), editing=FIRST, head_of_publicity=PUBLICITY,
            assistant_to_chair=ASSISTANT, sign_off=ASSISTANT,
        ),
    ),
    Scheme(
        "company_major",
        one(
            head_of_publicity=PUBLICITY, assistant_to_chair=ASSISTANT, experts=EXPERTS,
            general_manager=MANAGER, chair=CHAIR, sign_off=CHAIR,
        ),
    ),
)  # fmt: skip
BY_FILE = {scheme.file: scheme for scheme in SCHEMES}
STAGES = tuple(
    (scheme, stage)
    for scheme in SCHEMES
    for stage in scheme.workflow.stages
    if stage.by_people and stage.key not in scheme.skipped
)
each_stage = pytest.mark.parametrize(
    ("scheme", "stage"), STAGES, ids=lambda one: getattr(one, "file", getattr(one, "key", None))
)


class Walk(Hand):
    """Walks a scheme; `everyone` gives whoever it is every capacity there is, to isolate a refusal."""

    def __init__(self, scheme: Scheme) -> None:
        super().__init__(workflow=scheme.workflow)
        self.scheme = scheme
        self.told: list[Happened] = []
        self.case = replace(
            self.case,
            targets=scheme.targets,
            grade=scheme.grade,
            flags=scheme.flags,  # type: ignore[arg-type]
        )

    def form(self, stage: Stage, line: str) -> dict[str, object]:
        key = self.scheme.outcomes.get(stage.key, "")
        outcome = stage.outcome("approve", key)
        assert outcome is not None
        return {
            "stage": stage.key,
            "line": line,
            "outcome": key,
            "comment": "同意。",
            "ticked": frozenset(stage.checklist),
        }

    def do(self, verb: Verb, actor: Actor, facts: Facts | None = None, **fields: object) -> Effects:
        effects = super().do(verb, actor, facts, **fields)
        self.told += effects.events
        return effects

    def pass_one(self, spot: tuple[str, str]) -> None:
        stage = self.workflow.by_key[spot[0]]
        for actor in self.scheme.cast[stage.key]:
            self.do(Verb.APPROVE, actor, **self.form(stage, spot[1]))

    def lay_out(self) -> None:
        for line in self.case.lines:
            waits = any(
                run.line == line and run.state is StageState.WAITING for run in self.case.current().values()
            )
            if waits and self.case.proof_of(line) is None:
                self.bind(line)

    def steps(self) -> Iterator[tuple[str, str]]:
        """Submit, and yield each place before it is passed."""
        self.submit()
        self.lay_out()
        while self.case.state is not CaseState.CLEARED:
            spot = min(self.open(), key=lambda spot: (list(self.workflow.by_key).index(spot[0]), spot[1]))
            yield spot
            self.pass_one(spot)
            self.lay_out()

    def to(self, key: str) -> tuple[Stage, str]:
        """Walk until this stage is open, and return it with its line."""
        for spot in self.steps():
            if spot[0] == key:
                return self.workflow.by_key[key], spot[1]
        raise AssertionError(key)


def everyone(name: str, workflow: Workflow) -> Actor:
    posts = {who.post for stage in workflow.stages for who in stage.who if who.post is not None}
    return replace(
        person(name, *Role),
        posts=frozenset(posts),
        qualification=QUALIFICATIONS[-1],
        heads_author=True,
        outside=True,
    )


def test_every_shipped_scheme_is_tried() -> None:
    from app.infra.paths import shipped

    files = {path.stem for path in (shipped("policies") / "workflows").glob("*.yaml")}
    assert files == set(BY_FILE)
    assert len(files) == 10


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.file)
def test_it_goes_all_the_way(scheme: Scheme) -> None:
    walk = Walk(scheme)
    passed = list(walk.steps())
    assert walk.case.state is CaseState.CLEARED
    workflow = scheme.workflow
    lines = {stage.key: walk.case.lines_of(stage) for stage in workflow.stages}
    assert set(passed) == {
        (stage.key, line)
        for stage in workflow.stages
        for line in lines[stage.key]
        if stage.by_people and stage.key not in scheme.skipped
    }
    levels = {level for key, _ in passed for level in workflow.by_key[key].levels}
    assert set(REVIEW_LEVELS) <= levels
    assert separation.violations(walk.case, workflow) == ()
    for key in scheme.skipped:
        assert walk.state(key) is StageState.SKIPPED
    for run in walk.case.current().values():
        stage = workflow.by_key[run.stage]
        if run.state is StageState.PASSED and stage.by_people:
            assert run.digest == walk.case.subject_of(stage, run.line)
    assert workflow.source
    assert workflow.about


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.file)
def test_without_its_conditions_the_conditional_stages_are_skipped_and_say_why(scheme: Scheme) -> None:
    plain = replace(scheme, grade=None, flags=frozenset(), outcomes={}, targets=(WECHAT,))
    if scheme.file == "publishing_house":
        plain = replace(plain, cast=HOUSE)
    walk = Walk(plain)
    list(walk.steps())
    skipped = {one.data["stage"]: one.data for one in walk.told if one.event is Event.CASE_STAGE_SKIPPED}
    conditional = {stage.key: stage for stage in plain.workflow.stages if stage.applies_if is not None}
    assert set(skipped) == set(conditional)
    for key, data in skipped.items():
        assert data["rule"] == conditional[key].applies_if.model_dump(mode="json", exclude_defaults=True)
        assert data["facts"] == {"class": None, "flags": [], "found": []}


@each_stage
def test_nobody_else_may_act(scheme: Scheme, stage: Stage) -> None:
    walk = Walk(scheme)
    _, line = walk.to(stage.key)
    nobody = person("nobody")
    for verb in (Verb.APPROVE, Verb.CLAIM):
        assert walk.refused(verb, nobody, **walk.form(stage, line)) == {C.NOT_ALLOWED}
    administrator = person("admin", Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)
    assert walk.refused(Verb.APPROVE, administrator, **walk.form(stage, line)) == {C.NOT_ALLOWED}


@each_stage
def test_the_author_may_act_only_where_the_scheme_says_so(scheme: Scheme, stage: Stage) -> None:
    walk = Walk(scheme)
    _, line = walk.to(stage.key)
    author = everyone("author", scheme.workflow)
    acts_for = replace(everyone("proxy", scheme.workflow), principal="author")
    for actor in (author, acts_for):
        if stage.author_may_act:
            walk_on = Walk(scheme)
            walk_on.to(stage.key)
            walk_on.do(Verb.APPROVE, actor, **walk_on.form(stage, line))
        else:
            assert C.OWN_DRAFT in walk.refused(Verb.APPROVE, actor, **walk.form(stage, line))


@each_stage
def test_nobody_fills_two_places_of_a_distinct_set(scheme: Scheme, stage: Stage) -> None:
    walk = Walk(scheme)
    _, line = walk.to(stage.key)
    apart = scheme.workflow.distinct_from[stage.key]
    taken = {
        (run.stage, name)
        for run in walk.case.current().values()
        if run.stage in apart and separation.meet(run.spot, (stage.key, line))
        for name in run.persons
    }
    # What stands before this stage in its set is taken; a first of its set has nobody before it.
    before = [
        key for key in scheme.workflow.ancestors[stage.key] if key in apart and key not in scheme.skipped
    ]
    assert bool(taken) == bool(before)
    for key, name in taken:
        again = everyone(name, scheme.workflow)
        assert C.SAME_PERSON in walk.refused(Verb.APPROVE, again, **walk.form(stage, line)), key
        acts_for = replace(everyone("proxy", scheme.workflow), principal=name)
        assert C.SAME_PERSON in walk.refused(Verb.APPROVE, acts_for, **walk.form(stage, line)), key


@each_stage
def test_what_was_not_read_is_not_decided(scheme: Scheme, stage: Stage) -> None:
    walk = Walk(scheme)
    _, line = walk.to(stage.key)
    actor = scheme.cast[stage.key][0]
    stale = {**walk.form(stage, line), "digest": "0" * 64}
    assert walk.refused(Verb.APPROVE, actor, **stale) == {C.STALE_DIGEST}


@each_stage
def test_nothing_passes_on_a_blocking_finding(scheme: Scheme, stage: Stage) -> None:
    walk = Walk(scheme)
    _, line = walk.to(stage.key)
    actor = scheme.cast[stage.key][0]
    assert walk.refused(Verb.APPROVE, actor, BLOCKED, **walk.form(stage, line)) == {C.BLOCKING_FINDINGS}


@each_stage
def test_every_outcome_asks_for_what_it_needs(scheme: Scheme, stage: Stage) -> None:
    actor = scheme.cast[stage.key][0]
    verbs = {
        "approve": Verb.APPROVE, "send_back": Verb.SEND_BACK, "decline": Verb.DECLINE, "hold": Verb.HOLD,
    }  # fmt: skip
    for outcome in stage.outcomes:
        walk = Walk(scheme)
        _, line = walk.to(stage.key)
        form = {**walk.form(stage, line), "outcome": outcome.key}
        verb = verbs[outcome.verb]
        if outcome.comment:
            for empty in ("", "  "):
                assert walk.refused(verb, actor, **{**form, "comment": empty}) == {C.COMMENT_REQUIRED}
        if outcome.verb == "approve" and stage.checklist:
            some = frozenset(stage.checklist[1:])
            assert walk.refused(verb, actor, **{**form, "ticked": some}) == {C.CHECKLIST_INCOMPLETE}
        effects = walk.do(verb, actor, **form)
        said = effects.events[0]
        assert said.data["outcome"] == outcome.key
        after = {"send_back": CaseState.RETURNED, "decline": CaseState.DECLINED, "hold": CaseState.HELD}
        if outcome.verb in after:
            assert walk.case.state is after[outcome.verb]
    for verb_name, verb in verbs.items():
        walk = Walk(scheme)
        _, line = walk.to(stage.key)
        form = {**walk.form(stage, line), "outcome": "nonsense"}
        assert walk.refused(verb, actor, **form) == {C.OUTCOME_NOT_OFFERED}
        if stage.outcome(verb_name) is None:
            assert walk.refused(verb, actor, **{**form, "outcome": ""}) == {C.OUTCOME_NOT_OFFERED}


@each_stage
def test_the_rounds_are_used_up(scheme: Scheme, stage: Stage) -> None:
    walk = Walk(scheme)
    _, line = walk.to(stage.key)
    actor = scheme.cast[stage.key][0]
    back = {"stage": stage.key, "line": line, "comment": "再改"}
    if stage.outcome("send_back") is None:
        # The township's final review uses, keeps or declines; it does not send back.
        assert (scheme.file, stage.key) == ("township_outcomes", "final_review")
        assert walk.refused(Verb.SEND_BACK, actor, **back) == {C.OUTCOME_NOT_OFFERED}
        return
    for _ in range(stage.rounds):
        walk.do(Verb.SEND_BACK, actor, **back)
        walk.do(Verb.RESUBMIT, AUTHOR, digest=walk.case.revision, comment="已说明")
        while (stage.key, line) not in walk.open():
            walk.lay_out()
            walk.pass_one(min(walk.open() - {(stage.key, line)}))
    assert walk.refused(Verb.SEND_BACK, actor, **back) == {C.ROUNDS_USED_UP}
    # Something else than approving is still left.
    for verb in (Verb.DECLINE, Verb.HOLD):
        if stage.outcome(verb) is not None:
            walk.do(verb, actor, **back)
            break
    else:
        raise AssertionError(stage.key)


@each_stage
def test_what_is_not_open_is_left_alone(scheme: Scheme, stage: Stage) -> None:
    walk = Walk(scheme)
    walk.to(stage.key)
    later = scheme.workflow.descendants[stage.key] - scheme.skipped
    for key in later:
        other = scheme.workflow.by_key[key]
        line = walk.case.lines_of(other)[0]
        form = walk.form(other, line)
        assert C.STAGE_NOT_OPEN in walk.refused(Verb.APPROVE, scheme.cast[key][0], **form)
    assert bool(later) == (stage.kind is not StageKind.SIGN_OFF)


@each_stage
def test_what_another_claimed_is_left_alone(scheme: Scheme, stage: Stage) -> None:
    walk = Walk(scheme)
    _, line = walk.to(stage.key)
    actor = scheme.cast[stage.key][0]
    walk.do(Verb.CLAIM, actor, stage=stage.key, line=line)
    other = everyone("other", scheme.workflow)
    if all(seat.author for seat in stage.who):
        other = replace(other, person="mate")
        walk.case = replace(walk.case, authors=walk.case.authors | {"mate"})
    assert walk.refused(Verb.APPROVE, other, **walk.form(stage, line)) == {C.CLAIMED_BY_OTHER}
    walk.do(Verb.UNCLAIM, actor, stage=stage.key, line=line)
    walk.do(Verb.APPROVE, other, **walk.form(stage, line))


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.file)
def test_the_gate_lets_out_what_was_passed_and_nothing_earlier(scheme: Scheme) -> None:
    signing = next(stage for stage in scheme.workflow.stages if stage.kind is StageKind.SIGN_OFF)
    walk = Walk(scheme)
    for key, line in walk.steps():
        gate = Dossier(
            walk.case,
            walk.workflow,
            line or walk.case.lines[0],
            walk.case.proof_of(line) or "",
            checked_under="policy",
            active_policy="policy",
        )
        assert (blockers(gate, walk.at) == ()) == (key == signing.key), (key, line)
    for line in walk.case.lines:
        gate = Dossier(
            walk.case, walk.workflow, line, walk.case.proof_of(line) or "", "policy", "policy", signed=True
        )
        assert blockers(gate, walk.at) == ()


# What is particular to one scheme


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
        ((), "", set()),
        ((), "disagree", {"full_reading"}),
        (("major_topic",), "", {"major_reading"}),
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
    assert walk.refused(Verb.APPROVE, LEADER, stage="third_level", comment="可") == {C.CASE_HELD}
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
def test_a_township_s_channel_says_who_signs(target: Target, signs: Actor, others: tuple[Actor, ...]) -> None:
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
    assert walk.refused(Verb.APPROVE, actor, Facts(findings=left + 1), **walk.form(found, line)) == {
        C.TOO_MANY_ERRORS
    }
    walk.do(Verb.APPROVE, actor, Facts(findings=left), **walk.form(found, line))


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
            assert walk.refused(Verb.APPROVE, actor, Facts(open_marks=2), **walk.form(stage, line)) == {
                C.MARKS_OPEN
            }
