"""The database as files and back: one consistent picture while the service runs, exact to the byte.

SQLite is copied page by page with its own online backup; PostgreSQL is read with COPY in one repeatable-read
transaction, and needs no program beside ours. Each goes back into a database of its own kind.
"""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from psycopg import sql
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

from app.infra import migrate
from app.infra.db import Database
from app.infra.sqlite_file import path_of

#: The file of a SQLite backup, and the folder of a PostgreSQL one with a file for each table.
SQLITE_FILE, TABLES = "database.db", "tables"
_VERSION = "alembic_version"
_PART = 1 << 20


def dump(database: Database, url: str, folder: Path) -> dict[str, int]:
    """Write all rows as of one instant into `folder`; return how many each table has.

    Raises `sqlite3.Error`, `sqlalchemy.exc.SQLAlchemyError`, `OSError`.
    """
    path = path_of(url)
    return _dump_sqlite(path, folder / SQLITE_FILE) if path else _dump_postgresql(database, folder / TABLES)


def _dump_sqlite(path: Path, target: Path) -> dict[str, int]:
    source = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=30)
    copy = sqlite3.connect(target)
    try:
        # In one step: a reader of the log keeps what it sees, and keeps nobody from writing.
        source.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")
        if (answer := copy.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(answer)
        names = [row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: copy.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in sorted(names)}  # noqa: S608 – the database's own names
    finally:
        copy.close()
        source.close()


def _ours() -> list[str]:
    migrate.load_tables()
    return [table.name for table in SQLModel.metadata.sorted_tables]


def _dump_postgresql(database: Database, folder: Path) -> dict[str, int]:
    folder.mkdir()
    counts, columns = {}, {}
    with database.engine.connect() as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        for name in _ours():
            columns[name] = _columns(connection, name)
            counts[name] = _copy_out(connection, name, columns[name], folder / f"{name}.copy")
    (folder / "columns.json").write_text(json.dumps(columns), encoding="utf-8")
    return counts


def _columns(connection: Connection, table: str) -> list[str]:
    query = text(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(:t) AND attnum > 0 "
        "AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"
    )
    return list(connection.execute(query, {"t": f'"{table}"'}).scalars())


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _cursor(connection: Connection) -> Any:  # noqa: ANN401 – psycopg's cursor, which COPY needs
    return connection.connection.cursor()


def _copy_out(connection: Connection, table: str, columns: Sequence[str], path: Path) -> int:
    query = sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(table), _names(columns))
    with _cursor(connection) as cursor, path.open("wb") as file, cursor.copy(query) as copy:
        for part in copy:
            file.write(part)
    with _cursor(connection) as cursor:
        cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
        return int(cursor.fetchone()[0])


# --- and back --------------------------------------------------------------


def load_postgresql(connection: Connection, folder: Path, *, revision: str) -> None:
    """Make the tables of `revision` in an empty schema and fill them, in the caller's transaction."""
    migrate.upgrade("", revision, connection=connection)
    columns: dict[str, list[str]] = json.loads((folder / TABLES / "columns.json").read_text(encoding="utf-8"))
    # What the migrations recorded waits to be checked at the commit, and no table changes before.
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    guards, keys = _without_guards(connection), _without_keys(connection)
    with _cursor(connection) as cursor:
        for name in columns:
            # What the migrations have put in is in the backup as well.
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
    for name, names in columns.items():
        query = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(name), _names(names))
        with (
            _cursor(connection) as cursor,
            (folder / TABLES / f"{name}.copy").open("rb") as file,
            cursor.copy(query) as copy,
        ):
            while part := file.read(_PART):
                copy.write(part)
    for statement in (*keys, *guards):
        connection.execute(text(statement))


def _without_guards(connection: Connection) -> list[str]:
    """Put the triggers of all tables to sleep; return the statements that wake each as it was."""
    query = text(
        "SELECT c.relname, t.tgname, t.tgenabled FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace ORDER BY 1, 2"
    )
    words = {"O": "ENABLE TRIGGER", "A": "ENABLE ALWAYS TRIGGER", "R": "ENABLE REPLICA TRIGGER"}
    again = []
    for table, trigger, how in connection.execute(query).all():
        word = words.get(how if isinstance(how, str) else how.decode())
        if word is not None:
            connection.execute(text(f'ALTER TABLE "{table}" DISABLE TRIGGER "{trigger}"'))
            again.append(f'ALTER TABLE "{table}" {word} "{trigger}"')
    return again


def _without_keys(connection: Connection) -> list[str]:
    """Take away the foreign keys of all tables; return the statements that put each back, and so check it."""
    query = text(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY 1, 2"
    )
    again = []
    for table, name, definition in connection.execute(query).all():
        connection.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'))
        again.append(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
    return again


def clear_postgresql(connection: Connection) -> None:
    """Drop the tables and trigger functions of an installation, in the caller's transaction."""
    for name in [*reversed(_ours()), _VERSION]:
        connection.execute(text(f'DROP TABLE IF EXISTS "{name}" CASCADE'))
    functions = connection.execute(
        text(
            "SELECT oid::regprocedure::text FROM pg_proc WHERE prorettype = 'trigger'::regtype "
            "AND pronamespace = current_schema()::regnamespace"
        )
    ).scalars()
    for name in functions.all():
        connection.execute(text(f"DROP FUNCTION {name} CASCADE"))
