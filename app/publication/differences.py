"""Where a payload differs from what was released."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice, zip_longest
from typing import Any

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
    steps = SequenceMatcher(None, was, now, autojunk=False).get_opcodes()
    changed = (step for step in steps if step[0] != "equal")
    return tuple(
        {
            "line": start + 1,
            "payload_line": new_start + 1,
            "released": [line[:SHOWN] for line in was[start:end]][:MOST_CHANGES],
            "payload": [line[:SHOWN] for line in now[new_start:new_end]][:MOST_CHANGES],
        }
        for _, start, end, new_start, new_end in islice(changed, MOST_CHANGES)
    )
