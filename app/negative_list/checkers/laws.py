"""Titles of laws in 《》: misspelt, or repealed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit, lexicon
from app.negative_list.source.fields import Fields
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.text.fold import fold_all

#: The last word may be misspelt, too: 条列.
_LAW = re.compile(r"(?:法|条例|办法|规定|细则|规则|条列|条历|办发|办法则|规订)$")
#: A remark after the title, （2023年修正） or （草案）, in its folded form.
_REMARK = re.compile(r"\([^()]*\)$")
#: What kind of law a title names.
_KIND = re.compile("(?:法|条例|办法|规定)$")
#: Shorter, what is left of a title without its kind is told by nothing.
_STEM = 4
_STATE = "中华人民共和国"
#: From this length on two wrong characters still tell which title was meant.
_LONG = 12
#: Shorter titles are like too many: 《办法》 is no misspelt 《刑法》.
_SHORT = 4


class _Law(NamedTuple):
    title: str
    repealed: bool
    successor: str


class LawTitle(Checker):
    """Titles that are nearly one of the lexicon's (`report: unknown`), or no longer in force (`repealed`).

    The lexicon has the columns title, short_title, status (valid, repealed), successor. A title that is like
    none of them may be a local regulation and is left alone.
    """

    patterns: Sequence[str] = ("《[^《》]{2,60}》",)

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        self._repealed = args.choice("report", ("unknown", "repealed"), "unknown") == "repealed"
        found = lexicon(args, "lexicon", lexicons, ("title", "short_title", "status", "successor"))
        self._laws: dict[str, _Law] = {}
        named = [
            (name, _Law(row["title"], row["status"] == "repealed", row["successor"]))
            for row in (found.rows() if found else ())
            for name in {row["title"], row["short_title"], row["title"].removeprefix(_STATE)} - {""}
        ]
        for form, (_, law) in zip(fold_all(name for name, _ in named), named, strict=True):
            # A title in force wins over a repealed one of the same name.
            known = self._laws.get(form)
            if known is None or known.repealed:
                self._laws[form] = law
        self._names = list(self._laws)
        #: What stands before 法, 条例 … of each law in force.
        self._stems: dict[str, list[str]] = {}
        for form, law in self._laws.items():
            if not law.repealed and (kind := _KIND.search(form)) and kind.start() >= _STEM:
                self._stems.setdefault(form[: kind.start()], []).append(law.title)
        self._judge = lru_cache(maxsize=20_000)(self._judgement)

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each title that is misspelt, or no longer in force."""
        text = context.view.text
        for _, start, end in hits:
            suggestions = self._judge(text[start + 1 : end - 1])
            if suggestions is not None:
                yield Spot(start, end, suggestions)

    def _judgement(self, title: str) -> tuple[str, ...] | None:
        bare = _REMARK.sub("", title).strip()
        law = self._laws.get(title) or self._laws.get(bare)
        if self._repealed:
            if law is None or not law.repealed:
                return None
            return (f"《{law.successor}》",) if law.successor else ()
        if law is not None or not _LAW.search(bare):
            return None
        near = self._near(bare) or self._of_another_kind(bare)
        return tuple(f"《{title}》" for title in near) or None

    def _of_another_kind(self, title: str) -> list[str]:
        """Return the laws that a title is all but for its last word: 公益事业捐赠办法."""
        kind = _KIND.search(title)
        if kind is None:
            return []
        named = self._stems.get(title[: kind.start()], [])
        return [law if title.startswith(_STATE) else law.removeprefix(_STATE) for law in named]

    def _near(self, title: str) -> list[str]:
        if len(title) < _SHORT:
            return []
        most = 2 if len(title) >= _LONG else 1
        found: dict[str, int] = {}
        for name, far, _ in process.extract(
            title, self._names, scorer=Levenshtein.distance, score_cutoff=most, limit=None
        ):
            # The name in the form that was typed, long or short.
            shown = self._laws[name].title
            if not title.startswith(_STATE):
                shown = shown.removeprefix(_STATE)
            found[shown] = min(far, found.get(shown, far))
        return sorted(found, key=lambda shown: (found[shown], shown))[:3]
