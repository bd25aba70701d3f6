"""Pages about versions of workflows, routing, calendar, urgent lane and channels."""

import re
import shutil
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient

from app.domain.vocabulary import PolicyKind
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.policies.files.following import FollowedFiles
from app.policies.versions import digest_in_use
from tests.factories import Bureau
from tests.keepers import House
from tests.web.forms import send, sign_in


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "policies"
    shutil.copytree(shipped("policies"), made, ignore=shutil.ignore_patterns("negative_list"))
    return made


@pytest.fixture
def runtime(runtime: Runtime, folder: Path) -> Runtime:
    settings = runtime.settings.model_copy(update={"policies_dir": folder, "policies_follow": "granted"})
    return replace(
        runtime, settings=settings, granted=FollowedFiles(folder, runtime.database, look_every=0.0)
    )


@pytest.fixture
def bureau(runtime: Runtime) -> Bureau:
    return House.build(runtime).bureau


def test_a_change_is_shown_asked_for_and_granted_by_another(
    web: TestClient, runtime: Runtime, folder: Path
) -> None:
    file = folder / "workflows" / "standard.yaml"
    file.write_text(re.sub(r"(?m)^title: .*$", "title: 新的流程", file.read_text(), count=1))
    assert isinstance(runtime.granted, FollowedFiles)
    runtime.granted.catch_up()
    sign_in(web, "policy_keeper")
    listed = unescape(web.get("/policies?kind=workflows").text)
    assert "审校流程版本" in listed
    (address,) = {
        one for one in re.findall(r"/policies/[0-9a-f]{64}", listed) if "申请启用" in web.get(one).text
    }
    shown = unescape(web.get(address).text)
    assert "<ins>+title: 新的流程" in shown
    assert send(web, f"{address}/activations", note="按通知修改").status_code == 303
    assert "须由另一位负面清单管理员或者终审批准" in web.get(address).text
    sign_in(web, "final_reviewer")
    assert "启用审校流程的新版本" in web.get("/").text
    asked = unescape(web.get(address).text)
    (wish,) = re.findall(rf"{address}/activations/([0-9a-f-]+)", asked)
    granted = send(web, f"{address}/activations/{wish}", verdict="grant", comment="同意")
    assert granted.headers["location"] == f"{address}?said=activation_granted"
    with runtime.database.read() as session:
        assert address.endswith(digest_in_use(session, PolicyKind.WORKFLOWS) or "none")
    assert "正在使用" in web.get(address).text


def test_who_grants_accepts_each_warning_on_the_page(web: TestClient, runtime: Runtime, folder: Path) -> None:
    file = folder / "workflows" / "standard.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content["distinct"] = content["distinct"][:1]
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    assert isinstance(runtime.granted, FollowedFiles)
    runtime.granted.catch_up()
    sign_in(web, "policy_keeper")
    listed = web.get("/policies?kind=workflows").text
    (address,) = {
        one for one in re.findall(r"/policies/[0-9a-f]{64}", listed) if "申请启用" in web.get(one).text
    }
    send(web, f"{address}/activations", note="人手不够")
    sign_in(web, "final_reviewer")
    asked = unescape(web.get(address).text)
    assert "可能由同一人完成" in asked
    (wish,) = re.findall(rf"{address}/activations/([0-9a-f-]+)", asked)
    (field,) = re.findall(r'name="(risk_[0-9a-f]{64})"', asked)
    there = f"{address}/activations/{wish}"
    refused = send(web, there, verdict="grant", comment="同意")
    assert refused.status_code == 422
    assert "请写明接受的理由" in unescape(refused.text)
    assert 'value="同意"' in unescape(refused.text)
    long = send(web, there, verdict="grant", **{field: "长" * 4001})
    assert (long.status_code, "4000" in long.text) == (422, True)
    granted = send(web, there, verdict="grant", comment="同意", **{field: "每月抽查"})
    assert granted.headers["location"] == f"{address}?said=activation_granted"


@pytest.mark.parametrize("kind", PolicyKind)
def test_versions_of_every_kind_are_listed(web: TestClient, kind: PolicyKind) -> None:
    sign_in(web, "editor")
    answer = web.get(f"/policies?kind={kind}")
    assert answer.status_code == 200
    assert "SANSHEN_POLICIES_FOLLOW" not in answer.text


def test_pages_say_that_the_folder_is_followed(web: TestClient, runtime: Runtime) -> None:
    runtime.granted = None
    sign_in(web, "editor")
    assert "没有第二人批准" in web.get("/policies?kind=routing").text
    assert "没有第二人批准" not in web.get("/policies").text
    assert "试用" in web.get("/workflows").text
