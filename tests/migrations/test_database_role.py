"""The service works with a role that owns nothing and cannot change what was recorded."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from fastapi.testclient import TestClient

from app.audit import verification
from app.infra.database_roles import RoleRefused, grant
from app.infra.db import Database
from app.infra.runtime import Runtime
from app.main import create_app
from tests.api.desk import Desk
from tests.api.press import Press, ready, signed

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
ROLE = f"sanshen_app_{os.getpid()}"


def plain(url: str) -> str:
    return "postgresql://" + url.split("://", 1)[1]


@pytest.fixture
def role_url(database_url: str) -> Iterator[str]:
    """The address of the same database for the service's own role."""
    grant(database_url, ROLE, "a password of its own")
    yield database_url.replace("//sanshen@", f"//{ROLE}:a%20password%20of%20its%20own@")
    with psycopg.connect(plain(database_url), autocommit=True) as owner:
        owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [ROLE])
        owner.execute(f"DROP OWNED BY {ROLE}")
        owner.execute(f"DROP ROLE {ROLE}")


def test_the_whole_way_of_a_draft_needs_no_more(role_url: str, runtime: Runtime) -> None:
    runtime.database.close()
    runtime.database = Database(role_url)
    runtime.settings.database_url = role_url
    try:
        with TestClient(create_app(runtime), raise_server_exceptions=False) as client:
            desk = Desk.open(client, runtime)
            press = Press.open(desk)
            release = signed(ready(desk))
            desk.work()
            answer = press.publish(release["ticket"], release["digest"])
            assert answer.status_code == 201, answer.text
            desk.work()
            assert desk.get("/audit/streams/policy:active/events", "audit_admin").status_code in {200, 404}
            with runtime.database.read() as session:
                who = session.connection().exec_driver_sql("SELECT current_user").scalar_one()
    finally:
        runtime.database.close()
    assert who == ROLE


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET body = 'x'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_event_insert_only ON audit_event",
        "DELETE FROM audit_head",
        "UPDATE revision SET digest = 'x'",
        "DELETE FROM decision",
        "UPDATE decision SET verdict = 'declined'",
        "UPDATE proof SET content = ''",
        "DELETE FROM publication",
        "UPDATE check_report SET digest = 'x'",
        "DELETE FROM waiver",
        "DROP TABLE draft",
        "ALTER TABLE draft ADD COLUMN x int",
        "CREATE TABLE mine (x int)",
        "CREATE TEMPORARY TABLE mine (x int)",
        "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "ALTER FUNCTION audit_refuse() RENAME TO gone",
        "SET session_replication_role = replica",
        "UPDATE alembic_version SET version_num = 'x'",
        "CREATE ROLE another",
        "SET ROLE sanshen",
        "COPY audit_event TO PROGRAM 'true'",
    ],
)
def test_the_record_and_the_tables_are_out_of_reach(role_url: str, statement: str) -> None:
    with psycopg.connect(plain(role_url)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_every_table_is_readable_and_what_is_insert_only_is_that_by_rights(database_url: str) -> None:
    try:
        rights = grant(database_url, ROLE)
        assert grant(database_url, ROLE) == rights  # again, as after each migration
        with psycopg.connect(plain(database_url)) as owner:
            rows = owner.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
            ).fetchall()
            insert_only = owner.execute(
                "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%\\_insert\\_only'"
            ).fetchall()
    finally:
        with psycopg.connect(plain(database_url), autocommit=True) as owner:
            owner.execute(f"DROP OWNED BY {ROLE}")
            owner.execute(f"DROP ROLE {ROLE}")
    assert {table for (table,) in rows} == rights.keys()
    kept = {table for (table,) in insert_only}
    assert {"audit_event", "decision", "revision", "proof", "publication", "check_report"} <= kept
    assert {table for table, given in rights.items() if given == ("SELECT", "INSERT")} >= kept
    assert rights["alembic_version"] == ("SELECT",)


def test_the_owner_and_administrators_are_no_roles_for_the_service(database_url: str) -> None:
    with pytest.raises(RoleRefused, match="所有者"):
        grant(database_url, "sanshen")
    name = f"{ROLE}_admin"
    with psycopg.connect(plain(database_url), autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {name} SUPERUSER")
        try:
            with pytest.raises(RoleRefused, match="管理员"):
                grant(database_url, name)
        finally:
            owner.execute(f"DROP ROLE {name}")


def test_an_auditor_reads_and_verifies_and_changes_nothing(database_url: str, runtime: Runtime) -> None:
    name = f"{ROLE}_auditor"
    rights = grant(database_url, name, "another password", only_reads=True)
    there = database_url.replace("//sanshen@", f"//{name}:another%20password@")
    try:
        assert set(rights.values()) == {("SELECT",)}
        assert not {"browser_session", "former_password", "idempotency_key"} & rights.keys()
        with psycopg.connect(plain(there)) as auditor:
            assert auditor.execute("SELECT count(*) FROM audit_event").fetchone() is not None
            for statement in (
                "INSERT INTO audit_tile VALUES (1, 'x')",
                "DELETE FROM job",
                "TABLE browser_session",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    auditor.execute(statement)
                auditor.rollback()
        reading = Database(there)
        try:
            with reading.read() as session:
                found = verification.verify(session, signer=runtime.signer)
        finally:
            reading.close()
        assert found.faults == ()
    finally:
        with psycopg.connect(plain(database_url), autocommit=True) as owner:
            owner.execute(f"DROP OWNED BY {name}")
            owner.execute(f"DROP ROLE {name}")
