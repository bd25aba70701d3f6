"""Where the record begins to vouch for a table: the rows that are there are sealed as they were found."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Table, inspect, select
from sqlmodel import Session, SQLModel

from app.audit import queries, seals
from app.audit import service as audit
from app.audit.vouched_tables import VOUCHED
from app.domain.vocabulary import Event

#: Rows that one event seals.
_ROWS = 500


def begin(session: Session, *, at: datetime) -> int:
    """Begin to vouch for every table for which the record does not yet; return how many rows were found.

    What was done to them before, nobody can tell: a verifier says that they were taken as found. The tables
    of `app` must be loaded and migrated.
    """
    known = begun(session)
    tables = [name for name in VOUCHED if name not in known and name in SQLModel.metadata.tables]
    found = 0
    for name in tables:
        count = 0
        for rows in _rows(session, SQLModel.metadata.tables[name]):
            seals.found(session, name, rows)
            count += len(rows)
            data = {"table": name, "rows": len(rows), "more": True}
            audit.record(session, Event.RECORD_BEGUN, stream=audit.ROWS, actor=audit.SYSTEM, at=at, data=data)
            audit.settle(session)
        found += count
    if tables:
        data = {"tables": sorted(tables), "rows": found}
        audit.record(session, Event.RECORD_BEGUN, stream=audit.ROWS, actor=audit.SYSTEM, at=at, data=data)
        audit.settle(session)
    return found


def begun(session: Session) -> frozenset[str]:
    """Return the tables that the record already vouches for."""
    after, found = 0, set[str]()
    while events := queries.events(session, audit.ROWS, after=after):
        for one in events:
            if one.action == Event.RECORD_BEGUN:
                found |= set(one.body["data"].get("tables", ()))
        after = events[-1].seq
    return frozenset(found)


def _rows(session: Session, table: Table) -> Iterator[list[dict[str, Any]]]:
    """Yield a table's rows, some hundred at a time; columns that it does not have yet are empty."""
    there = {one["name"] for one in inspect(session.connection()).get_columns(table.name)}
    columns = [one for one in table.columns if one.name in there]
    missing = {one.name: None for one in table.columns if one.name not in there}
    query = select(*columns).order_by(*table.primary_key.columns).execution_options(yield_per=_ROWS)
    for rows in session.connection().execute(query).mappings().partitions():
        yield [{**row, **missing} for row in rows]
