"""How a refused pattern can be written so that it is taken."""

import re
from typing import NamedTuple

_CODE = re.compile(r"\\u\{?([0-9A-Fa-f]{4,6})\}?|\\U([0-9A-Fa-f]{8})")
_DIGIT = frozenset({r"\d", "[0-9]"})
_LATIN = frozenset({"[a-z]", "[A-Za-z]", "[a-zA-Z]"})
_LITERAL = re.compile(r"[^\\\[\](){}.*+?^$|]+(?:\|[^\\\[\](){}.*+?^$|]+)*")
_REPEATED = re.compile(r"\(([^\\\[\](){}.*+?^$|]+)\)\\1")
_SIGNS = ("(?<!", "(?<=", "(?!", "(?=")


class Rewritten(NamedTuple):
    """A pattern that says the same, and what else the rule has to say, as YAML."""

    pattern: str
    beside: tuple[str, ...]

    def __str__(self) -> str:
        return "，并写 ".join((f"可改写为 pattern: '{self.pattern}'", *self.beside))


def rewritten(source: str) -> Rewritten | None:
    r"""Return how to write a pattern without `\uXXXX`, look-around or a word repeated by `\1`.

    None where that is unclear: look-around is understood at the ends of the pattern only. The result may
    still be refused for other reasons.
    """
    pattern = _CODE.sub(lambda found: _char(found[1] or found[2]), source)
    pattern = _REPEATED.sub(lambda found: found[1] * 2, pattern)
    beside: list[str] = []
    while pattern.startswith(("(?<!", "(?<=")):
        end = _closing(pattern, 0)
        sign, inner, rest = pattern[:4], pattern[4:end], pattern[end + 1 :]
        if sign == "(?<=":
            rest = f"{_grouped(inner)}{rest}"
        elif not _say(inner, "before", beside):
            return None
        pattern = rest
    while (start := _last_group(pattern)) is not None:
        sign, inner = pattern[start : start + 3], pattern[start + 3 : -1]
        pattern = pattern[:start]
        if sign == "(?=":
            pattern += _grouped(inner)
        elif not _say(inner, "after", beside):
            return None
    if pattern == source or not pattern or any(sign in pattern for sign in _SIGNS):
        return None
    return Rewritten(pattern, tuple(dict.fromkeys(beside)))


def _char(code: str) -> str:
    number = int(code, 16)
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else ""


def _closing(pattern: str, start: int) -> int:
    """Return where the group that opens at `start` closes; the end of the pattern when it does not."""
    depth = place = 0
    for place in range(start, len(pattern)):
        if pattern[place - 1 : place] != "\\":
            depth += {"(": 1, ")": -1}.get(pattern[place], 0)
        if not depth:
            break
    return place


def _last_group(pattern: str) -> int | None:
    """Return where the look-ahead begins that the pattern ends with."""
    for sign in ("(?!", "(?="):
        start = pattern.rfind(sign)
        if start > 0 and _closing(pattern, start) == len(pattern) - 1:
            return start
    return None


def _grouped(inner: str) -> str:
    return f"(?:{inner})" if "|" in inner else inner


def _say(inner: str, side: str, beside: list[str]) -> bool:
    """Add what stands for a negative look-around; return whether there is something."""
    if inner in _DIGIT or inner in _LATIN:
        beside.append(f"edge: {'digit' if inner in _DIGIT else 'latin'}")
        return True
    if _LITERAL.fullmatch(inner):
        # A word must stand right beside the hit, so that words of each length need a window of their own.
        for size in sorted(set(map(len, inner.split("|")))):
            words = ", ".join(word for word in inner.split("|") if len(word) == size)
            beside.append(f"unless: [{{{side}: {{any: [{words}], within: {size}}}}}]")
        return True
    return False
