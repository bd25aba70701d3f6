"""Acting for another: when it can be given, for whom somebody acts, and how far it reaches."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.delegations import (
    LONGEST_CHAIN,
    LONGEST_DAYS,
    DelegationFault,
    Held,
    Link,
    Scope,
    chains,
    faults,
    narrowed,
)
from app.domain.vocabulary import Role

TODAY = date(2026, 3, 2)
F = DelegationFault


def link(principal: str, delegate: str, start: int = 0, days: int = 5, scope: Scope = Scope()) -> Link:  # noqa: B008 – frozen
    first = TODAY + timedelta(days=start)
    return Link(principal, delegate, first, first + timedelta(days=days), scope)


@pytest.mark.parametrize(
    ("new", "others", "expected"),
    [
        (link("a", "b"), [], set()),
        (link("a", "a"), [], {F.TO_ONESELF}),
        (link("a", "b", days=-1), [], {F.ENDS_BEFORE_IT_STARTS}),
        (link("a", "b", start=-1), [], {F.STARTS_IN_THE_PAST}),
        (link("a", "b", days=LONGEST_DAYS - 1), [], set()),
        (link("a", "b", days=LONGEST_DAYS), [], {F.TOO_LONG}),
        (link("a", "b", scope=Scope(roles=frozenset({Role.EDITOR}))), [], {F.ROLE_NOT_DELEGABLE}),
        (link("a", "b", scope=Scope(roles=frozenset({Role.SECURITY_ADMIN}))), [], {F.ROLE_NOT_DELEGABLE}),
        # passed on once, not twice
        (link("b", "c"), [link("a", "b")], set()),
        (link("c", "d"), [link("a", "b"), link("b", "c")], {F.CHAIN_TOO_LONG}),
        (link("a", "b"), [link("b", "c"), link("c", "d")], {F.CHAIN_TOO_LONG}),
        (link("b", "c"), [link("a", "b"), link("c", "d")], {F.CHAIN_TOO_LONG}),
        # links that never hold together are no chain
        (link("c", "d", start=10), [link("a", "b"), link("b", "c", days=20)], set()),
        (link("b", "a"), [link("a", "b")], {F.CIRCLE}),
        (link("c", "a"), [link("a", "b"), link("b", "c")], {F.CIRCLE}),
        (link("b", "a", start=10), [link("a", "b")], set()),
    ],
)
def test_what_can_be_given(new: Link, others: list[Link], expected: set[F]) -> None:
    assert set(faults(new, others, today=TODAY)) == expected


def test_for_whom_somebody_acts() -> None:
    one, passed_on, later = link("b", "c"), link("a", "b"), link("x", "c", start=10)
    links = [one, passed_on, later]
    assert chains("c", links, on=TODAY) == ((one,), (one, passed_on))
    assert chains("b", links, on=TODAY) == ((passed_on,),)
    assert chains("c", links, on=TODAY + timedelta(days=10)) == ((later,),)
    assert chains("a", links, on=TODAY) == ()
    back = link("c", "b")
    assert chains("c", [one, back], on=TODAY) == ((one,),)


REVIEWS = Held(Role.INITIAL_REVIEWER, "/1/2/")


@pytest.mark.parametrize(
    ("held", "scope", "expected"),
    [
        (REVIEWS, Scope(), REVIEWS),
        (REVIEWS, Scope(unit_path="/1/"), REVIEWS),
        (REVIEWS, Scope(unit_path="/1/2/3/"), Held(Role.INITIAL_REVIEWER, "/1/2/3/")),
        (REVIEWS, Scope(unit_path="/1/4/"), None),
        (REVIEWS, Scope(channel="wechat", section="news"), Held(REVIEWS.role, "/1/2/", "wechat", "news")),
        (Held(REVIEWS.role, "/1/", "wechat"), Scope(channel="wechat"), Held(REVIEWS.role, "/1/", "wechat")),
        (Held(REVIEWS.role, "/1/", "wechat"), Scope(channel="website"), None),
        (Held(REVIEWS.role, "/1/", "wechat", "news"), Scope(channel="wechat", section="x"), None),
        (REVIEWS, Scope(roles=frozenset({Role.PROOFREADER})), None),
        (REVIEWS, Scope(roles=frozenset({Role.PROOFREADER, Role.INITIAL_REVIEWER})), REVIEWS),
        (Held(Role.EDITOR, "/1/"), Scope(), None),
        (Held(Role.AUDIT_ADMIN, "/1/"), Scope(roles=frozenset({Role.AUDIT_ADMIN})), None),
    ],
)
def test_how_far_it_reaches(held: Held, scope: Scope, expected: Held | None) -> None:
    assert narrowed([held], scope) == ((expected,) if expected else ())


@given(
    st.lists(
        st.builds(
            link,
            st.sampled_from("abcde"),
            st.sampled_from("abcde"),
            st.integers(0, 6),
            st.integers(0, 6),
        ),
        max_size=12,
    )
)
def test_what_was_given_is_never_a_circle_nor_a_longer_chain(asked: list[Link]) -> None:
    given_: list[Link] = []
    for one in asked:
        if not faults(one, given_, today=TODAY):
            given_.append(one)
    for day in range(14):
        on = TODAY + timedelta(days=day)
        edges = [(one.principal, one.delegate) for one in given_ if one.holds(on)]

        def longest(person: str, edges: list[tuple[str, str]] = edges, depth: int = 0) -> int:
            assert depth <= LONGEST_CHAIN
            return max((longest(to, edges, depth + 1) for of, to in edges if of == person), default=depth)

        for person in "abcde":
            assert longest(person) <= LONGEST_CHAIN
            for chain in chains(person, given_, on=on):
                assert chain[-1].principal != person
