"""Deadlines in working days, what a wait does to them, and who hears of a stage that is late.

A day is a day in Beijing. A deadline ends at 18:00 Beijing time, when offices close.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.domain.calendar import ONE_DAY, Calendar, YearUnknown

BEIJING = ZoneInfo("Asia/Shanghai")
CLOSING = time(18, 0)
#: Beyond this the limit of a stage is a mistake; the definition allows as much.
LONGEST = 365


class Rung(StrEnum):
    """The responsibility chain of a channel, from the bottom: who hears when a stage stays late."""

    HANDLER = "handler"
    HEAD_OF_DEPARTMENT = "head_of_department"
    LEADER_IN_CHARGE = "leader_in_charge"
    PARTY_SECRETARY = "party_secretary"


#: 基层支部书记/经办人 → 部门负责人 → 分管领导 → 党组书记.
CHAIN = tuple(Rung)


@dataclass(frozen=True, slots=True)
class Call:
    """One step of an escalation: this rung is told from `at` on."""

    rung: Rung
    at: datetime


def due_at(opened_at: datetime, working_days: int, calendar: Calendar) -> datetime | YearUnknown:
    """Return when a stage opened at `opened_at` is due: 18:00 Beijing time of the n-th working day.

    The day of opening does not count, whether it is a working day or not; the first working day after it is
    the first. So a stage of one day that opens on a Friday at any hour is due on Monday at 18:00, or on the
    Saturday if that one is worked in exchange for a holiday (调休).

    `opened_at` is aware; `working_days` from 1 to 365. Returns an aware UTC instant, or `YearUnknown` where
    the count comes to a year whose holidays are not known. Raises `ValueError` for a naive instant or a
    number out of range. Source: 《民法典》 art. 201 (the day of beginning does not count) and art. 203 (where
    there are business hours, a period ends when they do).
    """
    if opened_at.tzinfo is None:
        raise ValueError("opened_at is an aware instant")
    if not 1 <= working_days <= LONGEST:
        raise ValueError(f"working_days is from 1 to {LONGEST}")
    day = opened_at.astimezone(BEIJING).date()
    last_day = _after(day, working_days, calendar)
    return last_day if isinstance(last_day, YearUnknown) else _closing(last_day)


def is_late(due: datetime | None, at: datetime, *, held: bool = False) -> bool:
    """Tell whether a stage is late: past its deadline, and not waiting for an answer from outside."""
    return due is not None and not held and at > due


def escalation(
    due: datetime, calendar: Calendar, *, chain: tuple[Rung, ...] = CHAIN, days_between: int = 1
) -> tuple[Call, ...] | YearUnknown:
    """Return who is told of a late stage, and from when on: one rung more after each `days_between` days.

    The lowest rung hears at the deadline itself; each next one after as many further working days, at the
    same hour. Empty for an empty chain; `YearUnknown` where the count comes to a year that is not known.
    Raises `ValueError` for `days_between` below 1.
    """
    if days_between < 1:
        raise ValueError("days_between is 1 or more")
    calls: list[Call] = []
    day = due.astimezone(BEIJING).date()
    for number, rung in enumerate(chain):
        if number:
            next_day = _after(day, days_between, calendar)
            if isinstance(next_day, YearUnknown):
                return next_day
            day = next_day
        calls.append(Call(rung, _same_hour(due, day) if number else due))
    return tuple(calls)


def told_by(calls: tuple[Call, ...], at: datetime) -> tuple[Rung, ...]:
    """Return the rungs that have been told at `at`, the lowest first; empty while the stage is not late."""
    return tuple(call.rung for call in calls if call.at < at)


def reminder_at(due: datetime, calendar: Calendar) -> datetime | YearUnknown:
    """Return when people are reminded (催办): at 09:00 Beijing time of the day on which the stage is due.

    A deadline that a wait has moved to a free day is reminded of on the last working day before it.
    """
    day = due.astimezone(BEIJING).date()
    while True:
        works = calendar.works(day)
        if isinstance(works, YearUnknown):
            return works
        if works:
            return datetime.combine(day, time(9, 0), BEIJING).astimezone(UTC)
        day -= ONE_DAY


def _after(day: date, working_days: int, calendar: Calendar) -> date | YearUnknown:
    while working_days:
        day += ONE_DAY
        works = calendar.works(day)
        if isinstance(works, YearUnknown):
            return works
        working_days -= works
    return day


@lru_cache(maxsize=1024)
def _closing(day: date) -> datetime:
    return datetime.combine(day, CLOSING, BEIJING).astimezone(UTC)


def _same_hour(due: datetime, day: date) -> datetime:
    hour: timedelta = due - datetime.combine(due.astimezone(BEIJING).date(), time(), BEIJING)
    return (datetime.combine(day, time(), BEIJING) + hour).astimezone(UTC)
