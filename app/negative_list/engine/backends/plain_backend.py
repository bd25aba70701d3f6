"""The backend for machines without any compiled library: a table of first characters, and `re`."""

import re
from collections import defaultdict

from app.negative_list.engine.backends.base import LIMIT, Hit, Hits, Scanner, Unit
from app.negative_list.pattern.forms import render
from app.negative_list.text.buffer import ViewText


class Backend(Scanner):
    """Finds words by their first two characters and patterns by Python's `re`."""

    name = "plain"

    def __init__(self, unit: Unit, cached: bytes | None = None) -> None:
        super().__init__(unit, cached)
        self._patterns = [re.compile(render(node, python=True)) for node in unit.patterns]
        table: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for number, word in enumerate(unit.words):
            table[word[:2]].append((number, word))
        self._table = dict(table)
        self._single = {word: entries for word, entries in table.items() if len(word) == 1}

    def _words(self, text: str) -> list[Hit]:
        found: list[Hit] = []
        table = self._table
        for place in range(len(text)):
            for number, word in table.get(text[place : place + 2], ()):
                if text.startswith(word, place):
                    found.append((number, place, place + len(word)))
        for char, entries in self._single.items():
            place = text.find(char)
            while place >= 0:
                # The last character of the text has already been found as a "pair" of one.
                if place + 1 < len(text):
                    found.extend((number, place, place + 1) for number, _ in entries)
                place = text.find(char, place + 1)
        return found

    def scan(self, view: ViewText) -> Hits:
        """Return everything found in the joined text of one view."""
        words = self._words(view.text)
        patterns: list[Hit] = []
        for number, pattern in enumerate(self._patterns):
            if pattern.search(view.text) is None:
                continue
            for part in range(len(view.starts)):
                start, end = view.bounds(part)
                patterns.extend((number, *match.span()) for match in pattern.finditer(view.text, start, end))
        complete = len(words) <= LIMIT and len(patterns) <= LIMIT
        return Hits(words[:LIMIT], patterns[:LIMIT], complete)
