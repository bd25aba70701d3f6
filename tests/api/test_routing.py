"""Routing over the API: what a text holds, and what its author says of it, adds stages on the record."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.domain.document.model import Document, Paragraph
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from tests.api import outside
from tests.api.desk import Desk
from tests.web.forms import HTML, sign_in

ADDED = {"check_source", "check_leaders", "check_minors", "check_welfare_list", "outside_experts"}


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, policies: Path) -> Desk:
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": policies})
    return Desk.open(client, runtime)


def document(text: str, **more: Any) -> Document:
    return Document(title="清河市开展冬季走访活动", blocks=(Paragraph(text=text),), **more)


def routed(desk: Desk) -> dict[str, Any]:
    return next(data for action, _, data in desk.record() if action == "case.routed")


def applying(desk: Desk) -> set[str]:
    return {one["stage"] for one in routed(desk)["stages"] if one["applies"]}


@pytest.mark.parametrize(
    ("content", "stage", "fact", "told"),
    [
        (document("12月1日，市长走访敬老院。"), "check_leaders", "names_leader", "word:市长"),
        (document("志愿者为留守儿童送去图书。"), "check_minors", "minors", "word:留守儿童"),
        (document("本月低保公示已张贴。"), "check_welfare_list", "welfare_list", "word:低保公示"),
        (
            document("志愿者逐户登记需求。", source="清河日报"),
            "check_source",
            "repost",
            "field:source",
        ),
    ],
)
def test_what_a_text_holds_adds_its_stage(
    desk: Desk, content: Document, stage: str, fact: str, told: str
) -> None:
    desk.draft(content)
    desk.submit()
    assert applying(desk) == {stage}
    on_record = routed(desk)
    assert told in on_record["told"][fact]
    assert fact in on_record["facts"]["found"]
    rule = next(one for one in on_record["stages"] if one["stage"] == stage)
    assert rule["when"] == {"facts": [fact]}
    assert (on_record["workflow"], on_record["rule"]) == ("standard", "everything_else")
    shown = next(one for one in desk.case()["stages"] if one["stage"] == stage)
    assert shown["added_by"] == rule["rule"]


def test_the_added_stage_is_walked_and_its_opening_names_the_rule(desk: Desk) -> None:
    desk.draft(document("12月1日，市长走访敬老院。"))
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    desk.approve("second_review", "second_reviewer")
    assert desk.open_stages() == {("check_leaders", "")}
    early = desk.decide("final_review", "final_reviewer")
    assert (early.status_code, "stage_not_open" in desk.codes(early)) == (409, True)
    unticked = desk.decide("check_leaders", "second_reviewer")
    assert (unticked.status_code, desk.codes(unticked)) == (422, {"checklist_incomplete"})
    ticks = desk.stage("check_leaders")["checklist"]
    assert desk.decide("check_leaders", "second_reviewer", checklist=ticks).status_code == 200
    assert desk.open_stages() == {("final_review", "")}
    opened = next(
        data
        for action, _, data in desk.record()
        if action == "case.stage_opened" and data["stage"] == "check_leaders"
    )
    assert opened["added_by"] == "leader_named"
    assert "names_leader" in opened["facts"]["found"]
    skipped = {data["stage"] for action, _, data in desk.record() if action == "case.stage_skipped"}
    assert skipped == ADDED - {"check_leaders"}


def test_a_plain_text_adds_nothing_and_each_skip_is_on_record(desk: Desk) -> None:
    desk.draft()
    desk.submit()
    assert applying(desk) == set()
    desk.approve("initial_review", "initial_reviewer")
    desk.approve("second_review", "second_reviewer")
    assert desk.open_stages() == {("final_review", "")}
    skipped = [data for action, _, data in desk.record() if action == "case.stage_skipped"]
    assert {one["stage"] for one in skipped} == ADDED
    assert all(one["rule"] and one["added_by"] for one in skipped)


def test_a_fact_that_a_later_text_brings_adds_its_stage(desk: Desk) -> None:
    desk.draft()
    desk.submit()
    answer = desk.decide("initial_review", "initial_reviewer", verdict="send_back", comment="补写")
    assert answer.status_code == 200
    shown = desk.get(f"/drafts/{desk.draft_id}").json()
    body = {"format": "text", "title": shown["title"], "content": "12月1日，市长走访敬老院。"}
    path = f"/api/v1/drafts/{desk.draft_id}/revisions"
    match = {**desk.headers("editor"), "If-Match": f'"{shown["version"]}"'}
    revised = desk.client.post(path, json=body, headers=match)
    assert revised.status_code < 300, revised.text
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    desk.approve("second_review", "second_reviewer")
    assert desk.open_stages() == {("check_leaders", "")}


# what the author says of the draft


def submission(desk: Desk, login: str = "editor", **body: Any) -> Any:
    answer = desk.post(f"/drafts/{desk.draft_id}/submissions", login, {"digest": desk.digest(), **body})
    if answer.status_code == 201:
        desk.case_id = answer.json()["id"]
    return answer


def test_flags_and_class_are_on_record_and_choose_the_stages(desk: Desk) -> None:
    desk.draft()
    assert submission(desk, **{"class": "A", "flags": ["expert_opinion"]}).status_code == 201
    assert routed(desk)["facts"]["class"] == "A"
    assert applying(desk) == {"outside_experts"}
    desk.approve("initial_review", "initial_reviewer")
    desk.approve("second_review", "second_reviewer")
    assert desk.open_stages() == {("outside_experts", "")}
    asked = {"stage": "outside_experts", "name": "李明远", "post": "教授", "phone": "13800001111"}
    link = desk.post(f"/cases/{desk.case_id}/links", "second_reviewer", asked)
    assert link.status_code == 201
    raw, code = outside.sent(desk, link)
    answer = {"outcome": "approve", "name": "李明远", "code": code}
    signed = desk.client.post(f"/api/v1/signing/{raw}", json=answer)
    assert signed.status_code == 200
    assert desk.open_stages() == {("final_review", "")}


def test_flags_that_nobody_asks_for_are_refused_with_those_that_are(desk: Desk) -> None:
    desk.draft()
    answer = submission(desk, flags=["important", "urgent"])
    assert (answer.status_code, desk.codes(answer)) == (422, {"flag_unknown"})
    assert "需外部专家意见" in answer.json()["reasons"][0]["message"] or "expert_opinion" in answer.text
    assert submission(desk, **{"class": "D"}).status_code == 422
    assert "case.opened" not in desk.actions()


def test_class_and_flags_stay_for_the_whole_walk(desk: Desk) -> None:
    desk.draft()
    assert submission(desk, **{"class": "B"}).status_code == 201
    desk.decide("initial_review", "initial_reviewer", verdict="send_back", comment="请改")
    answer = submission(desk, comment="不改", **{"class": "C", "flags": ["expert_opinion"]})
    assert (answer.status_code, desk.codes(answer)) == (422, {"class_stays", "flags_stay"})
    assert submission(desk, comment="不改", **{"class": "B"}).status_code == 201


# the policy file


def test_a_rule_chooses_another_workflow(desk: Desk, policies: Path) -> None:
    file = policies / "routing.yaml"
    rule = "choose:\n  - {rule: notices, title: 公示, workflow: merged_levels, when: {classes: [C]}}\n"
    file.write_text(file.read_text().replace("choose:\n", rule, 1))
    desk.draft()
    assert submission(desk, **{"class": "C"}).status_code == 201
    assert (routed(desk)["rule"], routed(desk)["workflow"]) == ("notices", "merged_levels")
    desk.work()  # its reviews are done on the proof
    assert desk.open_stages() == {("first_level", "wechat")}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("before: {level: second_review}", "instead_of: {level: second_review}", "takes_away"),
        ("when: {facts: [repost]}", "when: {facts: [nothing]}", "unknown_fact"),
        ("workflow: standard", "workflow: nothing", "workflow_missing"),
    ],
)
def test_nothing_begins_on_a_routing_with_faults(
    desk: Desk, policies: Path, old: str, new: str, code: str
) -> None:
    file = policies / "routing.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    desk.draft()
    answer = submission(desk)
    assert answer.status_code == 503
    codes = {reason["data"].get("fault", reason["code"]) for reason in answer.json()["reasons"]}
    assert code in codes
    assert desk.get(f"/drafts/{desk.draft_id}").json()["state"] == "editing"
    file.unlink()
    gone = submission(desk)
    assert (gone.status_code, desk.codes(gone)) == (503, {"routing_missing"})


def test_a_case_that_began_goes_on_without_the_file(desk: Desk, policies: Path) -> None:
    desk.draft(document("12月1日，市长走访敬老院。"))
    desk.submit()
    desk.decide("initial_review", "initial_reviewer", verdict="send_back", comment="请改")
    (policies / "routing.yaml").unlink()
    assert submission(desk, comment="不改").status_code == 201
    desk.approve("initial_review", "initial_reviewer")
    desk.approve("second_review", "second_reviewer")
    assert desk.open_stages() == {("check_leaders", "")}


def named(policies: Path, required: str) -> None:
    file = policies / "routing.yaml"
    said = f"version: 1\nclasses: {{names: {{A: 重大稿件, B: 一般稿件}}, required: {required}}}\n"
    file.write_text(file.read_text().replace("version: 1\n", said, 1))


def test_a_class_is_asked_for_where_the_house_wants_one(desk: Desk, policies: Path) -> None:
    named(policies, "true")
    desk.draft()
    path, body = f"/drafts/{desk.draft_id}/submissions", {"digest": desk.digest()}
    for given, code in ((None, "class_required"), ("C", "class_unknown")):
        answer = desk.post(path, "editor", body | {"class": given})
        assert answer.status_code == 422
        [reason] = answer.json()["reasons"]
        assert (reason["code"], reason["field"]) == (code, "class")
        assert "重大稿件、一般稿件" in reason["message"]
    assert desk.post(path, "editor", body | {"class": "B"}).status_code == 201


def test_a_class_may_be_left_open_where_nobody_asks(desk: Desk, policies: Path) -> None:
    named(policies, "false")
    desk.draft()
    desk.submit()


def test_the_page_offers_the_classes_of_the_house(desk: Desk, policies: Path) -> None:
    named(policies, "true")
    desk.draft()
    desk.client.headers.update(HTML)
    desk.client.follow_redirects = False
    sign_in(desk.client, "editor")
    page = desk.client.get(f"/drafts/{desk.draft_id}").text
    assert '<option value="">请选择</option><option value="A">重大稿件</option>' in page
    assert '<option value="C"' not in page
