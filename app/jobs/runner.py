"""Doing the work: threads that claim, keep, end and put back jobs."""

import json
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import Counter, Gauge, Histogram

from app.infra.errors import AppError
from app.infra.runtime import Runtime
from app.jobs import queries, service
from app.jobs.models import Job, JobState
from app.jobs.registry import GiveUp, JobContext, Lane, LeaseLost, handlers

ENDED = Counter("sanshen_jobs_total", "Jobs by how they ended", ["kind", "outcome"])
SECONDS = Histogram("sanshen_job_seconds", "Time a job took", ["kind"])
WAITED = Histogram("sanshen_job_wait_seconds", "Time from due to begun", ["kind"])
QUEUE = Gauge("sanshen_jobs_unfinished", "Jobs that are queued, running or dead", ["state"])
OLDEST = Gauge("sanshen_jobs_oldest_due_seconds", "How long the oldest due job has been waiting")

#: How long a claim lasts without a heartbeat; a dead worker's job is taken over after it.
LEASE = timedelta(seconds=30)
#: The longest an idle worker sleeps, in seconds; a commit of this process wakes it at once.
POLL_SECONDS = 0.5
#: How long a worker rests after something went wrong that has nothing to do with a job.
AFTER_FAILURE_SECONDS = 5
#: Waiting times between tries: twice as long each time, at most this long, and up to a quarter more or less.
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=15)
#: How many threads a lane has. Those who send webhooks wait for the most different parties.
THREADS = {Lane.INSIDE: 2, Lane.WEBHOOKS: 4, Lane.MAIL: 2, Lane.ROBOTS: 2, Lane.CHANNELS: 2}
#: How long a server lets jobs gather that are done together: a burst of decisions costs one telling.
GATHERING = timedelta(milliseconds=200)
#: How often the figures of the queue are taken, in seconds.
MEASURE_SECONDS = 15

log = structlog.get_logger()


def wait_before(attempt: int, *, luck: float) -> timedelta:
    """Return how long to wait after `attempt` (from 1) failed; `luck` from 0 to 1 spreads it by ± 25 %."""
    wait: timedelta = min(FIRST_WAIT * 2 ** min(attempt - 1, 20), LONGEST_WAIT)
    return wait * (0.75 + 0.5 * luck)


