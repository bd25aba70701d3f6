"""The regular expressions that a rule may hold: what RE2, hyperscan and Python all read alike.

A pattern is parsed here and written anew for each engine, so that `\\d`, `\\s`, `.` and `[^…]` mean the
same everywhere. What cannot be run in linear time, or not everywhere, is refused with a way out.
"""

import re
from dataclasses import dataclass
from itertools import combinations

from app.negative_list import charsets
from app.negative_list.charsets import Ranges
from app.negative_list.fold import fold_text

MAX_LENGTH = 500
MAX_REPEAT = 100
#: How many ways a pattern may split one text; keeps the plain backend from trying for ever.
MAX_WAYS = 20_000
#: What an open repeat counts as among the ways.
_OPEN_WAYS = 100


class PatternError(ValueError):
    """A pattern that is refused; the message, in Chinese, says why and what to write instead."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of a set."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Edge:
    """`^` or `$`: the beginning or end of a line."""

    sign: str


@dataclass(frozen=True, slots=True)
class Sequence_:
    """One thing after the other."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several."""

    branches: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`low` to `high` times the same; `high` None means without end."""

    item: "Node"
    low: int
    high: int | None
    lazy: bool


Node = Chars | Edge | Sequence_ | Choice | Repeat

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
        return items[0] if len(items) == 1 else Sequence_(tuple(items))

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
        form = fold_text(char)
        if not form:
            raise PatternError(f"U+{ord(char):04X} 在归一化文本中不存在；请改用 view: raw")
        chars = tuple(Chars(((ord(part), ord(part)),)) for part in form)
        return chars[0] if len(chars) == 1 else Sequence_(chars)

    def group(self) -> Node:
        if self.peek() == "?":
            rest = self.source[self.at : self.at + 4]
            if rest.startswith("?:"):
                self.at += 2
            elif rest.startswith(("?=", "?!", "?<=", "?<!")):
                way = "unless 的 before/after/covering" if "!" in rest[:3] else "edge，或把上下文写进正则本身"
                raise PatternError(f"不支持环视 ({rest[:3].rstrip('(')}…)：请改用 {way}")
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


def first_set(node: Node) -> Ranges:
    """Return the characters that a match of `node` can begin with."""
    match node:
        case Chars(ranges):
            return ranges
        case Edge():
            return ()
        case Choice(branches):
            return charsets.union(*map(first_set, branches))
        case Repeat(item):
            return first_set(item)
        case Sequence_(items):
            found: Ranges = ()
            for item in items:
                found = charsets.union(found, first_set(item))
                if least(item):
                    break
            return found


def least(node: Node) -> int:
    """Return the length of the shortest match, in characters."""
    match node:
        case Chars():
            return 1
        case Edge():
            return 0
        case Choice(branches):
            return min(map(least, branches))
        case Repeat(item, low):
            return low * least(item)
        case Sequence_(items):
            return sum(map(least, items))


def _most(node: Node) -> int | None:
    match node:
        case Chars():
            return 1
        case Edge():
            return 0
        case Choice(branches):
            sizes = [_most(branch) for branch in branches]
        case Repeat(item, _, high):
            size = _most(item)
            return None if high is None or size is None else high * size
        case Sequence_(items):
            sizes = [_most(item) for item in items]
            return None if None in sizes else sum(size for size in sizes if size is not None)
    return None if None in sizes else max(size for size in sizes if size is not None)


def _ways(node: Node) -> int:
    match node:
        case Chars() | Edge():
            return 1
        case Sequence_(items):
            total = 1
            for item in items:
                total = min(total * _ways(item), MAX_WAYS + 1)
            return total
        case Choice(branches):
            sets = [first_set(branch) for branch in branches]
            doubtful = any(
                charsets.overlap(one, other) for i, one in enumerate(sets) for other in sets[i + 1 :]
            )
            ways = [_ways(branch) for branch in branches]
            # Branches that begin alike but are of one length each are tried one after the other only.
            return sum(ways) if doubtful and len({_most(branch) for branch in branches}) > 1 else max(ways)
        case Repeat(item, low, high):
            times = _OPEN_WAYS if high is None else high
            inner = _ways(item)
            if high is None and (inner > 1 or least(item) != _most(item)):
                raise PatternError(
                    "无界重复（*、+、{n,}）里面不能再有可变长度的内容，如 (a+)+、(a|aa)*；请写明上限，如 {1,20}"
                )
            power = 1
            for _ in range(times if inner > 1 else 0):
                power = min(power * inner, MAX_WAYS + 1)
            spread = _OPEN_WAYS if high is None else high - low + 1
            return min(spread * power, MAX_WAYS + 1)


def _check_open_repeats(node: Node) -> None:
    match node:
        case Sequence_(items):
            opened = [i for i, item in enumerate(items) if isinstance(item, Repeat) and item.high is None]
            for one, other in combinations(opened, 2):
                chars = _all_chars(items[one])
                # A part between them that begins with another character parts them for certain.
                parted = any(
                    least(item) and not charsets.overlap(first_set(item), chars)
                    for item in items[one + 1 : other]
                )
                if not parted and charsets.overlap(chars, _all_chars(items[other])):
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


def _all_chars(node: Node) -> Ranges:
    match node:
        case Chars(ranges):
            return ranges
        case Edge():
            return ()
        case Repeat(item):
            return _all_chars(item)
        case Choice(parts) | Sequence_(parts):
            return charsets.union(*map(_all_chars, parts))


def parse(source: str, *, fold: bool) -> Node:
    """Return the parsed pattern; with `fold` its characters are read as in the fold view.

    Raises `PatternError` for whatever a rule may not hold.
    """
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


def trigger(node: Node) -> Node:
    """Return a smaller pattern that matches in a text wherever `node` does, if not the same range.

    Repeats at either end count only as often as they must.
    """
    match node:
        case Repeat(item, low, _, lazy) if low:
            return Repeat(trigger(item) if low == 1 else item, low, low, lazy)
        case Choice(branches):
            return Choice(tuple(map(trigger, branches)))
        case Sequence_(items):
            kept = list(items)
            while kept and least(kept[-1]) == 0 and not _has_edge(kept[-1]):
                kept.pop()
            while kept and least(kept[0]) == 0 and not _has_edge(kept[0]):
                kept.pop(0)
            return (
                Sequence_((trigger_start(kept[0]), *kept[1:-1], trigger(kept[-1])))
                if len(kept) > 1
                else trigger(kept[0])
            )
        case _:
            return node


def _has_edge(node: Node) -> bool:
    match node:
        case Edge():
            return True
        case Repeat(item):
            return _has_edge(item)
        case Choice(parts) | Sequence_(parts):
            return any(map(_has_edge, parts))
        case _:
            return False


def trigger_start(node: Node) -> Node:
    """Return the smaller form of the first item of a sequence: a repeat only as often as it must."""
    match node:
        case Repeat(Chars() as item, low, _, lazy) if low:
            return Repeat(item, low, low, lazy)
        case _:
            return node


def set_of(node: Node) -> Ranges | None:
    """Return the set of a pattern that is one large set, once or repeated; None for any other pattern."""
    chars = node.item if isinstance(node, Repeat) and node.low else node
    return chars.ranges if isinstance(chars, Chars) and len(chars.ranges) > _LARGE_SET else None


#: A set of more ranges is faster looked up than searched for.
_LARGE_SET = 50
#: A repeat of so many different characters, so often, makes a start hard to tell.
_BROAD = 20
_LARGE = 3000


def weight(node: Node) -> int:
    """Return roughly how large an automaton of the pattern is."""
    match node:
        case Chars(ranges):
            return min(len(ranges), 2000)
        case Edge():
            return 1
        case Repeat(item, low, high):
            return weight(item) * (high if high is not None else low + 1)
        case Choice(parts) | Sequence_(parts):
            return sum(map(weight, parts))


def is_heavy(node: Node) -> bool:
    """Whether hyperscan should look for the end of a match only, and leave the rest to RE2."""
    return weight(node) > _LARGE or _has_broad_repeat(node)


def _has_broad_repeat(node: Node) -> bool:
    match node:
        case Sequence_(items):
            for index, item in enumerate(items):
                if (
                    _has_broad_repeat(item)
                    and not (
                        isinstance(item, Repeat)
                        # A sign before it that it cannot hold, as in 《[^《》]{2,60}》, leaves one start only.
                        and any(
                            isinstance(sign, Chars) and not charsets.overlap(sign.ranges, _all_chars(item))
                            for sign in items[:index]
                        )
                    )
                ):
                    return True
            return False
        case Repeat(Chars(ranges), low, high):
            broad = sum(last - first for first, last in ranges) > 1000
            return broad and high is not None and high - low >= _BROAD
        case Repeat(item):
            return _has_broad_repeat(item)
        case Choice(parts):
            return any(map(_has_broad_repeat, parts))
        case _:
            return False


def _char(code: int, *, python: bool) -> str:
    if python:
        return f"\\U{code:08x}"
    return (
        chr(code)
        if 0x4E00 <= code <= 0x9FFF or (chr(code).isascii() and chr(code).isalnum())
        else f"\\x{{{code:x}}}"
    )


def render(node: Node, *, python: bool = False) -> str:
    """Return the pattern for RE2 and hyperscan, or for Python's `re`."""
    match node:
        case Chars(ranges):
            if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
                return _char(ranges[0][0], python=python)
            negated = ranges[-1][1] == charsets.LAST and ranges[0][0] == 0
            shown = charsets.complement(ranges) if negated else ranges
            if not shown:
                return f"[{_char(0, python=python)}-{_char(charsets.LAST, python=python)}]"
            body = "".join(
                _char(low, python=python) + (f"-{_char(high, python=python)}" if high > low else "")
                for low, high in shown
            )
            return f"[{'^' if negated else ''}{body}]"
        case Edge(sign):
            return f"(?m:{sign})"
        case Sequence_(items):
            return "".join(
                f"(?:{render(item, python=python)})"
                if isinstance(item, Choice)
                else render(item, python=python)
                for item in items
            )
        case Choice(branches):
            return "|".join(render(branch, python=python) for branch in branches)
        case Repeat(item, low, high, lazy):
            inner = render(item, python=python)
            if not isinstance(item, Chars):
                inner = f"(?:{inner})"
            return f"{inner}{{{low},{'' if high is None else high}}}{'?' if lazy else ''}"
