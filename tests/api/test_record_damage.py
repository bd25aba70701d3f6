"""Damage by hand: cells that cannot be read, the log or its checkpoints deleted, gaps: told, no crash."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session, SQLModel

from app.audit import log, row_reader, seals, verification
from app.audit.vouched_tables import VOUCHED
from app.cli import record_words
from app.domain.record.chain import Fault
from app.domain.record.chain import FaultCode as F
from app.infra.db import Database, UtcDateTime
from app.infra.signing import Signer
from tests.api.test_record_checkpoints import ONE, OTHER, record
from tests.api.test_record_tables import asleep, made, rowful
from tests.conftest import SetClock

__all__ = ["rowful"]
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

#: What no column of the type can hold, as SQL.
NOT_OF = [
    (UtcDateTime, ["'昨天'", "20260301", "x'00'"]),
    (sa.JSON, ["'{'", "'[1'", "x'7b'"]),
    (sa.Uuid, ["'x'", "x'0102'", "'00000000-0000-0000-0000-00000000000g'"]),
    (sa.LargeBinary, ["'text'", "7", "1.5"]),
    (sa.Boolean, ["7", "'ja'", "x'01'"]),
    (sa.Integer, ["'viele'", "1.5", "x'01'"]),
    (sa.Numeric, ["'x'", "x'01'", "'1,5'"]),
    (sa.Date, ["'2026-02-30'", "'heute'", "x'01'"]),
    (sa.String, ["x'ff00'", "CAST(x'61ff' AS TEXT)", "x''"]),
]


def kind_of(column: sa.Column) -> int:  # type: ignore[type-arg]
    found = column.type
    if isinstance(found, sa.TypeDecorator) and not isinstance(found, UtcDateTime):
        found = found.impl_instance
    return next(at for at, (kind, _) in enumerate(NOT_OF) if isinstance(found, kind))


def told(session: Session, **given: object) -> list[Fault]:
    found = verification.verify(session, **given)  # type: ignore[arg-type]
    for one in found.faults:
        assert record_words.sentence(one)
    return [one for one in found.faults if one.code is not F.GUARD_MISSING]


def cells(faults: list[Fault], code: F) -> dict[tuple[str, str], list[str]]:
    return {(one.data["table"], one.data["key"]): one.data["columns"] for one in faults if one.code is code}


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_cell_that_cannot_be_read_is_told_with_its_place_and_nothing_else_is_lost(
    rowful: Database, which: int
) -> None:
    expected: dict[tuple[str, str], list[str]] = {}
    kinds = set()
    with rowful.engine.connect() as connection:
        for number, table in enumerate(VOUCHED):
            rows = SQLModel.metadata.tables[table]
            keys = {one.name for one in seals.keys_of(table)}
            sealed = [one.name for one in seals.columns_of(table) if one.name not in keys]
            if not sealed:
                continue
            # Every kind of column that the table has, in one row.
            hit = {kind_of(rows.c[name]): name for name in sealed[number % 2 :] + sealed}
            kinds |= hit.keys()
            first = made(table, 1)
            same = sa.and_(*(rows.c[key] == getattr(first, key) for key in keys))
            values = {name: sa.literal_column(NOT_OF[kind][1][which]) for kind, name in hit.items()}
            connection.execute(sa.update(rows).where(same).values(values))
            expected[table, seals.key_of(table, first.__getattribute__)] = sorted(hit.values())
        connection.exec_driver_sql("DELETE FROM unit WHERE name LIKE '%2'")
        with Session(connection) as session:
            faults = told(session)
        connection.rollback()
    assert kinds >= set(range(6))
    assert cells(faults, F.CELL_UNREADABLE) == expected
    assert cells(faults, F.ROW_CHANGED) == expected
    assert [one.data["table"] for one in faults if one.code is F.ROW_REMOVED] == ["unit"]


def test_a_key_that_cannot_be_read_is_a_row_removed_and_one_without_registration(rowful: Database) -> None:
    with rowful.engine.connect() as connection:
        connection.exec_driver_sql("UPDATE revision SET id = 'x' WHERE rowid = 1")
        with Session(connection) as session:
            faults = told(session)
        connection.rollback()
    assert {one.code for one in faults} >= {F.CELL_UNREADABLE, F.ROW_REMOVED, F.ROW_ADDED}
    (added,) = [one for one in faults if one.code is F.ROW_ADDED]
    assert "没有登记：可能是后来加入，也可能是登记它的记录被删去" in record_words.sentence(added)


# --- the record itself, its log and its checkpoints ---


@pytest.fixture
def signer() -> Signer:
    return Signer(Ed25519PrivateKey.generate())


@pytest.fixture
def logged(database: Database, clock: SetClock, signer: Signer, tmp_path: Path) -> Iterator[sa.Connection]:
    """A log of some 600 entries with three checkpoints, whose guards are asleep."""
    for stream, count in ((ONE, 20), (OTHER, 300), (ONE, 280)):
        record(database, clock, stream, count)
        log.advance(database, signer, tmp_path / "out", at=clock())
        clock.advance(minutes=10)
    with database.engine.connect() as connection:
        asleep(connection)
        yield connection
        connection.rollback()


def found(logged: sa.Connection, signer: Signer, tmp_path: Path, *statements: str) -> list[Fault]:
    for one in statements:
        assert logged.exec_driver_sql(one).rowcount
    with Session(logged) as session:
        return told(session, signer=signer, folder=tmp_path / "out")


@on_sqlite
def test_nothing_is_told_of_a_log_that_nobody_touched(
    logged: sa.Connection, signer: Signer, tmp_path: Path
) -> None:
    assert found(logged, signer, tmp_path) == []


@on_sqlite
@pytest.mark.parametrize(
    ("statement", "code", "data"),
    [
        ("UPDATE audit_checkpoint SET note = 'x'", F.CHECKPOINT_UNREADABLE, {}),
        ("UPDATE audit_checkpoint SET note = x'00'", F.CELL_UNREADABLE, {"table": "audit_checkpoint"}),
        ("UPDATE audit_checkpoint SET made_at = 'x'", F.CELL_UNREADABLE, {"columns": ["made_at"]}),
        (
            "UPDATE audit_checkpoint SET made_at = '2020-01-01 00:00:00'",
            F.CHECKPOINT_ROW_DIFFERS,
            {"columns": ["made_at"]},
        ),
        ("UPDATE audit_checkpoint SET size = size + 1", F.CHECKPOINT_ROW_DIFFERS, {"columns": ["size"]}),
        (
            "UPDATE audit_checkpoint SET note = replace(note, 'time 20', 'time 99-')",
            F.CHECKPOINT_UNREADABLE,
            {},
        ),
        ("DELETE FROM audit_checkpoint", F.CHECKPOINT_ROW_MISSING, {"count": 3}),
        (
            "DELETE FROM audit_checkpoint WHERE size = (SELECT max(size) FROM audit_checkpoint)",
            F.CHECKPOINT_ROW_MISSING,
            {"count": 1},
        ),
        ("DELETE FROM audit_tile", F.LOG_TILE_DIFFERS, {"number": 0}),
        ("UPDATE audit_tile SET root = 'x' WHERE number = 1", F.LOG_TILE_DIFFERS, {"number": 1}),
        ("UPDATE audit_tile SET number = 9 WHERE number = 1", F.LOG_TILE_DIFFERS, {"number": "9"}),
        ("UPDATE audit_log SET leaf = 'x' WHERE position = 7", F.LOG_LEAF_UNREADABLE, {"position": 7}),
        ("UPDATE audit_log SET seq = 'x' WHERE position = 7", F.CELL_UNREADABLE, {"columns": ["seq"]}),
        ("UPDATE audit_log SET position = 'x' WHERE position = 7", F.LOG_GAP, {"first": 7, "last": 7}),
        (
            "UPDATE audit_log SET position = 9000000000000000000 WHERE position = 7",
            F.LOG_GAP,
            {"first": 7, "last": 7},
        ),
        ("DELETE FROM audit_log", F.CHECKPOINT_AHEAD, {"found": 0}),
        ("DELETE FROM audit_logged", F.LOGGED_MISSING, {"said": 0, "found": 3}),
        ("DELETE FROM audit_logged WHERE stream = 'draft:0190'", F.LOGGED_DIFFERS, {"said": "0"}),
        ("UPDATE audit_logged SET seq = 'x'", F.CELL_UNREADABLE, {"table": "audit_logged"}),
        ("UPDATE audit_logged SET seq = seq - 1", F.LOGGED_DIFFERS, {}),
        ("UPDATE audit_head SET seq = 'x'", F.CELL_UNREADABLE, {"table": "audit_head"}),
        ("UPDATE audit_head SET ts = 'x'", F.CELL_UNREADABLE, {"columns": ["ts"]}),
        ("UPDATE audit_event SET ts = 'x'", F.COLUMN_DIFFERS, {"column": "ts"}),
        ("UPDATE audit_event SET id = 'x' WHERE rowid = 290", F.COLUMN_DIFFERS, {"column": "id"}),
        ("UPDATE audit_event SET actor_id = 'x'", F.COLUMN_DIFFERS, {"column": "actor_id"}),
        ("UPDATE audit_event SET seq = 'x' WHERE seq = 290", F.COLUMN_DIFFERS, {"column": "seq"}),
        ("UPDATE audit_event SET body = x'ff' WHERE seq = 9", F.BODY_UNREADABLE, {}),
        ("UPDATE audit_event SET body = CAST(x'ff' AS TEXT) WHERE seq = 9", F.BODY_UNREADABLE, {}),
        ("UPDATE audit_private SET openings = x'ff'", F.PRIVATE_UNKNOWN, {}),
    ],
)
def test_each_touch_of_the_record_its_log_and_its_checkpoints_is_told(
    logged: sa.Connection, signer: Signer, tmp_path: Path, statement: str, code: F, data: dict[str, object]
) -> None:
    faults = found(logged, signer, tmp_path, statement)
    assert any(one.code is code and one.data.items() >= data.items() for one in faults), faults


@on_sqlite
def test_a_gap_is_one_line_and_the_log_goes_on_after_its_tile(
    logged: sa.Connection, signer: Signer, tmp_path: Path
) -> None:
    faults = found(
        logged, signer, tmp_path, "DELETE FROM audit_log WHERE position IN (30, 31, 90) OR position = 300"
    )
    gaps = [(one.data["first"], one.data["last"]) for one in faults if one.code is F.LOG_GAP]
    assert gaps == [(30, 31), (90, 90), (300, 300)]
    assert {one.code for one in faults} == {F.LOG_GAP}, "the last checkpoint fits: the tiles help on"
    with Session(logged) as session:
        again = verification.verify(session, signer=signer, folder=tmp_path / "out")
    assert (again.checkpoints, [one.count for one in again.unseen if one.code == "not_comparable"]) == (
        2,
        [1],
    )
    faults = found(
        logged,
        signer,
        tmp_path,
        "UPDATE audit_log SET leaf = prefix.leaf FROM audit_log prefix"
        " WHERE audit_log.position = 560 AND prefix.position = 561",
    )
    assert F.CHECKPOINT_DIFFERS in {one.code for one in faults}, "what was rewritten after a gap is found"


@on_sqlite
def test_all_that_is_left_is_a_file(logged: sa.Connection, signer: Signer, tmp_path: Path) -> None:
    tables = ("checkpoint", "tile", "log", "logged")
    faults = found(
        logged,
        signer,
        tmp_path,
        f"DELETE FROM audit_private WHERE event_id IN (SELECT id FROM audit_event WHERE stream = '{ONE}')",
        f"DELETE FROM audit_event WHERE stream = '{ONE}'",
        f"DELETE FROM audit_head WHERE stream = '{ONE}'",
        *(f"DELETE FROM audit_{one}" for one in tables),
    )
    assert {one.code for one in faults} == {F.CHECKPOINT_ROW_MISSING, F.CHECKPOINT_AHEAD}
    with Session(logged) as session:
        again = verification.verify(session, signer=signer, folder=tmp_path / "out")
    assert "no_checkpoint" not in {one.code for one in again.unseen}
    (file,) = (tmp_path / "out").iterdir()
    file.write_bytes(b"\xff")
    assert [one.code for one in found(logged, signer, tmp_path)] == [F.CHECKPOINT_FILE_UNREADABLE]


@on_sqlite
def test_text_is_read_as_before_afterwards(logged: sa.Connection, signer: Signer, tmp_path: Path) -> None:
    before = logged.connection.dbapi_connection.text_factory  # type: ignore[union-attr]
    found(logged, signer, tmp_path)
    assert logged.connection.dbapi_connection.text_factory is before  # type: ignore[union-attr]
    assert str(row_reader.Unreadable("x")) == "x"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("value", ["'infinity'", "'-infinity'", "'25000-01-01'", "'0044-03-15 BC'"])
def test_an_instant_that_no_program_here_reads_is_told_with_its_row(
    logged: sa.Connection, signer: Signer, tmp_path: Path, value: str
) -> None:
    faults = found(
        logged,
        signer,
        tmp_path,
        f"UPDATE audit_event SET ts = {value} WHERE stream = '{ONE}' AND seq = 7",
        f"UPDATE audit_head SET ts = {value} WHERE stream = '{OTHER}'",
    )
    told_of = [(one.data["table"], one.data["columns"]) for one in faults if one.code is F.CELL_UNREADABLE]
    assert ("audit_head", ["ts"]) in told_of
    assert (ONE, 7) in {(one.stream, one.seq) for one in faults}
    # Afterwards the driver reads as it did.
    with pytest.raises(sa.exc.DataError):
        logged.exec_driver_sql(f"SELECT {value}::timestamptz").scalar_one()
