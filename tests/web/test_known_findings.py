"""What the rules found beside the proof, where the workflow says so: a press makes it a mark."""

import re
import shutil
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.infra.paths import shipped
from app.infra.runtime import Runtime
from tests import factories
from tests.api.desk import Desk
from tests.web.forms import HTML, send, sign_in

TEXT = "各科室按排值班，值班表按排在前，由办公室登记台帐。"


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    made = Desk.open(client, runtime)
    made.draft(factories.document("值班通知", TEXT), "wechat", "website")
    return made


def shows(desk: Desk, folder: Path, *stages: str) -> None:
    """Let stages of the workflow show what the rules found."""
    policies = Path(shutil.copytree(shipped("policies"), folder / "policies"))
    standard = policies / "workflows" / "standard.yaml"
    told = standard.read_text(encoding="utf-8")
    for stage in stages:
        key = f"  - key: {stage}\n"
        assert key in told
        told = told.replace(key, f"{key}    shows_findings: true\n")
    standard.write_text(told, encoding="utf-8")
    desk.runtime.settings = desk.runtime.settings.model_copy(update={"policies_dir": policies})


def known(web: TestClient, base: str) -> list[str]:
    """Return each finding that the page lists beside the proof, as its markup."""
    shown = web.get(base).text.partition('id="known"')[2].partition("</section>")[0]
    return re.findall(r"<li.*?</li>", shown, re.DOTALL)


def first_form(entry: str) -> dict[str, str]:
    form = entry.partition("<form")[2].partition("</form>")[0]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    return {name: unescape(value) for name, value in fields.items() if name != "csrf"}


def at_proof(desk: Desk, login: str) -> TestClient:
    desk.reviews().work()
    web = desk.client
    web.headers.update(HTML)
    web.follow_redirects = False
    sign_in(web, login)
    return web


def test_a_press_makes_a_finding_a_mark_and_it_is_offered_no_more(desk: Desk, tmp_path: Path) -> None:
    shows(desk, tmp_path, "first_proof")
    web, base = at_proof(desk, "proofreader"), f"/drafts/{desk.draft_id}/proofs/wechat"
    listed = known(web, base)
    second = [entry for entry in listed if "按排" in entry][1]
    fields = first_form(second)
    # The second of two is told from the first.
    assert (fields["quote"], fields["nth"], fields["new_text"]) == ("按排", "2", "安排")
    assert send(web, f"{base}/marks", **fields).status_code == 303
    left = known(web, base)
    assert len(left) == len(listed) - 1
    page = web.get(base).text
    assert re.search(r'id="mark-[^"]+" data-at="blocks/0" data-start="11" data-end="13"', page)


def test_it_is_shown_where_the_workflow_says_so_and_to_who_reads_there(desk: Desk, tmp_path: Path) -> None:
    shows(desk, tmp_path, "second_proof")
    web, base = at_proof(desk, "proofreader"), f"/drafts/{desk.draft_id}/proofs/wechat"
    assert 'id="known"' not in web.get(base).text
    del web.headers["Accept"]
    desk.approve("first_proof", "proofreader", "wechat")
    web.headers.update(HTML)
    assert 'id="known"' not in web.get(base).text, "who has read it already is asked nothing"
    sign_in(web, "proofreader2")
    assert known(web, base)
    assert 'id="known"' not in web.get(base.replace("wechat", "website")).text


def test_confirming_is_asked_of_readers_once_marks_are_carried_out(desk: Desk) -> None:
    desk.reviews().work()
    wrong = {"kind": "correct", "place": "blocks/0", "start": 3, "end": 5, "quote": "按排"}
    mark = desk.mark("proofreader", "wechat", new_text="安排", **wrong).json()["id"]
    for line in ("wechat", "website"):
        desk.proofs(line)
    assert desk.open_stages() == {("confirm_marks", "wechat"), ("confirm_marks", "website")}

    def asked(login: str) -> set[str]:
        answer = desk.get("/awaiting", login)
        assert answer.status_code == 200, answer.text
        return {one["line"] for one in answer.json()["items"]}

    # Nothing is open on the website's proof: it can be confirmed. The other waits for its author.
    assert asked("initial_reviewer") == {"website"}
    desk.post(f"/marks/{mark}/dispute", "editor", {"answer": "原文如此。"})
    assert asked("initial_reviewer") == {"website", "wechat"}
    desk.post(f"/marks/{mark}/upholding", "proofreader2")
    assert asked("initial_reviewer") == {"website"}
    carried = desk.post(f"/cases/{desk.case_id}/carry-out", "editor", {"marks": [mark]})
    assert carried.status_code == 201, carried.text
    desk.work()
    assert asked("initial_reviewer") == {"website", "wechat"}
