"""What README.md says is so: its commands are run, its words are the product's, its links lead somewhere."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import click
import httpx
import pytest
import typer.main
import yaml
from sqlmodel import SQLModel

from app.cli import app
from app.infra.migrate import load_tables
from app.words.labels import LABELS
from tests.cli.processes import PATIENCE, ROOT, environment, run, running
from tests.conftest import missing

README = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
BOTH = pytest.mark.parametrize("text", [README, CHINESE], ids=["README.md", "README.zh-CN.md"])
SANSHEN = Path(sys.executable).with_name("sanshen")


def marked(name: str, text: str = README) -> str:
    """Return the block of commands between the marks of this name."""
    found = re.findall(rf"<!-- {name} -->\n```bash\n(.*?)```\n<!-- /{name} -->", text, re.DOTALL)
    assert len(found) == 1, name
    return str(found[0])


def tool(name: str) -> None:
    if shutil.which(name) is None:
        missing(name)


def bash(script: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=cwd,
        env=environment(**env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 2,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the product installed in `.venv`, as the README's commands expect it."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "sanshen").symlink_to(SANSHEN)
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    return tmp_path


# --- commands ---------------------------------------------------------


def test_the_api_in_ten_lines(folder: Path) -> None:
    for name in ("bash", "curl", "jq"):
        tool(name)
    lines = marked("curl").splitlines()
    assert len(lines) == 10
    script = "\n".join(f"{line}\necho '--- {number}'" for number, line in enumerate(lines))
    with running("up", "--data", folder / "data", "--port", 0, "--json", folder=folder) as server:
        told = server.announced()
        done = bash(script, folder, S=told["url"])
        assert server.end() == 0

    assert done.returncode == 0, done.stdout + done.stderr
    printed = re.split(r"--- \d+\n", done.stdout)
    expected = [line.rpartition("  # ")[2] if "  # " in line else "" for line in lines]
    assert [one.strip() for one in printed[: len(lines)]] == expected
    assert sum(bool(one) for one in expected) == 5


def test_the_test_command_is_what_ci_runs() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    reading = next(line for line in ci.splitlines() if line.startswith("command="))
    done = bash(f"{reading}\nprintf '%s' \"$command\"", ROOT)

    assert done.stdout.strip() == marked("test-command").strip()
    assert "pytest" in done.stdout
    assert 'eval "$command"' in ci
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_production_installation_begins_as_it_is_told(folder: Path, database_url: str) -> None:
    tool("openssl")
    made = bash(marked("secrets"), folder)
    assert made.returncode == 0, made.stderr
    settings = dict(line.split("=", 1) for line in (folder / ".env").read_text(encoding="utf-8").splitlines())
    secrets = folder / "secrets"
    modes = {path.name: path.stat().st_mode & 0o077 for path in (folder / ".env", *secrets.iterdir())}
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["secrets"]
    # What the service is given, as compose gives it: files named like the settings.
    given = folder / "run-secrets"
    given.mkdir()
    shutil.copy(secrets / "secret_key", given / "sanshen_secret_key")
    env = {
        "SANSHEN_ENVIRONMENT": "production",
        "SANSHEN_DATABASE_URL": "postgresql://" + database_url.partition("://")[2],
        "SANSHEN_DATA_DIR": str(folder / "data"),
        "SANSHEN_SECRETS_DIR": str(given),
        "SANSHEN_PUBLIC_URL": settings["SANSHEN_PUBLIC_URL"],
        "SANSHEN_TOKEN_KEY_FILE": str(folder / "secrets" / "token.pem"),
        "SANSHEN_SIGNING_KEY_FILE": str(folder / "secrets" / "signing.pem"),
        "PATH": f"{folder / '.venv' / 'bin'}:{os.environ['PATH']}",
    }
    assert run("migrate", cwd=folder, **env).returncode == 0
    first = bash(marked("first-administrators"), folder, **env)
    assert first.returncode == 0, first.stderr
    logins = re.findall(r"已建立账号 (\w+)", first.stdout)
    passwords = dict(zip(logins, re.findall(r"密码：(\S+?)（", first.stdout), strict=True))
    with running("serve", "--port", 0, folder=folder, **env) as serve:
        address = serve.event("server.started")["address"]
        with httpx.Client(base_url=f"http://{address}/api/v1", timeout=PATIENCE) as http:

            def as_(login: str) -> dict[str, str]:
                given = {"login": login, "password": passwords[login]}
                return {"Authorization": f"Bearer {http.post('/auth/token', json=given).json()['token']}"}

            # A password that the machine made is replaced before anything else.
            kept_out = http.get("/units", headers=as_("xitong"))
            for login, made_for in passwords.copy().items():
                own = {"old": made_for, "new": f"{login}-knows-it-alone"}
                assert http.put("/me/password", json=own, headers=as_(login)).status_code == 204
                passwords[login] = own["new"]
            office = next(one for one in http.get("/units", headers=as_("xitong")).json() if one["parent_id"])
            new = {
                "login": "bianji",
                "name": "林小满",
                "password": "a-good-password",
                "unit_id": office["id"],
            }
            user = http.post("/users", json=new, headers=as_("xitong"))
            grant = {"role": "editor", "unit_id": office["parent_id"]}
            by_system = http.post(f"/users/{user.json()['id']}/grants", json=grant, headers=as_("xitong"))
            granted = http.post(f"/users/{user.json()['id']}/grants", json=grant, headers=as_("anquan"))
            channels = http.get("/channels", headers=as_("xitong")).json()
        assert serve.end() == 0

    assert kept_out.json()["code"] == "password_change_needed", kept_out.text
    assert set(modes.values()) == {0}
    made_here = {one["file"].removeprefix("./secrets/") for one in compose.values()}
    assert made_here - {"tls.pem", "tls.key"} == modes.keys() - {".env"}
    assert logins == ["xitong", "anquan", "shenji"]
    assert (user.status_code, by_system.status_code, granted.status_code) == (201, 403, 201)
    assert {one["code"] for one in channels} == {"wechat", "website", "journal"}


def test_a_rule_is_changed_as_it_is_told(folder: Path) -> None:
    data = {"SANSHEN_DATA_DIR": str(folder / "sanshen-data"), "XDG_CACHE_HOME": str(folder / "cache")}
    assert run("migrate", cwd=folder, **data).returncode == 0
    # An editor that gives one rule another severity.
    editor = folder / "editor"
    editor.write_text('#!/bin/sh\nsed -i "0,/severity: block/s//severity: warn/" "$1"\n')
    editor.chmod(0o755)
    done = bash(marked("change-a-rule"), folder, EDITOR=str(editor), **data)
    again = run("policy", "propose", "my-policies/negative_list", "--json", cwd=folder, **data)

    assert done.returncode == 0, done.stdout + done.stderr
    assert '"new": false' in again.stdout
    assert '"in_force": false' in again.stdout


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield `(command, sub-command)` of everything that a text says to run; the second may be empty."""
    code = [*re.findall(r"```bash\n(.*?)```", text, re.DOTALL), *re.findall(r"`([^`\n]+)`", text)]
    for piece in code:
        for command, subs in re.findall(r"sanshen ([a-z]+)(?: ([a-z]+(?:\\\|[a-z]+)*))?(?![\w=./-])", piece):
            for sub in subs.split("\\|"):
                yield command, sub


