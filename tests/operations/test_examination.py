"""Every state that hurts is told, by its code, with what to do; and a well installation is called well."""

import json
import re
import shutil
import socket
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import select

from app.audit import log
from app.audit import service as audit
from app.audit.models import AuditEvent
from app.domain.vocabulary import Event, Role
from app.identity.access import SYSTEM
from app.identity.models import User
from app.identity.roles import alone
from app.identity.roles.service import grant_role
from app.infra import migrate
from app.infra.clock import system_clock
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.infra.settings import Environment
from app.main import create_app
from app.operations import installation, running_checks
from app.operations.doctor import errors, examine
from app.operations.faults import WORDS, Fault, Gravity
from app.operations.readiness import Readiness
from app.words.labels import label
from tests.cli.processes import ROOT, run
from tests.operations.examined import ON_POSTGRESQL, ON_SQLITE, asked, found


def test_a_well_installation_is_called_well(installed: Runtime) -> None:
    assert found(installed) == set()
    assert asked(installed) == (set(), True)
    assert errors(examine(installed.settings, full=True)) == []


def test_a_checkpoint_in_the_folder_that_the_database_lacks_is_found(installed: Runtime) -> None:
    log.advance(installed.database, installed.signer, installed.settings.checkpoints, at=system_clock())
    assert errors(examine(installed.settings, full=True)) == []
    for file in installed.settings.checkpoints.glob("*.txt"):
        file.write_text("gone")
    assert {one.code for one in errors(examine(installed.settings, full=True))} == {"record_altered"}


def test_roles_that_were_given_alone_are_named_and_said_on_record_once(installed: Runtime) -> None:
    """Older versions gave roles at the machine and said nothing of a second person."""
    with installed.database.write() as session:
        user = session.exec(select(User).where(User.login == "tongxun")).one()
        giving = {"user_id": user.id, "unit_id": user.unit_id, "actor": SYSTEM, "at": installed.clock()}
        for role in (Role.READER, Role.PUBLISHER):
            grant_role(session, role=role, **giving)
    told = [fault for section in examine(installed.settings) for fault in section.faults]
    [fault] = [one for one in told if one.code == "granted_alone"]
    assert fault.level is Gravity.NOTE
    with installed.database.read() as session:
        given = alone.given_alone(session)
        users = {one.user.id for one in given}
    assert fault.data["count"] == len(given) == 2
    assert "（系统管理员）" not in str(fault.data["grants"])
    assert "granted_alone" in found(installed, environment=Environment.PRODUCTION)
    with installed.database.write() as session:
        assert alone.put_on_record(session, named=label, at=installed.clock()) == len(given)
    with installed.database.write() as session:
        assert alone.put_on_record(session, named=label, at=installed.clock()) == 0
    with installed.database.read() as session:
        said = session.exec(select(AuditEvent).where(AuditEvent.action == Event.ROLE_FOUND_ALONE)).all()
    assert {one.stream for one in said} == {f"user:{user}" for user in users}
    assert {json.loads(one.body)["data"]["second_person"] for one in said} == {"none"}


def test_every_fault_has_words() -> None:
    used = {
        code
        for path in (ROOT / "app").rglob("*.py")
        for code in re.findall(r'\bFault\(\s*"([a-z_]+)"', path.read_text(encoding="utf-8"))
        if "operations" in path.parts
    }
    assert len(used) > 30
    assert used <= WORDS.keys()
    for code, sentences in WORDS.items():
        assert all(one.endswith("。") for one in sentences), code


# --- what stops the service -----------------------------------------------


def test_tables_that_are_not_this_version_s(installed: Runtime, database_url: str) -> None:
    migrate.downgrade(database_url, "0018_timing")
    assert asked(installed) == ({"schema_behind"}, False)
    assert "schema_behind" in found(installed)


@ON_SQLITE
def test_a_database_that_is_gone(installed: Runtime, database_url: str) -> None:
    Path(database_url.removeprefix("sqlite:///")).unlink()
    assert asked(installed) == ({"database_gone"}, False)
    assert found(installed) == {"database_gone"}


@ON_POSTGRESQL
def test_a_database_that_does_not_answer(installed: Runtime) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"postgresql://sanshen@127.0.0.1:{nobody.getsockname()[1]}/none"
        assert found(installed, database_url=url) == {"database_unavailable"}


@ON_POSTGRESQL
def test_a_database_that_may_only_be_read(installed: Runtime, database_url: str) -> None:
    name = database_url.rpartition("/")[2]
    with installed.database.engine.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
        connection.commit()
    installed.database.close()
    assert asked(installed) == ({"database_read_only"}, False)


@ON_SQLITE
def test_a_disk_without_room(installed: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(installed.settings.data_dir)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=running_checks.FULL_BYTES - 1))
    assert asked(installed) == ({"disk_full"}, False)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=usage.total // 50))
    low = asked(installed)
    assert low in (({"disk_low"}, True), (set(), True))


