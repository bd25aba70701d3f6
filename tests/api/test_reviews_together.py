"""Several people at the same instant: one outcome a stage, whatever the order in which they come."""

from collections import Counter
from collections.abc import Callable, Sequence
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func
from sqlmodel import select

from app.domain.vocabulary import Role
from app.infra.runtime import Runtime
from app.reviews.models import Decision
from tests import factories
from tests.api.desk import Desk

pytestmark = pytest.mark.both_databases

TOGETHER = 16


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime).draft()


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Call all at the same instant, each in a thread; return their answers in order."""
    answers: list[Any] = [None] * len(calls)
    barrier = Barrier(len(calls))

    def run(index: int) -> None:
        barrier.wait()
        answers[index] = calls[index]()

    threads = [Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def reviewers(desk: Desk, count: int) -> list[str]:
    logins = [f"reviewer{number}" for number in range(count)]
    with desk.runtime.database.write() as session:
        for login in logins:
            factories.person(
                session,
                login,
                unit=desk.bureau.office,
                on=desk.bureau.city,
                roles=[Role.INITIAL_REVIEWER],
                at=desk.runtime.clock(),
            )
    for login in logins:
        desk.headers(login)
    return logins


def final_decisions(desk: Desk, stage: str) -> int:
    with desk.session() as session:
        query = select(func.count()).where(
            Decision.case_id == UUID(desk.case_id), Decision.stage == stage, Decision.final
        )
        return session.exec(query).one()


def test_two_approve_the_same_stage_at_the_same_instant(desk: Desk) -> None:
    digest = desk.submit()["revision"]
    one, other = reviewers(desk, 2)
    answers = at_once(
        [lambda login=login: desk.decide("initial_review", login, digest=digest) for login in (one, other)]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    lost = next(answer for answer in answers if answer.status_code == 409)
    assert lost.json()["code"] == "stage_not_open"
    assert final_decisions(desk, "initial_review") == 1
    assert desk.actions().count("decision.approved") == 1
    assert desk.actions().count("case.stage_opened") == 2
    assert desk.actions().count("decision.refused") == 1


def test_sixteen_decide_differently_at_the_same_instant(desk: Desk) -> None:
    digest = desk.submit()["revision"]
    verdicts = ("approve", "send_back", "decline")
    calls = [
        lambda login=login, verdict=verdicts[index % 3]: desk.decide(
            "initial_review", login, verdict=verdict, digest=digest, comment="意见"
        )
        for index, login in enumerate(reviewers(desk, TOGETHER))
    ]
    answers = at_once(calls)
    codes = Counter(answer.status_code for answer in answers)
    assert codes == {200: 1, 409: TOGETHER - 1}
    assert final_decisions(desk, "initial_review") == 1


def test_two_submit_at_the_same_instant(desk: Desk) -> None:
    digest = desk.digest()
    desk.headers("editor")
    path = f"/drafts/{desk.draft_id}/submissions"
    answers = at_once([lambda: desk.post(path, "editor", {"digest": digest})] * 4)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert desk.actions().count("case.opened") == 1


def test_a_recall_and_an_approval_at_the_same_instant(desk: Desk) -> None:
    digest = desk.submit()["revision"]
    for login in ("editor", "initial_reviewer"):
        desk.headers(login)
    recalled, approved = at_once(
        [
            lambda: desk.post(f"/cases/{desk.case_id}/recall", "editor", {}),
            lambda: desk.decide("initial_review", "initial_reviewer", digest=digest),
        ]
    )
    assert recalled.status_code == 200
    assert approved.status_code in {200, 409}
    assert desk.case()["state"] == "recalled"
    assert desk.open_stages() == set()


def test_a_take_back_and_a_claim_at_the_same_instant(desk: Desk) -> None:
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    desk.headers("second_reviewer")
    path = f"/cases/{desk.case_id}"
    taken, claimed = at_once(
        [
            lambda: desk.post(f"{path}/take-back", "initial_reviewer", {"stage": "initial_review"}),
            lambda: desk.post(f"{path}/claims", "second_reviewer", {"stage": "second_review"}),
        ]
    )
    assert sorted((taken.status_code, claimed.status_code)) == [200, 409]
    expected = {("initial_review", "")} if taken.is_success else {("second_review", "")}
    assert desk.open_stages() == expected


def test_sixteen_of_all_kinds_at_the_same_instant(desk: Desk) -> None:
    """Whatever sixteen people do at once to one case: one outcome a run, and a record of every step."""
    digest = desk.submit()["revision"]
    logins = reviewers(desk, TOGETHER)
    expert = str(desk.bureau.user("proofreader").id)
    path, stage = f"/cases/{desk.case_id}", {"stage": "initial_review"}

    def act(index: int, login: str) -> Any:
        if index % 4 == 0:
            return desk.decide("initial_review", login, digest=digest)
        if index % 4 == 1:
            return desk.post(f"{path}/claims", login, stage)
        if index % 4 == 2:
            return desk.post(f"{path}/recusal", login, {"comment": "回避"})
        adding = {**stage, "to": expert, "comment": "请看", "place": "before"}
        return desk.post(f"{path}/reviewers", login, adding)

    answers = at_once(
        [lambda index=index, login=login: act(index, login) for index, login in enumerate(logins)]
    )
    assert {answer.status_code for answer in answers} <= {200, 403, 409}
    case = desk.case()
    assert final_decisions(desk, "initial_review") <= 1
    runs = [(one["stage"], one["state"]) for one in case["stages"]]
    assert sum(state == "open" for _, state in runs) == 1
    assert len(case["recused"]) == TOGETHER // 4
    done = [action for action, outcome, _ in desk.record() if outcome == "done"]
    assert done.count("case.recused") == TOGETHER // 4
    assert done.count("decision.approved") == final_decisions(desk, "initial_review")
    # every step that was done moved the case on by one, and no other did
    changed = sum(answer.is_success for answer in answers)
    assert case["version"] == changed + 1
