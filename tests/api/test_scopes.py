"""What is of one unit is unknown to the offices of another: the record, the queue, the evidence."""

import pytest
from fastapi.testclient import TestClient

from app.domain.vocabulary import Role
from app.infra.runtime import Runtime
from tests import factories
from tests.api.desk import Desk


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
