"""Cursors of lists: where a page ended, in characters that need no escaping in an address.

A cursor is what the list is sorted by, part by part, parted by `~`. Older ones wrote a zone as `+00:00`; they
are read too, also where the `+` was taken for a space on the way.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from app.infra.errors import Invalid, Reason
from app.infra.http.bounds import within
from app.infra.http.problems import reasons

Item = TypeVar("Item")
Part = datetime | UUID

reasons({"cursor": "分页位置无效，请从第一页开始。"})


def written(*parts: Part) -> str:
    """Return a cursor in words."""
    return "~".join(
        part.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(part, datetime) else str(part)
        for part in parts
    )


def read(cursor: str, *kinds: type[Part], field: str = "query.after") -> tuple[Part, ...]:
    """Return the parts of a cursor. Raises `Invalid` for one that we never gave."""
    parts = cursor.split("~")
    try:
        return tuple(_part(text, kind) for text, kind in zip(parts, kinds, strict=True))
    except ValueError:
        raise Invalid("malformed", reasons=[Reason("cursor", field=field)]) from None


def _part(text: str, kind: type[Part]) -> Part:
    if kind is UUID:
        return UUID(text)
    at = datetime.fromisoformat(text.replace(" ", "+"))
    if at.tzinfo is None:
        raise ValueError("no zone")
    return within(at)


def page(rows: Sequence[Item], limit: int) -> tuple[list[Item], Item | None]:
    """Return a page of what was found with one more than `limit`, and its last item if more follow."""
    items = list(rows[:limit])
    return items, items[-1] if len(rows) > limit else None
