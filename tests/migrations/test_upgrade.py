"""A release upgrade, from the schema of 2026-11-27 with rows that the program of that day made.

`at_0018.json.gz` holds them, table by table: the demo bureau, a draft published on two channels, one with a
mark on its proof, one that waits for an answer from outside, and one before the second review.
"""

import base64
import gzip
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient

from app.audit import verification
from app.demo.load import PASSWORD
from app.domain.vocabulary import PolicyKind
from app.infra import migrate
from app.infra.clock import system_clock
from app.infra.db import Database, UtcDateTime
from app.infra.runtime import Runtime
from app.infra.settings import Settings
from app.infra.signing import write_key
from app.main import create_app
from app.negative_list.in_use import NegativeList
from app.policies.files.following import FollowedFiles
from app.policies.start import start
from app.policies.versions import digests_in_use
from tests.cli.processes import run

OLD = "0018_timing"
TYPES: dict[str, Any] = {
    "Uuid": sa.Uuid,
    "UtcDateTime": UtcDateTime,
    "DateTime": UtcDateTime,
    "LargeBinary": sa.LargeBinary,
    "Boolean": sa.Boolean,
    "Integer": sa.Integer,
    "Float": sa.Float,
    "Numeric": sa.Numeric,
    "JSON": sa.JSON,
}
READ = {
    "Uuid": UUID,
    "UtcDateTime": datetime.fromisoformat,
    "DateTime": datetime.fromisoformat,
    "LargeBinary": base64.b64decode,
}


def fill(url: str) -> dict[str, int]:
    """Bring an empty database to the old schema and put the old rows in; return how many each table has."""
    migrate.downgrade(url, "base")
    migrate.upgrade(url, OLD)
    old = json.loads(gzip.decompress(Path(__file__).with_name("at_0018.json.gz").read_bytes()))
    assert old["revision"] == migrate.revision(url) == OLD
    database = Database(url)
    with database.write() as session:
        for name, told in old["tables"].items():
            kinds: dict[str, str] = told["columns"]
            columns = [sa.Column(column, TYPES.get(kind, sa.Text)) for column, kind in kinds.items()]
            table = sa.Table(name, sa.MetaData(), *columns)
            rows = [
                {
                    column: value if value is None else READ.get(kind, lambda given: given)(value)
                    for (column, kind), value in zip(kinds.items(), row, strict=True)
                }
                for row in told["rows"]
            ]
            session.connection().execute(table.insert(), rows)
    database.close()
    return {name: len(told["rows"]) for name, told in old["tables"].items()}


@pytest.fixture
def upgraded(database_url: str, tmp_path: Path, negative_list: NegativeList) -> Runtime:
    fill(database_url)
    migrate.upgrade(database_url)
    settings = Settings(
        data_dir=tmp_path / "data", database_url=database_url, hosts=frozenset({"testserver"})
    )
    # The key that signed the tickets of that day.
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    write_key(settings.data_dir / "keys" / "signing.pem", key)
    return start(settings, negative_list=negative_list, clock=system_clock)


def signed_in(client: TestClient, login: str) -> dict[str, str]:
    token = client.post("/api/v1/auth/token", json={"login": login, "password": PASSWORD})
    assert token.status_code == 200, token.text
    return {"Authorization": f"Bearer {token.json()['token']}"}


def test_rows_survive_an_upgrade_and_the_schema_is_this_version_s(database_url: str) -> None:
    before = fill(database_url)
    migrate.upgrade(database_url)
    database = Database(database_url)
    with database.read() as session:
        ask = session.connection().execute
        after = {name: ask(sa.text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in before}
        found = verification.verify(session)
    database.close()

    migrate.check(database_url)
    # An upgrade may record what it did; it loses nothing.
    assert {name for name, count in before.items() if after[name] < count} == set()
    assert found.faults == ()
    assert found.events >= before["audit_event"] == 131


def test_what_was_begun_before_an_upgrade_goes_on_after_it(upgraded: Runtime, tmp_path: Path) -> None:
    with TestClient(create_app(upgraded), raise_server_exceptions=False) as client:
        editor, second = signed_in(client, "bianji"), signed_in(client, "fushen")
        drafts = client.get("/api/v1/drafts", headers=editor).json()["items"]
        states = sorted(one["state"] for one in drafts)
        ours = next(one for one in drafts if one["state"] == "published")
        package = client.post(f"/api/v1/drafts/{ours['id']}/evidence", headers=editor)
        (waiting,) = [
            one
            for one in client.get("/api/v1/awaiting", headers=second).json()["items"]
            if one["stage"] == "second_review"
        ]
        case = client.get(f"/api/v1/cases/{waiting['case_id']}", headers=second).json()
        digest = next(run["digest"] for run in case["stages"] if run["stage"] == "second_review")
        decided = client.post(
            f"/api/v1/cases/{waiting['case_id']}/decisions",
            json={"stage": "second_review", "digest": digest, "verdict": "approve"},
            headers=second,
        )
        with upgraded.database.read() as session:
            found = verification.verify(session, signer=upgraded.signer)
    upgraded.database.close()
    (tmp_path / "evidence.zip").write_bytes(package.content)
    verified = run("evidence", "verify", tmp_path / "evidence.zip", cwd=tmp_path)

    assert states == ["held", "in_review", "in_review", "published"]
    assert package.status_code == 200
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert decided.status_code == 200, decided.text
    assert found.faults == ()


def test_an_upgraded_house_takes_its_folder_as_first_versions_with_their_record(upgraded: Runtime) -> None:
    settings = upgraded.settings.model_copy(update={"policies_follow": "granted"})
    runtime = replace(
        upgraded, settings=settings, granted=FollowedFiles(settings.policies, upgraded.database)
    )
    with TestClient(create_app(runtime), raise_server_exceptions=False) as client:
        keeper = signed_in(client, "qingdan")
        listed = {
            kind: client.get(f"/api/v1/policies?kind={kind}", headers=keeper).json() for kind in PolicyKind
        }
    with upgraded.database.read() as session:
        in_use = digests_in_use(session)
        found = verification.verify(session, signer=upgraded.signer)
    upgraded.database.close()

    assert {kind for kind in PolicyKind if kind is not PolicyKind.NEGATIVE_LIST} <= in_use.keys()
    assert {kind: listed[kind]["in_force"] for kind in in_use} == in_use
    assert found.faults == ()
