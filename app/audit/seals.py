"""Which rows a transaction wrote, and their seals: gathered by the session, put into its last events.

Whatever is added, changed or deleted through a session is noticed when it is flushed. What a service writes
with a statement of its own it tells (`wrote`).
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event, inspect
from sqlalchemy.orm import Session as AnySession
from sqlmodel import Session, SQLModel

from app.audit.row_reader import Unreadable
from app.audit.vouched_tables import VOUCHED
from app.domain.record import sealing
from app.domain.record.chain import timestamp
from app.infra.db import UtcDateTime

_WRITTEN = "audit_written"

#: Table → key → seal, as it stands in an event.
Seals = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Column:
    """One column that is sealed, and how its values become bytes."""

    name: str
    written: Callable[[Any], bytes | None]


@dataclass(frozen=True, slots=True)
class Written:
    """A row that a transaction wrote: its values, or none when it was removed; and its stream if told."""

    row: SQLModel | Mapping[str, Any] | None
    stream: str | None

    def value(self, name: str) -> Any:  # noqa: ANN401 – of a column
        """Return a column's value; None for a row that was removed."""
        if isinstance(self.row, SQLModel):
            return getattr(self.row, name)
        return None if self.row is None else self.row[name]


@cache
def columns_of(table: str) -> tuple[Column, ...]:
    """Return the columns of a table that are sealed, in the order of their names.

    Raises `KeyError` for a table that the record does not vouch for.
    """
    left_out = VOUCHED[table].left_out
    columns = SQLModel.metadata.tables[table].columns
    return tuple(
        Column(one.name, _writer(one.type))
        for one in sorted(columns, key=lambda one: one.name)
        if one.name not in left_out
    )


@cache
def keys_of(table: str) -> tuple[Column, ...]:
    """Return the columns of a table's primary key, in their order."""
    key = SQLModel.metadata.tables[table].primary_key
    return tuple(Column(one.name, _writer(one.type)) for one in key.columns)


def key_of(table: str, value: Callable[[str], Any]) -> str:
    """Return the key of a row as it stands in events: its primary key, several columns with `|` between."""
    parts = (one.written(value(one.name)) or b"" for one in keys_of(table))
    return "|".join(part.decode("utf-8", "replace") for part in parts)


def seal_of(salt: str, table: str, value: Callable[[str], Any]) -> str:
    """Return the seal of a row."""
    values = [(one.name, one.written(value(one.name))) for one in columns_of(table)]
    return sealing.seal(salt, table, values, added=_added(table))


def shown(table: str, row: SQLModel, instead: Mapping[str, object] | None = None) -> dict[str, object]:
    """Return a row as its seal was made: each column's bytes as text, or what `instead` gives for it.

    A verifier that knows no tables can make the seal again. Columns of raw bytes need one in `instead`.
    """
    found: dict[str, object] = {}
    for one in columns_of(table):
        if instead and one.name in instead:
            found[one.name] = instead[one.name]
            continue
        written = one.written(getattr(row, one.name))
        empty = written is None or written == _added(table).get(one.name)
        found[one.name] = None if empty or written is None else written.decode("utf-8", "surrogatepass")
    return found


def wrote(
    session: Session, table: type[SQLModel], rows: Iterable[Mapping[str, Any]], *, stream: str | None = None
) -> None:
    """Note rows that a statement of one's own wrote, with the values of all their columns."""
    name = _name(table)
    if name in VOUCHED:
        for row in rows:
            _written(session)[name, key_of(name, row.__getitem__)] = Written(row, stream)


def found(session: Session, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Note rows as they were found, to be sealed where the record begins."""
    for row in rows:
        _written(session)[table, key_of(table, row.__getitem__)] = Written(row, None)


def gathered(session: AnySession) -> dict[tuple[str, str], Written]:
    """Return what the transaction wrote since it was last asked, by table and key, and forget it."""
    return cast("dict[tuple[str, str], Written]", session.info.pop(_WRITTEN, {}))


def home(table: str, written: Written) -> str | None:
    """Return the stream in which a row is sealed if the transaction has an event there."""
    known = VOUCHED[table].home
    if written.stream is not None or known is None or written.row is None:
        return written.stream
    kind, column = known
    return f"{kind}:{written.value(column)}"


def _written(session: AnySession) -> dict[tuple[str, str], Written]:
    return cast("dict[tuple[str, str], Written]", session.info.setdefault(_WRITTEN, {}))


def _name(table: type[SQLModel]) -> str:
    return str(table.__tablename__)


def _flushed(session: AnySession, _context: object) -> None:
    """Notice what a flush wrote."""
    for row in (*session.new, *session.dirty):
        name = _name(type(row))
        if name in VOUCHED and (row in session.new or _is_changed(name, row)):
            _written(session)[name, key_of(name, row.__getattribute__)] = Written(row, None)
    for row in session.deleted:
        name = _name(type(row))
        if name in VOUCHED:
            key = key_of(name, row.__getattribute__)
            _written(session)[name, key] = Written(None, home(name, Written(row, None)))


def _is_changed(table: str, row: SQLModel) -> bool:
    attributes = inspect(row).attrs
    return any(attributes[one.name].history.has_changes() for one in columns_of(table))


def _forget(session: AnySession) -> None:
    session.info.pop(_WRITTEN, None)


event.listen(AnySession, "after_flush", _flushed)
event.listen(AnySession, "after_rollback", _forget)


# --- how the values of columns become bytes, the same from what was given and from what was read ---


@cache
def _added(table: str) -> dict[str, bytes]:
    columns = {one.name: one for one in columns_of(table)}
    filled = {name: columns[name].written(value) for name, value in VOUCHED[table].added.items()}
    return {name: value for name, value in filled.items() if value is not None}


def _writer(kind: sa.types.TypeEngine[Any]) -> Callable[[Any], bytes | None]:
    write = _readable(kind)
    return lambda value: value.written if isinstance(value, Unreadable) else write(value)


def _readable(kind: sa.types.TypeEngine[Any]) -> Callable[[Any], bytes | None]:
    if isinstance(kind, sa.TypeDecorator) and not isinstance(kind, UtcDateTime):
        return _readable(kind.impl_instance)
    write = next(writer for type_, writer in _WRITERS if isinstance(kind, type_))
    scale = getattr(kind, "scale", None)
    if write is _number:
        return lambda value: None if value is None else _number(value, scale)
    return lambda value: None if value is None else write(value)


def _number(value: float | Decimal, scale: int | None) -> bytes:
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if scale is not None:
        exact = exact.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
    return format(exact.normalize(), "f").encode()


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )


def _instant(value: datetime) -> bytes:
    return timestamp(value).encode()


def _day(value: date) -> bytes:
    return value.isoformat().encode()


def _uuid(value: UUID | str) -> bytes:
    return str(value).encode()


def _text(value: str) -> bytes:
    return str(value).encode("utf-8", "surrogatepass")


def _flag(value: bool) -> bytes:
    return b"1" if value else b"0"


_WRITERS: tuple[tuple[type[Any] | tuple[type[Any], ...], Any], ...] = (
    (UtcDateTime, _instant),
    (sa.JSON, _json),
    (sa.Uuid, _uuid),
    (sa.LargeBinary, bytes),
    (sa.Boolean, _flag),
    (sa.Integer, lambda value: str(int(value)).encode()),
    (sa.Numeric, _number),
    (sa.Date, _day),
    (sa.String, _text),
)
