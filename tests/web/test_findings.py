"""Findings as work: grouped by rule, the gravest first; one suggestion or all of a rule taken over."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect

from app.domain.document.model import Document, Paragraph
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.infra.runtime import Runtime
from app.negative_list import Severity
from app.policies.in_use import policy_of
from app.screening import service as screening
from app.screening.checks.service import scope_of
from tests import factories
from tests.factories import Bureau
from tests.web.conftest import Person, Site, accessible
from tests.web.forms import csrf, digest_of, new_draft, send, sign_in, submitted
from tests.web.posted import forms_of

TYPOS = (
    "请各科室按排值班，",
    "并安排布署下半年工作。",
    "残废人办证由街道布署。",
    "希望大家再接再励，做好布署。",
)


def text_of(runtime: Runtime, draft: Draft) -> list[str]:
    with runtime.database.read() as session:
        head = drafts.revisions(session, draft.id)[-1]
        return [text for _, text in drafts.document_of(head).texts()]


def rules_of(html: str) -> list[tuple[str, str]]:
    """Return the groups of a page as they stand there: gravity and title."""
    found = re.findall(r'class="badge badge-(\w+)">[^<]*</span> <strong>([^<]*)</strong></summary>', html)
    return [(severity, title) for severity, title in found]


def adopted(web: TestClient, html: str, action: str, **changed: list[str]):
    form = next(form for form in forms_of(html) if form.action == action)
    fields = {name: values for name, values in form.values().items() if name != "form_page"}
    return web.post(action, data={**fields, "csrf": csrf(web), **changed})


def test_the_gravest_rule_stands_first_and_findings_of_a_rule_stand_together(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = new_draft(runtime, bureau, *TYPOS)
    sign_in(web, "editor")
    found = rules_of(web.get(f"/drafts/{draft.id}").text)
    gravity = [("block", "warn", "info").index(severity) for severity, _ in found]
    assert gravity == sorted(gravity)
    assert gravity[0] == 0
    titles = [title for _, title in found]
    assert len(titles) == len(set(titles)) >= 2


def test_all_suggestions_of_a_rule_are_looked_at_and_taken_over_in_one_revision(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = new_draft(runtime, bureau, *TYPOS)
    sign_in(web, "editor")
    page = web.get(f"/drafts/{draft.id}").text
    (rule,) = set(re.findall(rf'href="(/drafts/{draft.id}/findings/[^"]+)">全部采纳', page))
    look = web.get(rule).text
    assert "按排" in look
    assert look.count("<del>布署</del><ins>部署</ins>") == 3
    answer = adopted(web, look, f"/drafts/{draft.id}/findings")
    assert answer.headers["location"] == f"/drafts/{draft.id}?said=adopted#findings", unescape(answer.text)
    now = "".join(text_of(runtime, draft))
    assert not re.search("布署|按排|再接再励", now)
    assert (now.count("部署"), now.count("残废人")) == (3, 1)
    with runtime.database.read() as session:
        assert len(drafts.revisions(session, draft.id)) == 2


def test_what_is_not_ticked_stays(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft = new_draft(runtime, bureau, *TYPOS)
    sign_in(web, "editor")
    page = web.get(f"/drafts/{draft.id}").text
    (rule,) = set(re.findall(rf'href="(/drafts/{draft.id}/findings/[^"]+)">全部采纳', page))
    look = web.get(rule).text
    picks = [one for form in forms_of(look) for one in form.values().get("pick", [])]
    assert len(picks) == 5
    assert adopted(web, look, f"/drafts/{draft.id}/findings", pick=picks[1:2]).status_code == 303
    now = "".join(text_of(runtime, draft))
    assert (now.count("布署"), now.count("按排")) == (2, 1)
    none = adopted(web, web.get(rule).text, f"/drafts/{draft.id}/findings", pick=[])
    assert (none.status_code, "请至少选择一处" in none.text) == (422, True)


def test_one_suggestion_is_one_press(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft = new_draft(runtime, bureau, *TYPOS)
    sign_in(web, "editor")
    page = web.get(f"/drafts/{draft.id}").text
    pick = next(
        unescape(one) for one in re.findall(r'name="pick" value="([^"]+)"', page) if "按排" not in one
    )
    assert adopted(web, page, f"/drafts/{draft.id}/findings", pick=[pick]).status_code == 303
    with runtime.database.read() as session:
        assert len(drafts.revisions(session, draft.id)) == 2


@pytest.mark.parametrize(
    "wrong", ["blocks/0:0:2:nothing=甲", "blocks/9:0:2:typos=甲", "blocks/0:5:7:x", "nonsense", "a:b:c:d=e"]
)
def test_only_what_the_rules_suggest_is_written(
    web: TestClient, runtime: Runtime, bureau: Bureau, wrong: str
) -> None:
    draft = new_draft(runtime, bureau, *TYPOS)
    sign_in(web, "editor")
    before = text_of(runtime, draft)
    page = web.get(f"/drafts/{draft.id}").text
    assert adopted(web, page, f"/drafts/{draft.id}/findings", pick=[wrong]).status_code == 422
    assert text_of(runtime, draft) == before


def test_what_was_changed_meanwhile_is_not_written_over(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = new_draft(runtime, bureau, *TYPOS)
    sign_in(web, "editor")
    page = web.get(f"/drafts/{draft.id}").text
    picks = [unescape(one) for one in re.findall(r'name="pick" value="([^"]+)"', page)]
    assert adopted(web, page, f"/drafts/{draft.id}/findings", pick=picks[:1]).status_code == 303
    before = text_of(runtime, draft)
    late = adopted(web, page, f"/drafts/{draft.id}/findings", pick=picks[1:2])
    assert (late.status_code, "没有改动" in late.text) == (409, True)
    assert text_of(runtime, draft) == before


def test_a_reviewer_takes_nothing_over(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft = submitted(web, runtime, bureau, "请各科室按排值班，安排布署下半年工作。")
    sign_in(web, "initial_reviewer")
    page = web.get(f"/drafts/{draft.id}").text
    assert "布署" in page
    assert "全部采纳" not in page
    assert 'name="pick"' not in page
    assert (
        send(web, f"/drafts/{draft.id}/findings", digest="x", policy="y", pick="a:1:2:b").status_code == 403
    )


def test_waivers_of_a_rule_are_asked_for_together_or_not_at_all(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = new_draft(runtime, bureau, "联系电话13800138000。", "另一人是13912345678。")
    sign_in(web, "editor")
    page = web.get(f"/drafts/{draft.id}").text
    (rule,) = set(re.findall(rf'href="(/drafts/{draft.id}/findings/[^"]+)">一并申请豁免', page))
    look = web.get(rule).text
    refused = adopted(web, look, f"{rule}/waivers", comment=["本人同意"])
    assert (refused.status_code, "同意书" in refused.text) == (422, True)
    assert "本人同意" in refused.text
    assert "等待批准" not in web.get(f"/drafts/{draft.id}").text
    assert adopted(web, look, f"{rule}/waivers", evidence=["民同〔2026〕3号"]).status_code == 303
    assert web.get(f"/drafts/{draft.id}").text.count("民同〔2026〕3号") == 2


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_thousand_findings_are_light_and_adopting_a_rule_takes_two_presses(
    people: Callable[..., Person], site: Site
) -> None:
    blocks = tuple(Paragraph(text=f"第{number}项，请按排布署。") for number in range(500))
    with site.runtime.database.write() as session:
        content = Document(title="关于做好有关工作的通知", blocks=blocks)
        draft = factories.draft(session, site.bureau, at=site.runtime.clock(), content=content)
    editor = people("editor")
    answers = []
    editor.page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 – it is marked
    page = editor.go(f"/drafts/{draft.id}")
    assert page.locator("[data-finding]").count() >= 1000
    (whole,) = [answer for answer in answers if answer.request.resource_type == "document"]
    sizes = whole.request.sizes()
    assert sizes["responseBodySize"] <= 120_000, sizes
    page.get_by_role("link", name="全部采纳").first.click()
    page.wait_for_load_state()
    accessible(page)
    editor.shot("findings-adopt")
    page.get_by_role("button", name="采纳勾选的").click()
    expect(page.get_by_role("status").first).to_contain_text("建议已改入")
    expect(page.locator("#article")).not_to_contain_text("布署")


def test_what_does_not_block_is_left_with_a_reason_that_others_read(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = new_draft(runtime, bureau, *TYPOS)
    sign_in(web, "editor")
    page = web.get(f"/drafts/{draft.id}").text
    (look,) = set(re.findall(rf'href="(/drafts/{draft.id}/findings/[^"]+)">全部采纳', page))
    action = f"{look}/ignored"
    (form,) = [one for one in forms_of(web.get(look).text) if one.action == action]
    first, second = re.findall(r'name="ignore" value="([0-9a-f]+)"', web.get(look).text)[:2]
    assert form.values().get("ignore", []) == []
    assert "请至少选择一处" in send(web, action, ignore_reason="引用原文").text
    empty = send(web, action, ignore=first, ignore_reason=" ")
    assert (empty.status_code, "请写明不改的理由" in empty.text) == (422, True)
    assert send(web, action, ignore=first, ignore_reason="王处长定的提法").status_code == 303
    again = send(web, action, ignore=[second, first], ignore_reason="再来一次")
    assert (again.status_code, "第 2 处" in again.text, "已经说明不改" in again.text) == (422, True, True)

    assert (
        send(web, f"/drafts/{draft.id}/submissions", digest=digest_of(runtime, draft.id)).status_code == 303
    )
    sign_in(web, "final_reviewer")
    seen = web.get(f"/drafts/{draft.id}").text
    assert "王处长定的提法" in seen
    back = re.search(rf'action="(/drafts/{draft.id}/ignored/[^"]+)"', seen)
    assert back is not None
    assert send(web, back[1]).status_code == 303
    assert "王处长定的提法" not in web.get(f"/drafts/{draft.id}").text.partition('id="timeline"')[0]
    assert "已经撤回" in send(web, back[1]).text


def test_what_blocks_is_not_left(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft = new_draft(runtime, bureau, *TYPOS)
    sign_in(web, "editor")
    with runtime.database.read() as session:
        policy = policy_of(session, runtime)
        content = drafts.document_of(drafts.head(session, draft))
        scope = scope_of(drafts.targets(session, draft.id))
        report = screening.examine(
            session,
            policy=policy,
            key=runtime.secret,
            draft_id=draft.id,
            document=content,
            scope=scope,
            at=runtime.clock(),
        )
    (block,) = [one for one in report.findings if one.severity is Severity.BLOCK]
    path = f"/drafts/{draft.id}/findings/{block.rule}"
    assert f"{path}/ignored" not in web.get(path).text
    refused = send(web, f"{path}/ignored", ignore=block.fingerprint, ignore_reason="就是不改")
    assert (refused.status_code, "是阻断项" in refused.text, "就是不改" in refused.text) == (422, True, True)
