"""签发, clearance and publication: who may, when, exactly what, and once."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import select

from app.domain.record.canonical import canonical
from app.domain.vocabulary import DraftState
from app.infra.db import Database
from app.infra.errors import Conflict
from app.infra.runtime import Runtime
from app.infra.signing import SignedStatement, Signer
from app.negative_list.in_use import NegativeList
from app.proofs.models import Proof
from app.publication.models import Publication, Release
from tests.api.desk import Desk
from tests.api.press import Press, ready, sign, signed
from tests.conftest import SetClock

pytestmark = pytest.mark.both_databases


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime)


def statement(answer: dict[str, Any], runtime: Runtime) -> dict[str, Any]:
    """The statement of a clearance, once its signature is checked."""
    assert runtime.signer.verifies(SignedStatement.model_validate(answer))
    return dict(answer["statement"])


def reasons(said: dict[str, Any]) -> set[str]:
    return {one["code"] for one in said["reasons"]}


def state(desk: Desk) -> str:
    return str(desk.get(f"/drafts/{desk.draft_id}").json()["state"])


def later(desk: Desk, clock: SetClock, **duration: float) -> None:
    """Let time pass; everybody signs in anew."""
    clock.advance(**duration)
    desk._headers.clear()


# --- 签发 ---


def test_only_a_publisher_signs(desk: Desk, client: TestClient) -> None:
    ready(desk)
    path, body = f"/api/v1/cases/{desk.case_id}/releases", {"line": "wechat", "digest": "0" * 64}
    assert client.post(path, json=body).json()["code"] == "unauthenticated"
    for login in ("second_reviewer", "proofreader"):
        answer = sign(desk, login)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), answer.text
    assert sign(desk, "outsider").status_code == 404
    assert sign(desk, "system_admin").status_code == 404
    assert "release.signed" not in desk.actions()


def test_nothing_is_signed_before_its_time(desk: Desk) -> None:
    desk.draft().reviews()
    desk.proofs()
    answer = sign(desk)
    assert answer.status_code == 409
    assert "stage_not_open" in desk.codes(answer)
    assert desk.record()[-1][:2] == ("decision.refused", "refused")
    assert "stage_not_open" in desk.codes(sign(desk, line="journal", digest="0" * 64))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"line": "wechat"},
        {"line": "wechat", "digest": "x"},
        {"line": "wechat", "digest": "0" * 64, "more": 1},
    ],
)
def test_a_malformed_wish_names_every_fault(desk: Desk, body: dict[str, Any]) -> None:
    ready(desk)
    answer = desk.post(f"/cases/{desk.case_id}/releases", "publisher", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    assert answer.json()["reasons"]


def test_another_digest_than_the_stage_s_is_stale(desk: Desk) -> None:
    ready(desk)
    answer = sign(desk, digest="f" * 64)
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_digest")
    assert "release.signed" not in desk.actions()


def test_signing_clears_the_line_and_gives_a_ticket(desk: Desk, runtime: Runtime, clock: SetClock) -> None:
    release = signed(ready(desk))
    ticket = SignedStatement.model_validate(release["ticket"])
    assert runtime.signer.verifies(ticket)
    said = ticket.statement
    assert (said["release"], said["draft"], said["channel"], said["digest"]) == (
        release["id"],
        desk.draft_id,
        "wechat",
        release["digest"],
    )
    assert release["digest"] == desk.case()["proofs"]["wechat"]
    assert said["expires_at"].startswith((clock() + timedelta(hours=72)).strftime("%Y-%m-%dT%H:%M"))
    assert (state(desk), desk.case()["state"]) == (DraftState.CLEARED, "cleared")
    action, outcome, data = desk.record()[-1]
    assert (action, outcome, data["digest"], data["channel"]) == (
        "release.signed",
        "done",
        release["digest"],
        "wechat",
    )
    assert desk.outbox().count("release.signed") == 1


def test_a_line_is_signed_once(desk: Desk) -> None:
    signed(ready(desk))
    assert sign(desk).status_code == 409
    assert desk.actions().count("release.signed") == 1


def test_the_same_request_twice_is_one_release(desk: Desk) -> None:
    ready(desk)
    digest = desk.stage("sign_off", "wechat")["digest"]
    answers = [sign(desk, digest=digest, headers={"Idempotency-Key": "once"}) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotency-Replayed"] == "true"


class Stricter:
    """A newer policy: the shipped one, under another digest, with its own findings."""

    def __init__(self, policy: Any, digest: str) -> None:
        self._policy, self.digest = policy, digest

    def __getattr__(self, name: str) -> Any:
        return getattr(self._policy, name)


class NewerList:
    def __init__(self, store: NegativeList, digest: str) -> None:
        self.current = Stricter(store.current, digest)


def test_the_newest_policy_is_run_again_at_the_release(desk: Desk, runtime: Runtime) -> None:
    ready(desk)
    runtime.negative_list = NewerList(runtime.negative_list, "9" * 64)  # type: ignore[assignment]
    release = signed(desk)
    assert release["policy"] == "9" * 64
    policies = [data["policy"] for action, _, data in desk.record() if action == "check.run"]
    assert policies[-1] == "9" * 64


def tampered(database: Database, *statements: str) -> None:
    with database.write() as session:
        for statement in statements:
            session.connection().execute(text(statement))


def test_the_gate_refuses_what_the_walk_would_have_let_through(desk: Desk, database: Database) -> None:
    """Somebody who reaches into the tables still meets the gate, with every reason, and it goes on record."""
    ready(desk)
    tampered(
        database,
        "UPDATE stage_run SET state = 'voided' WHERE stage = 'second_review'",
        f"UPDATE stage_run SET digest = '{'a' * 64}' WHERE stage = 'first_proof'",
    )
    answer = sign(desk)
    assert (answer.status_code, answer.json()["code"]) == (409, "release_refused"), answer.text
    assert desk.codes(answer) == {"stage_missing", "review_missing", "decided_on_other"}
    action, outcome, data = desk.record()[-1]
    assert (action, outcome) == ("release.refused", "refused")
    assert set(data["reasons"]) == desk.codes(answer)
    assert "release.signed" not in desk.actions()
    assert desk.stage("sign_off", "wechat")["state"] == "open"


# --- the tool asks ---


def test_what_was_signed_may_go_out_and_nothing_else(desk: Desk, runtime: Runtime) -> None:
    release = signed(ready(desk))
    press = Press.open(desk)
    said = statement(press.ask(digest=release["digest"]), runtime)
    assert (said["outcome"], said["release"], said["reasons"]) == ("cleared", release["id"], [])
    assert said["ticket"] == release["ticket"]
    assert desk.record()[-1][0] == "clearance.given"
    said = statement(press.ask(digest="f" * 64), runtime)
    assert (said["outcome"], said["ticket"], reasons(said)) == ("refused", None, {"nothing_released"})
    assert all(one["message"] and "{" not in one["message"] for one in said["reasons"])


def test_the_very_payload_may_be_asked_about(desk: Desk, runtime: Runtime) -> None:
    release = signed(ready(desk))
    press = Press.open(desk)
    with desk.session() as session:
        content = session.exec(select(Proof.content).where(Proof.digest == release["digest"])).one()
    said = statement(press.ask(payload=content.decode()), runtime)
    assert (said["outcome"], said["digest"]) == ("cleared", release["digest"])
    said = statement(press.ask(payload_base64=base64.b64encode(content).decode()), runtime)
    assert said["outcome"] == "cleared"
    changed = content.decode().replace("棉被", "棉衣", 1)
    said = statement(press.ask(payload=changed, release=release["id"]), runtime)
    assert (said["outcome"], reasons(said)) == ("refused", {"digest_differs"})
    (place,) = said["difference"]["changes"]
    assert "棉被" in "".join(place["released"])
    assert "棉衣" in "".join(place["payload"])
    assert said["difference"]["first_byte"] > 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"channel": "wechat"},
        {"channel": "wechat", "digest": "0" * 64, "payload": "x"},
        {"channel": "wechat", "digest": "no"},
        {"channel": "wechat", "digest": "0" * 64, "more": 1},
        {"channel": "wechat", "payload_base64": "*"},
        {"channel": "a b", "digest": "0" * 64},
        [],
        "x",
        7,
    ],
)
def test_a_malformed_question_names_every_fault(desk: Desk, body: Any) -> None:
    answer = Press.open(desk).send("clearance", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    assert answer.json()["reasons"]


def test_another_unit_s_tool_knows_nothing_of_the_release(desk: Desk, runtime: Runtime) -> None:
    release = signed(ready(desk))
    press = Press.open(desk, unit="district", name="区里的")
    said = statement(press.ask(digest=release["digest"], release=release["id"]), runtime)
    assert (said["release"], reasons(said)) == (None, {"nothing_released"})
    answer = press.publish(release["ticket"], release["digest"])
    assert (answer.status_code, answer.json()["code"]) == (403, "ticket_forged")


def test_a_tool_publishes_on_its_channels_alone(desk: Desk, runtime: Runtime) -> None:
    release = signed(ready(desk))
    press = Press.open(desk, "website")
    said = statement(press.ask(digest=release["digest"]), runtime)
    assert reasons(said) == {"tool_channel"}
    answer = press.publish(release["ticket"], release["digest"])
    assert (answer.status_code, answer.json()["code"]) == (409, "tool_channel")
    assert desk.record()[-1][:2] == ("publication.refused", "refused")


def test_all_reasons_at_once(desk: Desk, runtime: Runtime, clock: SetClock) -> None:
    release = signed(ready(desk))
    press = Press.open(desk, "website")
    later(desk, clock, hours=73)
    said = statement(press.ask(channel="website", digest="f" * 64, release=release["id"]), runtime)
    assert reasons(said) == {"channel_differs", "digest_differs", "ticket_expired"}
    answer = press.publish(release["ticket"], "f" * 64)
    assert desk.codes(answer) == {"tool_channel", "digest_differs", "ticket_expired"}


def test_a_text_that_goes_back_takes_the_release_with_it(desk: Desk, runtime: Runtime) -> None:
    """A sign-off that was voided, by a change on another line for instance, closes the gate again."""
    ready(desk, "wechat", "website")
    release = signed(desk, "wechat")
    with runtime.database.write() as session:
        session.connection().execute(
            text("UPDATE stage_run SET state = 'voided' WHERE stage = 'sign_off' AND line = 'wechat'")
        )
    press = Press.open(desk)
    said = statement(press.ask(digest=release["digest"]), runtime)
    assert reasons(said) == {"not_signed"}
    assert press.publish(release["ticket"], release["digest"]).json()["code"] == "not_signed"


# --- the tool reports ---


def test_a_publication_is_recorded_at_the_server_s_time(
    desk: Desk, runtime: Runtime, clock: SetClock, database: Database
) -> None:
    release = signed(ready(desk))
    press = Press.open(desk)
    later(desk, clock, hours=1)
    answer = press.publish(release["ticket"], release["digest"])
    assert answer.status_code == 201, answer.text
    done = answer.json()
    assert done["published_at"].startswith(clock().strftime("%Y-%m-%dT%H:%M:%S"))
    assert state(desk) == DraftState.PUBLISHED
    action, outcome, data = desk.record()[-1]
    assert (action, outcome, data["publication"], data["tool"]) == (
        "publication.published",
        "done",
        done["id"],
        press.tool_id,
    )
    assert desk.outbox().count("publication.published") == 1
    shown = desk.get(f"/drafts/{desk.draft_id}/publications", "publisher").json()
    assert [one["state"] for one in shown["releases"]] == ["published"]
    assert shown["releases"][0]["ticket"] is None
    assert [one["external_id"] for one in shown["publications"]] == ["100000001"]
    for change in (
        "UPDATE publication SET published_at = signed_at FROM release WHERE release.id = release_id",
        "DELETE FROM publication",
    ):
        with pytest.raises(Conflict), database.write() as session:
            session.connection().execute(text(change))


def test_a_ticket_is_good_once(desk: Desk, database: Database) -> None:
    release = signed(ready(desk))
    press = Press.open(desk)
    first = press.publish(release["ticket"], release["digest"])
    assert first.status_code == 201
    again = press.publish(release["ticket"], release["digest"])
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    other = press.publish(release["ticket"], release["digest"], external_id="another")
    assert (other.status_code, other.json()["code"]) == (409, "ticket_used")
    assert other.json()["reasons"][0]["data"]["publication"] == first.json()["id"]
    assert desk.record()[-1][:2] == ("publication.refused", "refused")
    with database.read() as session:
        assert len(session.exec(select(Publication)).all()) == 1


def test_an_expired_ticket_is_refused_and_can_be_renewed(
    desk: Desk, clock: SetClock, runtime: Runtime
) -> None:
    release = signed(ready(desk))
    press = Press.open(desk)
    later(desk, clock, hours=72)
    answer = press.publish(release["ticket"], release["digest"])
    assert (answer.status_code, answer.json()["code"]) == (409, "ticket_expired")
    assert "{" not in answer.json()["title"]
    path = f"/releases/{release['id']}/tickets"
    assert desk.client.post(f"/api/v1{path}").json()["code"] == "unauthenticated"
    assert desk.post(path, "editor").json()["code"] == "forbidden"
    assert desk.post(path, "outsider").status_code == 404
    renewed = desk.post(path, "publisher")
    assert renewed.status_code == 201, renewed.text
    assert desk.record()[-1][2]["renewed"] is True
    assert press.publish(release["ticket"], release["digest"]).json()["code"] == "ticket_replaced"
    assert press.publish(renewed.json()["ticket"], release["digest"]).status_code == 201
    used = desk.post(path, "publisher")
    assert (used.status_code, used.json()["code"]) == (409, "release_not_renewable")


@pytest.mark.parametrize(
    "forge",
    [
        lambda ticket: {**ticket, "statement": {**ticket["statement"], "digest": "f" * 64}},
        lambda ticket: {
            **ticket,
            "statement": {**ticket["statement"], "expires_at": "2999-01-01T00:00:00.000000Z"},
        },
        lambda ticket: {**ticket, "signature": base64.b64encode(bytes(64)).decode()},
        lambda ticket: {**ticket, "key_id": "0" * 16},
        lambda ticket: {**ticket, "algorithm": "none"},
        lambda ticket: Signer(Ed25519PrivateKey.generate()).sign(ticket["statement"]).model_dump(mode="json"),
    ],
)
def test_a_forged_ticket_has_its_own_code(desk: Desk, forge: Any) -> None:
    release = signed(ready(desk))
    answer = Press.open(desk).publish(forge(release["ticket"]), release["digest"])
    assert (answer.status_code, answer.json()["code"]) == (403, "ticket_forged")
    assert "publication.published" not in desk.actions()


def test_a_clearance_is_no_ticket(desk: Desk, runtime: Runtime) -> None:
    release = signed(ready(desk))
    press = Press.open(desk)
    cleared = press.ask(digest=release["digest"])
    assert press.publish(cleared, release["digest"]).json()["code"] == "ticket_forged"


def test_two_reports_at_once_make_one_publication(desk: Desk, database: Database, runtime: Runtime) -> None:
    import threading

    release = signed(ready(desk))
    presses = [Press.open(desk), Press.open(desk, name="另一个")]
    answers: list[int] = []

    def publish(press: Press) -> None:
        answers.append(press.publish(release["ticket"], release["digest"]).status_code)

    threads = [threading.Thread(target=publish, args=(press,)) for press in presses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, 409]
    with database.read() as session:
        assert len(session.exec(select(Publication)).all()) == 1


def test_each_line_is_published_for_itself(desk: Desk) -> None:
    ready(desk, "wechat", "website")
    press = Press.open(desk, "wechat", "website")
    first = signed(desk, "wechat")
    assert press.publish(first["ticket"], first["digest"]).status_code == 201
    assert state(desk) == DraftState.IN_REVIEW
    second = signed(desk, "website")
    assert state(desk) == DraftState.PUBLISHED
    assert press.publish(second["ticket"], second["digest"]).status_code == 201


def test_only_those_who_sign_for_the_channel_see_its_ticket(desk: Desk) -> None:
    release = signed(ready(desk))
    path = f"/drafts/{desk.draft_id}/publications"
    assert desk.client.get(f"/api/v1{path}").json()["code"] == "unauthenticated"
    assert desk.get(path, "outsider").status_code == 404
    assert desk.get(path, "editor").json()["releases"][0]["ticket"] is None
    assert desk.get(path, "publisher").json()["releases"][0]["ticket"] == release["ticket"]


def test_the_record_stays_whole_through_all_this(desk: Desk, database: Database) -> None:
    from app.audit import verification

    release = signed(ready(desk))
    press = Press.open(desk)
    press.ask(digest="f" * 64)
    press.publish(release["ticket"], release["digest"])
    press.publish(release["ticket"], release["digest"])
    with database.read() as session:
        assert verification.verify(session).faults == ()
        stored = session.exec(select(Release)).one()
        assert canonical(release["ticket"]).decode() == stored.ticket
