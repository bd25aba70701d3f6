"""Pages as a browser without scripts gets them: who may, what is refused, what every answer carries."""

import re
from html import unescape

import pytest
from fastapi.testclient import TestClient

from app.domain.document.model import Document, Paragraph
from app.drafts import queries as drafts
from app.drafts import service as drafts_service
from app.infra.runtime import Runtime
from app.jobs.runner import Runner
from app.web.shell.security_headers import PAGE_POLICY
from tests import factories
from tests.factories import PASSWORD, Bureau
from tests.web.forms import csrf, decision, digest_of, new_draft, rows, send, sign_in, submitted

# who may


@pytest.mark.parametrize("path", ["/", "/drafts?state=editing", "/drafts/new"])
def test_strangers_are_led_to_sign_in_and_back(web: TestClient, path: str) -> None:
    answer = web.get(path)
    assert answer.status_code == 303
    form = web.get(answer.headers["location"])
    assert form.status_code == 200
    signed = web.post("/sign-in", data={"login": "editor", "password": PASSWORD, "next": next_in(form.text)})
    assert signed.headers["location"] == path


def next_in(html: str) -> str:
    found = re.search(r'name="next" value="([^"]*)"', html)
    assert found is not None
    return unescape(found[1])


@pytest.mark.parametrize(
    "address",
    ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)"],
)
def test_signing_in_leads_to_no_other_site(web: TestClient, address: str) -> None:
    answer = web.post("/sign-in", data={"login": "editor", "password": PASSWORD, "next": address})
    assert answer.headers["location"] == "/"


