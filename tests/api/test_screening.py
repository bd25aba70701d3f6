"""Checking any text or file over the API: nothing stored, bounded answers, SARIF for editors' tools."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import select

from app.domain.document.model import MAX_CONTENT_BYTES, Document, Image, Paragraph, Video
from app.drafts.intake.reading import Reading, Said, unreadable
from app.drafts.models import Draft
from app.infra.db import Database
from app.infra.runtime import Runtime
from app.negative_list import Scope
from app.negative_list.text.model import MAX_FINDINGS
from app.policies.negative_list.following import FollowedPolicies
from app.screening.checks import service as checks
from app.screening.checks.files import HeldFile
from app.screening.models import CheckReport
from tests import keepers

pytestmark = pytest.mark.both_databases

Headers = Callable[[str], dict[str, str]]
ARTICLE = "# 为残废人服务\n\n再接再励，身份证号11010519491231002X。\n"


@pytest.fixture
def negative_list(tmp_path: Path, database: Database) -> FollowedPolicies:
    return keepers.followed(tmp_path / "negative_list", database)


def post(client: TestClient, headers: dict[str, str], **body: Any) -> Response:
    return client.post("/api/v1/checks", headers=headers, json=body)


def send(client: TestClient, headers: dict[str, str], name: str, content: bytes, **fields: str) -> Response:
    return client.post("/api/v1/checks", headers=headers, files={"file": (name, content)}, data=fields)


def test_strangers_check_nothing(client: TestClient) -> None:
    assert client.post("/api/v1/checks", json={"content": "残废"}).status_code == 401
    assert client.post("/api/v1/checks", files={"file": ("a.txt", b"x")}).status_code == 401


def test_what_is_malformed_is_told_at_once(client: TestClient, as_: Headers) -> None:
    headers = as_("editor")
    bad = post(client, headers, content=1, chanel="wechat", policy="short")
    assert bad.status_code == 422
    assert {reason["field"] for reason in bad.json()["reasons"]} >= {"body.chanel", "body.policy"}
    assert (
        post(client, headers, content="x", channel="radio").json()["reasons"][0]["code"] == "unknown_channel"
    )
    assert post(client, headers, content="x", section="news").json()["reasons"][0]["code"] == (
        "section_without_channel"
    )
    missing = client.post("/api/v1/checks", headers=headers, data={"a": "b"}, files={"other": b"x"})
    assert missing.status_code == 422
    assert client.post("/api/v1/checks", headers=headers, content=b"<a/>").status_code == 415
    exe = send(client, headers, "a.exe", b"x")
    assert (exe.status_code, exe.json()["code"]) == (415, "file_kind_unknown")
    broken = send(client, headers, "a.txt", "残".encode()[:-1])
    assert (broken.status_code, broken.json()["reasons"][0]["code"]) == (422, "broken_utf8")
    word = send(client, headers, "稿.docx", b"PK")
    assert (word.status_code, word.json()["reasons"][0]["code"]) == (422, "file_kind")
    assert "可以检查 txt、md、html、docx" in exe.json()["title"]
    gbk = send(client, headers, "a.txt", "照顾残废老人".encode("gb18030"))
    assert [reason["code"] for reason in gbk.json()["reasons"]] == ["broken_utf8", "no_utf8_but"]
    assert "GBK" in gbk.json()["reasons"][1]["message"]
    large = send(client, headers, "a.txt", b"x" * (MAX_CONTENT_BYTES + 1))
    assert (large.status_code, large.json()["code"]) == (413, "content_too_large")
    unknown = send(client, headers, "a.txt", b"x", channle="wechat")
    assert (unknown.status_code, unknown.json()["reasons"][0]["field"]) == (422, "body.channle")


def test_a_report_groups_findings_by_rule_and_part(
    client: TestClient, runtime: Runtime, as_: Headers
) -> None:
    report = send(client, as_("editor"), "稿.md", ARTICLE.encode()).json()
    assert report["policy"] == runtime.negative_list.current.digest
    assert report["counts"] == {"block": 2, "warn": 1, "info": 0}
    assert [(one["rule"], one["count"], one["parts"]) for one in report["groups"]] == [
        ("wording.canfei", 1, {"title": 1}),
        ("privacy.idcard", 1, {"body": 1}),
        ("lang.typos", 1, {"body": 1}),
    ]
    for group in report["groups"]:
        assert {report["findings"][number]["rule"] for number in group["findings"]} == {group["rule"]}
    assert report["truncated"] == 0
    assert report["elapsed_us"] > 0
    assert "11010519491231002X" not in json.dumps(report, ensure_ascii=False)
    with runtime.database.read() as session:
        assert session.exec(select(CheckReport.id)).first() is None
        assert session.exec(select(Draft.id)).first() is None


@pytest.mark.parametrize("name", ["a.md", "a.html", "a.txt"])
def test_sarif_names_the_place_in_the_file(client: TestClient, as_: Headers, name: str) -> None:
    text = {"a.html": "<h1>题</h1>\n<p>为<b>残废</b>人</p>\n"}.get(name, "题\n😀为残废人\n")
    headers = {**as_("editor"), "Accept": "application/sarif+json"}
    answer = send(client, headers, name, text.encode())
    assert answer.headers["content-type"].startswith("application/sarif+json")
    sarif = answer.json()
    assert sarif["version"] == "2.1.0"
    run = sarif["runs"][0]
    (result,) = run["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    start, length = region["charOffset"], region["charLength"]
    assert text[start : start + length] == "残废"
    assert text.split("\n")[region["startLine"] - 1][region["startColumn"] - 1 :].startswith("残废")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == name
    assert (result["ruleId"], result["level"]) == ("wording.canfei", "error")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_sarif_names_files_by_addresses(client: TestClient, as_: Headers) -> None:
    headers = {**as_("editor"), "Accept": "application/sarif+json"}
    (result,) = send(client, headers, "稿 1.txt", "残废".encode()).json()["runs"][0]["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "%E7%A8%BF%201.txt"


def test_sarif_for_a_text_in_json(client: TestClient, as_: Headers) -> None:
    headers = {**as_("editor"), "Accept": "application/sarif+json"}
    sarif = post(client, headers, content="残废").json()
    assert [one["ruleId"] for one in sarif["runs"][0]["results"]] == ["wording.canfei"]
    blocks = post(client, headers, format="blocks", content=[{"kind": "paragraph", "text": "残废"}])
    assert (blocks.status_code, blocks.json()["reasons"][0]["code"]) == (422, "sarif_needs_text")


def test_text_that_no_database_holds_is_answered(client: TestClient, as_: Headers) -> None:
    headers = as_("editor")
    surrogate = client.post(
        "/api/v1/checks",
        headers={**headers, "Content-Type": "application/json"},
        content=b'{"content": "\\ud800\xe6\xae\x8b"}',
    )
    assert (surrogate.status_code, surrogate.json()["reasons"][0]["code"]) == (422, "lone_surrogate")
    encoded = send(client, headers, "a.txt", b"\xed\xa0\x80")
    assert (encoded.status_code, encoded.json()["reasons"][0]["code"]) == (422, "broken_utf8")
    nul = send(client, headers, "a.txt", "残\0废残废".encode())
    assert nul.status_code == 200
    assert [(one["start"], one["end"]) for one in nul.json()["findings"]] == [(3, 5)]


def test_five_megabytes_in_one_line(client: TestClient, as_: Headers) -> None:
    text = "清" * (MAX_CONTENT_BYTES // 3 - 2) + "残废"
    for answer in (
        send(client, as_("editor"), "a.txt", text.encode()),
        post(client, as_("editor"), content=text),
    ):
        assert answer.status_code == 200
        assert [(one["start"], one["end"]) for one in answer.json()["findings"]] == [
            (len(text) - 2, len(text))
        ]


def test_a_hundred_thousand_findings_are_counted_and_said(client: TestClient, as_: Headers) -> None:
    text = "残废" * 100_000
    report = post(client, as_("editor"), content=text).json()
    assert report["counts"]["block"] == 100_000
    assert len(report["findings"]) == MAX_FINDINGS
    assert report["truncated"] == 100_000 - MAX_FINDINGS
    headers = {**as_("editor"), "Accept": "application/sarif+json"}
    sarif = send(client, headers, "a.txt", text.encode()).json()
    assert len(sarif["runs"][0]["results"]) == MAX_FINDINGS


def test_what_was_not_read_is_listed(client: TestClient, runtime: Runtime, as_: Headers) -> None:
    names = {kind: f"{number}" * 64 for number, kind in enumerate(("picture", "video", "pdf", "words"))}
    document = Document(
        title="稿件",
        blocks=(
            Paragraph(text="一段文字"),
            Image(sha256=names["picture"], alt="合影"),
            Video(sha256=names["video"], caption="短片"),
        ),
        attachments=(names["pdf"], names["words"]),
    )
    report = checks.run(
        runtime.negative_list.current,
        document,
        scope=Scope(),
        at=runtime.clock(),
        key=runtime.secret,
        document_id="draft",
        files={
            names["pdf"]: HeldFile("附件.pdf", unreadable("打不开")),
            names["words"]: HeldFile("附件.txt", Reading(texts=(Said("lines/3", "为残废人服务"),))),
        },
    )
    assert [(one.ref, one.what) for one in report.not_checked] == [
        ("blocks/1", "合影"),
        ("blocks/2", "短片"),
        ("attachments/0", "附件“附件.pdf”"),
    ]
    assert [(one.rule, one.ref) for one in report.findings] == [("wording.canfei", "attachments/1/lines/3")]
    blocks = [
        {"kind": "image", "sha256": names["picture"], "alt": "合影"},
        {"kind": "paragraph", "text": "好"},
    ]
    told = post(client, as_("editor"), format="blocks", content=blocks, attachments=[names["pdf"]])
    assert told.status_code == 200, told.text
    assert [(one["ref"], one["why"]) for one in told.json()["not_checked"]] == [
        ("blocks/0", "没有识别图片里的文字"),
        ("attachments/0", "没有读取附件"),
    ]
