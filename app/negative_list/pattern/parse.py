r"""The regular expressions that a rule may hold: what RE2, hyperscan and Python all read alike.

A pattern is parsed here and written anew for each engine, so that `\d`, `\s`, `.` and `[^…]` mean the
same everywhere. What cannot be run in linear time, or not everywhere, is refused with a way out.
"""

import re
from functools import lru_cache
from itertools import combinations, zip_longest

from app.negative_list.pattern import charsets
from app.negative_list.pattern.advice import rewritten
from app.negative_list.pattern.charsets import Ranges
from app.negative_list.pattern.nodes import (
    Chars,
    Choice,
    Edge,
    Node,
    Repeat,
    Series,
    all_chars,
    first_set,
    least,
    most,
)
from app.negative_list.text.fold import fold_char

MAX_LENGTH = 500
MAX_REPEAT = 100
#: How many ways a pattern may split one text; keeps the plain backend from trying for ever.
MAX_WAYS = 20_000
#: What an open repeat counts as among the ways.
_OPEN_WAYS = 100


class PatternError(ValueError):
    """A pattern that is refused; the message, in Chinese, says why and what to write instead."""


_CONTROL = {"t": 9, "n": 10, "r": 13, "f": 12, "v": 11}
_SETS = {"d": charsets.DIGITS, "s": charsets.SPACES, "w": charsets.WORD}
_REFUSED_ESCAPES = {
    "b": "不支持 \\b：汉字之间没有词边界；请改用规则的 edge: digit 或 edge: latin",
    "B": "不支持 \\B；请改用规则的 edge",
    "A": "不支持 \\A；请改用 ^",
    "Z": "不支持 \\Z；请改用 $",
    "z": "不支持 \\z；请改用 $",
    "Q": "不支持 \\Q…\\E；请逐字转义",
    "K": "不支持 \\K；请用例外条件（unless）限定前文",
    "G": "不支持 \\G",
}


