"""Breaks guards of the product, one at a time, and says which of them the tests notice.

    python -m tests.mutation.guards --seed 9 --guards 30 [--only 3,7] [--seconds 900] [-- --deselect …]

What fails before anything is broken has to be left out by `--deselect`: it would seem to catch everything.

A guard is a condition that leads to a refusal: an `if` in whose body something is raised, refused or said
to stand in the way, or a call that lets only some pass. Breaking it means that it never refuses. Which guards
are broken depends on the seed and on their text, not on where they stand, so that two trees of the product
can be compared. Each is broken in a copy of the tree; the tests of its part run there until the first
failure. pytest does not collect this file.
"""

import argparse
import ast
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Where guards stand: decisions, services, permissions, the gate.
_PLACES = re.compile(
    r"app/(domain/(workflow/|release|separation|delegations|powers|roles)"
    r"|[a-z]+/(.*/)?(service|permissions|access|gate|sign_off|candidates|eligibility|router)\.py"
    r"|infra/http/permissions)"
)
_REFUSES = re.compile(
    r"raise |Refusal\(|Blocker\(|Reason\(|refused|refusals|return False|return None|blockers", re.IGNORECASE
)
_ADMITS = re.compile(r"^(access\.)?(authorize|require_\w+|for_\w+|_?admit|_?check\w*|_?require\w*)\(")
#: The tests of a part, by the first folder of its path that is named here.
_TESTS = {
    "domain": ["tests/domain"],
    "identity": [
        "tests/api/test_identity.py",
        "tests/api/test_credentials.py",
        "tests/api/test_delegations.py",
    ],
    "drafts": ["tests/api/test_drafts.py", "tests/api/test_assets.py", "tests/api/test_intake.py"],
    "screening": ["tests/api/test_screening.py", "tests/api/test_screening_rules.py"],
    "policies": ["tests/api/test_policies.py"],
    "reviews": [
        "tests/api/test_reviews.py",
        "tests/api/test_people.py",
        "tests/api/test_rerouting.py",
        "tests/api/test_migration.py",
        "tests/api/test_links.py",
    ],
    "proofs": ["tests/api/test_proofs.py"],
    "publication": ["tests/api/test_publication.py", "tests/api/test_scheduling.py"],
    "notifications": ["tests/api/test_notifications.py", "tests/api/test_notifications_robots.py"],
    "webhooks": ["tests/api/test_webhooks_managing.py", "tests/api/test_webhooks_in.py"],
    "audit": ["tests/api/test_audit.py"],
    "jobs": ["tests/jobs"],
    "channels": ["tests/api/test_routing.py"],
}


@dataclass(frozen=True)
class Guard:
    """A condition that may refuse: its file, first and last character, and what is put in its place."""

    path: str
    start: int
    end: int
    text: str
    broken: str

    def order(self, seed: int) -> str:
        """Return where the guard comes among all: by what it is, not by where it stands."""
        return hashlib.sha256(f"{seed}\0{self.text}".encode()).hexdigest()


def guards(tree: Path) -> Iterator[Guard]:
    """Yield every guard of the product in a tree."""
    for file in sorted((tree / "app").rglob("*.py")):
        path = file.relative_to(tree).as_posix()
        if _PLACES.match(path):
            source = file.read_text(encoding="utf-8")
            yield from _in(path, source)


def _in(path: str, source: str) -> Iterator[Guard]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def at(line: int, byte: int) -> int:
        text = source[starts[line - 1] : starts[line]]
        return starts[line - 1] + len(text.encode()[:byte].decode())

    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.If) and _REFUSES.search(ast.unparse(node.body[0])):
            condition, broken = node.test, "False"
        elif isinstance(node, ast.Expr) and _ADMITS.match(ast.unparse(node)):
            condition, broken = node.value, "None"
        else:
            continue
        start = at(condition.lineno, condition.col_offset)
        end = at(condition.end_lineno or 0, condition.end_col_offset or 0)
        yield Guard(path, start, end, f"{ast.unparse(condition)} -> {ast.unparse(node)[:300]}", broken)


def _tests(tree: Path, guard: Guard) -> list[str]:
    part = guard.path.split("/")[1]
    return [test for test in _TESTS.get(part, ["tests/api/test_manners.py"]) if (tree / test).exists()]


def _caught(tree: Path, guard: Guard, options: list[str], seconds: float) -> str:
    file = tree / guard.path
    whole = file.read_text(encoding="utf-8")
    # Brackets: a condition may go over several lines.
    file.write_text(f"{whole[: guard.start]}({guard.broken}){whole[guard.end :]}", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *options]
    try:
        done = subprocess.run(
            [*command, *_tests(tree, guard)],
            cwd=tree,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "no answer in time"
    finally:
        file.write_text(whole, encoding="utf-8")
    if done.returncode == 1:
        failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
        return f"caught by {failed[1] if failed else '?'}"
    return "missed" if done.returncode == 0 else f"pytest ended with {done.returncode}"


def main() -> None:
    """Break guards and print, one a line as JSON, what the tests said."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--guards", type=int, default=30)
    parser.add_argument("--tree", type=Path, default=Path())
    parser.add_argument("--only", default="", help="numbers of the guards to break, with commas")
    parser.add_argument("--seconds", type=float, default=900, help="how long the tests of one guard may take")
    parser.add_argument("--list", action="store_true", help="only say which guards these are")
    parser.add_argument("options", nargs="*", help="further options for pytest, after --")
    asked = parser.parse_args()
    chosen = sorted(guards(asked.tree.resolve()), key=lambda guard: guard.order(asked.seed))[: asked.guards]
    numbers = {int(number) for number in asked.only.split(",") if number} or set(range(len(chosen)))
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        if not asked.list:
            leave_out = shutil.ignore_patterns(".git", ".venv", "node_modules", "__pycache__", ".*_cache")
            shutil.copytree(asked.tree, tree, ignore=leave_out)
        for number, guard in enumerate(chosen):
            if number not in numbers:
                continue
            began = time.monotonic()
            said = "" if asked.list else _caught(tree, guard, asked.options, asked.seconds)
            seconds = round(time.monotonic() - began)
            told = {"guard": number, "path": guard.path, "text": guard.text[:160], "said": said}
            sys.stdout.write(json.dumps({**told, "seconds": seconds}, ensure_ascii=False) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
