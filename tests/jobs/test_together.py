"""Jobs that are done together, and jobs that end in the transaction of their effect."""

import threading
from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import select

from app.infra.db import Database
from app.infra.errors import Conflict
from app.infra.runtime import Runtime
from app.jobs import registry, service
from app.jobs.models import Job, JobState
from app.jobs.registry import (
    JobContext,
    Lane,
    LeaseLost,
    end_held,
    end_together,
    handles,
    handles_together,
    leave_together,
)
from app.jobs.runner import Runner
from tests.conftest import SetClock

KIND, EFFECT = "test.work", "test.effect"
LEASE = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def _own_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_handlers", {})
    monkeypatch.setattr(registry, "HANDLER_MODULES", ())


def promise(database: Database, clock: SetClock, count: int, kind: str = KIND) -> list[UUID]:
    with database.write() as session:
        return [service.enqueue(session, kind, {"n": number}, at=clock()) for number in range(count)]


def states(database: Database, jobs: Sequence[UUID]) -> list[str]:
    with database.read() as session:
        return [session.get_one(Job, one).state for one in jobs]


def test_jobs_of_a_kind_are_done_together_oldest_first(
    database: Database, clock: SetClock, runtime: Runtime
) -> None:
    seen: list[list[int]] = []

    @handles_together(KIND, at_once=4)
    def _work(jobs: Sequence[JobContext]) -> None:
        with database.write() as session:
            end_together(session, jobs)
        seen.append([job.payload["n"] for job in jobs])

    jobs = promise(database, clock, 6)
    promise(database, clock, 1, kind="test.other")
    handles("test.other")(lambda _job: None)
    assert Runner(runtime).run_until_idle() == 3
    assert seen == [[0, 1, 2, 3], [4, 5]]
    assert states(database, jobs) == [JobState.DONE] * 6


def test_one_that_fails_is_put_back_alone(database: Database, clock: SetClock, runtime: Runtime) -> None:
    @handles_together(KIND, at_once=10)
    def _work(jobs: Sequence[JobContext]) -> None:
        with database.write() as session:
            end_together(session, jobs)
            for job in jobs:
                if job.payload["n"] == 1:
                    raise ValueError("this one")

    jobs = promise(database, clock, 3)
    Runner(runtime).run_until_idle()
    assert states(database, jobs) == [JobState.DONE, JobState.QUEUED, JobState.DONE]
    with database.read() as session:
        assert session.get_one(Job, jobs[1]).error == "ValueError: this one"


def test_a_job_ends_with_its_effect_or_not_at_all(
    database: Database, clock: SetClock, runtime: Runtime
) -> None:
    tries: list[int] = []

    @handles(KIND)
    def _work(job: JobContext) -> None:
        with database.write() as session:
            job.end(session)
            service.enqueue(session, EFFECT, {}, at=clock(), run_at=clock() + timedelta(days=1))
            tries.append(job.attempt)
            if job.attempt == 1:
                raise Conflict("concurrent_change")

    (job_id,) = promise(database, clock, 1)
    runner = Runner(runtime)
    runner.run_until_idle()
    assert states(database, [job_id]) == [JobState.QUEUED]
    clock.advance(minutes=1)
    runner.run_until_idle()
    assert (tries, states(database, [job_id])) == ([1, 2], [JobState.DONE])
    with database.read() as session:
        assert len(session.exec(select(Job).where(Job.kind == EFFECT)).all()) == 1


def test_a_job_that_was_lost_has_no_effect(database: Database, clock: SetClock, runtime: Runtime) -> None:
    (job_id,) = promise(database, clock, 1)
    with database.write() as session:
        held = service.claim(session, kinds={KIND}, worker="slow", at=clock(), lease=LEASE)
    assert held is not None
    clock.advance(minutes=1)
    with database.write() as session:
        service.claim(session, kinds={KIND}, worker="quick", at=clock(), lease=LEASE)
    context = JobContext(runtime, job_id, KIND, {}, held.attempt, held.fence)

    def work() -> None:
        with database.write() as session:
            service.enqueue(session, EFFECT, {}, at=clock())
            context.end(session)

    with pytest.raises(LeaseLost):
        work()
    assert (context.ended, states(database, [job_id])) == (False, [JobState.RUNNING])
    with database.read() as session:
        assert session.exec(select(Job).where(Job.kind == EFFECT)).all() == []


