"""How pages look: by night, in forced colours and on paper; the parts that they are made of; help."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect

from tests.factories import Bureau
from tests.web.conftest import Person, Site, accessible
from tests.web.forms import new_draft, sign_in

TYPOS = ("请各科室按排值班，并布署下半年工作。", "残废人办证由街道办理。")


def test_pages_are_accessible_by_night_and_in_forced_colours(
    people: Callable[[str], Person], site: Site
) -> None:
    draft = new_draft(site.runtime, site.bureau, *TYPOS)
    editor = people("editor")
    paths = ("/", "/drafts", f"/drafts/{draft.id}", f"/drafts/{draft.id}/edit", "/help", "/help/components")
    for path in paths:
        page = editor.go(path)
        for name, looks in (
            ("dark", {"color_scheme": "dark", "forced_colors": "none"}),
            ("forced", {"color_scheme": "light", "forced_colors": "active"}),
        ):
            page.emulate_media(**looks)
            accessible(page)
            editor.shot(f"{name}{path.replace('/', '-').replace(str(draft.id), 'draft')}")
    grounds = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, forced_colors="none")
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(245, 246, 244)", "rgb(18, 22, 27)"]


def test_paper_gets_the_document_and_not_the_screen(people: Callable[[str], Person], site: Site) -> None:
    draft = new_draft(site.runtime, site.bureau, *TYPOS)
    page = people("editor").go(f"/drafts/{draft.id}")
    expect(page.locator(".print-only")).to_be_hidden()
    page.emulate_media(media="print", color_scheme="dark")
    for part in (".site-head", ".side", "#bar", "#timeline", ".site-foot"):
        expect(page.locator(part).first).to_be_hidden()
    expect(page.locator(".print-only")).to_contain_text(f"稿件 {draft.number}")
    expect(page.locator("#article")).to_contain_text("请各科室按排值班")
    assert page.locator("#article").evaluate("one => getComputedStyle(one).color") == "rgb(0, 0, 0)"


def test_a_question_mark_shows_the_keys_unless_one_writes(people: Callable[[str], Person]) -> None:
    page = people("editor").go("/drafts")
    page.locator("#f-q").press("?")
    assert page.url.endswith("/drafts")
    page.locator("h1").click()
    page.keyboard.press("?")
    page.wait_for_url("**/help#keys")


@pytest.mark.parametrize(("login", "first"), [("editor", "写新稿"), ("proofreader", "校样")])
def test_help_tells_first_what_one_does_oneself(
    web: TestClient, bureau: Bureau, login: str, first: str
) -> None:
    sign_in(web, login)
    own, _, others = web.get("/help").text.partition("其他人做什么")
    assert first in own
    assert "留痕，不看稿件内容" not in own
    assert "留痕，不看稿件内容" in others
