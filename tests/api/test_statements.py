"""What a request costs: statements and transactions, which do not grow unseen."""

import pytest
from fastapi.testclient import TestClient

from app.infra.db import statements
from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.api.press import Press, ready, signed
from tests.conftest import SetClock
from tests.web.forms import HTML, sign_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    desk = Desk.open(client, runtime).draft()
    desk.submit()
    return desk


def test_a_decision_is_one_transaction_of_few_statements(desk: Desk) -> None:
    body = {"stage": "initial_review", "verdict": "approve", "digest": desk.digest()}
    desk.headers("initial_reviewer")
    seen: list[str] = []
    token = statements.set(seen)
    answer = desk.post(f"/cases/{desk.case_id}/decisions", "initial_reviewer", body)
    statements.reset(token)
    assert answer.status_code == 200, answer.text
    begun = [one for one in seen if one.startswith("BEGIN")]
    rest = [one for one in seen if not one.startswith("BEGIN")]
    assert len(begun) == 1, begun
    assert len(rest) <= 14, rest


def test_clearance_by_a_digest_is_of_few_statements(
    client: TestClient, runtime: Runtime, clock: SetClock
) -> None:
    desk = Desk.open(client, runtime)
    release = signed(ready(desk))
    press = Press.open(desk)
    # A report is kept in memory once it is certain that its transaction stayed: later than it was made.
    clock.advance(seconds=1)
    press.ask(digest=release["digest"])
    seen: list[str] = []
    token = statements.set(seen)
    said = press.ask(digest=release["digest"])["statement"]
    statements.reset(token)
    assert said["outcome"] == "cleared"
    begun = [one for one in seen if one.startswith("BEGIN")]
    rest = [one for one in seen if not one.startswith("BEGIN")]
    assert len(begun) == 2, begun
    assert len(rest) <= 8, rest


def test_a_drafts_page_is_one_transaction(desk: Desk) -> None:
    desk.client.headers.update(HTML)
    desk.client.follow_redirects = False
    sign_in(desk.client, "initial_reviewer")
    desk.client.get(f"/drafts/{desk.draft_id}")
    seen: list[str] = []
    token = statements.set(seen)
    answer = desk.client.get(f"/drafts/{desk.draft_id}")
    statements.reset(token)
    assert answer.status_code == 200
    begun = [one for one in seen if one.startswith("BEGIN")]
    rest = [one for one in seen if not one.startswith("BEGIN")]
    assert len(begun) == 1, begun
    assert len(rest) <= 22, rest
