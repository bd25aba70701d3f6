"""The record vouches for tables: a changed, removed and added row is found with its place, in every table."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session, SQLModel

from app.audit import first_seals, seals, verification
from app.audit import triggers as guards
from app.audit.vouched_tables import CONTENT, VOUCHED
from app.domain.document.model import sha256
from app.domain.record.chain import Fault, FaultCode
from app.infra.db import Database, UtcDateTime
from app.infra.migrate import load_tables
from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.api.packages import published
from tests.conftest import SetClock

pytestmark = pytest.mark.both_databases

load_tables()

CLASSES = {str(one.class_.__tablename__): one.class_ for one in SQLModel._sa_registry.mappers}


def verified(database: Database) -> verification.Verified:
    with database.read() as session:
        return verification.verify(session)


def places(faults: tuple[Fault, ...], code: FaultCode) -> dict[tuple[str, str], list[str]]:
    """Return table and key of each fault of a kind, with the columns that it names."""
    return {
        (one.data["table"], one.data["key"]): one.data.get("columns", [])
        for one in faults
        if one.code is code
    }


# --- every table, with rows made for it ---


@pytest.fixture
def rowful(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A database without checks and foreign keys, in which two made-up rows lie in every vouched table."""
    path = tmp_path / "rows.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")

    def unchecked(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")

    sa.event.listen(database.engine, "connect", unchecked)
    with database.write() as session:
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for name in session.connection().exec_driver_sql(triggers).scalars().all():
            session.connection().exec_driver_sql(f"DROP TRIGGER {name}")
    with database.write() as session:
        for table in VOUCHED:
            for number in (1, 2):
                session.add(made(table, number))
    yield database
    database.close()


def made(table: str, number: int) -> SQLModel:
    columns = SQLModel.metadata.tables[table].columns
    values = {one.name: fake(one.type, one.name, number) for one in columns}
    content, digest = CONTENT.get(table, (None, None))
    if content and digest:
        given = values[content]
        values[digest] = sha256(given if isinstance(given, bytes) else given.encode())
    return CLASSES[table](**values)


def fake(kind: sa.types.TypeEngine[Any], name: str, number: int) -> Any:
    if isinstance(kind, UtcDateTime):
        return datetime(2026, 3, number, 1, 2, 3, 4, tzinfo=UTC)
    if isinstance(kind, sa.TypeDecorator):
        kind = kind.impl_instance
    known: list[tuple[Any, Any]] = [
        (sa.JSON, {"字": [number, 1.5, None]}),
        (sa.Uuid, UUID(int=number * 1000 + sum(map(ord, name)))),
        (sa.LargeBinary, b"\x00" + name.encode() + bytes([number])),
        (sa.Boolean, number == 1),
        (sa.Integer, number),
        (sa.Numeric, number + 0.25),
        (sa.Date, date(2026, 3, number)),
        (sa.String, f"{name}字{number}"),
    ]
    return next(value for type_, value in known if isinstance(kind, type_))


def other(kind: sa.types.TypeEngine[Any], name: str) -> Any:
    """Return another value for a column than its rows have."""
    return (
        "[7]"
        if isinstance(kind, sa.JSON)
        else fake(kind, name, 7)
        if not isinstance(kind, sa.Boolean)
        else False
    )


def only_seals(found: verification.Verified) -> tuple[Fault, ...]:
    """Return the faults but those of the guards that were taken away."""
    return tuple(one for one in found.faults if one.code is not FaultCode.GUARD_MISSING)


def test_rows_that_nobody_touched_are_whole(rowful: Database) -> None:
    found = verified(rowful)
    assert only_seals(found) == ()
    assert dict.fromkeys(VOUCHED, 2) == found.tables


def test_every_changed_column_of_every_table_is_found_with_its_place(rowful: Database) -> None:
    sealed = {table: seals.columns_of(table) for table in VOUCHED}
    longest = max(len(columns) for columns in sealed.values())
    for at in range(longest):
        expected = {}
        with rowful.engine.connect() as connection:
            for table, columns in sealed.items():
                keys = {one.name for one in seals.keys_of(table)}
                if at >= len(columns) or columns[at].name in keys:
                    continue
                row, name = made(table, 1), columns[at].name
                rows = SQLModel.metadata.tables[table]
                same = [rows.c[key] == getattr(row, key) for key in keys]
                value = other(rows.c[name].type, name)
                connection.execute(sa.update(rows).where(*same).values({name: value}))
                expected[table, seals.key_of(table, row.__getattribute__)] = [name]
            with Session(connection) as session:
                found = verification.verify(session)
            connection.rollback()
        assert places(found.faults, FaultCode.ROW_CHANGED) == expected
        assert expected


def test_every_removed_and_every_added_row_is_found_with_its_place(rowful: Database) -> None:
    removed, added = {}, {}
    with rowful.engine.connect() as connection:
        for table in VOUCHED:
            rows = SQLModel.metadata.tables[table]
            first, third = made(table, 1), made(table, 3)
            same = [rows.c[one.name] == getattr(first, one.name) for one in seals.keys_of(table)]
            connection.execute(sa.delete(rows).where(*same))
            connection.execute(
                sa.insert(rows).values({one.name: getattr(third, one.name) for one in rows.columns})
            )
            removed[table, seals.key_of(table, first.__getattribute__)] = list[str]()
            added[table, seals.key_of(table, third.__getattribute__)] = list[str]()
        with Session(connection) as session:
            found = verification.verify(session)
        connection.rollback()
    assert places(found.faults, FaultCode.ROW_REMOVED) == removed
    assert places(found.faults, FaultCode.ROW_ADDED) == added


# --- what a draft leaves behind, on both databases ---


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return published(Desk.open(client, runtime))


def asleep(connection: sa.Connection) -> None:
    """Put the guards to sleep, foreign keys too, as who administers the database can."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for name in (
            connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            .scalars()
            .all()
        ):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        return
    for table in (*VOUCHED, "audit_event", "audit_head", "audit_private"):
        connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")


CHANGES = {
    "decision": ("SET comment = comment || '。'", "comment"),
    "draft": ("SET title = '别的标题'", "title"),
    "draft_target": ("SET section_id = channel_id", "section_id"),
    "proof": ("SET renderer = 'x'", "renderer"),
    "publication": ("SET url = 'https://example.org/'", "url"),
    "release": ("SET nonce = 'x'", "nonce"),
    "release_ticket": ("SET text = text || ' '", "text"),
    "review_case": ("SET book = '{}'", "book"),
    "revision": ("SET text_digest = digest", "text_digest"),
    "role_grant": ("SET channel = 'x'", "channel"),
    "stage_run": ("SET state = 'voided'", "state"),
    "user_account": ("SET password_hash = 'x'", "password_hash"),
    "workflow_version": ("SET definition = '{}'", "definition"),
    "check_report": ("SET blocks = 7", "blocks"),
}


def test_what_a_published_draft_left_is_whole_and_each_touch_is_found(desk: Desk, database: Database) -> None:
    whole = verified(database)
    assert whole.faults == ()
    assert desk.draft_id
    filled = {name: count for name, count in whole.tables.items() if count}
    assert filled.keys() >= CHANGES.keys()
    with database.engine.connect() as connection:
        asleep(connection)
        for table, (change, _) in CHANGES.items():
            connection.exec_driver_sql(f"UPDATE {table} {change}")
        with Session(connection) as session:
            found = verification.verify(session)
        connection.rollback()
    changed = places(found.faults, FaultCode.ROW_CHANGED)
    for table, (_, column) in CHANGES.items():
        assert [columns for (name, _), columns in changed.items() if name == table] == [[column]] * filled[
            table
        ]
    assert len(changed) == sum(filled[table] for table in CHANGES)
    named = [
        one for one in found.faults if one.code is FaultCode.ROW_CHANGED and one.data["table"] == "decision"
    ]
    assert {one.stream for one in named} == {f"draft:{desk.draft_id}"}
    content = places(found.faults, FaultCode.CONTENT_DIFFERS)
    assert {table for table, _ in content} == {"release_ticket", "workflow_version"}
    assert any(one.code is FaultCode.CONTENT_MISSING for one in found.faults)
    assert verified(database).faults == ()


def test_whole_tables_that_were_emptied_are_found_row_by_row(desk: Desk, database: Database) -> None:
    assert desk.draft_id
    count = verified(database).tables
    with database.engine.connect() as connection:
        asleep(connection)
        for table in ("publication", "decision", "stage_run", "release_ticket"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
        with Session(connection) as session:
            found = verification.verify(session)
        connection.rollback()
    removed = places(found.faults, FaultCode.ROW_REMOVED)
    for table in ("publication", "decision", "stage_run", "release_ticket"):
        assert len([1 for name, _ in removed if name == table]) == count[table]


# --- guards, and where it begins ---


def test_the_guards_are_these_and_a_missing_one_is_told(database: Database) -> None:
    with database.read() as session:
        assert guards.there(session) == guards.expected(session)
    with database.engine.connect() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER decision_no_update")
            connection.exec_driver_sql("DROP TRIGGER revision_no_delete")
            connection.exec_driver_sql(
                "CREATE TRIGGER revision_no_delete BEFORE DELETE ON revision BEGIN SELECT 1; END"
            )
            missing = {"decision_no_update", "revision_no_delete"}
        else:
            connection.exec_driver_sql("ALTER TABLE decision DISABLE TRIGGER decision_insert_only")
            connection.exec_driver_sql("DROP TRIGGER revision_insert_only ON revision")
            missing = {"decision_insert_only", "revision_insert_only"}
        with Session(connection) as session:
            found = verification.verify(session)
        connection.rollback()
    assert {one.data["guard"] for one in found.faults if one.code is FaultCode.GUARD_MISSING} == missing


def test_rows_from_before_are_taken_as_found_and_vouched_for_from_then_on(
    database: Database, clock: SetClock
) -> None:
    insert = sa.text(
        "INSERT INTO unit (id, path, name, kind, created_at) VALUES (:id, '/a/', '民政局', 'city', :at)"
    ).bindparams(sa.bindparam("id", UUID(int=1), sa.Uuid()), sa.bindparam("at", clock(), UtcDateTime()))
    with database.engine.connect() as connection:
        connection.execute(insert)
        with Session(connection) as session:
            assert places(verification.verify(session).faults, FaultCode.ROW_ADDED) == {
                ("unit", str(UUID(int=1))): []
            }
            # As after an upgrade from a version in which nothing was vouched for.
            asleep(connection)
            for table in ("audit_private", "audit_event", "audit_head"):
                connection.exec_driver_sql(f"DELETE FROM {table}")
            lost = [
                one for one in verification.verify(session).faults if one.code is FaultCode.BEGINNING_MISSING
            ]
            assert {one.data["table"] for one in lost} == VOUCHED.keys()
            assert first_seals.begin(session, at=clock()) == 1
            assert first_seals.begin(session, at=clock()) == 0
            session.flush()
            session.commit()
        with Session(connection) as session:
            found = verification.verify(session)
            assert only_seals(found) == ()
            assert [one.count for one in found.unseen if one.code == "rows_as_found"] == [1]
            connection.exec_driver_sql("UPDATE unit SET name = '别的局'")
            assert places(verification.verify(session).faults, FaultCode.ROW_CHANGED) == {
                ("unit", str(UUID(int=1))): ["name"]
            }
        connection.rollback()
