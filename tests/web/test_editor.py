"""The rich-text editor in a real browser: what is written, marked and arranged in it is what is saved."""

import json
from collections.abc import Callable
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Locator, Page, expect

from app.domain.document.model import (
    Align,
    Document,
    Heading,
    ListItem,
    Merge,
    Paragraph,
    Quote,
    Span,
    SpanKind,
    Table,
    digest,
)
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.infra.runtime import Runtime
from tests import factories
from tests.factories import Bureau
from tests.web.conftest import Person, Site, accessible
from tests.web.forms import new_draft, send, sign_in

RICH = Document(
    title="清河市开展冬季送温暖活动",
    blocks=(
        Heading(text="一、总体情况", level=1),
        Paragraph(text="请各科室按排值班。", spans=(Span(kind=SpanKind.BOLD, start=0, end=4),)),
        ListItem(text="第一项", ordered=True),
        ListItem(text="第二项", ordered=True),
        Quote(text="原话如此。", align=Align.CENTER),
        Table(
            rows=(("区县", "户数", ""), ("东区", "12", "3")),
            caption="表1",
            merges=(Merge(row=0, column=1, columns=2),),
        ),
    ),
)


def newest(runtime: Runtime, draft_id: UUID) -> Document:
    with runtime.database.read() as session:
        return drafts.document_of(drafts.revisions(session, draft_id)[-1])


def rich_draft(runtime: Runtime, bureau: Bureau, content: Document = RICH) -> Draft:
    with runtime.database.write() as session:
        return factories.draft(session, bureau, at=runtime.clock(), by="editor", content=content)


def writing(page: Page) -> Locator:
    return page.get_by_role("textbox", name="正文", exact=True)


def save(page: Page) -> None:
    page.get_by_role("button", name="只保存修改").click()
    expect(page.locator("#told")).to_contain_text("修改")


@pytest.fixture
def edited(people: Callable[[str], Person], site: Site) -> tuple[Page, Callable[[], Document], Person]:
    """The edit page of a draft with all kinds of blocks; what was saved; whose browser it is."""
    draft = rich_draft(site.runtime, site.bureau)
    editor = people("editor")
    page = editor.go(f"/drafts/{draft.id}/edit")
    expect(writing(page)).to_be_visible()
    return page, lambda: newest(site.runtime, draft.id), editor


Edited = tuple[Page, Callable[[], Document], Person]


def test_a_text_that_nobody_touched_is_unchanged(edited: Edited) -> None:
    page, saved, editor = edited
    accessible(page)
    editor.shot("editor")
    page.get_by_role("button", name="只保存修改").click()
    expect(page.locator("#told")).to_contain_text("没有形成新的修订")
    assert digest(saved()) == digest(RICH)


def test_words_are_typed_and_marked_by_keyboard(edited: Edited) -> None:
    page, saved, _ = edited
    writing(page).get_by_text("第二项").click()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.keyboard.type("第三项")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.type("平常的话，")
    page.keyboard.press("Control+b")
    page.keyboard.type("要紧的话")
    page.keyboard.press("Control+b")
    page.keyboard.type("。")
    page.keyboard.press("Enter")
    page.keyboard.type("## 小结")
    save(page)
    added = saved().blocks[4:7]
    assert added == (
        ListItem(text="第三项", ordered=True),
        Paragraph(text="平常的话，要紧的话。", spans=(Span(kind=SpanKind.BOLD, start=5, end=9),)),
        Heading(text="小结", level=2),
    )
    assert saved().blocks[:4] == RICH.blocks[:4]
    assert saved().blocks[7:] == RICH.blocks[4:]


def test_every_tool_is_reached_by_keyboard_and_says_whether_it_is_on(edited: Edited) -> None:
    page, saved, _ = edited
    writing(page).get_by_text("请各科室").click()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    expect(page.get_by_role("button", name="加粗")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Alt+F10")
    for _ in range(40):
        if page.evaluate("document.activeElement.dataset.do") == "right":
            break
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(writing(page)).to_be_focused()
    expect(page.get_by_role("button", name="居右")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Alt+F10")
    page.keyboard.press("Escape")
    expect(writing(page)).to_be_focused()
    save(page)
    assert saved().blocks[1] == RICH.blocks[1].model_copy(update={"align": Align.RIGHT})


def test_undo_gives_back_what_was_there_to_the_byte(edited: Edited) -> None:
    page, saved, _ = edited
    writing(page).get_by_text("请各科室").click()
    page.keyboard.type("多出来的字")
    page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="重做")).to_have_attribute("aria-disabled", "false")
    page.get_by_role("button", name="只保存修改").click()
    expect(page.locator("#told")).to_contain_text("没有形成新的修订")
    assert digest(saved()) == digest(RICH)


