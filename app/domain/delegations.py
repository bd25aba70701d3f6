"""Acting for another (代理): dated, scoped, passed on once at most, and never in a circle.

A delegate decides in their principal's place; both, and who stands between them, count as persons behind the
decision (`separation`). Source: docs/decisions/0028-delegation.md.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.roles import DECIDING
from app.domain.vocabulary import Role

#: What can be done for somebody else; writing is done in one's own name, and an office is nobody else's.
DELEGABLE = DECIDING
#: Links between the one who acts and the one they act for.
LONGEST_CHAIN = 2
#: A longer absence is a change of duties: then roles are given.
LONGEST_DAYS = 366
#: Days from today by which a delegation or an absence is over: nobody plans further ahead.
FURTHEST_DAYS = 2 * LONGEST_DAYS

Person = str


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a delegation holds: a unit and all below it, a channel, a section, roles; else everywhere."""

    unit_path: str | None = None
    channel: str | None = None
    section: str | None = None
    roles: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Link:
    """One delegation: `delegate` acts for `principal` from `starts_on` to `ends_on`, both days included."""

    principal: Person
    delegate: Person
    starts_on: date
    ends_on: date
    scope: Scope = Scope()

    def holds(self, on: date) -> bool:
        """Tell whether it is in force on a day."""
        return self.starts_on <= on <= self.ends_on


@dataclass(frozen=True, slots=True)
class Held:
    """A role over a unit and all below it; `None` stands for every channel, every section."""

    role: Role
    unit_path: str
    channel: str | None = None
    section: str | None = None


class DelegationFault(StrEnum):
    """Why a delegation cannot be given."""

    TO_ONESELF = "to_oneself"
    ENDS_BEFORE_IT_STARTS = "ends_before_it_starts"
    STARTS_IN_THE_PAST = "starts_in_the_past"
    TOO_LONG = "too_long"
    TOO_FAR_AHEAD = "too_far_ahead"
    ROLE_NOT_DELEGABLE = "role_not_delegable"
    CIRCLE = "circle"
    CHAIN_TOO_LONG = "chain_too_long"


def faults(new: Link, others: Collection[Link], *, today: date) -> tuple[DelegationFault, ...]:
    """Return every reason why `new` cannot be given beside the delegations that stand; none when it can.

    Chains and circles count where all their links hold on one day; what they are for is not asked, so that
    the answer does not change with somebody's roles.
    """
    checks = (
        (new.principal == new.delegate, DelegationFault.TO_ONESELF),
        (new.ends_on < new.starts_on, DelegationFault.ENDS_BEFORE_IT_STARTS),
        (new.starts_on < today, DelegationFault.STARTS_IN_THE_PAST),
        ((new.ends_on - new.starts_on).days >= LONGEST_DAYS, DelegationFault.TOO_LONG),
        ((new.ends_on - today).days > FURTHEST_DAYS, DelegationFault.TOO_FAR_AHEAD),
        (not new.scope.roles <= DELEGABLE, DelegationFault.ROLE_NOT_DELEGABLE),
    )
    wrongs = [fault for wrong, fault in checks if wrong]
    if new.principal != new.delegate and new.starts_on <= new.ends_on:
        ways = tuple(_through(new, others))
        if any(_is_circle(way) for way in ways):
            wrongs.append(DelegationFault.CIRCLE)
        if any(len(way) > LONGEST_CHAIN and not _is_circle(way) for way in ways):
            wrongs.append(DelegationFault.CHAIN_TOO_LONG)
    return tuple(wrongs)


def _is_circle(way: tuple[Link, ...]) -> bool:
    people = [way[0].principal, *(link.delegate for link in way)]
    return len(set(people)) < len(people)


def _through(new: Link, others: Collection[Link]) -> Iterator[tuple[Link, ...]]:
    """Yield every way over `new`, from principal to delegate, whose links all hold on one day."""
    for above in _ways(new, others, upwards=True):
        for below in _ways(new, others, upwards=False):
            way = (*reversed(above), new, *below)
            if max(link.starts_on for link in way) <= min(link.ends_on for link in way):
                yield way


def _ways(start: Link, others: Collection[Link], *, upwards: bool) -> Iterator[tuple[Link, ...]]:
    yield ()
    for link in others:
        joins = link.delegate == start.principal if upwards else link.principal == start.delegate
        if joins:
            yield (link,)
            for further in others:
                on = further.delegate == link.principal if upwards else further.principal == link.delegate
                if on and further is not link:
                    yield (link, further)


def chains(delegate: Person, links: Collection[Link], *, on: date) -> tuple[tuple[Link, ...], ...]:
    """Return for whom somebody acts on a day: each chain of links from the nearest to the principal's own.

    Empty for nobody. A chain has one link, or two where the nearer principal passes on what was given them.
    """
    chains_found: list[tuple[Link, ...]] = []
    holding = [link for link in links if link.holds(on)]
    for link in holding:
        if link.delegate != delegate:
            continue
        chains_found.append((link,))
        chains_found += [
            (link, further)
            for further in holding
            if further.delegate == link.principal and further.principal != delegate
        ]
    return tuple(chains_found)


def narrowed(held: Collection[Held], scope: Scope) -> tuple[Held, ...]:
    """Return what of these roles falls into a scope, each cut down to it; empty when nothing does."""
    roles = scope.roles or DELEGABLE
    cut = (_cut(grant, scope) for grant in held if grant.role in roles & DELEGABLE)
    return tuple(grant for grant in cut if grant is not None)


def _cut(held: Held, scope: Scope) -> Held | None:
    path = held.unit_path
    if scope.unit_path is not None and not path.startswith(scope.unit_path):
        if not scope.unit_path.startswith(path):
            return None
        path = scope.unit_path
    if not _meet(held.channel, scope.channel) or not _meet(held.section, scope.section):
        return None
    return Held(held.role, path, held.channel or scope.channel, held.section or scope.section)


def _meet(place: str | None, other: str | None) -> bool:
    return place is None or other is None or place == other
