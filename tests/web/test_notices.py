"""Notices as people see them: unread first, read by a press and never by looking, usable by keyboard."""

import re
from collections.abc import Callable
from html import unescape
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect
from sqlmodel import select

from app.drafts import queries as drafts
from app.infra.runtime import Runtime
from app.jobs.runner import Runner
from app.notifications.models import Notice, NoticePreference, NoticeRobot
from app.reviews import service as reviews
from tests import factories
from tests.factories import Bureau
from tests.web.conftest import Person, Site, accessible
from tests.web.forms import decision, digest_of, send, sign_in, submitted

People = Callable[..., Person]


@pytest.fixture
def draft_id(web: TestClient, runtime: Runtime, bureau: Bureau) -> UUID:
    """A draft that waits for its first review; everybody was told."""
    draft = submitted(web, runtime, bureau, "志愿者逐户登记需求。")
    Runner(runtime).run_until_idle()
    return draft.id


def unread_ids(runtime: Runtime) -> list[UUID]:
    with runtime.database.read() as session:
        return list(session.exec(select(Notice.id).where(Notice.read_at == None)).all())  # noqa: E711


@pytest.mark.parametrize("path", ["/notices", "/notices/preferences", "/notices/robots"])
def test_strangers_are_led_to_sign_in(web: TestClient, path: str) -> None:
    assert web.get(path).status_code == 303


def test_looking_marks_nothing_and_a_press_does(web: TestClient, runtime: Runtime, draft_id: UUID) -> None:
    sign_in(web, "initial_reviewer")
    for _ in range(2):
        page = web.get("/notices").text
        assert "1 条未读" in page
        assert "请您办理：初审" in unescape(page)
    (notice,) = unread_ids(runtime)
    assert web.post(f"/notices/{notice}/read", data={"go": "1"}).status_code == 403  # without the token
    assert unread_ids(runtime) == [notice]
    answer = send(web, f"/notices/{notice}/read", go="1")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/drafts/{draft_id}")
    page = web.get("/notices").text
    assert "没有未读的通知" in page
    assert "标为已读" not in page
    assert "请您办理：初审" in unescape(page)


def test_all_that_was_shown_is_marked_at_once(web: TestClient, runtime: Runtime, draft_id: UUID) -> None:
    sign_in(web, "initial_reviewer")
    page = web.get("/notices").text
    until = re.search(r'name="until" value="([^"]+)"', page)
    assert until is not None
    assert send(web, "/notices/read", until="nonsense").status_code == 422
    answer = send(web, "/notices/read", until=until[1])
    assert answer.headers["location"] == "/notices?said=all_read"
    assert unread_ids(runtime) == []
    assert "已全部标为已读" in web.get(answer.headers["location"]).text


def test_somebody_elses_notice_is_unknown(web: TestClient, runtime: Runtime, draft_id: UUID) -> None:
    (notice,) = unread_ids(runtime)
    sign_in(web, "final_reviewer")
    assert send(web, f"/notices/{notice}/read").status_code == 404
    assert "还没有通知" in web.get("/notices").text
    assert unread_ids(runtime) == [notice]


def test_the_author_reads_that_it_came_back_and_the_number_stands_on_every_page(
    web: TestClient, runtime: Runtime, draft_id: UUID
) -> None:
    sign_in(web, "initial_reviewer")
    sent = decision(digest_of(runtime, draft_id), "send_back", comment="请核实数字", preset="事实需核实")
    assert send(web, f"/drafts/{draft_id}/decisions", **sent).status_code == 303
    Runner(runtime).run_until_idle()
    sign_in(web, "editor")
    for path in ("/", "/drafts", "/notices"):
        assert re.search(r'href="/notices"[^>]*>通知 <span class="badge badge-go">1<', web.get(path).text), (
            path
        )
    page = unescape(web.get("/notices").text)
    assert "已退回给您，请修改后重新提交" in page
    assert "请核实数字" not in page