class _Parser:
    def __init__(self, source: str, *, fold: bool) -> None:
        self.source = source
        self.fold = fold
        self.at = 0

    def parse(self) -> Node:
        node = self.choice()
        if self.at < len(self.source):
            raise PatternError(f"第 {self.at + 1} 个字符处多了一个“)”")
        return node

    def peek(self) -> str:
        return self.source[self.at] if self.at < len(self.source) else ""

    def take(self) -> str:
        char = self.peek()
        if not char:
            raise PatternError("正则在中途结束")
        self.at += 1
        return char

    def choice(self) -> Node:
        branches = [self.sequence()]
        while self.peek() == "|":
            self.at += 1
            branches.append(self.sequence())
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def sequence(self) -> Node:
        items: list[Node] = []
        while (char := self.peek()) and char not in "|)":
            items.append(self.repeat(self.atom()))
        return items[0] if len(items) == 1 else Series(tuple(items))

    def repeat(self, item: Node) -> Node:
        bounds = self.bounds()
        if bounds is None:
            return item
        low, high = bounds
        if isinstance(item, Edge):
            raise PatternError("^ 和 $ 后面不能跟重复次数")
        if max(low, high or 0) > MAX_REPEAT:
            raise PatternError(f"重复次数最多 {MAX_REPEAT}，此处为 {max(low, high or 0)}")
        if high is not None and high < low:
            raise PatternError(f"重复次数 {{{low},{high}}} 的上限小于下限")
        lazy = self.peek() == "?"
        if lazy:
            self.at += 1
        if self.peek() == "+":
            raise PatternError("不支持占有量词（*+、++、?+）；请去掉后面的 +")
        if self.bounds() is not None:
            raise PatternError("重复次数后面又跟了重复次数；请用 (?:…) 分组")
        return Repeat(item, low, high, lazy)

    def bounds(self) -> tuple[int, int | None] | None:
        simple = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        char = self.peek()
        if char in simple and char:
            self.at += 1
            return simple[char]
        if char == "{":
            found = re.compile(r"\{(\d{1,6})(,)?(\d{1,6})?\}").match(self.source, self.at)
            if found is None:
                raise PatternError("“{”要写成 \\{，或写成完整的 {m}、{m,}、{m,n}")
            self.at = found.end()
            low = int(found[1])
            return low, (int(found[3]) if found[3] else None) if found[2] else low
        return None

    def atom(self) -> Node:
        char = self.take()
        match char:
            case ".":
                return Chars(charsets.complement(charsets.NEWLINE))
            case "^" | "$":
                return Edge(char)
            case "(":
                return self.group()
            case "[":
                return Chars(self.bracket())
            case "\\":
                return self.escape()
            case "*" | "+" | "?":
                raise PatternError(f"“{char}”前面没有可重复的内容；要匹配它本身请写 \\{char}")
            case "{" | "}" | "]":
                raise PatternError(f"要匹配“{char}”本身请写 \\{char}")
            case _:
                return self.literal(char)

    def literal(self, char: str) -> Node:
        if not self.fold:
            return Chars(((ord(char), ord(char)),))
        form = fold_char(char)
        if not form:
            raise PatternError(f"U+{ord(char):04X} 在归一化文本中不存在；请改用 view: raw")
        chars = tuple(Chars(((ord(part), ord(part)),)) for part in form)
        return chars[0] if len(chars) == 1 else Series(chars)

    def group(self) -> Node:
        if self.peek() == "?":
            rest = self.source[self.at : self.at + 4]
            if rest.startswith("?:"):
                self.at += 2
            elif rest.startswith(("?=", "?!", "?<=", "?<!")):
                sign = rest[: 3 if rest[1] == "<" else 2]
                way = "unless 的 before/after/covering" if "!" in sign else "edge，或把上下文写进正则本身"
                raise PatternError(f"不支持环视 ({sign}…)：请改用 {way}")
            elif rest.startswith("?>"):
                raise PatternError("不支持原子组 (?>…)；请改用 (?:…)")
            elif rest.startswith(("?P=", "?(")):
                raise PatternError("不支持反向引用和条件组；请逐一列出，或改用检查器 repeat")
            elif rest.startswith(("?P<", "?<")):
                raise PatternError("不支持命名组；请改用 (?:…)")
            else:
                raise PatternError("不支持内联标志；归一化视图已不分大小写，请改用 (?:…)")
        node = self.choice()
        if self.peek() != ")":
            raise PatternError("“(”没有对应的“)”")
        self.at += 1
        return node

    def escape(self) -> Node:
        char = self.peek()
        if char and char in "dswDSWpP":
            return Chars(self.escaped_set())
        return self.literal(chr(self.escaped_char()))

    def escaped_set(self) -> Ranges:
        char = self.take()
        if char in "pP":
            name = re.compile(r"\{(\w+)\}").match(self.source, self.at)
            if name is None or name[1] != "Han":
                raise PatternError("字符属性只支持 \\p{Han}（汉字）；其他请用 [ ] 列出范围")
            self.at = name.end()
            ranges = charsets.HAN
        else:
            ranges = _SETS[char.lower()]
        return charsets.complement(ranges) if char.isupper() else ranges

    def escaped_char(self) -> int:
        """Read one escaped character; the backslash is already taken."""
        char = self.take()
        if char in _REFUSED_ESCAPES:
            raise PatternError(_REFUSED_ESCAPES[char])
        if char in "uU":
            found = re.compile(r"[0-9A-Fa-f]{4,8}").match(self.source, self.at)
            shown = f"“{chr(int(found[0][:4], 16))}”或 \\x{{{found[0][:4]}}}" if found else "字符本身"
            raise PatternError(f"不支持 \\{char}XXXX；请直接写 {shown}")
        if char == "x":
            found = re.compile(r"\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2})").match(self.source, self.at)
            code = int(found[1] or found[2], 16) if found else charsets.LAST + 1
            if found is None or code > charsets.LAST or 0xD800 <= code <= 0xDFFF:
                raise PatternError("\\x 后面要写两位十六进制数或 {码位}")
            self.at = found.end()
            return code
        if char in _CONTROL:
            return _CONTROL[char]
        if char.isdigit():
            raise PatternError(f"不支持反向引用 \\{char}；叠字叠词请改用检查器 repeat")
        if char.isascii() and char.isalpha():
            raise PatternError(f"不认识的转义 \\{char}")
        return ord(char)

    def bracket(self) -> Ranges:
        negated = self.peek() == "^"
        if negated:
            self.at += 1
        parts: list[tuple[int, int]] = []
        first = True
        while first or self.peek() != "]":
            if self.source.startswith(("[:", "[=", "[."), self.at):
                raise PatternError("不支持 [[:…:]]；数字写 \\d，字母写 A-Za-z")
            if self.peek() == "\\" and self.source[self.at + 1 : self.at + 2] in tuple("dswDSWpP"):
                self.at += 1
                parts.extend(self.escaped_set())
            else:
                parts.append(self.class_range())
            first = False
        self.at += 1
        ranges = charsets.union(parts)
        if self.fold:
            ranges = charsets.folded(ranges)
        if negated:
            ranges = charsets.complement(ranges)
        if not ranges:
            raise PatternError("字符类里没有任何字符")
        return ranges

    def class_range(self) -> tuple[int, int]:
        low = self.class_char()
        if self.peek() == "-" and self.source[self.at + 1 : self.at + 2] not in {"]", ""}:
            self.at += 1
            high = self.class_char()
            if high < low:
                raise PatternError(f"字符范围 {chr(low)}-{chr(high)} 前大后小")
            return low, high
        return low, low

    def class_char(self) -> int:
        char = self.take()
        if char == "\\":
            return self.escaped_char()
        if char == "[":
            raise PatternError("字符类里的“[”请写成 \\[")
        return ord(char)


