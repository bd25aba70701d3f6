"""Versions of the negative list: stored, proposed, asked for by one person and granted by another."""

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from app.infra.db import Database
from app.infra.errors import AppError
from app.infra.runtime import Runtime
from app.jobs.runner import Runner
from app.policies import service as policies
from app.policies.in_use import policy_of
from app.policies.models import PolicyFile, PolicyInUse, PolicyVersion
from app.policies.negative_list.following import FollowedPolicies
from app.policies.versions import digest_in_use
from app.publication.models import Release
from tests import keepers
from tests.api.desk import Desk
from tests.api.press import ready, sign
from tests.factories import announced, events
from tests.keepers import FILES, FOOL, WORDS, House, milder, stored, with_new_block

Headers = Callable[[str], dict[str, str]]
UNKNOWN = "0" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "negative_list"


@pytest.fixture
def negative_list(folder: Path, database: Database) -> FollowedPolicies:
    return keepers.followed(folder, database)


@pytest.fixture
def house(runtime: Runtime) -> House:
    return House.build(runtime)


@pytest.fixture
def bureau(house: House) -> Any:
    return house.bureau


def first(runtime: Runtime) -> str:
    with runtime.database.read() as session:
        digest = digest_in_use(session)
    assert digest is not None
    return digest


def ask(client: TestClient, headers: dict[str, str], digest: str) -> str:
    answer = client.post(
        f"/api/v1/policies/{digest}/activations", headers=headers, json={"note": "试行后启用"}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def decide(client: TestClient, headers: dict[str, str], digest: str, wish: str, **body: Any) -> Response:
    path = f"/api/v1/policies/{digest}/activations/{wish}/decision"
    return client.post(path, headers=headers, json={"grant": True, **body})


def test_the_first_start_stores_the_folder_and_brings_it_in(
    client: TestClient, runtime: Runtime, as_: Headers
) -> None:
    digest = first(runtime)
    assert digest == runtime.negative_list.current.digest
    assert events(runtime.database, f"policy:{digest}") == [("policy.proposed", "done")]
    assert events(runtime.database, policies.ACTIVE) == [("policy.activated", "done")]
    listed = client.get("/api/v1/policies", headers=as_("editor")).json()
    assert [(one["digest"], one["state"], one["source"]) for one in listed["items"]] == [
        (digest, "in_force", "folder")
    ]
    assert listed["folder_faults"] == []
    detail = client.get(f"/api/v1/policies/{digest}", headers=as_("editor")).json()
    assert set(detail["files"]) == set(FILES)
    assert [one["asked_by"] for one in detail["activations"]] == [None]


def test_a_second_start_changes_nothing(client: TestClient, runtime: Runtime, folder: Path) -> None:
    from app.main import create_app

    create_app(runtime)
    assert events(runtime.database, policies.ACTIVE) == [("policy.activated", "done")]


def test_a_changed_folder_is_a_candidate_and_a_faulty_one_an_alarm(
    client: TestClient, runtime: Runtime, folder: Path, as_: Headers
) -> None:
    digest = first(runtime)
    keepers.write(folder, with_new_block())
    store = policies.following(runtime)
    store.catch_up()
    assert store.current.digest == digest
    listed = client.get("/api/v1/policies", headers=as_("editor")).json()
    assert {(one["state"], one["source"], one["base"]) for one in listed["items"]} == {
        ("in_force", "folder", None),
        ("candidate", "folder", digest),
    }
    keepers.write(folder, {"wording/words.yaml": WORDS.replace("severity: block", "severty: block")})
    store.catch_up()
    listed = client.get("/api/v1/policies", headers=as_("editor")).json()
    assert listed["in_force"] == digest
    faults = listed["folder_faults"]
    assert {(fault["file"], fault["key"]) for fault in faults} >= {
        ("wording/words.yaml", "wording.canfei.severty")
    }, faults
    # What is in force goes on: the service is ready, and says what is wrong with the folder.
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    assert [fault.code for fault in client.app.state.readiness.faults()] == ["list_faulty"]  # type: ignore[attr-defined]
    keepers.write(folder, FILES)
    store.catch_up()
    assert client.get("/api/v1/policies", headers=as_("editor")).json()["folder_faults"] == []


def test_proposing(client: TestClient, runtime: Runtime, as_: Headers) -> None:
    digest = first(runtime)
    body: dict[str, Any] = {"base": digest, "files": {"wording/words.yaml": WORDS + FOOL}, "note": "新增一条"}
    assert client.post("/api/v1/policies", json=body).status_code == 401
    for login in ("editor", "final_reviewer", "system_admin"):
        assert client.post("/api/v1/policies", json=body, headers=as_(login)).status_code == 403
    small = client.post("/api/v1/policies", json=body, headers=as_("district_keeper"))
    assert (small.status_code, small.json()["reasons"][0]["code"]) == (403, "role_over_all")
    keeper = as_("policy_keeper")
    assert client.post("/api/v1/policies", json={**body, "base": UNKNOWN}, headers=keeper).status_code == 404
    bad = WORDS.replace("view: fold", "veiw: fold", 1).replace(
        "hit: [{text: 再接再励", "hit: [{text: 再接再厉"
    )
    faulty = client.post(
        "/api/v1/policies", json={"base": digest, "files": {"wording/words.yaml": bad}}, headers=keeper
    )
    assert (faulty.status_code, faulty.json()["code"]) == (422, "policy_faulty")
    told = [reason["data"] for reason in faulty.json()["reasons"]]
    assert {(one["file"], one["line"] > 0) for one in told} == {("wording/words.yaml", True)}
    assert any("veiw" in one["key"] for one in told)
    assert any("lang.typos.examples" in one["key"] for one in told)
    outside = client.post("/api/v1/policies", json={"files": {"../evil.yaml": "x"}}, headers=keeper)
    assert outside.status_code == 422
    same = client.post("/api/v1/policies", json={"base": digest, "files": {}}, headers=keeper)
    assert (same.status_code, same.json()["code"]) == (409, "policy_unchanged")
    made = client.post("/api/v1/policies", json=body, headers=keeper)
    assert made.status_code == 201, made.text
    assert (made.json()["state"], made.json()["source"], made.json()["rules"]) == ("candidate", "api", 4)
    assert events(runtime.database, f"policy:{made.json()['digest']}") == [("policy.proposed", "done")]
    assert first(runtime) == digest


def test_asking(client: TestClient, runtime: Runtime, as_: Headers) -> None:
    digest = stored(runtime, milder())
    path = f"/api/v1/policies/{digest}/activations"
    assert client.post(path, json={}).status_code == 401
    assert client.post(path, json={}, headers=as_("final_reviewer")).status_code == 403
    keeper = as_("policy_keeper")
    unknown = client.post(f"/api/v1/policies/{UNKNOWN}/activations", json={}, headers=keeper)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "policy_unknown")
    in_force = client.post(f"/api/v1/policies/{first(runtime)}/activations", json={}, headers=keeper)
    assert (in_force.status_code, in_force.json()["code"]) == (409, "policy_in_force")
    ask(client, keeper, digest)
    again = client.post(path, json={}, headers=as_("policy_keeper2"))
    assert (again.status_code, again.json()["code"]) == (409, "activation_asked")
    assert events(runtime.database, f"policy:{digest}")[-1] == ("policy.activation_asked", "done")
    assert client.get(f"/api/v1/policies/{digest}", headers=keeper).json()["state"] == "asked"


