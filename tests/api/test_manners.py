"""What every route answers alike: to values that no database takes, methods, types, parameters, versions."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from app.infra.db import Database
from app.infra.http.field_words import name_of
from app.infra.http.requests import wants
from tests import factories
from tests.factories import Bureau

#: What a client may put where an instant, a number, a word or a name is wanted.
NASTY = (
    "\0",
    "a\0b",
    "2147483648",
    "9223372036854775808",
    "-9223372036854775809",
    "9" * 400,
    "2026-01-01",
    "2026-01-01T00:00:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00Z~01900000-0000-7000-8000-000000000000",
    "9999-12-31T23:59:59-14:00~9999-12-31T23:59:59-14:00~01900000-0000-7000-8000-000000000000",
    "nan",
    "１２",
    "%",
)


class _Partly(dict[str, str]):
    """Values for some parameters of a path; the others stay as they are."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


@pytest.fixture
def editor(client: TestClient, bureau: Bureau) -> dict[str, str]:
    return factories.signed_in(client, "editor")


@pytest.fixture
def draft(client: TestClient, editor: dict[str, str]) -> dict[str, Any]:
    body = {
        "format": "markdown",
        "content": "# 标题\n\n" + "正文一段。" * 300,
        "targets": [{"channel": "wechat", "section": "news"}],
    }
    answer = client.post("/api/v1/drafts", json=body, headers=editor)
    assert answer.status_code == 201
    assert client.get(answer.headers["location"], headers=editor).json()["id"] == answer.json()["id"]
    return {**answer.json(), "location": answer.headers["location"]}


def test_no_value_in_an_address_breaks_anything(
    client: TestClient, bureau: Bureau, draft: dict[str, Any], as_: Callable[[str], dict[str, str]]
) -> None:
    paths = client.app.openapi()["paths"]  # type: ignore[attr-defined]
    people = [as_(login) for login in ("editor", "audit_admin", "system_admin", "policy_keeper")]
    faults, asked = [], 0
    for path, item in paths.items():
        if "get" not in item or not path.startswith("/api/"):
            continue
        parameters = [one for one in item["get"].get("parameters", ()) if one["in"] in {"path", "query"}]
        for parameter in parameters:
            for value in NASTY:
                named = {parameter["name"]: quote(value, safe="")} if parameter["in"] == "path" else {}
                filled = re.sub(r"\{\w+\}", draft["id"], path.format_map(_Partly(named)))
                query = {parameter["name"]: value} if parameter["in"] == "query" else None
                answer = client.get(filled, params=query, headers=people[asked % len(people)])
                asked += 1
                if answer.status_code >= 500:
                    faults.append((path, parameter["name"], value[:40], answer.status_code))
    assert faults == []
    assert asked > 500


