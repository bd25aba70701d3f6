"""How long a stage may take by class, and decisions that came late."""

import shutil
from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient

from app.infra.paths import shipped
from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.conftest import SetClock


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, tmp_path: Path) -> Desk:
    folder = Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))
    file = folder / "workflows" / "standard.yaml"
    scheme = yaml.safe_load(file.read_text())
    first = next(stage for stage in scheme["stages"] if stage["key"] == "initial_review")
    first["within"] = {"working_days": 5, "by_class": {"A": 1}}
    file.write_text(yaml.safe_dump(scheme, allow_unicode=True))
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": folder})
    return Desk.open(client, runtime).draft()


def test_a_class_has_a_limit_of_its_own_and_what_came_later_is_marked(desk: Desk, clock: SetClock) -> None:
    desk.submit(**{"class": "B"})
    usual = desk.stage("initial_review")["due_at"]
    desk.approve("initial_review", "initial_reviewer")
    [decision] = desk.case()["decisions"]
    assert decision["late"] is False
    desk.draft()
    desk.submit(**{"class": "A"})
    assert desk.stage("initial_review")["due_at"] < usual
    clock.advance(hours=36)
    desk._headers.clear()
    desk.approve("initial_review", "initial_reviewer")
    [decision] = desk.case()["decisions"]
    assert decision["late"] is True
