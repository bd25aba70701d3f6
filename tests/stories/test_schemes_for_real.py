"""Every shipped scheme, walked to its release over the API by accounts with roles, posts and titles."""

import shutil
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.domain.workflow import Workflow, read_workflow
from app.identity.posts import Held, set_posts
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from tests import factories
from tests.api.desk import Desk

SCHEMES = sorted(path.stem for path in (shipped("policies") / "workflows").glob("*.yaml"))
#: People who hold every post of the scheme; more than any distinct set needs.
OFFICIALS = tuple(f"official{number}" for number in range(7))
BY_ROLE = (
    "editor",
    "editor2",
    "initial_reviewer",
    "second_reviewer",
    "final_reviewer",
    "proofreader",
    "proofreader2",
    "proofreader3",
    "publisher",
)


def staffed(desk: Desk, workflow: Workflow) -> None:
    """Give the bureau officials who hold every post that the workflow names, and head the author's unit."""
    posts = {who.post for stage in workflow.stages for who in stage.who if who.post is not None}
    at, unit = desk.runtime.clock(), desk.bureau.office
    with desk.runtime.database.write() as session:
        keeper = desk.bureau.actor("security_admin")
        for login in OFFICIALS:
            user = factories.person(session, login, unit=unit, at=at)
            held = [Held(unit.id, "负责人", heads=True), *(Held(unit.id, post) for post in sorted(posts))]
            set_posts(session, user_id=user.id, posts=held, qualification="senior", actor=keeper, at=at)
        for login in BY_ROLE:
            user = desk.bureau.user(login)
            set_posts(session, user_id=user.id, posts=(), qualification="senior", actor=keeper, at=at)


def able(desk: Desk, stage: dict[str, Any]) -> str:
    """Return who may approve at a stage now, by login; empty when only people outside may."""
    for login in (*BY_ROLE, *OFFICIALS):
        shown = desk.get(f"/cases/{desk.case_id}", login)
        if shown.status_code != 200:
            continue
        place = (stage["stage"], stage["line"])
        mine = next(one for one in shown.json()["stages"] if (one["stage"], one["line"]) == place)
        if any(option["verb"] == "approve" and option["allowed"] for option in mine["options"]):
            return login
    return ""


def passed(desk: Desk, stage: dict[str, Any], phones: "count[int]") -> None:
    """Approve a stage as whoever may; by a link where only people outside may."""
    login, key, line = able(desk, stage), stage["stage"], stage["line"]
    if not login:
        number = next(phones)
        guest = {"stage": key, "name": f"专家{number}", "post": "教授", "phone": str(13800000000 + number)}
        made = desk.post(f"/cases/{desk.case_id}/links", OFFICIALS[0], guest)
        assert made.status_code == 201, (key, made.text)
        outcome = next(one["key"] for one in stage["outcomes"] if one["verb"] == "approve")
        answer = {
            "outcome": outcome, "name": guest["name"], "comment": "同意。", "checklist": stage["checklist"]
        }  # fmt: skip
        raw = made.json()["address"].rsplit("/", 1)[1]
        done = desk.client.post(f"/api/v1/signing/{raw}", json=answer)
    elif stage["kind"] == "sign_off":
        body = {"line": line, "digest": stage["digest"], "comment": "同意。", "checklist": stage["checklist"]}
        done = desk.post(f"/cases/{desk.case_id}/releases", login, body)
    else:
        done = desk.decide(key, login, line, comment="同意。", checklist=stage["checklist"])
    assert done.status_code in {200, 201}, (key, login, done.text)


@pytest.mark.parametrize("key", SCHEMES)
def test_it_is_walked_to_its_release(client: TestClient, runtime: Runtime, tmp_path: Path, key: str) -> None:
    own = Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))
    routing = own / "routing.yaml"
    routing.write_text(routing.read_text().replace("workflow: standard", f"workflow: {key}"))
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": own})
    workflow = read_workflow((own / "workflows" / f"{key}.yaml").read_text())
    desk, phones = Desk.open(client, runtime), count(1)
    staffed(desk, workflow)
    desk.draft()
    desk.submit()
    for _ in range(60):
        desk.work()
        case = desk.case()
        if case["state"] == "cleared":
            break
        waiting = [one for one in case["stages"] if one["state"] == "open"]
        assert waiting, [(one["stage"], one["state"]) for one in case["stages"]]
        passed(desk, waiting[0], phones)
    assert case["state"] == "cleared"
    done = [one for one in case["decisions"] if one["final"]]
    by_stage = {one["stage"]: one["actor_id"] for one in done}
    for group in workflow.distinct:
        persons = [by_stage[stage] for stage in group.stages if stage in by_stage]
        assert len(set(persons)) == len(persons), group.name
