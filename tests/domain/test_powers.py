"""What one account may act by: every set of roles, posts and delegations, in whatever order it came about."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from app.domain.delegations import Held
from app.domain.powers import PowerFault, Powers, conflicts, usable, within
from app.domain.roles import DECIDING, FOR_MACHINES, UserKind
from app.domain.vocabulary import ADMINISTRATORS, Role

P, S = UserKind.PERSON, UserKind.SERVICE


def held(*roles: Role, over: str = "/a/") -> tuple[Held, ...]:
    return tuple(Held(role, over) for role in roles)


def faults(powers: Powers) -> list[PowerFault]:
    return [one.fault for one in conflicts(powers)]


@pytest.mark.parametrize(("one", "other"), list(itertools.product(Role, Role)))
def test_an_administrator_stands_alone(one: Role, other: Role) -> None:
    found = conflicts(Powers(P, held(one) + held(other, over="/b/")))

    assert bool(found) is bool({one, other} & ADMINISTRATORS)
    assert all(set(each.roles) == {one, other} for each in found)


@pytest.mark.parametrize("role", list(Role))
def test_one_role_alone_is_free_for_people(role: Role) -> None:
    assert conflicts(Powers(P, held(role))) == ()


@pytest.mark.parametrize("office", sorted(ADMINISTRATORS))
def test_an_administrator_has_no_post_and_takes_and_gives_no_place(office: Role) -> None:
    alone = Powers(P, held(office))

    assert faults(replace(alone, posts=("/a/",))) == [PowerFault.ADMINISTRATOR_HAS_POST]
    assert faults(replace(alone, received=("x",))) == [PowerFault.ADMINISTRATOR_STANDS_IN]
    assert faults(replace(alone, given=("x",))) == [PowerFault.ADMINISTRATOR_REPRESENTED]


@pytest.mark.parametrize("role", list(Role))
def test_a_machine_hands_in_and_reads(role: Role) -> None:
    found = faults(Powers(S, held(role)))

    assert (PowerFault.PERSON_ONLY in found) is (role not in {Role.EDITOR, Role.READER})


@pytest.mark.parametrize("more", [{"posts": ("/a/",)}, {"received": ("x",)}, {"given": ("x",)}])
def test_machines_and_people_outside_have_neither_posts_nor_delegations(more: dict[str, tuple[str]]) -> None:
    assert faults(Powers(S, held(Role.EDITOR), **more)) == [PowerFault.PERSON_ONLY]
    assert faults(Powers(UserKind.OUTSIDE, **more)) == [PowerFault.OUTSIDE_BY_LINK]
    assert conflicts(Powers(P, held(*DECIDING, Role.EDITOR), **more)) == ()


def test_all_reasons_are_told_at_once() -> None:
    everything = Powers(S, held(Role.AUDIT_ADMIN, Role.FINAL_REVIEWER), ("/a/",), ("x",), ("y",))

    assert faults(everything) == [
        PowerFault.ADMINISTRATOR_EXCLUDES,
        PowerFault.ADMINISTRATOR_HAS_POST,
        PowerFault.ADMINISTRATOR_STANDS_IN,
        PowerFault.ADMINISTRATOR_REPRESENTED,
        PowerFault.PERSON_ONLY,
    ]


@pytest.mark.parametrize(
    ("areas", "inside"),
    [(("/a/",), True), (("/a/b/",), False), (("/a/b/", "/a/c/"), True), (("/b/",), False), ((), False)],
)
def test_reach_is_judged_by_every_power(areas: tuple[str, ...], inside: bool) -> None:
    powers = Powers(P, held(Role.EDITOR, over="/a/b/"), posts=("/a/c/d/",))

    assert within(powers, areas) is inside
    assert within(Powers(P), areas)


SETS = st.builds(
    Powers,
    st.sampled_from(UserKind),
    st.lists(st.builds(Held, st.sampled_from(Role), st.sampled_from(["/a/", "/b/"])), max_size=4).map(tuple),
    st.lists(st.just("/a/"), max_size=1).map(tuple),
    st.lists(st.just("x"), max_size=1).map(tuple),
    st.lists(st.just("y"), max_size=1).map(tuple),
)


@given(SETS)
def test_what_is_used_never_conflicts_whatever_the_tables_say(powers: Powers) -> None:
    used = usable(powers)

    assert conflicts(used) == ()
    assert set(used.held) <= set(powers.held)
    assert (used == powers) is (conflicts(powers) == ())
    if powers.kind is S:
        assert used.roles <= FOR_MACHINES
    if used.roles & ADMINISTRATORS:
        assert not used.roles & DECIDING


class Orders(RuleBasedStateMachine):
    """Three accounts, to which everything is given and taken in any order: nothing forbidden comes about."""

    NAMES = ("a", "b", "m")

    def __init__(self) -> None:
        super().__init__()
        self.of = {name: Powers(S if name == "m" else P) for name in self.NAMES}

    def _give(self, **wanted: Powers) -> None:
        if not any(conflicts(one) for one in wanted.values()):
            self.of |= wanted

    @rule(who=st.sampled_from(NAMES), role=st.sampled_from(Role), over=st.sampled_from(["/a/", "/a/b/"]))
    def grant(self, who: str, role: Role, over: str) -> None:
        mine = self.of[who]
        self._give(**{who: replace(mine, held=(*mine.held, Held(role, over)))})

    @rule(who=st.sampled_from(NAMES), which=st.integers(0, 5))
    def revoke(self, who: str, which: int) -> None:
        mine = self.of[who]
        self.of[who] = replace(mine, held=mine.held[:which] + mine.held[which + 1 :])

    @rule(who=st.sampled_from(NAMES), posts=st.sampled_from([(), ("/a/",)]))
    def post(self, who: str, posts: tuple[str, ...]) -> None:
        self._give(**{who: replace(self.of[who], posts=posts)})

    @rule(who=st.sampled_from(NAMES), to=st.sampled_from(NAMES))
    def delegate(self, who: str, to: str) -> None:
        if who != to:
            mine, theirs = self.of[who], self.of[to]
            self._give(
                **{
                    who: replace(mine, given=(*mine.given, to)),
                    to: replace(theirs, received=(*theirs.received, who)),
                }
            )

    @rule(who=st.sampled_from(NAMES))
    def end(self, who: str) -> None:
        self.of[who] = replace(self.of[who], given=())
        for other, powers in self.of.items():
            left = tuple(one for one in powers.received if one != who)
            self.of[other] = replace(powers, received=left)

    @invariant()
    def no_administrator_reviews_and_no_machine_decides(self) -> None:
        for powers in self.of.values():
            if powers.roles & ADMINISTRATORS:
                assert len(powers.held) == 1
                assert (powers.posts, powers.received, powers.given) == ((), (), ())
            if powers.kind is S:
                assert powers.roles <= FOR_MACHINES
                assert (powers.posts, powers.received, powers.given) == ((), (), ())


TestOrders = Orders.TestCase
