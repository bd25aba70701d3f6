"""Numbering that skips or repeats a number, and counts that do not fit what is listed."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit
from app.negative_list.text.buffer import ViewText
from app.negative_list.text.model import View

_DIGITS = "零一二三四五六七八九"
_CHINESE = "[一二三四五六七八九十]{1,3}"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_NUMBER = re.compile(rf"[0-9]{{1,2}}|{_CHINESE}|[{_CIRCLED}]")
#: From such a jump on it is an excerpt, or another list.
_JUMP = 3
#: A text that skips a number more often is an excerpt, or was cut line by line.
_SKIPS = 2
#: The levels of headings, the highest first, and the other kinds of numbering.
_CHAPTER, _FIRST, _SECOND, _THIRD, _ARTICLE, _ATTACHMENT, _BRACKETED, _CIRCLE, _POINT, _ORDER, _STEP = range(
    11
)
_KINDS = 11
_HEADINGS = 4
_NONE = (0,) * _HEADINGS
#: Marks within a text: （1） and ①; each paragraph has its own.
_WITHIN = frozenset((_BRACKETED, _CIRCLE))
#: What a line begins with; the groups are those of `_AT_LINE`.
_LINE = (
    rf"[ \u3000]{{0,4}}(?:第({_CHINESE})章[ \u3000]|({_CHINESE})、|[（(]({_CHINESE})[）)]"
    r"|(?:附件[:：][ \u3000]{0,2})?([0-9]{1,2})[.．、](?=[^0-9\n]|\n(?!\x1e))"
    rf"|第({_CHINESE})条[ \u3000]|附件 ?([0-9]{{1,2}})[:：.．、 ])"
)
_FIRST_LINE, _LINES = re.compile(_LINE), re.compile(f"\n{_LINE}")
#: The first stands for no group.
_AT_LINE = (-1, _CHAPTER, _FIRST, _SECOND, _THIRD, _ARTICLE, _ATTACHMENT)
#: What shows that something was left out: （略）, ……, 节选.
_LEFT_OUT = re.compile(r"[（(]略[）)]|^[…。.]{3,}$|节选|摘编|摘登|摘录|选登")


@lru_cache(maxsize=500)
def value_of(numeral: str) -> int:
    """Return the value of a numeral as numbering uses it: 12, 十二, ⑫."""
    if numeral.isascii():
        return int(numeral)
    if numeral in _CIRCLED:
        return _CIRCLED.index(numeral) + 1
    tens, ten, ones = numeral.rpartition("十")
    if not ten:
        return _DIGITS.index(ones[-1])
    return (_DIGITS.index(tens[-1]) if tens else 1) * 10 + (_DIGITS.index(ones[0]) if ones else 0)


#: A number of a list: where its hit begins, its kind and value, where the numeral begins and the hit ends.
_Number = tuple[int, int, int, int, int]


class NumberSequence(Checker):
    """Numbering out of sequence at any level: 一、二、四、; （一）（二）（二）; 1. 2. 4.; 一是…四是…; ①②④.

    Each list begins at one; a list that begins elsewhere is an excerpt, and so is a text that skips numbers
    again and again, or says that something was left out. A heading of a higher level begins the lower ones
    anew.
    """

    view = View.RAW
    #: Every second line may begin with a number: lines are read in one pass, the rest is waited for.
    always = True
    _kinds = (_POINT, _ORDER, _BRACKETED, _CIRCLE, _STEP)
    patterns = (
        rf"(?:^|[，。；：、！ ]){_CHINESE}是",
        rf"(?:^|[，。；：！ ])第{_CHINESE}[，、,]",
        r"(?:^|[，。；：、！ ])[（(][0-9]{1,2}[）)]",
        f"[{_CIRCLED}]",
        rf"(?:^|[，。；：！ ])第{_CHINESE}步",
    )

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each number that skips or repeats one."""
        text = context.view.text
        numbers = _of_lines(text)
        for kind, start, end in hits:
            numeral = _NUMBER.search(text, start, end)
            if numeral is not None:
                numbers.append((start, self._kinds[kind], value_of(numeral[0]), numeral.start(), end))
        if len(numbers) < 2:
            return
        numbers.sort()
        skips: list[Spot] = []
        for before, (_, _, number, place, end) in _out_of_sequence(context.view, numbers):
            begin = place - (text[place - 1 : place] in {"第", "（", "("})
            spot = Spot(begin, end, (), f"前一个序号是{before}，这里应为{before + 1}")
            if before == number:
                yield spot
            else:
                skips.append(spot)
        if skips and len(skips) <= _SKIPS and not _says_so(context):
            yield from skips