def test_granting(client: TestClient, runtime: Runtime, as_: Headers) -> None:
    digest, before = stored(runtime, milder()), first(runtime)
    wish = ask(client, as_("policy_keeper"), digest)
    assert decide(client, {}, digest, wish).status_code == 401
    for login in ("editor", "second_reviewer", "district_keeper"):
        assert decide(client, as_(login), digest, wish).status_code == 403
    own = decide(client, as_("policy_keeper"), digest, wish)
    assert (own.status_code, own.json()["reasons"][0]["code"]) == (403, "own_activation")
    assert decide(client, as_("policy_keeper2"), before, wish).status_code == 404
    no_report = decide(client, as_("policy_keeper2"), digest, wish, back_test=UNKNOWN)
    assert (no_report.status_code, no_report.json()["code"]) == (409, "back_test_unknown")
    assert first(runtime) == before
    done = decide(client, as_("final_reviewer"), digest, wish, comment="同意")
    assert done.status_code == 200, done.text
    assert (done.json()["state"], done.json()["activated"], done.json()["shadowed"]) == (
        "granted",
        digest,
        [],
    )
    assert first(runtime) == runtime.negative_list.current.digest == digest
    assert events(runtime.database, policies.ACTIVE) == [("policy.activated", "done")] * 2
    assert announced(runtime.database) == ["policy.activated"] * 2
    twice = decide(client, as_("final_reviewer"), digest, wish)
    assert (twice.status_code, twice.json()["code"]) == (409, "activation_decided")


