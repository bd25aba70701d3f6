"""Where the words of a document stand in the file that it was read from.

The file's own characters are laid beside the document's, in order: white space, tags and references do not
count, and a short piece that only one of the two has (a mark of Markdown, a raised digit) is stepped over.
"""

import html
import re
from array import array
from collections.abc import Iterable, Sequence

from app.drafts.intake.tags import is_tag

#: Comments, scripts, styles and tags are no text; an address in angle brackets is.
_PIECES = re.compile(
    r"(?P<none><!--.*?-->|<(?P<silent>script|style)\b.*?</(?P=silent)\s*>"
    r"|<(?![A-Za-z][\w+.-]*:|[^<>\s]+@)[A-Za-z/!?][^<>]*>|\s+)"
    r"|(?P<reference>&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?)"
    r"|(?P<text>[^<&\s]+|.)",
    re.DOTALL | re.IGNORECASE,
)
#: So far ahead the next words are looked for: where a few of them are known, and where only one is.
_NEAR, _NEXT = 2000, 40
_KNOWN = (24, 12, 6, 3)


class Places:
    """The characters of a file in order, and how far they have been used."""

    def __init__(self, source: str) -> None:
        shown: list[str] = []
        self._at = array("q")
        for piece in _PIECES.finditer(source):
            if piece["none"] is not None and (piece[0][0] != "<" or is_tag(source, piece.start())):
                continue
            if piece["reference"] is not None:
                words = "".join(html.unescape(piece[0]).split())
                self._at.extend([piece.start()] * len(words))
            elif piece["none"] is not None:
                words = "".join(piece[0].split())
                self._at.extend(
                    piece.start() + index for index, char in enumerate(piece[0]) if not char.isspace()
                )
            else:
                words = piece[0]
                self._at.extend(range(piece.start(), piece.end()))
            shown.append(words)
        self._shown = "".join(shown)
        self._end = len(source)
        self._used = 0

    def of(self, text: str) -> Sequence[int]:
        """Return where each character of the document's next text stands, and the place behind the last."""
        bare = "".join(text.split())
        positions = self._bare(bare) if bare else []
        places, index, last = array("q"), 0, self._place(self._used)
        for char in text:
            if char.isspace():
                places.append(last)
                continue
            places.append(positions[index])
            last = min(positions[index] + 1, self._end)
            index += 1
        places.append(last)
        return places

    def _place(self, index: int) -> int:
        return self._at[index] if index < len(self._at) else self._end

    def _bare(self, text: str) -> list[int]:
        at = self._begin(text)
        positions: list[int] = []
        index = 0
        while index < len(text):
            length = self._same(at, text, index)
            if length:
                positions += self._at[at : at + length]
                at, index = at + length, index + length
                continue
            ahead = self._ahead(at, text, index)
            if ahead >= 0:
                at = ahead
            else:
                # Only the document has it: it stands where the file goes on.
                positions.append(min(self._place(at), max(self._end - 1, 0)))
                index += 1
        self._used = at
        return positions

    def _begin(self, text: str) -> int:
        for start in (self._used, 0):
            for known in _KNOWN:
                at = self._shown.find(text[:known], start)
                if at >= 0:
                    return at
        return self._used

    def _same(self, at: int, text: str, index: int) -> int:
        """Return how many characters are the same from here on."""
        length, step = 0, 4096
        while step:
            following = text[index + length : index + length + step]
            if following and following == self._shown[at + length : at + length + len(following)]:
                length += len(following)
            else:
                step //= 4
        return length

    def _ahead(self, at: int, text: str, index: int) -> int:
        """Return where the file goes on with the text; -1 where it does not, or not soon."""
        for known in (*_KNOWN, 1):
            words = text[index : index + known]
            if len(words) == known:
                ahead = self._shown.find(words, at, at + (_NEAR if known > 1 else _NEXT) + known)
                if ahead >= 0:
                    return ahead
        return -1


def places_of(source: str, texts: Iterable[tuple[str, str]]) -> dict[str, Sequence[int]]:
    """Return by its place in the document where each text's characters stand in `source`.

    `texts` are `(place, text)` in the order in which the document has them.
    """
    places = Places(source)
    return {place: places.of(text) for place, text in texts}
