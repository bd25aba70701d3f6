"""All parts of a document as one text, in both views."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate

import numpy as np

from app.negative_list.fold import Folded, codes_of, fold
from app.negative_list.model import Part, View

#: Stands between parts and after the last; no rule matches across it. The line ends beside it let `^` and
#: `$` work at the edges of a part.
MARK = "\x1e"
SEPARATOR = f"\n{MARK}\n"

_SURROGATES = re.compile("[\ud800-\udfff]")


class ViewText:
    """The joined text in one view: `starts[i]` is where part `i` begins, in code points."""

    __slots__ = ("__dict__", "starts", "text")

    def __init__(self, text: str, starts: Sequence[int]) -> None:
        self.text = text
        self.starts = starts

    @cached_property
    def data(self) -> bytes:
        """The text in UTF-8."""
        return self.text.encode()

    @cached_property
    def byte_starts(self) -> list[int]:
        """Where each part begins in `data`."""
        pieces = self.text.split(SEPARATOR)[:-1]
        return list(accumulate((len(piece.encode()) + len(SEPARATOR) for piece in pieces[:-1]), initial=0))

    def part_at(self, place: int) -> int:
        """Return the index of the part that the character at `place` belongs to."""
        return bisect_right(self.starts, place) - 1

    def bounds(self, part: int) -> tuple[int, int]:
        """Return where a part begins and ends, without its separator."""
        following = self.starts[part + 1] if part + 1 < len(self.starts) else len(self.text)
        return self.starts[part], following - len(SEPARATOR)


class Buffer:
    """The parts of one document, joined, raw and folded.

    Lone surrogates and the separator's own sign are replaced by one character each, so that positions stay.
    """

    __slots__ = ("__dict__", "folded", "parts", "raw")

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        texts = [part.text for part in parts]
        joined = SEPARATOR.join(texts) + SEPARATOR if texts else ""
        if joined.count(MARK) != len(texts):
            texts = [text.replace(MARK, " ") for text in texts]
            joined = SEPARATOR.join(texts) + SEPARATOR
        codes = codes_of(joined)
        try:
            data = joined.encode()
        except UnicodeEncodeError:
            joined = _SURROGATES.sub("\ufffd", joined)
            data = joined.encode()
        starts = list(accumulate((len(text) + len(SEPARATOR) for text in texts[:-1]), initial=0))
        self.raw = ViewText(joined, starts if texts else [])
        self.raw.__dict__["data"] = data
        self.folded: Folded = fold(joined, codes)
        #: Whether UTF-16 positions can differ from code points.
        self.__dict__["astral"] = bool(len(codes)) and int(codes.max()) > 0xFFFF

    astral: bool

    @cached_property
    def fold(self) -> ViewText:
        """The fold view of the joined text."""
        origin = self.folded.origin
        starts: Sequence[int] = self.raw.starts
        if origin is not None:
            starts = np.searchsorted(origin, np.array(starts, dtype=np.int64)).tolist()
        return ViewText(self.folded.text, starts)

    def view(self, view: View) -> ViewText:
        """Return the text of one view."""
        return self.raw if view is View.RAW else self.fold

    def typed(self, view: View, start: int, end: int) -> tuple[int, int]:
        """Return the range of the joined raw text behind a range of a view."""
        return (start, end) if view is View.RAW else self.folded.span(start, end)
