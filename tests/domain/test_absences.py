"""Which days out of office can be entered."""

from datetime import date, timedelta

import pytest

from app.domain.absences import AbsenceFault, Days, faults

TODAY = date(2026, 3, 2)
F = AbsenceFault


def days(first: int, last: int) -> Days:
    return Days(TODAY + timedelta(days=first), TODAY + timedelta(days=last))


@pytest.mark.parametrize(
    ("new", "others", "expected"),
    [
        (days(0, 0), [], ()),
        (days(0, 365), [], ()),
        (days(0, 366), [], (F.TOO_LONG,)),
        (days(700, 732), [], ()),
        (days(700, 733), [], (F.TOO_FAR_AHEAD,)),
        (days(2_912_000, 2_912_300), [], (F.TOO_FAR_AHEAD,)),
        (days(0, 2_912_300), [], (F.TOO_LONG, F.TOO_FAR_AHEAD)),
        (days(-1, 0), [], (F.STARTS_IN_THE_PAST,)),
        (days(2, 1), [], (F.ENDS_BEFORE_IT_STARTS,)),
        (days(3, 4), [days(0, 2), days(5, 6)], ()),
        (days(2, 4), [days(0, 2)], (F.OVERLAPS,)),
        (days(0, 9), [days(3, 4)], (F.OVERLAPS,)),
        (days(-2, 500), [days(0, 0)], (F.STARTS_IN_THE_PAST, F.TOO_LONG, F.OVERLAPS)),
    ],
)
def test_every_reason_is_told(new: Days, others: list[Days], expected: tuple[AbsenceFault, ...]) -> None:
    assert faults(new, others, today=TODAY) == expected
