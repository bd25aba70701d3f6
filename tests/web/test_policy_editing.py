"""Workflows, channels and other policy files changed in the browser, for a second person to grant."""

import re
from html import unescape

import pytest
from fastapi.testclient import TestClient

from app.domain.vocabulary import PolicyKind
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.policies.versions import digest_in_use, files_of
from tests.web.forms import csrf, send, sign_in
from tests.web.test_policy_files import bureau, folder, runtime  # noqa: F401 – fixtures

STANDARD = (shipped("policies") / "workflows" / "standard.yaml").read_text(encoding="utf-8")


def in_use(runtime: Runtime, kind: PolicyKind) -> str:  # noqa: F811
    with runtime.database.read() as session:
        return digest_in_use(session, kind) or ""


@pytest.fixture
def at(web: TestClient, runtime: Runtime) -> str:  # noqa: F811
    """The address of the workflows in force, a policy keeper before it."""
    sign_in(web, "policy_keeper")
    address = f"/policies/{in_use(runtime, PolicyKind.WORKFLOWS)}"
    assert f'href="{address}/files/workflows/standard.yaml"' in web.get(address).text
    return address


def test_a_workflow_is_changed_in_the_browser_and_brought_in_by_another(
    web: TestClient,
    runtime: Runtime,  # noqa: F811
    at: str,
) -> None:
    form = web.get(f"{at}/files/workflows/standard.yaml").text
    assert "<svg" in form
    assert "title: 标准三审三校" in unescape(form)
    new = STANDARD.replace("title: 标准三审三校", "title: 改过的三审三校", 1)
    saved = send(web, f"{at}/files/workflows/standard.yaml", content=new, note="按通知改名")
    assert saved.status_code == 303, unescape(saved.text)
    candidate = saved.headers["location"].partition("?")[0]
    shown = unescape(web.get(candidate).text)
    assert "<ins>+title: 改过的三审三校" in shown
    # As it would be, and as it is.
    assert shown.count("<svg") >= 2
    assert send(web, f"{candidate}/activations", note="按通知改名").status_code == 303
    sign_in(web, "final_reviewer")
    (wish,) = re.findall(rf"{candidate}/activations/([0-9a-f-]+)", web.get(candidate).text)
    assert send(web, f"{candidate}/activations/{wish}", verdict="grant").status_code == 303
    assert candidate == f"/policies/{in_use(runtime, PolicyKind.WORKFLOWS)}"


def test_faults_are_told_at_the_line_that_was_typed_and_what_was_typed_stays(
    web: TestClient, at: str
) -> None:
    bad = STANDARD.replace("    kind: rule_check", "    kind: rule_chek", 1)
    line = bad.split("\n").index("    kind: rule_chek") + 1
    for verb in ("check", "save"):
        answer = send(web, f"{at}/files/workflows/standard.yaml", content=bad, note="说明", verb=verb)
        told = unescape(answer.text)
        assert answer.status_code == 422
        assert f"第 {line} 行：" in told
        assert "<code>kind: rule_chek</code>" in told
        assert 'value="说明"' in told


def test_checking_alone_stores_nothing(web: TestClient, runtime: Runtime, at: str) -> None:  # noqa: F811
    new = STANDARD.replace("title: 标准三审三校", "title: 只看一看", 1)
    answer = send(web, f"{at}/files/workflows/standard.yaml", content=new, verb="check")
    assert answer.status_code == 200
    assert "还没有保存" in answer.text
    assert "只看一看" not in web.get("/policies?kind=workflows").text
    with runtime.database.read() as session:
        stored = files_of(session, at.removeprefix("/policies/")) or {}
    assert stored["workflows/standard.yaml"] == STANDARD


def test_a_file_is_uploaded_under_a_new_name_and_taken_away_again(web: TestClient, at: str) -> None:
    text = STANDARD.replace("key: standard", "key: our_own", 1)
    data = {"csrf": csrf(web), "name": "our_own", "content": "", "verb": "save"}
    saved = web.post(f"{at}/new-file", data=data, files={"file": ("x.yaml", text.encode("utf-8-sig"))})
    assert saved.status_code == 303, unescape(saved.text)
    candidate = saved.headers["location"].partition("?")[0]
    assert "workflows/our_own.yaml" in web.get(candidate).text
    away = send(web, f"{candidate}/files/workflows/our_own.yaml", content="")
    # Without it the files are those in force: that is said, and no version made of it.
    assert away.status_code == 409
    assert "内容与已有的版本相同" in unescape(away.text)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "请填写文件名"),
        ("../routing", "请填写文件名"),
        ("standard", "已经有这个文件"),
        ("standard.yaml", "已经有这个文件"),
    ],
)
def test_a_new_file_needs_a_name_of_its_own(web: TestClient, at: str, name: str, said: str) -> None:
    answer = send(web, f"{at}/new-file", name=name, content=STANDARD)
    assert answer.status_code == 422
    assert said in unescape(answer.text)
    assert "标准三审三校" in unescape(answer.text), "what was typed stays"


def test_what_is_no_text_is_refused(web: TestClient, at: str) -> None:
    data = {"csrf": csrf(web), "content": STANDARD, "verb": "save"}
    files = {"file": ("x.yaml", "标题".encode("gb18030"))}
    answer = web.post(f"{at}/files/workflows/standard.yaml", data=data, files=files)
    assert answer.status_code == 422
    assert "不是 UTF-8 文本" in unescape(answer.text)


@pytest.mark.parametrize("kind", sorted(set(PolicyKind) - {PolicyKind.NEGATIVE_LIST}))
def test_every_kind_is_changed_in_the_browser(web: TestClient, runtime: Runtime, kind: PolicyKind) -> None:  # noqa: F811
    digest = in_use(runtime, kind)
    with runtime.database.read() as session:
        path, text = min((files_of(session, digest) or {}).items())
    address = f"/policies/{digest}/files/{path}"
    sign_in(web, "editor")
    assert web.get(address).status_code == 403
    assert send(web, address, content=text).status_code == 403
    sign_in(web, "policy_keeper")
    assert f'href="{address}"' in web.get(f"/policies/{digest}").text
    assert path in web.get(address).text
    saved = send(web, address, content=f"# 说明\n{text}")
    if kind is PolicyKind.CHANNELS:
        # Two bureaus share this house: of which one a channel is has to be said, and the refusal says so.
        assert saved.status_code == 422
        assert "共 3 处错误" in unescape(saved.text)
        saved = send(web, address, content=text.replace("- code:", "- unit: 清河市民政局\n    code:"))
    assert saved.status_code == 303, unescape(saved.text)