@BOTH
def test_every_command_named_is_there(text: str) -> None:
    root = typer.main.get_command(app)
    assert isinstance(root, click.Group | typer.core.TyperGroup)
    named = set(_commands(text))

    assert len(named) > 25
    for command, sub in named:
        assert command in root.commands, command
        below = getattr(root.commands[command], "commands", None)
        if sub and below is not None:
            assert sub in below, (command, sub)
    # And all that are there are named.
    assert {command for command, _ in named} == set(root.commands)


@BOTH
def test_every_setting_named_is_one(text: str) -> None:
    from app.infra.settings import Settings

    named = {one.lower() for one in re.findall(r"`SANSHEN_([A-Z_]+)`", text)}

    assert len(named) >= 8
    assert named <= Settings.model_fields.keys()


# --- words ------------------------------------------------------------


def _glossary() -> list[tuple[str, str]]:
    """Return the code words of the table with their Chinese."""
    rows = re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|", README.partition("## Words")[2], re.MULTILINE)
    found = []
    for cell, said in rows:
        codes, words = re.findall(r"`(\w+)`", cell), said.strip().split("、")
        # One word may stand for two codes: the permission, and what it is stored as.
        found += zip(codes, words if len(words) > 1 else words * len(codes), strict=True)
        if cell.startswith("`send_back`"):
            break
    return found


@pytest.mark.parametrize(("code", "word"), _glossary(), ids=lambda value: value)
def test_every_word_of_the_glossary_is_the_products(code: str, word: str) -> None:
    labels = {
        label
        for kind, members in LABELS.items()
        if issubclass(kind, StrEnum)
        for member, label in members.items()
        if str(member) == code
    }
    if labels:
        assert word in labels
        return
    load_tables()
    classes = {mapper.class_.__name__ for mapper in SQLModel._sa_registry.mappers}
    assert code in classes | {"Workflow", "Stage", "Case", "Finding"}
    shown = [*(ROOT / "app" / "web").rglob("*.html"), *(ROOT / "app" / "web").glob("*.py")]
    assert any(word in path.read_text(encoding="utf-8") for path in shown), word


def test_the_glossary_is_read() -> None:
    assert len(_glossary()) >= 20


# --- links ------------------------------------------------------------


@BOTH
def test_every_link_leads_somewhere(text: str) -> None:
    targets = [one for one in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in one]

    assert len(targets) >= 4
    assert [one for one in targets if not (ROOT / one.partition("#")[0]).exists()] == []


def test_both_readmes_have_the_same_parts_and_commands() -> None:
    for name in ("test-command", "curl", "secrets", "first-administrators", "change-a-rule"):
        assert marked(name) == marked(name, CHINESE), name
    assert len(re.findall("^## ", README, re.MULTILINE)) == len(re.findall("^## ", CHINESE, re.MULTILINE))
