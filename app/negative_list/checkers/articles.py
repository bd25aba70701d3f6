"""Articles that a law does not have."""

import re
from collections.abc import Iterable, Mapping, Sequence

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit, lexicon
from app.negative_list.source.fields import Fields
from app.negative_list.source.lexicons import Lexicon

_STATE = "中华人民共和国"
_NUMERAL = "零〇一二三四五六七八九十百千"
_ARTICLE = re.compile(rf"《([^《》]{{2,40}})》(?:\([^()]{{1,30}}\))?(第([{_NUMERAL}]{{1,9}}|\d{{1,4}})条)")
_REMARK = re.compile(r"\([^()]*\)$")
_PLACES = {"十": 10, "百": 100, "千": 1000}


def _value(numeral: str) -> int:
    """Return the value of a numeral: 1260, 一千二百六十."""
    if numeral.isascii():
        return int(numeral)
    total = digit = 0
    for char in numeral:
        if char in _PLACES:
            total += (digit or 1) * _PLACES[char]
            digit = 0
        else:
            digit = "零一二三四五六七八九".index(char.replace("〇", "零"))
    return total + digit


class LastArticle(Checker):
    """《民法典》第一千三百条: an article beyond the last one of the law.

    The table has the columns title (without 中华人民共和国) and last.
    """

    words: Sequence[str] = ("》第", "》(")

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        table = lexicon(args, "lexicon", lexicons, ("title", "last"))
        self._last = {row["title"]: int(row["last"]) for row in (table.rows() if table else ())}

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each article beyond the last one."""
        text, view = context.view.text, context.view
        for _, start, _ in hits:
            first, last = view.bounds(view.part_at(start))
            opened = text.rfind("《", first, start)
            article = _ARTICLE.match(text, opened, last) if opened >= 0 else None
            if article is None:
                continue
            highest = self._last.get(_REMARK.sub("", article[1]).removeprefix(_STATE))
            if highest is not None and _value(article[3]) > highest:
                yield Spot(*article.span(2), (), f"《{article[1]}》共{highest}条")
