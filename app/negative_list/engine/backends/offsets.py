"""From byte offsets in UTF-8 to code points."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from app.negative_list.engine.backends.base import Hit
from app.negative_list.text.buffer import ViewText

#: `(number, start, end)` in bytes; of a word only the end counts.
Event = tuple[int, int, int]


def in_code_points(data: bytes, spans: Sequence[Hit]) -> list[Hit]:
    """Return spans in bytes as spans in code points, in the order of their ends."""
    found: list[Hit] = []
    last = place = 0
    for number, start, end in sorted(spans, key=_end):
        place += len(data[last:end].decode())
        last = end
        found.append((number, place - len(data[start:end].decode()), place))
    return found


def _end(span: Hit) -> int:
    return span[2]


def words_and_events(
    known: Sequence[str], view: ViewText, events: Sequence[Event]
) -> tuple[list[Hit], Mapping[int, list[tuple[int, int]]]]:
    """Return the words among events with their places in code points, and the others' ranges in bytes.

    Events up to `len(known)` are words; the others come by number, counted from there. Every place of a word
    is to be an event, and those of one word in ascending order: then one that ends behind all before it is
    the first one that this leaves, and `str.find` knows its place sooner than bytes can be counted.
    """
    text, count = view.text, len(known)
    words: list[Hit] = []
    others: dict[int, list[tuple[int, int]]] = defaultdict(list)
    last = place = 0
    for number, start, end in events:
        if number >= count:
            others[number - count].append((start, end))
            continue
        word = known[number]
        size = len(word)
        first = place - size
        if end > last:
            first = text.find(word, first + 1 if first >= 0 else 0)
            last, place = end, first + size
        elif end < last:
            first = len(view.data[:end].decode()) - size
        words.append((number, first, first + size))
    return words, others
