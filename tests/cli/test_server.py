"""`sanshen up|serve|worker|migrate` as real processes: what they say, what they do together, how they end."""

import json
import signal
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select

from app.demo.load import PASSWORD as DEMO_PASSWORD
from app.demo.load import texts
from app.domain.vocabulary import Role
from app.infra import migrate
from app.infra.db import Database
from app.infra.signing import load_signer
from app.infra.tokens import load_tokens
from app.jobs.models import Job, JobState
from tests import factories
from tests.cli.processes import PATIENCE, run, running

ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def token(http: httpx.Client, login: str, password: str) -> dict[str, str]:
    answer = http.post("/api/v1/auth/token", json={"login": login, "password": password})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def rows(path: Path) -> dict[str, int]:
    """Return how many rows each table of a SQLite file has."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars()
        found = {
            name: connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar_one()
            for name in names.all()
        }
    engine.dispose()
    return found


# --- up ---------------------------------------------------------------


def test_up_serves_pages_and_api_and_loads_the_demo_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running("up", "--data", data, "--port", 0, "--json", "--no-drafts", folder=tmp_path) as first:
        told = first.announced()
        with httpx.Client(base_url=told["url"]) as http:
            assert http.get("/readyz").json()["status"] == "ready"
            assert "登录" in http.get("/", follow_redirects=True).text
            login = told["accounts"][0]["login"]
            me = http.get("/api/v1/me", headers=token(http, login, told["accounts"][0]["password"]))
            assert me.json()["login"] == login
        assert first.end() == 0
    # Read from a copy, so that looking does not change what is looked at.
    before = rows(data / "sanshen.db")
    with running("up", "--data", data, "--port", 0, "--json", "--no-drafts", folder=tmp_path) as second:
        again = second.announced()
        assert second.end(signal.SIGINT) == 0
    after = rows(data / "sanshen.db")

    assert {one["password"] for one in told["accounts"]} == {DEMO_PASSWORD}
    assert {"bianji", "chushen", "fushen", "zhongshen", "qianfa"} <= {
        one["login"] for one in told["accounts"]
    }
    assert told["data"] == str(data)
    assert again["accounts"] == told["accounts"]
    assert before["user_account"] == len(told["accounts"])
    assert data.stat().st_mode & 0o077 == 0
    assert {name: after[name] for name in ("unit", "user_account", "role_grant", "channel", "section")} == {
        name: before[name] for name in ("unit", "user_account", "role_grant", "channel", "section")
    }
    assert after["audit_event"] == before["audit_event"]
    assert (tmp_path / "0.err").read_text(encoding="utf-8").count("Traceback") == 0


def test_a_first_start_that_was_killed_is_taken_up(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running("up", "--data", data, "--port", 0, "--json", folder=tmp_path) as first:
        until = time.monotonic() + PATIENCE
        while drafts_in(data) < 2:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert first.end(signal.SIGKILL) == -signal.SIGKILL
    left = drafts_in(data)
    with running("up", "--data", data, "--port", 0, "--json", folder=tmp_path) as second:
        accounts = second.announced()["accounts"]
        assert second.end() == 0

    told = texts("drafts.yaml")
    assert left < len(told) == drafts_in(data)
    assert len(accounts) == len(texts("bureau.yaml")["people"])
    assert not (data / "demo-unfinished").exists()


def drafts_in(data: Path) -> int:
    """Return how many drafts an installation has; none before its tables are made."""
    try:
        return rows(data / "sanshen.db").get("draft", 0) if (data / "sanshen.db").exists() else 0
    except OperationalError:
        return 0


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("up", "--data", tmp_path / "data", "--port", port, cwd=tmp_path)

    assert done.returncode == 2
    assert f"不能在 127.0.0.1:{port} 上监听：端口已被占用。请用 --port 换一个端口" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    in_a_file = tmp_path / "file"
    in_a_file.write_text("")

    up = run("up", "--data", closed, "--port", 0, cwd=tmp_path, mortal=True)
    below = run("up", "--data", closed / "data", "--port", 0, cwd=tmp_path, mortal=True)
    migrated = run("migrate", "--data", closed, cwd=tmp_path, mortal=True)
    inside = run("up", "--data", in_a_file / "data", "--port", 0, cwd=tmp_path)

    assert {up.returncode, below.returncode, migrated.returncode, inside.returncode} == {2}
    for done in (up, below, migrated):
        assert "里写文件：没有权限。请改权限，或者用 --data 换一个目录。" in done.stderr
        assert "Traceback" not in done.stderr
    assert "路径中有一段不是目录" in inside.stderr


# --- the parts of a production installation -----------------------------


@ON_POSTGRESQL
def test_a_job_that_serve_enqueues_is_done_by_worker(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    at = datetime.now(UTC)
    with database.write() as session:
        city = factories.unit(session, "清河市民政局", at=at)
        factories.person(session, "editor", unit=city, at=at, roles=[Role.EDITOR])
    env = {"SANSHEN_DATABASE_URL": database_url, "SANSHEN_DATA_DIR": str(tmp_path / "data")}
    with running("serve", "--port", 0, folder=tmp_path, **env) as serve:
        address = serve.event("server.started")["address"]
        with httpx.Client(base_url=f"http://{address}", timeout=PATIENCE) as http:
            editor = token(http, "editor", factories.PASSWORD)
            new = {
                "format": "text",
                "content": "冬季送温暖\n\n志愿者走访独居老人。",
                "targets": [{"channel": "wechat", "section": "news"}],
            }
            draft = http.post("/api/v1/drafts", json=new, headers=editor).json()
            handed_in = http.post(
                f"/api/v1/drafts/{draft['id']}/submissions", json={"digest": draft["digest"]}, headers=editor
            )
            assert handed_in.status_code == 201, handed_in.text
        waiting = _jobs(database)
        assert waiting
        # No process works yet.
        assert {job.state for job in waiting} == {JobState.QUEUED}
        with running("worker", folder=tmp_path, **env) as worker:
            worker.event("worker.started")
            done = _until_done(database, [job.id for job in waiting])
            assert worker.end() == 0
        assert serve.end() == 0

    assert {job.worker for job in done} == {f"{socket.gethostname()}:{worker.process.pid}"}


def _jobs(database: Database) -> list[Job]:
    with database.read() as session:
        return list(session.exec(select(Job).order_by(col(Job.id))))


def _until_done(database: Database, ids: list[object]) -> list[Job]:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        jobs = [job for job in _jobs(database) if job.id in ids]
        if {job.state for job in jobs} == {JobState.DONE}:
            return jobs
        time.sleep(0.1)
    raise AssertionError([(job.kind, job.state, job.error) for job in jobs])


def test_migrate_makes_the_tables_and_takes_them_away(tmp_path: Path) -> None:
    data = tmp_path / "data"
    up = run("migrate", "--data", data, "--json", cwd=tmp_path)
    again = run("migrate", "--data", data, cwd=tmp_path)
    down = run("migrate", "--data", data, "--down", "--to", "base", "--json", cwd=tmp_path)
    nowhere = run("migrate", "--data", data, "--to", "nowhere", cwd=tmp_path)

    assert json.loads(up.stdout) == {"revision": migrate.head(), "role": None}
    assert again.stdout.strip() == f"数据库结构已在 {migrate.head()}。"
    assert json.loads(down.stdout) == {"revision": None, "role": None}
    assert nowhere.returncode == 2
    assert "没有结构版本“nowhere”" in nowhere.stderr
    assert "Traceback" not in nowhere.stderr


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_what_is_not_migrated_is_not_served(command: str, tmp_path: Path) -> None:
    where = ["--port", 0] if command == "serve" else []
    none = run(command, *where, "--data", tmp_path / "data", cwd=tmp_path)
    made = run("migrate", "--data", tmp_path / "data", "--to", "0003", cwd=tmp_path)
    old = run(command, *where, "--data", tmp_path / "data", cwd=tmp_path)
    gone = run("migrate", "--data", tmp_path / "data", "--down", "--to", "base", cwd=tmp_path)
    empty = run(command, *where, "--data", tmp_path / "data", cwd=tmp_path)

    assert (made.returncode, gone.returncode) == (0, 0), made.stderr + gone.stderr
    assert {none.returncode, old.returncode, empty.returncode} == {2}
    assert "没有数据库" in none.stderr
    assert f"的结构是 0003_jobs，这个版本需要 {migrate.head()}。" in old.stderr
    assert "还没有建表" in empty.stderr
    for done in (none, old, empty):
        assert "sanshen migrate" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["serve", "worker", "migrate", "up"])
def test_a_database_that_does_not_answer_is_told_without_its_password(command: str, tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"postgresql://sanshen:hush-hush@127.0.0.1:{nobody.getsockname()[1]}/sanshen"
        port = ["--port", 0] if command in {"serve", "up"} else []
        env = {"SANSHEN_DATABASE_URL": url, "SANSHEN_DATABASE_WAIT_SECONDS": "1"}
        done = run(command, *port, "--data", tmp_path / "data", cwd=tmp_path, **env)

    assert done.returncode == 2
    assert "连不上数据库 postgresql+psycopg://sanshen:***@127.0.0.1" in done.stderr
    assert "hush-hush" not in done.stderr
    assert "Traceback" not in done.stderr


# --- settings ---------------------------------------------------------


@pytest.mark.parametrize("command", ["serve", "worker", "migrate"])
def test_production_refuses_default_secrets_with_all_reasons(command: str, tmp_path: Path) -> None:
    done = run(command, cwd=tmp_path, SANSHEN_ENVIRONMENT="production", SANSHEN_PUBLIC_URL="http://review")

    assert done.returncode == 2
    assert "SANSHEN_SECRET_KEY 是公开的默认值" in done.stderr
    assert "缺少 SANSHEN_TOKEN_KEY_FILE" in done.stderr
    assert "缺少 SANSHEN_SIGNING_KEY_FILE" in done.stderr
    assert "SANSHEN_PUBLIC_URL 不是 https 地址" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_up_says_that_it_is_for_trying_out(tmp_path: Path) -> None:
    done = run(
        "up", cwd=tmp_path, SANSHEN_ENVIRONMENT="production", SANSHEN_PUBLIC_URL="https://review.example"
    )
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])
    assert "sanshen up 只供试用" in done.stderr
    assert "sanshen serve" in done.stderr


def test_production_refuses_keys_that_are_not_there_or_not_keys(tmp_path: Path) -> None:
    data, rubbish = tmp_path / "data", tmp_path / "rubbish.pem"
    rubbish.write_text("not a key")
    env = {
        "SANSHEN_ENVIRONMENT": "production",
        "SANSHEN_DATA_DIR": str(data),
        "SANSHEN_SECRET_KEY": "7b2f9c41e8d05a36f1c7" * 2,
        "SANSHEN_PUBLIC_URL": "https://review.example.gov.cn",
        "SANSHEN_SIGNING_KEY_FILE": str(tmp_path / "signing.pem"),
    }
    load_tokens(tmp_path / "token.pem", create=True)
    load_signer(tmp_path / "signing.pem", create=True)
    assert run("migrate", cwd=tmp_path, SANSHEN_TOKEN_KEY_FILE=str(rubbish), **env).returncode == 0
    gone = run("serve", "--port", 0, cwd=tmp_path, SANSHEN_TOKEN_KEY_FILE=str(tmp_path / "gone.pem"), **env)
    bad = run("serve", "--port", 0, cwd=tmp_path, SANSHEN_TOKEN_KEY_FILE=str(rubbish), **env)

    assert (gone.returncode, bad.returncode) == (2, 2)
    assert str(tmp_path / "gone.pem") in gone.stderr
    assert str(rubbish) in bad.stderr
    assert "Traceback" not in gone.stderr + bad.stderr
    assert not (tmp_path / "gone.pem").exists()


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"SANSHEN_SECRET_KEY": "short"}, ["SANSHEN_SECRET_KEY 至少 32 个字符，现在是 5 个"]),
        (
            {"SANSHEN_ENVIRONMENT": "prod", "SANSHEN_THREADS": "many", "SANSHEN_LOG_LEVEL": "LOUD"},
            ["SANSHEN_ENVIRONMENT：只能是以下之一", "SANSHEN_THREADS：应为整数", "SANSHEN_LOG_LEVEL：只能"],
        ),
        ({"SANSHEN_WEBHOOK_HOSTS": "example.org"}, ["SANSHEN_WEBHOOK_HOSTS 应为 JSON"]),
        ({"SANSHEN_DATABASE_URL": "mysql://127.0.0.1/x"}, ["SANSHEN_DATABASE_URL 只能是"]),
    ],
)
def test_settings_that_make_no_sense(env: dict[str, str], said: list[str], tmp_path: Path) -> None:
    done = run("migrate", cwd=tmp_path, SANSHEN_DATA_DIR=str(tmp_path / "data"), **env)

    assert done.returncode == 2
    for one in said:
        assert one in done.stderr
    assert "Traceback" not in done.stderr


def test_a_negative_list_with_faults_is_not_served(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run("migrate", "--data", data, cwd=tmp_path).returncode == 0
    (data / "policies" / "negative_list").mkdir(parents=True)
    (data / "policies" / "negative_list" / "policy.yaml").write_text("version: [", encoding="utf-8")
    done = run("serve", "--port", 0, "--data", data, cwd=tmp_path)

    assert done.returncode == 2
    assert "负面清单有误，服务没有启动" in done.stderr
    assert "policy.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_channels_changed_in_the_file_are_there_after_a_restart(tmp_path: Path) -> None:
    import shutil

    from app.infra.paths import shipped

    data = tmp_path / "data"
    env = {"SANSHEN_DATA_DIR": str(data)}
    assert run("migrate", cwd=tmp_path, **env).returncode == 0
    assert run("unit", "add", "清河市民政局", "--kind", "city", cwd=tmp_path, **env).returncode == 0
    shutil.copytree(shipped("policies"), data / "policies")
    file = data / "policies" / "channels.yaml"
    file.write_text(
        file.read_text(encoding="utf-8") + "\n  - code: hall\n    kind: screen\n    name: 大厅屏幕\n"
        "    sections:\n      - {code: notice, name: 通知}\n",
        encoding="utf-8",
    )
    with running("serve", "--port", 0, folder=tmp_path, **env) as serve:
        serve.event("server.started")
        assert serve.end() == 0
    made = run("user", "add", "daping", "金屏", "--generate", cwd=tmp_path, **env)
    granted = run("user", "grant", "daping", "editor", "--channel", "hall", "--json", cwd=tmp_path, **env)
    file.write_text("channels: []\n", encoding="utf-8")
    bad = run("serve", "--port", 0, cwd=tmp_path, **env)

    assert (made.returncode, granted.returncode, bad.returncode) == (0, 0, 2), granted.stderr + bad.stderr
    assert json.loads(granted.stdout)["roles"][0]["channel"] == "hall"
    assert "阵地配置文件有误" in bad.stderr
    assert "Traceback" not in bad.stderr
