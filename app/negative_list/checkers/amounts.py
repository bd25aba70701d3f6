"""Amounts that do not fit each other: rises that fall, sums that are none, spans of other lengths."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit
from app.negative_list.engine.validators import is_day

_NUMBER = r"(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
_SCALES = {"": 1.0, "万": 1e4, "亿": 1e8}
_RISES = ("增加", "增长", "提高", "上升", "扩大", "提升")
_FALLS = ("减少", "下降", "降低", "缩短", "缩小", "压缩", "压减")
_UP = (*_RISES, "增至", "增到", "升至")
#: How far before and behind the verb the two numbers are looked for.
_BEFORE, _BEHIND = 40, 20
_CHANGE = re.compile(
    rf"(?:由|从)[^\d,。;!?\n]{{0,10}}{_NUMBER}(万|亿)?([^\d,。;!?\n]{{0,8}})"
    rf"(?:(?:{'|'.join((*_RISES, *_FALLS))})[到至为]|[增减][至到]|[升降]至){_NUMBER}(万|亿)?([一-鿿%]?)"
)


def _value(number: str, scale: str | None) -> float:
    return float(number.replace(",", "")) * _SCALES[scale or ""]


class Change(Checker):
    """由95%下降到97%, 从320人增加到280人: what is said to rise falls, or the other way round."""

    words = (
        *(f"{verb}{to}" for verb in (*_RISES, *_FALLS) for to in "到至为"),
        "增至", "增到", "升至", "减至", "减到", "降至",
    )  # fmt: skip

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each change whose word does not fit its numbers."""
        text, view = context.view.text, context.view
        covered = -1
        for _, start, end in hits:
            first, last = view.bounds(view.part_at(start))
            change = _CHANGE.search(text, max(first, covered, start - _BEFORE), min(last, end + _BEHIND))
            if (
                change is None
                or not change.start() < start < change.end()
                or change[3].strip()[:1] != change[6]
            ):
                continue
            covered = change.end()
            low, high = _value(change[1], change[2]), _value(change[4], change[5])
            rises = any(f"{verb}{to}" in change[0] for verb in _UP for to in ("", "到", "至"))
            if low != high and (high > low) != rises:
                yield Spot(*change.span(), (), "上升的应当后大于前，下降的应当后小于前")


_UNITS = "人名户个家件项所处对例场次张篇亩元套张床位"
_ONE = re.compile(rf"{_NUMBER}(万|亿)?(?:余|多)?([{_UNITS}])")
_TOTAL = re.compile(rf"[,、;]?(?:合计|共计|总计|两项合计|共)(?:为|是|有)?{_NUMBER}(万|亿)?([{_UNITS}])")
#: What makes of amounts no parts of a whole.
_NO_PARTS = re.compile(
    "同比|平均|人均|每|累计|其余|去年|上年|至少|不少于|超过|约|近|余|多|以上|左右|减少|退出|注销"
)
#: A whole that is farther off than that from the sum of what stands before it is one of something else.
_LIKE = 0.25


class Sum(Checker):
    """男3.2万人，女2.9万人，共6.3万人: a total behind its parts, in one sentence, that is not their sum."""

    patterns = (
        (
            rf"[0-9](?:万|亿)?[{_UNITS}][^。;!?\n]{{0,12}}[,、;]?(?:合计|共计|总计|共)(?:为|是|有)?"
            rf"[0-9][0-9,.]{{0,14}}(?:万|亿)?[{_UNITS}]"
        ),
    )

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each total that is not the sum of the parts before it."""
        text, view = context.view.text, context.view
        covered = -1
        for _, start, end in hits:
            total = _last(_TOTAL, text, start, end)
            if total is None or total.start() < covered:
                continue
            covered = total.end()
            first, _ = view.bounds(view.part_at(start))
            opening = max(text.rfind(sign, first, total.start()) for sign in "。;!?\n") + 1
            before = text[max(first, opening) : total.start()]
            parts = [part for part in _ONE.finditer(before) if part[3] == total[3]]
            if len(parts) < 2 or _NO_PARTS.search(before) or "共" in before:
                continue
            given, told = sum(_value(part[1], part[2]) for part in parts), _value(total[1], total[2])
            exact = abs(given - told) <= 1e-6 * max(given, told)
            if not exact and abs(given - told) <= _LIKE * given:
                yield Spot(total.start() + (total[0][0] in ",、;"), total.end(), (), f"各项相加为{given:g}")


def _last(pattern: re.Pattern[str], text: str, start: int, end: int) -> re.Match[str] | None:
    *_, last = [None, *pattern.finditer(text, start, end)]
    return last


_DAYS = re.compile(
    r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})[日号]?(?:\([^()]{1,6}\))?(?:至|到|—{1,2}|-{1,2}|~)"
    r"(?:(\d{1,2})月)?(\d{1,2})[日号](?:\([^()]{1,6}\))?[^。;!?\n\d]{0,8}?(?:共|为期|共计|合计|历时|放假)(\d{1,3})天"
)


_FIRST_TOLD = re.compile(
    r"(?:为期|历时)(\d{1,3})天[^。;!?\n\d]{0,10}?(?:(\d{4})年)?(\d{1,2})月(\d{1,2})[日号]?(?:至|到|—{1,2}|-{1,2}|~)"
    r"(?:(\d{1,2})月)?(\d{1,2})[日号]"
)


class _Days(NamedTuple):
    """A span of days as it is written, and how many it is said to be."""

    year: str | None
    month: str
    day: str
    last_month: str | None
    last_day: str
    told: str


def _told(text: str, start: int, end: int) -> _Days | None:
    if days := _DAYS.fullmatch(text, start, end):
        return _Days(*days.groups())
    if days := _FIRST_TOLD.fullmatch(text, start, end):
        return _Days(*days.group(2, 3, 4, 5, 6, 1))
    return None


class SpanDays(Checker):
    """10月1日至8日，共7天; 为期7天，10月1日至8日: a span of days with another number of days."""

    patterns = (
        (
            r"(?:\d{4}年)?\d{1,2}月\d{1,2}[日号]?(?:\([^()]{1,6}\))?(?:至|到|—{1,2}|-{1,2}|~)(?:\d{1,2}月)?\d{1,2}[日号]"
            r"(?:\([^()]{1,6}\))?[^。;!?\n0-9]{0,8}(?:共|为期|共计|合计|历时|放假)\d{1,3}天"
        ),
        (
            r"(?:为期|历时)\d{1,3}天[^。;!?\n0-9]{0,10}(?:\d{4}年)?\d{1,2}月\d{1,2}[日号]?(?:至|到|—{1,2}|-{1,2}|~)"
            r"(?:\d{1,2}月)?\d{1,2}[日号]"
        ),
    )

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each span with another number of days, counted with its first and its last day."""
        text = context.view.text
        for _, start, end in hits:
            days = _told(text, start, end)
            if days is None or text[start - 1 : start].isdigit():
                continue
            # Without a year any will do that is no leap year, unless February is in it.
            year = int(days.year or 2026)
            month, last_month = int(days.month), int(days.last_month or days.month)
            if not is_day(year, month, int(days.day)) or not is_day(year, last_month, int(days.last_day)):
                continue
            first = date(year, month, int(days.day))
            last = date(year + (last_month < month), last_month, int(days.last_day))
            count = (last - first).days + 1
            if count > 0 and count not in {
                int(days.told),
                int(days.told) + 1 if days.year is None and month == 2 else 0,
            }:
                yield Spot(start, end, (), f"首尾都算共{count}天")
