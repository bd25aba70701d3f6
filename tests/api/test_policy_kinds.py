"""Every kind of policy files goes one way: proposed, held against the others, granted by a second person."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import select

from app.audit import verification
from app.channels.models import Channel
from app.domain.vocabulary import PolicyKind
from app.infra.folders import files_in
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.main import create_app
from app.policies import kinds
from app.policies import service as policies
from app.policies.files.following import FollowedFiles
from app.policies.models import PolicyVersion
from app.policies.versions import digests_in_use
from app.publication.urgent.service import lane
from app.reviews import calendar, routing, workflows
from tests.factories import announced, events
from tests.keepers import House

Headers = Callable[[str], dict[str, str]]
FILE = {
    PolicyKind.WORKFLOWS: "workflows/standard.yaml",
    PolicyKind.ROUTING: "routing.yaml",
    PolicyKind.CALENDAR: "calendar/2026.yaml",
    PolicyKind.URGENT: "urgent.yaml",
    PolicyKind.CHANNELS: "channels.yaml",
    PolicyKind.QUALITY: "quality.yaml",
}
#: Per kind: what stands in the file, and what is put in its place.
CHANGE = {
    PolicyKind.WORKFLOWS: ("title: ", "title: 新的"),
    PolicyKind.ROUTING: ("title: 一般稿件", "title: 其他稿件"),
    PolicyKind.CALENDAR: ("workdays:", "# 按通知核对过。\nworkdays:"),
    PolicyKind.URGENT: ("working_days: 2", "working_days: 1"),
    PolicyKind.CHANNELS: ("name: 公众号", "name: 公众号（服务号）"),
    PolicyKind.QUALITY: ("limit: 2", "limit: 1.5"),
}
OTHERS = tuple(kind for kind in PolicyKind if kind is not PolicyKind.NEGATIVE_LIST)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "policies"
    shutil.copytree(shipped("policies"), made, ignore=shutil.ignore_patterns("negative_list"))
    # The house of tests has two bodies, so a channel says whose it is.
    channels = made / "channels.yaml"
    text = channels.read_text(encoding="utf-8")
    channels.write_text(text.replace("  - code:", "  - unit: 清河市民政局\n    code:"), encoding="utf-8")
    return made


@pytest.fixture
def runtime(runtime: Runtime, folder: Path) -> Runtime:
    """A runtime as in production: what two people granted is in force, not what lies in the folder."""
    settings = runtime.settings.model_copy(update={"policies_dir": folder, "policies_follow": "granted"})
    return replace(
        runtime, settings=settings, granted=FollowedFiles(folder, runtime.database, look_every=0.0)
    )


@pytest.fixture
def house(runtime: Runtime) -> House:
    return House.build(runtime)


@pytest.fixture
def bureau(house: House) -> Any:
    return house.bureau


def store(runtime: Runtime) -> FollowedFiles:
    assert isinstance(runtime.granted, FollowedFiles)
    return runtime.granted


def in_force(runtime: Runtime) -> dict[PolicyKind, str]:
    with runtime.database.read() as session:
        return digests_in_use(session)


def changed(kind: PolicyKind, folder: Path) -> str:
    old, new = CHANGE[kind]
    text = (folder / FILE[kind]).read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new, 1)


def propose(
    client: TestClient, headers: dict[str, str], kind: PolicyKind, base: str, **files: Any
) -> Response:
    body = {"kind": kind, "base": base, "files": {**files.pop("files", {}), **files}, "note": "按通知修改"}
    return client.post("/api/v1/policies", headers=headers, json=body)


def ask(client: TestClient, headers: dict[str, str], digest: str) -> str:
    answer = client.post(f"/api/v1/policies/{digest}/activations", headers=headers, json={"note": "请批准"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def decide(client: TestClient, headers: dict[str, str], digest: str, wish: str, **body: Any) -> Response:
    path = f"/api/v1/policies/{digest}/activations/{wish}/decision"
    return client.post(path, headers=headers, json={"grant": True, **body})


def codes(answer: Response) -> set[str]:
    return {one["code"] for one in answer.json()["reasons"]}


def said(answer: Response) -> str:
    return "\n".join(one["message"] for one in answer.json()["reasons"])


def test_the_first_start_takes_the_folder_as_first_versions_on_record(
    client: TestClient, runtime: Runtime, folder: Path
) -> None:
    files = files_in(folder)
    assert {kind: digest for kind, digest in in_force(runtime).items() if kind in OTHERS} == {
        kind: kinds.digest_of(kind, kinds.part(kind, files)) for kind in OTHERS
    }
    for kind in OTHERS:
        assert events(runtime.database, f"{policies.ACTIVE}:{kind}") == [("policy.activated", "done")]
    with runtime.database.read() as session:
        assert {row.source for row in session.exec(select(PolicyVersion)).all()} == {"folder"}
        assert verification.verify(session).faults == ()


def test_a_second_start_changes_nothing(client: TestClient, runtime: Runtime) -> None:
    before = in_force(runtime)
    create_app(replace(runtime, granted=FollowedFiles(runtime.settings.policies, runtime.database)))
    assert in_force(runtime) == before
    for kind in OTHERS:
        assert len(events(runtime.database, f"{policies.ACTIVE}:{kind}")) == 1


@pytest.mark.parametrize("kind", OTHERS)
def test_an_edited_file_changes_nothing_until_a_second_person_grants_it(
    client: TestClient, runtime: Runtime, folder: Path, as_: Headers, kind: PolicyKind
) -> None:
    other = FollowedFiles(folder, runtime.database, look_every=0.0)
    path, before = FILE[kind], runtime.policies
    text = changed(kind, folder)
    (folder / path).write_text(text, encoding="utf-8")
    store(runtime).catch_up()
    assert runtime.policies.text(path) == before.text(path) != text

    listed = client.get(f"/api/v1/policies?kind={kind}", headers=as_("editor")).json()
    (candidate,) = [one for one in listed["items"] if one["state"] == "candidate"]
    digest, was = candidate["digest"], listed["in_force"]
    assert (candidate["kind"], candidate["source"], candidate["base"]) == (kind, "folder", was)
    assert (listed["follows_folder"], listed["folder_faults"]) == (False, [])

    assert (
        client.post(f"/api/v1/policies/{digest}/activations", headers=as_("editor"), json={}).status_code
        == 403
    )
    wish = ask(client, as_("policy_keeper"), digest)
    own = decide(client, as_("policy_keeper"), digest, wish)
    assert (own.status_code, codes(own)) == (403, {"own_activation"})
    assert runtime.policies.text(path) != text
    granted = decide(client, as_("policy_keeper2"), digest, wish)
    assert (granted.status_code, granted.json()["activated"]) == (200, digest), granted.text

    assert runtime.policies.text(path) == text
    other.catch_up()
    assert other.current.text(path) == text
    assert events(runtime.database, f"{policies.ACTIVE}:{kind}") == [("policy.activated", "done")] * 2
    assert events(runtime.database, f"policy:{digest}") == [
        ("policy.proposed", "done"),
        ("policy.activation_asked", "done"),
    ]
    assert "policy.activated" in announced(runtime.database)
    with runtime.database.read() as session:
        assert verification.verify(session).faults == ()


def test_what_is_granted_is_what_the_service_works_with(
    client: TestClient, runtime: Runtime, folder: Path, as_: Headers
) -> None:
    before = workflows.in_force(runtime.policies).digest
    for kind in OTHERS:
        answer = propose(
            client,
            as_("policy_keeper"),
            kind,
            in_force(runtime)[kind],
            files={FILE[kind]: changed(kind, folder)},
        )
        assert answer.status_code == 201, answer.text
        digest = answer.json()["digest"]
        wish = ask(client, as_("policy_keeper"), digest)
        assert decide(client, as_("final_reviewer"), digest, wish).status_code == 200
    assert workflows.in_force(runtime.policies).digest != before
    assert routing.routing_in_force(runtime.policies).choose[-1].title == "其他稿件"
    assert lane(runtime.policies).within.working_days == 1
    assert calendar.calendar_of(runtime.policies).years
    with runtime.database.read() as session:
        names = {channel.code: channel.name for channel in session.exec(select(Channel)).all()}
    assert names["wechat"] == "公众号（服务号）"


def test_a_proposal_is_refused_with_everything_that_is_wrong_with_it(
    client: TestClient, runtime: Runtime, folder: Path, as_: Headers
) -> None:
    text = (folder / "workflows/standard.yaml").read_text(encoding="utf-8")
    answer = propose(
        client,
        as_("policy_keeper"),
        PolicyKind.WORKFLOWS,
        in_force(runtime)[PolicyKind.WORKFLOWS],
        files={
            "workflows/standard.yaml": text.replace("kind: rule_check", "kind: rule_chek", 1),
            "workflows/merged_levels.yaml": "key: merged_levels\n",
            "urgent.yaml": "version: 1\n",
        },
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "policy_faulty")
    assert {one["field"] for one in answer.json()["reasons"]} == {
        "workflows/standard.yaml",
        "workflows/merged_levels.yaml",
        "urgent.yaml",
    }
    assert "urgent.yaml 不是“审校流程”的文件" in said(answer)
    assert "workflows/standard.yaml 第" in said(answer)


@pytest.mark.parametrize(
    ("kind", "file", "old", "new", "told"),
    [
        (
            PolicyKind.ROUTING,
            "routing.yaml",
            "workflow: standard",
            "workflow: none",
            "没有代码为“none”的流程",
        ),
        (PolicyKind.WORKFLOWS, "workflows/standard.yaml", None, None, "没有代码为“standard”的流程"),
        (
            PolicyKind.ROUTING,
            "routing.yaml",
            "when: {facts: [repost]}",
            "when: {facts: [repost], channels: [radio]}",
            "没有代码为“radio”的阵地",
        ),
        (
            PolicyKind.ROUTING,
            "routing.yaml",
            "when: {facts: [repost]}",
            "when: {facts: [repost], sections: [sports]}",
            "没有代码为“sports”的栏目",
        ),
        (PolicyKind.URGENT, "urgent.yaml", "roles: [publisher", "roles: [nobody", "只能是"),
        (PolicyKind.CALENDAR, "calendar/2026.yaml", "year: 2026", "year: 2025", "不在 2025 年"),
        (PolicyKind.CHANNELS, "channels.yaml", "kind: website", "kind: journal", "不能改变"),
    ],
)
def test_a_proposal_that_does_not_fit_the_rest_is_refused(
    client: TestClient,
    runtime: Runtime,
    folder: Path,
    as_: Headers,
    kind: PolicyKind,
    file: str,
    old: str | None,
    new: str | None,
    told: str,
) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    given = None if old is None or new is None else text.replace(old, new, 1)
    assert given != text
    answer = propose(client, as_("policy_keeper"), kind, in_force(runtime)[kind], files={file: given})
    assert (answer.status_code, answer.json()["code"]) == (422, "policy_faulty"), answer.text
    assert told in said(answer)


def test_what_does_not_fit_any_more_is_refused_at_the_grant(
    client: TestClient, runtime: Runtime, folder: Path, as_: Headers
) -> None:
    keeper, second = as_("policy_keeper"), as_("policy_keeper2")
    text = (folder / "routing.yaml").read_text(encoding="utf-8")
    used = in_force(runtime)
    routed = propose(
        client,
        keeper,
        PolicyKind.ROUTING,
        used[PolicyKind.ROUTING],
        files={"routing.yaml": text.replace("workflow: standard", "workflow: county_bureau", 1)},
    )
    without = propose(
        client,
        keeper,
        PolicyKind.WORKFLOWS,
        used[PolicyKind.WORKFLOWS],
        files={"workflows/county_bureau.yaml": None},
    )
    assert (routed.status_code, without.status_code) == (201, 201), routed.text + without.text
    digests = routed.json()["digest"], without.json()["digest"]
    wishes = [ask(client, keeper, digest) for digest in digests]
    assert decide(client, second, digests[1], wishes[1]).status_code == 200
    refused = decide(client, second, digests[0], wishes[0])
    assert (refused.status_code, refused.json()["code"]) == (422, "policy_faulty")
    assert "没有代码为“county_bureau”的流程" in said(refused)
    assert in_force(runtime)[PolicyKind.ROUTING] == used[PolicyKind.ROUTING]
    assert decide(client, second, digests[0], wishes[0], grant=False).json()["state"] == "refused"


def test_a_folder_that_changes_a_workflow_and_its_routing_proposes_both(
    client: TestClient, runtime: Runtime, folder: Path, as_: Headers
) -> None:
    keeper, second = as_("policy_keeper"), as_("policy_keeper2")
    shutil.copy(folder / "workflows/standard.yaml", folder / "workflows/ours.yaml")
    routed = folder / "routing.yaml"
    routed.write_text(
        routed.read_text(encoding="utf-8").replace("workflow: standard", "workflow: ours"), encoding="utf-8"
    )
    store(runtime).catch_up()
    digests = {}
    for kind in (PolicyKind.WORKFLOWS, PolicyKind.ROUTING):
        listed = client.get(f"/api/v1/policies?kind={kind}", headers=keeper).json()
        (digests[kind],) = [one["digest"] for one in listed["items"] if one["state"] == "candidate"]
        assert listed["folder_faults"] == []
    wishes = {kind: ask(client, keeper, digest) for kind, digest in digests.items()}
    early = decide(client, second, digests[PolicyKind.ROUTING], wishes[PolicyKind.ROUTING])
    assert (early.status_code, early.json()["code"]) == (422, "policy_faulty")
    for kind, digest in digests.items():
        assert decide(client, second, digest, wishes[kind]).status_code == 200
    assert routing.laid_out(runtime.policies, "ours").stages


def test_a_wish_is_stale_once_another_version_of_its_kind_is_in_force(
    client: TestClient, runtime: Runtime, folder: Path, as_: Headers
) -> None:
    keeper, second = as_("policy_keeper"), as_("policy_keeper2")
    used = in_force(runtime)[PolicyKind.URGENT]
    text = (folder / "urgent.yaml").read_text(encoding="utf-8")
    digests = [
        propose(
            client,
            keeper,
            PolicyKind.URGENT,
            used,
            files={"urgent.yaml": text.replace("working_days: 2", f"working_days: {days}")},
        ).json()["digest"]
        for days in (1, 3)
    ]
    wishes = [ask(client, keeper, digest) for digest in digests]
    assert decide(client, second, digests[0], wishes[0]).status_code == 200
    stale = decide(client, second, digests[1], wishes[1])
    assert (stale.status_code, stale.json()["code"]) == (409, "activation_stale")


def test_a_faulty_folder_is_an_alarm_and_changes_nothing(
    client: TestClient, runtime: Runtime, folder: Path, as_: Headers
) -> None:
    before = in_force(runtime)
    (folder / "urgent.yaml").write_text("version: 1\nroles: [nobody]\n", encoding="utf-8")
    (folder / "routing.yaml").write_bytes(b"\xff\xfe")
    store(runtime).catch_up()
    assert in_force(runtime) == before
    listed = client.get("/api/v1/policies?kind=urgent", headers=as_("editor")).json()
    assert {fault["key"] for fault in listed["folder_faults"]} >= {"roles.0", "within"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    assert [fault.code for fault in client.app.state.readiness.faults()] == ["folder_faulty"]  # type: ignore[attr-defined]


def test_a_first_start_on_faulty_files_goes_on_as_they_lie_there(runtime: Runtime, folder: Path) -> None:
    (folder / "urgent.yaml").write_text("version: 1\n", encoding="utf-8")
    fresh = replace(runtime, granted=FollowedFiles(folder, runtime.database, look_every=0.0))
    create_app(fresh)
    assert PolicyKind.URGENT not in in_force(fresh)
    assert store(fresh).missing == (PolicyKind.URGENT,)
    assert [one.field for one in store(fresh).faults] == ["urgent.yaml", "urgent.yaml"]
    shutil.copy(shipped("policies") / "urgent.yaml", folder / "urgent.yaml")
    store(fresh).catch_up()
    assert PolicyKind.URGENT in in_force(fresh)
    assert lane(fresh.policies).within.working_days == 2


def test_where_the_folder_is_followed_nothing_is_asked_for(
    client: TestClient, runtime: Runtime, folder: Path, as_: Headers
) -> None:
    digest = propose(
        client,
        as_("policy_keeper"),
        PolicyKind.URGENT,
        in_force(runtime)[PolicyKind.URGENT],
        files={"urgent.yaml": changed(PolicyKind.URGENT, folder)},
    ).json()["digest"]
    runtime.granted = None
    listed = client.get("/api/v1/policies?kind=urgent", headers=as_("editor")).json()
    assert listed["follows_folder"] is True
    answer = client.post(
        f"/api/v1/policies/{digest}/activations", headers=as_("policy_keeper"), json={"note": "请批准"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "policies_follow_folder")
    (folder / "urgent.yaml").write_text(changed(PolicyKind.URGENT, folder), encoding="utf-8")
    assert lane(runtime.policies).within.working_days == 1
