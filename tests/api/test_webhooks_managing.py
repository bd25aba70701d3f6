"""Tools and endpoints are changed, switched off and on, tried and forgotten; a leaked secret ends at once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.audit import queries as audit
from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.api.press import Listener, Press
from tests.conftest import SetClock

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ADMIN, ENDPOINTS = "system_admin", "/webhooks/endpoints"


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime)


@pytest.fixture
def listener(runtime: Runtime) -> Iterator[Listener]:
    with Listener() as listener:
        runtime.settings.webhook_hosts = frozenset({listener.host})
        yield listener


def send(desk: Desk, method: str, path: str, login: str = ADMIN, body: Any = None) -> Any:
    desk._headers.clear()
    return desk.client.request(method, f"/api/v1{path}", json=body, headers=desk.headers(login))


def register(desk: Desk, url: str, *events: str) -> dict[str, Any]:
    body = {"unit_id": str(desk.bureau.city.id), "url": url, "events": list(events)}
    return dict(desk.post(ENDPOINTS, ADMIN, body).json())


def asks(press: Press, secret: str) -> int:
    return press.send("clearance", {"channel": "wechat", "digest": "0" * 64}, secret=secret).status_code


def actions(desk: Desk, stream: str) -> list[str]:
    with desk.session() as session:
        return [one.action for one in audit.events(session, stream)]


def test_a_leaked_secret_is_worth_nothing_at_once(desk: Desk, clock: SetClock) -> None:
    press = Press.open(desk)
    path = f"/tools/{press.tool_id}/secrets"
    second = send(desk, "POST", path).json()["secret"]
    assert (asks(press, press.secret), asks(press, second)) == (200, 200)
    third = send(desk, "POST", path, body={"revoke_old": True}).json()["secret"]
    assert [asks(press, one) for one in (press.secret, second, third)] == [401, 401, 200]
    for _ in range(3):
        last = send(desk, "POST", path, body={}).json()["secret"]
    assert (asks(press, third), asks(press, last)) == (200, 200)
    clock.advance(hours=25)
    assert (asks(press, third), asks(press, last)) == (401, 200)
    assert send(desk, "POST", path, "editor").status_code in {403, 404}
    assert send(desk, "POST", path, body={"revoke": True}).status_code == 422


def test_a_tool_that_is_switched_off_gets_no_answer(desk: Desk) -> None:
    press = Press.open(desk)
    path = f"/tools/{press.tool_id}"
    assert send(desk, "POST", f"{path}/deactivation", "editor").status_code in {403, 404}
    assert send(desk, "POST", f"{path}/deactivation").json()["active"] is False
    refused = press.send("clearance", {"channel": "wechat", "digest": "0" * 64})
    assert (refused.status_code, refused.json()["code"]) == (401, "tool_inactive")
    assert send(desk, "POST", f"{path}/deactivation").json()["code"] == "tool_inactive"
    assert send(desk, "POST", f"{path}/secrets").json()["code"] == "tool_inactive"
    assert send(desk, "POST", f"{path}/activation").json()["active"] is True
    assert send(desk, "POST", f"{path}/activation").json()["code"] == "tool_active"
    assert asks(press, press.secret) == 200
    assert actions(desk, f"tool:{press.tool_id}")[1:3] == ["tool.changed", "tool.changed"]


def test_an_endpoint_is_shown_changed_and_forgotten(desk: Desk, listener: Listener) -> None:
    made = register(desk, listener.url, "release.signed")
    other = register(desk, listener.url + "&other=1")
    path = f"{ENDPOINTS}/{made['id']}"
    for method, more in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/secrets"),
        ("POST", "/tests"),
    ):
        assert send(desk, method, path + more, "editor", {} if method == "PATCH" else None).status_code in {
            403,
            404,
        }
    assert send(desk, "GET", path).json() == {name: made[name] for name in made if name != "secret"}
    changed = send(desk, "PATCH", path, body={"events": ["draft.created"]}).json()
    assert (changed["events"], changed["url"]) == (["draft.created"], listener.url)
    taken = send(desk, "PATCH", path, body={"url": other["url"]})
    assert (taken.status_code, taken.json()["code"]) == (409, "webhook_endpoint_exists")
    away = send(desk, "PATCH", path, body={"url": "http://169.254.169.254/"})
    assert (away.status_code, away.json()["code"]) == (422, "webhook_endpoint_refused")
    assert send(desk, "GET", path).json()["url"] == listener.url
    desk.draft()
    desk.work()
    assert len(listener.got) == 2
    assert send(desk, "DELETE", path).status_code == 204
    assert send(desk, "GET", path).status_code == 404
    assert send(desk, "POST", f"{path}/activation").status_code == 404
    assert [one["id"] for one in send(desk, "GET", ENDPOINTS).json()] == [other["id"]]
    desk.draft()
    desk.work()
    assert len(listener.got) == 3
    assert actions(desk, f"webhook:{made['id']}")[-1] == "webhook.endpoint_disabled"


def test_an_endpoint_that_was_off_is_told_again(desk: Desk, listener: Listener) -> None:
    made = register(desk, listener.url, "draft.created")
    path = f"{ENDPOINTS}/{made['id']}"
    assert send(desk, "POST", f"{path}/activation").json()["code"] == "webhook_endpoint_active"
    listener.answers = [(410, {})]
    desk.draft()
    desk.work()
    assert send(desk, "GET", path).json()["disabled_reason"] == "gone"
    missed = send(desk, "GET", "/webhooks/deliveries").json()["deliveries"][0]
    assert send(desk, "POST", f"/webhooks/deliveries/{missed['id']}/replays").status_code == 409
    assert send(desk, "POST", f"{path}/activation").json()["active"] is True
    assert send(desk, "POST", f"/webhooks/deliveries/{missed['id']}/replays").status_code == 202
    desk.draft()
    desk.work()
    assert len(listener.got) == 3


def test_messages_carry_both_signatures_until_the_old_secret_ends(
    desk: Desk, listener: Listener, runtime: Runtime
) -> None:
    now = datetime.now(UTC)
    runtime.clock = lambda: now
    made = register(desk, listener.url, "draft.created")
    path = f"{ENDPOINTS}/{made['id']}"
    second = send(desk, "POST", f"{path}/secrets").json()["secret"]

    def opens(secret: str) -> bool:
        desk.draft()
        desk.work()
        _, headers, raw = listener.got[-1]
        try:
            Webhook(secret).verify(raw.decode(), {name.lower(): value for name, value in headers.items()})
        except WebhookVerificationError:
            return False
        return True

    assert opens(made["secret"])
    assert opens(second)
    third = send(desk, "POST", f"{path}/secrets", body={"revoke_old": True}).json()["secret"]
    assert [opens(one) for one in (made["secret"], second, third)] == [False, False, True]


def test_a_test_message_says_what_comes_of_it(desk: Desk, listener: Listener) -> None:
    made = register(desk, listener.url, "release.signed")
    path = f"{ENDPOINTS}/{made['id']}"
    sent = send(desk, "POST", f"{path}/tests")
    assert (sent.status_code, sent.json()["type"], sent.json()["state"]) == (202, "webhook.test", "waiting")
    desk.work()
    assert b'"type":"webhook.test"' in listener.got[-1][2]
    (one,) = send(desk, "GET", "/webhooks/deliveries").json()["deliveries"]
    assert (one["id"], one["state"]) == (sent.json()["id"], "delivered")
    send(desk, "POST", f"{path}/deactivation")
    assert send(desk, "POST", f"{path}/tests").json()["code"] == "webhook_endpoint_inactive"


def test_an_endpoint_that_takes_nothing_for_days_is_switched_off(
    desk: Desk, listener: Listener, clock: SetClock
) -> None:
    made = register(desk, listener.url, "draft.created")
    path = f"{ENDPOINTS}/{made['id']}"
    listener.answers = [(500, {})] * 100
    for day in range(7):
        desk.draft()
        desk.work()
        shown = send(desk, "GET", path).json()
        assert shown["active"] is (day < 5), day
        assert shown["failures"] > day or not shown["active"]
        clock.now += timedelta(days=1)
    assert shown["disabled_reason"] == "failing"
    assert actions(desk, f"webhook:{made['id']}")[-1] == "webhook.endpoint_disabled"
