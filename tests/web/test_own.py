"""One's own account as a page: choosing a password, also when one must, and where one is signed in."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from fastapi.testclient import TestClient

from app.identity.access import SYSTEM, cookie_name
from app.identity.credentials import service as credentials
from app.identity.models import User
from app.infra.runtime import Runtime
from tests.factories import PASSWORD, Bureau
from tests.web.conftest import Person, accessible
from tests.web.forms import new_draft, sign_in

NEW = "leiser-kranich-ruht"


def reset(runtime: Runtime, user: User, password: str) -> None:
    with runtime.database.write() as session:
        credentials.reset_password(session, user_id=user.id, new=password, actor=SYSTEM, at=runtime.clock())


def token_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


def change(web: TestClient, **fields: str):
    page = web.get("/me").text
    wanted = {"old_password": PASSWORD, "password": NEW, "password_again": NEW, "next": ""} | fields
    return web.post("/me/password", data={"csrf": token_of(page), **wanted})


def test_strangers_are_led_to_sign_in(web: TestClient) -> None:
    answer = web.get("/me")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/me")


def test_a_password_is_chosen_on_a_page(web: TestClient, bureau: Bureau) -> None:
    sign_in(web, "editor")
    for fields, said in (
        ({"old_password": "wrong"}, "原密码不正确"),
        ({"password_again": "another"}, "两次输入的新密码不一样"),
        ({"password": "1234567890", "password_again": "1234567890"}, "容易被猜到"),
        ({"password": PASSWORD, "password_again": PASSWORD}, "以前用过"),
    ):
        answer = change(web, **fields)
        assert answer.status_code == 422, fields
        assert said in unescape(answer.text)
        assert PASSWORD not in answer.text
    answer = change(web)
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?said=password_changed")
    assert web.get("/me?said=password_changed").text.count("密码已修改") == 1
    web.cookies.clear()
    assert web.post("/sign-in", data={"login": "editor", "password": PASSWORD}).status_code == 401
    assert web.post("/sign-in", data={"login": "editor", "password": NEW}).status_code == 303


def test_who_signs_in_by_anothers_password_chooses_their_own_first(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = new_draft(runtime, bureau)
    reset(runtime, bureau.user("editor"), "vom-amt-gesetzt-77")
    web.cookies.clear()
    here = f"/drafts/{draft.id}"
    entered = web.post("/sign-in", data={"login": "editor", "password": "vom-amt-gesetzt-77", "next": here})
    assert (entered.status_code, entered.headers["location"]) == (303, f"/me?next={here}")
    for path in ("/", here, "/drafts/new", "/notices", "/delegations", "/rules", "/accounts"):
        answer = web.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/me"), path
    page = web.get("/me").text
    assert "请先修改密码" in page
    posted = web.post(f"{here}/submissions", data={"csrf": token_of(page), "digest": "0" * 64})
    assert posted.status_code == 403
    assert "先改成只有自己知道的密码" in posted.text

    done = change(web, old_password="vom-amt-gesetzt-77", next=here)
    assert (done.status_code, done.headers["location"]) == (303, f"{here}?said=password_changed")
    assert web.get(here).status_code == 200


def test_what_was_typed_comes_back_after_the_password_was_chosen(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    sign_in(web, "editor")
    form = web.get("/drafts/new").text
    mark = re.search(r'name="form_by" value="([^"]*)"', form)
    assert mark is not None
    reset(runtime, bureau.user("editor"), "vom-amt-gesetzt-77")
    typed = {"title": "清河市召开民政工作会", "content": "会议部署了冬季救助。", "form_page": "/drafts/new"}
    ended = web.post("/drafts/new", data={"csrf": token_of(form), "form_by": mark[1], **typed})
    assert ended.status_code == 401, ended.headers
    carried = re.search(r'name="carried" value="([^"]+)"', ended.text)
    assert carried is not None
    first = web.post(
        "/sign-in",
        data={
            "login": "editor",
            "password": "vom-amt-gesetzt-77",
            "next": "/drafts/new",
            "carried": carried[1],
        },
    )
    assert (first.status_code, "请先修改密码" in first.text) == (200, True)
    assert "冬季救助" not in first.text
    again = re.search(r'name="carried" value="([^"]+)"', first.text)
    assert again is not None
    body = {
        "csrf": token_of(first.text),
        "old_password": "vom-amt-gesetzt-77",
        "password": NEW,
        "password_again": NEW,
        "next": "/drafts/new",
        "carried": again[1],
    }
    back = web.post("/me/password", data=body)
    assert back.status_code == 200, back.text
    assert "会议部署了冬季救助。" in back.text


def test_own_sessions_are_shown_and_ended(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    sign_in(web, "editor")
    old = web.cookies[cookie_name(runtime.settings)]
    sign_in(web, "editor")
    page = web.get("/me").text
    (found,) = re.findall(r'action="(/me/sessions/[0-9a-f]{64}/end)"', page)
    assert web.post(found, data={"csrf": token_of(page)}).headers["location"] == "/me?said=session_ended"
    assert web.post(found, data={"csrf": token_of(page)}).status_code == 404
    assert web.get("/me").status_code == 200
    web.cookies.set(cookie_name(runtime.settings), old)
    assert web.get("/me").status_code == 303


def test_a_browser_that_signed_in_before_is_not_kept_out(web: TestClient, bureau: Bureau) -> None:
    sign_in(web, "editor")
    device = {name: value for name, value in web.cookies.items() if name.endswith("-device")}
    web.cookies.clear()
    body = {"login": "editor", "password": "wrong"}
    for _ in range(10):
        web.post("/sign-in", data=body)
    right = {"login": "editor", "password": PASSWORD}
    assert web.post("/sign-in", data=right).status_code == 429
    web.cookies.update(device)
    assert web.post("/sign-in", data=right).status_code == 303


@pytest.mark.browser
def test_in_a_browser(people: Callable[..., Person]) -> None:
    page = people("editor").go("/me")
    accessible(page)
    page.get_by_label("原密码").fill(PASSWORD)
    page.get_by_label("新密码", exact=True).fill(NEW)
    page.get_by_label("再输一遍新密码").fill(NEW)
    page.get_by_role("button", name="修改密码").click()
    page.get_by_text("密码已修改").wait_for()
