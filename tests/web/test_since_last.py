"""Whoever confirms marks sees all that changed since the last proof, also by the marks of another channel."""

import re

from fastapi.testclient import TestClient

from app.infra.runtime import Runtime
from tests import factories
from tests.api.desk import Desk
from tests.web.forms import HTML, sign_in

TEXT = "请各科室按排值班，并做好记录。"


def test_a_sister_channels_marks_are_seen_where_they_changed_the_text(
    client: TestClient, runtime: Runtime
) -> None:
    desk = Desk.open(client, runtime).draft(factories.document("值班通知", TEXT), "wechat", "website")
    desk.reviews()
    desk.work()
    wrong = {"kind": "correct", "place": "blocks/0", "start": 4, "end": 6, "quote": "按排"}
    marked = desk.mark("proofreader", "wechat", new_text="安排", **wrong)
    assert marked.status_code == 201, marked.text
    first = desk.case()["proofs"]["website"]
    for line in ("wechat", "website"):
        desk.proofs(line)
    carried = desk.post(f"/cases/{desk.case_id}/carry-out", "editor", {"marks": [marked.json()["id"]]})
    assert carried.status_code in {200, 201}, carried.text
    desk.work()

    client.headers.update(HTML)
    client.follow_redirects = False
    sign_in(client, "initial_reviewer")
    page = client.get(f"/drafts/{desk.draft_id}/proofs/website").text
    told = page.partition('id="since-last"')[2].partition("</details>")[0]
    assert "<del>按</del><ins>安</ins>" in told
    assert re.search(r"本阵地的标记 0 处，<strong>其他阵地的标记 1 处", told)
    old = client.get(f"/drafts/{desk.draft_id}/proofs/website?digest={first}").text
    assert 'id="since-last"' not in old
