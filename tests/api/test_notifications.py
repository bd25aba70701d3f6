"""Who is told of what, who is not, and what people see of it over the API."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete
from sqlmodel import col, select

from app.domain.vocabulary import NoticeKind, Role
from app.events.catalogue import CATALOGUE
from app.identity import service as identity
from app.identity.access import SYSTEM
from app.identity.models import RoleGrant
from app.infra.runtime import Runtime
from app.jobs.models import Job, JobState
from app.notifications import service
from app.notifications.models import Notice
from app.notifications.scenes import Step
from app.notifications.sentences import About, sentence
from tests import factories
from tests.api.desk import Desk
from tests.api.press import Press, ready, signed
from tests.conftest import SetClock

pytestmark = pytest.mark.both_databases


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime).draft()


@pytest.fixture
def told(desk: Desk) -> Callable[[str], list[tuple[str, str]]]:
    """What somebody is told of and has not read, once all jobs are done: kind and stage, the oldest first."""

    def of(login: str) -> list[tuple[str, str]]:
        desk.work()
        items = desk.get("/notices", login, unread=True).json()["items"]
        return [(one["kind"], one["stage"]) for one in reversed(items)]

    return of


Told = Callable[[str], list[tuple[str, str]]]


def test_a_stage_that_opens_is_told_to_those_who_may_act_and_to_nobody_else(desk: Desk, told: Told) -> None:
    desk.submit()
    assert told("initial_reviewer") == [("stage_opened", "initial_review")]
    for login in ("editor", "editor2", "second_reviewer", "proofreader", "outsider", "system_admin"):
        assert told(login) == []
    (one,) = desk.get("/notices", "initial_reviewer").json()["items"]
    assert one["text"] == f"《清河市开展冬季送温暖活动》（{one['number']}）：请您办理：初审"
    assert (one["path"], one["draft_id"]) == (f"/drafts/{desk.draft_id}", desk.draft_id)


def test_nobody_is_told_of_their_own_act(desk: Desk, told: Told) -> None:
    with desk.runtime.database.write() as session:
        identity.grant_role(
            session,
            user_id=desk.bureau.user("initial_reviewer").id,
            role=Role.SECOND_REVIEWER,
            unit_id=desk.bureau.city.id,
            actor=SYSTEM,
            at=desk.runtime.clock(),
        )
    desk.submit()
    assert told("initial_reviewer") == [("stage_opened", "initial_review")]
    desk.approve("initial_review", "initial_reviewer")
    # They could not do the second review either: one person, one of the three.
    assert told("initial_reviewer") == []
    assert told("second_reviewer") == [("stage_opened", "second_review")]


def test_work_that_somebody_else_did_is_taken_off_the_list(desk: Desk, told: Told) -> None:
    with desk.runtime.database.write() as session:
        factories.person(
            session, "colleague", unit=desk.bureau.office, on=desk.bureau.city,
            roles=[Role.INITIAL_REVIEWER], at=desk.runtime.clock(),
        )  # fmt: skip
    desk.submit()
    assert told("colleague") == told("initial_reviewer") == [("stage_opened", "initial_review")]
    answer = desk.post(f"/cases/{desk.case_id}/claims", "colleague", {"stage": "initial_review", "line": ""})
    assert answer.status_code == 200, answer.text
    assert told("initial_reviewer") == []
    assert told("colleague") == [("stage_opened", "initial_review")]
    desk.approve("initial_review", "colleague")
    assert told("colleague") == []
    (one,) = desk.get("/notices", "colleague").json()["items"]
    assert one["read_at"] is not None


def test_the_previous_signer_hears_of_a_send_back_and_nobody_else_does(desk: Desk, told: Told) -> None:
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    desk.approve("second_review", "second_reviewer")
    told("final_reviewer")
    answer = desk.decide("final_review", "final_reviewer", verdict="send_back", comment="数字请核实。")
    assert answer.status_code == 200, answer.text
    assert told("editor") == [("returned", "final_review")]
    assert told("second_reviewer") == [("signed_but_returned", "final_review")]
    everybody = set(desk.bureau.users) - {"editor", "second_reviewer"}
    with desk.session() as session:
        heard = {
            row.user_id
            for row in session.exec(
                select(Notice).where(col(Notice.kind).in_(["returned", "signed_but_returned"]))
            )
        }
    assert heard.isdisjoint({desk.bureau.user(login).id for login in everybody})
    texts = [one["text"] for one in desk.get("/notices", "second_reviewer").json()["items"]]
    assert not any("数字请核实" in text or "先生" in text for text in texts)


def test_a_send_back_to_an_earlier_stage_is_its_reviewers_work_and_not_the_authors(
    desk: Desk, told: Told
) -> None:
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    desk.approve("second_review", "second_reviewer")
    answer = desk.decide(
        "final_review",
        "final_reviewer",
        verdict="send_back",
        comment="请重审。",
        send_back_to="initial_review",
    )
    assert answer.status_code == 200, answer.text
    assert told("editor") == []
    assert told("initial_reviewer") == [("stage_opened", "initial_review")]
    assert told("second_reviewer") == [("signed_but_returned", "final_review")]


def test_the_first_stage_has_no_signer_before_it(desk: Desk, told: Told) -> None:
    desk.submit()
    desk.decide("initial_review", "initial_reviewer", verdict="send_back", comment="请补来源。")
    assert told("editor") == [("returned", "initial_review")]
    with desk.session() as session:
        assert session.exec(select(Notice).where(Notice.kind == "signed_but_returned")).all() == []


def test_the_author_hears_of_a_hold_and_its_answer_and_of_a_decline(desk: Desk, told: Told) -> None:
    desk.submit()
    answer = desk.post(
        f"/cases/{desk.case_id}/holds",
        "initial_reviewer",
        {"stage": "initial_review", "line": "", "digest": desk.digest(), "comment": "请示宣传部。"},
    )
    assert answer.status_code == 200, answer.text
    assert told("editor") == [("held", "initial_review")]
    answer = desk.post(f"/cases/{desk.case_id}/answers", "initial_reviewer", {"comment": "同意。"})
    assert answer.status_code == 200, answer.text
    assert told("editor") == [("held", "initial_review"), ("answered", "")]
    desk.decide("initial_review", "initial_reviewer", verdict="decline", comment="不宜公开。")
    assert told("editor")[-1] == ("declined", "initial_review")


def test_the_author_hears_that_it_is_published_and_where(desk: Desk, told: Told) -> None:
    press = Press.open(desk)
    release = signed(ready(desk))
    assert told("editor") == [("cleared", "")]
    answer = press.publish(release["ticket"], release["digest"])
    assert answer.status_code == 201, answer.text
    assert told("editor")[-1][0] == "published"
    assert desk.get("/notices", "editor").json()["items"][0]["text"].endswith("已在公众号发布")


def test_who_must_grant_a_waiver_is_asked_and_who_asked_is_answered(desk: Desk, told: Told) -> None:
    text = "二十年前的老文件里还写着“残废人”这样的称呼，联系电话13812345678，展板上照录了原文。"
    desk.draft(factories.document("展板整理", text)).submit()
    findings = desk.get(f"/drafts/{desk.draft_id}/report").json()["findings"]
    found = {one["rule"]: one["fingerprint"] for one in findings if one["severity"] == "block"}
    body = {"reason": "quotation", "explanation": "展板原文", "evidence": "卷宗 3 号"}
    path, asked = f"/drafts/{desk.draft_id}/waivers", {}
    for rule in ("wording.disability.canfei", "privacy.mobile"):
        answer = desk.post(path, "editor", {**body, "fingerprint": found[rule]})
        assert answer.status_code == 201, answer.text
        asked[rule] = answer.json()["id"]
    # What protects people is for the final reviewer, the rest for the second reviewer too.
    assert [kind for kind, _ in told("second_reviewer")] == ["waiver_asked"]
    assert [kind for kind, _ in told("final_reviewer")] == ["waiver_asked", "waiver_asked"]
    assert told("initial_reviewer") == told("editor") == []
    decision = f"/waivers/{asked['privacy.mobile']}/decision"
    answer = desk.post(decision, "final_reviewer", {"grant": False, "comment": "不行。"})
    assert answer.status_code == 200, answer.text
    assert told("editor") == [("waiver_decided", "")]


def test_whoever_may_not_see_the_draft_is_told_nothing(desk: Desk, told: Told) -> None:
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    with desk.runtime.database.write() as session:
        grant = identity.grant_role(
            session, user_id=desk.bureau.user("editor2").id, role=Role.SECOND_REVIEWER,
            unit_id=desk.bureau.elsewhere.id, actor=SYSTEM, at=desk.runtime.clock(),
        )  # fmt: skip
        assert grant.id
    assert told("editor2") == []
    assert told("outsider") == []


def test_a_notice_of_a_draft_that_one_may_not_see_any_more_is_gone(desk: Desk, told: Told) -> None:
    desk.submit()
    assert told("initial_reviewer") == [("stage_opened", "initial_review")]
    with desk.runtime.database.write() as session:
        user = desk.bureau.user("initial_reviewer")
        for grant in session.exec(select(RoleGrant).where(RoleGrant.user_id == user.id)).all():
            identity.revoke_grant(
                session, user_id=user.id, grant_id=grant.id, actor=SYSTEM, at=desk.runtime.clock()
            )
    shown = desk.get("/notices", "initial_reviewer").json()
    assert (shown["items"], shown["unread"]) == ([], 0)


def test_whoever_stands_in_for_somebody_is_told_too(desk: Desk, told: Told) -> None:
    with desk.runtime.database.write() as session:
        deputy = factories.person(session, "deputy", unit=desk.bureau.office, at=desk.runtime.clock())
        factories.person(session, "bystander", unit=desk.bureau.office, at=desk.runtime.clock())
    days = {"starts_on": "2026-03-02", "ends_on": "2026-03-06"}
    answer = desk.post("/delegations", "initial_reviewer", {"delegate_id": str(deputy.id), **days})
    assert answer.status_code == 201, answer.text
    assert told("deputy") == [("account", "")], "that they are to stand in"
    with desk.runtime.database.write() as session:
        session.exec(delete(Notice))
    desk.submit()
    assert told("deputy") == told("initial_reviewer") == [("stage_opened", "initial_review")]
    assert told("bystander") == []
    desk.approve("initial_review", "deputy")
    assert (told("deputy"), told("initial_reviewer")) == ([], [])
    desk.decide("second_review", "second_reviewer", verdict="send_back", comment="请核实。")
    # Both stand behind the signature.
    assert told("deputy") == told("initial_reviewer") == [("signed_but_returned", "second_review")]


def test_what_people_do_with_each_other_is_told_to_whom_it_concerns(desk: Desk, told: Told) -> None:
    at = desk.runtime.clock()
    with desk.runtime.database.write() as session:
        office, city = desk.bureau.office, desk.bureau.city
        roles = [Role.INITIAL_REVIEWER]
        colleague = str(factories.person(session, "colleague", unit=office, on=city, roles=roles, at=at).id)
        expert = str(factories.person(session, "expert", unit=office, at=at).id)
        leader = str(factories.person(session, "leader", unit=office, at=at).id)

    def ask(verb: str, login: str, **body: Any) -> None:
        answer = desk.post(f"/cases/{desk.case_id}/{verb}", login, body)
        assert answer.status_code == 200, answer.text

    desk.submit()
    told("colleague")
    ask("reminders", "editor", stage="initial_review", comment="请尽快。")
    assert told("initial_reviewer")[-1] == told("colleague")[-1] == ("stage_reminded", "initial_review")
    ask("hand-over", "initial_reviewer", stage="initial_review", to=colleague, comment="我出差。")
    assert told("colleague")[-1] == ("handed_over", "initial_review")
    assert told("initial_reviewer") == []
    ask("consultations", "colleague", stage="initial_review", to=expert, comment="数据对吗？", waits=True)
    assert told("expert") == [("consulted", "initial_review")]
    ask("opinions", "expert", stage="initial_review", digest=desk.digest(), comment="数据无误。")
    assert told("colleague")[-1] == ("advised", "initial_review")
    ask("copies", "colleague", to=leader, comment="请知悉。")
    assert told("leader") == [("copied", "")]
    ask("recusal", "colleague", comment="作者是我的亲属。")
    assert told("initial_reviewer") == [("stage_opened", "initial_review")]
    texts = [one["text"] for one in desk.get("/notices", "leader").json()["items"]]
    assert texts[0].endswith("抄送给您，请知悉")


def test_three_channels_are_one_notice_with_three_places(desk: Desk, told: Told) -> None:
    desk.draft(None, "wechat", "website", "journal").reviews()
    desk.work()
    kinds = told("proofreader")
    assert kinds == [("stage_opened", "first_proof")] * 3  # three layouts, three steps of their own
    texts = {one["text"].rpartition("：")[2] for one in desk.get("/notices", "proofreader").json()["items"]}
    assert texts == {"公众号一校", "门户网站一校", "内部刊物《我市民政》一校"}


def test_a_job_that_runs_twice_tells_once(desk: Desk, told: Told) -> None:
    desk.submit()
    assert len(told("initial_reviewer")) == 1
    with desk.runtime.database.write() as session:
        for job in session.exec(select(Job).where(Job.kind == "notifications.tell")).all():
            job.state, job.attempt = JobState.QUEUED, 1
            session.add(job)
    assert desk.work() >= 1
    assert len(told("initial_reviewer")) == 1


def test_reading_is_by_oneself_alone(desk: Desk, told: Told) -> None:
    desk.submit()
    told("initial_reviewer")
    page = desk.get("/notices", "initial_reviewer").json()
    notice = page["items"][0]["id"]
    assert page["unread"] == 1
    assert desk.client.get("/api/v1/notices").status_code == 401
    assert desk.client.post(f"/api/v1/notices/{notice}/read").status_code == 401
    assert desk.post(f"/notices/{notice}/read", "final_reviewer").status_code == 404
    assert desk.post(f"/notices/{uuid4()}/read", "initial_reviewer").status_code == 404
    assert desk.get("/notices", "initial_reviewer").json()["unread"] == 1
    for _ in range(2):
        assert desk.post(f"/notices/{notice}/read", "initial_reviewer").status_code == 204
    assert desk.get("/notices", "initial_reviewer").json()["unread"] == 0
    assert desk.get("/notices", "initial_reviewer", unread=True).json()["items"] == []


def test_reading_all_leaves_what_came_since(desk: Desk, told: Told, clock: SetClock) -> None:
    desk.submit()
    told("initial_reviewer")
    seen = desk.get("/notices", "initial_reviewer").json()["items"][0]["id"]
    clock.advance(minutes=1)
    first = desk.draft_id
    desk.draft().submit()
    assert len(told("initial_reviewer")) == 2
    answer = desk.post("/notices/read", "initial_reviewer", {"until": seen})
    assert answer.json() == {"read": 1}
    (left,) = desk.get("/notices", "initial_reviewer", unread=True).json()["items"]
    assert left["draft_id"] == desk.draft_id != first


def test_notices_come_in_pages(desk: Desk, told: Told) -> None:
    for _ in range(3):
        desk.draft().submit()
    told("initial_reviewer")
    first = desk.get("/notices", "initial_reviewer", limit=2).json()
    rest = desk.get("/notices", "initial_reviewer", limit=2, cursor=first["next"]).json()
    ids = [one["id"] for one in first["items"] + rest["items"]]
    assert (len(ids), ids, rest["next"]) == (3, sorted(ids, reverse=True), None)


def test_preferences_are_kept_by_kind(desk: Desk) -> None:
    assert desk.client.get("/api/v1/notification-preferences").status_code == 401
    before = desk.get("/notification-preferences", "editor").json()
    assert before["email"] is None
    assert set(before["mail"]) == set(NoticeKind) - {NoticeKind.ACCOUNT}
    assert (before["mail"]["stage_opened"], before["mail"]["published"]) == ("at_once", "daily")

    def put(body: Any) -> Any:
        return desk.client.put("/api/v1/notification-preferences", headers=desk.headers("editor"), json=body)

    assert put({"mail": {"nonsense": "never"}}).status_code == 422
    assert put({"mail": {"published": "sometimes"}}).status_code == 422
    after = put({"mail": {"published": "never"}}).json()["mail"]
    assert after == {**before["mail"], "published": "never"}
    assert put({"mail": {}}).json()["mail"] == after
    assert desk.get("/notification-preferences", "editor2").json()["mail"] == before["mail"]


def test_every_kind_has_its_sentences() -> None:
    about = About("2026-000001", "标题")
    data = {
        "places": [{"stage": "initial_review", "line": "", "title": "初审"}],
        "due_at": "2026-03-04T10:00:00+00:00",
        "rung": "leader_in_charge",
        "year": 2031,
    }
    for kind in NoticeKind:
        for group in (False, True):
            text = sentence(kind, data, about, group=group)
            assert text.startswith("《标题》（2026-000001）：")
            assert "{" not in text
    assert sentence(NoticeKind.STAGE_LATE, data, about).endswith("初审已逾期（期限3月4日 18:00），请立即办理")
    assert sentence(NoticeKind.RETURNED, {}, About("2026-000001")).startswith("稿件 2026-000001：")


def test_every_kind_is_told_by_some_event_or_job() -> None:
    by_events = {told.kind for entry in CATALOGUE.values() for told in entry.told}
    assert set(NoticeKind) - by_events == {
        NoticeKind.CALENDAR_MISSING,
        NoticeKind.ACCOUNT,
        NoticeKind.ENDPOINT,
    }


def test_two_who_tell_of_the_same_step_at_once_tell_once(desk: Desk) -> None:
    desk.submit()
    (payload,) = [
        one
        for one in factories.promised(desk.runtime.database, "notifications.tell")
        if any(event["event"] == "case.stage_opened" for event in one["events"])
    ]
    started = Barrier(4)

    def tell(_number: int) -> int:
        started.wait(60)
        with desk.runtime.database.write() as session:
            step = Step.promised(payload)
            return service.tell(session, [step], with_mail=False, at=desk.runtime.clock())

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(tell, range(4)))
    assert sorted(made) == [0, 0, 0, 1]
