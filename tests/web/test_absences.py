"""Out of office as pages: entering it, coming back, and what other pages say meanwhile."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from app.domain.vocabulary import Role
from app.infra.runtime import Runtime
from app.reviews.service import submit
from tests import factories
from tests.factories import Bureau
from tests.web.conftest import Person, accessible
from tests.web.forms import digest_of, new_draft, send, sign_in, submitted

DAYS = {"from_on": "2026-03-02", "to_on": "2026-03-06"}


def test_it_is_entered_shown_and_ended(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    sign_in(web, "initial_reviewer")
    wrong = send(web, "/absences", from_on="2026-03-06", to_on="2026-03-02", why="出差")
    assert wrong.status_code == 409
    assert "结束日期早于开始日期" in wrong.text
    assert 'value="出差"' in wrong.text
    assert send(web, "/absences", from_on="tomorrow", to_on="").status_code == 422
    assert send(web, "/absences", **DAYS, why="出差").headers["location"] == "/delegations?said=absent"
    page = web.get("/delegations").text
    assert "出差" in page
    (path,) = {part.partition('"')[0] for part in page.split('action="')[1:] if part.startswith("/absences/")}
    sign_in(web, "editor")
    page = web.get("/delegations").text
    assert "initial_reviewer先生" in page
    assert "出差" not in page
    assert "/return" not in page
    assert send(web, path).status_code == 403
    assert send(web, "/absences", **DAYS, user=str(bureau.user("editor2").id)).status_code == 403
    sign_in(web, "security_admin")
    assert send(web, path).headers["location"] == "/delegations?said=back"
    assert send(web, path).status_code == 409
    assert send(web, "/absences", **DAYS, user=str(bureau.user("editor2").id)).status_code == 303
    assert send(web, "/absences", **DAYS, user="nobody").status_code == 422


def test_other_pages_say_who_is_out(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    with runtime.database.write() as session:
        at = runtime.clock()
        factories.person(
            session, "initial2", unit=bureau.office, on=bureau.city, roles=[Role.INITIAL_REVIEWER], at=at
        )
    draft = submitted(web, runtime, bureau)
    sign_in(web, "initial_reviewer")
    claim = {"verb": "claim", "stage": "initial_review", "line": "", "digest": digest_of(runtime, draft.id)}
    assert send(web, f"/drafts/{draft.id}/together", **claim).status_code == 303
    sign_in(web, "initial2")
    assert "外出" not in web.get("/board").text
    sign_in(web, "initial_reviewer")
    send(web, "/absences", **DAYS)
    sign_in(web, "second_reviewer")
    board = web.get("/board").text
    assert "只有外出人员能办的 1 件" in board
    assert board.count("initial_reviewer先生（外出）") == 2
    assert "initial_reviewer先生（外出）" in web.get(f"/drafts/{draft.id}").text
    sign_in(web, "outsider")
    assert "外出" not in web.get("/board").text


@pytest.mark.browser
def test_in_a_browser(people: Callable[..., Person]) -> None:
    reviewer = people("initial_reviewer")
    runtime, bureau = reviewer.site.runtime, reviewer.site.bureau
    draft = new_draft(runtime, bureau)
    with runtime.database.write() as session:
        submit(
            session,
            draft_id=draft.id,
            digest=digest_of(runtime, draft.id),
            actor=bureau.actor("editor"),
            runtime=runtime,
            at=runtime.clock(),
        )
    page = reviewer.go("/delegations")
    page.click("summary:text-is('登记外出')")
    page.fill("#f-to_on", "2026-03-06")
    page.fill("#f-why", "出差")
    accessible(page)
    reviewer.shot("absence-form")
    page.click("button:text-is('登记外出')")
    page.wait_for_url("**said=absent")
    accessible(page)
    reviewer.shot("absences")
    wide = people("second_reviewer")
    accessible(wide.go("/board"))
    wide.shot("board-absent")
    narrow = people("final_reviewer", width=375)
    accessible(narrow.go("/board"))
    accessible(narrow.go("/delegations"))
    narrow.shot("absences-375")
    reviewer.press_on(page.locator("button:has-text('销假')"))
    page.wait_for_url("**said=back")
