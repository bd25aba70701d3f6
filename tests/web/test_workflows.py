"""The pages of workflows: pictures, versions, the cases that differ, and checking a file."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient

from app.infra.runtime import Runtime
from app.reviews import queries
from tests.api import outside
from tests.applications import serving
from tests.factories import Bureau
from tests.web.conftest import Person, accessible
from tests.web.forms import HTML, digest_of, new_draft, rows, send, sign_in, submitted


@pytest.fixture
def runtime(runtime: Runtime, tmp_path: Path) -> Runtime:
    """The service with policy files that the test may change."""
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": outside.policies(tmp_path)})
    return runtime


@pytest.fixture
def web(runtime: Runtime, bureau: Bureau) -> Any:
    with TestClient(serving(runtime), raise_server_exceptions=False, follow_redirects=False) as client:
        client.headers.update(HTML)
        yield client


def edit(runtime: Runtime, old: str, new: str) -> None:
    file = runtime.settings.policies / "workflows" / "standard.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def drawing(html: str) -> ET.Element:
    found = re.search(r"<svg.*?</svg>", html, re.DOTALL)
    assert found is not None
    return ET.fromstring(found[0])


def test_strangers_are_led_to_sign_in(web: TestClient) -> None:
    for path in ("/workflows", "/workflows/standard", "/workflows/check"):
        assert web.get(path).status_code == 303


def test_everybody_reads_workflows_and_only_keepers_count_cases(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    submitted(web, runtime, bureau)
    sign_in(web, "editor")
    page = web.get("/workflows").text
    assert "标准三审三校" in page
    assert "走旧版本的" not in page
    shown = web.get("/workflows/standard")
    picture = drawing(shown.text)
    assert "外部专家" in "".join(picture.itertext())
    assert picture.get("role") == "img"
    assert "申请迁移" not in shown.text
    assert web.get("/workflows/nothing").status_code == 404
    assert web.get("/workflows/check").status_code == 403
    sign_in(web, "policy_keeper")
    assert "1 件" in web.get("/workflows").text


def test_where_a_case_stands(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft = submitted(web, runtime, bureau)
    page = web.get(f"/drafts/{draft.id}/workflow")
    assert page.status_code == 200
    picture = drawing(page.text)
    # Read aloud: every stage with its state stands in the description of the picture.
    told = picture.find("{http://www.w3.org/2000/svg}desc")
    assert told is not None
    assert "初审：在规则检查之后" in (told.text or "")
    assert "进行中" in (told.text or "")
    sign_in(web, "outsider")
    assert web.get(f"/drafts/{draft.id}/workflow").status_code == 404


def test_the_picture_over_the_api(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft = submitted(web, runtime, bureau)
    with runtime.database.read() as session:
        row = queries.case_of_draft(session, draft.id)
        assert row is not None
        path = f"/api/v1/cases/{row.id}/picture"
    program = {"Accept": "application/json"}
    body = web.get(path, headers=program).json()
    assert "● 初审" in body["text"]
    ET.fromstring(body["svg"])
    sign_in(web, "outsider")
    assert web.get(path, headers=program).status_code == 404
    web.cookies.clear()
    assert web.get(path, headers={"Accept": "application/json"}).status_code == 401


def test_a_migration_is_asked_by_one_and_granted_by_another(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    submitted(web, runtime, bureau)
    edit(runtime, "title: 终审", "title: 总编终审")
    sign_in(web, "policy_keeper")
    page = web.get("/workflows/standard").text
    assert "“总编终审”的名称有改动" in page
    assert "可以迁移" in page
    found = re.search(r'name="case" value="([^"]+)"', page)
    assert found is not None
    nothing = send(web, "/workflows/standard/migration", reason="改名")
    assert (nothing.status_code, "请选择要迁移的审签案" in nothing.text) == (422, True)
    before = rows(runtime)["workflow_migration"]
    asked = send(web, "/workflows/standard/migration", reason="改名", case=found[1])
    assert (asked.status_code, rows(runtime)["workflow_migration"]) == (303, before + 1)
    own = web.get("/workflows/standard").text
    assert "须由申请人以外的管理员或者终审批准" in own
    sign_in(web, "final_reviewer")
    assert "批准迁移" in web.get("/").text
    page = web.get("/workflows/standard").text
    action = re.search(r'action="(/workflows/standard/migrations/[^"]+)"', page)
    assert action is not None
    granted = send(web, action[1], verdict="grant", comment="同意")
    assert granted.status_code == 303
    assert "已迁移" in web.get("/workflows/standard").text
    again = send(web, action[1], verdict="grant")
    assert (again.status_code, "已经有结论" in again.text) == (409, True)


def test_what_cannot_be_moved_says_why(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    submitted(web, runtime, bureau)
    edit(runtime, "title: 初审\n", "title: 第一审\n")
    sign_in(web, "policy_keeper")
    page = unescape(web.get("/workflows/standard").text)
    assert "不能迁移" in page
    assert "环节“初审”已经开始办理" in page


def test_a_broken_file_is_told_line_by_line(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    submitted(web, runtime, bureau)
    edit(runtime, "levels: second_review", "levels: first_proof")
    sign_in(web, "editor")
    page = web.get("/workflows/standard")
    assert page.status_code == 200
    assert "流程文件现在不能用" in page.text
    assert re.search(r"第 \d+ 行", page.text)


FAULTY = """version: 1
key: broken
title: 有问题的流程
stages:
  - {key: check, title: 检查, kind: rule_check, after: []}
  - key: one
    title: 初审
    kind: review
    levels: initial_review
    who: {role: initial_reviewer}
    within: {working_days: 0}
  - {key: two, title: 复审, kind: review, levels: second_review, after: [one]}
  - {key: lost, title: 无处, kind: review, who: {role: initial_reviewer}, after: [nowhere]}
  - {key: end, title: 签发, kind: sign_off, per: channel, who: {role: publisher}, after: [two, lost]}
