"""Words, clauses, sentences and paragraphs that stand twice."""

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.source.yaml_tree import Fields
from app.negative_list.text.fold import codes_of
from app.negative_list.text.model import PartKind, View

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
_CUTS = re.compile(r"[，。！？；,!?;]")
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
        codes = codes_of(text).astype(np.uint32)
        covered = -1
        spots: list[tuple[int, int]] = []
        for length in _WORDS:
            if len(codes) < 2 * length:
                break
            same = (codes[length:] == codes[:-length]).tobytes()
            run = b"\x01" * length
            place = same.find(run)
            while place >= 0:
                spots.append((place, length))
                place = same.find(run, place + length)
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


def _has_twins(text: str) -> bool:
    """Whether any clause of a text stands in it twice."""
    clauses = [clause for clause in _CUTS.split(text) if len(clause) >= _SENTENCE]
    return len(set(clauses)) < len(clauses)


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
