"""Who may hold which roles together: the three administrators stand apart, and people decide, not machines.

Source: GB/T 22239-2019, 8.1.5 (系统管理、审计管理、安全管理), 三员分立.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.domain.vocabulary import ADMINISTRATORS, Role

#: Roles whose holder answers for a text with a natural person's name.
PERSONAL = frozenset(
    {
        Role.INITIAL_REVIEWER,
        Role.SECOND_REVIEWER,
        Role.FINAL_REVIEWER,
        Role.PROOFREADER,
        *ADMINISTRATORS,
    }
)

#: Reviewers from the lowest to the highest.
REVIEWERS = (Role.INITIAL_REVIEWER, Role.SECOND_REVIEWER, Role.FINAL_REVIEWER)

#: Roles that let their holder see the drafts within their scope.
SEEING = frozenset({*REVIEWERS, Role.PROOFREADER, Role.PUBLISHER})


class UserKind(StrEnum):
    """A natural person, a tool that acts through the API, or somebody outside who signs by a link.

    Whoever is outside never signs in and holds no role: the account is a person's place in the record.
    """

    PERSON = "person"
    SERVICE = "service"
    OUTSIDE = "outside"


class RoleFault(StrEnum):
    """Why a role cannot be added to those that a user holds."""

    ADMINISTRATOR_EXCLUDES = "administrator_excludes"
    PERSON_ONLY = "person_only"


@dataclass(frozen=True, slots=True)
class RoleRefusal:
    """One reason why `role` cannot be given; `held` are the roles that exclude it, sorted, perhaps none."""

    fault: RoleFault
    role: Role
    held: tuple[Role, ...] = ()


def excluded_by(role: Role, held: Iterable[Role]) -> tuple[Role, ...]:
    """Return which of the `held` roles exclude `role`, sorted; empty when it may be added.

    An administrator excludes every other role, also the same one over another unit: one person holds one
    administrator's office.
    """
    others = set(held)
    if role in ADMINISTRATORS:
        return tuple(sorted(others))
    return tuple(sorted(others & ADMINISTRATORS))


def refusals(role: Role, *, held: Iterable[Role], kind: UserKind) -> tuple[RoleRefusal, ...]:
    """Return every reason why a user of `kind` who holds `held` may not be given `role`; else none."""
    found = []
    if excluding := excluded_by(role, held):
        found.append(RoleRefusal(RoleFault.ADMINISTRATOR_EXCLUDES, role, excluding))
    if kind is UserKind.SERVICE and role in PERSONAL:
        found.append(RoleRefusal(RoleFault.PERSON_ONLY, role))
    return tuple(found)


def at_least(role: Role) -> tuple[Role, ...]:
    """Return the reviewers' roles from `role` upwards. Raises `ValueError` for another role."""
    return REVIEWERS[REVIEWERS.index(role) :]
