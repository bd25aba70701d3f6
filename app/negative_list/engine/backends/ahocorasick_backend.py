"""The second backend: ahocorasick_rs for words, RE2 for patterns."""

import ahocorasick_rs

from app.negative_list.engine.backends.base import LIMIT, Hit, Hits, Scanner, Unit
from app.negative_list.engine.backends.offsets import in_code_points
from app.negative_list.engine.backends.re2_patterns import Re2Pattern
from app.negative_list.text.buffer import ViewText


class Backend(Scanner):
    """Finds words by an Aho-Corasick automaton and patterns by RE2."""

    name = "ahocorasick"

    def __init__(self, unit: Unit, cached: bytes | None = None) -> None:
        super().__init__(unit, cached)
        self._automaton = ahocorasick_rs.AhoCorasick(list(unit.words)) if unit.words else None
        self._patterns = [Re2Pattern(node) for node in unit.patterns]

    def scan(self, view: ViewText) -> Hits:
        """Return everything found in the joined text of one view."""
        words: list[Hit] = []
        if self._automaton is not None:
            words = self._automaton.find_matches_as_indexes(view.text, overlapping=True)
        spans: list[Hit] = []
        for number, pattern in enumerate(self._patterns):
            if not pattern.anywhere(view.data):
                continue
            for part in range(len(view.starts)):
                spans.extend((number, *span) for span in pattern.in_part(view, part))
        patterns = in_code_points(view.data, spans)
        complete = len(words) <= LIMIT and len(patterns) <= LIMIT
        return Hits(words[:LIMIT], patterns[:LIMIT], complete)
