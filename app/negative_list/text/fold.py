"""The fold view: one form for what looks alike, with an exact map back to the text as typed.

Width, case, compatibility forms and traditional characters are made one; zero-width characters and
combining marks vanish; one character may become several (`㈱` → `(株)`). The tables are files of this
package, so that the same text folds alike on every Python.
"""

import hashlib
from codecs import utf_32_le_decode, utf_32_le_encode
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

TABLES = Path(__file__).parent / "tables"

#: Stands in the table for a character that vanishes or becomes several.
_SPECIAL = 0xFFFFFFFF
_REPLACEMENT = 0xFFFD
#: Folds to itself and stands in no sensible word.
_BETWEEN = "\x1f"
_PLANES = 0x110000
#: Tags and variation selectors supplement: all vanish.
_DROPPED_PLANE = range(0xE0000, 0xE1000)

#: Code points, in the type of numpy's indexes: looking up by any other converts them each time.
Codes = NDArray[np.intp]
Folds = NDArray[np.uint32]
Positions = NDArray[np.int64]


class _Tables(NamedTuple):
    single: Folds
    #: How many characters each becomes.
    lengths: NDArray[np.uint8]
    #: Where in `flat` the form of a special character begins.
    offsets: NDArray[np.int32]
    flat: Folds
    digest: str


class Folded(NamedTuple):
    """A folded text. `origin[i]` is the index in the typed text of what became character `i`.

    `origin` has one entry more than the text, the length of the typed text; it is None when every
    character became exactly one, so that positions are the same in both.
    """

    text: str
    origin: Positions | None


def span(origin: Positions, start: int, end: int) -> tuple[int, int]:
    """Return the typed range behind the folded range `start:end` (code points, end-exclusive).

    The range covers whole typed characters, without vanished ones at its edges; an empty range stays empty.
    """
    if end <= start:
        place = int(origin[start])
        return place, place
    return int(origin[start]), int(origin[end - 1]) + 1


@cache
def _tables() -> _Tables:
    fold_bytes = (TABLES / "fold.tsv").read_bytes()
    t2s_bytes = (TABLES / "t2s.tsv").read_bytes()
    simplified = dict(line.split("\t") for line in t2s_bytes.decode().splitlines())
    forms = dict(simplified)
    for line in fold_bytes.decode().split("\n"):
        if line and not line.startswith("#"):
            code, _, form = line.partition("\t")
            forms[chr(int(code, 16))] = "".join(simplified.get(char, char) for char in form)
    single: Folds = np.arange(_PLANES, dtype=np.uint32)
    single[0xD800:0xE000] = _REPLACEMENT
    lengths: NDArray[np.uint8] = np.ones(_PLANES, dtype=np.uint8)
    offsets: NDArray[np.int32] = np.zeros(_PLANES, dtype=np.int32)
    flat: list[int] = []
    for typed, form in forms.items():
        place = ord(typed)
        if len(form) == 1:
            single[place] = ord(form)
        else:
            single[place] = _SPECIAL
            lengths[place] = len(form)
            offsets[place] = len(flat)
            flat.extend(map(ord, form))
    single[_DROPPED_PLANE.start : _DROPPED_PLANE.stop] = _SPECIAL
    lengths[_DROPPED_PLANE.start : _DROPPED_PLANE.stop] = 0
    digest = hashlib.sha256(fold_bytes + b"\0" + t2s_bytes).hexdigest()
    return _Tables(single, lengths, offsets, np.array(flat, dtype=np.uint32), digest)


def fold_digest() -> str:
    """Return the SHA-256 of the fold tables, 64 hexadecimal digits."""
    return _tables().digest


def codes_of(text: str) -> Codes:
    """Return the code points of `text`; lone surrogates are kept as they are."""
    return np.frombuffer(utf_32_le_encode(text, "surrogatepass")[0], dtype=np.uint32).astype(np.intp)


def text_of(codes: Folds) -> str:
    """Return the text of code points that hold no surrogate."""
    return utf_32_le_decode(codes.data, "strict", True)[0]


def single_forms(count: int) -> Folds:
    """Return what the first `count` code points fold to; no code point where that is not one character."""
    return _tables().single[:count]


def fold(text: str, codes: Codes | None = None) -> Folded:
    """Return the fold view of `text`; `codes` are its code points where the caller has them already.

    Lone surrogates become U+FFFD. An empty text folds to an empty one.
    """
    tables = _tables()
    if codes is None:
        codes = codes_of(text)
    if not len(codes):
        return Folded("", None)
    # All of them are in the table; numpy need not look.
    folded = tables.single.take(codes, mode="clip")
    try:
        # The sign of a special character is no code point: decoding tells, faster than looking for it.
        return Folded(text_of(folded), None)
    except UnicodeDecodeError:
        pass
    lengths = tables.lengths.take(codes).astype(np.int64)
    ends = lengths.cumsum()
    source = np.repeat(np.arange(len(codes), dtype=np.int64), lengths)
    out = folded.take(source)
    special = np.flatnonzero(out == _SPECIAL)
    origin = source.take(special)
    within = special - (ends - lengths).take(origin)
    out[special] = tables.flat.take(tables.offsets.take(codes.take(origin)) + within)
    return Folded(text_of(out), np.append(source, len(codes)))


def fold_all(words: Iterable[str]) -> list[str]:
    """Return the fold view of each word, much faster than one by one."""
    words = list(words)
    if any(_BETWEEN in word for word in words):
        return [fold_text(word) for word in words]
    return fold_text(_BETWEEN.join(words)).split(_BETWEEN) if words else []


@cache
def fold_char(char: str) -> str:
    """Return the fold view of one character."""
    return fold_text(char)


def fold_text(text: str) -> str:
    """Return the fold view of `text` without its map, for terms and other short words."""
    return fold(text).text
