"""How much of a password is left once what everybody tries first is taken out of it.

Not a list of passwords but of what people make them of: words, ways over the keyboard, runs, repetitions,
dates and numbers. The words below were put together for this service: what people in Chinese offices use.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

#: A password that is worth fewer characters than these is guessed.
ENOUGH = 8
#: Longer passwords are judged by their beginning: what follows only makes them better.
_READ = 80

#: Words of at least two letters; each is worth one character, with or without figures in place of letters.
_WORDS = frozenset(
    """
    password passwd passwort pass word pwd admin administrator root user guest test tests tester demo temp
    welcome letmein login signin secret default changeme change master manager system server service support
    super hello love iloveyou iloveu lovely baby angel princess prince dragon monkey tiger flower sunshine
    summer winter spring autumn football basketball computer internet windows linux oracle mysql apple
    samsung google microsoft facebook superman batman pokemon michael daniel jordan charlie jessica ashley
    friend friends family happy lucky money king queen star china chinese office work working company
    official public private access abc qq wx vip aa qwe asd zxc qaz wsx
    woaini aini wo ai ni woaiwojia wojiushiwo woshishui wobuzhidao zhongguo beijing shanghai guangzhou
    shenzhen chongqing tianjin wuhan chengdu nanjing hangzhou xian zhonghua renmin gongchandang jiefang
    nihao nihaoma xiexie zaijian mima mimashi denglu yonghu guanli guanliyuan xitong zhanghao kaishi
    baobei laopo laogong lao baba mama gege jiejie didi meimei erzi nver tiantian mingtian kuaile xingfu
    jiankang pingan facai gongxi xinnian shengri shengrikuaile zhangsan lisi wangwu zhaoliu wangwei liwei
    zhangwei xiaoming xiaohong xiaoli xiaowang meili piaoliang shuaige meinv haha hehe hahaha heihei
    weixin wechat taobao zhifubao alipay baidu tencent huawei xiaomi alibaba jingdong douyin weibo wps
    sanshen sanjiao shenhe shencha shenpi jiaodui jiaoyan bianji chushen fushen zhongshen qianfa fabu
    yijiao erjiao xuanchuan xuanchuanke tongxun anquan shenji minzheng minzhengju mz mzj minzhengting
    zhengfu shizhengfu quzhengfu gov govcn gongan jiaoyu jiaoyuju weisheng weijian caizheng renshe shuiwu
    jiedao shequ bangongshi bangong danwei jiguan ju ting chu ke shiju quju xianju keyuan juzhang kezhang
    """.split()  # noqa: SIM905 – read as the text that it is
)
_LONGEST_WORD = max(map(len, _WORDS))

_ROWS = (
    "1234567890-=",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "1qazxsw23edcvfr45tgbnhy67ujm",
    "zaq1xsw2cde3vfr4bgt5nhy6mju7",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "a1b2c3d4e5f6g7h8i9j0",
    "1a2b3c4d5e6f7g8h9i0j",
    "qawsedrftgyhujikolp",
    "qazwsxedcrfvtgbyhnujmikolp",
    "zxcvasdfqwer1234",
    "qweasdzxc",
    "147258369",
    "789456123",
    "741852963",
    "159357",
    "963852741",
    "0123456789",
    "1357924680",
    "2468013579",
    "abcdefghijklmnopqrstuvwxyz",
)
_WAYS = (*_ROWS, *(row[::-1] for row in _ROWS))
_SHORTEST_WAY = 3

#: What the keys of the top row write with shift, and figures and signs that stand for letters.
_UNSHIFTED = str.maketrans("!@#$%^&*()_+", "1234567890-=")
_AS_LETTERS = (
    str.maketrans("013457@$!", "oieastasi"),
    str.maketrans("013457@$!", "oleastasl"),
)

_DATES = re.compile(
    r"(?:19|20)\d\d[-./年]?(?:0?[1-9]|1[0-2])[-./月]?(?:0?[1-9]|[12]\d|3[01])日?"
    r"|(?:0[1-9]|[12]\d|3[01])[-./]?(?:0[1-9]|1[0-2])[-./]?(?:19|20)\d\d"
    r"|\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"|(?:19|20)\d\d年?"
)
_PHONES = re.compile(r"(?:\+?86-?)?1[3-9]\d{9}|0\d{2,3}-?\d{7,8}")
_FIGURES = re.compile(r"\d+")
#: One character three times, two characters three times, or three to eight twice.
_AGAIN = re.compile(r"(.)\1{2,}|(..)\2{2,}|(.{3,8}?)\3+")


def plain(password: str) -> str:
    """Return a password as it is judged: compatible forms made one, no case, no white space."""
    return "".join(unicodedata.normalize("NFKC", password).casefold().split())


def worth(password: str, words: Iterable[str] = ()) -> int:
    """Return how many characters a password is worth; `words` are those that name its owner or their place.

    Each word, way over the keyboard, run, date or number counts as one character, a repetition as what is
    repeated, any other row of figures as three at most. 0 for the empty one.
    """
    text = plain(password)[:_READ]
    own = frozenset(word for known in words if len(word := plain(known)) >= 3)
    cheap: list[list[tuple[int, int]]] = [[] for _ in range(len(text) + 1)]
    for start, end, cost in _chunks(text, own):
        cheap[end].append((start, cost))
    least = [0] * (len(text) + 1)
    for end in range(1, len(text) + 1):
        least[end] = min(least[end - 1] + 1, *(least[start] + cost for start, cost in cheap[end]), end)
    return least[-1]


def _chunks(text: str, own: frozenset[str]) -> Iterator[tuple[int, int, int]]:
    """Yield `(start, end, what it is worth)` of everything in a text that is guessed easily."""
    for way in {text, *(text.translate(table) for table in _AS_LETTERS)}:
        yield from _words(way, own)
    yield from _over_the_keyboard(text)
    yield from _over_the_keyboard(text.translate(_UNSHIFTED))
    for pattern in (_DATES, _PHONES):
        for start in range(len(text)):
            if match := pattern.match(text, start):
                yield start, match.end(), 1
    for match in _FIGURES.finditer(text):
        yield match.start(), match.end(), min(3, len(match[0]))
    for start in range(len(text)):
        if match := _AGAIN.match(text, start):
            unit = len(next(unit_text for unit_text in match.groups() if unit_text is not None))
            # What is left of one more round belongs to it: abcabcabca.
            end = match.end()
            while end < len(text) and text[end] == text[end - unit]:
                end += 1
            yield start, end, min(unit, 3)


def _words(text: str, own: frozenset[str]) -> Iterator[tuple[int, int, int]]:
    longest = max((_LONGEST_WORD, *map(len, own)))
    for start in range(len(text)):
        for end in range(start + 2, min(len(text), start + longest) + 1):
            if text[start:end] in _WORDS or text[start:end] in own:
                yield start, end, 1


def _over_the_keyboard(text: str) -> Iterator[tuple[int, int, int]]:
    for start in range(len(text) - _SHORTEST_WAY + 1):
        end = start + _SHORTEST_WAY
        ways = [way for way in _WAYS if text[start:end] in way]
        while ways:
            yield start, end, 1
            end += 1
            if end > len(text):
                break
            ways = [way for way in ways if text[start:end] in way]
