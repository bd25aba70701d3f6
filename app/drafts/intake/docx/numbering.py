"""What Word writes before paragraphs by itself: 一、（一）1. 第三章 ①, counted as Word counts.

Levels come from the list, from what its number overrides, or from the list that a style of numbering names.
Source: ECMA-376-1, 17.9.
"""

import re
from dataclasses import dataclass, field

from app.drafts.intake.docx.names import MC, VAL, Node, W, child, is_on, val, whole
from app.drafts.intake.docx.number_formats import written
from app.drafts.intake.docx.styles import Shape, Styles
from app.drafts.intake.runs import wide

_PLACE = re.compile(r"%([1-9])")
#: Signs that only say that an item begins; any other one is a word of its writer.
_BULLETS = re.compile("[•●○◦■□▪▫◆◇♦➢→✓✔·‣⁃▶►★☆❖❏§Ø\uf000-\uf0ffo\\-–—*]?$")
DEEPEST = 8


@dataclass(slots=True)
class Level:
    """One level of a list."""

    start: int = 1
    form: str = "decimal"
    pattern: str = ""
    text: str = ""
    suffix: str = "tab"
    restart: int | None = None
    is_legal: bool = False
    style: str | None = None
    is_picture: bool = False


@dataclass(slots=True)
class _List:
    """An abstract list: its levels, and how far each was counted (`None`: not yet)."""

    levels: dict[int, Level] = field(default_factory=dict)
    linked: str | None = None
    counts: dict[int, int] = field(default_factory=dict)
    #: Numbers whose own start has been used, with the level.
    begun: set[tuple[str, int]] = field(default_factory=set)


@dataclass(slots=True)
class _Number:
    """One `w:num`: its list, and what it says of its own on a level."""

    list_id: str
    starts: dict[int, int] = field(default_factory=dict)
    levels: dict[int, Level] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Label:
    """What stands before a paragraph: words, or a bullet at a depth."""

    words: str = ""
    bullet_depth: int | None = None
    #: The number and its form, and at which level, where one is counted.
    number: int | None = None
    form: str = ""
    depth: int = 0


