import itertools

import pytest

from app.domain import roles
from app.domain.roles import RoleFault, UserKind
from app.domain.vocabulary import ADMINISTRATORS, Role

TRADE = sorted(set(Role) - ADMINISTRATORS)


@pytest.mark.parametrize(("held", "new"), list(itertools.product(Role, Role)))
def test_an_administrator_stands_alone(held: Role, new: Role) -> None:
    excluded = held in ADMINISTRATORS or new in ADMINISTRATORS

    found = roles.refusals(new, held={held}, kind=UserKind.PERSON)

    assert bool(found) is excluded
    assert all(one.fault is RoleFault.ADMINISTRATOR_EXCLUDES and one.held == (held,) for one in found)


@pytest.mark.parametrize("role", list(Role))
def test_the_first_role_is_free_for_people(role: Role) -> None:
    assert roles.refusals(role, held=(), kind=UserKind.PERSON) == ()


@pytest.mark.parametrize("role", list(Role))
def test_a_service_decides_nothing(role: Role) -> None:
    found = roles.refusals(role, held=(), kind=UserKind.SERVICE)

    free = {Role.EDITOR, Role.PUBLISHER, Role.POLICY_KEEPER}
    assert [one.fault for one in found] == ([] if role in free else [RoleFault.PERSON_ONLY])


def test_all_reasons_are_told_at_once() -> None:
    found = roles.refusals(Role.AUDIT_ADMIN, held=TRADE, kind=UserKind.SERVICE)

    assert [one.fault for one in found] == [RoleFault.ADMINISTRATOR_EXCLUDES, RoleFault.PERSON_ONLY]
    assert found[0].held == tuple(TRADE)


def test_higher_reviewers_include_lower_duties() -> None:
    assert roles.at_least(Role.SECOND_REVIEWER) == (Role.SECOND_REVIEWER, Role.FINAL_REVIEWER)
    with pytest.raises(ValueError, match="not in tuple"):
        roles.at_least(Role.EDITOR)
