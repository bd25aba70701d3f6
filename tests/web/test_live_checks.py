"""The rules while somebody writes: beside the field, of the present words, or not checked."""

import re
from collections.abc import Callable

from fastapi.testclient import TestClient
from playwright.sync_api import expect

from app.domain.document.model import Document, Paragraph
from app.infra.runtime import Runtime
from app.negative_list import PartKind
from app.screening.checks.files import content_of
from app.screening.checks.typed import retyped
from tests.factories import Bureau
from tests.web.conftest import Person, Site, accessible
from tests.web.forms import HTML, csrf, new_draft, rows, send, sign_in, submitted

PLAIN = "本次活动为困难群众送去棉被。"


def lists(html: str) -> dict[str, str]:
    """Return what is said beside each field that has something said."""
    found = re.findall(r'<ul class="beside" data-place="([^"]+)">(.*?)</ul>', html, re.DOTALL)
    return dict(found)


def test_what_is_typed_is_read_at_its_place() -> None:
    document = Document(title="标题", blocks=(Paragraph(text="一"), Paragraph(text="二")))
    typed = {"title": "新标题", "byline": "王芳", "blocks/1": "二\n三", "blocks/0": " ", "added": "四"}
    read = retyped(content_of(document, {}), typed)
    parts = {part.ref: (part.kind, part.text) for part in read.parts}
    assert parts == {
        "title": (PartKind.TITLE, "新标题"),
        "byline": (PartKind.BYLINE, "王芳"),
        "blocks/1": (PartKind.BODY, "二\n三"),
        "added": (PartKind.BODY, "四"),
    }
    assert read.structure.fields["title"] == "新标题"
    assert retyped(content_of(document, {}), {}) == content_of(document, {})


def test_findings_stand_beside_the_field_that_they_are_in(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = new_draft(runtime, bureau, PLAIN, "请各科室按排值班。")
    sign_in(web, "editor")
    page = web.get(f"/drafts/{draft.id}/edit").text
    (place,) = lists(page)
    assert (place, 'data-fix="安排"' in lists(page)[place]) == ("blocks/1", True)
    before = rows(runtime)
    typed = {"title": "做好布署", "text:blocks/0": PLAIN, "text:blocks/1": "改好了。", "added": "残废人办证"}
    now = send(web, f"/drafts/{draft.id}/edit/checks", revision=1, **typed)
    assert now.status_code == 200
    assert set(lists(now.text)) == {"title", "added"}
    assert rows(runtime) == before


def test_only_who_may_write_now_is_told(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft = submitted(web, runtime, bureau, PLAIN)
    path = f"/drafts/{draft.id}/edit/checks"
    assert send(web, path, title="甲").status_code == 409
    sign_in(web, "initial_reviewer")
    assert send(web, path, title="甲").status_code == 403
    token = csrf(web)
    web.cookies.clear()
    assert web.post(path, data={"csrf": token, "title": "甲"}, headers=HTML).status_code == 401


def test_writing_is_checked_and_a_check_that_fails_says_so(
    people: Callable[[str], Person], site: Site
) -> None:
    draft = new_draft(site.runtime, site.bureau, PLAIN, "第二段没有问题。")
    editor = people("editor")
    page = editor.go(f"/drafts/{draft.id}/edit")
    first, second = page.locator("#f-title"), page.locator("#f-summary")
    first.fill("𠮷请各科室按排值班。")
    beside = page.locator('ul.beside[data-place="title"]')
    expect(beside).to_contain_text("按排")
    expect(page.locator("#check-status")).to_contain_text("已检查")
    accessible(page)
    editor.shot("edit-live")
    beside.get_by_role("button", name="改为“安排”").click()
    expect(first).to_have_value("𠮷请各科室安排值班。")
    expect(beside).to_be_hidden()
    page.route("**/edit/checks", lambda route: route.abort())
    second.fill("请再接再励。")
    expect(page.locator("#check-status")).to_contain_text("未检查：没有取得")
    editor.faults.clear()
    page.get_by_role("button", name="只保存修改").click()
    expect(page.locator("#told")).to_contain_text("修改已保存")
