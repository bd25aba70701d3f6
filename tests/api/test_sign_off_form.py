"""The form of a sign-off is as binding as that of any other stage: its checklist, its outcomes."""

import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.infra.paths import shipped
from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.api.press import ready, sign


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, tmp_path: Path) -> Desk:
    own = Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))
    file = own / "workflows" / "standard.yaml"
    text = file.read_text()
    plain = "      - {key: approve, title: 签发, verb: approve}\n"
    assert plain in text
    text = text.replace(
        plain, plain + "      - {key: again, title: 再版签发, verb: approve, comment: true}\n"
    )
    text = text.replace("    kind: sign_off\n", "    kind: sign_off\n    checklist: [已核对发布时间]\n")
    file.write_text(text)
    runtime.settings = runtime.settings.model_copy(update={"policies_dir": own})
    return ready(Desk.open(client, runtime))


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
