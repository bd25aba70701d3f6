"""Which characters of a text are doubted: what stands there is all but unseen, a like one would be common."""

from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.negative_list.usage.count_table import (
    BITS,
    OCCURRENCES,
    Keys,
    Levels,
    Slots,
    level_in,
    levels_in,
    runs,
)
from app.negative_list.usage.near_terms import SHORTEST, Near, NearTerms
from app.negative_list.usage.segments import cuts_a_word

#: The table that is shipped: counts of 21.9 million characters of official prose. See `sources.json` there.
SHIPPED = Path(__file__).parent / "data"

_LONGEST = 4
#: A run that was never seen counts as so many occurrences.
_UNSEEN = 0.3
#: How many times as common the better two-character run has to be.
_TIMES = 20
#: The least sum of log-odds over all runs that hold the character. Tuned on errors put into other documents.
THRESHOLD = 22.0
#: A character that stands in a run of two or three with so many occurrences is never doubted.
_FAMILIAR = 12
#: Level of a word in the lexicon from which it counts as known.
_WORD = 2
#: A pair that stands so often is meant where it makes of one set phrase another: 群众反应 beside 群众反映.
_OWN_PAIR = 200
#: A run that stands so often in the text is meant.
_MEANT = 3
#: Numerals, and characters that may follow and precede nearly everything.
LOOSE = frozenset(
    "零〇一二三四五六七八九十百千万亿两几数第年月日时分元个名人次条款项"
    "的地得了着过和与及或在于是为以其之所而则也都就又且不无未有对从向把被由将等可应须该各每此这那"
)
#: Written only inside these, a character is part of a document number.
_OPEN, _CLOSE = "〔", "〕"


class Doubt(NamedTuple):
    """One doubted character: where it stands, what it may have been meant as, and the counts of both."""

    #: Where the two or three characters stand that are compared.
    start: int
    end: int
    better: str
    #: Occurrences of the written characters and of the better ones, in the prose that was counted; of the
    #: latter half an octave is exact.
    written_seen: int
    better_seen: int
    score: float

    def told(self, written: str, characters: int) -> str:
        """Return the counts in words: `written` stands in the text, `characters` is how many were counted."""
        seen = f"约 {self.written_seen} 次" if self.written_seen else "0 次"
        if not self.better_seen:
            return f"“{written}”与“{self.better}”差一个音近或者形近的字；请核对。"
        return (
            f"“{written}”在 {characters // 10_000} 万字公文语料中出现 {seen}（一次的不计），"
            f"“{self.better}”约 {self.better_seen} 次；请核对是否应为“{self.better}”。"
        )


