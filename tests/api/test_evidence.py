"""Evidence: it verifies with its own verifier alone; a byte changed anywhere is reported with its place."""

import base64
import hashlib
import io
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient
from sqlalchemy import text
from typer.testing import CliRunner

from app.audit import queries as audit
from app.audit import service as audit_service
from app.cli import audit as audit_command
from app.cli import evidence as evidence_command
from app.domain.document import canonical
from app.infra.db import Database
from app.infra.runtime import Runtime
from app.infra.signing import Signer
from app.publication import evidence
from app.publication.verifier import verify_evidence
from app.publication.verifier.verify_evidence import build, ed25519_verify, verify
from tests.api.desk import Desk
from tests.api.press import Press, ready, signed

Members = dict[str, bytes]


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    """A draft that went all the way: a mark carried out, signed, published."""
    desk = Desk.open(client, runtime)
    ready(desk)
    release = signed(desk)
    assert Press.open(desk).publish(release["ticket"], release["digest"]).status_code == 201
    return desk


@pytest.fixture
def package(desk: Desk) -> bytes:
    return exported(desk)


def exported(desk: Desk, login: str = "publisher") -> bytes:
    answer = desk.get(f"/drafts/{desk.draft_id}/evidence", login)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    return answer.content


def members(package: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(package)) as file:
        return {name: file.read(name) for name in file.namelist()}


def places(package: bytes, key: str | None = None) -> list[str]:
    return [place for place, _ in verify(package, key).faults]


def said(package: bytes) -> str:
    return "\n".join(sentence for _, sentence in verify(package).faults)


# --- who may have it ---


def test_who_may_export(client: TestClient, runtime: Runtime) -> None:
    desk = Desk.open(client, runtime)
    ready(desk)
    path = f"/drafts/{desk.draft_id}/evidence"
    assert client.get(f"/api/v1{path}").json()["code"] == "unauthenticated"
    assert desk.get(path, "outsider").status_code == 404
    assert desk.get(path, "system_admin").status_code == 404
    early = desk.get(path, "audit_admin")
    assert (early.status_code, early.json()["code"]) == (403, "evidence_before_publication")
    assert places(exported(desk, "editor")) == []
    release = signed(desk)
    assert Press.open(desk).publish(release["ticket"], release["digest"]).status_code == 201
    assert places(exported(desk, "audit_admin")) == []


def test_exporting_changes_nothing(desk: Desk) -> None:
    before = desk.record()
    exported(desk)
    assert desk.record() == before


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
            audit_service.erase(session, event.id, fields=frozenset({"actor_name"}))
    report = verify(exported(desk))
    assert report.faults == []
    assert "初审：（姓名已依法删除）" in "\n".join(report.story)


# --- touched ---


