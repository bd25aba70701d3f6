"""Checkpoints: a deleted stream, a cut tail, a rewritten chain and back-dating are found after one."""

import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session

from app.audit import log, verification
from app.audit import service as audit
from app.domain.record import checkpoints, merkle
from app.domain.record.chain import FaultCode as F
from app.domain.record.checkpoints import Checkpoint
from app.domain.vocabulary import Event
from app.infra.db import Database
from app.infra.signing import Signer
from tests.api.test_record_tables import asleep
from tests.conftest import SetClock

pytestmark = pytest.mark.both_databases

PERSON = audit.AuditActor(id=None, name="张三", role="editor", unit="u")
ONE, OTHER = "draft:0190", "draft:0191"


@pytest.fixture
def signer() -> Signer:
    return Signer(Ed25519PrivateKey.generate())


def record(database: Database, clock: SetClock, stream: str, count: int) -> None:
    with database.write() as session:
        for number in range(count):
            data = {"n": number}
            audit.record(session, Event.DRAFT_REVISED, stream=stream, actor=PERSON, at=clock(), data=data)


def advance(database: Database, signer: Signer, folder: Path, clock: SetClock) -> Checkpoint:
    made = log.advance(database, signer, folder, at=clock())
    assert made is not None
    return made


def test_the_tree_is_that_of_the_standard() -> None:
    leaves = [hashlib.sha256(bytes([number % 256, number // 256])).digest() for number in range(300)]
    node = merkle.node
    assert merkle.root_of([]) == merkle.EMPTY
    assert merkle.root_of(leaves[:1]) == leaves[0]
    assert merkle.root_of(leaves[:3]) == node(node(leaves[0], leaves[1]), leaves[2])
    assert merkle.root_of(leaves[:5]) == node(
        node(node(leaves[0], leaves[1]), node(leaves[2], leaves[3])), leaves[4]
    )
    tiled = merkle.Tree()
    tiled.append(merkle.root_of(leaves[:256]), leaves=256)
    for leaf in leaves[256:]:
        tiled.append(leaf)
    assert tiled.root() == merkle.root_of(leaves)
    for size in (1, 2, 3, 7, 8, 13, 300):
        root = merkle.root_of(leaves[:size])
        for index in {0, size // 2, size - 1}:
            proof = merkle.path(index, leaves[:size])
            assert merkle.included(leaves[index], index, size, proof, root)
            assert not merkle.included(b"x" * 32, index, size, proof, root)
            assert not merkle.included(leaves[index], index, size, [*proof, root], root)


def test_a_checkpoint_is_signed_read_and_leaves_the_house(
    database: Database, clock: SetClock, signer: Signer, tmp_path: Path
) -> None:
    record(database, clock, ONE, 3)
    folder = tmp_path / "checkpoints"
    made = advance(database, signer, folder, clock)
    assert log.advance(database, signer, folder, at=clock()) is None, "nothing new"
    record(database, clock, ONE, 300)
    again = advance(database, signer, folder, clock)
    (file,) = folder.iterdir()
    assert checkpoints.read(file.read_text("utf-8")) == [made, again]
    assert (made.size, again.size, made.streams) == (4, 304, 2)
    for one, key, right in (
        (made, signer, True),
        (made, Signer(Ed25519PrivateKey.generate()), False),
    ):
        assert checkpoints.is_signed(one, public=key.public_bytes, verify=key.verifies_bytes) is right
    with database.read() as session:
        found = verification.verify(session, signer=signer, outside=[file.read_text("utf-8")])
    assert (found.faults, found.checkpoints) == ((), 4)
    assert not {"no_checkpoint", "not_logged", "nothing_outside", "no_key"} & {
        one.code for one in found.unseen
    }
    record(database, clock, OTHER, 2)
    with database.read() as session:
        found = verification.verify(session, signer=signer)
    assert {(one.code, one.count) for one in found.unseen} >= {("not_logged", 2), ("nothing_outside", 0)}


#: What is done to the record, what is found without an outside copy, and what with one.
CUTS = [
    (
        [f"DELETE FROM audit_event WHERE stream = '{ONE}'", f"DELETE FROM audit_head WHERE stream = '{ONE}'"],
        {F.LOG_EVENT_MISSING},
    ),
    (
        [
            f"DELETE FROM audit_event WHERE stream = '{ONE}' AND seq = 3",
            (
                "UPDATE audit_head SET seq = 2, leaf = (SELECT leaf FROM audit_event"
                f" WHERE stream = '{ONE}' AND seq = 2) WHERE stream = '{ONE}'"
            ),
        ],
        {F.LOG_EVENT_MISSING},
    ),
]
#: The same with the log made to fit.
HIDDEN = f"DELETE FROM audit_log WHERE stream = '{ONE}'"


@pytest.mark.parametrize(("cut", "codes"), CUTS)
def test_what_was_cut_off_before_a_checkpoint_is_found_with_its_place(
    database: Database, clock: SetClock, signer: Signer, tmp_path: Path, cut: list[str], codes: set[F]
) -> None:
    record(database, clock, OTHER, 2)
    record(database, clock, ONE, 3)
    made = advance(database, signer, tmp_path, clock)
    with database.engine.connect() as connection:
        asleep(connection)
        for table in ("audit_log", "audit_checkpoint"):
            if not database.is_sqlite:
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        doomed = f"SELECT id FROM audit_event WHERE stream = '{ONE}'" + (
            " AND seq = 3" if "seq = 3" in cut[0] else ""
        )
        connection.exec_driver_sql(f"DELETE FROM audit_private WHERE event_id IN ({doomed})")
        for statement in cut:
            connection.exec_driver_sql(statement)
        with Session(connection) as session:
            found = verification.verify(session, signer=signer)
            hit = [one for one in found.faults if one.code is not F.GUARD_MISSING]
            assert {one.code for one in hit} == codes
            assert {one.stream for one in hit} == {ONE}
            # Whoever rewrites the log too is shown by the checkpoint, and without that by one kept elsewhere.
            connection.exec_driver_sql(HIDDEN)
            hit = [one.code for one in verification.verify(session, signer=signer).faults]
            assert F.CHECKPOINT_AHEAD in hit or F.LOG_GAP in hit
            connection.exec_driver_sql("DELETE FROM audit_checkpoint")
            connection.exec_driver_sql("DELETE FROM audit_log")
            hit = [one.code for one in verification.verify(session, signer=signer).faults]
            assert set(hit) == {F.GUARD_MISSING, F.CHECKPOINTS_MISSING, F.LOGGED_MISSING}
            connection.exec_driver_sql("DELETE FROM audit_logged")
            hit = [one.code for one in verification.verify(session, signer=signer).faults]
            assert set(hit) == {F.GUARD_MISSING}
            outside = verification.verify(session, signer=signer, outside=[made.note])
            assert F.CHECKPOINT_AHEAD in {one.code for one in outside.faults}
        connection.rollback()


def test_a_checkpoint_of_another_record_does_not_fit(
    database: Database, clock: SetClock, signer: Signer, tmp_path: Path
) -> None:
    record(database, clock, ONE, 3)
    made = advance(database, signer, tmp_path, clock)
    forged = checkpoints.make(
        key_id=signer.key_id,
        public=signer.public_bytes,
        sign=signer.signature,
        size=made.size,
        root=b"x" * 32,
        streams=2,
        at=clock(),
    )
    with database.read() as session:
        found = verification.verify(session, signer=signer, outside=[forged.note])
        assert [one.code for one in found.faults] == [F.CHECKPOINT_DIFFERS]
        unsigned = made.note.replace(f"\n{made.size}\n", f"\n{made.size - 1}\n")
        codes = {one.code for one in verification.verify(session, signer=signer, outside=[unsigned]).faults}
    assert codes == {F.CHECKPOINT_UNSIGNED, F.CHECKPOINT_DIFFERS}


def test_an_event_that_was_dated_by_hand_is_found(
    database: Database, clock: SetClock, signer: Signer, tmp_path: Path
) -> None:
    record(database, clock, ONE, 1)
    advance(database, signer, tmp_path, clock)
    clock.advance(days=-40)
    record(database, clock, OTHER, 1)
    clock.advance(days=40, minutes=5)
    record(database, clock, ONE, 1)
    advance(database, signer, tmp_path, clock)
    with database.read() as session:
        found = verification.verify(session, signer=signer)
    assert [(one.code, one.stream, one.seq) for one in found.faults] == [(F.BACK_DATED, OTHER, 1)]
