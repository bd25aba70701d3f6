"""Who sees which drafts, their history and the channels, on both databases."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from app.domain.vocabulary import DraftState, Role
from app.drafts import queries, service
from app.infra.db import Database
from app.infra.errors import NotFound
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

NEW = {"content": "新标题\n\n12月2日，市民政局继续走访。"}


def _create(client: TestClient, head: dict[str, str], **changed: object) -> dict[str, Any]:
    answer = client.post("/api/v1/drafts", json=BODY | changed, headers=head)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def _put_in(database: Database, draft_id: str, state: DraftState, clock: SetClock) -> None:
    with database.write() as session:
        service.set_state(service.lock(session, UUID(draft_id)), state, clock())


def test_only_who_may_know_of_a_draft_sees_it_anywhere(
    client: TestClient, bureau: Bureau, as_: Headers
) -> None:
    created = _create(client, as_("editor"))
    seeing = {
        "editor",
        "initial_reviewer",
        "second_reviewer",
        "final_reviewer",
        "proofreader",
        "proofreader2",
        "proofreader3",
        "publisher",
        "reader",
    }
    paths = ["", "/revisions", "/revisions/1"]

    for login in bureau.users:
        head = as_(login)
        statuses = {
            client.get(f"/api/v1/drafts/{created['id']}{path}", headers=head).status_code for path in paths
        }
        listed = [one["id"] for one in client.get("/api/v1/drafts", headers=head).json()["items"]]
        assert statuses == ({200} if login in seeing else {404}), login
        assert listed == ([created["id"]] if login in seeing else []), login
    assert {client.get(f"/api/v1/drafts/{created['id']}{path}").status_code for path in paths} == {401}
    assert client.get(f"/api/v1/drafts/{uuid4()}", headers=as_("editor")).status_code == 404
    assert client.get(f"/api/v1/drafts/{created['id']}/revisions/9", headers=as_("editor")).status_code == 404


def test_a_reviewer_of_one_channel_sees_the_drafts_bound_for_it(
    client: TestClient, bureau: Bureau, as_: Headers, database: Database, clock: SetClock
) -> None:
    with database.write() as session:
        factories.person(
            session,
            "narrow",
            unit=bureau.office,
            roles=[Role.INITIAL_REVIEWER],
            on=bureau.city,
            at=clock(),
            channel="website",
            section="policy",
        )
    bound = [{"channel": "website", "section": "policy"}]
    theirs = _create(client, as_("editor"), targets=bound)
    other = _create(client, as_("editor"))
    head = as_("narrow")

    assert client.get(f"/api/v1/drafts/{theirs['id']}", headers=head).status_code == 200
    assert client.get(f"/api/v1/drafts/{other['id']}", headers=head).status_code == 404
    assert [one["id"] for one in client.get("/api/v1/drafts", headers=head).json()["items"]] == [theirs["id"]]


def test_whoever_wrote_a_revision_goes_on_seeing_the_draft(
    bureau: Bureau, database: Database, clock: SetClock
) -> None:
    with database.write() as session:
        draft = factories.draft(session, bureau, at=clock())
        locked = service.lock(session, draft.id)
        service.store_revision(session, locked, factories.document("新"), bureau.user("editor2").id, clock())

    with database.read() as session:
        assert queries.visible(session, draft.id, bureau.actor("editor2")).id == draft.id
        assert queries.authors(session, draft.id) == {bureau.user("editor").id, bureau.user("editor2").id}
        assert [one.id for one in queries.listing(session, bureau.actor("editor2"))] == [draft.id]


def test_an_auditor_knows_of_a_draft_without_seeing_it(
    bureau: Bureau, database: Database, clock: SetClock
) -> None:
    with database.write() as session:
        draft = factories.draft(session, bureau, at=clock())

    with database.read() as session:
        assert queries.known(session, draft.id, bureau.actor("audit_admin")).id == draft.id
        for login, draft_id in (("outsider", draft.id), ("system_admin", draft.id), ("audit_admin", uuid4())):
            with pytest.raises(NotFound):
                queries.known(session, draft_id, bureau.actor(login))


def test_showing_a_draft_and_its_history(client: TestClient, bureau: Bureau, as_: Headers) -> None:
    created = _create(client, as_("editor"))
    client.post(
        f"/api/v1/drafts/{created['id']}/revisions", json=NEW, headers=as_("editor") | {"If-Match": '"1"'}
    )

    shown = client.get(f"/api/v1/drafts/{created['id']}", headers=as_("editor"))
    history = client.get(f"/api/v1/drafts/{created['id']}/revisions", headers=as_("editor")).json()
    first = client.get(f"/api/v1/drafts/{created['id']}/revisions/1", headers=as_("editor")).json()

    assert shown.headers["etag"] == '"2"'
    assert shown.json()["document"]["blocks"][0]["text"] == "12月2日，市民政局继续走访。"
    assert [one["number"] for one in history] == [1, 2]
    assert first["digest"] == created["digest"]
    assert first["document"]["title"] == "清河市开展冬季送温暖活动"


def test_the_list_filters_and_pages(
    client: TestClient, bureau: Bureau, as_: Headers, database: Database, clock: SetClock
) -> None:
    made = [_create(client, as_("editor")) for _ in range(3)]
    journal = _create(client, as_("district_editor"), targets=[{"channel": "journal", "section": "theory"}])
    _put_in(database, made[0]["id"], DraftState.RETURNED, clock)
    head = as_("final_reviewer")

    def ids(**params: object) -> list[str]:
        return [
            one["id"] for one in client.get("/api/v1/drafts", params=params, headers=head).json()["items"]
        ]

    newest_first = [one["id"] for one in [journal, *reversed(made)]]
    assert ids() == newest_first
    assert ids(state="returned") == [made[0]["id"]]
    assert ids(state=["returned", "editing"]) == newest_first
    assert ids(channel="journal") == [journal["id"]]
    assert ids(channel="radio") == []
    assert ids(unit=str(bureau.district.id)) == [journal["id"]]
    assert ids(unit=str(bureau.city.id)) == newest_first
    assert ids(unit=str(uuid4())) == []
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = client.get("/api/v1/drafts", params=params, headers=head).json()
        found, cursor = found + [one["id"] for one in page["items"]], page["next"]
    assert found == newest_first
    assert client.get("/api/v1/drafts?limit=1000", headers=head).status_code == 422
    assert client.get("/api/v1/drafts?state=lost", headers=head).status_code == 422


def test_the_list_finds_words_of_titles_and_numbers(client: TestClient, bureau: Bureau, as_: Headers) -> None:
    percent = _create(client, as_("editor"), title="完成 100% 的 Q3 走访")
    plain = _create(client, as_("editor"), title="完成全部走访")
    hidden = _create(client, as_("district_editor"), targets=[{"channel": "journal", "section": "theory"}])

    def ids(words: str, login: str = "editor") -> list[str]:
        answer = client.get("/api/v1/drafts", params={"q": words}, headers=as_(login))
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["items"]]

    assert ids("走访") == [plain["id"], percent["id"]]
    assert ids("q3 走访") == ids(" 走访　Q3 ") == ids("100%") == [percent["id"]]
    assert ids("%") == [percent["id"]]
    assert ids("_") == ids("走访 无此词") == []
    assert ids(plain["number"]) == [plain["id"]]
    assert ids(hidden["number"]) == []
    assert ids(hidden["number"], "district_editor") == [hidden["id"]]
    assert client.get("/api/v1/drafts", params={"q": "长" * 101}, headers=as_("editor")).status_code == 422


# --- channels --------------------------------------------------------------------


def test_channels_are_those_that_ones_unit_may_write_for(
    client: TestClient, bureau: Bureau, as_: Headers
) -> None:
    assert client.get("/api/v1/channels").status_code == 401
    channels = client.get("/api/v1/channels", headers=as_("district_editor")).json()

    assert {one["code"]: [section["name"] for section in one["sections"]] for one in channels} == {
        "wechat": ["民政要闻", "办事服务"],
        "website": ["工作动态", "通知公告", "公示公告", "政策解读"],
        "journal": ["理论学习", "政策解读", "整期"],
    }
    assert client.get("/api/v1/channels", headers=as_("outsider")).json() == []
