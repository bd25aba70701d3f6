"""Where a payload differs from what was released."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice
from typing import Any

#: Texts of more lines than this are told apart by their first difference alone.
MOST_LINES = 2000
MOST_CHANGES = 20
#: How much of a line is shown, in code points.
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """The first differing byte, counted from 0, and for texts the changed lines (at most 20 places)."""

    first_byte: int
    changes: tuple[dict[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {"first_byte": self.first_byte, "changes": list(self.changes)}


def difference(released: bytes, payload: bytes) -> Difference | None:
    """Return where `payload` leaves what was released; None when it does not."""
    if released == payload:
        return None
    pairs = zip(released, payload, strict=False)
    first = next(
        (at for at, (one, other) in enumerate(pairs) if one != other), min(len(released), len(payload))
    )
    try:
        was, now = released.decode().splitlines(), payload.decode().splitlines()
    except UnicodeDecodeError:
        return Difference(first)
    if max(len(was), len(now)) > MOST_LINES:
        return Difference(first)
    steps = SequenceMatcher(None, was, now, autojunk=False).get_opcodes()
    changed = (step for step in steps if step[0] != "equal")
    return Difference(
        first,
        tuple(
            {
                "line": start + 1,
                "released": [line[:SHOWN] for line in was[start:end]][:MOST_CHANGES],
                "payload": [line[:SHOWN] for line in now[new_start:new_end]][:MOST_CHANGES],
            }
            for _, start, end, new_start, new_end in islice(changed, MOST_CHANGES)
        ),
    )
