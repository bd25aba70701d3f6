"""`sanshen serve --workers`: several processes behind one address, on PostgreSQL alone."""

import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from app.domain.vocabulary import Role
from app.infra.db import Database
from tests import factories
from tests.cli.processes import PATIENCE, Running, run, running

ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def children(serve: Running) -> list[int]:
    pid = serve.process.pid
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def started(serve: Running, count: int) -> str:
    """Wait until so many processes serve; return their address."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        told = [one["address"] for one in serve.events() if one.get("event") == "server.started"]
        if len(told) == count:
            assert len(set(told)) == 1
            return str(told[0])
        time.sleep(0.05)
    raise AssertionError(serve.err.read_text(encoding="utf-8"))


@ON_POSTGRESQL
def test_they_share_an_address_and_keys(database: Database, database_url: str, tmp_path: Path) -> None:
    at = datetime.now(UTC)
    with database.write() as session:
        city = factories.unit(session, "清河市民政局", at=at)
        factories.person(session, "editor", unit=city, at=at, roles=[Role.EDITOR])
    env = {"SANSHEN_DATABASE_URL": database_url, "SANSHEN_DATA_DIR": str(tmp_path / "data")}
    with running("serve", "--port", 0, "--workers", 2, folder=tmp_path, **env) as serve:
        url = f"http://{started(serve, 2)}"
        login = {"login": "editor", "password": factories.PASSWORD}
        token = httpx.post(f"{url}/api/v1/auth/token", json=login, timeout=PATIENCE).json()["token"]
        for _ in range(12):
            # A connection of its own each time: whichever process takes it knows the token.
            headers = {"Authorization": f"Bearer {token}"}
            assert httpx.get(f"{url}/api/v1/me", headers=headers, timeout=PATIENCE).status_code == 200
        assert len(children(serve)) == 2
        assert serve.end() == 0


@ON_POSTGRESQL
def test_when_one_dies_all_end(database: Database, database_url: str, tmp_path: Path) -> None:
    env = {"SANSHEN_DATABASE_URL": database_url, "SANSHEN_DATA_DIR": str(tmp_path / "data")}
    with running("serve", "--port", 0, "--workers", 2, folder=tmp_path, **env) as serve:
        started(serve, 2)
        one, other = children(serve)
        os.kill(one, signal.SIGKILL)
        assert serve.process.wait(PATIENCE) == 1
        assert not Path(f"/proc/{other}").exists()


def test_sqlite_has_one(tmp_path: Path) -> None:
    refused = run("serve", "--port", 0, "--workers", 2, cwd=tmp_path)
    assert refused.returncode == 2
    assert "只能由一个进程" in refused.stderr
    assert "PostgreSQL" in refused.stderr


@ON_POSTGRESQL
def test_when_the_first_is_killed_all_end_and_a_restart_has_the_port(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    env = {"SANSHEN_DATABASE_URL": database_url, "SANSHEN_DATA_DIR": str(tmp_path / "data")}
    with running("serve", "--port", 0, "--workers", 2, folder=tmp_path, **env) as serve:
        port = started(serve, 2).rpartition(":")[2]
        orphans = children(serve)
        serve.end(signal.SIGKILL)
    # At once, as whoever watches over the service does it: the orphans may still end what they are at.
    with running("serve", "--port", port, "--workers", 2, folder=tmp_path, **env) as again:
        started(again, 2)
        assert not any(Path(f"/proc/{one}").exists() for one in orphans)
        # Where one is serving already, a second is told so.
        second = run("serve", "--port", port, cwd=tmp_path, **env)
        assert again.end() == 0
    assert second.returncode == 2
    assert "端口已被占用（那里已经有一个三审服务在运行，请先停止它）" in second.stderr
