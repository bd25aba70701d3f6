"""Sealing rows: what an event says of the rows of the tables that its transaction wrote.

An event names each row by table and key, and gives its seal: a salted hash over all columns, followed by four
hexadecimal digits a column that tell which of them was changed. The salt is an opening of the event, for rows
hold personal data and a hash of few possible values is no secret. A row that was removed has no seal.
"""

import hashlib
from collections.abc import Mapping, Sequence

#: The opening of an event that holds the salt of its seals.
SALT = "rows"
#: What stands for the seal of a row that was removed.
REMOVED = ""

_ROW = b"\x03"
_COLUMN = b"\x04"
_DIGEST = 64
_HINT = 4

#: The columns of a row in the order of their names, each as bytes; None for NULL.
Columns = Sequence[tuple[str, bytes | None]]


def seal(salt: str, table: str, columns: Columns, *, added: Mapping[str, bytes] | None = None) -> str:
    """Return the seal of a row: 64 hexadecimal digits, then four for each column.

    A column that is NULL does not count, nor one that still holds what it was filled with when a later
    version added it (`added`): so that a new column leaves older seals good.
    """
    keyed = salt.encode()
    whole = hashlib.sha256(_ROW + keyed + table.encode())
    hints = []
    for name, value in columns:
        if value is None or (added and added.get(name) == value):
            hints.append("0" * _HINT)
            continue
        digest = hashlib.sha256(_COLUMN + keyed + name.encode() + b"\x00" + value).digest()
        whole.update(b"\x00" + name.encode() + digest)
        hints.append(digest[: _HINT // 2].hex())
    return whole.hexdigest() + "".join(hints)


def is_same(seal: str, other: str) -> bool:
    """Say whether two seals under one salt are of the same row; what only tells columns apart is left out."""
    return seal[:_DIGEST] == other[:_DIGEST]


def changed(seal: str, other: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns in which two seals differ; empty when that cannot be told."""
    was, now = seal[_DIGEST:], other[_DIGEST:]
    if len(was) != len(now) or len(was) != len(names) * _HINT:
        return ()
    at = range(0, len(was), _HINT)
    return tuple(
        name for name, place in zip(names, at, strict=True) if was[place:][:_HINT] != now[place:][:_HINT]
    )