@dataclass(slots=True)
class Numbering:
    """The lists of a document, counting as its paragraphs come."""

    _styles: Styles
    _lists: dict[str, _List] = field(default_factory=dict)
    _numbers: dict[str, _Number] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Node, styles: Styles) -> "Numbering":
        """Return the lists of the part that holds them; none where there is no such part."""
        numbering = cls(styles)
        if root is None:
            return numbering
        for node in root.iter(f"{W}abstractNum"):
            levels = dict(map(_level, node.iterfind(f"{W}lvl")))
            linked = val(node, f"{W}numStyleLink")
            numbering._lists[node.get(f"{W}abstractNumId", "")] = _List(levels, linked)
        for node in root.iter(f"{W}num"):
            number = _Number(val(node, f"{W}abstractNumId") or "")
            for override in node.iterfind(f"{W}lvlOverride"):
                index = whole(override.get(f"{W}ilvl")) or 0
                if (start := whole(val(override, f"{W}startOverride"))) is not None:
                    number.starts[index] = start
                if (level := child(override, f"{W}lvl")) is not None:
                    number.levels[index] = _level(level)[1]
            numbering._numbers[node.get(f"{W}numId", "")] = number
        return numbering

    def label(self, shape: Shape, style: str | None) -> Label | None:
        """Count a paragraph and return what stands before it; `None` where it is in no list."""
        number = self._numbers.get(shape.number or "0")
        if shape.number in {None, "0"} or number is None:
            return None
        counted = self._list_of(number)
        if counted is None:
            return None
        index = self._index(shape, style, counted, number)
        level = number.levels.get(index) or counted.levels.get(index)
        if level is None:
            return None
        self._count(counted, number, shape.number or "", index)
        if level.form == "bullet" or level.is_picture:
            if level.is_picture or _BULLETS.match(level.text):
                return Label(bullet_depth=min(index, DEEPEST))
            return Label(level.text + _gap(level, level.text))
        words = _PLACE.sub(lambda place: self._said(counted, number, level, int(place[1]) - 1), level.text)
        if not words.strip():
            return None
        count = counted.counts.get(index)
        return Label(words + _gap(level, words), None, count, level.form, min(index, DEEPEST))

    def _list_of(self, number: _Number) -> _List | None:
        """Return the list of a number, also through the style of numbering that an empty list names."""
        seen: set[str] = set()
        while (definition := self._lists.get(number.list_id)) is not None:
            if not definition.linked or number.list_id in seen:
                return definition
            seen.add(number.list_id)
            linked = self._numbers.get(self._styles.number_of(definition.linked) or "")
            if linked is None:
                return definition
            number = linked
        return None

    def _index(self, shape: Shape, style: str | None, counted: _List, number: _Number) -> int:
        """Return the level of a paragraph: said by itself, or the one that its style is linked to."""
        if shape.numbered_by is not None:
            levels = {**counted.levels, **number.levels}
            for name in self._styles.chain(style):
                for index, level in levels.items():
                    if level.style == name:
                        return index
        return min(max(shape.level or 0, 0), DEEPEST)

    def _count(self, counted: _List, number: _Number, name: str, index: int) -> None:
        for level in range(index):
            # A level above that no paragraph has had counts as begun.
            counted.counts.setdefault(level, self._start(counted, number, level))
        start = self._start(counted, number, index)
        if index in number.starts and (name, index) not in counted.begun:
            counted.begun.add((name, index))
            counted.counts[index] = start
        else:
            counted.counts[index] = counted.counts[index] + 1 if index in counted.counts else start
        for below in [level for level in counted.counts if level > index]:
            restart = self._level(counted, number, below).restart
            # 0: never; n: only after a level above the n-th or that itself.
            if restart is None or (restart and index < restart):
                del counted.counts[below]

    def _start(self, counted: _List, number: _Number, index: int) -> int:
        level = self._level(counted, number, index)
        return number.starts.get(index, level.start)

    @staticmethod
    def _level(counted: _List, number: _Number, index: int) -> Level:
        return number.levels.get(index) or counted.levels.get(index) or Level()

    def _said(self, counted: _List, number: _Number, own: Level, index: int) -> str:
        level = self._level(counted, number, index)
        if level.form == "bullet":
            return ""
        count = counted.counts.get(index, self._start(counted, number, index))
        if own.is_legal and level.form not in {"none", "decimalZero"}:
            return str(count)
        return written(count, level.form, level.pattern)


def _level(node: Node) -> tuple[int, Level]:
    form, pattern = _form(node)
    start, restart = whole(val(node, f"{W}start")), whole(val(node, f"{W}lvlRestart"))
    text = val(node, f"{W}lvlText") or ""
    return whole(node.get(f"{W}ilvl")) or 0, Level(
        start=0 if start is None else start,
        form=form,
        pattern=pattern,
        text=text,
        suffix=val(node, f"{W}suff") or "tab",
        restart=restart,
        is_legal=bool(is_on(node, f"{W}isLgl")),
        style=val(node, f"{W}pStyle"),
        is_picture=child(node, f"{W}lvlPicBulletId") is not None,
    )


def _form(node: Node) -> tuple[str, str]:
    """Return the form of a level's numbers, and the pattern of a form of one's own."""
    form = child(node, f"{W}numFmt")
    if form is None:
        form = node.find(f"{MC}AlternateContent/{MC}Choice/{W}numFmt")
    if form is None:
        form = node.find(f"{MC}AlternateContent/{MC}Fallback/{W}numFmt")
    return ("decimal", "") if form is None else (form.get(VAL, "decimal"), form.get(f"{W}format", ""))


def _gap(level: Level, words: str) -> str:
    """Return what stands between a label and the words: nothing behind a wide sign, as in Chinese."""
    if level.suffix == "nothing" or not words.strip() or words[-1].isspace():
        return ""
    closed = wide(words[-1]) and not words[-1].isalnum()
    return "" if closed or 0x2460 <= ord(words[-1]) <= 0x24FF or 0x3250 <= ord(words[-1]) <= 0x32BF else " "
