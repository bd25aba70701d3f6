"""The bar that is always in sight: how many presses a decision takes, and that it is on the screen."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Locator, Page, expect

from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.infra.runtime import Runtime
from app.reviews import service as reviews
from tests import factories
from tests.factories import Bureau
from tests.web.conftest import Person, Site, accessible
from tests.web.forms import decision, digest_of, send, sign_in, submitted

People = Callable[..., Person]
LONG = tuple(f"第{number}段。社区网格员走访独居老人，登记需求，联系助餐点。" * 4 for number in range(12))


def handed_in(site: Site, title: str = "清河市开展冬季送温暖活动") -> Draft:
    at = site.runtime.clock()
    with site.runtime.database.write() as session:
        content = factories.document(title, *LONG)
        draft = factories.draft(session, site.bureau, at=at, content=content)
        reviews.submit(
            session,
            draft_id=draft.id,
            digest=drafts.head(session, draft).digest,
            actor=site.bureau.actor("editor"),
            runtime=site.runtime,
            at=at,
        )
    return draft


def in_sight(page: Page, target: Locator) -> bool:
    """Say whether all of an element lies within the window as it is now, and is what is hit there."""
    return bool(
        target.evaluate(
            """element => {
              const box = element.getBoundingClientRect();
              const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
              return box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth
                && element.contains(hit);
            }"""
        )
    )


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("width", [1280, 375])
def test_a_clean_draft_is_passed_in_two_presses_without_scrolling(
    people: People, site: Site, width: int
) -> None:
    first, second = handed_in(site), handed_in(site, "关于做好冬季取暖安全的通知")
    reviewer = people("initial_reviewer", width=width)
    page = reviewer.page
    page.set_viewport_size({"width": width, "height": 720})
    reviewer.go("/")
    page.locator("#tasks td.title a").first.click()
    page.wait_for_load_state()
    passing = page.get_by_role("button", name="通过", exact=True)
    for target in (passing, page.locator("summary", has_text="退回"), page.get_by_label("初审意见")):
        assert in_sight(page, target)
    accessible(page)
    reviewer.shot(f"desk-{width}")
    passing.click()
    # The next task, not a list; it says what was done, and leads back.
    page.wait_for_url(f"**/drafts/{second.id}?**")
    expect(page.get_by_role("status").first).to_contain_text("已通过")
    assert in_sight(page, page.get_by_role("button", name="通过", exact=True))
    page.mouse.wheel(0, 3000)
    assert in_sight(page, page.get_by_role("button", name="通过", exact=True))
    expect(page.get_by_role("link", name="回到刚才的稿件")).to_have_attribute("href", f"/drafts/{first.id}")


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("width", [1280, 375])
def test_a_preset_sends_back_in_three_presses_and_enter_never_presses_it(
    people: People, site: Site, width: int
) -> None:
    handed_in(site)
    reviewer = people("initial_reviewer", width=width)
    page = reviewer.page
    page.set_viewport_size({"width": width, "height": 720})
    reviewer.go("/")
    page.locator("#tasks td.title a").first.click()
    page.locator(".bar summary", has_text="退回").click()
    sheet = page.locator(".bar details[open] .sheet")
    quick = sheet.get_by_role("button", name=re.compile("^以“")).first
    assert in_sight(page, quick)
    accessible(page)
    reviewer.shot(f"desk-send-back-{width}")
    # Enter on a box sends what is ticked and written: nothing is, so it is refused, and nobody's preset goes.
    sheet.locator("input[name=preset]").nth(1).press("Enter")
    expect(page.locator("#problem")).to_be_visible()
    sheet = page.locator(".bar details[open] .sheet")
    sheet.get_by_role("button", name=re.compile("^以“")).first.click()
    expect(page.get_by_role("status").first).to_contain_text("已退回")
    reviewer.faults[:] = [fault for fault in reviewer.faults if "422" not in fault]


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_sheet_is_open_at_a_time_and_escape_closes_it(people: People, site: Site) -> None:
    draft = handed_in(site)
    page = people("initial_reviewer").go(f"/drafts/{draft.id}")
    page.locator(".bar summary", has_text="退回").click()
    page.locator(".bar .ways summary").last.click()
    expect(page.locator(".bar .ways > details[open]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".bar details[open]")).to_have_count(0)


def test_after_the_last_task_the_list_says_what_was_done(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = submitted(web, runtime, bureau)
    sign_in(web, "initial_reviewer")
    answer = send(web, f"/drafts/{draft.id}/decisions", **decision(digest_of(runtime, draft.id)))
    where = urlsplit(answer.headers["location"])
    assert (where.path, parse_qs(where.query)) == ("/", {"said": ["approved"], "done": [str(draft.id)]})
    assert f'href="/drafts/{draft.id}">回到刚才的稿件' in web.get(answer.headers["location"]).text


def test_only_an_id_in_the_address_leads_back(web: TestClient, bureau: Bureau) -> None:
    sign_in(web, "editor")
    for done in ("//evil.example", "javascript:1", "1", ""):
        page = web.get("/", params={"said": "approved", "done": done}).text
        assert "已通过" in page
        assert "回到刚才的稿件" not in page
    assert "回到刚才的稿件" not in web.get("/", params={"done": str(bureau.city.id)}).text


def test_next_goes_round_the_list_and_ends_where_nothing_is_left(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    first, second = (submitted(web, runtime, bureau) for _ in range(2))
    sign_in(web, "initial_reviewer")
    there = {
        draft.id: web.get("/next", params={"after": str(draft.id)}).headers["location"]
        for draft in (first, second)
    }
    assert there == {first.id: f"/drafts/{second.id}", second.id: f"/drafts/{first.id}"}
    sign_in(web, "second_reviewer")
    assert web.get("/next").headers["location"] == "/?said=nothing_next"


def test_earlier_opinions_and_the_last_return_stand_at_the_decision(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = submitted(web, runtime, bureau)
    sign_in(web, "initial_reviewer")
    back = decision(digest_of(runtime, draft.id), "send_back", comment="第二段数字请核实")
    assert send(web, f"/drafts/{draft.id}/decisions", **back).status_code == 303
    sign_in(web, "editor")
    assert "初审退回：第二段数字请核实" in web.get(f"/drafts/{draft.id}").text
    digest = digest_of(runtime, draft.id)
    again = send(web, f"/drafts/{draft.id}/submissions", digest=digest, comment="已核实，数字无误")
    assert again.status_code == 303
    sign_in(web, "initial_reviewer")
    assert "初审退回：第二段数字请核实" in web.get(f"/drafts/{draft.id}").text
    approved = decision(digest_of(runtime, draft.id), comment="数字已核实，同意")
    assert send(web, f"/drafts/{draft.id}/decisions", **approved).status_code == 303
    sign_in(web, "second_reviewer")
    page = web.get(f"/drafts/{draft.id}").text
    assert page.index('id="opinions"') < page.index('id="findings"')
    assert "数字已核实，同意" in page


def test_tasks_are_filtered_by_what_is_to_be_done_in_the_address(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    first, second = submitted(web, runtime, bureau), submitted(web, runtime, bureau)
    sign_in(web, "initial_reviewer")
    only = web.get("/", params={"do": "初审"}).text
    assert "共 2 件" in only
    assert f'id="task-1" href="/drafts/{first.id}"' in only
    assert f'id="task-2" href="/drafts/{second.id}"' in only
    # A kind that nothing is left of, or that never was, hides nothing.
    assert "共 2 件" in web.get("/", params={"do": "没有这种"}).text
