"""The record: chained, insert-only, monotone, readable to the audit administrator alone."""

import threading
from datetime import timedelta
from functools import partial

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.audit import queries, service, verification
from app.audit.service import AuditActor
from app.domain.record.chain import FaultCode
from app.domain.vocabulary import Event
from app.infra.db import Database, statements
from app.infra.errors import Conflict
from app.infra.runtime import Runtime
from tests import factories
from tests.conftest import SetClock

pytestmark = pytest.mark.both_databases

STREAM = "draft:0190"
PERSON = AuditActor(id=None, name="张三", role="editor", unit="u")


def record(database: Database, clock: SetClock, count: int = 1, stream: str = STREAM) -> None:
    with database.write() as session:
        for number in range(count):
            service.record(
                session,
                Event.DRAFT_REVISED,
                stream=stream,
                actor=PERSON,
                at=clock(),
                data={"n": number},
                private={"comment": "请核实"},
            )


def test_events_are_chained_and_receipts_name_them(database: Database, clock: SetClock) -> None:
    with database.write() as session:
        first = service.record(session, Event.DRAFT_CREATED, stream=STREAM, actor=PERSON, at=clock())
        second = service.record(session, Event.DRAFT_REVISED, stream=STREAM, actor=PERSON, at=clock())
    with database.read() as session:
        one, other = queries.events(session, STREAM)
        assert (one.seq, one.leaf, one.id) == (1, first.leaf, first.event_id)
        assert (other.seq, other.leaf, other.body["prev"]) == (2, second.leaf, first.leaf)
        assert queries.verify_stream(session, STREAM).faults == ()


def test_names_and_words_stand_apart_from_the_body(database: Database, clock: SetClock) -> None:
    record(database, clock)
    with database.read() as session:
        (found,) = queries.events(session, STREAM)
        assert found.private == {"actor_name": "张三", "comment": "请核实"}
        assert "张三" not in str(found.body)
        assert set(found.body["private"]) == {"actor_name", "comment"}


def test_time_never_runs_backwards_in_a_stream(database: Database, clock: SetClock) -> None:
    record(database, clock)
    clock.advance(hours=-1)
    record(database, clock)
    with database.read() as session:
        one, other = queries.events(session, STREAM)
        assert one.body["ts"] == other.body["ts"]


def test_all_events_of_a_transaction_cost_four_statements(database: Database, clock: SetClock) -> None:
    record(database, clock)
    seen: list[str] = []
    token = statements.set(seen)
    record(database, clock, count=5)
    statements.reset(token)
    assert len([one for one in seen if not one.startswith("BEGIN")]) == 4


def test_a_rolled_back_transition_leaves_no_event(database: Database, clock: SetClock) -> None:
    record(database, clock)

    def refused() -> None:
        with database.write() as session:
            service.record(session, Event.DRAFT_REVISED, stream=STREAM, actor=PERSON, at=clock())
            session.flush()
            raise Conflict("concurrent_change")

    with pytest.raises(Conflict):
        refused()
    with database.read() as session:
        assert len(queries.events(session, STREAM)) == 1
        assert verification.verify(session).faults == ()


def test_many_writers_make_one_chain(database: Database, clock: SetClock) -> None:
    failed: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(10):
                record(database, clock)
        except BaseException as error:  # noqa: BLE001 – told below
            failed.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with database.read() as session:
        verified = verification.verify(session, prefix=STREAM)
        assert (verified.streams, verified.events, verified.faults) == (1, 40, ())


FORBIDDEN = [
    "UPDATE audit_event SET action = 'x'",
    "UPDATE audit_event SET body = '{}' WHERE seq = 2",
    "DELETE FROM audit_event",
    "DELETE FROM audit_event WHERE seq = 3",
    "DELETE FROM audit_head",
    "UPDATE audit_head SET seq = 1",
    "UPDATE audit_head SET stream = 'x'",
]
ONLY_SQLITE = ["INSERT OR REPLACE INTO audit_event SELECT * FROM audit_event"]
ONLY_POSTGRESQL = [
    "TRUNCATE audit_event CASCADE",
    "TRUNCATE audit_head",
    "SET session_replication_role = replica; DELETE FROM audit_event",
]


