"""Words that are written so that a list does not find them: taken apart, in pinyin, with signs between."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, product

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit, lexicon
from app.negative_list.source.fields import Fields
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.text.fold import fold_all, fold_text

#: What is put between characters, as folded text has it; not what stands between the items of a list.
_BETWEEN = r"[ @*#&^~+=|/\\.·•_●○◆■★☆\-]"
#: Longer words are told by less than all of their forms.
_FORMS = 200


class Disguised(Checker):
    """贝者博, 代yun, 枪*支: a word of `lexicon` taken apart, in pinyin, or with signs between.

    `parts` is a table with the columns char, parts and pinyin (`|` between several). The word as it should
    be is none of its forms.
    """

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        table = lexicon(args, "lexicon", lexicons)
        parts = lexicon(args, "parts", lexicons, ("char", "parts", "pinyin"))
        entries = table.entries(f"lexicons/{table.name}", args.faults) if table else ()
        instead = {
            row["char"]: [
                form
                for key in ("parts", "pinyin")
                for form in row[key].split("|")
                if form and form != row["char"]
            ]
            for row in (parts.rows() if parts else ())
        }
        forms: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._apart: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []
        patterns = []
        for entry in entries:
            word = fold_text(entry.term)
            choices = [[char, *instead.get(char, ())] for char in word]
            written = ["".join(chosen) for chosen in islice(product(*choices), 1, _FORMS + 1)]
            for form in fold_all(written):
                if form != word and len(form) > 1:
                    forms.setdefault(form, (entry.term, entry.covering))
            shown = entry.suggestions or (entry.term,)
            self._apart.append((word, shown, entry.covering))
            patterns.append(_taken_apart(word))
        self._forms = [(form, *told) for form, told in forms.items()]
        self.words = tuple(form for form, _, _ in self._forms)
        self.patterns = tuple(patterns)

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each disguised word, with the word."""
        text, view = context.view.text, context.view
        covered = -1
        for number, start, end in sorted(hits, key=lambda hit: (hit[1], -hit[2])):
            if start < covered or start < view.bounds(view.part_at(start))[0]:
                continue
            written = text[start:end]
            if number < len(self._forms):
                _, word, longer = self._forms[number]
                if _in_latin_word(text, start, end):
                    continue
                shown: tuple[str, ...] = (word,)
            else:
                word, shown, longer = self._apart[number - len(self._forms)]
                if written == word:
                    continue
            if any(right in text[max(0, start - 6) : end + 6] for right in longer):
                continue
            covered = end
            yield Spot(start, end, shown)


def _taken_apart(word: str) -> str:
    """Return a pattern of a word with signs between at least two of its characters.

    The word as it should be is everywhere and is none of its matches.
    """
    signs = list(map(re.escape, word))
    turns = []
    for place in range(1, len(signs)):
        before, behind = "".join(signs[:place]), f"{_BETWEEN}{{0,3}}".join(signs[place:])
        turns.append(f"{before}{_BETWEEN}{{1,3}}{behind}")
    return "|".join(turns)


def _in_latin_word(text: str, start: int, end: int) -> bool:
    """Whether a form that begins or ends with letters is part of a longer word of letters."""
    before, first, last, after = text[start - 1 : start], text[start], text[end - 1], text[end : end + 1]
    return (first.isascii() and first.isalpha() and before.isascii() and before.isalpha()) or (
        last.isascii() and last.isalpha() and after.isascii() and after.isalpha()
    )
