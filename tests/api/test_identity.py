"""Units, accounts and roles, kept by administrators who exclude each other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from app.domain.vocabulary import Role
from app.identity import service
from app.identity.access import SYSTEM
from app.identity.credentials import passwords
from app.identity.models import RoleGrant, User
from app.identity.sessions.sign_in import Caller
from app.infra.db import Database
from app.infra.errors import AppError, Conflict
from app.infra.runtime import Runtime
from tests import factories
from tests.conftest import SetClock
from tests.factories import PASSWORD, Bureau

Headers = Callable[[str], dict[str, str]]


def _user(bureau: Bureau, **changed: object) -> dict[str, object]:
    return {
        "login": "wang",
        "name": "王小明",
        "password": "a-good-password",
        "unit_id": str(bureau.district.id),
    } | changed


# --- units ------------------------------------------------------------


def test_creating_a_unit(client: TestClient, bureau: Bureau, as_: Headers, database: Database) -> None:
    body = {"parent_id": str(bureau.district.id), "name": "柳岸街道", "kind": "street"}

    assert client.post("/api/v1/units", json=body).status_code == 401
    assert client.post("/api/v1/units", json=body, headers=as_("editor")).status_code == 404
    assert client.post("/api/v1/units", json=body, headers=as_("security_admin")).status_code == 403
    elsewhere = {**body, "parent_id": str(bureau.elsewhere.id)}
    assert client.post("/api/v1/units", json=elsewhere, headers=as_("system_admin")).status_code == 404
    good = client.post("/api/v1/units", json=body, headers=as_("system_admin"))
    twice = client.post("/api/v1/units", json=body, headers=as_("system_admin"))

    assert good.status_code == 201
    unit = good.json()
    assert unit["path"] == f"{bureau.district.path}{unit['id']}/"
    assert factories.events(database, f"unit:{unit['id']}") == [("unit.created", "done")]
    assert (twice.status_code, twice.json()["code"]) == (409, "unit_name_taken")


def test_everybody_sees_their_own_part_of_the_tree(client: TestClient, bureau: Bureau, as_: Headers) -> None:
    mine = client.get("/api/v1/units", headers=as_("district_editor")).json()
    all_of_the_city = client.get("/api/v1/units", headers=as_("system_admin")).json()

    assert [unit["id"] for unit in mine] == [str(bureau.district.id)]
    assert {unit["name"] for unit in all_of_the_city} == {"清河市民政局", "办公室", "清河区民政局"}


# --- accounts ------------------------------------------------------------


def test_creating_a_user(client: TestClient, bureau: Bureau, as_: Headers, database: Database) -> None:
    assert client.post("/api/v1/users", json=_user(bureau)).status_code == 401
    assert client.post("/api/v1/users", json=_user(bureau), headers=as_("editor")).status_code == 404
    assert client.post("/api/v1/users", json=_user(bureau), headers=as_("audit_admin")).status_code == 403
    taken = client.post("/api/v1/users", json=_user(bureau, login="Editor"), headers=as_("system_admin"))
    assert (taken.status_code, taken.json()["code"]) == (409, "login_taken")
    good = client.post("/api/v1/users", json=_user(bureau), headers=as_("system_admin"))

    assert good.status_code == 201
    assert good.json()["grants"] == []
    assert "a-good-password" not in good.text
    assert good.json()["must_change_password"]
    assert factories.events(database, f"user:{good.json()['id']}") == [("user.created", "done")]
    with database.read() as session:
        stored = session.exec(select(User).where(User.login == "wang")).one()
    assert stored.password_hash.startswith("$argon2id$")
    assert (
        client.post("/api/v1/auth/token", json={"login": "WANG", "password": "a-good-password"}).status_code
        == 200
    )


@pytest.mark.parametrize(
    ("login", "password", "codes"),
    [
        ("wang", "short", {"password_short"}),
        ("wang", "1234567890", {"password_common"}),
        ("wang", "aaaaaaaaaaaa", {"password_common"}),
        ("wangxiaoming", "WangXiaoMing", {"password_is_login"}),
        ("wangxiaoming", "wangxiaoming123", {"password_is_login"}),
        ("wang", "aaa", {"password_short", "password_common"}),
        ("wang", "Minzheng 123", {"password_common"}),
    ],
)
def test_weak_passwords_are_refused_with_every_reason(login: str, password: str, codes: set[str]) -> None:
    assert {reason.code for reason in passwords.faults(password, login=login)} == codes


def test_a_weak_password_changes_nothing(
    client: TestClient, bureau: Bureau, as_: Headers, database: Database
) -> None:
    answer = client.post("/api/v1/users", json=_user(bureau, password="wang"), headers=as_("system_admin"))

    assert (answer.status_code, answer.json()["code"]) == (422, "password_refused")
    with database.read() as session:
        assert session.exec(select(User).where(User.login == "wang")).all() == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"login": "a b"}, "body.login"),
        ({"name": ""}, "body.name"),
        ({"unit_id": "x"}, "body.unit_id"),
        ({"kind": "robot"}, "body.kind"),
        ({"admin": True}, "body.admin"),
    ],
)
def test_malformed_accounts_are_refused(
    client: TestClient, bureau: Bureau, as_: Headers, changed: dict[str, object], field: str
) -> None:
    answer = client.post("/api/v1/users", json=_user(bureau, **changed), headers=as_("system_admin"))

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    assert [reason["field"] for reason in answer.json()["reasons"]] == [field]


def test_deactivating_ends_tokens_and_sessions_at_once(
    client: TestClient, bureau: Bureau, as_: Headers, database: Database, runtime: Runtime
) -> None:
    editor, editor_id = as_("editor"), bureau.user("editor").id
    service.sign_in(runtime, "editor", PASSWORD, caller=Caller("10.0.0.9"))
    url = f"/api/v1/users/{editor_id}/deactivation"

    assert client.post(url).status_code == 401
    assert client.post(url, headers=editor).status_code == 404
    assert client.post(url, headers=as_("security_admin")).status_code == 403
    own = client.post(
        f"/api/v1/users/{bureau.user('system_admin').id}/deactivation", headers=as_("system_admin")
    )
    assert (own.status_code, own.json()["reasons"][0]["code"]) == (403, "own_account")
    assert client.get("/api/v1/me", headers=editor).status_code == 200
    good = client.post(url, headers=as_("system_admin"))

    assert (good.status_code, good.json()["active"]) == (200, False)
    assert (client.get("/api/v1/me", headers=editor).json()["code"]) == "token_invalid"
    assert (
        client.post("/api/v1/auth/token", json={"login": "editor", "password": PASSWORD}).status_code == 401
    )
    again = client.post(url, headers=as_("system_admin"))
    assert (again.status_code, again.json()["code"]) == (409, "user_inactive")
    assert ("user.deactivated", "done") in factories.events(database, f"user:{editor_id}")


def test_a_user_with_a_history_cannot_be_deleted(bureau: Bureau, database: Database) -> None:
    with pytest.raises(Conflict), database.write() as session:
        session.delete(session.get(User, bureau.user("editor").id))


def test_resetting_a_password(client: TestClient, bureau: Bureau, as_: Headers) -> None:
    url, body = f"/api/v1/users/{bureau.user('editor').id}/password", {"password": "a-new-good-one"}

    assert client.put(url, json=body, headers=as_("security_admin")).status_code == 403
    assert client.put(url, json={"password": "x"}, headers=as_("system_admin")).status_code == 422
    assert client.put(url, json=body, headers=as_("system_admin")).status_code == 204
    assert (
        client.post("/api/v1/auth/token", json={"login": "editor", "password": "a-new-good-one"}).status_code
        == 200
    )


def test_the_list_of_accounts_pages_and_keeps_to_ones_office(
    client: TestClient, bureau: Bureau, as_: Headers
) -> None:
    assert client.get("/api/v1/users", headers=as_("editor")).status_code == 403
    head, found, cursor = as_("audit_admin"), [], ""
    while cursor is not None:
        page = client.get(
            "/api/v1/users", params={"limit": 4, "cursor": cursor} if cursor else {"limit": 4}, headers=head
        )
        found += [user["login"] for user in page.json()["items"]]
        cursor = page.json()["next"]

    assert sorted(found) == sorted(login for login in bureau.users if login != "outsider")
    assert client.get(f"/api/v1/users/{bureau.user('outsider').id}", headers=head).status_code == 404


# --- roles ------------------------------------------------------------


def test_giving_and_taking_a_role(
    client: TestClient, bureau: Bureau, as_: Headers, database: Database
) -> None:
    user = bureau.user("district_editor")
    url, body = (
        f"/api/v1/users/{user.id}/grants",
        {"role": "proofreader", "unit_id": str(bureau.district.id), "channel": "wechat"},
    )

    assert client.post(url, json=body).status_code == 401
    assert client.post(url, json=body, headers=as_("editor")).status_code == 404
    assert client.post(url, json=body, headers=as_("system_admin")).status_code == 403
    assert client.post(url, json={**body, "role": "root"}, headers=as_("security_admin")).status_code == 422
    alone = client.post(url, json={**body, "channel": None, "section": "news"}, headers=as_("security_admin"))
    assert (alone.status_code, alone.json()["reasons"][0]["code"]) == (422, "section_without_channel")
    beyond = client.post(
        url, json={**body, "unit_id": str(bureau.elsewhere.id)}, headers=as_("security_admin")
    )
    assert beyond.status_code == 404
    good = client.post(url, json=body, headers=as_("security_admin"))
    assert good.status_code == 201
    twice = client.post(url, json=body, headers=as_("security_admin"))
    assert (twice.status_code, twice.json()["code"]) == (409, "grant_exists")
    grants = client.get("/api/v1/me", headers=as_("district_editor")).json()["grants"]
    assert {(one["role"], one["channel"]) for one in grants} == {("editor", None), ("proofreader", "wechat")}

    one = f"{url}/{good.json()['id']}"
    assert client.delete(one, headers=as_("system_admin")).status_code == 403
    assert client.delete(one, headers=as_("security_admin")).status_code == 204
    assert (client.delete(one, headers=as_("security_admin")).json()["code"]) == "grant_revoked"
    assert [g["role"] for g in client.get("/api/v1/me", headers=as_("district_editor")).json()["grants"]] == [
        "editor"
    ]
    recorded = [action for action, _ in factories.events(database, f"user:{user.id}")]
    assert recorded.count("role.granted") == 2
    assert recorded.count("role.revoked") == 1
    again = client.post(url, json=body, headers=as_("security_admin"))
    assert again.status_code == 201, "a role that was taken back can be given again"


@pytest.mark.parametrize(
    ("login", "role"),
    [("editor", "audit_admin"), ("system_admin", "editor"), ("audit_admin", "security_admin")],
)
def test_administrators_exclude_every_other_role(
    client: TestClient, bureau: Bureau, as_: Headers, login: str, role: str
) -> None:
    url = f"/api/v1/users/{bureau.user(login).id}/grants"

    answer = client.post(
        url, json={"role": role, "unit_id": str(bureau.city.id)}, headers=as_("security_admin")
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "roles_exclude")
    assert [one["code"] for one in answer.json()["reasons"]] == ["administrator_excludes"]


def test_a_security_administrator_gives_themselves_nothing(
    client: TestClient, bureau: Bureau, as_: Headers
) -> None:
    url = f"/api/v1/users/{bureau.user('security_admin').id}/grants"

    answer = client.post(
        url, json={"role": "editor", "unit_id": str(bureau.city.id)}, headers=as_("security_admin")
    )

    assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (403, "own_account")


def test_a_service_account_may_edit_but_not_review(client: TestClient, bureau: Bureau, as_: Headers) -> None:
    made = client.post(
        "/api/v1/users", json=_user(bureau, login="cms", kind="service"), headers=as_("system_admin")
    )
    url = f"/api/v1/users/{made.json()['id']}/grants"

    def give(role: str) -> int:
        body = {"role": role, "unit_id": str(bureau.district.id)}
        return client.post(url, json=body, headers=as_("security_admin")).status_code

    assert (give("editor"), give("final_reviewer")) == (201, 409)


@pytest.mark.both_databases
def test_two_administrators_at_once_cannot_together_give_one_person_two_offices(
    bureau: Bureau, database: Database, clock: SetClock
) -> None:
    with database.write() as session:
        someone = factories.person(session, "someone", unit=bureau.office, at=clock())

    def give(role: Role) -> bool:
        try:
            with database.write() as session:
                service.grant_role(
                    session, user_id=someone.id, role=role, unit_id=bureau.city.id, actor=SYSTEM, at=clock()
                )
        except AppError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(
            pool.map(give, [Role.SYSTEM_ADMIN, Role.EDITOR, Role.AUDIT_ADMIN, Role.FINAL_REVIEWER])
        )

    with database.read() as session:
        held = {
            Role(one) for one in session.exec(select(RoleGrant.role).where(RoleGrant.user_id == someone.id))
        }
    offices = held & {Role.SYSTEM_ADMIN, Role.AUDIT_ADMIN}
    assert len(held) == sum(outcomes)
    assert len(offices) == 0 or len(held) == 1


def test_the_database_itself_refuses_a_second_office(
    bureau: Bureau, database: Database, clock: SetClock
) -> None:
    with database.write() as session:
        held = session.exec(
            select(RoleGrant).where(RoleGrant.user_id == bureau.user("system_admin").id)
        ).one()
    second = RoleGrant(**{**held.model_dump(), "id": bureau.city.id, "role": Role.AUDIT_ADMIN})
    with pytest.raises(Conflict) as refused, database.write() as session:
        session.add(second)
    assert isinstance(refused.value.__cause__, IntegrityError)


def test_a_grant_reaches_down_the_tree_and_no_further(
    bureau: Bureau, database: Database, clock: SetClock
) -> None:
    with database.write() as session:
        user = factories.person(
            session,
            "scoped",
            unit=bureau.office,
            roles=[Role.PROOFREADER],
            on=bureau.district,
            channel="wechat",
            section="news",
            at=clock(),
        )
        actor = factories.actor(session, user)

    def has(**where: str) -> bool:
        return actor.has(Role.PROOFREADER, **where)

    assert has()
    assert has(unit_path=bureau.district.path, channel="wechat", section="news")
    assert has(unit_path=f"{bureau.district.path}{bureau.office.id}/")
    assert not has(unit_path=bureau.city.path)
    assert not has(unit_path=bureau.district.path, channel="website")
    assert not has(unit_path=bureau.district.path, channel="wechat", section="service")
    assert not actor.has(Role.EDITOR)


def test_a_failed_commit_never_answers_success(
    client: TestClient, bureau: Bureau, as_: Headers, database: Database
) -> None:
    head = as_("system_admin")
    with factories.failing_commits(database):
        answer = client.post("/api/v1/users", json=_user(bureau), headers=head)

    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    with database.read() as session:
        assert session.exec(select(User).where(col(User.login) == "wang")).all() == []
    assert client.post("/api/v1/users", json=_user(bureau), headers=head).status_code == 201
