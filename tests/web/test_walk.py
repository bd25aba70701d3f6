"""One draft all the way through the pages: written, reviewed three times, proofread three times, signed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Person, accessible, settled

pytestmark = pytest.mark.browser

TITLE = "清河市开展冬季送温暖活动"
TEXT = """12月1日，清河市民政局组织志愿者走访独居老人，送去棉被和粮油，并逐户按排取暖设备检查。

## 走进社区

志愿者逐户登记需求，帮助老人检查取暖设备。

- 送棉被
- 送粮油
"""
People = Callable[..., Person]


def written(person: Person) -> None:
    page = person.go("/")
    accessible(page)
    person.shot("01-work-empty")
    page.get_by_role("link", name="写新稿").click()
    page.get_by_label("标题（可不填）", exact=True).fill(TITLE)
    page.get_by_label("正文（可不填）", exact=True).fill(TEXT)
    page.get_by_label("公众号").select_option("wechat/news")
    accessible(page)
    person.shot("02-new")
    page.get_by_role("button", name="保存并提交审校").click()
    expect(page.get_by_role("status").first).to_contain_text("稿件已提交")
    accessible(page)
    person.shot("03-submitted")


def opened(person: Person) -> Page:
    """Open the first task of 轮到我."""
    page = person.go("/")
    accessible(page)
    page.get_by_role("link", name=TITLE).first.click()
    page.wait_for_load_state()
    accessible(page)
    return page


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_by_mouse(people: People) -> None:
    editor = people("editor")
    written(editor)

    for number, login in enumerate(("initial_reviewer", "second_reviewer", "final_reviewer")):
        reviewer = people(login)
        page = opened(reviewer)
        reviewer.shot(f"1{number}-{login}")
        page.locator(".decide textarea").first.fill("事实清楚，同意。")
        page.get_by_role("button", name="通过", exact=True).click()
        expect(page.get_by_role("status").first).to_contain_text("已通过")
        assert page.url.startswith(reviewer.site.url + "/?said=approved")
        expect(page.get_by_text("现在没有轮到您的稿件")).to_be_visible()

    first = people("proofreader")
    settled(first.go("/"), lambda: first.page.get_by_role("link", name=TITLE).count() > 0)
    page = opened(first)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("逐户按排取暖设备检查")).to_be_visible()
    page.get_by_label("位置").select_option("blocks/0")
    page.get_by_label("原文").fill("按排")
    page.get_by_label("改为").fill("安排")
    first.shot("20-proof")
    page.get_by_role("button", name="加上标记").click()
    page_of_proof = page.url.removeprefix(first.site.url).partition("#")[0]
    expect(page.locator("#marks")).to_contain_text("安排")
    accessible(page)
    page.get_by_role("button", name="校毕").click()
    expect(page.get_by_role("status").first).to_contain_text("已通过")

    for login in ("proofreader2", "proofreader3"):
        reader = people(login)
        page = opened(reader)
        page.get_by_role("button", name="校毕").click()
        expect(page.get_by_role("status").first).to_contain_text("已通过")

    expect(first.go("/").get_by_role("link", name=TITLE)).to_have_count(0)
    confirming = first.go(page_of_proof)
    expect(confirming.get_by_role("button", name="核红无误")).to_be_disabled()
    first.shot("21-marks-open")

    page = opened(editor)
    editor.shot("22-carry-out")
    page.get_by_role("button", name="全部改入").click()
    expect(page.get_by_role("status").first).to_contain_text("标记已改入文稿")

    settled(first.go("/"), lambda: first.page.get_by_role("link", name=TITLE).count() > 0)
    page = opened(first)
    expect(page.frame_locator("iframe").get_by_text("逐户安排取暖设备检查")).to_be_visible()
    page.get_by_role("button", name="核红无误").click()
    expect(page.get_by_role("status").first).to_contain_text("已通过")

    publisher = people("publisher")
    page = opened(publisher)
    publisher.shot("23-sign")
    page.get_by_role("button", name="签发", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("已签发")
    page.get_by_role("link", name="回到刚才的稿件").click()
    expect(page.locator(".page-head .badge")).to_have_text("已签发")
    page.locator("#timeline > summary").click()
    expect(page.locator("#timeline")).to_contain_text("签发公众号")
    accessible(page)
    publisher.shot("24-cleared")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_by_keyboard_alone(people: People) -> None:
    editor = people("editor", signed_in=False)
    by_keyboard_signed_in(editor)
    editor.press_on(editor.page.get_by_role("link", name="写新稿"))
    editor.page.wait_for_load_state()
    typed(editor, "标题（可不填）", TITLE)
    editor.tab_to(editor.page.get_by_label("正文（可不填）", exact=True))
    editor.page.keyboard.insert_text(TEXT)
    editor.tab_to(editor.page.get_by_label("公众号"))
    editor.page.keyboard.press("ArrowDown")
    editor.press_on(editor.page.get_by_role("button", name="保存并提交审校"))
    expect(editor.page.get_by_role("status").first).to_contain_text("稿件已提交")

    for login in ("initial_reviewer", "second_reviewer", "final_reviewer"):
        reviewer = people(login, signed_in=False)
        by_keyboard_opened(reviewer)
        reviewer.press_on(reviewer.page.get_by_role("button", name="通过", exact=True))
        expect(reviewer.page.get_by_role("status").first).to_contain_text("已通过")

    readers = [people(f"proofreader{number}", signed_in=False) for number in ("", "2", "3")]
    for reader in readers:
        by_keyboard_opened(reader)
        if reader is readers[0]:
            reader.tab_to(reader.page.get_by_label("位置"))
            for _ in "标题", "正文第一段":
                if reader.page.get_by_label("位置").input_value() != "blocks/0":
                    reader.page.keyboard.press("ArrowDown")
            typed(reader, "原文", "按排")
            typed(reader, "改为", "安排")
            reader.press_on(reader.page.get_by_role("button", name="加上标记"))
            expect(reader.page.locator("#marks")).to_contain_text("安排")
        reader.press_on(reader.page.get_by_role("button", name="校毕"))
        expect(reader.page.get_by_role("status").first).to_contain_text("已通过")

    editor.press_on(editor.page.get_by_role("link", name="轮到我"))
    editor.page.wait_for_load_state()
    editor.press_on(editor.page.get_by_role("link", name=TITLE).first)
    editor.page.wait_for_load_state()
    editor.press_on(editor.page.get_by_role("button", name="全部改入"))
    expect(editor.page.get_by_role("status").first).to_contain_text("标记已改入文稿")

    by_keyboard_opened(readers[1])
    readers[1].press_on(readers[1].page.get_by_role("button", name="核红无误"))
    expect(readers[1].page.get_by_role("status").first).to_contain_text("已通过")

    publisher = people("publisher", signed_in=False)
    by_keyboard_opened(publisher)
    publisher.press_on(publisher.page.get_by_role("button", name="签发", exact=True))
    expect(publisher.page.get_by_role("status").first).to_contain_text("已签发")


def typed(person: Person, field: str, words: str) -> None:
    person.tab_to(person.page.get_by_label(field, exact=True))
    person.page.keyboard.insert_text(words)


def by_keyboard_signed_in(person: Person) -> None:
    from tests.factories import PASSWORD

    page = person.go("/")
    typed(person, "登录名", person.login)
    typed(person, "密码", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(person.site.url + "/")


def by_keyboard_opened(person: Person) -> None:
    """Open the first task, signing in before that if need be."""
    page = person.go("/")
    if "/sign-in" in page.url:
        by_keyboard_signed_in(person)
    settled(page, lambda: page.get_by_role("link", name=TITLE).count() > 0)
    person.press_on(page.get_by_role("link", name=TITLE).first)
    page.wait_for_load_state()
