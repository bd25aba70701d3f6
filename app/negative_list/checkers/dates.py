"""Days that do not exist, weekdays that do not fit, and spans that end before they begin."""

import re
from collections.abc import Iterable, Sequence
from datetime import date

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit
from app.negative_list.engine.validators import WEEKDAYS, is_day

#: A space on either side of a number is as common as none.
_DATE = re.compile(r"(?:(\d{4}) ?年 ?)?(\d{1,2}) ?月 ?(?:(\d{1,2}) ?[日号])?")
_WEEKDAY = re.compile(r"(星期|周|礼拜)([一二三四五六日天])")
_RANGE = re.compile(
    r"(?:(\d{4}) ?年 ?)?(\d{1,2}) ?月 ?\d{1,2} ?[日号]? ?(?:至|到|—{1,2}|-{1,2}|~|、) ?(\d{1,2}) ?[日号]"
)
_CHINESE = re.compile(r"(?:([〇零一二三四五六七八九\d]{4})年)?([一二四六九]|十一)月([二三]十[一九]?)[日号]")
_NUMERALS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_DIGITS = frozenset("0123456789")
#: The farmers' calendar has days of its own: its second month may have thirty.
_LUNAR = re.compile(
    r"(?:农历|阴历|旧历|夏历|老历|[甲乙丙丁戊己庚辛壬癸][子丑寅卯辰巳午未申酉戌亥]年)[^,。;:!?\n]{0,8}$"
)
#: What makes a house, a line or a shop of 2月30号.
_NUMBERED = re.compile(r"号(?:楼|院|线|文|店|馆|门|车|机|桥|井|房|厅|台|码|段|令|地块|公告|通知|窗口)")


def _begins(text: str, start: int) -> bool:
    return not start or text[start - 1] not in _DIGITS


def _lunar(text: str, start: int) -> bool:
    return _LUNAR.search(text, max(0, start - 20), start) is not None


def _numbered(text: str, start: int, end: int) -> bool:
    last = text.rfind("号", start, end)
    return last >= 0 and _NUMBERED.match(text, last) is not None


def _is_date(text: str, start: int, end: int) -> bool:
    parts = re.split(r"[-/.]", text[start:end])
    if len(parts) != 3:
        return False
    return text[end : end + 1] in _DIGITS or is_day(int(parts[0]), int(parts[1]), int(parts[2]))


def _is_chinese_date(text: str, start: int, end: int) -> bool:
    found = _CHINESE.fullmatch(text, start, end)
    if found is None:
        return False
    # 十二月三十日 ends like 二月三十日, 二十一月 is no month at all.
    if found[1] is None and text[start - 1 : start] in {"十", "廿"}:
        return True
    year = int(found[1].translate(_NUMERALS)) if found[1] else 2024
    month = 11 if found[2] == "十一" else "一二三四五六七八九".index(found[2]) + 1
    tens, ones = found[3][0], found[3][2:]
    day = (20 if tens == "二" else 30) + ("一二三四五六七八九".index(ones) + 1 if ones else 0)
    return is_day(year, month, day)


#: The patterns of `ImpossibleDate` of dates without 年月日, in Chinese numerals, and of spans.
_NUMERIC, _IN_CHINESE, _SPANNING = 6, 7, 8


