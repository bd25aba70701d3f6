"""The database role that the service works with: not the owner, and without rights to change the record.

Triggers refuse changes of the record, but an owner can drop triggers. The role of the web service and of
workers owns nothing: it reads and adds, changes what may change, and has no right to change or delete where a
trigger refuses that for good. The owner's address is used for migrations alone.
"""

from typing import Any

import psycopg
from psycopg import sql

#: Bits of `pg_trigger.tgtype`. Triggers before a whole statement are those that refuse it, whatever its rows.
_EACH_ROW, _BEFORE, _DELETES, _UPDATES = 1, 2, 8, 16

_TABLES = """
SELECT c.relname,
       coalesce(bool_or(t.tgtype & %(updates)s <> 0), false),
       coalesce(bool_or(t.tgtype & %(deletes)s <> 0), false)
FROM pg_class c
LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal
     AND t.tgtype & %(row)s = 0 AND t.tgtype & %(before)s <> 0
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
GROUP BY c.relname ORDER BY c.relname
"""
#: Read by the service, written by migrations alone.
_OF_MIGRATIONS = frozenset({"alembic_version"})
#: Not even read by an auditor: what lets somebody pass for somebody else.
_OF_THE_SERVICE = frozenset({"browser_session", "former_password", "idempotency_key", "sign_in_failure"})


class RoleRefused(ValueError):
    """The role cannot be the service's: it is the owner, or may do everything."""


def grant(url: str, role: str, password: str = "", *, only_reads: bool = False) -> dict[str, tuple[str, ...]]:
    """Make a role if there is none, and give it what the service needs in the database at `url`, and no more.

    With `only_reads` it is an auditor's: it reads what verifying the record takes. `url` is the owner's.
    Rights that it had before are taken first, so it may be called again after each migration. Returns the
    rights by table. Raises `RoleRefused`, and `psycopg.Error` from the database.
    """
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1)) as connection:
        if connection.execute("SELECT current_user = %s", [role]).fetchone() == (True,):
            raise RoleRefused(f"{role} 是数据库的所有者，要用另一个角色")
        _made(connection, role, password)
        return _given(connection, sql.Identifier(role), only_reads=only_reads)


def _made(connection: psycopg.Connection[Any], role: str, password: str) -> None:
    role_row = connection.execute(
        "SELECT rolsuper OR rolcreaterole OR rolbypassrls FROM pg_roles WHERE rolname = %s", [role]
    ).fetchone()
    if role_row == (True,):
        raise RoleRefused(f"{role} 是数据库管理员，服务要用一个普通角色")
    name = sql.Identifier(role)
    if role_row is None:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE").format(name))
    if password:
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(password)))


def _given(
    connection: psycopg.Connection[Any], name: sql.Identifier, *, only_reads: bool
) -> dict[str, tuple[str, ...]]:
    here = connection.execute("SELECT current_schema(), current_database()").fetchone()
    assert here is not None
    schema, database = map(sql.Identifier, here)
    for statement in (
        "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {name}",
        "REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {name}",
        "REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {name}",
        "REVOKE CREATE, TEMPORARY ON DATABASE {database} FROM PUBLIC, {name}",
        "GRANT CONNECT ON DATABASE {database} TO {name}",
        "GRANT USAGE ON SCHEMA {schema} TO {name}",
        *(() if only_reads else ("GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {name}",)),
    ):
        connection.execute(sql.SQL(statement).format(schema=schema, database=database, name=name))
    rights: dict[str, tuple[str, ...]] = {}
    rows = connection.execute(
        _TABLES, {"updates": _UPDATES, "deletes": _DELETES, "row": _EACH_ROW, "before": _BEFORE}
    ).fetchall()
    for table, no_update, no_delete in rows:
        more = [] if no_update else ["UPDATE"]
        more += [] if no_delete else ["DELETE"]
        if only_reads and table in _OF_THE_SERVICE:
            continue
        only = only_reads or table in _OF_MIGRATIONS
        rights[table] = ("SELECT",) if only else ("SELECT", "INSERT", *more)
        listed = sql.SQL(", ").join(map(sql.SQL, rights[table]))
        connection.execute(sql.SQL("GRANT {} ON {} TO {}").format(listed, sql.Identifier(table), name))
    return rights
