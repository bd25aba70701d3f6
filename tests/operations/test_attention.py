"""What somebody has to look at: each state is told by its code, with what to do."""

import shutil
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import select

from app.infra.ids import new_id
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.jobs import service as jobs
from app.jobs.models import Job, JobState
from app.operations import installation, running_checks
from app.operations.doctor import errors, examine
from app.operations.faults import Gravity
from app.operations.models import ProcessBeat
from app.operations.pulse import LOST_SECONDS, Pulse
from app.operations.readiness import Readiness
from app.webhooks.models import WebhookEndpoint
from tests.operations.examined import ON_POSTGRESQL, ON_SQLITE, asked, found


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
        faults = running_checks.work(session, at=installed.clock())
    assert {fault.code for fault in faults if fault.level is not Gravity.NOTE} == codes
    assert not any(fault.stops for fault in faults)


def test_a_pulse_is_seen_and_ends_without_a_trace(installed: Runtime) -> None:
    pulse = Pulse(installed, serves=True, works=True)
    pulse.start()
    beat(installed, serves=False, works=True, ago=100_000)
    with installed.database.read() as session:
        (alive,) = running_checks.alive(session, at=installed.clock())
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
