"""Whether people can fill a workflow: matchings, Hall's condition, and sets that share stages."""

from itertools import permutations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.vocabulary import Role, StageKind
from app.domain.workflow import Grant, Participant, Stage, Who, Workflow, lint
from app.domain.workflow.conditions import When
from app.domain.workflow.definition import DistinctSet
from app.domain.workflow.needs import AtLeast, Need
from app.domain.workflow.staffing import shortages, stuck_authors, vacant
from tests.domain.test_lint import GOOD
from tests.domain.walks import person

EDITOR, ONE, TWO, THREE, SIGN = (
    person("editor", Role.EDITOR),
    person("one", Role.INITIAL_REVIEWER),
    person("two", Role.SECOND_REVIEWER),
    person("three", Role.FINAL_REVIEWER),
    person("sign", Role.PUBLISHER),
)
ENOUGH = (EDITOR, ONE, TWO, THREE, SIGN)


def stage(key: str, *who: Who, need: Need = "any", **more: object) -> Stage:
    return Stage(key=key, title=key, kind=StageKind.CONSULT, who=who, need=need, **more)  # type: ignore[arg-type]


def workflow(*stages: Stage, distinct: tuple[tuple[str, ...], ...] = ()) -> Workflow:
    sets = tuple(DistinctSet(name="/".join(keys), stages=keys) for keys in distinct)
    return Workflow(version=1, key="w", title="w", stages=stages, distinct=sets)


def post(name: str, *posts: str, **more: object) -> Participant:
    return Participant(person=name, name=name, posts=frozenset(posts), **more)  # type: ignore[arg-type]


def test_a_file_and_the_people_who_now_hold_the_roles() -> None:
    assert lint(GOOD, people=ENOUGH).faults == ()
    (fault,) = lint(GOOD, people=[*ENOUGH[:4]]).faults
    assert (fault.line, fault.key, fault.code) == (25, "stages.4.who", "nobody_holds_it")
    both = person("both", Role.SECOND_REVIEWER, Role.FINAL_REVIEWER)
    (fault,) = lint(GOOD, people=[EDITOR, ONE, both, SIGN]).faults
    assert (fault.line, fault.key, fault.code) == (27, "distinct.0", "too_few_people_for_set")
    assert fault.data == {"names": ["三审"], "stages": ["two", "three"], "people": ["both"], "needed": 2}


def test_persons_and_posts_that_nobody_is_or_holds_are_named() -> None:
    who = "    who: {role: second_reviewer}\n"
    assert GOOD.count(who) == 1
    more = "      - {role: second_reviewer}\n      - {person: gone}\n      - {post: 主编}\n"
    text = GOOD.replace(who, f"    who:\n{more}")
    assert lint(text).faults == ()
    faults = lint(text, people=ENOUGH).faults
    assert [(fault.key, fault.code, fault.data) for fault in faults] == [
        ("stages.2.who", "persons_unknown", {"stage": "two", "persons": ["gone"]}),
        ("stages.2.who", "posts_unheld", {"stage": "two", "posts": ["主编"]}),
    ]
    there = [*ENOUGH, post("gone", "主编")]
    assert lint(text, people=there).faults == ()


def test_every_fault_of_the_people_at_once() -> None:
    faults = lint(GOOD, people=[]).faults
    assert [fault.data["stage"] for fault in faults] == ["one", "two", "three", "sign"]


def test_one_person_in_two_roles_is_no_shortage_while_another_is_there() -> None:
    people = [ONE, person("all", *list(Role)[1:4]), TWO, SIGN, EDITOR]
    assert lint(GOOD, people=people).faults == ()


def test_the_witness_is_hall_s() -> None:
    flow = workflow(
        *(stage(key, Who(post="y" if key == "c" else "x")) for key in "abcd"),
        distinct=(("a", "b", "c", "d"),),
    )
    (short,) = shortages(flow, [post("p", "x", "y"), post("q", "x"), post("r", "y")])
    assert (short.set, short.stages, short.persons, short.needed) == (0, ("a", "b", "d"), ("p", "q"), 3)
    assert shortages(flow, [post("p", "x", "y"), post("q", "x"), post("r", "y"), post("s", "x")]) == ()


def test_quorums_take_as_many_seats_as_they_need() -> None:
    two = workflow(
        stage("a", Who(post="x"), need=AtLeast(at_least=2)), stage("b", Who(post="x")), distinct=(("a", "b"),)
    )
    people = [post("p", "x"), post("q", "x")]
    assert shortages(two, people)[0].needed == 3
    assert shortages(two, [*people, post("r", "x")]) == ()
    everybody = workflow(
        stage("a", Who(post="x"), need="all"), stage("b", Who(post="x")), distinct=(("a", "b"),)
    )
    assert shortages(everybody, [*people, post("r", "x")]) != ()
    assert shortages(everybody, [*people, post("r", "x", "y")]) != ()
    benches = workflow(
        stage("a", Who(post="x", group="one"), Who(post="y", group="two"), need="one_of_each"),
        stage("b", Who(post="y")),
        distinct=(("a", "b"),),
    )
    assert vacant(benches, people) == {"a": {}, "b": {}}
    assert shortages(benches, [*people, post("r", "y")]) != ()
    assert shortages(benches, [*people, post("r", "y"), post("s", "y")]) == ()


