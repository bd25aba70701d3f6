"""Laws that are named without 《》."""

import re
from collections.abc import Iterable, Sequence

from app.negative_list.checkers.base import Context, Spot, TriggerHit
from app.negative_list.checkers.laws import LawTitle

#: What stands before a law that is cited.
_CITES = "根据|依据|依照|按照|遵照|违反|贯彻|落实|执行|遵守|实施|学习|宣传|适用|依"
_TITLE = re.compile(
    rf"(?:{_CITES})(?:了|《)?((?:中华人民共和国)?[一-鿿]{{2,24}}?"
    r"(?:保护法|保障法|处罚法|法|条例|办法|规定|条列))"
    r"(?=[的第,。;、(]|等|有关|规定|要求|精神|办理|执行|进行|,|$)"
)
_STATE = "中华人民共和国"


class BareLawTitle(LawTitle):
    """根据未成年保护法的规定: a law cited without 《》, its title misspelt or repealed.

    Arguments and lexicon are those of `law_title`.
    """

    patterns = (
        rf"(?:{_CITES})了?(?:中华人民共和国)?[一-鿿]{{2,24}}(?:法|条例|办法|规定|条列)",
        r"中华人民共和国[一-鿿]{2,24}(?:法|条例|办法|规定|条列)",
    )

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each title without 《》 that is misspelt, or no longer in force."""
        text = context.view.text
        told: set[int] = set()
        for number, start, _ in sorted(hits, key=lambda hit: (hit[1], -hit[2])):
            at = start
            if not number:
                cited = _TITLE.match(text, start)
                if cited is None or text[cited.start(1) - 1] == "《":
                    continue
                at, title = cited.start(1), cited[1]
            else:
                if text[start - 1 : start] == "《":
                    continue
                whole = _WHOLE.match(text, start)
                if whole is None:
                    continue
                title = whole[1]
            if at in told:
                continue
            suggestions = self._judge(title)
            if suggestions is not None:
                told.add(at)
                yield Spot(at, at + len(title), suggestions)


_WHOLE = re.compile(
    r"(中华人民共和国[一-鿿]{2,24}?(?:法|条例|办法|规定|条列))"
    r"(?=[的第,。;、(]|等|有关|规定|要求|精神|办理|执行|进行|$)"
)