def _ends_for_certain(item: Node, following: Node | None) -> bool:
    """Whether a repeated set is followed by a character that it does not hold: `[ -]?` before `[0-9]`."""
    return (
        isinstance(item, Repeat)
        and isinstance(item.item, Chars)
        and isinstance(following, Chars)
        and not charsets.overlap(item.item.ranges, following.ranges)
    )


def _ways(node: Node) -> int:
    match node:
        case Chars() | Edge():
            return 1
        case Series(items):
            total = 1
            for item, following in zip_longest(items, items[1:]):
                if not _ends_for_certain(item, following):
                    total = min(total * _ways(item), MAX_WAYS + 1)
            return total
        case Choice(branches):
            sets = [first_set(branch) for branch in branches]
            doubtful = any(
                charsets.overlap(one, other) for i, one in enumerate(sets) for other in sets[i + 1 :]
            )
            ways = [_ways(branch) for branch in branches]
            # Branches that begin alike but are of one length each are tried one after the other only.
            return sum(ways) if doubtful and len({most(branch) for branch in branches}) > 1 else max(ways)
        case Repeat(item, low, high):
            times = _OPEN_WAYS if high is None else high
            inner = _ways(item)
            if high is None and (inner > 1 or least(item) != most(item)):
                raise PatternError(
                    "无界重复（*、+、{n,}）里不能再有可变长度的内容，如 (a+)+、(a|aa)*；请写明上限，如 {1,20}"
                )
            power = 1
            for _ in range(times if inner > 1 else 0):
                power = min(power * inner, MAX_WAYS + 1)
            spread = _OPEN_WAYS if high is None else high - low + 1
            return min(spread * power, MAX_WAYS + 1)


def _check_open_repeats(node: Node) -> None:
    match node:
        case Series(items):
            opened = [i for i, item in enumerate(items) if isinstance(item, Repeat) and item.high is None]
            for one, other in combinations(opened, 2):
                chars = all_chars(items[one])
                # A part between them that begins with another character parts them for certain.
                parted = any(
                    least(item) and not charsets.overlap(first_set(item), chars)
                    for item in items[one + 1 : other]
                )
                if not parted and charsets.overlap(chars, all_chars(items[other])):
                    raise PatternError("两个无界重复能匹配同样的字符，如 .*a.*；请写明上限，如 .{0,30}")
            for item in items:
                _check_open_repeats(item)
        case Choice(branches):
            for branch in branches:
                _check_open_repeats(branch)
        case Repeat(item):
            _check_open_repeats(item)
        case _:
            return


@lru_cache(maxsize=2000)
def parse(source: str, *, fold: bool) -> Node:
    """Return the parsed pattern; with `fold` its characters are read as in the fold view.

    Raises `PatternError` for whatever a rule may not hold, with a rewritten pattern where there is one.
    """
    try:
        return _parse(source, fold=fold)
    except PatternError as error:
        better = rewritten(source)
        if better is None or not _is_taken(better.pattern, fold=fold):
            raise
        raise PatternError(f"{error}；{better}") from None


def _is_taken(source: str, *, fold: bool) -> bool:
    try:
        _parse(source, fold=fold)
    except PatternError:
        return False
    return True


def _parse(source: str, *, fold: bool) -> Node:
    if not source:
        raise PatternError("正则为空")
    if len(source) > MAX_LENGTH:
        raise PatternError(f"正则最长 {MAX_LENGTH} 个字符，此处 {len(source)} 个")
    node = _Parser(source, fold=fold).parse()
    if not least(node):
        raise PatternError("正则可以匹配空串；请至少匹配一个字符")
    _check_open_repeats(node)
    if _ways(node) > MAX_WAYS:
        raise PatternError("正则的可变部分太多，匹配方式会爆炸；请缩小重复范围或拆成几条规则")
    return node
