"""Reading rows that somebody may have written by hand: a cell that cannot be read is a finding, no crash."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from app.domain.record.chain import Fault, FaultCode
from app.infra.db import UtcDateTime

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell that is not of its column's type: what was found instead of a value."""

    raw: object

    def __str__(self) -> str:
        return str(self.raw)

    @property
    def written(self) -> bytes:
        """Return bytes that no readable value of a column has."""
        return b"\xff" + repr(self.raw).encode("utf-8", "surrogatepass")


def rows(session: Session, table: str, *, size: int = 500, prefix: str = "") -> Iterator[list[Row]]:
    """Yield all rows of a table by its key, `size` at a time; a cell that cannot be read is `Unreadable`.

    `prefix` narrows it to those whose stream begins so.
    """
    known = SQLModel.metadata.tables[table]
    query = sa.select(*raw(session, known.columns)).order_by(*known.primary_key.columns)
    if prefix:
        query = query.where(known.c.stream.startswith(prefix, autoescape=True))
    read = reader(session, known.columns)
    found = session.connection().execute(query.execution_options(yield_per=size)).mappings()
    for some in found.partitions():
        yield [read(dict(row)) for row in some]


def raw(session: Session, columns: Sequence[sa.Column[Any]] | Any) -> list[Any]:  # noqa: ANN401 – of a table
    """Return columns to select for `reader`: as they lie there on SQLite, where a cell may hold anything.

    On PostgreSQL these are instants and dates, of which it has more than Python.
    """
    sqlite = _is_sqlite(session)
    return [
        sa.type_coerce(one, sa.types.NullType()).label(one.name) if sqlite or _is_time(one) else one
        for one in columns
    ]


def reader(session: Session, columns: Any) -> Callable[[Row], dict[str, Any]]:  # noqa: ANN401 – of a table
    """Return what makes values of a row that was selected by `raw`; other columns stay as they are."""
    dialect = session.get_bind().dialect
    if _is_sqlite(session):
        decoders = {one.name: _decoder(one.type, dialect) for one in columns}
    else:
        decoders = {one.name: _processor(one.type, dialect) for one in columns if _is_time(one)}

    def read(row: Row) -> dict[str, Any]:
        found = dict(row)
        for name, decode in decoders.items():
            found[name] = decode(found[name])
        return found

    return read


def unreadable(table: str, key: str, row: Row) -> list[Fault]:
    """Return a fault that names the columns of a row that cannot be read; none when all can."""
    columns = sorted(name for name, value in row.items() if isinstance(value, Unreadable))
    if not columns:
        return []
    return [Fault(FaultCode.CELL_UNREADABLE, "", 0, {"table": table, "key": key, "columns": columns})]


@contextmanager
def any_value(session: Session) -> Iterator[None]:
    """Let values be read that the driver refuses, as `Unreadable`.

    On SQLite text that is not UTF-8; on PostgreSQL instants without end or outside Python's years, and JSON
    that is nested too deeply.
    """
    connection: Any = session.connection().connection.dbapi_connection
    if connection is None:
        yield
        return
    if not _is_sqlite(session):
        with _lenient(connection.adapters):
            yield
        return
    before = connection.text_factory
    connection.text_factory = _text
    try:
        yield
    finally:
        connection.text_factory = before


#: Types of PostgreSQL with values that psycopg cannot give.
_REFUSED = ("timestamptz", "timestamp", "date", "json", "jsonb")


@contextmanager
def _lenient(adapters: Any) -> Iterator[None]:  # noqa: ANN401 – psycopg's own
    # Not at the top: an installation on SQLite has no psycopg.
    from psycopg.pq import Format

    before = [
        (oid, loader)
        for oid in (adapters.types[name].oid for name in _REFUSED)
        for form in (Format.TEXT, Format.BINARY)
        if (loader := adapters.get_loader(oid, form)) is not None
    ]
    for oid, loader in before:
        adapters.register_loader(oid, _patient(loader))
    try:
        yield
    finally:
        for oid, loader in before:
            adapters.register_loader(oid, loader)


def _patient(loader: Any) -> Any:  # noqa: ANN401 – classes of psycopg's own
    """Return a loader that does as `loader` does, and gives what that cannot load as `Unreadable`."""
    from psycopg import DataError

    class Patient:
        format = loader.format

        def __init__(self, oid: int, context: Any = None) -> None:  # noqa: ANN401 – psycopg's own
            self._inner = loader(oid, context)

        def load(self, data: Any) -> Any:  # noqa: ANN401 – psycopg's own
            try:
                return self._inner.load(data)
            except (DataError, ValueError, OverflowError, RecursionError):
                return Unreadable(bytes(data).decode("utf-8", "replace"))

    return Patient


def _is_time(column: Any) -> bool:  # noqa: ANN401 – of a table
    return isinstance(column.type, (UtcDateTime, sa.DateTime, sa.Date))


@cache
def _processor(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Callable[[Any], Any]:
    process = kind._cached_result_processor(dialect, None)  # noqa: SLF001 – what a typed select would use

    def decode(found: object) -> object:
        return process(found) if process and not isinstance(found, Unreadable) else found

    return decode


def _text(found: bytes) -> str | bytes:
    try:
        return found.decode()
    except UnicodeDecodeError:
        return found


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


@cache
def _decoder(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Callable[[Any], Any]:
    process = kind._cached_result_processor(dialect, None)  # noqa: SLF001 – what a typed select would use
    given, made = _types(kind)

    def decode(found: object) -> object:
        if found is None:
            return None
        if given and type(found) not in given:
            return Unreadable(found)
        if isinstance(kind, sa.Boolean) and found not in (0, 1):
            return Unreadable(found)
        try:
            value = process(found) if process else found
        except (ValueError, TypeError, AttributeError, ArithmeticError, LookupError, RecursionError):
            return Unreadable(found)
        return value if made is None or isinstance(value, made) else Unreadable(found)

    return decode


def _types(kind: sa.types.TypeEngine[Any]) -> tuple[tuple[type, ...], type | tuple[type, ...] | None]:
    """Return the types in which SQLite may hold a column's values, and those of the values."""
    if isinstance(kind, sa.TypeDecorator) and not isinstance(kind, UtcDateTime):
        kind = kind.impl_instance
    return next(types for one, types in _TYPES if isinstance(kind, one))


_TYPES: tuple[tuple[Any, tuple[tuple[type, ...], Any]], ...] = (
    (UtcDateTime, ((str,), datetime)),
    (sa.JSON, ((str, int, float), None)),
    (sa.Uuid, ((str,), None)),
    (sa.LargeBinary, ((bytes,), bytes)),
    (sa.Boolean, ((int,), bool)),
    (sa.Integer, ((int,), int)),
    (sa.Numeric, ((int, float, str), (int, float, Decimal))),
    (sa.DateTime, ((str,), datetime)),
    (sa.Date, ((str,), date)),
    (sa.String, ((str,), str)),
    (sa.types.TypeEngine, ((), None)),
)