def test_the_session_cookie_is_closed_to_scripts(web: TestClient) -> None:
    answer = web.post("/sign-in", data={"login": "editor", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_a_wrong_password_is_told_and_at_last_slowed_down(web: TestClient) -> None:
    for _ in range(5):
        answer = web.post("/sign-in", data={"login": "editor", "password": "wrong-password"})
        assert answer.status_code == 401
        assert "登录名或密码不正确" in answer.text
        assert "wrong-password" not in answer.text
    answer = web.post("/sign-in", data={"login": "editor", "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_signing_out_ends_the_session(web: TestClient, runtime: Runtime) -> None:
    sign_in(web, "editor")
    kept = dict(web.cookies)
    assert send(web, "/sign-out").headers["location"] == "/sign-in?said=signed_out"
    web.cookies.update(kept)
    assert web.get("/").status_code == 303


def test_a_draft_is_unknown_to_people_elsewhere(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft = new_draft(runtime, bureau, "别处的人不应看到这一句。")
    sign_in(web, "outsider")
    for path in ("", "/edit", "/changes", "/proofs/wechat"):
        answer = web.get(f"/drafts/{draft.id}{path}")
        assert answer.status_code == 404
        assert "不在知悉范围" in answer.text
    assert draft.number not in web.get("/drafts").text
    for path in ("decisions", "submissions", "edit", "recall", "waivers", "proofs/wechat/marks"):
        assert send(web, f"/drafts/{draft.id}/{path}", verb="approve", title="改").status_code == 404


# refusals


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({}, None),
        ({}, "0" * 64),
        ({"Origin": "https://elsewhere.example"}, ""),
        ({"Sec-Fetch-Site": "cross-site"}, ""),
    ],
    ids=["no token", "another token", "another origin", "another site"],
)
def test_a_forged_form_is_refused_and_changes_nothing(
    web: TestClient, runtime: Runtime, bureau: Bureau, headers: dict[str, str], token: str | None
) -> None:
    draft = submitted(web, runtime, bureau)
    sign_in(web, "initial_reviewer")
    fields = decision(digest_of(runtime, draft.id))
    if token is not None:
        fields["csrf"] = token or csrf(web)
    before = rows(runtime)
    answer = web.post(f"/drafts/{draft.id}/decisions", data=fields, headers=headers)
    assert answer.status_code == 403
    assert "页面已失效" in answer.text
    assert rows(runtime) == before


def test_reading_changes_nothing(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft = submitted(web, runtime, bureau)
    blank = new_draft(runtime, bureau, "还没有提交的稿件，身份证号110101199003078371。")
    before = rows(runtime)
    for path in (
        "/",
        "/drafts",
        "/drafts/new",
        f"/drafts/{draft.id}",
        f"/drafts/{blank.id}",
        f"/drafts/{blank.id}/edit",
        f"/drafts/{draft.id}/changes",
        "/docs",
        "/sign-in",
    ):
        assert web.get(path).status_code in {200, 303}, path
    assert rows(runtime) == before


def test_a_decision_on_a_text_that_has_changed_says_who_changed_what(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = submitted(web, runtime, bureau, "今年登记需求126件。")
    read = digest_of(runtime, draft.id)
    assert send(web, f"/drafts/{draft.id}/recall", comment="再改改").status_code == 303
    with runtime.database.write() as session:
        drafts_service.revise(
            session,
            draft_id=draft.id,
            document=factories.document("清河市开展冬季送温暖活动", "今年登记需求128件。"),
            seen=frozenset({drafts.visible(session, draft.id, bureau.actor("editor")).version}),
            actor=bureau.actor("editor"),
            at=runtime.clock(),
        )
    assert (
        send(web, f"/drafts/{draft.id}/submissions", digest=digest_of(runtime, draft.id)).status_code == 303
    )
    sign_in(web, "initial_reviewer")
    answer = send(web, f"/drafts/{draft.id}/decisions", **decision(read, comment="同意"))
    assert answer.status_code == 409
    words = unescape(answer.text)
    assert "您读过之后，稿件又改了" in words
    assert "editor先生" in words
    assert "<del>6</del><ins>8</ins>" in words
    assert "未被接受" in unescape(web.get(f"/drafts/{draft.id}").text)


def test_sending_back_without_a_word_is_refused_with_the_form_kept(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = submitted(web, runtime, bureau)
    sign_in(web, "initial_reviewer")
    answer = send(web, f"/drafts/{draft.id}/decisions", **decision(digest_of(runtime, draft.id), "send_back"))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    # What is told on top leads to the field, which says the same.
    at = "f-comment-initial_review-send_back"
    assert f'<a href="#{at}">请填写意见。</a>' in answer.text
    assert f'id="{at}-wrong">请填写意见。</p>' in answer.text
    field = re.search(rf'<textarea id="{at}"[^>]*>', answer.text)
    assert field is not None
    assert 'aria-invalid="true"' in field[0]
    assert f'aria-describedby="{at}-wrong {at}-hint"' in field[0]
    assert answer.text.count("aria-invalid") == 1
    # Forgotten words are no refusal of the person: the record is not filled with them.
    assert "未被接受" not in web.get(f"/drafts/{draft.id}").text


def test_one_s_own_draft_comes_without_a_form(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    with runtime.database.write() as session:
        user = bureau.user("editor")
        from app.domain.vocabulary import Role
        from app.identity import service
        from app.identity.access import SYSTEM

        service.grant_role(
            session,
            user_id=user.id,
            role=Role.INITIAL_REVIEWER,
            unit_id=bureau.city.id,
            actor=SYSTEM,
            at=runtime.clock(),
        )
    draft = submitted(web, runtime, bureau)
    page = unescape(web.get(f"/drafts/{draft.id}").text)
    assert "不能审校自己的稿件" in page
    assert 'name="verb" value="approve"' not in page
    digest = digest_of(runtime, draft.id)
    assert send(web, f"/drafts/{draft.id}/decisions", **decision(digest)).status_code == 403


def test_blocking_findings_send_the_draft_back_and_a_waiver_lets_it_on(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = submitted(web, runtime, bureau, "二十年前的老文件里还写着“残废人”这样的称呼，展板上照录了原文。")
    page = unescape(web.get(f"/drafts/{draft.id}").text)
    assert "处阻断项" in page
    assert "规则检查：有阻断项" in re.sub(r"<[^>]+>", "", page)
    fingerprints = re.findall(r'name="fingerprint" value="([0-9a-f]+)"', page)
    assert fingerprints
    for fingerprint in dict.fromkeys(fingerprints):
        answer = send(
            web,
            f"/drafts/{draft.id}/waivers",
            fingerprint=fingerprint,
            reason="quotation",
            comment="展板原文",
        )
        assert answer.status_code == 303, unescape(answer.text)
    sign_in(web, "second_reviewer")
    assert "批豁免" in web.get("/").text
    page = web.get(f"/drafts/{draft.id}").text
    for waiver in re.findall(rf'action="/drafts/{draft.id}/waivers/([0-9a-f-]+)"', page):
        assert send(web, f"/drafts/{draft.id}/waivers/{waiver}", verdict="grant").status_code == 303
    Runner(runtime).run_until_idle()
    sign_in(web, "initial_reviewer")
    assert "初审" in web.get("/").text
    assert "已豁免" in web.get(f"/drafts/{draft.id}").text


def test_a_returned_draft_is_mended_and_handed_in_again(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = submitted(web, runtime, bureau, "今年登记需求126件。", "第二段留着。")
    sign_in(web, "initial_reviewer")
    sent = decision(digest_of(runtime, draft.id), "send_back", comment="请核实数字", preset="事实需核实")
    assert send(web, f"/drafts/{draft.id}/decisions", **sent).status_code == 303
    sign_in(web, "editor")
    assert "修改后重新提交" in web.get("/").text
    form = unescape(web.get(f"/drafts/{draft.id}/edit").text)
    assert "事实需核实\n请核实数字" in form
    version = re.search(r'name="version" value="(\d+)"', form)
    assert version is not None
    fields = {
        "version": version[1],
        "title": "清河市开展冬季送温暖活动",
        "text:blocks/0": "今年登记需求128件。",
        "then": "submit",
    }
    stale = send(web, f"/drafts/{draft.id}/edit", **{**fields, "version": "1"})
    assert stale.status_code == 412
    assert "今年登记需求128件。" in unescape(stale.text)
    answer = send(web, f"/drafts/{draft.id}/edit", **fields)
    assert answer.headers["location"].endswith("said=submitted"), unescape(answer.text)
    sign_in(web, "initial_reviewer")
    page = unescape(web.get(f"/drafts/{draft.id}").text)
    assert "自您上次决定以来有 1 处改动" in page
    changes = unescape(web.get(f"/drafts/{draft.id}/changes?from=1&to=2").text)
    assert "<del>6</del><ins>8</ins>" in changes
    assert "实质改动" in changes
    assert 'changes?from=1&to=2" aria-current="true">我上次决定的 → 现在' in changes
    beside = unescape(web.get(f"/drafts/{draft.id}/changes?from=1&to=2&view=beside").text)
    assert beside.count('class="sides"') == 1


def test_a_title_too_long_for_its_channel_is_told_with_the_limit(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = new_draft(runtime, bureau, "今年登记需求若干。", title="题" * 60)
    sign_in(web, "editor")
    answer = send(web, f"/drafts/{draft.id}/submissions", digest=digest_of(runtime, draft.id))
    assert answer.status_code == 409
    assert "公众号标题不超过 32 个字" in answer.text


def test_a_question_stops_the_case_until_its_answer_is_there(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = submitted(web, runtime, bureau)
    sign_in(web, "initial_reviewer")
    held = decision(digest_of(runtime, draft.id), "hold", comment="请示市委宣传部")
    assert send(web, f"/drafts/{draft.id}/decisions", **held).status_code == 303
    page = web.get(f"/drafts/{draft.id}").text
    assert "登记答复" in page
    assert 'value="approve"' not in page
    assert send(web, f"/drafts/{draft.id}/answers", comment="").status_code == 422
    assert send(web, f"/drafts/{draft.id}/answers", comment="部里口头同意").status_code == 303
    page = web.get(f"/drafts/{draft.id}").text
    assert "部里口头同意" in page
    assert 'value="approve"' in page


def test_what_no_panel_offers_is_refused(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft = submitted(web, runtime, bureau)
    sign_in(web, "initial_reviewer")
    sent = decision(digest_of(runtime, draft.id), "override")
    assert send(web, f"/drafts/{draft.id}/decisions", **sent).status_code == 422


def test_an_empty_form_names_every_fault(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    sign_in(web, "editor")
    before = rows(runtime)
    answer = send(web, "/drafts/new", title="", content="", format="markdown")
    assert answer.status_code == 422
    assert 'href="#f-title"' in answer.text
    answer = send(web, "/drafts/new", title="标题", content="正文", format="markdown", target="nowhere/none")
    assert answer.status_code == 422
    assert "标题" in answer.text
    assert rows(runtime)["draft"] == before["draft"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"csrf=%FF%FE&title=a", 422),
        (b"&".join(b"a=1" for _ in range(6000)), 422),
        (b"a=" + b"x" * 16_000_001, 413),
    ],
    ids=["broken UTF-8", "too many fields", "too large"],
)
def test_broken_forms_are_refused(web: TestClient, body: bytes, status: int) -> None:
    sign_in(web, "editor")
    answer = web.post(
        "/drafts/new", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == status
    assert 'lang="zh-CN"' in answer.text


# what every answer carries


def test_every_page_carries_the_policy_and_no_inline_script(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = submitted(web, runtime, bureau)
    for path in ("/", "/drafts", "/drafts/new", f"/drafts/{draft.id}", "/docs", "/no-such-page"):
        answer = web.get(path)
        assert answer.headers["content-security-policy"] == PAGE_POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?![^>]*\ssrc=)|\son[a-z]+=|\sstyle=|javascript:", answer.text)
        assert "://" not in re.sub(
            r"http://testserver|http://www\.w3\.org",
            "",
            "".join(re.findall(r'(?:src|href)="([^"]*)"', answer.text)),
        )


def test_static_files_are_kept_for_ever_under_their_content(web: TestClient) -> None:
    page = web.get("/sign-in").text
    for address in set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page)):
        answer = web.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert web.get(address.split("?")[0]).headers["cache-control"] == "no-store"


def test_programs_get_problems_and_people_get_pages(web: TestClient, bureau: Bureau) -> None:
    page = web.get("/no-such-page")
    assert page.status_code == 404
    assert "没有找到" in page.text
    assert "请求编号" in page.text
    assert web.get("/no-such-page", headers={"Accept": "application/json"}).json()["code"] == "not_found"
    assert web.get("/api/v1/drafts").headers["content-type"] == "application/problem+json"


def test_an_address_that_can_name_nothing_names_nothing(web: TestClient, bureau: Bureau) -> None:
    sign_in(web, "editor")
    addresses = {
        re.sub(r"{[^}]*}", "nope", route.path)
        for route in web.app.state.page_routes  # type: ignore[attr-defined]
        if "{" in route.path and "GET" in route.methods and not route.path.startswith("/sign/")
    }
    assert len(addresses) > 15
    answers = {path: web.get(path) for path in sorted(addresses)}
    # Who may not read a kind of page at all hears that first.
    others = {path: answer.status_code for path, answer in answers.items()}
    assert {path: status for path, status in others.items() if status not in {403, 404}} == {}
    assert "请核对地址" in answers["/drafts/nope"].text
    head = factories.signed_in(web, "editor") | {"Accept": "*/*"}
    for path in ("/drafts/nope", "/drafts/a%00b", "/cases/nope", "/revisions/0", "/proofs/x/content"):
        answer = web.get(f"/api/v1{path}", headers=head)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


def test_an_address_of_a_form_is_no_id_of_a_page(web: TestClient, bureau: Bureau) -> None:
    # "units" is no account: what is sent there leads to the page that it is sent from.
    sign_in(web, "system_admin")
    answer = web.get("/accounts/units")
    assert (answer.status_code, answer.headers.get("location")) == (303, "/accounts")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/drafts?state=xx", ["状态没有“xx”这一种", "起草中"]),
        ("/drafts?mine=perhaps", ["只列自己的写成“perhaps”不能用"]),
        ("/drafts?before=nope", ["从这里往前写成“nope”不能用"]),
    ],
)
def test_a_filter_that_cannot_be_used_is_told_in_words(
    web: TestClient, bureau: Bureau, address: str, words: list[str]
) -> None:
    sign_in(web, "editor")
    answer = web.get(address)
    assert answer.status_code == 422
    page = answer.text.partition("<main")[2]
    assert [word for word in words if word not in page] == []
    assert "in_review" not in page
    assert 'href="/drafts">不加筛选' in page


def test_the_api_is_described_without_another_site(web: TestClient) -> None:
    answer = web.get("/docs")
    assert answer.status_code == 200
    assert "/api/v1/drafts" in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_text_that_means_harm_is_only_text(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    harm = "<script>alert(1)</script><img src=x onerror=alert(1)> {{ 7*7 }} \"quoted' & \u202e反\u202c"
    with runtime.database.write() as session:
        content = Document(
            title=harm[:40], byline=harm, blocks=(Paragraph(text=harm), Paragraph(text="长" * 20_000))
        )
        draft = factories.draft(session, bureau, at=runtime.clock(), content=content)
    sign_in(web, "editor")
    for path in (f"/drafts/{draft.id}", f"/drafts/{draft.id}/edit", "/drafts"):
        page = web.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "{{ 7*7 }}" in page or path == "/drafts"
        assert "&lt;script&gt;" in page


def test_who_sits_at_a_page_is_not_told_to_upload_there(web: TestClient, bureau: Bureau) -> None:
    sign_in(web, "editor")
    fields = {
        "title": "走访",
        "format": "markdown",
        "content": "正文一段。\n\n![现场](https://example.com/a.png)",
    }
    form = web.get("/drafts/new").text
    targets = re.findall(r'<option value="([^"/]+/[^"]+)"', form)
    made = send(web, "/drafts/new", target=targets[0], **fields)
    assert made.status_code == 303, unescape(made.text)
    page = web.get(made.headers["location"]).text
    assert 'type="file"' not in page
    assert "先上传" not in page
    assert "网页上不能上传图片" in page
