import pytest

from app.domain import roles
from app.domain.vocabulary import Role


def test_higher_reviewers_include_lower_duties() -> None:
    assert roles.at_least(Role.SECOND_REVIEWER) == (Role.SECOND_REVIEWER, Role.FINAL_REVIEWER)
    with pytest.raises(ValueError, match="not in tuple"):
        roles.at_least(Role.EDITOR)


def test_who_sees_and_who_decides() -> None:
    assert {Role.READER} == roles.SEEING - roles.DECIDING
    assert not roles.FOR_MACHINES & roles.DECIDING
