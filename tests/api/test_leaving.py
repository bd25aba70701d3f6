"""Somebody leaves or loses a role: nothing is stranded, it is listed and handed on in one act."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.domain.vocabulary import Role
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from tests import factories
from tests.api.desk import Desk

pytestmark = pytest.mark.both_databases


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime).draft()


def another(desk: Desk, login: str, *roles: Role) -> str:
    with desk.runtime.database.write() as session:
        unit, over = desk.bureau.office, desk.bureau.city
        user = factories.person(
            session, login, unit=unit, on=over, roles=list(roles), at=desk.runtime.clock()
        )
        return str(user.id)


def ident(desk: Desk, login: str) -> str:
    return str(desk.bureau.user(login).id)


def work(desk: Desk, user: str) -> list[dict[str, Any]]:
    user = ident(desk, user) if user in desk.bureau.users else user
    answer = desk.get(f"/users/{user}/work", "system_admin")
    assert answer.status_code == 200, answer.text
    return list(answer.json())


def test_who_may_see_what_waits_for_whom(desk: Desk) -> None:
    path = f"/users/{ident(desk, 'initial_reviewer')}/work"
    assert desk.client.get(f"/api/v1{path}").status_code == 401
    assert desk.get(path, "initial_reviewer").status_code == 404
    assert desk.get(path, "audit_admin").status_code == 403
    assert desk.get(path, "security_admin").json() == []
    body = {"to": ident(desk, "editor"), "reason": "调离"}
    assert desk.post(f"{path}/hand-over", "audit_admin", body).status_code == 403
    same = {**body, "to": ident(desk, "initial_reviewer")}
    assert desk.post(f"{path}/hand-over", "system_admin", same).json()["code"] == "successor_is_same"


def test_what_only_one_could_decide_is_listed(desk: Desk) -> None:
    desk.submit()
    (item,) = work(desk, "initial_reviewer")
    assert (item["why"], item["stage"], item["draft_id"]) == ("only_one", "initial_review", desk.draft_id)
    assert "title" not in item
    another(desk, "other", Role.INITIAL_REVIEWER)
    assert work(desk, "initial_reviewer") == []


def test_claims_are_freed_when_somebody_is_deactivated(desk: Desk) -> None:
    desk.submit()
    another(desk, "other", Role.INITIAL_REVIEWER)
    assert desk.post(
        f"/cases/{desk.case_id}/claims", "initial_reviewer", {"stage": "initial_review"}
    ).is_success
    assert desk.decide("initial_review", "other").json()["code"] == "claimed_by_other"
    desk.post(f"/users/{ident(desk, 'initial_reviewer')}/deactivation", "system_admin")
    desk.work()
    assert desk.stage("initial_review")["claimed_by"] is None
    assert "case.freed" in desk.actions()
    desk.approve("initial_review", "other")


def test_claims_are_freed_when_a_role_is_taken_back(desk: Desk) -> None:
    desk.submit()
    another(desk, "other", Role.INITIAL_REVIEWER)
    desk.post(f"/cases/{desk.case_id}/claims", "initial_reviewer", {"stage": "initial_review"})
    user = ident(desk, "initial_reviewer")
    (grant,) = desk.get(f"/users/{user}", "security_admin").json()["grants"]
    path = f"/api/v1/users/{user}/grants/{grant['id']}"
    assert desk.client.delete(path, headers=desk.headers("security_admin")).status_code == 204
    desk.work()
    desk.approve("initial_review", "other")


def test_nobody_waits_for_the_opinion_of_who_left(desk: Desk) -> None:
    desk.submit()
    expert = another(desk, "expert")
    asking = {"stage": "initial_review", "to": expert, "comment": "?", "waits": True}
    assert desk.post(f"/cases/{desk.case_id}/consultations", "initial_reviewer", asking).is_success
    desk.post(f"/users/{expert}/deactivation", "system_admin")
    desk.work()
    desk.approve("initial_review", "initial_reviewer")


def test_all_is_handed_to_one_person_in_one_act(desk: Desk) -> None:
    one = desk.draft()
    one.submit()
    first = one.case_id
    leaver = another(desk, "leaver", Role.INITIAL_REVIEWER)
    successor = another(desk, "successor", Role.INITIAL_REVIEWER, Role.EDITOR)
    claim = {"stage": "initial_review"}
    assert desk.post(f"/cases/{first}/claims", "leaver", claim).is_success
    desk.draft()
    desk.submit()
    second = desk.case_id
    adding = {"stage": "initial_review", "to": leaver, "comment": "请看", "place": "after"}
    assert desk.post(f"/cases/{second}/reviewers", "initial_reviewer", adding).is_success
    found = {(item["why"], item["case_id"], item["stage"]) for item in work(desk, leaver)}
    assert found == {("claimed", first, "initial_review"), ("added", second, "added_1")}
    body = {"to": successor, "reason": "退休"}
    path = f"/users/{leaver}/work/hand-over"
    answer = desk.post(path, "system_admin", body, **{"Idempotency-Key": "h"})
    assert answer.status_code == 200, answer.text
    assert {item["stage"] for item in answer.json()["handed"]} == {"initial_review", "added_1"}
    assert answer.json()["left"] == []
    assert desk.post(path, "system_admin", body, **{"Idempotency-Key": "h"}).json() == answer.json()
    assert work(desk, leaver) == []
    stream = f"user:{leaver}"
    assert factories.events(desk.runtime.database, stream)[-1] == ("user.work_handed_over", "done")
    desk.case_id = first
    desk.approve("initial_review", "successor")
    desk.case_id = second
    desk.approve("initial_review", "initial_reviewer")
    desk.approve("added_1", "successor")


def test_what_the_successor_may_not_take_is_left_with_the_reason(desk: Desk) -> None:
    desk.submit()
    desk.post(f"/cases/{desk.case_id}/claims", "initial_reviewer", {"stage": "initial_review"})
    path = f"/users/{ident(desk, 'initial_reviewer')}/work/hand-over"
    answer = desk.post(path, "system_admin", {"to": ident(desk, "editor"), "reason": "调离"}).json()
    assert answer["handed"] == []
    (left,) = answer["left"]
    assert left["refusals"][0]["code"] == "person_cannot_act"
    assert set(left["refusals"][0]["data"]["why"]) == {"not_allowed", "own_draft"}
    assert desk.stage("initial_review")["claimed_by"] == ident(desk, "initial_reviewer")


def test_a_draft_goes_on_with_another_author(desk: Desk) -> None:
    (item,) = work(desk, "editor")
    assert (item["why"], item["draft_id"], item["case_id"]) == ("draft", desk.draft_id, None)
    assert desk.get(f"/drafts/{desk.draft_id}", "editor2").status_code == 404
    path = f"/users/{ident(desk, 'editor')}/work/hand-over"
    no_editor = desk.post(path, "system_admin", {"to": ident(desk, "proofreader"), "reason": "调离"}).json()
    assert [left["refusals"][0]["data"]["why"] for left in no_editor["left"]] == [["not_allowed"]]
    answer = desk.post(path, "system_admin", {"to": ident(desk, "editor2"), "reason": "调离"}).json()
    assert len(answer["handed"]) == 1
    shown = desk.get(f"/drafts/{desk.draft_id}", "editor2")
    assert shown.status_code == 200
    desk.post(f"/users/{ident(desk, 'editor')}/deactivation", "system_admin")


def test_a_place_that_names_the_leaver_is_given_on_before_it_opens(
    client: TestClient, runtime: Runtime, tmp_path: Path
) -> None:
    policies = Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))
    file = policies / "workflows" / "standard.yaml"
    whole = file.read_text()
    file.write_text(whole.replace("who: {role: second_reviewer}", "who: {person: chief}"))
    assert file.read_text() != whole
    object.__setattr__(runtime, "settings", runtime.settings.model_copy(update={"policies_dir": policies}))
    desk = Desk.open(client, runtime).draft()
    chief, successor = another(desk, "chief"), another(desk, "successor")
    desk.submit()
    (item,) = work(desk, chief)
    assert (item["why"], item["stage"]) == ("named", "second_review")
    desk.post(f"/users/{chief}/deactivation", "system_admin")
    body = {"to": successor, "reason": "退休"}
    answer = desk.post(f"/users/{chief}/work/hand-over", "security_admin", body).json()
    assert [one["stage"] for one in answer["handed"]] == ["second_review"]
    assert work(desk, chief) == []
    desk.approve("initial_review", "initial_reviewer")
    (waiting,) = desk.get("/awaiting", "successor").json()["items"]
    assert waiting["stage"] == "second_review"
    desk.approve("second_review", "successor")
