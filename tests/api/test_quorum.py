"""One vote of a quorum taken back over the API: the others stay, on both databases and in the evidence."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.domain.vocabulary import Role
from app.evidence.verifier.command import verify
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from tests import factories
from tests.api.desk import PROOFREADERS, Desk
from tests.api.packages import exported
from tests.api.press import Press, signed

pytestmark = pytest.mark.both_databases


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, tmp_path: Path) -> Desk:
    """A draft whose first review takes two of three reviewers."""
    own = Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))
    file = own / "workflows" / "standard.yaml"
    who = "who: {role: initial_reviewer}"
    file.write_text(file.read_text().replace(who, f"{who}\n    need: {{at_least: 2}}", 1))
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": own})
    desk = Desk.open(client, runtime).draft()
    with runtime.database.write() as session:
        for login in ("initial2", "initial3"):
            desk.bureau.users[login] = factories.person(
                session,
                login,
                unit=desk.bureau.office,
                on=desk.bureau.city,
                roles=[Role.INITIAL_REVIEWER],
                at=runtime.clock(),
            )
    desk.submit()
    return desk


def ident(desk: Desk, login: str) -> str:
    return str(desk.bureau.user(login).id)


def take_back(desk: Desk, login: str) -> dict[str, Any]:
    body = {"stage": "initial_review", "comment": "再看"}
    answer = desk.post(f"/cases/{desk.case_id}/take-back", login, body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_only_that_vote_goes(desk: Desk) -> None:
    desk.approve("initial_review", "initial_reviewer")
    desk.approve("initial_review", "initial2")
    assert desk.open_stages() == {("second_review", "")}
    take_back(desk, "initial2")
    assert desk.open_stages() == {("initial_review", "")}
    assert len(desk.case()["decisions"]) == 2
    told = next(data for action, _, data in desk.record() if action == "case.taken_back")
    assert told["persons"] == [ident(desk, "initial2")]
    assert told["kept"] == [{"persons": [ident(desk, "initial_reviewer")], "round": 1}]
    again = desk.decide("initial_review", "initial_reviewer")
    assert desk.codes(again) == {"already_decided"}
    # The same person may vote again, and any other.
    desk.approve("initial_review", "initial2")
    assert desk.open_stages() == {("second_review", "")}
    take_back(desk, "initial_reviewer")
    desk.approve("initial_review", "initial3")
    assert desk.open_stages() == {("second_review", "")}
    assert len(desk.case()["decisions"]) == 4


def test_the_evidence_walks_it_with_the_votes_that_were_kept(desk: Desk) -> None:
    press = Press.open(desk)
    desk.approve("initial_review", "initial_reviewer")
    desk.approve("initial_review", "initial2")
    take_back(desk, "initial2")
    take_back(desk, "initial_reviewer")
    desk.approve("initial_review", "initial3")
    desk.approve("initial_review", "initial2")
    take_back(desk, "initial2")
    desk.approve("initial_review", "initial_reviewer")
    desk.approve("second_review", "second_reviewer")
    desk.approve("final_review", "final_reviewer")
    desk.work()
    for stage, login in PROOFREADERS:
        desk.approve(stage, login, "wechat")
    desk.approve("confirm_marks", "initial3", "wechat")
    release = signed(desk)
    assert press.publish(release["ticket"], release["digest"]).status_code == 201
    report = verify(exported(desk))
    assert report.faults == []
    (line,) = [one for one in report.story if "初审" in one and "initial3先生" in one]
    assert "initial_reviewer先生" in line or any("initial_reviewer先生" in one for one in report.story)
    assert not any("initial2先生" in one for one in report.story)
