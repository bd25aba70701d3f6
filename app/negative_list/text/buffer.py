"""All parts of a document as one text, in both views."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate, count
from operator import add, itemgetter
from typing import Any

import numpy as np

from app.negative_list.text.characters import CLASS_OF, MARK, RARE, classes
from app.negative_list.text.fold import Positions, codes_of, fold, span
from app.negative_list.text.model import Part, View

#: The line ends beside the mark let `^` and `$` work at the edges of a part.
SEPARATOR = f"\n{MARK}\n"
_SEPARATOR_BYTES = SEPARATOR.encode()
#: Characters beyond the basic plane are two units in UTF-16; in UTF-8 they, and no others, begin so.
_ASTRAL_LEADS = (0xF0, 0xF1, 0xF2, 0xF3, 0xF4)
_MARKED = CLASS_OF[MARK]
_TEXT = itemgetter(Part._fields.index("text"))

_SURROGATES = re.compile("[\ud800-\udfff]")


class ViewText:
    """The joined text in one view: `starts[i]` is where part `i` begins, in code points; `data` is UTF-8."""

    __slots__ = ("_byte_starts", "_places", "data", "kinds", "memo", "starts", "text")

    def __init__(self, text: str, data: bytes, starts: Sequence[int], *, kinds: bytes = RARE) -> None:
        self.text = text
        self.data = data
        self.starts = starts
        #: The classes that its characters have. `RARE` stands for any: such a character may fold to another.
        self.kinds = kinds
        self._byte_starts: list[int] | None = None
        self._places: dict[str, list[int]] = {}
        #: What was found out about this text, so that several rules ask once: a line matches, laws cited.
        self.memo: dict[object, Any] = {}

    @property
    def ordinary(self) -> bool:
        """Whether all characters are known to be ordinary: none has the class `RARE`."""
        return RARE not in self.kinds

    @property
    def byte_starts(self) -> list[int]:
        """Where each part begins in `data`."""
        if self._byte_starts is None:
            pieces = self.data.split(_SEPARATOR_BYTES)[:-1]
            places = accumulate(map(len, pieces[:-1]), initial=0)
            self._byte_starts = list(map(add, places, count(0, len(SEPARATOR)))) if pieces else []
        return self._byte_starts

    def places(self, sign: str) -> list[int]:
        """Return where a sign stands in the whole text, in ascending order."""
        found = self._places.get(sign)
        if found is None:
            found = self._places[sign] = [match.start() for match in re.finditer(re.escape(sign), self.text)]
        return found

    def last_before(self, sign: str, first: int, place: int) -> int:
        """Return where a sign stands last between two places; -1 when it does not stand there."""
        places = self.places(sign)
        index = bisect_right(places, place - len(sign)) - 1
        return places[index] if index >= 0 and places[index] >= first else -1

    def first_after(self, sign: str, place: int, last: int) -> int:
        """Return where a sign stands first between two places; -1 when it does not stand there."""
        places = self.places(sign)
        index = bisect_left(places, place)
        return places[index] if index < len(places) and places[index] + len(sign) <= last else -1

    def part_at(self, place: int) -> int:
        """Return the index of the part that the character at `place` belongs to."""
        return bisect_right(self.starts, place) - 1

    def bounds(self, part: int) -> tuple[int, int]:
        """Return where a part begins and ends, without its separator."""
        following = self.starts[part + 1] if part + 1 < len(self.starts) else len(self.text)
        return self.starts[part], following - len(SEPARATOR)


def _pieces(texts: Sequence[str]) -> list[str]:
    """Return the texts with the separator behind each."""
    pieces = [SEPARATOR] * (2 * len(texts))
    pieces[::2] = texts
    return pieces


class Buffer:
    """The parts of one document, joined, raw and folded.

    Lone surrogates and the separator's own sign are replaced by one character each, so that positions stay.
    """

    __slots__ = ("astral", "classes", "codes", "fold", "origin", "parts", "raw")

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        pieces = _pieces(list(map(_TEXT, parts)))
        joined = "".join(pieces)
        codes = codes_of(joined)
        signs, kinds = classes(codes)
        if signs.count(_MARKED) != len(parts):
            pieces = _pieces([part.text.replace(MARK, " ") for part in parts])
            joined = "".join(pieces)
            codes = codes_of(joined)
            signs, kinds = classes(codes)
        folded, origin = fold(joined, codes)
        try:
            data = joined.encode()
        except UnicodeEncodeError:
            # They were looked up as what they are replaced by.
            joined = _SURROGATES.sub("\ufffd", joined)
            data = joined.encode()
        starts = list(accumulate(map(len, pieces), initial=0))[:-1:2]
        ordinary = RARE not in kinds
        self.raw = ViewText(joined, data, starts, kinds=kinds)
        self.origin: Positions | None = origin
        if folded == joined:
            self.fold = self.raw
        else:
            if origin is not None:
                starts = np.searchsorted(origin, np.array(starts, dtype=np.int64)).tolist()
            self.fold = ViewText(folded, folded.encode(), starts, kinds=kinds)
        #: The code points of the raw text as typed.
        self.codes = codes
        #: The classes of the characters of the raw text that have one, in their order.
        self.classes = signs
        #: Whether UTF-16 positions can differ from code points.
        self.astral = not ordinary and any(map(data.__contains__, _ASTRAL_LEADS))

    def view(self, view: View) -> ViewText:
        """Return the text of one view."""
        return self.raw if view is View.RAW else self.fold

    def typed(self, view: View, start: int, end: int) -> tuple[int, int]:
        """Return the range of the joined raw text behind a range of a view."""
        if view is View.RAW or self.origin is None:
            return start, end
        return span(self.origin, start, end)
