"""What every backend takes and gives."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from app.negative_list.pattern.nodes import Node
from app.negative_list.text.buffer import ViewText

#: Candidates of one scan after which it stops; the report then says so.
LIMIT = 1_000_000

#: `(number, start, end)` in code points of the view: number of the word or pattern.
Hit = tuple[int, int, int]


class Unit(NamedTuple):
    """The words and patterns of one view; a hit names them by their index."""

    words: Sequence[str]
    patterns: Sequence[Node]


class Hits(NamedTuple):
    """All places where words stand, also overlapping ones, and the matches of each pattern.

    Patterns match part by part, leftmost first and not overlapping, as `re.finditer` does. Both lists are
    in no particular order. `complete` is false when the limit cut the scan short.
    """

    words: list[Hit]
    patterns: list[Hit]
    complete: bool


class Scanner(ABC):
    """Finds the words and patterns of one unit. Safe to use from several threads at once."""

    name: ClassVar[str]

    def __init__(self, unit: Unit, cached: bytes | None = None) -> None:
        self.unit = unit
        self.cached = cached

    @abstractmethod
    def scan(self, view: ViewText) -> Hits:
        """Return everything found in the joined text of one view."""

    def dump(self) -> bytes | None:
        """Return a form that can be loaded faster later; None when there is nothing to gain."""
        return None
