"""What work and requests do when the clock jumps back, a thread fails, or PostgreSQL goes away."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.infra.db import Database, ReadSession, WriteSession
from app.infra.errors import Unavailable
from app.infra.http import problems
from app.infra.runtime import Runtime
from app.jobs import queries, registry, runner, service
from app.jobs.models import Job, JobState
from app.jobs.registry import JobContext, handles
from app.jobs.runner import Runner
from tests.conftest import SetClock
from tests.jobs.test_jobs import KIND, planned, promise, stored

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _own_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_handlers", {})
    monkeypatch.setattr(registry, "HANDLER_MODULES", ())


def next_run(database: Database) -> datetime:
    (waiting,) = (job for job in planned(database) if job.state == JobState.QUEUED)
    return waiting.run_at


# --- a clock that is set back ---------------------------------------------


def test_recurring_work_goes_on_when_the_clock_is_set_back(
    database: Database, clock: SetClock, runtime: Runtime
) -> None:
    seen: list[JobContext] = []
    handles(KIND, every=timedelta(minutes=5))(seen.append)
    worker = Runner(runtime)
    worker.plan()
    clock.advance(seconds=5)
    assert worker.run_until_idle() == 1
    worker.plan()  # for five minutes from now
    clock.advance(hours=-1)
    worker.plan()
    assert next_run(database) <= clock() + timedelta(minutes=5)
    # From then on every five minutes, as before.
    for _ in range(4):
        clock.advance(minutes=5, seconds=6)
        worker.run_until_idle()
        worker.plan()
    assert len(seen) == 5
    assert len(planned(database)) <= 2


def test_the_next_run_is_not_counted_from_a_run_in_the_future(
    database: Database, clock: SetClock, runtime: Runtime
) -> None:
    handles(KIND, every=timedelta(minutes=5))(lambda _job: None)
    worker = Runner(runtime)
    worker.plan()
    clock.advance(seconds=5)
    assert worker.run_until_idle() == 1
    clock.advance(hours=-1)  # before the next one was planned
    worker.plan()
    assert next_run(database) == clock() + timedelta(minutes=5)
    assert len(planned(database)) == 1


def test_what_was_to_be_done_at_once_is_done_under_a_clock_set_back(
    database: Database, clock: SetClock, runtime: Runtime
) -> None:
    tried: list[int] = []

    @handles(KIND)
    def _fails_once(job: JobContext) -> None:
        tried.append(job.attempt)
        if job.attempt == 1:
            raise ValueError("not today")

    retried = promise(database, clock)
    assert Runner(runtime).run_until_idle() == 1
    promise(database, clock)
    clock.advance(hours=-1)
    Runner(runtime).plan()
    clock.advance(minutes=21)
    Runner(runtime).run_until_idle()
    clock.advance(minutes=1)
    Runner(runtime).run_until_idle()
    assert sorted(tried) == [1, 1, 2, 2]
    assert stored(database, retried).state == "done"


def test_a_dead_worker_s_claim_ends_under_a_clock_set_back(
    database: Database, clock: SetClock, runtime: Runtime
) -> None:
    job_id = promise(database, clock)
    with database.write() as session:
        service.claim(session, kinds={KIND}, worker="dead", at=clock(), lease=timedelta(seconds=30))
    clock.advance(hours=-1)
    handles(KIND)(lambda _job: None)
    Runner(runtime).plan()
    clock.advance(seconds=121)
    assert Runner(runtime).run_until_idle() == 1
    assert stored(database, job_id).state == "done"


def test_what_a_killed_process_of_this_machine_held_is_taken_up_at_once(
    database: Database, clock: SetClock, runtime: Runtime
) -> None:
    handles(KIND)(lambda _job: None)
    worker = Runner(runtime)
    host = worker._worker.rpartition(":")[0]
    # One that is no more, one that had our own number, one that lives, one of another machine.
    holders = [f"{host}:{2**22 + 1}", worker._worker, f"{host}:1", "elsewhere:7"]
    held = []
    for holder in holders:
        held.append(promise(database, clock))
        with database.write() as session:
            service.claim(session, kinds={KIND}, worker=holder, at=clock(), lease=timedelta(seconds=30))
    assert worker.take_over() == 2
    assert worker.run_until_idle() == 2
    assert [stored(database, one).state for one in held] == ["done", "done", "running", "running"]
    assert worker.take_over() == 0


def test_an_appointment_of_the_calendar_stays_one(
    database: Database, clock: SetClock, runtime: Runtime
) -> None:
    handles(KIND)(lambda _job: None)
    when = clock() + timedelta(minutes=10)
    job_id = promise(database, clock, run_at=when)
    clock.advance(hours=-1)
    worker = Runner(runtime)
    worker.plan()
    assert stored(database, job_id).run_at == when
    with database.read() as session:
        # It was looked at, and is not looked at again and again.
        assert not queries.lie_ahead(session, at=clock())


def test_a_clock_that_runs_on_moves_nothing(database: Database, clock: SetClock, runtime: Runtime) -> None:
    handles(KIND, every=timedelta(minutes=5))(lambda _job: None)
    promise(database, clock)
    promise(database, clock, run_at=clock() + timedelta(days=3))
    Runner(runtime).plan()
    before = rows(database)
    for _ in range(3):
        with database.read() as session:
            assert not queries.lie_ahead(session, at=clock())
        with database.write() as session:
            schedules = {KIND: timedelta(minutes=5)}
            assert service.keep_to_the_clock(session, at=clock(), schedules=schedules) == 0
        clock.advance(seconds=1)
    assert rows(database) == before


def rows(database: Database) -> list[tuple[UUID, object, object]]:
    with database.read() as session:
        query = text("SELECT id, run_at, created_at FROM job ORDER BY id")
        return [tuple(row) for row in session.connection().execute(query)]


# --- threads that fail ----------------------------------------------------


@ON_SQLITE
def test_a_lane_goes_on_after_anything(
    database: Database, clock: SetClock, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "AFTER_FAILURE_SECONDS", 0.05)
    done, failures = threading.Event(), iter([PoolTimeout("all taken"), RuntimeError("odd"), MemoryError()])

    def fail(*_: object) -> None:
        if (failure := next(failures, None)) is not None:
            raise failure

    handles(KIND)(lambda _job: done.set())
    event.listen(database.engine, "before_cursor_execute", fail)
    worker = Runner(runtime, threads_per_lane=1)
    worker.start()
    try:
        promise_once(database, clock)
        assert done.wait(60)
        assert worker.alive
    finally:
        worker.stop()
    assert worker.alive


def promise_once(database: Database, clock: SetClock) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            promise(database, clock)
        except (Unavailable, RuntimeError, MemoryError):
            continue
        return


@ON_SQLITE
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ends_is_seen_and_ends_the_process(runtime: Runtime) -> None:
    worker = Runner(runtime, threads_per_lane=1)
    worker._loop = lambda _lane: None  # type: ignore[method-assign]
    assert worker.run_forever() is False


# --- a database that goes away ---------------------------------------------


def ends_while_reading(database: Database) -> None:
    with database.read() as session:
        pid = session.connection().execute(text("SELECT pg_backend_pid()")).scalar_one()
        terminate(database, pid)
        session.connection().execute(text("SELECT 1"))


def ends_after_reading(database: Database) -> None:
    with database.read() as session:
        pid = session.connection().execute(text("SELECT pg_backend_pid()")).scalar_one()
        terminate(database, pid)


def ends_while_writing(database: Database) -> None:
    with database.write() as session:
        pid = session.connection().execute(text("SELECT pg_backend_pid()")).scalar_one()
        terminate(database, pid)
        session.connection().execute(text("SELECT 1"))


def ends_at_the_commit(database: Database) -> None:
    with database.write() as session:
        pid = session.connection().execute(text("SELECT pg_backend_pid()")).scalar_one()
        terminate(database, pid)


def ends_while_a_refusal_is_on_its_way(database: Database) -> None:
    with database.write() as session:
        pid = session.connection().execute(text("SELECT pg_backend_pid()")).scalar_one()
        terminate(database, pid)
        raise Unavailable("database_busy")


def terminate(database: Database, pid: int) -> None:
    with database.engine.connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    time.sleep(0.1)


@ON_POSTGRESQL
@pytest.mark.parametrize(
    ("happens", "codes"),
    [
        (ends_while_reading, {"database_unavailable"}),
        # What was read was read: whether the farewell is heard makes no difference to whoever asked.
        (ends_after_reading, {"database_unavailable", ""}),
        (ends_while_writing, {"database_unavailable"}),
        (ends_at_the_commit, {"outcome_unknown"}),
        (ends_while_a_refusal_is_on_its_way, {"database_unavailable", "database_busy"}),
    ],
)
def test_a_postgresql_that_goes_away_is_503_and_never_500(
    database: Database, happens: Callable[[Database], None], codes: set[str]
) -> None:
    code = ""
    try:
        happens(database)
    except Unavailable as error:
        code = error.code
    assert code in codes
    with database.write() as session:
        assert session.connection().execute(text("SELECT 1")).scalar_one() == 1


@ON_POSTGRESQL
def test_over_http_it_is_503_too(database: Database) -> None:
    app = FastAPI()
    app.state.database = database
    problems.install(app)

    def gone(session: ReadSession | WriteSession) -> None:
        pid = session.connection().execute(text("SELECT pg_backend_pid()")).scalar_one()
        terminate(database, pid)

    @app.get("/reads")
    def reads(session: ReadSession) -> str:
        gone(session)
        session.connection().execute(text("SELECT 1"))
        return "read"

    @app.post("/writes")
    def writes(session: WriteSession) -> str:
        gone(session)
        return "written"

    with TestClient(app, raise_server_exceptions=False) as client:
        read, written = client.get("/reads"), client.post("/writes")
    assert (read.status_code, read.json()["code"]) == (503, "database_unavailable")
    assert (written.status_code, written.json()["code"]) == (503, "outcome_unknown")


@ON_SQLITE
def test_connections_that_are_all_taken_are_503(database: Database, runtime: Runtime) -> None:
    del runtime

    def refuse(*_: object) -> None:
        raise PoolTimeout("all taken")

    event.listen(database.engine, "before_cursor_execute", refuse)
    with pytest.raises(Unavailable), database.read() as session:
        session.get(Job, UUID(int=1))
