"""Comments and suggestions on a draft's page: by forms as a browser sends them, and in a real browser."""

from collections.abc import Callable
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from playwright.sync_api import Page, expect

from app.drafts.models import Draft
from app.infra.runtime import Runtime
from tests import factories
from tests.factories import Bureau
from tests.web.conftest import Person, accessible
from tests.web.forms import digest_of, send, sign_in, submitted
from tests.web.posted import form_at

ONE = "社区志愿者昨天走访了辖区内的孤寡老人，送去了过冬的棉被和米面。"
TWO = "活动结束后，志愿者登记了老人的需求，并按排专人负责联系。"
People = Callable[..., Person]


@pytest.fixture
def draft(web: TestClient, runtime: Runtime, bureau: Bureau) -> Draft:
    made = submitted(web, runtime, bureau, ONE, TWO)
    sign_in(web, "initial_reviewer")
    return made


def begin(web: TestClient, runtime: Runtime, draft: Draft, **fields: object) -> Response:
    form = {"digest": digest_of(runtime, draft.id), "place": "blocks/1", "nth": 1, "text": "", **fields}
    return send(web, f"/drafts/{draft.id}/comments", **form)


def thread_of(page: Response, quote: str) -> str:
    """Return the id of the thread whose words are told on the page."""
    before, _, _ = page.text.partition(f"{quote}</")
    return before.rpartition('id="thread-')[2][:36]


def test_by_forms_alone(web: TestClient, runtime: Runtime, draft: Draft) -> None:
    here = f"/drafts/{draft.id}"
    made = begin(web, runtime, draft, quote="按排", kind="correct", new_text="安排")
    assert made.status_code == 303, made.text
    assert made.headers["Location"].endswith("#comments")
    assert begin(web, runtime, draft, quote="专人", text="是哪位？@editor先生").status_code == 303
    assert begin(web, runtime, draft, place="", text="全文再读一遍。").status_code == 303
    page = web.get(here)
    assert page.text.index("全文再读一遍") < page.text.index("<del>按排") < page.text.index("<q>专人")
    assert 'name="verb" value="dispute"' not in page.text
    sign_in(web, "editor")
    page = web.get(here)
    # With the reviewers nothing can be taken over; it can be disputed, and answered.
    assert "/comments/acceptances" not in page.text
    question = thread_of(page, "<q>专人")
    path = f"{here}/comments/{question}"
    assert form_at(page, path)
    assert send(web, path, verb="reply", text="社区干部。").status_code == 303
    assert "社区干部。" in web.get(here).text
    silent = send(web, f"{here}/comments/{thread_of(page, '<del>按排')}", verb="dispute", text="")
    assert silent.status_code == 422
    assert "请写明内容" in silent.text
    assert send(web, path, verb="resolve", text="已说明。").status_code == 303
    assert "已处理 1 条" in web.get(here).text


def test_what_waits_for_a_word_is_among_the_tasks(web: TestClient, runtime: Runtime, draft: Draft) -> None:
    begin(web, runtime, draft, quote="专人", text="是哪位？")
    assert "答复批注" not in web.get("/").text, (
        "nobody waits for one's own question to be answered by oneself"
    )
    sign_in(web, "editor")
    listed = web.get("/").text
    assert f'href="/drafts/{draft.id}#comments"' in listed
    assert "答复批注" in listed
    thread = thread_of(web.get(f"/drafts/{draft.id}"), "<q>专人")
    assert (
        send(web, f"/drafts/{draft.id}/comments/{thread}", verb="reply", text="王科长。").status_code == 303
    )
    assert "答复批注" not in web.get("/").text
    sign_in(web, "initial_reviewer")
    assert f'href="/drafts/{draft.id}#comments"' in web.get("/").text


def test_what_is_refused_keeps_what_was_typed(web: TestClient, runtime: Runtime, draft: Draft) -> None:
    for fields, said in (
        ({"quote": "没有的话", "text": "长长的说明"}, "这一段里没有"),
        ({"quote": "专人", "kind": "correct", "text": "长长的说明"}, "请填写改成什么"),
        ({"place": "", "quote": "专人", "text": "长长的说明"}, "请选择这些字在哪一段"),
        ({"quote": "专人", "nth": "三", "text": "长长的说明"}, "应为整数"),
    ):
        answer = begin(web, runtime, draft, **fields)
        assert answer.status_code == 422, fields
        assert said in answer.text
        assert "长长的说明" in answer.text


