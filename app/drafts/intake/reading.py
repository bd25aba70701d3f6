"""What was read of a file that a draft holds: its words with their places, tables, traces, what was missed.

A place is a path below the file: `sheets/公示名单/rows/11/3` is the cell D12 of that sheet, counted from 0;
`pages/3/lines/12`, and `paragraphs/4` and `tables/1` of a Word file, count from 1. Names in it are escaped by
`step`; `app.words.places` says it in Chinese.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import NamedTuple

#: Changes whenever the same bytes would be read otherwise: then what was stored is read anew. So it does
#: where the words of pictures are recognised.
VERSION = 3 if find_spec("rapidocr") is None else 1003


class Trace(StrEnum):
    """What a file tells besides its content: who made it, where, and what it hides."""

    AUTHOR = "author"
    LAST_AUTHOR = "last_author"
    COMPANY = "company"
    MANAGER = "manager"
    COMMENTER = "commenter"
    PATH = "path"
    POSITION = "position"
    HIDDEN_SHEET = "hidden_sheet"
    HIDDEN_ROWS = "hidden_rows"
    HIDDEN_COLUMNS = "hidden_columns"


class Said(NamedTuple):
    """Words, and where they stand in the file."""

    ref: str
    text: str


class Unread(NamedTuple):
    """Something that was not read: where it stands, what it is in Chinese (perhaps empty), and why."""

    ref: str
    what: str
    why: str


class Told(NamedTuple):
    """A trace with its place and its words."""

    kind: Trace
    ref: str
    text: str


class Grid(NamedTuple):
    """The cells of a table; row `i` is row `row_numbers[i]` of the file, columns likewise, counted from 0.

    Rows and columns without any words are left out, so that a sheet of a million rows is as large as what it
    says. All rows are of one length.
    """

    ref: str
    rows: tuple[tuple[str, ...], ...]
    row_numbers: tuple[int, ...]
    column_numbers: tuple[int, ...]

    def cells(self) -> Iterator[Said]:
        """Yield every cell with words."""
        for number, row in zip(self.row_numbers, self.rows, strict=True):
            start = f"{self.ref}/rows/{number}/" if self.ref else f"rows/{number}/"
            for column, text in zip(self.column_numbers, row, strict=True):
                if text:
                    yield Said(f"{start}{column}", text)


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read of one file; a file that could not be read at all has one entry in `unread`."""

    grids: tuple[Grid, ...] = ()
    texts: tuple[Said, ...] = ()
    unread: tuple[Unread, ...] = ()
    traces: tuple[Told, ...] = ()

    def said(self) -> Iterator[Said]:
        """Yield all words, those of tables first."""
        for grid in self.grids:
            yield from grid.cells()
        yield from self.texts

    def to_json(self) -> str:
        """Return the reading as JSON that `from_json` reads back to an equal reading."""
        held = {"grids": self.grids, "texts": self.texts, "unread": self.unread, "traces": self.traces}
        return json.dumps(held, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Reading":
        """Read what `to_json` wrote. Raises `ValueError`, `KeyError` or `TypeError` on anything else."""
        data = json.loads(text)
        return cls(
            tuple(
                Grid(ref, tuple(map(tuple, rows)), tuple(numbers), tuple(columns))
                for ref, rows, numbers, columns in data["grids"]
            ),
            tuple(Said(*item) for item in data["texts"]),
            tuple(Unread(*item) for item in data["unread"]),
            tuple(Told(Trace(kind), ref, said) for kind, ref, said in data["traces"]),
        )


class Gathered:
    """A reading while it is made."""

    def __init__(self) -> None:
        self.grids: list[Grid] = []
        self.texts: list[Said] = []
        self.unread: list[Unread] = []
        self.traces: list[Told] = []

    def say(self, ref: str, text: str | None) -> None:
        """Add words, unless there are none."""
        if text and text.strip():
            self.texts.append(Said(ref, text.strip("\r\n")))

    def miss(self, ref: str, what: str, why: str) -> None:
        """Add what was not read."""
        self.unread.append(Unread(ref, what, why))

    def trace(self, kind: Trace, ref: str, text: str | None) -> None:
        """Add a trace, once, unless it says nothing."""
        if text and text.strip() and (told := Told(kind, ref, text.strip())) not in self.traces:
            self.traces.append(told)

    def take(self, prefix: str, other: Reading) -> None:
        """Add what was read of a file within this one, below `prefix`."""
        self.grids += [grid._replace(ref=f"{prefix}/{grid.ref}".rstrip("/")) for grid in other.grids]
        self.texts += [Said(f"{prefix}/{ref}", text) for ref, text in other.texts]
        self.unread += [Unread(f"{prefix}/{ref}".rstrip("/"), what, why) for ref, what, why in other.unread]
        self.traces += [Told(kind, f"{prefix}/{ref}", text) for kind, ref, text in other.traces]

    def reading(self) -> Reading:
        """Return what was gathered."""
        return Reading(tuple(self.grids), tuple(self.texts), tuple(self.unread), tuple(self.traces))


def step(name: str) -> str:
    """Return a name as one step of a place."""
    return name.replace("%", "%25").replace("/", "%2F")


def unreadable(why: str) -> Reading:
    """Return the reading of a file of which nothing could be read."""
    return Reading(unread=(Unread("", "", why),))
