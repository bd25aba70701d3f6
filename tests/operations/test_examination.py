"""Every state that hurts is told, by its code, with what to do; and a well installation is called well."""

import json
import re
import shutil
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import select

from app.audit import log
from app.audit import service as audit
from app.domain.vocabulary import Event
from app.infra import migrate
from app.infra.clock import beijing, system_clock
from app.infra.ids import new_id
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.jobs import service as jobs
from app.jobs.models import Job, JobState
from app.main import create_app
from app.operations import checks, installation
from app.operations.examine import errors, examine
from app.operations.faults import WORDS, Fault, Gravity
from app.operations.models import ProcessBeat
from app.operations.pulse import LOST_SECONDS, Pulse
from app.operations.readiness import Readiness
from app.webhooks.models import WebhookEndpoint
from tests.cli.processes import ROOT, run

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def found(runtime: Runtime, **more: Any) -> set[str]:
    """Return the codes of what an examination finds wrong, beside mere notes.

    In December it also tells that next year's calendar is missing, until that one is published and shipped.
    """
    settings = runtime.settings.model_copy(update=more)
    to_come = Fault("year_unknown", {"year": beijing(runtime.clock()).year + 1}, Gravity.WARNING)
    faults = [fault for section in examine(settings) for fault in section.faults if fault != to_come]
    return {fault.code for fault in faults if fault.level is not Gravity.NOTE}


def asked(runtime: Runtime) -> tuple[set[str], bool]:
    """Return the codes that `/readyz` finds now, and whether it calls the process ready."""
    faults = Readiness(runtime).faults()
    return {fault.code for fault in faults}, not any(fault.stops for fault in faults)


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
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=checks.FULL_BYTES - 1))
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
    steadiness = checks.Steadiness()
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


# --- what somebody has to look at -----------------------------------------


def beat(runtime: Runtime, *, serves: bool, works: bool, ago: float = 0, version: str = "0") -> None:
    at = runtime.clock()
    with runtime.database.write() as session:
        session.add(
            ProcessBeat(
                id=new_id(),
                serves=serves,
                works=works,
                host="elsewhere",
                pid=7,
                version=version,
                started_at=at,
                seen_at=at - timedelta(seconds=ago),
            )
        )


@pytest.mark.parametrize(
    ("beats", "codes"),
    [
        ([(True, True, 0, "1")], set()),
        ([(True, False, 0, "1")], {"no_worker"}),
        ([(True, False, 0, "1"), (False, True, 0, "1")], set()),
        ([(True, False, 0, "1"), (False, True, 9, "1")], {"worker_lost"}),
        ([(True, True, 9, "1")], {"worker_lost"}),
        ([(True, False, 9, "1"), (False, True, 0, "1")], {"server_lost"}),
        ([(True, False, 0, "1"), (False, True, 9, "1"), (False, True, 0, "1")], set()),
        ([(True, True, 0, "1"), (True, True, 0, "2")], {"versions_differ"}),
    ],
)
@ON_SQLITE
def test_processes_that_are_missing(
    installed: Runtime, beats: list[tuple[bool, bool, float, str]], codes: set[str]
) -> None:
    for serves, works, ago, version in beats:
        beat(installed, serves=serves, works=works, ago=ago, version=version)
    with installed.database.read() as session:
        faults = checks.work(session, at=installed.clock())
    assert {fault.code for fault in faults if fault.level is not Gravity.NOTE} == codes
    assert not any(fault.stops for fault in faults)


def test_a_pulse_is_seen_and_ends_without_a_trace(installed: Runtime) -> None:
    pulse = Pulse(installed, serves=True, works=True)
    pulse.start()
    beat(installed, serves=False, works=True, ago=100_000)
    with installed.database.read() as session:
        (alive,) = checks.alive(session, at=installed.clock())
    assert (alive.id, alive.serves, alive.works, pulse.fault) == (pulse.id, True, True, None)
    pulse.stop()
    # The next start forgets what was lost long ago.
    again = Pulse(installed, serves=True, works=False)
    again.start()
    again.stop()
    with installed.database.read() as session:
        assert session.exec(select(ProcessBeat)).all() == []


