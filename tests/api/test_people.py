"""What people do with each other at a case, over the API: anonymous, wrong person, wrong state, then good."""

import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from app.domain.vocabulary import Role
from app.evidence.verifier.command import verify
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from tests import factories
from tests.api.desk import Desk
from tests.api.packages import exported
from tests.api.press import Press, sign, signed
from tests.conftest import SetClock


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime).draft()


def another(desk: Desk, login: str, *roles: Role) -> str:
    with desk.runtime.database.write() as session:
        user = factories.person(
            session,
            login,
            unit=desk.bureau.office,
            on=desk.bureau.city,
            roles=list(roles),
            at=desk.runtime.clock(),
        )
        return str(user.id)


def ident(desk: Desk, login: str) -> str:
    return str(desk.bureau.user(login).id)


def ask(desk: Desk, verb: str, login: str, **body: Any) -> Response:
    return desk.post(f"/cases/{desk.case_id}/{verb}", login, body)


def options(stage: dict[str, Any]) -> dict[str, bool]:
    return {one["verb"]: one["allowed"] for one in stage["options"]}


ASKING: list[tuple[str, dict[str, Any]]] = [
    ("take-back", {"stage": "initial_review"}),
    ("hand-over", {"stage": "initial_review", "to": str(uuid4())}),
    ("consultations", {"stage": "initial_review", "to": str(uuid4())}),
    ("opinions", {"stage": "initial_review", "digest": "0" * 64}),
    ("reviewers", {"stage": "initial_review", "to": str(uuid4()), "place": "after"}),
    ("recusal", {}),
    ("reminders", {"stage": "initial_review"}),
    ("copies", {"to": str(uuid4())}),
    ("overrides", {"stage": "initial_review", "digest": "0" * 64}),
]


def test_who_may_not_know_hears_of_nothing(desk: Desk) -> None:
    desk.submit()
    before = desk.record()
    for verb, body in ASKING:
        path = f"/api/v1/cases/{desk.case_id}/{verb}"
        assert desk.client.post(path, json=body).status_code == 401, verb
        assert ask(desk, verb, "outsider", **body).status_code == 404, verb
        assert desk.post(f"/cases/{uuid4()}/{verb}", "editor", body).status_code == 404, verb
        unknown = ask(desk, verb, "editor", **body, more=1)
        assert unknown.status_code == 422, verb
    assert desk.record() == before


def test_take_back(desk: Desk) -> None:
    desk.submit()
    early = ask(desk, "take-back", "initial_reviewer", stage="initial_review")
    assert (early.status_code, desk.codes(early)) == (409, {"nothing_to_take_back"})
    desk.approve("initial_review", "initial_reviewer")
    assert options(desk.stage("initial_review", login="initial_reviewer")) == {"take_back": True}
    wrong = ask(desk, "take-back", "second_reviewer", stage="initial_review")
    assert (wrong.status_code, desk.codes(wrong)) == (403, {"not_your_decision"})
    body = {"stage": "initial_review", "comment": "漏看一处数字"}
    path = f"/cases/{desk.case_id}/take-back"
    good = desk.post(path, "initial_reviewer", body, **{"Idempotency-Key": "t1"})
    assert good.status_code == 200, good.text
    assert desk.open_stages() == {("initial_review", "")}
    assert len(desk.case()["decisions"]) == 1  # what was decided stays
    assert desk.actions()[-3:] == ["case.taken_back", "case.stage_voided", "case.stage_opened"]
    assert desk.record()[-2][2]["persons"] == [ident(desk, "initial_reviewer")]
    assert "case.taken_back" in desk.outbox()
    again = desk.post(path, "initial_reviewer", body, **{"Idempotency-Key": "t1"})
    assert again.headers["Idempotency-Replayed"] == "true"
    desk.approve("initial_review", "initial_reviewer")
    assert desk.post(
        f"/cases/{desk.case_id}/claims", "second_reviewer", {"stage": "second_review"}
    ).is_success
    late = ask(desk, "take-back", "initial_reviewer", stage="initial_review")
    assert (late.status_code, late.json()["code"]) == (409, "taken_up")
    assert options(desk.stage("initial_review", login="initial_reviewer")) == {"take_back": False}


