"""The first backend: hyperscan finds words in one pass, and what patterns wait for; RE2 reads the rest.

Words alone take hyperscan a sixth of the time that words and patterns together take. So a pattern waits for
literals, one of which each of its matches holds, and RE2 reads the parts that have one; only patterns without
rare literals are hyperscan's.
"""

import json
import struct
import threading
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import hyperscan
import numpy as np

from app.negative_list.engine.backends.base import LIMIT, Hit, Hits, Scanner, Unit
from app.negative_list.engine.backends.offsets import Event, in_code_points, words_and_events
from app.negative_list.engine.backends.re2_patterns import Re2Pattern, crosses, part_around
from app.negative_list.pattern.charsets import LAST, Ranges
from app.negative_list.pattern.forms import is_anchored, is_heavy, render, set_of, trigger
from app.negative_list.pattern.literals import waits_of
from app.negative_list.pattern.nodes import Node, most
from app.negative_list.text.buffer import ViewText
from app.negative_list.text.characters import RARE, any_ordinary, need_of
from app.negative_list.text.fold import codes_of
from app.negative_list.usage.doubtful_characters import usage

_SOM = hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_SOM_LEFTMOST
_END_ONLY = hyperscan.HS_FLAG_UTF8
_HEAD = struct.Struct("<Q")
_NO_NEED = b"\0"

#: From so many events of one pattern on, reading their parts anew is faster than looking at each.
_MANY = 200
#: Parts of so many bytes are read whole.
_SHORT = 4_000


def _found(number: int, start: int, end: int, _flags: int, events: list[Event]) -> bool:
    """Keep an event; return whether it was the last that is kept."""
    events.append((number, start, end))
    return len(events) >= LIMIT


class _Database:
    """One compiled database with a scratch space for each thread."""

    def __init__(self, database: Any, need: bytes) -> None:  # noqa: ANN401 – hyperscan has no types
        self.database = database
        #: A class out of which each match has a character, where all have one of the same.
        self.need = need
        self._local = threading.local()

    def scan(self, data: bytes) -> tuple[list[Event], bool]:
        """Return the events `(id, from, to)` in bytes, and whether the scan was complete."""
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = hyperscan.Scratch(self.database)
        events: list[Event] = []
        try:
            self.database.scan(data, _found, 0, events, scratch)
        except hyperscan.ScanTerminated:
            return events, False
        return events, len(events) < LIMIT


#: The number under which hyperscan reports an expression, its source and its flags.
_Expression = tuple[int, bytes, int]


def _compile(expressions: Sequence[_Expression]) -> Any:  # noqa: ANN401 – hyperscan has no types
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    ids, sources, flags = (list(column) for column in zip(*expressions, strict=True))
    database.compile(expressions=sources, ids=ids, elements=len(ids), flags=flags)
    return database


def _escaped(word: str) -> bytes:
    return "".join(f"\\x{byte:02x}" for byte in word.encode()).encode()


def _plan(node: Node) -> tuple[bytes, int]:
    """Return how hyperscan is to look for a pattern: its source and flags."""
    if is_heavy(node):
        return render(trigger(node)).encode(), int(_END_ONLY)
    return render(node).encode(), int(_SOM)


def compile_one(node: Node) -> tuple[bytes, int]:
    """Return the source and flags with which hyperscan takes a pattern.

    Raises `hyperscan.HyperscanError` where it takes the pattern in no form.
    """
    source, flags = _plan(node)
    try:
        _compile([(0, source, flags)])
    except hyperscan.HyperscanError:
        source, flags = render(trigger(node)).encode(), int(_END_ONLY)
        _compile([(0, source, flags)])
    return source, flags


def _unpacked(cached: bytes) -> tuple[list[bool], list[list[Any]], list[_Database]]:
    """Return which patterns are found exactly, what others wait for, and the databases: what `dump` made."""
    (count,) = _HEAD.unpack_from(cached)
    place = _HEAD.size * (count + 1)
    pieces: list[bytes] = []
    for (size,) in _HEAD.iter_unpack(cached[_HEAD.size : place]):
        pieces.append(cached[place : place + size])
        place += size
    exact, waits, needs, *databases = pieces
    return (
        [bool(flag) for flag in exact],
        json.loads(waits),
        [
            _Database(hyperscan.loadb(one, hyperscan.HS_MODE_BLOCK), bytes((need,)).strip(_NO_NEED))
            for one, need in zip(databases, needs, strict=True)
        ],
    )


class _Waits(NamedTuple):
    """Each literal with the numbers of the patterns that wait for it; and what else patterns wait for."""

    literals: dict[str, list[int]]
    triggers: dict[int, Node]


def _waits(nodes: Mapping[int, Node]) -> _Waits:
    """Return what patterns wait for, of those that can."""
    found = _Waits(defaultdict(list), {})
    waits = waits_of(list(nodes.values()), usage().share)
    for number, (literals, rest) in zip(nodes, waits, strict=True):
        for literal in sorted(literals):
            found.literals[literal].append(number)
        if literals and rest is not None:
            found.triggers[number] = trigger(rest)
    return found


