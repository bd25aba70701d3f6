"""A SQLite file that is moved, deleted or replaced under a running service: nothing is said to be stored."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import select

from app.infra.clock import system_clock
from app.infra.db import Database
from app.infra.errors import Unavailable
from app.infra.runtime import Runtime
from app.jobs import service
from app.jobs.models import Job
from app.operations import running_checks

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def file(database_url: str) -> Path:
    return Path(database_url.removeprefix("sqlite:///"))


def store(database: Database) -> None:
    with database.write() as session:
        service.enqueue(session, "test.work", {}, at=system_clock())


def kept(database: Database) -> int:
    with database.read() as session:
        return len(session.exec(select(Job.id)).all())


def deleted(file: Path) -> None:
    file.unlink()


def moved(file: Path) -> None:
    file.rename(file.with_name("elsewhere.db"))


def folder_moved(file: Path) -> None:
    folder = file.parent
    folder.rename(folder.with_name(f"{folder.name}-old"))
    folder.mkdir()


def replaced_by_a_copy(file: Path) -> None:
    copy = file.with_name("copy.db")
    shutil.copy(file, copy)
    copy.rename(file)


def replaced_by_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def log_deleted(file: Path) -> None:
    file.with_name(f"{file.name}-wal").unlink()


@pytest.mark.parametrize(
    "happens",
    [deleted, moved, folder_moved, replaced_by_a_copy, replaced_by_a_folder, log_deleted],
    ids=lambda one: one.__name__,
)
@ON_SQLITE
def test_nothing_is_stored_in_a_file_that_is_gone(
    database: Database, file: Path, happens: Callable[[Path], None]
) -> None:
    store(database)
    happens(file)
    for _ in range(3):
        with pytest.raises(Unavailable) as refused:
            store(database)
        assert refused.value.code == "database_gone"
    # And none is made in its place by the way.
    assert not file.is_file() or file.stat().st_size > 0


@ON_SQLITE
def test_a_commit_into_a_file_that_went_meanwhile_is_no_success(database: Database, file: Path) -> None:
    store(database)

    def stored_elsewhere() -> None:
        with database.write() as session:
            service.enqueue(session, "test.work", {}, at=system_clock())
            file.rename(file.with_name("elsewhere.db"))

    with pytest.raises(Unavailable) as refused:
        stored_elsewhere()
    assert refused.value.code == "database_gone"
    file.with_name("elsewhere.db").rename(file)
    store(database)


@ON_SQLITE
def test_what_comes_back_is_used_again(database: Database, file: Path) -> None:
    store(database)
    moved(file)
    with pytest.raises(Unavailable):
        kept(database)
    file.with_name("elsewhere.db").rename(file)
    store(database)
    assert kept(database) == 2


@ON_SQLITE
def test_another_program_that_looks_at_it_disturbs_nothing(database: Database, file: Path) -> None:
    store(database)
    with sqlite3.connect(file) as other:
        assert other.execute("SELECT count(*) FROM job").fetchone() == (1,)
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    store(database)
    assert kept(database) == 2


def test_a_database_that_is_not_there_is_not_made_by_asking(tmp_path: Path) -> None:
    nowhere = Database(f"sqlite:///{tmp_path / 'none.db'}")
    with pytest.raises(Unavailable), nowhere.read() as session:
        session.connection().execute(text("SELECT 1"))
    nowhere.close()
    assert list(tmp_path.iterdir()) == []


@ON_SQLITE
def test_a_client_is_told_and_so_is_whoever_watches(client: TestClient, file: Path) -> None:
    assert client.get("/readyz").status_code == 200
    moved(file)
    asked = {"login": "nobody", "password": "x" * 12}
    answer = client.post("/api/v1/auth/token", json=asked)
    client.app.state.readiness._looked = float("-inf")  # type: ignore[attr-defined]
    ready = client.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_gone")
    assert (ready.status_code, ready.json()) == (503, {"status": "not_ready"})
    assert [one.code for one in client.app.state.readiness.faults()] == ["database_gone"]  # type: ignore[attr-defined]


def test_new_files_are_for_nobody_else(tmp_path: Path) -> None:
    made = Database(f"sqlite:///{tmp_path / 'data' / 'new.db'}", create=True)
    with made.write() as session:
        session.connection().execute(text("CREATE TABLE t (x)"))
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "data").iterdir()} == {0}
    made.close()


@ON_SQLITE
def test_somebody_who_writes_just_now_is_no_fault(runtime: Runtime, file: Path) -> None:
    assert running_checks._openable(runtime.settings) == []
    with sqlite3.connect(file) as other:
        other.execute("BEGIN IMMEDIATE")
        assert running_checks._openable(runtime.settings) == []
        other.execute("ROLLBACK")
    other.close()
