"""Numbers of cells as people see them: long ones with every digit, dates as dates.

Source: ECMA-376 part 1, 18.8.30 (formats), 18.17.4 (dates).
"""

import re
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

#: Formats of dates and times that have a number only; from 27 on they are those of East Asian settings.
_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_CHINESE = frozenset({31, 57})
_PERCENT = frozenset({9, 10})
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h{1,2}\]|m{1,2}\]|s{1,2}\])[^\]]*\]', re.IGNORECASE)
_WHOLE = re.compile(r"-?\d+")
#: A double holds so many digits; what is behind them is noise.
_DIGITS = 15
_LAST_DAY = 2_958_466


class Format:
    """How a style shows numbers."""

    def __init__(self, number: int = 0, code: str = "") -> None:
        first = code.split(";", 1)[0]
        bare = _QUOTED.sub("", first).lower()
        self.is_date = number in _DATES or bool(re.search(r"[ymdhs]", bare.replace("general", "")))
        self.is_chinese = number in _CHINESE or ("年" in first and self.is_date)
        self.is_percent = not self.is_date and (number in _PERCENT or "%" in bare)
        self.zeros = len(bare) if bare and not bare.strip("0") else 0

    def shown(self, value: str, *, since_1904: bool = False) -> str:
        """Return a number as it is shown; what is no number stays as it is."""
        value = value.strip()
        if self.is_date and (date := _date(value, since_1904=since_1904, chinese=self.is_chinese)):
            return date
        plain = plain_number(value)
        if self.is_percent:
            try:
                return f"{plain_number(str(Decimal(plain) * 100))}%"
            except InvalidOperation:
                return plain
        return plain.zfill(self.zeros) if self.zeros and plain.isdecimal() else plain


GENERAL = Format()


def plain_number(value: str) -> str:
    """Return a number without exponent: whole ones with every digit that is stored, others with 15.

    `1.10105194912310029E+17` is `110105194912310029`; `0.30000000000000004` is `0.3`.
    """
    if _WHOLE.fullmatch(value):
        return value
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    if not number.is_finite() or abs(number.adjusted()) > 40:
        return value
    if number == number.to_integral_value():
        return f"{number.quantize(Decimal(1)):f}" if number.adjusted() < 28 else f"{number:f}"
    rounded = Decimal(f"{number:.{_DIGITS}g}") if len(number.as_tuple().digits) > _DIGITS else number
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _date(value: str, *, since_1904: bool, chinese: bool) -> str:
    try:
        days = float(value)
    except ValueError:
        return ""
    if not 0 <= days < _LAST_DAY:
        return ""
    # Day 60 is 29 February 1900, which there never was.
    start = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30 if days >= 60 else 31)  # noqa: DTZ001
    moment = start + timedelta(seconds=round(days * 86400))
    clock = f"{moment:%H:%M:%S}".removesuffix(":00")
    if days < 1:
        return clock
    day = f"{moment.year}年{moment.month}月{moment.day}日" if chinese else f"{moment:%Y-%m-%d}"
    return day if days == int(days) else f"{day} {clock}"