class _SetPatterns:
    """Patterns that are one large set of characters, by a table of all characters."""

    def __init__(self, sets: Mapping[int, Ranges]) -> None:
        self._sets = sets
        #: Whether they have to be looked for in a text of ordinary characters only.
        self.in_ordinary = any(map(any_ordinary, sets.values()))
        last = max(high for ranges in sets.values() for _, high in ranges)
        # One more than is needed, for all the characters beyond it.
        self._table = np.zeros(min(last + 1, LAST) + 1, dtype=np.bool_)
        for ranges in sets.values():
            for low, high in ranges:
                self._table[low : high + 1] = True

    def parts(self, view: ViewText) -> set[tuple[int, int]]:
        """Return `(pattern, part)` for each part that a pattern has to be tried on."""
        found = self._table.take(codes_of(view.text), mode="clip")
        if 1 not in found.tobytes():
            return set()
        parts = {view.part_at(place) for place in np.flatnonzero(found).tolist()}
        return {(number, part) for number in self._sets for part in parts}


class Backend(Scanner):
    """Finds words and patterns by one hyperscan database."""

    name = "hyperscan"

    def __init__(self, unit: Unit, cached: bytes | None = None) -> None:
        super().__init__(unit, cached)
        self._patterns = [Re2Pattern(node) for node in unit.patterns]
        sets = {
            number: found for number, node in enumerate(unit.patterns) if (found := set_of(node)) is not None
        }
        self._sets = _SetPatterns(sets) if sets else None
        databases: list[_Database] | None = None
        triggers: Sequence[tuple[int, Node]] = ()
        if cached is not None:
            self._exact, (literals, waiting), databases = _unpacked(cached)
        else:
            waits = _waits({n: node for n, node in enumerate(unit.patterns) if n not in sets})
            literals, triggers = list(waits.literals), list(waits.triggers.items())
            waiting = [*waits.literals.values(), *([number] for number, _ in triggers)]
        self._literals: tuple[str, ...] = tuple(literals)
        #: The patterns that wait for each literal, then for each trigger.
        self._waiting = tuple(map(tuple, waiting))
        #: In how many bytes before and behind the end of what it waits for a match of each pattern lies.
        self._reach = [None if (size := most(node)) is None else 4 * size for node in unit.patterns]
        others = {*sets, *chain.from_iterable(self._waiting)}
        #: Hyperscan's number, less the words, literals and triggers, → number of the pattern in the unit.
        self._numbers = [number for number in range(len(unit.patterns)) if number not in others]
        if databases is None:
            databases = self._compile_all([node for _, node in triggers])
        self._databases = tuple(databases)

    def _compile_all(self, triggers: Sequence[Node]) -> list[_Database]:
        """Return the databases: of words and literals, and of patterns by what each match of them has.

        Those without a sign to wait for are read character by character by an automaton, which is small only
        when they are by themselves. Hardly any text has characters for all of them.
        """
        sought = (*self.unit.words, *self._literals)
        words = [(number, _escaped(word), 0) for number, word in enumerate(sought)]
        nodes = [*triggers, *(self.unit.patterns[number] for number in self._numbers)]
        groups = [(need, bool(need) or is_anchored(node)) for node in nodes for need in (need_of(node),)]
        fires = [(render(node).encode(), int(_END_ONLY)) for node in triggers]

        plans = [*fires, *(_plan(self.unit.patterns[number]) for number in self._numbers)]
        sorted_out: dict[tuple[bytes, bool], list[int]] = defaultdict(list)
        for index, group in enumerate(groups):
            sorted_out[group].append(index)
        found = [_Database(_compile(words), b"")] if words else []
        for (need, _), indexes in sorted_out.items():
            try:
                database = _compile([(len(words) + index, *plans[index]) for index in indexes])
            except hyperscan.HyperscanError:
                for index in indexes:
                    if index >= len(fires):
                        plans[index] = compile_one(nodes[index])
                database = _compile([(len(words) + index, *plans[index]) for index in indexes])
            found.append(_Database(database, need))
        self._exact = [flags == _SOM for _, flags in plans[len(fires) :]]
        return found

    def dump(self) -> bytes | None:
        """Return the compiled databases, and which patterns they find exactly."""
        databases = [hyperscan.dumpb(one.database) for one in self._databases]
        waits = json.dumps([self._literals, self._waiting]).encode()
        needs = b"".join(one.need or _NO_NEED for one in self._databases)
        pieces = [bytes(self._exact), waits, needs, *databases]
        head = _HEAD.pack(len(pieces)) + b"".join(_HEAD.pack(len(piece)) for piece in pieces)
        return head + b"".join(pieces)

    def scan(self, view: ViewText) -> Hits:
        """Return everything found in the joined text of one view."""
        data = view.data
        if not data:
            return Hits([], [], complete=True)
        words: list[Hit] = []
        spans: list[Hit] = []
        complete = True
        events: list[Event] = []
        kinds = view.kinds
        for database in self._databases:
            if database.need and database.need not in kinds and RARE not in kinds:
                continue
            more, whole = database.scan(data)
            events, complete = events + more if events else more, complete and whole
        if events:
            words, groups = words_and_events(self.unit.words, view, events)
            if groups:
                count = len(self._waiting)
                spans = self._awaited(view, {n: pairs for n, pairs in groups.items() if n < count})
                spans += self._spans(view, {n - count: pairs for n, pairs in groups.items() if n >= count})
        if self._sets is not None and (not view.ordinary or self._sets.in_ordinary):
            for number, part in self._sets.parts(view):
                spans.extend([(number, *span) for span in self._patterns[number].in_part(view, part)])
        return Hits(words, in_code_points(data, spans) if spans else spans, complete)

    def _awaited(self, view: ViewText, groups: Mapping[int, list[tuple[int, int]]]) -> list[Hit]:
        """Return the matches of the patterns whose literals were found, by the ends of those in bytes."""
        ends: dict[int, list[int]] = defaultdict(list)
        for index, pairs in groups.items():
            for number in self._waiting[index]:
                ends[number].extend([end for _, end in pairs])
        return [
            (number, start, end)
            for number, places in ends.items()
            for start, end in self._read(view, number, places)
        ]

    def _read(self, view: ViewText, number: int, ends: list[int]) -> Iterator[tuple[int, int]]:
        """Yield the matches of a pattern where its literals end: in their parts, of long parts only nearby.

        A match holds a literal, so that it lies within reach of that; where two ranges overlap they are one,
        and no match begins in a range that began before it.
        """
        pattern, reach, data = self._patterns[number], self._reach[number], view.data
        stop = 0
        for end in ends if len(ends) == 1 else sorted(ends):
            if end <= stop:
                continue
            first, last = part_around(data, end)
            if reach is None or last - first <= max(_SHORT, 2 * reach):
                stop = last
                yield from pattern.within(data, first, last)
                continue
            # Of a long part only what is near; where two ranges overlap they are one.
            low, stop = max(first, end - reach, stop), min(end + reach, last)
            for other in sorted(ends):
                if end < other <= last and other - reach <= stop:
                    stop = min(other + reach, last)
            yield from pattern.within(data, low, stop)

    def _spans(self, view: ViewText, groups: Mapping[int, list[tuple[int, int]]]) -> list[Hit]:
        """Return what `finditer` would, part by part, from hyperscan's events by pattern.

        Hyperscan reports every end of a match with its leftmost start. Where that leaves no choice it is the
        answer; a start with several ends is asked of RE2; where an event hides another match, RE2 reads the
        part anew.
        """
        data = view.data
        found: list[Hit] = []
        for index, pairs in groups.items():
            number, exact = self._numbers[index], self._exact[index]
            if exact and _one_way(data, pairs):
                found.extend([(number, start, end) for start, end in pairs])
            else:
                pattern = self._patterns[number]
                if len(pairs) > _MANY:
                    spans = _read_anew(view, pattern, pairs)
                else:
                    spans = self._resolve(view, pattern, pairs, exact=exact)
                found.extend([(number, start, end) for start, end in spans])
        return found

    def _resolve(
        self, view: ViewText, pattern: Re2Pattern, pairs: list[tuple[int, int]], *, exact: bool
    ) -> list[tuple[int, int]]:
        data = view.data
        by_start: dict[int, list[int]] = defaultdict(list)
        again: set[int] = set()
        for start, end in pairs:
            if not exact:
                again.add(part_of(view, end - 1))
            elif crosses(data, start, end):
                again.update((part_of(view, start), part_of(view, end - 1)))
            else:
                by_start[start].append(end)
        spans: list[tuple[int, int]] = []
        last = 0
        for start in sorted(by_start):
            ends = by_start[start]
            if start < last:
                again.add(part_of(view, start))
                continue
            end = ends[0]
            if len(ends) > 1:
                chosen = pattern.at(data, start)
                if chosen is None or chosen < max(ends):
                    again.add(part_of(view, start))
                    continue
                end = chosen
            spans.append((start, end))
            last = end
        if again:
            spans = [span for span in spans if part_of(view, span[0]) not in again]
            for part in sorted(again):
                spans.extend(pattern.in_part(view, part))
        return spans


def _read_anew(view: ViewText, pattern: Re2Pattern, pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the matches of every part that an event touches."""
    places = np.array(pairs, dtype=np.int64)
    places[:, 1] -= 1
    parts = np.unique(np.searchsorted(np.array(view.byte_starts), places, side="right") - 1)
    return [span for part in parts.tolist() for span in pattern.in_part(view, part)]


def _one_way(data: bytes, pairs: list[tuple[int, int]]) -> bool:
    """Whether the events of a pattern stand one after the other, each within its part."""
    last = 0
    for start, end in pairs:
        if start < last or crosses(data, start, end):
            return False
        last = end
    return True


def part_of(view: ViewText, offset: int) -> int:
    """Return the part that holds a byte; the separator after a part counts with it."""
    return bisect_right(view.byte_starts, offset) - 1
