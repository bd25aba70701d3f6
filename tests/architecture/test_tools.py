"""Lint, types and import contracts are part of the suite."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["ruff", "check", "app", "migrations", "tests"], id="ruff"),
        pytest.param(["ruff", "format", "--check", "app", "migrations", "tests"], id="format"),
        pytest.param(["mypy"], id="mypy"),
        pytest.param(["importlinter.cli", "lint"], id="import contracts"),
    ],
)
def test_the_tool_finds_nothing(command: list[str]) -> None:
    if command[0] == "importlinter.cli":
        run = [
            sys.executable,
            "-c",
            "import sys; from importlinter.cli import lint_imports_command as c; c()",
        ]
    else:
        run = [sys.executable, "-m", *command]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
