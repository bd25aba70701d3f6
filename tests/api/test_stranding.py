"""Nobody is stranded: what would leave a stage with nobody says so first, and what is stranded is told."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.domain.vocabulary import NoticeKind
from app.infra.runtime import Runtime
from app.notifications.models import Notice
from app.reviews.deadlines import stranded
from tests.api.desk import Desk

pytestmark = pytest.mark.both_databases


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime).draft()


def recuse(desk: Desk, login: str, **body: Any) -> Any:
    return desk.post(f"/cases/{desk.case_id}/recusal", login, {"comment": "与当事人有亲属关系", **body})


def test_the_only_reviewer_hears_that_nobody_would_be_left_before_withdrawing(desk: Desk) -> None:
    desk.submit()
    before = desk.actions()
    refused = recuse(desk, "second_reviewer")
    assert (refused.status_code, desk.codes(refused)) == (409, {"strands"})
    [reason] = refused.json()["reasons"]
    assert (reason["field"], reason["data"]["stages"]) == ("knowing", ["复审"])
    assert desk.actions() == before
    assert recuse(desk, "second_reviewer", knowing=True).status_code == 200


def test_an_added_reviewer_who_is_the_only_one_for_a_later_stage_is_told_of(desk: Desk) -> None:
    desk.submit()
    to = str(desk.actor("second_reviewer").id)
    body = {"stage": "initial_review", "to": to, "comment": "请把关", "place": "beside"}
    path = f"/cases/{desk.case_id}/reviewers"
    refused = desk.post(path, "initial_reviewer", body)
    assert (refused.status_code, desk.codes(refused)) == (409, {"strands"})
    assert refused.json()["reasons"][0]["data"]["stages"] == ["复审"]
    assert desk.post(path, "initial_reviewer", {**body, "knowing": True}).status_code == 200


def test_what_nobody_can_act_at_stands_on_the_board_and_is_told_once(desk: Desk) -> None:
    desk.submit()
    runtime = desk.runtime
    assert stranded.sweep(runtime, at=runtime.clock()) == 0
    assert recuse(desk, "initial_reviewer", knowing=True).status_code == 200
    assert stranded.sweep(runtime, at=runtime.clock()) == 1
    assert stranded.sweep(runtime, at=runtime.clock()) == 0
    assert desk.actions()[-1] == "case.stage_stranded"
    [shown] = desk.get("/board/absent", "second_reviewer").json()
    assert (shown["stage"], shown["names"], shown["waits_for"]) == ("initial_review", [], "初审")
    desk.work()
    with desk.session() as session:
        told = session.exec(select(Notice).where(Notice.kind == NoticeKind.STAGE_STRANDED)).all()
    assert desk.actor("editor").id in {notice.user_id for notice in told}


def test_a_stage_that_stays_stranded_climbs_the_chain(desk: Desk) -> None:
    desk.submit()
    runtime, at = desk.runtime, desk.runtime.clock()
    recuse(desk, "initial_reviewer", knowing=True)
    stranded.sweep(runtime, at=at)
    later = at + timedelta(days=6)
    assert stranded.sweep(runtime, at=later) >= 1
    assert stranded.sweep(runtime, at=later) == 0
