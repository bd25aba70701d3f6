"""What a staff list says of one person."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StaffRow:
    """One line of a staff list, by the words of its columns; `number` is its line in the file, from 1.

    `unit` and `role_unit` are names of units, empty for the importer's own and for `unit`; one that is not
    there is made below the one named `above`. `roles` are names of roles as people read them.
    """

    number: int
    name: str
    login: str
    unit: str = ""
    above: str = ""
    email: str = ""
    roles: tuple[str, ...] = ()
    role_unit: str = ""
