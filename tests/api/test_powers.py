"""三员分立 in every order, over the API: what is given first makes no difference, nor do the tables."""

from itertools import permutations
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import select

from app.domain.roles import UserKind
from app.domain.vocabulary import Role
from app.identity.models import Delegation, RoleGrant, User
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from tests import factories
from tests.api.desk import Desk
from tests.conftest import SetClock

DAYS = {"starts_on": "2026-03-02", "ends_on": "2026-03-06"}
LATER = {"starts_on": "2026-04-01", "ends_on": "2026-04-03"}


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime).draft()


def somebody(desk: Desk, login: str, *roles: Role, kind: UserKind = UserKind.PERSON) -> str:
    with desk.runtime.database.write() as session:
        user = factories.person(
            session,
            login,
            unit=desk.bureau.office,
            on=desk.bureau.city,
            roles=roles,
            kind=kind,
            at=desk.runtime.clock(),
        )
        return str(user.id)


def ident(desk: Desk, login: str) -> str:
    return str(desk.bureau.user(login).id)


def grant(desk: Desk, user_id: str, role: str) -> Response:
    body = {"role": role, "unit_id": str(desk.bureau.city.id)}
    return desk.post(f"/users/{user_id}/grants", "security_admin", body)


def posts(desk: Desk, user_id: str) -> Response:
    held = [{"unit_id": str(desk.bureau.city.id), "post": "主要领导", "heads": True}]
    seen = {"If-Match": desk.get(f"/users/{user_id}/posts", "security_admin").headers["ETag"]}
    return desk.client.put(
        f"/api/v1/users/{user_id}/posts", json={"posts": held}, headers=desk.headers("security_admin") | seen
    )


def delegate(desk: Desk, to: str, by: str = "final_reviewer", **more: Any) -> Response:
    return desk.post("/delegations", by, {"delegate_id": to, **DAYS, **more})


def asked(desk: Desk, to: str, **more: Any) -> Response:
    return delegate(desk, to, "security_admin", principal_id=ident(desk, "final_reviewer"), **more)


WAYS = {
    "office": lambda desk, who: grant(desk, who, "audit_admin"),
    "role": lambda desk, who: grant(desk, who, "final_reviewer"),
    "post": posts,
    "stands in": delegate,
    "is to stand in": lambda desk, who: delegate(desk, who, **LATER),
    "is asked to stand in": asked,
}


@pytest.mark.parametrize("order", [*permutations(["office", *WAYS], 2)], ids=" then ".join)
def test_no_order_makes_an_administrator_a_reviewer(desk: Desk, order: tuple[str, str]) -> None:
    who = somebody(desk, "somebody")
    first, second = (WAYS[one](desk, who).status_code for one in order)

    assert first in {200, 201}
    assert (second == 409) is ("office" in order)


def test_whoever_is_represented_becomes_no_administrator(desk: Desk) -> None:
    who = somebody(desk, "somebody", Role.FINAL_REVIEWER)
    assert delegate(desk, somebody(desk, "deputy"), "somebody").status_code == 201
    (held,) = desk.get(f"/users/{who}", "security_admin").json()["grants"]
    path = f"/api/v1/users/{who}/grants/{held['id']}"
    assert desk.client.delete(path, headers=desk.headers("security_admin")).status_code == 204

    refused = grant(desk, who, "audit_admin")
    assert (refused.status_code, desk.codes(refused)) == (409, {"administrator_represented"})


def test_what_was_ended_or_is_over_stands_in_nobodys_way(desk: Desk, clock: SetClock) -> None:
    ended, over = somebody(desk, "ended"), somebody(desk, "over")
    row = delegate(desk, ended).json()
    assert desk.post(f"/delegations/{row['id']}/revocation", "final_reviewer").status_code == 200
    assert delegate(desk, over).status_code == 201
    assert grant(desk, ended, "audit_admin").status_code == 201
    clock.advance(days=5)
    desk._headers.clear()
    assert grant(desk, over, "audit_admin").status_code == 201


def by_hand(desk: Desk, login: str, role: Role, **delegated: str) -> None:
    """Write into the tables what no verb would give."""
    at = desk.runtime.clock()
    with desk.runtime.database.write() as session:
        user = session.exec(select(User).where(User.login == login)).one()
        session.add(
            RoleGrant(id=new_id(), user_id=user.id, role=role, unit_id=desk.bureau.city.id, granted_at=at)
        )
        user.posts = [
            {"unit": str(desk.bureau.city.id), "path": desk.bureau.city.path, "post": "主任", "heads": True}
        ]
        session.add(user)
        principal = desk.bureau.user("final_reviewer").id
        session.add(
            Delegation(
                id=new_id(),
                principal_id=principal,
                delegate_id=user.id,
                starts_on=at.date(),
                ends_on=at.date(),
                granted_by=principal,
                granted_at=at,
                confirmed_by=principal,
                confirmed_at=at,
            )
        )


