"""Readings above words in HTML (注音): which of them belongs to which words."""

from typing import TYPE_CHECKING, Any

from app.domain.document.model import LONGEST_READING
from app.drafts.intake.runs import reading_mark

if TYPE_CHECKING:
    from app.drafts.intake.html import Reader


class Ruby:
    """Reads one `ruby` element: words, and the readings that follow them.

    Source: HTML Standard, 4.5.10; of older pages also `rb` and `rtc`.
    """

    def __init__(self, reader: "Reader") -> None:
        self._reader = reader
        #: Words that wait for their readings, as places among the pieces of the run.
        self._bases: list[tuple[int, int]] = []
        self._is_open = False
        self._readings: list[str] = []

    def read(self, node: Any) -> None:  # noqa: ANN401 – lxml has no types
        """Add the words to the reader's run, each under its reading."""
        self._words(node.text)
        for child in node:
            tag = child.tag.lower() if isinstance(child.tag, str) else ""
            if tag in {"rt", "rtc"}:
                self._is_open = False
                self._readings += _of(child)
            elif tag == "rb":
                self._element(child, is_own=True)
            elif tag != "rp":
                self._element(child, is_own=False)
            self._words(child.tail)
        self._settle()

    def _words(self, text: str | None) -> None:
        if text and (text.strip() or self._is_open):
            self._begin(is_own=False)
            self._reader.add(text)
            self._end()

    def _element(self, node: Any, *, is_own: bool) -> None:  # noqa: ANN401
        self._begin(is_own=is_own)
        if is_own:
            # Parsers put what follows an open `rb` into it: further ones, and the readings.
            self._reader.add(node.text)
            self._end()
            for child in node:
                tag = child.tag.lower() if isinstance(child.tag, str) else ""
                if tag in {"rt", "rtc"}:
                    self._is_open = False
                    self._readings += _of(child)
                elif tag != "rp":
                    self._element(child, is_own=tag == "rb")
                self._words(child.tail)
            self._is_open = False
            return
        self._reader.child(node)
        self._end()

    def _begin(self, *, is_own: bool) -> None:
        if self._readings:
            self._settle()
        if is_own or not self._is_open:
            at = len(self._reader.run.pieces)
            self._bases.append((at, at))
        self._is_open = True

    def _end(self) -> None:
        self._bases[-1] = (self._bases[-1][0], len(self._reader.run.pieces))

    def _settle(self) -> None:
        """Put the readings over the words that wait: one over each, or all over all of them."""
        bases, self._bases = [base for base in self._bases if base[1] > base[0]], []
        readings, self._readings, self._is_open = self._readings, [], False
        if not bases or not readings:
            for reading in readings:
                self._reader.builder.leave_out("ruby", reading)
            return
        if len(bases) != len(readings):
            bases, readings = [(bases[0][0], bases[-1][1])], [" ".join(readings)]
        for (start, end), reading in zip(bases, readings, strict=True):
            self._over(start, end, self._reader.builder.without_controls(reading))

    def _over(self, start: int, end: int, reading: str) -> None:
        pieces = self._reader.run.pieces
        if len(reading) > LONGEST_READING or not "".join(text for text, _ in pieces[start:end]).strip():
            self._reader.builder.leave_out("ruby", reading)
            return
        mark = reading_mark(reading, start)
        for at in range(start, end):
            text, marks = pieces[at]
            pieces[at] = text, marks | {mark}


def _of(node: Any) -> list[str]:  # noqa: ANN401
    """Return the readings in an `rt` or `rtc`; parsers put a second `rt` into a first one without an end."""
    readings = [_own(node), *(_own(inner) for inner in node.iter("rt") if inner is not node)]
    return [reading for reading in readings if reading]


def _own(node: Any) -> str:  # noqa: ANN401
    parts = [node.text or ""]
    for child in node:
        if isinstance(child.tag, str) and child.tag.lower() not in {"rt", "rtc"}:
            parts.append("".join(child.itertext()))
        parts.append(child.tail or "")
    return " ".join("".join(parts).split())
