"""The one file that goes into packages: joined from its sources, always the same, alone, and no weaker."""

import ast
import hashlib
import lzma
import os
import random
import subprocess
import sys
import types
from pathlib import Path

import pytest

from app.audit.seals import columns_of
from app.audit.vouched_tables import VOUCHED
from app.domain.vocabulary import Event, Verdict
from app.events.catalogue import CATALOGUE
from app.evidence.verifier import build, known
from app.evidence.verifier.command import verify
from app.evidence.verifier.decisions import COLUMNS
from app.evidence.verifier.walk import Walk
from app.infra.migrate import load_tables

load_tables()
FUTURE = "from __future__ import annotations\n"
PACKAGES = Path(__file__).parent / "packages"
#: Packages that earlier versions exported, and the key that signed them.
OLD = {"2026-11-30-published": "00e05e2b3e786896", "2026-11-30-corrected": "00e05e2b3e786896"}


def old(name: str) -> bytes:
    return lzma.decompress((PACKAGES / f"{name}.zip.xz").read_bytes())


@pytest.fixture(scope="module")
def joined() -> types.ModuleType:
    module = types.ModuleType("joined")
    exec(compile(build.built(), build.FILENAME, "exec"), module.__dict__)
    return module


def test_the_same_sources_make_the_same_bytes_in_every_process() -> None:
    command = "import sys; from app.evidence.verifier import build; sys.stdout.buffer.write(build.built())"
    made = {
        hashlib.sha256(
            subprocess.run(
                [sys.executable, "-c", command],
                capture_output=True,
                check=True,
                env={**os.environ, "PYTHONHASHSEED": seed},
            ).stdout
        ).hexdigest()
        for seed in ("1", "2")
    }
    assert made == {hashlib.sha256(build.built()).hexdigest()}


def test_it_is_python_3_9_and_imports_only_what_python_brings() -> None:
    tree = ast.parse(build.built(), feature_version=(3, 9))
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in modules} <= sys.stdlib_module_names
    # What 3.9 has not: `zip(strict=)`, `datetime.fromisoformat` of a Z, `X | Y` outside of annotations.
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "strict"]


def test_every_source_is_in_it() -> None:
    folder = Path(build.__file__).parent
    sources = {path.stem for path in folder.glob("*.py")} - {"__init__", "build"}
    assert {source.name for source in build._ordered("command")} == sources
    for name in sources - {"known"}:
        for node in ast.parse((folder / f"{name}.py").read_text("utf-8")).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                assert ast.get_source_segment((folder / f"{name}.py").read_text("utf-8"), node) in (
                    build.built().decode()
                )


def test_sources_that_cannot_be_one_file_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for text, words in (
        ("import structlog\n", "structlog"),
        ("from app.evidence.verifier.values import loaded as read\n", "renames"),
        ("from app.evidence.verifier.command import run\n", "use each other"),
        ("\n\ndef loaded() -> None: ...\n", "stands in"),
    ):
        for path in Path(build.__file__).parent.glob("*.py"):
            source = path.read_text("utf-8")
            if path.stem == "chain":
                head, _, rest = source.partition(FUTURE)
                assert rest
                source = source + text if "def" in text else f"{head}{FUTURE}{text}{rest}"
            (tmp_path / path.name).write_text(source, "utf-8")
        monkeypatch.setattr(build, "files", lambda _name: tmp_path)
        with pytest.raises(build.CannotJoin, match=words):
            build.built.__wrapped__()


# --- its tables are the catalogues' ---


def test_it_knows_what_the_catalogue_says(joined: types.ModuleType) -> None:
    for name in known.__annotations__:
        assert getattr(joined, name) == getattr(known, name), name
    assert known.STEPS[Event.RELEASE_SIGNED] == "signed"
    assert known.NAMED[Event.RELEASE_SIGNED] == {
        "digest": ("proofs",),
        "revision": ("revisions",),
        "ticket": ("tickets",),
    }
    assert known.NAMED[Event.DECISION_SENT_BACK] == {"digest": ("revisions", "proofs")}
    assert set(known.VERDICTS.values()) == set(Verdict)


def test_whatever_the_catalogue_names_it_does() -> None:
    for entry in CATALOGUE.values():
        assert not entry.verifier or hasattr(Walk, f"_on_{entry.verifier}"), entry.event
    steps = {name for name in dir(Walk) if name.startswith("_on_")}
    assert steps == {f"_on_{name}" for name in known.STEPS.values()}


def test_every_table_of_a_draft_is_packed_or_is_told_apart() -> None:
    of_drafts = {name for name, vouched in VOUCHED.items() if vouched.home and vouched.home[0] == "draft"}
    # How people outside are reached is nobody's but the house's.
    assert of_drafts - known.TABLES.keys() == {"sign_link"}


def test_the_decisions_for_reading_say_what_their_rows_say() -> None:
    assert set(COLUMNS.values()) <= {column.name for column in columns_of("decision")}


# --- what was exported before ---


@pytest.mark.parametrize("name", OLD)
def test_packages_of_earlier_versions_still_verify(name: str, joined: types.ModuleType) -> None:
    report = verify(old(name), OLD[name])
    assert report.faults == []
    assert joined.verify(old(name), OLD[name]).faults == []
    assert verify(old(name), "0" * 16).faults == [("keys.json", "签名的公钥不是您指定的那一把")]


@pytest.mark.parametrize("name", OLD)
def test_the_joined_file_finds_what_its_sources_find(name: str, joined: types.ModuleType) -> None:
    package, chance = old(name), random.Random(name)
    for _ in range(12):
        touched = bytearray(package)
        touched[chance.randrange(len(touched))] ^= 1 << chance.randrange(8)
        one, other = verify(bytes(touched)), joined.verify(bytes(touched))
        assert one.faults
        assert (one.faults, one.story, one.notes) == (other.faults, other.story, other.notes)
