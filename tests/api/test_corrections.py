"""更正 and 撤稿 over the API: who may, which way they walk, what channels are told, what the gate says."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from app.domain.vocabulary import Role
from app.identity import service as identity
from app.identity.access import SYSTEM
from app.infra.runtime import Runtime
from app.publication.orders import queries
from app.publication.orders import service as orders
from tests.api.desk import Desk
from tests.api.press import Listener, Press, ready, sign
from tests.conftest import SetClock
from tests.factories import events

pytestmark = pytest.mark.both_databases

SLIP = {"reason": "wording", "explanation": "“开展”误为“展开”"}
FACT = {
    "reason": "factual",
    "explanation": "人数与底册不符",
    "note": "走访户数应为三十一户，误为三十户。",
}
LEAK = {"reason": "sensitive", "explanation": "附件含身份证号", "note": "因内容需要核实，本稿已撤下。"}


TEXT = "12月1日，清河市民政局组织志愿者走访独居老人，送去棉被和粮油。"
REST = "志愿者逐户登记需求，帮助老人检查取暖设备。"
#: The published text with one character of a word that is no fact put right, and with a number changed.
SMALL = [TEXT, REST.replace("检查", "查看")]
LARGE = [TEXT.replace("12月1日", "12月2日"), REST]


def publish(desk: Desk, press: Press, line: str = "wechat", **more: Any) -> dict[str, Any]:
    answer = sign(desk, line=line)
    assert answer.status_code == 201, answer.text
    release = answer.json()["release"]
    answer = press.publish(release["ticket"], release["digest"], **more)
    assert answer.status_code == 201, answer.text
    return {**answer.json(), "ticket": release["ticket"]}


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime)


@pytest.fixture
def press(desk: Desk) -> Press:
    """The tool of a bureau that has just published a draft on its public account."""
    ready(desk)
    press = Press.open(desk)
    publish(desk, press)
    return press


def correct(desk: Desk, login: str = "editor", **body: Any) -> Response:
    return desk.post(f"/drafts/{desk.draft_id}/corrections", login, {**SLIP, **body})


def retract(desk: Desk, login: str = "editor", **body: Any) -> Response:
    return desk.post(f"/drafts/{desk.draft_id}/retractions", login, {**LEAK, **body})


def opened(answer: Response, desk: Desk) -> Desk:
    """The draft that corrects or retracts, at a desk of its own."""
    assert answer.status_code == 201, answer.text
    draft_id = answer.json()["draft_id"]
    other = Desk(desk.client, desk.runtime, desk.bureau, draft_id, "", desk.way)
    found = other.get(f"/drafts/{draft_id}/case", "publisher")
    other.case_id = found.json()["id"] if found.status_code == 200 else ""
    return other


def rewrite(desk: Desk, paragraphs: list[str], *notes: str) -> Desk:
    title = desk.get(f"/drafts/{desk.draft_id}").json()["title"]
    text = [paragraphs[0], "## 走进社区", *paragraphs[1:], *notes]
    desk.revise({"format": "markdown", "title": title, "content": "\n\n".join(text)})
    return desk


def corrected(desk: Desk, **body: Any) -> Desk:
    """Walk a small correction to where it can be signed."""
    correction = rewrite(opened(correct(desk, **body), desk), SMALL)
    correction.submit()
    correction.approve("check_correction", "initial_reviewer")
    correction.work()
    return correction


def retracted(desk: Desk, **body: Any) -> Desk:
    """Walk a retraction to where it can be signed."""
    retraction = opened(retract(desk, **body), desk)
    retraction.approve("check_retraction", "second_reviewer")
    retraction.work()
    return retraction


def of_draft(desk: Desk) -> list[dict[str, Any]]:
    return list(desk.get(f"/drafts/{desk.draft_id}/orders", "publisher").json())


def state(desk: Desk) -> str:
    return str(desk.get(f"/drafts/{desk.draft_id}", "publisher").json()["state"])


def test_only_who_sees_and_answers_for_it_may_have_it_corrected(desk: Desk, press: Press) -> None:
    for post in (correct, retract):
        assert post(desk, "editor2").status_code == 404
        assert post(desk, "outsider").status_code == 404
        assert post(desk, "initial_reviewer").status_code == 403
        empty = post(desk, explanation=" ", note="", reason="factual")
        assert (empty.status_code, desk.codes(empty)) == (422, {"explanation_missing", "note_missing"})
        assert post(desk, channels=["website"]).status_code == 422
        assert post(desk, reason="weather").status_code == 422
    assert desk.client.post(f"/api/v1/drafts/{desk.draft_id}/corrections", json=SLIP).status_code == 401
    assert not [action for action in desk.actions() if action.startswith("remedy.")]


def test_what_was_never_published_is_neither_corrected_nor_retracted(desk: Desk) -> None:
    ready(desk)
    for post in (correct, retract):
        assert (post(desk).status_code, post(desk).json()["code"]) == (409, "nothing_published")


def test_a_small_correction_takes_the_short_lane_and_replaces_what_is_out(desk: Desk, press: Press) -> None:
    correction = opened(correct(desk, note="“检查”应为“查看”。"), desk)
    other = {"editor": 409, "publisher": 409}
    assert {login: correct(desk, login).status_code for login in other} == other
    assert correct(desk).json()["code"] == "correction_under_way"
    same = correction.post(f"/drafts/{correction.draft_id}/submissions", "editor", {"digest": "0" * 64})
    assert same.status_code == 409
    rewrite(correction, SMALL, "更正说明：“检查”应为“查看”。")
    case = correction.submit()
    assert [one["stage"] for one in case["stages"]] == ["rule_check", "check_correction", "sign_off"]
    assert correction.decide("check_correction", "editor").status_code == 403
    correction.approve("check_correction", "final_reviewer")
    correction.work()
    assert state(desk) == "published"
    assert of_draft(desk) == []
    new = publish(correction, press, url="https://example.cn/b")
    [order] = of_draft(desk)
    assert (order["kind"], order["state"], order["successor_id"]) == ("correct", "confirmed", new["id"])
    assert (order["remedy_id"], order["note"]) == (correction.draft_id, "“检查”应为“查看”。")
    assert (order["by_tool"], order["confirmed_by"], order["overdue"]) == (True, press.tool_id, False)
    assert desk.actions()[-3:] == ["remedy.opened", "publication.corrected", "publication.confirmed"]
    assert correction.actions().count("remedy.begun") == 1
    assert {"remedy.opened", "publication.corrected", "publication.confirmed"} <= set(desk.outbox())


def test_the_reviewer_of_a_small_correction_does_not_sign_it(desk: Desk, press: Press) -> None:
    correction = rewrite(opened(correct(desk), desk), SMALL)
    correction.submit()
    with desk.session() as session:
        reviewer, at = desk.bureau.user("final_reviewer"), desk.runtime.clock()
        identity.grant_role(
            session,
            user_id=reviewer.id,
            role=Role.PUBLISHER,
            unit_id=desk.bureau.city.id,
            actor=SYSTEM,
            at=at,
        )
        session.commit()
    correction.approve("check_correction", "final_reviewer")
    correction.work()
    refused = sign(correction, "final_reviewer")
    assert (refused.status_code, correction.codes(refused)) == (403, {"same_person"})
    assert sign(correction, "editor").status_code == 403
    assert sign(correction, "publisher").status_code == 201


@pytest.mark.parametrize(
    "paragraphs",
    [
        LARGE,
        [TEXT, REST, "另有三户待走访。"],
        [TEXT.replace("清河市", "清江市"), REST.replace("老人", "孤寡长者" * 20)],
    ],
)
def test_what_touches_facts_or_says_much_else_walks_three_reviews(
    desk: Desk, press: Press, paragraphs: list[str]
) -> None:
    correction = rewrite(opened(correct(desk, **FACT), desk), paragraphs, "更正说明：时间有误。")
    stages = [one["stage"] for one in correction.submit()["stages"]]
    assert [one for one in stages if "review" in one] == ["initial_review", "second_review", "final_review"]


def test_a_correction_that_grows_leaves_the_short_lane(desk: Desk, press: Press) -> None:
    correction = rewrite(opened(correct(desk), desk), SMALL)
    correction.submit()
    assert (
        correction.decide(
            "check_correction", "initial_reviewer", verdict="send_back", comment="没有改全"
        ).status_code
        == 200
    )
    rewrite(correction, LARGE)
    stages = {one["stage"] for one in correction.submit()["stages"]}
    assert {"initial_review", "second_review", "final_review", "check_correction"} <= stages
    rewritten = correction.decide("check_correction", "initial_reviewer", verdict="send_back", comment="再改")
    assert rewritten.status_code in {200, 409}


def test_a_correction_of_facts_says_so_in_public(desk: Desk, press: Press) -> None:
    correction = rewrite(opened(correct(desk, **FACT), desk), LARGE)
    answer = correction.post(
        f"/drafts/{correction.draft_id}/submissions", "editor", {"digest": correction.digest()}
    )
    assert (answer.status_code, correction.codes(answer)) == (422, {"correction_note_missing"})
    rewrite(correction, LARGE, "更正说明：时间应为12月2日，误为12月1日。")
    correction.submit()


def test_a_correction_that_corrects_nothing_is_not_handed_in(desk: Desk, press: Press) -> None:
    correction = opened(correct(desk), desk)
    answer = correction.post(
        f"/drafts/{correction.draft_id}/submissions", "editor", {"digest": correction.digest()}
    )
    assert (answer.status_code, correction.codes(answer)) == (422, {"correction_changes_nothing"})


def test_the_note_is_checked_by_the_negative_list(desk: Desk, press: Press) -> None:
    leak = "误将王某某身份证号110101199003078515登出。"
    correction = opened(correct(desk, **{**FACT, "note": leak}), desk)
    assert correction.submit()["state"] == "blocked"
    retraction = opened(retract(desk, note=leak), desk)
    assert retraction.case()["state"] == "blocked"


def test_who_wrote_what_is_out_does_not_review_its_correction(desk: Desk, press: Press) -> None:
    with desk.session() as session:
        at, city = desk.runtime.clock(), desk.bureau.city.id
        for login, role in (("editor", Role.INITIAL_REVIEWER), ("publisher", Role.EDITOR)):
            user = desk.bureau.user(login)
            identity.grant_role(session, user_id=user.id, role=role, unit_id=city, actor=SYSTEM, at=at)
        session.commit()
    title = desk.get(f"/drafts/{desk.draft_id}").json()["title"]
    correction = opened(correct(desk, "publisher"), desk)
    text = "\n\n".join([SMALL[0], "## 走进社区", SMALL[1]])
    correction.revise({"format": "markdown", "title": title, "content": text}, "publisher")
    correction.submit("publisher")
    refused = correction.decide("check_correction", "editor")
    assert (refused.status_code, refused.json()["code"]) == (403, "own_draft")


def test_a_retraction_is_handed_in_at_once_and_tells_the_channel(desk: Desk, press: Press) -> None:
    retraction = opened(retract(desk, "publisher"), desk)
    case = retraction.case()
    assert [one["stage"] for one in case["stages"]] == ["rule_check", "check_retraction", "sign_off"]
    assert retract(desk).json()["code"] == "retraction_under_way"
    assert correct(desk).json()["code"] == "publication_being_retracted"
    assert state(desk) == "published"
    retraction.approve("check_retraction", "second_reviewer")
    retraction.work()
    assert sign(retraction, "final_reviewer").status_code == 201
    [order] = of_draft(desk)
    assert (order["kind"], order["state"]) == ("retract", "waiting")
    assert (order["note"], order["external_id"]) == (LEAK["note"], "100000001")
    assert state(desk) == "retracted"
    told = press.send("orders", {}).json()["items"]
    assert [one["id"] for one in told] == [order["id"]]
    done = press.send("confirmations", {"order": order["id"], "remark": "已删除"})
    assert done.status_code == 201, done.text
    assert press.send("confirmations", {"order": order["id"], "remark": "已删除"}).status_code == 201
    [order] = of_draft(desk)
    assert (order["state"], order["confirmed_by"], order["by_tool"]) == ("confirmed", press.tool_id, True)
    assert press.send("orders", {}).json()["items"] == []
    assert desk.get("/orders", "publisher").json()["items"] == []
    assert correct(desk).json()["code"] == "nothing_out"


def test_the_gate_clears_nothing_that_was_retracted_or_superseded(desk: Desk, press: Press) -> None:
    [out] = desk.get(f"/drafts/{desk.draft_id}/publications", "publisher").json()["publications"]
    correction = corrected(desk)
    new = sign(correction).json()["release"]
    said = press.ask(digest=out["digest"])["statement"]
    reasons = {reason["code"]: reason["data"] for reason in said["reasons"]}
    assert said["outcome"] == "refused"
    assert reasons["digest_superseded"]["successor"] == new["digest"]
    assert reasons["digest_superseded"]["release"] == new["id"]
    assert press.ask(digest=new["digest"])["statement"]["outcome"] == "cleared"
    retraction = retracted(desk)
    assert sign(retraction).status_code == 201
    said = press.ask(digest=out["digest"])["statement"]
    assert "publication_retracted" in {reason["code"] for reason in said["reasons"]}
    said = press.ask(digest=new["digest"])["statement"]
    assert "publication_retracted" in {reason["code"] for reason in said["reasons"]}
    late = press.publish(new["ticket"], new["digest"])
    assert late.status_code == 409
    assert "publication_retracted" in correction.codes(late)
    assert [order["kind"] for order in of_draft(desk)] == ["retract"]


def test_a_correction_of_a_draft_being_retracted_waits_and_goes_on_when_that_is_declined(
    desk: Desk, press: Press
) -> None:
    correction = corrected(desk)
    retraction = opened(retract(desk), desk)
    refused = sign(correction)
    assert (refused.status_code, correction.codes(refused)) == (409, {"publication_being_retracted"})
    answer = retraction.decide("check_retraction", "second_reviewer", verdict="decline", comment="改了就行")
    assert answer.status_code == 200, answer.text
    assert sign(correction).status_code == 201


def test_a_second_correction_overtakes_one_that_is_signed_and_not_out(desk: Desk, press: Press) -> None:
    first = corrected(desk)
    ticket = sign(first).json()["release"]
    second = rewrite(opened(correct(desk), desk), [TEXT, REST.replace("帮助", "帮着")])
    assert "check_correction" in {one["stage"] for one in second.submit()["stages"]}
    second.approve("check_correction", "initial_reviewer")
    second.work()
    assert sign(second).status_code == 201
    [order] = of_draft(desk)
    assert order["remedy_id"] == second.draft_id
    late = press.publish(ticket["ticket"], ticket["digest"])
    assert "digest_superseded" in first.codes(late)


def test_a_confirmation_is_the_tools_own_and_of_what_it_was_told(desk: Desk, press: Press) -> None:
    stranger = Press.open(desk, "website", name="网站助手")
    correction = corrected(desk)
    assert sign(correction).status_code == 201
    [order] = of_draft(desk)
    never = press.send("confirmations", {"order": "0197f0c4-7c1e-7b1e-9c55-3f3f4a7d2b10"})
    assert (never.status_code, never.json()["code"]) == (404, "order_unknown")
    needs = press.send("confirmations", {"order": order["id"]})
    assert (needs.status_code, needs.json()["code"]) == (409, "order_needs_publication")
    other = stranger.send("confirmations", {"order": order["id"]})
    assert (other.status_code, other.json()["code"]) == (403, "tool_channel")
    assert stranger.send("orders", {}).json()["items"] == []
    with desk.session() as session:
        told = queries.for_tool(session, unit_path="/", channels={"wechat"})[0]
        assert len(told) == 1


def test_a_report_of_what_was_never_released_is_on_the_tools_record(desk: Desk, press: Press) -> None:
    statement = desk.runtime.signer.sign({"v": 1, "kind": "clearance"}).model_dump(mode="json")
    answer = press.publish(statement, "0" * 64)
    assert (answer.status_code, answer.json()["code"]) == (403, "ticket_forged")
    assert ("publication.refused", "refused") in events(desk.runtime.database, f"tool:{press.tool_id}")


def test_a_person_confirms_by_hand_what_no_tool_does(desk: Desk, press: Press) -> None:
    retraction = retracted(desk)
    assert sign(retraction).status_code == 201
    [order] = of_draft(desk)
    path = f"/orders/{order['id']}/confirmations"
    assert desk.post(path, "editor2").status_code == 404
    assert desk.post(path, "editor").status_code == 403
    assert desk.post(path, "publisher", {"remark": "已撤下"}).status_code == 201
    again = desk.post(path, "publisher")
    assert (again.status_code, again.json()["code"]) == (409, "order_confirmed")


def test_a_channel_that_does_not_answer_is_told_of_and_then_up_the_chain(
    desk: Desk, press: Press, clock: SetClock
) -> None:
    retraction = retracted(desk)
    assert sign(retraction).status_code == 201
    [order] = of_draft(desk)
    assert orders.look(desk.runtime, at=clock()) == 0
    clock.advance(minutes=31)
    assert orders.look(desk.runtime, at=clock()) == 1
    assert orders.look(desk.runtime, at=clock()) == 0
    desk._headers.clear()
    [order] = desk.get("/orders", "publisher").json()["items"]
    assert order["overdue"]
    clock.advance(minutes=120)
    assert orders.look(desk.runtime, at=clock()) == 1
    assert orders.look(desk.runtime, at=clock()) == 0
    alarms = [data for action, _, data in desk.record() if action == "publication.overdue"]
    assert [alarm["alarm"] for alarm in alarms] == [1, 2]
    desk.work()
    desk._headers.clear()
    told = desk.get("/notices", "publisher").json()["items"]
    assert "order_overdue" in {one["kind"] for one in told}


def test_a_correction_can_be_given_up_while_it_is_with_its_author(desk: Desk, press: Press) -> None:
    correction = opened(correct(desk), desk)
    path = f"/drafts/{correction.draft_id}/withdrawals"
    assert correction.post(f"/drafts/{desk.draft_id}/withdrawals", "editor").json()["code"] == "not_a_remedy"
    rewrite(correction, SMALL).submit()
    assert correction.post(path, "editor").json()["code"] == "remedy_past"
    assert correction.post(f"/cases/{correction.case_id}/recall", "editor").status_code == 200
    assert correction.post(path, "editor2").status_code == 404
    assert correction.post(path, "editor", {"comment": "核对无误"}).json()["state"] == "declined"
    assert correct(desk).status_code == 201


def test_a_retraction_is_the_first_on_the_wire(desk: Desk, press: Press, clock: SetClock) -> None:
    with Listener(answers=[(503, {})] * 50) as listener:
        desk.runtime.settings.webhook_hosts = frozenset({listener.host})
        body = {"unit_id": str(desk.bureau.city.id), "url": listener.url, "events": []}
        assert desk.post("/webhooks/endpoints", "system_admin", body).status_code == 201
        retraction = retracted(desk)
        assert sign(retraction).status_code == 201
        desk.work()
        listener.got.clear()
        listener.answers.clear()
        clock.advance(hours=1)
        desk.work()
    types = [json.loads(body)["type"] for _, _, body in listener.got]
    assert types.index("draft.submitted") > 0, "nothing was made before the retraction"
    assert types[0] == "publication.retracted", types
