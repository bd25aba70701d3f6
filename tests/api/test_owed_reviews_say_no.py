"""补审 that says no: a correction or retraction opens by itself, tied to what is out, and nothing is lost."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.api.press import Press, sign

pytestmark = pytest.mark.both_databases


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    """A draft that went out by the urgent lane: what comes after the first review is owed."""
    desk = Desk.open(client, runtime).draft()
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    assert (
        desk.post(f"/cases/{desk.case_id}/urgent-layouts", "publisher", {"line": "wechat"}).status_code == 202
    )
    desk.work()
    wish = {
        "line": "wechat",
        "digest": desk.case("publisher")["proofs"]["wechat"],
        "reason": "台风红色预警。",
    }
    assert desk.post(f"/cases/{desk.case_id}/urgent-releases", "publisher", wish).status_code == 201
    [release] = desk.get(f"/drafts/{desk.draft_id}/publications", "publisher").json()["releases"]
    press = Press.open(desk)
    assert press.publish(release["ticket"], release["digest"]).status_code == 201
    return desk


def state(desk: Desk) -> str:
    return str(desk.get(f"/drafts/{desk.draft_id}").json()["state"])


def remedies(desk: Desk) -> list[dict[str, Any]]:
    return list(desk.get(f"/drafts/{desk.draft_id}/remedies").json())


def owed(desk: Desk) -> set[str]:
    debts = desk.get(f"/drafts/{desk.draft_id}/debts", "publisher").json()
    return {debt["stage"] for debt in debts if debt["settled_at"] is None}


def at(desk: Desk, draft_id: str) -> Desk:
    other = Desk(desk.client, desk.runtime, desk.bureau, draft_id, "", desk.way)
    found = other.get(f"/drafts/{draft_id}/case", "publisher")
    other.case_id = found.json()["id"] if found.status_code == 200 else ""
    return other


def test_declined_it_is_retracted_by_itself(desk: Desk) -> None:
    said = "依据不足，不应发布"
    assert desk.decide("second_review", "second_reviewer", verdict="decline", comment=said).status_code == 200
    assert state(desk) == "published_with_debt"
    assert remedies(desk) == []
    desk.work()
    [remedy] = remedies(desk)
    assert (remedy["kind"], remedy["origin"], remedy["opened_by"]) == ("retraction", "owed_review", None)
    assert said in remedy["explanation"]
    retraction = at(desk, remedy["draft_id"])
    assert retraction.open_stages() == {("check_retraction", "")}
    retraction.approve("check_retraction", "final_reviewer")
    retraction.work()
    assert sign(retraction).status_code == 201
    assert state(desk) == "retracted"
    assert owed(desk) == set()
    settled = [data for action, _, data in desk.record() if action == "debt.settled"]
    assert {data["remedy"] for data in settled} == {retraction.draft_id}


def test_sent_back_it_is_corrected_with_the_three_reviews_that_were_owed(desk: Desk) -> None:
    said = "时间写错了"
    answer = desk.decide("second_review", "second_reviewer", verdict="send_back", comment=said)
    assert answer.status_code == 200, answer.text
    desk.work()
    assert state(desk) == "published_with_debt"
    [remedy] = remedies(desk)
    assert (remedy["kind"], remedy["state"]) == ("correction", "editing")
    correction = at(desk, remedy["draft_id"])
    title = desk.get(f"/drafts/{desk.draft_id}").json()["title"]
    text = (
        "12月1日，清河市民政局组织志愿者走访独居老人，送去棉被和粮油。\n\n## 走进社区\n\n"
        "志愿者逐户登记需求，帮助老人查看取暖设备。\n\n更正说明：“检查”应为“查看”。"
    )
    correction.revise({"format": "markdown", "title": title, "content": text})
    stages = {one["stage"] for one in correction.submit()["stages"]}
    assert {"initial_review", "second_review", "final_review"} <= stages
    for stage, login in (
        ("initial_review", "initial_reviewer"),
        ("second_review", "second_reviewer"),
        ("final_review", "final_reviewer"),
    ):
        correction.approve(stage, login)
    correction.work()
    correction.approve("first_proof", "proofreader", "wechat")
    correction.approve("confirm_marks", "proofreader2", "wechat")
    assert owed(desk) != set()
    assert sign(correction).status_code == 201
    assert owed(desk) == set()
    assert state(desk) == "published"


def test_what_is_out_by_the_urgent_lane_is_not_taken_back(desk: Desk) -> None:
    answer = desk.post(f"/cases/{desk.case_id}/recall", "editor")
    assert (answer.status_code, answer.json()["code"]) == (409, "out_already")
    assert state(desk) == "published_with_debt"


def test_it_opens_once_however_often_it_is_looked_for(desk: Desk) -> None:
    desk.decide("second_review", "second_reviewer", verdict="send_back", comment="再核实")
    desk.work()
    desk.work()
    assert len(remedies(desk)) == 1
    digest = desk.digest()
    again = desk.post(
        f"/drafts/{desk.draft_id}/submissions", "editor", {"digest": digest, "comment": "已核实，无误"}
    )
    assert again.status_code == 201, again.text
    assert state(desk) == "published_with_debt"
    desk.approve("initial_review", "initial_reviewer")
    no = desk.decide("second_review", "second_reviewer", verdict="decline", comment="仍不应发布")
    assert no.status_code == 200, no.text
    desk.work()
    assert {one["kind"] for one in remedies(desk)} == {"correction", "retraction"}
