"""What people read in refusals: what is wrong and what to do next, and never a code or a pattern."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from app.domain.document.model import Document, Paragraph
from app.infra.folders import files_in
from app.infra.http.problems import _FORM, field_reasons
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.main import create_app
from app.operations.policy_checks import told
from tests.api.desk import Desk

#: Words do not hang on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def patterns(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("pattern"), str):
            yield value["pattern"]
        for inner in value.values():
            yield from patterns(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from patterns(inner)


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, policies: Path) -> Desk:
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": policies})
    return Desk.open(client, runtime)


def test_every_pattern_of_the_api_has_words(client: TestClient) -> None:
    found = set(patterns(create_app(client.app.state.runtime).openapi()))  # type: ignore[attr-defined]
    assert len(found) > 5
    for pattern in found:
        error = {"type": "string_pattern_mismatch", "loc": ("x",), "msg": "", "ctx": {"pattern": pattern}}
        message = field_reasons([error])[0].data["message"]
        assert pattern not in message
        assert _FORM not in message, pattern


def test_a_sign_in_name_of_the_wrong_form_is_told_in_words(desk: Desk) -> None:
    body = {"login": "王 芳", "name": "王芳", "password": "x" * 20, "unit_id": str(desk.bureau.city.id)}
    answer = desk.post("/users", "system_admin", body)
    assert answer.status_code == 422, answer.text
    said = next(one["message"] for one in answer.json()["reasons"] if "login" in str(one["field"]))
    assert said == "登录名：格式不对，应为 2–64 位的英文字母、数字和 . _ @ -，以字母或者数字开头。"


@pytest.mark.parametrize("given", ["3", "a" * 64, 'W/"1"', '"eins"', '"1'])
def test_if_match_in_another_form_is_not_told_as_missing(desk: Desk, given: str) -> None:
    desk.draft()
    body = {"format": "text", "title": "新题", "content": "新文"}
    answer = desk.post(f"/drafts/{desk.draft_id}/revisions", "editor", body, **{"If-Match": given})
    assert (answer.status_code, answer.json()["code"]) == (428, "precondition_malformed")
    assert given in answer.json()["title"]
    assert '"3"' in answer.json()["title"]


def test_broken_files_are_told_in_sentences(desk: Desk, policies: Path) -> None:
    file = policies / "workflows" / "standard.yaml"
    file.write_text(file.read_text().replace("who: {role: final_reviewer}", "who: {rolle: final_reviewer}"))
    desk.draft()
    answer = desk.post(f"/drafts/{desk.draft_id}/submissions", "editor", {"digest": desk.digest()})
    assert answer.status_code == 503
    said = [one["message"] for one in answer.json()["reasons"]]
    assert said == list(told(files_in(policies)))[: len(said)] or all(
        "workflows/standard.yaml" in one for one in said
    )
    assert any("是不是想写 role" in one for one in said), said
    assert not any("form" in one or "extra_forbidden" in one for one in said)


@pytest.mark.parametrize(
    ("name", "old", "new", "line"),
    [
        ("routing.yaml", "choose:\n", "choose: [\n", "不是有效的 YAML"),
        ("routing.yaml", "when: {facts: [repost]}", "when: {facts: [nothing]}", "没有名为“nothing”的情形"),
        ("workflows/county_bureau.yaml", "kind: sign_off", "kind: review", "没有签发环节"),
        ("calendar/2026.yaml", "version: 1", "version: eins", "calendar/2026.yaml"),
    ],
)
def test_broken_files_are_told_when_the_service_starts(
    runtime: Runtime, policies: Path, name: str, old: str, new: str, line: str
) -> None:
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": policies})
    assert told(files_in(policies)) == ()
    text = (policies / name).read_text()
    assert old in text
    (policies / name).write_text(text.replace(old, new, 1))
    said = told(files_in(policies))
    assert any(line in one for one in said), said
    assert all(one.startswith(name) for one in said)
    with capture_logs() as logged:
        create_app(runtime)
    faulty = [one for one in logged if one["event"] == "policy.file_faulty"]
    assert {one["file"] for one in faulty} == {name}
    assert any(line in f"{one['file']}{one['said']}" for one in faulty)
    (policies / name).unlink()
    assert told(files_in(policies)) == (("routing.yaml：没有这个文件。",) if name == "routing.yaml" else ())


def test_a_file_that_is_no_utf8_is_told_so(desk: Desk, policies: Path) -> None:
    (policies / "routing.yaml").write_bytes("# 分流".encode("gb18030"))
    desk.draft()
    answer = desk.post(f"/drafts/{desk.draft_id}/submissions", "editor", {"digest": desk.digest()})
    assert (answer.status_code, desk.codes(answer)) == (503, {"routing_unreadable"})
    assert any("UTF-8" in one for one in told(files_in(policies)))


def test_too_large_a_share_is_told_with_the_limit(desk: Desk) -> None:
    text = "志愿者走访了社区里的老人，送去了冬衣。"
    desk.draft(Document(title="走访", blocks=(Paragraph(text=text),))).reviews()
    desk.work()
    marked = desk.mark(
        "proofreader", kind="correct", place="blocks/0", start=0, end=3, quote="志愿者", new_text="热心居民"
    )
    assert marked.status_code == 201, marked.text
    answer = desk.post(f"/cases/{desk.case_id}/carry-out", "editor", {})
    said = [one["message"] for one in answer.json()["reasons"] if one["code"] == "too_large_a_change"]
    assert len(said) == 1
    assert said[0].startswith("改动增删 7 字、")
    assert "超过小改的限度（60 字、30 处、50‰）" in said[0]


def test_one_wrong_character_in_a_short_text_is_a_small_correction(desk: Desk) -> None:
    desk.draft(Document(title="通知", blocks=(Paragraph(text="请各科室按时报送走防情况。"),))).reviews()
    desk.work()
    marked = desk.mark(
        "proofreader", kind="correct", place="blocks/0", start=9, end=10, quote="防", new_text="访"
    )
    assert marked.status_code == 201, marked.text
    answer = desk.post(f"/cases/{desk.case_id}/carry-out", "editor", {})
    assert answer.status_code == 201, answer.text
