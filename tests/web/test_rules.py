"""Pages about rules, versions, back-tests and waivers, as a browser without scripts has them."""

import re
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from app.domain.vocabulary import WaiverReason
from app.drafts.models import Draft
from app.infra.db import Database
from app.infra.runtime import Runtime
from app.jobs.runner import Runner
from app.policies import service as policies
from app.policies.models import PolicyActivation, PolicyVersion
from app.policies.negative_list.following import FollowedPolicies
from app.policies.versions import digest_in_use
from app.screening import queries
from app.screening.models import CheckReport
from app.screening.waivers import service
from app.web.pages.rules.reading import MAX_TRIED
from tests import keepers
from tests.conftest import SetClock
from tests.factories import Bureau, events
from tests.keepers import FOOL, House, stored, with_new_block
from tests.web.forms import new_draft, send, sign_in, submitted


@pytest.fixture
def negative_list(tmp_path: Path, database: Database) -> FollowedPolicies:
    return keepers.followed(tmp_path / "negative_list", database)


@pytest.fixture
def bureau(runtime: Runtime) -> Bureau:
    return House.build(runtime).bureau


def in_force(runtime: Runtime) -> str:
    with runtime.database.read() as session:
        digest = digest_in_use(session)
    assert digest is not None
    return digest


#: Made up; its checksum is right.
IDCARD = "110105199003071239"
PAGES = ["/rules", "/rules/try", "/rules/wording.canfei", "/policies", "/waivers?tab=stale"]


@pytest.mark.parametrize("path", [*PAGES, "/rules/wording.canfei/edit"])
def test_strangers_are_led_to_sign_in(web: TestClient, path: str) -> None:
    answer = web.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("path", PAGES)
def test_everybody_in_the_house_reads_the_rules(web: TestClient, path: str) -> None:
    sign_in(web, "editor")
    answer = web.get(path)
    assert answer.status_code == 200, answer.text
    assert "修改这条规则" not in answer.text


def test_rules_are_filtered(web: TestClient, runtime: Runtime) -> None:
    sign_in(web, "editor")
    assert "禁用“残废”" in unescape(web.get("/rules?severity=block").text)
    text = web.get("/rules?severity=warn&group=&channel=").text
    assert "wording.canfei" not in text
    assert "lang.typos" in text
    assert "没有符合条件的规则" in web.get("/rules?group=privacy&severity=info").text
    assert web.get("/rules/no.such.rule").status_code == 404
    assert web.get(f"/rules?policy={'0' * 64}").status_code == 404


