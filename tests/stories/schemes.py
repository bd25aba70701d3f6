"""What walks of the shipped schemes share: a bureau that has the scheme's posts, and who may act in it."""

import shutil
from pathlib import Path
from typing import Any

from app.domain.workflow import Workflow, read_workflow
from app.identity.posts.service import Held, set_posts
from app.infra.paths import shipped
from tests import factories
from tests.api import outside
from tests.api.desk import Desk

#: Those for drafts; what is out already is corrected and retracted by shorter ones (`purpose`), of which
#: tests/api/test_corrections.py walks each.
SCHEMES = sorted(
    path.stem
    for path in (shipped("policies") / "workflows").glob("*.yaml")
    if "\npurpose:" not in path.read_text(encoding="utf-8")
)
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


#: Schemes of kinds that none of the shipped ones is of, written from the docs alone.
OWN = Path(__file__).parent / "own"


def handed_in(desk: Desk, policies: Path, key: str) -> Workflow:
    """Let a bureau's drafts all walk the scheme `key`, hand one in, and return the scheme.

    `policies` is where its own copy of the policies is put.
    """
    runtime = desk.runtime
    own = Path(shutil.copytree(shipped("policies"), policies))
    for file in OWN.glob("*.yaml"):
        shutil.copy(file, own / "workflows")
    routing = own / "routing.yaml"
    routing.write_text(routing.read_text().replace("workflow: standard", f"workflow: {key}"))
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": own})
    workflow = read_workflow((own / "workflows" / f"{key}.yaml").read_text())
    _staffed(desk, workflow)
    desk.draft()
    desk.submit()
    return workflow


def _staffed(desk: Desk, workflow: Workflow) -> None:
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


def passed_by_guest(desk: Desk, stage: dict[str, Any], number: int) -> None:
    """Approve a stage as somebody outside, by a link that an official asked for."""
    guest = {
        "stage": stage["stage"],
        "name": f"专家{number}",
        "post": "教授",
        "phone": str(13800000000 + number),
    }
    made = desk.post(f"/cases/{desk.case_id}/links", OFFICIALS[0], guest)
    assert made.status_code == 201, (stage["stage"], made.text)
    raw, code = outside.sent(desk, made, by=OFFICIALS[1])
    answer = {
        "code": code,
        "outcome": first_approval(stage),
        "name": guest["name"],
        "comment": "同意。",
        "checklist": stage["checklist"],
    }
    done = desk.client.post(f"/api/v1/signing/{raw}", json=answer)
    assert done.status_code == 200, (stage["stage"], done.text)


def first_approval(stage: dict[str, Any]) -> str:
    """Return the key of the first outcome with which a stage passes."""
    return str(next(one["key"] for one in stage["outcomes"] if one["verb"] == "approve"))
