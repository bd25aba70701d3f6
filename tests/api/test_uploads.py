"""Drafts handed in as a file in a form, as `curl -F` and upload fields of other systems send them."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.word import p, word
from tests.factories import Bureau

Headers = Callable[[str], dict[str, str]]
Send = Callable[..., Any]

WORD = word(p("关于冬季走访的通知") + p("请各科室于十二月五日前报送。"))


@pytest.fixture
def send(client: TestClient, bureau: Bureau, as_: Headers) -> Send:
    def sent(
        name: str, content: bytes, path: str = "/drafts", headers: dict[str, str] | None = None, **fields: Any
    ) -> Any:
        return client.post(
            f"/api/v1{path}",
            files={"file": (name, content)},
            data={"targets": "wechat/news", **fields} if path == "/drafts" else fields,
            headers=as_("editor") | (headers or {}),
        )

    return sent


@pytest.mark.parametrize(
    ("name", "content", "title", "text"),
    [
        ("通知.docx", WORD, "关于冬季走访的通知", "请各科室于十二月五日前报送。"),
        ("C:\\稿件\\通知", WORD, "关于冬季走访的通知", "请各科室于十二月五日前报送。"),
        ("稿.md", "# 送温暖\n\n走访**独居**老人。".encode(), "送温暖", "走访独居老人。"),
        ("稿.TXT", "送温暖\n走访独居老人。".encode(), "送温暖", "走访独居老人。"),
        ("稿.htm", "<h1>送温暖</h1><p>走访独居老人。</p>".encode(), "送温暖", "走访独居老人。"),
    ],
)
def test_a_file_becomes_a_draft(send: Send, name: str, content: bytes, title: str, text: str) -> None:
    answer = send(name, content)
    assert answer.status_code == 201, answer.text
    shown = answer.json()
    assert shown["title"] == title
    revised = send(name, content, f"/drafts/{shown['id']}/revisions", {"If-Match": answer.headers["etag"]})
    assert revised.status_code == 200, revised.text
    assert revised.json()["digest"] == shown["digest"], "the same content adds no revision"


def test_fields_beside_the_file_are_taken(send: Send, client: TestClient, as_: Headers) -> None:
    answer = send(
        "稿.txt",
        "走访独居老人。".encode(),
        title="送温暖",
        byline="林小满",
        targets=["wechat/news", "website/news"],
    )
    assert answer.status_code == 201, answer.text
    shown = client.get(answer.headers["location"], headers=as_("editor")).json()
    assert (shown["document"]["title"], shown["document"]["byline"]) == ("送温暖", "林小满")
    assert sorted(target["channel"] for target in shown["targets"]) == ["website", "wechat"]


def test_form_and_json_are_one_request(send: Send, client: TestClient, as_: Headers) -> None:
    head = {"Idempotency-Key": "k-1"}
    first = send("稿.txt", "送温暖\n走访独居老人。".encode(), headers=head)
    again = send("稿.txt", "送温暖\n走访独居老人。".encode(), headers=head)
    assert first.json()["id"] == again.json()["id"]
    other = send("稿.txt", "送温暖\n走访孤寡老人。".encode(), headers=head)
    assert other.status_code == 409, "another content under the same key"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"targets": []}, "body.targets"),
        ({"targets": "wechat"}, "body.targets.0.section"),
        ({"targets": "wechat/"}, "body.targets.0.section"),
        ({"targets": "/news"}, "body.targets.0.channel"),
        ({"targets": ["wechat/news", "x" * 41 + "/news"]}, "body.targets.1.channel"),
        ({"titel": "送温暖"}, "body.titel"),
        ({"title": "长" * 201, "tracked_changes": "maybe"}, "body.tracked_changes"),
    ],
)
def test_wrong_fields_are_told_by_name(send: Send, fields: dict[str, Any], wrong: str) -> None:
    answer = send("稿.txt", "送温暖\n走访。".encode(), **fields)
    assert answer.status_code == 422
    assert wrong in [reason["field"] for reason in answer.json()["reasons"]]


def test_a_form_without_a_file_and_other_kinds_of_bodies_are_refused(
    client: TestClient, bureau: Bureau, as_: Headers
) -> None:
    head = as_("editor")
    without = client.post("/api/v1/drafts", files={"targets": (None, "wechat/news")}, headers=head)
    assert without.status_code == 422
    assert [reason["code"] for reason in without.json()["reasons"]] == ["file_missing"]
    plain = client.post("/api/v1/drafts", content="送温暖", headers=head | {"content-type": "text/plain"})
    assert plain.status_code == 415
    broken = client.post("/api/v1/drafts", content="{", headers=head | {"content-type": "application/json"})
    assert broken.status_code in {400, 422}


def test_text_in_another_encoding_is_told_with_its_place(send: Send) -> None:
    answer = send("稿.txt", "送温暖\n走访独居老人。".encode("gb18030"))
    assert answer.status_code == 422
    assert answer.json()["code"] == "content_unusable"
