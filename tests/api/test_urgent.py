"""The urgent lane over the API: who may, what stands against it, what goes out, what is owed until when."""

from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import select

from app.evidence.verifier.command import verify
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.publication.models import ReviewDebt
from app.publication.urgent import service as urgent
from tests import factories
from tests.api.desk import PROOFREADERS, Desk
from tests.api.packages import exported
from tests.api.press import Press
from tests.conftest import SetClock

pytestmark = pytest.mark.both_databases

REASON = "台风红色预警，须立即发布避险提示。"
OWED = [
    "second_review",
    "final_review",
    "first_proof",
    "second_proof",
    "third_proof",
    "confirm_marks",
    "sign_off",
]


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    desk = Desk.open(client, runtime).draft()
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    return desk


def lay_out(desk: Desk, login: str = "publisher", line: str = "wechat") -> Response:
    answer = desk.post(f"/cases/{desk.case_id}/urgent-layouts", login, {"line": line})
    desk.work()
    return answer


def ask(desk: Desk, login: str = "publisher", **body: str) -> Response:
    digest = desk.case("publisher")["proofs"].get("wechat", "0" * 64)
    wish = {"line": "wechat", "digest": digest, "reason": REASON, **body}
    return desk.post(f"/cases/{desk.case_id}/urgent-releases", login, wish)


def released(desk: Desk) -> dict[str, object]:
    assert lay_out(desk).status_code == 202
    answer = ask(desk)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def publish(desk: Desk, name: str = "发布助手") -> Response:
    press = Press.open(desk, name=name)
    releases = desk.get(f"/drafts/{desk.draft_id}/publications", "publisher").json()["releases"]
    one = next(one for one in releases if one["ticket"])
    return press.publish(one["ticket"], one["digest"])


def state(desk: Desk) -> str:
    return str(desk.get(f"/drafts/{desk.draft_id}").json()["state"])


def debts(desk: Desk) -> list[dict[str, object]]:
    return list(desk.get(f"/drafts/{desk.draft_id}/debts", "publisher").json())


def test_only_some_may_and_every_refusal_says_all(desk: Desk) -> None:
    path, wish = (
        f"/cases/{desk.case_id}/urgent-releases",
        {"line": "wechat", "digest": "0" * 64, "reason": ""},
    )
    assert desk.client.post(f"/api/v1{path}", json=wish).status_code == 401
    assert desk.post(path, "outsider", wish).status_code == 404
    assert lay_out(desk, "editor").status_code == 403
    assert lay_out(desk, line="nowhere").status_code == 422
    refused = desk.post(path, "second_reviewer", wish)
    assert (refused.status_code, refused.json()["code"]) == (403, "urgent_refused")
    assert desk.codes(refused) == {"urgent_role", "urgent_reason", "urgent_no_proof"}
    own = desk.post(path, "editor", {**wish, "reason": REASON})
    assert desk.codes(own) == {"urgent_role", "urgent_own_draft", "urgent_no_proof"}
    assert desk.codes(ask(desk)) == {"urgent_no_proof"}
    assert [outcome for action, outcome, _ in desk.record() if action == "release.refused"][-1] == "refused"
    lay_out(desk)
    assert desk.codes(ask(desk, digest="8" * 64)) == {"urgent_other_proof"}
    assert debts(desk) == []


def test_it_goes_out_and_the_debts_are_named_with_their_time(desk: Desk, clock: SetClock) -> None:
    answer = released(desk)
    owed = answer["debts"]
    assert isinstance(owed, list)
    assert [one["stage"] for one in owed] == OWED
    # Asked on a Monday: two working days later, when offices close.
    assert {one["due_at"] for one in owed} == {"2026-03-04T10:00:00Z"}
    assert state(desk) == "in_review"
    assert publish(desk).status_code == 201
    assert state(desk) == "published_with_debt"
    said = next(data for action, _, data in desk.record() if action == "release.urgent")
    assert [one["stage"] for one in said["debts"]] == OWED
    assert REASON not in str(said)
    assert {"release.signed", "release.urgent"} <= set(desk.outbox())
    desk.work()
    kinds = [one["kind"] for one in desk.get("/notices", "second_reviewer").json()["items"]]
    assert kinds == ["debt_owed", "stage_opened"]


