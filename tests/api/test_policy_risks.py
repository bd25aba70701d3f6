# ruff: noqa: F811 – fixtures that are imported are arguments
"""What the linter warns of a workflow is accepted by who grants it, each warning with a reason."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient
from sqlmodel import select

from app.audit import verification
from app.domain.vocabulary import PolicyKind
from app.infra.runtime import Runtime
from app.policies import kinds
from app.policies.models import WorkflowRisk
from tests.api.test_policy_kinds import (  # noqa: F401 – the fixtures of a house where two people grant
    Headers,
    ask,
    bureau,
    codes,
    decide,
    folder,
    house,
    in_force,
    propose,
    runtime,
    said,
)
from tests.factories import events

FILE = "workflows/standard.yaml"
BEYOND = "merged_levels"


def risky(folder: Path, name: str = "standard", **more: Any) -> str:
    """Return a workflow whose proofreads one person may do, and that says more."""
    content = yaml.safe_load((folder / f"workflows/{name}.yaml").read_text(encoding="utf-8"))
    content["distinct"] = content["distinct"][:1]
    return yaml.safe_dump(content | more, allow_unicode=True)


def proposed(client: TestClient, as_: Headers, runtime: Runtime, folder: Path) -> tuple[str, str]:
    used = in_force(runtime)[PolicyKind.WORKFLOWS]
    wide = {"marks_only": {"characters": 300, "edits": 3, "share": 5}}
    files = {FILE: risky(folder, **wide)}
    answer = propose(client, as_("policy_keeper"), PolicyKind.WORKFLOWS, used, files=files)
    assert answer.status_code == 201, answer.text
    digest = answer.json()["digest"]
    return digest, ask(client, as_("policy_keeper"), digest)


def warned(client: TestClient, as_: Headers, digest: str) -> dict[str, dict[str, Any]]:
    shown = client.get(f"/api/v1/policies/{digest}", headers=as_("editor")).json()
    return {one["code"]: one for one in shown["risks"]}


def test_each_warning_is_accepted_with_a_reason_or_nothing_comes_into_force(
    client: TestClient,
    runtime: Runtime,
    folder: Path,
    as_: Headers,
) -> None:
    used = in_force(runtime)
    digest, wish = proposed(client, as_, runtime, folder)
    risks = warned(client, as_, digest)
    assert risks.keys() == {"proofs_not_distinct", "marks_only_wide"}
    assert {one["accepted"] for one in risks.values()} == {False}
    assert "可能由同一人完成" in risks["proofs_not_distinct"]["message"]

    refused = decide(client, as_("final_reviewer"), digest, wish)
    assert (refused.status_code, refused.json()["code"]) == (422, "policy_risks_open")
    assert codes(refused) == {"risk_without_reason"}
    assert len(refused.json()["reasons"]) == 2
    assert "请写明接受的理由" in said(refused)
    names = {code: one["fingerprint"] for code, one in risks.items()}
    half = [
        {"fingerprint": names["marks_only_wide"], "reason": "格式小改多"},
        {"fingerprint": "0" * 64, "reason": "没有这一条"},
    ]
    refused = decide(client, as_("final_reviewer"), digest, wish, accepted=half)
    assert [one["code"] for one in refused.json()["reasons"]] == ["risk_without_reason", "risk_not_open"]
    assert in_force(runtime) == used

    whole = [half[0], {"fingerprint": names["proofs_not_distinct"], "reason": "只有两名校对"}]
    granted = decide(client, as_("final_reviewer"), digest, wish, accepted=whole)
    assert granted.status_code == 200, granted.text
    assert {one["accepted"] for one in warned(client, as_, digest).values()} == {True}
    with runtime.database.read() as session:
        rows = session.exec(select(WorkflowRisk)).all()
        assert {row.reason for row in rows} == {"格式小改多", "只有两名校对"}
        assert {row.key for row in rows} == {"standard"}
        assert all(row.asked_by != row.decided_by for row in rows)
        assert verification.verify(session).faults == ()
    assert [action for action, _ in events(runtime.database, "workflow:standard")].count(
        "workflow.risk_accepted"
    ) == 2


def test_what_was_accepted_once_is_not_asked_for_again(
    client: TestClient,
    runtime: Runtime,
    folder: Path,
    as_: Headers,
) -> None:
    digest, wish = proposed(client, as_, runtime, folder)
    accepted = [
        {"fingerprint": one["fingerprint"], "reason": "可以"} for one in warned(client, as_, digest).values()
    ]
    assert decide(client, as_("final_reviewer"), digest, wish, accepted=accepted).status_code == 200
    text = risky(folder, title="另一个名称", marks_only={"characters": 300, "edits": 3, "share": 5})
    again = propose(client, as_("policy_keeper"), PolicyKind.WORKFLOWS, digest, files={FILE: text})
    second = again.json()["digest"]
    wish = ask(client, as_("policy_keeper"), second)
    assert decide(client, as_("final_reviewer"), second, wish).status_code == 200


def test_a_refusal_needs_no_reasons(
    client: TestClient,
    runtime: Runtime,
    folder: Path,
    as_: Headers,
) -> None:
    digest, wish = proposed(client, as_, runtime, folder)
    assert decide(client, as_("final_reviewer"), digest, wish, grant=False).json()["state"] == "refused"
    assert {one["accepted"] for one in warned(client, as_, digest).values()} == {False}


@pytest.mark.parametrize("kind", [PolicyKind.WORKFLOWS, PolicyKind.CHANNELS])
def test_two_versions_are_held_against_each_other(
    client: TestClient,
    runtime: Runtime,
    folder: Path,
    as_: Headers,
    kind: PolicyKind,
) -> None:
    used = in_force(runtime)
    path, old, new = {
        PolicyKind.WORKFLOWS: (FILE, "title: ", "title: 新的"),
        PolicyKind.CHANNELS: ("channels.yaml", "name: 公众号", "name: 公众号（服务号）"),
    }[kind]
    text = (folder / path).read_text(encoding="utf-8").replace(old, new, 1)
    files = {path: text} if kind is PolicyKind.CHANNELS else {path: text, f"workflows/{BEYOND}.yaml": None}
    answer = propose(client, as_("policy_keeper"), kind, used[kind], files=files)
    digest = answer.json()["digest"]
    there = f"/api/v1/policies/{digest}/difference"
    told = client.get(there, headers=as_("policy_keeper")).json()
    assert (told["digest"], told["against"]) == (digest, used[kind])
    states = {one["file"]: one["state"] for one in told["files"]}
    assert states == {path: "changed"} | (
        {} if kind is PolicyKind.CHANNELS else {f"workflows/{BEYOND}.yaml": "removed"}
    )
    lines = next(one["lines"] for one in told["files"] if one["file"] == path)
    assert any(line.startswith("+") and new in line for line in lines)
    back = client.get(
        f"/api/v1/policies/{used[kind]}/difference?against={digest}", headers=as_("policy_keeper")
    ).json()
    assert any(line.startswith("-") and new in line for one in back["files"] for line in one["lines"])
    assert client.get(f"{there}?against={digest}", headers=as_("policy_keeper")).json()["files"] == []
    other = used[PolicyKind.URGENT]
    strange = client.get(f"{there}?against={other}", headers=as_("policy_keeper"))
    assert (strange.status_code, strange.json()["code"]) == (404, "policy_unknown")
    assert client.get(there, headers=as_("editor")).status_code == 403


def test_a_stage_that_routing_adds_is_part_of_what_is_walked(
    client: TestClient,
    runtime: Runtime,
    folder: Path,
    as_: Headers,
) -> None:
    text = (folder / "routing.yaml").read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    content["add"] = [
        {
            "rule": "late_proof",
            "title": "外部校对",
            "when": {"channels": ["wechat"]},
            "after": {"stage": "third_proof"},
            "stage": {"key": "extra", "title": "再看一遍", "kind": "consult", "who": {"role": "proofreader"}},
        }
    ]
    kind = PolicyKind.ROUTING
    files = {"routing.yaml": yaml.safe_dump(content, allow_unicode=True)}
    answer = propose(client, as_("policy_keeper"), kind, in_force(runtime)[kind], files=files)
    assert answer.status_code == 201, answer.text
    assert warned(client, as_, answer.json()["digest"]) == {}
    assert kinds.kind_of("routing.yaml") is kind
