"""The operators' guide says what is so: its commands are run, and what it names is there."""

import re
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
import typer.main

from app.cli import app
from app.infra import migrate
from app.infra.db import Database
from app.infra.signing import load_signer
from app.infra.tokens import load_tokens
from tests import factories
from tests.architecture.test_readme import SANSHEN, bash
from tests.cli.processes import ROOT

GUIDE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def marked(name: str) -> str:
    (found,) = re.findall(rf"<!-- {name} -->\n```bash\n(.*?)```\n<!-- /{name} -->", GUIDE, re.DOTALL)
    return str(found)


def test_backups_and_restores_go_as_it_is_told(tmp_path: Path) -> None:
    data, other = tmp_path / "data", tmp_path / "other"
    url = f"sqlite:///{data / 'sanshen.db'}"
    migrate.upgrade(url)
    load_tokens(data / "keys" / "token.pem", create=True)
    load_signer(data / "keys" / "signing.pem", create=True)
    database = Database(url)
    with database.write() as session:
        factories.bureau(session, datetime.now(UTC))
    database.close()
    path = f"{SANSHEN.parent}:/usr/bin:/bin"
    made = bash(
        marked("backup"),
        tmp_path,
        PATH=path,
        SANSHEN_DATA_DIR=str(data),
        PASSPHRASE="three-reviews-and-proofs",
    )
    back = bash(marked("restore"), tmp_path, PATH=path, SANSHEN_DATA_DIR=str(other))

    assert made.returncode == 0, made.stderr
    assert {one.name for one in tmp_path.glob("*.backup")} == {"sanshen-1.backup", "sanshen-2.backup"}
    assert "没有加密" in made.stdout
    assert "文件已加密" in made.stdout
    assert "留痕核验通过" in back.stdout, back.stderr
    assert "没有发现任何改动" in back.stdout
    assert (other / "keys" / "signing.pem").read_bytes() == (data / "keys" / "signing.pem").read_bytes()


def test_what_it_names_is_there() -> None:
    root = typer.main.get_command(app)
    assert isinstance(root, click.Group | typer.core.TyperGroup)
    named = set(re.findall(r"sanshen ([a-z]+)", GUIDE))
    assert {"backup", "restore", "doctor", "migrate"} <= named <= set(root.commands)
    for command, option in re.findall(
        r"(?:sanshen )?(backup|restore|doctor|migrate|serve) (--[a-z-]+)", GUIDE
    ):
        options = {
            one
            for parameter in root.commands[command].params
            for one in (*parameter.opts, *parameter.secondary_opts)
        }
        assert option in options, (command, option)


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)\s:]+)\)", GUIDE))
def test_its_links_lead_somewhere(target: str) -> None:
    assert (ROOT / "docs" / target).exists() or (ROOT / target).exists()
