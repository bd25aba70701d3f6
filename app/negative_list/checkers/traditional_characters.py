"""Traditional and variant characters in a text of simplified ones."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import numpy as np

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit, lexicon
from app.negative_list.source.fields import Fields
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.text.fold import TABLES
from app.negative_list.text.model import View

_PLANES = 0x110000


#: Characters of the table that are standard ones, too, in some of their senses or in names.
#: Source: Table of General Standard Chinese Characters (2013).
_STANDARD = frozenset("瞭乾夥徵藉噁甯昇陞堃喆薴锺於")


@cache
def _simplified() -> Mapping[str, str]:
    """Return traditional characters that GB 2312 does not have, with the simplified one of each."""
    found = {}
    for line in (TABLES / "t2s.tsv").read_text(encoding="utf-8").splitlines():
        traditional, _, simplified = line.partition("\t")
        if traditional not in _STANDARD and not _in_gb2312(traditional) and _in_gb2312(simplified):
            found[traditional] = simplified
    return found


def _in_gb2312(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


class TraditionalCharacter(Checker):
    """Characters of the table of traditional ones, and those of the lexicon: 羣 for 群, 叁加 for 参加.

    The lexicon is a list of words: a character or a word with one, what to write, a remark, longer right
    words.
    """

    view = View.RAW
    always = True

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        table = lexicon(args, "lexicon", lexicons)
        entries = table.entries(f"lexicons/{table.name}", args.faults) if table else ()
        self._characters = dict(_simplified())
        listed = [entry for entry in entries if len(entry.term) > 1 or entry.covering]
        self._characters.update(
            (entry.term, entry.suggestions[0])
            for entry in entries
            if len(entry.term) == 1 and not entry.covering and entry.suggestions
        )
        self._listed = tuple(listed)
        self.words = tuple(entry.term for entry in listed)
        self._wanted = np.zeros(_PLANES, dtype=np.bool_)
        self._wanted[[ord(char) for char in self._characters]] = True

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each run of such characters, with what to write for it."""
        text = context.view.text
        for number, start, end in hits:
            entry = self._listed[number]
            if not any(_covers(text, longer, entry.term, start) for longer in entry.covering):
                yield Spot(start, end, entry.suggestions)
        wanted = self._wanted.take(context.buffer.codes, mode="clip")
        if 1 not in wanted.tobytes():
            return
        places = np.flatnonzero(wanted)
        for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1):
            start, end = int(run[0]), int(run[-1]) + 1
            yield Spot(start, end, ("".join(self._characters[char] for char in text[start:end]),))


def _covers(text: str, longer: str, term: str, start: int) -> bool:
    """Whether a longer right word that holds the term stands around it."""
    offset = longer.find(term)
    while offset >= 0:
        if text.startswith(longer, start - offset) and start >= offset:
            return True
        offset = longer.find(term, offset + 1)
    return False
