"""Cursors of the to-do list: where a page ended, as `<opened_at>~<run id>`."""

from datetime import datetime
from typing import cast
from uuid import UUID

from app.infra.http import cursors
from app.reviews.queries import Cursor


def read(cursor: str | None) -> Cursor | None:
    """Return what a cursor says; `None` for none. Raises `Invalid` for one that we never gave."""
    return None if cursor is None else cast("Cursor", cursors.read(cursor, datetime, UUID))


def written(cursor: Cursor | None) -> str | None:
    """Return a cursor in words; `None` for none."""
    return None if cursor is None else cursors.written(*cursor)


def read_copies(cursor: str | None) -> tuple[datetime, UUID | None] | None:
    """Return where a page of copies ended; a bare instant, as older cursors are, stands for all before it."""
    if cursor is None:
        return None
    if "~" in cursor:
        return cast("Cursor", cursors.read(cursor, datetime, UUID, field="query.before"))
    (at,) = cursors.read(cursor, datetime, field="query.before")
    return cast("datetime", at), None
