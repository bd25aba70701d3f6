"""The unit's board: open cases by stage, what is late first, and only what one may know of."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.infra.runtime import Runtime
from app.reviews.models import ReviewCase, StageRun
from tests.api.desk import Desk

pytestmark = pytest.mark.both_databases


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime)


def case(desk: Desk, *approved: tuple[str, str]) -> str:
    desk.draft()
    desk.submit()
    for stage, login in approved:
        desk.approve(stage, login)
    return desk.case_id


def board(desk: Desk, login: str = "final_reviewer", **params: Any) -> list[dict[str, Any]]:
    answer = desk.get("/board", login, **params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def due_in(desk: Desk, case_id: str, **duration: float) -> None:
    with desk.runtime.database.write() as session:
        query = select(StageRun).where(StageRun.case_id == UUID(case_id), StageRun.state == "open")
        for run in session.exec(query).all():
            run.due_at = desk.runtime.clock() + timedelta(**duration)
            session.add(run)


def test_who_reviews_nothing_has_no_board(desk: Desk) -> None:
    assert desk.client.get("/api/v1/board").status_code == 401
    assert desk.get("/board", "editor").status_code == 403
    assert desk.get("/board", "policy_keeper").status_code == 403
    assert board(desk) == []


def test_it_shows_only_what_one_may_know_of(desk: Desk) -> None:
    case_id = case(desk)
    assert [one["case_id"] for one in board(desk)] == [case_id]
    assert board(desk, "outsider") == []


def test_what_is_late_comes_first_then_by_deadline(desk: Desk) -> None:
    soon, late, free = case(desk), case(desk), case(desk)
    due_in(desk, soon, hours=5)
    due_in(desk, late, hours=-1)
    with desk.runtime.database.write() as session:
        query = select(StageRun).where(StageRun.case_id == UUID(free), StageRun.state == "open")
        session.exec(query).one().due_at = None
    found = board(desk)
    assert [(one["case_id"], one["overdue"]) for one in found] == [(late, True), (soon, False), (free, False)]
    assert [one["case_id"] for one in board(desk, overdue="true")] == [late]


def test_cases_without_an_open_stage_are_there_too(desk: Desk) -> None:
    case_id = case(desk)
    answer = desk.decide("initial_review", "initial_reviewer", verdict="send_back", comment="请改")
    assert answer.status_code == 200
    (one,) = board(desk)
    assert (one["case_id"], one["state"], one["stage"]) == (case_id, "returned", "")
    desk.post(f"/cases/{case_id}/recall", "editor", {})
    assert board(desk) == []


def test_a_case_on_hold_is_not_late(desk: Desk) -> None:
    case_id = case(desk)
    body = {"stage": "initial_review", "digest": desk.case()["revision"], "comment": "请示"}
    assert desk.post(f"/cases/{case_id}/holds", "initial_reviewer", body).status_code == 200
    due_in(desk, case_id, hours=-1)
    (one,) = board(desk)
    assert (one["state"], one["overdue"]) == ("held", False)
    assert board(desk, overdue="true") == []


def test_filters(desk: Desk) -> None:
    first, second = case(desk), case(desk, ("initial_review", "initial_reviewer"))
    desk.post(f"/cases/{second}/claims", "second_reviewer", {"stage": "second_review"})
    assert [one["case_id"] for one in board(desk, stage="initial_review")] == [first]
    assert [one["case_id"] for one in board(desk, claimed="nobody")] == [first]
    (claimed,) = board(desk, claimed="somebody")
    assert (claimed["case_id"], claimed["claimed_by_name"]) == (second, "second_reviewer先生")
    assert board(desk, claimed="me") == []
    assert [one["case_id"] for one in board(desk, "second_reviewer", claimed="me")] == [second]
    assert len(board(desk, unit=str(desk.bureau.city.id))) == 2
    assert board(desk, unit=str(desk.bureau.district.id)) == []
    assert board(desk, unit=str(UUID(int=1))) == []
    assert board(desk, state="held") == []
    assert desk.get("/board", "final_reviewer", state="nothing").status_code == 422
    assert desk.get("/board", "final_reviewer", after="nonsense").status_code == 422


def test_pages_hold_each_case_once(desk: Desk) -> None:
    wanted = {case(desk) for _ in range(5)}
    for number, case_id in enumerate(sorted(wanted)):
        if number % 2:
            due_in(desk, case_id, hours=number)
    with desk.runtime.database.write() as session:
        row = session.get_one(ReviewCase, UUID(min(wanted)))
        row.state = "returned"
        for run in session.exec(select(StageRun).where(StageRun.case_id == row.id)).all():
            run.state = "voided" if run.state == "open" else run.state
    seen: list[str] = []
    after = None
    while True:
        params = {"limit": 2, **({"after": after} if after else {})}
        page = desk.get("/board", "final_reviewer", **params).json()
        seen += [one["case_id"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert sorted(seen) == sorted(wanted)
    assert len(seen) == 5
