"""Drafts and revisions over the API: who may, in which state, on which version, and what is on record."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import func, select
from structlog.testing import capture_logs

from app.domain.vocabulary import DraftState, Role
from app.drafts import service
from app.drafts.models import Draft, DraftCounter, Revision
from app.infra.db import Database
from app.infra.errors import PreconditionFailed
from tests import factories
from tests.conftest import SetClock
from tests.factories import Bureau

pytestmark = pytest.mark.both_databases

Headers = Callable[[str], dict[str, str]]

BODY: dict[str, Any] = {
    "format": "markdown",
    "content": "# 清河市开展冬季送温暖活动\n\n12月1日，市民政局组织志愿者走访独居老人。",
    "targets": [{"channel": "wechat", "section": "news"}, {"channel": "website", "section": "news"}],
}


def _create(client: TestClient, head: dict[str, str], **changed: object) -> dict[str, Any]:
    answer = client.post("/api/v1/drafts", json=BODY | changed, headers=head)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def _put_in(database: Database, draft_id: str, state: DraftState, clock: SetClock) -> None:
    with database.write() as session:
        service.set_state(service.lock(session, UUID(draft_id)), state, clock())


# --- creating --------------------------------------------------------------------


def test_creating_a_draft(client: TestClient, bureau: Bureau, as_: Headers, database: Database) -> None:
    assert client.post("/api/v1/drafts", json=BODY).status_code == 401
    wrong = client.post("/api/v1/drafts", json=BODY, headers=as_("initial_reviewer"))
    assert (wrong.status_code, wrong.json()["reasons"][0]["code"]) == (403, "role_needed")
    elsewhere = BODY | {"unit_id": str(bureau.elsewhere.id)}
    assert client.post("/api/v1/drafts", json=elsewhere, headers=as_("editor")).status_code == 404
    with database.read() as session:
        assert session.exec(select(Draft)).all() == []
    good = client.post("/api/v1/drafts", json=BODY, headers=as_("editor"))

    assert good.status_code == 201
    draft = good.json()
    assert good.headers["etag"] == '"1"'
    assert (draft["number"], draft["title"], draft["state"]) == (
        "2026-000001",
        "清河市开展冬季送温暖活动",
        "editing",
    )
    assert [(one["channel"], one["section"]) for one in draft["targets"]] == [
        ("website", "news"),
        ("wechat", "news"),
    ]
    assert factories.events(database, f"draft:{draft['id']}") == [("draft.created", "done")]
    assert factories.announced(database) == ["draft.created"]
    with database.read() as session:
        revision = session.exec(select(Revision)).one()
    assert (revision.number, revision.digest, revision.author_id) == (
        1,
        draft["digest"],
        bureau.user("editor").id,
    )
    assert "12月1日" in revision.document


def test_unknown_targets_are_all_told_at_once(client: TestClient, bureau: Bureau, as_: Headers) -> None:
    targets = [
        {"channel": "radio", "section": "news"},
        {"channel": "wechat", "section": "policy"},
        {"channel": "website", "section": "news"},
        {"channel": "website", "section": "notice"},
    ]

    answer = client.post("/api/v1/drafts", json=BODY | {"targets": targets}, headers=as_("editor"))

    assert (answer.status_code, answer.json()["code"]) == (422, "targets_unknown")
    assert [(one["code"], one["field"]) for one in answer.json()["reasons"]] == [
        ("unknown_channel", "targets.0.channel"),
        ("unknown_section", "targets.1.section"),
        ("channel_twice", "targets.3.channel"),
    ]


def test_a_draft_goes_somewhere(client: TestClient, bureau: Bureau, as_: Headers) -> None:
    answer = client.post("/api/v1/drafts", json=BODY | {"targets": []}, headers=as_("editor"))

    assert [one["code"] for one in answer.json()["reasons"]] == ["targets_missing"]


def test_channels_of_units_elsewhere_are_unknown(client: TestClient, bureau: Bureau, as_: Headers) -> None:
    answer = client.post("/api/v1/drafts", json=BODY, headers=as_("outsider"))

    assert {one["code"] for one in answer.json()["reasons"]} == {"unknown_channel"}


def test_a_role_for_one_section_writes_for_that_section_only(
    client: TestClient, bureau: Bureau, as_: Headers, database: Database, clock: SetClock
) -> None:
    with database.write() as session:
        factories.person(
            session,
            "columnist",
            unit=bureau.office,
            roles=[Role.EDITOR],
            channel="website",
            section="policy",
            at=clock(),
        )
    ours, other = {"channel": "website", "section": "policy"}, {"channel": "website", "section": "news"}

    def status(*targets: dict[str, str]) -> int:
        return client.post(
            "/api/v1/drafts", json=BODY | {"targets": list(targets)}, headers=as_("columnist")
        ).status_code

    assert status(ours) == 201
    assert status(other) == 403


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({"contents": "x"}, {"body.contents"}),
        ({"format": "pages"}, {"body.format"}),
        ({"targets": "wechat"}, {"body.targets"}),
        ({"content": 7, "title": 8}, {"body.content.str", "body.content.list[dict[str,any]]", "body.title"}),
        ({"attachments": ["x"]}, {"body.attachments.0"}),
        ({"title": "长" * 201}, {"body.title"}),
    ],
)
def test_malformed_drafts_name_every_fault(
    client: TestClient, bureau: Bureau, as_: Headers, changed: dict[str, object], fields: set[str]
) -> None:
    answer = client.post("/api/v1/drafts", json=BODY | changed, headers=as_("editor"))

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    assert {reason["field"] for reason in answer.json()["reasons"]} == fields


@pytest.mark.parametrize(
    ("raw", "code", "status"),
    [
        (b'{"content": "\xff"}', "broken_utf8", 422),
        (b'{"content": "a\\u0000b"}', "nul_character", 422),
        (b'{"content": "a\\ud800b"}', "lone_surrogate", 422),
        (b'{"content": ["\\udc00"]}', "lone_surrogate", 422),
        (b'{"content": ', "field", 422),
    ],
)
def test_bytes_that_are_no_text_are_refused_with_their_own_code(
    client: TestClient, bureau: Bureau, as_: Headers, raw: bytes, code: str, status: int
) -> None:
    head = as_("editor") | {"Content-Type": "application/json"}

    answer = client.post("/api/v1/drafts", content=raw, headers=head)

    assert answer.status_code == status
    assert {reason["code"] for reason in answer.json()["reasons"]} == {code}
    assert answer.json()["request_id"]


def test_a_surrogate_pair_is_good_text(client: TestClient, bureau: Bureau, as_: Headers) -> None:
    raw = '{"content": "标题\\n\\n笑\\ud83d\\ude00", "targets": [{"channel": "wechat", "section": "news"}]}'

    answer = client.post(
        "/api/v1/drafts", content=raw.encode(), headers=as_("editor") | {"Content-Type": "application/json"}
    )

    assert answer.status_code == 201
    document = client.get(f"/api/v1/drafts/{answer.json()['id']}", headers=as_("editor")).json()["document"]
    assert document["blocks"][0]["text"] == "笑😀"


def test_content_over_five_megabytes_is_refused(client: TestClient, bureau: Bureau, as_: Headers) -> None:
    over = client.post("/api/v1/drafts", json=BODY | {"content": "长" * 1_666_667}, headers=as_("editor"))
    far_over = client.post("/api/v1/drafts", json=BODY | {"content": "x" * 31_000_000}, headers=as_("editor"))

    assert (over.status_code, over.json()["code"]) == (413, "content_too_large")
    assert (far_over.status_code, far_over.json()["code"]) == (413, "body_too_large")


def test_an_idempotency_key_creates_once(
    client: TestClient, bureau: Bureau, as_: Headers, database: Database
) -> None:
    head = as_("editor") | {"Idempotency-Key": "create-1"}
    first = client.post("/api/v1/drafts", json=BODY, headers=head)
    second = client.post("/api/v1/drafts", json=BODY, headers=head)
    other = client.post("/api/v1/drafts", json=BODY | {"title": "别的"}, headers=head)

    assert (first.json(), first.headers["etag"]) == (second.json(), second.headers["etag"])
    assert second.headers["idempotency-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    with database.read() as session:
        assert session.exec(select(func.count()).select_from(Draft)).one() == 1


def test_a_failed_commit_never_answers_success(
    client: TestClient, bureau: Bureau, as_: Headers, database: Database
) -> None:
    head = as_("editor") | {"Idempotency-Key": "create-1"}
    with factories.failing_commits(database), capture_logs() as logged:
        answer = client.post("/api/v1/drafts", json=BODY, headers=head)

    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    (told,) = (one for one in logged if one["event"] == "request.unavailable")
    assert told["log_level"] == "error"
    assert told["cause"] == "Exception: disk full"
    with database.read() as session:
        assert session.exec(select(Draft)).all() == []
    again = client.post("/api/v1/drafts", json=BODY, headers=head)
    assert (again.status_code, again.json()["number"]) == (201, "2026-000001")


# --- numbers ---------------------------------------------------------------------


def test_numbers_have_no_gaps_under_concurrency_and_after_failures(
    bureau: Bureau, database: Database, clock: SetClock
) -> None:
    def make(index: int) -> str | None:
        try:
            with database.write() as session:
                number = factories.draft(session, bureau, at=clock()).number
                assert index % 4, "every fourth is rolled back"
        except AssertionError:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        numbers = [number for number in pool.map(make, range(24)) if number]

    assert sorted(numbers) == [f"2026-{index:06d}" for index in range(1, 19)]


def test_numbers_start_again_with_the_year_of_beijing(bureau: Bureau, database: Database) -> None:
    with database.write() as session:
        old = factories.draft(session, bureau, at=datetime(2026, 12, 31, 15, 59, tzinfo=UTC))
        new = factories.draft(session, bureau, at=datetime(2026, 12, 31, 16, 0, tzinfo=UTC))
        assert (old.number, new.number) == ("2026-000001", "2027-000001")
        assert len(session.exec(select(DraftCounter)).all()) == 2


# --- revising --------------------------------------------------------------------

NEW = {"content": "新标题\n\n12月2日，市民政局继续走访。"}


def test_revising_a_draft(
    client: TestClient, bureau: Bureau, as_: Headers, database: Database, clock: SetClock
) -> None:
    created = _create(client, as_("editor"))
    url, seen = f"/api/v1/drafts/{created['id']}/revisions", {"If-Match": '"1"'}

    def post(login: str, head: dict[str, str]) -> tuple[int, str]:
        answer = client.post(url, json=NEW, headers=as_(login) | head)
        return answer.status_code, answer.json().get("code", "")

    assert client.post(url, json=NEW, headers=seen).status_code == 401
    assert post("editor2", seen) == (404, "not_found")
    assert post("initial_reviewer", seen) == (403, "forbidden")
    _put_in(database, created["id"], DraftState.IN_REVIEW, clock)
    assert post("editor", {"If-Match": '"2"'}) == (409, "not_with_author")
    _put_in(database, created["id"], DraftState.RETURNED, clock)
    assert post("editor", {}) == (428, "precondition_required")
    assert post("editor", {"If-Match": "*"}) == (428, "precondition_required")
    assert post("editor", {"If-Match": 'W/"3"'}) == (428, "precondition_malformed")
    stale = client.post(url, json=NEW, headers=as_("editor") | seen)
    assert (stale.status_code, stale.headers["etag"]) == (412, '"3"')
    assert factories.events(database, f"draft:{created['id']}") == [("draft.created", "done")]
    good = client.post(url, json=NEW, headers=as_("editor") | {"If-Match": '"1", "3"'})

    assert (good.status_code, good.headers["etag"]) == (200, '"4"')
    assert (good.json()["revision"], good.json()["title"]) == (2, "新标题")
    assert good.json()["digest"] != created["digest"]
    assert factories.events(database, f"draft:{created['id']}")[-1] == ("draft.revised", "done")
    assert factories.announced(database) == ["draft.created", "draft.revised"]


def test_the_same_content_adds_no_revision(
    client: TestClient, bureau: Bureau, as_: Headers, database: Database
) -> None:
    created = _create(client, as_("editor"))
    same = {
        "format": "text",
        "content": "清河市开展冬季送温暖活动\n12月1日，市民政局组织志愿者走访独居老人。",
    }

    answer = client.post(
        f"/api/v1/drafts/{created['id']}/revisions", json=same, headers=as_("editor") | {"If-Match": '"1"'}
    )

    assert answer.json() == created
    assert factories.events(database, f"draft:{created['id']}") == [("draft.created", "done")]


def test_a_replayed_revision_answers_alike_though_the_version_moved_on(
    client: TestClient, bureau: Bureau, as_: Headers
) -> None:
    created = _create(client, as_("editor"))
    head = as_("editor") | {"If-Match": '"1"', "Idempotency-Key": "r1"}
    first = client.post(f"/api/v1/drafts/{created['id']}/revisions", json=NEW, headers=head)
    again = client.post(f"/api/v1/drafts/{created['id']}/revisions", json=NEW, headers=head)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()


def test_of_two_editors_at_once_one_is_told(bureau: Bureau, database: Database, clock: SetClock) -> None:
    with database.write() as session:
        draft = factories.draft(session, bureau, at=clock())

    def save(words: str) -> str:
        try:
            with database.write() as session:
                service.revise(
                    session,
                    draft_id=draft.id,
                    document=factories.document("标题", words),
                    seen=frozenset({1}),
                    actor=bureau.actor("editor"),
                    at=clock(),
                )
        except PreconditionFailed:
            return "told"
        return "saved"

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(save, ["甲", "乙", "丙", "丁"]))

    assert sorted(outcomes) == ["saved", "told", "told", "told"]


def test_other_targets_until_the_first_submission(
    client: TestClient, bureau: Bureau, as_: Headers, database: Database, clock: SetClock
) -> None:
    created = _create(client, as_("editor"))
    url, body = (
        f"/api/v1/drafts/{created['id']}/targets",
        {"targets": [{"channel": "journal", "section": "theory"}]},
    )

    assert client.put(url, json=body, headers=as_("editor2") | {"If-Match": '"1"'}).status_code == 404
    assert client.put(url, json=body, headers=as_("editor")).status_code == 428
    unknown = client.put(
        url, json={"targets": [{"channel": "x", "section": "y"}]}, headers=as_("editor") | {"If-Match": '"1"'}
    )
    assert unknown.json()["code"] == "targets_unknown"
    good = client.put(url, json=body, headers=as_("editor") | {"If-Match": '"1"'})
    assert [one["channel"] for one in good.json()["targets"]] == ["journal"]
    _put_in(database, created["id"], DraftState.RETURNED, clock)
    late = client.put(url, json=body, headers=as_("editor") | {"If-Match": '"3"'})
    assert (late.status_code, late.json()["code"]) == (409, "already_submitted")


CHANGES = ["UPDATE revision SET digest = 'x'", "DELETE FROM revision"]
CHANGES_SQLITE = [
    *CHANGES,
    """INSERT OR REPLACE INTO revision
SELECT id, draft_id, number, 'x', text_digest, document, left_out, author_id, created_at FROM revision""",
]
CHANGES_POSTGRESQL = [*CHANGES, "TRUNCATE revision CASCADE", "DELETE FROM revision WHERE false"]


def test_the_database_refuses_to_change_a_revision(
    bureau: Bureau, database: Database, clock: SetClock
) -> None:
    with database.write() as session:
        factories.draft(session, bureau, at=clock())
    for statement in CHANGES_SQLITE if database.is_sqlite else CHANGES_POSTGRESQL:
        with database.engine.connect() as connection, pytest.raises(DBAPIError, match=r"insert-only|refuses"):
            connection.execute(text(statement))
