"""Bodies under a name that they no longer have."""

import re
from collections.abc import Iterable, Mapping, Sequence

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit, lexicon
from app.negative_list.source.fields import Fields
from app.negative_list.source.lexicons import Lexicon

_LEVELS = "省市县区州盟旗镇乡"
#: 部门 stands without a level.
_WITHOUT_LEVEL = "部门"
#: 全县农业局面, 各地市文化局部: the level belongs to another word.
_OTHER_WORD = re.compile(
    r"(?:全|各|本|该|跨|小|山|景|社|园|库|片|城|郊|老|灾|牧|林|矿|厂|校|港|战|特|时|地|多)$"
)


class FormerBody(Checker):
    """县农业局, 省卫计委, 质监部门: a level and a body of the table.

    The table has the columns body, successor (`|` between several) and not_before: characters behind it that
    make it another word. The successor is told with the level that was written.
    """

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        table = lexicon(args, "lexicon", lexicons, ("body", "successor", "not_before"))
        rows = table.rows() if table else ()
        self.words = tuple(row["body"] for row in rows)
        self._successors = [tuple(row["successor"].split("|")) for row in rows]
        self._not_before = [tuple(filter(None, row["not_before"].split("|"))) for row in rows]

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each body with its level."""
        text = context.view.text
        covered = -1
        for number, start, end in sorted(hits, key=lambda hit: (hit[1], -hit[2])):
            if start < covered or text.startswith(self._not_before[number] or ("\x00",), end):
                continue
            name, level = self.words[number], text[start - 1 : start]
            if name.endswith(_WITHOUT_LEVEL):
                covered = end
                yield Spot(start, end, self._successors[number])
            elif level and level in _LEVELS and not _OTHER_WORD.search(text, max(0, start - 2), start - 1):
                covered = end
                yield Spot(start - 1, end, tuple(f"{level}{right}" for right in self._successors[number]))
            elif text[start - 1 : start] == "、" and _listed(text, start):
                covered = end
                yield Spot(start, end, self._successors[number])


def _listed(text: str, start: int) -> bool:
    """Whether it goes on a list of bodies: 县农业局、畜牧局."""
    return text[start - 2 : start - 1] in {"局", "委", "办", "厅"}


_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2}) ?年")


#: 到2020年: a year that a text looks ahead to says nothing of when it was written.
_AIMS = frozenset("到至")


class FormerName(Checker):
    """A name of the list that was right until a year; a text that speaks of no later year is let be.

    The lexicon is a list of words: old name, successor, remark, longer right words.
    """

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        names = lexicon(args, "lexicon", lexicons)
        self._until = int(args.number("until", 2018, low=1949, high=2100))
        entries = names.entries(f"lexicons/{names.name}", args.faults) if names else ()
        self.words = tuple(entry.term for entry in entries)
        self._entries = entries

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each old name, the longest at one place."""
        text = context.view.text
        years = [
            int(year[1])
            for year in _YEAR.finditer(text)
            if text[year.start() - 1 : year.start()] not in _AIMS
        ]
        if years and max(years) < self._until:
            return
        covered = -1
        for number, start, end in sorted(hits, key=lambda hit: (hit[1], -hit[2])):
            entry = self._entries[number]
            if start >= covered and not any(
                text.startswith(longer, start - longer.index(entry.term)) for longer in entry.covering
            ):
                covered = end
                yield Spot(start, end, entry.suggestions, entry.note)
