"""Being out of office (外出): dated days on which somebody acts at nothing, without anybody in their place.

Source: docs/decisions/0036-out-of-office.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.delegations import FURTHEST_DAYS, LONGEST_DAYS


@dataclass(frozen=True, slots=True)
class Days:
    """Days from the first to the last, both included, in Beijing's time."""

    starts_on: date
    ends_on: date

    def meet(self, other: "Days") -> bool:
        """Tell whether these days and others have one in common."""
        return self.starts_on <= other.ends_on and other.starts_on <= self.ends_on


class AbsenceFault(StrEnum):
    """Why an absence cannot be entered."""

    ENDS_BEFORE_IT_STARTS = "ends_before_it_starts"
    STARTS_IN_THE_PAST = "starts_in_the_past"
    TOO_LONG = "absence_too_long"
    TOO_FAR_AHEAD = "too_far_ahead"
    OVERLAPS = "absence_overlaps"


def faults(new: Days, others: Iterable[Days], *, today: date) -> tuple[AbsenceFault, ...]:
    """Return every reason why `new` cannot stand beside the same person's other absences; none when it can.

    Nobody was absent after the fact: what was missed then was missed.
    """
    checks = (
        (new.ends_on < new.starts_on, AbsenceFault.ENDS_BEFORE_IT_STARTS),
        (new.starts_on < today, AbsenceFault.STARTS_IN_THE_PAST),
        ((new.ends_on - new.starts_on).days >= LONGEST_DAYS, AbsenceFault.TOO_LONG),
        ((new.ends_on - today).days > FURTHEST_DAYS, AbsenceFault.TOO_FAR_AHEAD),
        (any(new.meet(other) for other in others), AbsenceFault.OVERLAPS),
    )
    return tuple(fault for wrong, fault in checks if wrong)
