import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.calendar import Calendar, YearUnknown, calendar_schema, lint_year, read_calendar
from app.domain.deadlines import (
    BEIJING,
    CHAIN,
    Call,
    Rung,
    due_at,
    escalation,
    is_late,
    reminder_at,
    told_by,
)
from app.domain.files.faults import Faults
from app.domain.record.canonical import canonical
from app.infra.paths import shipped

FILES = sorted((shipped("policies") / "calendar").glob("*.yaml"))
CALENDAR = read_calendar(path.read_text() for path in FILES)


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def test_the_shipped_years() -> None:
    assert CALENDAR.known == (2024, 2025, 2026)
    assert [path.stem for path in FILES] == ["2024", "2025", "2026"]
    assert {year.year: year.notice for year in CALENDAR.years} == {
        2024: "国办发明电〔2023〕7号",
        2025: "国办发明电〔2024〕12号",
        2026: "国办发明电〔2025〕7号",
    }


@pytest.mark.parametrize(("year", "public_holidays"), [(2024, 11), (2025, 13), (2026, 13)])
def test_exchanged_weekends_balance(year: int, public_holidays: int) -> None:
    # 调休 moves days and makes none: what is free beyond the weekends are the days that the law gives,
    # 11 up to 2024 and 13 since (全国年节及纪念日放假办法, 2013 and 2024).
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(366)]
    days = [day for day in days if day.year == year]
    worked = sum(CALENDAR.works(day) is True for day in days)
    weekdays = sum(day.weekday() < 5 for day in days)
    assert weekdays - worked == public_holidays


@pytest.mark.parametrize(
    ("year", "name", "count"),
    [
        (2024, "春节", 8), (2024, "清明节", 3), (2024, "劳动节", 5), (2024, "中秋节", 3), (2024, "国庆节", 7),
        (2025, "元旦", 1), (2025, "春节", 8), (2025, "清明节", 3), (2025, "劳动节", 5), (2025, "端午节", 3),
        (2025, "国庆节、中秋节", 8),
        (2026, "元旦", 3), (2026, "春节", 9), (2026, "清明节", 3), (2026, "劳动节", 5), (2026, "端午节", 3),
        (2026, "中秋节", 3), (2026, "国庆节", 7),
    ],
)  # fmt: skip
def test_holidays_are_as_long_as_the_notice_says(year: int, name: str, count: int) -> None:
    (found,) = [one for one in CALENDAR.years if one.year == year]
    (holiday,) = [one for one in found.holidays if one.name == name]
    assert len(holiday.days) == count
    assert all(CALENDAR.works(day) is False for day in holiday.days)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2024-02-04", True),  # Sunday worked for Spring Festival
        ("2024-02-09", True),  # New Year's Eve was left to the employers that year
        ("2024-02-18", True),
        ("2025-01-26", True),  # Sunday
        ("2025-01-28", False),  # New Year's Eve, free by law since 2025
        ("2025-02-08", True),  # Saturday
        ("2025-10-08", False),
        ("2025-10-11", True),  # Saturday
        ("2026-01-02", False),  # Friday after New Year
        ("2026-01-04", True),  # Sunday
        ("2026-02-14", True),  # Saturday
        ("2026-02-16", False),
        ("2026-02-24", True),
        ("2026-02-28", True),  # Saturday
        ("2026-05-09", True),  # Saturday
        ("2026-09-20", True),  # Sunday
        ("2026-10-10", True),  # Saturday
        ("2026-10-11", False),
        ("2026-03-07", False),
        ("2026-03-09", True),
    ],
)
def test_days(day: str, works: bool) -> None:
    assert CALENDAR.works(date.fromisoformat(day)) is works


@pytest.mark.parametrize(
    ("opened", "days", "due"),
    [
        ("2026-03-02T09:00", 1, "2026-03-03T18:00"),  # Monday
        ("2026-03-02T00:00", 1, "2026-03-03T18:00"),
        ("2026-03-02T23:59", 1, "2026-03-03T18:00"),
        ("2026-03-06T17:00", 1, "2026-03-09T18:00"),  # Friday
        ("2026-03-07T10:00", 1, "2026-03-09T18:00"),  # Saturday
        ("2026-03-06T17:00", 2, "2026-03-10T18:00"),
        ("2026-02-13T09:00", 1, "2026-02-14T18:00"),  # the next day is a Saturday that is worked
        ("2026-02-13T09:00", 2, "2026-02-24T18:00"),  # nine days of Spring Festival between
        ("2026-02-14T09:00", 1, "2026-02-24T18:00"),
        ("2026-02-24T09:00", 5, "2026-03-02T18:00"),  # 25, 26, 27, Saturday 28, Monday 2 March
        ("2025-09-30T16:00", 1, "2025-10-09T18:00"),
        ("2025-09-30T16:00", 3, "2025-10-11T18:00"),  # a Saturday that is worked
        ("2025-09-26T16:00", 1, "2025-09-28T18:00"),  # a Sunday that is worked
        ("2024-04-03T10:00", 2, "2024-04-08T18:00"),  # Sunday 7 April is the first
        ("2024-12-31T10:00", 1, "2025-01-02T18:00"),  # over the turn of the year
        ("2025-12-31T10:00", 1, "2026-01-04T18:00"),
    ],
)
def test_due(opened: str, days: int, due: str) -> None:
    assert due_at(beijing(opened), days, CALENDAR) == beijing(due)


