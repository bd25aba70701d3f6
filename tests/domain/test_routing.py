import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.document.model import Document, Paragraph
from app.domain.record.canonical import canonical
from app.domain.routing.lint import lint
from app.domain.routing.rules import (
    Addition,
    Anchor,
    Choice,
    Routing,
    extended,
    facts_in,
    only_adds,
    route,
    routing_schema,
)
from app.domain.vocabulary import (
    REVIEW_LEVELS,
    CaseState,
    ChangeClass,
    Event,
    Level,
    Role,
    StageKind,
    StageState,
    Verb,
)
from app.domain.workflow import Case, Stage, Target, Who, Workflow, read_workflow
from app.domain.workflow.conditions import When
from app.domain.workflow.lint import check
from app.infra.paths import shipped
from app.negative_list.usage.doubtful_characters import usage
from app.negative_list.usage.segments import clearly_cuts_a_word
from tests.domain.saying import Known
from tests.domain.walks import (
    AUTHOR,
    FINAL,
    FIRST,
    JOURNAL,
    PROOFS,
    PUBLISHER,
    SECOND,
    STANDARD,
    TEXT,
    TEXT2,
    WEBSITE,
    WECHAT,
    Hand,
    change,
)

POLICIES = shipped("policies")
WORKFLOWS = {path.stem: read_workflow(path.read_text()) for path in (POLICIES / "workflows").glob("*.yaml")}
#: Those that any draft may walk: the shorter ones are for what is out already.
FOR_ALL = {key: workflow for key, workflow in WORKFLOWS.items() if workflow.purpose == "publication"}
_READ = lint((POLICIES / "routing.yaml").read_text(), WORKFLOWS).routing
assert _READ is not None
SHIPPED = _READ
ADDED = ("check_source", "check_leaders", "check_minors", "check_welfare_list")


def draft(*targets: Target, **more: object) -> Case:
    bound_for = targets or (WECHAT,)
    return Case(CaseState.RETURNED, TEXT, bound_for, frozenset({"author"}), **more)  # type: ignore[arg-type]


def document(text: str, **more: object) -> Document:
    return Document(title="标题", blocks=(Paragraph(text=text),), **more)  # type: ignore[arg-type]


def walk(*, found: frozenset[str] = frozenset()) -> Hand:
    case = draft(found=found)
    return Hand(workflow=route(case, SHIPPED, WORKFLOWS).workflow, case=case)


def test_the_shipped_policy_has_no_fault_on_any_shipped_workflow() -> None:
    text = (POLICIES / "routing.yaml").read_text()
    for key in FOR_ALL:
        assert lint(text.replace("workflow: standard", f"workflow: {key}"), WORKFLOWS).faults == ()


def test_the_shipped_schema_is_that_of_the_model() -> None:
    shown = json.loads((POLICIES / "routing.schema.json").read_text())
    assert canonical(shown) == canonical(routing_schema())


@pytest.mark.parametrize(
    ("text", "fields", "rules", "facts"),
    [
        ("群众满意。", {}, (), {}),
        ("市长到福利院看望老人。", {}, (), {"names_leader": ["word:市长"]}),
        ("看望孤儿。", {}, ("privacy.child_name",), {"minors": ["rule:privacy.child_name", "word:孤儿"]}),
        ("名单。", {}, ("privacy.welfare_named.app",), {"welfare_list": ["rule:privacy.welfare_named.app"]}),
        ("名单。", {}, ("privacy.welfare_named_else",), {}),
        ("据报道。", {"source": "某日报", "source_url": "https://example.cn/a"}, (),
         {"repost": ["field:source", "field:source_url"]}),
    ],
)  # fmt: skip
def test_the_facts_of_a_text_and_what_tells_of_them(
    text: str, fields: dict[str, str], rules: tuple[str, ...], facts: dict[str, list[str]]
) -> None:
    assert facts_in(document(text, **fields), SHIPPED, rules=rules) == facts


