"""When a stage is due, by the calendar files of the policies in force."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from app.domain import deadlines
from app.domain.calendar import Calendar, YearUnknown, read_calendar
from app.domain.files.policy_files import PolicyFiles


def due_by(policies: PolicyFiles) -> Callable[[datetime, int], datetime | None]:
    """Return the function that adds working days to an instant; `None` where a year's holidays are not known.

    Raises `Faults` with every fault of a bad calendar file.
    """
    calendar = calendar_of(policies)

    def due(at: datetime, working_days: int) -> datetime | None:
        found = deadlines.due_at(at, working_days, calendar)
        return None if isinstance(found, YearUnknown) else found

    return due


def calendar_of(policies: PolicyFiles) -> Calendar:
    """Return the calendar in force. Raises `Faults` with every fault of a bad calendar file."""
    return _read(policies.texts_below("calendar"))


@lru_cache(maxsize=8)
def _read(texts: tuple[str, ...]) -> Calendar:
    return read_calendar(texts)
