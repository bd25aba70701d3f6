"""Holding the tables against what the record seals and names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from app.audit import row_reader, seals
from app.audit.ledger import Ledger, Sealed
from app.audit.vouched_tables import CONTENT, VOUCHED
from app.domain.document.model import sha256
from app.domain.record import sealing
from app.domain.record.chain import Fault, FaultCode

#: Rows read at a time; fewer where rows are large.
_ROWS, _LARGE = 500, 50

Row = Mapping[str, Any]


@dataclass(slots=True)
class Compared:
    """What holding tables against the record found.

    `rows` by table; `unsalted` counts rows whose salt was erased, so that nobody can tell.
    """

    rows: dict[str, int] = field(default_factory=dict)
    unsalted: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def compare(
    session: Session, ledger: Ledger, *, progress: Callable[[int, int], None] | None = None
) -> Compared:
    """Compare every row of every table that the record vouches for with its seal, and content by digest."""
    compared = Compared()
    for number, name in enumerate(VOUCHED, start=1):
        _compare_table(session, name, ledger, compared)
        if progress:
            progress(number, len(VOUCHED))
    for named in ledger.not_found():
        data = {"table": named.tables[0], "field": named.field, "digest": named.digest}
        compared.faults.append(Fault(FaultCode.CONTENT_MISSING, named.stream, named.seq, data))
    return compared


def _compare_table(session: Session, name: str, ledger: Ledger, compared: Compared) -> None:
    compared.rows[name] = 0
    for rows in row_reader.rows(session, name, size=_LARGE if name in CONTENT else _ROWS):
        by_key = {seals.key_of(name, row.__getitem__): row for row in rows}
        compared.rows[name] += len(rows)
        known = ledger.seals(name, list(by_key))
        for key, row in by_key.items():
            compared.faults += row_reader.unreadable(name, key, row)
            _compare_row(name, key, row, known[key], compared)
            _content(name, key, row, ledger, compared)
    for key, sealed in ledger.not_seen(name):
        data = {"table": name, "key": key}
        compared.faults.append(Fault(FaultCode.ROW_REMOVED, sealed.stream, sealed.seq, data))


def _compare_row(name: str, key: str, row: Row, known: list[Sealed], compared: Compared) -> None:
    place = {"table": name, "key": key}
    if not known or all(one.seal == sealing.REMOVED for one in known):
        where = known[-1] if known else Sealed("", 0, "", "")
        compared.faults.append(Fault(FaultCode.ROW_ADDED, where.stream, where.seq, place))
        return
    salted = [one for one in known if one.salt and one.seal != sealing.REMOVED]
    if not salted:
        compared.unsalted[name] = compared.unsalted.get(name, 0) + 1
        return
    now = [seals.seal_of(one.salt, name, row.__getitem__) for one in salted]
    if any(sealing.is_same(one.seal, seal) for one, seal in zip(salted, now, strict=True)):
        return
    last = max(salted, key=lambda one: (one.stream != "record:rows", one.seq))
    names = [one.name for one in seals.columns_of(name)]
    columns = sealing.changed(last.seal, now[salted.index(last)], names)
    data = {**place, "columns": list(columns)}
    compared.faults.append(Fault(FaultCode.ROW_CHANGED, last.stream, last.seq, data))


def _content(name: str, key: str, row: Row, ledger: Ledger, compared: Compared) -> None:
    if name not in CONTENT:
        return
    column, digest = CONTENT[name]
    content = row[column]
    if content is None or isinstance(content, row_reader.Unreadable):
        return
    found = sha256(content if isinstance(content, bytes) else content.encode())
    ledger.content(name, found)
    if digest is not None and row[digest] != found:
        data = {"table": name, "key": key, "columns": [column]}
        compared.faults.append(Fault(FaultCode.CONTENT_DIFFERS, "", 0, data))