def test_a_debt_is_settled_by_passing_its_stage_and_then_it_is_published(desk: Desk) -> None:
    released(desk)
    publish(desk)
    first, second = debts(desk)[:2]
    path = f"/debts/{first['id']}/settlements"
    body = {"digest": desk.digest(), "comment": "补审：同意。"}
    assert desk.client.post(f"/api/v1{path}", json=body).status_code == 401
    assert desk.post(path, "outsider", body).status_code == 404
    # The same person, one of the three reviews already: the rules are those of always.
    assert desk.codes(desk.post(path, "initial_reviewer", body)) >= {"not_allowed"}
    assert desk.post(path, "second_reviewer", {**body, "digest": "0" * 64}).status_code == 409
    early = desk.post(f"/debts/{second['id']}/settlements", "final_reviewer", body)
    assert desk.codes(early) == {"stage_not_open"}
    settled = desk.post(path, "second_reviewer", body)
    assert (settled.status_code, settled.json()["overdue"]) == (201, False)
    assert settled.json()["settled_at"] is not None
    assert desk.post(path, "second_reviewer", body).json()["code"] == "debt_settled"
    assert state(desk) == "published_with_debt"
    desk.approve("final_review", "final_reviewer")  # as usual, without a word of debts
    desk.work()
    for stage, login in PROOFREADERS:
        desk.approve(stage, login, "wechat")
    desk.approve("confirm_marks", "initial_reviewer", "wechat")
    assert urgent.look(desk.runtime, at=desk.runtime.clock()) == 0
    (last,) = [one for one in debts(desk) if one["settled_at"] is None]
    assert last["stage"] == "sign_off"
    signed = desk.post(
        f"/debts/{last['id']}/settlements", "publisher", {"digest": desk.case()["proofs"]["wechat"]}
    )
    assert signed.status_code == 201, signed.text
    assert state(desk) == "published"
    assert desk.actions().count("debt.settled") == len(OWED)


def test_an_overdue_debt_closes_the_lane_for_the_unit_until_it_is_settled(
    desk: Desk, clock: SetClock
) -> None:
    released(desk)
    publish(desk)
    clock.now = datetime(2026, 3, 4, 10, 0, 1, tzinfo=UTC)
    desk._headers.clear()
    assert urgent.look(desk.runtime, at=clock()) == len(OWED)
    assert urgent.look(desk.runtime, at=clock()) == 0
    assert desk.actions().count("debt.overdue") == len(OWED)
    late = desk.draft_id, desk.case_id
    number = desk.get(f"/drafts/{desk.draft_id}").json()["number"]
    desk.draft(factories.document("第二份避险提示")).submit()
    lay_out(desk)
    refused = ask(desk)
    assert desk.codes(refused) == {"urgent_overdue"}
    assert refused.json()["reasons"][0]["data"] == {"drafts": [number]}
    # Another unit's lane is open all the same.
    desk.draft(factories.document("区里的提示"), by="district_editor")
    digest = desk.get(f"/drafts/{desk.draft_id}", "district_editor").json()["digest"]
    answer = desk.post(f"/drafts/{desk.draft_id}/submissions", "district_editor", {"digest": digest})
    desk.case_id = answer.json()["id"]
    lay_out(desk)
    assert ask(desk).status_code == 201
    with desk.session() as session:
        units = {row.unit_id for row in session.exec(select(ReviewDebt))}
    assert units == {desk.bureau.office.id, desk.bureau.district.id}
    assert late[0] != desk.draft_id


def test_blocking_findings_block_here_too(desk: Desk) -> None:
    lay_out(desk)
    desk.draft(factories.document("公示", "联系电话13812345678，请保存。")).submit()
    answer = ask(desk)
    assert {"urgent_not_running", "urgent_findings", "urgent_no_proof"} <= desk.codes(answer)


