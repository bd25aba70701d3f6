"""Persons over the API: two accounts of one person, merged, told apart, moved, renamed, opened again."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.domain.deadlines import BEIJING
from app.domain.vocabulary import Role
from app.evidence.verifier.command import verify
from app.identity.models import Delegation, Person, RoleGrant, User
from app.identity.persons import numbers
from app.infra.runtime import Runtime
from app.screening.models import Waiver
from app.screening.waivers.eligibility import Request, may_decide
from tests import factories
from tests.api.desk import Desk
from tests.api.packages import exported, published
from tests.api.press import ready, sign


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime)


def add(desk: Desk, login: str, *roles: Role, name: str = "") -> User:
    """Add an account beside those of the bureau, in its office."""
    with desk.runtime.database.write() as session:
        at, office = desk.runtime.clock(), desk.bureau.office
        user = factories.person(session, login, unit=office, on=desk.bureau.city, roles=roles, at=at)
        if name:
            user.name = name
            session.add(user)
        desk.bureau.users[login] = user
    return user


def ident(desk: Desk, login: str) -> str:
    return str(desk.bureau.user(login).id)


def merge(desk: Desk, keep: str, other: str, by: str = "security_admin", **more: Any) -> Any:
    body = {"keep_id": ident(desk, keep), "other_id": ident(desk, other), "reason": "核对了名册", **more}
    return desk.post("/persons/merges", by, body)


def codes(answer: Any) -> set[str]:
    return {reason["code"] for reason in answer.json()["reasons"]}


@pytest.mark.both_databases
def test_two_accounts_of_one_person_do_not_fill_two_places(desk: Desk) -> None:
    add(desk, "again", Role.SECOND_REVIEWER)
    desk.draft()
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    assert merge(desk, "initial_reviewer", "again").status_code == 200
    refused = desk.decide("second_review", "again")
    assert (refused.status_code, codes(refused)) == (403, {"same_person"})
    desk.approve("second_review", "second_reviewer")


@pytest.mark.both_databases
def test_who_wrote_the_draft_with_another_account_does_not_review_it(desk: Desk) -> None:
    add(desk, "again", Role.INITIAL_REVIEWER)
    desk.draft()
    desk.submit()
    assert merge(desk, "again", "editor").status_code == 200
    refused = desk.decide("initial_review", "again")
    assert (refused.status_code, codes(refused)) == (403, {"own_draft"})


def test_what_was_decided_before_the_merge_is_asked_again_before_it_goes_out(desk: Desk) -> None:
    add(desk, "again", Role.SECOND_REVIEWER)
    ready(desk)
    assert merge(desk, "second_reviewer", "again").status_code == 200
    assert merge(desk, "again", "initial_reviewer").status_code == 200
    answer = sign(desk)
    assert answer.status_code == 409
    assert "same_person_twice" in codes(answer)


def test_an_account_that_is_joined_later_is_told_to_the_verifier(desk: Desk) -> None:
    add(desk, "again", Role.SECOND_REVIEWER)
    merge(desk, "proofreader3", "again")
    desk.draft()
    desk.submit()
    for stage, login in (
        ("initial_review", "initial_reviewer"),
        ("second_review", "again"),
        ("final_review", "final_reviewer"),
    ):
        desk.approve(stage, login)
    told = [data["same_as"] for action, _, data in desk.record() if "same_as" in data]
    assert {ident(desk, "again"): ident(desk, "proofreader3")} in told


@pytest.mark.parametrize(
    ("by", "keep", "other", "more", "status", "code"),
    [
        ("editor", "editor", "editor2", {}, 404, "not_found"),
        ("system_admin", "editor", "editor2", {}, 403, "forbidden"),
        ("security_admin", "editor", "outsider", {}, 404, "not_found"),
        ("security_admin", "security_admin", "editor", {}, 403, "forbidden"),
        ("security_admin", "editor", "editor2", {"reason": " "}, 422, "malformed"),
        ("security_admin", "editor", "editor", {}, 409, "persons_are_one"),
        ("security_admin", "editor", "system_admin", {}, 409, "roles_exclude"),
    ],
)
def test_who_may_not_be_merged(
    desk: Desk, by: str, keep: str, other: str, more: dict[str, str], status: int, code: str
) -> None:
    answer = merge(desk, keep, other, by, **more)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_one_person_gets_no_office_beside_roles_with_another_account(desk: Desk) -> None:
    add(desk, "again")
    merge(desk, "editor", "again")
    body = {"role": "audit_admin", "unit_id": str(desk.bureau.city.id)}
    refused = desk.post(f"/users/{ident(desk, 'again')}/grants", "security_admin", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "roles_exclude")


def test_nobody_stands_in_for_themself_with_another_account(desk: Desk) -> None:
    add(desk, "again", Role.INITIAL_REVIEWER)
    today = desk.runtime.clock().astimezone(BEIJING).date()
    body = {
        "principal_id": ident(desk, "second_reviewer"),
        "delegate_id": ident(desk, "again"),
        "starts_on": today.isoformat(),
        "ends_on": (today + timedelta(days=3)).isoformat(),
    }
    given = desk.post("/delegations", "second_reviewer", body)
    assert given.status_code == 201, given.text
    merge(desk, "second_reviewer", "again")
    with desk.runtime.database.read() as session:
        row = session.get_one(Delegation, UUID(given.json()["id"]))
        assert row.revoked_at is not None
    again = desk.post("/delegations", "second_reviewer", body)
    assert (again.status_code, codes(again)) == (409, {"to_oneself"})


def test_a_waiver_is_not_granted_by_its_asker_with_another_account(desk: Desk) -> None:
    add(desk, "again", Role.SECOND_REVIEWER)
    merge(desk, "editor", "again")
    with desk.runtime.database.read() as session:
        again = factories.actor(session, session.get_one(User, desk.bureau.user("again").id))
    asked = Waiver(asked_by=desk.bureau.user("editor").id, rule="wording.x")
    target = (desk.bureau.city.path, (), frozenset({desk.bureau.user("editor").id}))
    barred = may_decide(Request(asked, *target), again).barred
    assert [one.code for one in barred] == ["own_request", "author_of_draft"]


def test_doubtful_twins_are_listed_until_they_are_settled(desk: Desk) -> None:
    first, second = add(desk, "he1", name="何静"), add(desk, "he2", name="何 静")
    (pair,) = [one for one in twins(desk) if one["one"]["login"].startswith("he")]
    assert {pair["one"]["id"], pair["other"]["id"]} == {str(first.id), str(second.id)}
    assert pair["alike"] == ["name_and_unit"]
    body = {"one_id": str(second.id), "other_id": str(first.id), "reason": "同名，工号不同"}
    assert desk.post("/persons/distinctions", "audit_admin", body).status_code == 403
    assert desk.post("/persons/distinctions", "security_admin", body).status_code == 204
    assert twins(desk) == []
    twice = desk.post("/persons/distinctions", "security_admin", body)
    assert (twice.status_code, twice.json()["code"]) == (409, "persons_told_apart")
    assert desk.get("/persons/twins", "editor").status_code == 403


def twins(desk: Desk) -> list[dict[str, Any]]:
    answer = desk.get("/persons/twins", "security_admin")
    assert answer.status_code == 200, answer.text
    return list(answer.json())


def test_one_telephone_makes_twins_and_one_staff_number_is_one_persons(desk: Desk) -> None:
    def put(login: str, **body: str) -> Any:
        path = f"/api/v1/users/{ident(desk, login)}/person"
        return desk.client.put(path, headers=desk.headers("system_admin"), json=body)

    assert put("editor", staff_number="A1", phone="138 0000 1111").json()["has_phone"] is True
    assert put("editor2", phone="+86 13800001111").status_code == 200
    assert [one["alike"] for one in twins(desk)] == [["phone"]]
    taken = put("editor2", staff_number="A1")
    assert (taken.status_code, taken.json()["code"]) == (409, "staff_number_taken")
    assert put("editor2", phone="不知道").status_code == 422
    with desk.runtime.database.read() as session:
        held = session.get_one(Person, desk.bureau.user("editor").id)
        assert held.phone_hash == numbers.hashed("13800001111", desk.runtime.secret)
        assert "13800001111" not in held.phone_hash


def put(desk: Desk, path: str, by: str = "system_admin", **body: Any) -> Any:
    return desk.client.put(f"/api/v1{path}", headers=desk.headers(by), json=body)


def test_a_person_moves_and_is_called_otherwise_and_the_record_keeps_what_was(desk: Desk) -> None:
    published(desk)
    who = ident(desk, "initial_reviewer")
    assert put(desk, f"/users/{who}/name", "security_admin", name="何晓静").status_code == 403
    assert put(desk, f"/users/{who}/name", name="何晓静").json()["name"] == "何晓静"
    assert put(desk, f"/users/{who}/name", name="何晓静").status_code == 409
    moved = put(desk, f"/users/{who}/unit", unit_id=str(desk.bureau.district.id))
    assert moved.json()["unit_id"] == str(desk.bureau.district.id)
    assert put(desk, f"/users/{who}/unit", unit_id=str(desk.bureau.district.id)).status_code == 409
    assert put(desk, f"/users/{who}/unit", unit_id=str(desk.bureau.elsewhere.id)).status_code == 404
    package = "\n".join(verify(exported(desk), None).story)
    assert "初审：initial_reviewer先生" in package
    assert "何晓静" not in package
    assert moved.json()["grants"], "roles stay as they were given"


def test_an_account_opens_again_with_nothing_that_it_could_act_by(desk: Desk) -> None:
    who = ident(desk, "second_reviewer")
    today = desk.runtime.clock().astimezone(BEIJING).date()
    for principal, delegate in (("second_reviewer", "editor2"), ("final_reviewer", "second_reviewer")):
        body = {
            "principal_id": ident(desk, principal),
            "delegate_id": ident(desk, delegate),
            "starts_on": today.isoformat(),
            "ends_on": (today + timedelta(days=30)).isoformat(),
        }
        assert desk.post("/delegations", principal, body).status_code == 201
    assert desk.post(f"/users/{who}/reactivation", "system_admin", {"password": "x"}).status_code == 409
    assert desk.post(f"/users/{who}/deactivation", "system_admin").status_code == 200
    weak = desk.post(f"/users/{who}/reactivation", "system_admin", {"password": "abc"})
    assert (weak.status_code, weak.json()["code"]) == (422, "password_refused")
    opened = desk.post(f"/users/{who}/reactivation", "system_admin", {"password": "wanan-xiaoqu-37-deng"})
    assert opened.status_code == 200, opened.text
    assert (opened.json()["active"], opened.json()["grants"], opened.json()["must_change_password"]) == (
        True,
        [],
        True,
    )
    with desk.runtime.database.read() as session:
        assert [one.revoked_at is None for one in session.exec(select(Delegation)).all()] == [False, False]
        held = select(RoleGrant).where(RoleGrant.user_id == UUID(who))
        assert all(one.revoked_at is not None for one in session.exec(held).all())
