"""The shipped schemes for the tests: who plays which stage, and a hand that walks each to its end."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

import pytest

from app.domain.refusals import RefusalCode
from app.domain.vocabulary import (
    CaseState,
    ChannelKind,
    Role,
    StageState,
    Verb,
)
from app.domain.workflow import Effects, Happened, Participant, Stage, Target, Workflow
from app.domain.workflow.needs import QUALIFICATIONS
from tests.domain.saying import Known
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
BLOCKED = Known(blockers=("privacy.id_card",))
GROUP = Target("work_group", ChannelKind.APP, "notice")


def holding(name: str, *posts: str, **more: Any) -> Participant:
    return Participant(person=name, name=name, posts=frozenset(posts), **more)


def of_rank(actor: Participant, qualification: str) -> Participant:
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

Cast = dict[str, tuple[Participant, ...]]


@dataclass(frozen=True)
class Scheme:
    """A file, who plays which stage, and the draft that meets all of its conditions but those `skipped`."""

    file: str
    cast: Cast
    targets: tuple[Target, ...] = (WECHAT,)
    grade: Literal["A", "B", "C"] | None = None
    flags: frozenset[str] = frozenset()
    outcomes: dict[str, str] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()

    @property
    def workflow(self) -> Workflow:
        return load(self.file)


def one(**cast: Participant | tuple[Participant, ...]) -> Cast:
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
            flags=scheme.flags,
        )

    def form(self, stage: Stage, line: str) -> dict[str, Any]:
        offered = [outcome.key for outcome in stage.outcomes_of("approve")]
        key = self.scheme.outcomes.get(stage.key, offered[0])
        assert key in offered
        return {
            "stage": stage.key,
            "line": line,
            # The only outcome goes without saying.
            "outcome": key if len(offered) > 1 else "",
            "comment": "同意。",
            "ticked": frozenset(stage.checklist),
        }

    def do(self, verb: Verb, actor: Participant, facts: Known | None = None, **fields: Any) -> Effects:
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


def everyone(name: str, workflow: Workflow) -> Participant:
    posts = {who.post for stage in workflow.stages for who in stage.who if who.post is not None}
    return replace(
        person(name, *Role),
        posts=frozenset(posts),
        qualification=QUALIFICATIONS[-1],
        heads_author=True,
        outside=True,
    )
