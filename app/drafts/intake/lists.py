"""Lists of HTML: what stands before each item, by start, value, type, direction and an editor's own marks."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.domain.counters import counted
from app.domain.document.list_numbers import COUNTERS
from app.domain.document.list_numbers import sign as written
from app.domain.document.model import Numbering
from app.drafts.intake.builder import Builder, Sign
from app.drafts.intake.styles import declarations, values_of
from app.drafts.intake.visibility import gone

_TYPES = {"1": "decimal", "a": "lower-alpha", "A": "upper-alpha", "i": "lower-roman", "I": "upper-roman"}
#: Counter styles in which a document writes numbers too, as far as they look the same.
_NATIVE = {style: numbering for numbering, style in COUNTERS.items()} | {
    "lower-latin": Numbering.LOWER_ALPHA,
    "upper-latin": Numbering.UPPER_ALPHA,
    "simp-chinese-informal": Numbering.CHINESE,
    "trad-chinese-informal": Numbering.CHINESE,
}
_BULLETS = frozenset({"disc", "circle", "square"})
_INDENT = re.compile(r"\bql-indent-(\d)\b")
#: How Quill numbers by depth, over and over. Source: quill 2, `quill.snow.css`.
_QUILL = (Numbering.DECIMAL, Numbering.LOWER_ALPHA, Numbering.LOWER_ROMAN)
_INTEGER = re.compile(r"\s*([+-]?\d{1,12})")
#: What a style of a list is made of: strings, functions and words.
_PIECES = re.compile(
    r"\"(?P<double>(?:[^\"\\]|\\.)*)\"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<function>[\w-]+\([^)]*\))|(?P<word>[\w-]+)"
)
_ESCAPE = re.compile(r"\\(?:([0-9A-Fa-f]{1,6})\s?|(.))")
_POSITIONS = frozenset({"inside", "outside", "initial", "inherit", "unset", "revert"})
#: An element that is shown as one of these has no sign, and is not counted.
_NO_ITEM = re.compile(r"(?!.*list-item).+")


@dataclass(frozen=True, slots=True)
class _Style:
    """What is written before items: in a counter style, a string of its own, or a bullet where neither is."""

    counter: str | None = None
    words: str | None = None
    bare: bool = False


_BULLET, _DECIMAL = _Style(), _Style("decimal")


@dataclass(slots=True)
class _List:
    style: _Style
    following: int
    step: int
    counts: dict[int, int] = field(default_factory=dict)

    def number(self, node: Any) -> int:  # noqa: ANN401 – lxml has no types
        """Return the number of an item, by its value and what its style says of the counter, and go on."""
        number = _counter(node, "counter-set", 0)
        if number is None:
            number = _integer(node.get("value"))
        if number is None:
            number = self.following
            if (step := _counter(node, "counter-increment", 1)) is not None:
                number += step - self.step
        self.following = number + self.step
        return number


class Lists:
    """The lists that a reader stands in, the outermost first."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._open: list[_List] = []

    def begin(self, node: Any, tag: str) -> None:  # noqa: ANN401 – lxml has no types
        """Enter a list."""
        style = self._style(node, _DECIMAL if tag == "ol" else _BULLET, types=_TYPES if tag == "ol" else {})
        step = -1 if tag == "ol" and "reversed" in node.attrib else 1
        start = _integer(node.get("start")) if tag == "ol" else None
        if start is None:
            start = sum(1 for _ in _owned(node)) if step < 0 else 1
        if (reset := _counter(node, "counter-reset", 0)) is not None:
            # Source: CSS Lists 3, 4.6: what a style says of the counter of lists goes before `start`.
            start = reset + step
        self._open.append(_List(style, start, step))

    def end(self) -> None:
        """Leave the innermost list."""
        self._open.pop()

    def item(self, node: Any) -> tuple[Sign | None, str]:  # noqa: ANN401
        """Return what stands before an item, `None` for nothing, and a box that begins its words."""
        own = self._open[-1] if self._open else _List(_BULLET, 1, 1)
        depth = max(0, len(self._open) - 1)
        if (kind := node.get("data-list")) is not None:
            return _of_quill(own, node, kind, depth)
        if not _is_item(node):
            return None, ""
        style = self._style(node, own.style, types=_TYPES)
        number = own.number(node)
        if style.bare:
            return None, ""
        if style.words is not None:
            return Sign(depth, words=style.words), ""
        if style.counter is None:
            return Sign(depth), ""
        shown = counted(style.counter, number) or f"{number}. "
        numbering = _NATIVE.get(style.counter)
        if numbering is not None and written(number, numbering) == shown.rstrip():
            return Sign(depth, number, numbering), ""
        return Sign(depth, words=shown), ""

    @staticmethod
    def words(sign: Sign) -> str:
        """Return a sign as words, for where an item cannot be one; empty for a bullet."""
        return sign.words if sign.number is None else f"{written(sign.number, sign.numbering)} "

    def _style(self, node: Any, around: _Style, *, types: Mapping[str, str]) -> _Style:  # noqa: ANN401
        """Return how items are signed: as the style says, else the type, else as around."""
        kind = node.get("type", "")
        if kind in types:
            around = _Style(types[kind])
        elif kind.lower() in _BULLETS:
            around = _BULLET
        elif kind.lower() == "none":
            around = _Style(bare=True)
        for value in values_of(node.get("style", ""), ("list-style", "list-style-type")):
            around = self._said(value, around)
        return around

    def _said(self, value: str, around: _Style) -> _Style:
        for piece in _PIECES.finditer(value):
            quoted = piece["double"] if piece["double"] is not None else piece["single"]
            if quoted is not None:
                words = _ESCAPE.sub(_unescaped, quoted)
                return _Style(words=words, bare=not words)
            word = (piece["word"] or piece["function"] or "").lower()
            if word in _BULLETS:
                return _BULLET
            if word == "none":
                around = _Style(bare=True)
            elif counted(word, 1) is not None:
                return _Style(word)
            elif word not in _POSITIONS and not word.startswith("url("):
                self._builder.leave_out("list_style", piece[0])
                return around if around.counter else _DECIMAL
        return around