def test_a_draft_without_such_facts_walks_as_always_and_each_skip_is_on_record() -> None:
    routed = route(draft(), SHIPPED, WORKFLOWS)
    assert (routed.rule, routed.chosen) == ("everything_else", "standard")
    assert routed.added == ()
    assert {one.stage for one in routed.skipped} == {*ADDED, "outside_experts"}
    hand = walk()
    events = [*hand.submit().events, *hand.approve("initial_review", FIRST).events]
    events += hand.approve("second_review", SECOND).events
    skipped = [event.data for event in events if event.event is Event.CASE_STAGE_SKIPPED]
    assert [(data["stage"], data["added_by"]) for data in skipped] == [
        ("check_source", "repost_source"),
        ("check_leaders", "leader_named"),
        ("check_minors", "minors_protected"),
        ("check_welfare_list", "welfare_list_checked"),
        ("outside_experts", "experts_asked"),
    ]
    assert skipped[0]["rule"] == {"facts": ["repost"]}
    assert skipped[0]["facts"] == {"class": None, "flags": [], "found": []}
    assert hand.open() == {("final_review", "")}


def test_each_fact_adds_its_stage_with_the_rule_and_the_facts_on_record() -> None:
    found = frozenset({"repost", "names_leader", "minors", "welfare_list", "privacy.child_name"})
    routed = route(draft(found=found), SHIPPED, WORKFLOWS)
    assert [one.stage for one in routed.added] == list(ADDED)
    record = routed.record()
    assert json.loads(json.dumps(record)) == record
    assert record["facts"]["found"] == sorted(found)
    assert record["stages"][1] == {
        "stage": "check_leaders",
        "rule": "leader_named",
        "when": {"facts": ["names_leader"]},
        "applies": True,
    }
    hand = walk(found=found)
    hand.submit()
    hand.approve("initial_review", FIRST)
    assert hand.open() == {("check_source", "")}
    assert hand.last is not None
    assert hand.last.events[-1].data["added_by"] == "repost_source"
    assert hand.last.events[-1].data["facts"]["found"] == sorted(found)
    for stage, actor in (
        ("check_source", FIRST), ("second_review", SECOND), ("check_leaders", SECOND),
        ("check_minors", SECOND), ("check_welfare_list", FINAL), ("final_review", FINAL),
    ):  # fmt: skip
        ticks = frozenset(hand.workflow.by_key[stage].checklist)
        hand.approve(stage, actor, ticked=ticks)
    hand.proofs()
    hand.do(Verb.CONFIRM_MARKS, PROOFS[3], stage="confirm_marks", line="wechat")
    hand.approve("sign_off", PUBLISHER, "wechat")
    assert hand.case.state is CaseState.CLEARED


def test_a_fact_that_a_later_text_brings_opens_its_stage() -> None:
    hand = walk()
    hand.submit()
    hand.approve("initial_review", FIRST)
    hand.approve("second_review", SECOND)
    hand.do(Verb.SEND_BACK, FINAL, stage="final_review", comment="补写")
    hand.case = replace(hand.case, found=frozenset({"names_leader"}))
    mended = Known(revision=TEXT2, change=change(ChangeClass.SUBSTANTIVE), authors=frozenset({"author"}))
    hand.do(Verb.RESUBMIT, AUTHOR, mended, digest=TEXT2)
    hand.approve("initial_review", FIRST)
    hand.approve("second_review", SECOND)
    assert hand.open() == {("check_leaders", "")}
    assert hand.state("check_minors") is StageState.SKIPPED


def choosing(*choices: Choice, add: tuple[Addition, ...] = ()) -> Routing:
    return Routing(version=1, choose=choices, add=add)


def test_channel_section_class_flags_and_facts_choose_the_workflow() -> None:
    rules = {
        "print": ("publishing_house", When(channels=("journal",))),
        "major": ("company_major", When(classes=("A",), flags=("event",))),
        "list": ("audit_bureau", When(sections=("news",), facts=("welfare_list",))),
        "rest": ("standard", None),
    }
    routing = choosing(
        *(Choice(rule=rule, title=rule, workflow=key, when=when) for rule, (key, when) in rules.items())
    )
    tried = {
        "print": draft(WECHAT, JOURNAL),
        "major": draft(grade="A", flags=frozenset({"event"})),
        "list": draft(WEBSITE, found=frozenset({"welfare_list"})),
        "rest": draft(grade="A"),
    }
    for rule, case in tried.items():
        routed = route(case, routing, WORKFLOWS)
        assert routed.rule == rule
        assert routed.workflow.key == routed.chosen
    assert route(draft(WEBSITE), routing, WORKFLOWS).rule == "rest"
    with pytest.raises(LookupError):
        route(draft(), choosing(*routing.choose[:3]), WORKFLOWS)


