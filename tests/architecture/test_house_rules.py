"""Small lints of our own."""

import ast
import importlib
import pkgutil
import re
import subprocess
from collections.abc import Iterator
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path

import pytest
import yaml

import app
from app.infra.http.problems import REASONS
from app.words.labels import LABELS

ROOT = Path(__file__).parents[2]


def _files(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        # Somebody else's checkout, as in CI, is listed all the same.
        [
            "git",
            "-c",
            "safe.directory=*",
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            *patterns,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / line for line in listed.splitlines() if (ROOT / line).is_file()]


def test_the_top_level_holds_what_it_should() -> None:
    allowed = {
        "pyproject.toml",
        "app",
        "migrations",
        "policies",
        "tests",
        "Dockerfile",
        "README.md",
        "README.zh-CN.md",
        "requirements.lock",
        "compose.yaml",
        "docs",
        "LICENSE",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
    }
    found = {path.relative_to(ROOT).parts[0] for path in _files()}
    assert {name for name in found if not name.startswith(".")} <= allowed


def test_jose_is_imported_in_one_file() -> None:
    importing = [
        path
        for path in _files("app/*.py")
        if re.search(r"^\s*(from|import) jose", path.read_text(), re.MULTILINE)
    ]
    assert [path.relative_to(ROOT).as_posix() for path in importing] == ["app/infra/tokens.py"]


def test_services_never_commit() -> None:
    for path in _files("app/*/service.py", "app/*/service_*.py"):
        assert ".commit(" not in path.read_text(), path


#: What a module may hold; what a function may hold stands in `pyproject.toml`. Both only go down.
MOST_BRANCHES = 170
MOST_NAMES = 45

_BRANCHING = (
    ast.Assert,
    ast.For,
    ast.If,
    ast.IfExp,
    ast.While,
    ast.ExceptHandler,
    ast.comprehension,
    ast.match_case,
)


def _branches(module: ast.Module) -> int:
    """Count the places where a module takes one way or another, as McCabe does for a function."""
    return sum(
        len(node.values) - 1 if isinstance(node, ast.BoolOp) else isinstance(node, _BRANCHING)
        for node in ast.walk(module)
    )


def _names(module: ast.Module) -> int:
    """Count the functions, methods and classes of a module."""
    return sum(
        isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) for node in ast.walk(module)
    )


def test_modules_can_be_held_in_a_head() -> None:
    modules = {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in _files("app/*.py", "migrations/*.py", "tests/*.py")
    }
    assert {
        name: count for name, module in modules.items() if (count := _branches(module)) > MOST_BRANCHES
    } == {}
    assert {name: count for name, module in modules.items() if (count := _names(module)) > MOST_NAMES} == {}


def test_branches_are_counted() -> None:
    module = ast.parse(
        "def f(a, b):\n"
        "    assert a\n"
        "    if a and b or not a:\n"
        "        return [one for one in b if one]\n"
        "    return 1 if b else 2\n"
        "class C: ...\n"
    )
    # assert, if, and, or, comprehension, conditional expression
    assert (_branches(module), _names(module)) == (6, 2)


def test_nothing_is_left_for_later() -> None:
    words = re.compile(r"\b(TODO|FIXME|XXX:|raise NotImplementedError)\b")
    found = [
        path.relative_to(ROOT).as_posix()
        for path in _files("app/*.py", "migrations/*.py")
        if words.search(path.read_text())
    ]
    # The rule that finds such words in drafts has to name them.
    assert [path for path in found if not path.startswith("app/negative_list/")] == []


# --- nothing of the machines that this was made on ------------------------

#: Spelled in pieces, so that this file is not one of those that it looks for.
ELSEWHERE = re.compile(
    "|".join(
        [
            r"(?<![\w}])/work" + r"/(?:main|shared)",
            r"/tmp" + r"/[a-z]/",
            r"shared" + r"/(?:design|reference|data)/",
            r"/ro" + r"ot/",
            r"/ho" + r"me/[a-z]",
            r"site-" + r"packages/",
            r"pypi" + r"\.org|python" + r"hosted",
        ]
    )
)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:  # a picture
        return ""


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _files()
        for number, line in enumerate(_text(path).splitlines(), 1)
        if ELSEWHERE.search(line)
    ]
    assert found == []


def test_what_must_not_be_shared_is_not_in_the_repository() -> None:
    kinds = {".pem", ".key", ".db", ".sqlite", ".env"}
    assert [path for path in _files() if path.suffix in kinds or path.name == ".env"] == []
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".git", ".env", "secrets", "sanshen-data"} <= set(ignored)


# --- words ------------------------------------------------------------

