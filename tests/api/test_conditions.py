"""Conditions over the API: what is known of a draft and measured of its text decides where it goes."""

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

pytestmark = pytest.mark.both_databases

DEPARTMENT = {
    "rule": "leaders",
    "title": "提到领导须送对口部门",
    "before": {"level": "final_review"},
    "table": [
        {"says": {"words": ["王市长"]}, "who": {"role": "second_reviewer"}},
        {"says": {"words": ["赵书记"]}, "who": {"post": "市委办负责人"}},
    ],
    "stage": {"key": "department", "title": "对口部门审核", "kind": "review"},
}


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))
    light = yaml.safe_load((folder / "workflows" / "standard.yaml").read_text())
    light |= {"key": "light", "title": "轻稿"}
    light["stages"] = [
        stage for stage in light["stages"] if stage["key"] not in {"second_proof", "third_proof"}
    ]
    light["distinct"] = light["distinct"][:1]
    (folder / "workflows" / "light.yaml").write_text(yaml.safe_dump(light, allow_unicode=True))
    return folder


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, policies: Path) -> Desk:
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": policies})
    return Desk.open(client, runtime)


def route_by(policies: Path, when: dict[str, Any], **more: Any) -> None:
    text = {
        "version": 1,
        "choose": [
            {"rule": "light", "title": "轻稿", "workflow": "light", "when": when},
            {"rule": "rest", "title": "其他", "workflow": "standard"},
        ],
        **more,
    }
    (policies / "routing.yaml").write_text(yaml.safe_dump(text, allow_unicode=True))


def document(text: str, title: str = "冬季走访") -> Document:
    return Document(title=title, blocks=(Paragraph(text=text),))


def routed(desk: Desk) -> dict[str, Any]:
    return next(data for action, _, data in desk.record() if action == "case.routed")


@pytest.mark.parametrize(
    ("when", "workflow"),
    [
        ({"characters_at_least": 10}, "light"),
        ({"characters_at_least": 100}, "standard"),
        ({"amount_at_least": 1_200_000}, "light"),
        ({"amount_at_least": 1_200_001}, "standard"),
        ({"says": {"words": ["走访"], "fields": ["title"]}}, "light"),
        ({"says": {"words": ["走访"], "fields": ["text"]}}, "standard"),
        ({"none_of": [{"media": ["video"]}, {"classes": ["A"]}]}, "light"),
        ({"units": ["清河市民政局"]}, "light"),
        ({"units": ["社会救助科"]}, "standard"),
        ({"units": ["别的单位"]}, "standard"),
        ({"author_posts": ["局长"]}, "standard"),
    ],
)
def test_what_is_known_of_a_draft_chooses(
    desk: Desk, policies: Path, when: dict[str, Any], workflow: str
) -> None:
    desk.draft(document("为敬老院拨付资金120万元。"))
    route_by(policies, when)
    desk.submit()
    assert routed(desk)["workflow"] == workflow
    assert "amount:1200000" in routed(desk)["facts"]["found"]


def test_each_channel_goes_its_own_way(desk: Desk, policies: Path) -> None:
    route_by(policies, {"channels": ["wechat"]}, choose_per="channel")
    desk.draft(document("志愿者送去图书。"), "wechat", "website")
    desk.reviews()
    assert routed(desk)["channels"] == {"wechat": "light", "website": "standard"}
    desk.work()
    for line in ("wechat", "website"):
        desk.approve("first_proof", "proofreader", line)
    assert desk.open_stages() == {("confirm_marks", "wechat"), ("second_proof", "website")}


def test_a_new_text_is_asked_anew_and_a_table_asks_the_department(desk: Desk, policies: Path) -> None:
    route_by(policies, {"says": {"words": ["转办"]}}, add=[DEPARTMENT])
    desk.draft(document("志愿者送去图书。"))
    desk.submit()
    desk.decide("initial_review", "initial_reviewer", verdict="send_back", comment="补写")
    desk.revise({"format": "text", "title": "冬季走访", "content": "王市长走访敬老院。"})
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    desk.approve("second_review", "second_reviewer")
    assert desk.open_stages() == {("department", "")}
    refused = desk.decide("department", "final_reviewer")
    assert (refused.status_code, desk.codes(refused)) == (403, {"not_allowed"})
    desk.approve("department", "second_reviewer")
    assert desk.open_stages() == {("final_review", "")}


def test_a_condition_that_never_holds_is_told_and_nothing_begins_on_it(desk: Desk, policies: Path) -> None:
    route_by(policies, {"all_of": [{"flags": ["x"]}, {"none_of": [{"flags": ["x"]}]}]})
    desk.draft(document("志愿者送去图书。"))
    answer = desk.post(f"/drafts/{desk.draft_id}/submissions", "editor", {"digest": desk.digest()})
    assert (answer.status_code, desk.codes(answer)) == (503, {"policy_file_fault"})
    assert "没有稿件会符合" in answer.text