def test_a_day_is_a_day_in_beijing() -> None:
    # 20:00 UTC on Sunday is Monday 04:00 in Beijing.
    assert due_at(datetime(2026, 3, 8, 20, tzinfo=UTC), 1, CALENDAR) == beijing("2026-03-10T18:00")
    assert due_at(datetime(2026, 3, 8, 10, tzinfo=UTC), 1, CALENDAR) == beijing("2026-03-09T18:00")
    elsewhere = timezone(timedelta(hours=-8))
    assert due_at(datetime(2026, 3, 8, 12, tzinfo=elsewhere), 1, CALENDAR) == beijing("2026-03-10T18:00")


def test_a_year_that_is_not_known_is_said_and_not_guessed() -> None:
    unknown = YearUnknown(2027, (2024, 2025, 2026))
    assert due_at(beijing("2026-12-31T10:00"), 1, CALENDAR) == unknown
    assert due_at(beijing("2026-12-30T10:00"), 1, CALENDAR) == beijing("2026-12-31T18:00")
    assert due_at(beijing("2023-12-29T10:00"), 1, CALENDAR) == YearUnknown(2023, CALENDAR.known)
    assert due_at(beijing("2026-03-02T10:00"), 1, Calendar(())) == YearUnknown(2026, ())
    assert CALENDAR.works(date(2027, 1, 1)) == unknown
    due = beijing("2026-12-31T18:00")
    assert escalation(due, CALENDAR) == unknown
    assert reminder_at(beijing("2027-01-04T18:00"), CALENDAR) == unknown


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_limit_out_of_range_is_a_mistake_of_the_programmer(days: int) -> None:
    with pytest.raises(ValueError, match="working_days"):
        due_at(beijing("2026-03-02T10:00"), days, CALENDAR)
    with pytest.raises(ValueError, match="aware"):
        due_at(datetime(2026, 3, 2, 10), 1, CALENDAR)  # noqa: DTZ001
    with pytest.raises(ValueError, match="days_between"):
        escalation(beijing("2026-03-02T18:00"), CALENDAR, days_between=0)


def test_late() -> None:
    due = beijing("2026-03-03T18:00")
    assert not is_late(due, due)
    assert is_late(due, due + timedelta(seconds=1))
    assert not is_late(due, due + timedelta(days=9), held=True)
    assert not is_late(None, due)


def test_the_chain_of_responsibility() -> None:
    calls = escalation(beijing("2026-02-13T18:00"), CALENDAR)
    assert calls == (
        Call(Rung.HANDLER, beijing("2026-02-13T18:00")),
        Call(Rung.HEAD_OF_DEPARTMENT, beijing("2026-02-14T18:00")),
        Call(Rung.LEADER_IN_CHARGE, beijing("2026-02-24T18:00")),
        Call(Rung.PARTY_SECRETARY, beijing("2026-02-25T18:00")),
    )
    assert told_by(calls, beijing("2026-02-13T18:00")) == ()
    assert told_by(calls, beijing("2026-02-13T18:01")) == (Rung.HANDLER,)
    assert told_by(calls, beijing("2026-02-20T12:00")) == CHAIN[:2]
    assert told_by(calls, beijing("2026-03-20T12:00")) == CHAIN
    slow = escalation(beijing("2026-03-02T18:00"), CALENDAR, chain=CHAIN[:2], days_between=3)
    assert slow == (  # type: ignore[comparison-overlap]
        Call(Rung.HANDLER, beijing("2026-03-02T18:00")),
        Call(Rung.HEAD_OF_DEPARTMENT, beijing("2026-03-05T18:00")),
    )
    assert escalation(beijing("2026-03-02T18:00"), CALENDAR, chain=()) == ()
    moved = escalation(beijing("2026-03-07T19:30"), CALENDAR)  # a wait moved it to a Saturday evening
    assert isinstance(moved, tuple)
    assert moved[1].at == beijing("2026-03-09T19:30")


def test_the_reminder_comes_on_the_morning_of_the_day() -> None:
    assert reminder_at(beijing("2026-03-03T18:00"), CALENDAR) == beijing("2026-03-03T09:00")
    assert reminder_at(beijing("2026-02-20T12:00"), CALENDAR) == beijing("2026-02-14T09:00")


