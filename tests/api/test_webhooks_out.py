"""Messages to the outside: real requests to a real receiver, signed, tried again, given up, sent anew."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlmodel import col, select
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.audit import queries as audit
from app.infra.runtime import Runtime
from app.jobs.runner import Runner
from app.webhooks import delivery
from app.webhooks.models import WebhookDelivery
from tests.api.desk import Desk
from tests.api.press import Listener, ready, signed
from tests.conftest import SetClock

pytestmark = pytest.mark.both_databases


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime)


@pytest.fixture
def listener(runtime: Runtime) -> Iterator[Listener]:
    with Listener() as listener:
        runtime.settings.webhook_hosts = frozenset({listener.host})
        yield listener


def register(desk: Desk, listener: Listener, *events: str, unit: str = "city") -> dict[str, Any]:
    body = {"unit_id": str(getattr(desk.bureau, unit).id), "url": listener.url, "events": list(events)}
    answer = desk.post("/webhooks/endpoints", "system_admin", body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def deliveries(desk: Desk, **params: Any) -> list[dict[str, Any]]:
    desk._headers.clear()
    answer = desk.get("/webhooks/deliveries", "system_admin", **params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["deliveries"])


# --- endpoints ---


def test_only_the_system_administrator_registers_addresses(
    desk: Desk, client: TestClient, listener: Listener
) -> None:
    body = {"unit_id": str(desk.bureau.city.id), "url": listener.url}
    for path in ("endpoints", "deliveries"):
        assert client.get(f"/api/v1/webhooks/{path}").json()["code"] == "unauthenticated"
        assert desk.get(f"/webhooks/{path}", "editor").status_code == 403
    assert client.post("/api/v1/webhooks/endpoints", json=body).json()["code"] == "unauthenticated"
    for login in ("editor", "publisher", "audit_admin"):
        assert desk.post("/webhooks/endpoints", login, body).status_code in {403, 404}
    elsewhere = {**body, "unit_id": str(desk.bureau.elsewhere.id)}
    assert desk.post("/webhooks/endpoints", "system_admin", elsewhere).status_code == 404


@pytest.mark.parametrize(
    ("url", "codes"),
    [
        ("https://elsewhere.example/hook", {"host_not_allowed"}),
        ("http://127.0.0.1:1/hook", {"host_not_allowed"}),
        ("ftp://127.0.0.1/hook", {"url_not_http"}),
        ("nonsense", {"url_not_http"}),
        ("http://[::1/hook", {"url_not_http"}),
        ("http://127.0.0.1:99999/hook", {"url_not_http"}),
        ("http://127.0.0.1:0/hook", {"url_not_http"}),
        (" https://elsewhere.example/", {"url_has_unseen"}),
        ("https://elsewhere.example/a\r\nX-A: b", {"url_has_unseen"}),
        ("https://else\twhere.example/", {"url_has_unseen"}),
        ("http://100.100.100.200/latest", {"host_never_allowed", "host_not_allowed"}),
        ("http://metadata.google.internal/", {"host_never_allowed", "host_not_allowed"}),
        ("http://2130706433/", {"host_number_form", "host_not_allowed"}),
        (
            "https://user:secret@elsewhere.example/#x",
            {"host_not_allowed", "url_has_credentials", "url_has_fragment"},
        ),
    ],
)
@pytest.mark.usefixtures("listener")
def test_addresses_off_the_list_are_refused_with_every_reason(desk: Desk, url: str, codes: set[str]) -> None:
    answer = desk.post(
        "/webhooks/endpoints", "system_admin", {"unit_id": str(desk.bureau.city.id), "url": url}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "webhook_endpoint_refused")
    assert desk.codes(answer) == codes


def test_the_secret_is_shown_once_and_the_endpoint_is_on_record(desk: Desk, listener: Listener) -> None:
    made = register(desk, listener, "release.signed")
    assert made["secret"].startswith("whsec_")
    (shown,) = desk.get("/webhooks/endpoints", "system_admin").json()
    assert (shown["url"], shown["events"], "secret" in shown) == (listener.url, ["release.signed"], False)
    with desk.session() as session:
        (event,) = audit.events(session, f"webhook:{made['id']}")
    assert event.action == "webhook.endpoint_created"


def test_an_unknown_event_is_refused(desk: Desk, listener: Listener) -> None:
    body = {"unit_id": str(desk.bureau.city.id), "url": listener.url, "events": ["release.signed", "no.such"]}
    answer = desk.post("/webhooks/endpoints", "system_admin", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


# --- delivery ---


def test_a_release_is_told_signed_and_in_order(desk: Desk, listener: Listener, runtime: Runtime) -> None:
    runtime.clock = lambda: datetime.now(UTC)
    made = register(desk, listener, "release.signed", "case.opened")
    release = signed(ready(desk))
    desk.work()
    told = {}
    for path, headers, raw in listener.got:
        assert path == "/hook?a=1"
        lowered = {name.lower(): value for name, value in headers.items()}
        assert lowered["host"] == listener.host
        message = Webhook(made["secret"]).verify(raw.decode(), lowered)
        told[message["type"]] = (message, lowered["webhook-id"])
    assert set(told) == {"release.signed", "case.opened"}
    message, message_id = told["release.signed"]
    assert (message["draft_id"], message["subject"]) == (desk.draft_id, f"draft:{desk.draft_id}")
    assert message["data"]["digest"] == release["digest"]
    assert message["data"]["signed_ticket"] == release["ticket"]
    assert message["sequence"] > told["case.opened"][0]["sequence"] > 0
    found = deliveries(desk, state="delivered")
    assert message_id in {one["message_id"] for one in found}
    assert {one["attempt"] for one in found} == {1}
    with desk.session() as session:
        actions = [one.action for one in audit.events(session, f"webhook:{made['id']}")]
    assert actions.count("webhook.delivered") == 2
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 44).verify(raw.decode(), lowered)


def test_each_endpoint_hears_of_its_unit_and_what_it_chose(desk: Desk, listener: Listener) -> None:
    everything = register(desk, listener)
    register(desk, listener, unit="district")
    listener.url += "&b=2"
    chosen = register(desk, listener, "draft.created")
    desk.draft()
    desk.work()
    assert {(one["endpoint_id"], one["type"]) for one in deliveries(desk)} == {
        (everything["id"], "draft.created"),
        (chosen["id"], "draft.created"),
    }
    assert len(listener.got) == 2
    assert len(deliveries(desk, endpoint=chosen["id"], limit=1)) == 1


def test_a_message_is_fanned_out_once_however_often_its_job_runs(
    desk: Desk, listener: Listener, runtime: Runtime
) -> None:
    register(desk, listener, "draft.created")
    desk.draft()
    desk.work()
    with desk.session() as session:
        from app.jobs.queries import outbox

        (message,) = outbox(session)
    with runtime.database.write() as session:
        assert delivery.fan_out(session, {message.id: (message, "x")}, at=runtime.clock()) == 0
    desk.work()
    assert len(listener.got) == 1


def test_ten_tries_over_75_hours_then_it_is_given_up(
    desk: Desk, listener: Listener, clock: SetClock, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "JITTER", 0)
    made = register(desk, listener, "draft.created")
    listener.answers = [(500, {})] * 20
    began = clock()
    desk.draft()
    seen = []
    for _ in range(10):
        desk.work()
        seen.append(clock() - began)
        with desk.session() as session:
            row = session.exec(select(WebhookDelivery)).one()
        if row.next_at is not None:
            clock.now = row.next_at
    assert [int(one.total_seconds()) for one in seen] == [
        0,
        5,
        305,
        2105,
        9305,
        27305,
        63305,
        113705,
        185705,
        272105,
    ]
    assert len(listener.got) == 10
    assert len({dict(headers).get("webhook-id") for _, headers, _ in listener.got}) == 1
    clock.advance(days=2)
    desk.work()
    assert len(listener.got) == 10
    (one,) = deliveries(desk, state="failed")
    assert (one["attempt"], one["status"], one["next_at"]) == (10, 500, None)
    with desk.session() as session:
        assert audit.events(session, f"webhook:{made['id']}")[-1].action == "webhook.failed"


def test_waits_are_spread_but_never_shortened() -> None:
    assert sum(delivery.WAITS, timedelta(0)) == timedelta(hours=75, minutes=35, seconds=5)
    assert 0 < delivery.JITTER <= 0.5


def test_an_outage_of_three_days_loses_nothing(
    desk: Desk, listener: Listener, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "JITTER", 0)
    register(desk, listener, "draft.created")
    listener.answers = [(503, {})] * 9
    desk.draft()
    for _ in range(80):
        desk.work()
        clock.advance(hours=1)
    (one,) = deliveries(desk)
    assert (one["state"], one["attempt"]) == ("delivered", 10)


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        ("60", timedelta(seconds=60)),
        ("1", timedelta(seconds=5)),
        ("999999999", timedelta(hours=24)),
        ("nonsense", timedelta(seconds=5)),
        ("-5", timedelta(seconds=5)),
    ],
)
def test_retry_after_is_heeded_within_reason(
    desk: Desk,
    listener: Listener,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    waits: timedelta,
) -> None:
    monkeypatch.setattr(delivery, "JITTER", 0)
    register(desk, listener, "draft.created")
    listener.answers = [(429, {"retry-after": asked})]
    desk.draft()
    desk.work()
    with desk.session() as session:
        assert session.exec(select(WebhookDelivery)).one().next_at == clock() + waits


def test_retry_after_may_be_a_date(
    desk: Desk, listener: Listener, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "JITTER", 0)
    register(desk, listener, "draft.created")
    listener.answers = [(503, {"retry-after": format_datetime(clock() + timedelta(minutes=3), usegmt=True)})]
    desk.draft()
    desk.work()
    with desk.session() as session:
        assert session.exec(select(WebhookDelivery)).one().next_at == clock() + timedelta(minutes=3)


def test_gone_switches_the_endpoint_off(desk: Desk, listener: Listener) -> None:
    made = register(desk, listener, "draft.created")
    listener.answers = [(410, {})]
    desk.draft()
    desk.work()
    (shown,) = desk.get("/webhooks/endpoints", "system_admin").json()
    assert (shown["active"], shown["disabled_reason"]) == (False, "gone")
    with desk.session() as session:
        actions = [one.action for one in audit.events(session, f"webhook:{made['id']}")]
    assert actions[-2:] == ["webhook.failed", "webhook.endpoint_disabled"]
    (told,) = desk.get("/notices", "system_admin").json()["items"]
    assert told["kind"] == "endpoint"
    assert told["text"].startswith(f"接收地址 {listener.host.split(':')[0]} 答复说它已不再使用")
    assert desk.get("/notices", "editor").json()["items"] == []
    desk.draft()
    desk.work()
    assert len(listener.got) == 1


def test_a_message_that_is_given_up_is_told_once_to_who_looks_after_the_address(
    desk: Desk, listener: Listener, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "WAITS", (timedelta(0), timedelta(seconds=1)))
    monkeypatch.setattr(delivery, "JITTER", 0)
    register(desk, listener, "draft.created")
    listener.answers = [(500, {})] * 4
    for _ in range(2):
        desk.draft()
        for _ in range(3):
            desk.work()
            clock.advance(minutes=20)
    assert [one["state"] for one in deliveries(desk)] == ["failed", "failed"]
    (told,) = desk.get("/notices", "system_admin").json()["items"]
    assert "重试完了仍没有送达" in told["text"]


def test_redirects_are_not_followed(desk: Desk, listener: Listener) -> None:
    register(desk, listener, "draft.created")
    listener.answers = [(302, {"location": f"http://{listener.host}/elsewhere"})]
    desk.draft()
    desk.work()
    assert [path for path, _, _ in listener.got] == ["/hook?a=1"]
    assert deliveries(desk)[0]["status"] == 302


def test_a_host_taken_off_the_list_is_not_called(desk: Desk, listener: Listener, runtime: Runtime) -> None:
    register(desk, listener, "draft.created")
    runtime.settings.webhook_hosts = frozenset()
    desk.draft()
    desk.work()
    assert listener.got == []
    assert deliveries(desk)[0]["error"] == "host_not_allowed"


def test_nobody_at_home_is_no_error_of_ours(desk: Desk, listener: Listener, runtime: Runtime) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    runtime.settings.webhook_hosts = frozenset({f"127.0.0.1:{port}"})
    listener.url = f"http://127.0.0.1:{port}/"
    register(desk, listener, "draft.created")
    desk.draft()
    desk.work()
    (one,) = deliveries(desk)
    assert (one["state"], one["attempt"], one["status"], one["error"]) == ("waiting", 1, None, "ConnectError")


def test_without_a_secret_nothing_is_sent(desk: Desk, listener: Listener, runtime: Runtime) -> None:
    register(desk, listener, "draft.created")
    runtime.settings.secret_key = SecretStr("another secret of more than 32 characters")
    desk.draft()
    desk.work()
    assert listener.got == []
    assert deliveries(desk)[0]["error"] == "no_secret"


def test_an_endpoint_can_be_switched_off(desk: Desk, listener: Listener) -> None:
    made = register(desk, listener, "draft.created")
    path = f"/webhooks/endpoints/{made['id']}/deactivation"
    assert desk.client.post(f"/api/v1{path}").json()["code"] == "unauthenticated"
    assert desk.post(path, "editor").status_code in {403, 404}
    listener.answers = [(500, {})]
    desk.draft()
    desk.work()
    assert desk.post(path, "system_admin").json()["active"] is False
    assert deliveries(desk)[0]["state"] == "failed"
    assert desk.post(path, "system_admin").json()["code"] == "webhook_endpoint_inactive"
    assert desk.post(f"/webhooks/endpoints/{desk.draft_id}/deactivation", "system_admin").status_code == 404


def test_one_delivery_can_be_sent_again_under_its_old_id(
    desk: Desk, listener: Listener, clock: SetClock
) -> None:
    register(desk, listener, "draft.created")
    listener.answers = [(410, {})]
    desk.draft()
    desk.work()
    (one,) = deliveries(desk)
    path = f"/webhooks/deliveries/{one['id']}/replays"
    assert desk.client.post(f"/api/v1{path}").json()["code"] == "unauthenticated"
    assert desk.post(path, "editor").status_code in {403, 404}
    assert desk.post(path, "system_admin").json()["code"] == "webhook_endpoint_inactive"
    made = register(desk, listener, "draft.created")
    desk.draft()
    desk.work()
    (one,) = deliveries(desk, endpoint=made["id"])
    path = f"/webhooks/deliveries/{one['id']}/replays"
    answer = desk.post(path, "system_admin")
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    assert desk.post(path, "system_admin").json()["code"] == "webhook_delivery_under_way"
    desk.work()
    sent = [dict(headers)["webhook-id"] for _, headers, _ in listener.got]
    assert sent[-1] == sent[-2] == one["message_id"]
    with desk.session() as session:
        actions = [event.action for event in audit.events(session, f"webhook:{made['id']}")]
    assert actions == [
        "webhook.endpoint_created",
        "webhook.delivered",
        "webhook.replayed",
        "webhook.delivered",
    ]


def test_a_try_that_another_worker_made_is_not_counted_twice(
    desk: Desk, listener: Listener, runtime: Runtime
) -> None:
    register(desk, listener, "draft.created")
    desk.draft()
    Runner(runtime).run_until_idle()
    with runtime.database.write() as session:
        row = session.exec(select(WebhookDelivery)).one()
        assert delivery.prepare(session, {row.id: 0}, master=runtime.secret, at=runtime.clock()) == ()
        parcel = delivery.Parcel(row.id, 0, "", "", b"", ())
        delivery.settle(session, {parcel: delivery.Answer(500)}, at=runtime.clock())
        session.flush()
        assert (row.state, row.attempt) == ("delivered", 1)


def test_a_refused_transition_tells_nobody(desk: Desk, listener: Listener) -> None:
    register(desk, listener)
    desk.draft()
    desk.work()
    before = len(listener.got)
    assert (
        desk.post(f"/drafts/{desk.draft_id}/submissions", "editor", {"digest": "0" * 64}).status_code == 409
    )
    desk.work()
    assert len(listener.got) == before


def test_a_message_holds_no_text(desk: Desk, listener: Listener) -> None:
    register(desk, listener)
    desk.draft()
    desk.work()
    raw = listener.got[0][2].decode()
    assert "送温暖" not in raw
    assert "editor先生" not in raw
    assert set(json.loads(raw)) == {"type", "timestamp", "subject", "draft_id", "sequence", "data"}
    with desk.session() as session:
        assert session.exec(select(WebhookDelivery).order_by(col(WebhookDelivery.id))).all()