def extra(key: str, **more: object) -> Stage:
    who = (Who(role=Role.SECOND_REVIEWER),)
    return Stage(key=key, title=key, kind=StageKind.CONSULT, who=who, **more)  # type: ignore[arg-type]


def adding(stage: Stage, **place: Anchor) -> Addition:
    return Addition(rule=f"r_{stage.key}", title=stage.title, when=When(flags=("f",)), stage=stage, **place)  # type: ignore[arg-type]


ONE = Choice(rule="all", title="全部", workflow="standard")


def test_before_after_and_beside() -> None:
    at = Anchor(level=Level.SECOND_REVIEW)
    routing = choosing(
        ONE, add=(adding(extra("b"), before=at), adding(extra("a"), after=at), adding(extra("s"), beside=at))
    )
    found = extended(STANDARD, routing)
    assert [stage.key for stage in found.stages][1:7] == [
        "initial_review", "b", "second_review", "s", "a", "final_review",
    ]  # fmt: skip
    assert found.after["b"] == ("initial_review",)
    assert found.after["second_review"] == ("b",)
    assert found.after["s"] == ("b",)
    assert found.after["a"] == ("second_review", "s")
    assert found.after["final_review"] == ("a",)


def test_who_beside_a_stage_waits_is_waited_for_too() -> None:
    routing = choosing(ONE, add=(adding(extra("s"), beside=Anchor(level=Level.SECOND_REVIEW)),))
    found = extended(STANDARD, routing)
    assert set(found.after["final_review"]) == {"second_review", "s"}
    assert found.after["s"] == ("initial_review",)


def test_apart_from_adds_distinct_sets_of_two() -> None:
    stage = adding(extra("x"), before=Anchor(kind=StageKind.SIGN_OFF))
    apart = stage.model_copy(
        update={
            "apart_from": (
                Anchor(level=Level.INITIAL_REVIEW),
                Anchor(stage="third_proof"),
                Anchor(stage="no"),
            )
        }
    )
    found = extended(STANDARD, choosing(ONE, add=(apart,)))
    assert found.distinct_from["x"] == {"initial_review", "third_proof"}
    assert "third_proof" not in found.distinct_from["initial_review"]
    other = stage.model_copy(update={"workflows": ("county_bureau",)})
    assert extended(STANDARD, choosing(ONE, add=(other,))).by_key.keys() == STANDARD.by_key.keys()


def made_of(workflow: Workflow, **fields: object) -> Workflow:
    return Workflow.model_validate(
        {**{name: getattr(workflow, name) for name in Workflow.model_fields}, **fields}
    )


def test_what_takes_something_away_is_seen() -> None:
    stages = STANDARD.stages
    assert only_adds(STANDARD, STANDARD)
    assert only_adds(STANDARD, made_of(STANDARD, title="又"))
    early = tuple(
        stage.model_copy(update={"after": ()}) if stage.key == "third_proof" else stage for stage in stages
    )
    other = tuple(
        stage.model_copy(update={"rounds": 9}) if stage.key == "third_proof" else stage for stage in stages
    )
    for changed in (
        made_of(STANDARD, stages=stages[:-1]),
        made_of(STANDARD, distinct=()),
        made_of(STANDARD, stages=(*stages, extra("free", after=()))),
        made_of(STANDARD, stages=early),
        made_of(STANDARD, stages=other),
    ):
        assert not only_adds(STANDARD, changed)


anchor = st.one_of(
    st.sampled_from(list(Level)).map(lambda level: Anchor(level=level)),
    st.sampled_from([kind for kind in StageKind if kind is not StageKind.RULE_CHECK]).map(
        lambda kind: Anchor(kind=kind)
    ),
    st.sampled_from(
        sorted({key for workflow in WORKFLOWS.values() for key in workflow.by_key} - {"rule_check"})
    ).map(lambda key: Anchor(stage=key)),
)
condition = st.builds(
    When,
    flags=st.sampled_from([("f",), ("g", "h")]),
    classes=st.sampled_from([(), ("A",)]),
    facts=st.sampled_from([(), ("names_leader",)]),
)


