"""Files of drafts: told by their bytes, stored once, shown to whoever may see a draft that holds them."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.domain.vocabulary import DraftState
from app.drafts import assets, service
from app.drafts.intake import kinds
from app.drafts.models import Asset
from app.infra.db import Database
from tests import factories
from tests.conftest import SetClock
from tests.factories import Bureau

Headers = Callable[[str], dict[str, str]]

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


def _zip(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


DOCX = _zip("[Content_Types].xml", "word/document.xml")
XLSX = _zip("[Content_Types].xml", "xl/workbook.xml")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", None),
        (b"GIF89a...", "image/gif"),
        (b"%PDF-1.7", "application/pdf"),
        (DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (_zip("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), None),
        (_zip("word/document.xml"), None),
        (_zip("a.txt"), None),
        (b"PK\x03\x04broken", None),
        ("公示名单\n张三\n".encode(), "text/plain"),
        ("\ufeff公示名单".encode(), "text/plain"),
        ("公示名单".encode("gb18030"), "text/plain"),
        (b"MZ\x90\x00", None),
        (b"\x7fELF", None),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", None),
    ],
)
def test_the_bytes_say_what_a_file_is(content: bytes, kind: str | None) -> None:
    assert kinds.kind_of(content) == kind


@pytest.mark.parametrize(
    "content", ["<html><script>x</script></html>", "<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
def test_markup_is_plain_text_at_most(content: str) -> None:
    assert kinds.kind_of(content.encode()) == "text/plain"


@pytest.fixture
def draft(client: TestClient, as_: Headers) -> dict[str, Any]:
    body = {"content": "标题\n\n正文", "targets": [{"channel": "wechat", "section": "news"}]}
    created: dict[str, Any] = client.post("/api/v1/drafts", json=body, headers=as_("editor")).json()
    return created


def _upload(
    client: TestClient,
    draft: dict[str, Any],
    head: dict[str, str],
    content: bytes = PNG,
    name: str = "图.png",
    role: str = "image",
):
    return client.post(
        f"/api/v1/drafts/{draft['id']}/assets",
        files={"file": (name, content)},
        data={"role": role},
        headers=head,
    )


def test_uploading_a_picture(
    client: TestClient, as_: Headers, draft: dict[str, Any], database: Database, clock: SetClock
) -> None:
    assert _upload(client, draft, {}).status_code == 401
    assert _upload(client, draft, as_("editor2")).status_code == 404
    assert _upload(client, draft, as_("proofreader")).status_code == 403
    with database.write() as session:
        service.set_state(service.lock(session, UUID(draft["id"])), DraftState.IN_REVIEW, clock())
    late = _upload(client, draft, as_("editor"))
    assert (late.status_code, late.json()["code"]) == (409, "not_with_author")
    with database.write() as session:
        service.set_state(service.lock(session, UUID(draft["id"])), DraftState.RETURNED, clock())
    good = _upload(client, draft, as_("editor"))

    assert (good.status_code, good.headers["etag"]) == (201, '"4"')
    name = hashlib.sha256(PNG).hexdigest()
    assert good.json() == {
        "sha256": name,
        "filename": "图.png",
        "role": "image",
        "media_type": "image/png",
        "size": len(PNG),
        "url": f"/api/v1/assets/{name}",
        "position_removed": False,
    }
    assert factories.events(database, f"draft:{draft['id']}")[-1] == ("asset.added", "done")
    twice = _upload(client, draft, as_("editor"), name="again.png")
    assert (twice.json(), twice.headers["etag"]) == (good.json(), '"4"')
    with database.read() as session:
        assert len(session.exec(select(Asset)).all()) == 1


@pytest.mark.parametrize(
    ("content", "role", "status", "code"),
    [
        (b"", "attachment", 422, "malformed"),
        (b"MZ\x90\x00", "attachment", 415, "asset_type_refused"),
        (b"%PDF-1.7", "image", 415, "asset_type_refused"),
        (b"%PDF-1.7" + b"x" * assets.MAX_ASSET_BYTES, "attachment", 413, "asset_too_large"),
        (b"%PDF-1.7", "cover", 422, "malformed"),
    ],
)
def test_files_that_are_not_taken(
    client: TestClient, as_: Headers, draft: dict[str, Any], content: bytes, role: str, status: int, code: str
) -> None:
    answer = _upload(client, draft, as_("editor"), content, "a.pdf", role)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_body_without_end_is_cut_off(client: TestClient, as_: Headers, draft: dict[str, Any]) -> None:
    head = as_("editor") | {"Content-Type": "multipart/form-data; boundary=b"}

    def endless():
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7'
        for _ in range(40):
            yield b"x" * 1_000_000

    answer = client.post(f"/api/v1/drafts/{draft['id']}/assets", content=endless(), headers=head)

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        ("C:\\公示\\名单.png", "名单.png"),
        ('a"b\r\nX: y.png', 'a"bX: y.png'),
        ("", "未命名"),
        ("长" * 300 + ".png", "长" * 180 + ".png"),
    ],
)
def test_names_break_out_of_nothing(given: str, kept: str) -> None:
    assert assets.filename_of(given) == kept


def test_showing_a_file(client: TestClient, bureau: Bureau, as_: Headers, draft: dict[str, Any]) -> None:
    url = _upload(client, draft, as_("editor"), name="图 1.png").json()["url"]

    assert client.get(url).status_code == 401
    for login in ("editor2", "outsider", "audit_admin", "system_admin"):
        assert client.get(url, headers=as_(login)).status_code == 404
    shown = client.get(url, headers=as_("final_reviewer"))

    assert (shown.status_code, shown.content) == (200, PNG)
    assert shown.headers["content-type"] == "image/png"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert shown.headers["content-disposition"] == "inline; filename*=UTF-8''%E5%9B%BE%201.png"
    assert client.get(f"/api/v1/assets/{'0' * 64}", headers=as_("editor")).status_code == 404


def test_what_is_no_picture_is_downloaded(client: TestClient, as_: Headers, draft: dict[str, Any]) -> None:
    html = b"<script>alert(1)</script>"
    url = _upload(client, draft, as_("editor"), html, "page.html", "attachment").json()["url"]

    shown = client.get(url, headers=as_("editor"))

    assert shown.headers["content-type"] == "text/plain; charset=utf-8"
    assert shown.headers["content-disposition"].startswith("attachment;")


def test_a_document_names_only_files_that_its_draft_holds(
    client: TestClient, as_: Headers, draft: dict[str, Any]
) -> None:
    name = hashlib.sha256(PNG).hexdigest()
    body = {
        "format": "markdown",
        "content": f"# 标题\n\n正文\n\n![合影](sha256:{name})",
        "attachments": ["0" * 64],
    }
    url, head = f"/api/v1/drafts/{draft['id']}/revisions", as_("editor")

    unknown = client.post(url, json=body, headers=head | {"If-Match": '"1"'})
    _upload(client, draft, head)
    good = client.post(url, json=body | {"attachments": []}, headers=head | {"If-Match": '"2"'})

    assert [(one["code"], one["data"]["sha256"]) for one in unknown.json()["reasons"]] == [
        ("unknown_asset", "0" * 64),
        ("unknown_asset", name),
    ]
    assert good.status_code == 200
    shown = client.get(f"/api/v1/drafts/{draft['id']}", headers=head).json()
    assert shown["document"]["blocks"][1] == {
        "kind": "image",
        "sha256": name,
        "alt": "合影",
        "caption": "",
        "credit": "",
    }
    assert [one["sha256"] for one in shown["assets"]] == [name]