def test_looking_at_a_draft_takes_up_nothing(desk: Desk) -> None:
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    desk.case("second_reviewer")
    assert desk.get(f"/drafts/{desk.draft_id}", "second_reviewer").is_success
    assert ask(desk, "take-back", "initial_reviewer", stage="initial_review").is_success


def test_hand_over(desk: Desk) -> None:
    desk.submit()
    other = another(desk, "other", Role.INITIAL_REVIEWER)
    to_other = {"stage": "initial_review", "to": other, "comment": "出差"}
    wrong = ask(desk, "hand-over", "second_reviewer", **to_other)
    assert (wrong.status_code, desk.codes(wrong)) == (403, {"not_allowed"})
    nobody = ask(desk, "hand-over", "initial_reviewer", **{**to_other, "to": str(uuid4())})
    assert (nobody.status_code, nobody.json()["code"]) == (422, "person_unknown")
    for login in ("security_admin", "outsider"):
        refused = ask(desk, "hand-over", "initial_reviewer", **{**to_other, "to": ident(desk, login)})
        assert refused.json()["code"] == "person_unknown"
    unfit = ask(desk, "hand-over", "initial_reviewer", **{**to_other, "to": ident(desk, "second_reviewer")})
    assert (unfit.status_code, unfit.json()["reasons"][0]["data"]["why"]) == (422, ["not_allowed"])
    good = ask(desk, "hand-over", "initial_reviewer", **to_other)
    assert good.status_code == 200, good.text
    stage = desk.stage("initial_review")
    assert (stage["claimed_by"], stage["claimed_by_name"]) == (other, "other先生")
    assert desk.decide("initial_review", "initial_reviewer").json()["code"] == "claimed_by_other"
    action, _, data = desk.record()[-2]
    assert (action, data["to"], data["was"]) == ("case.handed_over", other, None)
    desk.approve("initial_review", "other")


def test_recuse(desk: Desk) -> None:
    desk.submit()
    bare = ask(desk, "recusal", "initial_reviewer")
    assert (bare.status_code, bare.json()["code"]) == (422, "comment_required")
    alone = ask(desk, "recusal", "initial_reviewer", comment="当事人是亲属")
    assert (alone.status_code, alone.json()["code"]) == (409, "strands")
    good = ask(desk, "recusal", "initial_reviewer", comment="当事人是亲属", knowing=True)
    assert good.status_code == 200, good.text
    assert good.json()["recused"] == [ident(desk, "initial_reviewer")]
    assert "当事人" not in str(desk.record()[-1])  # the reason can be erased
    refused = desk.decide("initial_review", "initial_reviewer")
    assert (refused.status_code, refused.json()["code"]) == (403, "recused")
    assert desk.get("/awaiting", "initial_reviewer").json()["items"] == []
    again = ask(desk, "recusal", "initial_reviewer", comment="再")
    assert (again.status_code, again.json()["code"]) == (403, "recused")
    another(desk, "other", Role.INITIAL_REVIEWER)
    desk.approve("initial_review", "other")


def test_remind(desk: Desk, clock: SetClock) -> None:
    desk.submit()
    wrong = ask(desk, "reminders", "editor", stage="second_review")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "stage_not_open")
    assert ask(desk, "reminders", "editor", stage="initial_review", comment="急").is_success
    assert desk.actions()[-1] == "case.reminded"
    twice = ask(desk, "reminders", "second_reviewer", stage="initial_review")
    assert (twice.status_code, twice.json()["code"]) == (409, "reminded_already")
    clock.advance(days=1)
    desk._headers.clear()
    assert ask(desk, "reminders", "second_reviewer", stage="initial_review").is_success


