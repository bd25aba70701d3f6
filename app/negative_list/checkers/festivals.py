"""Festivals, quarters, weekdays and times that do not fit each other."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit, lexicon
from app.negative_list.engine.validators import WEEKDAYS, is_day
from app.negative_list.source.fields import Fields
from app.negative_list.source.lexicons import Lexicon

_DAY = re.compile(r"(?<!\d)(\d{1,2})月(\d{1,2})[日号]?")
_QUARTER = re.compile(r"([一二三四])季度末(?:即|为|是|\()?(\d{1,2})月(\d{1,2})[日号]")
_LAST_DAYS = {"一": (3, 31), "二": (6, 30), "三": (9, 30), "四": (12, 31)}
_YEAR = re.compile(r"(?<!\d)(20\d{2})年(?:的)?$")
#: Behind a day: it begins a span, such as holidays.
_TO = frozenset("至到—-~")
#: What makes of a festival the days around it.
_AROUND = re.compile(r"(?:小?长假|假期|放假|前|后|期间|以前|之前|将|临近|当天|档期|[至到—~-])")
_BETWEEN = re.compile(r"(?:是|为|即|的|,|\(|“|第[0-9一二三四五六七八九十]{1,4}个|这天|全国|国际|世界|我国)*")


class Festival(Checker):
    """10月1日劳动节, 劳动节(10月1日): a day beside a festival that is on another.

    The table has the columns name, month and day; without a day only the month tells. `moving` names one with
    a year as well: 2026年端午节(5月31日). Without a year in the text these are not judged.
    """

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        table = lexicon(args, "lexicon", lexicons, ("name", "month", "day"))
        self._days: dict[str, tuple[int, int]] = {}
        for row in table.rows() if table else ():
            self._days[row["name"]] = (int(row["month"] or 0), int(row["day"] or 0))
        columns = ("name", "year", "month", "day")
        moving = lexicon(args, "moving", lexicons, columns) if args.has("moving") else None
        self._moving = {
            (row["name"], row["year"]): (int(row["month"]), int(row["day"]))
            for row in (moving.rows() if moving else ())
        }
        names = dict.fromkeys(name for name, _ in self._moving)
        self.words = (*self._days, "季度末", *(name for name in names if name not in self._days))

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each day with a festival, and each end of a quarter, that do not fit."""
        text, view = context.view.text, context.view
        covered = -1
        for number, start, end in sorted(hits, key=lambda hit: (hit[1], -hit[2])):
            if start < covered:
                continue
            covered = end
            first, last = view.bounds(view.part_at(start))
            name = self.words[number]
            if name == "季度末":
                quarter = _QUARTER.match(text, max(first, start - 1), last)
                if quarter and (int(quarter[2]), int(quarter[3])) != _LAST_DAYS[quarter[1]]:
                    month, day = _LAST_DAYS[quarter[1]]
                    yield Spot(*quarter.span(), (), f"{quarter[1]}季度末是{month}月{day}日")
                continue
            beside = self._beside(text, start, end, first, last)
            if beside is None:
                continue
            if text[beside.end() : beside.end() + 1] in _TO:
                continue
            right = self._days.get(name) or self._of_year(name, text, first, min(beside.start(), start))
            if right is None:
                continue
            right_month, right_day = right
            if int(beside[1]) != right_month or (right_day and int(beside[2]) != right_day):
                shown = f"{name}在{right_month}月" + (f"{right_day}日" if right_day else "")
                yield Spot(min(beside.start(), start), max(beside.end(), end), (), shown)

    def _of_year(self, name: str, text: str, first: int, at: int) -> tuple[int, int] | None:
        """Return month and day of a festival in the year that stands right before it; `None` without one."""
        year = _YEAR.search(text, max(first, at - 8), at)
        return self._moving.get((name, year[1])) if year else None

    def _beside(self, text: str, start: int, end: int, first: int, last: int) -> re.Match[str] | None:
        """Return the day that stands before the festival, or in brackets behind it."""
        if text[end : end + 1] == "(":
            return _DAY.match(text, end + 1, last)
        around = _AROUND.match(text, end, last)
        if around and not (around[0] == "放假" and start > first and text[start - 1] in "日号是为"):
            return None
        for day in _DAY.finditer(text, max(first, start - 20), start):
            if _BETWEEN.fullmatch(text, day.end(), start):
                return day
        return None


_DATED = re.compile(
    r"((?:19|20)\d{2})[-/.](\d{1,2})[-/.](\d{1,2})\s{0,2}[(,]?\s?(?:星期|周|礼拜)([一二三四五六日天])"
)


class Weekday(Checker):
    """A date in digits alone with another weekday: 2026-09-18（周日）."""

    patterns = (r"(?:19|20)\d{2}[-/.]\d{1,2}[-/.]\d{1,2}\s{0,2}[(,]?\s?(?:星期|周|礼拜)[一二三四五六日天]",)

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each date whose weekday is another."""
        text = context.view.text
        for _, start, end in hits:
            dated = _DATED.fullmatch(text, start, end)
            if dated is None or not is_day(int(dated[1]), int(dated[2]), int(dated[3])):
                continue
            right = WEEKDAYS[date(int(dated[1]), int(dated[2]), int(dated[3])).weekday()]
            if right != dated[4].replace("天", "日"):
                yield Spot(start, end, (f"{text[start : end - 1]}{right}",), f"这一天是星期{right}")


_TIMES = re.compile(r"(上午|早上)?(\d{1,2}):(\d{2})(?:—{1,2}|-{1,2}|~|至|到)(上午)?(\d{1,2}):(\d{2})")
#: A night shift ends on the next day.
_EVENING = 17


class TimeOrder(Checker):
    """上午9:00—8:30: a span of a morning that ends before it begins."""

    patterns = (r"(?:上午|早上)?\d{1,2}:\d{2}(?:—{1,2}|-{1,2}|~|至|到)(?:上午)?\d{1,2}:\d{2}",)

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each such span."""
        text = context.view.text
        covered = -1
        for _, start, end in sorted(hits, key=lambda hit: (hit[1], -hit[2])):
            times = _TIMES.fullmatch(text, start, end)
            if start < covered or times is None or text[start - 1 : start].isdigit():
                continue
            covered = end
            first, last = (int(times[2]), int(times[3])), (int(times[5]), int(times[6]))
            # 2:30—1:00 may be of an afternoon and a night; 8:30—5:30 of a day told by halves.
            if last < first < (_EVENING, 0) and last[0] >= 7:
                yield Spot(start, end, (), "结束时间早于开始时间")
