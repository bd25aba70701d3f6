"""What the roles are: who answers by name, who sees drafts, who reviews, and what a machine may hold.

Which of them exclude each other, and what else does, is asked in `powers`.
"""

from enum import StrEnum

from app.domain.vocabulary import Role

#: Reviewers from the lowest to the highest.
REVIEWERS = (Role.INITIAL_REVIEWER, Role.SECOND_REVIEWER, Role.FINAL_REVIEWER)

#: Roles whose holders decide about texts of their scope, and see them.
DECIDING = frozenset({*REVIEWERS, Role.PROOFREADER, Role.PUBLISHER})

#: Roles that let their holder see the drafts within their scope.
SEEING = DECIDING | {Role.READER}

#: All that a machine may hold: handing drafts in, and reading. People decide, not machines.
FOR_MACHINES = frozenset({Role.EDITOR, Role.READER})


class UserKind(StrEnum):
    """A natural person, a tool that acts through the API, or somebody outside who signs by a link.

    Whoever is outside never signs in and holds no role: the account is a person's place in the record.
    """

    PERSON = "person"
    SERVICE = "service"
    OUTSIDE = "outside"


def at_least(role: Role) -> tuple[Role, ...]:
    """Return the reviewers' roles from `role` upwards. Raises `ValueError` for another role."""
    return REVIEWERS[REVIEWERS.index(role) :]
