"""What does not fit together inside one document."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from rapidfuzz.distance import Levenshtein

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit, lexicon
from app.negative_list.source.fields import Fields
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.text.fold import fold_all

_NUMERALS = re.compile(r"[0-9a-z一二三四五六七八九十百上中下甲乙丙丁〇零]")
#: A remark behind a title: （2023年修正）, （草案）.
_REMARK = re.compile(r"\([^()]*\)$")


def _one_apart(one: str, other: str) -> bool:
    """Whether texts are one changed, added or removed character apart."""
    return Levenshtein.distance(one, other, score_cutoff=1) == 1


#: Shorter titles, with their marks, are too like each other to tell. The pattern is that of `law_title`, so
#: that both are scanned for once.
_SHORTEST = 8


#: Characters of which two titles may well have one each: places, seasons, sides, ranks, kinds of people.
_SIBLINGS = tuple(
    map(
        frozenset,
        (
            "春夏秋冬",
            "东西南北中",
            "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼",
            "河湖江海山广云陕",
            "省市县区乡镇村州旗盟",
            "上下前后左右内外里",
            "男女老少幼儿童",
            "大中小高低长短多少",
            "增减加收支进出入",
            "日周月季年",
            "早中晚午夜",
            "父母子夫妻兄弟姐妹",
        ),
    )
)


class TitleSpelling(Checker):
    """Two titles in 《》 that differ in one character: one of them is likely misspelt.

    Not so where both are known titles of laws (`lexicon` with the columns title and short_title), where both
    stand more than once, or where the characters are of one kind (春季、冬季).
    """

    patterns = ("《[^《》]{2,60}》",)

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        found = lexicon(args, "lexicon", lexicons, ("title", "short_title")) if args.has("lexicon") else None
        self._known = frozenset(
            fold_all(
                name
                for row in (found.rows() if found else ())
                for name in (row["title"], row["short_title"], row["title"].removeprefix("中华人民共和国"))
                if name
            )
        )

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return the rarer of two titles that are all but the same."""
        if len(hits) < 2:
            return
        text, buffer = context.view.text, context.buffer
        places: dict[str, list[tuple[int, int]]] = {}
        for _, start, end in hits:
            if end - start >= _SHORTEST:
                places.setdefault(text[start + 1 : end - 1], []).append((start, end))
        by_frequency = sorted(places, key=lambda title: (-len(places[title]), places[title][0]))
        for right, wrong in combinations(by_frequency[:200], 2):
            if len(places[wrong]) > 1 or not _one_apart(right, wrong) or self._both_right(right, wrong):
                continue
            low, high = buffer.typed(self.view, *places[right][0])
            typed = buffer.raw.text[low:high]
            for start, end in places[wrong]:
                yield Spot(start, end, (typed,), f"同一篇里又写作{typed}")

    def _both_right(self, right: str, wrong: str) -> bool:
        if {_REMARK.sub("", right), _REMARK.sub("", wrong)} <= self._known:
            return True
        if _NUMERALS.sub("#", right) == _NUMERALS.sub("#", wrong):
            return True
        if len(right) != len(wrong):
            return False
        differing = next((one, other) for one, other in zip(right, wrong, strict=True) if one != other)
        return any(kind.issuperset(differing) for kind in _SIBLINGS)


#: The hundred or so most common family names. Source: 2020 census report of the Ministry of Public Security.
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭"
    "陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向汤"
)
#: What follows a name that ends there.
_AFTER = frozenset("，。、；：！？,.;:!?()“”》 \n说指表强介要主出参带率同等在到对为的与和及向就先女致作")


class NameSpelling(Checker):
    """One person, by post and family name, whose given name is spelt two ways: 局长张晓明, 局长张小明."""

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        del lexicons
        self.words = args.texts("posts")
        if not self.words:
            args.fault("posts", "缺少职务：posts: [局长, 书记]")

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return the rarer of two names that are all but the same."""
        text = context.view.text
        places: dict[tuple[str, str], list[int]] = {}
        for number, _, end in hits:
            name = text[end : end + 3]
            if (
                len(name) == 3
                and name[0] in _SURNAMES
                and text[end + 3 : end + 4] in _AFTER
                and _is_han(name)
            ):
                places.setdefault((self.words[number], name), []).append(end)
        by_frequency = sorted(places, key=lambda key: (-len(places[key]), places[key][0]))
        for right, wrong in combinations(by_frequency[:200], 2):
            # Two people of one family name are common: a slip is what stands once beside what stands often.
            if len(places[wrong]) > 1 or len(places[right]) < 2:
                continue
            if right[0] == wrong[0] and right[1][0] == wrong[1][0] and _one_apart(right[1], wrong[1]):
                for start in places[wrong]:
                    yield Spot(start, start + 3, (right[1],), f"同一篇里又写作{right[1]}")


def _is_han(text: str) -> bool:
    return all("\u4e00" <= char <= "\u9fff" for char in text)


_UNITS = "人名户个家件项所处对例场次张篇亩元"
_AMOUNT = re.compile(
    rf"(?<!\d)(?<!\d,)(\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+)((?:\.\d+)?)(万|亿)?(?:余|多)?([{_UNITS}])"
)
_SENTENCE = re.compile(r"[。;；!！?？\n]")
_BRACKETS = re.compile(r"\([^()]*\)")
#: Characters behind 其中 that its parts are looked for in.
_REACH = 500
#: Characters before 其中 that its whole is looked for in.
_BEFORE = 60
_SCALE = {"": 1, "万": 10_000, "亿": 100_000_000}


def _value(amount: re.Match[str]) -> float:
    return float(amount[1].replace(",", "") + amount[2]) * _SCALE[amount[3] or ""]


class Total(Checker):
    """共100人，其中男60人、女50人: parts that are more than their whole, or halves that do not fill it."""

    words = ("其中",)

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each whole with its parts that does not add up."""
        text = context.view.text
        for _, start, end in hits:
            first, last = context.view.bounds(context.view.part_at(start))
            last = min(last, end + _REACH)
            stop = _SENTENCE.search(text, end, last)
            finish = stop.start() if stop else last
            following = text.find("其中", end, finish)
            if following >= 0:
                finish = following
            before = [
                amount
                for amount in _AMOUNT.finditer(text, max(first, start - _BEFORE), start)
                if _SENTENCE.search(text, amount.end(), start) is None
            ]
            if not before:
                continue
            whole = before[-1]
            unit = whole[4]
            sentence = _BRACKETS.sub(lambda found: "#" * len(found[0]), text[end:finish])
            parts = [part for part in _AMOUNT.finditer(sentence) if part[4] == unit]
            given = sum(map(_value, parts))
            halves = (
                len(parts) == 2
                and "男" in sentence[: parts[0].end()]
                and "女" in sentence[parts[0].end() : parts[1].end()]
            )
            # 男60人、女40人，其中党员70人: the whole is any of the amounts before, or all of them together.
            wholes = [_value(amount) for amount in before if amount[4] == unit]
            wholes.append(sum(wholes))
            short = all(given > one + 1e-6 for one in wholes)
            if parts and (short or (halves and all(abs(given - one) > 1e-6 for one in wholes))):
                yield Spot(
                    whole.start(), end + parts[-1].end(), (), f"总数{_value(whole):g}，各项相加{given:g}"
                )