@ON_SQLITE
def test_a_clock_that_was_set_back_and_one_that_was_ahead(installed: Runtime) -> None:
    now = system_clock()
    installed.clock = lambda: now - timedelta(hours=1)
    assert asked(installed) == ({"clock_behind"}, False)
    # A clock that was a year ahead has left its mark; it is right now, and somebody says so.
    installed.clock = system_clock
    with installed.database.write() as session:
        ahead = now + timedelta(days=365)
        audit.record(session, Event.JOB_RETRIED, stream="jobs:dead", actor=audit.SYSTEM, at=ahead)
    assert "clock_behind" in found(installed)
    installation.settle_clock(installed.database)
    assert asked(installed) == (set(), True)
    assert found(installed) == set()


@ON_POSTGRESQL
def test_where_the_database_s_clock_agrees_a_mark_of_the_past_stops_nothing(installed: Runtime) -> None:
    with installed.database.write() as session:
        ahead = system_clock() + timedelta(days=365)
        audit.record(session, Event.JOB_RETRIED, stream="jobs:dead", actor=audit.SYSTEM, at=ahead)
    assert asked(installed) == ({"clock_was_ahead"}, True)


def test_a_clock_that_jumps_while_the_service_runs() -> None:
    steadiness = running_checks.Steadiness()
    assert steadiness.faults() == []
    steadiness._offset -= 3600
    assert [fault.code for fault in steadiness.faults()] == ["clock_jumped"]


@ON_SQLITE
def test_job_threads_that_died(installed: Runtime) -> None:
    readiness = Readiness(installed)
    readiness.working = lambda: False
    assert [fault.code for fault in readiness.faults() if fault.stops] == ["runner_dead"]


@ON_SQLITE
@pytest.mark.parametrize(
    ("file", "text_", "code"),
    [
        ("workflows/standard.yaml", "key: standard\nstages: []\n", "policies_broken"),
        ("workflows/standard.yaml", "key: [", "policies_broken"),
        ("workflows/another.yaml", "\xff\xfe", "policies_broken"),
        ("routing.yaml", "choose: 3\n", "policies_broken"),
        ("calendar/2026.yaml", "holidays: [x]\n", "policies_broken"),
        ("channels.yaml", "channels: {", "channels_broken"),
        ("channels.yaml", None, "channels_broken"),
    ],
)
def test_policy_files_that_are_broken(installed: Runtime, file: str, text_: str | None, code: str) -> None:
    own = installed.settings.data_dir / "policies"
    shutil.copytree(shipped("policies"), own)
    assert asked(installed) == (set(), True)
    if text_ is None:
        (own / file).unlink()
    else:
        (own / file).write_bytes(text_.encode("latin-1"))
    codes, ready = asked(installed)
    # Broken channels stop no service that runs, only its next start.
    assert (codes, ready) == ({code}, code == "channels_broken")
    assert found(installed) == {code}


# --- as it is asked -------------------------------------------------------


@ON_SQLITE
def test_strangers_hear_one_word_and_this_machine_hears_all(installed: Runtime) -> None:
    app = create_app(installed)
    with TestClient(app) as outside, TestClient(app, client=("127.0.0.1", 5)) as inside:
        assert outside.get("/readyz").json() == {"status": "ready"}
        assert inside.get("/readyz").json().keys() == {"status", "policy", "faults"}
        assert outside.get("/readyz").headers["cache-control"] == "no-store"


@ON_SQLITE
def test_the_command_tells_people_and_programs(installed: Runtime, database_url: str, tmp_path: Path) -> None:
    env = {"SANSHEN_DATABASE_URL": database_url, "SANSHEN_DATA_DIR": str(installed.settings.data_dir)}
    installed.settings.data_dir.chmod(0o700)
    well = run("doctor", "--json", cwd=tmp_path, **env)
    secret_changed = run("doctor", cwd=tmp_path, SANSHEN_SECRET_KEY="0f3e8a9c77d1b24e6a5590cc18e2f7ab", **env)
    Path(database_url.removeprefix("sqlite:///")).chmod(0o400)
    read_only = run("doctor", "--json", cwd=tmp_path, mortal=True, **env)

    assert (well.returncode, json.loads(well.stdout)["well"]) == (0, True), well.stdout + well.stderr
    assert secret_changed.returncode == 1
    assert "SANSHEN_SECRET_KEY 与这个数据库以前用的不同" in secret_changed.stdout
    assert "→ 误换的，换回原来的" in secret_changed.stdout
    codes = {fault["code"] for one in json.loads(read_only.stdout)["sections"] for fault in one["faults"]}
    assert read_only.returncode == 1
    assert "database_read_only" in codes


def test_a_fault_tells_what_it_is() -> None:
    assert Fault("disk_full", {"path": "/data", "free": "3 MB"}).said == "/data 所在的磁盘只剩 3 MB。"