def test_what_waits_for_different_parties_is_never_done_together(
    database: Database, clock: SetClock, runtime: Runtime
) -> None:
    seen: list[list[str]] = []
    handles_together(KIND, at_once=10, lane=Lane.WEBHOOKS)(
        lambda jobs: seen.append([job.payload["to"] for job in jobs])
    )
    with database.write() as session:
        for party in ("first", "second", "first", "second", "first"):
            service.enqueue(session, KIND, {"to": party}, at=clock(), party=party)
    Runner(runtime).run_until_idle()
    assert seen == [["first"] * 3, ["second"] * 2]


def test_what_was_left_is_as_if_it_had_not_been_taken(
    database: Database, clock: SetClock, runtime: Runtime
) -> None:
    tries: list[list[tuple[int, int]]] = []

    @handles_together(KIND, at_once=10)
    def _work(jobs: Sequence[JobContext]) -> None:
        tries.append([(job.payload["n"], job.attempt) for job in jobs])
        with database.write() as session:
            end_held(session, jobs[:1])
            leave_together(session, jobs[1:])

    jobs = promise(database, clock, 3)
    Runner(runtime).run_until_idle()
    assert tries == [[(0, 1), (1, 1), (2, 1)], [(1, 1), (2, 1)], [(2, 1)]]
    assert states(database, jobs) == [JobState.DONE] * 3


def test_an_effect_that_is_good_whoever_holds_the_job_is_kept(
    database: Database, clock: SetClock, runtime: Runtime
) -> None:
    jobs = promise(database, clock, 2)
    with database.write() as session:
        held = service.claim_some(session, kinds={KIND}, worker="a", at=clock(), lease=LEASE, at_most=2)
    clock.advance(minutes=1)
    with database.write() as session:
        assert service.claim(session, kinds={KIND}, worker="quick", at=clock(), lease=LEASE) is not None
    with database.write() as session:
        service.enqueue(session, EFFECT, {}, at=clock())
        end_held(session, [JobContext(runtime, job.id, KIND, {}, job.attempt, job.fence) for job in held])
    assert states(database, jobs) == [JobState.RUNNING, JobState.DONE]
    with database.read() as session:
        assert len(session.exec(select(Job).where(Job.kind == EFFECT)).all()) == 1


def test_a_commit_tells_what_it_promised(database: Database, clock: SetClock) -> None:
    heard: list[Collection[str]] = []
    database.after_commit.append(heard.append)
    promise(database, clock, 2)
    with database.write() as session:
        service.enqueue_each(session, EFFECT, {"a": {}}, at=clock(), run_at=clock())
    with database.write() as session:
        session.exec(select(Job)).all()
    assert [sorted(kinds) for kinds in heard] == [[KIND], [EFFECT], []]


def test_a_server_lets_what_is_done_together_gather(
    database: Database, clock: SetClock, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long enough for three commits on a busy machine; the clock of the jobs stands still meanwhile.
    monkeypatch.setattr("app.jobs.runner.GATHERING", timedelta(seconds=3))
    seen: list[int] = []
    done = threading.Event()

    @handles_together(KIND, at_once=10)
    def _work(jobs: Sequence[JobContext]) -> None:
        seen.append(len(jobs))
        done.set()

    runner = Runner(runtime, threads_per_lane=1)
    runner.start()
    try:
        for _ in range(3):
            promise(database, clock, 1)
        assert done.wait(60)
    finally:
        runner.stop()
    assert seen == [3]