def test_sets_that_share_stages_can_fail_together_only() -> None:
    flow = workflow(
        stage("a", Who(post="x")), stage("b", Who(post="x")), stage("c", Who(post="x")),
        distinct=(("a", "b"), ("b", "c"), ("a", "c")),
    )  # fmt: skip
    people = [post("p", "x"), post("q", "x")]
    (short,) = shortages(flow, people)
    assert (short.set, short.stages, short.needed) == (None, ("a", "b", "c"), 3)
    assert shortages(flow, [*people, post("r", "x")]) == ()
    text = GOOD.replace("[one, two, three]}", "[one, two, three]}\n  - {name: 又, stages: [three, sign]}")
    assert lint(text, people=ENOUGH).faults == ()


def test_a_shortage_in_some_drafts_only_says_in_which() -> None:
    flow = workflow(
        stage("a", Who(post="x")),
        stage("b", Who(post="x"), applies_if=When(classes=("A",))),
        distinct=(("a", "b"),),
    )
    (short,) = shortages(flow, [post("p", "x")])
    assert short.draft == {"class": "A"}
    by_channel = workflow(stage("a", Who(post="x", when=When(channels=("w",))), Who(post="y"), per="channel"))
    assert vacant(by_channel, [post("p", "x")]) == {"a": {"channels": [""]}}


def test_roles_for_one_channel_are_asked_of_that_channel() -> None:
    sign = stage("a", Who(role=Role.PUBLISHER, scope="channel"), per="channel")
    flow = workflow(sign)
    one = Participant("p", "p", grants=(Grant(Role.PUBLISHER, channel="wechat"),))
    assert vacant(flow, [one]) == {}
    two = [one, Participant("q", "q", grants=(Grant(Role.EDITOR, channel="journal"),))]
    assert set(vacant(flow, two)) == {"a"}


def test_outside_experts_and_the_author_are_nobody_s_shortage() -> None:
    flow = workflow(
        stage("self", Who(author=True), author_may_act=True),
        stage("panel", Who(outside=True), need=AtLeast(at_least=3)),
        stage("head", Who(head_of_author=True)),
        distinct=(("self", "panel", "head"),),
    )
    assert vacant(flow, []) == {"head": {}}
    assert shortages(flow, [post("h", heads_author=True)]) == ()


def test_who_could_not_get_their_own_draft_through() -> None:
    flow = lint(GOOD).workflow
    assert flow is not None
    writer = person("writer", Role.EDITOR, Role.SECOND_REVIEWER)
    assert stuck_authors(flow, [*ENOUGH, writer]) == {}
    assert stuck_authors(flow, [EDITOR, ONE, writer, THREE, SIGN]) == {"writer": ("two",)}
    both = person("both", Role.SECOND_REVIEWER, Role.FINAL_REVIEWER)
    third = person("third", Role.EDITOR, Role.FINAL_REVIEWER)
    assert stuck_authors(flow, [EDITOR, ONE, both, third, SIGN]) == {"third": ("two", "three")}


@settings(deadline=None)
@given(
    seats=st.lists(st.sets(st.sampled_from("pqrs"), min_size=1), min_size=2, max_size=4),
    pairs=st.sets(st.sampled_from([(0, 1), (1, 2), (2, 3), (0, 2), (0, 3), (1, 3), (0, 1, 2), (0, 1, 2, 3)])),
)
def test_it_agrees_with_trying_every_way(seats: list[set[str]], pairs: set[tuple[int, ...]]) -> None:
    names = [f"s{index}" for index in range(len(seats))]
    sets = tuple(tuple(names[index] for index in pair) for pair in sorted(pairs) if max(pair) < len(seats))
    flow = workflow(*(stage(name, Who(post=name)) for name in names), distinct=sets)
    people = [
        post(name, *(seat for seat, persons in zip(names, seats, strict=True) if name in persons))
        for name in "pqrs"
    ]
    ways = product(*map(sorted, seats))
    possible = any(
        all(len({way[names.index(key)] for key in group}) == len(group) for group in sets) for way in ways
    )
    assert (shortages(flow, people) == ()) == possible


@settings(deadline=None)
@given(holders=st.lists(st.sets(st.sampled_from("pqr")), min_size=3, max_size=3))
def test_three_reviews_need_three_people(holders: list[set[str]]) -> None:
    roles = (Role.INITIAL_REVIEWER, Role.SECOND_REVIEWER, Role.FINAL_REVIEWER)
    people = [
        person(name, *(role for role, names in zip(roles, holders, strict=True) if name in names))
        for name in "pqr"
    ]
    can = any(
        all(name in names for name, names in zip(way, holders, strict=True)) for way in permutations("pqr")
    )
    assert (lint(GOOD, people=[*people, SIGN]).faults == ()) == can
