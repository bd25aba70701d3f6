"""Attachments are checked as the text is: found with their place, stopping a stage, waived alike."""

import io
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlmodel import select

from app.drafts import file_readings
from app.drafts.intake import subprocess_reader
from app.drafts.intake.reading import VERSION
from app.drafts.models import AssetReading
from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.api.word import cell, p, table, word
from tests.intake.pictures import with_code, with_position
from tests.intake.workbooks import by_hand, listed

pytestmark = pytest.mark.both_databases

LIST = listed([["高龄津贴发放名单"], [], ["姓名", "身份证号"], ["王某", "11010519491231002X"]])
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le")
CLEAN = listed([["姓名", "所在社区"], ["王某", "和平社区"]])


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime)


def upload(desk: Desk, content: bytes, name: str = "名单.xlsx", role: str = "attachment") -> dict[str, Any]:
    answer = desk.client.post(
        f"/api/v1/drafts/{desk.draft_id}/assets",
        files={"file": (name, content)},
        data={"role": role},
        headers=desk.headers("editor"),
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def attach(desk: Desk, content: bytes, name: str = "名单.xlsx") -> None:
    sha256 = upload(desk, content, name)["sha256"]
    desk.revise({"format": "text", "content": "公示\n\n名单见附件。", "attachments": [sha256]})


def found(desk: Desk) -> dict[str, tuple[str, str]]:
    """Return place and severity of what the report finds, by rule; the last of each."""
    report = desk.get(f"/drafts/{desk.draft_id}/report").json()
    return {one["rule"]: (one["place"], one["severity"]) for one in report["findings"]}


def test_a_word_file_is_read_as_a_workbook_is(desk: Desk) -> None:
    desk.draft()
    rows = table(cell(p("姓名")) + cell(p("身份证号")), cell(p("王某")) + cell(p("11010519491231002X")))
    attach(desk, word(p("高龄津贴发放名单") + p("请照顾残废老人") + rows), "名单.docx")

    assert found(desk) == {
        "privacy.notice_excess": ("附件“名单.docx” 第 1 个表格第 1 行第 2 列", "block"),
        "privacy.idcard": ("附件“名单.docx” 第 1 个表格第 2 行第 2 列", "block"),
        "wording.disability.canfei": ("附件“名单.docx” 第 1 段", "block"),
    }


def test_findings_name_sheet_and_cell(desk: Desk) -> None:
    desk.draft()
    attach(desk, LIST)

    assert found(desk) == {
        "privacy.notice_excess": ("附件“名单.xlsx” 工作表“公示名单” 单元格 B3", "block"),
        "privacy.idcard": ("附件“名单.xlsx” 工作表“公示名单” 单元格 B4", "block"),
    }
    desk.revise({"format": "text", "content": "公示\n\n名单见附件。", "attachments": []})
    assert found(desk) == {}


def test_an_attachment_stops_the_first_stage_until_it_is_replaced(desk: Desk) -> None:
    desk.draft()
    attach(desk, LIST)
    assert (desk.submit()["state"], desk.open_stages()) == ("blocked", set())
    attach(desk, CLEAN, "新名单.xlsx")
    assert (desk.submit()["state"], desk.open_stages()) == ("running", {("initial_review", "")})


def test_a_finding_in_an_attachment_is_waived_as_one_in_the_text(desk: Desk) -> None:
    desk.draft()
    attach(desk, listed([["残废军人优待证换发名单"]]))
    assert desk.submit()["state"] == "blocked"
    report = desk.get(f"/drafts/{desk.draft_id}/report").json()
    for fingerprint in report["open_blockers"]:
        body = {
            "fingerprint": fingerprint,
            "reason": "proper_name",
            "explanation": "法定名称",
            "evidence": "条例",
        }
        asked = desk.post(f"/drafts/{desk.draft_id}/waivers", "editor", body)
        assert asked.status_code == 201, asked.text
        granted = desk.post(f"/waivers/{asked.json()['id']}/decision", "final_reviewer", {"grant": True})
        assert granted.status_code == 200, granted.text
    desk.work()
    assert desk.case()["state"] == "running"


def test_what_was_not_read_is_in_the_report_and_on_the_page(desk: Desk) -> None:
    desk.draft()
    attach(desk, by_hand('<sheetData><row r="1"><c r="A1"><f>B1</f></c></row></sheetData>'))
    told = desk.get(f"/drafts/{desk.draft_id}/report").json()["not_checked"]

    assert [(one["what"], "没有保存计算结果" in one["why"]) for one in told] == [
        ("附件“名单.xlsx” 工作表“表” 公式 A1", True)
    ]


def test_what_was_read_is_kept_and_read_again_when_it_is_not(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.draft()
    attach(desk, LIST)
    with desk.session() as session:
        (kept,) = session.exec(select(AssetReading)).all()
        assert kept.version == VERSION
    before = found(desk)
    # A later version of the readers knows nothing of it.
    monkeypatch.setattr(file_readings, "VERSION", VERSION + 1)
    assert found(desk) == before


def test_a_code_in_a_picture_is_checked(desk: Desk) -> None:
    desk.draft()
    sha256 = upload(desk, with_code("身份证号11010519491231002X"), "海报.png", "image")["sha256"]
    blocks = [
        {"kind": "paragraph", "text": "欢迎报名"},
        {"kind": "image", "sha256": sha256, "alt": "报名海报"},
    ]
    desk.revise({"format": "blocks", "title": "报名", "content": blocks})

    place, severity = found(desk)["privacy.idcard"]
    assert place.startswith("第2段图片里的二维码（距左")
    assert severity == "block"


def test_the_place_where_a_picture_was_taken_is_removed_and_said(desk: Desk) -> None:
    desk.draft()
    content = with_position()
    told = upload(desk, content, "合影.jpg", "image")

    assert told["position_removed"]
    kept = desk.client.get(told["url"], headers=desk.headers("editor")).content
    with Image.open(io.BytesIO(kept)) as picture:
        assert not picture.getexif().get_ifd(0x8825)
    assert upload(desk, content, "合影.jpg", "image")["sha256"] == told["sha256"]
    assert not upload(desk, with_code("x"), "图.png", "image")["position_removed"]


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("名单.docx", LIST, "asset_false_name", "Excel 表格"),
        ("名单.xlsx", b"%PDF-1.7 x", "asset_false_name", "PDF"),
        ("名单.xlsx", b"%TSD-Header-###%" + b"\x01" * 80, "asset_type_refused", "加密软件"),
        ("名单.xls", OLD, "asset_type_refused", ".xls"),
        ("名单.xlsx", b"PK\x03\x04broken", "asset_type_refused", "已损坏"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_taken_is_told_in_a_sentence(
    desk: Desk, name: str, content: bytes, code: str, words: str
) -> None:
    desk.draft()
    answer = desk.client.post(
        f"/api/v1/drafts/{desk.draft_id}/assets",
        files={"file": (name, content)},
        headers={**desk.headers("editor"), "Accept-Language": "zh"},
    )

    assert (answer.status_code, answer.json()["code"]) == (415, code)
    assert words in answer.text
    assert UUID(desk.draft_id)


def test_a_loose_file_is_checked_as_an_attachment(desk: Desk) -> None:
    def asked(name: str, content: bytes, accept: str = "application/json") -> Any:
        head = {**desk.headers("editor"), "Accept": accept}
        return desk.client.post("/api/v1/checks", headers=head, files={"file": (name, content)})

    told = asked("名单.xlsx", LIST).json()
    places = {one["rule"]: one["place"] for one in told["findings"]}
    assert places["privacy.idcard"] == "工作表“公示名单” 单元格 B4"
    sarif = asked("名单.xlsx", LIST, "application/sarif+json").json()["runs"][0]["results"]
    assert "工作表“公示名单” 单元格 B4" in {
        one["locations"][0]["logicalLocations"][0]["name"] for one in sarif
    }
    broken = asked("名单.xlsx", b"PK\x03\x04broken")
    assert (broken.status_code, broken.json()["code"]) == (415, "asset_type_refused")
    assert desk.client.post("/api/v1/checks", files={"file": ("a.xlsx", LIST)}).status_code == 401


def test_a_file_that_was_given_up_is_read_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.draft()
    monkeypatch.setattr(subprocess_reader, "read_file", lambda _: subprocess_reader.TOO_HEAVY)
    attach(desk, LIST)
    monkeypatch.undo()

    assert found(desk)["privacy.idcard"][1] == "block"
