"""What tools get wrong: another's ticket, another channel's digest, one byte too many; each has its code."""

import json
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import col, select
from standardwebhooks.webhooks import Webhook

from app.audit.models import AuditEvent
from app.infra.http.bodies import MAX_JSON
from app.infra.runtime import Runtime
from app.webhooks.inbound import MAX_BYTES
from tests.api.desk import Desk
from tests.api.keyring import Keyring
from tests.api.press import Press, ready, signed
from tests.conftest import SetClock

pytestmark = pytest.mark.both_databases


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime)


def refused(answer: Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def last(desk: Desk, stream: str) -> tuple[str, str | None, dict[str, Any]]:
    with desk.session() as session:
        query = select(AuditEvent).where(AuditEvent.stream == stream).order_by(col(AuditEvent.seq).desc())
        row = session.exec(query.limit(1)).one()
    body = json.loads(row.body)
    return row.action, body["reason"], body["data"]


# --- whose ticket ---


def test_two_tools_on_one_channel_and_the_first_publishes(desk: Desk) -> None:
    release = signed(ready(desk))
    one, other = Press.open(desk), Press.open(desk, name="另一个")
    assert one.ask(digest=release["digest"])["statement"]["outcome"] == "cleared"
    said = other.ask(digest=release["digest"])["statement"]
    assert said["outcome"] == "cleared"
    done = one.publish(said["ticket"], release["digest"])
    assert done.status_code == 201
    # The same words of another tool are another report.
    late = other.publish(said["ticket"], release["digest"])
    assert refused(late) == (409, "ticket_used")
    assert late.json()["reasons"][0]["data"]["tool"] == one.tool_id
    assert late.json()["reasons"][0]["data"]["publication"] == done.json()["id"]
    assert last(desk, f"draft:{desk.draft_id}")[:2] == ("publication.refused", "ticket_used")
    said = other.ask(digest=release["digest"])["statement"]
    assert [why["code"] for why in said["reasons"]] == ["ticket_used"]


def test_a_ticket_of_a_channel_that_is_not_the_tool_s(desk: Desk) -> None:
    release = signed(ready(desk))
    site = Press.open(desk, "website")
    assert refused(site.publish(release["ticket"], release["digest"])) == (409, "tool_channel")
    assert last(desk, f"draft:{desk.draft_id}")[:2] == ("publication.refused", "tool_channel")


def test_a_ticket_of_another_unit_is_none(desk: Desk) -> None:
    release = signed(ready(desk))
    district = Press.open(desk, "wechat", unit="district", name="区")
    assert refused(district.publish(release["ticket"], release["digest"])) == (403, "ticket_forged")
    action, reason, data = last(desk, f"tool:{district.tool_id}")
    assert (action, reason, data["digest"]) == ("publication.refused", "ticket_forged", release["digest"])


def test_the_digest_of_another_channel(desk: Desk) -> None:
    ready(desk, "wechat", "website")
    wechat, website = signed(desk, line="wechat"), signed(desk, line="website")
    press = Press.open(desk, "wechat", "website")
    said = press.ask(channel="wechat", digest=website["digest"])["statement"]
    assert [why["code"] for why in said["reasons"]] == ["nothing_released"]
    said = press.ask(channel="wechat", digest=website["digest"], release=website["id"])["statement"]
    assert [why["code"] for why in said["reasons"]] == ["channel_differs"]
    answer = press.publish(wechat["ticket"], website["digest"])
    assert refused(answer) == (409, "digest_differs")
    assert answer.json()["reasons"][0]["data"]["released"] == wechat["digest"]
    assert last(desk, f"draft:{desk.draft_id}")[:2] == ("publication.refused", "digest_differs")


# --- signatures and clocks ---


@pytest.mark.parametrize("times", [2, 20, 21])
def test_a_signature_that_stands_there_more_than_once_is_one(desk: Desk, clock: SetClock, times: int) -> None:
    press = Press.open(desk)
    asked = {"channel": "wechat", "digest": "f" * 64}
    right = Webhook(press.secret).sign("msg_1", clock(), json.dumps(asked))
    answer = press.send("clearance", asked, message_id="msg_1", webhook_signature=" ".join([right] * times))
    assert answer.status_code == 200
    with desk.session() as session:
        answers = session.exec(select(AuditEvent).where(AuditEvent.action == "clearance.refused")).all()
    assert len(answers) == 1


def test_behind_twenty_wrong_signatures_nobody_looks(desk: Desk, clock: SetClock) -> None:
    press = Press.open(desk)
    asked = {"channel": "wechat", "digest": "f" * 64}
    right = Webhook(press.secret).sign("msg_1", clock(), json.dumps(asked))
    given = " ".join([*(["v1,AAAA"] * 20), right])
    answer = press.send("clearance", asked, message_id="msg_1", webhook_signature=given)
    assert refused(answer) == (401, "webhook_signature_invalid")


def test_a_clock_that_is_off_is_told_the_time(desk: Desk, clock: SetClock) -> None:
    press = Press.open(desk)
    answer = press.send(
        "clearance", {"channel": "wechat", "digest": "f" * 64}, at=clock() - timedelta(minutes=7)
    )
    assert refused(answer) == (401, "webhook_expired")
    assert answer.json()["data"]["server_time"] == clock().isoformat()


# --- one byte over ---


def sized(size: int) -> bytes:
    head, tail = b'{"channel": "wechat", "payload": "', b'"}'
    return head + b"x" * (size - len(head) - len(tail)) + tail


def test_one_byte_over_what_a_signature_carries(desk: Desk) -> None:
    press = Press.open(desk)
    assert press.send("clearance", sized(MAX_BYTES)).status_code == 200
    answer = press.send("clearance", sized(MAX_BYTES + 1))
    assert refused(answer) == (413, "webhook_too_large")
    assert answer.json()["data"] == {"limit_bytes": MAX_BYTES}


def test_one_byte_over_what_a_key_carries(desk: Desk) -> None:
    key = Keyring.make(desk, "clear")
    for size, status in ((MAX_JSON, 200), (MAX_JSON + 1, 413)):
        answer = key.call(
            "POST",
            "/webhooks/clearance",
            content=sized(size),
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == status, answer.text[:300]
