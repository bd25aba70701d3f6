"""Runs of text with marks over their parts, and the white space of marked-up text."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from app.domain.document.model import Span, SpanKind

_SPACES = re.compile(r"[ \t\r\f\n]+")
#: Stands for a hard line break until white space is collapsed; no text that is read holds it.
HARD = "\x00"
#: Stands for a space that is kept as it is, until white space is collapsed.
KEPT = "\x01"
#: Stands for a tab that is kept as it is, until white space is collapsed.
TAB = "\x02"
#: One mark over a run: its kind and, for links, its address; for words with a reading that, and which of the
#: run's it is, since two words beside each other may be read alike.
Mark = tuple[SpanKind, str | None] | tuple[SpanKind, str | None, int]

_DIGITS = "0123456789+-−=()n"
_RAISED = str.maketrans(_DIGITS, "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")


def raised(text: str) -> str | None:
    """Return `text` in superscript characters: 10<sup>8</sup> is 10⁸; `None` where one is missing."""
    return text.translate(_RAISED) if text and all(char in _DIGITS for char in text) else None


def lowered(text: str) -> str | None:
    """Return `text` in subscript characters: H<sub>2</sub>O is H₂O; `None` where one is missing."""
    return text.translate(_LOWERED) if text and all(char in _DIGITS[:-1] for char in text) else None


def wide(char: str) -> bool:
    """Say whether a character is as wide as a Han character."""
    return unicodedata.east_asian_width(char) in {"W", "F"}


def _is_sign(char: str) -> bool:
    """Say whether a character is a sign that Chinese and Western texts share: “ ” — … · ① ※."""
    return unicodedata.east_asian_width(char) == "A" and not char.isalpha()


def _in_chinese(whole: str, at: int, step: int) -> bool:
    """Say whether the text at `at`, looking on by `step` over shared signs, is Chinese."""
    while 0 <= at < len(whole) and _is_sign(whole[at]):
        at += step
    return 0 <= at < len(whole) and wide(whole[at])


def layout_only(whole: str, start: int, end: int) -> bool:
    """Say whether a line break at `whole[start:end]` is only layout, as in Chinese text.

    Between Chinese characters and signs it is, also where they meet digits; beside a Chinese sign, whatever
    stands on its other side. Between a Chinese character and a Western word it stands for a space.
    """
    if not start > 0 or end >= len(whole):
        return False
    before, after = whole[start - 1], whole[end]
    left, right = _in_chinese(whole, start - 1, -1), _in_chinese(whole, end, 1)
    chinese = (left or (_is_sign(before) and right), right or (_is_sign(after) and left))
    if all(chinese):
        return True
    if (chinese[0] and not before.isalnum()) or (chinese[1] and not after.isalnum()):
        return True
    return (chinese[0] and after.isdigit()) or (chinese[1] and before.isdigit())


def in_one_line(text: str) -> str:
    """Return text of several lines as one; a space stands for a line end, but none in Chinese."""
    bare = text.strip()
    return re.sub(
        r"\s*\n\s*", lambda match: "" if layout_only(bare, match.start(), match.end()) else " ", bare
    )


def _between(whole: str, space: re.Match[str]) -> str:
    before = whole[space.start() - 1] if space.start() else HARD
    after = whole[space.end()] if space.end() < len(whole) else HARD
    if HARD in {before, after}:
        return ""
    return "" if "\n" in space[0] and layout_only(whole, space.start(), space.end()) else " "


@dataclass(slots=True)
class Inline:
    """A run of text being collected, with the marks over its parts."""

    pieces: list[tuple[str, frozenset[Mark]]] = field(default_factory=list)

    def add(self, text: str, marks: frozenset[Mark] = frozenset()) -> None:
        """Append `text` under `marks`."""
        if text:
            self.pieces.append((text, marks))

    def collapse(self) -> "Inline":
        """Return the run as HTML lays it out: white space is one space, and none between wide characters.

        Hard breaks become line ends. No-break and ideographic spaces stay.
        """
        whole, run = self.text, Inline()
        cuts = [(match.start(), match.end(), _between(whole, match)) for match in _SPACES.finditer(whole)]
        cuts.append((len(whole), len(whole), ""))
        at, index = 0, 0
        for text, marks in self.pieces:
            end = at + len(text)
            while at < end:
                start, stop, instead = cuts[index]
                if at < start:
                    upto = min(start, end)
                    part = text[at - end + len(text) : upto - end + len(text)]
                    run.add(part.replace(HARD, "\n").replace(KEPT, " ").replace(TAB, "\t"), marks)
                    at = upto
                    continue
                if at == start:
                    run.add(instead, marks)
                at = min(stop, end)
                index += at == stop
        return run

    @property
    def text(self) -> str:
        """The text without its marks."""
        return "".join(text for text, _ in self.pieces)

    def parts(self) -> "list[Inline]":
        """Return the run cut at its line ends, blank parts left away."""
        cut = [Inline()]
        for text, marks in self.pieces:
            first, *more = text.split("\n")
            cut[-1].add(first, marks)
            cut += [Inline([(line, marks)]) for line in more]
        return [line for line in cut if line.text.strip()]

    def spans(self) -> tuple[Span, ...]:
        """Return the marks as spans, in the order of their start."""
        opened: dict[Mark, int] = {}
        spans: list[tuple[int, int, Mark]] = []
        at = 0
        for text, marks in [*self.pieces, ("", frozenset())]:
            ended = [mark for mark in opened if mark not in marks]
            spans += [(opened.pop(mark), at, mark) for mark in ended]
            for mark in marks:
                opened.setdefault(mark, at)
            at += len(text)
        return tuple(
            Span(start=start, end=end, **said_by(mark))
            for start, end, mark in sorted(spans, key=lambda span: (span[0], span[1], str(span[2])))
            if end > start
        )


def run_of(text: str, spans: Iterable[Span]) -> Inline:
    """Return a block's text with its spans as a run."""
    marked = tuple(spans)
    cuts = sorted({0, len(text), *(edge for span in marked for edge in (span.start, span.end))})
    marks = marks_of(marked)
    run = Inline()
    for start, end in pairwise(cuts):
        over = (mark for mark, first, last in marks if first <= start and end <= last)
        run.add(text[start:end], frozenset(over))
    return run


def marks_of(spans: Iterable[Span]) -> list[tuple[Mark, int, int]]:
    """Return spans as marks, each with where it begins and ends."""
    return [
        (reading_mark(span.reading, number) if span.reading else (span.kind, span.href), span.start, span.end)
        for number, span in enumerate(spans)
    ]


def reading_mark(reading: str, number: int) -> Mark:
    """Return the mark of words with a reading; `number` tells it from others in its run."""
    return SpanKind.RUBY, reading, number


def said_by(mark: Mark) -> dict[str, Any]:
    """Return the fields of a span that a mark says."""
    kind, value = mark[0], mark[1]
    return {"kind": kind, "reading" if kind is SpanKind.RUBY else "href": value}
