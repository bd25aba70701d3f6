"""A draft that two experts outside sign, moved to another workflow version on its way, goes to print."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.evidence.verifier.command import verify
from app.infra.runtime import Runtime
from tests.api import outside
from tests.api.desk import Desk
from tests.api.packages import exported
from tests.api.press import Press, signed
from tests.applications import serving


@pytest.fixture
def desk(runtime: Runtime, tmp_path: Path) -> Iterator[Desk]:
    own = outside.own(runtime, tmp_path)
    with TestClient(serving(own), raise_server_exceptions=False) as client:
        yield Desk.open(client, own)


def test_it_is_published_and_its_evidence_holds(desk: Desk) -> None:
    desk.draft()
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    # The editorial board renames the final review while the draft is on its way.
    file = desk.runtime.settings.policies / "workflows" / "standard.yaml"
    file.write_text(file.read_text().replace("title: 终审\n", "title: 总编终审\n", 1))
    asked = desk.post("/workflows/standard/migration", "policy_keeper", {"reason": "编委会改了名称"})
    assert asked.status_code == 201, asked.text
    granted = desk.post(
        f"/workflow-migrations/{asked.json()['id']}/decision", "final_reviewer", {"grant": True}
    )
    assert granted.json()["state"] == "granted"
    desk.approve("second_review", "second_reviewer")
    for name, phone in (("李明远", "13800001111"), ("王慧", "13900002222")):
        body = {"stage": "experts", "name": name, "post": "教授", "phone": phone}
        asked = desk.post(f"/cases/{desk.case_id}/links", "second_reviewer", body)
        raw, code = outside.sent(desk, asked)
        answer = {"outcome": "agree", "name": name, "checklist": ["已通读全文"], "code": code}
        done = desk.client.post(f"/api/v1/signing/{raw}", json=answer)
        assert done.status_code == 200, done.text
    assert desk.stage("final_review")["title"] == "总编终审"
    desk.approve("final_review", "final_reviewer")
    desk.proofs()
    desk.approve("confirm_marks", "initial_reviewer", "wechat")
    release = signed(desk)
    assert Press.open(desk).publish(release["ticket"], release["digest"]).status_code == 201
    package = exported(desk)
    assert verify(package, None).faults == []
    actions = desk.actions()
    for action in ("case.routed", "case.migrated", "link.made", "link.used", "publication.published"):
        assert action in actions, action
