"""What CONTRIBUTING.md and SECURITY.md send people to is there; hooks and hosted CI run what they say."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
POLICY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
HOOKS = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yaml").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TASKS = PROJECT["tool"]["poe"]["tasks"]


def test_the_guide_names_every_task_and_no_other() -> None:
    rows = re.findall(r"^\| (`poe [^|]+) \|", GUIDE, re.MULTILINE)
    listed = [name for row in rows for name in re.findall(r"`(?:poe )?(\w+)`", row)]
    assert sorted([*listed, "hooks"]) == sorted(TASKS)
    for name in re.findall(r"\bpoe (?:-q )?([a-z]+)", GUIDE + HOOKS):
        assert name in TASKS, name


def _commands(task: dict[str, object]) -> list[str]:
    steps = task.get("sequence", [task])
    assert isinstance(steps, list)
    return [step["cmd"] for step in steps if isinstance(step, dict)]


@pytest.mark.parametrize("name", TASKS)
def test_a_task_says_what_it_is_for_and_runs_what_is_there(name: str) -> None:
    task = TASKS[name]
    assert task["help"]
    for step in task.get("sequence", ()):
        assert isinstance(step, dict) or step in TASKS
    for command in _commands(task):
        for module in re.findall(r"-m (tests[\w.]+)", command):
            assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), module
        for path in re.findall(r"(?<!\S)tests[\w/.]*", command):
            assert "-m" in command or (ROOT / path).exists(), path


@pytest.mark.parametrize("text", [GUIDE, POLICY], ids=["CONTRIBUTING.md", "SECURITY.md"])
def test_every_link_and_every_path_leads_somewhere(text: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", text)
    paths = re.findall(r"`((?:app|tests|docs|\.ci)/[\w/.-]*)`", text)
    assert links
    assert [path for path in [*links, *paths] if not (ROOT / path).exists()] == []


def test_every_folder_of_tests_has_its_place_in_the_guide() -> None:
    folders = {f"tests/{path.parent.name}" for path in (ROOT / "tests").glob("*/test_*.py")}
    assert folders - set(re.findall(r"`(tests/\w+)`", GUIDE)) == set()


def test_hooks_run_what_is_installed_and_fetch_nothing() -> None:
    repos = yaml.safe_load(HOOKS)["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]
    for hook in repos[0]["hooks"]:
        assert hook["language"] == "system", hook["id"]
        assert "additional_dependencies" not in hook, hook["id"]
        program, *words = hook["entry"].split()
        assert program in {".venv/bin/poe", ".venv/bin/python"}, hook["id"]
        if program == ".venv/bin/poe":
            assert words[-1] in TASKS, hook["id"]
            assert words[-1] not in {"scripts", "check"}, "it may ask npm for what is missing"
        else:
            module = words[1].replace(".", "/")
            assert words[0] == "-m", hook["id"]
            assert (ROOT / f"{module}.py").is_file(), hook["id"]
    assert "script_lint --offline" in HOOKS


def test_hosted_ci_runs_the_suite_on_every_python_that_is_supported() -> None:
    job = yaml.safe_load(WORKFLOW)["jobs"]["suite"]
    versions = job["strategy"]["matrix"]["python"]
    assert versions == [f"3.{minor}" for minor in range(11, 15)]
    assert PROJECT["project"]["requires-python"] == f">={versions[0]}"
    assert job["env"] == {"CI": "true"}
    assert "python:${{ matrix.python }}" in job["container"]
    assert [step["run"] for step in job["steps"] if "run" in step] == ["bash .ci/run"]


def test_hosted_ci_holds_the_floor_of_the_pure_core() -> None:
    runs = [step.get("run", "") for step in yaml.safe_load(WORKFLOW)["jobs"]["floor"]["steps"]]
    assert any(run.endswith(".venv/bin/poe coverage") for run in runs)
    command = TASKS["coverage"]["cmd"]
    assert {"--cov=app.domain", "--cov=app.negative_list", "--cov-branch"} <= set(command.split())
    floor = re.search(r"--cov-fail-under=(\d+)", command)
    # It only rises, to 100.
    assert floor is not None
    assert 97 <= int(floor[1]) <= 100


def test_hosted_ci_knows_no_secret_and_may_only_read() -> None:
    assert yaml.safe_load(WORKFLOW)["permissions"] == {"contents": "read"}
    assert "secrets." not in WORKFLOW
    used = re.findall(r"uses: (\S+)", WORKFLOW)
    assert used
    assert all(re.fullmatch(r"actions/[\w-]+@(v\d+|[0-9a-f]{40})", action) for action in used)
