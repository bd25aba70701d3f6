"""All parts of a document as one text, in both views."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from app.negative_list.fold import Codes, Positions, codes_of, fold, span
from app.negative_list.model import Part, View

#: Stands between parts and after the last; no rule matches across it. The line ends beside it let `^` and
#: `$` work at the edges of a part.
MARK = "\x1e"
SEPARATOR = f"\n{MARK}\n"
#: Characters beyond the basic plane are two units in UTF-16; in UTF-8 they, and no others, begin so.
_ASTRAL_LEADS = (0xF0, 0xF1, 0xF2, 0xF3, 0xF4)
_SEPARATOR_BYTES = SEPARATOR.encode()
_APART = len(SEPARATOR)

_SURROGATES = re.compile("[\ud800-\udfff]")


class ViewText:
    """The joined text in one view: `starts[i]` is where part `i` begins, in code points; `data` is UTF-8."""

    __slots__ = ("_byte_starts", "_codes", "_places", "data", "memo", "starts", "text")

    def __init__(self, text: str, data: bytes, starts: Sequence[int], codes: Codes | None = None) -> None:
        self.text = text
        self.data = data
        self.starts = starts
        self._codes = codes
        self._byte_starts: list[int] | None = None
        self._places: dict[str, list[int]] = {}
        #: What exceptions have found out about lines of this text, so that they ask once for each.
        self.memo: dict[object, bool] = {}

    @property
    def codes(self) -> Codes:
        """The code points of the text."""
        if self._codes is None:
            self._codes = codes_of(self.text)
        return self._codes

    @property
    def byte_starts(self) -> list[int]:
        """Where each part begins in `data`."""
        if self._byte_starts is None:
            pieces = self.data.split(_SEPARATOR_BYTES)[:-1]
            found = []
            place = 0
            for piece in pieces:
                found.append(place)
                place += len(piece) + len(SEPARATOR)
            self._byte_starts = found
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


class Buffer:
    """The parts of one document, joined, raw and folded.

    Lone surrogates and the separator's own sign are replaced by one character each, so that positions stay.
    """

    __slots__ = ("_astral", "fold", "origin", "parts", "raw")

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        texts = [part[2] for part in parts]
        # With an empty text after the last, so that the separator stands behind each.
        joined = SEPARATOR.join([*texts, ""])
        if joined.count(MARK) != len(texts):
            texts = [text.replace(MARK, " ") for text in texts]
            joined = SEPARATOR.join([*texts, ""])
        try:
            data = joined.encode()
        except UnicodeEncodeError:
            joined = _SURROGATES.sub("\ufffd", joined)
            data = joined.encode()
        codes = codes_of(joined)
        starts = list(accumulate([len(text) + _APART for text in texts], initial=0))
        starts.pop()
        self.raw = ViewText(joined, data, starts, codes)
        folded, origin = fold(joined, codes)
        self.origin: Positions | None = origin
        if folded == joined:
            self.fold = self.raw
        else:
            if origin is not None:
                starts = np.searchsorted(origin, np.array(starts, dtype=np.int64)).tolist()
            self.fold = ViewText(folded, folded.encode(), starts)
        self._astral: bool | None = None

    @property
    def astral(self) -> bool:
        """Whether UTF-16 positions can differ from code points."""
        if self._astral is None:
            self._astral = any(map(self.raw.data.__contains__, _ASTRAL_LEADS))
        return self._astral

    def view(self, view: View) -> ViewText:
        """Return the text of one view."""
        return self.raw if view is View.RAW else self.fold

    def typed(self, view: View, start: int, end: int) -> tuple[int, int]:
        """Return the range of the joined raw text behind a range of a view."""
        if view is View.RAW or self.origin is None:
            return start, end
        return span(self.origin, start, end)
