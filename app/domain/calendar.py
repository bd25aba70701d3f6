"""The Chinese calendar of working days: weekends, holidays, and the weekends worked in exchange (调休).

Source: 《全国年节及纪念日放假办法》, and the State Council's yearly notice that each file names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.domain.files.faults import Fault, Faults, in_order
from app.domain.files.policy_text import Lines, modelled

ONE_DAY = timedelta(days=1)
SATURDAY = 5
#: The longest holiday so far had nine days; a typing error makes longer ones.
LONGEST = 15


class Holiday(BaseModel):
    """Days off on end, weekends within them included; both ends belong to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=20)]
    first: date = Field(alias="from")
    last: date = Field(alias="to")

    @property
    def days(self) -> tuple[date, ...]:
        """Every day of it, in order."""
        return tuple(self.first + number * ONE_DAY for number in range((self.last - self.first).days + 1))

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "Holiday":
        if not self.first <= self.last < self.first + LONGEST * ONE_DAY:
            raise ValueError(f"a holiday ends on or after the day it begins, and within {LONGEST} days")
        return self


class Year(BaseModel):
    """One year as a notice of the State Council arranges it: `workdays` are weekends that are worked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1]
    year: int = Field(ge=1949, le=9999)
    notice: Annotated[str, Field(min_length=1)]
    title: Annotated[str, Field(min_length=1)]
    issued_on: date
    holidays: tuple[Holiday, ...] = Field(min_length=1)
    workdays: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class YearUnknown:
    """No answer: the arrangement of this year is not in the files, and days are not guessed.

    `known` are the years that are, in order.
    """

    year: int
    known: tuple[int, ...]


@dataclass(frozen=True)
class Calendar:
    """The years that are known. A day of another year is neither a working day nor a free one."""

    years: tuple[Year, ...]

    @cached_property
    def known(self) -> tuple[int, ...]:
        """The known years, in order; empty for none."""
        return tuple(sorted(year.year for year in self.years))

    @cached_property
    def _days(self) -> Mapping[date, bool]:
        # A notice may speak of days in the years beside its own; the newest notice has the last word.
        days: dict[date, bool] = {}
        for year in sorted(self.years, key=lambda year: year.issued_on):
            days |= {day: False for holiday in year.holidays for day in holiday.days}
            days |= dict.fromkeys(year.workdays, True)
        return days

    def works(self, day: date) -> bool | YearUnknown:
        """Tell whether people work on this day, or that its year is not known."""
        if day.year not in self.known:
            return YearUnknown(day.year, self.known)
        arranged = self._days.get(day)
        return day.weekday() < SATURDAY if arranged is None else arranged


def calendar_schema() -> dict[str, object]:
    """Return the JSON schema of a calendar file, as shipped in `policies/calendar/schema.json`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Year.model_json_schema(mode="validation"),
    }


def read_calendar(texts: Iterable[str]) -> Calendar:
    """Return the calendar of these files' texts. Raises `Faults` with every fault of the first bad file."""
    years: list[Year] = []
    for text in texts:
        year, faults = lint_year(text)
        if year is None or faults:
            raise Faults(faults)
        if year.year in {known.year for known in years}:
            raise Faults((Fault(1, "year", "year_twice", {"year": year.year}),))
        years.append(year)
    return Calendar(tuple(years))


def lint_year(text: str) -> tuple[Year | None, tuple[Fault, ...]]:
    """Return the year of a file's text, if it has the right form, and all its faults, by line."""
    read = modelled(text, Year)
    if read.model is None:
        return None, read.faults
    return read.model, in_order([*read.faults, *_faults(read.model, read.lines)])


def _faults(year: Year, lines: Lines) -> Iterable[Fault]:
    off: set[date] = set()
    near = range(year.year - 1, year.year + 2)
    for index, holiday in enumerate(year.holidays):
        path = ("holidays", index)
        if year.year not in {day.year for day in holiday.days}:
            yield lines.fault((*path, "from"), "outside_the_year", year=year.year, day=str(holiday.first))
        if off & set(holiday.days):
            yield lines.fault(path, "holidays_overlap", name=holiday.name)
        off |= set(holiday.days)
    for index, day in enumerate(year.workdays):
        path = ("workdays", index)
        if day.year not in near:
            yield lines.fault(path, "outside_the_year", year=year.year, day=str(day))
        if day in off:
            yield lines.fault(path, "worked_and_free", day=str(day))
        if day.weekday() < SATURDAY:
            yield lines.fault(path, "no_weekend", day=str(day))
        if day in year.workdays[:index]:
            yield lines.fault(path, "named_twice", day=str(day))
