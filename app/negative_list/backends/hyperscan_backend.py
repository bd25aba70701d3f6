"""The first backend: hyperscan finds candidates in one pass, RE2 decides where that leaves a choice."""

import struct
import threading
from bisect import bisect_right
from collections import defaultdict
from typing import Any

import hyperscan

from app.negative_list.backends.base import LIMIT, Hit, Hits, Scanner, Unit
from app.negative_list.backends.offsets import code_points
from app.negative_list.backends.re2_patterns import Re2Pattern, crosses
from app.negative_list.buffer import ViewText
from app.negative_list.patterns import Node, render

_SOM = hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_SOM_LEFTMOST
_END_ONLY = hyperscan.HS_FLAG_UTF8
_HEAD = struct.Struct("<QQQ")

Event = tuple[int, int, int]


class _Database:
    """One compiled database with a scratch space for each thread."""

    def __init__(self, database: Any) -> None:  # noqa: ANN401 – hyperscan has no types
        self.database = database
        self._local = threading.local()

    def scan(self, data: bytes) -> tuple[list[Event], bool]:
        """Return the events `(id, from, to)` in bytes, and whether the scan was complete."""
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = hyperscan.Scratch(self.database)
        events: list[Event] = []
        append = events.append

        def found(number: int, start: int, end: int, _flags: int, _context: object) -> bool | None:
            append((number, start, end))
            return True if len(events) >= LIMIT else None

        try:
            self.database.scan(data, match_event_handler=found, scratch=scratch)
        except hyperscan.ScanTerminated:
            return events, False
        return events, len(events) < LIMIT


def _compile_words(words: list[bytes]) -> Any:  # noqa: ANN401 – hyperscan has no types
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    count = len(words)
    database.compile(expressions=words, ids=list(range(count)), elements=count, flags=[0] * count, literal=True)
    return database


def _compile_patterns(sources: list[bytes], flags: list[int]) -> Any:  # noqa: ANN401 – hyperscan has no types
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    count = len(sources)
    database.compile(expressions=sources, ids=list(range(count)), elements=count, flags=flags)
    return database


def compile_one(node: Node) -> int:
    """Return the flags with which hyperscan takes a pattern; raises `hyperscan.HyperscanError` if it does not."""
    source = render(node).encode()
    try:
        _compile_patterns([source], [_SOM])
    except hyperscan.HyperscanError:
        _compile_patterns([source], [_END_ONLY])
        return int(_END_ONLY)
    return int(_SOM)


class Backend(Scanner):
    """Finds words and patterns by two hyperscan databases."""

    name = "hyperscan"

    def __init__(self, unit: Unit, cached: bytes | None = None) -> None:
        super().__init__(unit, cached)
        self._patterns = [Re2Pattern(node) for node in unit.patterns]
        self._lengths = [len(word) for word in unit.words]
        words = patterns = None
        if cached is not None:
            words_size, patterns_size, flags_size = _HEAD.unpack_from(cached)
            place = _HEAD.size
            flags = list(cached[place : place + flags_size])
            place += flags_size
            if words_size:
                words = hyperscan.loadb(cached[place : place + words_size], hyperscan.HS_MODE_BLOCK)
            place += words_size
            if patterns_size:
                patterns = hyperscan.loadb(cached[place : place + patterns_size], hyperscan.HS_MODE_BLOCK)
        else:
            if unit.words:
                words = _compile_words([word.encode() for word in unit.words])
            sources = [render(node).encode() for node in unit.patterns]
            flags = [1] * len(sources)
            if sources:
                try:
                    patterns = _compile_patterns(sources, [_SOM] * len(sources))
                except hyperscan.HyperscanError:
                    flags = [int(compile_one(node) == _SOM) for node in unit.patterns]
                    patterns = _compile_patterns(sources, [_SOM if flag else _END_ONLY for flag in flags])
        self._flags = flags
        self._words = _Database(words) if words is not None else None
        self._regexes = _Database(patterns) if patterns is not None else None

    def dump(self) -> bytes | None:
        words = hyperscan.dumpb(self._words.database) if self._words else b""
        patterns = hyperscan.dumpb(self._regexes.database) if self._regexes else b""
        flags = bytes(self._flags)
        return _HEAD.pack(len(words), len(patterns), len(flags)) + flags + words + patterns

    def scan(self, view: ViewText) -> Hits:
        data = view.data
        words: list[Event] = []
        spans: list[Event] = []
        complete = True
        if data and self._words is not None:
            words, complete = self._words.scan(data)
        if data and self._regexes is not None:
            events, whole = self._regexes.scan(data)
            complete = complete and whole
            if events:
                spans = self._spans(view, events)
        if not words and not spans:
            return Hits([], [], complete)
        offsets = {end for _, _, end in words}
        for _, start, end in spans:
            offsets.add(start)
            offsets.add(end)
        places = code_points(data, offsets)
        lengths = self._lengths
        return Hits(
            [(number, places[end] - lengths[number], places[end]) for number, _, end in words],
            [(number, places[start], places[end]) for number, start, end in spans],
            complete,
        )

    def _spans(self, view: ViewText, events: list[Event]) -> list[Hit]:
        """Return what `finditer` would, part by part, from hyperscan's events.

        Hyperscan reports every end of a match with its leftmost start. Where that leaves no choice it is the
        answer; a start with several ends is asked of RE2; where an event hides another match, RE2 reads the
        part anew.
        """
        groups: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, start, end in events:
            groups[number].append((start, end))
        found: list[Hit] = []
        for number, pairs in groups.items():
            if len(pairs) == 1 and self._flags[number] and not crosses(view.data, *pairs[0]):
                found.append((number, *pairs[0]))
            else:
                found.extend((number, *span) for span in self._resolve(view, number, pairs))
        return found

    def _resolve(self, view: ViewText, number: int, pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
        data = view.data
        pattern = self._patterns[number]
        by_start: dict[int, list[int]] = defaultdict(list)
        again: set[int] = set()
        for start, end in pairs:
            if not self._flags[number]:
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


def part_of(view: ViewText, offset: int) -> int:
    """Return the part that holds a byte; the separator after a part counts with it."""
    return bisect_right(view.byte_starts, offset) - 1