def test_a_table_is_changed_by_keyboard(edited: Edited) -> None:
    page, saved, editor = edited
    writing(page).get_by_text("东区").click()
    page.get_by_role("button", name="下加行").click()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("西区")
    page.keyboard.press("Tab")
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    page.keyboard.type("（估计）")
    editor.shot("editor-table")
    accessible(page)
    # Tab does not trap: after Escape it leaves the text.
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(writing(page)).not_to_be_focused()
    save(page)
    assert saved().blocks[5] == Table(
        rows=(("区县", "户数", ""), ("东区", "12", "3"), ("西区", "5\n（估计）", "")),
        caption="表1",
        merges=(Merge(row=0, column=1, columns=2),),
    )


def test_cells_are_merged_split_and_made_a_head(edited: Edited) -> None:
    page, saved, _ = edited
    cells = writing(page).locator("td")
    cells.nth(2).click()
    page.keyboard.press("End")
    page.keyboard.press("Shift+ArrowRight")
    page.get_by_role("button", name="合并单元格").click()
    page.get_by_role("button", name="到此为表头").click()
    cells.nth(1).click()
    page.get_by_role("button", name="拆分单元格").click()
    save(page)
    table = saved().blocks[5]
    assert isinstance(table, Table)
    assert table.head_rows == 2
    assert table.rows == (("区县", "户数", ""), ("东区\n12", "", "3"))
    assert table.merges == (Merge(row=1, column=0, columns=2),)


def test_a_footnote_has_its_mark_in_the_text_and_its_note_below(edited: Edited) -> None:
    page, saved, _ = edited
    writing(page).get_by_text("请各科室").click()
    page.keyboard.press("End")
    page.get_by_role("button", name="脚注").click()
    page.keyboard.type("见值班表。")
    page.keyboard.press("Control+Alt+f")
    page.keyboard.type("另行通知。")
    save(page)
    blocks = saved().blocks
    paragraph = blocks[1]
    assert isinstance(paragraph, Paragraph)
    assert paragraph.text == "请各科室按排值班。[1]另行通知。"
    assert Span(kind=SpanKind.SUPERSCRIPT, start=9, end=12) in paragraph.spans
    assert blocks[-1] == Paragraph(text="[1] 见值班表。")


def test_a_link_is_set_changed_and_refused_without_an_address(edited: Edited) -> None:
    page, saved, _ = edited
    writing(page).get_by_text("原话如此").dblclick()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.keyboard.press("Control+k")
    field = page.get_by_label("链接到")
    field.fill("javascript:alert(1)")
    field.press("Enter")
    expect(page.locator("#address-wrong")).to_be_visible()
    accessible(page)
    field.fill("https://www.example.gov.cn/a?b=1")
    field.press("Enter")
    expect(writing(page)).to_be_focused()
    save(page)
    quote = saved().blocks[4]
    assert isinstance(quote, Quote)
    assert quote.spans == (Span(kind=SpanKind.LINK, start=0, end=5, href="https://www.example.gov.cn/a?b=1"),)


def test_findings_stand_beside_their_paragraph_and_are_followed_there(edited: Edited) -> None:
    page, saved, editor = edited
    beside = writing(page).locator('ul.beside[data-place="blocks/1"]')
    expect(beside).to_contain_text("按排")
    expect(writing(page).locator(".hit")).to_have_text("按排")
    writing(page).get_by_text("一、总体情况").click()
    page.keyboard.press("Home")
    page.keyboard.press("Control+Shift+Enter")
    page.keyboard.type("𠮷布署工作")
    moved = writing(page).locator('ul.beside[data-place="blocks/0"]')
    expect(moved).to_contain_text("布署")
    expect(page.locator("#check-status")).to_contain_text("已检查")
    editor.shot("editor-findings")
    accessible(page)
    writing(page).locator('ul.beside[data-place="blocks/2"]').get_by_role("button", name="改为“安排”").click()
    moved.get_by_role("button", name="改为“部署”").click()
    expect(writing(page).locator("ul.beside")).to_have_count(0)
    save(page)
    assert saved().blocks[0] == Paragraph(text="𠮷部署工作")
    assert saved().blocks[2] == RICH.blocks[1].model_copy(update={"text": "请各科室安排值班。"})


