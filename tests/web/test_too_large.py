"""Forms that are too large: what was typed stays with whoever typed it, and they read why in Chinese."""

from collections.abc import Callable
from html import unescape

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect

from app.web.shell.viewer import MAX_FORM_BYTES
from tests.factories import Bureau
from tests.web.conftest import Person
from tests.web.forms import csrf, send, sign_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_text_beyond_its_limit_comes_back_with_its_form(web: TestClient, bureau: Bureau) -> None:
    sign_in(web, "editor")
    text = "志愿者逐户登记。" * 225_000  # 5.4 MB as UTF-8, 16 MB on the way
    answer = send(web, "/drafts/new", title="长文", format="text", content=text[: 5_100_000 // 3])
    assert answer.status_code == 413
    page = unescape(answer.text)
    assert 'role="alert"' in page
    assert text[:1_000_000] in page


@pytest.mark.parametrize("size", [MAX_FORM_BYTES + 1, 32_000_000])
def test_a_form_that_nobody_reads_is_refused_in_words(web: TestClient, bureau: Bureau, size: int) -> None:
    sign_in(web, "editor")
    body = f"csrf={csrf(web)}&content=".encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = web.post("/drafts/new", content=body.ljust(size, b"a"), headers=kind)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "按浏览器的“后退”回到刚才的页面" in answer.text
    machine = web.post("/drafts/new", content=body.ljust(size, b"a"), headers=kind | {"Accept": "*/*"})
    assert machine.headers["content-type"] == "application/problem+json"


@pytest.mark.browser
def test_a_browser_does_not_send_what_is_too_large(people: Callable[..., Person]) -> None:
    page = people("editor").go("/drafts/new")
    page.evaluate("document.body.dataset.most = '2000'")
    page.fill("#f-title", "长文")
    page.fill("#f-content", "字" * 700)
    page.locator("main button[type=submit]").first.click()
    expect(page.locator("#problem")).to_contain_text("填写的内容太多，没有提交")
    expect(page.locator("#f-content")).to_have_value("字" * 700)
    expect(page.locator("#problem")).to_be_focused()
