"""Evidence: it verifies with its own verifier alone; a byte changed anywhere is reported with its place."""

import base64
import hashlib
import io
import json
import random
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient
from sqlmodel import select
from typer.testing import CliRunner

from app.audit import queries as audit
from app.audit import service as audit_service
from app.cli import audit as audit_command
from app.cli import evidence as evidence_command
from app.domain.record.canonical import canonical
from app.evidence.verifier import build, values
from app.evidence.verifier.command import verify
from app.evidence.verifier.signatures import ed25519_verify
from app.infra.db import Database
from app.infra.runtime import Runtime
from app.jobs.kinds import JobKind
from app.jobs.models import Job
from tests.api.desk import Desk
from tests.api.packages import exported, lines, members, places, published, rechained, resigned, said
from tests.api.press import Press, ready, signed
from tests.api.test_audit import without_triggers


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return published(Desk.open(client, runtime))


@pytest.fixture
def package(desk: Desk) -> bytes:
    return exported(desk)


# --- who may have it ---


def test_who_may_export(client: TestClient, runtime: Runtime) -> None:
    desk = Desk.open(client, runtime)
    ready(desk)
    path = f"/drafts/{desk.draft_id}/evidence"
    assert client.post(f"/api/v1{path}").json()["code"] == "unauthenticated"
    assert desk.post(path, "outsider").status_code == 404
    assert desk.post(path, "system_admin").status_code == 404
    early = desk.post(path, "audit_admin")
    assert (early.status_code, early.json()["code"]) == (403, "evidence_before_publication")
    assert places(exported(desk, "editor")) == []
    release = signed(desk)
    assert Press.open(desk).publish(release["ticket"], release["digest"]).status_code == 201
    assert places(exported(desk, "audit_admin")) == []


def test_that_it_was_handed_out_is_on_record_and_told_outside(desk: Desk, runtime: Runtime) -> None:
    before = desk.record()
    package = exported(desk, "audit_admin")
    *same, (action, outcome, data) = desk.record()
    assert (same, action, outcome) == (before, "evidence.exported", "done")
    end = json.loads(lines(members(package))[-1])
    assert data == {
        "draft": desk.draft_id,
        "file": hashlib.sha256(package).hexdigest(),
        "verifier": hashlib.sha256(members(package)["verify_evidence.py"]).hexdigest(),
        "seq": end["seq"],
        "leaf": hashlib.sha256(b"\x00" + lines(members(package))[-1][:-1]).hexdigest(),
    }
    with runtime.database.read() as session:
        event = audit.events(session, f"draft:{desk.draft_id}")[-1]
        assert event.body["actor"]["role"] == "audit_admin"
        assert event.private == {"actor_name": "audit_admin先生"}
        told = [
            json.loads(one) for one in session.exec(select(Job.payload).where(Job.kind == JobKind.FAN_OUT))
        ]
    assert [one["data"]["file"] for one in told if one["type"] == "evidence.exported"] == [data["file"]]


def test_refused_it_is_not_on_record(client: TestClient, runtime: Runtime) -> None:
    desk = ready(Desk.open(client, runtime))
    before = desk.record()
    assert desk.get(f"/drafts/{desk.draft_id}/evidence").status_code == 405
    assert desk.post(f"/drafts/{desk.draft_id}/evidence", "audit_admin").status_code == 403
    assert desk.record() == before


def test_a_later_package_says_that_and_holds_it_against_the_record(desk: Desk, runtime: Runtime) -> None:
    first = exported(desk)
    report = verify(exported(desk), runtime.signer.key_id)
    assert report.faults == []
    digest = hashlib.sha256(first).hexdigest()
    assert any("导出过" in line and digest in line for line in report.story)
    for field, value in (("leaf", "0" * 64), ("seq", 1)):
        given = members(exported(desk))

        def other(body: dict[str, Any], field: str = field, value: object = value) -> dict[str, Any]:
            if body["action"] != "evidence.exported":
                return body
            return {**body, "data": {**body["data"], field: value}}

        rechained(given, other)
        assert "所记的证据包不是由前面的记录导出的" in said(resigned(given, runtime.signer))


# --- whole ---


