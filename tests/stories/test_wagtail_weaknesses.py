"""Eleven known weaknesses of a stock Wagtail workflow, each tried here over the API on both databases."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from app.domain.document.model import Document
from app.domain.vocabulary import Role
from app.identity import service as identity
from app.identity.access import SYSTEM
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.reviews.models import Decision
from tests import factories
from tests.api.desk import PROOFREADERS, REVIEWERS, Desk
from tests.api.press import Press, ready, signed
from tests.api.test_reviews_together import at_once

pytestmark = pytest.mark.both_databases


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime).draft()


def holding(desk: Desk, login: str, *roles: Role) -> str:
    """Add a person with all these roles."""
    with desk.runtime.database.write() as session:
        factories.person(
            session,
            login,
            unit=desk.bureau.office,
            on=desk.bureau.city,
            roles=roles,
            at=desk.runtime.clock(),
        )
    return login


def content(document: Document) -> dict[str, Any]:
    """Return a revision with this content."""
    blocks = [block.model_dump(mode="json") for block in document.blocks]
    return {"format": "blocks", "title": document.title, "content": blocks}


def test_1_one_person_does_not_approve_all_stages(desk: Desk) -> None:
    everybody = holding(desk, "everybody", *(role for role in factories.TRADE if role is not Role.EDITOR))
    digest = desk.submit()["revision"]
    desk.approve("initial_review", everybody)
    for stage, login in REVIEWERS[1:]:
        refused = desk.decide(stage, everybody, digest=digest)
        assert (refused.status_code, refused.json()["code"]) == (403, "same_person")
        desk.approve(stage, login)
    desk.work()
    desk.approve("first_proof", everybody, "wechat")
    refused = desk.decide("second_proof", everybody, "wechat")
    assert (refused.status_code, refused.json()["code"]) == (403, "same_person")


def test_2_the_submitter_does_not_approve(desk: Desk) -> None:
    with desk.runtime.database.write() as session:
        for role in (Role.INITIAL_REVIEWER, Role.SECOND_REVIEWER, Role.FINAL_REVIEWER):
            identity.grant_role(
                session,
                user_id=desk.bureau.user("editor").id,
                role=role,
                unit_id=desk.bureau.city.id,
                actor=SYSTEM,
                at=desk.runtime.clock(),
            )
    desk.submit()
    refused = desk.decide("initial_review", "editor")
    assert (refused.status_code, refused.json()["code"]) == (403, "own_draft")
    assert desk.case()["decisions"] == []


def test_3_a_later_rewrite_is_not_published_unseen(desk: Desk) -> None:
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    desk.approve("second_review", "second_reviewer")
    sent = desk.decide(
        "final_review", "final_reviewer", verdict="send_back", comment="请补充", then="continue_here"
    )
    assert sent.status_code == 200, sent.text
    desk.revise(
        content(factories.document("清河市召开座谈会", "12月2日，清河市民政局召开座谈会，部署下一步工作。"))
    )
    desk.submit()
    # both saw another text: they are asked again, in their order, though the walk was to go on at the end
    assert desk.open_stages() == {("initial_review", "")}
    assert {data["stage"] for action, _, data in desk.record() if action == "case.stage_voided"} >= {
        "initial_review",
        "second_review",
    }
    early = desk.decide("final_review", "final_reviewer", digest=desk.case()["revision"])
    assert early.json()["code"] == "stage_not_open"


@pytest.fixture
def own_policies(runtime: Runtime, tmp_path: Path) -> Path:
    """Policy files of this service that the test may change."""
    policies = Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))
    object.__setattr__(runtime, "settings", runtime.settings.model_copy(update={"policies_dir": policies}))
    return policies


def test_4_removing_a_stage_in_flight_skips_nothing(
    own_policies: Path, client: TestClient, runtime: Runtime
) -> None:
    desk = Desk.open(client, runtime).draft()
    desk.submit()
    file = own_policies / "workflows" / "standard.yaml"
    whole = file.read_text()
    start, end = whole.index("  - key: second_proof\n"), whole.index("  - key: third_proof\n")
    without = (whole[:start] + whole[end:]).replace(
        "first_proof, second_proof, third_proof", "first_proof, third_proof"
    )
    file.write_text(without)
    for stage, login in REVIEWERS:
        desk.approve(stage, login)
    desk.work()
    for stage, login in PROOFREADERS:
        assert (stage, "wechat") in desk.open_stages()
        desk.approve(stage, login, "wechat")
    desk.draft().submit()
    assert "second_proof" not in {one["stage"] for one in desk.case()["stages"]}  # only new cases lack it


def test_5_a_publisher_skips_no_review(desk: Desk) -> None:
    digest = desk.submit()["revision"]
    desk.approve("initial_review", "initial_reviewer")
    path = f"/cases/{desk.case_id}/releases"
    refused = desk.post(path, "publisher", {"line": "wechat", "digest": digest})
    assert refused.status_code == 409
    assert "stage_not_open" in desk.codes(refused)
    body = {"stage": "second_review", "digest": digest, "comment": "急"}
    assert desk.post(f"/cases/{desk.case_id}/overrides", "publisher", body).status_code == 409
    told = Press.open(desk).ask(digest=digest)
    assert told["statement"]["outcome"] == "refused"
    assert desk.get(f"/drafts/{desk.draft_id}/publications", "publisher").json()["releases"] == []


@pytest.mark.parametrize(
    "table", ["workflow_version", "user_account", "stage_run", "review_case", "revision"]
)
def test_6_what_a_decision_names_is_not_deleted(desk: Desk, table: str) -> None:
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    with desk.session() as session, pytest.raises(DBAPIError):
        session.connection().execute(text(f"DELETE FROM {table}"))
    user = desk.bureau.user("initial_reviewer").id
    assert desk.post(f"/users/{user}/deactivation", "system_admin").status_code == 200
    (decision,) = desk.case()["decisions"]
    assert decision["actor"] == "initial_reviewer先生"


def test_7_of_two_conflicting_decisions_one_counts(desk: Desk) -> None:
    digest = desk.submit()["revision"]
    other = holding(desk, "other", Role.INITIAL_REVIEWER)
    for login in ("initial_reviewer", other):
        desk.headers(login)
    answers = at_once(
        [
            lambda: desk.decide("initial_review", "initial_reviewer", digest=digest),
            lambda: desk.decide(
                "initial_review", other, verdict="decline", digest=digest, comment="不宜公开"
            ),
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    with desk.session() as session:
        (decision,) = session.exec(select(Decision)).all()
    assert decision.final
    expected = {"approved": "running", "declined": "declined"}[decision.verdict]
    assert desk.case()["state"] == expected


def test_8_saving_without_a_change_voids_nothing(desk: Desk) -> None:
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    sent = desk.decide(
        "second_review", "second_reviewer", verdict="send_back", comment="请说明", then="continue_here"
    )
    assert sent.status_code == 200
    before = desk.get(f"/drafts/{desk.draft_id}").json()
    assert desk.revise(content(factories.document())) == before["digest"]
    assert desk.get(f"/drafts/{desk.draft_id}").json()["revision"] == before["revision"]
    desk.submit(comment="已核实，无需修改")
    assert desk.open_stages() == {("second_review", "")}
    assert desk.stage("initial_review")["state"] == "passed"
    assert "case.stage_voided" not in desk.actions()


def test_9_what_was_approved_is_published_and_nothing_newer(desk: Desk) -> None:
    release = signed(ready(desk))
    press = Press.open(desk)
    assert press.ask(digest=release["digest"])["statement"]["outcome"] == "cleared"
    assert press.ask(digest="0" * 64)["statement"]["outcome"] == "refused"
    refused = press.publish(release["ticket"], "0" * 64)
    assert refused.status_code == 409
    assert press.publish(release["ticket"], release["digest"]).status_code == 201
    assert release["digest"] == desk.case()["proofs"]["wechat"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_event SET body = '{}'",
        "UPDATE audit_event SET ts = '2020-01-01'",
        "DELETE FROM audit_event",
        "UPDATE decision SET verdict = 'approved', comment = ''",
        "DELETE FROM decision",
        "UPDATE audit_head SET seq = 1",
    ],
)
def test_10_the_trail_is_not_altered(desk: Desk, change: str) -> None:
    desk.submit()
    desk.decide("initial_review", "initial_reviewer", verdict="send_back", comment="改")
    before = desk.record()
    with desk.session() as session, pytest.raises(DBAPIError):
        session.connection().execute(text(change))
    assert desk.record() == before


def test_11_a_change_of_configuration_reaches_no_open_case(
    own_policies: Path, client: TestClient, runtime: Runtime
) -> None:
    desk = Desk.open(client, runtime).draft()
    begun = desk.submit()
    file = own_policies / "workflows" / "standard.yaml"
    changed = file.read_text().replace("who: {role: second_reviewer}", "who: {role: publisher}")
    assert changed != file.read_text()
    file.write_text(changed)
    desk.approve("initial_review", "initial_reviewer")
    refused = desk.decide("second_review", "publisher")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    gone_on = desk.approve("second_review", "second_reviewer")
    assert gone_on["workflow"] == begun["workflow"]
    after = desk.draft().submit()
    assert after["workflow"] != begun["workflow"]