@pytest.mark.parametrize("office", ["system_admin", "security_admin", "audit_admin"])
def test_an_administrator_uses_no_other_power_whatever_the_tables_say(desk: Desk, office: str) -> None:
    by_hand(desk, office, Role.FINAL_REVIEWER)
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    desk.approve("second_review", "second_reviewer")

    assert [one["role"] for one in desk.get("/me", office).json()["grants"]] == [office]
    assert desk.get(f"/drafts/{desk.draft_id}", office).status_code == 404
    assert desk.get("/awaiting", office).json()["items"] == []
    behalf = {"on_behalf_of": ident(desk, "final_reviewer")}
    for more in ({}, behalf):
        assert desk.decide("final_review", office, **more).status_code == 404
    assert desk.stage("final_review")["state"] == "open"


@pytest.mark.parametrize("role", [Role.FINAL_REVIEWER, Role.PUBLISHER, Role.POLICY_KEEPER, Role.AUDIT_ADMIN])
def test_a_machine_uses_no_personal_power_whatever_the_tables_say(desk: Desk, role: Role) -> None:
    somebody(desk, "bot", Role.EDITOR, kind=UserKind.SERVICE)
    by_hand(desk, "bot", role)
    desk.submit()

    assert [one["role"] for one in desk.get("/me", "bot").json()["grants"]] == ["editor"]
    assert desk.get(f"/drafts/{desk.draft_id}", "bot").status_code == 404
    assert desk.get("/jobs", "bot").status_code == 403


def test_what_a_machine_may_be_given(desk: Desk) -> None:
    bot = somebody(desk, "bot", kind=UserKind.SERVICE)
    given = {str(role): grant(desk, bot, str(role)).status_code for role in Role}

    assert {role for role, status in given.items() if status == 201} == {"editor", "reader"}
    assert set(given.values()) == {201, 409}
    assert posts(desk, bot).status_code == 409
    assert desk.codes(delegate(desk, bot)) == {"delegate_unfit"}


def test_a_reading_machine_reads_and_does_nothing_else(desk: Desk) -> None:
    somebody(desk, "bot", Role.READER, kind=UserKind.SERVICE)
    desk.submit()

    assert desk.get(f"/drafts/{desk.draft_id}", "bot").status_code == 200
    assert desk.get(f"/cases/{desk.case_id}", "bot").status_code == 200
    case = f"/cases/{desk.case_id}"
    words = {"stage": "initial_review", "line": "", "digest": desk.digest(), "comment": "x"}
    for path, body in (
        (f"{case}/decisions", {**words, "verdict": "approve"}),
        (f"{case}/claims", {"stage": "initial_review", "line": ""}),
        (f"{case}/releases", {"line": "wechat", "digest": desk.digest()}),
        (f"{case}/urgent-layouts", {"line": "wechat"}),
        (
            f"{case}/urgent-releases",
            {"line": "wechat", "digest": desk.digest(), "reason": "汛情紧急，须立即发布。"},
        ),
        (f"{case}/recall", {"comment": "x"}),
        (f"/drafts/{desk.draft_id}/submissions", {"digest": desk.digest()}),
    ):
        assert desk.post(path, "bot", body).status_code == 403, path
    assert desk.stage("initial_review")["state"] == "open"


def test_a_machine_that_wrote_a_draft_decides_nothing_at_it(desk: Desk) -> None:
    somebody(desk, "bot", Role.EDITOR, kind=UserKind.SERVICE)
    body = {
        "format": "markdown",
        "content": "# 清河市召开工作会\n\n会议部署冬季救助工作。",
        "targets": [{"channel": "wechat", "section": "news"}],
    }
    made = desk.post("/drafts", "bot", body)
    assert made.status_code == 201, made.text
    desk.draft_id = made.json()["id"]
    digest = made.json()["digest"]
    case = desk.post(f"/drafts/{desk.draft_id}/submissions", "bot", {"digest": digest}).json()
    body = {"stage": "initial_review", "line": "", "digest": digest, "verdict": "approve"}
    refused = desk.post(f"/cases/{case['id']}/decisions", "bot", body)

    assert (refused.status_code, desk.codes(refused)) == (403, {"machine_decides"})
    assert desk.post(f"/cases/{case['id']}/recall", "bot", {"comment": "有误"}).status_code == 200


# --- nobody hands on another's powers alone ----------------------------------------


def away(desk: Desk, by: str, **days: str) -> None:
    body = {"user_id": ident(desk, "final_reviewer"), **(days or DAYS)}
    assert desk.post("/absences", by, body).status_code == 201


