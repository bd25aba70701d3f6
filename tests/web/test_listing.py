"""Where a draft stands, in the list and on its own page."""

import pytest
from fastapi.testclient import TestClient

from app.infra.runtime import Runtime
from tests.factories import Bureau
from tests.web.forms import decision as approval
from tests.web.forms import digest_of, new_draft, send, sign_in, submitted

pytestmark = pytest.mark.both_databases


def row_of(web: TestClient, number: str) -> str:
    """Return the list's row of a draft, as HTML."""
    return next(row for row in web.get("/drafts").text.split("<tr>") if number in row)


def test_the_list_names_the_stages_that_are_open(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    unsent = new_draft(runtime, bureau, "还没有送审的稿件。", title="还没有送审")
    draft = submitted(web, runtime, bureau, "市民政局组织志愿者走访独居老人。")
    assert "初审" in row_of(web, draft.number)
    assert "初审" not in row_of(web, unsent.number)
    sign_in(web, "initial_reviewer")
    passed = send(web, f"/drafts/{draft.id}/decisions", **approval(digest_of(runtime, draft.id)))
    assert passed.status_code == 303, passed.text
    assert "复审" in row_of(web, draft.number)
    assert "初审" not in row_of(web, draft.number)


def test_the_list_is_searched_within_its_other_filters(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    found = new_draft(runtime, bureau, "志愿者走访独居老人。", title="送温暖 <一>")
    other = new_draft(runtime, bureau, "志愿者走访独居老人。", title="送清凉")
    sign_in(web, "editor")

    shown = web.get("/drafts", params={"q": "温暖", "mine": "1", "state": "editing"}).text
    assert found.number in shown
    assert other.number not in shown
    assert '<input type="hidden" name="state" value="editing">' in shown
    assert '<input type="hidden" name="mine" value="1">' in shown
    assert 'href="/drafts?mine=1&amp;q=%E6%B8%A9%E6%9A%96"' in shown  # 全部, with the words kept
    assert found.number not in web.get("/drafts", params={"q": "温暖", "state": "cleared"}).text
    nothing = web.get("/drafts", params={"q": '"><script>'}).text
    assert "没有符合条件的稿件" in nothing
    assert "<script>" not in nothing.partition("<main")[2]


def test_stages_that_may_come_are_told_apart_from_those_that_will(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = submitted(web, runtime, bureau, "市民政局组织志愿者走访独居老人。")
    shown = web.get(f"/drafts/{draft.id}").text
    assert "符合条件时增加：来源核对、领导同志报道核对" in shown
    assert '<span class="step waiting">复审' in shown
    assert '<span class="step waiting">来源核对' not in shown
