"""Messages to one receiver, tried one after the other and written down together."""

import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from app.infra.db import statements
from app.infra.runtime import Runtime
from app.jobs.kinds import JobKind
from app.jobs.models import Job
from app.jobs.runner import Runner
from app.webhooks import jobs
from app.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.api.desk import Desk
from tests.api.press import Listener
from tests.conftest import SetClock

pytestmark = pytest.mark.both_databases
DRAFTS = 5


@pytest.fixture
def listener(runtime: Runtime) -> Iterator[Listener]:
    with Listener() as listener:
        runtime.settings.webhook_hosts = frozenset({listener.host})
        yield listener


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, listener: Listener) -> Desk:
    """Five messages wait for one receiver."""
    desk = Desk.open(client, runtime)
    body = {"unit_id": str(desk.bureau.city.id), "url": listener.url, "events": ["draft.created"]}
    assert desk.post("/webhooks/endpoints", "system_admin", body).status_code == 201
    for _ in range(DRAFTS):
        desk.draft()
    Runner(runtime).run_until_idle(kinds={JobKind.FAN_OUT})
    return desk


def delivered(desk: Desk) -> list[tuple[str, int]]:
    """Return state and tries of each delivery, in the order of their making."""
    with desk.session() as session:
        rows = session.exec(select(WebhookDelivery).order_by(col(WebhookDelivery.id))).all()
        return [(row.state, row.attempt) for row in rows]


def deliver(runtime: Runtime) -> int:
    """Try what is due; return how many runs that were."""
    return Runner(runtime).run_until_idle(kinds={JobKind.DELIVER})


def test_a_burst_is_one_run_in_the_order_of_its_messages(
    desk: Desk, listener: Listener, runtime: Runtime
) -> None:
    seen: list[str] = []
    token = statements.set(seen)
    assert deliver(runtime) == 1
    statements.reset(token)
    told = [json.loads(body)["draft_id"] for _, _, body in listener.got]
    assert len(set(told)) == DRAFTS
    assert told == sorted(told)
    assert delivered(desk) == [("delivered", 1)] * DRAFTS
    # Less than one try alone takes four times.
    assert len(seen) <= 4 * DRAFTS


@pytest.mark.parametrize(("status", "rests"), [(404, False), (503, True)])
def test_after_one_that_is_not_taken_the_rest_waits_untried(
    desk: Desk, listener: Listener, runtime: Runtime, clock: SetClock, status: int, rests: bool
) -> None:
    listener.answers += [(204, {}), (status, {})]
    runs = deliver(runtime)
    if rests:
        assert (runs, len(listener.got)) == (1, 2)
        assert delivered(desk) == [("delivered", 1), ("waiting", 1), *[("waiting", 0)] * (DRAFTS - 2)]
        with desk.session() as session:
            resting = session.exec(select(WebhookEndpoint)).one().resting_until
            left = select(Job).where(Job.kind == JobKind.DELIVER, Job.state == "queued", Job.attempt == 0)
            assert resting is not None
            assert [job.run_at >= resting for job in session.exec(left).all()] == [True] * (DRAFTS - 1)
        clock.advance(minutes=1)
        deliver(runtime)
    else:
        assert (runs, len(listener.got)) == (2, DRAFTS)
        clock.advance(minutes=1)
        deliver(runtime)
    assert delivered(desk) == [
        ("delivered", 1),
        ("delivered", 2),
        *[("delivered", 1)] * (DRAFTS - 2),
    ]


def test_no_further_one_is_begun_once_the_time_is_over(
    desk: Desk, listener: Listener, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "TRYING_SECONDS", 0.0)
    assert deliver(runtime) == DRAFTS
    assert len(listener.got) == DRAFTS
    assert delivered(desk) == [("delivered", 1)] * DRAFTS


def test_one_that_is_gone_ends_the_rest(desk: Desk, listener: Listener, runtime: Runtime) -> None:
    listener.answers += [(204, {}), (410, {})]
    deliver(runtime)
    assert len(listener.got) == 2
    assert delivered(desk) == [("delivered", 1), ("failed", 1), *[("failed", 0)] * (DRAFTS - 2)]
