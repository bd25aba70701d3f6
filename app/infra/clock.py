from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

#: The one clock: a function that returns an aware UTC instant. Tests pass their own.
Clock = Callable[[], datetime]

BEIJING = ZoneInfo("Asia/Shanghai")


_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def system_clock() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def beijing(at: datetime) -> datetime:
    """Return the same instant on Beijing's clock, for pages and deadlines."""
    return at.astimezone(BEIJING)


def utc(instant: datetime) -> datetime:
    """Return an aware instant in UTC; one at the very end of the calendar as near as UTC has it."""
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        return _FIRST if instant.year == _FIRST.year else _LAST


def moment(at: datetime) -> str:
    """Return an instant in Beijing's time in words, such as `2026年3月2日 09:00`."""
    local = beijing(at)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
