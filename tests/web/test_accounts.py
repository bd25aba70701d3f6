"""People and their posts as pages: who sees them, who changes what."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.domain.vocabulary import Role
from app.identity import queries
from app.identity.models import Unit, User
from app.infra.runtime import Runtime
from tests import factories
from tests.factories import PASSWORD, Bureau
from tests.web.conftest import Person, accessible
from tests.web.forms import send, sign_in


def roles_of(runtime: Runtime, user: User) -> set[str]:
    with runtime.database.read() as session:
        return {one.role for one in queries.grants_in_force(session, [user.id]).get(user.id, ())}


def test_only_administrators_see_accounts_and_only_of_their_units(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    editor = bureau.user("editor")
    assert web.get("/accounts").status_code == 303
    for login in ("editor", "final_reviewer", "policy_keeper", "outsider"):
        sign_in(web, login)
        assert web.get("/accounts").status_code == 403
        assert web.get(f"/accounts/{editor.id}").status_code == 404
        assert 'href="/accounts"' not in web.get("/").text
        assert send(web, f"/accounts/{editor.id}/grants", role="publisher").status_code in {404, 422}
    for login in ("system_admin", "security_admin", "audit_admin"):
        sign_in(web, login)
        page = web.get("/accounts").text
        assert 'href="/accounts"' in page
        assert "editor先生" in page
        assert "outsider先生" not in page
        assert web.get(f"/accounts?unit={bureau.elsewhere.id}").status_code == 404
        assert web.get(f"/accounts/{bureau.user('outsider').id}").status_code == 404
    district = web.get(f"/accounts?unit={bureau.district.id}").text
    assert "district_editor先生" in district
    assert "proofreader2先生" not in district
    assert web.get(f"/accounts?after={UUID(int=2**128 - 1)}").text.count("后面没有了") == 1
    with runtime.database.write() as session:
        factories.person(
            session,
            "clerk",
            unit=bureau.district,
            on=bureau.district,
            roles=[Role.SECURITY_ADMIN],
            at=runtime.clock(),
        )
    sign_in(web, "clerk")
    page = web.get("/accounts").text
    assert "district_editor先生" in page
    assert "proofreader2先生" not in page


def test_the_page_shows_who_stands_on_the_chain(web: TestClient, bureau: Bureau) -> None:
    sign_in(web, "security_admin")
    chain = web.get("/accounts").text.partition("的责任链")[2]
    row = chain.partition("公众号")[2].partition("</tr>")[0]
    assert row.index("second_reviewer先生") < row.index("final_reviewer先生") < row.index("无人")


def test_each_administrator_is_offered_what_is_theirs(web: TestClient, bureau: Bureau) -> None:
    path = f"/accounts/{bureau.user('editor').id}"
    sign_in(web, "system_admin")
    page = web.get(path).text
    assert "停用账号" in page
    assert "授予职责" not in page
    assert send(web, f"{path}/posts", qualification="none").status_code == 403
    sign_in(web, "security_admin")
    page = web.get(path).text
    assert "授予职责" in page
    assert "保存岗位与职称" in page
    assert "停用账号" not in page
    assert send(web, f"{path}/deactivation").status_code == 403
    own = web.get(f"/accounts/{bureau.user('security_admin').id}").text
    assert "这是您自己的账号" in own
    assert "授予职责" not in own
    sign_in(web, "audit_admin")
    page = web.get(path).text
    assert "授予职责" not in page
    assert "停用账号" not in page
    assert "没有登记岗位" in page


def test_roles_are_given_and_taken_back(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    user = bureau.user("editor2")
    path = f"/accounts/{user.id}"
    sign_in(web, "security_admin")
    wish = {"role": "publisher", "grant_unit": str(bureau.city.id), "place": "wechat/news"}
    assert send(web, f"{path}/grants", **wish).headers["location"].endswith("role_given")
    assert "清河市民政局 · 公众号 · 民政要闻" in web.get(path).text
    twice = send(web, f"{path}/grants", **wish)
    assert twice.status_code == 409
    excluded = send(web, f"{path}/grants", role="audit_admin", grant_unit=str(bureau.city.id), place="")
    assert excluded.status_code == 409
    assert 'role="alert"' in excluded.text
    assert send(web, f"{path}/grants", role="king", grant_unit="x").status_code == 422
    with runtime.database.read() as session:
        given = queries.grants_in_force(session, [user.id])[user.id][-1]
    gone = send(web, f"{path}/grants/{given.id}/revocation")
    assert gone.headers["location"].endswith("role_withdrawn")
    assert roles_of(runtime, user) == {"editor"}
    assert send(web, f"{path}/grants/{given.id}/revocation").status_code == 409


def version(web: TestClient, path: str) -> str:
    """Return what the form of posts was filled from."""
    return web.get(path).text.partition('name="version" value="')[2].partition('"')[0]


def test_of_two_who_keep_posts_the_second_sees_what_the_first_did(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    user, office = bureau.user("second_reviewer"), str(bureau.office.id)
    path = f"/accounts/{user.id}"
    sign_in(web, "security_admin")
    seen = version(web, path)
    form = {"post_unit": ["0"], "unit0": office, "qualification": "none", "version": seen}
    assert send(web, f"{path}/posts", **form, post0="办公室主任").status_code == 303
    for _ in range(2):
        refused = send(web, f"{path}/posts", **form, post0="支部书记")
        assert refused.status_code == 412
        assert "现在登记的是：办公室 · 办公室主任；职称：无" in refused.text
        assert 'value="支部书记"' in refused.text
    now = refused.text.partition('name="replaces" value="')[2].partition('"')[0]
    assert send(web, f"{path}/posts", **form, post0="支部书记", replaces=now).status_code == 303
    with runtime.database.read() as session:
        assert [one["post"] for one in session.get_one(User, user.id).posts] == ["支部书记"]


def test_posts_are_kept_as_a_whole(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    user = bureau.user("second_reviewer")
    path, office = f"/accounts/{user.id}", str(bureau.office.id)
    sign_in(web, "security_admin")
    fields: dict[str, Any] = {
        "post_unit": ["0", "1", "2"],
        "post0": "办公室主任",
        "unit0": office,
        "heads0": "yes",
        "post1": "",
        "unit1": office,
        "post2": "支部书记",
        "unit2": office,
        "qualification": "senior",
    }
    fields["version"] = version(web, path)
    assert send(web, f"{path}/posts", **fields).headers["location"].endswith("posts_set")
    page = web.get("/accounts").text
    assert "办公室 · 办公室主任（负责人）、办公室 · 支部书记" in page
    assert "高级" in page
    wrong = send(web, f"{path}/posts", **{**fields, "unit0": "nowhere", "post2": "另一个"})
    assert wrong.status_code == 422
    assert 'value="另一个"' in wrong.text
    emptied = {"post_unit": ["0"], "post0": "", "qualification": "none", "version": version(web, path)}
    assert send(web, f"{path}/posts", **emptied).status_code == 303
    with runtime.database.read() as session:
        kept = session.get_one(User, user.id)
        assert (kept.posts, kept.qualification) == ([], "none")


def test_accounts_and_units_are_made_and_shut(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    sign_in(web, "system_admin")
    wish = {
        "login": "wangfang",
        "name": "王芳",
        "password": PASSWORD,
        "unit_id": str(bureau.office.id),
        "kind": "person",
    }
    weak = send(web, "/accounts", **{**wish, "password": "1"})
    assert weak.status_code == 422
    assert 'value="王芳"' in weak.text
    wrong = send(web, "/accounts", **{**wish, "login": "王", "unit_id": "x"})
    assert wrong.status_code == 422
    made = send(web, "/accounts", **wish)
    assert made.status_code == 303
    path = made.headers["location"].partition("?")[0]
    assert send(web, "/accounts", **wish).status_code == 409
    again = send(web, f"{path}/password", password="another-long-secret-7")
    assert again.headers["location"].endswith("password_reset")
    assert send(web, f"{path}/deactivation").headers["location"].endswith("account_closed")
    assert "已停用" in web.get(path).text
    assert send(web, f"{path}/deactivation").status_code == 409
    unit = {"parent_id": str(bureau.city.id), "unit_name": "柳岸街道", "unit_kind": "street"}
    assert send(web, "/accounts/units", **unit).status_code == 303
    assert "柳岸街道" in web.get("/accounts").text
    assert send(web, "/accounts/units", **unit).status_code == 409
    with runtime.database.read() as session:
        assert session.get(Unit, bureau.city.id) is not None
    sign_in(web, "security_admin")
    assert send(web, "/accounts", **{**wish, "login": "other"}).status_code == 403


@pytest.mark.browser
def test_in_a_browser(people: Callable[..., Person]) -> None:
    keeper = people("security_admin")
    runtime, bureau = keeper.site.runtime, keeper.site.bureau
    accessible(keeper.go("/accounts"))
    keeper.shot("accounts")
    user = bureau.user("second_reviewer")
    page = keeper.go(f"/accounts/{user.id}")
    page.fill("#f-post0", "办公室主任")
    page.check("#f-heads0")
    page.select_option("#f-qualification", "senior")
    page.click("text=保存岗位与职称")
    page.wait_for_url("**said=posts_set")
    page.click("text=授予职责")
    page.select_option("#f-role", "publisher")
    page.select_option("#f-place", "wechat")
    accessible(page)
    keeper.shot("account")
    page.click("button:text-is('授予')")
    page.wait_for_url("**said=role_given")
    assert roles_of(runtime, user) == {"second_reviewer", "publisher"}
    office = people("system_admin", width=375)
    accessible(office.go("/accounts"))
    office.shot("accounts-375")
    accessible(office.go(f"/accounts/{user.id}"))
    office.shot("account-375")


def test_roles_that_nobody_else_saw_given_are_named_until_they_are_given_anew(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    """The bureau of the tests was made at the machine: its roles but for the administrators' are such."""
    editor = bureau.user("editor")
    sign_in(web, "security_admin")
    listed = web.get("/accounts").text.partition('id="alone"')[2].partition("</section>")[0]
    assert f'<a href="/accounts/{editor.id}">editor先生</a> · 编辑' in listed
    assert "security_admin先生" not in listed
    assert "outsider先生" not in listed
    assert "没有第二人到场" in web.get(f"/accounts/{editor.id}").text
    with runtime.database.read() as session:
        grants = queries.grants_in_force(session, [editor.id])[editor.id]
    for grant in grants:
        send(web, f"/accounts/{editor.id}/grants/{grant.id}/revocation")
        send(web, f"/accounts/{editor.id}/grants", role=grant.role, grant_unit=str(grant.unit_id), place="")
    assert "没有第二人到场" not in web.get(f"/accounts/{editor.id}").text
    assert (
        str(editor.id) not in web.get("/accounts").text.partition('id="alone"')[2].partition("</section>")[0]
    )
