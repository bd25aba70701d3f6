"""Evidence, field by field: who changes one and signs the package anew with the house's key is found."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi.testclient import TestClient

from app.audit import log
from app.domain.record import checkpoints
from app.domain.record.canonical import canonical
from app.evidence.verifier import inclusion, signatures
from app.evidence.verifier.command import verify
from app.evidence.verifier.known import TABLES
from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.api.packages import exported, members, places, published, resigned
from tests.api.press import signed

#: A package is the same whatever database it comes from.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Json = Any
#: Members that hold tables, and beside which the record stands.
HELD = ("decisions.json", "tables.json", "private.json")


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return published(Desk.open(client, runtime))


def leaves(value: Json, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every single value."""
    inner = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    )
    if inner is None:
        yield at
        return
    for key, one in inner:
        yield from leaves(one, (*at, key))


def changed(value: Json, way: tuple[Any, ...]) -> Json:
    """Return a copy in which one value is another of its kind."""
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in way[:-1]:
        inner = inner[key]
    was = inner[way[-1]]
    inner[way[-1]] = (
        (not was) if isinstance(was, bool) else was + 1 if isinstance(was, int) else f"{was or ''}0"
    )
    return copy


def emptied(value: Json, way: tuple[Any, ...]) -> Json:
    """Return a copy in which one value is null; None where it is already."""
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in way[:-1]:
        inner = inner[key]
    if inner[way[-1]] is None:
        return None
    inner[way[-1]] = None
    return copy


