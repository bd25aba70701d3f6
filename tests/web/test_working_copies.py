"""What is written and not saved: kept for its writer alone, offered on return, never over newer text."""

import json
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from playwright.sync_api import expect
from sqlmodel import select

from app.drafts.models import DraftReader
from app.drafts.working.models import EditorPresence, WorkingCopy
from app.infra.runtime import Runtime
from tests.conftest import SetClock
from tests.factories import PASSWORD, Bureau
from tests.web.conftest import Person, Site, accessible
from tests.web.forms import csrf, new_draft, send, sign_in
from tests.web.posted import form_at
from tests.web.test_editor import newest, writing

pytestmark = pytest.mark.both_databases


def blocks(*texts: str) -> str:
    return json.dumps([{"kind": "paragraph", "text": text, "spans": []} for text in texts])


def shared(runtime: Runtime, bureau: Bureau, *paragraphs: str) -> UUID:
    """Return a draft that `editor2` may edit as well."""
    draft = new_draft(runtime, bureau, *paragraphs)
    with runtime.database.write() as session:
        editor, second = bureau.user("editor").id, bureau.user("editor2").id
        session.add(DraftReader(draft_id=draft.id, user_id=second, why="left", by=editor, at=runtime.clock()))
    return draft.id


def kept(
    web: TestClient, path: str, copy: int, *texts: str, revision: int = 1, title: str = "题"
) -> Response:
    return send(web, f"{path}/copy", title=title, blocks=blocks(*texts), revision=revision, copy=copy)


def rows_of(runtime: Runtime) -> list[WorkingCopy]:
    with runtime.database.read() as session:
        return list(session.exec(select(WorkingCopy)).all())


