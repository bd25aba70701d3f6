"""Word files chosen in a form: the text, the list of what is not in it, and the file."""

from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect
from sqlmodel import select

from app.drafts import queries as drafts
from app.drafts.models import Draft, DraftAsset
from app.infra.runtime import Runtime
from tests.api.word import p, r, word
from tests.factories import Bureau
from tests.web.forms import csrf, new_draft, sign_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FILE = word(
    p("关于冬季检查的通知")
    + p("定于", f'<w:ins w:author="李处">{r("五日")}</w:ins>', "检查。")
    + p(r("暗处的话", "<w:vanish/>"))
)


def choose(web: TestClient, path: str, data: bytes, name: str = "通知.docx", **fields: str):
    sent = {"csrf": csrf(web), **fields}
    return web.post(path, data=sent, files={"file": (name, data)}, follow_redirects=False)


def only(runtime: Runtime) -> Draft:
    with runtime.database.read() as session:
        return session.exec(select(Draft)).one()


def words_of(runtime: Runtime, draft: Draft) -> list[str]:
    with runtime.database.read() as session:
        document = drafts.document_of(drafts.revisions(session, draft.id)[-1])
    return [words for _, words in document.texts()]


def test_a_chosen_file_is_the_text_and_what_is_not_in_it_is_shown(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    sign_in(web, "editor")
    answer = choose(web, "/drafts/new", FILE, target="wechat/news", format="markdown")
    assert answer.status_code == 303, unescape(answer.text)
    draft = only(runtime)
    assert words_of(runtime, draft) == ["关于冬季检查的通知", "定于检查。"]
    page = unescape(web.get(f"/drafts/{draft.id}").text)
    for words in ("含 1 处未接受的修订", "“五日”（李处）", "暗处的话"):
        assert words in page
    with runtime.database.read() as session:
        held = session.exec(select(DraftAsset)).one()
    assert (held.role, held.filename) == ("original", "通知.docx")


def test_changes_are_accepted_where_that_is_chosen(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    sign_in(web, "editor")
    choose(web, "/drafts/new", FILE, target="wechat/news", tracked_changes="accepted")
    assert words_of(runtime, only(runtime))[1] == "定于五日检查。"


def test_a_file_beside_a_text_is_refused_and_the_text_stays(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    sign_in(web, "editor")
    answer = choose(web, "/drafts/new", FILE, target="wechat/news", content="已经写好的话")
    page = unescape(answer.text)
    assert answer.status_code == 422
    assert "请只留一样" in page
    assert "已经写好的话" in page


def test_a_file_that_is_none_is_refused_in_a_sentence(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    sign_in(web, "editor")
    answer = choose(web, "/drafts/new", b"%PDF-1.7", target="wechat/news", title="题")
    assert answer.status_code == 422
    assert "PDF 文件，不能当作可编辑的正文" in unescape(answer.text)


def test_a_form_from_another_site_is_refused_with_its_file(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    sign_in(web, "editor")
    sent = {"csrf": csrf(web), "target": "wechat/news"}
    other = {"Origin": "https://elsewhere.example"}
    answer = web.post("/drafts/new", data=sent, files={"file": ("a.docx", FILE)}, headers=other)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("清河市开展冬季送温暖活动", ["关于冬季检查的通知", "定于检查。"]),
        ("另一个标题", ["另一个标题", "关于冬季检查的通知", "定于检查。"]),
    ],
)
def test_a_file_takes_the_place_of_the_text_while_it_is_edited(
    web: TestClient, runtime: Runtime, bureau: Bureau, title: str, expected: list[str]
) -> None:
    draft = new_draft(runtime, bureau, "旧的一段")
    sign_in(web, "editor")
    fields = {"title": title, "version": "1", "revision": "1", "text:blocks/0": "旧的一段"}
    answer = choose(web, f"/drafts/{draft.id}/edit", FILE, **fields)
    assert answer.status_code == 303, unescape(answer.text)
    assert words_of(runtime, draft) == expected
    assert "暗处的话" in unescape(web.get(f"/drafts/{draft.id}").text)


@pytest.mark.browser
def test_a_person_chooses_a_file_in_a_browser(people, tmp_path: Path) -> None:
    file = tmp_path / "通知.docx"
    file.write_bytes(FILE)
    page = people("editor").go("/drafts/new")
    page.set_input_files("#f-file", file)
    page.select_option("#f-target-wechat", index=1)
    page.locator("button[value=keep]").click()
    expect(page.locator("#left-out")).to_contain_text("暗处的话")
    expect(page.locator("main")).to_contain_text("定于检查。")
