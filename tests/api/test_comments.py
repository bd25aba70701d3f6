"""Comments and suggestions on selected words: begun, answered, settled, accepted, disputed."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from app.domain.vocabulary import Role
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.notifications.models import Notice
from tests import factories
from tests.api.desk import Desk

pytestmark = pytest.mark.both_databases

ONE = "社区志愿者昨天走访了辖区内的孤寡老人，送去了过冬的棉被和米面。"
TWO = "活动结束后，志愿者登记了老人的需求，并按排专人负责联系。"


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime).draft(factories.document("志愿者走进社区", ONE, TWO))


def words(quote: str, of: str = TWO, place: str = "blocks/1") -> dict[str, Any]:
    start = of.index(quote)
    return {"place": place, "start": start, "end": start + len(quote), "quote": quote}


def comment(desk: Desk, login: str = "initial_reviewer", **body: Any) -> Response:
    body = {"digest": desk.digest(), "text": "请核对。", **body}
    return desk.post(f"/drafts/{desk.draft_id}/threads", login, body)


def suggest(desk: Desk, quote: str, new_text: str, login: str = "initial_reviewer", **body: Any) -> Response:
    return comment(desk, login, kind="correct", new_text=new_text, text="", **{**words(quote), **body})


def say(desk: Desk, thread: str, what: str, login: str, words: str = "") -> Response:
    return desk.post(f"/threads/{thread}/{what}", login, {"text": words})


def accept(desk: Desk, *threads: str, login: str = "editor", seen: str = "") -> Response:
    seen = seen or desk.get(f"/drafts/{desk.draft_id}").headers["ETag"]
    body = {"threads": list(threads)}
    return desk.post(f"/drafts/{desk.draft_id}/acceptances", login, body, **{"If-Match": seen})


def threads(desk: Desk, login: str = "editor", **params: str) -> list[dict[str, Any]]:
    answer = desk.get(f"/drafts/{desk.draft_id}/threads", login, **params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def blocks(desk: Desk) -> list[str]:
    return [block["text"] for block in desk.get(f"/drafts/{desk.draft_id}").json()["document"]["blocks"]]


def back_with_author(desk: Desk) -> None:
    desk.submit()
    answer = desk.decide("initial_review", "initial_reviewer", verdict="send_back", comment="请按批注修改。")
    assert answer.status_code == 200, answer.text


def notices(desk: Desk, login: str) -> list[str]:
    desk.work()
    with desk.session() as session:
        rows = session.exec(select(Notice.kind).where(Notice.user_id == desk.actor(login).id)).all()
    return sorted(rows)


def revise(desk: Desk, *lines: str) -> None:
    content = {"format": "text", "content": "\n".join(lines), "title": "志愿者走进社区"}
    desk.revise(content)


# --- comments ----------------------------------------------------------------


def test_a_comment_on_words(desk: Desk) -> None:
    desk.submit()
    path = f"/drafts/{desk.draft_id}/threads"
    assert desk.client.post(f"/api/v1{path}", json={}).status_code == 401
    assert comment(desk, "outsider").status_code == 404
    answer = comment(desk, **words("专人"), text="是哪位？")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["quote"], made["state"], made["kind"]) == ("专人", "open", None)
    assert made["where"] == {
        "standing": "held",
        "place": "blocks/1",
        "start": TWO.index("专人"),
        "end": TWO.index("专人") + 2,
        "text": "专人",
    }
    assert [said["text"] for said in made["comments"]] == ["是哪位？"]
    assert answer.headers["Location"].endswith(path)
    action, outcome, data = desk.record()[-1]
    assert (action, outcome, data["thread"], data["digest"]) == (
        "comment.made",
        "done",
        made["id"],
        desk.digest(),
    )
    assert not {"quote", "text"} & data.keys()
    assert "comment.made" in desk.outbox()
    assert "commented" in notices(desk, "editor")
    assert "commented" not in notices(desk, "initial_reviewer")


def test_a_comment_that_cannot_be_is_refused_with_every_reason(desk: Desk) -> None:
    cases: tuple[tuple[dict[str, Any], set[str]], ...] = (
        ({"text": " "}, {"text_missing"}),
        ({**words("专人"), "quote": "专家", "text": ""}, {"words_elsewhere", "text_missing"}),
        ({**words("专人"), "place": "blocks/9"}, {"words_elsewhere"}),
        ({"place": "blocks/0", "start": 3, "end": 3}, {"words_elsewhere"}),
        ({"kind": "correct", "new_text": "好"}, {"whole_draft_only"}),
        ({**words("专人"), "kind": "correct", "new_text": "专人"}, {"mark_malformed"}),
        ({**words("专人"), "kind": "run_on", "new_text": ""}, {"mark_malformed"}),
        ({**words("志愿者走进社区", "志愿者走进社区", "title"), "kind": "delete"}, {"result_invalid"}),
    )
    for body, codes in cases:
        answer = comment(desk, **body)
        assert (answer.status_code, answer.json()["code"]) == (422, "comment_unfit"), body
        assert desk.codes(answer) == codes, body
    assert comment(desk, digest="0" * 64).status_code == 404
    assert comment(desk, text="长" * 5001).status_code == 422
    assert threads(desk) == []


def test_who_only_reads_does_not_comment(desk: Desk) -> None:
    with desk.runtime.database.write() as session:
        at = desk.runtime.clock()
        factories.person(session, "onlooker", unit=desk.bureau.office, roles=[Role.READER], at=at)
    assert threads(desk, "onlooker") == []
    answer = comment(desk, "onlooker")
    assert (answer.status_code, answer.json()["code"]) == (403, "may_not_comment")


def test_a_thread_is_answered_resolved_and_opened_again(desk: Desk) -> None:
    desk.submit()
    thread = comment(desk, **words("专人")).json()["id"]
    assert say(desk, thread, "replies", "outsider", "看看").status_code == 404
    assert say(desk, thread, "replies", "editor").status_code == 422
    assert say(desk, thread, "replies", "editor", "是社区干部。").status_code == 201
    other = say(desk, thread, "resolution", "second_reviewer")
    assert (other.status_code, other.json()["code"]) == (403, "not_yours_to_settle")
    assert say(desk, thread, "reopening", "editor").json()["code"] == "thread_open"
    done = say(desk, thread, "resolution", "editor", "已说明。").json()
    assert (done["state"], [said["state"] for said in done["comments"]]) == (
        "resolved",
        ["open", None, "resolved"],
    )
    late = say(desk, thread, "resolution", "initial_reviewer")
    assert (late.status_code, late.json()["code"]) == (409, "thread_settled")
    assert desk.bureau.actor("editor").name in late.json()["reasons"][0]["message"]
    again = say(desk, thread, "reopening", "initial_reviewer", "还不清楚。").json()
    assert (again["state"], again["settled_by"]) == ("open", None)
    assert [action for action in desk.actions() if action.startswith("comment.")] == [
        "comment.made",
        "comment.replied",
        "comment.resolved",
        "comment.reopened",
    ]


def test_somebody_is_called_by_name_within_what_they_may_know(desk: Desk) -> None:
    desk.submit()
    name = desk.actor("second_reviewer").name
    text_of = f"请@{name}看一下，也请@outsider和@查无此人看看。"
    answer = comment(desk, text=text_of).json()
    assert answer["comments"][0]["mentioned"] == [str(desk.actor("second_reviewer").id)]
    assert len(answer["unreached"]) == 2
    assert notices(desk, "second_reviewer").count("mentioned") == 1
    assert "mentioned" not in notices(desk, "outsider")


def test_a_comment_stays_with_its_words_or_says_that_they_are_gone(desk: Desk) -> None:
    comment(desk, text="全文再通读一遍。")
    comment(desk, **words("专人"))
    comment(desk, **words("孤寡老人", ONE, "blocks/0"))
    comment(desk, **words("棉被和米面", ONE, "blocks/0"))
    revise(desk, "新加的一段，说明活动的背景和来历。", TWO, "送去棉被。")
    found = {one["quote"]: one["where"] for one in threads(desk)}
    assert [one["quote"] for one in threads(desk)][:2] == ["", "专人"]
    assert (found["专人"]["standing"], found["专人"]["place"]) == ("held", "blocks/1")
    assert found["孤寡老人"]["standing"] == "lost"
    assert {one["digest"] for one in threads(desk)} != {desk.digest()}
    # On the text where it was made it stands where it was made.
    old = threads(desk)[0]["digest"]
    assert {one["where"]["standing"] for one in threads(desk, digest=old)} == {"held"}


# --- suggestions ---------------------------------------------------------------


def test_several_suggestions_are_accepted_in_one_revision(desk: Desk) -> None:
    desk.submit()
    first = suggest(desk, "按排", "安排").json()["id"]
    second = comment(desk, **words("昨天", ONE, "blocks/0"), kind="correct", new_text="日前", text="").json()[
        "id"
    ]
    early = accept(desk, first)
    assert (early.status_code, early.json()["code"]) == (409, "not_with_author")
    assert (
        desk.decide("initial_review", "initial_reviewer", verdict="send_back", comment="请改。").status_code
        == 200
    )
    assert accept(desk, first, login="outsider").status_code == 404
    assert accept(desk, first, login="initial_reviewer").status_code == 403
    assert (
        desk.post(f"/drafts/{desk.draft_id}/acceptances", "editor", {"threads": [first]}).status_code == 428
    )
    assert accept(desk, first, seen='"99"').status_code == 412
    before = len(desk.get(f"/drafts/{desk.draft_id}/revisions").json())
    answer = accept(desk, first, second)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["accepted"], answer.json()["digest"]) == (2, desk.digest())
    assert answer.headers["ETag"] == desk.get(f"/drafts/{desk.draft_id}").headers["ETag"]
    assert blocks(desk) == [ONE.replace("昨天", "日前"), TWO.replace("按排", "安排")]
    assert len(desk.get(f"/drafts/{desk.draft_id}/revisions").json()) == before + 1
    assert {one["state"] for one in threads(desk)} == {"accepted"}
    assert desk.actions()[-2:] == ["draft.revised", "suggestions.accepted"]
    assert "suggestion_answered" in notices(desk, "initial_reviewer")
    again = say(desk, first, "reopening", "editor")
    assert (again.status_code, again.json()["code"]) == (409, "thread_settled")


def test_two_who_accept_at_once(desk: Desk) -> None:
    back_with_author(desk)
    seen = desk.get(f"/drafts/{desk.draft_id}").headers["ETag"]
    thread = suggest(desk, "按排", "安排").json()["id"]
    assert accept(desk, thread, seen=seen).status_code == 201
    assert accept(desk, thread, seen=seen).status_code == 412
    late = accept(desk, thread)
    assert (late.status_code, late.json()["code"]) == (409, "suggestions_unfit")
    assert desk.actor("editor").name in late.json()["reasons"][0]["message"]
    assert blocks(desk)[1].count("安排") == 1


def test_suggestions_that_overlap_are_refused_together_and_taken_one_by_one(desk: Desk) -> None:
    back_with_author(desk)
    one = suggest(desk, "按排专人", "请专人").json()["id"]
    other = suggest(desk, "按排", "安排", "second_reviewer").json()["id"]
    answer = accept(desk, one, other)
    assert answer.status_code == 409
    assert desk.codes(answer) == {"suggestions_overlap"}
    assert blocks(desk) == [ONE, TWO]
    assert accept(desk, other).status_code == 201
    gone = accept(desk, one)
    assert desk.codes(gone) == {"suggestion_moved_on"}
    assert blocks(desk)[1] == TWO.replace("按排", "安排")


def test_a_suggestion_is_carried_to_where_its_words_went(desk: Desk) -> None:
    back_with_author(desk)
    made = [
        suggest(desk, "按排", "安排").json()["id"],
        comment(
            desk, place="blocks/1", start=5, end=5, quote="", kind="insert", new_text="当天", text=""
        ).json()["id"],
        comment(desk, **words("登记了"), kind="move", move_to=len(TWO) - 1, text="").json()["id"],
    ]
    revise(desk, "开头加了一段话，写明时间地点。", ONE, TWO)
    assert accept(desk, *made).status_code == 201, accept(desk, *made).text
    moved = TWO.replace("按排", "安排").replace("登记了", "")
    assert blocks(desk)[2] == moved[:5] + "当天" + moved[5:-1] + "登记了。"


def test_a_suggestion_is_disputed_with_a_reason(desk: Desk) -> None:
    desk.submit()
    thread = suggest(desk, "专人", "干部").json()["id"]
    remark = comment(desk, **words("专人")).json()["id"]
    assert say(desk, thread, "dispute", "second_reviewer", "不改").status_code == 403
    assert say(desk, thread, "dispute", "editor").status_code == 422
    assert say(desk, remark, "dispute", "editor", "不改").json()["code"] == "no_suggestion"
    done = say(desk, thread, "dispute", "editor", "专人不都是干部。").json()
    assert done["state"] == "disputed"
    assert "suggestion_answered" in notices(desk, "initial_reviewer")
    assert say(desk, thread, "dispute", "editor", "再说一次").status_code == 409
    assert say(desk, thread, "resolution", "initial_reviewer", "同意。").json()["state"] == "resolved"


def test_what_waits_for_an_answer(desk: Desk) -> None:
    def waiting(login: str) -> list[int]:
        return [one["threads"] for one in desk.get("/threads/waiting", login).json()["items"]]

    desk.submit()
    first = comment(desk, **words("专人")).json()["id"]
    suggest(desk, "按排", "安排")
    assert (waiting("editor"), waiting("initial_reviewer")) == ([2], [])
    say(desk, first, "replies", "second_reviewer", "我也想问。")
    assert waiting("editor") == [2]
    say(desk, first, "replies", "editor", "是社区干部。")
    assert (waiting("editor"), waiting("initial_reviewer")) == ([1], [1])
    say(desk, first, "resolution", "initial_reviewer")
    assert waiting("initial_reviewer") == []
    assert waiting("outsider") == []


def test_a_stage_that_asks_for_it_waits_for_the_deciders_own_comments(desk: Desk, tmp_path: Path) -> None:
    policies = Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))
    standard = policies / "workflows" / "standard.yaml"
    told = standard.read_text(encoding="utf-8")
    key = "    levels: initial_review\n"
    standard.write_text(told.replace(key, f"{key}    requires: threads_resolved\n"), encoding="utf-8")
    desk.runtime.settings = desk.runtime.settings.model_copy(update={"policies_dir": policies})
    desk.submit()
    mine = comment(desk, **words("专人")).json()["id"]
    comment(desk, "second_reviewer", **words("联系")).json()
    shown = desk.stage("initial_review", login="initial_reviewer")
    barred = {way["verb"]: {one["code"] for one in way["refusals"]} for way in shown["options"]}
    assert barred["approve"] == {"own_threads_unsettled"}
    answer = desk.decide("initial_review", "initial_reviewer")
    assert (answer.status_code, desk.codes(answer)) == (409, {"own_threads_unsettled"})
    assert say(desk, mine, "resolution", "initial_reviewer").status_code == 200
    desk.approve("initial_review", "initial_reviewer")
    comment(desk, "second_reviewer", **words("活动"))
    desk.approve("second_review", "second_reviewer")


def test_what_was_said_is_never_changed(desk: Desk) -> None:
    thread = suggest(desk, "按排", "安排").json()["id"]
    assert thread
    for statement in (
        "UPDATE thread_comment SET text = 'x'",
        "DELETE FROM thread_comment",
        "UPDATE comment_thread SET new_text = 'x'",
        "UPDATE comment_thread SET kind = NULL",
        "DELETE FROM comment_thread",
    ):
        with pytest.raises(DBAPIError), desk.session() as session:
            session.connection().execute(text(statement))