def test_a_flipped_bit_in_every_member_is_reported_with_its_place(package: bytes) -> None:
    chance = random.Random(20260302)
    for name, data in members(package).items():
        start = package.index(name.encode() + data) + len(name)
        for _ in range(6):
            bit = chance.randrange(len(data) * 8)
            touched = bytearray(package)
            touched[start + bit // 8] ^= 1 << bit % 8
            found = places(bytes(touched))
            assert any(place.startswith(name) for place in found), (name, bit, found)


def test_a_flipped_bit_in_the_container_is_reported(package: bytes) -> None:
    chance = random.Random(7)
    directory = package.index(b"PK\x01\x02")
    spots = [*range(30), *(directory + chance.randrange(len(package) - directory) for _ in range(60))]
    for spot in spots:
        touched = bytearray(package)
        touched[spot] ^= 1 << chance.randrange(8)
        assert places(bytes(touched)), spot


def test_a_shortened_or_lengthened_file(package: bytes) -> None:
    for cut in (1, 22, 1000):
        assert places(package[:-cut])
        assert places(package + b"x" * cut)
    assert places(b"x" + package)


def rebuilt(given: Members) -> bytes:
    order = [
        *sorted(name for name in given if name != "manifest.json"),
        *(["manifest.json"] if "manifest.json" in given else []),
    ]
    return build([(name, given[name]) for name in order])


def lines(given: Members) -> list[bytes]:
    return given["events.jsonl"].splitlines(keepends=True)


EDITS: list[tuple[str, Callable[[list[bytes]], list[bytes]], str]] = [
    ("deleted", lambda rows: [*rows[:4], *rows[5:]], "缺少第 5 至 5 号记录"),
    ("swapped", lambda rows: [*rows[:4], rows[5], rows[4], *rows[6:]], "次序颠倒"),
    ("repeated", lambda rows: [*rows[:5], rows[4], *rows[5:]], "编号 5 重复"),
    ("truncated", lambda rows: rows[:-2], "末尾被截去或加长"),
    ("edited", lambda rows: [*rows[:4], rows[4].replace(b'"done"', b'"gone"'), *rows[5:]], "接不上"),
    ("last edited", lambda rows: [*rows[:-1], rows[-1].replace(b"100000001", b"100000002")], "最后一条"),
    (
        "renumbered",
        lambda rows: [*rows[:4], rows[4].replace(b'"seq":5', b'"seq":9'), *rows[5:]],
        "缺少第 5 至 8 号",
    ),
    ("emptied", lambda _rows: [], "末尾被截去"),
    ("inserted", lambda rows: [*rows[:4], b'{"seq":5}\n', *rows[4:]], "不属于这篇稿件"),
    ("unreadable", lambda rows: [*rows[:4], b"x\n", *rows[5:]], "读不出来"),
    (
        "respelt",
        lambda rows: [*rows[:4], json.dumps(json.loads(rows[4])).encode() + b"\n", *rows[5:]],
        "规范形式",
    ),
]


def test_events_that_were_touched_in_a_rebuilt_package(package: bytes) -> None:
    for how, edit, words in EDITS:
        given = members(package)
        given["events.jsonl"] = b"".join(edit(lines(given)))
        found = verify(rebuilt(given)).faults
        assert any(place.startswith("events.jsonl") and words in sentence for place, sentence in found), (
            how,
            found,
        )


def test_every_member_taken_out_or_put_in_is_named(package: bytes) -> None:
    given = members(package)
    for name in given:
        fewer = {one: data for one, data in given.items() if one != name}
        assert any(place.startswith(name) for place in places(rebuilt(fewer))), name
    assert "extra.txt" in places(rebuilt({**given, "extra.txt": b"x"}))


def test_forged_names_do_not_fit_their_commitments(package: bytes) -> None:
    given = members(package)
    given["private.json"] = given["private.json"].replace("final_reviewer先生".encode(), "别人先生".encode())
    found = said(rebuilt(given))
    assert "与记录里的承诺不符" in found


def resigned(given: Members, signer: Signer, **fields: Any) -> bytes:
    """A package that somebody who holds a signing key made up anew, manifest and all."""
    statement = json.loads(given["manifest.json"])["statement"]
    given["keys.json"] = canonical({signer.key_id: signer.public_key})
    rows = lines(given)
    head = {"seq": json.loads(rows[-1])["seq"], "leaf": hashlib.sha256(b"\x00" + rows[-1][:-1]).hexdigest()}
    named = {
        name: hashlib.sha256(data).hexdigest() for name, data in given.items() if name != "manifest.json"
    }
    statement = {**statement, "head": head, "members": named, **fields}
    given["manifest.json"] = canonical(signer.sign(statement).model_dump(mode="json"))
    return rebuilt(given)


def rechained(given: Members, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
    """Rewrite the events, or leave some out, so that the chain fits again."""
    made: list[bytes] = []
    prev, seq = "0" * 64, 0
    openings, kept = json.loads(given["private.json"]), {}
    for row in lines(given):
        body = change(json.loads(row))
        if body is None:
            continue
        seq += 1
        kept[str(seq)] = openings[str(body["seq"])]
        raw = canonical({**body, "prev": prev, "seq": seq})
        prev = hashlib.sha256(b"\x00" + raw).hexdigest()
        made.append(raw + b"\n")
    given["events.jsonl"], given["private.json"] = b"".join(made), canonical(kept)


def test_another_key_s_signature_is_told_to_who_knows_the_right_one(package: bytes, runtime: Runtime) -> None:
    stranger = Signer(Ed25519PrivateKey.generate())
    forged = resigned(members(package), stranger)
    assert places(forged, runtime.signer.key_id)
    assert runtime.signer.key_id in "".join(places(package, "0" * 16)) or places(package, "0" * 16) == [
        "keys.json"
    ]


def without(action: str, stage: str = "") -> Callable[[dict[str, Any]], dict[str, Any] | None]:
    return lambda body: (
        None if body["action"] == action and (not stage or body["data"].get("stage") == stage) else body
    )


def by_one_person(body: dict[str, Any]) -> dict[str, Any]:
    if body["action"] == "decision.approved" and body["data"]["stage"] in {"initial_review", "final_review"}:
        return {**body, "actor": {**body["actor"], "id": "00000000-0000-0000-0000-000000000001"}}
    return body


def on_another_text(body: dict[str, Any]) -> dict[str, Any]:
    if body["action"] == "decision.approved" and body["data"]["stage"] == "third_proof":
        return {**body, "data": {**body["data"], "digest": "f" * 64}}
    return body


def of_another_proof(body: dict[str, Any]) -> dict[str, Any]:
    if body["action"] == "proof.laid_out":
        return {**body, "data": {**body["data"], "line": "website"}}
    return body


INSIDE_JOBS = [
    (without("decision.approved", "second_review"), "签发时没有通过复审"),
    (without("decision.approved", "second_proof"), "签发时没有通过二校"),
    (without("check.run"), "没有用当时的负面清单检查过"),
    (without("case.opened"), "签发时没有通过初审"),
    (by_one_person, "是同一人"),
    (on_another_text, "环节“三校”通过的不是签发的版本"),
    (of_another_proof, "不是这个阵地最后一次的校样"),
]


def test_even_with_the_key_a_release_out_of_order_is_told(package: bytes, runtime: Runtime) -> None:
    for change, words in INSIDE_JOBS:
        given = members(package)
        rechained(given, change)
        assert words in said(resigned(given, runtime.signer)), words


def test_the_helper_itself_makes_whole_packages(package: bytes, runtime: Runtime) -> None:
    given = members(package)
    rechained(given, lambda body: body)
    assert verify(resigned(given, runtime.signer)).faults == []


def test_decisions_that_the_record_does_not_know(package: bytes, runtime: Runtime) -> None:
    given = members(package)
    table = json.loads(given["decisions.json"])
    given["decisions.json"] = canonical([{**table[0], "actor": "somebody"}, *table[1:]])
    found = said(resigned(given, runtime.signer))
    assert "记录里没有这条意见" in found
    assert "缺少环节 initial_review" in found
    given["decisions.json"] = b"{}"
    assert "decisions.json" in places(resigned(given, runtime.signer))


def test_a_ticket_that_says_something_else(package: bytes, runtime: Runtime) -> None:
    given = members(package)
    (name,) = (one for one in given if one.startswith("tickets/"))
    statement = {**json.loads(given[name])["statement"], "channel": "website"}
    forged = canonical(runtime.signer.sign(statement).model_dump(mode="json"))
    digest = hashlib.sha256(forged).hexdigest()
    given = {one: data for one, data in given.items() if one != name} | {f"tickets/{digest}.json": forged}

    def renamed(body: dict[str, Any]) -> dict[str, Any]:
        if body["action"] == "release.signed":
            return {**body, "data": {**body["data"], "ticket": digest}}
        return body

    rechained(given, renamed)
    assert "发布凭证的 channel 与记录不符" in said(resigned(given, runtime.signer))


def test_whatever_the_bytes_are_the_verifier_answers(package: bytes) -> None:
    chance = random.Random(1)
    for raw in (b"", b"PK\x03\x04", b"x" * 1000, package[:40], chance.randbytes(5000), package[::-1]):
        assert verify(raw).faults
    for name, value in (
        ("manifest.json", b"[]"),
        ("keys.json", b"7"),
        ("private.json", b'{"1": 3}'),
        ("events.jsonl", b"[1]\n7\n"),
        ("manifest.json", b'{"statement": 7}'),
        ("decisions.json", b"[7, {}]"),
        ("manifest.json", b"[" * 5000),
    ):
        assert verify(rebuilt({**members(package), name: value})).faults, name


def test_fields_of_the_wrong_kind_are_faults_and_no_crash(package: bytes, runtime: Runtime) -> None:
    for wrong in (None, 7, "x", [], {}, [None], {"id": 5}):
        for field in (
            "data",
            "actor",
            "private",
            "seq",
            "prev",
            "ts",
            "on_behalf_of",
            "stream",
            "action",
            "outcome",
        ):
            given = members(package)
            rows = lines(given)
            at = next(n for n, row in enumerate(rows) if b"release.signed" in row)
            body = {**json.loads(rows[at]), field: wrong}
            if canonical(body) + b"\n" == rows[at]:
                continue
            given["events.jsonl"] = b"".join([*rows[:at], canonical(body) + b"\n", *rows[at + 1 :]])
            assert verify(rebuilt(given)).faults, (field, wrong)


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
        assert verify_evidence.canonical(value) == canonical(value)


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
    with database.write() as session:
        session.connection().execute(
            text("UPDATE audit_private SET openings = replace(openings, '先生', '女士')")
        )
    touched = run(audit_command.app, ["verify", "--stream", f"draft:{desk.draft_id}"])
    assert (touched.exit_code, "个人信息 actor_name 与承诺不符" in touched.stdout) == (1, True)


def test_the_keys_in_a_package_are_public(package: bytes, runtime: Runtime) -> None:
    keys = json.loads(members(package)["keys.json"])
    assert keys == {runtime.signer.key_id: runtime.signer.public_key}
    assert len(base64.b64decode(keys[runtime.signer.key_id])) == 32
    assert evidence.verifier() == members(package)["verify_evidence.py"]
