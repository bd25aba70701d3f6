"""Policy files on the command line: asked for and granted by people, in force in every process."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import yaml

from app.audit import verification
from app.domain.vocabulary import PolicyKind
from app.infra.db import Database
from app.infra.paths import shipped
from app.policies.versions import digest_in_use
from tests import factories
from tests.cli.processes import PATIENCE, ROOT, environment, run, running

pytestmark = pytest.mark.both_databases

NEW = "改过的流程"
#: A process of its own that holds a runtime, as a worker does, and says which workflow it works with.
HOLDER = """
import time
from app.infra.settings import Settings
from app.policies.start import start
from app.reviews import workflows
runtime = start(Settings())
while True:
    print(workflows.in_force(runtime.policies).title, flush=True)
    time.sleep(0.2)
"""


@pytest.fixture
def env(database: Database, database_url: str, tmp_path: Path) -> dict[str, str]:
    """An installation with a keeper and a final reviewer, where what was granted is in force."""
    with database.write() as session:
        factories.bureau(session, datetime.now(UTC))
    folder = tmp_path / "policies"
    shutil.copytree(shipped("policies"), folder)
    channels = folder / "channels.yaml"
    text = channels.read_text(encoding="utf-8")
    channels.write_text(text.replace("  - code:", "  - unit: 清河市民政局\n    code:"), encoding="utf-8")
    shutil.copytree(folder, tmp_path / "edited", ignore=shutil.ignore_patterns("negative_list"))
    return {
        "SANSHEN_DATABASE_URL": database_url,
        "SANSHEN_DATA_DIR": str(tmp_path / "data"),
        "SANSHEN_POLICIES_DIR": str(folder),
        "SANSHEN_POLICIES_FOLLOW": "granted",
    }


@contextmanager
def holding(folder: Path, env: dict[str, str]) -> Iterator[Path]:
    """Run the holder; yield the file of what it says."""
    told = folder / "holder.txt"
    with told.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER],
            cwd=ROOT,
            env=environment(**env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.DEVNULL,
        )
    try:
        yield told
    finally:
        process.kill()
        process.wait(PATIENCE)


def last(told: Path) -> str:
    return ["", *told.read_text(encoding="utf-8").splitlines()][-1]


def walked(address: str, headers: dict[str, str]) -> str:
    answer = httpx.get(f"http://{address}/api/v1/workflows", headers=headers, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    return next(str(one["title"]) for one in answer.json() if one["key"] == "standard")


def signed_in(address: str, login: str) -> dict[str, str]:
    body = {"login": login, "password": factories.PASSWORD}
    answer = httpx.post(f"http://{address}/api/v1/auth/token", json=body, timeout=PATIENCE)
    return {"Authorization": f"Bearer {answer.json()['token']}"}


class Office:
    """Commands in a folder, each with the password of who gives it."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder, self.env = folder, env

    def policy(self, *words: str, by: str = "", password: str = factories.PASSWORD) -> tuple[int, str]:
        who = ("--login", by, "--password-stdin") if by else ()
        given = f"{password}\n" if by else None
        done = run("policy", *words, *who, cwd=self.folder, given=given, **self.env)
        return done.returncode, done.stdout + done.stderr

    def good(self, *words: str, by: str = "") -> str:
        code, said = self.policy(*words, by=by)
        assert code == 0, said
        return said

    def refused(self, *words: str, by: str = "", password: str = factories.PASSWORD) -> str:
        code, said = self.policy(*words, by=by, password=password)
        assert code == 2, said
        return said

    def propose(self) -> str:
        """Propose a workflow that the linter warns of: one person may do several proofreads."""
        file = self.folder / "edited" / "workflows" / "standard.yaml"
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        content |= {"title": NEW, "distinct": content["distinct"][:1]}
        file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        ((version),) = json.loads(self.good("propose", "edited", "--json"))
        return str(version["policy"])

    def ask(self, digest: str) -> None:
        assert "密码" in self.refused("ask", digest, by="policy_keeper", password="wrong")
        self.good("ask", digest, "--note", "人手不够", by="policy_keeper")
        assert "不能批准自己提出的" in self.refused("grant", digest, by="policy_keeper")

    def risk(self, digest: str) -> str:
        """Return the fingerprint of the one warning, after a grant without its reason was refused."""
        said = self.refused("grant", digest, by="final_reviewer")
        assert "请写明接受的理由" in said
        assert "可能由同一人完成" in said
        shown = json.loads(self.good("show", digest, "--json"))
        assert (shown["state"], shown["activations"][0]["note"]) == ("asked", "人手不够")
        assert NEW in shown["files"]["workflows/standard.yaml"]
        ((risk),) = shown["risks"]
        return str(risk["fingerprint"])


def test_what_a_second_person_grants_is_in_force_in_all_processes(
    env: dict[str, str], database: Database, tmp_path: Path
) -> None:
    office = Office(tmp_path, env)
    with (
        running("serve", "--port", "0", folder=tmp_path, **env) as serve,
        holding(tmp_path, env) as holder,
    ):
        address = serve.event("server.started")["address"]
        keeper = signed_in(address, "policy_keeper")
        before = walked(address, keeper)
        with database.read() as session:
            was = digest_in_use(session, PolicyKind.WORKFLOWS)
        digest = office.propose()
        office.ask(digest[:12])
        accept = f"{office.risk(digest[:12])}=只有两名校对，每月抽查"
        assert (walked(address, keeper), last(holder)) == (before, before)
        office.good("grant", digest[:12], "--accept", accept, by="final_reviewer")
        until = time.monotonic() + PATIENCE
        while (walked(address, keeper), last(holder)) != (NEW, NEW):
            assert time.monotonic() < until, (walked(address, keeper), last(holder))
            time.sleep(0.1)

    said = office.good("diff", str(was), digest[:16])
    assert f"+title: {NEW}" in said
    assert "共 1 个文件不同" in said
    assert "正在使用" in office.good("show", digest)
    assert "没有这项启用申请" in office.refused("decline", digest, by="final_reviewer")
    with database.read() as session:
        assert verification.verify(session).faults == ()
