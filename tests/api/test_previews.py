"""Previews of a text at any time, and texts and proofs on paper."""

from io import BytesIO
from zipfile import ZipFile

import pypdfium2
import pytest
from fastapi.testclient import TestClient

from app.drafts.intake.docx.changes import TrackedChanges
from app.infra.runtime import Runtime
from tests import factories
from tests.api.desk import Desk
from tests.api.test_export_comments import read
from tests.web.forms import HTML, sign_in

WORDS = "志愿者逐户登记需求，帮助老人检查取暖设备。"


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    content = factories.document("志愿者走进社区", WORDS)
    return Desk.open(client, runtime).draft(content, "wechat", "website", "journal")


def words_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        read = "".join(page.get_textpage().get_text_range() for page in document)
    return read.replace("\r\n", "").replace(" ", "")


def test_a_draft_is_previewed_before_anybody_has_submitted_it(desk: Desk) -> None:
    path = f"/drafts/{desk.draft_id}/previews"
    assert desk.client.get(f"/api/v1{path}/wechat").status_code == 401
    assert desk.get(f"{path}/wechat", "outsider").status_code == 404
    assert desk.get(f"{path}/nowhere").status_code == 404
    for line in ("wechat", "website", "journal"):
        answer = desk.get(f"{path}/{line}")
        assert answer.status_code == 200
        assert WORDS in answer.text
        assert "sandbox" in answer.headers["Content-Security-Policy"]
    preview = desk.get(f"{path}/wechat").content

    desk.reviews().work()

    digest = desk.case()["proofs"]["wechat"]
    assert desk.get(f"/proofs/{digest}/content").content == preview


def test_the_page_of_a_preview_names_what_keeps_the_text_from_going_out(desk: Desk) -> None:
    desk.revise({"format": "text", "title": "题" * 33, "content": WORDS})
    desk.client.headers.update(HTML)
    desk.client.follow_redirects = False
    sign_in(desk.client, "editor")

    page = desk.client.get(f"/drafts/{desk.draft_id}/previews/wechat").text
    assert "公众号标题不超过 32 个字" in page
    assert f'src="/drafts/{desk.draft_id}/previews/wechat/content"' in page
    assert WORDS in desk.client.get(f"/drafts/{desk.draft_id}/previews/wechat/content").text
    assert 'id="exceeded"' not in desk.client.get(f"/drafts/{desk.draft_id}/previews/website").text
    assert f"/drafts/{desk.draft_id}/previews/journal" in desk.client.get(f"/drafts/{desk.draft_id}").text


def test_drafts_and_proofs_are_printed(desk: Desk) -> None:
    draft = desk.get(f"/drafts/{desk.draft_id}/revisions/1/pdf")
    assert draft.headers["content-type"] == "application/pdf"
    number = desk.get(f"/drafts/{desk.draft_id}").json()["number"]
    assert f"{number}修订1志愿者走进社区{WORDS}—1—" in words_of(draft.content).replace("\x02", "")
    assert desk.get(f"/drafts/{desk.draft_id}/revisions/1/pdf").content == draft.content
    assert desk.get(f"/drafts/{desk.draft_id}/revisions/1/pdf", "outsider").status_code == 404

    desk.reviews().work()
    proofs = desk.case()["proofs"]
    journal = words_of(desk.get(f"/proofs/{proofs['journal']}/pdf").content)
    for words in ("内部资料，免费交流", "准印证", "理论学习", WORDS):
        assert words in journal
    wechat = words_of(desk.get(f"/proofs/{proofs['wechat']}/pdf").content)
    assert f"公众号校样{proofs['wechat'][:12]}" in wechat
    assert desk.get(f"/proofs/{proofs['wechat']}/pdf", "outsider").status_code == 404


def test_characters_that_no_font_has_are_named(desk: Desk) -> None:
    desk.revise({"format": "text", "title": "通知", "content": "张\U000323af同志、李𪚥同志"})

    printed = desk.get(f"/drafts/{desk.draft_id}/revisions/2/pdf")
    assert (printed.status_code, printed.json()["code"]) == (422, "not_set")
    assert printed.json()["reasons"][0]["data"]["characters"] == "\U000323af、𪚥"
    refused = desk.post(f"/drafts/{desk.draft_id}/submissions", "editor", {"digest": desk.digest()})
    assert refused.status_code == 409
    limits = next(one for one in refused.json()["reasons"] if one["code"] == "channel_limit")
    assert limits["data"]["limits"] == ["journal.glyphs:\U000323af𪚥"]


def test_a_proof_goes_out_to_word_with_its_marks_as_changes(desk: Desk) -> None:
    desk.reviews().work()
    digest = desk.case()["proofs"]["wechat"]
    for quote, new_text, kind in (("逐户", "挨户", "correct"), ("检查", "", "delete")):
        start = WORDS.index(quote)
        said = {"kind": kind, "place": "blocks/0", "start": start, "end": start + 2}
        made = desk.mark("proofreader", **said, quote=quote, new_text=new_text)
        assert made.status_code == 201, made.text
    disputed = made.json()["id"]
    assert desk.post(f"/marks/{disputed}/dispute", "editor", {"answer": "照录。"}).status_code == 200

    word = desk.get(f"/proofs/{digest}/docx", "proofreader")

    texts, told = read(word.content)
    assert texts == [WORDS]
    assert read(word.content, TrackedChanges.ACCEPTED)[0] == [WORDS.replace("逐户", "挨户")]
    assert any("关于“逐户”：改正（文字差错，计 2 个差错）" in line for line in told)
    assert any("不改：照录。" in line for line in told)
    assert desk.get(f"/proofs/{digest}/docx", "outsider").status_code == 404


def test_a_red_head_stands_in_the_head_of_the_first_page(desk: Desk) -> None:
    path = f"/drafts/{desk.draft_id}/revisions/1/docx"
    plain, red = desk.get(path).content, desk.get(path, red_head="某某市民政局文件").content

    with ZipFile(BytesIO(red)) as parts:
        head, body = parts.read("word/header1.xml").decode(), parts.read("word/document.xml").decode()
    assert "某某市民政局文件" in head
    assert 'w:val="FF0000"' in head
    assert "<w:titlePg/>" in body
    with ZipFile(BytesIO(plain)) as parts:
        assert "word/header1.xml" not in parts.namelist()
    assert read(red)[0] == read(plain)[0]
