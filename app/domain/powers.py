"""Everything that lets one account act, looked at together: 三员分立, and people decide, not machines.

Roles, posts and delegations are given in different places and in any order. What they must not come to is
asked here of the whole set: before each of them is given, and again, by `usable`, whenever somebody acts.
Source: GB/T 22239-2019, 8.1.5 (系统管理、审计管理、安全管理);
docs/decisions/0049-powers-are-looked-at-together.md.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from app.domain.delegations import Held
from app.domain.roles import FOR_MACHINES, UserKind
from app.domain.vocabulary import ADMINISTRATORS, Role


@dataclass(frozen=True, slots=True)
class Powers:
    """What an account can act by.

    `held` are its roles; `posts` the unit paths of its posts; `received` the persons whose place it takes or
    is to take, by delegations that are not over; `given` those who take, or are to take, its own.
    """

    kind: UserKind
    held: tuple[Held, ...] = ()
    posts: tuple[str, ...] = ()
    received: tuple[str, ...] = ()
    given: tuple[str, ...] = ()

    @property
    def roles(self) -> frozenset[Role]:
        """The roles held anywhere."""
        return frozenset(held.role for held in self.held)


class PowerFault(StrEnum):
    """Why powers cannot stand together in one account."""

    ADMINISTRATOR_EXCLUDES = "administrator_excludes"
    ADMINISTRATOR_HAS_POST = "administrator_has_post"
    ADMINISTRATOR_STANDS_IN = "administrator_stands_in"
    ADMINISTRATOR_REPRESENTED = "administrator_represented"
    PERSON_ONLY = "person_only"
    OUTSIDE_BY_LINK = "outside_by_link"


@dataclass(frozen=True, slots=True)
class PowerConflict:
    """One reason why a set of powers cannot be; `roles` are those that the reason is about, sorted."""

    fault: PowerFault
    roles: tuple[Role, ...] = ()


def conflicts(powers: Powers) -> tuple[PowerConflict, ...]:
    """Return every reason why these powers cannot be one account's together; empty when they can.

    An administrator holds one office once, and beside it no role, no post and no place of another's; a
    machine only what `FOR_MACHINES` names; whoever signs by a link nothing at all.
    """
    conflicting = []
    offices = powers.roles & ADMINISTRATORS
    if offices:
        if len(powers.held) > 1:
            conflicting.append(PowerConflict(PowerFault.ADMINISTRATOR_EXCLUDES, tuple(sorted(powers.roles))))
        others = (
            (powers.posts, PowerFault.ADMINISTRATOR_HAS_POST),
            (powers.received, PowerFault.ADMINISTRATOR_STANDS_IN),
            (powers.given, PowerFault.ADMINISTRATOR_REPRESENTED),
        )
        conflicting += [PowerConflict(fault, tuple(sorted(offices))) for some, fault in others if some]
    beside_roles = bool(powers.posts or powers.received or powers.given)
    if powers.kind is UserKind.SERVICE:
        personal = tuple(sorted(powers.roles - FOR_MACHINES))
        if personal or beside_roles:
            conflicting.append(PowerConflict(PowerFault.PERSON_ONLY, personal))
    if powers.kind is UserKind.OUTSIDE and (powers.held or beside_roles):
        conflicting.append(PowerConflict(PowerFault.OUTSIDE_BY_LINK, tuple(sorted(powers.roles))))
    return tuple(conflicting)


def usable(powers: Powers) -> Powers:
    """Return what of a set may be used; all of it where nothing in it conflicts.

    Nobody should be able to make another set; were one there all the same (an older installation, a hand in
    the tables), an administrator keeps the office alone, with more than one office none, a machine what
    machines may hold. The answer never conflicts.
    """
    if not conflicts(powers):
        return powers
    held = powers.held
    if powers.kind is UserKind.OUTSIDE:
        held = ()
    if powers.kind is UserKind.SERVICE:
        held = tuple(grant for grant in held if grant.role in FOR_MACHINES)
    elif offices := tuple(grant for grant in held if grant.role in ADMINISTRATORS):
        held = offices if len(offices) == 1 else ()
    elif powers.kind is UserKind.PERSON:
        return powers
    return replace(powers, held=held, posts=(), received=(), given=())


def within(powers: Powers, areas: tuple[str, ...]) -> bool:
    """Say whether all that an account can act by lies in units at or below one of `areas` (unit paths).

    Whoever keeps accounts may touch one only where this holds: the desk of the account says nothing of it.
    """
    places = (*(grant.unit_path for grant in powers.held), *powers.posts)
    return all(any(place.startswith(area) for area in areas) for place in places)