class Runner:
    """Does jobs.

    In the background of a server (`start`, `stop`), as a process (`run_forever`), or until idle.
    """

    def __init__(
        self, runtime: Runtime, *, threads_per_lane: int | None = None, lease: timedelta = LEASE
    ) -> None:
        self.runtime = runtime
        self.lease = lease
        self._threads_per_lane = threads_per_lane
        self._handlers = handlers()
        self._worker = f"{socket.gethostname()}:{os.getpid()}"
        self._stopping = threading.Event()
        self._work = {lane: threading.Condition() for lane in Lane}
        self._promises = dict.fromkeys(Lane, 0)
        self._parties: set[str] = set()
        self._choosing = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._measured = 0.0

    def start(self) -> None:
        """Begin to work in the background; commits of this process wake the workers."""
        self._stopping.clear()
        try:
            self.take_over()
        except AppError as error:  # the database is away: what is held comes back when its lease ends
            log.warning("jobs.no_database", code=error.code)
        self.runtime.database.after_commit.append(self._wake)
        for lane in Lane:
            for number in range(self._threads_per_lane or THREADS[lane]):
                thread = threading.Thread(
                    target=self._loop, args=(lane,), name=f"jobs-{lane}-{number}", daemon=True
                )
                thread.start()
                self._threads.append(thread)

    def take_over(self) -> int:
        """Let go of what processes of this machine held that are no more; return how many jobs that were.

        Else it would wait until their leases end. A holder that lives after all has lost its fence.
        """
        with self.runtime.database.read() as session:
            gone = [worker for worker in queries.holders(session) if self._is_gone(worker)]
        if not gone:
            return 0
        with self.runtime.database.write() as session:
            taken = service.let_go(session, gone, at=self.runtime.clock())
        log.warning("jobs.taken_over", jobs=taken, workers=sorted(gone))
        return taken

    def _is_gone(self, worker: str) -> bool:
        host, _, pid = worker.rpartition(":")
        if host != self._worker.rpartition(":")[0] or not pid.isdigit():
            return False
        # A number of our own is that of whoever had it before: in a container it is always the same.
        return worker == self._worker or not Path(f"/proc/{pid}").exists()

    def stop(self, timeout: float = 20) -> None:
        """Take no more jobs and wait up to `timeout` seconds for those under way.

        What is left comes back later.
        """
        self._stopping.set()
        for work in self._work.values():
            with work:
                work.notify_all()
        if self._wake in self.runtime.database.after_commit:
            self.runtime.database.after_commit.remove(self._wake)
        for thread in self._threads:
            thread.join(timeout)
        self._threads.clear()

    @property
    def alive(self) -> bool:
        """Whether every thread that does jobs goes on; so too when none was begun, or all were stopped."""
        return self._stopping.is_set() or all(thread.is_alive() for thread in self._threads)

    def run_forever(self) -> bool:
        """Work until `stop` is called from elsewhere, a signal handler for instance; then return True.

        False when a thread ended that should not: whoever watches over the process starts it anew.
        """
        self.start()
        while not self._stopping.wait(POLL_SECONDS):
            if not self.alive:
                log.error("jobs.thread_died")
                self.stop()
                return False
        self.stop()
        return True

    def ask_to_stop(self) -> None:
        """Let `run_forever` come to its end; safe in a signal handler."""
        self._stopping.set()

    def run_until_idle(self, *, limit: int = 1000, kinds: Collection[str] | None = None) -> int:
        """Do every job that is due, in this thread; return how many runs that were. Jobs due later stay.

        With `kinds` only jobs of these. Raises `RuntimeError` after `limit` runs: jobs that make each other.
        """
        wanted = frozenset(self._handlers if kinds is None else kinds)
        for done in range(limit):
            if not self._one(wanted):
                return done
        raise RuntimeError(f"still busy after {limit} jobs")

    def _loop(self, lane: Lane) -> None:
        kinds = frozenset(kind for kind, handler in self._handlers.items() if handler.lane is lane)
        work = self._work[lane]
        while not self._stopping.is_set():
            with work:
                seen = self._promises[lane]
            pause = POLL_SECONDS
            try:
                self._measure()
                if self._one(kinds, lane):
                    continue
            except AppError as error:  # the database is away: nothing was claimed
                log.warning("jobs.no_database", code=error.code)
            except Exception:  # a thread that ends would leave its lane undone unseen
                log.exception("jobs.loop_failed", lane=lane)
                pause = AFTER_FAILURE_SECONDS
            with work:
                if self._promises[lane] == seen and not self._stopping.is_set():
                    work.wait(pause)

    def _wake(self, promised: Collection[str]) -> None:
        """Let one thread of each lane that does these kinds look; it wakes the next when it has some."""
        for lane in {self._handlers[kind].lane for kind in promised if kind in self._handlers}:
            with self._work[lane]:
                self._promises[lane] += 1
                self._work[lane].notify()

    def _measure(self) -> None:
        if time.monotonic() - self._measured < MEASURE_SECONDS:
            return
        self._measured = time.monotonic()
        at = self.runtime.clock()
        with self.runtime.database.read() as session:
            figures = queries.figures(session, at=at)
        for state in (JobState.QUEUED, JobState.RUNNING, JobState.DEAD):
            QUEUE.labels(state).set(figures.by_state.get(state, 0))
        OLDEST.set(figures.oldest_due_seconds)
        self.plan()

    def plan(self) -> None:
        """See that every kind of scheduled work has its next run planned."""
        scheduled = {
            kind: handler.every for kind, handler in self._handlers.items() if handler.every is not None
        }
        at = self.runtime.clock()
        with self.runtime.database.read() as session:
            ahead = queries.lie_ahead(session, at=at)
        if ahead:
            with self.runtime.database.write() as session:
                moved = service.keep_to_the_clock(session, at=at, schedules=scheduled)
            if moved:
                log.warning("jobs.clock_was_set_back", jobs=moved)
        if not scheduled:
            return
        with self.runtime.database.read() as session:
            missing = scheduled.keys() - queries.planned(session, scheduled)
        for kind in sorted(missing):
            with self.runtime.database.write() as session:
                service.plan(session, kind, every=scheduled[kind], at=at)

    def _one(self, kinds: Collection[str], lane: Lane | None = None) -> bool:
        """Do the job that is due longest, with others of its kind where those are done together."""
        if lane is not None:
            self._gather(kinds)
        # One after the other where parties are waited for, so that two threads never choose the same.
        with nullcontext() if lane is None or lane is Lane.INSIDE else self._choosing:
            jobs = self._claim(kinds)
            parties = {job.party for job in jobs or () if job.party is not None}
            self._parties |= parties
        try:
            return self._do(jobs, lane)
        finally:
            self._parties -= parties

    def _gather(self, kinds: Collection[str]) -> None:
        """Wait a moment where the job that comes next is done with others, so that they come together."""
        due = self._next(kinds)
        if due is not None and self._handlers[due.kind].at_once > 1:
            waited = self.runtime.clock() - due.run_at
            if timedelta(0) <= waited < GATHERING:
                self._stopping.wait((GATHERING - waited).total_seconds())

    def _next(self, kinds: Collection[str]) -> queries.Due | None:
        # Looking first keeps an idle worker from taking the writer lock twice a second.
        with self.runtime.database.read() as session:
            but = frozenset(self._parties)
            return queries.next_due(session, kinds=kinds, at=self.runtime.clock(), but=but)

    def _do(self, jobs: tuple[Job, ...] | None, lane: Lane | None) -> bool:
        """Do the jobs that were claimed; say whether there may be more."""
        if jobs is None:
            return False
        if not jobs:
            return True  # another worker was faster: there may be more
        if lane is not None:
            with self._work[lane]:
                self._work[lane].notify()
        kind = jobs[0].kind
        for job in jobs:
            WAITED.labels(kind).observe(max(0.0, (self.runtime.clock() - job.run_at).total_seconds()))
        with SECONDS.labels(kind).time(), _Heartbeat(self.runtime, jobs, self.lease):
            outcomes = self._run_together(jobs) or [self._run(job) for job in jobs]
        for outcome in outcomes:
            ENDED.labels(kind, outcome).inc()
        return True

    def _claim(self, kinds: Collection[str]) -> tuple[Job, ...] | None:
        if (due := self._next(kinds)) is None:
            return None
        with self.runtime.database.write() as session:
            return service.claim_some(
                session,
                kinds={due.kind},
                worker=self._worker,
                at=self.runtime.clock(),
                lease=self.lease,
                at_most=self._handlers[due.kind].at_once,
                party=due.party,
                but=frozenset(self._parties),
            )

    def _run_together(self, jobs: Sequence[Job]) -> list[str] | None:
        """Do several jobs at once; `None` when they are to be done one by one, so that none fails for all."""
        if len(jobs) == 1:
            return None
        contexts = [self._context(job) for job in jobs]
        try:
            self._handlers[jobs[0].kind].run(contexts)
        except Exception as error:  # noqa: BLE001 – told of again by the job whose fault it is
            log.warning("jobs.together_failed", kind=jobs[0].kind, error=type(error).__name__)
            return None
        return [self._outcome(context) for context in contexts]

    def _run(self, job: Job) -> str:
        handler, context = self._handlers[job.kind], self._context(job)
        try:
            handler.run([context])
        except LeaseLost:
            log.warning("job.lost", kind=job.kind, job=str(job.id))
            return "lost"
        except GiveUp as error:
            return self._failed(job, 0, error)
        except Exception as error:  # noqa: BLE001 – whatever it was, the job must not be lost
            return self._failed(job, handler.tries, error)
        return self._outcome(context)

    def _context(self, job: Job) -> JobContext:
        return JobContext(self.runtime, job.id, job.kind, json.loads(job.payload), job.attempt, job.fence)

    def _outcome(self, context: JobContext) -> str:
        if context.ended:
            return "done"
        with self.runtime.database.write() as session:
            ended = service.finish(session, context.id, context.fence, at=self.runtime.clock())
        return "done" if ended else "lost"

    def _failed(self, job: Job, tries: int, error: Exception) -> str:
        said = f"{type(error).__name__}: {error}"[:2000]
        at = self.runtime.clock()
        if job.attempt >= tries:
            log.error("job.dead", kind=job.kind, job=str(job.id), attempt=job.attempt, exc_info=error)
            return "dead" if self._end(job, service.bury, at=at, error=said) else "lost"
        again = at + wait_before(job.attempt, luck=random.random())  # noqa: S311 – spreads load, guards nothing
        log.warning(
            "job.failed", kind=job.kind, job=str(job.id), attempt=job.attempt, error=type(error).__name__
        )
        return "failed" if self._end(job, service.put_back, run_at=again, error=said) else "lost"

    def _end(self, job: Job, end: Callable[..., bool], **values: Any) -> bool:  # noqa: ANN401 – as `end` takes them
        with self.runtime.database.write() as session:
            return end(session, job.id, job.fence, **values)


class _Heartbeat:
    """Keeps the lease of jobs alive while their handler runs."""

    def __init__(self, runtime: Runtime, jobs: Sequence[Job], lease: timedelta) -> None:
        self._runtime, self._jobs, self._lease = runtime, jobs, lease
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{jobs[0].kind}", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(self._lease.total_seconds() / 3):
            try:
                with self._runtime.database.write() as session:
                    until = self._runtime.clock() + self._lease
                    held = [service.beat(session, job.id, job.fence, until=until) for job in self._jobs]
                    if not any(held):
                        return
            except AppError as error:  # the database is away: the next beat may come through in time
                log.warning("job.heartbeat_failed", job=str(self._jobs[0].id), code=error.code)