def test_the_tables_refuse_every_change(database: Database, clock: SetClock) -> None:
    record(database, clock, count=3)
    for statement in FORBIDDEN + (ONLY_SQLITE if database.is_sqlite else ONLY_POSTGRESQL):
        with pytest.raises(Conflict), database.write() as session:
            session.connection().execute(text(statement))
    with database.read() as session:
        assert verification.verify(session).faults == ()
        assert len(queries.events(session, STREAM)) == 3


def without_triggers(database: Database, *changes: str) -> None:
    """Change the record as an administrator of the database could who takes the triggers away first."""
    names = ("audit_event", "audit_head", "audit_private")
    with database.write() as session:
        connection = session.connection()
        if database.is_sqlite:
            listed = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit_%'"
            for (trigger,) in connection.execute(text(listed)).all():
                connection.execute(text(f"DROP TRIGGER {trigger}"))
        else:
            for name in names:
                connection.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
        for change in changes:
            connection.exec_driver_sql(change)


@pytest.mark.parametrize(
    ("change", "code", "seq"),
    [
        (
            "UPDATE audit_event SET body = replace(body, 'draft.revised', 'draft.created') WHERE seq = 2",
            FaultCode.LEAF_DIFFERS,
            2,
        ),
        ("UPDATE audit_event SET action = 'draft.created' WHERE seq = 2", FaultCode.COLUMN_DIFFERS, 2),
        ("DELETE FROM audit_event WHERE seq = 3", FaultCode.TAIL_MISSING, 2),
        ("DELETE FROM audit_event WHERE seq = 2", FaultCode.EVENTS_MISSING, 3),
        ("DELETE FROM audit_event WHERE seq = 1", FaultCode.EVENTS_MISSING, 2),
        ("UPDATE audit_event SET seq = 9 WHERE seq = 2", FaultCode.COLUMN_DIFFERS, 2),
        (
            f"UPDATE audit_head SET leaf = '{'0' * 64}' WHERE stream = '{STREAM}'",
            FaultCode.HEAD_DIFFERS,
            3,
        ),
        (
            "UPDATE audit_private SET openings = replace(openings, '张三', '李四')",
            FaultCode.PRIVATE_DIFFERS,
            1,
        ),
        ("UPDATE audit_private SET openings = 'nonsense'", FaultCode.PRIVATE_UNKNOWN, 1),
        ("DELETE FROM audit_head", FaultCode.HEAD_DIFFERS, 0),
        ("DELETE FROM audit_private; DELETE FROM audit_event", FaultCode.TAIL_MISSING, 0),
    ],
)
def test_what_gets_past_the_triggers_is_found(
    database: Database, clock: SetClock, change: str, code: FaultCode, seq: int
) -> None:
    record(database, clock, count=3)
    foreign = ["PRAGMA defer_foreign_keys = ON"] if database.is_sqlite else ["SET CONSTRAINTS ALL DEFERRED"]
    doomed = (
        ""
        if "private" in change
        else "DELETE FROM audit_private WHERE event_id IN (SELECT id FROM audit_event);"
    )
    steps = [
        *foreign,
        *(
            (doomed + change).split(";")
            if change.startswith("DELETE FROM audit_event")
            else change.split(";")
        ),
    ]
    without_triggers(database, *(one for one in steps if one.strip()))
    with database.read() as session:
        faults = {(one.code, one.seq) for one in verification.verify(session).faults}
    assert (code, seq) in faults


