"""Laws that are named without 《》."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, NamedTuple

from app.negative_list.checkers.base import Context, Spot, TriggerHit
from app.negative_list.checkers.laws import LawTitle
from app.negative_list.text.buffer import ViewText

_STATE = "中华人民共和国"
#: What stands before a law that is cited. They stand in every second sentence: one pass finds them all.
_CITES = re.compile("根据|依据|依照|按照|遵照|违反|贯彻|落实|执行|遵守|实施|学习|宣传|适用|依")
_TITLE = re.compile(
    rf"(?:了|《)?((?:{_STATE})?[一-鿿]{{2,24}}?(?:保护法|保障法|处罚法|法|条例|办法|规定|条列))"
    r"(?=[的第,。;、(]|等|有关|规定|要求|精神|办理|执行|进行|,|$)"
)
_WHOLE = re.compile(
    rf"({_STATE}[一-鿿]{{2,24}}?(?:法|条例|办法|规定|条列))"
    r"(?=[的第,。;、(]|等|有关|规定|要求|精神|办理|执行|进行|$)"
)


class _Cited(NamedTuple):
    """Where a title without 《》 stands in the fold view, and the title."""

    at: int
    title: str


class BareLawTitle(LawTitle):
    """根据未成年保护法的规定: a law cited without 《》, its title misspelt or repealed.

    Arguments and lexicon are those of `law_title`.
    """

    patterns = ()
    always: ClassVar[bool] = True

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each title without 《》 that is misspelt, or no longer in force."""
        del hits
        view = context.view
        cited = view.memo.get(BareLawTitle)
        if cited is None:
            # Several rules ask.
            cited = view.memo[BareLawTitle] = sorted(set(_cited(view)))
        for at, title in cited:
            suggestions = self._judge(title)
            if suggestions is not None:
                yield Spot(at, at + len(title), suggestions)


def _cited(view: ViewText) -> Iterator[_Cited]:
    """Yield the titles behind a word that cites, and those that begin with the name of the state."""
    text = view.text
    for cites in _CITES.finditer(text):
        title = _TITLE.match(text, cites.end())
        if title is not None and text[title.start(1) - 1] != "《":
            yield _Cited(title.start(1), title[1])
    start = text.find(_STATE)
    while start >= 0:
        whole = _WHOLE.match(text, start) if text[start - 1 : start] != "《" else None
        if whole is not None:
            yield _Cited(start, whole[1])
        start = text.find(_STATE, start + len(_STATE))
