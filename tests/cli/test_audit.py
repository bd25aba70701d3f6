"""`sanshen audit`: what it found in words, what it did not look at, and checkpoints kept elsewhere."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.audit import service as audit
from app.cli import audit as command
from app.domain.record import checkpoints
from app.domain.vocabulary import Event
from app.infra.db import Database
from app.infra.runtime import Runtime
from tests.api.test_audit import without_triggers

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def settings_in_environment(runtime: Runtime, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANSHEN_DATABASE_URL", database_url)
    monkeypatch.setenv("SANSHEN_DATA_DIR", str(runtime.settings.data_dir))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command.app, list(arguments))


def test_it_says_what_it_looked_at_and_what_not(database: Database) -> None:
    found = run("verify")
    assert found.exit_code == 0, found.output
    for words in (
        "与留痕逐行核对了",
        "还没有检查点",
        "登录会话（browser_session）",
        "在核对过的范围内没有发现任何改动",
    ):
        assert words in found.output
    assert "各表内容、其他留痕和检查点没有核对" in run("verify", "--stream", "draft:").output
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER decision_no_update")
    found = run("verify")
    assert (found.exit_code, "审校意见的保护触发器 decision_no_update 不在" in found.output) == (1, True)


def test_a_checkpoint_that_was_kept_elsewhere_shows_a_deleted_stream(
    runtime: Runtime, database: Database, tmp_path: Path
) -> None:
    with database.write() as session:
        for stream in ("draft:a", "draft:b"):
            audit.record(session, Event.DRAFT_REVISED, stream=stream, actor=audit.SYSTEM, at=runtime.clock())
    made = run("checkpoint")
    assert made.exit_code == 0, made.output
    (one,) = checkpoints.read(made.stdout)
    assert (one.size, one.streams) == (3, 3)
    assert run("checkpoint").stdout == made.stdout, "nothing was recorded since"
    (written,) = runtime.settings.checkpoints.iterdir()
    kept = tmp_path / "elsewhere.txt"
    kept.write_text(written.read_text("utf-8"), "utf-8")
    assert run("verify", "--checkpoint", str(kept)).exit_code == 0
    (tmp_path / "other.txt").write_text("x", "utf-8")
    assert run("verify", "--checkpoint", str(tmp_path / "other.txt")).exit_code == 2
    assert run("verify", "--checkpoint", str(tmp_path / "none.txt")).exit_code == 2
    without_triggers(
        database,
        "DELETE FROM audit_private WHERE event_id IN (SELECT id FROM audit_event WHERE stream = 'draft:a')",
        "DELETE FROM audit_event WHERE stream = 'draft:a'",
        "DELETE FROM audit_head WHERE stream = 'draft:a'",
        "DELETE FROM audit_log",
        "DELETE FROM audit_checkpoint",
        "DELETE FROM audit_logged",
    )
    by_itself = run("verify")
    assert by_itself.exit_code == 1
    assert "检查点目录里的检查点" in by_itself.output
    assert f"检查点目录里的 {written.name} 有 1 个检查点不在数据库里" in by_itself.output
    assert "还没有检查点" not in by_itself.output
    written.unlink()
    faults = json.loads(run("verify", "--json").stdout)["faults"]
    assert {one["code"] for one in faults} == {"guard_missing"}
    found = run("verify", "--checkpoint", str(kept))
    assert found.exit_code == 1
    assert "库外保存的检查点" in found.output
    assert "有 3 条记录，现在只有 0 条：末尾被截去" in found.output
