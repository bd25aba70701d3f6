"""`sanshen policy propose` and `sanshen policy health`, as somebody at the machine runs them."""

import json
from pathlib import Path

import pytest

from tests import keepers
from tests.cli.processes import run


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A data folder with a database, and beside it a folder of a small list."""
    done = run("migrate", cwd=tmp_path, SANSHEN_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    keepers.write(tmp_path / "own", keepers.FILES)
    return tmp_path


def test_a_folder_is_proposed_once(house: Path) -> None:
    arguments = ("policy", "propose", "own", "--data", "data", "--json")
    first = run(*arguments, "--note", "试", cwd=house)
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    assert (told["rules"], told["new"], told["in_force"]) == (3, True, False)
    again = json.loads(run(*arguments, cwd=house).stdout)
    assert (again["policy"], again["new"]) == (told["policy"], False)


def test_every_fault_of_a_folder_is_told_and_nothing_stored(house: Path) -> None:
    bad = keepers.WORDS.replace("severity: block", "severty: block").replace(
        "overlap: longest", "overlap: all_"
    )
    keepers.write(house / "own", {"wording/words.yaml": bad})
    done = run("policy", "propose", "own", "--data", "data", cwd=house)
    assert done.returncode == 1
    assert "severty" in done.stderr
    assert "all_" in done.stderr
    nowhere = run("policy", "propose", "nowhere", "--data", "data", cwd=house)
    assert nowhere.returncode == 1
    assert "没有这个文件夹" in nowhere.stderr
    keepers.write(house / "own", keepers.FILES)
    no_database = run("policy", "propose", "own", "--data", "elsewhere", cwd=house)
    assert no_database.returncode == 2
    assert "sanshen migrate" in no_database.stderr


def test_health_of_a_house_without_drafts(house: Path) -> None:
    done = run("policy", "health", "--data", "data", "--json", "--all", cwd=house)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert len(told["rules"]) > 60
    assert {one["hits"] for one in told["rules"]} == {0}
    assert told["stale_waivers"] == []
    assert "还没有命中" in run("policy", "health", "--data", "data", cwd=house).stdout
