"""Outcomes that ask for a reason or a basis, and a draft sent back since somebody must see it first."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient

from app.domain.workflow import lint
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from tests.api.desk import Desk

OUTCOMES = [
    {"key": "approve", "title": "通过", "verb": "approve", "basis": True},
    {"key": "unsigned", "title": "未会签，退回", "verb": "send_back", "raises": ["joint"], "comment": True},
    {
        "key": "send_back",
        "title": "退回修改",
        "verb": "send_back",
        "one_of_reasons": True,
        "reasons": ["事实不清", "依据不足"],
    },
    {"key": "decline", "title": "不予发布", "verb": "decline", "comment": True},
]


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """The standard workflow, with such outcomes at 复审, and a joint stage before it by the flag."""
    folder = Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))
    file = folder / "workflows" / "standard.yaml"
    scheme = yaml.safe_load(file.read_text())
    second = next(stage for stage in scheme["stages"] if stage["key"] == "second_review")
    joint = {
        "key": "joint",
        "title": "会签",
        "kind": "review",
        "who": {"role": "proofreader"},
        "applies_if": {"flags": ["joint"]},
    }
    scheme["stages"].insert(scheme["stages"].index(second), joint)
    second["outcomes"] = OUTCOMES
    file.write_text(yaml.safe_dump(scheme, allow_unicode=True))
    return folder


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, policies: Path) -> Desk:
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": policies})
    desk = Desk.open(client, runtime).draft()
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    return desk


def second(desk: Desk, verdict: str, outcome: str, comment: str = "", **body: Any) -> Any:
    return desk.decide(
        "second_review", "second_reviewer", verdict=verdict, outcome=outcome, comment=comment, **body
    )


def test_a_basis_is_named_in_a_line_of_its_own(desk: Desk) -> None:
    for words in ("", "同意发布", "没有依据：", "依据："):
        refused = second(desk, "approve", "approve", words)
        assert (refused.status_code, desk.codes(refused)) == (422, {"basis_required"}), words
    assert second(desk, "approve", "approve", "同意。\n依据：市政府令第12号").status_code == 200


def test_one_of_the_preset_reasons_is_given_and_stands_on_record(desk: Desk) -> None:
    refused = second(desk, "send_back", "send_back", "请再核")
    assert (refused.status_code, desk.codes(refused)) == (422, {"reason_required"})
    assert "事实不清、依据不足" in refused.json()["reasons"][0]["message"]
    assert second(desk, "send_back", "send_back", "事实不清\n第二段日期有误").status_code == 200
    sent = next(data for name, _, data in desk.record() if name == "decision.sent_back")
    assert sent["reasons"] == ["事实不清"]


def test_sending_back_may_raise_a_flag_for_a_stage_before(desk: Desk) -> None:
    assert desk.open_stages() == {("second_review", "")}
    back = second(desk, "send_back", "unsigned", "请先会签", send_back_to="initial_review", then="walk_again")
    assert back.status_code == 200, back.text
    desk.approve("initial_review", "initial_reviewer")
    assert desk.open_stages() == {("joint", "")}
    desk.approve("joint", "proofreader")
    assert desk.open_stages() == {("second_review", "")}


def test_continuing_here_goes_by_the_stage_that_was_missing(desk: Desk) -> None:
    back = second(
        desk, "send_back", "unsigned", "请先会签", send_back_to="initial_review", then="continue_here"
    )
    assert back.status_code == 200, back.text
    desk.approve("initial_review", "initial_reviewer")
    assert desk.open_stages() == {("joint", "")}


def test_the_linter_asks_for_reasons_to_give(policies: Path) -> None:
    file = policies / "workflows" / "standard.yaml"
    assert lint(file.read_text()).faults == ()
    without = file.read_text().replace("事实不清", "").replace("依据不足", "")
    scheme = yaml.safe_load(without)
    stage = next(stage for stage in scheme["stages"] if stage["key"] == "second_review")
    stage["outcomes"][2]["reasons"] = []
    faults = lint(yaml.safe_dump(scheme, allow_unicode=True)).faults
    assert [fault.code for fault in faults] == ["no_reasons_to_give"]
