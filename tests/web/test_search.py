"""Drafts are found by words of their text, by people, states, places and days; within reach only."""

import re
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from app.drafts.models import Draft
from app.infra.runtime import Runtime
from tests.factories import Bureau
from tests.web.forms import csrf, digest_of, new_draft, send, sign_in

pytestmark = pytest.mark.both_databases


def found(web: TestClient, line: str) -> list[str]:
    page = web.get(f"/drafts?q={quote(line)}")
    assert page.status_code == 200
    return re.findall(r'<td class="title"><a href="/drafts/([0-9a-f-]+)">', page.text)


@pytest.fixture
def two(web: TestClient, runtime: Runtime, bureau: Bureau) -> tuple[Draft, Draft]:
    plain = new_draft(runtime, bureau, "给独居老人送去“过冬”棉被𠮷。", title="送温暖活动")
    wrong = new_draft(runtime, bureau, "请各科室按排值班。", title="值班通知", by="editor2")
    sign_in(web, "editor2")
    handed = send(web, f"/drafts/{wrong.id}/submissions", digest=digest_of(runtime, wrong.id))
    assert handed.status_code == 303
    # Editors see their own drafts alone.
    sign_in(web, "final_reviewer")
    return plain, wrong


def test_words_are_looked_for_in_title_number_and_text(web: TestClient, two: tuple[Draft, Draft]) -> None:
    plain, wrong = (str(one.id) for one in two)
    assert found(web, "独居老人") == [plain]
    assert found(web, "独居 棉被") == [plain]
    assert found(web, "独居 按排") == []
    assert found(web, "“过冬”") == [plain]
    assert found(web, "𠮷") == [plain]
    assert found(web, two[1].number) == [wrong]
    assert sorted(found(web, "")) == sorted([plain, wrong])
    # What the text is stored with is no word of it, and signs of the database's own language are only signs.
    assert [found(web, line) for line in ("paragraph", "blocks", "%", "_")] == [[], [], [], []]


def test_terms_ask_for_people_states_places_days_and_findings(
    web: TestClient, runtime: Runtime, two: tuple[Draft, Draft]
) -> None:
    plain, wrong = (str(one.id) for one in two)
    page = web.get("/drafts").text
    row = page.partition(two[1].number)[2]
    author = re.findall(r'data-label="作者" class="nowrap">([^<]+)<', row)[0]
    assert found(web, f"作者:{author}") == [wrong]
    assert found(web, "状态:审校") == [wrong]
    assert found(web, "环节:初审") == [wrong]
    assert found(web, "命中:typo") == []
    assert found(web, "标题:通知") == [wrong]
    assert found(web, "阵地:没有这个阵地") == []
    assert found(web, "审校:没有这个人") == []
    day = runtime.clock().date()
    assert sorted(found(web, f"日期:{day:%Y}..")) == sorted([plain, wrong])
    assert found(web, f"改动:{day.year + 1}..") == []
    assert (found(web, "单位:办公室 送温暖"), found(web, "单位:没有")) == ([plain], [])


def test_what_is_not_understood_is_told_and_finds_nothing_wrong(
    web: TestClient, two: tuple[Draft, Draft]
) -> None:
    assert found(web, "状态:蓝色") == []
    page = web.get(f"/drafts?q={quote('状态:蓝色 颜色:红 日期:昨天')}").text
    assert "没有“蓝色”这种状态" in page
    assert "“颜色：”不是可以查的名称" in page
    assert "“昨天”不是日期" in page
    assert 'value="状态:蓝色 颜色:红 日期:昨天"' in page


def test_nobody_finds_what_they_may_not_know(web: TestClient, two: tuple[Draft, Draft]) -> None:
    sign_in(web, "outsider")
    assert [found(web, line) for line in ("独居老人", "作者:editor", two[0].number, "状态:起草")] == [[]] * 4
    assert csrf(web)
