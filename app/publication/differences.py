"""Where a payload differs from what was released."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Any

from rapidfuzz.distance import Indel

from app.publication.packages.forms import normal, placed

#: Texts of more lines than this are told apart by their first difference alone.
MOST_LINES = 2000
MOST_CHANGES = 20
#: How much of a line is shown, in code points.
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a payload leaves what was released, both in their normal form.

    `first_byte` counts from 0, `line` and `column` of the same place from 1, the column in bytes. `changes`
    are changed lines of texts, `files` the places where another file stands, at most 20 of each.
    """

    first_byte: int
    line: int
    column: int
    changes: tuple[dict[str, Any], ...] = ()
    files: tuple[dict[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {
            "first_byte": self.first_byte,
            "line": self.line,
            "column": self.column,
            "changes": list(self.changes),
            "files": list(self.files),
        }


def difference(
    released: bytes, payload: bytes, addresses: Mapping[str, str] | None = None
) -> Difference | None:
    """Return where `payload` leaves what was released; None when it says the same.

    `addresses` says which SHA-256 lies at which address of the payload.
    """
    files = tuple(islice(_files(released, payload, addresses), MOST_CHANGES))
    released, payload = normal(released), normal(payload, addresses)
    if released == payload:
        return None
    first = _first(released, payload)
    line = released.count(b"\n", 0, first) + 1
    column = first - released.rfind(b"\n", 0, first)
    changes = _changes(released, payload)
    return Difference(first, line, column, changes, files)


def _first(released: bytes, payload: bytes) -> int:
    """Return the first byte at which two texts differ: by halves, for they may be large."""
    low, high = 0, min(len(released), len(payload))
    while low < high:
        middle = (low + high + 1) // 2
        if released[low:middle] == payload[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _files(released: bytes, payload: bytes, addresses: Mapping[str, str] | None) -> Iterator[dict[str, Any]]:
    """Yield the places at which another file stands, or a link, or nothing."""
    pairs = zip_longest(placed(released), placed(payload, addresses), fillvalue=(None, 0))
    for number, ((was, line), (now, line_now)) in enumerate(pairs, 1):
        if was != now:
            yield {
                "place": number,
                "line": line or None,
                "payload_line": line_now or None,
                "released": was,
                "payload": now,
            }


def _changes(released: bytes, payload: bytes) -> tuple[dict[str, Any], ...]:
    try:
        was, now = released.decode().splitlines(), payload.decode().splitlines()
    except UnicodeDecodeError:
        return ()
    if max(len(was), len(now)) > MOST_LINES:
        return ()
    return tuple(
        {
            "line": old.start + 1,
            "payload_line": new.start + 1,
            "released": [line[:SHOWN] for line in was[old.start : old.stop]][:MOST_CHANGES],
            "payload": [line[:SHOWN] for line in now[new.start : new.stop]][:MOST_CHANGES],
        }
        for old, new in islice(_changed_lines(was, now), MOST_CHANGES)
    )


def _changed_lines(was: Sequence[str], now: Sequence[str]) -> Iterator[tuple[range, range]]:
    """Yield the lines that differ, what stands between two equal lines as one.

    The cost is bounded by the number of lines; that of `difflib` is not, where lines repeat.
    """
    old, new = 0, 0
    for step in Indel.opcodes(was, now):
        if step.tag == "equal":
            if (old, new) != (step.src_start, step.dest_start):
                yield range(old, step.src_start), range(new, step.dest_start)
            old, new = step.src_end, step.dest_end
    if (old, new) != (len(was), len(now)):
        yield range(old, len(was)), range(new, len(now))
