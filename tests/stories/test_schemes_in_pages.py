"""Every shipped scheme, walked to its release through the pages, and each of its outcomes sent on the way."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from lxml import html

from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.stories.schemes import SCHEMES, able, first_approval, handed_in, passed_by_guest
from tests.web.forms import HTML, sign_in

#: What a page says in its address once a verb was done.
SAID = {
    "approve": {"approved", "signed"},
    "send_back": {"sent_back"},
    "decline": {"declined"},
    "hold": {"held"},
}
#: Where a case stands after an outcome; approving leaves it running, unless it was the last.
AFTER = {
    "approve": {"running", "cleared"},
    "send_back": {"returned"},
    "decline": {"declined"},
    "hold": {"held"},
}


@dataclass
class Shot:
    """The database as it stands now, to come back to after an outcome was tried."""

    live: Path
    kept: Path

    def __post_init__(self) -> None:
        self._copied(self.live, self.kept)

    def restore(self) -> None:
        self._copied(self.kept, self.live)

    @staticmethod
    def _copied(source: Path, target: Path) -> None:
        with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
            one.backup(other)


class Form:
    """The form of one outcome as a page shows it."""

    def __init__(self, form: html.FormElement) -> None:
        self.action = form.action
        self.button = form.xpath(".//button[@type='submit']")[-1]
        self.title = self.button.text_content().strip()
        self.presets = [box.get("value") for box in form.xpath(".//input[@name='preset']")]
        self.boxes = [box.get("value") for box in form.xpath(".//input[@name='ticked']")]
        fields = {key: value for key, value in form.form_values() if key not in {"preset", "ticked"}}
        self.fields: dict[str, Any] = fields

    @property
    def key(self) -> tuple[str, str]:
        return self.fields["stage"], self.fields["outcome"]


def forms_at(desk: Desk, login: str, stage: dict[str, Any]) -> dict[tuple[str, str], Form]:
    """Return the forms that somebody sees for the outcomes of a stage, by stage and outcome."""
    sign_in(desk.client, login)
    page = f"/drafts/{desk.draft_id}"
    if stage["line"] and desk.stage(stage["stage"], stage["line"])["digest"] == proof_of(desk, stage["line"]):
        page += f"/proofs/{stage['line']}"
    shown = desk.client.get(page, headers=HTML)
    assert shown.status_code == 200, shown.text
    tree = html.fromstring(shown.text, base_url=None)
    found = [
        Form(form) for form in tree.forms if "outcome" in form.fields and form.fields["line"] == stage["line"]
    ]
    return {form.key: form for form in found}


def proof_of(desk: Desk, line: str) -> str | None:
    return desk.case()["proofs"].get(line)


def sent(desk: Desk, form: Form, *, words: str) -> str:
    """Send a form with every box ticked, and return what the next page says."""
    data = {**form.fields, "comment": words, "ticked": form.boxes, "preset": form.presets[:1]}
    answer = desk.client.post(form.action, data=data, headers=HTML)
    assert answer.status_code == 303, (form.key, answer.text)
    (said,) = parse_qs(urlsplit(answer.headers["location"]).query)["said"]
    return said


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("key", SCHEMES)
def test_each_outcome_of_each_stage_is_in_the_page(
    client: TestClient, runtime: Runtime, tmp_path: Path, database_url: str, key: str
) -> None:
    desk = Desk.open(client, runtime)
    workflow = handed_in(desk, tmp_path / "policies", key)
    client.follow_redirects = False
    guests, tried = count(1), set[object]()
    for step in range(60):
        desk.work()
        case = desk.case()
        if case["state"] == "cleared":
            break
        stage = next(one for one in case["stages"] if one["state"] == "open")
        login = able(desk, stage)
        if not login:
            passed_by_guest(desk, stage, next(guests))
            continue
        offered = {(stage["stage"], one["key"]): one for one in stage["outcomes"]}
        forms = forms_at(desk, login, stage)
        assert {key: (form.title, form.presets) for key, form in forms.items() if key in offered} == {
            key: (one["title"], one["reasons"]) for key, one in offered.items()
        }
        # Stages with the same outcomes have the same forms: one of them is enough to send them all.
        if (alike := workflow.by_key[stage["stage"]].outcomes) not in tried:
            tried.add(alike)
            shot = Shot(Path(database_url.removeprefix("sqlite:///")), tmp_path / f"{step}.db")
            for place, one in offered.items():
                said = sent(desk, forms_at(desk, login, stage)[place], words="写明理由。")
                assert said in SAID[one["verb"]], place
                after = desk.case("editor")
                assert after["state"] in AFTER[one["verb"]], place
                assert recorded(desk, place, one["verb"]) == "；".join(one["reasons"][:1]) + (
                    "\n写明理由。" if one["reasons"] else "写明理由。"
                )
                shot.restore()
        form = forms_at(desk, login, stage)[stage["stage"], first_approval(stage)]
        assert sent(desk, form, words="同意。") in SAID["approve"]
    assert case["state"] == "cleared"


def recorded(desk: Desk, place: tuple[str, str], verb: str) -> str:
    """Return the words that the record holds of an outcome: those of the decision, or of the hold's event."""
    if verb != "hold":
        last = desk.case("editor")["decisions"][-1]
        assert (last["stage"], last["outcome"]) == place
        return str(last["comment"])
    stream = desk.get(f"/audit/streams/draft:{desk.draft_id}/events", "audit_admin", limit=200)
    held = [one for one in stream.json()["events"] if one["body"]["action"] == "case.held"][-1]
    assert (held["body"]["data"]["stage"], held["body"]["data"]["outcome"]) == place
    return str(held["private"]["comment"])