distinct:
  - {name: 同组, stages: [one, two]}
"""


def test_a_pasted_file_is_told_all_its_faults_and_drawn(web: TestClient, runtime: Runtime) -> None:
    sign_in(web, "policy_keeper")
    before = rows(runtime)
    page = send(web, "/workflows/check", file=FAULTY)
    text = unescape(page.text)
    assert page.status_code == 200
    for said in ("终审", "nowhere", "0 个工作日", "没有人"):
        assert said in text, said
    assert "有问题的流程流程图" in text
    drawing(page.text)
    assert {name: count for name, count in rows(runtime).items() if count != before[name]} == {}
    ring = FAULTY.replace("after: [one]}", "after: [two]}")
    assert send(web, "/workflows/check", file=ring).status_code == 200
    assert send(web, "/workflows/check", file="stages: [").status_code == 200
    good = (runtime.settings.policies / "workflows" / "standard.yaml").read_text()
    fine = send(web, "/workflows/check", file=good)
    assert "没有问题" in fine.text
    people = send(web, "/workflows/check", file=good.replace("role: publisher", "post: 社长"), people="yes")
    assert "社长" in people.text or "没有人" in people.text


def test_what_a_file_says_is_text_in_the_picture(web: TestClient) -> None:
    sign_in(web, "policy_keeper")
    evil = FAULTY.replace("title: 初审", "title: '<script>alert(1)</script>'")
    page = send(web, "/workflows/check", file=evil)
    assert "<script>alert" not in page.text


def test_class_and_flags_are_given_with_the_first_submission(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = new_draft(runtime, bureau)
    sign_in(web, "editor")
    page = web.get(f"/drafts/{draft.id}").text
    assert "需外部专家意见" in page
    digest = digest_of(runtime, draft.id)
    path = f"/drafts/{draft.id}/submissions"
    refused = send(web, path, digest=digest, flag="nothing")
    assert (refused.status_code, "没有“nothing”这样的标记" in unescape(refused.text)) == (422, True)
    assert send(web, path, digest=digest, flag="expert_opinion", **{"class": "B"}).status_code == 303
    shown = web.get(f"/drafts/{draft.id}").text
    assert "因稿件情形增加外部专家意见" in shown
    assert "稿件分类和标记" not in shown


@pytest.mark.browser
def test_in_a_browser(people: Callable[..., Person]) -> None:
    keeper = people("policy_keeper")
    runtime, bureau = keeper.site.runtime, keeper.site.bureau
    draft_id = _submitted(runtime, bureau)
    edit(runtime, "title: 终审", "title: 总编终审")
    for name, path in (("workflows", "/workflows"), ("workflow", "/workflows/standard")):
        accessible(keeper.go(path))
        keeper.shot(name)
    page = keeper.page
    page.fill("#f-reason", "编委会改了名称")
    page.click("text=申请迁移所选")
    page.wait_for_selector("#wishes")
    accessible(page)
    page = keeper.go("/workflows/check")
    page.fill("#f-file", FAULTY)
    keeper.press_on(page.locator("main button[type=submit]"))
    page.wait_for_selector("#problem")
    accessible(page)
    keeper.shot("workflow-check")
    phone = people("final_reviewer", width=375)
    page = phone.go("/workflows/standard")
    accessible(page)
    phone.shot("workflow-375")
    phone.press_on(page.locator("text=批准并迁移"))
    page.wait_for_url("**said=migration_granted**")
    page = phone.go(f"/drafts/{draft_id}/workflow")
    accessible(page)
    phone.shot("draft-workflow-375")


def _submitted(runtime: Runtime, bureau: Bureau) -> UUID:
    from app.drafts import queries as drafts
    from app.reviews import service

    draft = new_draft(runtime, bureau)
    with runtime.database.write() as session:
        service.submit(
            session,
            draft_id=draft.id,
            digest=drafts.revisions(session, draft.id)[-1].digest,
            actor=bureau.actor("editor"),
            runtime=runtime,
            at=runtime.clock(),
        )
    return draft.id


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_warnings_are_asked_about_and_accepted_on_the_page(web: TestClient, runtime: Runtime) -> None:
    edit(runtime, "  - {name: 三校两两不同人, stages: [first_proof, second_proof, third_proof]}\n", "")
    sign_in(web, "policy_keeper")
    page = web.get("/workflows/standard").text
    assert "可能由同一人完成" in page
    assert "尚未接受" in page
    assert send(web, "/workflows/standard/risks", reason="  ").status_code == 422
    reason = "每月抽查"
    assert send(web, "/workflows/standard/risks", reason=reason).status_code == 303
    mine = web.get("/workflows/standard").text
    assert "须由申请人以外的" in mine
    assert "申请接受上列提醒" not in mine
    sign_in(web, "final_reviewer")
    page = web.get("/workflows/standard").text
    path = re.search(r'action="(/workflows/standard/risks/[^"]+)"', page)
    assert path is not None
    assert send(web, path[1], verdict="accept").status_code == 303
    done = web.get("/workflows/standard").text
    assert "已接受" in done
    assert f"“{reason}”" in done
    assert "尚未接受" not in done
