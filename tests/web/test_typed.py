"""In a real browser: what was typed outlives reloads, refusals and the session, and is never left unseen."""

from collections.abc import Callable

from playwright.sync_api import Dialog, Page, expect
from sqlmodel import select

from app.drafts.models import Draft
from app.infra.runtime import Runtime
from tests.factories import PASSWORD
from tests.web.conftest import Person
from tests.web.forms import new_draft

#: How many forms this tab keeps.
KEPT = "Object.keys(sessionStorage).filter((key) => key.startsWith('typed')).length"
TEXT = "志愿者逐户登记需求，“老吾老”活动现场<热烈>。\n\n第二段。"


def _asked(page: Page, *, accept: bool) -> list[str]:
    """Answer what the browser asks from now on; return the list of what it asked."""
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept() if accept else dialog.dismiss()

    page.on("dialog", answer)
    return asked


def test_what_was_typed_outlives_leaving_reloading_and_the_session(
    people: Callable[..., Person], runtime: Runtime
) -> None:
    editor = people("editor")
    page = editor.go("/drafts/new")
    asked = _asked(page, accept=True)
    page.locator("#f-title").press_sequentially("没有存的标题")
    page.locator("#f-content").fill(TEXT)
    page.locator("#f-format").select_option("text")
    page.locator("#f-target-website").select_option("website/news")

    # A page that holds something unsaved asks before it is left; it is there again on the way back.
    page.click("text=看板" if page.locator("text=看板").count() else "text=稿件")
    assert asked == ["beforeunload"]
    page.go_back()
    expect(page.locator(".restored")).to_be_visible()
    expect(page.locator("#f-title")).to_have_value("没有存的标题")
    page.reload()
    expect(page.locator("#f-title")).to_have_value("没有存的标题")
    expect(page.locator("#f-content")).to_have_value(TEXT)
    expect(page.locator("#f-format")).to_have_value("text")

    # The session ends: sign in again, and the form is there as it was, under its own address.
    editor.context.clear_cookies()
    asked.clear()
    page.click("button[value=keep]")
    expect(page.locator("#ended")).to_be_visible()
    assert "没有存的标题" not in page.content()
    page.fill("#f-login", "editor")
    page.fill("#f-password", PASSWORD)
    page.click("main button[type=submit]")
    expect(page.locator("#f-content")).to_have_value(TEXT)
    assert page.url.endswith("/drafts/new")
    assert asked == []
    page.reload()
    expect(page.locator("#f-content")).to_have_value(TEXT)

    # Sent twice in one breath, it is stored once; then nothing of it is left to restore or to warn of.
    asked.clear()
    page.dblclick("button[value=keep]")
    expect(page.locator("h1")).to_have_text("没有存的标题")
    with runtime.database.read() as session:
        assert [one.title for one in session.exec(select(Draft))] == ["没有存的标题"]
    page.goto(editor.site.url + "/drafts/new")
    expect(page.locator("#f-title")).to_have_value("")
    assert page.evaluate(KEPT) == 0
    assert asked == []
    # The browser's own line about the 401 is no fault of the page.
    editor.faults = [fault for fault in editor.faults if "401" not in fault]


def test_somebody_else_in_the_same_tab_finds_nothing(people: Callable[..., Person]) -> None:
    editor = people("editor")
    page = editor.go("/drafts/new")
    _asked(page, accept=True)
    page.locator("#f-content").fill(TEXT)
    page.wait_for_timeout(600)
    assert page.evaluate(KEPT) == 1
    editor.context.clear_cookies()
    editor.login = "editor2"
    editor.sign_in()
    assert page.evaluate(KEPT) == 0


def test_a_list_that_asks_by_itself_tells_the_end_of_the_session_and_keeps_what_it_shows(
    people: Callable[..., Person], runtime: Runtime
) -> None:
    new_draft(runtime, people("editor").site.bureau)
    editor = people("editor")
    page = editor.go("/")
    before = page.locator("#tasks").inner_text()
    editor.context.clear_cookies()
    page.evaluate("htmx.trigger('#tasks', 'x'); htmx.ajax('GET', '/', {source: '#tasks', target: '#tasks'})")
    expect(page.locator("#told")).to_contain_text("登录已过期")
    assert page.locator("#told a").get_attribute("href") == "/sign-in"
    assert page.locator("#tasks").inner_text() == before
    editor.faults.clear()