def test_erased_data_is_redacted_and_the_chain_stays_whole(database: Database, clock: SetClock) -> None:
    record(database, clock, count=2)
    with database.write() as session:
        (one, _) = queries.events(session, STREAM)
        erase = partial(service.erase, session, one.id, actor=PERSON, at=clock(), reason="personal_data_law")
        assert erase(fields=frozenset({"comment", "nothing"})) == 1
        assert erase(fields=frozenset({"comment"})) == 0
    with database.read() as session:
        verified = verification.verify(session)
        assert (verified.faults, verified.redacted) == ((), 1)
        (one, _, said) = queries.events(session, STREAM)
        assert one.private == {"actor_name": "张三", "comment": None}
        assert (said.action, said.body["data"]) == ("record.erased", {"seq": 1, "fields": ["comment"]})


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_private SET openings = '{}'",
        'UPDATE audit_private SET openings = \'{"actor_name": {"salt": "", "value": null}}\'',
        "DELETE FROM audit_private",
    ],
)
def test_openings_that_were_emptied_without_an_event_are_found(
    database: Database, clock: SetClock, change: str
) -> None:
    record(database, clock, count=2)
    with pytest.raises(Conflict), database.write() as session:
        session.connection().exec_driver_sql(change)
    without_triggers(database, change)
    with database.read() as session:
        verified = verification.verify(session, prefix=STREAM)
    assert verified.redacted == 0
    assert [(one.code, one.seq, one.data["field"]) for one in verified.faults] == [
        (FaultCode.ERASED_UNRECORDED, seq, name) for seq in (1, 2) for name in ("actor_name", "comment")
    ]


def test_a_long_stream_is_walked_in_parts(database: Database, clock: SetClock) -> None:
    record(database, clock, count=queries.BATCH + 3)
    told: list[tuple[int, int]] = []
    with database.read() as session:
        verified = verification.verify(
            session, prefix=STREAM, progress=lambda done, of: told.append((done, of))
        )
    assert (verified.events, verified.faults, told) == (queries.BATCH + 3, (), [(1, 1)])


URL = f"/api/v1/audit/streams/{STREAM}"


@pytest.fixture
def people(runtime: Runtime, clock: SetClock) -> factories.Bureau:
    with runtime.database.write() as session:
        return factories.bureau(session, clock())


@pytest.mark.usefixtures("people")
def test_the_record_is_the_audit_administrator_s(
    client: TestClient, database: Database, clock: SetClock
) -> None:
    record(database, clock, count=3)
    for path in (f"{URL}/events", f"{URL}/verification"):
        assert client.get(path).json()["code"] == "unauthenticated"
        for login in ("editor", "system_admin", "security_admin"):
            refused = client.get(path, headers=factories.signed_in(client, login))
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    headers = factories.signed_in(client, "audit_admin")
    page = client.get(f"{URL}/events", headers=headers, params={"limit": 2}).json()
    assert [one["seq"] for one in page["events"]] == [1, 2]
    page = client.get(
        f"{URL}/events", headers=headers, params={"after": page["next_after"], "limit": 2}
    ).json()
    assert ([one["seq"] for one in page["events"]], page["next_after"]) == ([3], None)
    whole = client.get(f"{URL}/verification", headers=headers).json()
    assert (whole["whole"], whole["events"], whole["faults"]) == (True, 3, [])
    assert client.get("/api/v1/audit/streams/draft:none/verification", headers=headers).status_code == 404


@pytest.mark.usefixtures("people")
def test_a_touched_stream_is_told_over_the_api(
    client: TestClient, database: Database, clock: SetClock
) -> None:
    record(database, clock, count=3)
    without_triggers(
        database,
        "UPDATE audit_event SET body = replace(body, '\"n\":1', '\"n\":7') WHERE seq = 2 "
        f"AND stream = '{STREAM}'",
    )
    headers = factories.signed_in(client, "audit_admin")
    told = client.get(f"{URL}/verification", headers=headers).json()
    assert not told["whole"]
    assert {"code": "leaf_differs", "seq": 2, "data": {}} in told["faults"]


def test_a_clock_far_ahead_does_not_stop_the_record(database: Database, clock: SetClock) -> None:
    clock.advance(days=1)
    record(database, clock)
    clock.now -= timedelta(days=1)
    record(database, clock)
    with database.read() as session:
        assert verification.verify(session).faults == ()
