"""When a stage is due, by the calendar files of the policies in force."""

import os
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from app.domain import deadlines
from app.domain.calendar import Calendar, YearUnknown, read_calendar


def due_by(policies: Path) -> Callable[[datetime, int], datetime | None]:
    """Return the function that adds working days to an instant; `None` where a year's holidays are not known.

    Raises `Faults` with every fault of a bad calendar file.
    """
    calendar = calendar_of(policies)

    def due(at: datetime, working_days: int) -> datetime | None:
        found = deadlines.due_at(at, working_days, calendar)
        return None if isinstance(found, YearUnknown) else found

    return due


def calendar_of(policies: Path) -> Calendar:
    """Return the calendar in force. Raises `Faults` with every fault of a bad calendar file."""
    try:
        # Asked at every decision: one look into the folder, where a glob takes five times as long.
        with os.scandir(policies / "calendar") as found:
            files = [(one.path, one.stat().st_mtime_ns) for one in found if one.name.endswith(".yaml")]
    except FileNotFoundError:
        files = []
    return _read(tuple(sorted(files)))


@lru_cache(maxsize=8)
def _read(files: tuple[tuple[str, int], ...]) -> Calendar:
    return read_calendar(Path(path).read_text(encoding="utf-8") for path, _ in files)
