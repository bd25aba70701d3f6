"""A workflow that the linter warns of is walked only when one person asked for it and another accepted."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient

from app.infra.paths import shipped
from app.infra.runtime import Runtime
from tests.api.desk import Desk

WHY = {"reason": "街道只有两名校对，由办公室每月抽查。"}


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, policies: Path) -> Desk:
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": policies})
    desk = Desk.open(client, runtime).draft()
    edit(policies)
    return desk


def edit(policies: Path, **stage: Any) -> None:
    """Take the set of the proofreads away; and let the final review say something else."""
    file = policies / "workflows" / "standard.yaml"
    content = yaml.safe_load(file.read_text())
    content["distinct"] = content["distinct"][:1]
    next(one for one in content["stages"] if one["key"] == "final_review").update(stage)
    file.write_text(yaml.safe_dump(content, allow_unicode=True))


def hand_in(desk: Desk) -> Any:
    answer = desk.post(f"/drafts/{desk.draft_id}/submissions", "editor", {"digest": desk.digest()})
    if answer.status_code == 201:
        desk.case_id = answer.json()["id"]
    return answer


def ask(desk: Desk, login: str = "policy_keeper", **body: Any) -> Any:
    return desk.post("/workflows/standard/risks", login, {**WHY, **body})


def decide(desk: Desk, wish: str, login: str = "final_reviewer", *, accept: bool = True) -> Any:
    return desk.post(f"/workflow-risks/{wish}/decision", login, {"accept": accept})


def test_nobody_walks_it_before_a_second_person_accepted(desk: Desk) -> None:
    refused = hand_in(desk)
    assert (refused.status_code, desk.codes(refused)) == (503, {"workflow_risk"})
    assert "可能由同一人完成" in refused.json()["reasons"][0]["message"]
    assert ask(desk, "editor").status_code == 403
    assert ask(desk, reason="").status_code == 422
    assert ask(desk, reason="  ").status_code == 422
    asked = ask(desk)
    assert asked.status_code == 201, asked.text
    assert [one["code"] for one in asked.json()["warnings"]] == ["proofs_not_distinct"]
    assert ask(desk).json()["code"] == "risk_asked"
    assert hand_in(desk).status_code == 503
    own = decide(desk, asked.json()["id"], "policy_keeper")
    assert (own.status_code, desk.codes(own)) == (403, {"own_risk"})
    assert decide(desk, asked.json()["id"], "second_reviewer").status_code == 403
    accepted = decide(desk, asked.json()["id"])
    assert (accepted.status_code, accepted.json()["state"]) == (200, "granted")
    assert decide(desk, asked.json()["id"]).json()["code"] == "risk_decided"
    assert ask(desk).json()["code"] == "risk_nothing"
    assert hand_in(desk).status_code == 201
    routed = next(data for action, _, data in desk.record() if action == "case.routed")
    told = routed["accepted"][0]
    assert told["code"] == "proofs_not_distinct"
    assert told["stages"] == ["first_proof", "second_proof", "third_proof"]
    assert told["asked_by"] == str(desk.actor("policy_keeper").id)
    assert told["accepted_by"] == str(desk.actor("final_reviewer").id)
    assert [one["state"] for one in desk.get("/workflow-risks", "policy_keeper").json()] == ["granted"]


def test_what_is_declined_stays_closed_and_may_be_asked_again(desk: Desk) -> None:
    wish = ask(desk).json()["id"]
    assert decide(desk, wish, accept=False).json()["state"] == "declined"
    assert hand_in(desk).status_code == 503
    assert ask(desk).status_code == 201


def test_what_was_accepted_lapses_with_what_it_hangs_on(desk: Desk, policies: Path) -> None:
    decide(desk, ask(desk).json()["id"])
    edit(policies, title="总审", within={"working_days": 9})
    assert hand_in(desk).status_code == 201
    edit(policies, author_may_act=True)
    desk.draft()
    refused = hand_in(desk)
    assert (refused.status_code, len(refused.json()["reasons"])) == (503, 1)
    assert "自己审自己" in refused.json()["reasons"][0]["message"]
    wish = ask(desk).json()
    assert [one["code"] for one in wish["warnings"]] == ["author_decides_late"]
    edit(policies, author_may_act=True, who=[{"role": "publisher"}])
    late = decide(desk, wish["id"])
    assert (late.status_code, late.json()["code"]) == (409, "risk_outdated")
