"""The tools of docs/publishing-tools.md, as they stand there, publish what a bureau has released."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.infra.runtime import Runtime
from tests import factories
from tests.api.desk import Desk
from tests.api.illustrated import ONE, OTHER, PAPER, illustrated
from tests.api.keyring import Keyring
from tests.api.press import Press, sign
from tests.cli.processes import ROOT
from tests.clients.test_clients import run, tool

GUIDE = (ROOT / "docs" / "publishing-tools.md").read_text(encoding="utf-8")
HERE = Path(__file__).parent


def code(language: str) -> str:
    """The one block of this language in the guide."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    return str(found)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def python(folder: Path) -> list[str]:
    (folder / "tool.py").write_text(code("python"), encoding="utf-8")
    return [sys.executable, "tool.py"]


def javascript(folder: Path) -> list[str]:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    run(tool("npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts", cwd=folder)
    (folder / "tool.js").write_text(code("javascript"), encoding="utf-8")
    return [tool("node"), "tool.js"]


def until(what: Callable[[], Any], tells: Path | None) -> Any:
    for _ in range(600):
        if found := what():
            return found
        time.sleep(0.1)
    pytest.fail(tells.read_text() if tells else "nothing came of it")


class Served(Desk):
    """A desk whose jobs another process does."""

    def work(self) -> int:
        case = self.case()
        until(lambda: self.case()["proofs"].keys() >= set(case["lines"]), None)
        return 0


@pytest.mark.parametrize("make", [python, javascript])
def test_a_tool_of_the_guide_publishes_what_was_released(
    make: Callable[[Path], list[str]], served: str, runtime: Runtime, tmp_path: Path
) -> None:
    folder, site, tells = tmp_path / "tool", tmp_path / "site", tmp_path / "said"
    folder.mkdir()
    site.mkdir()
    command, port = make(folder), free_port()
    runtime.settings.webhook_hosts = frozenset({f"127.0.0.1:{port}"})
    with runtime.database.read() as session:
        bureau = factories._found(session)
    with httpx.Client(base_url=served, timeout=60) as client:
        desk = Served(client, runtime, bureau)  # type: ignore[arg-type] – asks as the test client does
        press = Press.open(desk, "website")
        key = Keyring.make(desk, press=press, places=[{"channel": "website"}])
        own = {"unit_id": str(bureau.city.id), "url": f"http://127.0.0.1:{port}/", "tool_id": press.tool_id}
        endpoint = desk.post("/webhooks/endpoints", "system_admin", {**own, "events": ["release.signed"]})
        assert endpoint.status_code == 201, endpoint.text
        environment = {
            "SANSHEN": served,
            "TOOL_KEY": key.key,
            "HOOK_SECRET": endpoint.json()["secret"],
            "SITE": str(site),
            "SITE_URL": "https://www.example.gov.cn/news",
            "PORT": str(port),
        }
        with (
            tells.open("w") as said,
            subprocess.Popen(
                command, cwd=folder, env={**os.environ, **environment}, stdout=said, stderr=said
            ) as running,
        ):
            try:
                _published(desk, site, tells)
                forged = httpx.post(f"http://127.0.0.1:{port}/", json={"type": "release.signed"})
                assert forged.status_code == 401
            finally:
                running.kill()


def _published(desk: Desk, site: Path, tells: Path) -> None:
    illustrated(desk, "website", "wechat")
    elsewhere = sign(desk, line="wechat")
    assert elsewhere.status_code == 201, elsewhere.text
    release = sign(desk, line="website").json()["release"]

    def reported() -> list[dict[str, Any]]:
        answer = desk.get(f"/drafts/{desk.draft_id}/publications", "publisher").json()
        return list(answer["publications"])

    (publication,) = until(reported, tells)
    assert (publication["release_id"], publication["channel"]) == (release["id"], "website")
    assert publication["digest"] == release["digest"]
    assert publication["url"].endswith(f"{release['id']}.html")
    shown = (site / f"{release['id']}.html").read_text(encoding="utf-8")
    assert "走访独居老人" in shown
    assert "/api/v1/assets/" not in shown
    for content in (ONE, OTHER, PAPER):
        name = sha256(content).hexdigest()
        assert (site / name).read_bytes() == content
        assert f"https://www.example.gov.cn/news/{name}" in shown
    assert not (site / f"{elsewhere.json()['release']['id']}.html").exists()
    assert json.loads(desk.get("/tool", "publisher").text)["code"] == "tool_key_needed"