def test_a_wish_is_stale_once_something_else_is_in_force(
    client: TestClient, runtime: Runtime, as_: Headers
) -> None:
    one, other = stored(runtime, milder()), stored(runtime, with_new_block())
    wishes = {digest: ask(client, as_("policy_keeper"), digest) for digest in (one, other)}
    assert decide(client, as_("policy_keeper2"), one, wishes[one]).status_code == 200
    stale = decide(client, as_("policy_keeper2"), other, wishes[other])
    assert (stale.status_code, stale.json()["code"]) == (409, "activation_stale")
    assert first(runtime) == one
    refused = decide(client, as_("policy_keeper2"), other, wishes[other], grant=False, comment="重新申请")
    assert (refused.status_code, refused.json()["state"]) == (200, "refused")
    assert events(runtime.database, f"policy:{other}")[-1] == ("policy.activation_refused", "done")
    ask(client, as_("policy_keeper"), other)


def test_a_new_blocking_rule_is_only_tried_until_its_back_test_was_read(
    client: TestClient, runtime: Runtime, as_: Headers
) -> None:
    digest = stored(runtime, with_new_block())
    wish = ask(client, as_("policy_keeper"), digest)
    tried = decide(client, as_("policy_keeper2"), digest, wish).json()
    assert tried["shadowed"] == ["wording.shazi"]
    assert tried["activated"] not in {digest, None}
    found = client.post("/api/v1/checks", json={"content": "一个傻子和残废"}, headers=as_("editor")).json()
    assert [one["rule"] for one in found["findings"]] == ["wording.canfei"]
    assert found["policy"] == tried["activated"]
    # With the report of a back-test before the granter, the same version blocks.
    asked = client.post("/api/v1/backtests", json={"candidate": digest}, headers=as_("policy_keeper"))
    assert asked.status_code == 202, asked.text
    Runner(runtime).run_until_idle()
    test = client.get(f"/api/v1/backtests/{asked.json()['id']}", headers=as_("policy_keeper2")).json()
    assert test["state"] == "done"
    wish = ask(client, as_("policy_keeper"), digest)
    granted = decide(client, as_("policy_keeper2"), digest, wish, back_test=test["report_digest"]).json()
    assert (granted["activated"], granted["shadowed"]) == (digest, [])
    assert granted["back_test_digest"] == test["report_digest"]
    found = client.post("/api/v1/checks", json={"content": "一个傻子和残废"}, headers=as_("editor")).json()
    assert [one["rule"] for one in found["findings"]] == ["wording.shazi", "wording.canfei"]


def test_every_process_follows(client: TestClient, runtime: Runtime, folder: Path, as_: Headers) -> None:
    elsewhere = keepers.followed(folder, runtime.database, look_every=0.0)
    asleep = keepers.followed(folder, runtime.database, look_every=3600.0)
    digest, before = stored(runtime, milder()), first(runtime)
    wish = ask(client, as_("policy_keeper"), digest)
    assert decide(client, as_("policy_keeper2"), digest, wish).status_code == 200
    elsewhere.catch_up()
    assert elsewhere.current.digest == digest
    assert asleep.current.digest == before
    # A process that starts now takes what is in force, even when its folder is broken.
    keepers.write(folder, {"policy.yaml": "version: ["})
    late = keepers.followed(folder, runtime.database)
    assert late.current.digest == digest
    assert late.faults


