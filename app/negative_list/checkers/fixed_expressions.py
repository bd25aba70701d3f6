"""Fixed expressions: all but the right one, one character off."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit, lexicon
from app.negative_list.source.fields import Fields
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.text.buffer import ViewText

#: Shorter expressions are too like other words.
_SHORTEST = 6
#: From this length on one may be left out: 养老服务机构 without 老 is the end of 供养服务机构.
_LONG = 8
#: A half of more expressions wakes nothing.
_COMMON = 6
#: Characters that tell two expressions apart and are no slip of the pen.
_TELLING = frozenset("的零〇一二三四五六七八九十百千万两不无未非大小省市县区乡镇村")


class _Wake(NamedTuple):
    """An expression that one of its halves wakes: where that stands, and the pairs of the other half."""

    form: str
    offset: int
    other: tuple[str, ...]


class FixedExpression(Checker):
    """An expression of the table with one character changed, left out, added, or two swapped.

    The table has the columns form and also: other right forms of it, `|` between several. Half of the
    expression has to stand there as it should; that is what wakes the checker. A character left out or added
    at either end is no slip: there another word may begin.
    """

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        table = lexicon(args, "lexicon", lexicons, ("form", "also"))
        rows = table.rows() if table else ()
        for row in rows:
            if len(row["form"]) < _SHORTEST:
                args.fault("lexicon", f"“{row['form']}”不足{_SHORTEST}个字，差一个字的写法太多")
        self._forms = tuple(row["form"] for row in rows if len(row["form"]) >= _SHORTEST)
        #: The pairs of characters of its second half and of its first: some are right beside any slip.
        self._ends = tuple(
            (_pairs(form[len(form) // 2 :]), _pairs(form[: len(form) // 2])) for form in self._forms
        )
        also = (word for row in rows for word in row["also"].split("|") if word)
        self._right = frozenset((*self._forms, *also))
        halves: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, form in enumerate(self._forms):
            half = len(form) // 2
            halves[form[:half]].append((number, 0))
            halves[form[half:]].append((number, half))
        # A half of many expressions (习近平, 中国特色) is everywhere; the other half wakes for those.
        wakes = {half: places for half, places in halves.items() if len(places) <= _COMMON}
        self.words = tuple(wakes)
        self._wakes = tuple(
            tuple(_Wake(self._forms[number], at, self._ends[number][at > 0]) for number, at in places)
            for places in wakes.values()
        )
        #: The same expressions by where the half stands in them.
        self._rights = tuple(
            tuple(
                (at, tuple(wake.form for wake in some if wake.offset == at))
                for at in {wake.offset for wake in some}
            )
            for some in self._wakes
        )

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each expression that is one character off, the longest of those at one place."""
        view = context.view
        startswith, rights = view.text.startswith, self._rights
        spots: dict[tuple[int, int], str] = {}
        for number, start, end in hits:
            # Nearly always one of them stands there as it should.
            for offset, forms in rights[number]:
                if startswith(forms, start - offset):
                    break
            else:
                for form, low, high in self._waked(view, number, start, end):
                    spots.setdefault((low, high), form)
        if not spots:
            return
        covered = -1
        for (low, high), form in sorted(spots.items(), key=lambda item: (item[0][0], -item[0][1])):
            if low >= covered:
                covered = high
                yield Spot(low, high, (form,))

    def _waked(self, view: ViewText, number: int, start: int, end: int) -> Iterable[tuple[str, int, int]]:
        """Yield each expression that a half of it wakes and that is off there, with its place."""
        text = view.text
        for form, offset, other in self._wakes[number]:
            around = text[max(0, start - offset - 1) : start] if offset else text[end : end + len(form)]
            if not any(map(around.__contains__, other)):
                continue
            first, last = view.bounds(view.part_at(start))
            for low, high in _windows(form, offset, start, end):
                if (text[low : low + 1] == form[0] or text[high - 1 : high] == form[-1]) and self._is_off(
                    form, text, low, high, first, last
                ):
                    yield form, low, high

    def _is_off(self, form: str, text: str, low: int, high: int, first: int, last: int) -> bool:
        written = text[low:high]
        if low < first or high > last or not _near(form, written) or not _one_off(form, written):
            return False
        # The window may lie within, or reach over the end of, another right form.
        return not any(
            right.startswith(written[: len(right)]) and text.startswith(right, low) for right in self._right
        ) and not any(
            written in right and right in text[max(0, low - 12) : high + 12] for right in self._right
        )


def _windows(form: str, offset: int, start: int, end: int) -> Iterable[tuple[int, int]]:
    """Yield where the expression may stand around one half of it: as long, one shorter, one longer."""
    for longer in (0, -1, 1):
        if offset:
            yield start - offset - longer, end
        else:
            yield start, start + len(form) + longer


def _pairs(half: str) -> tuple[str, ...]:
    """Return the pairs of characters side by side in one half of an expression."""
    return tuple(half[place : place + 2] for place in range(len(half) - 1))


def _near(form: str, written: str) -> bool:
    """Whether two texts are as long with at most two characters apart, or begin and end alike."""
    if len(form) == len(written):
        return sum(char != other for char, other in zip(form, written, strict=True)) <= 2
    return form[0] == written[0] and form[-1] == written[-1]


def _one_off(form: str, written: str) -> bool:
    """Whether a text is an expression with one slip."""
    if len(written) == len(form):
        places = [place for place, char in enumerate(form) if char != written[place]]
        if len(places) == 2 and places[1] == places[0] + 1:
            first, second = places
            return form[first] == written[second] and form[second] == written[first]
        return len(places) == 1 and _may_be_slip(form[places[0]], written[places[0]])
    if len(written) < len(form) < _LONG:
        return False
    shorter, longer = sorted((form, written), key=len)
    place = next((index for index, char in enumerate(shorter) if char != longer[index]), len(shorter))
    if not 0 < place < len(shorter) or shorter[place:] != longer[place + 1 :]:
        return False
    return "\u4e00" <= longer[place] <= "\u9fff" and longer[place] not in _TELLING


def _may_be_slip(right: str, written: str) -> bool:
    return "\u4e00" <= written <= "\u9fff" and not (right in _TELLING and written in _TELLING)
