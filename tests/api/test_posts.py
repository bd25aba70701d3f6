"""Posts and titles: kept by the security administrator, and what workflows name people by."""

import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.infra.paths import shipped
from app.infra.runtime import Runtime
from tests import factories
from tests.api.desk import Desk

pytestmark = pytest.mark.both_databases


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, tmp_path: Path) -> Desk:
    """A bureau whose drafts all walk through the daily line of a company, which names people by posts."""
    own = Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))
    routing = own / "routing.yaml"
    routing.write_text(routing.read_text().replace("workflow: standard", "workflow: company_daily"))
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": own})
    desk = Desk.open(client, runtime)
    with runtime.database.write() as session:
        for login in ("head", "publicity", "assistant", "far"):
            unit = desk.bureau.elsewhere if login == "far" else desk.bureau.office
            made = factories.person(session, login, unit=unit, at=runtime.clock())
            desk.bureau.users[login] = made
    return desk


def put(desk: Desk, login: str, *posts: Any, by: str = "security_admin", **body: Any) -> Any:
    unit = str(desk.bureau.office.id)
    held = [{"unit_id": unit, **({"post": one} if isinstance(one, str) else one)} for one in posts]
    path = f"/api/v1/users/{desk.bureau.user(login).id}/posts"
    seen = {"If-Match": desk.get(path.removeprefix("/api/v1"), "security_admin").headers.get("ETag", '"0"')}
    return desk.client.put(
        path, json={"posts": held, **body}, headers=seen | (desk.headers(by) if by else {})
    )


def test_only_the_security_administrator_keeps_posts(desk: Desk) -> None:
    assert put(desk, "head", "主任", by="").status_code == 401
    for login in ("editor", "outsider"):
        assert put(desk, "head", "主任", by=login).status_code == 404
    assert put(desk, "head", "主任", by="system_admin").status_code == 403
    assert put(desk, "security_admin", "主任").status_code == 403
    assert put(desk, "system_admin", "主任").json()["code"] == "roles_exclude"
    nowhere = {"unit_id": str(UUID(int=1)), "post": "主任"}
    assert put(desk, "head", nowhere).status_code == 404
    for body in ({"posts": "主任"}, {"posts": [], "more": 1}, {"posts": [], "qualification": "best"}):
        path = f"/api/v1/users/{desk.bureau.user('head').id}/posts"
        seen = desk.headers("security_admin") | {"If-Match": '"0"'}
        assert desk.client.put(path, json=body, headers=seen).status_code == 422
    good = put(
        desk, "head", "主任", {"post": "主任"}, {"post": "室主任", "heads": True}, qualification="senior"
    )
    assert good.status_code == 200
    assert [(one["post"], one["heads"]) for one in good.json()["posts"]] == [
        ("主任", False),
        ("室主任", True),
    ]
    assert good.json()["qualification"] == "senior"
    user = desk.bureau.user("head").id
    assert desk.get(f"/users/{user}/posts", "audit_admin").json() == good.json()
    stream = factories.events(desk.runtime.database, f"user:{user}")
    assert stream[-1] == ("user.posts_set", "done")


def test_posts_are_replaced_by_whoever_saw_them(desk: Desk) -> None:
    path = f"/users/{desk.bureau.user('head').id}/posts"
    read = desk.get(path, "security_admin")
    assert put(desk, "head", "主任").status_code == 200
    mine = {"posts": [{"unit_id": str(desk.bureau.office.id), "post": "室主任"}]}

    def replace(**seen: str) -> Any:
        headers = desk.headers("security_admin") | {name.replace("_", "-"): tag for name, tag in seen.items()}
        return desk.client.put(f"/api/v1{path}", json=mine, headers=headers)

    assert replace().status_code == 428
    refused = replace(If_Match=read.headers["ETag"])
    assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed")
    assert [one["post"] for one in desk.get(path, "security_admin").json()["posts"]] == ["主任"]
    good = replace(If_Match=refused.headers["ETag"])
    assert good.status_code == 200
    assert good.headers["ETag"] == desk.get(path, "audit_admin").headers["ETag"] != read.headers["ETag"]


def test_a_scheme_of_posts_is_walked_by_who_holds_them(desk: Desk) -> None:
    put(desk, "head", {"post": "办公室主任", "heads": True})
    put(desk, "publicity", "宣传负责人")
    put(desk, "assistant", "董事长助理")
    desk.draft()
    desk.submit()
    assert desk.open_stages() == {("head_of_department", "")}
    assert desk.get(f"/drafts/{desk.draft_id}", "far").status_code == 404
    early = desk.decide("head_of_department", "publicity")
    assert (early.status_code, "not_allowed" in desk.codes(early)) == (403, True)
    waiting = desk.get("/awaiting", "head").json()["items"]
    assert [one["stage"] for one in waiting] == ["head_of_department"]
    assert desk.get("/awaiting", "assistant").json()["items"] == []
    desk.approve("head_of_department", "head")
    desk.approve("editing", "initial_reviewer")
    desk.approve("head_of_publicity", "publicity")
    desk.approve("assistant_to_chair", "assistant")
    assert desk.work() > 0
    assert desk.open_stages() == {("sign_off", "wechat")}
    roles = {one["stage"]: one["role"] for one in desk.case("head")["decisions"]}
    assert roles["head_of_publicity"] == "宣传负责人"


def test_a_post_that_is_taken_away_ends_what_it_allowed(desk: Desk) -> None:
    put(desk, "head", {"post": "办公室主任", "heads": True})
    desk.draft()
    desk.submit()
    assert desk.get(f"/cases/{desk.case_id}", "head").status_code == 200
    put(desk, "head")
    assert desk.get(f"/cases/{desk.case_id}", "head").status_code == 404
