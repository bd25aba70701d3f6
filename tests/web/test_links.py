"""The pages of signing without an account: asked by a reviewer, signed without session or script."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from app.domain.workflow.commands import Approve
from app.infra.runtime import Runtime
from app.reviews import service
from app.reviews.commands import perform
from app.web.pages.guest_links import LINK_POLICY
from tests import factories
from tests.api import outside
from tests.applications import serving
from tests.factories import Bureau
from tests.web.conftest import Person, accessible
from tests.web.forms import HTML, new_draft, rows, send, sign_in


@pytest.fixture
def runtime(runtime: Runtime, tmp_path: Path) -> Runtime:
    """The service with a workflow that asks experts outside."""
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": outside.policies(tmp_path)})
    return runtime


@pytest.fixture
def bureau(runtime: Runtime) -> Bureau:
    with runtime.database.write() as session:
        return factories.bureau(session, runtime.clock())


@pytest.fixture
def web(runtime: Runtime, bureau: Bureau) -> Any:
    with TestClient(serving(runtime), raise_server_exceptions=False, follow_redirects=False) as client:
        client.headers.update(HTML)
        yield client


def at_experts(runtime: Runtime, bureau: Bureau) -> UUID:
    """Return a draft whose case waits for people outside."""
    draft = new_draft(runtime, bureau)
    with runtime.database.write() as session:
        loaded = service.submit(
            session,
            draft_id=draft.id,
            digest=factories_digest(session, draft.id),
            actor=bureau.actor("editor"),
            runtime=runtime,
            at=runtime.clock(),
        )
    for stage in ("initial_review", "second_review"):
        with runtime.database.write() as session:
            login = stage.replace("review", "reviewer")
            perform(
                session,
                loaded.row.id,
                Approve(stage, "", loaded.row.revision_digest),
                actor=bureau.actor(login),
                runtime=runtime,
                at=runtime.clock(),
            )
    return draft.id


def factories_digest(session: Any, draft_id: UUID) -> str:
    from app.drafts import queries as drafts

    return drafts.revisions(session, draft_id)[-1].digest


CODES: dict[str, str] = {}
FIELDS = {"place": "experts/", "name": "李明远", "post": "清河大学教授", "phone": "13800001111"}


def asked(web: TestClient, draft_id: UUID, **fields: str) -> str:
    """Ask as the second reviewer, send as the final one, and return the path; the code is kept."""
    sign_in(web, "second_reviewer")
    answer = send(web, f"/drafts/{draft_id}/links", **{**FIELDS, **fields})
    assert answer.status_code == 200, unescape(answer.text)
    assert "/links/" not in re.sub(r'action="[^"]*"|href="[^"]*"', "", answer.text)
    code = re.search(r'id="f-code" value="([0-9 ]+)"', answer.text)
    sign_in(web, "final_reviewer")
    page = web.get(f"/drafts/{draft_id}/links").text
    sending = re.search(rf'action="(/drafts/{draft_id}/links/[^/]+/sending)"', page)
    assert sending is not None
    answer = send(web, sending[1])
    found = re.search(r'id="f-address" value="https?://[^/]+(/links/[^"]+)"', answer.text)
    assert found is not None
    assert code is not None
    CODES[found[1]] = code[1]
    sign_in(web, "second_reviewer")
    return found[1]


def opened(web: TestClient, path: str) -> Response:
    """Type the code of a link, and return its page."""
    entered = web.post(f"{path}/code", data={"code": CODES[path]}, headers={"Origin": "null"})
    assert entered.status_code == 303
    assert entered.headers["location"] == path
    return web.get(path)


def guarded(answer: Response) -> None:
    headers = answer.headers
    assert headers["content-security-policy"] == LINK_POLICY
    assert headers["referrer-policy"] == "no-referrer"
    assert "noindex" in headers["x-robots-tag"]
    assert headers["cache-control"] == "no-store"
    assert "set-cookie" not in headers
    assert "<script" not in answer.text


def test_the_link_is_shown_once(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft_id = at_experts(runtime, bureau)
    assert web.get(f"/drafts/{draft_id}/links").status_code == 303
    sign_in(web, "editor")
    assert "您不能发出签审链接" in web.get(f"/drafts/{draft_id}/links").text
    assert "请外部专家签审" not in web.get(f"/drafts/{draft_id}").text
    path = asked(web, draft_id)
    again = web.get(f"/drafts/{draft_id}/links").text
    assert path not in again
    assert "李明远" in again
    assert "请外部专家签审" in web.get(f"/drafts/{draft_id}").text
    refused = send(web, f"/drafts/{draft_id}/links", **{**FIELDS, "phone": "x"})
    assert refused.status_code == 422
    assert "电话号码应为" in refused.text
    assert 'value="李明远"' in refused.text


def test_the_holder_needs_no_session_and_reading_changes_nothing(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    path = asked(web, at_experts(runtime, bureau))
    web.cookies.clear()
    before = rows(runtime)
    closed = web.get(path)
    assert (closed.status_code, "请输入验证码" in closed.text) == (200, True)
    assert "志愿者" not in closed.text
    assert "李明远" not in closed.text
    guarded(closed)
    wrong = web.post(f"{path}/code", data={"code": "1234 5678"})
    assert (wrong.status_code, "验证码不对" in wrong.text) == (403, True)
    page = opened(web, path)
    assert page.status_code == 200
    assert "志愿者逐户登记需求" in page.text
    assert "李明远" not in page.text
    guarded(page)
    assert rows(runtime) == before
    refused = web.post(
        path, data={"outcome": "agree", "name": "王慧", "ticked": "已通读全文", "comment": "好"}
    )
    assert refused.status_code == 422
    assert "与链接所邀请的人不一致" in refused.text
    assert "好</textarea>" in refused.text
    guarded(refused)
    # Browsers send no origin from a page that tells nobody where it is.
    form = {"outcome": "agree", "name": "李明远", "ticked": "已通读全文"}
    done = web.post(path, data=form, headers={"Origin": "null"})
    assert done.status_code == 303
    thanks = web.get(done.headers["location"])
    assert (thanks.status_code, "您的意见已经收到" in thanks.text) == (200, True)
    guarded(thanks)
    twice = web.post(path, data=form)
    assert (twice.status_code, "这个链接已经用过" in twice.text) == (409, True)
    guarded(twice)


def test_a_link_that_is_gone_says_what_to_do(
    web: TestClient, runtime: Runtime, bureau: Bureau, clock: Any
) -> None:
    draft_id = at_experts(runtime, bureau)
    path = asked(web, draft_id)
    page = web.get(f"/drafts/{draft_id}/links").text
    found = re.search(rf'action="(/drafts/{draft_id}/links/[^/]+/revocation)"', page)
    assert found is not None
    assert send(web, found[1]).status_code == 303
    web.cookies.clear()
    revoked = web.get(path)
    assert (revoked.status_code, "这个链接已被收回" in revoked.text) == (409, True)
    late = asked(web, draft_id, days="1")
    clock.advance(days=2)
    web.cookies.clear()
    expired = web.get(late)
    assert (expired.status_code, "请与发出链接的人联系" in expired.text) == (409, True)
    guarded(expired)
    unknown = web.get("/links/" + "x" * 43)
    assert (unknown.status_code, "没有这个链接" in unknown.text) == (404, True)
    guarded(unknown)


@pytest.mark.browser
def test_asked_and_signed_in_a_browser(people: Callable[..., Person]) -> None:
    reviewer = people("second_reviewer")
    site = reviewer.site
    draft_id = at_experts(site.runtime, site.bureau)
    page = reviewer.go(f"/drafts/{draft_id}")
    accessible(page)
    page.click("#outside a")
    accessible(page)
    for name, value in (("name", "李明远"), ("post", "清河大学教授"), ("phone", "13800001111")):
        page.fill(f"#f-{name}", value)
    page.click("text=邀请并取得验证码")
    page.wait_for_selector("#made")
    accessible(page)
    reviewer.shot("links-asked")
    code = page.input_value("#f-code")
    sender = people("final_reviewer")
    page = sender.go(f"/drafts/{draft_id}/links")
    accessible(page)
    page.click("button:has-text('发出链接')")
    page.wait_for_selector("#made")
    accessible(page)
    sender.shot("links-sent")
    path = re.sub(r"^https?://[^/]+", "", page.input_value("#f-address"))
    expert = people("nobody", signed_in=False, width=375)
    page = expert.go(path)
    accessible(page)
    expert.shot("link-code-375")
    page.fill("#f-code", code)
    page.click("button[type=submit]")
    page.wait_for_selector("#f-outcome")
    accessible(page)
    expert.shot("link-375")
    expert.tab_to(page.locator("#o-agree"))
    page.keyboard.press("Space")
    expert.tab_to(page.locator("#c-1"))
    page.keyboard.press("Space")
    expert.tab_to(page.locator("#f-comment"))
    page.keyboard.type("表述准确，同意。")
    expert.tab_to(page.locator("#f-name"))
    page.keyboard.type("李明远")
    expert.press_on(page.locator("button[type=submit]"))
    page.wait_for_selector("text=您的意见已经收到")
    accessible(page)
    expert.shot("link-done-375")
    page = reviewer.go(f"/drafts/{draft_id}/links")
    assert "已签审" in page.inner_text("main")
    accessible(page)