def _out_of_sequence(view: ViewText, numbers: Iterable[_Number]) -> Iterable[tuple[int, _Number]]:
    """Yield each number that repeats the one before it or skips a few, with that."""
    #: The last number of each kind, 0 for none, and the part that a mark within a text stands in.
    last = [0] * _KINDS
    parts: dict[int, int] = {}
    for item in numbers:
        start, kind, number, _, _ = item
        if kind < _HEADINGS:
            last[kind + 1 : _HEADINGS] = _NONE[kind + 1 :]
        elif kind in _WITHIN:
            part = view.part_at(start)
            if parts.get(kind) != part:
                # Within a text such marks belong to one paragraph.
                parts[kind], last[kind] = part, 0
        before = last[kind]
        if number == before + 1 or number == 1:
            last[kind] = number
        elif before:
            near = before <= number <= before + _JUMP
            last[kind] = number if near else 0
            if near:
                yield before, item


def _of_lines(text: str) -> list[_Number]:
    """Return the numbers that lines begin with."""
    found: list[_Number] = []
    first = _FIRST_LINE.match(text)
    for line in (*((first,) if first else ()), *_LINES.finditer(text)):
        group = line.lastindex
        assert group is not None
        kind = _AT_LINE[group]
        # The character behind 1. belongs to the hit, though another line may begin with it.
        end = line.end() + 1 if kind == _THIRD else line.end()
        found.append((line.start(), kind, value_of(line[group]), line.start(group), end))
    return found


def _says_so(context: Context) -> bool:
    """Whether a text says that something was left out of it."""
    return any(_LEFT_OUT.search(part.text.strip()) for part in context.buffer.parts)


_COUNTED = re.compile(
    r"([二两三四五六七八九十]|[2-9]|10)(?:个|项|类|条|点|种|方面|件|步|大)[\u4e00-\u9fff]{0,12}[”\"]?[\u4e00-\u9fff]{0,4}[:：]"
)
#: What numbers the items of a list within a paragraph; only one kind counts.
_ITEMS = (
    re.compile(rf"(?:^|[，。；：:、！ “])({_CHINESE})是"),
    re.compile(rf"(?:^|[，。；：:！ ])第({_CHINESE})[，、,]"),
    re.compile(r"[（(]([0-9]{1,2}|[一二三四五六七八九十])[）)]"),
    re.compile(f"([{_CIRCLED}])"),
)


class CountedList(Checker):
    """三项工作 before a list of four: the number told is not that of the items numbered behind it."""

    view = View.RAW
    patterns = (
        r"(?:[二两三四五六七八九十]|[2-9]|10)(?:个|项|类|条|点|种|方面|件|步|大)[一-鿿]{0,12}[”\"]?[一-鿿]{0,4}[:：]",
    )

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each number that does not fit its list."""
        text, view = context.view.text, context.view
        covered = -1
        for _, start, end in hits:
            counted = _COUNTED.fullmatch(text, start, end)
            if counted is None or start < covered or text[start - 1 : start] in _NOT_BEFORE:
                continue
            covered = end
            _, stop = view.bounds(view.part_at(start))
            told = 2 if counted[1] == "两" else value_of(counted[1])
            for pattern in _ITEMS:
                numbers = [value_of(item[1]) for item in pattern.finditer(text, end - 1, stop)]
                if len(numbers) > 1 and numbers[0] == 1:
                    listed = _counted_up(numbers)
                    if listed > 1 and listed != told:
                        yield Spot(start, end - 1, (), f"后面列了{listed}项")
                    break


#: 第三项工作, 二十三项, 12项: a larger number, or none of a list.
_NOT_BEFORE = frozenset("第十百千万0123456789零一二三四五六七八九两.．")


def _counted_up(numbers: Sequence[int]) -> int:
    """Return how far numbers count up from one, one by one."""
    for before, number in pairwise(numbers):
        if number != before + 1:
            return before
    return numbers[-1]