def test_what_was_sent_back_meanwhile_does_not_go_out(desk: Desk) -> None:
    released(desk)
    answer = desk.decide("second_review", "second_reviewer", verdict="send_back", comment="数字有误。")
    assert answer.status_code == 200, answer.text
    refused = publish(desk)
    assert refused.status_code == 409
    assert "case_not_ready" in desk.codes(refused)
    assert state(desk) == "returned"


def test_a_ticket_that_ran_out_is_given_anew_and_the_debts_keep_their_time(
    desk: Desk, clock: SetClock
) -> None:
    first = released(desk)
    clock.advance(hours=1)
    desk._headers.clear()
    second = ask(desk)
    assert second.status_code == 201, second.text
    assert second.json()["release"] != first["release"]
    assert second.json()["debts"] == first["debts"]


def test_without_its_rules_the_lane_is_closed(desk: Desk, tmp_path) -> None:
    lay_out(desk)
    folder = tmp_path / "policies"
    folder.mkdir()
    for name in ("calendar", "workflows", "negative_list", "routing.yaml"):
        (folder / name).symlink_to(shipped("policies") / name)
    desk.runtime.settings.policies_dir = folder
    assert (ask(desk).status_code, ask(desk).json()["code"]) == (503, "urgent_lane_closed")
    (folder / "urgent.yaml").write_text("version: 1\nroles: [king]\n", encoding="utf-8")
    assert ask(desk).json()["code"] == "urgent_lane_closed"


def test_the_evidence_says_that_it_was_urgent_and_what_was_made_up_for(desk: Desk, runtime: Runtime) -> None:
    released(desk)
    publish(desk)
    desk.approve("second_review", "second_reviewer")
    urgent.look(runtime, at=runtime.clock())
    report = verify(exported(desk))
    assert report.faults == []
    story = "\n".join(report.story)
    assert "紧急签发wechat" in story
    assert "欠下：复审、终审、一校" in story
    assert "补审完成：复审" in story


def test_what_it_would_take_is_told_before(desk: Desk) -> None:
    path = f"/cases/{desk.case_id}/urgent-outlooks"
    assert desk.client.get(f"/api/v1{path}").status_code == 401
    assert desk.get(path, "outsider").status_code == 404
    (one,) = desk.get(path, "publisher").json()
    assert (one["line"], one["proof"], one["due_at"]) == ("wechat", "", "2026-03-04T10:00:00Z")
    assert [debt["stage"] for debt in one["owed"]] == OWED
    assert [reason["code"] for reason in one["against"]] == ["urgent_no_proof"]
    (own,) = desk.get(path, "editor").json()
    assert {reason["code"] for reason in own["against"]} == {
        "urgent_role",
        "urgent_own_draft",
        "urgent_no_proof",
    }
    lay_out(desk)
    (ready,) = desk.get(path, "publisher").json()
    assert ready["against"] == []
    assert ready["proof"] == desk.case("publisher")["proofs"]["wechat"]


def test_debts_of_all_drafts_in_sight_are_listed_by_pages(desk: Desk) -> None:
    assert desk.client.get("/api/v1/debts").status_code == 401
    assert desk.get("/debts", "second_reviewer").json() == {"items": [], "next": None}
    released(desk)
    first = desk.get("/debts", "second_reviewer", limit=4).json()
    second = desk.get("/debts", "second_reviewer", limit=4, after=first["next"]).json()
    assert [one["stage"] for one in first["items"] + second["items"]] == OWED
    assert second["next"] is None
    assert desk.get("/debts", "outsider").json()["items"] == []
    assert desk.get("/debts", "second_reviewer", after="x").status_code == 422
    desk.approve("second_review", "second_reviewer")
    assert [one["stage"] for one in desk.get("/debts", "second_reviewer").json()["items"]] == OWED[1:]
