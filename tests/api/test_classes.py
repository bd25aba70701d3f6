"""The class of a draft corrected by its reviewers: upwards alone, downwards by two."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient
from httpx import Response

from app.domain.document.model import Document, Paragraph
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.web.forms import HTML, sign_in

pytestmark = pytest.mark.both_databases


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """Drafts of class A walk `heavy`: an office reads them and the leader signs; all others `standard`."""
    folder = Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))
    heavy = yaml.safe_load((folder / "workflows" / "standard.yaml").read_text())
    heavy |= {"key": "heavy", "title": "重大稿件"}
    office = {"key": "office_review", "title": "办公室审核", "kind": "review", "who": {"post": "办公室主任"}}
    heavy["stages"].insert(3, office)
    heavy["stages"][-1]["who"] = {"post": "分管领导"}
    (folder / "workflows" / "heavy.yaml").write_text(yaml.safe_dump(heavy, allow_unicode=True))
    routing = folder / "routing.yaml"
    said = routing.read_text().replace(
        "choose:\n",
        "classes: {names: {A: 重大稿件, B: 重要稿件, C: 一般稿件}, required: true}\n"
        "choose:\n  - {rule: major, title: 重大, workflow: heavy, when: {classes: [A]}}\n",
        1,
    )
    routing.write_text(said)
    return folder


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, policies: Path) -> Desk:
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": policies})
    text = Document(title="社区冬季走访", blocks=(Paragraph(text="志愿者为老人送去冬衣。"),))
    return Desk.open(client, runtime).draft(text)


def reclass(desk: Desk, login: str, grade: str, comment: str = "核对后改定") -> Response:
    return desk.post(f"/cases/{desk.case_id}/class", login, {"class": grade, "comment": comment})


def of(desk: Desk, action: str) -> list[dict[str, Any]]:
    return [data for name, _, data in desk.record() if name == action]


def test_a_reviewer_alone_makes_a_draft_heavier_and_it_walks_more(desk: Desk) -> None:
    desk.submit(**{"class": "C"})
    desk.approve("initial_review", "initial_reviewer")
    assert "office_review" not in {one["stage"] for one in desk.case()["stages"]}
    answer = reclass(desk, "second_reviewer", "A")
    assert answer.status_code == 200, answer.text
    case = answer.json()
    assert (case["class"], case["class_wish"]) == ("A", None)
    states = {one["stage"]: one["state"] for one in case["stages"]}
    assert (states["initial_review"], states["second_review"]) == ("passed", "open")
    assert "office_review" in states
    [changed] = of(desk, "case.class_changed")
    assert (changed["was"], changed["class"], changed["title"]) == ("C", "A", "重大稿件")
    [moved] = of(desk, "case.migrated")
    assert moved["rule"] == "major"
    desk.approve("second_review", "second_reviewer")
    # The heavier way is walked to the letter: the office reads before the final review.
    assert desk.open_stages() == {("office_review", "")}


def test_a_lighter_class_takes_a_second_person(desk: Desk) -> None:
    desk.submit(**{"class": "A"})
    asked = reclass(desk, "initial_reviewer", "C")
    assert asked.status_code == 200, asked.text
    assert (asked.json()["class"], asked.json()["class_wish"]["class"]) == ("A", "C")
    alone = reclass(desk, "initial_reviewer", "C")
    assert (alone.status_code, desk.codes(alone)) == (403, {"class_by_another"})
    desk.approve("initial_review", "initial_reviewer")
    agreed = reclass(desk, "second_reviewer", "C", "确属一般稿件")
    assert agreed.status_code == 200, agreed.text
    assert (agreed.json()["class"], agreed.json()["class_wish"]) == ("C", None)
    [changed] = of(desk, "case.class_changed")
    assert changed["asked_by"] == str(desk.actor("initial_reviewer").id)
    # What was decided stays, what only major drafts need is skipped, and who signs others signs.
    desk.approve("second_review", "second_reviewer")
    assert desk.open_stages() == {("final_review", "")}
    assert "office_review" in {data["stage"] for data in of(desk, "case.stage_skipped")}
    desk.approve("final_review", "final_reviewer")
    desk.proofs()
    desk.approve("confirm_marks", "initial_reviewer", "wechat")
    assert desk.open_stages() == {("sign_off", "wechat")}
    signed = desk.post(
        f"/cases/{desk.case_id}/releases",
        "publisher",
        {"line": "wechat", "digest": desk.stage("sign_off", "wechat")["digest"]},
    )
    assert signed.status_code in {200, 201}, signed.text


def test_a_wish_for_a_lighter_class_is_declined_by_naming_the_present_one(desk: Desk) -> None:
    desk.submit(**{"class": "A"})
    reclass(desk, "initial_reviewer", "B")
    declined = reclass(desk, "second_reviewer", "A", "涉及民生资金，仍按重大稿件")
    assert declined.status_code == 200, declined.text
    assert (declined.json()["class"], declined.json()["class_wish"]) == ("A", None)
    [kept] = of(desk, "case.class_kept")
    assert (kept["class"], kept["was"]) == ("B", "A")


def test_authors_outsiders_and_empty_forms_are_refused(desk: Desk) -> None:
    desk.submit(**{"class": "B"})
    assert desk.codes(reclass(desk, "editor", "A")) == {"not_allowed", "own_draft"}
    # Whoever has no open stage may not begin it; whom nothing concerns does not see the draft.
    assert desk.codes(reclass(desk, "final_reviewer", "A")) == {"not_allowed"}
    silent = reclass(desk, "initial_reviewer", "A", " ")
    assert (silent.status_code, desk.codes(silent)) == (422, {"comment_required"})
    same = reclass(desk, "initial_reviewer", "B")
    assert (same.status_code, desk.codes(same)) == (422, {"class_same"})
    assert "重要稿件" in same.json()["reasons"][0]["message"]
    assert reclass(desk, "initial_reviewer", "D").status_code == 422


def test_a_class_that_the_house_does_not_name_is_refused(desk: Desk, policies: Path) -> None:
    desk.submit(**{"class": "B"})
    file = policies / "routing.yaml"
    file.write_text(file.read_text().replace("C: 一般稿件", "").replace("B: 重要稿件, }", "B: 重要稿件}"))
    unknown = reclass(desk, "initial_reviewer", "C")
    assert (unknown.status_code, desk.codes(unknown)) == (422, {"class_not_known"})


def test_a_corrected_class_outlives_a_recall(desk: Desk) -> None:
    desk.submit(**{"class": "C"})
    assert reclass(desk, "initial_reviewer", "A").status_code == 200
    assert desk.post(f"/cases/{desk.case_id}/recall", "editor", {"comment": "先撤回"}).status_code == 200
    path, body = f"/drafts/{desk.draft_id}/submissions", {"digest": desk.digest()}
    lighter = desk.post(path, "editor", {**body, "class": "C"})
    assert (lighter.status_code, desk.codes(lighter)) == (422, {"class_stays"})
    again = desk.post(path, "editor", body)
    assert (again.status_code, again.json()["class"]) == (201, "A")
    assert "office_review" in {one["stage"] for one in again.json()["stages"]}


def test_the_page_asks_and_answers_by_the_names_of_the_house(desk: Desk) -> None:
    desk.submit(**{"class": "A"})
    client = desk.client
    client.headers.update(HTML)
    client.follow_redirects = False
    sign_in(client, "initial_reviewer")
    where = f"/drafts/{desk.draft_id}"
    page = client.get(where).text
    assert "现在是“重大稿件”" in page
    token = page.split('name="csrf" value="')[1].split('"')[0]
    sent = {"csrf": token, "verb": "reclass", "class": "C", "comment": "一般工作动态"}
    done = client.post(f"{where}/together", data=sent)
    assert done.status_code == 303, done.text
    sign_in(client, "second_reviewer")
    page = client.get(where).text
    assert "申请把分类由“重大稿件”改低为“一般稿件”" in page
    assert "答复分类申请" in page
