"""Durable work: promised with its transaction, done at least once, never by two at once, never lost."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.audit import queries as audit
from app.audit.service import SYSTEM
from app.domain.vocabulary import Event
from app.events.emit import emit
from app.events.payloads.drafts import DraftCreated
from app.infra.db import Database, statements
from app.infra.errors import Conflict
from app.infra.runtime import Runtime
from app.jobs import queries, registry, service
from app.jobs.kinds import JobKind
from app.jobs.models import Job, JobState
from app.jobs.registry import GiveUp, JobContext, Lane, LeaseLost, handles
from app.jobs.runner import LONGEST_WAIT, Runner, wait_before
from tests import factories
from tests.conftest import SetClock

KIND = "test.work"
LEASE = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def _own_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_handlers", {})
    monkeypatch.setattr(registry, "HANDLER_MODULES", ())


@pytest.fixture
def done() -> list[JobContext]:
    """What the handler of KIND has done."""
    seen: list[JobContext] = []
    handles(KIND)(seen.append)
    return seen


def promise(database: Database, clock: SetClock, **more: object) -> UUID:
    with database.write() as session:
        return service.enqueue(session, KIND, {"n": 1}, at=clock(), **more)  # type: ignore[arg-type]


def stored(database: Database, job_id: UUID) -> Job:
    with database.read() as session:
        return session.get_one(Job, job_id)


def test_a_promise_of_a_refused_transaction_is_none(
    database: Database, clock: SetClock, runtime: Runtime, done: list[JobContext]
) -> None:
    def refused() -> None:
        with database.write() as session:
            service.enqueue(session, KIND, {}, at=clock())
            raise Conflict("concurrent_change")

    with pytest.raises(Conflict):
        refused()
    assert Runner(runtime).run_until_idle() == 0
    assert done == []


def test_a_job_is_done_once_with_its_payload(
    database: Database, clock: SetClock, runtime: Runtime, done: list[JobContext]
) -> None:
    job_id = promise(database, clock)
    assert Runner(runtime).run_until_idle() == 1
    assert [(one.id, one.kind, one.payload, one.attempt) for one in done] == [(job_id, KIND, {"n": 1}, 1)]
    assert (stored(database, job_id).state, stored(database, job_id).finished_at) == (JobState.DONE, clock())
    assert Runner(runtime).run_until_idle() == 0


def test_a_job_waits_for_its_time(
    database: Database, clock: SetClock, runtime: Runtime, done: list[JobContext]
) -> None:
    promise(database, clock, run_at=clock() + timedelta(minutes=1))
    assert Runner(runtime).run_until_idle() == 0
    clock.advance(minutes=1)
    assert Runner(runtime).run_until_idle() == 1
    assert len(done) == 1


def test_the_same_wish_twice_is_one_job_until_it_is_begun(
    database: Database, clock: SetClock, runtime: Runtime, done: list[JobContext]
) -> None:
    first, again = promise(database, clock, key="k"), promise(database, clock, key="k")
    assert first == again
    assert promise(database, clock, key="other") != first
    with database.write() as session:
        claimed = service.claim(session, kinds={KIND}, worker="w", at=clock(), lease=LEASE)
    assert claimed is not None
    assert claimed.id == first
    assert promise(database, clock, key="k") != first
    with database.write() as session:
        assert service.put_back(session, first, claimed.fence, run_at=clock(), error="x")
    assert Runner(runtime).run_until_idle() == 3


def test_promises_of_one_transaction_are_one_statement(database: Database, clock: SetClock) -> None:
    seen: list[str] = []
    token = statements.set(seen)
    with database.write() as session:
        for _ in range(3):
            service.enqueue(session, KIND, {}, at=clock())
        service.enqueue(session, JobKind.FAN_OUT, {}, at=clock())
    statements.reset(token)
    assert len([one for one in seen if one.startswith("INSERT")]) == 1


def test_a_failing_job_is_tried_again_later_and_given_up_in_the_end(
    database: Database, clock: SetClock, runtime: Runtime
) -> None:
    tried: list[int] = []

    @handles(KIND, tries=3)
    def _fails(job: JobContext) -> None:
        tried.append(job.attempt)
        raise ValueError("not today")

    job_id = promise(database, clock)
    runner = Runner(runtime)
    for _ in range(5):
        runner.run_until_idle()
        clock.advance(hours=1)
    assert tried == [1, 2, 3]
    found = stored(database, job_id)
    assert (found.state, found.error) == (JobState.DEAD, "ValueError: not today")
    with database.write() as session:
        service.retry(session, job_id, at=clock())
    runner.run_until_idle()
    assert len(tried) == 4


def test_waits_double_up_to_a_quarter_of_an_hour() -> None:
    waits = [wait_before(attempt, luck=0.5) for attempt in range(1, 15)]
    assert waits[:4] == [timedelta(seconds=seconds) for seconds in (1, 2, 4, 8)]
    assert max(waits) == LONGEST_WAIT == waits[-1]
    assert wait_before(1, luck=0) == timedelta(seconds=0.75)
    assert wait_before(1, luck=1) == timedelta(seconds=1.25)


def test_a_dead_worker_s_job_is_taken_over_and_its_late_word_counts_no_more(
    database: Database, clock: SetClock
) -> None:
    job_id = promise(database, clock)

    def claim() -> Job | None:
        with database.write() as session:
            return service.claim(session, kinds={KIND}, worker="w", at=clock(), lease=LEASE)

    first = claim()
    assert first is not None
    clock.advance(seconds=30)
    assert claim() is None
    clock.advance(seconds=1)
    second = claim()
    assert second is not None
    assert (second.id, second.attempt, second.fence) == (job_id, 2, 2)
    with database.write() as session:
        assert not service.beat(session, job_id, first.fence, until=clock() + LEASE)
        assert not service.finish(session, job_id, first.fence, at=clock())
        assert not service.put_back(session, job_id, first.fence, run_at=clock(), error="x")
        assert not service.bury(session, job_id, first.fence, at=clock(), error="x")
        assert not service.holds(session, job_id, first.fence)
        assert service.holds(session, job_id, second.fence)
        assert service.beat(session, job_id, second.fence, until=clock() + LEASE)
        assert service.finish(session, job_id, second.fence, at=clock())


def test_a_handler_that_lost_its_job_writes_nothing(
    database: Database, clock: SetClock, runtime: Runtime
) -> None:
    @handles(KIND)
    def _slow(job: JobContext) -> None:
        clock.advance(minutes=5)
        with database.write() as session:
            service.claim(session, kinds={KIND}, worker="other", at=clock(), lease=LEASE)
        with pytest.raises(LeaseLost), database.write() as session:
            job.guard(session)
        raise LeaseLost

    job_id = promise(database, clock)
    Runner(runtime).run_until_idle()
    found = stored(database, job_id)
    assert (found.state, found.worker) == (JobState.RUNNING, "other")


def test_many_workers_share_the_work_without_doing_any_twice(
    database: Database, clock: SetClock, runtime: Runtime
) -> None:
    seen: list[UUID] = []
    handles(KIND)(lambda job: seen.append(job.id))
    jobs = {promise(database, clock) for _ in range(30)}
    runners = [Runner(runtime) for _ in range(4)]
    threads = [threading.Thread(target=runner.run_until_idle) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(seen), set(seen)) == (30, jobs)


def test_a_commit_wakes_the_workers_and_stopping_waits_for_them(
    database: Database, clock: SetClock, runtime: Runtime
) -> None:
    begun, ended = threading.Event(), threading.Event()

    @handles(KIND, lane=Lane.ROBOTS)
    def _takes_a_moment(_job: JobContext) -> None:
        begun.set()
        time.sleep(0.2)
        ended.set()

    runner = Runner(runtime, threads_per_lane=1)
    runner.start()
    try:
        promise(database, clock)
        assert begun.wait(60)
    finally:
        runner.stop()
    assert ended.is_set()
    assert database.after_commit == []
    with database.read() as session:
        assert [job.state for job in session.exec(select(Job)).all()] == [JobState.DONE]


def test_a_slow_lane_does_not_hold_up_the_other(
    database: Database, clock: SetClock, runtime: Runtime
) -> None:
    release, quick = threading.Event(), threading.Event()
    handles("test.slow", lane=Lane.ROBOTS)(lambda _job: release.wait(120) and None)
    handles(KIND)(lambda _job: quick.set())
    runner = Runner(runtime, threads_per_lane=1)
    runner.start()
    try:
        with database.write() as session:
            service.enqueue(session, "test.slow", {}, at=clock())
            service.enqueue(session, KIND, {}, at=clock())
        assert quick.wait(60)
    finally:
        release.set()
        runner.stop()


def test_a_heartbeat_keeps_a_long_job(database: Database, runtime: Runtime) -> None:
    runtime.clock = lambda: datetime.now(UTC)
    taken: list[Job | None] = []

    @handles(KIND)
    def _long(_job: JobContext) -> None:
        time.sleep(2.5)
        with database.write() as session:
            taken.append(service.claim(session, kinds={KIND}, worker="w", at=datetime.now(UTC), lease=LEASE))

    with database.write() as session:
        service.enqueue(session, KIND, {}, at=datetime.now(UTC))
    Runner(runtime, lease=timedelta(seconds=1.5)).run_until_idle()
    assert taken == [None]


def test_two_handlers_of_one_kind_are_a_mistake() -> None:
    handles(KIND)(lambda _job: None)
    other = lambda _job: None  # noqa: E731
    other.__module__ = "elsewhere"
    with pytest.raises(ValueError, match=KIND):
        handles(KIND)(other)


def test_jobs_that_make_each_other_are_told_of(database: Database, clock: SetClock, runtime: Runtime) -> None:
    handles(KIND)(lambda _job: promise(database, clock) and None)
    promise(database, clock)
    with pytest.raises(RuntimeError, match="busy"):
        Runner(runtime).run_until_idle(limit=5)


def test_the_outbox_keeps_what_was_announced(database: Database, clock: SetClock) -> None:
    draft_id, unit_id = UUID(int=7), UUID(int=8)
    created = DraftCreated(
        draft=draft_id,
        number="2026-000007",
        unit=unit_id,
        revision=1,
        digest="a" * 64,
        targets=(),
        left_out=0,
    )
    with database.write() as session:
        about: dict[str, Any] = {"about": draft_id, "actor": SYSTEM, "at": clock()}
        receipt = emit(session, Event.DRAFT_CREATED, created, **about)
        emit(session, Event.DRAFT_CREATED, created, **about)
    with database.read() as session:
        first, second = queries.outbox(session, Event.DRAFT_CREATED)
        assert queries.outbox(session, Event.DRAFT_REVISED) == []
    assert (first.subject, first.draft_id, first.sequence) == (f"draft:{draft_id}", draft_id, receipt.seq)
    assert second.sequence == receipt.seq + 1
    assert first.data["number"] == "2026-000007"


WORKER = """
import sys, time
from datetime import timedelta
from app.infra.db import Database
from app.infra.runtime import Runtime
from app.jobs import registry
from app.jobs.registry import handles
from app.jobs.runner import Runner
from app.infra.clock import system_clock
registry.HANDLER_MODULES = ()

