"""A case keeps the workflow that it began with, whatever happens to the file."""

import shutil
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.domain.workflow.commands import Approve
from app.infra.errors import Unavailable
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.reviews import service
from app.reviews.commands import perform
from tests.api.desk import Desk

pytestmark = pytest.mark.both_databases


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped("policies"), tmp_path / "policies"))


@pytest.fixture
def own(runtime: Runtime, policies: Path) -> Runtime:
    """The same service with policy files that the test may change."""
    return replace(runtime, settings=runtime.settings.model_copy(update={"policies_dir": policies}))


def submitted(desk: Desk, runtime: Runtime) -> service.Loaded:
    desk.draft()
    with runtime.database.write() as session:
        return service.submit(
            session,
            draft_id=UUID(desk.draft_id),
            digest=desk.digest(),
            actor=desk.actor("editor"),
            runtime=runtime,
            at=runtime.clock(),
        )


def approve(desk: Desk, runtime: Runtime, loaded: service.Loaded, stage: str, login: str) -> service.Loaded:
    with runtime.database.write() as session:
        return perform(
            session,
            loaded.row.id,
            Approve(stage, "", loaded.row.revision_digest),
            actor=desk.actor(login),
            runtime=runtime,
            at=runtime.clock(),
        )


def test_a_change_of_the_file_reaches_new_cases_only(
    client: TestClient, own: Runtime, policies: Path
) -> None:
    desk = Desk.open(client, own)
    before = submitted(desk, own)
    file = policies / "workflows" / "standard.yaml"
    file.write_text(file.read_text().replace("title: 复审\n", "title: 部门复审\n"))
    after = submitted(desk, own)
    assert after.row.workflow_digest != before.row.workflow_digest
    assert after.workflow.by_key["second_review"].title == "部门复审"
    gone_on = approve(desk, own, before, "initial_review", "initial_reviewer")
    assert gone_on.row.workflow_digest == before.row.workflow_digest
    assert gone_on.workflow.by_key["second_review"].title == "复审"


def test_nothing_begins_on_a_file_with_faults_but_cases_go_on(
    client: TestClient, own: Runtime, policies: Path
) -> None:
    desk = Desk.open(client, own)
    begun = submitted(desk, own)
    file = policies / "workflows" / "standard.yaml"
    whole = file.read_text()
    file.write_text(whole.replace("levels: second_review", "levels: first_proof"))
    with pytest.raises(Unavailable) as refused:
        submitted(desk, own)
    assert refused.value.code == "workflow_unusable"
    assert "missing_review_level" in {reason.data["fault"] for reason in refused.value.reasons}
    assert desk.get(f"/drafts/{desk.draft_id}").json()["state"] == "editing"
    file.unlink()
    with pytest.raises(Unavailable) as refused:
        submitted(desk, own)
    assert [reason.code for reason in refused.value.reasons] == ["workflow_missing"]
    approve(desk, own, begun, "initial_review", "initial_reviewer")
    file.write_text(whole)
    assert submitted(desk, own).case.state == "running"
