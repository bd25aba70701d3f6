"""What a verification found, and the shapes of what it reads."""

from __future__ import annotations

from typing import Any

Members = dict[str, bytes]
Json = dict[str, Any]
#: The line of each event that could be read, and its body.
Events = list[tuple[int, Json]]
#: Who decided (their names), when, and the digest of what they saw.
Vote = tuple[str, Any, Any]


class Report:
    """What was found: `faults` as (place, sentence), `story` and `notes` as sentences, `facts` as data."""

    def __init__(self) -> None:
        self.faults: list[tuple[str, str]] = []
        self.story: list[str] = []
        self.notes: list[str] = []
        self.facts: Json = {}

    def fault(self, place: str, sentence: str) -> None:
        """Note something wrong, once."""
        if (place, sentence) not in self.faults:
            self.faults.append((place, sentence))
