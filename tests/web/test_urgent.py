"""The urgent lane and what is owed since, as pages."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.infra.db import statements
from app.infra.runtime import Runtime
from app.jobs.runner import Runner
from app.publication.debts import service as debts
from app.reviews import queries, service
from tests.factories import Bureau
from tests.web.conftest import Person, accessible, settled
from tests.web.forms import decision, digest_of, new_draft, send, sign_in, submitted

REASON = "台风红色预警，须立即发布避险提示。"


def in_review(web: TestClient, runtime: Runtime, bureau: Bureau) -> Any:
    draft = submitted(web, runtime, bureau)
    sign_in(web, "initial_reviewer")
    digest = digest_of(runtime, draft.id)
    assert send(web, f"/drafts/{draft.id}/decisions", **decision(digest)).status_code == 303
    return draft


def released(web: TestClient, runtime: Runtime, draft: Any) -> None:
    sign_in(web, "publisher")
    base = f"/drafts/{draft.id}"
    assert send(web, f"{base}/urgent-layouts", line="wechat").status_code == 303
    Runner(runtime).run_until_idle()
    found = re.search(r'name="digest" value="([0-9a-f]{64})"', urgent_card(web, draft))
    assert found is not None
    answer = send(web, f"{base}/urgent-releases", line="wechat", digest=found[1], reason=REASON, read="yes")
    assert answer.status_code == 303, unescape(answer.text)


def urgent_card(web: TestClient, draft: Any) -> str:
    return web.get(f"/drafts/{draft.id}").text.partition('id="urgent"')[2]


def test_only_who_may_use_it_sees_the_lane(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft = in_review(web, runtime, bureau)
    for login in ("editor", "second_reviewer", "proofreader"):
        sign_in(web, login)
        assert "急件通道" not in web.get(f"/drafts/{draft.id}").text
        refused = send(web, f"/drafts/{draft.id}/urgent-releases", line="wechat", digest="0" * 64, reason="x")
        assert refused.status_code == 403
        assert "您没有紧急发布的权限" in refused.text
    sign_in(web, "outsider")
    assert send(web, f"/drafts/{draft.id}/urgent-layouts", line="wechat").status_code == 404
    sign_in(web, "publisher")
    card = urgent_card(web, draft)
    assert "欠下 7 个环节：复审、终审、一校、二校、三校、核红、签发" in card
    assert "2026年3月4日 18:00" in card
    assert "排出" in card
    assert "紧急签发" not in card


def test_it_is_laid_out_released_and_made_up_for(
    web: TestClient, runtime: Runtime, bureau: Bureau, clock: Any
) -> None:
    draft = in_review(web, runtime, bureau)
    sign_in(web, "publisher")
    assert "没有欠着的补审" in web.get("/debts").text
    released(web, runtime, draft)
    page = web.get(f"/drafts/{draft.id}").text
    assert 'id="urgent"' not in page  # the ticket is good: nothing more to ask for
    assert page.count("待补") == 7
    sign_in(web, "second_reviewer")
    assert 'href="/debts"' in web.get("/board").text
    listed = web.get("/debts").text
    assert "publisher先生" in listed
    assert listed.count("去补审") == 1
    assert f'href="/drafts/{draft.id}#decide-second_review"' in listed
    clock.advance(days=3)
    sign_in(web, "second_reviewer")
    late = web.get("/debts").text
    assert "急件通道已关闭：办公室" in late
    digest = digest_of(runtime, draft.id)
    passing = {**decision(digest), "stage": "second_review"}
    assert send(web, f"/drafts/{draft.id}/decisions", **passing).status_code == 303
    # Passed is passed, whether the job that puts it on record ran already or not.
    with runtime.database.read() as session:
        assert all(row.settled_at is None for row in debts.of_draft(session, draft.id))
    assert "decide-second_review" not in web.get("/debts").text
    sign_in(web, "final_reviewer")
    assert f'href="/drafts/{draft.id}#decide-final_review"' in web.get("/debts").text
    other = submitted(web, runtime, bureau)
    sign_in(web, "publisher")
    assert f"本单位还有补审逾期（稿件 {draft.number}）" in urgent_card(web, other)


def asked_for(web: TestClient) -> list[str]:
    """Return the statements by which the page of all debts is made."""
    web.get("/debts")
    seen: list[str] = []
    token = statements.set(seen)
    assert web.get("/debts").status_code == 200
    statements.reset(token)
    return [one for one in seen if not one.startswith("BEGIN")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_page_of_debts_asks_as_much_for_one_draft_as_for_several(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    released(web, runtime, in_review(web, runtime, bureau))
    sign_in(web, "second_reviewer")
    first = asked_for(web)
    assert "publisher先生" in web.get("/debts").text
    for _ in range(2):
        released(web, runtime, in_review(web, runtime, bureau))
    sign_in(web, "second_reviewer")
    several = asked_for(web)
    page = web.get("/debts").text
    assert page.count("去补审") == 3
    assert len(several) == len(first), several


def test_debts_are_shown_to_those_who_may_know_of_the_draft(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    assert web.get("/debts").status_code == 303
    released(web, runtime, in_review(web, runtime, bureau))
    sign_in(web, "editor")
    assert web.get("/debts").status_code == 403
    sign_in(web, "outsider")
    assert "没有欠着的补审" in web.get("/debts").text
    assert web.get("/debts?after=nonsense").status_code == 422


@pytest.mark.browser
def test_in_a_browser(people: Callable[..., Person]) -> None:
    publisher = people("publisher")
    runtime, bureau = publisher.site.runtime, publisher.site.bureau
    draft = new_draft(runtime, bureau)
    at = runtime.clock()
    with runtime.database.write() as session:
        service.submit(
            session,
            draft_id=draft.id,
            digest=digest_of(runtime, draft.id),
            actor=bureau.actor("editor"),
            runtime=runtime,
            at=at,
        )
    page = publisher.go(f"/drafts/{draft.id}")
    page.click("#urgent > summary")
    page.click("text=紧急发布到")
    publisher.shot("urgent-before")
    accessible(page)
    page.click("#urgent form button")
    page.wait_for_url("**said=urgent_layout**")
    settled(page, lambda: page.locator("#urgent textarea").count() == 1)
    page.fill("#urgent textarea", REASON)
    page.check("#f-read-wechat")
    publisher.shot("urgent-ready")
    accessible(page)
    page.click("#urgent button[type=submit]")
    page.wait_for_url("**said=urgent_released**")
    accessible(page)
    publisher.shot("urgent-released")
    with runtime.database.read() as session:
        row = queries.case_of_draft(session, draft.id)
        assert row is not None
        assert len(debts.open_places(session, row.id, "wechat")) == 8
    reviewer = people("initial_reviewer", width=375)
    accessible(reviewer.go("/debts"))
    reviewer.shot("debts-375")
    reviewer.press_on(reviewer.page.locator("text=去补审"))
    reviewer.page.wait_for_url(f"**/drafts/{draft.id}#decide-initial_review")
    wide = people("final_reviewer")
    accessible(wide.go("/debts"))
    wide.shot("debts")
