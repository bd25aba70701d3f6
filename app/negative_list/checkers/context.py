"""Words that only are a fault beside others, and patterns that are told of only a few times."""

from collections.abc import Iterable, Mapping, Sequence

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit
from app.negative_list.pattern.parse import PatternError, parse
from app.negative_list.source.fields import Fields
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.text.fold import fold_all
from app.negative_list.text.model import View

#: Where a sentence ends: what stands behind it is not beside.
_ENDS = "。；;!?\n"


class Beside(Checker):
    """`words` with one of `beside` within so many characters before or behind, in the same sentence."""

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        del lexicons
        self.words = args.texts("words")
        self._beside = tuple(fold_all(args.texts("beside")))
        self._within = int(args.number("within", 12, low=1, high=60))
        for key, words in (("words", self.words), ("beside", self._beside)):
            if not words:
                args.fault(key, f"缺少词：{key}: [词, 词]")

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each word with another beside it."""
        text, view = context.view.text, context.view
        covered = -1
        for _, start, end in sorted(hits, key=lambda hit: (hit[1], -hit[2])):
            if start < covered:
                continue
            first, last = view.bounds(view.part_at(start))
            before = text[max(first, start - self._within) : start]
            behind = text[end : min(last, end + self._within)]
            for sign in _ENDS:
                before, behind = before.rpartition(sign)[2], behind.partition(sign)[0]
            if any(word in before or word in behind for word in self._beside):
                covered = end
                yield Spot(start, end)


class Once(Checker):
    """What matches `pattern` in the text as typed, told of at the first `most` places of a document only.

    For slips of habit: who types one mark wrong types all of them wrong. From `habit` places on, where
    that is given, the whole text was typed or converted so, and nothing is told.
    """

    view = View.RAW

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        del lexicons
        pattern = args.text("pattern")
        self._most = int(args.number("most", 1, low=1, high=100))
        self._habit = int(args.number("habit", 100_000, low=2, high=100_000))
        try:
            parse(pattern, fold=False)
        except PatternError as error:
            args.fault("pattern", str(error))
        else:
            self.patterns = (pattern,)

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return the first places; the last of them says how many there are."""
        del context
        ordered = sorted({(start, end) for _, start, end in hits})
        if len(ordered) >= self._habit:
            return
        for number, (start, end) in enumerate(ordered[: self._most], 1):
            left = len(ordered) - number
            yield Spot(start, end, (), f"后面还有{left}处" if left and number == self._most else "")