def test_a_copy_is_offered_to_its_writer_and_to_nobody_else(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    path = f"/drafts/{shared(runtime, bureau, '甲')}/edit"
    sign_in(web, "editor")
    assert kept(web, path, 0, "甲，写了一半").json()["version"] == 1
    page = web.get(path).text
    assert "您有写了一半、没有保存的内容" in page
    assert "甲，写了一半" not in unescape(page)
    assert "甲，写了一半" in unescape(web.get(f"{path}?copy=yes").text)
    sign_in(web, "editor2")
    assert "没有保存的内容" not in web.get(path).text
    assert "写了一半" not in unescape(web.get(f"{path}?copy=yes").text)


def test_a_window_keeps_only_over_the_copy_that_it_knows(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    path = f"/drafts/{shared(runtime, bureau, '甲')}/edit"
    sign_in(web, "editor")
    assert kept(web, path, 0, "一").json()["version"] == 1
    assert kept(web, path, 1, "二").json()["version"] == 2
    late = web.post(
        f"{path}/copy",
        data={"csrf": csrf(web), "blocks": blocks("三"), "copy": "1"},
        headers={"Accept": "application/json"},
    )
    assert (late.status_code, late.json()["code"]) == (409, "working_copy_elsewhere")
    (copy,) = rows_of(runtime)
    assert json.loads(dict(json.loads(copy.fields))["blocks"])[0]["text"] == "二"


def test_saving_ends_the_copy_and_so_does_its_writer(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = shared(runtime, bureau, "甲")
    path = f"/drafts/{draft}/edit"
    sign_in(web, "editor")
    kept(web, path, 0, "一")
    saved = web.post(
        path, data={**form_at(web.get(f"{path}?copy=yes"), path), "blocks": blocks("一"), "then": "keep"}
    )
    assert saved.headers["location"].endswith("said=revised")
    assert rows_of(runtime) == []
    kept(web, path, 0, "二", revision=2)
    dropped = send(web, f"{path}/copy/drop")
    assert dropped.headers["location"] == f"{path}?said=copy_dropped"
    assert rows_of(runtime) == []
    assert [text for _, text in newest(runtime, draft).texts()][1:] == ["一"]


def test_a_copy_is_brought_together_with_what_is_newer(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = shared(runtime, bureau, "第一段。", "第二段。", "第三段。")
    path = f"/drafts/{draft}/edit"
    sign_in(web, "editor")
    kept(web, path, 0, "第一段，我改的。", "第二段。", "第三段。", title=newest(runtime, draft).title)
    sign_in(web, "editor2")
    theirs = {**form_at(web.get(path), path), "text:blocks/2": "第三段，别人改的。", "then": "keep"}
    assert web.post(path, data=theirs).status_code == 303
    sign_in(web, "editor")
    assert "已经有更新的修订" in web.get(path).text
    mine = web.get(f"{path}?copy=yes")
    sent = {
        **form_at(mine, path),
        "blocks": blocks("第一段，我改的。", "第二段。", "第三段。"),
        "then": "keep",
    }
    seen = web.post(path, data=sent)
    assert seen.status_code == 412
    assert "第三段，别人改的。" in unescape(seen.text)
    assert len(rows_of(runtime)) == 1
    merged = web.post(path, data={**form_at(seen, path), "then": "keep"})
    assert merged.headers["location"].endswith("said=revised")
    texts = [text for _, text in newest(runtime, draft).texts()][1:]
    assert texts == ["第一段，我改的。", "第二段。", "第三段，别人改的。"]
    assert rows_of(runtime) == []


def test_only_who_may_write_now_keeps_a_copy(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft = new_draft(runtime, bureau, "甲")
    path = f"/drafts/{draft.id}/edit"
    sign_in(web, "initial_reviewer")
    assert kept(web, path, 0, "乙").status_code in {403, 404}
    sign_in(web, "editor")
    token = csrf(web)
    web.cookies.clear()
    answer = web.post(f"{path}/copy", data={"csrf": token}, headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert rows_of(runtime) == []


def test_who_writes_is_told_to_others_who_write_for_a_minute(
    web: TestClient, runtime: Runtime, bureau: Bureau, clock: SetClock
) -> None:
    draft = shared(runtime, bureau, "甲")
    path = f"/drafts/{draft}/edit/presence"
    sign_in(web, "editor")
    assert send(web, path).json() == {"others": [], "revision": 1, "by": ""}
    sign_in(web, "editor2")
    assert send(web, path).json() == {"others": ["editor先生"], "revision": 1, "by": "editor先生"}
    clock.now += timedelta(seconds=61)
    assert send(web, path).json()["others"] == []
    with runtime.database.read() as session:
        assert len(session.exec(select(EditorPresence)).all()) == 1
    send(web, path, gone="yes")
    with runtime.database.read() as session:
        assert session.exec(select(EditorPresence)).all() == []


def test_what_was_written_is_there_in_another_browser(people: Callable[..., Person], site: Site) -> None:
    draft = new_draft(site.runtime, site.bureau, "第一段。")
    first = people("editor").go(f"/drafts/{draft.id}/edit")
    writing(first).get_by_text("第一段。").click()
    first.keyboard.press("End")
    first.keyboard.type("写到一半")
    expect(first.locator("#copy-status")).to_contain_text("已自动保存")
    # The machine dies: nothing of this browser is used again.
    second = people("editor")
    page = second.go(f"/drafts/{draft.id}/edit")
    expect(writing(page)).not_to_contain_text("写到一半")
    accessible(page)
    second.shot("editor-offer")
    page.get_by_role("link", name="接着写").click()
    expect(writing(page)).to_contain_text("第一段。写到一半")
    page.get_by_role("button", name="只保存修改").click()
    expect(page.locator("#told")).to_contain_text("修改已保存")
    assert [text for _, text in newest(site.runtime, draft.id).texts()][1:] == ["第一段。写到一半"]


def test_the_session_ends_while_one_writes_and_the_text_is_still_there(
    people: Callable[..., Person], site: Site
) -> None:
    draft = new_draft(site.runtime, site.bureau, "第一段。")
    editor = people("editor")
    page = editor.go(f"/drafts/{draft.id}/edit")
    editor.context.clear_cookies()
    writing(page).get_by_text("第一段。").click()
    page.keyboard.press("End")
    page.keyboard.press("Control+b")
    page.keyboard.type("写在登录结束以后")
    expect(page.locator("#copy-status")).to_contain_text("登录已经结束")
    page.get_by_role("button", name="只保存修改").click()
    page.fill("#f-login", "editor")
    page.fill("#f-password", PASSWORD)
    page.click("main button[type=submit]")
    expect(writing(page)).to_contain_text("第一段。写在登录结束以后")
    expect(writing(page).locator("strong")).to_have_text("写在登录结束以后")
    editor.faults.clear()
    page.get_by_role("button", name="只保存修改").click()
    expect(page.locator("#told")).to_contain_text("修改已保存")
    saved = newest(site.runtime, draft.id)
    assert saved.blocks[0].model_dump()["spans"][0]["kind"] == "bold"


def test_two_who_write_know_of_each_other_and_lose_nothing(people: Callable[..., Person], site: Site) -> None:
    draft = shared(site.runtime, site.bureau, "第一段。", "第二段。")
    first = people("editor")
    mine = first.go(f"/drafts/{draft}/edit")
    other = people("editor2")
    theirs = other.go(f"/drafts/{draft}/edit")
    expect(theirs.locator("#others-here")).to_contain_text("editor先生也开着这一页")
    accessible(theirs)
    other.shot("editor-others")
    writing(theirs).get_by_text("第二段。").click()
    theirs.keyboard.press("End")
    theirs.keyboard.type("别人写的")
    theirs.get_by_role("button", name="只保存修改").click()
    expect(theirs.locator("#told")).to_contain_text("修改已保存")
    writing(mine).get_by_text("第一段。").click()
    mine.keyboard.press("End")
    mine.keyboard.type("我写的")
    mine.get_by_role("button", name="只保存修改").click()
    expect(mine.locator("#meanwhile")).to_contain_text("editor2先生也改了这篇稿件")
    # The browser says that the answer was a refusal.
    first.faults.clear()
    expect(writing(mine)).to_contain_text("第一段。我写的")
    expect(writing(mine)).to_contain_text("第二段。别人写的")
    mine.get_by_role("button", name="只保存修改").click()
    expect(mine.locator("#told")).to_contain_text("修改已保存")
    texts = [text for _, text in newest(site.runtime, draft).texts()][1:]
    assert texts == ["第一段。我写的", "第二段。别人写的"]
