from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from app.domain.document.model import Document
from app.domain.workflow.commands import Approve
from app.infra.runtime import Runtime
from app.reviews import queries, service
from app.reviews.apply import Step
from app.reviews.cases import load
from tests import factories
from tests.api.desk import PROOFREADERS, Desk
from tests.conftest import SetClock

pytestmark = pytest.mark.both_databases

BLOCKED = factories.document("公示", "张三，身份证号11010519491231002X，同意享受高龄津贴。")


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime).draft()


def test_submit(desk: Desk) -> None:
    path, body = f"/drafts/{desk.draft_id}/submissions", {"digest": desk.digest(), "comment": "请审"}
    assert desk.client.post(f"/api/v1{path}", json=body).status_code == 401
    assert desk.post(path, "outsider", body).status_code == 404
    assert desk.post(path, "initial_reviewer", body).status_code == 403
    assert desk.post(f"/drafts/{uuid4()}/submissions", "editor", body).status_code == 404
    stale = desk.post(path, "editor", {"digest": "0" * 64})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_digest")
    wrong = desk.post(path, "editor", {"digest": "x", "more": 1})
    assert wrong.status_code == 422
    assert "draft.submitted" not in desk.actions()
    good = desk.post(path, "editor", body, **{"Idempotency-Key": "k1"})
    assert good.status_code == 201
    case = good.json()
    desk.case_id = case["id"]
    assert (case["state"], case["revision"], case["lines"]) == ("running", body["digest"], ["wechat"])
    assert desk.open_stages() == {("initial_review", "")}
    assert [action for action in desk.actions() if not action.startswith("draft.created")] == [
        "check.run",
        "case.routed",
        "draft.submitted",
        "case.opened",
        "case.stage_opened",
    ]
    assert "draft.submitted" in desk.outbox()
    assert desk.get(f"/drafts/{desk.draft_id}").json()["state"] == "in_review"
    again = desk.post(path, "editor", body, **{"Idempotency-Key": "k1"})
    assert (again.status_code, again.json()) == (201, case)
    twice = desk.post(path, "editor", body)
    assert (twice.status_code, twice.json()["code"]) == (409, "not_with_author")