#: Enums that no page, message or list shows, and why.
UNSEEN = {
    "Kind": "a media type; in Chinese in `app.drafts.intake.kinds.NAMES`",
    "Trace": "a key of rule files",
    "Asked": "what people write in a search; in Chinese in `search_language.NAMES`",
    "Outcome": "the record's own column",
    "FaultCode": "worded by `sanshen audit verify` and by the verifier",
    "Environment": "a setting",
    "Gravity": "printed by `sanshen doctor` in its own words",
    "Rung": "a key of the channels file",
    "SpanKind": "a format of the text, shown as such",
    "Align": "a format of the text, shown as such",
    "Numbering": "a format of the text, shown as such",
    "Shape": "how a text was read",
    "Format": "a field of the API",
    "Scope": "a field of the API, as OAuth 2.0 writes scopes",
    "Form": "a field of the API: page or fragment",
    "TrackedChanges": "a field of the API; the form has its own words",
    "FileKind": "a sentence each, in `file_kind.SENTENCES`",
    "View": "how a rule reads a text",
    "Overlap": "a key of rule files",
    "EdgeKind": "a key of rule files",
    "Change": "a field of the back-test's result",
    "AssetRole": "a field of the API",
    "ReadingFor": "why somebody may read a draft; the record says it in its own words",
    "JobState": "for operators",
    "Lane": "for operators",
    "JobKind": "for operators",
    "Stream": "the record's own names",
    "Recipients": "rules of the catalogue of events",
    "DeliveryState": "for operators",
    "MailState": "for operators",
    "Call": "which calls of a late stage were made",
    "State": "worded by `sanshen bench`",
}


def _enums() -> list[type[StrEnum]]:
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if not module.name.startswith("app.bundled") and module.name != "app.__main__":
            importlib.import_module(module.name)
    return [kind for kind in _below(StrEnum) if kind.__module__.startswith("app.")]


def _below(kind: type[StrEnum]) -> Iterator[type[StrEnum]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def test_every_enum_has_words_or_a_reason_to_have_none() -> None:
    wordless = {
        kind.__name__
        for kind in _enums()
        if set(map(str, kind)) != LABELS.get(kind, {}).keys() and not set(map(str, kind)) <= REASONS.keys()
    }
    assert wordless - UNSEEN.keys() == set()


# --- what is run elsewhere ------------------------------------------------


def test_compose_runs_what_there_is() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert services["migrate"]["command"] == ["sanshen", "migrate"]
    assert services["worker"]["command"] == ["sanshen", "worker"]
    assert 'CMD ["sanshen", "serve", "--host", "0.0.0.0"]' in image
    assert "USER 10001" in image
    assert "--require-hashes" in image
    for name in re.findall(r"^COPY (?!--from)(.+) \S+$", image, re.MULTILINE):
        for source in name.split():
            assert (ROOT / source).exists(), source
    # Every port is open to this machine alone; a proxy stands before it.
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(re.match(r"(\$\{PROXY_ADDRESS:-)?127\.0\.0\.1:", port) for port in ports)


@pytest.mark.parametrize("service", ["web", "worker", "migrate"])
def test_compose_gives_every_setting_that_production_needs(service: str) -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    needed = {
        "SANSHEN_ENVIRONMENT",
        "SANSHEN_SECRETS_DIR",
        "SANSHEN_PUBLIC_URL",
        "SANSHEN_TOKEN_KEY_FILE",
        "SANSHEN_SIGNING_KEY_FILE",
    }
    environment = services[service]["environment"]
    assert needed <= environment.keys()
    # What is secret is in files: an environment is shown to whoever may look at a container.
    assert not any(
        name.endswith(("_KEY", "_PASSWORD", "_URL")) for name in environment.keys() - {"SANSHEN_PUBLIC_URL"}
    )
    files = {one["target"] for one in services[service]["secrets"] if isinstance(one, dict)}
    assert {"sanshen_database_url", "sanshen_secret_key"} <= files


def test_compose_takes_from_each_container_what_it_does_not_need() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["pids_limit"] <= 512, name
    urls = {
        name: one["source"]
        for name, service in compose["services"].items()
        for one in service.get("secrets", ())
        if isinstance(one, dict) and one["target"] == "sanshen_database_url"
    }
    # The owner of the tables migrates them; what serves has a role of its own, and no proxy is everybody.
    assert urls == {"migrate": "owner_url", "web": "app_url", "worker": "app_url"}
    told = compose["services"]["web"]["environment"]["SANSHEN_PROXIES"]
    proxies = told.removeprefix("${SANSHEN_PROXIES:-").removesuffix("}")
    subnet = ip_network(compose["networks"]["front"]["ipam"]["config"][0]["subnet"])
    assert proxies.split(",")[0] == compose["services"]["proxy"]["networks"]["front"]["ipv4_address"]
    assert all(
        ip_network(one).num_addresses == 1 and ip_network(one).subnet_of(subnet) for one in proxies.split(",")
    )
    assert compose["networks"]["inside"]["internal"] is True
    assert compose["services"]["database"]["networks"] == ["inside"]


def test_ci_runs_the_readme_on_a_machine_with_nothing() -> None:
    script = ROOT / ".ci" / "run"
    done = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert script.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n")
