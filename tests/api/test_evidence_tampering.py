"""Evidence that somebody touched: every change is reported with its place, even by who holds the key."""

import hashlib
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient

from app.domain.record.canonical import canonical
from app.evidence.verifier.command import verify
from app.infra.runtime import Runtime
from app.infra.signing import Signer
from tests.api.desk import Desk
from tests.api.packages import exported, lines, members, places, published, rebuilt, rechained, resigned, said


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return published(Desk.open(client, runtime))


@pytest.fixture
def package(desk: Desk) -> bytes:
    return exported(desk)


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
