"""Keys of publishing tools: who makes them, what they open, when they end; a machine never decides."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import col, select

from app.audit.models import AuditEvent
from app.drafts.models import Draft, Revision
from app.identity.models import RoleGrant, User
from app.infra.runtime import Runtime
from app.integrations import scopes
from app.integrations.models import ToolKey
from app.main import create_app
from tests import factories
from tests.api.desk import REVIEWERS, Desk
from tests.api.illustrated import hosted, illustrated
from tests.api.keyring import ALL, Keyring, ask
from tests.api.packages import exported, places
from tests.api.press import Listener, Press, ready, signed
from tests.architecture.test_routes import MUTATING, routes_of
from tests.conftest import SetClock

pytestmark = pytest.mark.both_databases
TEXT = {
    "format": "text",
    "title": "清河市开展冬季走访",
    "content": "志愿者逐户登记需求，帮助老人检查取暖设备。",
}


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime)


def refused(answer: Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def on_record(desk: Desk, stream: str) -> list[tuple[str, dict[str, Any]]]:
    with desk.session() as session:
        query = select(AuditEvent).where(AuditEvent.stream == stream).order_by(col(AuditEvent.seq))
        return [(row.action, json.loads(row.body)) for row in session.exec(query).all()]


# --- making them ---


def test_only_the_system_administrator_of_the_unit_makes_keys(desk: Desk) -> None:
    press = Press.open(desk)
    path = f"/api/v1/tools/{press.tool_id}/keys"
    assert desk.client.post(path, json={}).status_code == 401
    for login in ("editor", "publisher", "security_admin", "audit_admin", "outsider"):
        assert ask(desk, press, login=login).status_code in {403, 404}, login
        assert desk.get(f"/tools/{press.tool_id}/keys", login).status_code in {403, 404}, login
    key = Keyring.make(desk, press=press)
    assert refused(key.post(f"/tools/{press.tool_id}/keys", {})) == (403, "key_scope")


def test_a_key_is_shown_once_and_only_its_hash_is_kept(desk: Desk) -> None:
    key = Keyring.make(desk)
    (shown,) = desk.get(f"/tools/{key.press.tool_id}/keys", "system_admin").json()
    assert (shown["id"], shown["active"], "key" in shown) == (key.id, True, False)
    with desk.session() as session:
        (row,) = session.exec(select(ToolKey)).all()
    secret = key.key.rpartition("_")[2]
    assert len(secret) == 64
    assert secret not in repr(row)
    stream = on_record(desk, f"tool:{key.press.tool_id}")
    assert [action for action, _ in stream] == ["tool.created", "tool.key_made"]
    assert secret not in repr(stream)
    assert stream[-1][1]["data"]["scopes"] == ["clear", "read:released", "report"]


@pytest.mark.parametrize(
    ("wish", "codes"),
    [
        ({"places": [{"channel": "journal"}]}, ["key_channel"]),
        ({"networks": ["10.0.0.0/40", "x"]}, ["key_network", "key_network"]),
        ({"expires_at": "2026-03-01T00:00:00Z"}, ["key_expiry"]),
        ({"expires_at": "2029-03-01T00:00:00Z"}, ["key_expiry"]),
        ({"acts_for": "editor"}, ["key_editor_unneeded"]),
        ({"scopes": ["submit"], "acts_for": ""}, ["key_editor_needed"]),
        ({"scopes": ["submit"], "acts_for": "publisher"}, ["key_editor_unfit"]),
        ({"scopes": ["submit"], "acts_for": "outsider"}, ["key_editor_unfit"]),
        ({"scopes": ["submit"], "acts_for": "nobody"}, ["key_editor_unfit"]),
        ({"places": [{"channel": "journal"}], "networks": ["x"]}, ["key_channel", "key_network"]),
        ({"scopes": []}, ["field"]),
        ({"scopes": ["decide"]}, ["field"]),
    ],
)
def test_bad_wishes_are_refused_with_every_fault(desk: Desk, wish: dict[str, Any], codes: list[str]) -> None:
    answer = ask(desk, Press.open(desk), **wish)
    assert refused(answer) == (422, "malformed")
    assert [one["code"] for one in answer.json()["reasons"]] == codes
    assert all("{" not in one["message"] for one in answer.json()["reasons"])


def test_the_editor_in_whose_name_a_key_hands_in_hears_of_it(desk: Desk) -> None:
    Keyring.make(desk, "submit")
    desk.work()
    answer = desk.get("/notices", "editor")
    assert answer.status_code == 200, answer.text
    told = [one["text"] for one in answer.json()["items"]]
    assert any("以您的名义投稿" in text for text in told), told


# --- ending them ---


def test_a_revoked_key_opens_nothing_from_that_moment(desk: Desk) -> None:
    key = Keyring.make(desk)
    token = key.exchange().json()["access_token"]
    assert key.get("/tool").status_code == key.call("GET", "/tool", token=token).status_code == 200
    path = f"/tools/{key.press.tool_id}/keys/{key.id}/revocation"
    assert desk.post(path, "system_admin").status_code == 200
    assert refused(key.get("/tool")) == (401, "key_refused")
    assert refused(key.call("GET", "/tool", token=token)) == (401, "key_refused")
    assert refused(key.exchange()) == (401, "client_refused")
    assert refused(desk.post(path, "system_admin")) == (409, "key_ended")
    assert on_record(desk, f"tool:{key.press.tool_id}")[-1][1]["data"]["how"] == "revoked"


def test_an_exchanged_key_stays_good_as_long_as_is_wished(desk: Desk, clock: SetClock) -> None:
    key = Keyring.make(desk, places=[{"channel": "wechat"}])
    path = f"/tools/{key.press.tool_id}/keys/{key.id}/rotations"
    assert refused(desk.post(path, "system_admin", {"overlap_hours": 721})) == (422, "malformed")
    made = desk.post(path, "system_admin", {"overlap_hours": 48})
    assert made.status_code == 201, made.text
    new = Keyring(key.press, made.json()["id"], made.json()["key"])
    assert (made.json()["places"], made.json()["scopes"]) == (
        [{"channel": "wechat", "section": None}],
        ["clear", "read:released", "report"],
    )
    assert refused(desk.post(path, "system_admin", {"overlap_hours": 1})) == (409, "key_ended")
    clock.advance(hours=47)
    assert (key.get("/tool").status_code, new.get("/tool").status_code) == (200, 200)
    clock.advance(hours=1)
    assert refused(key.get("/tool")) == (401, "key_refused")
    assert new.get("/tool").status_code == 200
    at_once = f"/tools/{key.press.tool_id}/keys/{new.id}/rotations"
    desk._headers.clear()
    assert desk.post(at_once, "system_admin", {"overlap_hours": 0}).status_code == 201
    assert refused(new.get("/tool")) == (401, "key_refused")


def test_a_key_ends_by_itself_and_with_its_tool(desk: Desk, clock: SetClock) -> None:
    key = Keyring.make(desk)
    off = desk.post(f"/tools/{key.press.tool_id}/deactivation", "system_admin")
    assert off.status_code == 200
    assert refused(key.get("/tool")) == (401, "tool_inactive")
    assert desk.post(f"/tools/{key.press.tool_id}/activation", "system_admin").status_code == 200
    clock.advance(days=89, hours=23)
    assert key.get("/tool").status_code == 200
    clock.advance(hours=1)
    assert refused(key.get("/tool")) == (401, "key_refused")


@pytest.mark.parametrize(
    "given", ["sst_", "sst_x_y", "sst_" + "0" * 32 + "_" + "0" * 64, "sat_", "sat_a.b.c", "sst_é"]
)
def test_what_is_no_key(desk: Desk, given: str) -> None:
    Keyring.make(desk)
    answer = desk.client.get("/api/v1/tool", headers={"Authorization": f"Bearer {given}".encode()})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_one_character_off_is_wrong(desk: Desk) -> None:
    key = Keyring.make(desk)
    last = "0" if key.key[-1] != "0" else "1"
    assert refused(key.call("GET", "/tool", token=key.key[:-1] + last)) == (401, "key_refused")
    other = Keyring.make(desk, press=key.press)
    mixed = f"sst_{key.id.replace('-', '')}_{other.key.rpartition('_')[2]}"
    assert refused(key.call("GET", "/tool", token=mixed)) == (401, "key_refused")


def test_a_key_that_is_bound_to_networks(desk: Desk, runtime: Runtime) -> None:
    app = create_app(runtime)
    inside = TestClient(app, client=("10.1.2.7", 1))
    outside = TestClient(app, client=("10.1.3.7", 1))
    key = Keyring.make(desk, networks=["10.1.2.0/24", "2001:db8::/32"])
    bearer = {"Authorization": f"Bearer {key.key}"}
    assert inside.get("/api/v1/tool", headers=bearer).status_code == 200
    assert refused(outside.get("/api/v1/tool", headers=bearer)) == (403, "key_address")
    form = {"grant_type": "client_credentials", "client_id": key.id, "client_secret": key.key}
    assert refused(outside.post("/api/v1/auth/oauth/token", data=form)) == (403, "key_address")
    token = inside.post("/api/v1/auth/oauth/token", data=form).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert refused(outside.get("/api/v1/tool", headers=bearer)) == (403, "key_address")


def test_its_last_use_is_told_to_the_minute(desk: Desk, clock: SetClock) -> None:
    key = Keyring.make(desk)
    began = clock()
    for _ in range(3):
        assert key.get("/tool").status_code == 200
        clock.advance(seconds=25)
    (shown,) = desk.get(f"/tools/{key.press.tool_id}/keys", "system_admin").json()
    assert shown["last_used_at"] == began.isoformat().replace("+00:00", "Z")
    assert shown["last_used_from"] == "testclient"
    assert key.get("/tool").status_code == 200
    (shown,) = desk.get(f"/tools/{key.press.tool_id}/keys", "system_admin").json()
    assert shown["last_used_at"] == (began + timedelta(seconds=75)).isoformat().replace("+00:00", "Z")


# --- OAuth 2.0 ---


def test_a_key_is_exchanged_for_a_short_token(desk: Desk, clock: SetClock) -> None:
    key = Keyring.make(desk)
    answer = key.exchange(scope="clear")
    assert answer.status_code == 200, answer.text
    given = answer.json()
    assert (given["token_type"], given["expires_in"], given["scope"]) == ("Bearer", 600, "clear")
    token = given["access_token"]
    assert refused(key.call("GET", "/releases", token=token)) == (403, "key_scope")
    assert key.call("GET", "/tool", token=token).json()["scopes"] == ["clear"]
    clock.advance(minutes=10)
    assert refused(key.call("GET", "/tool", token=token)) == (401, "token_expired")


def test_a_client_may_name_itself_by_basic(desk: Desk) -> None:
    key = Keyring.make(desk)
    basic = base64.b64encode(f"{key.id}:{key.key}".encode()).decode()
    answer = desk.client.post(
        "/api/v1/auth/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {basic}"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["scope"] == "clear read:released report"


@pytest.mark.parametrize(
    ("form", "expected", "error"),
    [
        ({"grant_type": "password"}, (400, "malformed"), "unsupported_grant_type"),
        ({"grant_type": ""}, (400, "malformed"), "invalid_request"),
        ({"scope": "clear submit"}, (400, "malformed"), "invalid_scope"),
        ({"client_id": "x"}, (401, "client_refused"), "invalid_client"),
        ({"client_secret": "x"}, (401, "client_refused"), "invalid_client"),
        ({"client_secret": ""}, (401, "client_refused"), "invalid_client"),
    ],
)
def test_bad_exchanges(desk: Desk, form: dict[str, str], expected: tuple[int, str], error: str) -> None:
    answer = Keyring.make(desk).exchange(**form)
    assert refused(answer) == expected
    # Source: RFC 6749, section 5.2.
    assert answer.json()["error"] == error


def test_tokens_of_people_and_of_keys_are_not_good_for_each_other(desk: Desk) -> None:
    key = Keyring.make(desk)
    token = key.exchange().json()["access_token"]
    assert key.call("GET", "/releases", token=token.removeprefix("sat_")).status_code == 401
    person = desk.headers("editor")["Authorization"].removeprefix("Bearer ")
    assert key.call("GET", "/tool", token=f"sat_{person}").status_code == 401
    assert refused(desk.get("/tool", "editor")) == (403, "tool_key_needed")


# --- what they open ---


def test_a_key_reads_what_was_released_on_its_places(desk: Desk) -> None:
    ready(desk, "wechat", "website")
    released = {line: signed(desk, line=line)["id"] for line in ("wechat", "website")}
    press = Press.open(desk, "wechat", "website")
    for narrow, channels in (
        ([], {"wechat", "website"}),
        ([{"channel": "website"}], {"website"}),
        ([{"channel": "website", "section": "news"}, {"channel": "wechat", "section": "x"}], {"website"}),
    ):
        key = Keyring.make(desk, "read:released", press=press, places=narrow)
        assert {one["channel"] for one in key.get("/releases").json()["items"]} == channels
        for line, release_id in released.items():
            status = key.get(f"/releases/{release_id}/content").status_code
            assert status == (200 if line in channels else 404), (narrow, line)
    for path in (f"/drafts/{desk.draft_id}", "/drafts", "/users", "/board", f"/cases/{desk.case_id}"):
        assert refused(key.get(path)) == (403, "key_scope"), path
    elsewhere = Keyring.make(
        desk, "read:released", press=Press.open(desk, "wechat", unit="district", name="区")
    )
    assert elsewhere.get("/releases").json()["items"] == []


def test_a_tool_walks_all_its_way_with_one_key(desk: Desk) -> None:
    release = signed(illustrated(desk))
    key = Keyring.make(desk, places=[{"channel": "wechat"}])
    (listed,) = key.get("/releases").json()["items"]
    package = key.get(f"/releases/{listed['id']}/content").json()
    fragment = next(one["text"] for one in package["forms"] if one["form"] == "fragment")
    for file in package["files"]:
        assert key.get(file["url"].partition("/api/v1")[2]).status_code == 200
    moved, files = hosted(fragment)
    asked = {"channel": "wechat", "release": listed["id"], "payload": moved, "files": files}
    said = key.post("/webhooks/clearance", asked).json()["statement"]
    assert (said["outcome"], said["form"]) == ("cleared", "fragment")
    told = {
        "ticket": said["ticket"],
        "digest": said["digest"],
        "external_id": "1",
        "url": "https://w.example/1",
    }
    first = key.post("/webhooks/publications", told, **{"Idempotency-Key": "p1"})
    assert first.status_code == 201, first.text
    again = key.post("/webhooks/publications", told, **{"Idempotency-Key": "p1"})
    assert (again.status_code, again.json(), again.headers["idempotency-replayed"]) == (
        201,
        first.json(),
        "true",
    )
    assert first.json()["tool_id"] == key.press.tool_id
    assert key.get(f"/releases/{release['id']}/content").json()["first_address"] == "https://w.example/1"


def test_clearance_and_reports_keep_to_the_key_s_places(desk: Desk) -> None:
    release = signed(ready(desk))
    press = Press.open(desk, "wechat", "website")
    narrow = Keyring.make(desk, "clear", "report", press=press, places=[{"channel": "website"}])
    other = Keyring.make(
        desk, "clear", "report", press=press, places=[{"channel": "wechat", "section": "notices"}]
    )
    asked = {"channel": "wechat", "digest": release["digest"]}
    for key, code in ((narrow, "tool_channel"), (other, "tool_section")):
        said = key.post("/webhooks/clearance", asked).json()["statement"]
        assert [one["code"] for one in said["reasons"]] == [code]
        told = {"ticket": release["ticket"], "digest": release["digest"], "external_id": "1"}
        assert refused(key.post("/webhooks/publications", told)) == (409, code)
    assert press.ask(digest=release["digest"])["statement"]["outcome"] == "cleared"


def test_each_scope_opens_its_own_alone(desk: Desk) -> None:
    release = signed(ready(desk))
    press = Press.open(desk, "wechat")
    told = {"ticket": release["ticket"], "digest": release["digest"], "external_id": "1"}
    for scope in ALL:
        key = Keyring.make(desk, scope, press=press)
        answers = {
            "read:released": key.get("/releases"),
            "clear": key.post("/webhooks/clearance", {"channel": "wechat", "digest": "f" * 64}),
            "submit": key.post("/drafts", {**TEXT, "targets": [{"channel": "wechat", "section": "news"}]}),
            "report": key.post("/webhooks/publications", told),
        }
        for name, answer in answers.items():
            if name == scope:
                assert answer.status_code in {200, 201}, (scope, answer.text)
            else:
                assert refused(answer) == (403, "key_scope"), (scope, name)
                assert answer.json()["reasons"][0]["data"] == {"scope": name}


def test_people_neither_ask_nor_report(desk: Desk) -> None:
    answer = desk.post("/webhooks/clearance", "publisher", {"channel": "wechat", "digest": "f" * 64})
    assert refused(answer) == (403, "webhook_key_needed")


def test_what_was_released_is_never_too_large_to_ask_about(desk: Desk) -> None:
    key = Keyring.make(desk, "clear")
    large = {"channel": "website", "payload": "'" * 2_000_000}
    said = key.post("/webhooks/clearance", large).json()["statement"]
    assert [one["code"] for one in said["reasons"]] == ["nothing_released"]
    assert refused(key.press.send("clearance", large)) == (413, "body_too_large")
    wrong = key.call("POST", "/webhooks/clearance", token=key.key[:-1] + "x", json=large)
    assert refused(wrong) == (401, "key_refused")


# --- handing in for an editor ---


def targets(channel: str = "wechat", section: str = "news") -> list[dict[str, str]]:
    return [{"channel": channel, "section": section}]


def test_a_tool_hands_in_for_its_editor_and_is_recorded_so(desk: Desk) -> None:
    key = Keyring.make(desk, "submit")
    made = key.post("/drafts", {**TEXT, "targets": targets()})
    assert made.status_code == 201, made.text
    desk.draft_id = made.json()["id"]
    answer = key.post(f"/drafts/{desk.draft_id}/submissions", {"digest": made.json()["digest"]})
    assert answer.status_code == 201, answer.text
    editor, tool = str(desk.bureau.user("editor").id), key.press.tool_id
    stream = on_record(desk, f"draft:{desk.draft_id}")
    by_tool = [(action, body) for action, body in stream if action in {"draft.created", "draft.submitted"}]
    assert len(by_tool) == 2
    for _, body in by_tool:
        assert (body["actor"]["id"], body["actor"]["role"]) == (tool, "publishing_tool")
        assert (body["on_behalf_of"]["id"], body["on_behalf_of"]["role"]) == (editor, "editor")
    with desk.session() as session:
        draft = session.exec(select(Draft)).one()
        revision = session.exec(select(Revision)).one()
    # Whoever's name stands under it is its author, and so decides nothing about it.
    assert {str(draft.submitter_id), str(revision.author_id)} == {editor}
    revised = key.call(
        "POST",
        f"/drafts/{desk.draft_id}/revisions",
        json=TEXT,
        headers={"If-Match": '"2"'},
    )
    assert revised.status_code == 409


def test_a_text_of_a_tool_goes_its_way_and_its_evidence_holds(desk: Desk) -> None:
    key = Keyring.make(desk, "submit")
    made = key.post("/drafts", {**TEXT, "targets": targets()}).json()
    desk.draft_id = made["id"]
    desk.case_id = key.post(f"/drafts/{made['id']}/submissions", {"digest": made["digest"]}).json()["id"]
    for stage, login in REVIEWERS:
        desk.approve(stage, login)
    desk.proofs()
    desk.approve("confirm_marks", "initial_reviewer", "wechat")
    release = signed(desk)
    assert key.press.publish(release["ticket"], release["digest"]).status_code == 201
    assert places(exported(desk)) == []


def test_a_key_hands_in_only_where_it_is_good(desk: Desk) -> None:
    key = Keyring.make(desk, "submit", places=[{"channel": "wechat", "section": "news"}])
    for channel, section in (("website", "news"), ("wechat", "notices")):
        answer = key.post("/drafts", {**TEXT, "targets": targets(channel, section)})
        assert answer.status_code in {403, 422}, answer.text
    # Drafts of the same editor that go elsewhere are none of its business.
    desk.draft(None, "website")
    assert key.get(f"/drafts/{desk.draft_id}").status_code == 404
    body = {"digest": desk.digest()}
    assert key.post(f"/drafts/{desk.draft_id}/submissions", body).status_code == 404
    desk.draft(None, "wechat")
    assert key.get(f"/drafts/{desk.draft_id}").status_code == 200
    desk.draft(None, "wechat", by="editor2")
    assert key.get(f"/drafts/{desk.draft_id}").status_code == 404


def test_it_hands_nothing_in_for_somebody_who_may_not_any_more(desk: Desk, runtime: Runtime) -> None:
    key = Keyring.make(desk, "submit")
    with runtime.database.write() as session:
        session.exec(select(User).where(User.login == "editor")).one().active = False
    answer = key.post("/drafts", {**TEXT, "targets": targets()})
    assert refused(answer) == (403, "key_editor_gone")
    with runtime.database.write() as session:
        user = session.exec(select(User).where(User.login == "editor")).one()
        user.active = True
        grant = session.exec(select(RoleGrant).where(RoleGrant.user_id == user.id)).one()
        grant.revoked_at = runtime.clock()
    assert refused(key.post("/drafts", {**TEXT, "targets": targets()})) == (403, "key_editor_gone")


# --- a machine never decides ---


def test_no_key_opens_what_is_not_listed(desk: Desk, runtime: Runtime) -> None:
    """Every route of the API, with a key that has every scope and acts for somebody who holds every role."""
    with runtime.database.write() as session:
        everything = factories.person(
            session, "everything", unit=desk.bureau.city, roles=factories.TRADE, at=runtime.clock()
        )
    assert everything.login == "everything"
    key = Keyring.make(desk, *ALL, acts_for="everything")
    ready(desk)
    with desk.session() as session:
        before = session.exec(select(AuditEvent.id)).all()
    app = create_app(runtime)
    listed = {
        operation["operationId"]: f"{method.upper()} {path}"
        for path, item in app.openapi()["paths"].items()
        for method, operation in item.items()
    }
    assert scopes.OPERATIONS.keys() | scopes.OWN <= listed.keys()
    opened = {listed[name] for name in (*scopes.OPERATIONS, *scopes.OWN)}
    open_to_all = {"GET /api/v1/signing-keys", "POST /api/v1/auth/token", "POST /api/v1/auth/oauth/token"}
    walked = 0
    for route in routes_of(app):
        if route.is_page or str(route) in opened | open_to_all or "/signing/" in route.path:
            continue
        at = route.path.replace("{case_id}", desk.case_id).replace("{draft_id}", desk.draft_id)
        at = at.replace("{number}", "1").replace("{stream}", f"draft:{desk.draft_id}")
        for name in ("digest", "sha256"):
            at = at.replace("{" + name + "}", "0" * 64)
        at = at.replace("{key}", "standard").replace("{line}", "wechat").replace("{name}", "policy.yaml")
        while "{" in at:
            head, _, rest = at.partition("{")
            at = f"{head}01900000-0000-7000-8000-000000000000{rest.partition('}')[2]}"
        more: dict[str, Any] = {"json": {}} if route.method in MUTATING else {}
        if route.path.endswith("/assets"):
            more = {"files": {"file": ("a.txt", b"x")}}
        answer = key.call(route.method, at.removeprefix("/api/v1"), **more)
        assert (answer.status_code, answer.json()["code"]) == (403, "key_scope"), (str(route), answer.text)
        walked += 1
    assert walked > 100
    with desk.session() as session:
        assert session.exec(select(AuditEvent.id)).all() == before


#: Every way in which somebody decides, signs, grants or takes back.
DECISIONS = (
    ("/cases/{case}/decisions", {"stage": "initial_review", "verdict": "approve", "digest": "{digest}"}),
    ("/cases/{case}/releases", {"line": "wechat", "digest": "{digest}"}),
    ("/cases/{case}/claims", {"stage": "initial_review"}),
    ("/cases/{case}/take-back", {}),
    ("/cases/{case}/carry-out", {"marks": []}),
    ("/cases/{case}/holds", {"stage": "initial_review", "comment": "请示"}),
    ("/cases/{case}/overrides", {"stage": "initial_review", "comment": "特批"}),
)


@pytest.mark.parametrize(("path", "body"), DECISIONS)
def test_no_key_decides(desk: Desk, path: str, body: dict[str, Any]) -> None:
    desk.draft().submit()
    key = Keyring.make(desk, *ALL)
    digest = desk.digest()
    filled = {
        name: value.replace("{digest}", digest) if isinstance(value, str) else value
        for name, value in body.items()
    }
    before = desk.record()
    answer = key.post(path.replace("{case}", desk.case_id), filled)
    assert answer.status_code in {403, 404}, answer.text
    assert answer.json()["code"] in {"key_scope", "not_found"}
    assert desk.record() == before


# --- what a tool knows of itself ---


def test_a_tool_sees_its_keys_secrets_endpoints_and_deliveries(desk: Desk, runtime: Runtime) -> None:
    with Listener() as listener:
        runtime.settings.webhook_hosts = frozenset({listener.host})
        _sees_its_own(desk, f"http://{listener.host}")


def _sees_its_own(desk: Desk, hook: str) -> None:
    press = Press.open(desk, "wechat")
    other = Press.open(desk, "website", name="另一个")
    made = {}
    for name, tool in (("own", press), ("others", other), ("unit", None)):
        body: dict[str, Any] = {"unit_id": str(desk.bureau.city.id), "url": f"{hook}/{name}"}
        body |= {"tool_id": tool.tool_id} if tool else {}
        answer = desk.post("/webhooks/endpoints", "system_admin", body)
        assert answer.status_code == 201, answer.text
        made[name] = answer.json()["id"]
    elsewhere = {
        "unit_id": str(desk.bureau.elsewhere.id),
        "url": f"{hook}/x",
        "tool_id": press.tool_id,
    }
    assert desk.post("/webhooks/endpoints", "system_admin", elsewhere).status_code in {404, 422}
    key = Keyring.make(desk, "read:released", press=press)
    own = key.get("/tool").json()
    assert (own["tool"]["id"], own["key"]["id"], own["scopes"]) == (press.tool_id, key.id, ["read:released"])
    assert [one["id"] for one in own["keys"]] == [key.id]
    assert len(own["secrets"]) == 1
    assert "whsec" not in str(own)
    assert key.key not in str(own)
    assert [one["id"] for one in key.get("/tool/endpoints").json()["items"]] == [made["own"]]

    release = signed(ready(desk, "wechat", "website"))
    signed(desk, line="website")
    desk.work()
    own_deliveries = key.get("/tool/deliveries", limit=200).json()["deliveries"]
    assert own_deliveries
    assert {one["endpoint_id"] for one in own_deliveries} == {made["own"]}
    signings = [one for one in own_deliveries if one["type"] == "release.signed"]
    # The website is no business of this tool.
    assert len(signings) == 1
    assert signings[0]["subject"] == f"draft:{release['draft_id']}"
    heard = desk.get("/webhooks/deliveries", "system_admin", endpoint=made["unit"], limit=200).json()[
        "deliveries"
    ]
    assert len([one for one in heard if one["type"] == "release.signed"]) == 2
