"""Every shipped scheme, walked to its release over the API by accounts with roles, posts and titles."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.stories.schemes import SCHEMES, able, first_approval, handed_in, passed_by_guest


def passed(desk: Desk, stage: dict[str, Any], guests: "count[int]") -> None:
    """Approve a stage as whoever may; by a link where only people outside may."""
    login, key, line = able(desk, stage), stage["stage"], stage["line"]
    if not login:
        passed_by_guest(desk, stage, next(guests))
        return
    form = {"outcome": first_approval(stage), "comment": "同意。", "checklist": stage["checklist"]}
    if stage["kind"] == "sign_off":
        body = {"line": line, "digest": stage["digest"], **form}
        done = desk.post(f"/cases/{desk.case_id}/releases", login, body)
    else:
        done = desk.decide(key, login, line, **form)
    assert done.status_code in {200, 201}, (key, login, done.text)


@pytest.mark.parametrize("key", SCHEMES)
def test_it_is_walked_to_its_release(client: TestClient, runtime: Runtime, tmp_path: Path, key: str) -> None:
    desk = Desk.open(client, runtime)
    workflow = handed_in(desk, tmp_path / "policies", key)
    guests = count(1)
    for _ in range(60):
        desk.work()
        case = desk.case()
        if case["state"] == "cleared":
            break
        waiting = [one for one in case["stages"] if one["state"] == "open"]
        assert waiting, [(one["stage"], one["state"]) for one in case["stages"]]
        passed(desk, waiting[0], guests)
    assert case["state"] == "cleared"
    done = [one for one in case["decisions"] if one["final"]]
    by_stage = {one["stage"]: one["actor_id"] for one in done}
    for group in workflow.distinct:
        persons = [by_stage[stage] for stage in group.stages if stage in by_stage]
        assert len(set(persons)) == len(persons), group.name