@st.composite
def additions(draw: st.DrawFn) -> tuple[Addition, ...]:
    found = []
    for number in range(draw(st.integers(1, 5))):
        place = draw(st.sampled_from(["before", "after", "beside"]))
        per = draw(st.sampled_from(["draft", "channel"]))
        found.append(
            Addition(
                rule=f"rule{number}",
                title="规则",
                when=draw(condition),
                stage=extra(f"added{number}", per=per),
                apart_from=tuple(draw(st.lists(anchor, max_size=2))),
                **{place: draw(anchor)},
            )
        )
    return tuple(found)


@settings(deadline=None)
@given(key=st.sampled_from(sorted(FOR_ALL)), add=additions())
def test_stages_are_only_ever_added(key: str, add: tuple[Addition, ...]) -> None:
    workflow = WORKFLOWS[key]
    found = extended(workflow, choosing(ONE, add=add))
    assert only_adds(workflow, found)
    assert set(workflow.by_key) <= set(found.by_key)
    for level in REVIEW_LEVELS:
        assert any(level in stage.levels and stage.applies_if is None for stage in found.stages)
    # Two additions may be placed after the permission to publish; the linter refuses that and nothing else.
    codes = {fault.code for fault in check(found)}
    assert codes <= {"signed_too_early"}
    for stage in found.stages:
        assert stage.key not in found.ancestors[stage.key]
        if stage.key not in workflow.by_key:
            assert stage.added_by is not None
            assert stage.applies_if is not None


@settings(deadline=None)
@given(
    add=additions(),
    grade=st.sampled_from([None, "A"]),
    flags=st.frozensets(st.sampled_from("fgh")),
    found=st.frozensets(st.just("names_leader")),
)
def test_a_draft_is_cleared_only_with_its_three_reviews_whatever_is_added(
    add: tuple[Addition, ...], grade: str | None, flags: frozenset[str], found: frozenset[str]
) -> None:
    routing = choosing(ONE, add=add)
    case = draft(grade=grade, flags=flags, found=found)
    routed = route(case, routing, WORKFLOWS)
    hand = Hand(workflow=routed.workflow, case=case)
    cast = {
        "initial_review": FIRST, "second_review": SECOND, "final_review": FINAL, "first_proof": PROOFS[0],
        "second_proof": PROOFS[1], "third_proof": PROOFS[2], "confirm_marks": PROOFS[3],
        "sign_off": PUBLISHER,
    }  # fmt: skip
    hand.submit()
    helpers = 0
    while hand.case.state is not CaseState.CLEARED:
        if any(run.state is StageState.WAITING for run in hand.case.current().values()):
            hand.bind("wechat")
            continue
        stage, line = min(hand.open())
        helpers += 1
        actor = cast.get(stage) or replace(SECOND, person=f"helper{helpers}")
        hand.approve(stage, actor, line)
    applies = {one.stage for one in routed.added}
    for run in hand.case.current().values():
        if run.stage in {one.stage for one in routed.placed}:
            assert (run.state is StageState.PASSED) == (run.stage in applies)
        elif run.stage != "rule_check":
            assert run.state is StageState.PASSED
    assert hand.state("initial_review") is hand.state("second_review") is hand.state("final_review")


def _cuts(text: str, start: int, end: int) -> bool:
    return clearly_cuts_a_word(text, start, end, usage())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("社区长者食堂开业，全市长期护理保险试点，建立全县长效机制。", []),
        ("市长三角办、校友会总理事会、全省长途客运", []),
        ("辖区长大的孩子，县长江路改造，餐厅长期营业，公安局长沙分局", []),
        ("亚太地区长治久安，浙江省长兴县，本县长寿老人，园区长势喜人", []),
        ("习近平总书记高度重视。", ["word:总书记"]),
        ("总理期待合作，两国总理达成共识。", ["word:总理"]),
        ("清河市长江涛出席，区长假期走访，县长高度评价", ["word:市长", "word:县长", "word:区长"]),
        ("副市长安某部署", ["word:市长", "word:副市长"]),
        ("市长到会。", ["word:市长"]),
        ("全市长期坚持，副市长安排部署，区长春节期间走访", ["word:市长", "word:副市长", "word:区长"]),
        ("局长", ["word:局长"]),
    ],
)
def test_a_word_that_only_ends_in_another_word_tells_of_nobody(text: str, told: list[str]) -> None:
    assert facts_in(document(text), SHIPPED, cuts=_cuts).get("names_leader", []) == told


def test_without_a_lexicon_every_word_counts() -> None:
    assert facts_in(document("社区长者食堂开业"), SHIPPED)["names_leader"] == ["word:区长"]