def test_what_gets_past_is_told_as_unusable_and_never_to_be_tried_again(
    client: TestClient, bureau: Bureau, database: Database
) -> None:
    answer = client.post(
        "/api/v1/auth/token",
        content=b'{"login": "editor", "password": "x"}',
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 401
    page = client.post("/sign-in", data={"login": "edi\0tor", "password": "x"})
    assert page.status_code < 500


def test_instants_need_a_zone(client: TestClient, editor: dict[str, str]) -> None:
    for value in ("2026-01-01", "2026-01-01T00:00:00"):
        answer = client.get("/api/v1/copies", params={"before": value}, headers=editor)
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    good = client.get("/api/v1/copies?before=2026-01-01T00:00:00+08:00", headers=editor)
    assert good.status_code == 200


def test_head_options_and_what_is_allowed(
    client: TestClient, editor: dict[str, str], draft: dict[str, Any]
) -> None:
    got, head = (client.request(one, draft["location"], headers=editor) for one in ("GET", "HEAD"))
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", got.headers["etag"])
    for path, allowed in (
        ("/api/v1/drafts", "GET, HEAD, OPTIONS, POST"),
        (draft["location"] + "/targets", "OPTIONS, PUT"),
        ("/sign-in", "GET, HEAD, OPTIONS, POST"),
    ):
        asked = client.options(path)
        assert (asked.status_code, asked.headers["allow"], asked.content) == (204, allowed, b"")
        refused = client.patch(path, headers=editor)
        assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    assert client.options("/api/v1/nothing").status_code == 404


def test_a_version_that_is_held_is_not_sent_again(
    client: TestClient, editor: dict[str, str], draft: dict[str, Any]
) -> None:
    etag = client.get(draft["location"], headers=editor).headers["etag"]
    for held in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = client.get(draft["location"], headers=editor | {"If-None-Match": held})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert client.get(draft["location"], headers=editor | {"If-None-Match": '"0"'}).status_code == 200


@pytest.mark.parametrize(
    ("kind", "more", "code"),
    [
        ("text/plain", {}, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", {}, "unsupported_media_type"),
        ("text/json", {}, "unsupported_media_type"),
        ("application/json; charset=gbk", {}, "unsupported_media_type"),
        ("application/json", {"content-encoding": "gzip"}, "unsupported_media_type"),
    ],
)
def test_bodies_of_other_types(
    client: TestClient, editor: dict[str, str], kind: str, more: dict[str, str], code: str
) -> None:
    answer = client.post("/api/v1/drafts", content=b"{}", headers=editor | more | {"content-type": kind})
    assert (answer.status_code, answer.json()["code"]) == (415, code)
    assert answer.json()["reasons"]


def test_types_of_answers_and_unknown_parameters(client: TestClient, editor: dict[str, str]) -> None:
    for accept in ("application/xml", "text/html", "application/json;q=0", "image/*"):
        answer = client.get("/api/v1/drafts", headers=editor | {"accept": accept})
        assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    for accept in ("*/*", "application/*;q=0.1", "text/html, application/json;q=0.9"):
        assert client.get("/api/v1/drafts", headers=editor | {"accept": accept}).status_code == 200
    answer = client.get("/api/v1/drafts?chanel=wechat&limit=5&x=1", headers=editor)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    assert [one["field"] for one in answer.json()["reasons"]] == ["query.chanel", "query.x"]


@pytest.mark.parametrize(
    ("query", "code", "reason", "field"),
    [
        ("channel=wechat&channel=website", "malformed", "parameter_twice", "query.channel"),
        ("limit=5&limit=5", "malformed", "parameter_twice", "query.limit"),
        # 慈善 in GBK, a lone surrogate, an overlong form, a name: read loosely each would be other text.
        ("q=%B4%C8%C9%C6", "text_unusable", "broken_utf8", "query.q"),
        ("q=%ED%A0%80", "text_unusable", "broken_utf8", "query.q"),
        ("q=%C0%AF", "text_unusable", "broken_utf8", "query.q"),
        ("%FF=1", "text_unusable", "broken_utf8", "query.\ufffd"),
    ],
)
def test_of_a_query_nothing_is_dropped_or_read_as_other_text(
    client: TestClient, editor: dict[str, str], query: str, code: str, reason: str, field: str
) -> None:
    answer = client.get(f"/api/v1/drafts?{query}", headers=editor)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    (said,) = answer.json()["reasons"]
    assert (said["code"], said["field"]) == (reason, field)
    good = client.get("/api/v1/drafts?state=editing&state=returned&q=%EF%BF%BD", headers=editor)
    assert good.status_code == 200


def test_the_most_specific_range_decides() -> None:
    assert not wants("application/json;q=0, */*", "application/json")
    assert wants("application/*;q=0, application/json", "application/json")
    assert not wants("application/*;q=0.0, */*", "application/json")


def test_answers_are_compressed_but_not_for_other_sites_nor_with_secrets(
    client: TestClient, editor: dict[str, str], draft: dict[str, Any]
) -> None:
    lengths = set()
    for _ in range(12):
        answer = client.get(draft["location"], headers=editor)
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.json()["id"] == draft["id"]
        lengths.add(answer.headers["content-length"])
    assert len(lengths) > 1
    across = client.get(draft["location"], headers=editor | {"Sec-Fetch-Site": "cross-site"})
    assert "content-encoding" not in across.headers
    assert "content-encoding" not in client.get("/sign-in").headers


def test_the_public_key_verifies_what_is_signed(client: TestClient) -> None:
    (key,) = client.get("/api/v1/signing-keys").json()["keys"]
    signer = client.app.state.runtime.signer  # type: ignore[attr-defined]
    assert (key["key_id"], key["public_key"], key["crv"]) == (signer.key_id, signer.public_key, "Ed25519")


def test_every_post_that_makes_something_takes_a_key(client: TestClient) -> None:
    document = client.app.openapi()  # type: ignore[attr-defined]
    without = {
        operation["operationId"]
        for item in document["paths"].values()
        if (operation := item.get("post")) is not None
        and not any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ()))
    }
    # Signing in and links prove themselves; tools' messages have their webhook-id; a check stores nothing.
    # A version is named by its digest, so that proposing it twice makes one; a wish is decided once.
    # Each package that is handed out is another, and is on record by itself.
    assert without == {
        "export_evidence",
        "issue_token",
        "exchange_key",
        "sign_by_link",
        "ask_clearance",
        "report_publication",
        "confirm_taken_down",
        "ask_orders",
        "check_text",
        "propose_version",
        "decide_activation",
    }