@ON_SQLITE
def test_a_pulse_that_cannot_be_stored_is_no_longer_ready(
    installed: Runtime, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.operations.pulse.BEAT_SECONDS", 0.05)
    readiness = Readiness(installed)
    readiness.pulse = Pulse(installed, serves=True, works=True)
    readiness.pulse.start()
    log = Path(database_url.removeprefix("sqlite:///") + "-wal")
    log.unlink()
    readiness.pulse._over.wait(1)
    assert readiness.pulse.fault == "database_gone"
    # The file itself is there, and what was read before is: whoever opens it anew cannot write either.
    stops = {fault.code for fault in readiness.faults() if fault.stops}
    assert stops
    assert stops <= {"database_gone", "database_read_only", "database_unavailable"}
    readiness.pulse.stop()
    assert LOST_SECONDS < 10


def test_work_that_waits_or_was_given_up(installed: Runtime) -> None:
    at = installed.clock()
    with installed.database.write() as session:
        late = jobs.enqueue(session, "test.late", {}, at=at - timedelta(minutes=6))
        dead = jobs.enqueue(session, "test.dead", {}, at=at)
        session.get_one(Job, dead).state = JobState.DEAD
        assert late != dead
    assert {"jobs_overdue", "jobs_dead"} <= found(installed)
    assert asked(installed)[1]


def test_a_record_whose_ends_were_cut_off(installed: Runtime) -> None:
    with installed.database.write() as session:
        ahead = text("UPDATE audit_head SET seq = seq + 1 WHERE stream LIKE 'draft:%'")
        session.connection().execute(ahead)
    assert "record_heads" in found(installed)
    assert "record_altered" in {fault.code for fault in errors(examine(installed.settings, full=True))}


def keys_open(runtime: Runtime) -> dict[str, Any]:
    (runtime.settings.data_dir / "keys" / "signing.pem").chmod(0o644)
    return {}


def key_gone(runtime: Runtime) -> dict[str, Any]:
    (runtime.settings.data_dir / "keys" / "token.pem").unlink()
    return {}


def key_no_key(runtime: Runtime) -> dict[str, Any]:
    (runtime.settings.data_dir / "keys" / "token.pem").write_text("no key")
    return {}


def key_another(runtime: Runtime) -> dict[str, Any]:
    from app.infra.signing import load_signer

    (runtime.settings.data_dir / "keys" / "signing.pem").unlink()
    load_signer(runtime.settings.data_dir / "keys" / "signing.pem", create=True)
    return {}


def secret_another(_runtime: Runtime) -> dict[str, Any]:
    return {"secret_key": SecretStr("0f3e8a9c77d1b24e6a5590cc18e2f7ab")}


def secret_weak(_runtime: Runtime) -> dict[str, Any]:
    return {"secret_key": SecretStr("a" * 40)}


def folder_open(runtime: Runtime) -> dict[str, Any]:
    runtime.settings.data_dir.chmod(0o755)
    return {}


def folder_writable(runtime: Runtime) -> dict[str, Any]:
    runtime.settings.data_dir.chmod(0o777)
    return {}


def mail_away(_runtime: Runtime) -> dict[str, Any]:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        return {"smtp_host": "127.0.0.1", "smtp_port": nobody.getsockname()[1], "smtp_from": "a@example.org"}


def hook_not_listed(runtime: Runtime) -> dict[str, Any]:
    with runtime.database.write() as session:
        unit = session.connection().execute(text("SELECT id, path FROM unit LIMIT 1")).one()
        session.connection().execute(
            WebhookEndpoint.__table__.insert(),  # type: ignore[attr-defined]
            {
                "id": new_id(),
                "unit_id": new_id_of(unit[0]),
                "unit_path": unit[1],
                "url": "https://cms.example.org/hook",
                "events": "[]",
                "active": True,
                "failures": 0,
                "created_at": runtime.clock(),
            },
        )
    return {}


def new_id_of(value: Any) -> Any:
    from uuid import UUID

    return value if isinstance(value, UUID) else UUID(value)


def foreign(runtime: Runtime) -> dict[str, Any]:
    installation.mark(runtime.settings.data_dir, new_id())
    return {}


def year_passed(runtime: Runtime) -> dict[str, Any]:
    own = runtime.settings.data_dir / "policies"
    shutil.copytree(shipped("policies"), own)
    (own / "calendar" / f"{runtime.clock().year}.yaml").unlink()
    return {}


@ON_SQLITE
@pytest.mark.parametrize(
    ("happens", "codes"),
    [
        (keys_open, {"key_open"}),
        (key_gone, {"key_missing"}),
        (key_no_key, {"key_bad"}),
        (key_another, {"key_changed"}),
        (secret_another, {"key_changed", "secrets_sealed"}),
        (secret_weak, {"key_changed", "secrets_sealed", "secret_weak"}),
        (folder_open, {"folder_open"}),
        (folder_writable, {"folder_open"}),
        (mail_away, {"mail_refused"}),
        (hook_not_listed, {"hook_not_listed"}),
        (foreign, {"foreign_database"}),
        (year_passed, {"year_unknown"}),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_what_only_an_examination_sees(
    installed: Runtime, happens: Callable[[Runtime], dict[str, Any]], codes: set[str]
) -> None:
    more = happens(installed)
    assert found(installed, **more) == codes


@ON_POSTGRESQL
def test_a_role_without_its_rights(installed: Runtime, database_url: str) -> None:
    with installed.database.engine.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS sanshen_little"))
        connection.execute(text("CREATE ROLE sanshen_little LOGIN"))
        connection.execute(text("GRANT USAGE ON SCHEMA public TO sanshen_little"))
        connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO sanshen_little"))
    url = database_url.replace("//sanshen@", "//sanshen_little@")
    try:
        assert "role_lacks" in found(installed, database_url=url)
    finally:
        with installed.database.engine.begin() as connection:
            connection.execute(text("DROP OWNED BY sanshen_little"))
            connection.execute(text("DROP ROLE sanshen_little"))


@ON_POSTGRESQL
def test_the_owner_of_the_tables_is_told(installed: Runtime, database_url: str) -> None:
    def told() -> set[str]:
        sections = examine(installed.settings.model_copy(update={"database_url": url}))
        return {fault.code for one in sections for fault in one.faults}

    owner, little = "sanshen_owner", "sanshen_little"
    with installed.database.engine.begin() as connection:
        for role in (owner, little):
            connection.execute(text(f"DROP ROLE IF EXISTS {role}"))
            connection.execute(text(f"CREATE ROLE {role} LOGIN"))
            connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {role}"))
            connection.execute(text(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"))
        connection.execute(text(f"ALTER TABLE audit_event OWNER TO {owner}"))
    try:
        url = database_url.replace("//sanshen@", f"//{owner}@")
        assert "role_owner" in told()
        url = database_url.replace("//sanshen@", f"//{little}@")
        assert "role_owner" not in told()
    finally:
        with installed.database.engine.begin() as connection:
            connection.execute(text("ALTER TABLE audit_event OWNER TO sanshen"))
            for role in (owner, little):
                connection.execute(text(f"DROP OWNED BY {role}"))
                connection.execute(text(f"DROP ROLE {role}"))


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
