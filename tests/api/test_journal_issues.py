"""组刊: an issue of an internal journal out of released drafts."""

from typing import Any

import pypdfium2
import pytest
from fastapi.testclient import TestClient

from app.infra.runtime import Runtime
from tests import factories
from tests.api.desk import Desk
from tests.api.press import proofread, ready, signed


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return ready(Desk.open(client, runtime), "journal")


def asked(desk: Desk, *drafts: str, **more: Any) -> Any:
    said = {"channel": "journal", "number": "2026年第3期", "print_run": 500, "recipients": "各县区民政局"}
    return desk.post("/journal-issues", "editor", {**said, "drafts": list(drafts or [desk.draft_id]), **more})


def test_an_issue_is_made_of_released_drafts_and_walks_a_way_of_its_own(desk: Desk) -> None:
    piece = desk.draft_id
    early = asked(desk)
    assert (early.status_code, early.json()["code"]) == (409, "issue_incomplete")
    assert [one["code"] for one in early.json()["reasons"]] == ["piece_not_released"]
    signed(desk, "journal")
    title = desk.get(f"/drafts/{piece}").json()["title"]

    made = asked(desk)

    assert made.status_code == 201, made.text
    assert made.json()["pieces"] == [{"draft_id": piece, "title": title, "section": "理论学习"}]
    issue = made.json()["draft_id"]
    shown = desk.get(f"/drafts/{issue}").json()
    assert shown["title"] == "内部刊物《我市民政》2026年第3期"
    assert [(one["channel"], one["section"]) for one in shown["targets"]] == [("journal", "issue")]
    blocks = desk.get(f"/drafts/{issue}/revisions/1").json()["document"]["blocks"]
    assert [one["text"] for one in blocks[:6]] == [
        "准印证（X）字第0000号",
        "内部资料，免费交流",
        "印数：500 册",
        "发送对象：各县区民政局",
        "理论学习",
        title,
    ]
    assert [one.get("level") for one in blocks[4:6]] == [1, 2]
    released = desk.get(f"/drafts/{piece}/revisions/1").json()["document"]["blocks"]
    # Its headings stand two levels deeper, its words as they are.
    deeper = [{**one, "level": one["level"] + 2} if one["kind"] == "heading" else one for one in released]
    assert blocks[-len(released) :] == deeper

    desk.draft_id = issue
    proofread(desk, "journal")
    printed = desk.get(f"/proofs/{desk.case()['proofs']['journal']}/pdf").content
    with pypdfium2.PdfDocument(printed) as pages:
        read = [page.get_textpage().get_text_range().replace(" ", "") for page in pages]
    for words in (
        "我市民政",
        "准印证（X）字第0000号",
        "内部资料，免费交流",
        "印数：500册",
        "发送对象：各县区民政局",
    ):
        assert words in read[0]
    assert title in read[1]
    assert title in read[2]
    assert signed(desk, "journal")["state"] == "signed"


def test_what_cannot_be_a_piece_is_named_each(desk: Desk) -> None:
    signed(desk, "journal")
    piece = desk.draft_id
    desk.draft(factories.document("别处的稿件", "正文"), "website")

    refused = asked(desk, piece, piece, desk.draft_id, "01890000-0000-7000-8000-000000000009")

    assert refused.status_code == 409
    assert [(one["code"], one["field"]) for one in refused.json()["reasons"]] == [
        ("piece_twice", "drafts.1"),
        ("piece_elsewhere", "drafts.2"),
        ("piece_unknown", "drafts.3"),
    ]
    assert asked(desk, piece, channel="website").json()["code"] == "no_issues_here"
    assert asked(desk, piece, channel="nowhere").status_code == 404
    assert desk.post("/journal-issues", "proofreader", asked_body(piece)).status_code == 403
    assert desk.client.post("/api/v1/journal-issues", json=asked_body(piece)).status_code == 401
    assert asked(desk, piece, print_run=0).status_code == 422


def asked_body(piece: str) -> dict[str, Any]:
    said = {"channel": "journal", "number": "第1期", "print_run": 1, "recipients": "本局"}
    return {**said, "drafts": [piece]}
