"""The form of a sign-off is as binding as that of any other stage: its checklist, its outcomes."""

import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from app.infra.paths import shipped
from app.infra.runtime import Runtime
from tests.api.desk import PROOFREADERS, Desk
from tests.api.press import ready, sign
from tests.api.test_urgent import debts, released


def opened(client: TestClient, runtime: Runtime, folder: Path, *changes: tuple[str, str]) -> Desk:
    """Return a bureau whose sign-off has a checklist and a second outcome; `changes` are further ones."""
    own = Path(shutil.copytree(shipped("policies"), folder / "policies"))
    file = own / "workflows" / "standard.yaml"
    text = file.read_text()
    plain = "      - {key: approve, title: 签发, verb: approve}\n"
    again = plain + "      - {key: again, title: 再版签发, verb: approve, comment: true}\n"
    signs = "    kind: sign_off\n"
    for before, after in ((plain, again), (signs, signs + "    checklist: [已核对发布时间]\n"), *changes):
        assert before in text
        text = text.replace(before, after)
    file.write_text(text)
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": own})
    return Desk.open(client, runtime)


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, tmp_path: Path) -> Desk:
    return ready(opened(client, runtime, tmp_path))


def test_a_checklist_is_ticked_before_anything_is_signed(desk: Desk) -> None:
    refused = sign(desk, outcome="approve")
    assert (refused.status_code, desk.codes(refused)) == (422, {"checklist_incomplete"})
    assert [one["field"] for one in refused.json()["reasons"]] == ["checklist"]
    assert "decision.refused" not in desk.actions()
    assert sign(desk, outcome="approve", checklist=["已核对发布时间"]).status_code == 201


def test_an_outcome_of_its_own_wants_what_it_says(desk: Desk) -> None:
    ticked = {"checklist": ["已核对发布时间"], "outcome": "again"}
    refused = sign(desk, **ticked)
    assert (refused.status_code, desk.codes(refused)) == (422, {"comment_required"})
    assert sign(desk, comment="再版", **ticked).status_code == 201
    assert desk.case("publisher")["decisions"][-1]["outcome"] == "again"


@pytest.mark.both_databases
def test_what_is_owed_is_ticked_as_it_is_at_any_other_time(
    client: TestClient, runtime: Runtime, tmp_path: Path
) -> None:
    second = "    levels: second_review\n"
    ticks = (second, second + "    checklist: [已核对数字]\n")
    desk = opened(client, runtime, tmp_path, ticks).draft()
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    released(desk)

    def settle(stage: str, login: str, digest: str, *checklist: str) -> Response:
        [debt] = [debt for debt in debts(desk) if debt["stage"] == stage]
        wish = {"digest": digest, "checklist": list(checklist), "outcome": "approve"}
        return desk.post(f"/debts/{debt['id']}/settlements", login, wish)

    for ticked in ((), ("已核对日期",)):
        refused = settle("second_review", "second_reviewer", desk.digest(), *ticked)
        assert (refused.status_code, desk.codes(refused)) == (422, {"checklist_incomplete"})
    assert settle("second_review", "second_reviewer", desk.digest(), "已核对数字").status_code == 201
    desk.approve("final_review", "final_reviewer")
    desk.work()
    for stage, login in PROOFREADERS:
        desk.approve(stage, login, "wechat")
    desk.approve("confirm_marks", "initial_reviewer", "wechat")
    proof = desk.case()["proofs"]["wechat"]
    refused = settle("sign_off", "publisher", proof)
    assert (refused.status_code, desk.codes(refused)) == (422, {"checklist_incomplete"})
    settled = settle("sign_off", "publisher", proof, "已核对发布时间")
    assert settled.status_code == 201
    assert settled.json()["settled_at"] is not None