class ImpossibleDate(Checker):
    """Days that no calendar has (2月30日, 13月1日) and full dates with the wrong weekday.

    The farmers' calendar (农历) and numbers of houses (2月30号楼) are left alone.
    """

    # Each pattern asks for what can only be wrong, or must be looked at: dates are everywhere in clean prose.
    patterns = (
        r"(?:\d{4} ?年 ?)?(?:0?[469]|11) ?月 ?31 ?[日号]",
        r"(?:\d{4} ?年 ?)?0?2 ?月 ?(?:29|3\d) ?[日号]",
        r"(?:\d{4} ?年 ?)?(?:1[3-9]|[2-9]\d|00?) ?月 ?\d{1,2} ?[日号]",
        r"\d{4} ?年 ?(?:1[3-9]|[2-9]\d|00) ?月",
        r"(?:\d{4} ?年 ?)?(?:0?[1-9]|1[0-2]) ?月 ?(?:3[2-9]|[4-9]\d|00?) ?[日号]",
        r"\d{4} ?年 ?\d{1,2} ?月 ?\d{1,2} ?[日号]\s?[(,]?\s?(?:星期|周|礼拜)[一二三四五六日天]",
        r"(?:19|20)\d{2}(?:-(?:0?[2469]|11)-(?:29|3\d)|/(?:0?[2469]|11)/(?:29|3\d)|\.(?:0?[2469]|11)\.(?:29|3\d))",
        r"(?:(?:[〇零一二三四五六七八九]{4}|\d{4})年)?(?:二月三十|二月二十九|二月三十一?|[四六九]月三十一|十一月三十一)[日号]",
        r"(?:\d{4} ?年 ?)?(?:0?[2469]|11) ?月 ?\d{1,2} ?[日号]? ?[至到~、—-]{1,2} ?(?:29|3\d) ?[日号]",
    )

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each date that no calendar has, or whose weekday is another."""
        text = context.view.text
        for number, start, end in hits:
            if not _begins(text, start) or _lunar(text, start) or _numbered(text, start, end):
                continue
            if number == _NUMERIC:
                wrong = not _is_date(text, start, end)
            elif number == _IN_CHINESE:
                wrong = not _is_chinese_date(text, start, end)
            elif number == _SPANNING:
                span = _RANGE.fullmatch(text, start, end)
                wrong = span is not None and not is_day(int(span[1] or 2024), int(span[2]), int(span[3]))
            else:
                yield from _with_weekday(text, start, end)
                continue
            if wrong:
                yield Spot(start, end, (), f"{text[start:end]}不存在")


def _with_weekday(text: str, start: int, end: int) -> Iterable[Spot]:
    """Yield a date in digits with 年月日 that no calendar has, or whose weekday is another."""
    found = _DATE.match(text, start, end)
    if found is None:
        return
    year, month, day = found[1], int(found[2]), found[3]
    if not is_day(int(year or 2024), month, int(day or 1)):
        yield Spot(start, end, (), f"{found[0].strip()}不存在")
        return
    weekday = _WEEKDAY.search(text, found.end(), end)
    if weekday is not None and year and day:
        right = WEEKDAYS[date(int(year), month, int(day)).weekday()]
        if right != weekday[2].replace("天", "日"):
            fixed = text[start : weekday.start()] + weekday[1] + right
            yield Spot(start, end, (fixed,), f"{found[0].strip()}是星期{right}")


_TO = r"(?:至|到|—{1,2}|-{1,2}|~)"
_SPAN = re.compile(
    rf"(?:(\d{{4}})年)?(\d{{1,2}})月(\d{{1,2}})[日号]?\s?{_TO}\s?(?:(\d{{4}})年)?(?:(\d{{1,2}})月)?(\d{{1,2}})[日号]"
)
_YEARS = re.compile(rf"(\d{{4}})年?{_TO}(\d{{4}})年")


class DateOrder(Checker):
    """A span whose end lies before its start: 2024年5月10日至5月1日, 2025—2023年."""

    patterns = (
        r"(?:\d{4}年)?\d{1,2}月\d{1,2}[日号]?\s?(?:至|到|—{1,2}|-{1,2}|~)\s?(?:\d{4}年)?(?:\d{1,2}月)?\d{1,2}[日号]",
        r"(?:19|20)\d{2}年?(?:至|到|—{1,2}|-{1,2}|~)(?:19|20)\d{2}年",
    )

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each span that ends before it begins."""
        text = context.view.text
        for _, start, end in hits:
            if not _begins(text, start):
                continue
            span = _SPAN.fullmatch(text, start, end)
            if span is not None:
                first_year = int(span[1]) if span[1] else None
                last_year = int(span[4]) if span[4] else first_year
                first = (int(span[2]), int(span[3]))
                last = (int(span[5] or span[2]), int(span[6]))
                if first_year is None or last_year is None:
                    # Without years 12月28日至1月3日 runs over the new year; only one month tells.
                    wrong = first[0] == last[0] and last < first and span[4] is None
                else:
                    wrong = (last_year, *last) < (first_year, *first)
                    # 2024年12月28日至1月3日: the end is in the next year.
                    wrong = wrong and not (span[4] is None and first[0] >= 11 and last[0] <= 2)
                if wrong:
                    yield Spot(start, end, (), "结束日期早于开始日期")
                continue
            years = _YEARS.fullmatch(text, start, end)
            if years is not None and int(years[2]) < int(years[1]):
                yield Spot(start, end, (f"{years[2]}—{years[1]}年",), "结束年份早于开始年份")
