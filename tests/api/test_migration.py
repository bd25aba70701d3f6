"""Workflow versions over the API: which cases differ, and moving them with four eyes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import func
from sqlmodel import SQLModel, select

from app.infra.runtime import Runtime
from app.reviews.models import ReviewCase
from tests import factories
from tests.api import outside
from tests.api.desk import Desk
from tests.applications import serving

MIGRATION = "/workflows/standard/migration"


@pytest.fixture
def desk(runtime: Runtime, tmp_path: Path) -> Iterator[Desk]:
    """A draft at its second review; `edit` changes the file of its workflow."""
    own = outside.own(runtime, tmp_path)
    with TestClient(serving(own), raise_server_exceptions=False) as client:
        desk = Desk.open(client, own).draft()
        desk.submit()
        desk.approve("initial_review", "initial_reviewer")
        yield desk


def edit(desk: Desk, old: str = "title: 终审", new: str = "title: 总编终审") -> None:
    file = desk.runtime.settings.policies / "workflows" / "standard.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def rows(desk: Desk) -> dict[str, int]:
    with desk.runtime.database.read() as session:
        tables = SQLModel.metadata.sorted_tables
        return {one.name: session.exec(select(func.count()).select_from(one)).one() for one in tables}


def dry_run(desk: Desk, **params: str) -> dict[str, Any]:
    answer = desk.get(MIGRATION, "policy_keeper", **params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def headers(desk: Desk, login: str) -> dict[str, str]:
    return factories.signed_in(desk.client, login)


def asked(desk: Desk, login: str = "policy_keeper", **body: Any) -> Response:
    return desk.post(MIGRATION, login, {"reason": "编委会改了终审的名称", **body})


def decided(desk: Desk, migration: str, login: str = "final_reviewer", **body: Any) -> Response:
    return desk.post(f"/workflow-migrations/{migration}/decision", login, {"grant": True, **body})


def digest_of(desk: Desk) -> str:
    with desk.runtime.database.read() as session:
        return session.get_one(ReviewCase, UUID(desk.case_id)).workflow_digest


def test_the_versions_in_force_and_how_many_cases_differ(desk: Desk) -> None:
    assert desk.client.get("/api/v1/workflows").status_code == 401

    def standard(login: str) -> dict[str, Any]:
        found = desk.client.get("/api/v1/workflows", headers=headers(desk, login)).json()
        return next(one for one in found if one["key"] == "standard")

    before = standard("policy_keeper")
    assert (before["digest"], before["cases"], before["differing"]) == (digest_of(desk), 1, 0)
    edit(desk)
    after = standard("policy_keeper")
    assert after["digest"] != before["digest"]
    assert (after["cases"], after["differing"]) == (1, 1)
    assert standard("editor")["cases"] == 0  # who keeps no policy counts no drafts
    edit(desk, "levels: second_review", "levels: first_proof")
    broken = standard("policy_keeper")
    assert (broken["digest"], broken["differing"]) == (None, 1)
    assert "missing_review_level" in {one["data"].get("fault") for one in broken["faults"]}


def test_a_dry_run_says_exactly_what_would_happen_and_changes_nothing(desk: Desk) -> None:
    assert desk.client.get(f"/api/v1{MIGRATION}").status_code == 401
    assert desk.client.get(f"/api/v1{MIGRATION}", headers=headers(desk, "final_reviewer")).status_code == 403
    unknown = desk.client.get("/api/v1/workflows/nothing/migration", headers=headers(desk, "policy_keeper"))
    assert unknown.status_code == 404
    assert dry_run(desk)["cases"] == []
    edit(desk)
    before = rows(desk)
    found = dry_run(desk)
    assert rows(desk) == before
    (one,) = found["cases"]
    assert (one["case_id"], one["workflow"], one["allowed"]) == (desk.case_id, digest_of(desk), True)
    assert one["differences"]["changed"] == [
        {"stage": "final_review", "title": "总编终审", "fields": ["title"]}
    ]
    assert (one["refusals"], one["opens"], one["title"]) == ([], [], "")
    assert dry_run(desk, case=str(UUID(int=1)))["cases"] == []


def test_asking_needs_a_keeper_a_reason_and_something_to_move(desk: Desk) -> None:
    assert desk.client.post(f"/api/v1{MIGRATION}", json={"reason": "x"}).status_code == 401
    assert asked(desk, "final_reviewer").status_code == 403
    assert asked(desk, reason=" ").status_code == 422
    nothing = asked(desk)
    assert (nothing.status_code, nothing.json()["code"]) == (409, "migration_nothing")
    edit(desk)
    unknown = asked(desk, cases=[str(UUID(int=1))])
    assert (unknown.status_code, desk.codes(unknown)) == (422, {"migration_case_unknown"})
    good = asked(desk)
    assert good.status_code == 201
    assert (good.json()["state"], good.json()["cases"]) == ("asked", [desk.case_id])
    assert [action for action, _ in factories.events(desk.runtime.database, "workflow:standard")] == [
        "workflow.activated",
        "workflow.migration_asked",
    ]
    assert dry_run(desk)["asked"][0]["id"] == good.json()["id"]
    assert "case.migrated" not in desk.actions()


def test_another_person_grants_and_the_cases_move_at_once(desk: Desk) -> None:
    was = digest_of(desk)
    edit(desk)
    migration = asked(desk).json()["id"]
    path = f"/workflow-migrations/{migration}/decision"
    assert desk.client.post(f"/api/v1{path}", json={"grant": True}).status_code == 401
    assert decided(desk, migration, "second_reviewer").status_code == 403
    own = decided(desk, migration, "policy_keeper")
    assert (own.status_code, desk.codes(own)) == (403, {"own_migration"})
    assert decided(desk, migration, "outsider").status_code == 403
    assert decided(desk, str(UUID(int=1))).status_code == 404
    assert digest_of(desk) == was
    seen = desk.client.get("/api/v1/workflow-migrations", headers=headers(desk, "final_reviewer"))
    assert [one["state"] for one in seen.json()] == ["asked"]
    good = decided(desk, migration, comment="同意")
    assert (good.status_code, good.json()["state"]) == (200, "granted")
    assert digest_of(desk) != was
    assert dry_run(desk)["cases"] == []
    action, outcome, data = desk.record()[-1]
    assert (action, outcome) == ("case.migrated", "done")
    assert (data["from"], data["to"]) == (was, digest_of(desk))
    assert data["changed"] == {"final_review": ["title"]}
    assert data["asked_by"] == str(desk.bureau.user("policy_keeper").id)
    assert "case.migrated" in desk.outbox()
    assert desk.stage("final_review")["title"] == "总编终审"
    twice = decided(desk, migration)
    assert (twice.status_code, twice.json()["code"]) == (409, "migration_decided")
    # The walk goes on, and decisions name the version that they were made under.
    desk.approve("second_review", "second_reviewer")
    assert desk.open_stages() == {("experts", "")}


def test_a_wish_that_is_declined_moves_nothing(desk: Desk) -> None:
    was = digest_of(desk)
    edit(desk)
    migration = asked(desk).json()["id"]
    answer = decided(desk, migration, grant=False, comment="等这批走完")
    assert (answer.json()["state"], answer.json()["comment"]) == ("declined", "等这批走完")
    assert digest_of(desk) == was
    assert "case.migrated" not in desk.actions()


def test_what_would_break_a_case_is_refused_with_every_reason(desk: Desk) -> None:
    edit(desk, "title: 初审\n", "title: 第一审\n")
    edit(desk, "who: {outside: true}", "who: {post: 法律顾问}")
    (one,) = dry_run(desk)["cases"]
    assert one["allowed"] is False
    codes = {refusal["code"] for refusal in one["refusals"]}
    assert codes == {"migration_changes_begun", "migration_strands"}
    assert all("。" in refusal["message"] or "，" in refusal["message"] for refusal in one["refusals"])
    answer = asked(desk)
    assert (answer.status_code, answer.json()["code"]) == (409, "migration_refused")
    assert {reason["data"]["code"] for reason in answer.json()["reasons"]} == codes


def test_a_case_that_moved_on_is_looked_at_again_when_it_is_granted(desk: Desk) -> None:
    edit(desk, "title: 外部专家", "title: 专家组")
    migration = asked(desk).json()["id"]
    desk.approve("second_review", "second_reviewer")  # the experts' stage is open now
    answer = decided(desk, migration)
    assert (answer.status_code, answer.json()["code"]) == (409, "migration_refused")
    assert answer.json()["reasons"][0]["data"]["code"] == "migration_changes_begun"
    assert "case.migrated" not in desk.actions()


def test_a_file_that_changed_again_wants_a_new_wish(desk: Desk) -> None:
    edit(desk)
    migration = asked(desk).json()["id"]
    edit(desk, "title: 总编终审", "title: 社长终审")
    answer = decided(desk, migration)
    assert (answer.status_code, answer.json()["code"]) == (409, "migration_outdated")


def test_a_case_that_ended_meanwhile_is_left_as_it_is(desk: Desk) -> None:
    edit(desk)
    migration = asked(desk).json()["id"]
    desk.post(f"/cases/{desk.case_id}/recall", "editor", {})
    was = digest_of(desk)
    assert decided(desk, migration).json()["state"] == "granted"
    assert digest_of(desk) == was