def test_the_author_accepts_several_and_is_told_what_cannot_be(
    web: TestClient, runtime: Runtime, draft: Draft
) -> None:
    here = f"/drafts/{draft.id}"
    begin(web, runtime, draft, quote="按排", kind="correct", new_text="安排")
    begin(web, runtime, draft, quote="按排专人", kind="correct", new_text="请专人")
    begin(web, runtime, draft, place="blocks/0", quote="昨天", kind="delete")
    back = {"stage": "initial_review", "verb": "send_back", "outcome": "send_back", "comment": "请改"}
    digest = digest_of(runtime, draft.id)
    assert send(web, f"{here}/decisions", digest=digest, **back).status_code == 303
    sign_in(web, "editor")
    page = web.get(here)
    assert "采纳所选" in page.text
    version = form_at(page, f"{here}/comments/acceptances")["version"]
    chosen = [thread_of(page, f"<del>{quote}") for quote in ("按排", "按排专人", "昨天")]
    none = send(web, f"{here}/comments/acceptances", version=version)
    assert none.status_code == 422
    assert "请先勾选" in none.text
    both = send(web, f"{here}/comments/acceptances", version=version, thread=chosen)
    assert both.status_code == 409
    assert "改的是同一处" in both.text
    done = send(web, f"{here}/comments/acceptances", version=version, thread=[chosen[0], chosen[2]])
    assert done.status_code == 303, done.text
    page = web.get(here)
    assert "并安排专人" in page.text
    assert "社区志愿者走访" in page.text
    assert "原文已改动，现为“安排专人”" in page.text


def test_html_in_comments_is_words(web: TestClient, runtime: Runtime, draft: Draft) -> None:
    begin(web, runtime, draft, quote="专人", text="<script>alert(1)</script> \u202e \U00020bb7")
    assert "&lt;script&gt;alert(1)" in web.get(f"/drafts/{draft.id}").text


# --- in a browser ----------------------------------------------------------------


def at_draft(people: People, login: str = "initial_reviewer", **more: int) -> tuple[Person, UUID]:
    person = people(login, **more)
    site = person.site
    with site.runtime.database.write() as session:
        content = factories.document("志愿者走进社区", ONE, TWO)
        draft = factories.draft(session, site.bureau, at=site.runtime.clock(), content=content)
    return person, draft.id


def select(page: Page, quote: str) -> None:
    """Select words of the article as a mouse does."""
    page.evaluate(
        """(quote) => {
          const walker = document.createTreeWalker(document.getElementById('article'), NodeFilter.SHOW_TEXT);
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const at = node.data.indexOf(quote);
            if (at < 0) continue;
            const range = document.createRange();
            range.setStart(node, at);
            range.setEnd(node, at + quote.length);
            const selection = document.getSelection();
            selection.removeAllRanges();
            selection.addRange(range);
            node.parentElement.dispatchEvent(new MouseEvent('mouseup', { bubbles: true }));
            return;
          }
        }""",
        quote,
    )


@pytest.mark.browser
def test_words_are_selected_and_a_suggestion_made_beside_them(people: People) -> None:
    person, draft = at_draft(people)
    page = person.go(f"/drafts/{draft}")
    select(page, "按排")
    form = page.locator("#comment-form.popover")
    expect(form).to_be_visible()
    expect(form).to_contain_text("“按排”")
    accessible(page)
    person.shot("comment-popover")
    form.get_by_label("改成什么").fill("安排")
    form.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("#told")).to_contain_text("修改建议已提出")
    thread = page.locator(".thread")
    expect(thread).to_contain_text("按排 → 安排")
    expect(page.locator("#article .noted")).to_have_text("按排")
    accessible(page)
    person.shot("comment-thread")
    # By keyboard: c opens the form from the text, Escape leaves it with what was typed.
    page.locator("#article").focus()
    page.keyboard.press("c")
    select(page, "专人")
    form.get_by_label("说明").fill("是哪位？")
    page.keyboard.press("Escape")
    expect(page.locator("#comment-form.popover")).to_have_count(0)
    expect(page.locator("#f-text")).to_have_value("是哪位？")
