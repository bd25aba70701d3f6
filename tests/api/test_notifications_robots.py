"""Robots of group chats: a real HTTP server that answers as the service is documented to."""

import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from app.infra.runtime import Runtime
from app.jobs.models import Job, JobState
from app.notifications.models import NoticeRobot, RobotMessage
from app.notifications.robots import service as robots
from app.reviews.models import ReviewCase
from tests import factories
from tests.api.desk import Desk
from tests.conftest import SetClock

KEY = "633a31f6-7f9c-4bc4-97a0-0ec1eefa5898"


class GroupService:
    """The stand-in: takes POSTs as `/cgi-bin/webhook/send?key=…`, answers `errcode`, keeps what was said."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.sizes: list[int] = []
        self.errcode: int = 0
        self.status = 200
        self.raw: bytes | None = None
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                assert self.path == f"/cgi-bin/webhook/send?key={KEY}"
                assert self.headers["content-type"] == "application/json"
                if service.errcode == 0 and service.status == 200 and service.raw is None:
                    said = json.loads(body)
                    service.said.append(said)
                    service.sizes.append(len(said["markdown"]["content"].encode()))
                words = "ok" if service.errcode == 0 else "api freq out of limit"
                answer = service.raw or json.dumps({"errcode": service.errcode, "errmsg": words}).encode()
                self.send_response(service.status)
                self.send_header("content-type", "application/json; charset=UTF-8")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}/cgi-bin/webhook/send?key={KEY}"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def words(self) -> str:
        """Everything said so far."""
        return "\n".join(one["markdown"]["content"] for one in self.said)


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime).draft()


@pytest.fixture
def group(runtime: Runtime) -> Iterator[GroupService]:
    with GroupService() as service:
        runtime.settings.webhook_hosts = frozenset({service.host})
        runtime.settings.public_url = "https://sanshen.minzheng.example"
        yield service


def register(desk: Desk, group: GroupService, unit: str = "city", **more: Any) -> dict[str, Any]:
    body = {"unit_id": str(getattr(desk.bureau, unit).id), "name": "宣传工作群", "url": group.url, **more}
    answer = desk.post("/notice-robots", "system_admin", body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def later(desk: Desk, clock: SetClock, **time: float) -> None:
    desk.work()
    clock.advance(**(time or {"seconds": 10}))
    desk._headers.clear()
    desk.work()


def jobs(desk: Desk) -> list[Job]:
    with desk.session() as session:
        query = select(Job).where(Job.kind == "notifications.robot").order_by(col(Job.id))
        return list(session.exec(query).all())


def test_a_group_hears_of_its_units_drafts_without_their_titles(
    desk: Desk, group: GroupService, clock: SetClock
) -> None:
    register(desk, group)
    register(desk, group, unit="district", name="区局工作群")
    desk.submit()
    later(desk, clock)
    (said,) = group.said
    assert said["msgtype"] == "markdown"
    number = desk.get(f"/drafts/{desk.draft_id}").json()["number"]
    assert said["markdown"]["content"] == (
        f"**三审通知**\n> 稿件 {number}：等待办理：初审\n[打开三审](https://sanshen.minzheng.example/)"
    )
    later(desk, clock, minutes=5)
    assert len(group.said) == 1


def test_titles_are_said_where_they_may_be_and_never_confidential_ones(
    desk: Desk, group: GroupService, clock: SetClock
) -> None:
    register(desk, group, titles=True)
    desk.draft(factories.document("关于[点我](http://evil.example)的<font>通知"), "website").submit()
    desk.work()
    desk.draft(factories.document("某项目选址方案")).submit()
    with desk.runtime.database.write() as session:
        case = session.exec(select(ReviewCase).order_by(col(ReviewCase.opened_at), col(ReviewCase.id))).all()[
            -1
        ]
        case.book = {**case.book, "flags": ["confidential"]}
        session.add(case)
    later(desk, clock)
    assert len(group.said) == 1
    assert "《关于［点我］（http://evil.example）的＜font＞通知》" in group.words
    assert "选址" not in group.words
    assert group.words.count("等待办理：初审") == 2


def test_only_chosen_kinds_are_told(desk: Desk, group: GroupService, clock: SetClock) -> None:
    register(desk, group, kinds=["returned"])
    desk.submit()
    later(desk, clock)
    assert group.said == []
    desk.decide("initial_review", "initial_reviewer", verdict="send_back", comment="请补来源。")
    later(desk, clock)
    assert "已退回作者" in group.words
    assert "请补来源" not in group.words


def test_what_comes_together_is_said_together_and_within_the_limit(
    desk: Desk, group: GroupService, clock: SetClock
) -> None:
    register(desk, group, titles=True)
    for number in range(25):
        desk.draft(factories.document(f"第{number}篇" + "长标题" * 50), "website").submit()
    later(desk, clock)
    assert len(group.said) == 1
    for _ in range(4):
        clock.advance(seconds=3)
        desk.work()
    assert group.words.count("等待办理") == 25
    assert max(group.sizes) <= robots.MOST_BYTES
    assert len(group.said) >= 3


def test_a_robot_speaks_at_most_twenty_times_a_minute(
    desk: Desk, group: GroupService, clock: SetClock
) -> None:
    robot = register(desk, group)
    began = clock()
    while clock() < began + timedelta(minutes=1):
        desk.draft().submit()
        desk.work()
        with desk.runtime.database.write() as session:
            for job in session.exec(
                select(Job).where(Job.kind == "notifications.robot", Job.state == JobState.QUEUED)
            ).all():
                job.run_at = min(job.run_at, clock())  # as if somebody were in a hurry
                session.add(job)
        desk.work()
        clock.advance(seconds=2)
    assert 15 <= len(group.said) <= 20
    with desk.session() as session:
        assert session.exec(select(NoticeRobot.active)).one() is True
    assert robot["active"] is True


def test_too_many_means_later_and_nothing_is_lost(desk: Desk, group: GroupService, clock: SetClock) -> None:
    register(desk, group)
    group.errcode = 45009
    desk.submit()
    later(desk, clock)
    assert group.said == []
    group.errcode = 0
    later(desk, clock, seconds=59)
    assert group.said == []
    later(desk, clock, seconds=1)
    assert len(group.said) == 1
    assert {job.state for job in jobs(desk)} == {JobState.DONE}


@pytest.mark.parametrize(
    ("status", "raw", "error"),
    [
        (500, b"{}", "http_500"),
        (302, b"", "http_302"),
        (200, b"<html>", "answer_not_understood"),
        (200, b'{"errcode": "0"}', "answer_not_understood"),
        (200, b"x" * 9000, "answer_too_long"),
        (200, b'{"errcode": 40008, "errmsg": "invalid message type"}', "errcode_40008"),
    ],
)
def test_other_failures_are_tried_again(
    desk: Desk, group: GroupService, clock: SetClock, status: int, raw: bytes, error: str
) -> None:
    register(desk, group)
    group.status, group.raw = status, raw
    desk.submit()
    later(desk, clock)
    (job,) = jobs(desk)
    assert (job.state, job.error) == (JobState.QUEUED, f"RobotFailed: {error}")
    group.status, group.raw = 200, None
    clock.advance(minutes=20)
    desk.work()
    assert len(group.said) == 1
    assert {job.state for job in jobs(desk)} == {JobState.DONE}


def test_what_fails_for_too_long_is_dead_until_somebody_asks_for_it(
    desk: Desk, group: GroupService, clock: SetClock
) -> None:
    register(desk, group)
    group.status = 500
    desk.submit()
    later(desk, clock)
    for _ in range(11):
        clock.advance(minutes=20)
        desk.work()
    (job,) = jobs(desk)
    assert job.state == JobState.DEAD
    group.status = 200
    desk._headers.clear()
    assert desk.post(f"/jobs/{job.id}/retries", "system_admin").status_code == 202
    desk.work()
    assert len(group.said) == 1


def test_a_robot_that_is_no_more_is_switched_off(desk: Desk, group: GroupService, clock: SetClock) -> None:
    robot = register(desk, group)
    group.errcode = 93000
    desk.submit()
    later(desk, clock)
    (shown,) = desk.get("/notice-robots", "system_admin").json()
    assert (shown["active"], shown["disabled_reason"]) == (False, "no_such_robot")
    assert factories.events(desk.runtime.database, f"robot:{robot['id']}") == [
        ("robot.created", "done"),
        ("robot.disabled", "done"),
    ]
    desk.approve("initial_review", "initial_reviewer")
    later(desk, clock)
    with desk.session() as session:
        assert len(session.exec(select(RobotMessage)).all()) == 1


def test_a_host_that_was_taken_off_the_list_hears_nothing(
    desk: Desk, group: GroupService, clock: SetClock
) -> None:
    register(desk, group)
    desk.runtime.settings.webhook_hosts = frozenset()
    desk.submit()
    later(desk, clock)
    assert group.said == []
    assert jobs(desk)[0].error == "RobotFailed: host_not_allowed"


def test_only_the_system_administrator_registers_robots_and_the_address_is_secret(
    desk: Desk, group: GroupService
) -> None:
    body = {"unit_id": str(desk.bureau.city.id), "name": "群", "url": group.url}
    assert desk.client.get("/api/v1/notice-robots").status_code == 401
    assert desk.client.post("/api/v1/notice-robots", json=body).status_code == 401
    for login in ("editor", "publisher", "audit_admin", "security_admin"):
        assert desk.get("/notice-robots", login).status_code == 403
        assert desk.post("/notice-robots", login, body).status_code in {403, 404}
    elsewhere = {**body, "unit_id": str(desk.bureau.elsewhere.id)}
    assert desk.post("/notice-robots", "system_admin", elsewhere).status_code == 404
    made = register(desk, group)
    assert KEY not in json.dumps(made)
    assert made["host"] == "127.0.0.1"
    assert KEY not in desk.get("/notice-robots", "system_admin").text
    with desk.session() as session:
        row = session.exec(select(NoticeRobot)).one()
        assert KEY.encode() not in row.sealed
    again = desk.post("/notice-robots", "system_admin", {**body, "name": "宣传工作群"})
    assert (again.status_code, again.json()["code"]) == (409, "robot_name_taken")
    path = f"/notice-robots/{made['id']}/deactivation"
    assert desk.post(path, "editor").status_code == 404
    assert desk.post(path, "system_admin").json()["active"] is False
    assert desk.post(path, "system_admin").json()["code"] == "robot_inactive"


@pytest.mark.parametrize(
    ("url", "codes"),
    [
        ("https://elsewhere.example/send?key=x", {"host_not_allowed"}),
        ("http://allowed.example/send?key=x", {"robot_not_https"}),
        ("https://allowed.example/send", {"robot_without_key"}),
        ("http://elsewhere.example/send", {"host_not_allowed", "robot_not_https", "robot_without_key"}),
        ("ftp://allowed.example/send?key=x", {"url_not_http"}),
    ],
)
def test_addresses_that_are_no_robots_are_refused_with_every_reason(
    desk: Desk, url: str, codes: set[str]
) -> None:
    desk.runtime.settings.webhook_hosts = frozenset({"allowed.example"})
    body = {"unit_id": str(desk.bureau.city.id), "name": "群", "url": url}
    answer = desk.post("/notice-robots", "system_admin", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "robot_refused")
    assert desk.codes(answer) == codes
