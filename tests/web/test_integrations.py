"""Pages of tools, receivers and connected channels: secrets are shown once, each page within its role."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.connections import service
from app.infra.runtime import Runtime
from app.jobs.runner import Runner
from tests.api.desk import Desk
from tests.api.press import Listener, ready, sign
from tests.api.test_connections import connect
from tests.factories import Bureau
from tests.web.forms import HTML, csrf, send, sign_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def listener(runtime: Runtime) -> Iterator[Listener]:
    with Listener() as listener:
        runtime.settings.webhook_hosts = frozenset({listener.host})
        yield listener


def secret_on(text: str) -> str:
    found = re.search(r'id="secret">([^<]+)<', text)
    assert found is not None
    return unescape(found[1])


@pytest.mark.parametrize("login", ["editor", "security_admin", "audit_admin"])
def test_only_system_administrators_have_these_pages(web: TestClient, bureau: Bureau, login: str) -> None:
    sign_in(web, login)
    assert web.get("/integrations").status_code == 403
    assert 'href="/integrations"' not in web.get("/").text
    body = {"csrf": csrf(web), "unit": str(bureau.city.id), "name": "x", "channels": "wechat"}
    assert web.post("/integrations/tools", data=body).status_code == 403


def test_a_tool_and_its_keys(web: TestClient, bureau: Bureau) -> None:
    sign_in(web, "system_admin")
    assert 'href="/integrations"' in web.get("/").text
    # Without a board these are not shown, and no link leads to a refusal.
    assert web.get("/pushes").status_code == 403
    assert 'href="/pushes"' not in web.get("/integrations").text
    unit = str(bureau.city.id)
    refused = send(web, "/integrations/tools", unit=unit, name="官网发布机")
    assert refused.status_code == 422
    assert "至少选择一个阵地" in refused.text
    assert 'value="官网发布机"' in refused.text
    made = send(web, "/integrations/tools", unit=unit, name="官网发布机", channels="wechat")
    assert secret_on(made.text).startswith("whsec_")
    (tool,) = re.findall(r"/integrations/tools/([0-9a-f-]{36})", web.get("/integrations").text)
    here = f"/integrations/tools/{tool}"
    assert "whsec_" not in web.get(here).text, "shown once"
    wrong = send(web, f"{here}/keys", name="服务器", scopes="clear", networks="10.1.2.0/99")
    assert wrong.status_code == 422
    assert "10.1.2.0/99" in wrong.text
    key = send(
        web, f"{here}/keys", name="服务器", scopes=["clear", "report"], networks="10.1.2.0/24", days="90"
    )
    whole = secret_on(key.text)
    assert whole.startswith("sst_")
    shown = web.get(here).text
    assert whole not in shown
    assert "发布前核对、回报发布、撤下" in shown
    assert "10.1.2.0/24" in shown
    bearer = {"Authorization": f"Bearer {whole}", "Accept": "application/json"}
    assert web.get("/api/v1/tool", headers=bearer).json()["code"] == "key_address"
    (key_id,) = re.findall(r"/keys/([0-9a-f-]{36})/revocation", shown)
    again = send(web, f"{here}/keys/{key_id}/rotations", overlap="0")
    assert secret_on(again.text) != whole
    assert web.get("/api/v1/tool", headers=bearer).json()["code"] == "key_refused"
    (newer,) = re.findall(r"/keys/([0-9a-f-]{36})/revocation", web.get(here).text)
    assert newer != key_id
    assert send(web, f"{here}/keys/{newer}/revocation").headers["location"] == f"{here}?said=key_revoked"
    assert send(web, f"{here}/keys/{newer}/revocation").status_code == 409
    assert secret_on(send(web, f"{here}/secrets", at_once="on").text).startswith("whsec_")
    assert send(web, f"{here}/activity").status_code == 303
    assert "重新启用" in web.get(here).text
    assert send(web, f"{here}/activity", active="on").status_code == 303


def test_a_receiver_from_registering_to_deleting(
    web: TestClient, runtime: Runtime, bureau: Bureau, listener: Listener
) -> None:
    sign_in(web, "system_admin")
    unit = str(bureau.city.id)
    refused = send(web, "/integrations/endpoints", unit=unit, url="http://elsewhere.cn/hook")
    assert refused.status_code == 422
    assert 'value="http://elsewhere.cn/hook"' in refused.text
    made = send(web, "/integrations/endpoints", unit=unit, url=listener.url)
    assert secret_on(made.text).startswith("whsec_")
    (one,) = re.findall(r"/integrations/endpoints/([0-9a-f-]{36})", web.get("/integrations").text)
    here = f"/integrations/endpoints/{one}"
    assert send(web, f"{here}/state", verb="pause").status_code == 303
    assert "已暂停" in web.get(here).text
    assert send(web, f"{here}/state", verb="pause").status_code == 409
    assert send(web, f"{here}/state", verb="resumption").status_code == 303
    listener.answers[:] = [(410, {})]
    listener.says[:] = ["不收了".encode()]
    assert send(web, f"{here}/state", verb="tests").status_code == 303
    Runner(runtime).run_until_idle()
    shown = web.get(here).text
    assert "对方答复不再接收" in shown
    assert "未送达" in shown
    (delivery,) = re.findall(r"/integrations/deliveries/([0-9a-f-]{36})\"", shown)
    told = web.get(f"/integrations/deliveries/{delivery}").text
    assert "webhook.test" in told
    assert "不收了" in told
    assert send(web, f"{here}/state", verb="activation").status_code == 303
    assert send(web, f"/integrations/deliveries/{delivery}/replays").status_code == 303
    assert send(web, f"{here}/replays").status_code == 303
    Runner(runtime).run_until_idle()
    assert "已送达" in web.get(here).text
    assert secret_on(send(web, f"{here}/secrets").text).startswith("whsec_")
    assert send(web, f"{here}/deletion").headers["location"] == "/integrations?said=endpoint_deleted"
    assert web.get(here).status_code == 404


def test_what_waits_is_pushed_and_reported_by_a_publisher(
    client: TestClient, runtime: Runtime, tmp_path: Path
) -> None:
    desk = ready(Desk.open(client, runtime))
    runtime.settings.sites_dir = tmp_path
    connect(desk, kind="file", folder="board")
    assert sign(desk).status_code == 201
    service.take_up(runtime, at=runtime.clock())
    client.headers.update(HTML)
    client.follow_redirects = False
    sign_in(client, "final_reviewer")
    assert "等待推送" in client.get("/pushes").text
    assert "现在推送" not in client.get("/pushes").text
    sign_in(client, "publisher")
    (push,) = re.findall(r"/pushes/([0-9a-f-]{36})/start", client.get("/pushes").text)
    assert send(client, f"/pushes/{push}/start").headers["location"] == "/pushes?said=push_begun"
    Runner(runtime).run_until_idle()
    assert len(list((tmp_path / "board").glob("*.zip"))) == 1
    refused = send(client, f"/pushes/{push}/publication", url="一楼公告栏")
    assert refused.status_code == 422
    assert 'value="一楼公告栏"' in refused.text
    assert send(client, f"/pushes/{push}/publication").headers["location"] == "/pushes?said=push_reported"
    assert "已发布" in client.get("/pushes").text
