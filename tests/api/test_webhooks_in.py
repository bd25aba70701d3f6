"""Messages from publishing tools: forged, late, replayed, too large, malformed – each has its own code."""

import json
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlmodel import select
from standardwebhooks.webhooks import Webhook

from app.audit import queries as audit
from app.infra.runtime import Runtime
from app.webhooks import standard, vault
from app.webhooks.models import ReceivedWebhook, WebhookSecret
from tests.api.desk import Desk
from tests.api.press import Press, ready, signed
from tests.conftest import SetClock

ASKED = {"channel": "wechat", "digest": "f" * 64}


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime)


@pytest.fixture
def press(desk: Desk) -> Press:
    return Press.open(desk)


def refused(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["title"]
    assert body["title_en"]
    return answer.status_code, body["code"]


# --- registering tools ---


def test_only_the_system_administrator_registers_tools(desk: Desk, client: TestClient) -> None:
    body = {"unit_id": str(desk.bureau.city.id), "name": "发布助手", "channels": ["wechat"]}
    assert client.post("/api/v1/tools", json=body).json()["code"] == "unauthenticated"
    assert client.get("/api/v1/tools").json()["code"] == "unauthenticated"
    for login in ("editor", "publisher", "security_admin", "audit_admin"):
        answer = desk.post("/tools", login, body)
        assert answer.status_code in {403, 404}, answer.text
        assert desk.get("/tools", login).status_code == 403
    elsewhere = {**body, "unit_id": str(desk.bureau.elsewhere.id)}
    assert refused(desk.post("/tools", "system_admin", elsewhere)) == (404, "not_found")


def test_a_tool_gets_its_secret_once(desk: Desk, press: Press, runtime: Runtime) -> None:
    assert press.secret.startswith("whsec_")
    (shown,) = desk.get("/tools", "system_admin").json()
    assert (shown["id"], shown["channels"], "secret" in shown) == (press.tool_id, ["wechat"], False)
    with desk.session() as session:
        (row,) = session.exec(select(WebhookSecret)).all()
        assert standard.read_secret(press.secret) not in row.sealed
        (event,) = audit.events(session, f"tool:{press.tool_id}")
    assert event.action == "tool.created"
    assert "whsec" not in str(event)


def test_bad_tools_are_refused_with_every_fault(desk: Desk, press: Press) -> None:
    unit_id = str(desk.bureau.city.id)
    answer = desk.post(
        "/tools", "system_admin", {"unit_id": unit_id, "name": "x", "channels": ["no", "wechat", "nor"]}
    )
    assert refused(answer) == (422, "malformed")
    assert [one["data"]["channel"] for one in answer.json()["reasons"]] == ["no", "nor"]
    answer = desk.post("/tools", "system_admin", {"unit_id": "x", "name": " ", "channels": [], "more": 1})
    assert {one["field"] for one in answer.json()["reasons"]} == {
        "body.unit_id",
        "body.name",
        "body.channels",
        "body.more",
    }
    again = {"unit_id": unit_id, "name": "发布助手", "channels": ["wechat"]}
    assert refused(desk.post("/tools", "system_admin", again)) == (409, "tool_name_taken")


def test_while_a_secret_is_exchanged_both_are_good(desk: Desk, press: Press, clock: SetClock) -> None:
    answer = desk.post(f"/tools/{press.tool_id}/secrets", "system_admin")
    assert answer.status_code == 201, answer.text
    new = answer.json()["secret"]
    assert new != press.secret
    for secret in (press.secret, new):
        assert press.send("clearance", ASKED, secret=secret).status_code == 200
    clock.advance(hours=24)
    assert refused(press.send("clearance", ASKED)) == (401, "webhook_signature_invalid")
    assert press.send("clearance", ASKED, secret=new).status_code == 200
    desk._headers.clear()
    assert desk.post(f"/tools/{desk.draft_id or '0' * 8}/secrets", "system_admin").status_code in {404, 422}


# --- proving oneself ---


def test_the_headers_must_all_be_there(press: Press) -> None:
    answer = press.send("clearance", ASKED, webhook_id=None, webhook_timestamp=None, webhook_signature=None)
    assert refused(answer) == (401, "webhook_unsigned")
    assert [one["data"]["name"] for one in answer.json()["reasons"]] == [
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    ]


@pytest.mark.parametrize(
    "header",
    [
        {"webhook_timestamp": "soon"},
        {"webhook_timestamp": "-1"},
        {"webhook_timestamp": "9" * 12},
        {"webhook_id": "x" * 201},
    ],
)
def test_malformed_headers(press: Press, header: dict[str, str]) -> None:
    answer = press.send("clearance", ASKED, **header)
    assert refused(answer) == (401, "webhook_unsigned")
    assert [one["code"] for one in answer.json()["reasons"]] == ["header_malformed"]


@pytest.mark.parametrize("tool", ["", "nobody", "0190a000-0000-7000-8000-000000000000"])
def test_an_unknown_tool(press: Press, tool: str) -> None:
    assert refused(press.send("clearance", ASKED, tool=tool)) == (401, "webhook_tool_unknown")


@pytest.mark.parametrize(("seconds", "good"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_five_minutes_either_way(press: Press, clock: SetClock, seconds: int, *, good: bool) -> None:
    answer = press.send("clearance", ASKED, at=clock() + timedelta(seconds=seconds))
    if good:
        assert answer.status_code == 200
    else:
        assert refused(answer) == (401, "webhook_expired")


@pytest.mark.parametrize("signature", ["v1,", "v1,AAAA", "v2,AAAA", "nonsense"])
def test_a_forged_signature(press: Press, signature: str) -> None:
    answer = press.send("clearance", ASKED, webhook_signature=signature)
    assert refused(answer) == (401, "webhook_signature_invalid")


def test_another_secret_another_body_another_id(desk: Desk, press: Press, clock: SetClock) -> None:
    other = Press.open(desk, name="另一个")
    assert refused(press.send("clearance", ASKED, secret=other.secret)) == (401, "webhook_signature_invalid")
    right = Webhook(press.secret).sign("msg_1", clock(), json.dumps(ASKED))
    answer = press.send(
        "clearance", {**ASKED, "digest": "e" * 64}, message_id="msg_1", webhook_signature=right
    )
    assert refused(answer) == (401, "webhook_signature_invalid")
    answer = press.send("clearance", ASKED, message_id="msg_2", webhook_signature=right)
    assert refused(answer) == (401, "webhook_signature_invalid")


def test_one_of_several_signatures_is_enough(press: Press, clock: SetClock) -> None:
    right = Webhook(press.secret).sign("msg_1", clock(), json.dumps(ASKED))
    answer = press.send("clearance", ASKED, message_id="msg_1", webhook_signature=f"v1a,AAAA v1,AAAA {right}")
    assert answer.status_code == 200


def test_a_forgery_is_told_before_anything_is_read(press: Press) -> None:
    assert refused(press.send("clearance", b"{not json", webhook_signature="v1,AAAA")) == (
        401,
        "webhook_signature_invalid",
    )


def test_after_the_installation_s_secret_was_changed_nobody_is_let_in(press: Press, runtime: Runtime) -> None:
    runtime.settings.secret_key = SecretStr("another secret of more than 32 characters")
    assert refused(press.send("clearance", ASKED)) == (401, "webhook_signature_invalid")


# --- once ---


def test_a_message_takes_effect_once(desk: Desk, press: Press) -> None:
    release = signed(ready(desk))
    body = {"ticket": release["ticket"], "digest": release["digest"], "external_id": "1"}
    first = press.send("publications", body, message_id="msg_same")
    assert (first.status_code, "idempotency-replayed" in first.headers) == (201, False)
    answer = press.send("publications", body, message_id="msg_same")
    assert (answer.status_code, answer.headers["idempotency-replayed"]) == (201, "true")
    assert answer.json() == first.json()
    other = press.send("publications", {**body, "external_id": "2"}, message_id="msg_same")
    assert refused(other) == (409, "webhook_replayed")
    # The same bytes elsewhere are another message.
    assert refused(press.send("clearance", ASKED, message_id="msg_same")) == (409, "webhook_replayed")
    assert desk.actions().count("publication.published") == 1
    assert "publication.refused" not in desk.actions()


def test_a_repeated_question_gets_its_answer_again_and_ids_are_each_tool_s_own(
    desk: Desk, press: Press, clock: SetClock
) -> None:
    first = press.send("clearance", ASKED, message_id="msg_same")
    clock.advance(minutes=2)
    again = press.send("clearance", ASKED, message_id="msg_same")
    assert (again.status_code, again.text) == (200, first.text)
    assert press.send("clearance", ASKED).text != first.text
    other = Press.open(desk, name="另一个")
    assert other.send("clearance", ASKED, message_id="msg_same").status_code == 200


def test_a_refused_message_uses_up_no_id(desk: Desk, press: Press) -> None:
    release = signed(ready(desk))
    body = {"ticket": release["ticket"], "digest": "f" * 64, "external_id": "1"}
    assert refused(press.send("publications", body, message_id="msg_same")) == (409, "digest_differs")
    with desk.session() as session:
        assert session.exec(select(ReceivedWebhook)).all() == []
    body["digest"] = release["digest"]
    assert press.send("publications", body, message_id="msg_same").status_code == 201


# --- what is said ---


def test_one_megabyte_is_the_limit(press: Press) -> None:
    fits = {**ASKED, "digest": None, "payload": "字" * 300_000}
    assert press.send("clearance", fits).status_code == 200
    answer = press.send("clearance", {**fits, "payload": "字" * 340_000})
    assert refused(answer) == (413, "webhook_too_large")


def test_a_body_without_a_length_is_counted_as_it_comes(press: Press) -> None:
    def endless() -> Any:
        for _ in range(20):
            yield b"x" * 100_000

    answer = press.desk.client.post(
        "/api/v1/webhooks/clearance",
        content=endless(),
        params={"tool": press.tool_id},
        headers={"content-type": "application/json"},
    )
    assert refused(answer) == (413, "body_too_large")


@pytest.mark.parametrize("raw", [b"", b"{", b"nonsense", b"\xff\xfe", b'{"channel": "\\ud800"}'])
def test_what_is_no_json(press: Press, raw: bytes) -> None:
    status, code = refused(press.send("clearance", raw))
    assert (status, code) == (
        422,
        "text_unusable" if b"ud800" in raw or b"\xff" in raw else "webhook_not_json",
    )


def test_messages_are_json(press: Press) -> None:
    answer = press.send("clearance", ASKED, content_type="application/octet-stream")
    assert refused(answer) == (415, "unsupported_media_type")


def test_unknown_and_missing_fields_are_all_named(press: Press) -> None:
    answer = press.send("publications", {"digest": "x", "surprise": 1, "url": "javascript:alert(1)"})
    assert refused(answer) == (422, "malformed")
    assert {one["field"] for one in answer.json()["reasons"]} == {
        "body.ticket",
        "body.external_id",
        "body.digest",
        "body.url",
        "body.surprise",
    }


def test_nul_characters_reach_no_database(desk: Desk, press: Press) -> None:
    release = signed(ready(desk))
    body = {"ticket": release["ticket"], "digest": release["digest"], "external_id": "a\u0000b"}
    assert refused(press.send("publications", body)) == (422, "text_unusable")


# --- the parts ---


def test_a_secret_opens_in_its_own_row_alone() -> None:
    from uuid import UUID

    one, other = UUID(int=1), UUID(int=2)
    sealed = vault.seal(b"secret", owner=one, master=b"m" * 32)
    assert vault.unseal(sealed, owner=one, master=b"m" * 32) == b"secret"
    for owner, master in ((other, b"m" * 32), (one, b"n" * 32)):
        with pytest.raises(vault.SealBroken):
            vault.unseal(sealed, owner=owner, master=master)


def test_a_signature_of_other_characters_is_just_wrong() -> None:
    assert not standard.is_signed([b"k"], "v1,é v1,", message_id="m", timestamp=1, body=b"")


def test_what_is_no_secret() -> None:
    with pytest.raises(ValueError, match="base64"):
        standard.read_secret("whsec_*")