class Usage:
    """The counts, and the characters that are taken for each other. Safe to use from several threads."""

    def __init__(self, folder: Path, *, beside: Sequence[Path] = ()) -> None:
        """Read the tables of a folder, and those that a bureau has counted `beside` them."""
        self._runs: tuple[Slots, ...] = tuple(map(np.load, (folder / "runs.npy", *beside)))
        self._words: Slots = np.load(folder / "words.npy")
        with np.load(folder / "characters.npz") as found:
            codes, self._like = found["codes"], found["like"]
            self.characters = int(found["seen"].sum())
        #: Code point → number of the character; 0 for an unknown one.
        self.index = np.zeros(0x10000, dtype=np.uint16)
        self.index[codes[1:]] = np.arange(1, len(codes))
        #: Pairs that are slips wherever no two words meet to make them, in their order, with the two
        #: characters that were meant. A table that is being built has none yet.
        self._slips: Keys = np.zeros(0, dtype=np.uint64)
        self._meant: NDArray[np.uint16] = np.zeros((0, 2), dtype=np.uint16)
        if (folder / "slips.npz").is_file():
            with np.load(folder / "slips.npz") as slips:
                self._slips, self._meant = slips["pairs"].astype(np.uint64), slips["meant"]
                phrases = ["".join(map(chr, row)) for row in codes[slips["phrases"]].tolist()]
        else:
            phrases = []
        #: Set phrases of four characters.
        self._phrases = NearTerms(phrases, self.index)
        #: The characters by their numbers, commonest first; what stands at 0 is none.
        self.chars = "".join(map(chr, codes))
        self._weight = np.log(np.maximum(OCCURRENCES, _UNSEEN))
        loose = np.zeros(len(codes), dtype=np.bool_)
        loose[self.index[[ord(char) for char in LOOSE]]] = True
        self._loose = loose

    def doubts(self, text: str, *, known: Collection[str] = ()) -> Sequence[Doubt]:
        """Return the doubted characters of a text in its fold view, in their order, each string once.

        What a word of `known` covers is never doubted. Empty for a text without Chinese characters.
        """
        if not text:
            return ()
        codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32)
        numbers = self.index.take(np.minimum(codes, 0xFFFF)).astype(np.uint64)
        padded = np.concatenate((np.zeros(_LONGEST, np.uint64), numbers, np.zeros(_LONGEST, np.uint64)))
        levels = {length: self._at_all(padded, length) for length in (2, 3)}
        at = self._suspects(padded, levels)
        found = self._judged(padded, at) if len(at) else []
        told = self._told(text, padded, found, known)
        phrases = self.near(text, self._phrases, known)
        told = [
            doubt
            for doubt in told
            if not any(one.start < doubt.end and doubt.start < one.end for one in phrases)
        ]
        slips = self._listed(text, numbers, (*told, *phrases), known)
        return tuple(sorted((*told, *phrases, *slips)))

    def near(self, text: str, terms: NearTerms, known: Collection[str] = ()) -> Sequence[Doubt]:
        """Return the terms that stand in a text (fold view) with one character changed for one taken for it.

        A window that the counted prose has is let be: 三个月内 is no slip of another phrase.
        """
        codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32)
        numbers = self.index.take(np.minimum(codes, 0xFFFF)).astype(np.uint64)
        doubts: list[Doubt] = []
        said: set[str] = set()
        for found in terms.found(text, numbers):
            written = text[found.start : found.end]
            right = self.index[ord(found.term[found.place - found.start])]
            wrong = int(numbers[found.place])
            if written in said or not self._taken_for(wrong, right):
                continue
            if self._is_written(numbers, found) or any(_covers(text, word, found.place) for word in known):
                continue
            if len(written) == SHORTEST and cuts_a_word(text, found.start, found.end, 0, len(text), self):
                continue
            said.add(written)
            doubts.append(Doubt(found.start, found.end, found.term, 0, 0, THRESHOLD))
        return doubts

    def _taken_for(self, wrong: int, right: int) -> bool:
        """Whether one character is taken for another; of rare ones, which have no row, nobody knows."""
        return right in self._like[wrong] or wrong in self._like[right] or not self._like[right].any()

    def _is_written(self, numbers: NDArray[np.uint64], found: Near) -> bool:
        """Whether prose has all of a window, or the changed character in a pair that is common there."""
        window = numbers[found.start : found.end]
        if (self._levels(runs(window, min(len(window), _LONGEST))) > 0).all():
            return True
        low, high = max(found.start, found.place - 1), min(found.end, found.place + 2)
        pairs = self._levels(runs(numbers[low:high], 2))
        return bool((OCCURRENCES[pairs] >= _OWN_PAIR).any())

    def _listed(
        self, text: str, numbers: NDArray[np.uint64], told: Sequence[Doubt], known: Collection[str]
    ) -> Sequence[Doubt]:
        """Return the pairs of the list of slips, where no two words meet to make them."""
        keys = runs(numbers, 2)
        if not len(keys) or not len(self._slips):
            return ()
        rows = np.minimum(np.searchsorted(self._slips, keys), len(self._slips) - 1)
        doubts: list[Doubt] = []
        said = {text[doubt.start : doubt.end] for doubt in told}
        covered = {place for doubt in told for place in range(doubt.start, doubt.end)}
        for start in np.flatnonzero((self._slips[rows] == keys) & (keys != 0)).tolist():
            written = text[start : start + 2]
            if written in said or start in covered or self.seen(written) >= _FAMILIAR:
                continue
            if text.count(written) >= _MEANT or _in_number(text, start):
                continue
            if cuts_a_word(text, start, start + 2, 0, len(text), self) or any(
                _covers(text, word, start) or _covers(text, word, start + 1) for word in known
            ):
                continue
            said.add(written)
            covered.update((start, start + 1))
            meant = self._meant[rows[start]]
            key = (np.uint64(meant[0]) << np.uint64(BITS)) | np.uint64(meant[1])
            seen = OCCURRENCES[self._levels(np.array([key], dtype=np.uint64))[0]]
            better = "".join(self.chars[int(number)] for number in meant)
            doubts.append(Doubt(start, start + 2, better, 0, round(seen), THRESHOLD))
        return doubts

    def seen(self, run: str) -> float:
        """Return about how often a run of two to four characters was seen."""
        numbers = np.array([self.index[ord(char)] for char in run], dtype=np.uint64)
        return float(OCCURRENCES[self._levels(runs(numbers, len(run)))[0]])

    def share(self, pair: str) -> float:
        """Return how often two characters were seen side by side, of all characters that were read."""
        first, second = (int(self.index[ord(char)]) if char <= "\uffff" else 0 for char in pair)
        if not first or not second:
            return 0.0
        level = max(level_in(slots, first << BITS | second) for slots in self._runs)
        return float(OCCURRENCES[level]) / self.characters

    def words(self, keys: Keys) -> Levels:
        """Return the level of each key as a word of the lexicon; 0 for what is none."""
        found = levels_in(self._words, keys)
        found[keys == 0] = 0
        return found

    def _at_all(self, padded: NDArray[np.uint64], length: int) -> Levels:
        """Return the level of the run of a length that begins at each place."""
        keys = _keys(padded, np.arange(len(padded) - length + 1), length)
        found: Levels = np.zeros(len(padded), dtype=np.uint8)
        known = np.flatnonzero(keys)
        found[known] = self._levels(keys[known])
        return found

    def _levels(self, keys: Keys) -> Levels:
        """Return the highest level of each key in any of the tables; 0 for the key 0, which is no run."""
        found = levels_in(self._runs[0], keys)
        for slots in self._runs[1:]:
            np.maximum(found, levels_in(slots, keys), out=found)
        found[keys == 0] = 0
        return found

    def _suspects(self, padded: NDArray[np.uint64], levels: dict[int, Levels]) -> NDArray[np.intp]:
        """Return the places whose character no familiar run holds, and no word of the lexicon."""
        familiar = np.zeros(len(padded), dtype=np.bool_)
        for length in (2, 3):
            often = OCCURRENCES[levels[length]] >= (_FAMILIAR if length == 3 else 40 * _FAMILIAR)
            for shift in range(length):
                familiar[shift:] |= often[: len(often) - shift]
        at = np.flatnonzero((padded != 0) & ~familiar & ~self._loose[padded.astype(np.intp)])
        return at[~self._in_word(padded, at)]

    def _in_word(self, padded: NDArray[np.uint64], at: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return for each place whether a word holds it that the lexicon and the counted prose have."""
        found = np.zeros(len(at), dtype=np.bool_)
        for length in range(2, _LONGEST + 1):
            for shift in range(length):
                keys = _keys(padded, at - shift, length)
                # What the lexicon has and nobody writes protects nothing: 再接再历 is in it.
                found |= (levels_in(self._words, keys) >= _WORD) & (self._levels(keys) > 0)
        return found

    def _judged(
        self, padded: NDArray[np.uint64], at: NDArray[np.intp]
    ) -> list[tuple[int, int, float, int, bool]]:
        """Return `(place, better number, score, level of its pair, whether the pair begins before it)`."""
        like = self._like[padded[at].astype(np.intp)].astype(np.uint64)
        row, column = np.nonzero(like)
        place, number = at[row], like[row, column]
        good = ~self._loose[number.astype(np.intp)]
        row, place, number = row[good], place[good], number[good]
        # First by pairs alone, which leave few: the better one has to be much more common on one side.
        pairs: list[Levels] = []
        keep = np.zeros(len(place), dtype=np.bool_)
        for shift in (1, 0):
            level = self._levels(_keys(padded, place - shift, 2, shift, number))
            own = self._levels(_keys(padded, at - shift, 2))[row]
            keep |= (OCCURRENCES[level] >= _TIMES * np.maximum(OCCURRENCES[own], 0.5)) & (level > 6)
            pairs.append(level)
        place, number, row = place[keep], number[keep], row[keep]
        before, after = pairs[0][keep], pairs[1][keep]
        score = np.zeros(len(place))
        in_word = np.zeros(len(place), dtype=np.bool_)
        for length in range(2, _LONGEST + 1):
            for shift in range(length):
                better = _keys(padded, place - shift, length, shift, number)
                own = _keys(padded, at - shift, length)
                gained = self._weight[self._levels(better)]
                lost = self._weight[self._levels(own)][row]
                score += np.where(better != 0, gained - lost, 0.0)
                in_word |= (levels_in(self._words, better) >= _WORD) & (better != 0)
        best: dict[int, tuple[int, int, float, int, bool]] = {}
        for index in np.flatnonzero((score >= THRESHOLD) & in_word):
            spot = int(place[index])
            if spot not in best or score[index] > best[spot][2]:
                first = bool(before[index] >= after[index])
                most = int(max(before[index], after[index]))
                best[spot] = (spot, int(number[index]), float(score[index]), most, first)
        return [best[spot] for spot in sorted(best)]

    def _told(
        self,
        text: str,
        padded: NDArray[np.uint64],
        found: Sequence[tuple[int, int, float, int, bool]],
        known: Collection[str],
    ) -> Sequence[Doubt]:
        doubts: list[Doubt] = []
        said: set[str] = set()
        last = -1
        for spot, number, score, level, first in found:
            place = spot - _LONGEST
            start = place - 1 if first else place
            written, end = text[start : start + 2], start + 2
            if place <= last or written in said or text.count(written) >= _MEANT:
                continue
            if _in_number(text, place):
                continue
            if any(_covers(text, word, place) for word in known):
                continue
            said.add(written)
            last = place + 1
            char = self.chars[number]
            better = written[0] + char if first else char + written[1]
            keys = _keys(padded, np.array([start + _LONGEST]), 2)
            seen = OCCURRENCES[self._levels(keys)[0]]
            doubts.append(Doubt(start, end, better, round(seen), round(OCCURRENCES[level]), score))
        return tuple(doubts)


def _overlap(one: Doubt, other: Doubt) -> bool:
    return one.start < other.end and other.start < one.end


def _in_number(text: str, place: int) -> bool:
    """Whether a place is within 〔…〕, the number of a document."""
    opened = text.rfind(_OPEN, max(0, place - 12), place)
    return opened >= 0 and _CLOSE not in text[opened:place]


def _covers(text: str, word: str, place: int) -> bool:
    return any(text.startswith(word, place - shift) for shift in range(min(len(word), place + 1)))


def _keys(
    padded: NDArray[np.uint64],
    start: NDArray[np.intp],
    length: int,
    changed: int = -1,
    number: NDArray[np.uint64] | None = None,
) -> NDArray[np.uint64]:
    """Return the keys of the runs that begin there, one character changed; 0 where one is unknown."""
    keys = np.zeros(len(start), dtype=np.uint64)
    known = np.ones(len(start), dtype=np.bool_)
    for place in range(length):
        # What begins before the text or goes on behind it is unknown.
        piece = number if place == changed and number is not None else padded.take(start + place, mode="clip")
        keys = (keys << np.uint64(BITS)) | piece
        known &= piece != 0
    keys[~known] = 0
    return keys


@cache
def usage(*beside: Path) -> Usage:
    """Return the counts that are shipped, with a bureau's own; they are read when first asked for."""
    return Usage(SHIPPED, beside=beside)
