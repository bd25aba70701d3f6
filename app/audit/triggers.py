"""The triggers that keep the record as it was written: whether they are there and awake."""

from sqlalchemy import text
from sqlmodel import Session

from app.domain.record.chain import Fault, FaultCode

_INSERT_ONLY = ("no_update no_delete no_replace", "insert_only")

#: Table → what its triggers' names end in, on SQLite and on PostgreSQL. A test asks that these are all.
GUARDS: dict[str, tuple[str, str]] = {
    "asset": ("no_update no_replace", "no_update"),
    "audit_checkpoint": _INSERT_ONLY,
    "audit_event": _INSERT_ONLY,
    "audit_head": ("forward no_delete", "forward stays"),
    "audit_log": _INSERT_ONLY,
    "audit_private": ("erased no_delete no_replace", "erased stays"),
    "audit_tile": _INSERT_ONLY,
    "back_test": ("finished_once no_delete", "finished_once no_delete"),
    "check_report": _INSERT_ONLY,
    "comment_thread": ("fixed no_delete", "fixed stays"),
    "decision": _INSERT_ONLY,
    "policy_activation": ("decided_once no_delete", "decided_once no_delete"),
    "policy_file": _INSERT_ONLY,
    "policy_in_use": ("forward no_delete", "forward no_delete"),
    "policy_version": _INSERT_ONLY,
    "proof": _INSERT_ONLY,
    "proof_mark": ("fixed no_delete", "fixed stays"),
    "publication": _INSERT_ONLY,
    "revision": _INSERT_ONLY,
    "thread_comment": _INSERT_ONLY,
    "waiver": ("decided_once no_delete", "decided_once no_delete"),
    "workflow_version": ("no_update no_delete", "insert_only"),
}


def missing(session: Session) -> list[Fault]:
    """Return a fault for each guard that is missing, asleep or made harmless, with its table and name."""
    awake = there(session)
    return [
        Fault(
            FaultCode.GUARD_MISSING, "", 0, {"table": name.partition(".")[0], "guard": name.partition(".")[2]}
        )
        for name in sorted(expected(session) - awake)
    ]


def expected(session: Session) -> frozenset[str]:
    """Return the guards that this database should have, each as `table.trigger`."""
    at = 0 if _is_sqlite(session) else 1
    return frozenset(f"{table}.{table}_{end}" for table, both in GUARDS.items() for end in both[at].split())


def there(session: Session) -> frozenset[str]:
    """Return the triggers that this database has and that refuse something, each as `table.trigger`."""
    query = _SQLITE if _is_sqlite(session) else _POSTGRESQL
    return frozenset(session.connection().execute(text(query)).scalars())


_SQLITE = """SELECT tbl_name || '.' || name FROM sqlite_master
             WHERE type = 'trigger' AND sql LIKE '%RAISE(ABORT%'"""
_POSTGRESQL = """SELECT c.relname || '.' || t.tgname
                 FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
                 WHERE NOT t.tgisinternal AND t.tgenabled = 'A' AND p.prosrc LIKE '%RAISE EXCEPTION%'"""


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
