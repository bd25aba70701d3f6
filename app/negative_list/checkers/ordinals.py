"""Numbering that skips or repeats a number, and counts that do not fit what is listed."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit
from app.negative_list.text.model import View

_DIGITS = "零一二三四五六七八九"
_CHINESE = "[一二三四五六七八九十]{1,3}"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
#: From such a jump on it is an excerpt, or another list.
_JUMP = 3
_NUMBER = re.compile(rf"[0-9]{{1,2}}|{_CHINESE}|[{_CIRCLED}]")
#: The levels of headings by the number of their pattern, the highest first.
_CHAPTER, _FIRST, _SECOND, _THIRD = range(4)
_HEADINGS = 4
#: Marks within a text: （1） and ①; each paragraph has its own.
_WITHIN = frozenset((6, 7))


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


class NumberSequence(Checker):
    """Numbering out of sequence at any level: 一、二、四、; （一）（二）（二）; 1. 2. 4.; 一是…四是…; ①②④.

    Each list begins at one; a list that begins elsewhere is an excerpt. A heading of a higher level begins
    the lower ones anew.
    """

    view = View.RAW
    patterns = (
        rf"^[ \x{{3000}}]{{0,4}}第{_CHINESE}章[ \x{{3000}}]",
        rf"^[ \x{{3000}}]{{0,4}}{_CHINESE}、",
        rf"^[ \x{{3000}}]{{0,4}}[（(]{_CHINESE}[）)]",
        r"^[ \x{3000}]{0,4}(?:附件[:：][ \x{3000}]{0,2})?[0-9]{1,2}[.．、][^0-9]",
        rf"(?:^|[，。；：、！ ]){_CHINESE}是",
        rf"(?:^|[，。；：！ ])第{_CHINESE}[，、,]",
        r"(?:^|[，。；：、！ ])[（(][0-9]{1,2}[）)]",
        f"[{_CIRCLED}]",
        rf"^[ \x{{3000}}]{{0,4}}第{_CHINESE}条[ \x{{3000}}]",
        r"^[ \x{3000}]{0,4}附件 ?[0-9]{1,2}[:：.．、 ]",
        rf"(?:^|[，。；：！ ])第{_CHINESE}步",
    )

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each number that skips or repeats one."""
        if len(hits) < 2:
            return
        text, view = context.view.text, context.view
        #: The last number of each kind, and the part that it stands in.
        last: dict[int, tuple[int, int]] = {}
        for kind, start, end in sorted(hits, key=lambda hit: (hit[1], hit[2])):
            numeral = _NUMBER.search(text, start, end)
            if numeral is None:
                continue
            number, part = value_of(numeral[0]), view.part_at(start)
            before = last.get(kind)
            if kind < _HEADINGS:
                for lower in range(kind + 1, _HEADINGS):
                    last.pop(lower, None)
            elif before is not None and before[1] != part and kind in _WITHIN:
                # Within a text such marks belong to one paragraph.
                before = None
            if number == 1 or before is not None:
                last[kind] = number, part
            if number == 1 or before is None or number == before[0] + 1:
                continue
            if before[0] == number or before[0] + 1 < number <= before[0] + _JUMP:
                begin = numeral.start() - (text[numeral.start() - 1 : numeral.start()] in {"第", "（", "("})
                yield Spot(begin, end, (), f"前一个序号是{before[0]}，这里应为{before[0] + 1}")
            else:
                last.pop(kind)


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
