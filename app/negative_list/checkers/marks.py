"""Signs that do not pair, and characters that nobody can see."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from app.negative_list.checkers.base import Checker, Context, Spot, TriggerHit
from app.negative_list.source.fields import Fields
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.text.characters import CLASS_OF, MARK, PAIRS, RARE
from app.negative_list.text.model import View

_END = CLASS_OF[MARK]
_COUPLES = tuple(CLASS_OF[opening] + CLASS_OF[close] for opening, close in PAIRS.items())
_OPENERS = {close: opening for opening, close in PAIRS.items()}
_SIGN = re.compile(f"[{''.join(PAIRS)}{''.join(_OPENERS)}]")
#: What stands before a bracket that only closes: 1）, a）, 一）.
_NUMBERING = re.compile(r"(?:\d{1,2}|[A-Za-z]|[一二三四五六七八九十]{1,3})$")


#: What a paragraph ends with.
_PARAGRAPH_ENDS = frozenset("。；：:;！？ \u3000")
#: Paragraphs that a quotation may go on for without a mark of its own.
_PARAGRAPHS = 4


class Pairs(Checker):
    """Quotation marks, title marks and brackets that open and do not close, or the other way round."""

    view = View.RAW
    always = True

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each sign without its partner in the same part."""
        del hits
        signs = context.buffer.classes.replace(RARE, b"")
        before = -1
        while len(signs) != before:
            before = len(signs)
            for pair in _COUPLES:
                signs = signs.replace(pair, b"")
            if signs.count(_END) == len(signs):
                return
        yield from _without_brackets_of_two_lines(
            context.view.text, list(self._across(context, signs.split(_END)))
        )

    def _across(self, context: Context, pieces: Sequence[bytes]) -> Iterable[Spot]:
        """Yield each sign without its partner, but for quotations of several paragraphs.

        Such a quotation opens in each paragraph and closes in the last only, or opens once and closes a few
        paragraphs later. Source: GB/T 15834-2011, 4.8.
        """
        text = context.view.text
        #: An opening mark that nothing has closed yet, whether it begins its paragraph, and how long ago.
        waiting: tuple[Spot, bool] | None = None
        waited = 0
        for index, start, end in context.parts_of():
            words = text[start:end].lstrip()
            if not words:
                continue
            spots = list(self._part(text, start, end)) if pieces[index] else []
            if waiting is not None:
                waited += 1
                closing = next((spot for spot in spots if text[spot.start] == "”"), None)
                if closing is not None:
                    spots.remove(closing)
                    waiting = None
                elif words.startswith("“"):
                    waiting = None
                elif waited == _PARAGRAPHS:
                    yield from _unless_it_begins(waiting)
                    waiting = None
            if spots and text[spots[-1].start] == "“":
                if waiting is not None:
                    yield from _unless_it_begins(waiting)
                spot = spots.pop()
                waiting, waited = (spot, spot.start == end - len(words)), 0
            yield from spots
        if waiting is not None:
            yield from _unless_it_begins(waiting)

    def _part(self, text: str, start: int, end: int) -> Iterable[Spot]:
        opened: list[int] = []
        #: How many of each are open.
        depths = dict.fromkeys(PAIRS, 0)
        for sign in _SIGN.finditer(text, start, end):
            char, place = sign[0], sign.start()
            if char == "“" and opened and text[opened[-1]] == char and text[place - 1] in _PARAGRAPH_ENDS:
                # Paragraphs of one quotation, run together.
                continue
            if char in PAIRS:
                opened.append(place)
                depths[char] += 1
            elif depths[_OPENERS[char]]:
                while text[opened[-1]] != _OPENERS[char]:
                    depths[text[opened[-1]]] -= 1
                    yield self._open(text, opened.pop())
                depths[text[opened.pop()]] -= 1
            elif char != "）" or not _NUMBERING.search(text, max(start, place - 3), place):
                yield Spot(place, place + 1, (), f"“{char}”没有对应的“{_OPENERS[char]}”")
        for place in opened:
            yield self._open(text, place)

    def _open(self, text: str, place: int) -> Spot:
        return Spot(place, place + 1, (), f"“{text[place]}”没有对应的“{PAIRS[text[place]]}”")


def _without_brackets_of_two_lines(text: str, spots: Sequence[Spot]) -> Iterable[Spot]:
    """Yield the spots without a bracket that opens in one part and closes in the next: （发布, 修订）."""
    ordered = sorted(spots)
    closed = -1
    for spot, following in zip_longest(ordered, ordered[1:]):
        if spot.start == closed:
            continue
        if (
            following is not None
            and text[spot.start] == "（"
            and text[following.start] == "）"
            and text.count(MARK, spot.start, following.start) == 1
        ):
            closed = following.start
            continue
        yield spot


def _unless_it_begins(waiting: tuple[Spot, bool]) -> Iterable[Spot]:
    """Yield an opening mark that was never closed; one that begins its paragraph is let be."""
    spot, begins = waiting
    if not begins:
        yield spot


_HIDDEN = (
    r"\x{ad}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{feff}\x{e000}-\x{f8ff}\x{f0000}-\x{10fffd}"
)
_JOINER = "\u200d"


class Hidden(Checker):
    """Zero-width characters, controls of direction and private-use characters, left by copying."""

    view = View.RAW
    patterns = (f"[{_HIDDEN}]",)

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each run of characters that nobody can see."""
        text = context.view.text
        first = last = -1
        for _, start, end in hits:
            if text[start] == _JOINER and _joins(text, start):
                continue
            if start != last:
                if first >= 0:
                    yield _hidden(text, first, last)
                first = start
            last = end
        if first >= 0:
            yield _hidden(text, first, last)


def _joins(text: str, place: int) -> bool:
    """Whether a zero-width joiner makes one emoji of two."""
    return (
        place > 0
        and place + 1 < len(text)
        and text[place + 1] >= "\u2190"
        and text[place - 1] >= "\u2190"
        and not ("\u3400" <= text[place + 1] <= "\u9fff")
    )


def _hidden(text: str, start: int, end: int) -> Spot:
    codes = "、".join(f"U+{ord(char):04X}" for char in dict.fromkeys(text[start:end]))
    return Spot(start, end, (), codes)


class Repeated(Checker):
    """A word that stands twice in a row: `words: [总书记, 局长]` finds 总书记总书记."""

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:
        del lexicons
        self._single = args.texts("words")
        if not self._single:
            args.fault("words", "缺少词：words: [词, 词]")
        self.words = tuple(word + word for word in self._single)

    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return each word that stands twice in a row."""
        del context
        last = -1
        for number, start, end in hits:
            if start >= last:
                last = end
                yield Spot(start, end, (self._single[number],))
