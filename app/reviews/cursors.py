"""Cursors of the to-do list: where a page ended, as `<opened_at>~<run id>`."""

from datetime import datetime
from uuid import UUID

from app.infra.errors import Invalid, Reason
from app.reviews.queries import Cursor


def read(cursor: str | None) -> Cursor | None:
    """Return what a cursor says; `None` for none. Raises `Invalid` for one that we never gave."""
    if cursor is None:
        return None
    instant, _, run_id = cursor.partition("~")
    try:
        at = datetime.fromisoformat(instant)
        found = at, UUID(run_id)
    except ValueError:
        raise Invalid("malformed", reasons=[Reason("cursor", field="query.after")]) from None
    if at.tzinfo is None:
        raise Invalid("malformed", reasons=[Reason("cursor", field="query.after")])
    return found


def written(cursor: Cursor | None) -> str | None:
    """Return a cursor in words; `None` for none."""
    return None if cursor is None else f"{cursor[0].isoformat()}~{cursor[1]}"
