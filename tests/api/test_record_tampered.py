"""Every way in which who owns the tables may touch the record: it is found, or said to be out of reach.

The rows of the table are what issue and design ask for; one test walks all of them on both databases.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session

from app.audit import log, verification
from app.domain.record import chain, checkpoints, merkle
from app.domain.record.chain import FaultCode as F
from app.infra.db import Database
from app.infra.runtime import Runtime
from app.infra.signing import Signer
from tests.api.desk import Desk
from tests.api.packages import published
from tests.api.test_record_tables import asleep

pytestmark = pytest.mark.both_databases


@dataclass
class Owner:
    """Who owns the tables, and with them the triggers; `signer` is the house's key, theirs as well."""

    connection: sa.Connection
    stream: str
    signer: Signer

    def do(self, statement: str, **values: object) -> None:
        self.connection.execute(sa.text(statement), values)

    def event(self, seq: int) -> Any:
        query = sa.text("SELECT * FROM audit_event WHERE stream = :stream AND seq = :seq")
        return self.connection.execute(query, {"stream": self.stream, "seq": seq}).mappings().one()

    def end(self) -> int:
        query = sa.text("SELECT seq FROM audit_head WHERE stream = :stream")
        return int(self.connection.execute(query, {"stream": self.stream}).scalar_one())

    def rewrite_last(self, **fields: Any) -> None:
        """Give the last event other words, with its leaf, its columns and the head made to fit."""
        seq = self.end()
        raw = chain.body_bytes({**json.loads(self.event(seq)["body"]), **fields})
        where = "WHERE stream = :stream AND seq = :seq"
        values = {"stream": self.stream, "seq": seq, "leaf": chain.leaf_hash(raw)}
        self.do(f"UPDATE audit_event SET body = :body, leaf = :leaf {where}", body=raw.decode(), **values)
        self.do("UPDATE audit_head SET leaf = :leaf WHERE stream = :stream AND seq = :seq", **values)

    def log_anew(self) -> None:
        """Make the log and its only checkpoint fit what the events say now, and sign with the house's key."""
        self.do(
            "UPDATE audit_log SET leaf = (SELECT leaf FROM audit_event e WHERE e.stream = audit_log.stream"
            " AND e.seq = audit_log.seq)"
        )
        query = sa.text("SELECT leaf FROM audit_log ORDER BY position")
        leaves = [bytes.fromhex(leaf) for leaf in self.connection.execute(query).scalars()]
        numbers = range(len(leaves) // merkle.TILE)
        for number in numbers:
            root = merkle.root_of(leaves[number * merkle.TILE : (number + 1) * merkle.TILE]).hex()
            self.do("UPDATE audit_tile SET root = :root WHERE number = :number", root=root, number=number)
        note = self.connection.execute(sa.text("SELECT note FROM audit_checkpoint")).scalar_one()
        (old,) = checkpoints.read(note)
        forged = checkpoints.make(
            key_id=self.signer.key_id,
            public=self.signer.public_bytes,
            sign=self.signer.signature,
            size=len(leaves),
            root=merkle.root_of(leaves),
            streams=old.streams,
            at=datetime.fromisoformat(old.at),
        )
        self.do("UPDATE audit_checkpoint SET note = :note", note=forged.note)


def swapped(owner: Owner) -> None:
    for one, other in ((3, 9003), (4, 3), (9003, 4)):
        owner.do(
            "UPDATE audit_event SET seq = :other WHERE stream = :stream AND seq = :one",
            stream=owner.stream,
            one=one,
            other=other,
        )


def removed(owner: Owner) -> None:
    delete(owner, "seq = 5")


def delete(owner: Owner, which: str) -> None:
    doomed = f"SELECT id FROM audit_event WHERE stream = :stream AND {which}"
    owner.do(f"DELETE FROM audit_private WHERE event_id IN ({doomed})", stream=owner.stream)
    owner.do(f"DELETE FROM audit_event WHERE stream = :stream AND {which}", stream=owner.stream)


def appended(owner: Owner) -> None:
    columns = "ts, action, outcome, actor_id, actor_role, prev, leaf, body"
    fresh = owner.event(owner.end())["id"]
    other = str(fresh).replace("0", "1")
    owner.do(
        f"INSERT INTO audit_event (id, stream, seq, {columns}) SELECT :id, stream, seq + 1, {columns}"
        " FROM audit_event WHERE stream = :stream AND seq = :seq",
        id=other if owner.connection.dialect.name == "postgresql" else other.replace("-", ""),
        stream=owner.stream,
        seq=owner.end(),
    )


def tail_cut(owner: Owner) -> None:
    seq = owner.end()
    leaf, ts = owner.event(seq - 1)["leaf"], owner.event(seq - 1)["ts"]
    delete(owner, f"seq = {seq}")
    owner.do(
        "UPDATE audit_head SET seq = :seq, leaf = :leaf, ts = :ts WHERE stream = :stream",
        stream=owner.stream,
        seq=seq - 1,
        leaf=leaf,
        ts=ts,
    )


def stream_deleted(owner: Owner) -> None:
    delete(owner, "seq > 0")
    owner.do("DELETE FROM audit_head WHERE stream = :stream", stream=owner.stream)


def back_dated(owner: Owner) -> None:
    owner.rewrite_last(ts="2020-01-01T00:00:00.000000Z")


def rewritten_with_the_log(owner: Owner) -> None:
    owner.rewrite_last(reason="put_in_later")
    owner.log_anew()


def update(table: str, change: str) -> Callable[[Owner], None]:
    return lambda owner: owner.do(f"UPDATE {table} SET {change}")


@dataclass(frozen=True)
class Row:
    """One way: what is done; codes of which one is found, in which table; whether only from outside."""

    do: Callable[[Owner], None]
    codes: frozenset[F]
    table: str = ""
    only_outside: bool = field(default=False)


def row(do: Callable[[Owner], None], *codes: F, only_outside: bool = False) -> Row:
    return Row(do, frozenset(codes), only_outside=only_outside)


def of_table(table: str, change: str) -> Row:
    return Row(update(table, change), frozenset({F.ROW_CHANGED}), table)


ROWS = {
    "event changed": row(
        lambda owner: owner.do(
            "UPDATE audit_event SET body = replace(body, '\"done\"', '\"gone\"')"
            " WHERE stream = :stream AND seq = 4",
            stream=owner.stream,
        ),
        F.LEAF_DIFFERS,
    ),
    "event swapped": row(swapped, F.PREV_DIFFERS, F.COLUMN_DIFFERS),
    "event removed": row(removed, F.EVENTS_MISSING),
    "event appended": row(appended, F.TAIL_UNKNOWN, F.EVENT_REPEATED),
    "tail cut with its head": row(tail_cut, F.LOG_EVENT_MISSING),
    "stream deleted with its head": row(stream_deleted, F.LOG_EVENT_MISSING),
    "stream rewritten consistently": row(
        lambda owner: owner.rewrite_last(reason="put_in_later"), F.LOG_EVENT_DIFFERS
    ),
    "stream rewritten with the log and a checkpoint signed anew": row(
        rewritten_with_the_log, F.CHECKPOINT_DIFFERS, only_outside=True
    ),
    "event back-dated": row(back_dated, F.TIME_GOES_BACK, F.BACK_DATED),
    "openings emptied without an erasure": row(
        lambda owner: owner.do("UPDATE audit_private SET openings = '{}'"), F.ERASED_UNRECORDED
    ),
    "decision changed": of_table("decision", "comment = comment || '。'"),
    "revision changed": of_table("revision", "text_digest = digest"),
    "proof changed": of_table("proof", "renderer = 'x'"),
    "report changed": of_table("check_report", "blocks = 7"),
    "ticket changed": of_table("release_ticket", "text = text || ' '"),
    "publication changed": of_table("publication", "url = 'https://example.org/'"),
    "grant changed": of_table("role_grant", "channel = 'x'"),
    # Nothing was brought into force here; that every column of the table is held: test_record_tables.
    "policy in use put in": Row(
        lambda owner: owner.do(
            "INSERT INTO policy_in_use (id, kind, digest, seq, since_at)"
            " VALUES (1, 'negative_list', :digest, 1, '2026-03-02 01:00:00')",
            digest="f" * 64,
        ),
        frozenset({F.ROW_ADDED}),
        "policy_in_use",
    ),
    "workflow changed": of_table("workflow_version", "definition = '{}'"),
}


@pytest.mark.parametrize("name", ROWS)
def test_each_way_of_touching_the_record_is_found_or_said_to_be_out_of_reach(
    client: TestClient, runtime: Runtime, database: Database, name: str
) -> None:
    desk = published(Desk.open(client, runtime))
    made = log.advance(database, runtime.signer, runtime.settings.checkpoints, at=runtime.clock())
    assert made is not None
    touch = ROWS[name]
    with database.engine.connect() as connection:
        asleep(connection)
        if not database.is_sqlite:
            for table in ("audit_log", "audit_tile", "audit_checkpoint"):
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        touch.do(Owner(connection, f"draft:{desk.draft_id}", runtime.signer))
        with Session(connection) as session:
            inside = verification.verify(session, signer=runtime.signer)
            outside = verification.verify(session, signer=runtime.signer, outside=[made.note])
        connection.rollback()
    hit = [fault for fault in inside.faults if fault.code is not F.GUARD_MISSING]
    if touch.only_outside:
        assert hit == []
        assert "nothing_outside" in {unseen.code for unseen in inside.unseen}
        hit = [fault for fault in outside.faults if fault.code is not F.GUARD_MISSING]
    found = [fault for fault in hit if fault.code in touch.codes]
    assert found, hit
    assert not touch.table or {fault.data["table"] for fault in found} == {touch.table}
