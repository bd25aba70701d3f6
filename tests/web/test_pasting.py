"""What is pasted into the editor or dropped on it: read by the intake, and what was left out is said."""

import base64
import json
from collections.abc import Callable
from io import BytesIO

import pytest
from fastapi.testclient import TestClient
from PIL import Image as Picture
from playwright.sync_api import Page, Route, expect

from app.domain.document.model import Document, Heading, Image, ListItem, Paragraph, Table
from app.drafts import queries as drafts
from app.infra.runtime import Runtime
from tests.factories import Bureau
from tests.web.conftest import Person, Site, accessible
from tests.web.forms import csrf, new_draft, sign_in
from tests.web.test_editor import newest, rich_draft, save, writing

#: As Word puts it on the clipboard: its styles, a list that is no list, a comment.
WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"
xmlns:w="urn:schemas-microsoft-com:office:word">
<head><style><!-- p.MsoNormal {margin:0cm} --></style></head>
<body lang=ZH-CN style='text-justify-trim:punctuation'>
<!--StartFragment--><p class=MsoNormal style='text-indent:24.0pt'><b
style='mso-bidi-font-weight:normal'>各街道</b>要抓好落实<span
style='mso-comment-reference:L_1'></span>。<o:p></o:p></p>
<table class=MsoTableGrid border=1><tr><td width=100 colspan=2><p class=MsoNormal>合计</p></td></tr>
<tr><td><p class=MsoNormal>东街</p></td><td><p class=MsoNormal>12</p></td></tr></table>
<!--EndFragment--></body></html>"""
#: As an article of an official account is copied: sections, its own picture attributes, a card.
WECHAT = """<section style="margin:0 8px;line-height:2em">
<section data-role="title"><h2 style="color:#0a0">送温暖</h2></section>
<p style="text-align:center"><span style="font-size:15px"><strong>志愿者</strong>上门</span></p>
<section><img class="rich_pages" data-src="https://pictures.example/a.png" alt="慰问现场"></section>
<mp-common-profile data-nickname="清河发布"></mp-common-profile></section>"""


def png(side: int = 8) -> bytes:
    made = BytesIO()
    Picture.new("RGB", (side, side), (200, 30, 30)).save(made, "PNG")
    return made.getvalue()


PASTE = """([html, text, files]) => {
  const data = new DataTransfer();
  if (html) data.setData("text/html", html);
  if (text) data.setData("text/plain", text);
  for (const [name, type, bytes] of files)
    data.items.add(new File([Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0))], name, { type }));
  document.querySelector(".ProseMirror").dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def paste(page: Page, html: str = "", text: str = "", *files: tuple[str, str, bytes]) -> None:
    sent = [[name, kind, base64.b64encode(content).decode()] for name, kind, content in files]
    page.evaluate(PASTE, [html, text, sent])


@pytest.fixture
def opened(people: Callable[..., Person], site: Site) -> tuple[Page, Callable[[], Document], Person]:
    draft = new_draft(site.runtime, site.bureau, "开头，结尾。")
    editor = people("editor")
    page = editor.go(f"/drafts/{draft.id}/edit")
    writing(page).get_by_text("开头").click()
    page.keyboard.press("End")
    return page, lambda: newest(site.runtime, draft.id), editor


Opened = tuple[Page, Callable[[], Document], Person]


def test_what_comes_from_word_keeps_its_shape(opened: Opened) -> None:
    page, saved, _ = opened
    paste(page, WORD, "各街道要抓好落实。")
    expect(writing(page).locator("td")).to_have_count(3)
    save(page)
    first, table = saved().blocks
    assert isinstance(first, Paragraph)
    assert first.text == "开头，结尾。各街道要抓好落实。"
    assert [(span.kind, span.start, span.end) for span in first.spans] == [("bold", 6, 9)]
    assert isinstance(table, Table)
    assert table.rows == (("合计", ""), ("东街", "12"))
    assert [(one.rows, one.columns) for one in table.merges] == [(1, 2)]


def test_what_comes_from_wechat_says_what_was_left_out(opened: Opened) -> None:
    page, saved, editor = opened
    paste(page, WECHAT, "送温暖 志愿者上门")
    told = page.locator("#brought")
    expect(told).to_contain_text("图片")
    expect(told).to_contain_text("慰问现场")
    expect(told).to_contain_text("清河发布")
    editor.shot("editor-pasted")
    accessible(page)
    told.get_by_role("button", name="知道了").click()
    expect(told).to_be_hidden()
    save(page)
    blocks = saved().blocks
    assert isinstance(blocks[1], Heading)
    assert [block.text for block in blocks if isinstance(block, Heading | Paragraph)] == [
        "开头，结尾。",
        "送温暖",
        "志愿者上门",
    ]


def test_words_go_on_being_typed_while_a_paste_is_read(opened: Opened) -> None:
    page, saved, _ = opened
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("getSelection().anchorOffset === 5")
    page.wait_for_timeout(200)  # until the editor has heard of it

    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/edit/paste", hold)
    paste(page, "<b>贴来的</b>", "贴来的")
    expect(writing(page).locator(".coming")).to_be_visible()
    page.keyboard.type("先写")
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    expect(writing(page)).to_contain_text("开头，结尾先写贴来的。")
    save(page)
    assert saved().blocks[0].model_dump()["text"] == "开头，结尾先写贴来的。"


