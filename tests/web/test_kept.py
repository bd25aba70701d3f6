"""What was typed meets the end of a session, another person, a stage that others decided, and scripts."""

import re
from html import unescape

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from app.infra.runtime import Runtime
from app.web.forms.sealed_input import opened
from tests.conftest import SetClock
from tests.factories import PASSWORD, Bureau
from tests.web.forms import csrf, decision, digest_of, send, sign_in, submitted
from tests.web.posted import form_at

OPINION = "同意刊发，“老吾老”一段<另请>核实。"
SCRIPT = {"HX-Request": "true", "Accept": "*/*"}

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def carried(page: Response) -> str:
    found = re.search(r'name="carried" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def enter(web: TestClient, login: str, parcel: str, *, password: str = PASSWORD) -> Response:
    return web.post("/sign-in", data={"login": login, "password": password, "carried": parcel})


def ended(web: TestClient) -> Response:
    """Return the answer to a text that somebody sends after the session of `editor` ended."""
    sign_in(web, "editor")
    fields = form_at(web.get("/drafts/new"), "/drafts/new")
    web.cookies.clear()
    return web.post("/drafts/new", data={**fields, "title": "题", "content": OPINION, "then": "keep"})


def test_a_page_that_asks_by_itself_keeps_no_session_alive(
    web: TestClient, bureau: Bureau, clock: SetClock
) -> None:
    sign_in(web, "editor")
    for _ in range(7):
        clock.advance(minutes=8)
        assert web.get("/", headers=SCRIPT).status_code == 200
    clock.advance(minutes=8)
    over = web.get("/", headers={**SCRIPT, "HX-Current-URL": "http://testserver/drafts?q=x"})
    assert over.status_code == 401
    # Told beside what the page shows, never in its place; and the way back is that page.
    assert (over.headers["HX-Retarget"], over.headers["HX-Reselect"]) == ("#told", "#refused")
    assert "登录已过期" in over.text
    assert 'href="/sign-in?next=/drafts%3Fq%3Dx"' in over.text


def test_what_a_person_presses_keeps_it_alive(web: TestClient, bureau: Bureau, clock: SetClock) -> None:
    sign_in(web, "editor")
    for _ in range(8):
        clock.advance(minutes=10)
        assert web.get("/", headers={**SCRIPT, "X-By-Person": "yes"}).status_code == 200


def test_a_script_that_sends_a_form_is_led_to_sign_in_with_it(web: TestClient, bureau: Bureau) -> None:
    sign_in(web, "editor")
    fields = form_at(web.get("/rules/try"), "/rules/try")
    web.cookies.clear()
    answer = web.post("/rules/try", data={**fields, "content": OPINION}, headers=SCRIPT)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (401, "#main")
    assert OPINION not in unescape(answer.text)
    back = enter(web, "editor", carried(answer))
    assert form_at(back, "/rules/try")["content"] == OPINION


def test_another_person_neither_sees_nor_sends_what_was_typed(web: TestClient, bureau: Bureau) -> None:
    page = ended(web)
    assert OPINION not in unescape(page.text)
    wrong = enter(web, "editor", carried(page), password="wrong")
    assert wrong.status_code == 401
    other = enter(web, "proofreader", carried(wrong))
    assert other.status_code == 200
    assert OPINION not in unescape(other.text)
    assert "现在登录的是proofreader先生，填写这一页的是另一个账号" in other.text
    # Their own work goes on; and the one who wrote it takes it up from here.
    leaving = web.post("/sign-out", data=_sign_out(other))
    back = enter(web, "editor", carried(leaving))
    assert form_at(back, "/drafts/new")["content"] == OPINION


def _sign_out(page: Response) -> dict[str, str]:
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page.text)
    assert found is not None
    return {"csrf": found[1], "carried": carried(page)}


def test_a_page_that_another_person_opened_is_not_sent_by_who_signed_in_since(
    web: TestClient, bureau: Bureau
) -> None:
    sign_in(web, "editor")
    fields = form_at(web.get("/drafts/new"), "/drafts/new")
    sign_in(web, "editor2")
    answer = web.post("/drafts/new", data={**fields, "title": "题", "content": OPINION})
    assert answer.status_code == 403
    assert OPINION not in unescape(answer.text)
    assert "没有以您的名义提交" in answer.text


