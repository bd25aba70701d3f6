"""Lists of HTML: what stands before each item, by start, value, type, direction and an editor's own marks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.domain.document.list_numbers import sign as written
from app.domain.document.model import Numbering
from app.drafts.intake.builder import Builder, Sign
from app.drafts.intake.styles import declarations

_TYPES = {
    "1": Numbering.DECIMAL,
    "a": Numbering.LOWER_ALPHA,
    "A": Numbering.UPPER_ALPHA,
    "i": Numbering.LOWER_ROMAN,
    "I": Numbering.UPPER_ROMAN,
}
_STYLES = {
    "decimal": Numbering.DECIMAL,
    "decimal-leading-zero": Numbering.DECIMAL,
    "lower-alpha": Numbering.LOWER_ALPHA,
    "lower-latin": Numbering.LOWER_ALPHA,
    "upper-alpha": Numbering.UPPER_ALPHA,
    "upper-latin": Numbering.UPPER_ALPHA,
    "lower-roman": Numbering.LOWER_ROMAN,
    "upper-roman": Numbering.UPPER_ROMAN,
    "cjk-ideographic": Numbering.CHINESE,
    "simp-chinese-informal": Numbering.CHINESE,
    "trad-chinese-informal": Numbering.CHINESE,
    "simp-chinese-formal": Numbering.CHINESE,
    "trad-chinese-formal": Numbering.CHINESE,
    "cjk-decimal": Numbering.CHINESE,
}
_BULLETS = frozenset({"disc", "circle", "square"})
_INDENT = re.compile(r"\bql-indent-(\d)\b")
#: How Quill numbers by depth, over and over. Source: quill 2, `quill.snow.css`.
_QUILL = (Numbering.DECIMAL, Numbering.LOWER_ALPHA, Numbering.LOWER_ROMAN)
_INTEGER = re.compile(r"\s*([+-]?\d{1,12})")


@dataclass(slots=True)
class _List:
    numbering: Numbering | None
    bare: bool
    following: int
    step: int
    counts: dict[int, int] = field(default_factory=dict)


class Lists:
    """The lists that a reader stands in, the outermost first."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._open: list[_List] = []

    def begin(self, node: Any, tag: str) -> None:  # noqa: ANN401 – lxml has no types
        """Enter a list."""
        numbering, bare = self._style(
            node, Numbering.DECIMAL if tag == "ol" else None, by_type=tag == "ol", bare=False
        )
        step = -1 if "reversed" in node.attrib else 1
        start = _integer(node.get("start"))
        if start is None:
            start = sum(child.tag == "li" for child in node) if step < 0 else 1
        self._open.append(_List(numbering, bare, start, step))

    def end(self) -> None:
        """Leave the innermost list."""
        self._open.pop()

    def item(self, node: Any) -> tuple[Sign | None, str]:  # noqa: ANN401
        """Return what stands before an item, `None` for nothing, and a box that begins its words."""
        own = self._open[-1] if self._open else _List(None, False, 1, 1)
        depth = max(0, len(self._open) - 1)
        if (kind := node.get("data-list")) is not None:
            return _of_quill(own, node, kind, depth)
        numbering, bare = self._style(node, own.numbering, by_type=own.numbering is not None, bare=own.bare)
        given = _integer(node.get("value")) if own.numbering is not None else None
        number = own.following if given is None else given
        own.following = number + own.step
        if bare:
            return None, ""
        return Sign(depth, None if numbering is None else number, numbering or Numbering.DECIMAL), ""

    @staticmethod
    def words(sign: Sign) -> str:
        """Return a sign as words, for where an item cannot be one; empty for a bullet."""
        return "" if sign.number is None else f"{written(sign.number, sign.numbering)} "

    def _style(
        self,
        node: Any,  # noqa: ANN401
        numbering: Numbering | None,
        *,
        by_type: bool,
        bare: bool,
    ) -> tuple[Numbering | None, bool]:
        """Return how items are numbered, `None` for bullets, and whether nothing stands before them."""
        if by_type and (kind := node.get("type")):
            if kind in _TYPES:
                return _TYPES[kind], False
            if kind.lower() in _BULLETS:
                return None, False
        said = declarations(node.get("style", ""))
        for word in f"{said.get('list-style-type', '')} {said.get('list-style', '')}".split():
            if word in _STYLES:
                return _STYLES[word], False
            if word in _BULLETS:
                return None, False
            if word == "none":
                return numbering, True
            if word not in _KNOWN_WORDS and word.replace("-", "").isalpha():
                self._builder.leave_out("list_style", word)
        return numbering, bare


_KNOWN_WORDS = frozenset({"inside", "outside", "initial", "inherit", "unset", "revert"})


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
    found = _INTEGER.match(text or "")
    return int(found[1]) if found else None