instants = st.datetimes(datetime(2024, 1, 1), datetime(2026, 10, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(deadline=None)
@given(at=instants, days=st.integers(1, 40))
def test_exactly_n_working_days_lie_between(at: datetime, days: int) -> None:
    due = due_at(at, days, CALENDAR)
    assert isinstance(due, datetime)
    assert due.tzinfo is UTC
    local, begun = due.astimezone(BEIJING), at.astimezone(BEIJING).date()
    assert (local.hour, local.minute) == (18, 0)
    assert CALENDAR.works(local.date()) is True
    between = [begun + timedelta(days=number) for number in range(1, (local.date() - begun).days + 1)]
    assert sum(CALENDAR.works(day) is True for day in between) == days


@settings(deadline=None)
@given(at=instants, later=st.integers(0, 10**6), days=st.integers(1, 20), more=st.integers(0, 20))
def test_later_or_longer_is_never_due_earlier(at: datetime, later: int, days: int, more: int) -> None:
    due = due_at(at, days, CALENDAR)
    assert isinstance(due, datetime)
    for other in (due_at(at + timedelta(seconds=later), days, CALENDAR), due_at(at, days + more, CALENDAR)):
        assert isinstance(other, datetime)
        assert other >= due
    # n days and m more are as long as both in one.
    if more:
        assert due_at(due, more, CALENDAR) == due_at(at, days + more, CALENDAR)


@settings(deadline=None)
@given(at=instants, days=st.integers(1, 10), between=st.integers(1, 5))
def test_the_chain_climbs_by_as_many_working_days(at: datetime, days: int, between: int) -> None:
    due = due_at(at, days, CALENDAR)
    assert isinstance(due, datetime)
    calls = escalation(due, CALENDAR, days_between=between)
    assert isinstance(calls, tuple)
    assert [call.rung for call in calls] == list(CHAIN)
    for number, call in enumerate(calls):
        assert call.at == (due_at(due, number * between, CALENDAR) if number else due)


GOOD = """\
version: 1
year: 2030
notice: 国办发明电〔2029〕1号
title: 通知
issued_on: 2029-11-01
holidays:
  - {name: 元旦, from: 2029-12-30, to: 2030-01-01}
  - {name: 春节, from: 2030-02-02, to: 2030-02-08}
workdays: [2030-01-26, 2030-02-09]
"""


def test_a_good_file_and_its_neighbours() -> None:
    year, faults = lint_year(GOOD)
    assert faults == ()
    assert year is not None
    before = GOOD.replace("2030", "2029").replace("2029-12-30", "2029-01-01").replace("〔2029〕", "〔2028〕")
    before = before.replace("issued_on: 2029-11-01", "issued_on: 2028-11-01")
    before = before[: before.index("  - {name: 春节")]
    both = read_calendar([before, GOOD])
    # The notice of the next year frees days at the end of this one.
    assert both.works(date(2029, 12, 31)) is False
    assert read_calendar([before]).works(date(2029, 12, 31)) is True
    with pytest.raises(Faults, match="year_twice"):
        read_calendar([GOOD, GOOD])
    with pytest.raises(Faults, match="empty"):
        read_calendar([""])


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("version: 1", "version: [", (3, "", "yaml")),
        ("version: 1", "version: 2", (1, "version", "form")),
        ("year: 2030", "year: 2030\nyear: 2030", (3, "year", "duplicate_key")),
        ("2030-02-09]", "2030-02-30]", (9, "workdays.1", "value")),
        ("to: 2030-02-08", "to: 2030-02-01", (8, "holidays.1", "form")),
        ("to: 2030-02-08", "to: 2030-12-08", (8, "holidays.1", "form")),
        (
            "from: 2030-02-02, to: 2030-02-08", "from: 2031-02-02, to: 2031-02-08",
            (8, "holidays.1.from", "outside_the_year"),
        ),
        ("from: 2030-02-02", "from: 2030-01-01", (8, "holidays.1", "form")),
        (
            "from: 2030-02-02, to: 2030-02-08", "from: 2030-01-01, to: 2030-01-02",
            (8, "holidays.1", "holidays_overlap"),
        ),
        ("2030-01-26", "2032-01-24", (9, "workdays.0", "outside_the_year")),
        ("2030-01-26", "2030-01-25", (9, "workdays.0", "no_weekend")),
        ("2030-01-26", "2030-02-03", (9, "workdays.0", "worked_and_free")),
        ("2030-01-26", "2030-02-09", (9, "workdays.1", "named_twice")),
    ],
)  # fmt: skip
def test_each_fault_of_a_file_has_its_line(old: str, new: str, fault: tuple[int, str, str]) -> None:
    assert old in GOOD
    _, faults = lint_year(GOOD.replace(old, new, 1))
    assert fault in {(one.line, one.key, one.code) for one in faults}


def test_the_shipped_schema_is_that_of_the_model() -> None:
    shown = json.loads((shipped("policies") / "calendar" / "schema.json").read_text())
    assert canonical(shown) == canonical(calendar_schema())
