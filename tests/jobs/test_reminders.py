"""Late stages: reminded, told, climbed the chain, each once; and years that nobody has entered."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from app.channels import service as channels
from app.domain.calendar import YearUnknown, read_calendar
from app.domain.vocabulary import Role
from app.domain.workflow.definition import Late
from app.domain.workflow.lint import read_workflow
from app.identity import service as identity
from app.identity.access import SYSTEM
from app.identity.models import User
from app.infra.errors import Invalid
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.jobs.models import Job
from app.jobs.runner import Runner
from app.reviews.deadlines import escalation
from app.reviews.deadlines.escalation import wanted
from app.reviews.models import Call, StageCall, StageRun
from tests import factories
from tests.api.desk import Desk
from tests.conftest import SetClock

#: The stage of the tests is due on Wednesday 2026-03-04, 18:00 in Beijing.
DUE = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
NEXT_DAY = timedelta(days=1)
SHIPPED = "head_of_department: [{role: second_reviewer}]\n      leader_in_charge: [{role: final_reviewer}]"
CHAIN = """handler: [{person: editor2}]
      head_of_department: [{role: second_reviewer}]
      leader_in_charge: [{role: final_reviewer}, {person: proofreader}]"""


def shipped_with_chain(runtime: Runtime, tmp_path: Path) -> Path:
    """The shipped policies, with another chain for the first channel."""
    folder = tmp_path / "policies"
    shutil.copytree(shipped("policies"), folder)
    file = folder / "channels.yaml"
    text = file.read_text(encoding="utf-8")
    assert SHIPPED in text
    # There is more than one root in the tests' tree, so channels say whose they are.
    text = text.replace(SHIPPED, CHAIN, 1).replace("  - code:", "  - unit: 清河市民政局\n    code:")
    file.write_text(text, encoding="utf-8")
    runtime.settings.policies_dir = folder
    return folder


@pytest.fixture
def policies(runtime: Runtime, tmp_path: Path) -> Path:
    return shipped_with_chain(runtime, tmp_path)


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, policies: Path) -> Desk:
    return submitted(client, runtime, policies)


def submitted(client: TestClient, runtime: Runtime, policies: Path) -> Desk:
    """A draft handed in under these policies."""
    desk = Desk.open(client, runtime)
    with runtime.database.write() as session:
        channels.sync(session, (policies / "channels.yaml").read_text(), at=runtime.clock())
    desk.draft().submit()
    desk.work()
    return desk


def heard(desk: Desk, login: str) -> list[str]:
    """The kinds of what somebody was told, the oldest first."""
    desk._headers.clear()
    return [one["kind"] for one in reversed(desk.get("/notices", login).json()["items"])]


def look(desk: Desk, clock: SetClock, at: datetime) -> int:
    clock.now = at
    made = escalation.sweep(desk.runtime, at=at)
    assert escalation.sweep(desk.runtime, at=at) == 0, "looked twice, called twice"
    desk.work()
    return made


def calls(desk: Desk) -> list[str]:
    with desk.session() as session:
        return sorted(session.exec(select(StageCall.call)).all())


def test_a_stage_is_reminded_then_late_then_climbs_the_chain(desk: Desk, clock: SetClock) -> None:
    assert look(desk, clock, datetime(2026, 3, 4, 0, 59, tzinfo=UTC)) == 0
    assert look(desk, clock, datetime(2026, 3, 4, 1, 0, tzinfo=UTC)) == 1
    assert heard(desk, "initial_reviewer") == ["stage_opened", "stage_due"]
    assert look(desk, clock, DUE) == 0
    assert look(desk, clock, DUE + timedelta(seconds=1)) == 1
    assert heard(desk, "initial_reviewer") == ["stage_opened", "stage_due", "stage_late"]
    # The handler of the chain may not see the draft, so nothing is said to them.
    assert heard(desk, "editor2") == []
    assert look(desk, clock, DUE + NEXT_DAY) == 0
    assert look(desk, clock, DUE + NEXT_DAY + timedelta(seconds=1)) == 1
    assert heard(desk, "second_reviewer") == ["stage_escalated"]
    assert (heard(desk, "final_reviewer"), heard(desk, "proofreader")) == ([], [])
    assert look(desk, clock, DUE + 2 * NEXT_DAY + timedelta(seconds=1)) == 1
    assert heard(desk, "final_reviewer") == heard(desk, "proofreader") == ["stage_escalated"]
    # The top of the chain names nobody: it is on record all the same. 7 and 8 March are a weekend.
    assert look(desk, clock, DUE + 4 * NEXT_DAY + timedelta(seconds=1)) == 0
    assert look(desk, clock, DUE + 5 * NEXT_DAY + timedelta(seconds=1)) == 1
    actions = [
        action for action in desk.actions() if action.startswith("case.stage_") and "opened" not in action
    ]
    assert actions == ["case.stage_due", "case.stage_late", *["case.stage_escalated"] * 3]
    rungs = [data.get("rung") for action, _, data in desk.record() if action == "case.stage_escalated"]
    assert rungs == ["head_of_department", "leader_in_charge", "party_secretary"]
    assert "case.stage_escalated" in desk.outbox()
    assert heard(desk, "initial_reviewer").count("stage_late") == 1


def test_a_service_that_was_down_calls_everything_that_is_due_by_now_and_reminds_of_nothing_past(
    desk: Desk, clock: SetClock
) -> None:
    assert look(desk, clock, DUE + 2 * NEXT_DAY + timedelta(seconds=1)) == 3
    assert calls(desk) == ["head_of_department", "late", "leader_in_charge"]


def test_a_stage_that_was_decided_calls_nobody(desk: Desk, clock: SetClock) -> None:
    desk.approve("initial_review", "initial_reviewer")
    with desk.runtime.database.write() as session:
        for run in session.exec(select(StageRun).where(StageRun.state == "open")).all():
            run.due_at = None
            session.add(run)
    clock.now = DUE + 9 * NEXT_DAY
    assert escalation._waiting(Session(desk.runtime.database.engine), clock()) == []


def test_the_clock_stands_still_while_an_answer_is_awaited(desk: Desk, clock: SetClock) -> None:
    clock.now = DUE - timedelta(hours=20)
    desk._headers.clear()
    body = {"stage": "initial_review", "line": "", "digest": desk.digest(), "comment": "请示宣传部。"}
    assert desk.post(f"/cases/{desk.case_id}/holds", "initial_reviewer", body).status_code == 200
    assert look(desk, clock, DUE + 5 * NEXT_DAY) == 0
    desk._headers.clear()
    answer = desk.post(f"/cases/{desk.case_id}/answers", "initial_reviewer", {"comment": "同意。"})
    assert answer.status_code == 200
    # 20 hours were left: due on 10 March at 14:00 in Beijing.
    due = DUE + 5 * NEXT_DAY + timedelta(hours=20)
    assert datetime.fromisoformat(desk.stage("initial_review")["due_at"]) == due
    assert look(desk, clock, due) == 1
    assert calls(desk) == ["due"]
    assert look(desk, clock, due + timedelta(seconds=1)) == 1


def test_two_that_look_at_the_same_time_call_once(desk: Desk, clock: SetClock) -> None:
    at = DUE + timedelta(minutes=1)
    with desk.runtime.database.read() as session:
        (waiting,) = escalation._waiting(session, at)
    made = []
    for _ in range(2):
        with desk.runtime.database.write() as session:
            made.append(escalation._call(session, waiting, {Call.LATE}, at=at))
    assert made == [1, 0]


def test_the_sweep_is_a_scheduled_job(desk: Desk, clock: SetClock) -> None:
    runner = Runner(desk.runtime)
    runner.plan()
    clock.now = DUE + timedelta(minutes=1)
    runner.run_until_idle()
    assert calls(desk) == ["late"]


def test_a_missing_year_is_an_alarm_and_no_crash(desk: Desk, policies: Path, clock: SetClock) -> None:
    (policies / "calendar" / "2026.yaml").unlink()
    assert look(desk, clock, DUE + timedelta(seconds=1)) == 1  # that it is late needs no calendar
    assert look(desk, clock, DUE + NEXT_DAY + timedelta(seconds=1)) == 0
    told = desk.get("/notices", "system_admin").json()["items"]
    assert [one["kind"] for one in told] == ["calendar_missing"]
    assert told[0]["text"].startswith("系统里没有2026年的放假安排")
    assert told[0]["draft_id"] is None
    with desk.session() as session:
        alarms = session.exec(select(Job).where(Job.kind == "notifications.alarm")).all()
    assert [one.state for one in alarms] == ["done"]


def test_a_stage_without_a_deadline_gets_one_when_the_year_is_known(
    desk: Desk, policies: Path, clock: SetClock
) -> None:
    file = policies / "calendar" / "2026.yaml"
    text = file.read_text(encoding="utf-8")
    file.unlink()
    desk.draft().submit()
    assert desk.stage("initial_review")["due_at"] is None
    look(desk, clock, clock() + timedelta(hours=1))
    desk._headers.clear()
    assert desk.stage("initial_review")["due_at"] is None
    assert heard(desk, "system_admin") == ["calendar_missing"]
    file.write_text(text, encoding="utf-8")
    look(desk, clock, datetime(2026, 3, 9, 2, 0, tzinfo=UTC))  # a Monday: two working days from now
    desk._headers.clear()
    assert desk.stage("initial_review")["due_at"] == "2026-03-11T10:00:00Z"


def test_an_alarm_comes_before_the_year_does(desk: Desk, clock: SetClock) -> None:
    assert look(desk, clock, datetime(2026, 3, 2, 2, 0, tzinfo=UTC)) == 0
    assert heard(desk, "system_admin") == []
    desk.decide("initial_review", "initial_reviewer", verdict="decline", comment="不用。")
    look(desk, clock, datetime(2026, 12, 28, 2, 0, tzinfo=UTC))
    assert heard(desk, "system_admin") == ["calendar_missing"]


CALENDAR = read_calendar(
    (shipped("policies") / "calendar" / f"{year}.yaml").read_text(encoding="utf-8") for year in (2025, 2026)
)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("late_", "at", "calls_"),
    [
        (Late(), DUE - timedelta(hours=9) - SECOND, set()),
        (Late(), DUE - timedelta(hours=9), {Call.DUE}),
        (Late(), DUE, {Call.DUE}),
        (Late(remind=False), DUE, set()),
        (Late(), DUE + SECOND, {Call.LATE}),
        (Late(remind=False), DUE + SECOND, set()),
        (Late(), DUE + 30 * NEXT_DAY, {Call.LATE}),
        (Late(escalate=True), DUE + NEXT_DAY, {Call.LATE}),
        (Late(escalate=True), DUE + NEXT_DAY + SECOND, {Call.LATE, Call.HEAD_OF_DEPARTMENT}),
        (Late(remind=False, escalate=True), DUE + NEXT_DAY + SECOND, {Call.HEAD_OF_DEPARTMENT}),
        (Late(escalate=True), DUE + 30 * NEXT_DAY, set(Call) - {Call.DUE, Call.STRANDED}),
    ],
)
def test_what_should_have_been_called_by_now(late_: Late, at: datetime, calls_: set[Call]) -> None:
    assert wanted(DUE, at, late_, CALENDAR) == (calls_, None)


def test_what_cannot_be_reckoned_is_said() -> None:
    due = datetime(2026, 12, 31, 10, 0, tzinfo=UTC)
    unknown = YearUnknown(2027, (2025, 2026))
    assert wanted(due, due + SECOND, Late(), CALENDAR) == ({Call.LATE}, None)
    assert wanted(due, due + SECOND, Late(escalate=True), CALENDAR) == ({Call.LATE}, unknown)
    beyond = datetime(2027, 1, 4, 10, 0, tzinfo=UTC)
    assert wanted(beyond, beyond - NEXT_DAY, Late(), CALENDAR) == (set(), unknown)


def test_a_chain_that_makes_no_sense_is_refused(desk: Desk, policies: Path, runtime: Runtime) -> None:
    file = policies / "channels.yaml"
    text = file.read_text(encoding="utf-8")
    for wrong in ("handler: [{role: editor, person: editor2}]", "handler: [{}]", "boss: [{role: editor}]"):
        file.write_text(text.replace("handler: [{person: editor2}]", wrong), encoding="utf-8")
        with runtime.database.write() as session, pytest.raises(Invalid) as refused:
            channels.sync(session, file.read_text(), at=runtime.clock())
        assert refused.value.code == "channels_malformed"


def test_a_rung_may_name_a_post(desk: Desk, policies: Path, runtime: Runtime, clock: SetClock) -> None:
    file = policies / "channels.yaml"
    text = file.read_text(encoding="utf-8")
    text = text.replace("head_of_department: [{role: second_reviewer}]", "head_of_department: [{post: 科长}]")
    file.write_text(text, encoding="utf-8")
    with runtime.database.write() as session:
        channels.sync(session, file.read_text(), at=clock())
        user = session.get_one(User, desk.bureau.user("proofreader2").id)
        city = desk.bureau.city
        user.posts = [{"unit": str(city.id), "path": city.path, "post": "科长", "heads": False}]
        session.add(user)
    look(desk, clock, DUE + NEXT_DAY + SECOND)
    assert heard(desk, "proofreader2") == ["stage_escalated"]
    assert heard(desk, "second_reviewer") == []


def test_the_shipped_workflow_climbs_the_shipped_chain(
    client: TestClient, runtime: Runtime, clock: SetClock
) -> None:
    desk = Desk.open(client, runtime).draft()
    desk.submit()
    with runtime.database.write() as session:
        user = session.get_one(User, desk.bureau.user("proofreader2").id)
        city = desk.bureau.city
        user.posts = [{"unit": str(city.id), "path": city.path, "post": "党组书记", "heads": True}]
        session.add(user)
    for days, login in enumerate(("second_reviewer", "final_reviewer"), start=1):
        look(desk, clock, DUE + days * NEXT_DAY + SECOND)
        assert heard(desk, login) == ["stage_escalated"]
    look(desk, clock, DUE + 5 * NEXT_DAY + SECOND)  # over a weekend
    assert heard(desk, "proofreader2") == ["stage_escalated"]


def test_every_stage_of_people_in_the_shipped_workflow_escalates() -> None:
    text = (shipped("policies") / "workflows" / "standard.yaml").read_text(encoding="utf-8")
    for stage in read_workflow(text).stages:
        assert stage.late.escalate is stage.by_people, stage.key
        assert (stage.within is not None) is stage.by_people, stage.key


def test_whoever_has_left_stands_on_no_rung(desk: Desk, clock: SetClock) -> None:
    with desk.runtime.database.write() as session:
        identity.deactivate_user(
            session, user_id=desk.bureau.user("second_reviewer").id, actor=SYSTEM, at=clock()
        )
    look(desk, clock, DUE + NEXT_DAY + SECOND)
    told = [data["told"] for action, _, data in desk.record() if action == "case.stage_escalated"]
    assert told == [[]]
    assert Role.SECOND_REVIEWER in factories.TRADE
