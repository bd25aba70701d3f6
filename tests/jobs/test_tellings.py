"""What it costs to tell people: a number of statements that does not grow with those who are told."""

import json

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, func, select

from app.domain.vocabulary import NoticeKind, Role
from app.identity.models import RoleGrant, User
from app.infra.db import statements
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from app.jobs.kinds import JobKind
from app.jobs.models import Job
from app.notifications import service
from app.notifications.models import Notice
from app.notifications.scenes import Step
from tests.api.desk import Desk

pytestmark = pytest.mark.both_databases

#: Statements that telling of one step may take.
MOST = 40


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime).draft()


def more_reviewers(desk: Desk, count: int) -> None:
    """Add people who may do the initial review, with addresses for mail."""
    user = desk.bureau.user("initial_reviewer")
    with desk.runtime.database.write() as session:
        grant = session.exec(
            select(RoleGrant).where(RoleGrant.user_id == user.id, RoleGrant.role == Role.INITIAL_REVIEWER)
        ).one()
        for _ in range(count):
            person = new_id()
            named = {"id": person, "login": f"r{person}", "email": f"{person}@example.org"}
            session.add(User(**{**user.model_dump(), **named}))
            session.flush()
            session.add(RoleGrant(**{**grant.model_dump(), "id": new_id(), "user_id": person}))


def told(desk: Desk, steps: int = 1) -> int:
    """Tell of the newest steps with mail; return how many statements that took."""
    seen: list[str] = []
    with desk.runtime.database.write() as session:
        newest = select(Job).where(Job.kind == JobKind.NOTIFY).order_by(col(Job.id).desc()).limit(steps)
        promised = [Step.promised(json.loads(job.payload)) for job in session.exec(newest).all()]
        assert len(promised) == steps
        token = statements.set(seen)
        service.tell(session, promised, with_mail=True, at=desk.runtime.clock())
        session.flush()
        statements.reset(token)
    return len([one for one in seen if not one.startswith("BEGIN")])


def heard(desk: Desk) -> tuple[int, int]:
    """Return how many people hear of a stage that opened, and how many mails wait."""
    with desk.runtime.database.read() as session:
        notices = select(func.count()).where(Notice.kind == NoticeKind.STAGE_OPENED)
        mails = select(func.count()).where(Job.kind == JobKind.MAIL)
        return session.exec(notices).one(), session.exec(mails).one()


def test_telling_takes_as_many_statements_for_many_as_for_few(desk: Desk) -> None:
    more_reviewers(desk, 1)
    desk.submit()
    few = told(desk)
    assert heard(desk) == (2, 1)
    more_reviewers(desk, 50)
    desk.draft().submit()
    many = told(desk)
    assert heard(desk) == (2 + 52, 51)
    assert few == many <= MOST


def test_telling_of_many_steps_takes_as_many_statements_as_of_one(desk: Desk) -> None:
    more_reviewers(desk, 1)
    desk.submit()
    one = told(desk)
    for _ in range(3):
        desk.draft().submit()
    assert told(desk, steps=3) == one
    assert heard(desk) == (2 + 3 * 2, 1)


def test_work_that_was_done_is_taken_off_every_list_in_one_statement(desk: Desk) -> None:
    more_reviewers(desk, 1)
    desk.submit()
    told(desk)
    desk.approve("initial_review", "initial_reviewer")
    few = told(desk)
    more_reviewers(desk, 50)
    desk.draft().submit()
    told(desk)
    desk.approve("initial_review", "initial_reviewer")
    assert few == told(desk) <= MOST
    with desk.runtime.database.read() as session:
        unread = select(func.count()).where(Notice.stage == "initial_review", col(Notice.read_at).is_(None))
        assert session.exec(unread).one() == 0
