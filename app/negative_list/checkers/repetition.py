"""Words, clauses, sentences and paragraphs that stand twice."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, count
from operator import eq

import numpy as np
from numpy.typing import NDArray

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit
from app.negative_list.source.fields import Fields
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.text.buffer import SEPARATOR
from app.negative_list.text.fold import codes_of
from app.negative_list.text.model import Part, PartKind, View

#: Words of so many characters are looked for twice in a row.
_WORDS = range(3, 9)
#: A shorter sentence may be said twice for effect.
_SENTENCE = 6
#: A shorter clause may open two clauses alike.
_CLAUSE = 8
#: A shorter paragraph may be a heading, a date or the name of a place.
_PARAGRAPH = 18
_ENDS = re.compile(r"[^。！？；!?;]+[。！？；!?;]?")
_CLAUSES = re.compile(r"[^，。！？；,!?;]+")
#: What a sentence ends with, beside 。; the end of a part too.
_SENTENCE_ENDS = ("！", "？", "；", "!", "?", ";", SEPARATOR)
#: Three characters in a row that stand again at one distance.
_SHORTEST_RUN = b"\x01" * 3
#: What opens the items of a list, which laws repeat.
_BRACKETS = frozenset("（(")
_HAN = re.compile("[\u4e00-\u9fff]+")
#: A file of one paragraph is read as a title alone.
_TEXT = frozenset({PartKind.BODY, PartKind.SUMMARY, PartKind.TITLE})


class RepeatedText(Checker):
    """A word of three characters or more, a clause or a sentence twice in a row; a paragraph once more."""

    view = View.RAW
    always = True

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        del lexicons
        #: What may stand twice in a row.
        self._twice = frozenset(args.texts("allowed"))

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each second one."""
        del hits
        text = context.view.text
        yield from self._words(text)
        twins = _has_twins(text)
        if not twins and not _has_equal(context.buffer.parts):
            return
        seen: dict[str, None] = {}
        for index, start, end in context.parts_of():
            if context.buffer.parts[index].kind not in _TEXT:
                continue
            if end - start >= _PARAGRAPH:
                words = text[start:end].strip()
                if words in seen and words[0] not in _BRACKETS:
                    yield Spot(start, end, (), "与前面的一段完全相同")
                    continue
                seen[words] = None
            if twins and end - start > 2 * _SENTENCE:
                yield from _alike(text, start, end)

    def _words(self, text: str) -> Iterable[Spot]:
        rows = _same_again(text)
        if rows is None:
            return
        covered = -1
        spots: list[tuple[int, int]] = []
        # One look at all distances: hardly any text has three such places in a row.
        same, size = rows.tobytes(), len(text)
        place = same.find(_SHORTEST_RUN)
        while place >= 0:
            row, start = divmod(place, size)
            length = _WORDS[row]
            step = 1
            if same.startswith(b"\x01" * length, place) and start + length <= size:
                spots.append((start, length))
                step = length
            place = same.find(_SHORTEST_RUN, place + step)
        for place, length in sorted(spots):
            word = text[place : place + length]
            if (
                place >= covered
                and not _in_column(text, place, word)
                and _HAN.fullmatch(word)
                and len(set(word)) > 2
                and word not in self._twice
            ):
                covered = place + 2 * length
                yield Spot(place, covered, (word,), f"“{word}”写了两遍")


def _in_column(text: str, place: int, word: str) -> bool:
    """Whether a word stands three times in a row: cells of a table run together, no slip."""
    size = len(word)
    half = size // 2
    return word[:half] * 2 == word or word * 3 in text[max(0, place - 2 * size) : place + 4 * size]


def _same_again(text: str) -> NDArray[np.bool_] | None:
    """Return for each length of a word and each place whether the same character stands so much further on.

    None for a text that is too short for any. Characters beyond the basic plane count as no Chinese ones do.
    """
    longest = _WORDS[-1]
    if len(text) < 2 * _WORDS[0]:
        return None
    # Behind the text stands what is in no word.
    codes = np.frombuffer(text.encode("utf-16-le", "surrogatepass") + bytes(2 * longest), dtype=np.uint16)
    if len(codes) != len(text) + longest:
        codes = np.append(codes_of(text).astype(np.uint32), np.zeros(longest, dtype=np.uint32))
    size = codes.itemsize
    shape, strides = (len(_WORDS), len(text)), (size, size)
    shifted = np.ndarray(shape, codes.dtype, codes.data, offset=size * _WORDS[0], strides=strides)
    return shifted == codes[: len(text)]  # type: ignore[no-any-return]


def _has_equal(parts: Sequence[Part]) -> bool:
    """Whether two parts may have the same text."""
    texts = [part.text.strip() for part in parts]
    return len(set(texts)) < len(texts)


def _has_twins(text: str) -> bool:
    """Whether a clause or a sentence may be the same as the one before it: any that is makes this true."""
    for sign in _SENTENCE_ENDS:
        text = text.replace(sign, "。")
    bare = text.replace("，", "。").replace(",", "。").replace(" ", "").replace("\u3000", "")
    clauses = list(filter(None, bare.split("。")))
    if len(set(clauses)) == len(clauses):
        # No clause stands twice anywhere.
        return False
    sentences = list(map(str.strip, text.split("。")))
    if _any_twins(sentences, _SENTENCE):
        return True
    return _any_twins(text.replace("，", "。").replace(",", "。").split("。"), _CLAUSE)


def _any_twins(pieces: Sequence[str], least: int) -> bool:
    """Whether two neighbours of so many characters are the same; empty ones between them do not count."""
    pieces = list(filter(None, pieces))
    following = pieces[1:]
    if True not in map(eq, pieces, following):
        return False
    return any(len(pieces[place]) >= least for place in compress(count(), map(eq, pieces, following)))


def _alike(text: str, start: int, end: int) -> Iterable[Spot]:
    """Yield each sentence or clause that is the same as the one before it."""
    before = ""
    for sentence in _ENDS.finditer(text, start, end):
        words = sentence[0].strip().rstrip("。！？；!?;")
        if len(words) >= _SENTENCE and words == before:
            yield Spot(*sentence.span(), (), "与前一句完全相同")
        elif len(words) > 2 * _CLAUSE:
            earlier = ""
            for clause in _CLAUSES.finditer(text, *sentence.span()):
                if len(clause[0]) >= _CLAUSE and clause[0] == earlier:
                    yield Spot(*clause.span(), (), "与前一个分句完全相同")
                earlier = clause[0]
        before = words