def test_plain_words_become_paragraphs_and_in_a_cell_lines(people: Callable[..., Person], site: Site) -> None:
    draft = rich_draft(site.runtime, site.bureau)
    page = people("editor").go(f"/drafts/{draft.id}/edit")
    writing(page).get_by_text("东区").click()
    page.keyboard.press("End")
    paste(page, "", "一\r\n二")
    writing(page).get_by_text("第二项").click()
    page.keyboard.press("End")
    paste(page, "", "三\n四")
    save(page)
    blocks = newest(site.runtime, draft.id).blocks
    table = blocks[-1]
    assert isinstance(table, Table)
    assert table.rows[1][0] == "东区一\n二"
    assert blocks[3] == ListItem(text="第二项三", ordered=True)
    assert blocks[4].model_dump()["text"] == "四"


def test_html_in_a_cell_is_its_text_and_the_rest_is_told(people: Callable[..., Person], site: Site) -> None:
    draft = rich_draft(site.runtime, site.bureau)
    page = people("editor").go(f"/drafts/{draft.id}/edit")
    writing(page).get_by_text("东区").click()
    page.keyboard.press("End")
    paste(page, "<p>甲<b>乙</b></p><hr><p>丙</p>", "甲乙丙")
    expect(page.locator("#brought")).to_contain_text("单元格和表题里只能放文字")
    save(page)
    table = newest(site.runtime, draft.id).blocks[-1]
    assert isinstance(table, Table)
    assert table.rows[1][0] == "东区甲乙\n丙"
    assert [(span.kind, span.start, span.end) for span in table.spans] == [("bold", 3, 4)]


def test_a_picture_is_pasted_with_its_words(opened: Opened) -> None:
    page, saved, editor = opened
    paste(page, "", "", ("屏幕截图.png", "image/png", png()))
    page.get_by_label("替代文字").fill("慰问现场")
    page.get_by_label("图片来源").fill("林小满 摄")
    editor.shot("editor-picture")
    accessible(page)
    save(page)
    image = saved().blocks[1]
    assert isinstance(image, Image)
    assert (image.alt, image.caption, image.credit) == ("慰问现场", "", "林小满 摄")


def test_a_picture_that_is_too_large_is_refused_in_words(opened: Opened) -> None:
    page, saved, _ = opened
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(20000001)], "巨图.png", { type: "image/png" }));
          document.querySelector(".ProseMirror").dispatchEvent(
            new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    expect(page.locator("#brought")).to_contain_text("巨图.png")
    expect(page.locator("#brought")).to_contain_text("超过 20 MB 的上限")
    page.get_by_role("button", name="只保存修改").click()
    expect(page.locator("#told")).to_contain_text("没有形成新的修订")
    assert len(saved().blocks) == 1


# Without a browser.

JSON = {"Accept": "application/json"}


def test_only_who_may_write_now_pastes(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft = new_draft(runtime, bureau, "甲")
    path = f"/drafts/{draft.id}/edit"
    sign_in(web, "editor")
    token = csrf(web)
    web.cookies.clear()
    for name in ("paste", "files"):
        answer = web.post(f"{path}/{name}", data={"csrf": token, "html": "<p>乙"}, headers=JSON)
        assert answer.status_code == 401
    sign_in(web, "initial_reviewer")
    token = csrf(web)
    for name, more in (("paste", {}), ("files", {"files": {"file": ("a.png", png())}})):
        answer = web.post(f"{path}/{name}", data={"csrf": token, "html": "<p>乙"}, headers=JSON, **more)
        assert answer.status_code in {403, 404}


@pytest.mark.parametrize(
    ("name", "content", "status", "words"),
    [
        ("图.png", png(), 200, ""),
        ("稿.md", "## 小标题\n\n正文。\n\n![外图](https://a.example/a.png)\n".encode(), 200, "外图"),
        ("空.png", b"", 422, "文件是空的"),
        ("表.exe", b"MZ\x90\x00" * 40, 422, ""),
    ],
)
def test_a_file_becomes_blocks_or_is_refused_with_words(
    web: TestClient, runtime: Runtime, bureau: Bureau, name: str, content: bytes, status: int, words: str
) -> None:
    draft = new_draft(runtime, bureau, "甲")
    sign_in(web, "editor")
    answer = web.post(
        f"/drafts/{draft.id}/edit/files",
        data={"csrf": csrf(web)},
        files={"file": (name, content)},
        headers=JSON,
    )
    assert answer.status_code == status, answer.text
    assert words in json.dumps(answer.json(), ensure_ascii=False)
    with runtime.database.read() as session:
        held = drafts.assets_held(session, draft.id)
    assert len(held) == (1 if name == "图.png" else 0)


def test_a_picture_within_what_is_pasted_is_kept(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft = new_draft(runtime, bureau, "甲")
    sign_in(web, "editor")
    inside = base64.b64encode(png()).decode()
    html = f'<p>有图</p><img src="data:image/png;base64,{inside}" alt="现场">'
    answer = web.post(f"/drafts/{draft.id}/edit/paste", data={"csrf": csrf(web), "html": html}, headers=JSON)
    kinds = [block["kind"] for block in answer.json()["blocks"]]
    assert kinds == ["paragraph", "image"]
    sent = json.dumps(answer.json()["blocks"])
    saved = web.post(
        f"/drafts/{draft.id}/edit",
        data={"csrf": csrf(web), "revision": "1", "title": "题", "blocks": sent, "then": "keep"},
    )
    assert saved.status_code == 303
