"""`Prefer: return=minimal`: the same decision, a shorter answer."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, func, select

from app.infra.http.prefer import wants_minimal
from app.infra.runtime import Runtime
from app.jobs.models import Job
from app.reviews.models import Decision
from tests.api.desk import Desk

BRIEF = {"Prefer": "return=minimal"}


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime).draft()


def test_a_short_answer(desk: Desk) -> None:
    digest = desk.digest()
    path = f"/drafts/{desk.draft_id}/submissions"
    assert desk.client.post(f"/api/v1{path}", headers=BRIEF, json={"digest": digest}).status_code == 401
    refused = desk.post(path, "initial_reviewer", {"digest": digest}, **BRIEF)
    assert refused.status_code == 403
    assert refused.json()["reasons"], "a refusal says no less"
    assert "Preference-Applied" not in refused.headers
    answer = desk.post(path, "editor", {"digest": digest}, **BRIEF)
    assert answer.status_code == 201
    assert answer.headers["Preference-Applied"] == "return=minimal"
    submitted = answer.json()
    desk.case_id = submitted["id"]
    assert submitted == {
        "id": desk.case()["id"],
        "draft_id": desk.draft_id,
        "state": "running",
        "version": desk.case()["version"],
        "revision": digest,
        "open": [{"stage": "initial_review", "line": "", "digest": digest}],
    }
    before = desk.record()
    stale = desk.decide("initial_review", "initial_reviewer", digest="0" * 64, headers=BRIEF)
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_digest")
    answer = desk.decide("initial_review", "initial_reviewer", headers=BRIEF)
    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "return=minimal"
    assert answer.json()["open"] == [{"stage": "second_review", "line": "", "digest": digest}]
    assert answer.json()["version"] == desk.case()["version"]
    assert [action for action, _, _ in desk.record()[len(before) :]] == [
        "decision.refused",
        "decision.approved",
        "case.stage_skipped",
        "case.stage_opened",
    ]
    with desk.runtime.database.read() as session:
        kinds = session.exec(select(Job.kind).order_by(col(Job.id))).all()
        assert session.exec(select(func.count(col(Decision.id)))).one() == 1
    assert {"notifications.tell", "webhooks.fan_out"} <= set(kinds)


def test_a_key_is_good_for_one_length(desk: Desk) -> None:
    digest = desk.submit()["revision"]

    def approve(**headers: str) -> Any:
        return desk.decide(
            "initial_review", "initial_reviewer", digest=digest, headers={"Idempotency-Key": "k", **headers}
        )

    first, again, whole = approve(**BRIEF), approve(**BRIEF), approve()
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert again.headers["Preference-Applied"] == "return=minimal"
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (whole.status_code, whole.json()["code"]) == (409, "idempotency_key_reused")


def test_without_the_wish_the_whole_case(desk: Desk) -> None:
    desk.submit()
    answer = desk.decide("initial_review", "initial_reviewer", headers={"Prefer": "respond-async"})
    assert answer.json()["stages"]
    assert "Preference-Applied" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ([], False),
        ([""], False),
        (["return=minimal"], True),
        (["return=representation"], False),
        (["respond-async, wait=10", 'Return = "minimal" ; foo=bar'], True),
        (["return=representation, return=minimal"], False),
        (["return=minimal", "return=representation"], True),
        (['note="return=minimal, return=minimal"'], False),
        (['note="unclosed, return=minimal'], True),
        (["return"], False),
    ],
)
def test_what_counts_as_the_wish(headers: list[str], wanted: bool) -> None:
    assert wants_minimal(headers) is wanted
