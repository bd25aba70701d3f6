"""biome over the scripts and styles of the pages: `python -m tests.architecture.script_lint`.

`--write` formats the scripts first. What it needs comes from the lock file in `tests/scripts`, once, by npm;
with `--offline` it is not fetched, and what cannot be checked is said and left to the suite.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "app" / "web" / "static"
EDITOR = ROOT / "app" / "web" / "editor"
SCRIPTS = ROOT / "tests" / "scripts"


class Missing(Exception):
    """What is needed is not on this machine and cannot be had."""


def files() -> list[Path]:
    """Return what is ours as it is written; what others made is vendored byte for byte, or built in."""
    served = (
        path
        for path in STATIC.rglob("*")
        if path.suffix in {".js", ".css"} and not {"vendor", "built"} & set(path.relative_to(STATIC).parts)
    )
    return sorted([*served, *(EDITOR / "src").rglob("*.js")])


def biome(*, offline: bool = False) -> Path:
    """Return the program in the version of the lock, put there by npm where it is not.

    Raises `Missing` without npm, where npm reaches no registry, or where it may not ask one.
    """
    package = "node_modules/@biomejs/biome"
    lock = json.loads((SCRIPTS / "package-lock.json").read_text(encoding="utf-8"))
    there = SCRIPTS / package / "package.json"
    version = lock["packages"][package]["version"]
    if not there.exists() or json.loads(there.read_text(encoding="utf-8"))["version"] != version:
        npm = shutil.which("npm")
        if npm is None or offline:
            raise Missing(f"@biomejs/biome {version}: run `poe scripts`" if npm else "npm")
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        put = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, check=False)
        if put.returncode:
            raise Missing(f"@biomejs/biome {version}: {put.stderr.strip()}")
    return SCRIPTS / "node_modules" / ".bin" / "biome"


def check(paths: list[Path]) -> subprocess.CompletedProcess[str]:
    """Lint files and hold their form, by the configuration in `tests/scripts`; a warning is an error."""
    return _run("ci", "--error-on-warnings", paths)


def _run(*arguments: str | list[Path]) -> subprocess.CompletedProcess[str]:
    words = [one for group in arguments for one in ([group] if isinstance(group, str) else group)]
    command = [biome(), *words, f"--config-path={SCRIPTS}", "--colors=off"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def main(arguments: list[str]) -> int:
    """Print what is wrong, and return 1 if anything is, 2 where nothing could be checked."""
    offline = "--offline" in arguments
    try:
        biome(offline=offline)
        if "--write" in arguments:
            _run("format", "--write", files())
        done = check(files())
    except Missing as missing:
        print(f"!!! missing: {missing}", file=sys.stderr)  # noqa: T201
        return 0 if offline else 2
    print(done.stdout + done.stderr, end="")  # noqa: T201
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
