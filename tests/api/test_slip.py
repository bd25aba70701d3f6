"""审签单: every opinion with its name, time and digest, as a PDF; its code leads to the public proof."""

import io
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from fastapi.testclient import TestClient

from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.api.press import Press, ready
from tests.api.test_corrections import publish, retracted, sign

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return ready(Desk.open(client, runtime))


def text_of(pdf: bytes) -> str:
    pages = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return "".join(page.get_textpage().get_text_range() for page in pages).replace("\r\n", "")


def test_the_sheet_names_who_approved_what(desk: Desk) -> None:
    done = publish(desk, Press.open(desk))
    answer = desk.get(f"/drafts/{desk.draft_id}/slip", "publisher")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    words = text_of(answer.content)
    decided = [data for action, _, data in desk.record() if action == "decision.approved"]
    for word in ("审 签 单", done["digest"], "初审", "复审", "终审", "签发", "规则检查", done["url"]):
        assert word in words, word
    assert all(str(one["digest"])[:16] in words for one in decided)
    # The same sheet, byte for byte, as long as nothing happens.
    assert desk.get(f"/drafts/{desk.draft_id}/slip", "publisher").content == answer.content


def test_the_code_leads_to_the_public_proof(desk: Desk) -> None:
    done = publish(desk, Press.open(desk))
    pdf = desk.get(f"/drafts/{desk.draft_id}/slip", "publisher").content
    picture = pypdfium2.PdfDocument(io.BytesIO(pdf))[0].render(scale=3).to_pil()
    (code,) = zxingcpp.read_barcodes(picture)
    base = desk.runtime.settings.public_url.rstrip("/")
    assert code.text == f"{base}/published/{done['id']}"
    shown = anybody(desk, done)
    assert shown.status_code == 200
    title = desk.get(f"/drafts/{desk.draft_id}").json()["title"]
    assert all(word in shown.text for word in (done["digest"], done["url"], title))
    assert desk.client.get(f"/published/{desk.draft_id}").status_code == 404


def test_of_what_was_retracted_no_title_is_shown(desk: Desk) -> None:
    done = publish(desk, Press.open(desk))
    title = desk.get(f"/drafts/{desk.draft_id}").json()["title"]
    assert sign(retracted(desk)).status_code == 201
    shown = anybody(desk, done)
    assert "已撤稿" in shown.text
    assert title not in shown.text
    assert done["url"] not in shown.text


def test_who_may_not_know_of_it_gets_no_sheet(client: TestClient, runtime: Runtime) -> None:
    desk = Desk.open(client, runtime).draft()
    early = desk.get(f"/drafts/{desk.draft_id}/slip")
    assert (early.status_code, early.json()["code"]) == (404, "slip_before_submission")
    assert desk.get(f"/drafts/{desk.draft_id}/slip", "editor2").status_code == 404


def anybody(desk: Desk, done: dict[str, Any]) -> Any:
    return desk.client.get(f"/published/{done['id']}", headers={"Accept": "text/html"})
