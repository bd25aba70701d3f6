"""Out of office over the API: who enters it, what it changes while it lasts, coming back."""

from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from app.domain.vocabulary import Role
from app.identity.absences import service as absences
from app.infra.runtime import Runtime
from tests import factories
from tests.api.desk import Desk
from tests.conftest import SetClock

pytestmark = pytest.mark.both_databases

TODAY, FRIDAY = "2026-03-02", "2026-03-06"


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime)


def leave(desk: Desk, login: str, starts_on: str = TODAY, ends_on: str = FRIDAY, **body: Any) -> Response:
    return desk.post("/absences", login, {"starts_on": starts_on, "ends_on": ends_on, **body})


def another(desk: Desk, login: str, *roles: Role) -> UUID:
    with desk.runtime.database.write() as session:
        unit, over = desk.bureau.office, desk.bureau.city
        made = factories.person(
            session, login, unit=unit, on=over, roles=list(roles), at=desk.runtime.clock()
        )
        return made.id


def test_one_enters_ones_own_and_the_office_that_of_others(desk: Desk) -> None:
    body = {"starts_on": TODAY, "ends_on": FRIDAY}
    assert desk.client.post("/api/v1/absences", json=body).status_code == 401
    theirs = {"user_id": str(desk.bureau.user("initial_reviewer").id)}
    assert leave(desk, "outsider", **theirs).status_code == 404
    for login in ("editor", "system_admin"):
        refused = leave(desk, login, **theirs)
        assert (refused.status_code, desk.codes(refused)) == (403, {"absence_of_others"})
    wrong = leave(desk, "initial_reviewer", "2026-03-01", "2026-02-28")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "absence_refused")
    assert desk.codes(wrong) == {"ends_before_it_starts", "starts_in_the_past"}
    made = leave(desk, "security_admin", **theirs, reason="住院")
    assert (made.status_code, made.json()["state"]) == (201, "in_force")
    assert desk.codes(leave(desk, "initial_reviewer")) == {"absence_overlaps"}
    assert leave(desk, "initial_reviewer", "2026-03-07", "2026-03-08").json()["state"] == "coming"
    for login, reason in (("initial_reviewer", "住院"), ("security_admin", "住院"), ("editor", "")):
        first, second = desk.get("/absences", login).json()
        assert (first["name"], first["reason"]) == ("initial_reviewer先生", reason)
        assert second["starts_on"] == "2026-03-07"
    assert desk.get("/absences", "outsider").json() == []
    stream = f"user:{theirs['user_id']}"
    assert factories.events(desk.runtime.database, stream)[-2:] == [("user.absent", "done")] * 2


def test_coming_back_early_ends_it(desk: Desk, clock: SetClock) -> None:
    made = leave(desk, "initial_reviewer").json()
    path, person = f"/absences/{made['id']}/return", desk.bureau.user("initial_reviewer").id
    with desk.runtime.database.read() as session:
        assert absences.away(session, [person], clock()) == {person}
    assert desk.client.post(f"/api/v1{path}").status_code == 401
    assert desk.post(path, "outsider").status_code == 404
    assert desk.post(path, "editor").status_code == 403
    assert desk.post(path, "initial_reviewer").json()["state"] == "ended"
    assert desk.post(path, "initial_reviewer").json()["code"] == "absence_over"
    with desk.runtime.database.read() as session:
        assert absences.away(session, [person], clock()) == frozenset()
    assert desk.get("/absences").json() == []
    assert leave(desk, "initial_reviewer").status_code == 201
    assert factories.events(desk.runtime.database, f"user:{person}")[-2:] == [
        ("user.back", "done"),
        ("user.absent", "done"),
    ]


def test_it_ends_by_its_date(desk: Desk, clock: SetClock) -> None:
    made = leave(desk, "initial_reviewer", TODAY, TODAY).json()
    person = desk.bureau.user("initial_reviewer").id
    clock.advance(hours=14, minutes=59)  # one minute before midnight in Beijing
    with desk.runtime.database.read() as session:
        assert absences.away(session, None, clock()) == {person}
    clock.advance(minutes=1)
    desk._headers.clear()
    with desk.runtime.database.read() as session:
        assert absences.away(session, None, clock()) == frozenset()
    assert desk.post(f"/absences/{made['id']}/return", "initial_reviewer").json()["code"] == "absence_over"
    assert desk.post("/absences/00000000-0000-7000-8000-000000000000/return", "editor").status_code == 404


def test_nothing_is_handed_to_somebody_who_is_out(desk: Desk) -> None:
    other = another(desk, "initial2", Role.INITIAL_REVIEWER)
    desk.draft().submit()
    body = {"to": str(other), "stage": "initial_review", "line": "", "comment": "请代劳"}
    leave(desk, "initial2")
    refused = desk.post(f"/cases/{desk.case_id}/hand-over", "initial_reviewer", body)
    assert desk.codes(refused) == {"person_absent"}


def test_the_board_lists_what_only_absent_people_could_do(desk: Desk) -> None:
    desk.draft().submit()
    assert desk.client.get("/api/v1/board/absent").status_code == 401
    assert desk.get("/board/absent", "editor").status_code == 403
    assert desk.get("/board/absent", "second_reviewer").json() == []
    made = leave(desk, "initial_reviewer").json()
    (one,) = desk.get("/board/absent", "second_reviewer").json()
    assert (one["draft_id"], one["stage"], one["names"]) == (
        desk.draft_id,
        "initial_review",
        ["initial_reviewer先生"],
    )
    assert desk.get("/board/absent", "outsider").json() == []
    # Somebody at work may do it as well: then it waits for nobody who is away.
    another(desk, "initial2", Role.INITIAL_REVIEWER)
    assert desk.get("/board/absent", "second_reviewer").json() == []
    # But not once it is claimed by who leaves.
    desk.post(f"/absences/{made['id']}/return", "initial_reviewer")
    claim = {"stage": "initial_review", "line": ""}
    assert desk.post(f"/cases/{desk.case_id}/claims", "initial_reviewer", claim).status_code < 300
    leave(desk, "initial_reviewer")
    assert len(desk.get("/board/absent", "second_reviewer").json()) == 1
    (card,) = desk.get("/board", "second_reviewer").json()["items"]
    assert card["claimed_by_absent"] is True


def test_a_deputy_at_work_is_somebody_who_may_act(desk: Desk) -> None:
    other = another(desk, "deputy", Role.EDITOR)
    desk.draft().submit()
    leave(desk, "initial_reviewer")
    assert len(desk.get("/board/absent", "second_reviewer").json()) == 1
    given = {"delegate_id": str(other), "starts_on": TODAY, "ends_on": FRIDAY, "absent": True}
    assert desk.post("/delegations", "initial_reviewer", given).status_code == 201
    assert desk.get("/board/absent", "second_reviewer").json() == []
    leave(desk, "deputy")
    (one,) = desk.get("/board/absent", "second_reviewer").json()
    assert one["names"] == ["deputy先生", "initial_reviewer先生"]
