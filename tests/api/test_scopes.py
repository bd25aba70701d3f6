"""What is of one unit is unknown to the offices of another: the record, the queue, stored answers."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.domain.vocabulary import Role
from app.identity.models import RoleGrant
from app.infra.runtime import Runtime
from app.jobs import service as jobs
from app.jobs.models import Job, JobState
from tests import factories
from tests.api.desk import Desk

pytestmark = pytest.mark.both_databases


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    desk = Desk.open(client, runtime).draft()
    with runtime.database.write() as session:
        for login, unit, role in (
            ("d_audit", desk.bureau.district, Role.AUDIT_ADMIN),
            ("d_sys", desk.bureau.district, Role.SYSTEM_ADMIN),
            ("e_audit", desk.bureau.elsewhere, Role.AUDIT_ADMIN),
        ):
            factories.person(session, login, unit=unit, roles=[role], at=runtime.clock())
    return desk


def test_the_record_of_a_unit_is_its_own_auditors(desk: Desk) -> None:
    desk.submit()
    bureau = desk.bureau
    streams = {
        f"draft:{desk.draft_id}": {"audit_admin"},
        f"user:{bureau.user('publisher').id}": {"audit_admin"},
        f"user:{bureau.user('district_editor').id}": {"audit_admin", "d_audit"},
        f"user:{bureau.user('outsider').id}": {"e_audit"},
        f"unit:{bureau.city.id}": {"audit_admin"},
        f"unit:{bureau.district.id}": {"audit_admin", "d_audit"},
    }
    for stream, readers in streams.items():
        for login in ("audit_admin", "d_audit", "e_audit"):
            for what in ("events", "verification"):
                answer = desk.get(f"/audit/streams/{stream}/{what}", login)
                assert answer.status_code == (200 if login in readers else 404), (stream, login)
    assert desk.get("/audit/streams/policy:active/events", "d_audit").status_code == 404


def test_the_queue_is_for_administrators_of_a_whole_body(desk: Desk) -> None:
    assert desk.get("/jobs", "system_admin").status_code == 200
    assert desk.get("/jobs", "d_sys").status_code == 403


def test_the_queue_shows_nothing_of_another_body(desk: Desk) -> None:
    desk.submit()
    with desk.runtime.database.write() as session:
        where = desk.bureau.elsewhere
        factories.person(session, "e_sys", unit=where, roles=[Role.SYSTEM_ADMIN], at=desk.runtime.clock())
        for job in session.exec(select(Job)):
            job.state = JobState.DEAD
            session.add(job)
        jobs.enqueue(session, "tests.sweep", {}, at=desk.runtime.clock())
    shown = desk.get("/jobs", "system_admin").json()["jobs"]
    assert len(shown) > 1
    assert [one["kind"] for one in desk.get("/jobs", "e_sys").json()["jobs"]] == ["tests.sweep"]
    dead = next(one["id"] for one in shown if one["kind"] == "webhooks.fan_out")
    assert desk.post(f"/jobs/{dead}/retries", "e_sys").status_code == 404
    assert desk.post(f"/jobs/{dead}/retries", "system_admin").status_code == 202


def test_a_stored_answer_is_given_again_only_to_those_who_may_still_see_the_draft(desk: Desk) -> None:
    desk.submit()
    case = f"/cases/{desk.case_id}"
    key = {"Idempotency-Key": "k1"}
    approval = {"stage": "initial_review", "verdict": "approve", "digest": desk.digest()}
    asked = [
        (f"{case}/claims", "initial_reviewer", {"stage": "initial_review"}, {"Idempotency-Key": "k0"}),
        (f"{case}/decisions", "initial_reviewer", approval, key),
        # One of those whose answers are kept sealed.
        (f"{case}/holds", "second_reviewer", _holding(desk), key),
    ]
    for path, login, body, headers in asked:
        first = desk.post(path, login, body, **headers)
        assert first.is_success, first.text
        again = desk.post(path, login, body, **headers)
        assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")

    with desk.runtime.database.write() as session:
        reviewing = {Role.INITIAL_REVIEWER, Role.SECOND_REVIEWER}
        for grant in session.exec(select(RoleGrant)):
            if grant.role in reviewing:
                grant.revoked_at = desk.runtime.clock()
                session.add(grant)

    for path, login, body, headers in asked:
        refused = desk.post(path, login, body, **headers)
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found"), path
        assert desk.digest() not in refused.text


def _holding(desk: Desk) -> dict[str, str]:
    return {"stage": "second_review", "digest": desk.digest(), "comment": "向上级请示口径"}