def test_what_was_chosen_in_another_window_is_not_undone(web: TestClient) -> None:
    sign_in(web, "editor")
    shown = {"was_published": "daily", "was_returned": "at_once"}
    page = web.get("/notices/preferences").text
    assert all(f'name="{name}" value="{mode}"' in page for name, mode in shown.items())
    assert (
        send(web, "/notices/preferences", **shown, published="never", returned="at_once").status_code == 303
    )
    # The other window still shows what was there before: what it leaves alone stays as it is now.
    second = send(web, "/notices/preferences", **shown, published="daily", returned="never")
    assert second.status_code == 303
    page = web.get("/notices/preferences").text
    assert 'name="published" value="never" checked' in page
    assert 'name="returned" value="never" checked' in page
    refused = send(web, "/notices/preferences", **shown, published="at_once", returned="at_once")
    assert refused.status_code == 409
    assert "“已发布”现在是“不发”。" in unescape(refused.text)
    assert 'name="published" value="at_once" checked' in refused.text
    assert 'name="was_published" value="never"' in refused.text


def test_what_goes_by_mail_is_chosen_on_a_page(web: TestClient, runtime: Runtime) -> None:
    sign_in(web, "editor")
    page = web.get("/notices/preferences").text
    assert "您还没有登记邮箱" in page
    assert 'name="published" value="daily" checked' in page
    assert send(web, "/notices/preferences", published="hourly").status_code == 422
    answer = send(web, "/notices/preferences", published="never", returned="at_once")
    assert answer.headers["location"] == "/notices/preferences?said=preferences_kept"
    assert 'name="published" value="never" checked' in web.get("/notices/preferences").text
    with runtime.database.read() as session:
        rows = session.exec(select(NoticePreference)).all()
    assert {(row.kind, row.mail) for row in rows} == {("published", "never"), ("returned", "at_once")}


def test_robots_are_the_system_administrators(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    runtime.settings.webhook_hosts = frozenset({"qyapi.weixin.example"})
    sign_in(web, "editor")
    assert web.get("/notices/robots").status_code == 403
    assert send(web, "/notices/robots", token_from="/notices").status_code == 403
    sign_in(web, "system_admin")
    assert "群机器人" in web.get("/notices").text
    form = {
        "unit": str(bureau.city.id),
        "name": "宣传工作群",
        "kinds": ["returned", "stage_late"],
        "titles": "on",
    }
    answer = send(web, "/notices/robots", **{**form, "url": "http://elsewhere.example/?key=k"})
    assert answer.status_code == 422
    assert "不在允许的名单里" in answer.text
    assert 'value="宣传工作群"' in answer.text
    url = "https://qyapi.weixin.example/cgi-bin/webhook/send?key=very-secret"
    answer = send(web, "/notices/robots", **{**form, "url": url})
    assert answer.headers["location"] == "/notices/robots?said=robot_created"
    page = web.get("/notices/robots").text
    assert "宣传工作群" in page
    assert "very-secret" not in page
    with runtime.database.read() as session:
        robot = session.exec(select(NoticeRobot)).one()
    assert (sorted(robot.kinds), robot.titles) == (["returned", "stage_late"], True)
    assert send(web, f"/notices/robots/{robot.id}/deactivation").status_code == 303
    assert "已停用" in web.get("/notices/robots").text


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_notices_by_keyboard_in_a_real_browser(people: People, site: Site) -> None:
    runtime, bureau = site.runtime, site.bureau
    with runtime.database.write() as session:
        draft = factories.draft(session, bureau, at=runtime.clock())
        reviews.submit(
            session,
            draft_id=draft.id,
            digest=drafts.head(session, draft).digest,
            actor=bureau.actor("editor"),
            runtime=runtime,
            at=runtime.clock(),
        )
    Runner(runtime).run_until_idle()
    reviewer = people("initial_reviewer")
    page = reviewer.go("/notices")
    expect(page.get_by_role("heading", name="未读")).to_be_visible()
    accessible(page)
    reviewer.shot("notices")
    reviewer.press_on(page.get_by_role("button", name="去办理"))
    page.wait_for_url(f"**/drafts/{draft.id}")
    reviewer.go("/notices")
    expect(page.get_by_text("没有未读的通知")).to_be_visible()
    accessible(page)
    reviewer.go("/notices/preferences")
    accessible(page)
    reviewer.shot("notice-preferences")
    page.get_by_role("group", name="轮到我").get_by_label("不发").focus()
    page.keyboard.press("Space")
    reviewer.press_on(page.get_by_role("button", name="保存"))
    expect(page.get_by_text("通知设置已保存")).to_be_visible()
    expect(page.get_by_role("group", name="轮到我").get_by_label("不发")).to_be_checked()
    phone = people("system_admin", width=375)
    for path in ("/notices", "/notices/preferences", "/notices/robots"):
        phone.go(path)
        accessible(phone.page)
    phone.shot("notice-robots-phone")
