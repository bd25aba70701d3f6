"""Makes the list of slips of common words: `python -m app.negative_list.usage.build_slips --help`.

It takes the texts that `build` took and jieba's word list; pypinyin has to be there, and the tables that
`build` made. A slip is a word of two characters with one of them changed for what a pen, a keyboard or a
scanner puts in its place (`look_alikes.tsv`), or, in the commonest words, for one of the same sound. It is
kept where the texts hardly have it and two words are not expected to meet and make it. Set phrases of four
characters are written beside the slips.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from app.negative_list.usage.build import indexes, lines_of
from app.negative_list.usage.count_table import BITS
from app.negative_list.usage.doubtful_characters import LOOSE, Usage
from app.negative_list.usage.segments import cuts_a_word

#: A word that people write: so often in the texts; or in the lexicon, and in the texts at all.
_COMMON, _KNOWN, _SEEN = 60, 200, 3
#: The commonest words, whose characters are changed for others of the same sound, too.
_COMMONEST = 300
#: So often two words may be expected to meet and make what is a look-alike; what only sounds alike.
_MEETING, _MEETING_BY_SOUND = 5.0, 1.0
#: A slip may stand in the texts as a slip: once or twice, in a word so many times as common.
_SLIPPED, _TIMES = 2, 1000
#: A form that the lexicon knows better is a word of its own.
_OWN_WORD, _RARE_WORD = 3, 50
#: Characters that stand beside everything, besides those that are never doubted.
_BESIDE = LOOSE | frozenset("不未无老市县区省要需到出来去还更最很太让给")
_SOUNDING, _SOUNDING_LOOSE = 10, 4
_CHARACTERS, _CHARACTERS_LOOSE = 2500, 1500
#: Characters of a set phrase, and from how often on in the lexicon it is one that people write.
_PHRASE, _OFTEN = 4, 10
#: What the lexicon calls idioms and set phrases.
_PHRASES = frozenset("ilz")


class Slip(NamedTuple):
    """A wrong form, the word that was meant, and how common that is."""

    wrong: str
    right: str
    often: float


def look_alikes(path: Path) -> dict[str, str]:
    """Return for each character those that it is taken for, typed in by hand."""
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        char, _, others = line.partition("\t")
        if not line.startswith("#"):
            found[char] = "".join(dict.fromkeys(other for other in others if other != char))
    return found


def _sounding(chars: str) -> dict[str, str]:
    """Return for each character, commonest first, some that sound the same, with its tone and without."""
    import pypinyin

    exact: dict[str, list[str]] = defaultdict(list)
    loose: dict[str, list[str]] = defaultdict(list)
    sounds = {
        char: tuple(
            pypinyin.pinyin(char, style=style)[0][0]
            for style in (pypinyin.Style.TONE3, pypinyin.Style.NORMAL)
        )
        for char in chars[1 : _CHARACTERS + 1]
    }
    for number, (char, (tone, plain)) in enumerate(sounds.items()):
        exact[tone].append(char)
        if number < _CHARACTERS_LOOSE:
            loose[plain].append(char)
    found: dict[str, str] = {}
    for char, (tone, plain) in sounds.items():
        same = [other for other in exact[tone] if other != char][:_SOUNDING]
        like = [other for other in loose[plain] if other != char and other not in same][:_SOUNDING_LOOSE]
        found[char] = "".join((*same, *like))
    return found


def _known_words(path: Path) -> dict[str, int]:
    words: dict[str, int] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, count, *_ = line.split(" ")
        words[word] = int(count)
    return words


class _Texts:
    """The texts, and how often each pair of characters stands in them."""

    def __init__(self, paths: Iterable[Path], usage: Usage) -> None:
        self.text = "\n".join(text for path in paths for _, text in lines_of(path))
        numbers = indexes(self.text, usage.index)
        self.pairs = (numbers[:-1] << np.uint64(BITS)) | numbers[1:]
        self.pairs[(numbers[:-1] == 0) | (numbers[1:] == 0)] = 0
        keys, counts = np.unique(self.pairs, return_counts=True)
        self._counts = dict(zip(keys.tolist(), counts.tolist(), strict=True))
        self._usage = usage

    def key(self, pair: str) -> int:
        """Return the key of a pair; 0 where a character is unknown."""
        first, second = (int(self._usage.index[ord(char)]) for char in pair)
        return (first << BITS) | second if first and second else 0

    def count(self, pair: str) -> int:
        """Return how often a pair stands there."""
        return int(self._counts.get(self.key(pair), 0))

    def alone(self, pairs: Iterable[str], enough: int) -> Counter[str]:
        """Return how often each pair stands there where no two words meet to make it, up to `enough`."""
        names = {self.key(pair): pair for pair in pairs}
        found: Counter[str] = Counter()
        for start in np.flatnonzero(np.isin(self.pairs, np.array(list(names), dtype=np.uint64))).tolist():
            pair = names[int(self.pairs[start])]
            if found[pair] <= enough and not cuts_a_word(
                self.text, start, start + 2, max(0, start - 8), start + 10, self._usage
            ):
                found[pair] += 1
        return found


def _meetings(texts: _Texts, words: Mapping[str, int]) -> tuple[Counter[str], Counter[str], int]:
    """Return how often each character ends a word before another, begins one behind another, and of how many.

    Words are read from the left, the longest of up to four characters that the lexicon has.
    """
    ends: Counter[str] = Counter()
    starts: Counter[str] = Counter()
    total = 0
    for line in texts.text.split("\n")[::3]:
        place, before = 0, ""
        while place < len(line):
            sizes = (size for size in (4, 3, 2) if line[place : place + size] in words)
            size = min(next(sizes, 1), len(line) - place)
            if before:
                ends[before] += 1
                starts[line[place]] += 1
                total += 1
            place += size
            before = line[place - 1]
    return ends, starts, total


class _Judge:
    """Tells which wrong forms are slips: hardly in the texts, no word, not made where two words meet."""

    def __init__(self, texts: _Texts, words: Mapping[str, int]) -> None:
        self._texts, self._words = texts, words
        self._ends, self._starts, self._total = _meetings(texts, words)

    def is_slip(self, wrong: str, seen: int, *, alike: bool) -> bool:
        """Whether a wrong form of a word that was `seen` is a slip; `alike`: of a listed look-alike."""
        if wrong[0] == wrong[1] or not self._texts.key(wrong) or not _BESIDE.isdisjoint(wrong):
            return False
        count = self._texts.count(wrong)
        if count > (_SLIPPED if alike else 0) or seen < _TIMES * count:
            return False
        if self._words.get(wrong, 0) > (_OWN_WORD if count else _RARE_WORD):
            return False
        # A third of the lines is read for words.
        meeting = 3 * self._ends[wrong[0]] * self._starts[wrong[1]] / self._total
        return meeting <= (_MEETING if alike else _MEETING_BY_SOUND)


def slips(
    texts: _Texts, words: Mapping[str, int], alike: Mapping[str, str], sounding: Mapping[str, str]
) -> Iterator[Slip]:
    """Yield the slips of the common words, each with the commonest word that it may be meant as."""
    judge = _Judge(texts, words)
    found: dict[str, Slip] = {}
    for word, known in words.items():
        seen = texts.count(word) if len(word) == 2 and texts.key(word) else 0
        if seen < _COMMON and not (known >= _KNOWN and seen >= _SEEN):
            continue
        often = seen + known / 50
        for place, char in enumerate(word):
            listed = alike.get(char, "")
            for other in dict.fromkeys(listed + (sounding.get(char, "") if often > _COMMONEST else "")):
                wrong = word[:place] + other + word[place + 1 :]
                commoner = wrong in found and found[wrong].often >= often
                if not commoner and judge.is_slip(wrong, seen, alike=other in listed):
                    found[wrong] = Slip(wrong, word, often)
    alone = texts.alone((wrong for wrong in found if texts.count(wrong)), _SLIPPED)
    for slip in found.values():
        if texts.count(slip.right) >= _TIMES * alone[slip.wrong]:
            yield slip


def set_phrases(path: Path, usage: Usage) -> Iterator[str]:
    """Yield the set phrases of four characters that the lexicon has often, or the counted prose at all."""
    for line in path.read_text(encoding="utf-8").splitlines():
        phrase, count, kind = (*line.split(" "), "")[:3]
        if (
            len(phrase) != _PHRASE
            or kind not in {"i", "l", "z"}
            or not all(usage.index[ord(c)] for c in phrase)
        ):
            continue
        if int(count) >= _OFTEN or usage.seen(phrase):
            yield phrase


def write(found: Sequence[Slip], phrases: Sequence[str], texts: _Texts, usage: Usage, out: Path) -> None:
    """Write the slips as keys in their order, with the characters that were meant, and the set phrases."""
    ordered = sorted(found, key=lambda slip: texts.key(slip.wrong))
    pairs = np.array([texts.key(slip.wrong) for slip in ordered], dtype=np.uint32)
    meant = np.array([[usage.index[ord(char)] for char in slip.right] for slip in ordered], dtype=np.uint16)
    numbers = np.array([[usage.index[ord(char)] for char in phrase] for phrase in phrases], dtype=np.uint16)
    np.savez_compressed(
        out / "slips.npz", pairs=pairs, meant=meant.reshape(-1, 2), phrases=numbers.reshape(-1, _PHRASE)
    )


def main() -> None:
    """Write `slips.npz` beside the tables."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("texts", nargs="+", type=Path)
    asked.add_argument("--words", type=Path, required=True, help="jieba's dict.txt")
    asked.add_argument("--tables", type=Path, required=True, help="the folder that `build` wrote")
    given = asked.parse_args()
    usage = Usage(given.tables)
    texts = _Texts(given.texts, usage)
    alike = look_alikes(Path(__file__).parent / "look_alikes.tsv")
    found = list(slips(texts, _known_words(given.words), alike, _sounding(usage.chars)))
    phrases = list(set_phrases(given.words, usage))
    write(found, phrases, texts, usage, given.tables)
    sys.stdout.write(f"{len(found)} slips, {len(phrases)} phrases\n")


if __name__ == "__main__":
    main()
