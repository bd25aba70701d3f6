"""Acting for another over the API: who gives it, whom it lets decide, and whom separation counts."""

import json
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from app.audit.models import AuditEvent
from app.domain.vocabulary import Role
from app.identity import service
from app.identity.access import SYSTEM
from app.infra.runtime import Runtime
from app.reviews.models import Decision
from tests import factories
from tests.api.desk import Desk
from tests.conftest import SetClock

pytestmark = pytest.mark.both_databases

DAYS = {"starts_on": "2026-03-02", "ends_on": "2026-03-06"}


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


def grant(desk: Desk, login: str, role: Role) -> None:
    with desk.runtime.database.write() as session:
        service.grant_role(
            session,
            user_id=desk.bureau.user(login).id,
            role=role,
            unit_id=desk.bureau.city.id,
            actor=SYSTEM,
            at=desk.runtime.clock(),
        )


def ident(desk: Desk, login: str) -> str:
    return str(desk.bureau.user(login).id)


def give(desk: Desk, by: str, delegate_id: str, **more: Any) -> Response:
    return desk.post("/delegations", by, {"delegate_id": delegate_id, **DAYS, **more})


def given(desk: Desk, by: str, delegate_id: str, **more: Any) -> dict[str, Any]:
    answer = give(desk, by, delegate_id, **more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_who_may_give_one(desk: Desk) -> None:
    deputy = another(desk, "deputy")
    body = {"delegate_id": deputy, **DAYS}
    assert desk.client.post("/api/v1/delegations", json=body).status_code == 401
    assert give(desk, "initial_reviewer", str(uuid4())).status_code == 404
    assert give(desk, "initial_reviewer", ident(desk, "outsider")).status_code == 404
    theirs = {"principal_id": ident(desk, "initial_reviewer")}
    meddling = give(desk, "second_reviewer", deputy, **theirs)
    assert (meddling.status_code, desk.codes(meddling)) == (403, {"principal_only"})
    assert give(desk, "outsider", deputy, **theirs).status_code == 404
    assert desk.get("/delegations", "initial_reviewer").json()["items"] == []
    asked = given(desk, "security_admin", deputy, **theirs, absent=True)
    assert (asked["state"], asked["principal"], asked["absent"]) == ("asked", "initial_reviewer先生", True)
    stream = f"user:{ident(desk, 'initial_reviewer')}"
    assert factories.events(desk.runtime.database, stream)[-1] == ("delegation.asked", "done")


def test_all_that_is_wrong_with_one_is_said(desk: Desk) -> None:
    bad = {
        "starts_on": "2026-03-01",
        "ends_on": "2026-02-27",
        "roles": ["editor"],
        "section": "news",
    }
    refused = give(desk, "initial_reviewer", ident(desk, "system_admin"), **bad)
    assert (refused.status_code, refused.json()["code"]) == (409, "delegation_refused")
    assert desk.codes(refused) == {
        "ends_before_it_starts",
        "starts_in_the_past",
        "role_not_delegable",
        "nothing_to_delegate",
        "delegate_unfit",
        "section_without_channel",
    }
    own = give(desk, "initial_reviewer", ident(desk, "initial_reviewer"))
    assert desk.codes(own) == {"to_oneself"}
    assert give(desk, "initial_reviewer", ident(desk, "editor"), unit_id=str(uuid4())).status_code == 404
    assert give(desk, "initial_reviewer", "x").status_code == 422


def test_a_delegate_decides_and_both_are_counted(desk: Desk) -> None:
    deputy = another(desk, "deputy", Role.SECOND_REVIEWER)
    digest = desk.submit()["revision"]
    assert desk.decide("initial_review", "deputy").status_code == 403
    key = {"Idempotency-Key": "d1"}
    body = {"delegate_id": deputy, **DAYS, "roles": ["initial_reviewer"]}
    assert desk.post("/delegations", "initial_reviewer", body, **key).status_code == 201
    assert desk.post("/delegations", "initial_reviewer", body, **key).headers["Idempotency-Replayed"]
    (waiting,) = desk.get("/awaiting", "deputy").json()["items"]
    assert waiting["stage"] == "initial_review"
    assert desk.stage("initial_review", login="deputy")["acting_for"] == ident(desk, "initial_reviewer")
    shown = desk.approve("initial_review", "deputy")
    (decision,) = shown["decisions"]
    assert (decision["actor"], decision["principal"]) == ("deputy先生", "initial_reviewer先生")
    assert decision["on_behalf_of"] == ident(desk, "initial_reviewer")
    with desk.session() as session:
        query = select(AuditEvent).where(AuditEvent.action == "decision.approved")
        body = json.loads(session.exec(query).one().body)
    assert (body["actor"]["id"], body["on_behalf_of"]["id"]) == (deputy, decision["on_behalf_of"])
    # the deputy, a second reviewer in their own right, has filled a place of the set already
    refused = desk.decide("second_review", "deputy", digest=digest)
    assert (refused.status_code, refused.json()["code"]) == (403, "same_person")
    desk.approve("second_review", "second_reviewer")
    # and so has the principal: who stands behind one review may stand behind no other
    grant(desk, "initial_reviewer", Role.FINAL_REVIEWER)
    given(desk, "initial_reviewer", deputy)
    refused = desk.decide("second_review", "deputy")
    assert (refused.status_code, refused.json()["code"]) == (403, "same_person")


def test_a_delegate_puts_on_hold_answers_and_copies(desk: Desk) -> None:
    deputy = another(desk, "deputy")
    given(desk, "initial_reviewer", deputy)
    digest = desk.submit()["revision"]
    path, body = f"/cases/{desk.case_id}", {"stage": "initial_review", "digest": digest, "comment": "请示"}
    assert desk.post(f"{path}/holds", "deputy", body).status_code == 200
    allowed = {one["verb"]: one["allowed"] for one in desk.case("deputy")["options"]}
    assert (allowed["answer"], allowed["copy"], allowed["recall"]) == (True, True, False)
    assert desk.post(f"{path}/answers", "deputy", {"comment": "同意"}).status_code == 200
    copied = {"to": ident(desk, "proofreader"), "comment": "知悉"}
    assert desk.post(f"{path}/copies", "deputy", copied).status_code == 200
    assert desk.case()["copied"] == [ident(desk, "proofreader")]


def test_passed_on_once_and_all_three_are_counted(desk: Desk) -> None:
    middle, last = another(desk, "middle"), another(desk, "last", Role.SECOND_REVIEWER)
    given(desk, "initial_reviewer", middle)
    given(desk, "middle", last)
    beyond = give(desk, "last", ident(desk, "proofreader"))
    assert desk.codes(beyond) == {"chain_too_long"}
    circle = give(desk, "last", ident(desk, "initial_reviewer"))
    assert "circle" in desk.codes(circle)
    digest = desk.submit()["revision"]
    desk.approve("initial_review", "last")
    with desk.session() as session:
        decision = session.exec(select(Decision)).one()
        assert [str(decision.actor_id), str(decision.principal_id), str(decision.through_id)] == [
            last,
            ident(desk, "initial_reviewer"),
            middle,
        ]
    refused = desk.decide("second_review", "last", digest=digest)
    assert refused.json()["code"] == "same_person"


def test_it_ends_with_its_day_and_when_it_is_ended(desk: Desk, clock: SetClock) -> None:
    deputy = another(desk, "deputy")
    one = given(desk, "initial_reviewer", deputy)
    desk.submit()
    assert desk.get(f"/drafts/{desk.draft_id}", "deputy").status_code == 200
    path = f"/delegations/{one['id']}/revocation"
    assert desk.post(path, "second_reviewer").status_code == 404
    assert desk.post(path, "deputy").json()["state"] == "revoked"
    assert desk.post(path, "deputy").status_code == 409
    assert desk.get(f"/drafts/{desk.draft_id}", "deputy").status_code == 404
    given(desk, "initial_reviewer", deputy)
    clock.advance(days=4, hours=14, minutes=59)  # the last minute of Friday in Beijing
    desk._headers.clear()
    assert desk.get(f"/drafts/{desk.draft_id}", "deputy").status_code == 200
    clock.advance(minutes=1)
    assert desk.get(f"/drafts/{desk.draft_id}", "deputy").status_code == 404
    states = [one["state"] for one in desk.get("/delegations", "deputy").json()["items"]]
    assert states == ["over", "revoked"]


def test_it_reaches_as_far_as_it_says(desk: Desk) -> None:
    deputy = another(desk, "deputy")
    given(desk, "initial_reviewer", deputy, channel="website")
    desk.submit()
    assert desk.get(f"/cases/{desk.case_id}", "deputy").status_code == 404
    assert desk.decide("initial_review", "deputy").status_code == 404
    named = desk.decide("initial_review", "second_reviewer", on_behalf_of=ident(desk, "initial_reviewer"))
    assert (named.status_code, named.json()["code"]) == (403, "no_delegation")


def test_an_author_does_not_review_through_another(desk: Desk) -> None:
    given(desk, "initial_reviewer", ident(desk, "editor"))
    desk.submit()
    refused = desk.decide("initial_review", "editor")
    assert (refused.status_code, refused.json()["code"]) == (403, "own_draft")


def test_nothing_is_handed_to_who_is_away(desk: Desk) -> None:
    deputy = another(desk, "deputy", Role.INITIAL_REVIEWER)
    other = another(desk, "other", Role.INITIAL_REVIEWER)
    theirs = {"principal_id": deputy, "absent": True}
    row = given(desk, "security_admin", other, **theirs)
    desk.post(f"/delegations/{row['id']}/confirmation", "deputy")
    desk.submit()
    body = {"stage": "initial_review", "to": deputy}
    refused = desk.post(f"/cases/{desk.case_id}/hand-over", "initial_reviewer", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "person_absent")


def test_who_left_is_stood_in_for_no_more(desk: Desk) -> None:
    deputy = another(desk, "deputy")
    given(desk, "initial_reviewer", deputy)
    desk.submit()
    path = f"/users/{ident(desk, 'initial_reviewer')}/deactivation"
    assert desk.post(path, "system_admin").status_code == 200
    assert desk.get(f"/cases/{desk.case_id}", "deputy").status_code == 404


def test_who_sees_which(desk: Desk) -> None:
    deputy = another(desk, "deputy")
    given(desk, "initial_reviewer", deputy, unit_id=str(desk.bureau.office.id))
    for login, count in {"initial_reviewer": 1, "deputy": 1, "security_admin": 1, "editor": 0}.items():
        assert len(desk.get("/delegations", login).json()["items"]) == count, login
    names = {one["name"] for one in desk.get("/colleagues", "editor").json()}
    assert "deputy先生" in names
    assert not {"security_admin先生", "outsider先生", "editor先生"} & names


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE delegation SET delegate_id = principal_id",
        "UPDATE delegation SET ends_on = '2026-01-01'",
        "DELETE FROM user_account WHERE login = 'deputy'",
    ],
)
def test_what_the_database_holds(desk: Desk, change: str) -> None:
    given(desk, "initial_reviewer", another(desk, "deputy"))
    with desk.session() as session, pytest.raises(DBAPIError):
        session.connection().execute(text(change))