def test_it_says_who_approved_what(desk: Desk, package: bytes, runtime: Runtime) -> None:
    report = verify(package, runtime.signer.key_id)
    assert report.faults == []
    story = "\n".join(report.story)
    for words in (
        "初审：initial_reviewer先生",
        "复审：second_reviewer先生",
        "终审：final_reviewer先生",
        "一校：proofreader先生",
        "二校：proofreader2先生",
        "三校：proofreader3先生",
        "签发：publisher先生",
        "发布，https://example.cn/a",
    ):
        assert words in story
    (release,) = report.facts["releases"]
    assert release["digest"] == desk.case()["proofs"]["wechat"]
    assert [one["stage"] for one in release["approved"]] == [
        "initial_review",
        "second_review",
        "final_review",
        "first_proof",
        "second_proof",
        "third_proof",
        "confirm_marks",
        "sign_off",
    ]
    assert verify(package, runtime.signer.public_key).faults == []


def test_it_is_an_ordinary_zip_with_everything_in_it(package: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(package)) as file:
        assert file.testzip() is None
        folders = {name.partition("/")[0] for name in file.namelist()}
    assert folders >= {
        "README.txt",
        "verify_evidence.py",
        "keys.json",
        "events.jsonl",
        "private.json",
        "manifest.json",
        "decisions.json",
        "revisions",
        "proofs",
        "reports",
        "workflows",
        "tickets",
    }