def _owned(node: Any) -> Iterator[Any]:  # noqa: ANN401
    """Yield the items of a list that are shown: hidden ones, and those of lists within, are not its own."""
    for child in node:
        if not isinstance(child.tag, str) or child.tag in _LISTS:
            continue
        if gone(child.attrib, declarations(child.get("style", ""))):
            continue
        if child.tag == "li" and _is_item(child):
            yield child
        yield from _owned(child)


_LISTS = frozenset({"ol", "ul", "menu", "dir"})


def _is_item(node: Any) -> bool:  # noqa: ANN401
    shown = declarations(node.get("style", "")).get("display", "")
    return _NO_ITEM.fullmatch(shown) is None or shown in _POSITIONS


def _unescaped(escape: re.Match[str]) -> str:
    if escape[1] is None:
        return escape[2]
    code = int(escape[1], 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def _of_quill(own: _List, node: Mapping[str, str], kind: str, depth: int) -> tuple[Sign, str]:
    """Return the sign of an item of the editor Quill: all in one `ol`, depth and kind at the item."""
    indent = _INDENT.search(node.get("class", "") or "")
    depth += int(indent[1]) if indent else 0
    own.counts = {at: count for at, count in own.counts.items() if at <= depth}
    if kind != "ordered":
        own.counts.pop(depth, None)
        return Sign(depth), {"checked": "☑ ", "unchecked": "☐ "}.get(kind, "")
    own.counts[depth] = own.counts.get(depth, 0) + 1
    return Sign(depth, own.counts[depth], _QUILL[depth % len(_QUILL)]), ""


def _integer(text: str | None) -> int | None:
    match = _INTEGER.match(text or "")
    return int(match[1]) if match else None


#: The counter that browsers number lists by. Source: CSS Lists 3, 4.6.
_OF_LISTS = re.compile(r"(?:^|\s)list-item(?:\s+([+-]?\d{1,9}))?(?=\s|$)")


def _counter(node: Any, name: str, default: int) -> int | None:  # noqa: ANN401
    """Return what a declaration of counters says of that of lists; `None` where it says nothing."""
    match = _OF_LISTS.search(declarations(node.get("style", "")).get(name, ""))
    return None if match is None else int(match[1]) if match[1] else default