def test_copy(desk: Desk) -> None:
    desk.submit()
    expert = another(desk, "expert")
    assert desk.get(f"/drafts/{desk.draft_id}", "expert").status_code == 404
    assert desk.get("/copies", "expert").json() == {"items": [], "next": None}
    good = ask(desk, "copies", "initial_reviewer", to=expert, comment="请知悉")
    assert good.status_code == 200, good.text
    assert good.json()["copied"] == [expert]
    assert ask(desk, "copies", "initial_reviewer", to=expert).json()["code"] == "already_copied"
    assert desk.get(f"/drafts/{desk.draft_id}", "expert").status_code == 200
    (shown,) = desk.get("/copies", "expert").json()["items"]
    assert (shown["draft_id"], shown["copied_by"]) == (desk.draft_id, ident(desk, "initial_reviewer"))
    assert [one["id"] for one in desk.get("/drafts", "expert").json()["items"]] == [desk.draft_id]
    # One copy fills a page of one, and nothing follows it.
    assert desk.get("/copies", "expert", limit=1).json()["next"] is None
    assert not any(options(one) for one in desk.case("expert")["stages"] if one["state"] != "open")
    assert desk.decide("initial_review", "expert").status_code == 403
    assert desk.client.get("/api/v1/copies").status_code == 401


def test_an_opinion_is_asked_awaited_and_given(desk: Desk) -> None:
    digest = desk.submit()["revision"]
    expert = another(desk, "expert")
    asking = {"stage": "initial_review", "to": expert, "comment": "数字对吗", "waits": True}
    wrong = ask(desk, "consultations", "second_reviewer", **asking)
    assert (wrong.status_code, wrong.json()["code"]) == (403, "not_allowed")
    good = ask(desk, "consultations", "initial_reviewer", **asking)
    assert good.status_code == 200, good.text
    (consult,) = good.json()["consults"]
    assert (consult["asked"], consult["asked_name"], consult["answered"]) == (expert, "expert先生", False)
    held = desk.decide("initial_review", "initial_reviewer")
    assert (held.status_code, held.json()["code"]) == (409, "opinion_awaited")
    (waiting,) = desk.get("/opinions", "expert").json()
    assert (waiting["stage"], waiting["digest"], waiting["waits"]) == ("initial_review", digest, True)
    stale = ask(desk, "opinions", "expert", stage="initial_review", digest="0" * 64, comment="对")
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_digest")
    not_asked = ask(desk, "opinions", "second_reviewer", stage="initial_review", digest=digest, comment="对")
    assert (not_asked.status_code, not_asked.json()["code"]) == (403, "not_asked")
    assert ask(desk, "opinions", "expert", stage="initial_review", digest=digest, comment="对").is_success
    assert desk.get("/opinions", "expert").json() == []
    desk.approve("initial_review", "initial_reviewer")
    assert [one["actor"] for one in desk.case()["decisions"]] == ["initial_reviewer先生"]  # no vote


def test_a_reviewer_is_added_and_counted(desk: Desk) -> None:
    digest = desk.submit()["revision"]
    expert = another(desk, "expert")
    adding = {"stage": "initial_review", "to": expert, "comment": "请看数据", "place": "after"}
    own = ask(desk, "reviewers", "initial_reviewer", **{**adding, "to": ident(desk, "editor")})
    assert own.json()["reasons"][0]["data"]["why"] == ["own_draft"]
    good = ask(desk, "reviewers", "initial_reviewer", **adding)
    assert good.status_code == 200, good.text
    desk.approve("initial_review", "initial_reviewer")
    assert desk.open_stages() == {("added_1", "")}
    (waiting,) = desk.get("/awaiting", "expert").json()["items"]
    assert (waiting["stage"], waiting["stage_title"]) == ("added_1", "初审加签")
    assert desk.stage("added_1")["asked_by"] == ident(desk, "initial_reviewer")
    wrong = desk.decide("added_1", "second_reviewer", digest=digest)
    assert (wrong.status_code, wrong.json()["code"]) == (403, "not_allowed")
    desk.approve("added_1", "expert")
    desk.approve("second_review", "second_reviewer")
    why = {"stage": "final_review", "to": expert, "comment": "再看", "place": "before"}
    twice = ask(desk, "reviewers", "final_reviewer", **why)
    assert twice.json()["reasons"][0]["data"]["why"] == ["same_person"]
    desk.approve("final_review", "final_reviewer")


@pytest.fixture
def overridable(runtime: Runtime, tmp_path: Path) -> Runtime:
    """A service whose standard workflow lets the final reviewer go past the third proofread."""
    policies = Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))
    file = policies / "workflows" / "standard.yaml"
    whole = file.read_text()
    marked = whole.replace(
        "    levels: third_proof\n", "    levels: third_proof\n    override: {role: final_reviewer}\n"
    )
    assert marked != whole
    file.write_text(marked)
    object.__setattr__(runtime, "settings", runtime.settings.model_copy(update={"policies_dir": policies}))
    return runtime