FOLLOWER = """
import sys, time
from pathlib import Path
from app.infra.db import Database
from app.policies.negative_list.following import FollowedPolicies

store = FollowedPolicies(Path(sys.argv[2]), Database(sys.argv[1]), look_every=0.05)
told = ""
while True:
    if store.current.digest != told:
        told = store.current.digest
        print("uses", told, flush=True)
    time.sleep(0.02)
"""


def test_another_process_follows_without_a_restart(
    client: TestClient, runtime: Runtime, folder: Path, database_url: str, as_: Headers
) -> None:
    command = [sys.executable, "-c", FOLLOWER, database_url, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            told = (line.split()[1] for line in other.stdout if line.startswith("uses "))
            assert next(told) == first(runtime)
            digest = stored(runtime, milder())
            wish = ask(client, as_("policy_keeper"), digest)
            assert decide(client, as_("policy_keeper2"), digest, wish).status_code == 200
            assert next(told) == digest
        finally:
            other.kill()


def test_old_versions_run_again_with_the_same_result(
    client: TestClient, runtime: Runtime, as_: Headers
) -> None:
    body = {"content": "按排残废人再接再励"}
    before = client.post("/api/v1/checks", json=body, headers=as_("editor")).json()
    digest = stored(runtime, milder())
    wish = ask(client, as_("policy_keeper"), digest)
    assert decide(client, as_("policy_keeper2"), digest, wish).status_code == 200
    now = client.post("/api/v1/checks", json=body, headers=as_("editor")).json()
    assert now["counts"] != before["counts"]
    fresh = keepers.followed(policies.following(runtime).folder, runtime.database)
    runtime.negative_list = fresh
    again = client.post(
        "/api/v1/checks", json={**body, "policy": before["policy"]}, headers=as_("editor")
    ).json()
    assert {**again, "elapsed_us": 0} == {**before, "elapsed_us": 0}
    unknown = client.post("/api/v1/checks", json={**body, "policy": UNKNOWN}, headers=as_("editor"))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "policy_unknown")


def test_a_version_of_another_engine_is_named_as_such(
    client: TestClient, runtime: Runtime, folder: Path, as_: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = first(runtime)
    monkeypatch.setattr("app.negative_list.source.policy.ENGINE_SCHEMA", 999)
    runtime.negative_list = keepers.followed(folder, runtime.database)
    other = runtime.negative_list.current.digest
    assert other != before
    body = {"content": "残废", "policy": before}
    gone = client.post("/api/v1/checks", json=body, headers=as_("editor"))
    assert (gone.status_code, gone.json()["code"]) == (409, "policy_engine_changed")
    # At its start the new engine brings the same rules in again, in the system's name.
    from app.policies import start

    start.attach(runtime)
    assert first(runtime) == other
    listed = client.get("/api/v1/policies", headers=as_("editor")).json()["items"]
    assert {(one["source"], one["state"]) for one in listed} == {
        ("engine", "in_force"),
        ("folder", "earlier"),
    }


def test_nothing_is_released_by_a_process_that_is_behind(
    client: TestClient, runtime: Runtime, folder: Path, house: House
) -> None:
    desk = ready(Desk(client, runtime, house.bureau))
    runtime.negative_list = keepers.followed(folder, runtime.database, look_every=3600.0)
    digest = stored(runtime, milder())
    activate_elsewhere(runtime, house, digest)
    refused = sign(desk)
    assert refused.status_code == 409, refused.text
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["not_checked"]
    policies.following(runtime).catch_up()
    signed = sign(desk)
    assert signed.status_code == 201, signed.text
    with runtime.database.read() as session:
        assert session.exec(select(Release.policy)).one() == digest


def activate_elsewhere(runtime: Runtime, house: House, digest: str) -> None:
    """Bring a version in as another process would: this one does not notice by itself."""
    at = runtime.clock()
    with runtime.database.write() as session:
        wish = policies.ask(session, digest=digest, note="", actor=house.bureau.actor("policy_keeper"), at=at)
    change = policies.change_of(runtime, wish.id)
    with runtime.database.write() as session:
        policies.bring_in(
            session, activation_id=wish.id, change=change, actor=house.bureau.actor("policy_keeper2"), at=at
        )


@pytest.mark.both_databases
def test_two_who_grant_at_once(client: TestClient, runtime: Runtime, as_: Headers) -> None:
    digest = stored(runtime, milder())
    wish = ask(client, as_("policy_keeper"), digest)
    people = [as_("policy_keeper2"), as_("final_reviewer")]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda one: decide(client, one, digest, wish).status_code, people))
    assert sorted(answers) == [200, 409]
    assert events(runtime.database, policies.ACTIVE) == [("policy.activated", "done")] * 2