def test_what_was_typed_is_kept_for_a_while_and_read_by_nobody_else(
    web: TestClient, runtime: Runtime, bureau: Bureau, clock: SetClock
) -> None:
    parcel = carried(ended(web))
    held = opened(runtime.secret, parcel, at=clock())
    assert held is not None
    assert held.all("content") == (OPINION,)
    assert opened(b"another installation" * 2, parcel, at=clock()) is None
    for broken in ("", "x", parcel[:-8], "B" + parcel[1:], parcel.swapcase(), "十"):
        assert opened(runtime.secret, broken, at=clock()) is None
    clock.advance(hours=13)
    late = enter(web, "editor", parcel)
    assert late.headers["location"] == "/?said=kept_too_long"


def test_passwords_are_carried_nowhere(web: TestClient, runtime: Runtime, clock: SetClock) -> None:
    page = web.post("/accounts", data={"name": "新人", "password": "a-long-new-password"})
    held = opened(runtime.secret, carried(page), at=clock())
    assert held is not None
    assert [name for name, _ in held.fields] == ["name"]


def test_a_form_from_elsewhere_is_neither_filled_in_nor_carried(web: TestClient, bureau: Bureau) -> None:
    sign_in(web, "editor")
    sent = {"title": "题", "content": OPINION, "form_page": "/drafts/new"}
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = web.post("/drafts/new", data=sent, headers=headers)
        assert answer.status_code == 403
        assert OPINION not in unescape(answer.text)
    web.cookies.clear()
    answer = web.post("/drafts/new", data=sent, headers={"Origin": "https://elsewhere.example"})
    assert (answer.status_code, "carried" in answer.text) == (401, False)


@pytest.mark.parametrize(
    "page", ["//elsewhere.example/", "https://elsewhere.example/", "/sign-out", "/api/v1/me", "/x\n"]
)
def test_no_form_says_where_to_go_but_to_a_page_of_ours(web: TestClient, bureau: Bureau, page: str) -> None:
    web.cookies.clear()
    answer = web.post("/drafts/new", data={"content": OPINION, "form_page": page})
    back = enter(web, "editor", carried(answer))
    assert back.status_code == 200
    assert form_at(back, "/drafts/new")["content"] == OPINION


@pytest.mark.parametrize("then", ["decided", "recalled"])
def test_an_opinion_whose_stage_is_closed_is_shown_to_be_copied_with_what_was_done(
    web: TestClient, runtime: Runtime, bureau: Bureau, then: str
) -> None:
    draft = submitted(web, runtime, bureau, "志愿者逐户登记需求。")
    digest = digest_of(runtime, draft.id)
    sign_in(web, "initial_reviewer")
    path = f"/drafts/{draft.id}/decisions"
    if then == "decided":
        assert send(web, path, **decision(digest, comment="先通过了")).status_code == 303
        told = "initial_reviewer先生 初审通过"
    else:
        sign_in(web, "editor")
        assert send(web, f"/drafts/{draft.id}/recall", comment="再改改").status_code == 303
        sign_in(web, "initial_reviewer")
        told = "撤回"
    refused = send(web, path, **decision(digest, comment=OPINION))
    assert refused.status_code == 409
    page = unescape(refused.text)
    assert OPINION in page.partition('id="kept"')[2]
    assert told in page.partition('id="latest"')[2].partition("</div>")[0]
    # Said once; and the address under which this stands leads back to the page.
    title = re.search(r'id="problem">\s*<h2>([^<]+)</h2>', page)
    assert title is not None
    assert page.partition("</main>")[0].count(title[1]) == 1
    assert web.get(path).headers["location"] == f"/drafts/{draft.id}"


def test_an_unticked_box_keeps_the_opinion_in_its_own_form(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = submitted(web, runtime, bureau, "志愿者逐户登记需求。")
    sign_in(web, "initial_reviewer")
    fields = decision(digest_of(runtime, draft.id), "send_back", preset="事实需核实", comment="长" * 4001)
    refused = send(web, f"/drafts/{draft.id}/decisions", **fields)
    assert refused.status_code == 422
    page = unescape(refused.text)
    assert page.count("长" * 4001) == 1
    assert 'id="kept"' not in page
    assert re.search(r'name="preset" value="事实需核实"[^>]* checked', page)
    assert csrf(web)