def test_a_key_makes_one_tool_and_gives_its_secret_again(
    client: TestClient, bureau: Bureau, as_: Callable[[str], dict[str, str]], database: Database
) -> None:
    head = as_("system_admin") | {"Idempotency-Key": "tool-1"}
    body = {"unit_id": str(bureau.city.id), "name": "发布机", "channels": ["wechat"]}
    first, again = (client.post("/api/v1/tools", json=body, headers=head) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = client.post("/api/v1/tools", json={**body, "name": "另一个"}, headers=head)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert len(client.get("/api/v1/tools", headers=as_("system_admin")).json()) == 1
    with database.read() as session:
        kept = session.connection().exec_driver_sql("SELECT body FROM idempotency_key").scalar_one()
    assert first.json()["secret"] not in kept


def test_every_field_and_parameter_is_named_for_people(client: TestClient) -> None:
    document = client.app.openapi()  # type: ignore[attr-defined]
    fields = {
        f"{name}.{field}": inner
        for name, schema in document["components"]["schemas"].items()
        for field, inner in schema.get("properties", {}).items()
    }
    parameters = {
        f"{operation['operationId']}.{one['name']}": one
        for item in document["paths"].values()
        for operation in item.values()
        for one in operation.get("parameters", ())
    }
    undescribed = [name for name, one in {**fields, **parameters}.items() if not one.get("description")]
    assert undescribed == [], undescribed
    said = client.post("/api/v1/auth/token", json={"login": "editor"}).json()["reasons"]
    assert [one["message"] for one in said] == ["密码：缺少这一项。"]
    assert name_of("body.targets.1.channel") == "阵地（第 2 项）"
    assert name_of("body.digest") == "摘要"
    assert name_of("body.没有名字") == ""


def test_operations_and_schemas_have_names_of_their_own(client: TestClient) -> None:
    document = client.app.openapi()  # type: ignore[attr-defined]
    operations = [one for item in document["paths"].values() for one in item.values()]
    names = [one["operationId"] for one in operations]
    assert len(set(names)) == len(names)
    summaries = [one["summary"] for one in operations]
    assert len(set(summaries)) == len(summaries)
    assert [words for words in summaries if len(words.split()) < 3] == []
    schemas = document["components"]["schemas"]
    assert [name for name in schemas if "__" in name or "-" in name] == []
    assert "$defs" not in repr(document)
    assert {tag for one in operations for tag in one["tags"]} <= {one["name"] for one in document["tags"]}
    assert len(document["webhooks"]) > 40