def test_the_editor_is_usable_by_night_in_forced_colours_and_on_a_phone(
    people: Callable[..., Person], site: Site
) -> None:
    draft = rich_draft(site.runtime, site.bureau)
    editor = people("editor", width=375)
    page = editor.go(f"/drafts/{draft.id}/edit")
    writing(page).get_by_text("东区").click()
    accessible(page)
    editor.shot("editor-phone")
    page.emulate_media(color_scheme="dark")
    accessible(page)
    editor.shot("editor-dark")
    page.emulate_media(color_scheme="light", forced_colors="active")
    accessible(page)


def test_what_an_input_method_composes_comes_in_whole(edited: Edited) -> None:
    page, saved, editor = edited
    writing(page).get_by_text("第一项").click()
    page.keyboard.press("End")
    client = editor.context.new_cdp_session(page)
    for words in ("q", "qing", "清河"):
        client.send(
            "Input.imeSetComposition",
            {"text": words, "selectionStart": len(words), "selectionEnd": len(words)},
        )
    client.send("Input.insertText", {"text": "清河"})
    save(page)
    assert saved().blocks[2] == ListItem(text="第一项清河", ordered=True)


def test_a_text_stays_a_form_where_scripts_are_off(chromium, site: Site) -> None:
    draft = rich_draft(site.runtime, site.bureau)
    context = chromium.new_context(java_script_enabled=False, locale="zh-CN")
    person = Person(site, context, context.new_page(), "editor").sign_in()
    page = person.go(f"/drafts/{draft.id}/edit")
    expect(page.locator("#editor")).to_be_hidden()
    page.get_by_label("第2段").fill("请各科室安排值班。")
    page.get_by_role("button", name="只保存修改").click()
    expect(page.locator("#told")).to_contain_text("修改已保存")
    context.close()
    changed = RICH.blocks[1].model_copy(update={"text": "请各科室安排值班。"})
    assert newest(site.runtime, draft.id).blocks == (RICH.blocks[0], changed, *RICH.blocks[2:])


# Without a browser: what the server takes of what an editor sends.


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("[]", "正文为空"),
        ("{}", "内容块的列表"),
        ("no json", "内容块的列表"),
        ('[{"kind":"paragraph","text":"甲\\u0000"}]', "空字符"),
        ('[{"kind":"paragraph","text":"甲\\u0007"}]', "U+0007"),
        ('[{"kind":"leaflet","text":"甲"}]', ""),
        ('[{"kind":"image","sha256":"' + "0" * 64 + '"}]', "0000"),
        ("[" * 100_000, "内容块的列表"),
    ],
)
def test_what_cannot_be_a_text_is_refused_and_kept(
    web: TestClient, runtime: Runtime, bureau: Bureau, sent: str, words: str
) -> None:
    draft = new_draft(runtime, bureau, "甲")
    sign_in(web, "editor")
    answer = send(web, f"/drafts/{draft.id}/edit", revision=1, title="新标题", blocks=sent, then="keep")
    assert answer.status_code == 422
    assert words in answer.text
    assert "新标题" in answer.text
    assert newest(runtime, draft.id).title == draft.title


def test_what_stood_in_a_text_before_stays_and_new_links_must_lead_out(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    old = Paragraph(text="旧链接\x07", spans=(Span(kind=SpanKind.LINK, start=0, end=3, href="#there"),))
    draft = rich_draft(runtime, bureau, Document(title="题", blocks=(old,)))
    sign_in(web, "editor")
    added = [
        {
            "kind": "paragraph",
            "text": "新",
            "spans": [{"kind": "link", "start": 0, "end": 1, "href": "#here"}],
        }
    ]
    sent = json.dumps([old.model_dump(mode="json"), *added])
    answer = send(web, f"/drafts/{draft.id}/edit", revision=1, title="题", blocks=sent, then="keep")
    assert answer.status_code == 303
    assert newest(runtime, draft.id).blocks == (old, Paragraph(text="新"))
    with runtime.database.read() as session:
        assert "#here" in drafts.revisions(session, draft.id)[-1].left_out
