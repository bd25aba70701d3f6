"""Schemes written from the docs alone: linted, walked to release, and into what each of them refuses."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.domain.workflow import lint
from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.stories.schemes import OWN, able, first_approval, handed_in
from tests.stories.test_schemes_for_real import passed

KEYS = sorted(path.stem for path in OWN.glob("*.yaml"))
BASIS = "依据：政府信息公开条例第十四条"


@pytest.mark.parametrize("key", KEYS)
def test_the_linter_has_nothing_to_say(key: str) -> None:
    linted = lint((OWN / f"{key}.yaml").read_text(encoding="utf-8"))
    assert (linted.faults, linted.warnings) == ((), ())


def approve(desk: Desk, stage: dict[str, Any], guests: "count[int]") -> None:
    """Approve a stage as whoever may, naming a basis where one is asked for."""
    ways = {way["key"]: way for way in stage["outcomes"]}
    if not ways[first_approval(stage)]["basis_required"]:
        passed(desk, stage, guests)
        return
    login = able(desk, stage)
    form = {"outcome": first_approval(stage), "checklist": stage["checklist"]}
    refused = desk.decide(stage["stage"], login, stage["line"], comment="同意", **form)
    assert (refused.status_code, desk.codes(refused)) == (422, {"basis_required"})
    done = desk.decide(stage["stage"], login, stage["line"], comment=BASIS, **form)
    assert done.status_code == 200, done.text


@pytest.mark.parametrize("key", KEYS)
def test_it_is_walked_to_its_release(client: TestClient, runtime: Runtime, tmp_path: Path, key: str) -> None:
    desk = Desk.open(client, runtime)
    workflow = handed_in(desk, tmp_path / "policies", key)
    first = next(one for one in desk.case()["stages"] if one["state"] == "open")
    # Out of order, stale, unfinished, and by somebody without a part in it.
    last = next(one for one in desk.case()["stages"] if one["stage"] == "sign_off")
    early = desk.decide(
        last["stage"], "publisher", last["line"], digest="0" * 64, verdict="decline", comment="止"
    )
    assert "stage_not_open" in desk.codes(early)
    stale = desk.decide(first["stage"], able(desk, first), digest="0" * 64, outcome=first_approval(first))
    assert "stale_digest" in desk.codes(stale)
    assert desk.decide(first["stage"], "outsider", digest=first["digest"]).status_code == 404
    guests = count(1)
    for _ in range(60):
        desk.work()
        case = desk.case()
        if case["state"] == "cleared":
            break
        waiting = [one for one in case["stages"] if one["state"] == "open"]
        assert waiting, [(one["stage"], one["state"]) for one in case["stages"]]
        approve(desk, waiting[0], guests)
    assert case["state"] == "cleared"
    by_stage = {one["stage"]: one["actor_id"] for one in case["decisions"] if one["final"]}
    for group in workflow.distinct:
        persons = [by_stage[stage] for stage in group.stages if stage in by_stage]
        assert len(set(persons)) == len(persons), group.name
    for stage in workflow.stages:
        if stage.same_person_as is not None and stage.same_person_as in by_stage:
            assert by_stage[stage.key] == by_stage[stage.same_person_as]
