"""What each word of a list would hit in old texts, before anybody makes a rule of it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import ahocorasick_rs

from app.negative_list.text.fold import fold_all, fold_text

#: Characters shown on either side of a hit.
_AROUND = 12


class Hits(NamedTuple):
    """How often a word stands in the texts, in how many of them, and one place with what stands around it."""

    term: str
    places: int
    texts: int
    example: str


def first_look(terms: Sequence[str], texts: Iterable[str]) -> tuple[list[Hits], int]:
    """Return what each word hits, the most frequent first, and how many characters were read.

    Words and texts are read in the fold view, as rules read them; words that hit nothing are left out. Of
    words that overlap each counts.
    """
    automaton = ahocorasick_rs.AhoCorasick(fold_all(terms))
    counts, within = [0] * len(terms), [0] * len(terms)
    last, examples, characters = [-1] * len(terms), [""] * len(terms), 0
    for number, text in enumerate(texts):
        folded = fold_text(text)
        characters += len(text)
        for word, start, end in automaton.find_matches_as_indexes(folded, overlapping=True):
            counts[word] += 1
            if last[word] != number:
                last[word] = number
                within[word] += 1
            if not examples[word]:
                examples[word] = folded[max(0, start - _AROUND) : end + _AROUND].replace("\n", " ")
    order = sorted((word for word in range(len(terms)) if counts[word]), key=lambda word: -counts[word])
    return [Hits(terms[word], counts[word], within[word], examples[word]) for word in order], characters
