"""A committee votes over the API: yes, no, abstaining; when it ends, and what evidence says of it."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient
from sqlmodel import select

from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.reviews import voting
from app.reviews.models import Decision
from tests.api.desk import Desk

pytestmark = pytest.mark.both_databases

MEMBERS = ("proofreader", "proofreader2", "proofreader3")


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))


def committee(policies: Path, **need: Any) -> None:
    file = policies / "workflows" / "standard.yaml"
    content = yaml.safe_load(file.read_text())
    board = {
        "key": "board",
        "title": "编委会",
        "kind": "consult",
        "who": {"role": "proofreader"},
        "need": need,
        "within": {"working_days": 3},
    }
    content["stages"].insert(2, board)
    file.write_text(yaml.safe_dump(content, allow_unicode=True))


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, policies: Path) -> Desk:
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": policies})
    return Desk.open(client, runtime).draft()


def vote(desk: Desk, member: str, verdict: str, comment: str = "") -> Any:
    return desk.decide("board", member, verdict=verdict, comment=comment)


def test_all_vote_and_the_majority_decides(desk: Desk, policies: Path) -> None:
    committee(policies, in_favour="majority", closes="all_voted")
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    assert vote(desk, MEMBERS[0], "approve").status_code == 200
    wordless = vote(desk, MEMBERS[1], "oppose")
    assert (wordless.status_code, desk.codes(wordless)) == (422, {"comment_required"})
    assert vote(desk, MEMBERS[1], "oppose", "依据不足").status_code == 200
    twice = vote(desk, MEMBERS[1], "approve")
    assert (twice.status_code, desk.codes(twice)) == (409, {"already_decided"})
    assert desk.open_stages() == {("board", "")}
    assert vote(desk, MEMBERS[2], "approve").status_code == 200
    assert desk.open_stages() == {("second_review", "")}
    closed = next(data for action, _, data in desk.record() if action == "case.vote_closed")
    assert (closed["result"], closed["yes"], closed["no"], closed["members"]) == ("passed", 2, 1, 3)
    with desk.runtime.database.read() as session:
        verdicts = {row.verdict for row in session.exec(select(Decision).where(Decision.stage == "board"))}
    assert verdicts == {"approved", "opposed"}


def test_a_vote_that_fails_returns_the_draft_and_is_held_anew(desk: Desk, policies: Path) -> None:
    committee(policies, in_favour="majority")
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    vote(desk, MEMBERS[0], "oppose", "依据不足")
    assert vote(desk, MEMBERS[1], "oppose", "依据不足").status_code == 200
    assert desk.case()["state"] == "returned"
    desk.submit(comment="已补充依据")
    assert vote(desk, MEMBERS[0], "abstain").status_code == 200
    assert desk.open_stages() == {("board", "")}


def test_a_vote_until_a_time_is_closed_then(desk: Desk, policies: Path) -> None:
    committee(policies, in_favour="majority", of="votes", closes="at_time")
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    vote(desk, MEMBERS[0], "approve")
    assert voting.close_due(desk.runtime, at=desk.runtime.clock()) == 0
    later = desk.runtime.clock() + timedelta(days=20)
    assert voting.close_due(desk.runtime, at=later) == 1
    assert voting.close_due(desk.runtime, at=later) == 0
    assert desk.open_stages() == {("second_review", "")}


def test_no_committee_no_vote(desk: Desk) -> None:
    desk.submit()
    answer = desk.decide("initial_review", "initial_reviewer", verdict="abstain")
    assert {"outcome_not_offered", "verb_not_offered"} <= desk.codes(answer)
    assert desk.open_stages() == {("initial_review", "")}