def by_the_library(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def test_each_field_of_each_table_changed_or_emptied_is_found(
    desk: Desk, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = members(exported(desk))
    assert places(resigned({**package}, runtime.signer)) == []
    # The verifier's own arithmetic is slow, and tried elsewhere.
    monkeypatch.setattr(signatures, "ed25519_verify", by_the_library)
    tried = 0
    for name in HELD:
        value = json.loads(package[name])
        for way in leaves(value):
            # Changed in one, emptied in every fifth.
            for other in (changed(value, way), None if tried % 5 else emptied(value, way)):
                if other is None:
                    continue
                found = places(resigned({**package, name: canonical(other)}, runtime.signer))
                assert any(place.startswith(name) for place in found), (name, way, found)
                tried += 1
    assert tried > 500


def test_each_row_taken_out_or_put_in_is_found(desk: Desk, runtime: Runtime) -> None:
    package = members(exported(desk))
    tables = json.loads(package["tables.json"])
    assert tables.keys() == TABLES.keys()
    for name, rows in tables.items():
        for key in rows:
            fewer = {**tables, name: {one: row for one, row in rows.items() if one != key}}
            more = {**tables, name: {**rows, f"{key}0": rows[key]}}
            for other in (fewer, more):
                found = places(resigned({**package, "tables.json": canonical(other)}, runtime.signer))
                assert f"tables.json {TABLES[name]} {key}" in {one.removesuffix("0") for one in found} or any(
                    one.startswith(f"tables.json {TABLES[name]} {key}") for one in found
                ), (name, key, found)


def test_each_statement_of_the_manifest_is_held_against_the_record(desk: Desk, runtime: Runtime) -> None:
    package = members(exported(desk))
    for field, value in (
        ("title", "别的标题"),
        ("number", "2026-999999"),
        ("draft", "00000000-0000-0000-0000-000000000001"),
        ("stream", "draft:00000000-0000-0000-0000-000000000001"),
        ("kind", "ticket"),
        ("v", 2),
        ("made_at", "2019-01-01T00:00:00.000000Z"),
        ("extra", "x"),
    ):
        found = places(resigned({**package}, runtime.signer, **{field: value}))
        assert any(place.startswith(("manifest.json", "events.jsonl")) for place in found), (field, found)


def test_an_erased_opening_needs_an_event(desk: Desk, runtime: Runtime) -> None:
    package = members(exported(desk))
    private = json.loads(package["private.json"])
    seq, fields = next((seq, fields) for seq, fields in private.items() if "actor_name" in fields)
    for other in (
        {**fields, "actor_name": {"salt": "", "value": None}},
        {name: one for name, one in fields.items() if name != "actor_name"},
    ):
        given = {**package, "private.json": canonical({**private, seq: other})}
        assert f"private.json 第 {seq} 号 actor_name" in places(resigned(given, runtime.signer))


# --- in the log ---


def logged(desk: Desk, runtime: Runtime) -> bytes:
    """A package whose events are in the log, but for the last one."""
    log.advance(runtime.database, runtime.signer, runtime.settings.checkpoints, at=runtime.clock())
    exported(desk)
    return exported(desk)


def test_it_proves_that_its_events_are_in_the_log(desk: Desk, runtime: Runtime) -> None:
    package = logged(desk, runtime)
    report = verify(package, runtime.signer.key_id)
    assert (report.faults, report.notes) == ([], [])
    events = len(members(package)["events.jsonl"].splitlines())
    assert report.facts["checkpoint"]["events"] == events - 1
    assert any(f"本稿前 {events - 1} 条记录在内，其后 1 条" in line for line in report.story)


def test_each_field_of_the_proofs_and_of_the_checkpoint_changed_is_found(
    desk: Desk, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = members(logged(desk, runtime))
    monkeypatch.setattr(inclusion, "ed25519_verify", by_the_library)
    monkeypatch.setattr(signatures, "ed25519_verify", by_the_library)
    value = json.loads(package["inclusion.json"])
    for way in [*leaves(value)][::7]:
        other = {**package, "inclusion.json": canonical(changed(value, way))}
        found = places(resigned(other, runtime.signer))
        assert any(place.startswith("inclusion.json") for place in found), way
    first, *_, last = value["events"]
    for events in (
        {seq: one for seq, one in value["events"].items() if seq != first},
        {**value["events"], last: value["events"][first]},
        {**value["events"], "999": value["events"][first]},
        [],
    ):
        other = {**package, "inclusion.json": canonical({**value, "events": events})}
        assert any(one.startswith("inclusion.json") for one in places(resigned(other, runtime.signer)))
    note = package["checkpoint.txt"].decode()
    for text in (note.replace("time 20", "time 19"), note.replace("— s", "— x"), note + "x", ""):
        other = {**package, "checkpoint.txt": text.encode()}
        assert places(resigned(other, runtime.signer)) == ["checkpoint.txt"], text


def test_an_event_that_is_later_than_its_checkpoint_was_dated_by_hand(desk: Desk, runtime: Runtime) -> None:
    package = members(logged(desk, runtime))
    note = checkpoints.read(package["checkpoint.txt"].decode())[0]
    early = checkpoints.make(
        key_id=runtime.signer.key_id,
        public=runtime.signer.public_bytes,
        sign=runtime.signer.signature,
        size=note.size,
        root=note.root,
        streams=note.streams,
        at=runtime.clock() - timedelta(days=3),
    )
    package["checkpoint.txt"] = early.note.encode()
    assert {one[:14] for one in places(resigned(package, runtime.signer))} == {"inclusion.json"}


def test_without_a_checkpoint_it_says_so(desk: Desk) -> None:
    assert any("没有检查点" in note for note in verify(exported(desk)).notes)


# --- packed anew ---


def repacked(package: bytes, folder: str = "", **changes: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in {**members(package), **changes}.items():
            made.writestr(folder + name, data)
    return file.getvalue()


def test_a_package_that_was_packed_anew_is_told_so_and_is_not_damaged(desk: Desk) -> None:
    package = exported(desk)
    for again in (repacked(package), repacked(package, "evidence-2026-000001/")):
        report = verify(again)
        assert report.faults == []
        assert any("重新压缩" in note for note in report.notes)
        assert report.facts["repacked"] is True
    assert "repacked" not in verify(package).facts
    touched = repacked(package, **{"decisions.json": b"[]"})
    assert "decisions.json" in places(touched)
    assert places(touched[:-30])


def test_without_the_published_key_it_says_what_that_means(desk: Desk, runtime: Runtime) -> None:
    package = exported(desk)
    assert any("--key" in note for note in verify(package).notes)
    assert not any("--key" in note for note in verify(package, runtime.signer.key_id).notes)


# --- what they saw ---


def test_after_a_small_correction_it_says_what_each_saw_and_why_it_was_kept(
    client: TestClient, runtime: Runtime
) -> None:
    desk = Desk.open(client, runtime)
    desk.draft().reviews()
    desk.work()
    seen_text, seen_proof = desk.case()["revision"], desk.case()["proofs"]["wechat"]
    mark = desk.mark(
        "proofreader", kind="correct", place="blocks/2", start=0, end=3, quote="志愿者", new_text="志愿人员"
    )
    assert mark.status_code == 201, mark.text
    desk.proofs()
    assert desk.post(f"/cases/{desk.case_id}/carry-out", "editor", {}).status_code in {200, 201}
    desk.work()
    now_text, now_proof = desk.case()["revision"], desk.case()["proofs"]["wechat"]
    desk.approve("confirm_marks", "initial_reviewer", "wechat")
    signed(desk)
    report = verify(exported(desk))
    assert report.faults == []
    (release,) = report.facts["releases"]
    by_stage = {one["stage"]: one for one in release["approved"]}
    for stage in ("initial_review", "second_review", "final_review"):
        one = by_stage[stage]
        assert (one["seen"], one["digest"]) == ([seen_text], now_text)
        assert [(kept["rule"], kept["was"], kept["now"]) for kept in one["kept"]] == [
            ("marks_only", seen_text, now_text)
        ]
    assert by_stage["first_proof"]["seen"] == [seen_proof]
    assert [(one["was"], one["now"]) for one in by_stage["first_proof"]["kept"]] == [(seen_proof, now_proof)]
    assert (by_stage["confirm_marks"]["seen"], by_stage["confirm_marks"]["kept"]) == ([now_proof], [])
    story = "\n".join(report.story)
    assert f"所见版本 {seen_text[:16]}…" in story
    assert f"核红小改，按规则保留，没有重审：{seen_text[:16]}… 改为 {now_text[:16]}…" in story