@handles("test.work")
def _hang(job):
    print("begun", job.payload["n"], flush=True)
    time.sleep(60)

runtime = Runtime(settings=None, database=Database(sys.argv[1]), tokens=None, signer=None, negative_list=None)
Runner(runtime, lease=timedelta(seconds=1)).run_until_idle()
"""


def test_a_worker_killed_in_the_middle_loses_nothing(
    database: Database, database_url: str, runtime: Runtime, done: list[JobContext]
) -> None:
    runtime.clock = lambda: datetime.now(UTC)
    with database.write() as session:
        jobs = {service.enqueue(session, KIND, {"n": n}, at=datetime.now(UTC)) for n in range(3)}
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, database_url], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline().startswith("begun")
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait(60)
        worker.stdout.close() if worker.stdout else None
    until = time.monotonic() + 60
    while len(done) < 3 and time.monotonic() < until:
        Runner(runtime).run_until_idle()
        time.sleep(0.1)
    assert {one.id for one in done} == jobs
    assert sorted(one.attempt for one in done) == [1, 1, 2]
    with database.read() as session:
        assert {job.state for job in session.exec(select(Job)).all()} == {JobState.DONE}


@pytest.fixture
def people(runtime: Runtime, clock: SetClock) -> factories.Bureau:
    with runtime.database.write() as session:
        return factories.bureau(session, clock())


@pytest.mark.usefixtures("people")
def test_the_queue_is_the_system_administrator_s(
    client: TestClient, database: Database, clock: SetClock, runtime: Runtime
) -> None:
    handles(KIND, tries=1)(lambda _job: json.loads("{"))
    dead = promise(database, clock)
    retry = f"/api/v1/jobs/{dead}/retries"
    assert client.get("/api/v1/jobs").json()["code"] == "unauthenticated"
    assert client.post(retry).json()["code"] == "unauthenticated"
    for login in ("editor", "audit_admin"):
        headers = factories.signed_in(client, login)
        assert client.get("/api/v1/jobs", headers=headers).status_code == 403
        assert client.post(retry, headers=headers).status_code == 403
    headers = factories.signed_in(client, "system_admin")
    assert client.post(retry, headers=headers).json()["code"] == "job_not_dead"
    assert client.post(f"/api/v1/jobs/{UUID(int=1)}/retries", headers=headers).status_code == 404
    Runner(runtime).run_until_idle()
    page = client.get("/api/v1/jobs", headers=headers, params={"state": "dead"}).json()
    assert [(one["id"], one["attempt"]) for one in page["jobs"]] == [(str(dead), 1)]
    assert page["by_state"]["dead"] == 1
    assert client.post(retry, headers=headers).json()["state"] == "queued"
    with database.read() as session:
        (event,) = audit.events(session, "jobs:dead")
        assert (event.action, event.body["data"]["job"]) == ("job.retried", str(dead))


# --- schedules ---


def planned(database: Database) -> list[Job]:
    with database.read() as session:
        query = select(Job).where(Job.key == service.SCHEDULED)
        return sorted(session.exec(query).all(), key=lambda job: job.run_at)


def test_scheduled_work_is_planned_once_however_many_plan_it(
    database: Database, clock: SetClock, runtime: Runtime
) -> None:
    seen: list[JobContext] = []
    handles(KIND, every=timedelta(minutes=5))(seen.append)
    runners = [Runner(runtime) for _ in range(3)]
    for runner in runners:
        runner.plan()
    (first,) = planned(database)
    assert (first.run_at, runners[0].run_until_idle()) == (clock() + timedelta(seconds=5), 0)
    for _ in range(3):
        clock.now = planned(database)[-1].run_at
        assert sum(runner.run_until_idle() for runner in runners) == 1
        for runner in runners:
            runner.plan()
        assert planned(database)[-1].run_at == clock() + timedelta(minutes=5)
    assert len(seen) == 3
    # What was done before is cleared away; the last one stays, for the next is reckoned from it.
    assert [job.state for job in planned(database)] == [JobState.DONE, JobState.QUEUED]


def test_scheduled_work_that_was_missed_is_done_once(
    database: Database, clock: SetClock, runtime: Runtime
) -> None:
    seen: list[JobContext] = []
    handles(KIND, every=timedelta(minutes=5))(seen.append)
    runner = Runner(runtime)
    runner.plan()
    clock.advance(hours=3)
    assert runner.run_until_idle() == 1
    clock.advance(hours=3)
    runner.plan()
    clock.advance(seconds=5)
    assert (runner.run_until_idle(), len(seen)) == (1, 2)


def test_what_is_in_vain_is_given_up_at_once(database: Database, clock: SetClock, runtime: Runtime) -> None:
    def refuse(_job: JobContext) -> None:
        raise GiveUp("nobody lives there")

    handles(KIND)(refuse)
    job_id = promise(database, clock)
    assert Runner(runtime).run_until_idle() == 1
    job = stored(database, job_id)
    assert (job.state, job.attempt, job.error) == (JobState.DEAD, 1, "GiveUp: nobody lives there")