def test_an_override_is_marked_and_never_a_review(client: TestClient, overridable: Runtime) -> None:
    desk = Desk.open(client, overridable).draft().reviews()
    desk.work()
    for stage, login in (("first_proof", "proofreader"), ("second_proof", "proofreader2")):
        desk.approve(stage, login, "wechat")
    stage = desk.stage("third_proof", "wechat", "final_reviewer")
    assert options(stage)["override"]
    body = {"stage": "third_proof", "line": "wechat", "digest": stage["digest"], "comment": "汛情紧急"}
    wrong = ask(desk, "overrides", "publisher", **body)
    assert (wrong.status_code, wrong.json()["code"]) == (403, "not_allowed")
    admin = ask(desk, "overrides", "system_admin", **body)
    assert admin.status_code == 404  # administrators know of no texts
    bare = ask(desk, "overrides", "final_reviewer", **{**body, "comment": ""})
    assert (bare.status_code, bare.json()["code"]) == (422, "comment_required")
    assert ask(desk, "overrides", "final_reviewer", **body).is_success
    assert desk.stage("third_proof", "wechat")["state"] == "overridden"
    assert "case.stage_overridden" in desk.actions()
    assert len(desk.case()["decisions"]) == 5
    desk.approve("confirm_marks", "initial_reviewer", "wechat")
    release = signed(desk)
    assert Press.open(desk).publish(release["ticket"], release["digest"]).status_code == 201
    report = verify(exported(desk))
    assert report.faults == []
    assert any("三校：越过，final_reviewer先生" in line for line in report.story)


def test_no_workflow_overrides_a_review(desk: Desk) -> None:
    digest = desk.submit()["revision"]
    body = {"stage": "initial_review", "digest": digest, "comment": "急"}
    refused = ask(desk, "overrides", "final_reviewer", **body)
    assert (refused.status_code, refused.json()["code"]) == (409, "verb_not_offered")
    assert desk.actions()[-1] == "decision.refused"


def test_the_verifier_knows_added_reviewers_and_delegates(desk: Desk) -> None:
    deputy, expert = another(desk, "deputy"), another(desk, "expert")
    body = {"delegate_id": deputy, "starts_on": "2026-03-02", "ends_on": "2026-03-03"}
    assert desk.post("/delegations", "initial_reviewer", body).status_code == 201
    desk.submit()
    adding = {"stage": "initial_review", "to": expert, "comment": "请看", "place": "beside"}
    assert ask(desk, "reviewers", "initial_reviewer", **adding).is_success
    desk.approve("initial_review", "deputy")
    desk.approve("added_1", "expert")
    desk.approve("second_review", "second_reviewer")
    desk.approve("final_review", "final_reviewer")
    desk.work()
    desk.approve("first_proof", "proofreader", "wechat")
    on_proof = {"stage": "second_proof", "line": "wechat", "to": expert, "comment": "版式", "place": "before"}
    assert ask(desk, "reviewers", "proofreader2", **on_proof).is_success
    desk.approve("added_2", "expert", "wechat")
    for stage, login in (("second_proof", "proofreader2"), ("third_proof", "proofreader3")):
        desk.approve(stage, login, "wechat")
    desk.approve("confirm_marks", "initial_reviewer", "wechat")
    body = {**body, "delegate_id": another(desk, "signer")}
    assert desk.post("/delegations", "publisher", body).status_code == 201
    answer = sign(desk, "signer")
    assert answer.status_code == 201, answer.text
    (release,) = desk.get(f"/drafts/{desk.draft_id}/publications", "publisher").json()["releases"]
    assert Press.open(desk).publish(release["ticket"], release["digest"]).status_code == 201
    package = exported(desk)
    report = verify(package)
    assert report.faults == []
    (told,) = report.facts["releases"]
    assert told["signed_by"] == "signer先生（代 publisher先生）"
    by = {one["stage"]: one["by"] for one in told["approved"]}
    assert by["initial_review"] == ["deputy先生（代 initial_reviewer先生）"]
    assert by["added_1"] == by["added_2"] == ["expert先生"]
