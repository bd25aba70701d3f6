"""The small language in which drafts are searched: `状态:退回 栏目:通知 作者:林小满 春节`. Pure.

Words between spaces must all stand in the draft; `名称:值` asks one thing. A value with spaces is quoted.
Signs may be half or full width.
"""

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Asked(StrEnum):
    """What a term asks of a draft."""

    STATE = "state"
    CHANNEL = "channel"
    SECTION = "section"
    UNIT = "unit"
    AUTHOR = "author"
    REVIEWER = "reviewer"
    STAGE = "stage"
    NUMBER = "number"
    TITLE = "title"
    FINDING = "finding"
    CREATED = "created"
    CHANGED = "changed"


#: The words that people write before the colon; the first of each is the one that help names.
NAMES: Mapping[str, Asked] = {
    "状态": Asked.STATE,
    "阵地": Asked.CHANNEL,
    "栏目": Asked.SECTION,
    "单位": Asked.UNIT,
    "作者": Asked.AUTHOR,
    "审校": Asked.REVIEWER,
    "办理人": Asked.REVIEWER,
    "环节": Asked.STAGE,
    "编号": Asked.NUMBER,
    "标题": Asked.TITLE,
    "命中": Asked.FINDING,
    "规则": Asked.FINDING,
    "日期": Asked.CREATED,
    "建立": Asked.CREATED,
    "改动": Asked.CHANGED,
}
#: Terms whose values are days.
DATED = frozenset({Asked.CREATED, Asked.CHANGED})


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that is asked: `value` is not empty. `days` are the first and the last day of a dated one."""

    asked: Asked
    value: str
    days: tuple[date, date] | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for: words that must all stand there, terms that must hold, what is not understood.

    `faults` are codes with what was written: `unknown` a name, `empty` a term, `date` a value.
    """

    words: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()
    faults: tuple[tuple[str, str], ...] = ()


_PART = re.compile(
    r"""(?:(?P<name>[^\s:：\"“”]{1,10})[:：])?(?:["“](?P<quoted>[^"”]*)["”]|(?P<plain>[^\s"“”]+))?""",
    re.VERBOSE,
)
_DAY = re.compile(r"(\d{4})(?:[-./年](\d{1,2})(?:[-./月](\d{1,2})日?|月)?|年)?")
#: More is refused nowhere, but what nobody types is not looked for.
_MOST = 12


def read(text: str) -> Search:
    """Return what a line asks. A name that is none is told, and is words; so are web addresses."""
    words: list[str] = []
    terms: list[Term] = []
    faults: list[tuple[str, str]] = []
    for match in _PART.finditer(text):
        if not (whole := match.group()):
            continue
        name, value = match["name"], (match["quoted"] or match["plain"] or "").strip()
        asked = NAMES.get(name) if name else None
        if asked is None:
            if name and not name.isascii():
                faults.append(("unknown", name))
            if name or value:
                words.append(whole if name else value)
        elif not value:
            faults.append(("empty", name))
        elif asked not in DATED:
            terms.append(Term(asked, value))
        elif days := days_of(value):
            terms.append(Term(asked, value, days))
        else:
            faults.append(("date", value))
    return Search(tuple(words[:_MOST]), tuple(terms[:_MOST]), tuple(faults))


def days_of(value: str) -> tuple[date, date] | None:
    """Return the first and last day that a value names: `2026`, `2026-03`, `2026年3月1日`, or `2026-03..`.

    `None` for what is no day, and where the end lies before the beginning.
    """
    begin, dots, end = value.partition("..")
    first = _days(begin)
    last = _days(end) if dots and end else first
    if first is None or last is None:
        return None
    days = first[0], date.max if dots and not end else last[1]
    return days if days[0] <= days[1] else None


def _days(value: str) -> tuple[date, date] | None:
    match = _DAY.fullmatch(value)
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    try:
        if month is None:
            return date(year, 1, 1), date(year, 12, 31)
        if day is None:
            return date(year, month, 1), date(year, month, monthrange(year, month)[1])
        return date(year, month, day), date(year, month, day)
    except ValueError:
        return None