def test_the_verifier_stands_alone(package: bytes, tmp_path: Path) -> None:
    (tmp_path / "e.zip").write_bytes(package)
    (tmp_path / "v.py").write_bytes(members(package)["verify_evidence.py"])

    def run(*arguments: str) -> tuple[int, str]:
        # -I and -S: neither this project nor anything installed can be imported.
        done = subprocess.run(
            [sys.executable, "-I", "-S", "v.py", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env={"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"},
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    code, told = run("e.zip")
    assert (code, "核验通过" in told) == (0, True), told
    code, told = run("e.zip", "--json")
    assert (code, json.loads(told)["whole"]) == (0, True)
    touched = bytearray(package)
    touched[len(package) // 2] ^= 1
    (tmp_path / "e.zip").write_bytes(touched)
    code, told = run("e.zip")
    assert (code, "核验不通过" in told) == (1, True)
    assert run("nothing.zip")[0] == 2
    assert run()[0] == 2
    assert run("e.zip", "--nonsense")[0] == 2


def test_a_text_with_marks_carried_out_verifies_too(client: TestClient, runtime: Runtime) -> None:
    desk = Desk.open(client, runtime)
    desk.draft().reviews()
    desk.work()
    mark = desk.mark(
        "proofreader", kind="correct", place="blocks/2", start=0, end=3, quote="志愿者", new_text="志愿人员"
    )
    assert mark.status_code == 201, mark.text
    desk.proofs()
    carried = desk.post(f"/cases/{desk.case_id}/carry-out", "editor", {})
    assert carried.status_code in {200, 201}, carried.text
    desk.work()
    desk.approve("confirm_marks", "initial_reviewer", "wechat")
    signed(desk)
    package = exported(desk)
    report = verify(package)
    assert report.faults == []
    assert len([name for name in members(package) if name.startswith("revisions/")]) == 2
    assert len([name for name in members(package) if name.startswith("proofs/")]) == 2


def test_erased_names_are_told_as_erased(desk: Desk, runtime: Runtime) -> None:
    stream = f"draft:{desk.draft_id}"
    with runtime.database.write() as session:
        for event in audit.events(session, stream):
            fields = frozenset({"actor_name"})
            audit_service.erase(
                session, event.id, fields=fields, actor=audit_service.SYSTEM, at=runtime.clock()
            )
    report = verify(exported(desk))
    assert report.faults == []
    assert "初审：（姓名已依法删除）" in "\n".join(report.story)


# --- the arithmetic ---


def test_ed25519_agrees_with_the_library() -> None:
    chance = random.Random(3)
    for _ in range(8):
        key = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
        public, message = key.public_key().public_bytes_raw(), chance.randbytes(100)
        signature = key.sign(message)
        assert ed25519_verify(public, message, signature)
        for data in (signature, message, public):
            touched = bytearray(data)
            touched[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            given = {id(signature): signature, id(message): message, id(public): public}
            given[id(data)] = bytes(touched)
            assert not ed25519_verify(given[id(public)], given[id(message)], given[id(signature)])


def test_ed25519_test_vector_of_the_standard() -> None:
    # RFC 8032, section 7.1, test 2.
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert ed25519_verify(public, b"\x72", signature)
    order = 2**252 + 27742317777372353535851937790883648493
    other = int.from_bytes(signature[32:], "little") + order
    assert not ed25519_verify(public, b"\x72", signature[:32] + other.to_bytes(32, "little"))
    assert not ed25519_verify(b"\xff" * 32, b"\x72", signature)
    assert not ed25519_verify(public, b"\x72", b"\xff" * 64)
    assert not ed25519_verify(public, b"\x72", signature[:-1])


def test_its_canonical_json_is_rfc_8785() -> None:
    for value in (
        {"b": 1, "a": [True, None, "x\n\u2028é😀"], "": {"z": -5}},
        [],
        {},
        "字",
        0,
        1.0,
        {"é": 1, "z": 2, "😀": 3, "\ufb33": 4},
    ):
        assert values.canonical(value) == canonical(value)


# --- the command line ---


@pytest.fixture
def settings_in_environment(runtime: Runtime, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANSHEN_DATABASE_URL", database_url)
    monkeypatch.setenv("SANSHEN_DATA_DIR", str(runtime.settings.data_dir))


@pytest.mark.usefixtures("settings_in_environment")
def test_the_commands(desk: Desk, database: Database, tmp_path: Path) -> None:
    run = CliRunner().invoke
    number = desk.get(f"/drafts/{desk.draft_id}").json()["number"]
    path = tmp_path / "e.zip"
    done = run(evidence_command.app, ["export", number, "-o", str(path), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["bytes"] == len(path.read_bytes())
    assert run(evidence_command.app, ["export", desk.draft_id, "-o", str(path)]).exit_code == 0
    assert run(evidence_command.app, ["export", "2026-999999", "-o", str(path)]).exit_code == 2
    assert run(evidence_command.app, ["export", number, "-o", str(tmp_path)]).exit_code == 2
    done = run(evidence_command.app, ["verify", str(path)])
    assert (done.exit_code, "核验通过" in done.stdout) == (0, True)
    assert json.loads(run(evidence_command.app, ["verify", str(path), "--json"]).stdout)["whole"] is True
    assert run(evidence_command.app, ["verify", str(path), "--key", "0" * 16]).exit_code == 1
    assert run(evidence_command.app, ["verify", str(tmp_path / "none.zip")]).exit_code == 2
    path.write_bytes(path.read_bytes()[:-1])
    assert run(evidence_command.app, ["verify", str(path)]).exit_code == 1
    whole = run(audit_command.app, ["verify", "--json"])
    assert (whole.exit_code, json.loads(whole.stdout)["whole"]) == (0, True)
    assert "核验通过" in run(audit_command.app, ["verify"]).stdout
    without_triggers(database, "UPDATE audit_private SET openings = replace(openings, '先生', '女士')")
    touched = run(audit_command.app, ["verify", "--stream", f"draft:{desk.draft_id}"])
    assert (touched.exit_code, "个人信息 actor_name 与承诺不符" in touched.stdout) == (1, True)


def test_the_command_writes_the_verifier_that_packages_carry(package: bytes, tmp_path: Path) -> None:
    path = tmp_path / "v.py"
    done = CliRunner().invoke(evidence_command.app, ["verifier", "-o", str(path)])
    assert done.exit_code == 0, done.output
    assert path.read_bytes() == members(package)["verify_evidence.py"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() in done.stdout
    assert CliRunner().invoke(evidence_command.app, ["verifier", "-o", str(tmp_path)]).exit_code == 2


def test_the_keys_in_a_package_are_public(package: bytes, runtime: Runtime) -> None:
    keys = json.loads(members(package)["keys.json"])
    assert keys == {runtime.signer.key_id: runtime.signer.public_key}
    assert len(base64.b64decode(keys[runtime.signer.key_id])) == 32
    assert build.built() == members(package)["verify_evidence.py"]
