"""Marking on the laid-out proof itself, answering marks, and walking through what was carried out."""

from collections.abc import Callable
from uuid import UUID

import httpx
import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Page, expect

from app.infra.runtime import Runtime
from tests import factories
from tests.api.desk import Desk
from tests.web.conftest import Person, accessible, settled
from tests.web.forms import HTML, send, sign_in

ONE = "志愿者逐户登记需求，帮助老人检查取暖设备，并就冬季用火用电的注意事项作了细致的讲解。"
TWO = "老人们认真的听着，不时提出自己关心的问题，志愿者一一作了回答，现场气氛十分热烈。"
People = Callable[..., Person]


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    made = Desk.open(client, runtime).draft(factories.document("志愿者走进社区", ONE, TWO))
    made.reviews().work()
    return made


def marked(desk: Desk, quote: str, new_text: str, login: str = "proofreader") -> str:
    start = TWO.index(quote)
    mark = {"kind": "correct", "place": "blocks/1", "start": start, "end": start + len(quote)}
    answer = desk.mark(login, **mark, quote=quote, new_text=new_text)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def pages(desk: Desk, login: str) -> TestClient:
    """Turn the client to pages, as somebody: from here on nothing is asked of the API."""
    desk.client.headers.update(HTML)
    desk.client.follow_redirects = False
    sign_in(desk.client, login)
    return desk.client


def test_marks_are_listed_in_reading_order_and_counted(desk: Desk) -> None:
    late, early = marked(desk, "十分", "非常"), marked(desk, "的听", "地听")
    web = pages(desk, "proofreader")
    page = web.get(f"/drafts/{desk.draft_id}/proofs/wechat").text
    assert page.index(f"mark-{early}") < page.index(f"mark-{late}")
    characters = len("志愿者走进社区" + ONE + TWO)
    assert "差错折合 <strong>4</strong> 个" in page
    assert f"{round(4 * 10_000 / characters, 2)}‱" in page
    start = TWO.index("的听")
    assert f'data-at="blocks/1" data-start="{start}" data-end="{start + 2}"' in page


def test_the_editor_takes_one_and_disputes_another(desk: Desk) -> None:
    taken, refused = marked(desk, "的听", "地听"), marked(desk, "十分", "非常")
    base = f"/drafts/{desk.draft_id}/proofs/wechat"
    web = pages(desk, "editor")
    silent = send(web, f"{base}/marks/{refused}/dispute", answer="  ")
    assert silent.status_code == 422
    assert "请写明不改的理由" in silent.text
    assert send(web, f"{base}/marks/{refused}/dispute", answer="口语，照录。").status_code == 303
    assert "作者：口语，照录。" in web.get(base).text
    assert send(web, f"{base}/carry-out", mark=taken).status_code == 303
    desk.work()
    sign_in(web, "proofreader")
    page = web.get(base).text
    assert "作者有异议" in page
    # 核红: the words around it as they were, and as they stand now.
    assert "<mark>的听</mark>" in page
    assert "老人们认真地听着，不时提出自己" in page
    assert send(web, f"{base}/marks/{refused}/uphold").status_code == 303
    assert "坚持要改" not in web.get(base).text


# --- in a browser ------------------------------------------------------------------


def at_proof(people: People, channel: str = "wechat") -> tuple[Person, UUID]:
    person = people("proofreader")
    site = person.site
    content = factories.document("志愿者走进社区", ONE, TWO)
    with httpx.Client(base_url=site.url) as client:
        desk = Desk(client, site.runtime, site.bureau)  # type: ignore[arg-type]
        desk.draft(content, channel).reviews()
    page = f"/drafts/{desk.draft_id}/proofs/{channel}"
    settled(person.go(page), lambda: person.page.locator("#mark-form").count() > 0)
    person.faults.clear()  # the page was not there before the proof was laid out
    return person, UUID(desk.draft_id)


def select_in_frame(page: Page, quote: str) -> None:
    """Select words of the proof, as a mouse leaves them."""
    page.evaluate(
        """(quote) => {
          const sheet = document.querySelector('#proof-sheet iframe').contentDocument;
          const walker = sheet.createTreeWalker(sheet.body, NodeFilter.SHOW_TEXT);
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const at = node.data.indexOf(quote);
            if (at < 0) continue;
            const range = sheet.createRange();
            range.setStart(node, at);
            range.setEnd(node, at + quote.length);
            const selection = sheet.getSelection();
            selection.removeAllRanges();
            selection.addRange(range);
            return;
          }
        }""",
        quote,
    )


@pytest.mark.browser
@pytest.mark.parametrize("channel", ["wechat", "website", "journal"])
def test_a_misprint_takes_two_actions(people: People, channel: str) -> None:
    person, draft = at_proof(people, channel)
    page = person.go(f"/drafts/{draft}/proofs/{channel}")
    expect(page.frame_locator("#proof-sheet iframe").get_by_text("老人们认真的听着")).to_be_visible()
    select_in_frame(page, "十分")
    form = page.locator("#mark-form.popover")
    expect(form).to_contain_text("“十分”")
    accessible(page)
    person.shot(f"mark-popover-{channel}")
    page.keyboard.type("非常")
    page.keyboard.press("Enter")
    expect(page.locator("#marks li")).to_contain_text("十分 → 非常")
    expect(page.locator("#counted")).to_contain_text("‱")
    expect(page.locator("#mark-form.popover")).to_have_count(0)
    # Words that go over the end of a line are drawn in two pieces.
    expect(page.locator("#drawn .drawn-correct").first).to_be_visible()
    expect(page.locator("#margin p")).to_have_text("改正：非常")
    person.shot(f"marked-{channel}")
    accessible(page)
