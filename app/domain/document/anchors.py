"""Where words that somebody selected stand now: carried from the revision they were selected in to another.

The paragraphs of both texts are paired, then their characters; words that stand nowhere in their pair are
looked for with what stood around them. A place is never guessed: words without one are lost, and keep their
quote. Pure.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from rapidfuzz.distance import Levenshtein

from app.domain.document.alignment import Step, steps
from app.domain.document.edits import Edit, text_at
from app.domain.document.model import FIELDS, Document, texts_of
from app.domain.document.pairing import pair

#: Code points before and after the words that are kept with them.
CONTEXT = 32
#: Words that stayed must stand in a stretch of so many code points that did, or at an end of their text.
_STRETCH = 4
#: What went or came around words is not taken for a change of theirs when it is longer by more than this.
_AROUND = 24
#: A point is known by so many characters on either side.
_BESIDE = 4
#: Words are looked for elsewhere with at least this much around them, themselves included.
_KEY = 12


class Standing(StrEnum):
    """What became of selected words in another text."""

    HELD = "held"
    MOVED = "moved"
    CHANGED = "changed"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Anchor:
    """Words of one text: `text[start:end]` of `place` reads `quote`, between `before` and `after`.

    Positions are code points, end-exclusive; places are those of `Document.texts`. Without a quote it is the
    point between two characters, where something is to be put in.
    """

    place: str
    start: int
    end: int
    quote: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Ported:
    """Where an anchor is in another text: `text[start:end]` of `place` reads `text` there.

    HELD: as it was. MOVED: the same words at another place. CHANGED: their place is known, the words are
    others, perhaps none. LOST: no place is known; `place` is empty.
    """

    standing: Standing
    place: str = ""
    start: int = 0
    end: int = 0
    text: str = ""


_LOST = Ported(Standing.LOST)
#: The words are there as they were, at their place or another.
THERE = frozenset({Standing.HELD, Standing.MOVED})


def anchored(document: Document, place: str, start: int, end: int) -> Anchor | None:
    """Return the anchor of words of a text, or of a point; `None` where there is no such place in it."""
    text = text_at(document, place)
    if text is None or not 0 <= start <= end <= len(text):
        return None
    around = text[max(start - CONTEXT, 0) : start], text[end : end + CONTEXT]
    return Anchor(place, start, end, text[start:end], *around)


class Porter:
    """Carries anchors of one text to another; what is alike is worked out once for all of them."""

    def __init__(self, old: Document, new: Document) -> None:
        self._new = new
        self._sides: dict[str, _Side] = {}
        for name in FIELDS:
            self._sides[name] = _Side((name,), (getattr(old, name),), (name,), (getattr(new, name),))
        was, now = list(_lines(old)), list(_lines(new))
        for group in pair([text for _, text in was], [text for _, text in now]):
            olds, news = [was[index] for index in group.old], [now[index] for index in group.new]
            side = _Side(*zip(*olds, strict=True), *zip(*news, strict=True))
            self._sides |= dict.fromkeys((place for place, _ in olds), side)
        self._old_texts = dict(old.texts())
        self._new_texts = dict(new.texts())

    def port(self, anchor: Anchor) -> Ported:
        """Return where the words of an anchor are in the new text."""
        if self._old_texts.get(anchor.place, "")[anchor.start : anchor.end] != anchor.quote:
            return _LOST
        if not anchor.quote:
            return self._point(anchor)
        side = self._sides.get(anchor.place)
        near = side.port(anchor) if side is not None else None
        if near is not None and near.text == anchor.quote:
            return near
        return self._elsewhere(anchor) or near or _LOST

    def _point(self, anchor: Anchor) -> Ported:
        """Carry the few characters on either side; between them is the point, if they stayed together."""
        before, after = anchor.before[-_BESIDE:], anchor.after[:_BESIDE]
        if not before and not after:
            return _LOST
        around = Anchor(
            anchor.place,
            anchor.start - len(before),
            anchor.start + len(after),
            before + after,
            anchor.before[:-_BESIDE],
            anchor.after[_BESIDE:],
        )
        ported = self.port(around)
        if ported.standing in {Standing.LOST, Standing.CHANGED}:
            return ported
        at = ported.start + len(before)
        return Ported(ported.standing, ported.place, at, at)

    def _elsewhere(self, anchor: Anchor) -> Ported | None:
        """Look for the words with what stood around them, which must stand once in either text."""
        for before, after in (
            (anchor.before, anchor.after),
            (anchor.before, ""),
            ("", anchor.after),
            (anchor.before[-_KEY:], anchor.after[:_KEY]),
            (anchor.before[-_KEY:], ""),
            ("", anchor.after[:_KEY]),
            ("", ""),
        ):
            key = before + anchor.quote + after
            if len(key) < _KEY or sum(text.count(key) for text in self._old_texts.values()) != 1:
                continue
            places = [(place, text.find(key)) for place, text in self._new_texts.items() if key in text]
            if len(places) == 1 and self._new_texts[places[0][0]].count(key) == 1:
                place, at = places[0]
                start = at + len(before)
                return Ported(Standing.MOVED, place, start, start + len(anchor.quote), anchor.quote)
        return None


def port(anchor: Anchor, old: Document, new: Document) -> Ported:
    """Return where the words of one anchor of `old` are in `new`; for many, keep a `Porter`."""
    return Porter(old, new).port(anchor)


def port_edit(edit: Edit, old: Document, porter: Porter) -> Edit | None:
    """Return an edit of `old` as one of the porter's new text; `None` where its words are not as they were.

    Where it moves words, the point that they go to must still be in the same text.
    """
    words = anchored(old, edit.place, edit.start, edit.end)
    where = porter.port(words) if words is not None and words.quote == edit.quote else _LOST
    if where.standing not in THERE:
        return None
    if edit.move_to is None:
        return replace(edit, place=where.place, start=where.start, end=where.end)
    goal = anchored(old, edit.place, edit.move_to, edit.move_to)
    there = porter.port(goal) if goal is not None else _LOST
    if there.standing not in THERE or there.place != where.place:
        return None
    return replace(edit, place=where.place, start=where.start, end=where.end, move_to=there.start)


def _lines(document: Document) -> Iterator[tuple[str, str]]:
    for index, block in enumerate(document.blocks):
        for within, text in texts_of(block):
            if text:
                yield f"blocks/{index}{within}", text


class _Side:
    """The texts of some places of the old document, and those of the new that they became."""

    def __init__(
        self,
        old_places: Sequence[str],
        old_texts: Sequence[str],
        new_places: Sequence[str],
        new_texts: Sequence[str],
    ) -> None:
        self._old_starts = dict(zip(old_places, _starts(old_texts), strict=True))
        self._places, self._starts = new_places, _starts(new_texts)
        self._texts = new_texts
        self._old, self._new = "\n".join(old_texts), "\n".join(new_texts)
        self._steps: list[tuple[bool, int, int, int, int]] | None = None

    def port(self, anchor: Anchor) -> Ported | None:
        """Return where the words are among the paired texts; `None` when nothing says where."""
        shift = self._old_starts[anchor.place]
        start, end = anchor.start + shift, anchor.end + shift
        steps = self._aligned()
        first = bisect_right(steps, start, key=lambda step: step[1]) - 1
        same, was_start, was_end, now_start, _ = steps[first]
        if same and end <= was_end:
            inside = was_start > 0 and was_end < len(self._old)
            if inside and was_end - was_start < _STRETCH:
                return None
            return self._placed(anchor, now_start + start - was_start, now_start + end - was_start)
        last = bisect_right(steps, end - 1, key=lambda step: step[1]) - 1
        begins = now_start + start - was_start if same else now_start
        end_same, end_was, end_was_end, end_now, end_now_end = steps[last]
        ends = end_now + end - end_was if end_same else end_now_end
        beyond = (0 if same else start - was_start) + (0 if end_same else end_was_end - end)
        if beyond > _AROUND or ends - begins > len(anchor.quote) + _AROUND:
            return None
        return self._placed(anchor, begins, ends)

    def _aligned(self) -> list[tuple[bool, int, int, int, int]]:
        """Return the stretches that are the same and those that differ, whatever came or went in one."""
        if self._steps is None:
            self._steps = list(_joined(steps(self._old, self._new, Levenshtein.opcodes)))
        return self._steps

    def _placed(self, anchor: Anchor, start: int, end: int) -> Ported:
        at = bisect_right(self._starts, start) - 1
        own, text = self._starts[at], self._texts[at]
        begins, ends = min(start - own, len(text)), min(end - own, len(text))
        words = text[begins:ends]
        if words == anchor.quote:
            same = (self._places[at], begins) == (anchor.place, anchor.start)
            return Ported(Standing.HELD if same else Standing.MOVED, self._places[at], begins, ends, words)
        return Ported(Standing.CHANGED, self._places[at], begins, ends, words)


def _starts(texts: Sequence[str]) -> list[int]:
    starts, at = [], 0
    for text in texts:
        starts.append(at)
        at += len(text) + 1
    return starts


def _joined(aligned: Iterable[Step]) -> Iterator[tuple[bool, int, int, int, int]]:
    """Join steps that differ and touch, so that no stretch of the old text is empty but at an insertion."""
    held: tuple[int, int, int, int] | None = None
    for step in aligned:
        if step.tag == "equal":
            if held is not None:
                yield False, *held
                held = None
            yield True, step.src_start, step.src_end, step.dest_start, step.dest_end
        elif held is None:
            held = step.src_start, step.src_end, step.dest_start, step.dest_end
        else:
            held = held[0], step.src_end, held[2], step.dest_end
    if held is not None:
        yield False, *held
