"""Clients that public generators make from the description walk a draft from hand-in to its publication."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.drafts.intake.kinds import Kind
from tests.api.desk import PROOFREADERS, REVIEWERS
from tests.conftest import missing
from tests.factories import PASSWORD

HERE = Path(__file__).parent
PACKAGE = "sanshen_client"
#: Stage, line and who approves there, from the first review to the last look before signing.
STEPS = (
    *((stage, "", login) for stage, login in REVIEWERS),
    *((stage, "wechat", login) for stage, login in PROOFREADERS),
    ("confirm_marks", "wechat", "initial_reviewer"),
)
WALKED = {
    "refused": "stale_digest",
    "outcome": "cleared",
    "release": True,
    "publications": ["100001"],
    "draft": "published",
}


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command and return what it prints; all that it says stands in the failure."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout


def tool(name: str) -> str:
    """Return the path of a program of the test extra, or of the machine."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        missing(name)
    return found


def test_openapi_python_client(described: Path, served: str, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    # JSON is YAML. Bytes of any kind are bytes.
    kinds = ("application/zip", "text/csv", str(Kind.DOCX), str(Kind.PDF))
    overrides = dict.fromkeys(kinds, "application/octet-stream")
    config.write_text(json.dumps({"post_hooks": [], "content_type_overrides": overrides}), encoding="utf-8")
    package = tmp_path / "made" / PACKAGE
    said = run(
        tool("openapi-python-client"),
        *("generate", "--path", described, "--output-path", package),
        *("--meta", "none", "--config", config, "--fail-on-warning"),
        cwd=tmp_path,
    )
    assert "omitted" not in said
    walk = HERE / "walk_openapi_python_client.py"
    walked = run(
        *(sys.executable, walk, served, PASSWORD, json.dumps(STEPS)),
        cwd=tmp_path,
        PYTHONPATH=str(package.parent),
    )
    assert json.loads(walked) == WALKED


def test_openapi_generator(described: Path, served: str, tmp_path: Path) -> None:
    tool("java")
    made = tmp_path / "made"
    run(
        tool("openapi-generator-cli"),
        *("generate", "-i", described, "-g", "python", "-o", made, "--package-name", PACKAGE),
        "--global-property=apiDocs=false,modelDocs=false,apiTests=false,modelTests=false",
        cwd=tmp_path,
        JAVA_TOOL_OPTIONS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    )
    walk = HERE / "walk_openapi_generator.py"
    walked = run(
        *(sys.executable, walk, served, PASSWORD, json.dumps(STEPS)), cwd=tmp_path, PYTHONPATH=str(made)
    )
    assert json.loads(walked) == WALKED


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the packages of the lock file, and the walk in it."""
    folder = tmp_path / "walk"
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    shutil.copy(HERE / "walk_openapi_fetch.ts", folder / "walk.ts")
    run(tool("npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts", cwd=folder)
    return folder


def test_openapi_typescript(described: Path, served: str, project: Path) -> None:
    binaries = project / "node_modules" / ".bin"
    run(binaries / "openapi-typescript", described, "-o", "sanshen.d.ts", cwd=project)
    # The types hold: what the walk reads of an answer, or of a refusal, is there.
    options = ["--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext", "--types", "node"]
    run(binaries / "tsc", *options, "walk.ts", cwd=project)
    walked = run(tool("node"), "walk.js", served, PASSWORD, json.dumps(STEPS), cwd=project)
    assert json.loads(walked) == WALKED


def test_the_lock_of_the_walk_names_no_host() -> None:
    lock = (HERE / "package-lock.json").read_text(encoding="utf-8")
    packages = {name: one for name, one in json.loads(lock)["packages"].items() if name}
    assert "://" not in lock
    assert packages
    assert all(one["version"] and one["integrity"].startswith("sha512-") for one in packages.values())
