"""Endpoints paused and resumed, what each try was answered, replays of a span, and events that are drawn."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import col, func, select

from app.infra.runtime import Runtime
from app.webhooks import retention
from app.webhooks.models import WebhookAttempt, WebhookMessage
from tests.api.desk import Desk
from tests.api.keyring import Keyring
from tests.api.press import Listener, Press, ready, signed
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


def refused(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def endpoint(desk: Desk, listener: Listener, *events: str, **more: Any) -> str:
    body = {"unit_id": str(desk.bureau.city.id), "url": listener.url, "events": list(events), **more}
    answer = desk.post("/webhooks/endpoints", "system_admin", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def at(desk: Desk, endpoint_id: str, verb: str, login: str = "system_admin", **body: Any) -> Response:
    return desk.post(f"/webhooks/endpoints/{endpoint_id}/{verb}", login, body)


def deliveries(desk: Desk, **params: Any) -> list[dict[str, Any]]:
    return list(desk.get("/webhooks/deliveries", "system_admin", limit=200, **params).json()["deliveries"])


def ids(listener: Listener) -> list[str]:
    return [headers["webhook-id"] for _, headers, _ in listener.got]


# --- pausing ---


def test_what_comes_for_a_paused_endpoint_waits(desk: Desk, listener: Listener) -> None:
    one = endpoint(desk, listener, "draft.created", "draft.submitted")
    paused = at(desk, one, "pause")
    assert paused.json()["paused_at"] is not None
    assert refused(at(desk, one, "pause")) == (409, "webhook_endpoint_paused")
    desk.draft()
    desk.submit()
    desk.work()
    assert listener.got == []
    assert {sent["state"] for sent in deliveries(desk)} == {"waiting"}
    assert at(desk, one, "resumption").json()["paused_at"] is None
    assert refused(at(desk, one, "resumption")) == (409, "webhook_endpoint_not_paused")
    desk.work()
    assert [json.loads(body)["type"] for _, _, body in listener.got] == ["draft.created", "draft.submitted"]
    assert {sent["state"] for sent in deliveries(desk)} == {"delivered"}


def test_a_try_that_failed_before_the_pause_goes_on_after_it(
    desk: Desk, listener: Listener, clock: SetClock
) -> None:
    listener.answers = [(500, {})]
    one = endpoint(desk, listener, "draft.created")
    desk.draft()
    desk.work()
    assert at(desk, one, "pause").status_code == 200
    clock.advance(minutes=9)
    desk.work()
    assert len(listener.got) == 1
    at(desk, one, "resumption")
    desk.work()
    assert len(listener.got) == 2
    assert len(set(ids(listener))) == 1


@pytest.mark.parametrize("verb", ["pause", "resumption", "replays"])
def test_only_those_who_administer_it(desk: Desk, listener: Listener, verb: str) -> None:
    one = endpoint(desk, listener)
    body = {"since": "2026-03-01T00:00:00Z"} if verb == "replays" else {}
    path = f"/api/v1/webhooks/endpoints/{one}/{verb}"
    assert desk.client.post(path, json=body).status_code == 401
    for login in ("editor", "security_admin", "outsider"):
        assert at(desk, one, verb, login, **body).status_code in {403, 404}
    desk.post(f"/webhooks/endpoints/{one}/deactivation", "system_admin")
    if verb != "resumption":
        assert refused(at(desk, one, verb, **body)) == (409, "webhook_endpoint_inactive")


# --- what was said ---


def test_a_delivery_shows_its_bytes_and_what_each_try_was_answered(
    desk: Desk, listener: Listener, clock: SetClock
) -> None:
    listener.answers = [(500, {}), (404, {})]
    listener.says = [("内部错误\0" + "x" * 3000).encode(), b""]
    endpoint(desk, listener, "draft.created")
    desk.draft()
    for _ in range(3):
        desk.work()
        clock.advance(minutes=6)
        desk._headers.clear()
    (sent,) = deliveries(desk)
    shown = desk.get(f"/webhooks/deliveries/{sent['id']}", "system_admin").json()
    assert (shown["state"], shown["attempt"]) == ("delivered", 3)
    assert shown["body"].encode() == listener.got[0][2]
    assert [tried["status"] for tried in shown["attempts"]] == [500, 404, 204]
    said = [tried["answer"] for tried in shown["attempts"]]
    assert said[0].startswith("内部错误\ufffdxxx")
    assert len(said[0].encode()) <= 2010
    assert said[1:] == ["", ""]
    assert desk.get(f"/webhooks/deliveries/{sent['id']}", "editor").status_code == 404


def test_a_tool_sees_the_deliveries_of_its_own_addresses(desk: Desk, listener: Listener) -> None:
    press = Press.open(desk, "wechat")
    key = Keyring.make(desk, press=press)
    own = endpoint(desk, listener, "release.signed", tool_id=press.tool_id)
    unit = {"unit_id": str(desk.bureau.city.id), "url": f"{listener.url}&b=2", "events": ["release.signed"]}
    assert desk.post("/webhooks/endpoints", "system_admin", unit).status_code == 201
    signed(ready(desk))
    desk.work()
    by_endpoint = {sent["endpoint_id"]: sent["id"] for sent in deliveries(desk)}
    assert len(by_endpoint) == 2
    for endpoint_id, delivery_id in by_endpoint.items():
        expected = 200 if endpoint_id == own else 404
        assert key.get(f"/webhooks/deliveries/{delivery_id}").status_code == expected


# --- a span, again ---


def test_all_that_failed_since_is_sent_again(desk: Desk, listener: Listener, clock: SetClock) -> None:
    one = endpoint(desk, listener, "draft.created")
    desk.draft()
    desk.work()
    since = clock() + timedelta(hours=1)
    clock.advance(hours=2)
    desk._headers.clear()
    listener.answers = [(410, {})]
    desk.draft()
    desk.work()
    # Switched off by that answer: what comes now is not even promised to it.
    desk.draft()
    desk.work()
    assert at(desk, one, "activation").status_code == 200
    done = at(desk, one, "replays", since=since.isoformat())
    assert (done.status_code, done.json()) == (202, {"count": 2, "go_on_from": None}), done.text
    desk.work()
    got = ids(listener)
    assert len(got) == 4
    assert got[2] == got[1]  # the one that failed keeps its id
    assert len(set(got)) == 3
    assert at(desk, one, "replays", since=since.isoformat()).json()["count"] == 0
    everything = at(desk, one, "replays", since="2026-03-01T00:00:00Z", only_failed=False)
    assert everything.json()["count"] == 3
    desk.work()
    assert sorted(ids(listener)[4:]) == sorted(set(got))


def test_a_span_has_an_end(desk: Desk, listener: Listener, clock: SetClock) -> None:
    one = endpoint(desk, listener, "draft.created")
    began = clock()
    desk.draft()
    desk.work()
    clock.advance(minutes=1)
    desk.draft()
    desk.work()
    span = {"since": began.isoformat(), "until": began.isoformat(), "only_failed": False}
    assert at(desk, one, "replays", **span).json()["count"] == 1
    reversed_span = {"since": clock().isoformat(), "until": began.isoformat()}
    answer = at(desk, one, "replays", **reversed_span)
    assert (refused(answer), answer.json()["reasons"][0]["code"]) == ((422, "malformed"), "span_reversed")


# --- drawing ---


def test_events_are_drawn_in_their_order_and_none_is_missed(desk: Desk) -> None:
    desk.draft()
    desk.submit()
    desk.work()
    first = desk.get("/events", "system_admin", limit=1).json()
    assert [one["type"] for one in first["items"]] == ["draft.created"]
    rest = desk.get("/events", "system_admin", after=first["next_after"]).json()
    assert rest["items"][0]["type"] == "draft.submitted"
    places = [one["position"] for one in (*first["items"], *rest["items"])]
    assert places == list(range(places[0], places[0] + len(places)))
    with desk.session() as session:
        rows = session.exec(select(WebhookMessage).order_by(col(WebhookMessage.position))).all()
    assert [str(row.id) for row in rows] == [one["id"] for one in (*first["items"], *rest["items"])]
    assert json.loads(rows[0].body)["data"] == first["items"][0]["data"]
    nothing = desk.get("/events", "system_admin", after=rest["next_after"]).json()
    assert nothing == {"items": [], "next_after": rest["next_after"]}
    desk.draft()
    desk.work()
    later = desk.get("/events", "system_admin", after=rest["next_after"]).json()
    assert [one["type"] for one in later["items"]] == ["draft.created"]


def test_a_tool_draws_what_tells_of_its_channels(desk: Desk) -> None:
    ready(desk, "wechat", "website")
    for line in ("wechat", "website"):
        signed(desk, line=line)
    desk.work()
    press = Press.open(desk, "wechat", "website")
    for places, channels in (
        ([], ["wechat", "website"]),
        ([{"channel": "website"}], ["website"]),
        ([{"channel": "website", "section": "notices"}], []),
        ([{"channel": "website", "section": "news"}], ["website"]),
    ):
        key = Keyring.make(desk, "read:released", press=press, places=places)
        page = key.get("/events", type="release.signed").json()
        assert [one["data"]["channel"] for one in page["items"]] == channels, places
        assert all(one["data"].get("channel") for one in key.get("/events").json()["items"])
        # However much of it was of no concern, the next page begins behind it.
        assert key.get("/events", after=page["next_after"], type="release.signed").json()["items"] == []
    elsewhere = Keyring.make(
        desk, "read:released", press=Press.open(desk, "wechat", unit="district", name="区")
    )
    assert elsewhere.get("/events").json()["items"] == []
    assert refused(Keyring.make(desk, "clear", press=press).get("/events")) == (403, "key_scope")


def test_who_draws_and_what(desk: Desk) -> None:
    desk.draft()
    desk.work()
    assert desk.client.get("/api/v1/events").status_code == 401
    assert desk.get("/events", "editor").status_code == 403
    assert refused(desk.get("/events", "system_admin", type="user.signed_in")) == (422, "malformed")
    assert refused(desk.get("/events", "system_admin", after=-1)) == (422, "malformed")
    assert refused(desk.get("/events", "system_admin", after=2**64)) == (422, "malformed")


# --- how long they are kept ---


def test_deliveries_are_kept_for_thirty_days(desk: Desk, listener: Listener, clock: SetClock) -> None:
    one = endpoint(desk, listener, "draft.created", "draft.submitted")
    desk.draft()
    desk.work()
    assert at(desk, one, "pause").status_code == 200
    desk.submit()
    desk.work()
    clock.advance(days=29, hours=23)
    assert retention.forget(desk.runtime, at=clock()) == 0
    clock.advance(hours=1, seconds=1)
    desk._headers.clear()
    # The delivery and its message go; what waits stays, and with it its message.
    assert retention.forget(desk.runtime, at=clock()) > 1
    assert [(sent["type"], sent["state"]) for sent in deliveries(desk)] == [("draft.submitted", "waiting")]
    with desk.runtime.database.read() as session:
        assert session.exec(select(func.count()).select_from(WebhookAttempt)).one() == 0
        last = session.exec(select(func.max(WebhookMessage.position))).one()
        assert last is not None
    assert retention.forget(desk.runtime, at=clock()) == 0
    # Places are counted on: whoever draws misses nothing and meets nothing twice.
    desk.draft()
    desk.work()
    with desk.runtime.database.read() as session:
        assert session.exec(select(func.max(WebhookMessage.position))).one() == last + 1
