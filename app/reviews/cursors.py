"""Cursors of the to-do list: where a page ended, as `<opened_at>~<run id>`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.infra.errors import Invalid, Reason
from app.reviews.queries import Awaiting


def read(cursor: str | None) -> tuple[datetime, UUID] | None:
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


def after(found: Sequence[Awaiting]) -> str | None:
    """Return the cursor behind these; `None` for none."""
    if not found:
        return None
    last = max(found, key=lambda one: (one.opened_at, one.run_id))
    return f"{last.opened_at.isoformat()}~{last.run_id}"