def confirmed(desk: Desk, row: dict[str, Any], by: str) -> Response:
    return desk.post(f"/delegations/{row['id']}/confirmation", by)


def test_what_a_security_administrator_sets_waits_for_a_second_person(desk: Desk) -> None:
    who = somebody(desk, "deputy")
    second = somebody(desk, "second_office", Role.SECURITY_ADMIN)
    for by, status in (
        ("final_reviewer", 200),
        ("second_office", 200),
        ("system_admin", 200),
        ("security_admin", 403),
        ("deputy", 403),
        ("audit_admin", 404),
        ("editor", 404),
        ("outsider", 404),
    ):
        row = asked(desk, who, absent=True).json()
        assert row["state"] == "asked"
        assert desk.get(f"/drafts/{desk.draft_id}", "deputy").status_code == 404
        answer = confirmed(desk, row, by)
        assert answer.status_code == status, by
        if status == 200:
            assert (answer.json()["state"], answer.json()["confirmed_by"] is not None) == ("in_force", True)
            assert desk.get(f"/drafts/{desk.draft_id}", "deputy").status_code == 200
            assert (
                desk.post(f"/delegations/{row['id']}/confirmation", by).json()["code"] == "delegation_settled"
            )
        assert desk.post(f"/delegations/{row['id']}/revocation", "final_reviewer").status_code == 200
        assert desk.get(f"/drafts/{desk.draft_id}", "deputy").status_code == 404
    assert second


def test_the_principal_and_the_delegate_hear_of_it(desk: Desk) -> None:
    who = somebody(desk, "deputy")
    row = asked(desk, who).json()
    desk.work()
    (told,) = desk.get("/notices", "final_reviewer").json()["items"]
    assert (told["kind"], "须经您或者另一位管理员同意" in told["text"]) == ("account", True)
    assert desk.get("/notices", "deputy").json()["items"] == []
    confirmed(desk, row, "system_admin")
    desk.work()
    assert [len(desk.get("/notices", one).json()["items"]) for one in ("final_reviewer", "deputy")] == [2, 1]


@pytest.mark.parametrize(
    ("entered_by", "days", "state"),
    [
        ("final_reviewer", DAYS, "in_force"),
        ("security_admin", DAYS, "asked"),
        ("final_reviewer", {"starts_on": "2026-03-02", "ends_on": "2026-03-05"}, "asked"),
        ("final_reviewer", {"starts_on": "2026-03-03", "ends_on": "2026-03-09"}, "asked"),
    ],
)
def test_an_absence_that_another_entered_is_the_second_persons_word(
    desk: Desk, entered_by: str, days: dict[str, str], state: str
) -> None:
    away(desk, entered_by, **days)
    who = somebody(desk, "deputy")

    assert asked(desk, who, absent=True).json()["state"] == state
    desk.work()
    assert [one["kind"] for one in desk.get("/notices", "final_reviewer").json()["items"]] == ["account"]


def test_an_absence_that_is_over_vouches_for_nothing(desk: Desk) -> None:
    away(desk, "final_reviewer")
    (row,) = desk.get("/absences", "final_reviewer").json()
    assert desk.post(f"/absences/{row['id']}/return", "final_reviewer").status_code == 200
    assert asked(desk, somebody(desk, "deputy"), absent=True).json()["state"] == "asked"


def test_what_could_not_be_given_now_is_not_confirmed(desk: Desk, clock: SetClock) -> None:
    who = somebody(desk, "deputy")
    row = asked(desk, who).json()
    by_hand(desk, "deputy", Role.AUDIT_ADMIN)
    refused = confirmed(desk, row, "final_reviewer")
    assert (refused.status_code, refused.json()["code"]) == (409, "delegation_refused")

    clock.advance(days=5)
    desk._headers.clear()
    assert confirmed(desk, row, "final_reviewer").json()["code"] == "delegation_settled"


def test_whoever_passes_on_what_was_given_them_is_heard_of(desk: Desk) -> None:
    assert delegate(desk, ident(desk, "second_reviewer")).status_code == 201
    assert delegate(desk, somebody(desk, "deputy"), "second_reviewer").status_code == 201
    desk.work()
    assert [one["kind"] for one in desk.get("/notices", "final_reviewer").json()["items"]] == ["account"]


def test_a_post_is_delegated_with_all_else(desk: Desk) -> None:
    who, deputy = somebody(desk, "leader"), somebody(desk, "deputy")
    assert posts(desk, who).status_code == 200
    assert desk.get(f"/drafts/{desk.draft_id}", "deputy").status_code == 404
    assert delegate(desk, deputy, "leader").status_code == 201
    assert desk.get(f"/drafts/{desk.draft_id}", "deputy").status_code == 200
    assert desk.codes(delegate(desk, somebody(desk, "other"), "leader", channel="wechat")) == {
        "nothing_to_delegate"
    }