def test_a_version_that_this_engine_refuses_is_an_alarm_and_replaced_by_two(
    client: TestClient, runtime: Runtime, folder: Path, house: House, as_: Headers
) -> None:
    good, refused = first(runtime), "f" * 64
    with runtime.database.write() as session:
        text = WORDS.replace("severity: block", "severity: forbid")
        session.add(PolicyFile(sha256="e" * 64, content=text))
        row = session.get_one(PolicyVersion, good)
        names = {**json.loads(row.files), "wording/words.yaml": "e" * 64}
        session.add(PolicyVersion(**{**row.model_dump(), "digest": refused, "files": json.dumps(names)}))
        session.flush()
        in_use = session.get_one(PolicyInUse, 1)
        in_use.digest, in_use.seq = refused, in_use.seq + 1
    runtime.negative_list = keepers.followed(folder, runtime.database, look_every=3600.0)
    assert runtime.negative_list.current.digest == good
    listed = client.get("/api/v1/policies", headers=as_("editor")).json()
    assert (listed["in_force"], len(listed["folder_faults"])) == (refused, 1)
    gone = client.post("/api/v1/checks", headers=as_("editor"), json={"content": "残废", "policy": refused})
    assert (gone.status_code, gone.json()["code"]) == (409, "policy_engine_changed")
    desk = ready(Desk(client, runtime, house.bureau))
    assert {reason["code"] for reason in sign(desk).json()["reasons"]} == {"not_checked"}
    wish = ask(client, as_("policy_keeper"), good)
    done = decide(client, as_("policy_keeper2"), good, wish).json()
    assert (done["activated"], done["shadowed"]) == (good, [])
    assert client.get("/api/v1/policies", headers=as_("editor")).json()["folder_faults"] == []
    assert sign(desk).status_code == 201


def test_one_policy_a_transaction(client: TestClient, runtime: Runtime) -> None:
    with runtime.database.read() as session:
        held = policy_of(session, runtime)
        runtime.negative_list = keepers.followed(policies.following(runtime).folder, runtime.database)
        assert policy_of(session, runtime) is held
    with runtime.database.read() as session:
        assert policy_of(session, runtime) is runtime.negative_list.current


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE policy_version SET title = 'x'",
        "DELETE FROM policy_version",
        "UPDATE policy_file SET content = 'x'",
        "DELETE FROM policy_file",
        "UPDATE policy_in_use SET seq = seq",
        "UPDATE policy_in_use SET seq = seq - 1",
        "DELETE FROM policy_in_use",
        "UPDATE policy_activation SET comment = 'x'",
        "DELETE FROM policy_activation",
    ],
)
def test_the_tables_refuse_to_change_history(client: TestClient, runtime: Runtime, statement: str) -> None:
    with pytest.raises((DBAPIError, AppError)), runtime.database.write() as session:
        session.connection().execute(text(statement))
    with runtime.database.read() as session:
        assert session.get(PolicyInUse, 1) is not None
        assert session.get(PolicyVersion, first(runtime)) is not None


def test_the_table_refuses_one_person_for_both(client: TestClient, runtime: Runtime, as_: Headers) -> None:
    digest = stored(runtime, milder())
    ask(client, as_("policy_keeper"), digest)
    with pytest.raises((DBAPIError, AppError)), runtime.database.write() as session:
        session.connection().execute(
            text(
                "UPDATE policy_activation SET state = 'granted', activated = digest, decided_by = asked_by, "
                "decided_at = asked_at WHERE state = 'asked'"
            )
        )
    assert first(runtime) != digest
