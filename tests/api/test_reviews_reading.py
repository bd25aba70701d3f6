from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.domain.workflow.commands import Approve
from app.infra.db import statements
from app.infra.runtime import Runtime
from app.reviews import queries
from app.reviews.commands import perform
from tests import factories
from tests.api.desk import Desk
from tests.conftest import SetClock

pytestmark = pytest.mark.both_databases


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime).draft()


def test_what_awaits_whom(desk: Desk, clock: SetClock) -> None:
    titles = ["第一篇", "第二篇", "第三篇"]
    for title in titles:
        desk.draft(factories.document(title, "志愿者逐户登记需求，帮助老人检查取暖设备。"))
        desk.submit()
        clock.advance(minutes=1)
    assert desk.client.get("/api/v1/awaiting").status_code == 401
    assert desk.get("/awaiting", "editor").json()["items"] == []
    assert desk.get("/awaiting", "outsider").json()["items"] == []
    assert desk.get("/awaiting", "second_reviewer").json()["items"] == []
    waiting = desk.get("/awaiting", "initial_reviewer").json()
    assert [item["title"] for item in waiting["items"]] == titles
    assert waiting["next"] is None
    first = desk.get("/awaiting", "initial_reviewer", limit=2).json()
    rest = desk.get("/awaiting", "initial_reviewer", limit=2, after=first["next"]).json()
    assert [item["title"] for item in first["items"] + rest["items"]] == titles
    assert desk.get("/awaiting", "initial_reviewer", after="x").status_code == 422
    desk.approve("initial_review", "initial_reviewer")
    assert [item["title"] for item in desk.get("/awaiting", "initial_reviewer").json()["items"]] == titles[:2]
    assert [item["stage"] for item in desk.get("/awaiting", "second_reviewer").json()["items"]] == [
        "second_review"
    ]
    done = desk.get("/decisions", "initial_reviewer").json()
    assert [item["stage"] for item in done["items"]] == ["initial_review"]
    assert desk.get("/decisions", "second_reviewer").json()["items"] == []


def test_reading_is_a_fixed_number_of_statements(desk: Desk, clock: SetClock) -> None:
    def counted(read: Any) -> int:
        seen: list[str] = []
        with desk.runtime.database.read() as session:
            token = statements.set(seen)
            read(session)
            statements.reset(token)
        return len([one for one in seen if not one.startswith("BEGIN")])

    actor = desk.actor("initial_reviewer")
    desk.submit()
    one = counted(lambda session: queries.awaiting(session, actor, clock()))
    for _ in range(5):
        desk.draft().submit()
    assert counted(lambda session: queries.awaiting(session, actor, clock())) == one <= 3
    case_id = UUID(desk.case_id)
    few = counted(lambda session: queries.case_view(session, case_id, actor, at=clock()))
    desk.approve("initial_review", "initial_reviewer")
    desk.approve("second_review", "second_reviewer")
    many = counted(lambda session: queries.case_view(session, case_id, actor, at=clock()))
    assert few == many <= 4


def test_a_plain_approval_takes_at_most_twelve_statements(desk: Desk) -> None:
    digest = desk.submit()["revision"]
    actor, seen = desk.actor("initial_reviewer"), []
    with desk.runtime.database.write() as session:
        token = statements.set(seen)
        perform(
            session,
            UUID(desk.case_id),
            Approve("initial_review", "", digest),
            actor=actor,
            runtime=desk.runtime,
            at=desk.runtime.clock(),
        )
        session.flush()
        statements.reset(token)
    asked = [one for one in seen if not one.startswith("BEGIN")]
    assert len(asked) <= 12, "\n".join(asked)


def test_a_decision_answers_with_the_case_as_anybody_would_read_it_then(desk: Desk) -> None:
    desk.submit()
    for stage in ("initial_review", "second_review", "final_review"):
        login = stage.replace("review", "reviewer")
        assert desk.approve(stage, login) == desk.case(login)
    desk.work()
    assert desk.approve("first_proof", "proofreader", "wechat") == desk.case("proofreader")


def test_what_a_reader_may_do_and_why_not(desk: Desk) -> None:
    desk.submit()
    mine = desk.stage("initial_review", login="initial_reviewer")
    assert {option["verb"]: option["allowed"] for option in mine["options"]} == {
        "approve": True,
        "send_back": True,
        "decline": True,
        "hold": True,
        "claim": True,
        "unclaim": False,
        "hand_over": True,
        "consult": True,
        "advise": False,
        "add_reviewer": True,
        "remind": True,
    }
    theirs = desk.stage("initial_review", login="editor")
    approve = next(option for option in theirs["options"] if option["verb"] == "approve")
    assert [refusal["code"] for refusal in approve["refusals"]] == ["not_allowed", "own_draft"]
    assert all(refusal["message"].endswith("。") for refusal in approve["refusals"])
    assert {option["verb"]: option["allowed"] for option in desk.case("editor")["options"]} == {
        "resubmit": False,
        "recall": True,
        "answer": False,
        "copy": True,
        "recuse": True,
        "embargo": True,
        "reclass": False,
    }


def test_a_case_is_shown_to_those_who_may_know(desk: Desk) -> None:
    desk.submit()
    path = f"/cases/{desk.case_id}"
    assert desk.client.get(f"/api/v1{path}").status_code == 401
    assert desk.get(path, "outsider").status_code == 404
    assert desk.get(f"/cases/{uuid4()}").status_code == 404
    shown = desk.get(path, "final_reviewer")
    assert shown.status_code == 200
    assert shown.headers["ETag"] == f'"{shown.json()["version"]}"'
    assert desk.get(f"/drafts/{desk.draft_id}/case", "final_reviewer").json() == shown.json()
    assert desk.get(f"/drafts/{desk.draft_id}/case", "outsider").status_code == 404
    workflow = desk.get(f"/workflows/{shown.json()['workflow']}").json()
    assert (workflow["key"], workflow["definition"]["stages"][1]["key"]) == ("standard", "initial_review")
    assert desk.get(f"/workflows/{'0' * 64}").status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE decision SET comment = 'x'",
        "DELETE FROM decision",
        "UPDATE workflow_version SET title = 'x'",
        "DELETE FROM workflow_version",
        "DELETE FROM stage_run",
        "DELETE FROM review_case",
        "DELETE FROM user_account WHERE login = 'initial_reviewer'",
        "INSERT INTO decision SELECT * FROM decision",
    ],
)
def test_what_was_decided_stays(desk: Desk, change: str) -> None:
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    with desk.session() as session, pytest.raises(DBAPIError):
        session.connection().execute(text(change))
    assert len(desk.case()["decisions"]) == 1


def test_a_stage_is_due_by_the_calendar_and_comes_first_when_it_is_late(desk: Desk, clock: SetClock) -> None:
    desk.submit()  # Monday 2026-03-02, 09:00 in Beijing: two working days
    assert desk.stage("initial_review")["due_at"] == "2026-03-04T10:00:00Z"
    first = desk.draft_id
    clock.now = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
    desk._headers.clear()
    desk.draft().submit()
    items = desk.get("/awaiting", "initial_reviewer").json()["items"]
    assert [(item["draft_id"], item["overdue"]) for item in items] == [(first, False), (desk.draft_id, False)]
    clock.now = datetime(2026, 3, 4, 10, 1, tzinfo=UTC)
    desk._headers.clear()
    items = desk.get("/awaiting", "initial_reviewer").json()["items"]
    assert [(item["draft_id"], item["overdue"]) for item in items] == [(first, True), (desk.draft_id, False)]
