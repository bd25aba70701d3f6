"""Late stages while people are out of office: who is urged, and how far it climbs."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.domain.vocabulary import Role
from app.identity.absences import service as absences
from app.infra.runtime import Runtime
from tests import factories
from tests.api.desk import Desk
from tests.conftest import SetClock
from tests.jobs import test_reminders as reminders
from tests.jobs.test_reminders import DUE, NEXT_DAY, SECOND, calls, heard, look

TODAY = date(2026, 3, 2)


@pytest.fixture
def policies(runtime: Runtime, tmp_path: Path) -> Path:
    return reminders.shipped_with_chain(runtime, tmp_path)


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, policies: Path) -> Desk:
    return reminders.submitted(client, runtime, policies)


def leave(desk: Desk, login: str, *, days: int) -> None:
    """Let somebody be away from today for so many days."""
    with desk.runtime.database.write() as session:
        absences.leave(
            session,
            user_id=desk.bureau.user(login).id,
            starts_on=TODAY,
            ends_on=TODAY + timedelta(days=days - 1),
            actor=desk.actor(login),
            at=desk.runtime.clock(),
        )


def escalated(desk: Desk) -> list[tuple[str, list[str], list[str]]]:
    """Each escalation on record: its rung, who was told, and whose being away was the reason."""
    people = {str(user.id): login for login, user in desk.bureau.users.items()}
    return [
        (
            data["rung"],
            sorted(people[one] for one in data["told"]),
            [people[one] for one in data.get("absent", [])],
        )
        for action, _, data in desk.record()
        if action == "case.stage_escalated"
    ]


def test_where_nobody_else_may_act_it_climbs_at_once(desk: Desk, clock: SetClock) -> None:
    leave(desk, "initial_reviewer", days=3)  # back on Thursday; it is due on Wednesday
    assert look(desk, clock, clock()) == 1
    assert escalated(desk) == [("head_of_department", ["second_reviewer"], ["initial_reviewer"])]
    assert heard(desk, "second_reviewer") == ["stage_escalated"]
    notice = desk.get("/notices", "second_reviewer").json()["items"][0]["text"]
    assert "初审的办理人都外出" in notice
    # Nothing is urged on who is away; and what is late goes on climbing from there.
    assert look(desk, clock, DUE - timedelta(hours=9)) == 1
    assert heard(desk, "initial_reviewer") == ["stage_opened"]
    assert look(desk, clock, DUE + 2 * NEXT_DAY + SECOND) == 2
    assert calls(desk) == ["due", "head_of_department", "late", "leader_in_charge"]
    assert escalated(desk)[1:] == [("leader_in_charge", ["final_reviewer", "proofreader"], [])]


def test_who_is_back_in_time_is_waited_for(desk: Desk, clock: SetClock) -> None:
    leave(desk, "initial_reviewer", days=2)
    assert look(desk, clock, clock()) == 0
    assert look(desk, clock, DUE - timedelta(hours=9)) == 1
    assert heard(desk, "initial_reviewer") == ["stage_opened", "stage_due"]


def test_somebody_else_who_may_act_is_enough(desk: Desk, clock: SetClock) -> None:
    with desk.runtime.database.write() as session:
        unit, over = desk.bureau.office, desk.bureau.city
        factories.person(session, "initial2", unit=unit, on=over, roles=[Role.INITIAL_REVIEWER], at=clock())
    leave(desk, "initial_reviewer", days=30)
    assert look(desk, clock, clock()) == 0
    assert look(desk, clock, DUE + SECOND) == 1
    assert "stage_late" in heard(desk, "initial2")
    assert "stage_late" not in heard(desk, "initial_reviewer")


def test_a_rung_that_is_away_is_passed_over(desk: Desk, clock: SetClock) -> None:
    leave(desk, "second_reviewer", days=30)
    assert look(desk, clock, DUE + NEXT_DAY + SECOND) == 3
    assert escalated(desk) == [
        ("head_of_department", ["second_reviewer"], []),
        ("leader_in_charge", ["final_reviewer", "proofreader"], []),
    ]
    assert look(desk, clock, DUE + 2 * NEXT_DAY + SECOND) == 0


def test_where_everybody_is_away_it_waits_for_its_time(desk: Desk, clock: SetClock) -> None:
    for login in ("initial_reviewer", "second_reviewer", "final_reviewer", "proofreader"):
        leave(desk, login, days=30)
    assert look(desk, clock, clock()) == 0
    assert look(desk, clock, DUE + NEXT_DAY + SECOND) == 2
    assert escalated(desk) == [("head_of_department", ["second_reviewer"], [])]
