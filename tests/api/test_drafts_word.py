"""Word files handed in over the API: the draft, what is not its text, and the file itself."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.domain.document.model import sha256
from app.drafts.models import Draft
from app.infra.db import Database
from tests.api.compound import compound
from tests.api.word import p, r, word
from tests.factories import Bureau

pytestmark = pytest.mark.both_databases

Headers = Callable[[str], dict[str, str]]

CHANGED = word(
    p("关于冬季检查的通知")
    + p(
        "定于",
        '<w:del w:author="王科"><w:r><w:delText>一日</w:delText></w:r></w:del>',
        f'<w:ins w:author="李处">{r("五日")}</w:ins>',
        "检查。",
    )
)


def body(data: bytes, **more: object) -> dict[str, Any]:
    targets = [{"channel": "wechat", "section": "news"}]
    return {"format": "docx", "content": b64encode(data).decode(), "targets": targets, **more}


def words_of(client: TestClient, head: dict[str, str], draft: dict[str, Any]) -> list[str]:
    shown = client.get(f"/api/v1/drafts/{draft['id']}", headers=head).json()
    return [block["text"] for block in shown["document"]["blocks"]]


def test_a_word_file_becomes_a_draft_and_is_kept(client: TestClient, bureau: Bureau, as_: Headers) -> None:
    head = as_("editor")
    answer = client.post("/api/v1/drafts", json=body(CHANGED, filename="通知.docx"), headers=head)
    assert answer.status_code == 201, answer.text
    draft = answer.json()
    assert draft["title"] == "关于冬季检查的通知"
    assert words_of(client, head, draft) == ["定于一日检查。"]
    assert [entry["kind"] for entry in draft["left_out"]] == [
        *("tracked_changes", "pending_insertion", "pending_deletion"),
    ]
    (kept,) = client.get(f"/api/v1/drafts/{draft['id']}", headers=head).json()["assets"]
    assert (kept["role"], kept["filename"], kept["sha256"]) == ("original", "通知.docx", sha256(CHANGED))
    assert client.get(kept["url"], headers=head).content == CHANGED
    assert answer.headers["etag"] == f'"{draft["version"]}"'


def test_whoever_hands_in_may_accept_all_changes(client: TestClient, bureau: Bureau, as_: Headers) -> None:
    head = as_("editor")
    accepted = body(CHANGED, tracked_changes="accepted")
    draft = client.post("/api/v1/drafts", json=accepted, headers=head).json()
    assert words_of(client, head, draft) == ["定于五日检查。"]
    assert [entry["kind"] for entry in draft["left_out"]] == [
        *("tracked_changes", "accepted_insertion", "accepted_deletion"),
    ]


def test_a_revision_may_come_as_a_word_file(client: TestClient, bureau: Bureau, as_: Headers) -> None:
    head = as_("editor")
    first = client.post("/api/v1/drafts", json=body(word(p("题") + p("一"))), headers=head)
    again = body(word(p("题") + p("二")), filename="二稿.docx")
    del again["targets"]
    path = f"/api/v1/drafts/{first.json()['id']}"
    seen = head | {"If-Match": first.headers["etag"]}
    second = client.post(f"{path}/revisions", json=again, headers=seen)
    assert second.status_code == 200, second.text
    assert words_of(client, head, second.json()) == ["二"]
    kept = client.get(path, headers=head).json()["assets"]
    assert sorted(file["filename"] for file in kept) == sorted(
        ["二稿.docx", f"{first.json()['number']}.docx"]
    )
    assert client.post(f"{path}/revisions", json=again, headers=seen).status_code == 412


def test_a_file_that_is_none_is_refused_and_nothing_is_stored(
    client: TestClient, bureau: Bureau, as_: Headers, database: Database
) -> None:
    locked = body(compound({"EncryptedPackage": b""}))
    assert client.post("/api/v1/drafts", json=locked).status_code == 401
    answer = client.post("/api/v1/drafts", json=locked, headers=as_("editor"))
    assert answer.status_code == 422
    (reason,) = answer.json()["reasons"]
    assert (reason["code"], reason["field"]) == ("file_kind", "content")
    assert "密码" in reason["message"]
    with database.read() as session:
        assert session.exec(select(Draft)).all() == []


def test_a_word_file_is_checked_without_being_stored(
    client: TestClient, bureau: Bureau, as_: Headers
) -> None:
    data = word(p("题") + p("身份证号11010519491231002X。"))
    file = {"file": ("名单.docx", data)}
    sent = client.post("/api/v1/checks", files=file, headers=as_("editor"))
    assert sent.status_code == 200, sent.text
    typed = client.post(
        "/api/v1/checks",
        json={"format": "docx", "content": b64encode(data).decode()},
        headers=as_("editor"),
    )
    assert typed.status_code == 200, typed.text
    for report in (sent.json(), typed.json()):
        assert "privacy.idcard" in {finding["rule"] for finding in report["findings"]}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (word(p("题") + p("文")), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (
            word(p("题") + p("文"), more={"word/vbaProject.bin": b"x"}),
            "application/vnd.ms-word.document.macroEnabled.12",
        ),
    ],
)
def test_a_kept_file_is_given_out_as_what_it_is(
    client: TestClient, bureau: Bureau, as_: Headers, data: bytes, kind: str
) -> None:
    head = as_("editor")
    draft = client.post("/api/v1/drafts", json=body(data), headers=head).json()
    (kept,) = client.get(f"/api/v1/drafts/{draft['id']}", headers=head).json()["assets"]
    given = client.get(kept["url"], headers=head)
    assert given.headers["content-type"] == kept["media_type"] == kind
    assert given.headers["content-disposition"].startswith("attachment")
    assert given.content == data
