"""Signing without an account: links for people outside, made by reviewers and used once."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import func
from sqlmodel import SQLModel, select

from app.domain.deadlines import BEIJING
from app.domain.document.model import Document, Paragraph
from app.identity.models import User
from app.infra.runtime import Runtime
from app.reviews.guest_links.service import hashed
from app.reviews.models import Decision, SignLink
from tests.api import outside
from tests.api.desk import Desk
from tests.applications import serving

LI = {"name": "李明远", "post": "清河大学教授", "phone": "138 0000 1111"}
WANG = {"name": "王慧", "post": "省社科院研究员", "phone": "139 0000 2222"}


@pytest.fixture
def desk(runtime: Runtime, tmp_path: Path) -> Iterator[Desk]:
    """A draft for which two experts outside are needed, after its first two reviews."""
    own = outside.own(runtime, tmp_path)
    with TestClient(serving(own), raise_server_exceptions=False) as client:
        desk = Desk.open(client, own).draft()
        desk.submit()
        desk.approve("initial_review", "initial_reviewer")
        desk.approve("second_review", "second_reviewer")
        assert desk.open_stages() == {("experts", "")}
        yield desk


def asked(desk: Desk, login: str = "second_reviewer", **body: Any) -> Response:
    return desk.post(f"/cases/{desk.case_id}/links", login, {"stage": "experts", **LI, **body})


CODES: dict[str, str] = {}


def token(desk: Desk, answer: Response, *, by: str = "final_reviewer", **body: Any) -> str:
    """Let another reviewer send the link, and return its token; its code is known to `sign` and `read`."""
    asker = answer.json().get("asked_by")
    by = "second_reviewer" if asker == str(desk.bureau.user(by).id) else by
    raw, code = outside.sent(desk, answer, by=by, **body)
    CODES[raw] = code
    return raw


def sign(desk: Desk, raw: str, **body: Any) -> Response:
    form = {"outcome": "agree", "name": "李明远", "checklist": ["已通读全文"], "code": CODES.get(raw, "")}
    return desk.client.post(f"/api/v1/signing/{raw}", json={**form, **body})


def read(desk: Desk, raw: str, code: str | None = None) -> Response:
    known = CODES.get(raw, "") if code is None else code
    return desk.client.get(f"/api/v1/signing/{raw}", headers={"Signing-Code": known})


def rows(desk: Desk) -> dict[str, int]:
    with desk.runtime.database.read() as session:
        tables = SQLModel.metadata.sorted_tables
        return {one.name: session.exec(select(func.count()).select_from(one)).one() for one in tables}


# asking


def test_only_reviewers_of_the_unit_ask(desk: Desk) -> None:
    path, body = f"/cases/{desk.case_id}/links", {"stage": "experts", **LI}
    assert desk.client.post(f"/api/v1{path}", json=body).status_code == 401
    assert desk.post(path, "outsider", body).status_code == 404
    assert desk.post(path, "policy_keeper", body).status_code == 404
    author = desk.post(path, "editor", body)
    assert (author.status_code, author.json()["code"]) == (403, "forbidden")
    assert desk.post(path, "final_reviewer", body).status_code == 201


def test_a_form_with_faults_is_told_all_of_them(desk: Desk) -> None:
    answer = asked(desk, name="——", post="··", phone="12ab")
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["reasons"]] == ["name", "post", "phone"]
    for body in ({"days": 0}, {"days": 21}, {"more": 1}, {"stage": "Experts"}):
        assert asked(desk, **body).status_code == 422
    unknown = asked(desk, stage="nobody")
    assert (unknown.status_code, desk.codes(unknown)) == (422, {"stage_unknown"})


def test_only_where_the_workflow_asks_people_outside_and_the_stage_is_open(desk: Desk) -> None:
    inside = asked(desk, stage="final_review")
    assert (inside.status_code, inside.json()["code"]) == (409, "link_not_to_be_made")
    assert desk.codes(inside) == {"link_not_outside", "stage_not_open"}
    desk.post(f"/cases/{desk.case_id}/recall", "editor", {})
    assert "case_closed" in desk.codes(asked(desk))


def test_the_token_is_shown_once_and_kept_nowhere(desk: Desk) -> None:
    answer = asked(desk, note="请看第二段")
    assert "address" not in answer.json()
    assert re.fullmatch(r"[0-9]{8}", answer.json()["code"])
    raw = token(desk, answer)
    assert len(raw) >= 43  # 256 bit in base64
    listed = desk.get(f"/cases/{desk.case_id}/links", "final_reviewer").json()
    assert [(one["name"], one["state"]) for one in listed] == [("李明远", "open")]
    assert raw not in str(listed)
    with desk.runtime.database.read() as session:
        link = session.exec(select(SignLink)).one()
        assert link.token_hash == hashed(raw)
        assert answer.json()["code"] not in link.code_hash
        assert link.expires_at.astimezone(BEIJING).date() == date(2026, 3, 5)  # working days from Monday
        person = session.get_one(User, link.person_id)
        assert (person.kind, person.active) == ("outside", False)
        assert "1380000" not in person.login
    made = next(data for action, _, data in desk.record() if action == "link.made")
    assert made["person"] == str(person.id)
    assert "李明远" not in str(desk.record())


def test_one_open_link_for_a_person_at_a_place(desk: Desk) -> None:
    token(desk, asked(desk))
    again = asked(desk, "final_reviewer")
    assert desk.codes(again) == {"link_exists"}
    token(desk, asked(desk, **WANG))


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("editor先生", "作者"),
        ("initial_reviewer 先生", "办理人"),
        ("ＳＥＣＯＮＤ_reviewer先生", "办理人|邀请人"),
    ],
)
def test_an_equal_name_is_another_person_only_when_the_asker_says_so(desk: Desk, name: str, who: str) -> None:
    answer = asked(desk, name=name)
    assert desk.codes(answer) == {"link_namesake"}
    assert any(one in answer.json()["reasons"][0]["message"] for one in who.split("|"))
    again = asked(desk, name=name, namesake=True)
    alone = desk.post(f"/links/{again.json()['id']}/sending", "final_reviewer", {})
    assert (alone.status_code, desk.codes(alone)) == (409, {"link_namesake_unconfirmed"})
    token(desk, again, namesake=True)
    sent = next(data for action, _, data in desk.record() if action == "link.sent")
    assert sent["namesake"] is True
    made = next(data for action, _, data in desk.record() if action == "link.made")
    assert made["namesake"] is True


# who asks is not who sends, and neither can sign alone


def test_who_asks_never_sees_the_address(desk: Desk) -> None:
    answer = asked(desk)
    path = f"/links/{answer.json()['id']}/sending"
    own = desk.post(path, "second_reviewer", {})
    assert (own.status_code, desk.codes(own)) == (403, {"link_sent_by_asker"})
    author = desk.post(path, "editor", {})
    assert (author.status_code, author.json()["code"]) == (403, "forbidden")
    assert desk.post(path, "outsider", {}).status_code == 404
    assert desk.client.post(f"/api/v1{path}", json={}).status_code == 401
    assert desk.post(f"/links/{UUID(int=1)}/sending", "final_reviewer", {}).status_code == 404
    listed = desk.get(f"/cases/{desk.case_id}/links", "second_reviewer").json()
    assert listed[0]["sent_by"] is None
    raw = token(desk, answer)
    listed = desk.get(f"/cases/{desk.case_id}/links", "second_reviewer").json()
    assert listed[0]["sent_by"] == str(desk.bureau.user("final_reviewer").id)
    assert raw not in str(listed)
    data = next(data for action, _, data in desk.record() if action == "link.sent")
    assert data["asked_by"] == str(desk.bureau.user("second_reviewer").id)


@pytest.mark.parametrize("code", ["", "00000000", "abc", "1234567", "123456789"])
def test_who_sends_cannot_read_or_sign_without_the_code(desk: Desk, code: str) -> None:
    raw = token(desk, asked(desk))
    expected = "link_code_differs" if code else "link_code_needed"
    seen = read(desk, raw, code)
    assert (seen.status_code, seen.json()["code"]) == (403, expected)
    signed = sign(desk, raw, code=code)
    assert (signed.status_code, signed.json()["code"]) == (403, expected)
    assert desk.open_stages() == {("experts", "")}
    if code:
        assert desk.record()[-1][0] == "link.refused"
    spoken = f"{CODES[raw][:4]} {CODES[raw][4:]}"
    assert read(desk, raw, spoken).status_code == 200
    assert sign(desk, raw, code=spoken).status_code == 200


def test_a_link_that_is_sent_again_is_another(desk: Desk) -> None:
    answer = asked(desk)
    first, second = token(desk, answer), token(desk, answer, by="proofreader")
    assert first != second
    assert read(desk, first).status_code == 404
    assert sign(desk, second).status_code == 200
    late = desk.post(f"/links/{answer.json()['id']}/sending", "final_reviewer", {})
    assert (late.status_code, late.json()["code"]) == (409, "link_over")


def test_codes_are_not_tried_through(desk: Desk, clock: Any) -> None:
    raw = token(desk, asked(desk))
    for number in range(20):
        assert read(desk, raw, f"{number:08}").status_code == 403
    assert read(desk, raw).status_code == 429
    clock.advance(minutes=15)
    assert read(desk, raw).status_code == 200


# separation of duties


def test_one_telephone_is_one_person_whatever_they_are_called(desk: Desk) -> None:
    assert sign(desk, token(desk, asked(desk))).status_code == 200
    same = asked(desk, "final_reviewer", phone="+86 (138) 0000-1111", name="李明远", post="顾问")
    assert desk.codes(same) == {"already_decided"}
    other = asked(desk, phone="13800001111", name="张三")
    assert "link_phone_of_another" in desk.codes(other)
    assert desk.open_stages() == {("experts", "")}  # two are needed
    second = token(desk, asked(desk, **WANG))
    assert sign(desk, second, name="王慧").status_code == 200
    assert desk.open_stages() == {("final_review", "")}


def test_an_account_outside_cannot_sign_in_or_be_made_by_hand(desk: Desk) -> None:
    token(desk, asked(desk))
    with desk.runtime.database.read() as session:
        person = session.exec(select(User).where(User.kind == "outside")).one()
    for password in ("", "!", "outside-outside"):
        body = {"login": person.login, "password": password}
        assert desk.client.post("/api/v1/auth/token", json=body).status_code in {401, 422}
    body = {"login": "guest", "name": "客人", "password": "x" * 12, "unit_id": str(desk.bureau.city.id)}
    made = desk.post("/users", "system_admin", {**body, "kind": "outside"})
    assert made.status_code == 422


# using


def test_the_holder_reads_and_nothing_changes(desk: Desk) -> None:
    raw, before = token(desk, asked(desk, note="请看第二段")), rows(desk)
    seen = read(desk, raw)
    assert seen.status_code == 200
    body = seen.json()
    assert (body["post"], body["stage_title"], body["note"]) == ("清河大学教授", "外部专家", "请看第二段")
    assert "李明远" not in seen.text  # who signs types their own name
    assert body["document"]["title"] == body["title"]
    assert [one["key"] for one in body["outcomes"]] == ["agree", "revise", "against"]
    assert rows(desk) == before


def test_a_decision_by_link_is_one_of_an_outside_person(desk: Desk) -> None:
    raw = token(desk, asked(desk))
    answer = sign(desk, raw, name=" 李 明远 ", comment="表述准确。")
    assert (answer.status_code, answer.json()["outcome"]) == (200, "agree")
    with desk.runtime.database.read() as session:
        decision = session.exec(select(Decision).where(Decision.stage == "experts")).one()
        assert (decision.role, decision.verdict, decision.comment) == ("outside", "approved", "表述准确。")
        assert decision.digest == desk.case()["revision"]
        assert decision.final is False
    actions = desk.actions()
    assert actions[-2:] == ["decision.approved", "link.used"]
    assert "decision.approved" in desk.outbox()
    used = desk.record()[-1][2]
    assert used["asked_by"] == str(desk.bureau.user("second_reviewer").id)
    shown = next(one for one in desk.case("final_reviewer")["decisions"] if one["stage"] == "experts")
    assert (shown["actor"], shown["role"]) == ("李明远", "outside")


def test_an_outside_person_may_send_back_with_reasons(desk: Desk) -> None:
    raw = token(desk, asked(desk))
    empty = sign(desk, raw, outcome="revise")
    assert (empty.status_code, desk.codes(empty)) == (422, {"comment_required"})
    assert sign(desk, raw, outcome="revise", comment="第二段数据有误。").status_code == 200
    assert desk.case("editor")["state"] == "returned"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "王慧"}, "link_name_differs"),
        ({"outcome": "hold"}, "outcome_unknown"),
        ({"checklist": []}, "checklist_incomplete"),
    ],
)
def test_what_is_filled_in_badly_is_refused_and_the_link_stays(
    desk: Desk, body: dict[str, Any], code: str
) -> None:
    raw = token(desk, asked(desk))
    answer = sign(desk, raw, **body)
    assert answer.status_code == 422
    assert code in {answer.json()["code"], *desk.codes(answer)}
    action, outcome, data = desk.record()[-1]
    # A forgotten tick is no more than that.
    assert (action == "link.refused") == (code != "checklist_incomplete")
    if action == "link.refused":
        assert (outcome, data["reasons"]) == ("refused", [code])
    assert sign(desk, raw).status_code == 200


def gone(desk: Desk, raw: str, code: str) -> None:
    """A link that cannot be used: told on reading and on signing, and only the refusal goes on record."""
    before = rows(desk)
    seen = read(desk, raw)
    assert (seen.status_code, seen.json()["code"]) == (409, code)
    assert rows(desk) == before
    answer = sign(desk, raw)
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert "。" in answer.json()["title"]
    after = rows(desk)
    grown = {name for name in after if after[name] != before[name]}
    assert grown == {"audit_event", "audit_private"}
    assert desk.record()[-1][:2] == ("link.refused", "refused")


def test_a_link_works_once(desk: Desk) -> None:
    raw = token(desk, asked(desk))
    assert sign(desk, raw).status_code == 200
    gone(desk, raw, "link_used")


def test_a_link_expires(desk: Desk, clock: Any) -> None:
    answer = asked(desk, days=1)
    raw, due = token(desk, answer), datetime.fromisoformat(answer.json()["expires_at"])
    clock.now = due - timedelta(minutes=1)
    assert read(desk, raw).status_code == 200
    clock.now = due
    gone(desk, raw, "link_expired")
    desk._headers.clear()  # tokens of the day before
    assert desk.get(f"/cases/{desk.case_id}/links").json()[0]["state"] == "expired"
    token(desk, asked(desk))  # another may be sent then


def test_a_link_outlives_an_opinion_of_fifteen_working_days(desk: Desk) -> None:
    answer = asked(desk, days=15)
    # 15 working days from Monday 2 March 2026 are three weeks.
    assert datetime.fromisoformat(answer.json()["expires_at"]).date() >= date(2026, 3, 20)
    assert asked(desk, **WANG, days=20).status_code == 201


def test_a_link_is_taken_back_by_who_sent_it(desk: Desk) -> None:
    answer = asked(desk)
    raw, path = token(desk, answer), f"/links/{answer.json()['id']}/revocation"
    assert desk.client.post(f"/api/v1{path}", json={}).status_code == 401
    assert desk.post(path, "outsider", {}).status_code == 404
    assert desk.post(path, "final_reviewer", {}).status_code == 403
    assert desk.post(f"/links/{UUID(int=1)}/revocation", "second_reviewer", {}).status_code == 404
    assert desk.post(path, "second_reviewer", {}).json()["state"] == "revoked"
    gone(desk, raw, "link_revoked")
    twice = desk.post(path, "second_reviewer", {})
    assert (twice.status_code, twice.json()["code"]) == (409, "link_over")


def test_a_link_is_bound_to_the_text_that_it_was_sent_with(desk: Desk) -> None:
    first, second = token(desk, asked(desk)), token(desk, asked(desk, **WANG))
    assert sign(desk, first, outcome="revise", comment="请改第二段。").status_code == 200
    gone(desk, second, "link_stage_over")
    with desk.runtime.database.write() as session:
        from app.drafts import queries as drafts
        from app.drafts import service as drafts_service

        draft = drafts.visible(session, UUID(desk.draft_id), desk.actor("editor"))
        content = Document(title="清河市开展冬季送温暖活动", blocks=(Paragraph(text="志愿者走访独居老人。"),))
        drafts_service.revise(
            session,
            draft_id=draft.id,
            document=content,
            seen=frozenset({draft.version}),
            actor=desk.actor("editor"),
            at=desk.runtime.clock(),
        )
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    desk.approve("second_review", "second_reviewer")
    gone(desk, second, "link_outdated")


def test_a_link_waits_while_the_case_is_held(desk: Desk) -> None:
    raw = token(desk, asked(desk))
    with desk.runtime.database.write() as session:
        from app.reviews.models import ReviewCase

        row = session.get_one(ReviewCase, UUID(desk.case_id))
        row.state, row.held_at = "held", desk.runtime.clock()
    gone(desk, raw, "link_paused")


# guessing


def test_guesses_are_held_up(desk: Desk, clock: Any) -> None:
    raw = token(desk, asked(desk))
    for number in range(20):
        answer = desk.client.get(f"/api/v1/signing/{'x' * 42}{number:02}")
        assert (answer.status_code, answer.json()["code"]) == (404, "link_unknown")
    held = read(desk, raw)
    assert held.status_code == 429
    assert int(held.headers["retry-after"]) > 0
    clock.advance(minutes=15)
    assert read(desk, raw).status_code == 200
