"""What a checker is: code for rules that no list of words and no pattern can express."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Literal, NamedTuple

from app.negative_list.source.fields import Fields, nearest
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.text.buffer import Buffer, ViewText
from app.negative_list.text.model import PartKind, Structure, View

#: `(number of the trigger, start, end)` in the joined text of the checker's view. Words count first, then
#: patterns go on from `len(words)`.
TriggerHit = tuple[int, int, int]


class Spot(NamedTuple):
    """A place that a checker objects to, in the joined text of its view."""

    start: int
    end: int
    suggestions: tuple[str, ...] = ()
    note: str = ""


class Thing(NamedTuple):
    """Something other than running text that a structure rule objects to."""

    part: PartKind
    ref: str
    excerpt: str
    suggestions: tuple[str, ...] = ()
    note: str = ""
    start: int = 0
    end: int = 0


class Context(NamedTuple):
    """What a checker may look at."""

    buffer: Buffer
    view: ViewText
    structure: Structure | None

    def parts_of(self, kinds: frozenset[PartKind] | None = None) -> Iterable[tuple[int, int, int]]:
        """Yield `(part, start, end)` of the parts of these kinds, of all parts without any."""
        for index, part in enumerate(self.buffer.parts):
            if kinds is None or part.kind in kinds:
                yield (index, *self.view.bounds(index))


class Checker(ABC):
    """One checker with its arguments read; holds no state of a check and may run in several threads.

    Words and patterns are what wakes it: `run` gets their hits, and is not called without any unless it
    wants to be `always`.
    """

    view: ClassVar[View] = View.FOLD
    words: Sequence[str] = ()
    patterns: Sequence[str] = ()
    always: ClassVar[bool] = False
    #: One that takes as long as ten checks: it runs where advice is asked for, and no such rule blocks.
    advisory: ClassVar[bool] = False

    def __init__(self, args: Fields, lexicons: Mapping[str, Lexicon]) -> None:  # noqa: B027 – a default
        """Read the arguments; whatever is wrong with them becomes a fault of `args`."""

    @abstractmethod
    def run(self, context: Context, hits: Sequence[TriggerHit]) -> Iterable[Spot]:
        """Return the places to object to, in any order; none when all is well."""


class StructureCheck(ABC):
    """One structure rule with its arguments read.

    It is not run on a structure without any of the things that it `reads`.
    """

    #: The field of `Structure` that it looks at.
    reads: ClassVar[Literal["images", "tables", "links", "videos", "traces", "fields"]]

    def __init__(self, args: Fields) -> None:  # noqa: B027 – a default
        """Read the arguments; whatever is wrong with them becomes a fault of `args`."""

    @abstractmethod
    def run(self, structure: Structure) -> Iterable[Thing]:
        """Return the things to object to; none when all is well."""


def lexicon(
    args: Fields, key: str, lexicons: Mapping[str, Lexicon], columns: Sequence[str] = ()
) -> Lexicon | None:
    """Return the lexicon that an argument names; None, with a fault added, when it is not there."""
    name = args.text(key)
    if not name:
        return None
    found = lexicons.get(name)
    if found is None:
        args.fault(key, f"lexicons/ 里没有 {name}{nearest(name, list(lexicons))}")
        return None
    if columns:
        rows = found.rows()
        missing = [column for column in columns if rows and column not in rows[0]]
        if not rows or missing:
            args.fault(key, f"{name} 的表头应有这些列：{'、'.join(columns)}")
            return None
        if blank := found.without(columns[0]):
            args.fault(key, f"{name} 第 {'、'.join(map(str, blank[:5]))} 行的“{columns[0]}”是空的")
            return None
    return found
