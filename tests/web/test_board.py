"""The board, what one has done, and what was copied to one, as pages."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.domain.vocabulary import Role
from app.domain.workflow.commands import Copy
from app.identity.models import RoleGrant
from app.infra.runtime import Runtime
from app.reviews import queries
from app.reviews.commands import perform
from app.reviews.models import StageRun
from tests.factories import Bureau
from tests.web.conftest import Person, accessible
from tests.web.forms import decision, digest_of, new_draft, send, sign_in, submitted

pytestmark = pytest.mark.both_databases


def test_strangers_are_led_to_sign_in_and_authors_have_no_board(web: TestClient) -> None:
    for path in ("/board", "/done", "/copies"):
        assert web.get(path).status_code == 303
    sign_in(web, "editor")
    assert web.get("/board").status_code == 403
    assert 'href="/board"' not in web.get("/").text
    assert "还没有办过稿件" in web.get("/done").text
    assert "没有抄送给您的稿件" in web.get("/copies").text


def test_the_board_shows_what_is_late_first(
    web: TestClient, runtime: Runtime, bureau: Bureau, clock: Any
) -> None:
    submitted(web, runtime, bureau)
    sign_in(web, "initial_reviewer")
    assert 'href="/board"' in web.get("/").text
    page = web.get("/board")
    assert page.status_code == 200
    assert "清河市开展冬季送温暖活动" in page.text
    assert "已逾期" not in page.text
    with runtime.database.write() as session:
        run = session.exec(select(StageRun).where(StageRun.state == "open")).one()
        run.due_at = clock()
    clock.advance(minutes=5)
    late = web.get("/board?overdue=1").text
    assert "已逾期" in late
    assert "1 件已逾期" in late
    none = web.get("/board?stage=final_review").text
    assert "没有符合条件的稿件" in none
    assert web.get("/board?after=nonsense").status_code == 422
    sign_in(web, "outsider")
    assert "清河市" not in web.get("/board").text


def test_what_one_has_decided(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft = submitted(web, runtime, bureau)
    sign_in(web, "initial_reviewer")
    digest = digest_of(runtime, draft.id)
    assert (
        send(web, f"/drafts/{draft.id}/decisions", **decision(digest, comment="表述清楚")).status_code == 303
    )
    page = web.get("/done").text
    assert "表述清楚" in page
    assert f'href="/drafts/{draft.id}"' in page
    sign_in(web, "second_reviewer")
    assert "表述清楚" not in web.get("/done").text


def test_of_a_draft_out_of_sight_only_the_own_decision_stays(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = submitted(web, runtime, bureau)
    sign_in(web, "initial_reviewer")
    digest = digest_of(runtime, draft.id)
    send(web, f"/drafts/{draft.id}/decisions", **decision(digest, comment="表述清楚"))
    before = web.get("/done").text
    assert draft.title in before
    assert draft.number in before

    with runtime.database.write() as session:
        for grant in session.exec(select(RoleGrant).where(RoleGrant.role == Role.INITIAL_REVIEWER)):
            grant.revoked_at = runtime.clock()
            session.add(grant)

    after = web.get("/done").text
    assert "表述清楚" in after
    assert "稿件已不在您的知悉范围" in after
    for told in (draft.title, draft.number, str(draft.id)):
        assert told not in after


def test_what_was_copied_to_one(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft = submitted(web, runtime, bureau)
    _copied(runtime, bureau, draft.id, "editor2")
    sign_in(web, "editor2")
    page = web.get("/copies").text
    assert f'href="/drafts/{draft.id}"' in page
    assert "initial_reviewer先生" in page


def _copied(runtime: Runtime, bureau: Bureau, draft_id: Any, login: str) -> None:
    with runtime.database.write() as session:
        row = queries.case_of_draft(session, draft_id)
        assert row is not None
        perform(
            session,
            row.id,
            Copy(str(bureau.user(login).id), "请知悉"),
            actor=bureau.actor("initial_reviewer"),
            runtime=runtime,
            at=runtime.clock(),
        )


@pytest.mark.browser
def test_in_a_browser(people: Callable[..., Person]) -> None:
    from app.reviews import service

    reviewer = people("initial_reviewer", width=375)
    runtime, bureau = reviewer.site.runtime, reviewer.site.bureau
    draft = new_draft(runtime, bureau)
    with runtime.database.write() as session:
        service.submit(
            session,
            draft_id=draft.id,
            digest=digest_of(runtime, draft.id),
            actor=bureau.actor("editor"),
            runtime=runtime,
            at=runtime.clock(),
        )
    page = reviewer.go("/board")
    accessible(page)
    reviewer.shot("board-375")
    reviewer.tab_to(page.locator("#f-overdue"))
    page.keyboard.press("Space")
    reviewer.press_on(page.locator("text=筛选"))
    page.wait_for_url("**overdue=1**")
    accessible(page)
    for path in ("/done", "/copies", "/"):
        accessible(reviewer.go(path))
    wide = people("final_reviewer")
    accessible(wide.go("/board"))
    wide.shot("board")
