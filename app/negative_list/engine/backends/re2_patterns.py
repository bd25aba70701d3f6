"""Patterns on RE2, over UTF-8 bytes: linear time on any text."""

from typing import Any

import re2

from app.negative_list.pattern.forms import render
from app.negative_list.pattern.nodes import Node
from app.negative_list.text.buffer import SEPARATOR, ViewText
from app.negative_list.text.characters import MARK

_MARK = MARK.encode()
_BEFORE_MARK = SEPARATOR.index(MARK)


def _options() -> Any:  # noqa: ANN401 – re2 has no types
    options = re2.Options()
    options.max_mem = 64 << 20
    options.log_errors = False
    return options


class Re2Pattern:
    """One pattern; all offsets are bytes of `ViewText.data`."""

    __slots__ = ("_compiled", "_node")

    def __init__(self, node: Node) -> None:
        self._node = node
        self._compiled: Any = None

    @property
    def compiled(self) -> Any:  # noqa: ANN401 – re2 has no types
        """The RE2 object, compiled on first use. Raises `re2.error` for a pattern that is too large."""
        if self._compiled is None:
            self._compiled = re2.compile(render(self._node).encode(), _options())
        return self._compiled

    def in_part(self, view: ViewText, part: int) -> list[tuple[int, int]]:
        """Return the matches within one part."""
        start = view.byte_starts[part]
        return self.within(view.data, start, part_end(view.data, start))

    def within(self, data: bytes, start: int, end: int) -> list[tuple[int, int]]:
        """Return the matches within a range of one part; `^` and `$` see what stands around it."""
        return [match.span() for match in self.compiled.finditer(data, start, end)]

    def at(self, data: bytes, start: int) -> int | None:
        """Return where the match that begins at `start` ends, within its part; None when there is none."""
        match = self.compiled.match(data, start, part_end(data, start))
        return None if match is None else int(match.end())

    def anywhere(self, data: bytes) -> bool:
        """Whether the pattern matches anywhere, also across parts."""
        return self.compiled.search(data) is not None


def part_end(data: bytes, start: int) -> int:
    """Return the byte where the part that holds `start` ends."""
    return data.index(_MARK, start) - _BEFORE_MARK


def part_around(data: bytes, end: int) -> tuple[int, int]:
    """Return the range of the part that what ends at `end` stands in; the separator counts with its part."""
    mark = data.rfind(_MARK, 0, end)
    first = mark + len(SEPARATOR) - _BEFORE_MARK if mark >= 0 else 0
    return first, part_end(data, min(first, end))


def crosses(data: bytes, start: int, end: int) -> bool:
    """Whether a range reaches into what stands between two parts."""
    # Beside the mark stand line ends of the separator, which belong to no part.
    return data.find(_MARK, start - 1 if start else 0, end + 1) >= 0
