"""Which workflow a draft walks is asked again on each new text; recalling a draft resets nothing."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient

from app.domain.document.model import Document, Paragraph
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.api.timing import SOON, embargo

pytestmark = pytest.mark.both_databases

PLAIN = "志愿者为社区老人送去冬衣和棉被。"
LEADER = "11月20日，市委书记到社区走访慰问。"


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))
    heavy = yaml.safe_load((folder / "workflows" / "standard.yaml").read_text())
    heavy |= {"key": "heavy", "title": "领导活动稿件"}
    heavy["stages"].insert(
        2,
        {
            "key": "office_review",
            "title": "办公室审核",
            "kind": "review",
            "who": {"role": "second_reviewer"},
            "on_edit": "keep_marks_only",
        },
    )
    heavy["stages"][-1]["who"] = {"post": "分管领导"}
    (folder / "workflows" / "heavy.yaml").write_text(yaml.safe_dump(heavy, allow_unicode=True))
    light = yaml.safe_load((folder / "workflows" / "standard.yaml").read_text())
    light |= {"key": "light", "title": "转载稿件"}
    light["stages"] = [one for one in light["stages"] if not one["key"].endswith("_proof")]
    light["distinct"] = light["distinct"][:1]
    (folder / "workflows" / "light.yaml").write_text(yaml.safe_dump(light, allow_unicode=True))
    routing = (folder / "routing.yaml").read_text()
    rules = (
        "choose:\n"
        "  - {rule: leaders, title: 领导活动, workflow: heavy, when: {facts: [names_leader]}}\n"
        "  - {rule: reposts, title: 转载, workflow: light, when: {facts: [repost]}}\n"
    )
    (folder / "routing.yaml").write_text(routing.replace("choose:\n", rules, 1))
    return folder


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, policies: Path) -> Desk:
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": policies})
    return Desk.open(client, runtime).draft(Document(title="社区冬季走访", blocks=(Paragraph(text=PLAIN),)))


def rewrite(desk: Desk, text: str, **more: Any) -> None:
    desk.revise({"format": "text", "title": "社区冬季走访", "content": text, **more})


def send_back(desk: Desk, stage: str, login: str, **more: Any) -> None:
    answer = desk.decide(stage, login, verdict="send_back", comment="请改", **more)
    assert answer.status_code == 200, answer.text


def hand_in(desk: Desk, **body: Any) -> Any:
    answer = desk.post(f"/drafts/{desk.draft_id}/submissions", "editor", {"digest": desk.digest(), **body})
    if answer.status_code == 201:
        desk.case_id = answer.json()["id"]
    return answer


def of(desk: Desk, action: str) -> list[dict[str, Any]]:
    return [data for name, _, data in desk.record() if name == action]


def test_a_leader_written_in_later_is_signed_by_whom_the_rule_says(desk: Desk) -> None:
    desk.submit()
    assert desk.case()["workflow_title"] == "标准三审三校"
    send_back(desk, "initial_review", "initial_reviewer")
    rewrite(desk, LEADER)
    case = desk.submit()
    assert case["workflow_title"] == "领导活动稿件"
    moved = of(desk, "case.migrated")[0]
    assert (moved["rule"], moved["added"]) == ("leaders", ["office_review"])
    assert "names_leader" in moved["facts"]["found"]
    assert [one["rule"] for one in of(desk, "case.routed")] == ["everything_else", "leaders"]
    assert of(desk, "case.routed")[1]["told"]["names_leader"] == ["word:市委书记"]
    desk.approve("initial_review", "initial_reviewer")
    assert desk.open_stages() == {("office_review", "")}
    assert moved["changed"]["sign_off"] == ["who"]


def test_what_was_passed_is_kept_and_what_is_missing_is_walked(desk: Desk) -> None:
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    send_back(desk, "second_review", "second_reviewer", then="continue_here")
    rewrite(desk, f"{PLAIN}{LEADER}")
    desk.submit()
    states = {one["stage"]: one["state"] for one in desk.case()["stages"] if not one["line"]}
    # Its text is another by far, so it is reviewed again; only the edit takes it away, not the way it walks.
    assert [one["reason"] for one in of(desk, "case.stage_voided")] == ["edited"]
    assert states["initial_review"] == "open"
    desk.approve("initial_review", "initial_reviewer")
    desk.approve("office_review", "second_reviewer")
    assert desk.open_stages() == {("second_review", "")}


def test_a_text_that_becomes_lighter_again_keeps_the_heavier_workflow(desk: Desk) -> None:
    rewrite(desk, LEADER)
    desk.submit()
    send_back(desk, "initial_review", "initial_reviewer")
    rewrite(desk, PLAIN)
    assert desk.submit()["workflow_title"] == "领导活动稿件"
    assert of(desk, "case.migrated") == []
    send_back(desk, "initial_review", "initial_reviewer")
    rewrite(desk, LEADER)
    desk.submit()
    assert of(desk, "case.migrated") == []


def test_a_fact_that_asks_for_less_takes_nothing_away(desk: Desk) -> None:
    desk.submit()
    send_back(desk, "initial_review", "initial_reviewer")
    rewrite(desk, PLAIN, source="清河日报")
    desk.submit()
    keys = {one["stage"] for one in desk.case()["stages"]}
    assert {"first_proof", "second_proof", "third_proof", "check_source"} <= keys
    assert of(desk, "case.migrated") == []


def test_a_change_of_the_rules_moves_no_case(desk: Desk, policies: Path) -> None:
    desk.submit()
    send_back(desk, "initial_review", "initial_reviewer")
    file = policies / "routing.yaml"
    file.write_text(file.read_text().replace("workflow: standard", "workflow: heavy"))
    rewrite(desk, f"{PLAIN}大家很高兴。")
    assert desk.submit()["workflow_title"] == "标准三审三校"


def test_a_new_text_waits_for_a_routing_that_can_be_read(desk: Desk, policies: Path) -> None:
    desk.submit()
    send_back(desk, "initial_review", "initial_reviewer")
    rewrite(desk, LEADER)
    file = policies / "routing.yaml"
    text = file.read_text()
    file.write_text("version: [")
    answer = hand_in(desk)
    assert (answer.status_code, answer.json()["code"]) == (503, "routing_unusable")
    file.write_text(text)
    assert hand_in(desk).json()["workflow_title"] == "领导活动稿件"


def test_a_small_correction_that_changes_the_way_is_none(desk: Desk, policies: Path) -> None:
    file = policies / "routing.yaml"
    file.write_text(
        file.read_text()
        .replace(
            "  - {rule: reposts,",
            "  - {rule: quilts, title: 物资, workflow: heavy, when: {facts: [quilts]}}\n  - {rule: reposts,",
        )
        .replace("facts:\n", "facts:\n  quilts: {title: 物资, words: [棉衣]}\n", 1)
    )
    long = "志愿者走进社区，为老人送去冬衣，陪老人聊家常，帮老人打扫院子、整理房间、检查水电。" * 4
    rewrite(desk, f"{long}大家都穿上了绵衣。")
    desk.reviews()
    desk.work()
    start = len(long) + 6
    spot = {"place": "blocks/0", "start": start, "end": start + 2, "quote": "绵衣"}
    marked = desk.mark("proofreader", kind="correct", new_text="棉衣", **spot)
    assert marked.status_code == 201, marked.text
    answer = desk.post(f"/cases/{desk.case_id}/carry-out", "editor", {})
    assert (answer.status_code, "changes_route" in desk.codes(answer)) == (409, True), answer.text
    assert any("领导活动稿件" in one["message"] for one in answer.json()["reasons"])


# recalled and handed in again


def recall(desk: Desk) -> None:
    assert desk.post(f"/cases/{desk.case_id}/recall", "editor", {"comment": "先撤回"}).status_code == 200


def test_recalling_changes_no_class_and_keeps_flags(desk: Desk) -> None:
    assert hand_in(desk, **{"class": "A", "flags": ["expert_opinion"]}).status_code == 201
    recall(desk)
    other = hand_in(desk, **{"class": "C"})
    assert (other.status_code, desk.codes(other)) == (422, {"class_stays"})
    assert hand_in(desk).status_code == 201
    last = of(desk, "case.routed")[-1]
    assert (last["facts"]["class"], last["facts"]["flags"]) == ("A", ["expert_opinion"])
    assert last["after_recall"]["class"] == "A"
    assert {one["stage"] for one in last["stages"] if one["applies"]} == {"outside_experts"}


def test_a_class_that_was_never_given_may_be_given_after_a_recall(desk: Desk) -> None:
    desk.submit()
    recall(desk)
    assert hand_in(desk, **{"class": "B"}).status_code == 201
    last = of(desk, "case.routed")[-1]
    assert (last["facts"]["class"], last["after_recall"]["class"]) == ("B", None)


def test_recalling_gives_no_rounds_back(desk: Desk) -> None:
    desk.submit()
    for number in range(3):
        send_back(desk, "initial_review", "initial_reviewer")
        if number < 2:
            assert hand_in(desk, comment="不改").status_code == 201
    recall(desk)
    assert hand_in(desk).status_code == 201
    answer = desk.decide("initial_review", "initial_reviewer", verdict="send_back", comment="再改")
    assert (answer.status_code, desk.codes(answer)) == (409, {"rounds_used_up"})
    assert of(desk, "case.routed")[-1]["after_recall"]["rounds"] == [
        {"stage": "initial_review", "line": "", "used": 3}
    ]
    recall(desk)
    assert hand_in(desk).status_code == 201
    assert of(desk, "case.routed")[-1]["after_recall"]["rounds"][0]["used"] == 3


def test_who_withdrew_stays_away_and_an_embargo_stands(desk: Desk) -> None:
    desk.submit()
    words = {"comment": "与当事人是亲属", "knowing": True}
    assert desk.post(f"/cases/{desk.case_id}/recusal", "second_reviewer", words).status_code == 200
    assert embargo(desk, "editor", SOON).status_code == 200
    recall(desk)
    assert hand_in(desk).json()["embargo_until"] == "2026-03-03T00:00:00Z"
    desk.approve("initial_review", "initial_reviewer")
    answer = desk.decide("second_review", "second_reviewer")
    assert (answer.status_code, "recused" in desk.codes(answer)) == (403, True)