def test_a_rule_shows_where_it_hit_only_to_those_who_may_see_the_draft(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = submitted(web, runtime, bureau, f"为残废人服务，身份证号{IDCARD}。")
    sign_in(web, "initial_reviewer")
    mine = web.get("/rules/wording.canfei").text
    assert draft.number in mine
    assert "第1段" in mine
    masked = web.get("/rules/privacy.idcard").text
    assert draft.number in masked
    assert IDCARD not in masked
    assert IDCARD[:6] in masked
    sign_in(web, "outsider")
    other = web.get("/rules/wording.canfei").text
    assert draft.number not in other
    assert "命中</dt><dd>0 处" in other
    sign_in(web, "policy_keeper")
    keeper = web.get("/rules/wording.canfei").text
    assert draft.number not in keeper
    assert "命中</dt><dd>1 处" in keeper


def test_a_text_is_tried_and_nothing_stored(web: TestClient, runtime: Runtime) -> None:
    sign_in(web, "editor")
    answer = send(web, "/rules/try", content="<b>为残废人</b>\n再接再励", channel="", policy="")
    assert answer.status_code == 200
    text = unescape(answer.text)
    assert "&lt;b&gt;" in answer.text
    assert 'id="hit-1"' in text
    assert "建议：残疾" in text
    assert "建议：再接再厉" in text
    clean = send(web, "/rules/try", content="为残疾人服务", channel="wechat", policy="")
    assert "规则没有发现问题" in clean.text
    long = send(web, "/rules/try", content="清" * (MAX_TRIED + 1))
    assert (long.status_code, "至多试" in long.text) == (422, True)
    many = send(web, "/rules/try", content="残废" * 5000)
    assert "另有 3000 处没有列出" in many.text
    with runtime.database.read() as session:
        assert session.exec(select(CheckReport.id)).first() is None


def test_a_candidate_is_tried(web: TestClient, runtime: Runtime) -> None:
    digest = stored(runtime, with_new_block())
    sign_in(web, "editor")
    assert "禁用“傻子”" in unescape(send(web, "/rules/try", content="傻子", policy=digest).text)
    assert "规则没有发现问题" in send(web, "/rules/try", content="傻子", policy="").text


def rule_form(web: TestClient, path: str) -> dict[str, str]:
    answer = web.get(path)
    assert answer.status_code == 200, answer.text
    text = re.search(r"<textarea id=\"f-content\"[^>]*>\n(.*?)</textarea>", answer.text, re.DOTALL)
    policy = re.search(r'name="policy" value="([0-9a-f]{64})"', answer.text)
    assert text is not None
    assert policy is not None
    return {"content": unescape(text[1]), "policy": policy[1]}


def test_only_keepers_edit(web: TestClient, runtime: Runtime) -> None:
    for login in ("editor", "final_reviewer", "district_keeper"):
        sign_in(web, login)
        assert web.get("/rules/wording.canfei/edit").status_code == 403
        sent = send(web, "/rules/wording.canfei/edit", policy=in_force(runtime), content="")
        assert sent.status_code == 403
        assert web.get(f"/policies/{in_force(runtime)}/files/lexicons/typos.tsv").status_code == 403


def test_a_faulty_edit_is_shown_at_its_line_and_kept(web: TestClient, runtime: Runtime) -> None:
    sign_in(web, "policy_keeper")
    form = rule_form(web, "/rules/privacy.idcard/edit")
    assert form["content"].startswith("- id: privacy.idcard")
    assert "lang.typos" not in form["content"]
    form["content"] = form["content"].replace("edge: digit", "egde: digit").replace("[4, 22]", "[4, 21]")
    answer = send(web, "/rules/privacy.idcard/edit", **form)
    assert answer.status_code == 422
    text = unescape(answer.text)
    assert "第 6 行：" in text
    assert "egde" in text
    assert "是否为“edge”" in text
    assert form["content"].split("\n")[5] in text
    assert len(policies_stored(runtime)) == 1


def policies_stored(runtime: Runtime) -> list[str]:
    with runtime.database.read() as session:
        return list(session.exec(select(PolicyVersion.digest)).all())


def test_a_rule_is_changed_asked_for_and_granted(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    sign_in(web, "policy_keeper")
    form = rule_form(web, "/rules/wording.canfei/edit")
    form["content"] = form["content"].replace("残废: 残疾", "残废: 残疾, 瘸子: 肢体残疾人")
    saved = send(web, "/rules/wording.canfei/edit", **form, note="补充一个词")
    assert saved.status_code == 303, unescape(saved.text)
    address = saved.headers["location"].partition("?")[0]
    digest = address.rpartition("/")[2]
    shown = unescape(web.get(address).text)
    assert "补充一个词" in shown
    assert "<ins>+  match: {kind: terms, view: fold, terms: {残废: 残疾, 瘸子: 肢体残疾人}" in shown
    assert "新增的阻断规则" not in shown
    assert send(web, f"{address}/activations", note="请批准").status_code == 303
    assert f'href="{address}"' not in web.get("/").text
    mine = unescape(web.get(address).text)
    assert "须由另一位负面清单管理员或者终审批准" in mine
    assert "同意启用" not in mine
    with runtime.database.read() as session:
        wish = policies_wish(session, digest)
    own = send(web, f"{address}/activations/{wish}", verdict="grant")
    assert (own.status_code, "不能批准自己提出的启用申请" in own.text) == (403, True)
    sign_in(web, "editor")
    assert send(web, f"{address}/activations/{wish}", verdict="grant").status_code == 403
    sign_in(web, "final_reviewer")
    assert "同意启用" in web.get(address).text
    assert "等待批准" in web.get("/policies").text
    assert f'href="{address}"' in web.get("/").text
    granted = send(web, f"{address}/activations/{wish}", verdict="grant", comment="同意")
    assert granted.headers["location"] == f"{address}?said=activation_granted"
    assert in_force(runtime) == digest
    assert events(runtime.database, policies.ACTIVE)[-1] == ("policy.activated", "done")
    twice = send(web, f"{address}/activations/{wish}", verdict="grant")
    assert twice.status_code == 409


def policies_wish(session: Session, digest: str) -> str:
    return str(session.exec(select(PolicyActivation.id).where(PolicyActivation.digest == digest)).one())


def test_words_are_changed_added_and_taken_out(web: TestClient, runtime: Runtime) -> None:
    sign_in(web, "policy_keeper")
    path = f"/policies/{in_force(runtime)}/files/lexicons/typos.tsv"
    page = unescape(web.get(path).text)
    assert "共 2 行" in page
    assert 'value="再接再励"' in page
    assert "有 1 行含" in web.get(path + "?q=按排").text
    bad = send(web, path, **{"new:0:0": "再接再励", "new:0:1": "再接再厉"})
    assert bad.status_code == 422
    assert "与第 2 行重复" in unescape(bad.text)
    (again,) = re.findall('<input[^>]*aria-label="新增第 1 行第 1 列"[^>]*>', unescape(bad.text))
    assert 'value="再接再励"' in again
    nothing = send(web, path, **{"cell:2:0": "再接再励", "cell:2:1": "再接再厉"})
    assert nothing.status_code == 409
    done = send(
        web, path, **{"cell:3:0": "", "cell:3:1": "", "new:0:0": "布署", "new:0:1": "部署", "note": "换词"}
    )
    assert done.status_code == 303, unescape(done.text)
    shown = unescape(web.get(done.headers["location"]).text)
    assert "新增 1 行，删去 1 行" in shown
    assert "<ins>布署\t部署</ins>" in shown
    assert "<del>按排\t安排</del>" in shown


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "cell",
    [
        "new:0:20000000",
        "new:0:1000000",
        f"new:0:{'9' * 5000}",
        "cell:0:200",
        "cell:-1:0",
        "new:一:0",
        "new:0",
    ],
)
def test_a_cell_that_no_page_shows_is_refused_at_once(web: TestClient, runtime: Runtime, cell: str) -> None:
    sign_in(web, "policy_keeper")
    path = f"/policies/{in_force(runtime)}/files/lexicons/typos.tsv"
    refused = send(web, path, **{cell: "x"})
    assert (refused.status_code, "表格里没有这一格" in unescape(refused.text)) == (422, True)


def test_a_file_is_edited_whole_and_a_rule_added(web: TestClient, runtime: Runtime) -> None:
    sign_in(web, "policy_keeper")
    path = f"/policies/{in_force(runtime)}/files/wording/words.yaml"
    form = rule_form(web, path)
    done = send(web, path, **{**form, "content": form["content"] + FOOL})
    assert done.status_code == 303, unescape(done.text)
    shown = unescape(web.get(done.headers["location"]).text)
    assert "新增：禁用“傻子”" in shown
    assert web.get(f"/policies/{in_force(runtime)}/files/no/such.yaml").status_code == 404


def test_a_rule_is_proposed_to_be_only_tried(web: TestClient, runtime: Runtime) -> None:
    sign_in(web, "editor")
    assert "改为试运行" not in web.get("/rules/wording.canfei").text
    refused = send(web, "/rules/wording.canfei/shadow", policy=in_force(runtime))
    assert refused.status_code == 403
    sign_in(web, "policy_keeper")
    assert "改为试运行" in web.get("/rules/wording.canfei").text
    done = send(web, "/rules/wording.canfei/shadow", policy=in_force(runtime), note="误报太多")
    assert done.status_code == 303, unescape(done.text)
    address = done.headers["location"].partition("?")[0]
    assert "误报太多" in web.get(address).text
    tried = web.get(f"/rules/wording.canfei?policy={address.rpartition('/')[2]}").text
    assert "试运行" in tried
    assert "改为试运行" not in tried
    again = send(web, "/rules/wording.canfei/shadow", policy=in_force(runtime))
    assert (again.status_code, "没有形成新的版本" in again.text) == (409, True)


def test_a_back_test_is_read_and_quoted(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    new_draft(runtime, bureau, f"一个傻子和身份证号{IDCARD}。", title="甲稿")
    digest = stored(runtime, with_new_block())
    sign_in(web, "editor")
    assert send(web, f"/policies/{digest}/back-tests", drafts="all").status_code == 403
    sign_in(web, "policy_keeper")
    wrong = send(web, f"/policies/{digest}/back-tests", drafts="all", since="昨天")
    assert wrong.status_code == 422
    asked = send(web, f"/policies/{digest}/back-tests", drafts="all", since="")
    assert asked.status_code == 303
    address = asked.headers["location"].partition("?")[0]
    assert 'hx-trigger="every 2s"' in web.get(address).text
    Runner(runtime).run_until_idle()
    read = unescape(web.get(address).text)
    assert "hx-trigger" not in read.partition('id="state"')[2].partition(">")[0]
    assert "1 篇" in read
    # A policy keeper may not know of a draft that did not go out: the figures count it, no sample shows it.
    assert "甲稿" not in read
    assert "另有 1 处在您不知悉的稿件里" in read
    send(web, f"/policies/{digest}/activations", note="")
    sign_in(web, "final_reviewer")
    sampled = unescape(web.get(address).text)
    assert "甲稿" in sampled
    assert "<mark>傻子</mark>" in sampled
    assert IDCARD not in sampled
    page = web.get(f"/policies/{digest}").text
    report = re.search(r'name="back_test" value="([0-9a-f]{64})"', page)
    assert report is not None
    with runtime.database.read() as session:
        wish = policies_wish(session, digest)
    granted = send(web, f"/policies/{digest}/activations/{wish}", verdict="grant", back_test=report[1])
    assert granted.headers["location"] == f"/policies/{digest}?said=activation_granted"
    assert in_force(runtime) == digest


def test_without_its_back_test_a_new_block_is_only_tried(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    digest = stored(runtime, with_new_block())
    sign_in(web, "policy_keeper")
    send(web, f"/policies/{digest}/activations", note="")
    sign_in(web, "policy_keeper2")
    assert "新增的阻断规则：禁用“傻子”" in unescape(web.get(f"/policies/{digest}").text)
    with runtime.database.read() as session:
        wish = policies_wish(session, digest)
    granted = send(web, f"/policies/{digest}/activations/{wish}", verdict="grant")
    assert granted.headers["location"] == f"/policies/{in_force(runtime)}?said=activation_tried"
    assert "试运行" in web.get("/rules/wording.shazi").text


def test_a_faulty_folder_is_an_alarm(web: TestClient, runtime: Runtime) -> None:
    store = policies.following(runtime)
    keepers.write(store.folder, {"wording/words.yaml": "rules: [{id: x}]\n"})
    store.catch_up()
    sign_in(web, "editor")
    for path in ("/rules", "/policies"):
        text = unescape(web.get(path).text)
        assert "规则文件夹有" in text
        assert "wording/words.yaml:1" in text


def asked_waiver(web: TestClient, runtime: Runtime, bureau: Bureau) -> tuple[Draft, UUID]:
    draft = submitted(web, runtime, bureau, "为残废人服务。")
    with runtime.database.write() as session:
        report = queries.newest(session, draft.head_id)
        assert report is not None
        asked = service.ask(
            session,
            policy=runtime.negative_list.current,
            key=runtime.secret,
            draft_id=draft.id,
            fingerprint=queries.report_of(report).findings[0].fingerprint,
            reason=WaiverReason.QUOTATION,
            explanation="引用旧文件",
            actor=bureau.actor("editor"),
            at=runtime.clock(),
        )
    return draft, asked.id


def test_waivers_across_drafts(web: TestClient, runtime: Runtime, bureau: Bureau, clock: SetClock) -> None:
    draft, _ = asked_waiver(web, runtime, bureau)
    sign_in(web, "outsider")
    assert draft.number not in web.get("/waivers?tab=asked").text
    sign_in(web, "editor")
    assert "没有等您批准的豁免" in web.get("/waivers").text
    assert draft.number in web.get("/waivers?tab=asked").text
    sign_in(web, "second_reviewer")
    mine = unescape(web.get("/waivers").text)
    assert draft.number in mine
    assert "引用旧文件" in mine
    form = re.search(r'action="(/drafts/[^"]*/waivers/[^"]*)"', mine)
    assert form is not None
    assert send(web, form[1], verdict="grant", comment="同意").status_code == 303
    assert draft.number in web.get("/waivers?tab=in_force").text
    assert draft.number not in web.get("/waivers?tab=stale").text
    clock.advance(days=91)
    sign_in(web, "second_reviewer")
    assert "已到期" in web.get("/waivers?tab=stale").text


def test_a_waiver_is_stale_when_its_rule_is_gone(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft, waiver_id = asked_waiver(web, runtime, bureau)
    with runtime.database.write() as session:
        service.decide(
            session,
            waiver_id=waiver_id,
            grant=True,
            actor=bureau.actor("second_reviewer"),
            at=runtime.clock(),
        )
    files = dict(keepers.FILES)
    head, _, rest = files["wording/words.yaml"].partition("- id: wording.canfei")
    files["wording/words.yaml"] = head + rest[rest.index("# 证件号码") :]
    digest = stored(runtime, files)
    sign_in(web, "policy_keeper")
    send(web, f"/policies/{digest}/activations", note="")
    sign_in(web, "policy_keeper2")
    with runtime.database.read() as session:
        wish = policies_wish(session, digest)
    send(web, f"/policies/{digest}/activations/{wish}", verdict="grant")
    sign_in(web, "second_reviewer")
    stale = web.get("/waivers?tab=stale").text
    assert draft.number in stale
    assert "规则已删去" in stale
