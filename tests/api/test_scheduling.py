"""定时发布 over the API: signed now, out later; taken back; withheld; and embargoes."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from app.audit.models import AuditEvent
from app.domain.workflow.commands import Unschedule
from app.evidence.verifier.command import verify
from app.infra.errors import AppError, Unavailable
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from app.jobs.kinds import JobKind
from app.jobs.models import Job, JobState
from app.negative_list import load_policy
from app.policies.models import PolicyInUse
from app.publication.models import Release, ScheduledRelease
from app.publication.schedule import service as scheduling
from tests import factories, keepers
from tests.api.desk import PROOFREADERS, Desk
from tests.api.packages import exported
from tests.api.press import Press, ready, sign
from tests.api.timing import (
    MENDED,
    SOON,
    SOON_UTC,
    come,
    embargo,
    listed,
    notices,
    publications,
    schedule,
    unschedule,
    waits,
)
from tests.conftest import SetClock, Unchanging

pytestmark = pytest.mark.both_databases


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return ready(Desk.open(client, runtime))


def test_who_may_and_when(desk: Desk) -> None:
    path, digest = f"/cases/{desk.case_id}/releases", desk.stage("sign_off", "wechat")["digest"]
    wish = {"line": "wechat", "digest": digest, "release_at": SOON}
    assert desk.client.post(f"/api/v1{path}", json=wish).status_code == 401
    assert desk.post(path, "outsider", wish).status_code == 404
    assert desk.codes(desk.post(path, "final_reviewer", wish)) == {"not_allowed"}
    past = desk.post(path, "publisher", {**wish, "release_at": "2026-03-02T08:59:59+08:00"})
    assert (past.status_code, desk.codes(past)) == (422, {"instant_past"})
    far = desk.post(path, "publisher", {**wish, "release_at": "2027-03-04T08:00:00+08:00"})
    assert (far.status_code, desk.codes(far)) == (422, {"instant_too_far"})
    assert "2027年3月3日 09:00" in far.json()["reasons"][0]["message"]
    for edge, code in (("0001-01-01T00:00:00+08:00", "past"), ("9999-12-31T23:59:59-08:00", "too_far")):
        answer = desk.post(path, "publisher", {**wish, "release_at": edge})
        assert (answer.status_code, desk.codes(answer)) == (422, {f"instant_{code}"})
        assert embargo(desk, "publisher", edge).status_code == 422
    naive = desk.post(path, "publisher", {**wish, "release_at": "2026-03-03T08:00:00"})
    assert (naive.status_code, naive.json()["code"]) == (422, "malformed")
    stale = desk.post(path, "publisher", {**wish, "digest": "0" * 64})
    assert (stale.status_code, desk.codes(stale)) == (409, {"stale_digest"})
    # None of these has signed anything.
    assert desk.open_stages() == {("sign_off", "wechat")}
    assert listed(desk) == []


def test_signed_now_and_out_at_its_time(desk: Desk, clock: SetClock) -> None:
    told = schedule(desk, comment="节后发布")
    assert (told["release_at"], told["state"]) == ("2026-03-03T00:00:00Z", "waiting")
    case = desk.case()
    assert (case["state"], case["scheduled"]) == ("cleared", {"wechat": "2026-03-03T00:00:00Z"})
    assert publications(desk)["releases"] == []
    assert "release.signed" not in desk.actions()
    assert desk.outbox().count("release.scheduled") == 1
    assert notices(desk, "editor")[0] in {"scheduled", "cleared"}
    assert "scheduled" in notices(desk, "editor")
    assert [one["id"] for one in listed(desk)] == [told["id"]]
    # A second before, nothing.
    come(desk, clock, SOON_UTC - timedelta(seconds=1))
    assert publications(desk)["releases"] == []
    come(desk, clock, SOON_UTC + timedelta(minutes=3))  # the worker may be late
    (release,) = publications(desk)["releases"]
    assert release["signed_at"] == "2026-03-03T00:03:00Z"  # the time is the server's
    assert release["signed_by"] == str(desk.actor("publisher").id)
    (was,) = publications(desk)["scheduled"]
    assert (was["state"], was["ended_at"]) == ("released", "2026-03-03T00:03:00Z")
    assert desk.case()["scheduled"] == {}
    assert listed(desk) == []
    press = Press.open(desk)
    assert press.ask(digest=release["digest"])["statement"]["outcome"] == "cleared"
    assert press.publish(release["ticket"], release["digest"]).status_code == 201
    assert desk.get(f"/drafts/{desk.draft_id}").json()["state"] == "published"
    data = next(data for action, _, data in desk.record() if action == "release.signed")
    assert data["scheduled_for"].startswith("2026-03-03T00:00:00")


def test_the_job_runs_twice_and_a_killed_worker_loses_nothing(desk: Desk, clock: SetClock) -> None:
    told = schedule(desk)
    desk.work()
    clock.now = SOON_UTC
    # One worker takes the job and dies without a word; another has it once the lease is over.
    with desk.runtime.database.write() as session:
        job = session.exec(select(Job).where(Job.kind == JobKind.GO_OUT)).one()
        job.state, job.attempt, job.fence, job.worker = JobState.RUNNING, 1, 1, "gone"
        job.lease_until = SOON_UTC + timedelta(seconds=30)
        session.add(job)
    desk.work()
    assert "release.signed" not in desk.actions()
    clock.advance(seconds=31)
    desk.work()
    for _ in range(2):
        with desk.runtime.database.write() as session:
            again = scheduling.go_out(
                session, UUID(told["id"]), patient=True, runtime=desk.runtime, at=clock()
            )
            assert again is None
    assert desk.actions().count("release.signed") == 1
    with desk.session() as session:
        assert len(session.exec(select(Release)).all()) == 1


def test_too_early_a_job_waits_on(desk: Desk, clock: SetClock) -> None:
    told = schedule(desk)
    with desk.runtime.database.write() as session:
        assert (
            scheduling.go_out(session, UUID(told["id"]), patient=True, runtime=desk.runtime, at=clock())
            is None
        )
    assert publications(desk)["scheduled"][0]["state"] == "waiting"
    come(desk, clock)
    assert publications(desk)["scheduled"][0]["state"] == "released"


def test_while_it_waits_nobody_may_publish_it_and_nobody_changes_the_text(
    client: TestClient, runtime: Runtime
) -> None:
    desk = ready(Desk.open(client, runtime), "wechat", "website")
    digest = desk.case()["proofs"]["wechat"]
    schedule(desk)
    press = Press.open(desk)
    refused = press.ask(digest=digest)["statement"]
    assert [one["code"] for one in refused["reasons"]] == ["nothing_released"]
    # The other line is sent back: the text is its author's, and still they may not change it.
    back = desk.decide("sign_off", "publisher", "website", "send_back", comment="数字有误")
    assert back.status_code == 200, back.text
    version = desk.get(f"/drafts/{desk.draft_id}").headers["ETag"]
    edited = desk.post(
        f"/drafts/{desk.draft_id}/revisions",
        "editor",
        MENDED,
        **{"If-Match": version},
    )
    assert (edited.status_code, edited.json()["code"]) == (409, "line_scheduled")
    at = {"line": "wechat", "line_name": "公众号", "release_at": "2026-03-03T00:00:00+00:00"}
    assert edited.json()["data"] == at
    assert "“公众号”已签发" in edited.json()["title"]
    assert "2026年3月3日 08:00" in edited.json()["title"]
    assert "取消定时" in edited.json()["title"]
    # An author may stop it, and then mend the text.
    assert unschedule(desk, "editor").status_code == 200
    desk.revise(MENDED)
    desk.submit()


def test_what_is_signed_is_not_handed_in_a_second_time(desk: Desk) -> None:
    schedule(desk)
    again = desk.post(f"/drafts/{desk.draft_id}/submissions", "editor", {"digest": desk.digest()})
    assert (again.status_code, desk.codes(again)) == (409, {"not_with_author"})


def test_taken_back_and_signed_anew(desk: Desk, clock: SetClock) -> None:
    schedule(desk)
    path = f"/cases/{desk.case_id}/unschedule"
    assert desk.client.post(f"/api/v1{path}", json={"line": "wechat", "comment": "停"}).status_code == 401
    assert unschedule(desk, "outsider").status_code == 404
    assert desk.codes(unschedule(desk, "final_reviewer")) == {"not_allowed"}
    assert unschedule(desk, comment=" ").status_code == 422
    may = [one for one in desk.case("editor")["options"] if one["verb"] == "unschedule"]
    assert [(one["line"], one["allowed"]) for one in may] == [("wechat", True)]
    taken = unschedule(desk, "editor", comment="活动取消")
    assert taken.status_code == 200, taken.text
    assert (taken.json()["state"], taken.json()["scheduled"]) == ("running", {})
    assert desk.open_stages() == {("sign_off", "wechat")}
    assert desk.get(f"/drafts/{desk.draft_id}").json()["state"] == "in_review"
    assert desk.codes(unschedule(desk)) == {"not_scheduled"}
    assert "unscheduled" in notices(desk, "publisher")
    assert publications(desk)["scheduled"][0]["state"] == "withdrawn"
    # Signed anew for the very same instant: the first job finds that it is not meant.
    schedule(desk)
    come(desk, clock)
    assert [one["state"] for one in publications(desk)["scheduled"]] == ["withdrawn", "released"]
    assert desk.actions().count("release.signed") == 1


def test_once_signed_a_line_that_waits_is_not_signed_for_now(desk: Desk) -> None:
    schedule(desk)
    at_once = sign(desk)
    assert at_once.status_code == 409
    assert "case_closed" in desk.codes(at_once)


def test_at_its_time_everything_is_asked_again(client: TestClient, runtime: Runtime, clock: SetClock) -> None:
    desk = ready(Desk.open(client, runtime), "wechat", "website")
    schedule(desk)
    back = desk.decide(
        "sign_off", "publisher", "website", "send_back", comment="数字有误", then="continue_here"
    )
    assert back.status_code == 200, back.text
    come(desk, clock)
    (was,) = publications(desk)["scheduled"]
    assert was["state"] == "withheld"
    assert {one["code"] for one in was["reasons"]} == {"case_not_ready"}
    assert was["reasons"][0]["data"] == {"state": "returned"}
    assert publications(desk)["releases"] == []
    assert desk.stage("sign_off", "wechat")["state"] == "voided"
    data = next(data for action, _, data in desk.record() if action == "release.withheld")
    assert (data["reasons"], data["line"]) == (["case_not_ready"], "wechat")
    assert data["signed_by"] == [str(desk.actor("publisher").id)]
    assert {"release.withheld"} <= set(desk.outbox())
    for login in ("editor", "publisher"):
        assert "withheld" in notices(desk, login), login
    # The author is free to mend it, and everybody signs anew.
    desk.revise(MENDED)
    desk.submit()


def test_a_stricter_list_in_force_at_its_time_withholds_it(
    desk: Desk, clock: SetClock, tmp_path: Path
) -> None:
    schedule(desk)
    # Another list comes into force: it finds something in a text that was clean.
    words = keepers.WORDS + keepers.FOOL.replace("傻子", "温暖")
    keepers.write(tmp_path / "stricter", {**keepers.FILES, "wording/words.yaml": words})
    stricter = Unchanging(load_policy(tmp_path / "stricter"))
    desk.runtime.negative_list = stricter
    come(desk, clock)
    (was,) = publications(desk)["scheduled"]
    assert was["state"] == "withheld"
    assert [one["code"] for one in was["reasons"]] == ["open_findings"]
    assert desk.case()["state"] == "blocked"
    policies = [data["policy"] for action, _, data in desk.record() if action == "check.run"]
    assert policies[-1] == stricter.current.digest
    assert "blocked" in notices(desk, "editor")


def test_a_process_behind_the_list_in_force_waits_for_it_and_not_for_ever(
    desk: Desk, clock: SetClock
) -> None:
    told = schedule(desk)
    newer = keepers.stored(desk.runtime, keepers.with_new_block())
    with desk.runtime.database.write() as session:
        session.add(PolicyInUse(digest=newer, seq=1, since_at=clock()))
    clock.now = SOON_UTC
    known = {"runtime": desk.runtime, "at": clock()}
    with pytest.raises(Unavailable, match="policy_behind"), desk.runtime.database.write() as session:
        scheduling.go_out(session, UUID(told["id"]), patient=True, **known)
    assert waits(desk) == ["waiting"]
    for attempt in (1, 6):
        with desk.runtime.database.write() as session:
            job = session.exec(select(Job).where(Job.kind == JobKind.GO_OUT)).one()
            job.state, job.attempt, job.run_at = JobState.QUEUED, attempt - 1, clock()
            session.add(job)
        desk.work()
        assert waits(desk) == (["waiting"] if attempt == 1 else ["withheld"])
    desk._headers.clear()
    assert publications(desk)["scheduled"][0]["reasons"][0]["code"] == "not_checked"


def test_a_case_that_ends_takes_it_from_its_time(
    client: TestClient, runtime: Runtime, clock: SetClock
) -> None:
    desk = ready(Desk.open(client, runtime), "wechat", "website")
    schedule(desk)
    back = desk.decide(
        "sign_off", "publisher", "website", "send_back", comment="再看", send_back_to="final_review"
    )
    assert back.status_code == 200, back.text
    # The signature fell; the time stays until somebody takes it back, and signing for now is refused.
    desk.approve("final_review", "final_reviewer")
    desk.work()
    for stage, login in PROOFREADERS:
        desk.approve(stage, login, "wechat")
    desk.approve("confirm_marks", "initial_reviewer", "wechat")
    assert desk.codes(sign(desk)) == {"scheduled"}
    assert desk.codes(sign(desk, release_at="2026-03-04T08:00:00+08:00")) == {"line_scheduled"}
    assert desk.post(f"/cases/{desk.case_id}/recall", "editor", {"comment": "不发了"}).status_code == 200
    assert desk.case()["scheduled"] == {}
    told = next(data for action, _, data in desk.record() if action == "release.unscheduled")
    assert told["reason"] == "recalled"
    assert "unscheduled" in notices(desk, "publisher")
    come(desk, clock)
    assert [one["state"] for one in publications(desk)["scheduled"]] == ["withdrawn"]
    assert publications(desk)["releases"] == []


def test_who_sees_what_waits(desk: Desk) -> None:
    first = schedule(desk)
    other = Desk(desk.client, desk.runtime, desk.bureau, _headers=desk._headers)
    ready(other)
    second = schedule(other, release_at="2026-03-02T23:00:00+08:00")
    assert [one["id"] for one in listed(desk)] == [second["id"], first["id"]]
    page = desk.get("/scheduled-releases", "publisher", limit=1).json()
    assert [one["id"] for one in page["items"]] == [second["id"]]
    following = desk.get("/scheduled-releases", "publisher", limit=1, after=page["next"]).json()
    assert ([one["id"] for one in following["items"]], following["next"]) == ([first["id"]], None)
    assert len(listed(desk, "editor", mine=True)) == 2
    assert listed(desk, "final_reviewer", mine=True) == []
    assert listed(desk, "outsider") == []
    assert desk.client.get("/api/v1/scheduled-releases").status_code == 401


def test_the_same_wish_twice_is_one_schedule(desk: Desk) -> None:
    digest = desk.stage("sign_off", "wechat")["digest"]
    answers = [
        sign(desk, digest=digest, release_at=SOON, headers={"Idempotency-Key": "once"}) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert len(listed(desk)) == 1


def test_the_database_keeps_one_time_a_line(desk: Desk) -> None:
    schedule(desk)
    with desk.runtime.database.read() as session:
        again = session.exec(select(ScheduledRelease)).one().model_dump() | {"id": new_id()}
    with pytest.raises(AppError), desk.runtime.database.write() as session:
        session.add(ScheduledRelease(**again))


def test_the_instant_and_a_change_of_mind_at_once_have_one_outcome(desk: Desk, clock: SetClock) -> None:
    told = schedule(desk)
    clock.now = SOON_UTC
    start = threading.Barrier(6)

    def go_out() -> str:
        start.wait()
        try:
            with desk.runtime.database.write() as session:
                done = scheduling.go_out(
                    session, UUID(told["id"]), patient=True, runtime=desk.runtime, at=SOON_UTC
                )
        except AppError as error:
            return error.code
        return "released" if done else "nothing"

    def take_back() -> str:
        start.wait()
        try:
            with desk.runtime.database.write() as session:
                scheduling.unschedule(
                    session,
                    UUID(desk.case_id),
                    Unschedule("wechat", "改期"),
                    actor=desk.actor("publisher"),
                    runtime=desk.runtime,
                    at=SOON_UTC,
                )
        except AppError as error:
            return error.code
        return "taken back"

    with ThreadPoolExecutor(6) as pool:
        running = [pool.submit(one) for one in (go_out, take_back) * 3]
        outcomes = [one.result(timeout=30) for one in running]
    won = [one for one in outcomes if one in {"released", "taken back"}]
    assert len(won) == 1, outcomes
    assert set(outcomes) - set(won) <= {"nothing", "not_scheduled"}, outcomes
    assert desk.actions().count("release.signed") == outcomes.count("released")
    assert desk.actions().count("release.unscheduled") == outcomes.count("taken back")
    assert waits(desk) == ["released" if won == ["released"] else "withdrawn"]


def test_a_signature_given_for_somebody_keeps_its_names(desk: Desk, clock: SetClock) -> None:
    """代: the record and the sheet name who signed, and for whom, also when the service lets it out."""
    with desk.runtime.database.write() as session:
        deputy = factories.person(
            session, "deputy", unit=desk.bureau.office, on=desk.bureau.office, roles=[], at=clock()
        )
        deputy_id = deputy.id
    wish = {
        "delegate_id": str(deputy_id),
        "starts_on": "2026-03-02",
        "ends_on": "2026-03-06",
        "reason": "出差",
    }
    given = desk.post("/delegations", "publisher", wish)
    assert given.status_code == 201, given.text
    assert sign(desk, "deputy", release_at=SOON).status_code == 201
    come(desk, clock)
    (release,) = publications(desk)["releases"]
    assert release["signed_by"] == str(deputy_id)
    with desk.session() as session:
        rows = session.exec(select(AuditEvent).order_by(col(AuditEvent.seq))).all()
    bodies = {row.action: json.loads(row.body) for row in rows if row.action.startswith("release.")}
    planned, out = bodies["release.scheduled"], bodies["release.signed"]
    principal = str(desk.actor("publisher").id)
    assert (planned["actor"]["id"], planned["on_behalf_of"]["id"]) == (str(deputy_id), principal)
    assert (out["actor"]["id"], out["on_behalf_of"]["id"]) == (None, str(deputy_id))
    assert verify(exported(desk)).faults == []
