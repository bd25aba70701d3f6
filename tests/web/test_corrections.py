"""更正、撤稿、下架 as pages: where something is out, the forms, what was typed, what waits for channels."""

from html import unescape

import pytest
from fastapi.testclient import TestClient

from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.api.press import Press, ready, sign
from tests.api.test_corrections import publish, retracted
from tests.factories import Bureau
from tests.web.forms import send, sign_in


@pytest.fixture
def desk(web: TestClient, runtime: Runtime, bureau: Bureau) -> Desk:
    desk = ready(Desk(TestClient(web.app), runtime, bureau))
    publish(desk, Press.open(desk))
    return desk


def shown(web: TestClient, desk: Desk) -> str:
    answer = web.get(f"/drafts/{desk.draft_id}/publications")
    assert answer.status_code == 200
    return unescape(answer.text)


def test_the_page_says_where_it_is_out_and_offers_what_one_may(web: TestClient, desk: Desk) -> None:
    sign_in(web, "editor")
    page = shown(web, desk)
    assert "在发布" in page
    assert "https://example.cn/a" in page
    assert "申请更正" in page
    assert "申请撤稿" in page
    assert f'/drafts/{desk.draft_id}/publications"' in web.get(f"/drafts/{desk.draft_id}").text
    sign_in(web, "proofreader")
    assert "申请更正" not in shown(web, desk)
    sign_in(web, "editor2")
    assert web.get(f"/drafts/{desk.draft_id}/publications").status_code == 404


def test_what_was_typed_into_a_refused_form_stays(web: TestClient, desk: Desk) -> None:
    sign_in(web, "editor")
    path = f"/drafts/{desk.draft_id}/retractions"
    refused = send(web, path, reason="sensitive", explanation="附件三含身份证号", note="")
    assert refused.status_code == 422
    text = unescape(refused.text)
    assert "附件三含身份证号" in text
    assert "请写明对外的撤稿说明" in text
    refused = send(web, path, reason="", explanation="缘由", note="说明")
    assert "请选择更正或撤稿的原因" in unescape(refused.text)
    refused = send(web, path, reason="other", explanation="缘" * 2001, note="说明")
    assert "2000" in refused.text


def test_a_correction_opens_from_the_page_and_can_be_given_up(web: TestClient, desk: Desk) -> None:
    sign_in(web, "editor")
    path = f"/drafts/{desk.draft_id}/corrections"
    opened = send(web, path, reason="wording", explanation="错字", note="“检查”应为“查看”。")
    assert opened.status_code == 303, unescape(opened.text)
    draft = opened.headers["location"].partition("?")[0]
    assert "更正说明：“检查”应为“查看”。" in unescape(web.get(draft).text)
    page = unescape(web.get(f"{draft}/publications").text)
    assert "放弃更正" in page
    assert send(web, f"{draft}/withdrawals", comment="核对无误").status_code == 303
    assert "放弃更正" not in unescape(web.get(f"{draft}/publications").text)


def test_what_channels_have_not_confirmed_is_listed_until_they_have(web: TestClient, desk: Desk) -> None:
    sign_in(web, "publisher")
    assert "没有等阵地回报的" in web.get("/orders").text
    assert sign(retracted(desk)).status_code == 201
    assert desk.draft_id in web.get("/orders").text
    page = shown(web, desk)
    assert "待撤下" in page
    [order] = desk.get(f"/drafts/{desk.draft_id}/orders", "publisher").json()
    path = f"/drafts/{desk.draft_id}/orders/{order['id']}/confirmations"
    assert path in page
    sign_in(web, "editor")
    read = shown(web, desk)
    assert "待撤下" in read
    assert path not in read, "whoever may not confirm is offered no form"
    sign_in(web, "publisher")
    assert send(web, path, remark="已从一楼公告栏揭下").status_code == 303
    page = shown(web, desk)
    assert "已撤下" in page
    assert "已从一楼公告栏揭下" in page
    assert desk.draft_id not in web.get("/orders").text


def test_an_end_is_set_and_lifted_in_beijings_time(web: TestClient, desk: Desk) -> None:
    sign_in(web, "publisher")
    path = f"/drafts/{desk.draft_id}/end-times"
    assert send(web, path, channel="", ends_at="2026-03-31T18:00", comment="公示期满").status_code == 303
    assert "2026年3月31日 18:00" in shown(web, desk)
    assert "请填写北京时间" in send(web, path, channel="", ends_at="明天", comment="").text
    assert send(web, path, channel="", ends_at="", comment="").status_code == 303
    assert "没有设定" in shown(web, desk)
