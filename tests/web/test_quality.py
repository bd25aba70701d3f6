"""Shares of errors on a page: what was found, what leaked, one's own work; nobody else's."""

import re

from fastapi.testclient import TestClient

from app.infra.runtime import Runtime
from tests import factories
from tests.api.desk import Desk
from tests.web.forms import HTML, sign_in

TEXT = "请各科室按排值班，并做好记录。"


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_errors_are_counted_and_those_found_later_leaked(client: TestClient, runtime: Runtime) -> None:
    desk = Desk.open(client, runtime).draft(factories.document("值班通知", TEXT), "wechat")
    desk.reviews()
    desk.work()
    desk.approve("first_proof", "proofreader", "wechat")
    wrong = {"kind": "correct", "place": "blocks/0", "start": 4, "end": 6, "quote": "按排"}
    marked = desk.mark("proofreader2", new_text="安排", **wrong)
    assert marked.status_code == 201, marked.text

    client.headers.update(HTML)
    client.follow_redirects = False
    sign_in(client, "final_reviewer")
    page = client.get("/quality").text
    rows = plain(page.partition('id="by-draft"')[2])
    assert "值班通知" in rows
    # A word of two characters counts 2, in 18 characters; found by the second, it leaked through the first.
    assert "2 个差错" in rows
    assert re.search(r"一校 0 / 2 .*二校 2 / 0", rows)
    assert "没有国家限值" in rows
    assert "proofreader" not in page

    sign_in(client, "proofreader")
    own = plain(client.get("/quality").text.partition('id="own-name"')[2].partition("</section>")[0])
    assert "我校对过 1 篇次" in own
    assert "标出差错 0 个" in own
    assert "2 个差错" in own.partition("别人又发现")[2].partition("我提交的")[0]
    sign_in(client, "outsider")
    assert "还没有校对过的稿件" in client.get("/quality").text
