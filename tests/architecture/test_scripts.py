"""Scripts and styles of the pages, checked by biome, which comes from a lock file that names no host."""

import json
from pathlib import Path

import pytest

from tests.architecture import script_lint
from tests.architecture.test_packages import PERMISSIVE
from tests.conftest import missing

LOCK = (script_lint.SCRIPTS / "package-lock.json").read_text(encoding="utf-8")


@pytest.fixture(scope="module", autouse=True)
def biome() -> None:
    try:
        script_lint.biome()
    except script_lint.Missing as error:
        missing(str(error))


def test_the_linter_finds_nothing() -> None:
    files = script_lint.files()
    assert {path.suffix for path in files} == {".js", ".css"}
    assert all("vendor" not in path.parts for path in files)
    done = script_lint.check(files)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Checked {len(files)} files" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("a.js", "export const f = () => nowhere();\n", "noUndeclaredVariables"),
        ("a.js", "const unused = 1;\n", "noUnusedVariables"),
        ("a.js", "console.log(1);\n", "noConsole"),
        ("a.js", 'eval("1");\n', "noGlobalEval"),
        ("a.js", "export const f = (a) => a == 1;\n", "noDoubleEquals"),
        ("a.js", "export const f = (a) => a && a.b;\n", "useOptionalChain"),
        ("a.js", "export const a  = 1;\n", "format"),
        ("a.css", "p { color: red; color: blue; }\n", "noDuplicateProperties"),
        ("a.css", "p { colour: red; }\n", "noUnknownProperty"),
    ],
)
def test_what_is_wrong_is_told(name: str, text: str, rule: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    done = script_lint.check([file])
    assert done.returncode == 1, done.stdout + done.stderr
    assert rule in done.stdout + done.stderr


def test_the_lock_pins_by_digest_and_names_no_host() -> None:
    assert "resolved" not in LOCK
    # Not only where packages come from: a lock also carries addresses that npm copies out of them.
    assert "://" not in LOCK
    packages = {name: entry for name, entry in json.loads(LOCK)["packages"].items() if name}
    assert packages
    for name, entry in packages.items():
        assert entry["integrity"].startswith("sha512-"), name
        assert PERMISSIVE.search(entry["license"]), name
        assert "GPL" not in entry["license"], name