def test_approve(desk: Desk) -> None:
    digest = desk.submit()["revision"]
    path = f"/cases/{desk.case_id}/decisions"
    body = {"stage": "initial_review", "verdict": "approve", "digest": digest}
    assert desk.client.post(f"/api/v1{path}", json=body).status_code == 401
    assert desk.post(path, "outsider", body).status_code == 404
    own = desk.post(path, "editor", body)
    assert (own.status_code, desk.codes(own)) == (403, {"not_allowed", "own_draft"})
    wrong = desk.post(path, "second_reviewer", body)
    assert (wrong.status_code, wrong.json()["code"]) == (403, "not_allowed")
    early = desk.post(path, "second_reviewer", {**body, "stage": "second_review"})
    assert (early.status_code, early.json()["code"]) == (409, "stage_not_open")
    unknown = desk.post(path, "second_reviewer", {**body, "stage": "nonsense"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "stage_unknown")
    stale = desk.post(path, "initial_reviewer", {**body, "digest": "0" * 64})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_digest")
    assert stale.json()["reasons"][0]["data"]["now"] == digest
    before = desk.case()
    assert before["decisions"] == []
    good = desk.post(path, "initial_reviewer", {**body, "comment": "事实清楚"}, **{"Idempotency-Key": "k"})
    assert good.status_code == 200, good.text
    (decision,) = good.json()["decisions"]
    assert (
        decision["verdict"],
        decision["final"],
        decision["digest"],
        decision["comment"],
        decision["role"],
    ) == (
        "approved",
        True,
        digest,
        "事实清楚",
        "initial_reviewer",
    )
    assert desk.open_stages() == {("second_review", "")}
    record = desk.record()
    refused = [
        data for action, outcome, data in record if (action, outcome) == ("decision.refused", "refused")
    ]
    assert [data["reasons"] for data in refused] == [
        ["not_allowed", "own_draft"],
        ["not_allowed"],
        ["stage_not_open"],
        ["stage_unknown"],
        ["stale_digest"],
    ]
    approved = next(data for action, _, data in record if action == "decision.approved")
    assert (approved["stage"], approved["digest"]) == ("initial_review", digest)
    assert "comment" not in approved
    assert desk.outbox().count("decision.approved") == 1
    replay = desk.post(path, "initial_reviewer", {**body, "comment": "事实清楚"}, **{"Idempotency-Key": "k"})
    assert replay.json() == good.json()
    late = desk.post(path, "initial_reviewer", body)
    assert (late.status_code, late.json()["code"]) == (409, "stage_not_open")


def test_one_draft_goes_all_the_way(desk: Desk) -> None:
    desk.reviews()
    assert desk.open_stages() == set()
    desk.proofs()
    assert desk.open_stages() == {("confirm_marks", "wechat")}
    desk.approve("confirm_marks", "proofreader", "wechat")
    assert desk.open_stages() == {("sign_off", "wechat")}
    not_here = desk.decide("sign_off", "publisher", "wechat")
    assert (not_here.status_code, not_here.json()["code"]) == (409, "use_release")
    stage = desk.stage("sign_off", "wechat")
    with desk.runtime.database.write() as session:
        actor, at = desk.actor("publisher"), desk.runtime.clock()
        loaded = load(session, UUID(desk.case_id), actor)
        approval = Approve("sign_off", "wechat", stage["digest"])
        service.approve_sign_off(Step(session, loaded, actor, desk.runtime, at), approval)
        assert loaded.case.state == "cleared"
    assert desk.get(f"/drafts/{desk.draft_id}").json()["state"] == "cleared"
    assert desk.actions()[-1] == "case.cleared"
    recall = desk.post(f"/cases/{desk.case_id}/recall", "editor", {})
    assert (recall.status_code, recall.json()["code"]) == (409, "case_closed")


def test_blocking_findings_stop_the_first_stage(desk: Desk) -> None:
    desk.draft(BLOCKED)
    case = desk.submit()
    assert (case["state"], desk.open_stages()) == ("blocked", set())
    assert desk.get(f"/drafts/{desk.draft_id}").json()["state"] == "returned"
    assert "case.blocked" in desk.actions()
    assert "case.blocked" in desk.outbox()
    unchanged = desk.post(f"/drafts/{desk.draft_id}/submissions", "editor", {"digest": case["revision"]})
    assert (unchanged.status_code, unchanged.json()["code"]) == (409, "blocking_findings")
    desk.revise({"format": "text", "content": "公示\n\n经审核，以下老人享受高龄津贴，名单见公示栏。"})
    assert desk.submit()["state"] == "running"
    assert desk.open_stages() == {("initial_review", "")}


def test_send_back_to_the_author_and_again(desk: Desk, clock: SetClock) -> None:
    first = desk.submit()["revision"]
    desk.approve("initial_review", "initial_reviewer")
    bare = desk.decide("second_review", "second_reviewer", verdict="send_back")
    assert (bare.status_code, bare.json()["code"]) == (422, "comment_required")
    lost = desk.decide(
        "second_review", "second_reviewer", verdict="send_back", comment="x", send_back_to="final_review"
    )
    assert (lost.status_code, lost.json()["code"]) == (422, "cannot_send_back_there")
    clock.advance(minutes=5)
    back = desk.decide(
        "second_review", "second_reviewer", verdict="send_back", comment="事实不清", then="continue_here"
    )
    assert back.status_code == 200
    assert back.json()["state"] == "returned"
    sent = back.json()["decisions"][-1]
    assert (sent["verdict"], sent["sent_to"], sent["then"]) == ("sent_back", "author", "continue_here")
    late = desk.decide("second_review", "second_reviewer", digest=first)
    assert (late.status_code, late.json()["code"]) == (409, "case_returned")
    same = desk.post(f"/drafts/{desk.draft_id}/submissions", "editor", {"digest": first})
    assert (same.status_code, same.json()["code"]) == (409, "nothing_changed")
    second = desk.revise(
        {"format": "text", "content": "冬季送温暖\n\n全新的内容，与原文完全不同，需要从头审核一遍。"}
    )
    case = desk.submit()
    assert case["revision"] == second
    assert desk.open_stages() == {("initial_review", "")}
    voided = [data for action, _, data in desk.record() if action == "case.stage_voided"]
    assert [(data["stage"], data["reason"], data["change"]) for data in voided] == [
        ("initial_review", "edited", "substantive")
    ]
    stale = desk.decide("initial_review", "initial_reviewer", digest=first)
    assert stale.json()["code"] == "stale_digest"
    assert stale.json()["data"] == {
        "revision": second,
        "read": first,
        "changed_by": "editor先生",
        "changed_at": clock().isoformat(),
        "fields": ["blocks", "title"],
        "differences": [
            {"place": "title", "before": factories.document().title, "after": "冬季送温暖"},
            {
                "place": "blocks/0",
                "before": "".join(getattr(block, "text", "") for block in factories.document().blocks),
                "after": "全新的内容，与原文完全不同，需要从头审核一遍。",
            },
        ],
        "differences_left_out": 0,
    }
    assert desk.decide("initial_review", "initial_reviewer", digest=second).status_code == 200


def test_a_small_correction_keeps_the_review(desk: Desk) -> None:
    body = (
        "志愿者逐户登记需求，帮助老人检查取暖设备，并就冬季用火用电的注意事项作了细致的讲解。"
        "老人们认真的听着，不时提出自己关心的问题，志愿者一一作了回答，现场气氛十分热烈。"
        "大家表示，今后要把送温暖的工作做得更细更实，让每一位老人都能安心过冬、温暖过冬。"
    )
    desk.draft(factories.document("志愿者走进社区", body))
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    desk.decide("second_review", "second_reviewer", verdict="send_back", comment="错字", then="continue_here")
    new = desk.revise(
        {"format": "text", "content": f"志愿者走进社区\n\n{body.replace('认真的听', '认真地听')}"}
    )
    desk.submit()
    assert desk.open_stages() == {("second_review", "")}
    kept = [data for action, _, data in desk.record() if action == "case.stage_kept"]
    assert [(data["stage"], data["change"], data["now"]) for data in kept] == [
        ("initial_review", "marks_only", new)
    ]


def test_rounds_are_limited(desk: Desk) -> None:
    desk.submit()
    for _ in range(3):
        assert (
            desk.decide("initial_review", "initial_reviewer", verdict="send_back", comment="再改").status_code
            == 200
        )
        desk.submit(comment="已核实，不改")
    fourth = desk.decide("initial_review", "initial_reviewer", verdict="send_back", comment="再改")
    assert (fourth.status_code, fourth.json()["code"]) == (409, "rounds_used_up")
    assert "3" in fourth.json()["reasons"][0]["message"]
    assert (
        desk.decide("initial_review", "initial_reviewer", verdict="decline", comment="不用").status_code
        == 200
    )
    assert desk.get(f"/drafts/{desk.draft_id}").json()["state"] == "declined"


def test_claims(desk: Desk) -> None:
    desk.submit()
    path, body = f"/cases/{desk.case_id}/claims", {"stage": "initial_review"}
    assert desk.client.post(f"/api/v1{path}", json=body).status_code == 401
    assert desk.post(path, "outsider", body).status_code == 404
    assert desk.post(path, "second_reviewer", body).status_code == 403
    assert desk.post(path, "initial_reviewer", body).status_code == 200
    assert desk.stage("initial_review")["claimed_by"] == str(desk.actor("initial_reviewer").id)
    assert (
        desk.post(f"/cases/{desk.case_id}/unclaims", "second_reviewer", body).json()["code"] == "not_claimed"
    )
    assert desk.post(f"/cases/{desk.case_id}/unclaims", "initial_reviewer", body).status_code == 200
    assert {"case.claimed", "case.unclaimed"} <= set(desk.actions())


def test_hold_and_answer(desk: Desk, clock: SetClock) -> None:
    digest = desk.submit()["revision"]
    path = f"/cases/{desk.case_id}/holds"
    body = {"stage": "initial_review", "digest": digest, "comment": "请示网信办"}
    assert desk.client.post(f"/api/v1{path}", json=body).status_code == 401
    assert desk.post(path, "second_reviewer", body).status_code == 403
    assert desk.post(path, "initial_reviewer", {**body, "digest": "0" * 64}).status_code == 409
    assert desk.post(path, "initial_reviewer", body).json()["state"] == "held"
    assert desk.get(f"/drafts/{desk.draft_id}").json()["state"] == "held"
    held = desk.decide("initial_review", "initial_reviewer")
    assert (held.status_code, held.json()["code"]) == (409, "case_held")
    clock.advance(minutes=3)
    answers = f"/cases/{desk.case_id}/answers"
    assert desk.post(answers, "initial_reviewer", {}).json()["code"] == "comment_required"
    assert desk.post(answers, "initial_reviewer", {"comment": "可以发"}).json()["state"] == "running"
    answered = next(data for action, _, data in desk.record() if action == "case.answered")
    assert answered["waited_seconds"] == 180


def test_recall(desk: Desk) -> None:
    desk.submit()
    path = f"/cases/{desk.case_id}/recall"
    assert desk.client.post(f"/api/v1{path}", json={}).status_code == 401
    assert desk.post(path, "outsider", {}).status_code == 404
    assert desk.post(path, "initial_reviewer", {}).status_code == 403
    assert desk.post(path, "editor", {"comment": "重写"}).json()["state"] == "recalled"
    assert desk.get(f"/drafts/{desk.draft_id}").json()["state"] == "editing"
    again = desk.post(path, "editor", {})
    assert (again.status_code, again.json()["code"]) == (409, "case_closed")
    first = desk.case_id
    assert desk.submit()["id"] != first


@pytest.mark.parametrize(
    "wrong",
    [
        {"comment": 1},
        {"comment": "长" * 4001},
        {"digest": "X" * 64},
        {"stage": "Stage"},
        {"verdict": "override"},
        {"then": "later"},
        {"checklist": ["x" * 201]},
        {"more": True},
    ],
)
def test_a_malformed_decision_changes_nothing(desk: Desk, wrong: dict[str, Any]) -> None:
    digest = desk.submit()["revision"]
    body = {"stage": "initial_review", "verdict": "approve", "digest": digest, **wrong}
    answer = desk.post(f"/cases/{desk.case_id}/decisions", "initial_reviewer", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    assert answer.json()["reasons"][0]["field"].startswith("body.")
    assert "decision.refused" not in desk.actions()


def test_broken_text_is_refused(desk: Desk) -> None:
    desk.submit()
    for words in (b'"\\ud800"', b'"\xff"', b'"\\u0000"'):
        answer = desk.client.post(
            f"/api/v1/cases/{desk.case_id}/recall",
            headers={**desk.headers("editor"), "Content-Type": "application/json"},
            content=b'{"comment": ' + words + b"}",
        )
        assert answer.status_code == 422


def test_a_title_too_long_for_the_channel_is_refused_at_once(desk: Desk) -> None:
    desk.draft(Document(title="题" * 33, blocks=factories.document().blocks))
    answer = desk.post(f"/drafts/{desk.draft_id}/submissions", "editor", {"digest": desk.digest()})
    assert (answer.status_code, answer.json()["code"]) == (409, "channel_limit")
    assert answer.json()["reasons"][0]["data"] == {"limits": ["wechat.title"]}


def test_a_waiver_lets_a_blocked_case_go_on(desk: Desk) -> None:
    desk.draft(factories.document("残废军人优待证换发通知", "请持证到社区办理。"))
    case = desk.submit()
    if case["state"] != "blocked":
        pytest.fail("the negative list no longer blocks what this test needs")
    from app.screening import queries as screening
    from app.screening.waivers import service as waivers

    with desk.runtime.database.write() as session:
        row = queries.case_of_draft(session, UUID(desk.draft_id))
        assert row is not None
        report = screening.newest(session, row.revision_id)
        assert report is not None
        for finding in screening.blocking(screening.report_of(report).findings, waived=frozenset()):
            waiver = waivers.ask(
                session,
                policy=desk.runtime.negative_list.current,
                key=desk.runtime.secret,
                draft_id=row.draft_id,
                fingerprint=finding.fingerprint,
                reason="proper_name",
                explanation="法定名称",  # type: ignore[arg-type]
                evidence="条例",
                actor=desk.actor("editor"),
                at=desk.runtime.clock(),
            )
            waivers.decide(
                session,
                waiver_id=waiver.id,
                grant=True,
                actor=desk.actor("final_reviewer"),
                at=desk.runtime.clock(),
            )
    desk.work()
    assert desk.case()["state"] == "running"
    assert desk.open_stages() == {("initial_review", "")}
    assert "case.reconsidered" in desk.actions()


def test_proofreaders_differ(desk: Desk) -> None:
    desk.reviews().work()
    desk.approve("first_proof", "proofreader", "wechat")
    again = desk.decide("second_proof", "proofreader", "wechat")
    assert (again.status_code, again.json()["code"]) == (403, "same_person")
    assert again.json()["reasons"][0]["data"]["stages"] == ["first_proof"]
    assert [stage for stage, _ in PROOFREADERS] == ["first_proof", "second_proof", "third_proof"]
