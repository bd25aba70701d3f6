"""The schema: up, down and up again, on both databases, and the same as the tables in code."""

from sqlalchemy import inspect

from app.infra import migrate
from app.infra.db import Database


def _tables(url: str) -> set[str]:
    database = Database(url)
    try:
        return set(inspect(database.engine).get_table_names())
    finally:
        database.close()


def test_migrations_and_tables_agree(database_url: str) -> None:
    migrate.check(database_url)


def test_down_to_nothing_and_up_again(database_url: str) -> None:
    before = _tables(database_url)
    migrate.downgrade(database_url, "base")
    assert _tables(database_url) == {"alembic_version"}
    migrate.upgrade(database_url)
    assert _tables(database_url) == before
