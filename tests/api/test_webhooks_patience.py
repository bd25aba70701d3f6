"""One receiver keeps nobody waiting but itself: lanes apart, one try at a time, and rests after failures."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from app.infra.runtime import Runtime
from app.jobs import service as jobs
from app.jobs.models import Job, JobState
from app.jobs.registry import JobContext, Lane, _handlers, handles
from app.jobs.runner import THREADS, Runner
from app.webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from tests.api.desk import Desk
from tests.api.dripping import server
from tests.api.press import Listener
from tests.conftest import SetClock

pytestmark = pytest.mark.both_databases

KIND = "test.party"
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime)


@pytest.fixture
def listener(runtime: Runtime) -> Iterator[Listener]:
    with Listener() as listener:
        runtime.settings.webhook_hosts = frozenset({listener.host})
        yield listener


def register(desk: Desk, url: str) -> UUID:
    body = {"unit_id": str(desk.bureau.city.id), "url": url, "events": ["draft.created"]}
    answer = desk.post("/webhooks/endpoints", "system_admin", body)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


def until(seen: Any, *, seconds: float = 30) -> None:
    """Wait until `seen()` holds."""
    began = time.monotonic()
    while not seen():
        assert time.monotonic() - began < seconds, "not in time"
        time.sleep(0.02)


def states(desk: Desk) -> dict[UUID, str]:
    with desk.session() as session:
        rows = session.exec(select(WebhookDelivery.endpoint_id, WebhookDelivery.state)).all()
    return dict(rows)


@ON_SQLITE
def test_receivers_that_drip_keep_nobody_else_waiting(
    desk: Desk, listener: Listener, runtime: Runtime
) -> None:
    runtime.clock = lambda: datetime.now(UTC)
    runtime.settings.webhook_timeout_seconds = 5
    with (
        server(first=b"HTTP/1.1 200 OK\r\nX-A: ", drip=b"a") as one,
        server(first=b"HTTP/1.1 ", drip=b"2") as two,
        server(first=b"", drip=b"HTTP/1.1 100 Continue\r\n\r\n") as three,
    ):
        hosts = [f"127.0.0.1:{port}" for port in (one, two, three)]
        runtime.settings.webhook_hosts = frozenset({*hosts, listener.host})
        bad = [register(desk, f"http://{host}/") for host in hosts]
        good = register(desk, listener.url)
        for _ in range(3):
            desk.draft()
        runner = Runner(runtime)
        runner.start()
        try:
            until(lambda: len(listener.got) == 3)
            # The first tries of the three still last: nobody had to wait for the end of any.
            assert [_endpoint(desk, one).failures for one in bad] == [0, 0, 0]
            until(lambda: all(_endpoint(desk, one).failures for one in bad))
        finally:
            runner.stop()
    assert states(desk)[good] == DeliveryState.DELIVERED
    for endpoint_id in bad:
        # One message was tried, and the two others were not tried for nothing.
        endpoint = _endpoint(desk, endpoint_id)
        assert endpoint.resting_until is not None
        assert sum(one.attempt for one in _deliveries(desk, endpoint_id)) == endpoint.failures <= 2


def _endpoint(desk: Desk, endpoint_id: UUID) -> WebhookEndpoint:
    with desk.session() as session:
        return session.get_one(WebhookEndpoint, endpoint_id)


def _deliveries(desk: Desk, endpoint_id: UUID) -> list[WebhookDelivery]:
    with desk.session() as session:
        query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
        return list(session.exec(query.order_by(col(WebhookDelivery.id))).all())


def test_an_endpoint_that_fails_is_left_alone_and_then_gets_everything(
    desk: Desk, listener: Listener, clock: SetClock
) -> None:
    endpoint_id = register(desk, listener.url)
    listener.answers = [(503, {}), (500, {})]
    for _ in range(3):
        desk.draft()
    desk.work()
    assert len(listener.got) == 1
    assert {one.next_at for one in _deliveries(desk, endpoint_id)} >= {clock() + timedelta(seconds=5)}
    clock.advance(seconds=6)
    desk.work()
    assert len(listener.got) == 2
    endpoint = _endpoint(desk, endpoint_id)
    assert (endpoint.failures, endpoint.resting_until) == (2, clock() + timedelta(minutes=1))
    desk.draft()  # what comes meanwhile waits as well
    desk.work()
    assert len(listener.got) == 2
    clock.advance(minutes=6)
    desk.work()
    assert len(listener.got) == 2 + 4
    assert {one.state for one in _deliveries(desk, endpoint_id)} == {DeliveryState.DELIVERED}
    endpoint = _endpoint(desk, endpoint_id)
    assert (endpoint.failures, endpoint.failing_since, endpoint.resting_until) == (0, None, None)


@pytest.mark.parametrize(
    ("status", "rests"), [(400, False), (404, False), (408, True), (429, True), (502, True)]
)
def test_one_that_answers_at_once_is_not_left_alone_for_a_message_that_it_does_not_like(
    desk: Desk, listener: Listener, status: int, rests: bool
) -> None:
    endpoint_id = register(desk, listener.url)
    listener.answers = [(status, {})]
    for _ in range(2):
        desk.draft()
    desk.work()
    assert len(listener.got) == (1 if rests else 2)
    assert (_endpoint(desk, endpoint_id).resting_until is not None) is rests


def test_a_process_waits_for_a_party_once_at_a_time(runtime: Runtime) -> None:
    runtime.clock = lambda: datetime.now(UTC)
    under_way: dict[str, int] = {}
    most: dict[str, int] = {}
    lock, go_on = threading.Lock(), threading.Event()

    @handles(KIND, lane=Lane.WEBHOOKS)
    def _wait(job: JobContext) -> None:
        party = job.payload["party"]
        with lock:
            under_way[party] = under_way.get(party, 0) + 1
            most[party] = max(most.get(party, 0), under_way[party])
        if party != "quick":
            go_on.wait(20)
        with lock:
            under_way[party] -= 1

    with runtime.database.write() as session:
        for number in range(12):
            party = ("slow", "slower", "quick")[number % 3]
            jobs.enqueue(session, KIND, {"party": party}, at=runtime.clock(), party=party)

    def done() -> int:
        with runtime.database.read() as session:
            return len(session.exec(select(Job.id).where(Job.kind == KIND, Job.state == JobState.DONE)).all())

    runner = Runner(runtime)
    runner.start()
    try:
        until(lambda: done() == 4)
        assert under_way["slow"] == under_way["slower"] == 1
        go_on.set()
        until(lambda: done() == 12)
    finally:
        go_on.set()
        runner.stop()
        _handlers.pop(KIND)
    assert most == {"slow": 1, "slower": 1, "quick": 1}


def test_every_lane_has_threads_of_its_own() -> None:
    assert set(THREADS) == set(Lane)
    assert min(THREADS.values()) >= 2
