"""What usage speaks against: characters and terms that official prose all but never has so written."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import ClassVar

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit, lexicon
from app.negative_list.source.fields import Fields
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.usage.doubtful_characters import usage
from app.negative_list.usage.near_terms import LONGEST, SHORTEST, NearTerms


class UsageEvidence(Checker):
    """慈善幕捐, 落买, 迫在眉捷: a like character would make what is written common, or a set phrase.

    The lexicon has the column word: words of the bureau's own that are never doubted.
    """

    always: ClassVar[bool] = True
    advisory: ClassVar[bool] = True

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        known = lexicon(args, "known", lexicons, ("word",)) if args.has("known") else None
        self._known = frozenset(row["word"] for row in (known.rows() if known else ()))

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each string that is doubted, once, with the counts."""
        del hits
        counts, text = usage(), context.view.text
        for doubt in counts.doubts(text, known=self._known):
            written = text[doubt.start : doubt.end]
            yield Spot(doubt.start, doubt.end, (doubt.better,), doubt.told(written, counts.characters))


class NearTerm(Checker):
    """福力院, 赵乐纪: a term of the table with one character changed for one of like sound or shape.

    The table has the column term: three to eight characters.
    """

    always: ClassVar[bool] = True
    advisory: ClassVar[bool] = True

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        table = lexicon(args, "lexicon", lexicons, ("term",))
        self._rows = tuple(row["term"] for row in (table.rows() if table else ()))
        for term in self._rows:
            if not SHORTEST <= len(term) <= LONGEST:
                args.fault("lexicon", f"“{term}”应有{SHORTEST}至{LONGEST}个字")

    @cached_property
    def _terms(self) -> NearTerms:
        return NearTerms(self._rows, usage().index)

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each string that is a term but for one character, once."""
        del hits
        for doubt in usage().near(context.view.text, self._terms):
            yield Spot(doubt.start, doubt.end, (doubt.better,))
